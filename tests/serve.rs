//! `serve` from outside: what a reader gets while articles, configuration, state and tree change under
//! it, beside `regenerate`, over restarts and kills.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::Connection;

use crate::incremental::many;
use crate::support::{
    Newsroom, PATIENCE, Response, Running, SITE, Service, article, entries, wait_for,
};

/// Nothing comes by itself: no schedule, no watcher.
const STILL: &str = "\n[schedule]\ncron = \"none\"\nwatch = false\nlook = \"none\"\n";
/// Only the watcher and the clock.
const WATCHED: &str = "\n[schedule]\ncron = \"none\"\n";

fn watched() -> Newsroom {
    let newsroom = Newsroom::sample();
    newsroom.write("feeds.toml", format!("{SITE}{WATCHED}"));
    newsroom
}

fn still() -> Newsroom {
    let newsroom = Newsroom::sample();
    newsroom.write("feeds.toml", format!("{SITE}{STILL}"));
    newsroom
}

fn last_modified(response: &Response) -> Option<SystemTime> {
    httpdate::parse_http_date(response.field("last-modified")?).ok()
}

/// Last-Modified of an address, once the clock has come to it: it isn't sent while it is ahead.
fn wait_last_modified(service: &Service, path: &str) -> SystemTime {
    wait_for("a Last-Modified", || last_modified(&service.get(path, &[])))
}

#[test]
fn a_saved_file_is_served() {
    let newsroom = watched();
    let service = Service::ready(&newsroom);
    let before = service.get("/feeds/town.rss", &[]);
    let (other, time) =
        (service.get("/feeds/harbour.rss", &[]), wait_last_modified(&service, "/feeds/town.rss"));
    assert_eq!(before.status, 200);
    newsroom.edit("content/town/bell.md", "It is loud.", "It is very loud.");
    let after = service.wait_text("/feeds/town.rss", "It is very loud.");
    assert_ne!(before.etag(), after.etag());
    assert!(wait_last_modified(&service, "/feeds/town.rss") > time);
    assert_eq!(service.get("/feeds/harbour.rss", &[]).etag(), other.etag());
    newsroom.write("content/sport/race.md", article("The race", "2026-03-06", "Uphill."));
    service.wait_text("/feeds/sport.json", "The race");
    newsroom.remove("content/sport");
    service.wait("the feed of a section that is gone", "/feeds/sport.json", |r| r.status == 404);
    newsroom.rename("content/town/bell.md", "content/harbour/bell.md");
    service.wait_text("/feeds/harbour.json", "The bell");
    service.wait("the article has left", "/feeds/town.json", |r| !r.text().contains("The bell"));
}

#[test]
fn a_file_that_stops_parsing_under_serve_stays_up_and_is_told() {
    let newsroom = watched();
    let service = Service::ready(&newsroom);
    newsroom.edit("content/town/bell.md", "title: The bell", "title: [The");
    service.wait_readyz("the error", |body| body["last_run"]["errors"] == 1);
    assert!(service.get("/feeds/town.rss", &[]).text().contains("The bell"));
    assert!(service.log().contains("content/town/bell.md:3"), "{}", service.log());
    newsroom.edit("content/town/bell.md", "title: [The", "title: The big bell");
    service.wait_text("/feeds/town.rss", "The big bell");
}

#[test]
fn regenerate_beside_serve_is_served_without_a_restart() {
    let newsroom = still();
    let service = Service::ready(&newsroom);
    newsroom.edit("content/town/bell.md", "It is loud.", "It is very loud.");
    newsroom.write("content/sport/race.md", article("The race", "2026-03-06", "Uphill."));
    newsroom.regenerate_well().assert_counts(&[("new", 1), ("changed", 1)]);
    service.wait_text("/feeds/town.rss", "It is very loud.");
    service.wait_text("/feeds/sport.atom", "The race");
}

