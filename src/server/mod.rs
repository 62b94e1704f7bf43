//! A request and a shelf become a response (RFC 9110, 9111). The public listener hands out what was
//! published and asks for lazy feeds through a demand; the admin one tells how things are and takes
//! wishes for a run. What a response says is decided by plain functions (`respond`, `conditional`,
//! `encoding`, `route`, `admin`); `accept` and `stream` alone touch sockets, `counts` counts. Nothing
//! here knows how an edition is made.

mod accept;
mod admin;
pub mod conditional;
pub mod counts;
pub mod encoding;
mod public;
mod respond;
pub mod route;
mod screen;
mod stream;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::edition::shelf::{Shelf, Shelved};
use crate::feed::address::Address;
use accept::Answering;
use counts::Counts;
use route::Routes;

/// How editions are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the public listener listens.
    pub listen: SocketAddr,
    /// Where the admin listener listens; `None`: there is none.
    pub admin: Option<SocketAddr>,
    /// Seconds that a copy of a feed is fresh.
    pub max_age_s: u64,
    /// Path → path below `/feeds/` (`latest.rss`): served as if it were that address.
    pub aliases: BTreeMap<String, String>,
    /// Pattern of paths → path below `/feeds/`: 302 to the feed that comes closest.
    pub fallbacks: BTreeMap<String, String>,
    /// Path → URL or path: 301.
    pub redirects: BTreeMap<String, String>,
    /// Paths that are gone for good: 410.
    pub gone: Vec<String>,
}

/// What one client may take of the server. The defaults suit a service behind a proxy and one that
/// stands in the open alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Open connections of the public listener. Further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// Open connections of the admin listener: its own, so that a full house can still be watched.
    pub admin_connections_max: usize,
    /// From the first byte of a request (of a connection: from its start) to the end of its head.
    pub head_timeout: Duration,
    /// Without a byte in either direction. Longer than the 60 s for which proxies keep a
    /// connection, so that theirs ends first and no request meets a closing door.
    pub idle_timeout: Duration,
    /// Without a byte in either direction, between two requests, until the connection gives up what it
    /// needs for talking. It goes on as if nothing had been.
    pub rest_after: Duration,
    /// Without a byte that the client took, while there is something to send.
    pub write_timeout: Duration,
    /// For a client to close its side after we closed ours; what it sends until then is thrown away.
    pub linger_timeout: Duration,
    /// For an edition that was asked for, and for the end of a run. Shorter than `head_timeout` and
    /// `idle_timeout`, or the answer would come too late.
    pub demand_timeout: Duration,
    /// For responses in flight after the shutdown began; what is open then is cut off.
    pub drain_timeout: Duration,
    /// Bytes of a request's head, start line and all; more is 431. At least 8192.
    pub head_bytes_max: usize,
    /// Bytes of a request's path and query; more is 414.
    pub target_bytes_max: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams_max: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 10_000,
            admin_connections_max: 64,
            head_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(75),
            rest_after: Duration::from_millis(100),
            write_timeout: Duration::from_secs(30),
            linger_timeout: Duration::from_secs(1),
            demand_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(20),
            head_bytes_max: 16 * 1024,
            target_bytes_max: 4 * 1024,
            streams_max: 64,
        }
    }
}

/// What came of a demand.
#[derive(Debug, Clone)]
pub enum Pressed {
    /// Here it is.
    Edition(Arc<Shelved>),
    /// There is no such feed.
    NotFound,
    /// Too many are being made; the client may ask again.
    Busy,
}

/// Asks for an edition that isn't on the shelf: a lazy feed's, or one whose shelved entry has no
/// bodies because its bytes were evicted. The server waits for at most [`Limits::demand_timeout`] and then drops the
/// future; nothing that it began may depend on being polled to its end.
pub type Demand =
    Arc<dyn Fn(Address) -> Pin<Box<dyn Future<Output = Pressed> + Send>> + Send + Sync>;

/// How things are.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// Whether editions can be served.
    pub ready: bool,
    /// What `/readyz` shows: an object.
    pub body: serde_json::Value,
}

/// Asks how things are. Called on each request for `/readyz`, so it must not block.
pub type HealthOf = Arc<dyn Fn() -> Health + Send + Sync>;

/// Tells everything that is known of how things are: an object. Must not block.
pub type StatusOf = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// The metrics, in OpenMetrics' text. Must not block.
pub type MetricsOf = Arc<dyn Fn() -> String + Send + Sync>;

