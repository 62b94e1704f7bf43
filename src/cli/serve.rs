//! `feedwright serve`: gather, publish and serve, and keep doing so. The one place where the worker's
//! synchronous runs and the server's sockets meet.

mod cold;
mod follow;
mod inside;
mod lazy;
mod listen;
mod log;
mod metrics;
mod remote;
mod stat;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::{error, info, warn};
use url::Url;

use self::cold::ColdEditions;
use self::follow::Follower;
use self::lazy::{LazyCounts, LazyFeeds};
use self::log::Told;
use self::remote::Passes;
use super::args::{Admin, Global, OutputFormat, Serve};
use super::room::with_room;
use super::status::Picture;
use super::{Status, complain, load, now};
use crate::config::{self, Settings};
use crate::edition::shelf::Shelf;
use crate::press::Finisher;
use crate::problem::Problem;
use crate::run::progress::Progress;
use crate::run::stores::Databases;
use crate::run::{self, Call, Depth, Trigger, Wishes};
use crate::server::counts::Counts;
use crate::server::{self, Demand, Served};
use crate::worker::{self, Ask, Round, Worker};

pub(super) fn run(global: &Global, args: &Serve) -> Status {
    let loaded = match load(global) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    log::begin(global);
    for problem in &loaded.problems {
        log::problem(problem);
    }
    let mut settings = loaded.settings;
    if let Some(listen) = args.listen {
        settings.server.listen = listen;
    }
    match args.admin {
        Some(Admin::None) => settings.server.admin = None,
        Some(Admin::At(admin)) => settings.server.admin = Some(admin),
        None => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => match runtime.block_on(serve(global, settings, args.learn.clone())) {
            Ok(()) => Status::Done,
            Err(sentence) => {
                complain(&sentence);
                Status::Failed
            }
        },
        Err(e) => {
            complain(&format!("threads can't be started: {e}"));
            Status::Failed
        }
    }
}

/// What all parts of a running service share.
struct Service {
    /// The last good configuration.
    settings: Mutex<Arc<Settings>>,
    /// What is served.
    shelf: Arc<ArcSwap<Shelf>>,
    finisher: Finisher,
    databases: Databases,
    /// What was logged already and stands.
    told: Mutex<Told>,
    /// What the state says of runs, whoever made them.
    picture: ArcSwap<Picture>,
    lazies: Arc<LazyCounts>,
    /// What is asked of other servers about media that lie there.
    passes: Passes,
    /// Whether the sources that are listened to can be heard.
    heard: Mutex<BTreeMap<String, bool>>,
    /// Where the first run learns what is published; nowhere once it has.
    learn: Mutex<Option<Url>>,
}

impl Service {
    fn new(settings: Settings, learn: Option<Url>) -> Service {
        Service {
            settings: Mutex::new(Arc::new(settings)),
            shelf: Arc::new(ArcSwap::from_pointee(Shelf::default())),
            finisher: Finisher::default(),
            databases: Databases::kept_open(),
            told: Mutex::default(),
            picture: ArcSwap::from_pointee(Picture::default()),
            lazies: Arc::default(),
            passes: Passes::default(),
            heard: Mutex::default(),
            learn: Mutex::new(learn),
        }
    }

    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn serve(global: &Global, settings: Settings, learn: Option<Url>) -> Result<(), String> {
    let options = settings.server.clone();
    let public = bind(options.listen).await?;
    let admin = match options.admin {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let worker_options = settings.worker.clone();
    let service = Arc::new(Service::new(settings, learn));
    let (stop, stopped) = watch::channel(false);

    let follower = Follower::new(Arc::clone(&service));
    // What the last run published is served before this one's first run is over.
    let standing = follower.look().await;
    tell_addresses(global, &service, &public, admin.as_ref(), standing);

    let worker = Worker::new(worker_options, job(&service, &follower, global));
    let handle = worker.handle();
    let counts = Arc::new(Counts::default());
    let served = Served {
        shelf: Arc::clone(&service.shelf),
        demand: demand(&service),
        counts: Arc::clone(&counts),
        inside: inside::inside(&service, &handle, &counts),
    };
    let passes =
        tokio::spawn(remote::passes(Arc::clone(&service), handle.clone(), stopped.clone()));
    let follow = tokio::spawn(follower.follow(handle.clone(), stopped.clone()));
    let listen = tokio::spawn(listen::follow(Arc::clone(&service), handle.clone()));
    let work = tokio::spawn(worker.work(stopping(stopped.clone())));
    tokio::spawn(async move {
        signal().await;
        info!("stopping: requests in flight are answered first");
        stop.send_replace(true);
    });
    let result = server::serve(public, admin, &options, served, stopping(stopped)).await;
    if result.is_err() {
        work.abort();
        passes.abort();
    }
    follow.abort();
    listen.abort();
    match work.await {
        Ok(Err(e)) => return Err(e.to_string()),
        Err(e) if e.is_panic() => return Err("the worker ended by a mistake of ours".to_owned()),
        _ => {}
    }
    // What a pass has found out is noted before the end; it was told to hurry.
    let _ = passes.await;
    result.map_err(|e| e.to_string())
}

async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|e| {
        format!(
            "{address} can't be listened on: {e}; name another address with --listen or --admin"
        )
    })
}

