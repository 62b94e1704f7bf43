//! A state that is backed up while `serve` writes it, by the commands of `docs/operations.md`, and put
//! back.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]

use std::process::Command;

use crate::support::{Newsroom, SITE, Service, article};

/// The first block of shell after a heading of `docs/operations.md`.
fn commands_under(heading: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
    let text = std::fs::read_to_string(path).unwrap();
    let section = text.split(heading).nth(1).unwrap();
    section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

#[test]
fn a_live_state_is_backed_up_and_restored_by_the_commands_of_the_manual() {
    if Command::new("sqlite3").arg("--version").output().is_err() {
        let why = "sqlite3 is not installed (tests/run --install)";
        assert!(std::env::var_os("FEEDWRIGHT_CI").is_none(), "{why}");
        println!("SKIPPED kept: {why}");
        return;
    }
    let newsroom =
        Newsroom::new(&[("feeds.toml", format!("{SITE}\n[schedule]\ncron = \"none\"\n"))]);
    let write = |n: u32| {
        let text =
            article(&format!("Title {n}"), &format!("2026-10-01T08:{:02}:00Z", n % 60), "Text.");
        newsroom.write(&format!("content/harbour/n{n}.md"), text);
    };
    (0..50).for_each(write);
    let service = Service::ready(&newsroom);
    // Published while the copy is made.
    std::thread::scope(|scope| {
        scope.spawn(|| (50..60).for_each(write));
        let script = format!("mkdir backup\n{}", commands_under("### Backing up a live state"));
        let done = Command::new("sh")
            .args(["-ec", &script])
            .current_dir(newsroom.path("."))
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    });
    service.wait_text("/feeds/latest.json", "Title 59");
    // A run that follows finds nothing to do: what is served is what stands.
    service.wait_readyz("all is told", |body| body["last_run"].is_object());
    let mut service = service;
    service.terminate();
    service.ended();
    newsroom.regenerate_well();
    let (tree, lock) = (newsroom.tree(), newsroom.read("feeds.lock"));

    // The disk is lost; the backup and the repository are there.
    for name in std::fs::read_dir(newsroom.path(".feedwright")).unwrap() {
        let path = name.unwrap().path();
        if path.is_file() {
            std::fs::remove_file(path).unwrap();
        }
    }
    for name in std::fs::read_dir(newsroom.path("backup")).unwrap() {
        let path = name.unwrap().path();
        let to = newsroom.path(&format!(".feedwright/{}", path.file_name().unwrap().display()));
        std::fs::copy(&path, to).unwrap();
    }
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("read", 60), ("withdrawn", 0), ("written", 0)]);
    assert_eq!((newsroom.tree(), newsroom.read("feeds.lock")), (tree, lock));
    newsroom.regenerate_well().assert_counts(&[("opened", 0), ("rendered", 0)]);
}

/// So many entries in one folder; `FEEDWRIGHT_ENTRIES=1000000` tries a million.
const ENTRIES: usize = 20_000;

#[test]
fn a_folder_with_very_many_entries_costs_a_walk() {
    let entries = std::env::var("FEEDWRIGHT_ENTRIES").map_or(ENTRIES, |n| n.parse().unwrap());
    let newsroom = Newsroom::new(&[("feeds.toml", SITE)]);
    for n in 0..3 {
        let text = article(&format!("Title {n}"), &format!("2026-10-0{}", n + 1), "Text.");
        newsroom.write(&format!("content/harbour/n{n}.md"), text);
    }
    let folder = newsroom.path("content/harbour");
    for n in 0..entries {
        std::fs::File::create(folder.join(format!("picture-{n:07}.jpg"))).unwrap();
    }
    let begin = std::time::Instant::now();
    newsroom.regenerate_well().assert_counts(&[("read", 3), ("opened", 3)]);
    newsroom.regenerate_well().assert_counts(&[("read", 3), ("opened", 0)]);
    println!("{entries} entries, two runs: {:.1} s", begin.elapsed().as_secs_f64());
    let service = Service::ready(&newsroom);
    newsroom.edit("content/harbour/n0.md", "Text.", "Another text.");
    service.wait_text("/feeds/latest.json", "Another text.");
}
