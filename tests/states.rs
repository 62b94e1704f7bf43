//! States that earlier releases wrote, opened by today's binary, for ever. Each folder of `states/` is a
//! newsroom as that release left it: content, `feeds.lock`, state and tree. It is moved here by a copy,
//! so its stamps say nothing, as after a restore from a backup.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]

use std::path::{Path, PathBuf};

use crate::support::{Newsroom, SITE, article, files};

const STATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/states");

fn releases() -> Vec<PathBuf> {
    let mut releases: Vec<PathBuf> =
        std::fs::read_dir(STATES).unwrap().map(|entry| entry.unwrap().path()).collect();
    releases.sort();
    assert!(!releases.is_empty());
    releases
}

/// The state folder is kept under a name that no tool hides.
fn restored(release: &Path) -> Newsroom {
    let files: Vec<(String, Vec<u8>)> = files(release)
        .into_iter()
        .map(|(path, bytes)| match path.strip_prefix("state/") {
            Some(below) => (format!(".feedwright/{below}"), bytes),
            None => (path, bytes),
        })
        .collect();
    let files: Vec<(&str, &Vec<u8>)> = files.iter().map(|(p, b)| (p.as_str(), b)).collect();
    Newsroom::new(&files)
}

#[test]
fn a_state_of_any_release_goes_on_without_showing_anything_twice() {
    for release in releases() {
        let newsroom = restored(&release);
        let (ids, titles) = (newsroom.ids("latest"), newsroom.titles("latest"));
        assert!(!ids.is_empty(), "{}", release.display());
        let report = newsroom.regenerate_well();
        report.assert_counts(&[("new", 0), ("withdrawn", 0)]);
        assert_eq!(newsroom.ids("latest"), ids, "{}", release.display());
        assert_eq!(newsroom.titles("latest"), titles, "{}", release.display());
        assert!(report.held().is_empty());

        newsroom.edit("content/harbour/wall.md", "stone", "granite");
        let report = newsroom.regenerate_well();
        report.assert_counts(&[("new", 0), ("changed", 1), ("withdrawn", 0)]);
        assert_eq!(newsroom.ids("latest"), ids, "{}", release.display());
    }
}

#[test]
fn a_state_of_any_release_may_be_lost() {
    for release in releases() {
        let newsroom = restored(&release);
        let ids = newsroom.ids("latest");
        newsroom.remove(".feedwright");
        newsroom.regenerate_well().assert_counts(&[("withdrawn", 0)]);
        assert_eq!(newsroom.ids("latest"), ids, "{}", release.display());
    }
}

/// What a release leaves that read and rendered otherwise: contexts and fingerprints of its own, and
/// bytes that today's doesn't make.
#[test]
fn another_reading_or_rendering_publishes_what_differs_and_announces_nothing() {
    let newsroom = Newsroom::new(&[
        ("feeds.toml", SITE.to_owned()),
        ("content/harbour/a.md", article("A", "2026-10-01", "Text.")),
        ("content/town/b.md", article("B", "2026-10-02", "Text.")),
    ]);
    newsroom.regenerate_well();
    let (right, ids) = (newsroom.editions(), newsroom.ids("latest"));
    let change = |database: &str, sql: &str| {
        let path = newsroom.path(&format!(".feedwright/{database}"));
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    };
    change("catalog.db", "update document set context = zeroblob(16)");
    change("ledger.db", "update edition set fingerprint = zeroblob(16)");
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("parsed", 2), ("new", 0), ("changed", 0), ("withdrawn", 0)]);
    report.assert_counts(&[("written", 0), ("announced", 0)]);
    assert!(report.count("rendered") > 0);

    // As if the other release had spelled one edition otherwise.
    change("ledger.db", "update edition set fingerprint = zeroblob(16)");
    let old = newsroom.read("public/feeds/town.rss").replace("<ttl>", "<!-- old --><ttl>");
    newsroom.write("public/feeds/town.rss", old);
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("parsed", 0), ("written", 1), ("announced", 0)]);
    assert_eq!(newsroom.editions(), right);
    assert_eq!(newsroom.ids("latest"), ids);
    newsroom.regenerate_well().assert_counts(&[("rendered", 0), ("written", 0)]);
}
