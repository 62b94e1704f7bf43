//! What may happen to `feeds.lock`. A case is a folder `locks/CASE/` of steps `1`, `2` …: the files of
//! each are laid over `newsroom/`, then there is a run. What it told, which ids are published, and the
//! lock after it stand in `locks/CASE.snap`. In a step `_args` are more words for the run, `_mode` is
//! the lock's, `_remove` names paths that go. `UPDATE=1` writes what is missing or different; read the
//! change before it is committed.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;

use crate::support::{Newsroom, Service, entries, files};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/repository");

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(HERE).join("locks")).unwrap();
    let mut cases: Vec<PathBuf> =
        entries.map(|e| e.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn newsroom() -> Newsroom {
    let files = files(&Path::new(HERE).join("newsroom"));
    Newsroom::new(&files.iter().map(|(p, b)| (p.as_str(), b)).collect::<Vec<_>>())
}

/// Lays a step's files over the newsroom's; links stay links.
fn lay(newsroom: &Newsroom, step: &Path) {
    let lock = newsroom.path("feeds.lock");
    if lock.is_file() && step.join("feeds.lock").exists() {
        fs::remove_file(&lock).unwrap();
    }
    for name in fs::read_to_string(step.join("_remove")).unwrap_or_default().lines() {
        newsroom.remove(name);
    }
    for (path, bytes) in files(step).into_iter().filter(|(path, _)| !path.starts_with('_')) {
        newsroom.write(&path, bytes);
    }
    if let Ok(to) = fs::read_link(step.join("feeds.lock")) {
        symlink(to, &lock).unwrap();
    }
    if let Ok(mode) = fs::read_to_string(step.join("_mode")) {
        let mode = u32::from_str_radix(mode.trim(), 8).unwrap();
        fs::set_permissions(&lock, Permissions::from_mode(mode)).unwrap();
    }
}

/// What a run told, and how things stand after it.
fn run(newsroom: &Newsroom, step: &Path) -> String {
    let args = fs::read_to_string(step.join("_args")).unwrap_or_default();
    let mut line = vec!["--format", "json", "regenerate"];
    line.extend(args.split_whitespace());
    let ended = newsroom.feedwright(&line);
    let mut told = format!("status {}\n", ended.status);
    told.push_str(&ended.stderr);
    if let Ok(report) = serde_json::from_str::<Value>(&ended.stdout) {
        for p in report["problems"].as_array().unwrap().iter().filter(|p| p["severity"] != "note") {
            let text = |key: &str| p[key].as_str().unwrap_or_default();
            let (path, code) = (text("path"), text("code"));
            writeln!(told, "{path}:{} [{code}] {}", p["line"], text("message")).unwrap();
        }
        for h in report["held"].as_array().unwrap() {
            writeln!(told, "held: {} {} {}", h["guard"], h["source"], h["count"]).unwrap();
        }
    }
    if newsroom.exists("public/feeds/latest.json") {
        for (id, title) in newsroom.ids("latest").iter().zip(newsroom.titles("latest")) {
            writeln!(told, "{title}: {id}").unwrap();
        }
    }
    told.push_str(&lock(newsroom));
    told.replace(&newsroom.path("").to_string_lossy().into_owned(), "")
}

fn lock(newsroom: &Newsroom) -> String {
    let path = newsroom.path("feeds.lock");
    let kind = match fs::symlink_metadata(&path) {
        Err(_) => return "no lock\n".to_owned(),
        Ok(meta) if meta.is_dir() => return "a folder for a lock\n".to_owned(),
        Ok(meta) if meta.is_symlink() => "a link to a lock",
        Ok(meta) if meta.permissions().mode() & 0o222 == 0 => "a lock that is read-only",
        Ok(_) => "the lock",
    };
    let Ok(text) = fs::read(&path) else { return "a link that leads nowhere\n".to_owned() };
    let text = text.escape_ascii().to_string();
    let text = text.replace("\\n", "\n    ").replace("\\t", "→").replace("\\\\", "\\");
    format!("{kind}\n    {}\n", text.trim_end())
}

#[test]
fn whatever_happens_to_the_lock_nobody_sees_anything_twice() {
    let told: Vec<Option<String>> = cases().par_iter().map(|case| different(case)).collect();
    let told: Vec<String> = told.into_iter().flatten().collect();
    assert!(told.is_empty(), "UPDATE=1 writes these anew:\n{}", told.join("\n"));
}

/// Goes through a case; what came of it, where that isn't what stands beside it.
fn different(case: &Path) -> Option<String> {
    let newsroom = newsroom();
    let mut told = String::new();
    for n in 1.. {
        let step = case.join(n.to_string());
        if !step.is_dir() {
            assert!(n > 1, "{} has no step", case.display());
            break;
        }
        lay(&newsroom, &step);
        write!(told, "{n}. {}", run(&newsroom, &step)).unwrap();
    }
    // Another machine that has the repository alone comes to the same.
    if newsroom.exists("public/feeds.json") {
        let cold = newsroom.checkout();
        if let Ok(to) = fs::read_link(newsroom.path("feeds.lock")) {
            symlink(to, cold.path("feeds.lock")).unwrap();
        }
        let ended = cold.feedwright(&["--quiet", "regenerate"]);
        let same = cold.editions() == newsroom.editions();
        let sentence = match (ended.status, same) {
            (2, _) => "refused",
            (_, true) => "the same",
            (_, false) => "other bytes",
        };
        writeln!(told, "elsewhere: {sentence}").unwrap();
    }
    let snap = case.with_extension("snap");
    if fs::read_to_string(&snap).ok().as_deref() != Some(&told) {
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&snap, &told).unwrap();
        }
        return Some(format!("{}\n{told}", snap.display()));
    }
    None
}

