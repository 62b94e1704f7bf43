//! Mistakes that were found and put right, each shown from outside: a small newsroom in a folder of its
//! own, real runs over it, and what stands in the tree then.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use feedwright::config;
use feedwright::edition::ledger::Ledger;
use feedwright::edition::manifest::Manifest;
use feedwright::edition::shelf::Shelf;
use feedwright::edition::shelve;
use feedwright::feed::address::Address;
use feedwright::press::Finisher;
use feedwright::problem::Severity;
use feedwright::run::lazy::{self, Asked, Lazy};
use feedwright::run::{self, Call, Report, Scope, Wishes};

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
        self.run_as(scope, false)
    }

    fn run_as(&self, scope: Scope, check_only: bool) -> Result<Report, run::Error> {
        self.now.set(self.now.get() + TimeDelta::seconds(60));
        run::run(
            &self.settings().plan,
            Call {
                scope,
                command: "regenerate",
                clock: &|| self.now.get(),
                finisher: &Finisher::default(),
                waiting: &mut |_| {},
                wishes: Wishes { check_only, ..Wishes::default() },
                progress: &run::progress::Progress::default(),
                databases: &run::stores::Databases::default(),
                published: &|| {},
            },
        )
    }

    fn run(&self) -> Report {
        self.try_run(Scope::All).unwrap()
    }

    fn manifest(&self) -> Manifest {
        Manifest::read(self.read("public/feeds.json").as_bytes()).unwrap()
    }

    fn shelve(&self, before: &Shelf) -> shelve::Shelving {
        shelve::shelve(&self.path("public"), before, u64::MAX).unwrap().unwrap()
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

#[test]
fn a_refused_edition_is_listed_only_while_its_file_is_there() {
    let room = Newsroom::new();
    room.run();
    let file = room.path("public/feeds/world.rss");
    fs::remove_file(&file).unwrap();
    // A folder in its place: the new edition is refused, and the old one isn't there any more.
    fs::create_dir(&file).unwrap();
    let report = room.run();
    assert_eq!(report.failures.len(), 1, "{:?}", report.failures);
    assert!(!room.manifest().files.contains_key("/feeds/world.rss"));
    fs::remove_dir(&file).unwrap();
    assert!(room.run().sound());
    assert!(room.manifest().files.contains_key("/feeds/world.rss"));
}

#[test]
fn in_another_tree_the_files_of_others_stay() {
    let room = Newsroom::new();
    room.run();
    room.write("www/feeds/world.rss", "mine");
    room.write("www/feeds/sport.rss", "mine too");
    fs::remove_dir_all(room.path("content/sport")).unwrap();
    room.write("feeds.toml", format!("{CONFIG}[output]\ndir = \"www\"\n"));
    let report = room.run();
    assert_eq!(room.read("www/feeds/world.rss"), "mine");
    assert_eq!(room.read("www/feeds/sport.rss"), "mine too");
    assert!(report.failures.iter().any(|f| f.contains("/feeds/world.rss")), "{report:?}");
    assert!(room.path("www/feeds/world.atom").exists());
}

#[test]
fn what_stands_in_the_way_costs_one_address_only() {
    let room = Newsroom::new();
    let long = "ф".repeat(125);
    room.article(&format!("{long}/fog.md"), "Fog in a place with a very long name");
    room.article("news/tide.md", "The tide is high");
    room.article("coast/gale.md", "A gale is near");
    room.write("public/feeds/news", "a file where a page's folder has to be");
    room.write("public/feeds/coast.atom.br/x", "a folder where a coded file has to be");
    let report = room.run();
    let refused = |what: &str| report.failures.iter().filter(|f| f.contains(what)).count();
    assert_eq!(refused("has to be a folder"), 1, "{:?}", report.failures);
    assert_eq!(refused("a folder stands at"), 1, "{:?}", report.failures);
    assert_eq!(refused("too long"), 3, "{:?}", report.failures);
    assert_eq!(report.failures.len(), 5);
    assert!(room.path("public/feeds/world/index.html").exists());
    assert!(room.path("public/feeds/news.rss").exists());
    // Refused before its first file is written, so that no half of it stands.
    assert!(!room.path("public/feeds/coast.atom").exists());
    fs::remove_file(room.path("public/feeds/news")).unwrap();
    room.run();
    assert!(room.path("public/feeds/news/index.html").exists());
    // Taken away again under our feet, and not wanted any more: no reason to end a run.
    fs::remove_dir_all(room.path("public/feeds/news")).unwrap();
    room.write("public/feeds/news", "");
    fs::remove_dir_all(room.path("content/news")).unwrap();
    fs::remove_dir_all(room.path(&format!("content/{long}"))).unwrap();
    fs::remove_dir_all(room.path("public/feeds/coast.atom.br")).unwrap();
    assert!(room.run().sound());
}

#[test]
fn a_run_killed_after_its_manifest_leaves_no_orphans() {
    let room = Newsroom::new();
    room.run();
    // A lost ledger, and one that ends the run where the manifest stands and nothing is removed yet.
    let ledger = rusqlite::Connection::open(room.path(".feedwright/ledger.db")).unwrap();
    let kill = "delete from ours; delete from edition;
                create trigger kill before insert on edition
                begin select raise(fail, 'killed'); end;";
    ledger.execute_batch(kill).unwrap();
    fs::remove_dir_all(room.path("content/sport")).unwrap();
    assert!(room.try_run(Scope::All).is_err());
    assert!(!room.manifest().files.contains_key("/feeds/sport.rss"));
    assert!(room.path("public/feeds/sport.rss").exists());
    ledger.execute_batch("drop trigger kill").unwrap();
    room.run();
    assert!(!room.path("public/feeds/sport.rss").exists());
    assert!(!room.path("public/feeds/sport").exists());
}

#[test]
fn a_coded_file_of_somebody_else_stays() {
    let room = Newsroom::new();
    room.write("public/feeds/world.rss.gz", "not ours");
    let report = room.run();
    assert_eq!(room.read("public/feeds/world.rss.gz"), "not ours");
    assert!(report.failures.iter().any(|f| f.contains("world.rss.gz")), "{:?}", report.failures);
    fs::remove_file(room.path("public/feeds/world.rss.gz")).unwrap();
    assert!(room.run().sound());
    assert!(room.path("public/feeds/world.rss").exists());
}

#[test]
fn last_modified_goes_on_where_the_manifest_left_it() {
    let room = Newsroom::new();
    room.run();
    let listed = room.manifest().files["/feeds/world.rss"].last_modified;
    // State lost, tree copied without its times, and the clock behind.
    fs::remove_dir_all(room.path(".feedwright")).unwrap();
    let old = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
    let open = |p| fs::File::options().write(true).open(room.path(p)).unwrap();
    open("public/feeds/world.rss").set_times(old).unwrap();
    room.now.set(room.now.get() - TimeDelta::days(1));
    room.article("world/ferry.md", "The ferry has come");
    room.run();
    let after = room.manifest().files["/feeds/world.rss"].last_modified;
    assert_eq!(after, listed + TimeDelta::seconds(1));
}

#[test]
fn an_article_is_never_published_without_its_body() {
    let room = Newsroom::new();
    room.run();
    let before = room.read("public/feeds/world.rss");
    assert!(before.contains("The harbour opens, we hear."));
    let bodies = rusqlite::Connection::open(room.path(".feedwright/bodies.db")).unwrap();
    bodies.execute("delete from body", []).unwrap();
    room.article("world/ferry.md", "The ferry has come");
    let error = room.try_run(Scope::All).unwrap_err().to_string();
    assert!(error.contains("has lost bodies of 2 documents"), "{error}");
    assert_eq!(room.read("public/feeds/world.rss"), before);
    // The next run reads them again; ids and dates are what they were.
    assert!(room.run().sound());
    let after = room.read("public/feeds/world.rss");
    assert!(after.contains("The harbour opens, we hear.") && after.contains("The ferry has come"));
    assert!(room.read("public/feeds/sport.rss").contains("The regatta is on, we hear."));
}

fn ask(room: &Newsroom, path: &str, known: Option<&Lazy>) -> Result<Asked, run::Error> {
    let plan = room.settings().plan;
    lazy::lazy(&plan, &address(path), room.now.get(), &Finisher::default(), known)
}

#[test]
fn a_lazy_feed_makes_no_state_and_is_not_missing_before_the_first_run() {
    let room = Newsroom::new();
    assert!(matches!(ask(&room, "/feeds/tag/port.rss", None), Ok(Asked::NotYet)));
    assert!(!room.path(".feedwright").exists());
    room.run();
    let Ok(Asked::Made(made)) = ask(&room, "/feeds/tag/port.rss", None) else { panic!("not made") };
    assert!(matches!(ask(&room, "/feeds/tag/fog.rss", None), Ok(Asked::NotFound)));
    let Ok(Asked::Made(same)) = ask(&room, "/feeds/tag/port.rss", Some(&made)) else {
        panic!("not made")
    };
    assert_eq!(same.shelved.validators, made.shelved.validators);
    fs::remove_dir_all(room.path(".feedwright")).unwrap();
    assert!(matches!(ask(&room, "/feeds/tag/port.rss", Some(&made)), Ok(Asked::NotYet)));
    assert!(!room.path(".feedwright").exists());
}

#[test]
fn a_refused_lazy_edition_is_not_pressed_again() {
    let room = Newsroom::new();
    room.run();
    ask(&room, "/feeds/tag/port.rss", None).unwrap();
    let ledger = rusqlite::Connection::open(room.path(".feedwright/ledger.db")).unwrap();
    let refuse = "update edition set refused = 'it came back otherwise'
                  where address = '/feeds/tag/port.rss'";
    assert_eq!(ledger.execute(refuse, []).unwrap(), 1);
    let Ok(Asked::Refused { reason, anew }) = ask(&room, "/feeds/tag/port.rss", None) else {
        panic!("not refused")
    };
    assert_eq!((reason.as_str(), anew), ("it came back otherwise", false));
    room.article("world/ferry.md", "The ferry has come");
    room.run();
    assert!(matches!(ask(&room, "/feeds/tag/port.rss", None), Ok(Asked::Made(_))));
}

#[test]
fn the_shelf_holds_all_validators_and_bytes_within_a_budget() {
    let room = Newsroom::new();
    room.run();
    let shelve = |before: &Shelf, most| {
        shelve::shelve(&room.path("public"), before, most).unwrap().unwrap().shelf
    };
    let bytes = |shelf: &Shelf| -> usize {
        shelf.items.values().flat_map(|i| &i.bodies).map(|(_, b)| b.len()).sum()
    };
    let all = shelve(&Shelf::default(), u64::MAX);
    for before in [&all, &Shelf::default()] {
        let some = shelve(before, 20_000);
        assert!(bytes(&some) <= 20_000 && bytes(&some) > 0, "{}", bytes(&some));
        assert_eq!(some.items.len(), all.items.len());
        for (address, item) in &some.items {
            assert_eq!(item.validators, all.items[address].validators);
            assert!(item.bodies.is_empty() || item.bodies.len() == 4);
        }
        // And where there is room again, they come back.
        assert_eq!(bytes(&shelve(&some, u64::MAX)), bytes(&all));
    }
}

fn last_remembered(room: &Newsroom) -> Report {
    let ledger = Ledger::open(&room.path(".feedwright/ledger.db")).unwrap();
    let run = ledger.runs(1).unwrap().remove(0);
    serde_json::from_value(run.report).unwrap()
}

#[test]
fn a_run_that_fails_is_remembered() {
    let room = Newsroom::new();
    room.run();
    let lock = room.read("feeds.lock");
    room.write("feeds.lock", format!("{lock}<<<<<<< HEAD\n"));
    let error = room.try_run(Scope::All).unwrap_err().to_string();
    let last = last_remembered(&room);
    assert_eq!(last.failures, [error]);
    assert_eq!(last.counters.read, 3);
    room.write("feeds.lock", lock);
    room.run();
    assert!(last_remembered(&room).sound());
}

#[test]
fn a_source_that_is_down_is_told_until_all_of_it_is_looked_at() {
    let room = Newsroom::new();
    let desk = "[[source]]\nname = \"desk\"\nkind = \"directory\"\npath = \"desk\"\n";
    room.write("feeds.toml", format!("{CONFIG}{desk}"));
    let down = |r: &Report| r.problems.iter().any(|p| p.code.as_str() == "source-down");
    assert!(down(&room.run()));
    // A look at another file knows as well, and fails in nothing itself.
    room.article("world/ferry.md", "The ferry has come");
    let edited = room.try_run(Scope::Paths(vec![room.path("content/world/ferry.md")])).unwrap();
    assert!(edited.sound() && down(&edited), "{edited:?}");
    assert!(down(&last_remembered(&room)));
    fs::create_dir(room.path("desk")).unwrap();
    assert!(!down(&room.run()));
    // Nor of one that isn't asked for any more.
    fs::remove_dir(room.path("desk")).unwrap();
    assert!(down(&room.run()));
    room.write("feeds.toml", CONFIG);
    assert!(!down(&room.run()));
}

#[test]
fn a_file_that_cannot_be_read_is_told_until_it_can() {
    let room = Newsroom::new();
    // Too large to be an article: refused before it is read, as one without permission is.
    let path = room.path("content/world/large.md");
    fs::File::create(&path).unwrap().set_len(64 << 20).unwrap();
    let told = |r: &Report| r.problems.iter().any(|p| p.place.path.ends_with("large.md"));
    assert!(told(&room.run()));
    let other = room.path("content/world/ferry.md");
    assert!(told(&room.try_run(Scope::Paths(vec![other])).unwrap()));
    room.article("world/large.md", "Not so large");
    assert!(!told(&room.try_run(Scope::Paths(vec![path])).unwrap()));
}

#[test]
fn notes_do_not_hide_an_error_in_what_is_remembered() {
    let room = Newsroom::new();
    for n in 0..30 {
        room.write(&format!("content/a/{n}.txt"), "Not a captured page.\n");
    }
    room.write("content/z/bad.md", "---\ntitle: Bad\ndate: next Tuesday\n---\nText.\n");
    let report = room.run();
    assert!(report.problems.len() > 21, "{}", report.problems.len());
    let last = last_remembered(&room);
    assert_eq!(last.problems.len(), 20);
    assert_eq!(last.problems[0].severity, Severity::Error);
}

#[test]
fn checking_writes_no_lock_and_tells_of_names_given_twice() {
    let room = Newsroom::new();
    let feeds = "[[feed]]\nname = \"world\"\n[[feed]]\nname = \"{section}\"\neach = \"section\"\n";
    room.write("feeds.toml", format!("{CONFIG}{feeds}"));
    room.write("content/world/undated.md", "---\ntitle: Undated\n---\n\nNews.\n");
    let report = room.run_as(Scope::All, true).unwrap();
    let codes: Vec<&str> = report.problems.iter().map(|p| p.code.as_str()).collect();
    assert!(codes.contains(&"feed-name-twice"), "{codes:?}");
    assert!(!room.path("feeds.lock").exists());
    room.write("feeds.lock", "feeds.lock 1\nbase\thttps://gazette.example/\n");
    let lock = room.path("feeds.lock");
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o444)).unwrap();
    assert!(room.run_as(Scope::All, true).unwrap().sound());
    assert_eq!(room.read("feeds.lock"), "feeds.lock 1\nbase\thttps://gazette.example/\n");
}
