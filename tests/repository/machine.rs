//! Another machine: path, zone, locale, threads, times of files, the order in which they were made and
//! the umask are otherwise, and not a byte of what is published is.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::collections::BTreeMap;
use std::fs::{self, FileTimes};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{Connection, params};
use serde_json::Value;

use crate::support::{BINARY, Newsroom, Running, Service, article, files};

/// Rows of a database, as three columns.
const ROWS: [(&str, &str, &str); 4] = [
    ("/desk/one/", "One", "2026-04-01T08:00:00Z"),
    ("/desk/two/", "Two", "2026-04-01T08:00:00Z"),
    ("/desk/three/", "Three", "2026-04-02T08:00:00Z"),
    ("/desk/four/", "Four", ""),
];

/// The sample newsroom of this repository, and rows.
fn articles() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all: Vec<(String, Vec<u8>)> = files(&root.join("content"))
        .into_iter()
        .map(|(path, bytes)| (format!("content/{path}"), bytes))
        .collect();
    let undated = article("Undated", "", "It has no date.").into_bytes();
    all.push(("content/harbour/undated.md".to_owned(), undated));
    let desk = "\n[[source]]\nname = \"desk\"\nkind = \"database\"\nurl = \"sqlite:desk.db\"\n\
                query = \"select url, title, published from stories\"\n";
    let config = fs::read_to_string(root.join("feeds.toml")).unwrap();
    all.push(("feeds.toml".to_owned(), (config + desk).into_bytes()));
    all
}

fn write_rows<'a>(path: &Path, rows: impl Iterator<Item = &'a (&'a str, &'a str, &'a str)>) {
    let db = Connection::open(path).unwrap();
    db.execute("create table stories (url text, title text, published text)", []).unwrap();
    for (url, title, published) in rows {
        db.execute("insert into stories values (?, ?, ?)", params![url, title, published]).unwrap();
    }
}

/// A machine as ours are.
fn usual() -> Newsroom {
    let all = articles();
    let newsroom = Newsroom::new(&all.iter().map(|(p, b)| (p.as_str(), b)).collect::<Vec<_>>());
    write_rows(&newsroom.path("desk.db"), ROWS.iter());
    newsroom
}

/// The same repository on a machine that does everything otherwise, below a path of its own.
fn unusual(lock: &str) -> Newsroom {
    let newsroom = Newsroom::new::<&str>(&[]);
    newsroom.remove("content");
    newsroom.remove("feeds.toml");
    let at = |path: &str| format!("somewhere else/Кофейня/{path}");
    for (n, (path, bytes)) in articles().into_iter().rev().enumerate() {
        newsroom.write(&at(&path), bytes);
        let then = UNIX_EPOCH + Duration::from_secs(86_400 * n as u64);
        let file = fs::File::options().write(true).open(newsroom.path(&at(&path))).unwrap();
        file.set_times(FileTimes::new().set_modified(then).set_accessed(then)).unwrap();
    }
    write_rows(&newsroom.path(&at("desk.db")), ROWS.iter().rev());
    newsroom.write(&at("feeds.lock"), lock);
    newsroom
}

/// The binary under a umask, in the unusual machine's folder.
fn there(newsroom: &Newsroom, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "umask 077; exec \"$0\" \"$@\"", BINARY])
        .args(args)
        .current_dir(newsroom.path("somewhere else/Кофейня"))
        .env_clear()
        .envs([("TZ", "Pacific/Kiritimati"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "ar_EG.UTF-8")])
        .env("PATH", std::env::var_os("PATH").unwrap())
        .stdin(Stdio::null());
    command
}

/// What the manifest lists, but for the times.
fn listed(newsroom: &Newsroom, path: &str) -> Value {
    let mut manifest: Value = serde_json::from_str(&newsroom.read(path)).unwrap();
    for facts in manifest["files"].as_object_mut().unwrap().values_mut() {
        facts.as_object_mut().unwrap().remove("last_modified").unwrap();
    }
    manifest
}

#[test]
fn another_machine_publishes_the_same_bytes_under_the_same_tags() {
    let here = usual();
    // The sample has articles that complain.
    here.regenerate();
    let other = unusual(&here.read("feeds.lock"));
    let args = ["--format", "json", "regenerate", "--locked", "--threads", "1"];
    let report = Running::start(there(&other, &args)).end().report();
    assert_eq!(report.failures(), [""; 0]);
    let published: BTreeMap<String, Vec<u8>> = files(&other.path("somewhere else/Кофейня/public"))
        .into_iter()
        .filter(|(path, _)| !path.starts_with("feeds.json"))
        .collect();
    assert!(published.len() > 40, "{:?}", published.keys());
    assert_eq!(published, here.editions());
    let manifest = "somewhere else/Кофейня/public/feeds.json";
    assert_eq!(listed(&other, manifest), listed(&here, "public/feeds.json"));
}

#[test]
fn a_service_on_another_machine_answers_with_the_same_tags_and_feeds_on_request() {
    let here = usual();
    here.regenerate();
    let other = unusual(&here.read("feeds.lock"));
    let services = [
        Service::ready(&here),
        Service::ready_with(&other, |_| {
            there(&other, &["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        }),
    ];
    for path in ["/feeds/latest.rss", "/feeds/latest.json", "/feeds/", "/feeds/tag/fog.atom"] {
        for coding in ["identity", "gzip", "br", "zstd"] {
            let [a, b] = services.each_ref().map(|s| s.get(path, &[("Accept-Encoding", coding)]));
            assert_eq!(a.status, 200, "{path} in {coding}");
            assert_eq!((a.status, a.etag()), (b.status, b.etag()), "{path} in {coding}");
            assert_eq!(a.body, b.body, "{path} in {coding}");
        }
    }
}

#[test]
fn a_job_that_has_the_repository_alone_says_which_lines_nobody_committed() {
    let home = Newsroom::sample();
    home.regenerate_well();
    let live = home.checkout();
    let service = Service::ready(&live);
    let url = format!("http://{}/", service.public);
    let job = |home: &Newsroom| {
        let machine = home.checkout();
        let ended = machine.feedwright(&["regenerate", "--locked", "--learn", &url]);
        (machine, ended)
    };
    let (machine, ended) = job(&home);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(machine.editions(), home.editions());
    // An article without a date, and one that moved: pushed without the lock's lines for them.
    home.write("content/town/pump.md", article("The pump", "", "It drips."));
    home.rename("content/harbour/wall.md", "content/town/rampart.md");
    let (machine, ended) = job(&home);
    assert_eq!(ended.status, 1, "{ended:?}");
    let id = "https://gazette.example/harbour/wall/";
    let lines = ["seen\thttps://gazette.example/town/pump/\t", &format!("/town/rampart/\t{id}\n")];
    assert!(lines.iter().all(|line| ended.stderr.contains(line)), "{ended:?}");
    assert!(!machine.exists("public/feeds.json"));
    // The lines are made at home, and committed.
    home.regenerate_well();
    let (machine, ended) = job(&home);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(machine.editions(), home.editions());
    assert!(machine.ids("latest").contains(&id.to_owned()));
}
