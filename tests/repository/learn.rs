//! A machine that has lost its state, or never had one: the repository (articles, `feeds.toml`,
//! `feeds.lock`) and what is published are enough to go on as if nothing had happened.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::support::{Ended, Newsroom, Report, Running, Service, article, wait_for};

/// Enough words that a body is known again.
fn story(name: &str) -> String {
    let words: Vec<String> = (0..60).map(|n| format!("{name}{n}")).collect();
    words.join(" ")
}

/// Four articles, one of them without a date; published.
fn newsroom() -> Newsroom {
    let newsroom = Newsroom::new(&[
        ("content/harbour/wall.md", article("The wall", "2026-03-01", &story("wall"))),
        ("content/harbour/seal.md", article("A seal", "2026-03-02", &story("seal"))),
        ("content/town/clock.md", article("The clock", "2026-03-04", &story("clock"))),
        ("content/town/bell.md", article("The bell", "", &story("bell"))),
    ]);
    newsroom.regenerate_well();
    newsroom
}

/// Waits until what is published now would have another Last-Modified than what is published.
fn wait_for_another_second(newsroom: &Newsroom) {
    let last = newsroom.times().into_values().max().unwrap();
    let seconds = |t: SystemTime| t.duration_since(UNIX_EPOCH).unwrap().as_secs();
    wait_for("another second", || (seconds(SystemTime::now()) > seconds(last)).then_some(()));
}

fn learn(newsroom: &Newsroom, url: &str) -> Ended {
    newsroom.feedwright(&["--format", "json", "regenerate", "--learn", url])
}

fn learn_well(newsroom: &Newsroom, url: &str) -> Report {
    let report = learn(newsroom, url).report();
    assert_eq!(report.status, 0, "{report:?}");
    report
}

fn codes(report: &Report) -> Vec<String> {
    let codes = report.problems().into_iter().map(|p| p.code);
    codes.filter(|code| code.starts_with("learn-")).collect()
}

/// Id by title.
fn ids(newsroom: &Newsroom) -> BTreeMap<String, String> {
    newsroom.titles("latest").into_iter().zip(newsroom.ids("latest")).collect()
}

/// A server that answers every request with the bytes that `answer` makes of a path, then hangs up.
fn answering(answer: impl Fn(&str, SocketAddr) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(path) = asked(&mut stream) else { continue };
            // A client that has seen enough hangs up first.
            let _ = stream.write_all(&answer(&path, at));
        }
    });
    at
}