async fn stopping(mut stopped: watch::Receiver<bool>) {
    // An error means that whoever would say so is gone: then it is time too.
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

/// One run, for the worker: feeds.toml is read anew, and one with mistakes keeps the old.
fn job(service: &Arc<Service>, follower: &Follower, global: &Global) -> worker::Job {
    let service = Arc::clone(service);
    let follower = follower.clone();
    let path = global.config.clone();
    Arc::new(move |ask: Ask| {
        let mistakes = reread(&service, &path);
        let settings = service.settings();
        let trigger = ask.trigger;
        let learn = service.learn.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let patient = ask.is_patient();
        let depth = match trigger {
            Trigger::Demand => Depth::Whole,
            // What happened while nobody looked.
            Trigger::Start => Depth::Sweep,
            _ => Depth::Since,
        };
        let wishes = Wishes { patient, depth, accept: ask.accept, learn, ..Wishes::default() };
        let result = run::run(
            &settings.plan,
            Call {
                scope: ask.scope,
                command: "serve",
                // Asked of a clock that went back meanwhile, what is due would not be due yet.
                clock: &|| now().max(ask.as_of),
                finisher: &service.finisher,
                waiting: &mut |holder| match holder {
                    Some(h) => info!("waiting for the run of {} (process {})", h.command, h.pid),
                    None => info!("waiting for another run to end"),
                },
                wishes,
                // The log has a line for each run.
                progress: &Progress::default(),
                databases: &service.databases,
                published: &|| {
                    follower.look_at_tree(true);
                },
            },
        );
        follower.look_after_run();
        service.passes.start();
        let outcome = match result {
            Ok(mut report) => {
                // A run that ended before it could be done learns once more.
                *service.learn.lock().unwrap_or_else(PoisonError::into_inner) = None;
                if let Some(Mistakes { problems, sentence }) = mistakes {
                    report.problems.extend(problems);
                    report.failures.push(sentence);
                }
                log::report(&service.told, trigger, &report);
                Ok(report)
            }
            // The worker logs it.
            Err(e) => {
                if let Some(Mistakes { problems, sentence }) = mistakes {
                    problems.iter().for_each(log::problem);
                    error!("{sentence}");
                }
                Err(with_room(&e.to_string(), &settings.plan))
            }
        };
        Round { outcome, options: Some(settings.worker.clone()) }
    })
}

/// What is wrong with feeds.toml.
struct Mistakes {
    problems: Vec<Problem>,
    sentence: String,
}

/// Takes over what feeds.toml says now, unless it has mistakes.
fn reread(service: &Service, path: &std::path::Path) -> Option<Mistakes> {
    match config::read(path) {
        Ok(loaded) => {
            let mut settings = loaded.settings;
            let mut standing = service.settings.lock().unwrap_or_else(PoisonError::into_inner);
            // Listeners stand; what the command line said of them stands too.
            settings.server.listen = standing.server.listen;
            settings.server.admin = standing.server.admin;
            if settings.server != standing.server {
                warn!("[server] has changed; its addresses and ages count from the next start");
            }
            // What was made under the same settings is still good, and known by them.
            if **standing != settings {
                *standing = Arc::new(settings);
            }
            None
        }
        Err(e) => {
            let sentence = format!("{e}; what it said before goes on");
            let problems = match e {
                config::Error::Mistakes { problems, .. } => problems,
                config::Error::Unreadable { .. } => Vec::new(),
            };
            Some(Mistakes { problems, sentence })
        }
    }
}

/// Where editions come from whose bytes aren't on the shelf.
fn demand(service: &Arc<Service>) -> Demand {
    let shelf = Arc::clone(&service.shelf);
    let cold = ColdEditions::new(Arc::clone(service));
    let lazy = LazyFeeds::new(Arc::clone(service));
    Arc::new(move |address| match shelf.load().items.get(&address) {
        Some(item) => Box::pin(Arc::clone(&cold).get(Arc::clone(item))),
        None => Box::pin(Arc::clone(&lazy).get(address)),
    })
}

fn tell_addresses(
    global: &Global,
    service: &Service,
    public: &TcpListener,
    admin: Option<&TcpListener>,
    standing: bool,
) {
    if global.quiet || global.format == OutputFormat::Json {
        return;
    }
    let mut out = anstream::stdout();
    let at = |listener: &TcpListener| {
        listener.local_addr().map_or_else(|_| "?".into(), |a| a.to_string())
    };
    let _ = writeln!(
        out,
        "serving {} on http://{}/feeds/",
        service.settings().plan.site.title,
        at(public)
    );
    if let Some(admin) = admin {
        let _ = writeln!(out, "health, status and metrics on http://{}/status", at(admin));
    }
    if standing {
        let _ = writeln!(out, "the feeds of the last run are up; this run brings them up to date");
    }
}