#[test]
fn where_serve_was_quicker_regenerate_says_so() {
    let newsroom = watched();
    let service = Service::ready(&newsroom);
    newsroom.edit("content/town/bell.md", "It is loud.", "It is very loud.");
    service.wait_text("/feeds/town.rss", "It is very loud.");
    let ended = newsroom.feedwright(&["regenerate"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    let said = ended.stdout.lines().last().unwrap_or_default();
    assert!(
        said.starts_with("nothing new; 1 article published ") && said.ends_with(" s ago by serve"),
        "{ended:?}"
    );
}

#[test]
fn where_serve_withdrew_regenerate_says_so_and_not_that_it_published() {
    let newsroom = watched();
    let service = Service::ready(&newsroom);
    newsroom.remove("content/town/bell.md");
    service.wait("the bell to go", "/feeds/town.rss", |r| !r.text().contains("It is loud."));
    let said = newsroom.feedwright(&["regenerate"]).stdout;
    let said = said.lines().last().unwrap_or_default();
    assert!(said.starts_with("nothing new; 1 article withdrawn "), "{said}");
}

#[test]
fn a_restart_serves_the_last_editions_though_their_source_is_gone() {
    let newsroom = watched();
    newsroom.regenerate_well();
    let before = newsroom.editions();
    newsroom.rename("content", "elsewhere");
    let service = Service::start(&newsroom);
    // Before its first run is over.
    let early = service.get("/feeds/town.rss", &[]);
    assert_eq!(early.body, before["feeds/town.rss"]);
    service.wait_readyz("the failure of the first run", |body| {
        body["last_run"]["failures"][0].as_str().is_some_and(|f| f.contains("content"))
    });
    assert_eq!(service.get("/feeds/town.rss", &[]).etag(), early.etag());
    assert_eq!(newsroom.editions(), before);
    newsroom.rename("elsewhere", "content");
    newsroom.edit("content/town/bell.md", "It is loud.", "It is back.");
    service.wait_text("/feeds/town.rss", "It is back.");
}

#[test]
fn a_restart_with_neither_state_nor_source_serves_the_tree() {
    let newsroom = watched();
    newsroom.regenerate_well();
    let before = newsroom.published();
    newsroom.remove(".feedwright");
    newsroom.rename("content", "elsewhere");
    let service = Service::start(&newsroom);
    service.wait_readyz("the failure of the first run", |body| {
        body["last_run"]["failed"].as_str().is_some_and(|f| f.contains("content"))
    });
    assert_eq!(service.readyz()["ready"], true);
    assert_eq!(service.get("/feeds/town.rss", &[]).body, before["feeds/town.rss"].0);
    assert_eq!(newsroom.changed_since(&before), [""; 0]);
    newsroom.rename("elsewhere", "content");
    newsroom.edit("content/town/bell.md", "It is loud.", "It is back.");
    service.wait_text("/feeds/town.rss", "It is back.");
}

#[test]
fn a_broken_configuration_keeps_the_old_and_says_so_until_it_is_mended() {
    let newsroom = watched();
    let service = Service::ready(&newsroom);
    let good = newsroom.read("feeds.toml");
    newsroom.write("feeds.toml", good.replace("title =", "titel ="));
    service.wait_readyz("the mistake", |body| {
        let failure = body["last_run"]["failures"][0].as_str().unwrap_or_default().to_owned();
        failure.contains("feeds.toml") && failure.contains("goes on")
    });
    assert!(service.log().contains("titel"), "{}", service.log());
    // What it said before goes on, new articles included.
    newsroom.edit("content/town/bell.md", "It is loud.", "It is very loud.");
    service.wait_text("/feeds/town.rss", "It is very loud.");
    assert!(service.get("/feeds/town.rss", &[]).text().contains("The Harbour Gazette"));
    newsroom.write("feeds.toml", good.replace("The Harbour Gazette", "The Evening Harbour"));
    service.wait_text("/feeds/town.rss", "The Evening Harbour");
    service.wait_readyz("that all is well", |body| {
        body["last_run"]["failures"].as_array().is_some_and(Vec::is_empty)
    });
}

#[test]
fn state_or_tree_that_is_deleted_under_serve_comes_back() {
    let newsroom = still();
    let service = Service::ready(&newsroom);
    let (tree, tag) = (newsroom.editions(), service.get("/feeds/town.rss", &[]).etag());
    newsroom.remove("public");
    wait_for("the tree", || (newsroom.editions() == tree).then_some(()));
    newsroom.remove(".feedwright");
    wait_for("the state", || newsroom.exists(".feedwright/ledger.db").then_some(()));
    service.wait("the same edition", "/feeds/town.rss", |r| r.status == 200 && r.etag() == tag);
    // Whatever waits for the run to end finds a whole state.
    newsroom.regenerate_well().assert_counts(&[("opened", 0), ("written", 0)]);
    assert_eq!(newsroom.editions(), tree);
}

#[test]
fn feeds_of_terms_are_made_when_somebody_asks() {
    let front = |title: &str, more: &str| {
        format!("---\ntitle: {title}\ndate: 2026-03-01\n{more}---\n\nBody of {title}.\n")
    };
    let newsroom = Newsroom::new(&[
        ("feeds.toml", format!("{SITE}{STILL}")),
        ("content/town/one.md", front("One", "tags: [Fog, Night market]\nauthor: Ada Brook\n")),
        (
            "content/town/two.md",
            front("Two", "tags: [Fog]\nauthor: Benno Skirrick\nseries: Deep\n"),
        ),
        ("content/town/hidden.md", front("Hidden", "tags: [Secret]\ndraft: true\n")),
    ]);
    let service = Service::ready(&newsroom);
    let fog = service.get("/feeds/tag/fog.rss", &[]);
    assert_eq!(fog.status, 200, "{fog:?}");
    assert!(fog.text().contains("One") && fog.text().contains("Two"));
    assert_eq!(fog.field("content-type"), Some("application/rss+xml; charset=utf-8"));
    wait_last_modified(&service, "/feeds/tag/fog.rss");
    for (path, has, hasnt) in [
        ("/feeds/tag/night-market.json", "One", "Two"),
        ("/feeds/author/benno-skirrick.atom", "Two", "One"),
        ("/feeds/series/deep.rss", "Two", "One"),
        ("/feeds/tag/fog/", "One", "Hidden"),
    ] {
        let response = service.get(path, &[]);
        assert_eq!(response.status, 200, "{path}");
        let text = response.text();
        assert!(text.contains(&format!("Body of {has}")) || path.ends_with('/'), "{path}: {text}");
        assert!(!text.contains(&format!("Body of {hasnt}")), "{path}: {text}");
        let tag = response.etag();
        assert_eq!(service.get(path, &[("If-None-Match", &tag)]).status, 304, "{path}");
    }
    for path in ["/feeds/tag/nothing.rss", "/feeds/tag/secret.rss", "/feeds/author/nobody.json"] {
        assert_eq!(service.get(path, &[]).status, 404, "{path}");
    }
    assert!(!newsroom.exists("public/feeds/tag"), "nothing of it is in the tree");
    let before = (fog.etag(), wait_last_modified(&service, "/feeds/tag/fog.rss"));
    drop(service);
    let service = Service::ready(&newsroom);
    let again = service.get("/feeds/tag/fog.rss", &[]);
    assert_eq!((again.etag(), last_modified(&again).unwrap()), before, "over a restart");
    assert_eq!(again.body, fog.body);
    // It follows what a run commits.
    newsroom.edit("content/town/two.md", "Body of Two", "Body of another");
    newsroom.regenerate_well();
    let other = service.wait_text("/feeds/tag/fog.rss", "Body of another");
    assert_ne!(other.etag(), fog.etag());
    assert!(wait_last_modified(&service, "/feeds/tag/fog.rss") > before.1);
    newsroom.remove("content/town/two.md");
    newsroom.regenerate_well();
    service.wait("a term without articles", "/feeds/series/deep.rss", |r| r.status == 404);
}

#[test]
fn embargoes_lift_and_articles_expire_by_themselves() {
    let newsroom = watched();
    let at = |seconds| {
        let at: DateTime<Utc> = Utc::now() + Duration::from_secs(seconds);
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    let (lifts, expires) = (at(4), at(7));
    newsroom.write("content/town/soon.md", article("The soon", &lifts, "Now."));
    let brief =
        format!("---\ntitle: The brief\ndate: 2026-03-06\nexpires: {expires}\n---\n\nGone.\n");
    newsroom.write("content/town/brief.md", brief);
    let report = newsroom.regenerate_well();
    if report.object["as_of"].as_str().unwrap() < lifts.as_str() {
        assert_eq!(newsroom.titles("town"), ["The brief", "The bell", "The clock"]);
        assert_eq!(report.object["next_due"].as_str().unwrap()[..19], lifts[..19]);
    }
    let service = Service::ready(&newsroom);
    let mut times = Vec::new();
    for (what, titles) in [
        ("the embargo to lift", &["The soon", "The brief", "The bell", "The clock"][..]),
        ("the article to expire", &["The soon", "The bell", "The clock"]),
    ] {
        service.wait(what, "/feeds/town.json", |r| entries(&r.text(), "title") == titles);
        times.push(wait_last_modified(&service, "/feeds/town.json"));
    }
    assert!(times.is_sorted() && times[0] != times[1], "{times:?}");
    let due: SystemTime = DateTime::parse_from_rfc3339(&lifts).unwrap().into();
    assert!(times[0] >= due, "not before its time");
    // What nobody asked for was looked at without opening a file.
    newsroom.regenerate_well().assert_counts(&[("opened", 0), ("written", 0), ("read", 7)]);
}

#[test]
fn regenerate_releases_at_the_time_and_not_before() {
    let newsroom = Newsroom::sample();
    let lifts = (Utc::now() + Duration::from_secs(3)).to_rfc3339_opts(SecondsFormat::Secs, true);
    newsroom.write("content/town/soon.md", article("The soon", &lifts, "Now."));
    wait_for("the embargo to lift", || {
        let report = newsroom.regenerate_well();
        let due = report.object["as_of"].as_str().unwrap()[..19] >= lifts[..19];
        let shown = newsroom.titles("town").contains(&"The soon".to_owned());
        assert_eq!(shown, due, "{report:?}");
        shown.then_some(())
    });
}

/// Takes the turn, as a run of another process would.
fn hold_turn(newsroom: &Newsroom) -> File {
    let path = newsroom.path(".feedwright/turn");
    let mut turn = File::options().read(true).write(true).truncate(true).open(path).unwrap();
    turn.lock().unwrap();
    turn.write_all(br#"{"command":"serve","pid":4711,"since":"2026-11-24T08:00:00Z"}"#).unwrap();
    turn
}

#[test]
fn two_runs_at_once_take_turns_and_the_second_says_for_whom_it_waits() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    newsroom.edit("content/town/bell.md", "It is loud.", "It is very loud.");
    let turn = hold_turn(&newsroom);
    let mut runs = [(); 2].map(|()| Running::start(newsroom.command(&["regenerate"])));
    for run in &mut runs {
        wait_for("the sentence of one who waits", || {
            let said = run.complaints();
            said.contains("waiting for the run of serve (process 4711)").then_some(())
        });
    }
    drop(turn);
    let ended = runs.map(Running::end);
    for one in &ended {
        assert_eq!(one.status, 0, "{one:?}");
    }
    let changed = ended.iter().filter(|one| one.stdout.contains(" 1 changed,")).count();
    assert_eq!(changed, 1, "one of them does the work: {ended:?}");
    assert!(newsroom.read("public/feeds/town.rss").contains("It is very loud."));
}

#[test]
fn quiet_waiting_says_nothing() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let turn = hold_turn(&newsroom);
    let run = Running::start(newsroom.command(&["--quiet", "regenerate"]));
    drop(turn);
    let ended = run.end();
    assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
}

/// A number that a database of a run under way says; `None` while it can't.
fn ask(database: &Path, sql: &str) -> Option<i64> {
    let db = Connection::open_with_flags(database, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
    db.ok()?.query_row(sql, [], |row| row.get(0)).ok()
}

/// Holds up whoever wants to write to a database.
fn hold(database: &Path) -> Connection {
    let db = Connection::open(database).unwrap();
    db.busy_timeout(PATIENCE).unwrap();
    db.execute_batch("begin immediate").unwrap();
    db
}

#[test]
fn a_run_that_is_killed_goes_on_where_it_stood() {
    // More than are staged at once: the first of them are, while others are still read.
    const ARTICLES: i64 = 2_500;
    let newsroom = many(ARTICLES as usize);
    let (catalog, ledger) =
        (newsroom.path(".feedwright/catalog.db"), newsroom.path(".feedwright/ledger.db"));
    let start = || Running::start(newsroom.command(&["regenerate"]));
    let staged = "select count(*) from staged";
    let documents = "select count(*) from document";

    // While documents are staged: the next batch can't be written.
    let mut run = start();
    wait_for("staged work", || ask(&catalog, staged).filter(|n| *n > 0));
    let held = hold(&catalog);
    let before = ask(&catalog, staged).unwrap();
    run.kill();
    drop(held);
    assert!(before > 0 && ask(&catalog, documents) == Some(0), "{before} staged");
    assert!(!newsroom.exists("public"), "nothing is published");

    // When all is current and nothing published.
    let mut run = start();
    wait_for("the ledger", || ask(&ledger, "select count(*) from ours"));
    let held = hold(&ledger);
    wait_for("the commit", || ask(&catalog, documents).filter(|n| *n == ARTICLES));
    run.kill();
    drop(held);

    // When some editions stand in the tree, and nobody has written down that they do.
    newsroom.edit("content/section-3/story-3.md", "This is what", "This is not what");
    let mut run = start();
    wait_for("an edition", || newsroom.exists("public/feeds/latest.rss").then_some(()));
    let held = hold(&ledger);
    run.kill();
    drop(held);

    let report = newsroom.regenerate_well();
    report.assert_counts(&[("read", ARTICLES.unsigned_abs()), ("parsed", 0), ("opened", 0)]);
    let fresh = newsroom.checkout();
    fresh.regenerate_well();
    let (found, expected) = (newsroom.editions(), fresh.editions());
    assert!(found.keys().eq(expected.keys()), "no leftovers, nothing missing");
    assert!(found == expected, "the same bytes as of a newsroom that was never killed");
    newsroom.regenerate_well().assert_counts(&[("opened", 0), ("rendered", 0), ("written", 0)]);
    assert_eq!(ask(&catalog, staged), Some(0));
    let orphans = "select count(*) from sighting s
        where not exists (select 1 from document d where d.version = s.version)";
    assert_eq!(ask(&catalog, orphans), Some(0), "no sighting of an abandoned version is left");
}

#[test]
fn a_request_to_stop_lets_answers_in_flight_be_completed() {
    let newsroom = Newsroom::sample();
    let limits = "\n[[feed]]\nname = \"latest\"\nmax_bytes = \"none\"\n";
    newsroom.write("feeds.toml", format!("{SITE}{limits}{STILL}"));
    let words = "So much is to be said of this that no socket holds it at once. ".repeat(20_000);
    for n in 0..12 {
        let text = article(&format!("Long {n}"), "2026-03-06", &words);
        newsroom.write(&format!("content/town/long-{n}.md"), text);
    }
    let mut service = Service::ready(&newsroom);
    let mut socket = TcpStream::connect(service.public).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(b"GET /feeds/latest.json HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut bytes = vec![0; 1_000];
    socket.read_exact(&mut bytes).unwrap();
    service.terminate();
    wait_for("the listener to close", || TcpStream::connect(service.public).is_err().then_some(()));
    socket.read_to_end(&mut bytes).unwrap();
    let response = Response::parse(&bytes);
    assert_eq!(response.status, 200);
    assert_eq!(response.body, newsroom.tree()["feeds/latest.json"]);
    assert!(response.body.len() > 8_000_000);
    assert_eq!(service.ended(), Some(0), "{}", service.log());
}

#[test]
fn the_admin_listener_tells_health_and_readiness() {
    let newsroom = still();
    // The first run has to wait, so that nothing is there to be served.
    newsroom.write(".feedwright/config", "../feeds.toml\n");
    newsroom.write(".feedwright/turn", "");
    let turn = hold_turn(&newsroom);
    let service = Service::start(&newsroom);
    let admin = |path: &str| crate::support::get(service.admin, path, &[]);
    assert_eq!((admin("/healthz").status, admin("/readyz").status), (200, 503));
    assert_ne!(service.get("/feeds/latest.rss", &[]).status, 200);
    drop(turn);
    wait_for("readiness", || (admin("/readyz").status == 200).then_some(()));
    let body = service.readyz();
    assert_eq!(body["ready"], true, "{body}");
    assert_eq!(service.get("/readyz", &[]).status, 404, "readers aren't told");
    assert_eq!(admin("/feeds/latest.rss").status, 404);
}

#[test]
fn served_bytes_are_those_of_the_tree_in_every_coding() {
    let newsroom = still();
    let service = Service::ready(&newsroom);
    let tree = newsroom.tree();
    for (coding, suffix) in [("identity", ""), ("gzip", ".gz"), ("br", ".br"), ("zstd", ".zst")] {
        for (path, file) in [
            ("/feeds/latest.rss", "feeds/latest.rss"),
            ("/feeds/town/", "feeds/town/index.html"),
            ("/feeds/", "feeds/index.html"),
            ("/feeds.opml", "feeds.opml"),
        ] {
            let response = service.get(path, &[("Accept-Encoding", coding)]);
            let coded = response.field("content-encoding").unwrap_or("identity");
            assert_eq!((response.status, coded), (200, coding), "{path}");
            assert_eq!(response.body, tree[&format!("{file}{suffix}")], "{path} in {coding}");
        }
    }
}