/// A wish for a run, now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// The guards whose held sets are released; their names are the service's to know.
    #[serde(default)]
    pub accept: Vec<String>,
    /// Whether whoever wishes waits for the run's end.
    #[serde(default)]
    pub wait: bool,
}

/// What came of a wish.
#[derive(Debug, Clone, PartialEq)]
pub enum Granted {
    /// The run will be made: an object that says what was queued.
    Queued(serde_json::Value),
    /// The run was made: an object that says what it did.
    Ended(serde_json::Value),
    /// The wish can't be understood: a sentence.
    Refused(String),
    /// There will be no run any more.
    Closing,
}

/// What a wish comes to, and the same once the run is over.
pub struct Granting {
    /// At once.
    pub now: Granted,
    /// At the end of the run; the server waits for at most [`Limits::demand_timeout`].
    pub later: Pin<Box<dyn Future<Output = Granted> + Send>>,
}

/// Asks for a run. Must not block.
pub type Regenerate = Arc<dyn Fn(&Wish) -> Granting + Send + Sync>;

/// What is served.
#[derive(Clone)]
pub struct Served {
    /// What is published now; swapped as a whole.
    pub shelf: Arc<ArcSwap<Shelf>>,
    /// Where lazy feeds come from.
    pub demand: Demand,
    /// What is counted.
    pub counts: Arc<Counts>,
    /// What an operator is told and may ask for.
    pub inside: Inside,
}

/// What stands behind the admin listener.
#[derive(Clone)]
pub struct Inside {
    /// How things are, in short.
    pub health: HealthOf,
    /// How things are, in full.
    pub status: StatusOf,
    /// The same in numbers.
    pub metrics: MetricsOf,
    /// Has a run made.
    pub regenerate: Regenerate,
}

/// Why there is nothing to serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options contradict themselves.
    #[error(transparent)]
    Route(#[from] route::Error),
}

/// Serves until `shutdown` completes, then lets responses in flight finish, under the default
/// limits. See [`serve_within`].
///
/// # Errors
/// If the options' paths contradict each other. A listener's troubles are logged and waited out.
pub async fn serve(
    public: TcpListener,
    admin: Option<TcpListener>,
    options: &Options,
    served: Served,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    serve_within(Limits::default(), public, admin, options, served, shutdown).await
}

/// [`serve`] under limits of one's own. The listeners come bound, so that what is bound to port 0
/// is known to the caller. When `shutdown` completes, readiness turns 503, the public listener is
/// closed, and connections have [`Limits::drain_timeout`] to finish what they were asked; the admin
/// listener answers until then. Dropping the future cuts everything off at once.
///
/// # Errors
/// As [`serve`].
pub async fn serve_within(
    limits: Limits,
    public: TcpListener,
    admin: Option<TcpListener>,
    options: &Options,
    served: Served,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let limits = Arc::new(limits);
    let draining = Arc::new(AtomicBool::new(false));
    // The public side stops on the signal, the admin side once the public one has drained.
    let (stop_public, public_stopped) = watch::channel(false);
    let (stop_admin, admin_stopped) = watch::channel(false);

    let office = Arc::new(admin::Office {
        inside: served.inside.clone(),
        draining: Arc::clone(&draining),
        limits: Arc::clone(&limits),
    });
    let counts = Arc::clone(&served.counts);
    let desk = public::Desk { routes: Routes::new(options)?, served, limits: Arc::clone(&limits) };
    let desk = Arc::new(desk);
    let answer_public = move |request, _| public::answer(&desk, request);
    let serve_public = async {
        let most = limits.connections_max;
        accept::serve(public, most, &limits, &counts.public, answer_public, public_stopped).await;
        stop_admin.send_replace(true);
    };
    let answer_admin = move |request, local| {
        let office = Arc::clone(&office);
        Answering::Later(Box::pin(async move { admin::answer(&office, request, local).await }))
    };
    let serve_admin = async {
        if let Some(listener) = admin {
            let most = limits.admin_connections_max;
            let doors = &counts.admin;
            accept::serve(listener, most, &limits, doors, answer_admin, admin_stopped).await;
        }
    };

    let wait_for_shutdown = async {
        shutdown.await;
        draining.store(true, Ordering::Relaxed);
        stop_public.send_replace(true);
    };
    tokio::join!(serve_public, serve_admin, wait_for_shutdown);
    Ok(())
}
