//! Mistakes that were found and put right, each shown from outside: a small newsroom in a folder of its
//! own, real runs over it, and what stands in the tree then.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use feedwright::config;
use feedwright::edition::shelf::Shelf;
use feedwright::edition::shelve;
use feedwright::feed::address::Address;
use feedwright::press::Finisher;
use feedwright::run::{self, Call, Report, Scope};

/// A newsroom: `feeds.toml`, `content/`, what runs make of them, and a clock that each run sets on.
struct Newsroom {
    dir: tempfile::TempDir,
    now: Cell<DateTime<Utc>>,
}

const CONFIG: &str = "[site]\ntitle = \"The Gazette\"\nurl = \"https://gazette.example/\"\n\
                      base_url = \"https://feeds.gazette.example/\"\n\
                      [[source]]\nname = \"news\"\nkind = \"directory\"\npath = \"content\"\n";

impl Newsroom {
    /// Three articles in two sections.
    fn new() -> Newsroom {
        let room = Newsroom {
            dir: tempfile::tempdir().unwrap(),
            now: Cell::new(DateTime::from_timestamp(1_790_000_000, 0).unwrap()),
        };
        room.write("feeds.toml", CONFIG);
        room.article("world/harbour.md", "The harbour opens");
        room.article("world/ferry.md", "The ferry is late");
        room.article("sport/regatta.md", "The regatta is on");
        room
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    fn article(&self, path: &str, title: &str) {
        let text = format!(
            "---\ntitle: {title}\ndate: 2026-09-01T08:00:00Z\ntags: [Port]\n---\n\n{title}, we hear.\n"
        );
        self.write(&format!("content/{path}"), text);
    }

    fn settings(&self) -> config::Settings {
        config::read(&self.path("feeds.toml")).unwrap().settings
    }

    fn try_run(&self, scope: Scope) -> Result<Report, run::Error> {
        self.now.set(self.now.get() + TimeDelta::seconds(60));
        run::run(
            &self.settings().plan,
            Call {
                scope,
                command: "regenerate",
                clock: &|| self.now.get(),
                finisher: &Finisher::default(),
                waiting: &mut |_| {},
                check_only: false,
            },
        )
    }

    fn run(&self) -> Report {
        self.try_run(Scope::All).unwrap()
    }

    fn shelve(&self, before: &Shelf) -> shelve::Shelving {
        shelve::shelve(&self.path("public"), before).unwrap().unwrap()
    }
}

fn address(path: &str) -> Address {
    Address::parse(path).unwrap()
}

/// What an edition on the shelf says.
fn said(shelf: &Shelf, path: &str) -> Option<String> {
    let item = shelf.items.get(&address(path))?;
    Some(String::from_utf8(item.bodies.first()?.1.to_vec()).unwrap())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn one_missing_file_costs_its_own_edition_only() {
    let room = Newsroom::new();
    room.run();
    let whole = room.shelve(&Shelf::default());
    assert!(whole.late.is_empty() && !whole.uncoded, "{:?}", whole.late);
    fs::remove_file(room.path("public/feeds/world.rss")).unwrap();
    let after_start = room.shelve(&Shelf::default());
    assert_eq!(after_start.late, [address("/feeds/world.rss")]);
    assert_eq!(after_start.shelf.items.len() + 1, whole.shelf.items.len());
    // What was served before goes on.
    let later = room.shelve(&whole.shelf);
    assert_eq!(said(&later.shelf, "/feeds/world.rss"), said(&whole.shelf, "/feeds/world.rss"));
}

#[test]
fn a_manifest_that_comes_before_its_editions_is_looked_at_again() {
    let room = Newsroom::new();
    room.run();
    let before = room.shelve(&Shelf::default());
    let old = room.path("old");
    copy(&room.path("public"), &old);
    room.article("world/ferry.md", "The ferry has come");
    room.run();
    let new = room.read("public/feeds/world.atom");
    fs::copy(old.join("feeds/world.atom"), room.path("public/feeds/world.atom")).unwrap();
    let early = room.shelve(&before.shelf);
    assert_eq!(early.late, [address("/feeds/world.atom")]);
    // A start finds no before: then what stands is better than nothing.
    let start = room.shelve(&Shelf::default());
    assert!(said(&start.shelf, "/feeds/world.atom").unwrap().contains("is late"));
    room.write("public/feeds/world.atom", &new);
    for shelf in [early.shelf, start.shelf] {
        assert_eq!(said(&room.shelve(&shelf).shelf, "/feeds/world.atom").as_ref(), Some(&new));
    }
}
