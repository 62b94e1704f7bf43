//! A service on ports of its own with a small shelf, and a client that sends any bytes.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use feedwright::article::ContentHash;
use feedwright::edition::shelf::{Shelf, Shelved};
use feedwright::edition::{Coding, Validators};
use feedwright::feed::address::Address;
use feedwright::server::counts::Counts;
use feedwright::server::{
    self, Demand, Granted, Granting, Health, Inside, Limits, Options, Pressed, Served,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longest that a test waits for anything; nothing takes that long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// Hash of each edition on the shelf, by the name that the cases use.
pub(crate) const HASHES: [(&str, &str, &str, i64); 6] = [
    ("latest", "/feeds/latest.rss", "000102030405060708090a0b0c0d0e0f", 1_709_294_400),
    ("world", "/feeds/world.json", "101112131415161718191a1b1c1d1e1f", 1_709_294_400),
    ("ahead", "/feeds/ahead.atom", "202122232425262728292a2b2c2d2e2f", 4_102_444_800),
    ("page", "/feeds/latest/", "303132333435363738393a3b3c3d3e3f", 1_709_294_400),
    ("index", "/feeds/", "404142434445464748494a4b4c4d4e4f", 1_709_294_400),
    ("opml", "/feeds.opml", "505152535455565758595a5b5c5d5e5f", 1_709_294_400),
];
/// The lazy feed's.
pub(crate) const LAZY: (&str, &str) = ("harbour", "606162636465666768696a6b6c6d6e6f");

/// An edition whose coded forms only have to differ, brotli's being the smallest.
pub(crate) fn shelved(address: Address, hash: &str, modified: i64) -> Shelved {
    let path = address.url_path();
    let body = |text: &str| Bytes::from(format!("{text} of {path}"));
    let validators = Validators {
        hash: ContentHash::from_hex(hash).unwrap(),
        last_modified: DateTime::<Utc>::from_timestamp(modified, 0).unwrap(),
    };
    let bodies = vec![
        (Coding::Identity, body("these are the bytes")),
        (Coding::Gzip, body("gzip bytes")),
        (Coding::Brotli, body("br bytes")),
        (Coding::Zstd, body("zstd text")),
    ];
    let link = Some(format!("<https://feeds.example{path}>; rel=\"self\""));
    Shelved::new(address, validators, bodies, link)
}

pub(crate) fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    for (_, path, hash, modified) in HASHES {
        let address = Address::parse(path).unwrap();
        shelf.items.insert(address.clone(), Arc::new(shelved(address, hash, modified)));
    }
    shelf
}

/// `tag/harbour` exists; `tag/busy` is never to be had, `tag/never` never ends, `tag/broken` panics.
pub(crate) fn demand() -> Demand {
    Arc::new(|address| {
        Box::pin(async move {
            let path = address.url_path();
            match path.trim_start_matches("/feeds/tag/").split(['.', '/']).next() {
                Some("harbour") => {
                    Pressed::Edition(Arc::new(shelved(address, LAZY.1, 1_709_294_400)))
                }
                Some("busy") => Pressed::Busy,
                Some("never") => std::future::pending().await,
                Some("broken") => panic!("a demand that breaks, on purpose"),
                _ => Pressed::NotFound,
            }
        })
    })
}

/// Accepts the guard `loss`; the run that is waited for ends at once, unless `ids` is accepted too.
fn inside(ready: bool) -> Inside {
    Inside {
        health: Arc::new(move || Health { ready, body: json!({ "held": [] }) }),
        status: Arc::new(|| json!({ "last": null })),
        metrics: Arc::new(|| "# EOF\n".to_owned()),
        regenerate: Arc::new(|wish| {
            let known = wish.accept.iter().all(|name| name == "loss" || name == "ids");
            let slow = wish.accept.iter().any(|name| name == "ids");
            Granting {
                now: match known {
                    true => Granted::Queued(json!({ "queued": wish.accept })),
                    false => Granted::Refused("There is no such guard.".to_owned()),
                },
                later: Box::pin(async move {
                    if slow {
                        std::future::pending::<()>().await;
                    }
                    Granted::Ended(json!({ "ended": true }))
                }),
            }
        }),
    }
}

