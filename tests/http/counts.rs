//! What is counted of requests and connections, and that nothing that a client sends makes a new number.

use feedwright::edition::Coding;
use feedwright::server::Limits;
use feedwright::server::counts::{Answered, CODINGS, Counts, Kind};

use super::service::{Client, HASHES, Service, bounded};

/// What was counted, by what it is called.
fn told(counts: &Counts) -> Vec<String> {
    let mut told = Vec::new();
    for kind in Kind::ALL {
        for answered in Answered::ALL {
            for coding in CODINGS {
                let count = counts.requests(kind, answered, coding);
                if count > 0 {
                    let coding = coding.map_or("none", Coding::token);
                    told.push(format!("{} {} {coding} {count}", kind.as_str(), answered.as_str()));
                }
            }
        }
    }
    told
}

#[tokio::test]
async fn requests_are_counted_by_kind_answer_and_coding() {
    let service = Service::start(Limits::default()).await;
    let counts = service.counts.clone();
    let mut client = Client::connect(service.public).await;
    let tag = format!("If-None-Match: \"{}\"\r\n", HASHES[0].2);
    for (line, fields) in [
        ("GET /feeds/latest.rss", ""),
        ("GET /feeds/latest.rss", "Accept-Encoding: gzip\r\n"),
        ("HEAD /feeds/latest.rss", "Accept-Encoding: gzip\r\n"),
        ("GET /feeds/latest.rss", tag.as_str()),
        ("GET /rss.xml", tag.as_str()),
        ("GET /feeds/world.json", ""),
        ("GET /feeds/tag/harbour.rss", ""),
        ("GET /feeds/tag/busy.atom", ""),
        ("GET /feeds/none.atom", ""),
        ("GET /feeds/latest/", ""),
        ("GET /feeds/latest", ""),
        ("GET /feeds.opml", ""),
        ("GET /old.rss", ""),
        ("GET /feeds/ended.rss", ""),
        ("POST /feeds/latest.rss", ""),
        ("OPTIONS /feeds/latest.rss", ""),
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        client.send(request.as_bytes()).await;
        client.response(line.split(' ').next().unwrap()).await;
    }
    assert_eq!(
        told(&counts),
        [
            "rss 2xx identity 2",
            "rss 2xx gzip 2",
            "rss 304 none 2",
            "atom 4xx none 1",
            "atom 5xx none 1",
            "json 2xx identity 1",
            "page 2xx identity 1",
            "page 3xx none 1",
            "other 2xx identity 1",
            "other 2xx none 1",
            "other 3xx none 1",
            "other 4xx none 2",
        ]
    );
    drop(client);
    service.end().await;
}

#[tokio::test]
async fn connections_and_their_bytes_are_counted_until_they_end() {
    let service = Service::start(Limits::default()).await;
    let counts = service.counts.clone();
    let mut clients = Vec::new();
    let mut bytes = 0;
    for _ in 0..3 {
        let mut client = Client::connect(service.public).await;
        let response = client.get("/feeds/latest.rss").await;
        assert_eq!(response.status, 200);
        bytes += response.body.len() as u64;
        clients.push(client);
    }
    assert_eq!((counts.public.open(), counts.public.taken()), (3, 3));
    assert!(counts.public.sent_bytes() > bytes, "heads count, too");
    assert_eq!((counts.admin.open(), counts.admin.taken()), (0, 0));
    drop(clients);
    bounded(async {
        while counts.public.open() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(counts.public.taken(), 3);
    service.end().await;
}

#[tokio::test]
async fn what_a_client_makes_up_is_counted_as_other() {
    let service = Service::start(Limits::default()).await;
    let counts = service.counts.clone();
    let mut client = Client::connect(service.public).await;
    for n in 0..200 {
        let request = format!(
            "GET /{n}\u{9b}\"}}x{{.rss HTTP/1.1\r\nHost: h{n}\r\nUser-Agent: \"}} {n}\r\n\
             Accept-Encoding: c{n}\r\n\r\n"
        );
        client.send(request.as_bytes()).await;
        assert_eq!(client.response("GET").await.status, 404);
    }
    assert_eq!(told(&counts), ["other 4xx none 200"]);
    drop(client);
    service.end().await;
}