/// The path that a request asks for, once its head is there.
fn asked(stream: &mut impl Read) -> Option<String> {
    let mut head = BufReader::new(stream).lines().map_while(Result::ok);
    let first = head.next()?;
    head.take_while(|line| !line.is_empty()).for_each(drop);
    first.split(' ').nth(1).map(str::to_owned)
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn status(status: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

#[test]
fn a_machine_that_has_the_repository_alone_publishes_the_same_files_with_the_same_times() {
    let first = newsroom();
    let service = Service::ready(&first);
    wait_for_another_second(&first);
    for url in
        [format!("http://{}/", service.public), format!("http://{}/feeds.json", service.public)]
    {
        let second = first.checkout();
        let report = learn_well(&second, &url);
        assert!(codes(&report).is_empty(), "{report:?}");
        assert_eq!(second.published(), first.published());
        assert_eq!(second.read("feeds.lock"), first.read("feeds.lock"));
        // And stays so once it has a state of its own.
        second.regenerate_well().assert_counts(&[("written", 0), ("changed", 0)]);
        assert_eq!(second.published(), first.published());
    }
}

#[test]
fn articles_that_moved_while_nobody_ran_keep_their_ids_and_only_what_changed_is_newer() {
    let first = newsroom();
    let before = ids(&first);
    let service = Service::ready(&first);
    wait_for_another_second(&first);
    let second = first.checkout();
    // With the state at hand it is a move; without, the live manifest tells as much.
    for machine in [&first, &second] {
        machine.rename("content/harbour/wall.md", "content/harbour/rampart.md");
        machine.edit("content/harbour/rampart.md", "The wall", "The rampart");
    }
    let times = first.times();
    learn_well(&second, &format!("http://{}", service.public));
    drop(service);
    first.regenerate_well();
    assert_eq!(second.editions(), first.editions());
    assert_eq!(second.read("feeds.lock"), first.read("feeds.lock"));
    assert_eq!(ids(&second)["The rampart"], before["The wall"]);
    assert_eq!(second.times()["feeds/town.rss"], times["feeds/town.rss"]);
    assert!(second.times()["feeds/harbour.rss"] > times["feeds/harbour.rss"]);
}

#[test]
fn what_is_published_keeps_ids_and_first_sights_where_the_lock_is_lost_too() {
    let first = newsroom();
    first.rename("content/town/bell.md", "content/town/carillon.md");
    first.regenerate_well();
    let service = Service::ready(&first);
    wait_for_another_second(&first);
    let second = first.checkout();
    second.remove("feeds.lock");
    learn_well(&second, &format!("http://{}/", service.public));
    assert_eq!(second.published(), first.published());
    assert_eq!(second.read("feeds.lock"), first.read("feeds.lock"));
}

#[test]
fn a_live_manifest_is_learned_from_over_https_and_through_redirects() {
    let first = newsroom();
    let manifest = first.read("public/feeds.json").into_bytes();
    let secure = answering_in_secret(ok(&manifest));
    let to = format!("https://localhost:{}/elsewhere", secure.port());
    let plain = answering(move |path, _| match path {
        "/once/feeds.json" => {
            let head = format!("HTTP/1.1 301 Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
            head.into_bytes()
        }
        round => {
            let head =
                format!("HTTP/1.1 302 Found\r\nLocation: {round}\r\nContent-Length: 0\r\n\r\n");
            head.into_bytes()
        }
    });
    let with_roots = |newsroom: &Newsroom, url: &str| {
        let mut command = newsroom.command(&["--format", "json", "regenerate", "--learn", url]);
        command.env("SSL_CERT_FILE", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/ca.pem"));
        Running::start(command).end()
    };
    for url in [format!("https://{secure}/"), format!("http://{plain}/once")] {
        let second = first.checkout();
        second.rename("content/harbour/wall.md", "content/harbour/rampart.md");
        let ended = with_roots(&second, &url);
        assert_eq!(ended.status, 0, "{ended:?}");
        assert_eq!(ids(&second), ids(&first));
    }
    for (url, complaint) in [
        (format!("http://{plain}/round"), "which isn't followed: there were too many before"),
        (format!("http://{secure}/"), "didn't answer in whole"),
        (format!("https://{plain}/"), "can't be reached"),
    ] {
        let second = first.checkout();
        let ended = with_roots(&second, &url);
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(ended.stderr.contains(complaint), "{ended:?}");
    }
    // Who isn't known isn't believed.
    let second = first.checkout();
    let ended = learn(&second, &format!("https://{secure}/"));
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(ended.stderr.contains("certificate"), "{ended:?}");
}

/// The same, in TLS, as `localhost` and 127.0.0.1.
fn answering_in_secret(answer: Vec<u8>) -> SocketAddr {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/");
    let own = CertificateDer::from_pem_file(format!("{folder}server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{folder}server-key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(session, stream.unwrap());
            if asked(&mut stream).is_some() {
                let _ = stream.write_all(&answer);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    at
}

#[test]
fn where_nothing_is_published_yet_a_run_begins_from_nothing() {
    let newsroom = Newsroom::sample();
    let at = answering(|_, _| status("404 Not Found"));
    let report = learn_well(&newsroom, &format!("http://{at}/"));
    assert_eq!(codes(&report), ["learn-nothing"]);
    assert_eq!(report.count("new"), 5);
    // What is in the tree counts nevertheless.
    let before = ids(&newsroom);
    newsroom.remove(".feedwright");
    newsroom.edit("content/town/bell.md", "The bell", "The bell tolls");
    newsroom.edit("content/town/bell.md", "title:", "slug: tolling\ntitle:");
    newsroom.remove("feeds.lock");
    newsroom.rename("content/harbour/mud.md", "content/harbour/silt.md");
    learn_well(&newsroom, &format!("http://{at}/"));
    assert_eq!(ids(&newsroom)["The mud"], before["The mud"]);
}

#[test]
fn whatever_else_is_answered_ends_the_run_before_it_did_anything() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let manifest = newsroom().read("public/feeds.json");
    let half = manifest.len() / 2;
    let later = manifest.replace("\"feedwright\": 1", "\"feedwright\": 2");
    assert_ne!(later, manifest);
    let answers: BTreeMap<&str, (Vec<u8>, &str)> = BTreeMap::from([
        ("500", (status("500 Internal Server Error"), "answers 500 Internal Server Error")),
        ("403", (status("403 Forbidden"), "answers 403 Forbidden")),
        ("410", (status("410 Gone"), "answers 410 Gone")),
        ("204", (status("204 No Content"), "answers 204 No Content")),
        ("304", (status("304 Not Modified"), "answers 304 Not Modified")),
        ("page", (ok(b"<!doctype html><title>Not found</title>"), "isn't a manifest")),
        ("null", (ok(b"null"), "isn't a manifest")),
        ("object", (ok(b"{}"), "isn't a manifest: feeds.json can't be read: missing field")),
        ("feed", (ok(br#"{"version":"https://jsonfeed.org/version/1.1"}"#), "isn't a manifest")),
        ("empty", (ok(b""), "isn't a manifest")),
        ("deep", (ok(&b"[".repeat(1 << 20)), "isn't a manifest")),
        ("half", (ok(&manifest.as_bytes()[..half]), "isn't a manifest")),
        ("latin", (ok(b"{\"feedwright\":1,\"base_url\":\"\xe9\"}"), "isn't a manifest")),
        ("later", (ok(later.as_bytes()), "is of version 2, which a later release")),
        ("short", (ok(manifest.as_bytes())[..half].to_vec(), "didn't answer in whole")),
        ("noise", (b"SSH-2.0-OpenSSH\r\n".to_vec(), "didn't answer in whole")),
        ("silent", (Vec::new(), "didn't answer in whole")),
    ]);
    let bodies: BTreeMap<String, Vec<u8>> = answers
        .iter()
        .map(|(name, (bytes, _))| (format!("/{name}/feeds.json"), bytes.clone()))
        .collect();
    let at = answering(move |path, _| bodies[path].clone());
    let cases =
        answers.iter().map(|(name, (_, complaint))| (format!("http://{at}/{name}"), *complaint));
    let refused = [(format!("http://{nobody}/"), "can't be reached: Connection refused")];
    for (url, complaint) in cases.chain(refused) {
        let newsroom = Newsroom::sample();
        let ended = learn(&newsroom, &url);
        assert_eq!(ended.status, 1, "{url}: {ended:?}");
        assert!(ended.stderr.contains(complaint), "{url}: {ended:?}");
        assert!(
            ended.stderr.contains(&url) && ended.stderr.contains("so nothing is done"),
            "{ended:?}"
        );
        assert!(!newsroom.exists("feeds.lock") && !newsroom.exists("public"), "{url}");
        let status = newsroom.feedwright(&["status"]);
        assert!(status.stdout.contains(complaint), "{url}: {status:?}");
        // Without it, or once it answers, the run is done.
        newsroom.regenerate_well();
    }
}

#[test]
fn a_manifest_without_an_end_is_not_read_to_it() {
    let newsroom = Newsroom::sample();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        asked(&mut stream);
        let spaces = vec![b' '; 1 << 20];
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&spaces).is_ok() {}
    });
    let ended = learn(&newsroom, &url);
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(ended.stderr.contains("answers with more than 67108864 bytes"), "{ended:?}");
}

#[test]
fn a_state_that_knows_what_is_published_learns_nothing_and_says_so() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let before = newsroom.published();
    // Nobody is asked: nobody is there.
    let report = learn_well(&newsroom, "http://127.0.0.1:1/");
    assert_eq!(codes(&report), ["learn-ignored"]);
    assert_eq!(newsroom.published(), before);
}

#[test]
fn another_papers_manifest_takes_nothing_back_and_publishes_nothing() {
    let other = Newsroom::new(&[("content/far/away.md", article("Away", "2026-01-01", "Far."))]);
    other.edit("feeds.toml", "https://gazette.example/", "https://other.example/");
    other.regenerate_well();
    let service = Service::ready(&other);
    let newsroom = Newsroom::new::<&str>(&[]);
    let ended = learn(&newsroom, &format!("http://{}/", service.public));
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(ended.stderr.contains("none of the 1 articles"), "{ended:?}");
    assert!(!newsroom.exists("public"));
}

#[test]
fn a_rehearsal_compares_with_what_is_live() {
    let first = newsroom();
    let service = Service::ready(&first);
    let second = first.checkout();
    second.edit("content/harbour/wall.md", "wall7 ", "edited ");
    let url = format!("http://{}/", service.public);
    let ended = second.feedwright(&["regenerate", "--dry-run", "--learn", &url]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(
        ended.stdout.contains("latest: 0 new, 1 updated, 0 withdrawn, 0 shown again"),
        "{ended:?}"
    );
    assert!(!second.exists("public") && !second.exists(".feedwright"));
}

#[test]
fn a_service_that_begins_from_nothing_learns_before_its_first_run() {
    let first = newsroom();
    let before = first.published();
    let second = first.checkout();
    second.rename("content/harbour/wall.md", "content/harbour/rampart.md");
    // The live feeds are out of order at first: the service tries again.
    let manifest = first.read("public/feeds.json").into_bytes();
    let asked = std::sync::atomic::AtomicU32::new(0);
    let at =
        answering(move |_, _| match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => status("503 Service Unavailable"),
            1 => ok(&manifest),
            _ => status("500 Internal Server Error"),
        });
    let service = Service::start_with(&second, |mut command| {
        command.args(["--learn", &format!("http://{at}/")]);
        command
    });
    service.wait_readyz("a run that failed", |body| {
        let failed = body["last_run"]["failed"].as_str();
        failed.is_some_and(|sentence| sentence.contains("503 Service Unavailable"))
    });
    assert!(!second.exists("public/feeds.json"));
    // It tries again by itself, and sooner where somebody saves a file.
    second.write("content/town/clock.md", second.read("content/town/clock.md"));
    service.wait_readyz("a run that was done", |body| body["last_run"]["failures"].is_array());
    let served = service.get("/feeds/town.rss", &[]);
    assert_eq!(served.status, 200);
    assert_eq!(served.body, before["feeds/town.rss"].0);
    assert_eq!(ids(&second), ids(&first));
    // Once it knows, it doesn't ask again.
    second.edit("content/town/clock.md", "clock7 ", "edited ");
    service.wait_text("/feeds/town.json", "edited");
}

#[test]
fn a_run_that_dies_after_it_learned_goes_on_where_it_stood() {
    let first = newsroom();
    let service = Service::ready(&first);
    wait_for_another_second(&first);
    let url = format!("http://{}/", service.public);
    let second = first.checkout();
    // Something in the tree's place: the run commits, and can't publish.
    second.write("public", "in the way");
    let ended = learn(&second, &url);
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(second.exists(".feedwright/catalog.db"));
    second.remove("public");
    let report = second.regenerate_well();
    report.assert_counts(&[("new", 0)]);
    assert_eq!(second.published(), first.published());
}

#[test]
fn a_job_that_starts_from_the_repository_each_time_goes_on_from_the_job_before() {
    // Each job has what git has, and what the job before uploaded; nobody commits what the lock gains.
    let repository = newsroom().checkout();
    let live = Newsroom::new::<&str>(&[]);
    let root = live.path("public");
    let at =
        answering(move |path, _| match std::fs::read(root.join(path.trim_start_matches('/'))) {
            Ok(bytes) => ok(&bytes),
            Err(_) => status("404 Not Found"),
        });
    let url = format!("http://{at}/");
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    for job in 0..4 {
        match job {
            1 => repository.rename("content/town/bell.md", "content/town/carillon.md"),
            2 => repository.write("content/town/pump.md", article("The pump", "", &story("pump"))),
            3 => repository.rename("content/town/pump.md", "content/harbour/pump.md"),
            _ => {}
        }
        let machine = repository.checkout();
        let ended = machine.feedwright(&["regenerate", "--learn", &url]);
        assert_eq!(ended.status, 0, "job {job}: {ended:?}");
        for (title, id) in &before {
            assert_eq!(&ids(&machine)[title], id, "job {job}");
        }
        before = ids(&machine);
        if live.exists("public") {
            live.remove("public");
        }
        for (path, bytes) in machine.tree() {
            live.write(&format!("public/{path}"), bytes);
        }
    }
    assert_eq!(before.len(), 5);
}

#[test]
fn whatever_a_manifest_claims_the_run_goes_well_and_stays_in_its_tree() {
    let newsroom = newsroom();
    let mut manifest: Value = serde_json::from_str(&newsroom.read("public/feeds.json")).unwrap();
    let times = ["+262142-12-31T23:59:59Z", "-262143-01-01T00:00:00Z", "9999-12-31T23:59:59Z"];
    let files = manifest["files"].as_object_mut().unwrap();
    let facts = files["/feeds/latest.rss"].clone();
    for (n, time) in times.iter().enumerate() {
        let address = ["/feeds/latest.rss", "/feeds/latest.atom", "/feeds/town.json"][n];
        files[address]["last_modified"] = (*time).into();
        files[address]["size"] = u64::MAX.into();
    }
    for address in ["/feeds/../../../out.rss", "/etc/passwd", "", "/feeds/%00.rss", "/feeds//.rss"]
    {
        files.insert(address.to_owned(), facts.clone());
    }
    let entries = manifest["entries"].as_object_mut().unwrap();
    for (n, entry) in entries.values_mut().enumerate() {
        entry["published"] = times[n % times.len()].into();
    }
    let entry = entries.values().next().unwrap().clone();
    for id in ["", "\t\n\u{0}\u{202e}", "urn:one", "urn:two", &"x".repeat(1 << 20)] {
        entries.insert(id.to_owned(), entry.clone());
    }
    let body = manifest.to_string();
    let at = answering(move |_, _| ok(body.as_bytes()));
    let second = newsroom.checkout();
    let report = learn_well(&second, &format!("http://{at}/"));
    assert_eq!(report.complaints(), []);
    assert_eq!(second.editions(), newsroom.editions());
    assert_eq!(second.regenerate_well().count("written"), 0);
    let published = second.tree();
    assert_eq!(published.keys().collect::<Vec<_>>(), newsroom.tree().keys().collect::<Vec<_>>());
}

#[test]
fn what_can_not_be_read_while_a_state_is_made_anew_is_the_same_article_once_it_can() {
    let first = newsroom();
    let service = Service::ready(&first);
    let second = first.checkout();
    // It moved, and is broken just now.
    second.rename("content/harbour/wall.md", "content/harbour/rampart.md");
    second.edit("content/harbour/rampart.md", "title: The wall", "title: [The wall");
    let report = learn(&second, &format!("http://{}/", service.public)).report();
    assert_eq!(report.status, 1);
    assert_eq!(second.ids("latest").len(), 3);
    let id = &ids(&first)["The wall"];
    let told = second.feedwright(&["explain", id]);
    assert!(told.stdout.contains("it was published, and no document names it"), "{told:?}");
    second.edit("content/harbour/rampart.md", "title: [The wall", "title: The wall");
    second.regenerate_well().assert_counts(&[("new", 1)]);
    assert_eq!(ids(&second), ids(&first));
}
