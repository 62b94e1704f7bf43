//! Clients that are slow, silent, many, or there when the service ends. Nothing here sleeps until
//! something has probably happened: tests wait for a connection to end, or for an answer that only
//! its end makes possible.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use feedwright::edition::Coding;
use feedwright::edition::shelf::Shelf;
use feedwright::feed::address::Address;
use feedwright::server::{Demand, Limits, Pressed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};

use super::service::{Client, HASHES, LAZY, Service, bounded, demand, shelf, shelved};

/// Long enough for a busy machine to do what a test does within it.
const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(600);
const LATEST: &str = "/feeds/latest.rss";

/// No deadline but those that a test sets.
fn patient() -> Limits {
    Limits {
        head_timeout: LONG,
        idle_timeout: LONG,
        write_timeout: LONG,
        demand_timeout: LONG,
        drain_timeout: LONG,
        linger_timeout: LONG,
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_head_has_its_time() {
    let service = Service::start(Limits { head_timeout: SHORT, ..patient() }).await;
    let silent = Client::connect(service.public).await;
    let mut begun = Client::connect(service.public).await;
    begun.send(b"GET /feeds/latest.rss HTTP/1.1\r\nHost:").await;
    let mut preface = Client::connect(service.public).await;
    preface.send(b"PRI * HTTP/2.0\r\n").await;
    let mut second = Client::connect(service.public).await;
    assert_eq!(second.get(LATEST).await.status, 200);
    second.send(b"GET /feeds/latest.rss HTTP/1.1\r\n").await;
    for client in [silent, begun, preface, second] {
        client.closed().await;
    }
    service.end().await;
}

#[tokio::test]
async fn an_idle_connection_outlives_the_time_of_a_head() {
    let service = Service::start(Limits { head_timeout: SHORT, ..patient() }).await;
    let mut kept = Client::connect(service.public).await;
    // Once a later connection is answered, this one's first head is being waited for.
    assert_eq!(Client::connect(service.public).await.get(LATEST).await.status, 200);
    assert_eq!(kept.get(LATEST).await.status, 200);
    // A head's whole time passes on another connection that began later.
    Client::connect(service.public).await.closed().await;
    assert_eq!(kept.get(LATEST).await.status, 200);
    // Its next head has the same time as its first.
    kept.send(b"GET /feeds/latest.rss HTTP/1.1\r\n").await;
    kept.closed().await;
    service.end().await;
}

#[tokio::test]
async fn an_idle_connection_ends() {
    let service = Service::start(Limits { idle_timeout: SHORT, ..patient() }).await;
    let mut client = Client::connect(service.public).await;
    assert_eq!(client.get(LATEST).await.status, 200);
    client.closed().await;
    let mut http2 = Http2::connect(service.public).await;
    http2.until_end().await;
    service.end().await;
}

#[tokio::test]
async fn a_connection_that_rests_goes_on() {
    let rest_after = Duration::ZERO;
    let service = Service::start(Limits { rest_after, ..patient() }).await;
    let mut client = Client::connect(service.public).await;
    for _ in 0..20 {
        assert_eq!(client.get(LATEST).await.status, 200);
        // The time of another connection's answer is enough to go to rest in.
        assert_eq!(Client::connect(service.public).await.get(LATEST).await.status, 200);
    }
    // A head that comes in two pieces, the first of them behind a request that is whole.
    client.send(b"GET /feeds/latest.rss HTTP/1.1\r\nHost: x\r\n\r\nGET /feeds/wor").await;
    assert_eq!(client.response("GET").await.status, 200);
    assert_eq!(Client::connect(service.public).await.get(LATEST).await.status, 200);
    client.send(b"ld.json HTTP/1.1\r\nHost: x\r\n\r\n\r\n").await;
    assert!(client.response("GET").await.body.ends_with(b"/feeds/world.json"));
    // An empty line is no head.
    assert_eq!(Client::connect(service.public).await.get(LATEST).await.status, 200);
    assert_eq!(client.get(LATEST).await.status, 200);
    service.end().await;
    client.closed().await;
}

#[tokio::test]
async fn a_connection_that_rests_ends_in_its_time() {
    let limits = Limits { rest_after: Duration::ZERO, idle_timeout: SHORT, ..patient() };
    let service = Service::start(limits).await;
    let mut client = Client::connect(service.public).await;
    assert_eq!(client.get(LATEST).await.status, 200);
    client.closed().await;
    // And one whose next head never ends.
    let limits = Limits { rest_after: Duration::ZERO, head_timeout: SHORT, ..patient() };
    let strict = Service::start(limits).await;
    let mut client = Client::connect(strict.public).await;
    assert_eq!(client.get(LATEST).await.status, 200);
    client.send(b"GET /feeds/latest.rss HTTP/1.1\r\nHost:").await;
    client.closed().await;
    service.end().await;
    strict.end().await;
}

/// A shelf whose latest edition has so many bytes.
fn shelf_with(bytes: usize) -> Shelf {
    let mut large = shelved(Address::parse(LATEST).unwrap(), HASHES[0].2, HASHES[0].3);
    large.bodies = vec![(Coding::Identity, Bytes::from(vec![b'x'; bytes]))];
    let mut shelf = shelf();
    shelf.items.insert(large.address.clone(), Arc::new(large));
    shelf
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_dropped() {
    // More than any socket's buffers hold.
    let bytes = 64 << 20;
    let limits = Limits { write_timeout: SHORT, connections_max: 1, ..patient() };
    let service = Service::start_with(limits, shelf_with(bytes), demand(), true).await;
    let mut stuck = Client::connect(service.public).await;
    stuck.send(b"GET /feeds/latest.rss HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // There is room for one connection: this one is answered only when the other is gone.
    let mut next = Client::connect(service.public).await;
    assert_eq!(next.get("/feeds/world.json").await.status, 200);
    assert!(stuck.rest(bytes).await.len() < bytes);
    drop(next);
    service.end().await;
}

#[tokio::test]
async fn a_reader_that_takes_some_now_and_then_gets_it_all() {
    let bytes = 20 << 20;
    let limits = Limits { write_timeout: SHORT * 4, ..patient() };
    let service = Service::start_with(limits, shelf_with(bytes), demand(), true).await;
    let mut client = Client::connect(service.public).await;
    client.send(b"GET /feeds/latest.rss HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // All of it takes longer than the time for which a reader may take nothing.
    let mut now_and_then = tokio::time::interval(SHORT / 20);
    let mut read = 0;
    while read < bytes {
        now_and_then.tick().await;
        read += client.take(128 << 10).await.map_or(bytes, |taken| taken.len());
    }
    assert!(read < bytes + (128 << 10), "the connection ended early");
    drop(client);
    service.end().await;
}

#[tokio::test]
async fn a_head_that_comes_in_drips_has_no_more_time() {
    let service = Service::start(Limits { head_timeout: SHORT, ..patient() }).await;
    let mut client = Client::connect(service.public).await;
    client.send(b"GET /feeds/latest.rss HTTP/1.1\r\nHost: x\r\nX: ").await;
    // At this rate the head's greatest size is reached in minutes.
    let mut drip = tokio::time::interval(SHORT / 10);
    let mut byte = [0; 1];
    let end = bounded(async {
        loop {
            tokio::select! {
                read = client.socket.read(&mut byte) => break read,
                _ = drip.tick() => drop(client.socket.try_write(b"x")),
            }
        }
    });
    assert_eq!(end.await.unwrap_or(0), 0);
    service.end().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let service = Service::start(Limits { connections_max: 2, ..patient() }).await;
    let mut first = Client::connect(service.public).await;
    let mut second = Client::connect(service.public).await;
    assert_eq!(first.get(LATEST).await.status, 200);
    assert_eq!(second.get(LATEST).await.status, 200);
    let mut third = Client::connect(service.public).await;
    third.send(b"GET /feeds/latest.rss HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // The other listener has permits of its own, and its answer gives the third ample time to get
    // one by mistake.
    let mut admin = Client::connect(service.admin).await;
    admin.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(admin.response("GET").await.status, 200);
    let early = third.socket.try_read(&mut [0; 1]);
    assert!(early.is_err(), "answered beyond the limit: {early:?}");
    drop(first);
    assert_eq!(third.response("GET").await.status, 200);
    drop((second, third, admin));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_at_once_are_answered() {
    let service = Service::start(patient()).await;
    let mut clients = Vec::new();
    for _ in 0..500 {
        clients.push(Client::connect(service.public).await);
    }
    for client in &mut clients {
        client.send(b"GET /feeds/latest.rss HTTP/1.1\r\nHost: x\r\n\r\n").await;
    }
    for client in &mut clients {
        assert_eq!(client.response("GET").await.status, 200);
        client.send(b"GET /feeds/tag/harbour.rss HTTP/1.1\r\nHost: x\r\n\r\n").await;
    }
    for client in &mut clients {
        assert_eq!(client.response("GET").await.status, 200);
    }
    drop(clients);
    service.end().await;
}

/// A demand that tells when it is asked and waits until it is let.
fn held_demand() -> (Demand, mpsc::UnboundedReceiver<()>, Arc<Semaphore>) {
    let (asked, told) = mpsc::unbounded_channel();
    let let_go = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&let_go);
    let demand: Demand = Arc::new(move |address| {
        let (asked, held) = (asked.clone(), Arc::clone(&held));
        Box::pin(async move {
            asked.send(()).unwrap();
            held.acquire().await.unwrap().forget();
            Pressed::Edition(Arc::new(shelved(address, LAZY.1, 1_709_294_400)))
        })
    });
    (demand, told, let_go)
}

const GET_LAZY: &[u8] = b"GET /feeds/tag/harbour.rss HTTP/1.1\r\nHost: x\r\n\r\n";

async fn readiness(admin: &mut Client) -> u16 {
    admin.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    admin.response("GET").await.status
}

#[tokio::test]
async fn shutting_down_finishes_what_is_in_flight() {
    let (demand, mut asked, let_go) = held_demand();
    let service = Service::start_with(patient(), shelf(), demand, true).await;
    let (public, admin) = (service.public, service.admin);
    let mut admin = Client::connect(admin).await;
    assert_eq!(readiness(&mut admin).await, 200);
    let mut idle = Client::connect(public).await;
    assert_eq!(idle.get(LATEST).await.status, 200);
    let silent = Client::connect(public).await;
    let mut busy = Client::connect(public).await;
    busy.send(GET_LAZY).await;
    bounded(asked.recv()).await.unwrap();

    let running = service.shut_down();
    idle.closed().await;
    silent.closed().await;
    assert_eq!(readiness(&mut admin).await, 503, "not ready while draining");
    assert!(TcpStream::connect(public).await.is_err(), "closed to newcomers");
    assert!(!running.is_finished());

    let_go.add_permits(1);
    let response = busy.response("GET").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.values("connection"), ["close"]);
    busy.closed().await;
    bounded(running).await.unwrap().unwrap();
}

#[tokio::test]
async fn draining_has_an_end() {
    let (demand, mut asked, _never) = held_demand();
    let limits = Limits { drain_timeout: SHORT, ..patient() };
    let service = Service::start_with(limits, shelf(), demand, true).await;
    let mut busy = Client::connect(service.public).await;
    busy.send(GET_LAZY).await;
    bounded(asked.recv()).await.unwrap();
    service.end().await;
    busy.closed().await;
}

#[tokio::test]
async fn a_service_without_editions_is_not_ready() {
    let service = Service::start_with(patient(), Shelf::default(), demand(), false).await;
    let mut admin = Client::connect(service.admin).await;
    assert_eq!(readiness(&mut admin).await, 503);
    let mut client = Client::connect(service.public).await;
    let response = client.get(LATEST).await;
    assert_eq!((response.status, response.values("retry-after")), (503, vec!["10"]));
    assert_eq!(response.values("cache-control"), ["no-store"]);
    service.end().await;
}

#[tokio::test]
async fn what_breaks_ends_one_connection() {
    let service = Service::start(patient()).await;
    let mut client = Client::connect(service.public).await;
    client.send(b"GET /feeds/tag/broken.rss HTTP/1.1\r\nHost: x\r\n\r\n").await;
    client.closed().await;
    let mut client = Client::connect(service.public).await;
    assert_eq!(client.get(LATEST).await.status, 200);
    service.end().await;
}

#[tokio::test]
async fn a_lazy_feed_is_asked_for_once_a_request_and_not_for_what_needs_none() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let inner = demand();
    let counting: Demand = Arc::new(move |address| {
        count.fetch_add(1, Ordering::SeqCst);
        inner(address)
    });
    let service = Service::start_with(patient(), shelf(), counting, true).await;
    let mut client = Client::connect(service.public).await;
    for (path, times) in [
        (LATEST, 0),
        ("/feeds/none.rss", 0),
        ("/feeds/tag/a/b.rss", 0),
        ("/feeds/section/world.rss", 0),
        ("/feeds/tag/harbour.rss", 1),
        ("/feeds/tag/none.rss", 1),
        ("/feeds/tag/harbour", 1),
    ] {
        client.get(path).await;
        assert_eq!(asked.swap(0, Ordering::SeqCst), times, "{path}");
    }
    for method in ["OPTIONS", "POST"] {
        client
            .send(format!("{method} /feeds/tag/harbour.rss HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
            .await;
        client.response(method).await;
        assert_eq!(asked.load(Ordering::SeqCst), 0, "{method}");
    }
    service.end().await;
}

#[tokio::test]
async fn requests_in_one_piece_are_answered_in_order() {
    let service = Service::start(patient()).await;
    let mut client = Client::connect(service.public).await;
    let paths = [LATEST, "/feeds/none.rss", "/feeds/tag/harbour.rss", "/feeds/world.json"];
    let head = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    client.send(paths.map(head).concat().as_bytes()).await;
    for path in paths {
        let response = client.response("GET").await;
        match response.status {
            200 => assert!(response.body.ends_with(path.as_bytes()), "{path}: {response:?}"),
            status => assert_eq!((path, status), ("/feeds/none.rss", 404)),
        }
    }
    drop(client);
    service.end().await;
}

#[tokio::test]
async fn half_a_connection_is_enough_to_read_an_answer() {
    let (demand, mut asked, let_go) = held_demand();
    let service = Service::start_with(patient(), shelf(), demand, true).await;
    let mut client = Client::connect(service.public).await;
    client.send(GET_LAZY).await;
    client.socket.shutdown().await.unwrap();
    bounded(asked.recv()).await.unwrap();
    // By the time that another is answered, the end of the first one's requests has been seen.
    assert_eq!(Client::connect(service.public).await.get(LATEST).await.status, 200);
    let_go.add_permits(1);
    assert_eq!(client.response("GET").await.status, 200);
    client.closed().await;
    service.end().await;
}

#[tokio::test]
async fn http2_is_spoken_to_those_who_begin_with_it() {
    let service = Service::start(patient()).await;
    let mut http2 = Http2::connect(service.public).await;
    // Static table of HPACK (RFC 7541 appendix A): status 200 is index 8, 304 is 11.
    assert_eq!(http2.ask(1, 0x82, LATEST, None).await, (0x88, b"these are the bytes".to_vec()));
    let tag = format!("\"{}\"", HASHES[0].2);
    assert_eq!(http2.ask(3, 0x82, LATEST, Some(&tag)).await, (0x8b, Vec::new()));
    // 404 is index 13.
    assert_eq!(http2.ask(5, 0x82, "/feeds/none.rss", None).await.0, 0x8d);
    // Its end is agreed on (RFC 9113 §6.8).
    let running = service.shut_down();
    http2.until_end().await;
    bounded(running).await.unwrap().unwrap();
}

/// A client of HTTP/2 with prior knowledge (RFC 9113 §3.3) that knows just enough.
struct Http2 {
    client: Client,
}

impl Http2 {
    async fn connect(to: std::net::SocketAddr) -> Http2 {
        let mut client = Client::connect(to).await;
        // In two pieces, so that the protocol isn't known from the first.
        client.send(b"PRI * HTTP/2.0\r\n").await;
        client.send(b"\r\nSM\r\n\r\n").await;
        client.send(&frame(4, 0, 0, &[])).await;
        Http2 { client }
    }

    /// Asks on a stream, and gets the first byte of the response's head and the first of its body.
    async fn ask(
        &mut self,
        stream: u8,
        method: u8,
        path: &str,
        tag: Option<&str>,
    ) -> (u8, Vec<u8>) {
        // :method, :scheme http, then literals without indexing: :path, :authority, if-none-match.
        let mut head = vec![method, 0x86];
        let length = |text: &str| u8::try_from(text.len()).unwrap();
        head.extend([&[0x04, length(path)], path.as_bytes(), &[0x01, 1], b"x"].concat());
        if let Some(tag) = tag {
            head.extend([&[0x0f, 41 - 15, length(tag)], tag.as_bytes()].concat());
        }
        self.client.send(&frame(1, 0x4 | 0x1, stream, &head)).await;
        let (mut status, mut body) = (0, Vec::new());
        loop {
            let (kind, flags, of, payload) = self.frame().await.unwrap();
            match (kind, of == stream) {
                (1, true) => status = payload[0],
                (0, true) => body.extend(payload.iter().take(19)),
                (3 | 7, _) => panic!("frame {kind}: {payload:?}"),
                _ => {}
            }
            if of == stream && flags & 1 != 0 {
                return (status, body);
            }
        }
    }

    async fn frame(&mut self) -> Option<(u8, u8, u8, Vec<u8>)> {
        let head = self.client.take(9).await?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let payload = self.client.take(length).await?;
        if head[3] == 6 && head[4] == 0 {
            self.client.send(&frame(6, 1, 0, &payload)).await;
        }
        Some((head[3], head[4], head[8], payload))
    }

    /// Reads frames until the connection ends.
    async fn until_end(&mut self) {
        while self.frame().await.is_some() {}
    }
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

#[tokio::test]
async fn a_client_may_finish_what_it_was_sending_when_it_was_refused() {
    let service = Service::start(patient()).await;
    for (head, status) in [
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost : x\r\nContent-Length: 100000\r\n\r\n", 400),
    ] {
        let mut client = Client::connect(service.public).await;
        client.send(head.as_bytes()).await;
        // Waiting for the answer in between makes sure that the server has closed its side.
        assert_eq!(client.response("POST").await.status, status);
        for _ in 0..100 {
            client.send(&[b'x'; 1000]).await;
            tokio::task::yield_now().await;
        }
        client.socket.shutdown().await.unwrap();
        client.closed().await;
    }
    service.end().await;
}