#[test]
fn a_lock_of_very_long_lines_is_read_and_kept() {
    let newsroom = newsroom();
    newsroom.regenerate_well();
    let long = "x".repeat(1 << 20);
    let lock = newsroom.read("feeds.lock");
    let own = format!("id\thttps://gazette.example/{long}/\turn:{long}\n");
    newsroom.write("feeds.lock", format!("{lock}{own}future\t{long}\n"));
    newsroom.rename("content/harbour/wall.md", "content/town/wall.md");
    newsroom.regenerate_well().assert_counts(&[("new", 0), ("withdrawn", 0)]);
    let lock = newsroom.read("feeds.lock");
    assert!(lock.contains(&own) && lock.contains(&format!("\nfuture\t{long}\n")));
    assert!(lock.contains("id\thttps://gazette.example/town/wall/\t"));
}

#[test]
fn two_machines_that_begin_from_one_commit_publish_the_same_and_lack_no_line() {
    let newsroom = newsroom();
    newsroom.write("content/town/bell.md", "---\ntitle: The bell\n---\n\nIt is loud.\n");
    newsroom.regenerate_well();
    newsroom.rename("content/harbour/wall.md", "content/town/wall.md");
    newsroom.regenerate_well();
    let machines = [newsroom.checkout(), newsroom.checkout()];
    for machine in &machines {
        let ended = machine.feedwright(&["regenerate", "--locked"]);
        assert_eq!(ended.status, 0, "{ended:?}");
        assert_eq!(machine.editions(), newsroom.editions());
        assert_eq!(machine.read("feeds.lock"), newsroom.read("feeds.lock"));
    }
}

#[test]
fn a_pull_under_a_running_service_is_not_undone() {
    let newsroom = newsroom();
    let config = newsroom.read("feeds.toml") + "\n[schedule]\ncron = \"none\"\n";
    newsroom.write("feeds.toml", config);
    let service = Service::ready(&newsroom);
    let before = service.get("/feeds/latest.json", &[]).text();
    // Somebody else moved one article, and edited it beyond knowing; here another moved at the same
    // time. What is pulled comes file by file.
    let lock = newsroom.read("feeds.lock");
    let moved = "https://gazette.example/town/rampart/\thttps://gazette.example/harbour/wall/";
    newsroom.write("feeds.lock", format!("{lock}id\t{moved}\nfuture\tkept\n"));
    newsroom.rename("content/harbour/seal.md", "content/town/seal.md");
    newsroom.rename("content/harbour/wall.md", "content/town/rampart.md");
    newsroom
        .write("content/town/rampart.md", "---\ntitle: Rampart\ndate: 2026-03-01\n---\n\nNew.\n");
    service.wait("both moves", "/feeds/latest.json", |response| {
        let text = response.text();
        text.contains("Rampart") && text.contains("/town/seal/")
    });
    let after = service.get("/feeds/latest.json", &[]).text();
    let sorted = |text: &str| {
        let mut ids = entries(text, "id");
        ids.sort();
        ids
    };
    assert_eq!(sorted(&after), sorted(&before));
    let lock = newsroom.read("feeds.lock");
    let lines: Vec<&str> = lock.lines().collect();
    assert!(lines.contains(&format!("id\t{moved}").as_str()), "{lock}");
    assert!(lines.contains(&"future\tkept"), "{lock}");
    let own = "id\thttps://gazette.example/town/seal/\thttps://gazette.example/harbour/seal/";
    assert!(lines.contains(&own), "{lock}");
}