pub(crate) fn options() -> Options {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    };
    Options {
        listen: ([127, 0, 0, 1], 0).into(),
        admin: Some(([127, 0, 0, 1], 0).into()),
        max_age_s: 300,
        aliases: pairs(&[
            ("/rss.xml", "latest.rss"),
            ("/?feed=rss2", "latest.rss"),
            ("/?feed=rss2&cat=5", "world.json"),
            ("/мир/feed/", "world.json"),
            ("/tags/harbour.xml", "tag/harbour.rss"),
        ]),
        fallbacks: pairs(&[
            ("/search/**/feed", "latest.rss"),
            ("/[0-9][0-9][0-9][0-9]/{feed,feed/rss2}", "latest.rss"),
        ]),
        redirects: pairs(&[
            ("/old.rss", "/feeds/latest.rss"),
            ("/older.rss", "/old.rss"),
            ("/elsewhere.rss", "https://other.example/feed"),
        ]),
        gone: vec!["/feeds/ended.rss".to_owned()],
    }
}

/// A running service.
pub(crate) struct Service {
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) counts: Arc<Counts>,
    shutdown: oneshot::Sender<()>,
    running: JoinHandle<Result<(), server::Error>>,
}

impl Service {
    pub(crate) async fn start(limits: Limits) -> Service {
        Service::start_with(limits, shelf(), demand(), true).await
    }

    pub(crate) async fn start_with(
        limits: Limits,
        shelf: Shelf,
        demand: Demand,
        ready: bool,
    ) -> Service {
        let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (public_address, admin_address) =
            (public.local_addr().unwrap(), admin.local_addr().unwrap());
        let (shutdown, told) = oneshot::channel();
        let counts = Arc::new(Counts::default());
        let served = Served {
            shelf: Arc::new(ArcSwap::from_pointee(shelf)),
            demand,
            counts: Arc::clone(&counts),
            inside: inside(ready),
        };
        let running = tokio::spawn(async move {
            let told = async { drop(told.await) };
            server::serve_within(limits, public, Some(admin), &options(), served, told).await
        });
        Service { public: public_address, admin: admin_address, counts, shutdown, running }
    }

    /// Tells it to end; the handle completes when it has.
    pub(crate) fn shut_down(self) -> JoinHandle<Result<(), server::Error>> {
        self.shutdown.send(()).unwrap();
        self.running
    }

    pub(crate) async fn end(self) {
        bounded(self.shut_down()).await.unwrap().unwrap();
    }
}

/// Waits, but not for ever.
pub(crate) async fn bounded<F: Future>(future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("nothing came of it in {PATIENCE:?}"),
    }
}

/// A response as it came.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", self.status, self.fields, String::from_utf8_lossy(&self.body))
    }
}

impl Response {
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let named = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
        self.fields.iter().filter(named).map(|(_, value)| value.as_str()).collect()
    }
}

/// A connection that sends any bytes and reads responses.
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    read: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(to: SocketAddr) -> Client {
        Client { socket: bounded(TcpStream::connect(to)).await.unwrap(), read: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        bounded(self.socket.write_all(bytes)).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) -> Response {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
        self.response("GET").await
    }

    /// Reads more; false at the end.
    async fn more(&mut self) -> bool {
        bounded(self.socket.read_buf(&mut self.read)).await.unwrap_or(0) > 0
    }

    /// The next response to a request of this method.
    pub(crate) async fn response(&mut self, method: &str) -> Response {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                break end;
            }
            let all = String::from_utf8_lossy(&self.read).into_owned();
            assert!(self.more().await, "the connection ended in a head: {all:?}");
        };
        let head = String::from_utf8(self.read.drain(..end + 4).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let fields: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap_or((line.trim_end_matches(':'), "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut response = Response { status, fields, body: Vec::new() };
        if method != "HEAD" && !matches!(status, 204 | 304) {
            let lengths = response.values("content-length");
            assert_eq!(lengths.len(), 1, "every body's length is told: {response:?}");
            let length: usize = lengths[0].parse().unwrap();
            while self.read.len() < length {
                assert!(self.more().await, "the connection ended in a body: {response:?}");
            }
            response.body = self.read.drain(..length).collect();
        }
        response
    }

    /// So many bytes, or `None` at the end.
    pub(crate) async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.read.len() < length {
            if !self.more().await {
                return None;
            }
        }
        Some(self.read.drain(..length).collect())
    }

    /// Bytes that came after the last response, up to `length` of them or the end.
    pub(crate) async fn rest(&mut self, length: usize) -> Vec<u8> {
        while self.read.len() < length && self.more().await {}
        std::mem::take(&mut self.read)
    }

    /// Waits until the server closes, and fails if it says anything before.
    pub(crate) async fn closed(mut self) {
        let rest = self.rest(usize::MAX).await;
        assert_eq!(String::from_utf8_lossy(&rest), "", "the connection should end in silence");
    }
}
