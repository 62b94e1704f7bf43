//! Files that are half-way through being moved: what vanished, and a copy, wait for a second look two
//! seconds later (DESIGN decision 3). First with a clock of the test's own, then under a real `serve`.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use feedwright::config;
use feedwright::press::Finisher;
use feedwright::run::{self, Call, Report, Scope, Wishes};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{Newsroom, SITE, Service, entries, get, post, wait_for};

/// Long enough that its body alone tells that it is the same.
fn story(title: &str, day: u32) -> String {
    let body: Vec<String> = (0..60).map(|n| format!("{title} says word {n} of sixty.")).collect();
    format!("---\ntitle: {title}\ndate: 2026-03-{day:02}\n---\n\n{}\n", body.join(" "))
}

fn newsroom() -> Newsroom {
    Newsroom::new(&[
        ("content/harbour/wall.md", story("The wall", 1)),
        ("content/harbour/seal.md", story("A seal", 2)),
        ("content/town/clock.md", story("The clock", 3)),
    ])
}

/// A newsroom that is looked at where and when the test says.
struct Room {
    files: Newsroom,
    finisher: Finisher,
    now: Cell<DateTime<Utc>>,
}

impl Room {
    fn new() -> Room {
        Room::of(newsroom())
    }

    /// Everything was published a while ago.
    fn of(files: Newsroom) -> Room {
        let now = Cell::new("2026-11-24T08:00:00Z".parse().unwrap());
        let room = Room { files, finisher: Finisher::default(), now };
        room.look(Scope::All, false);
        room.pass(60_000);
        room
    }

    fn pass(&self, ms: i64) {
        self.now.set(self.now.get() + TimeDelta::milliseconds(ms));
    }

    fn look(&self, scope: Scope, patient: bool) -> Report {
        let settings = config::read(&self.files.path("feeds.toml")).unwrap().settings;
        let call = Call {
            scope,
            command: "serve",
            clock: &|| self.now.get(),
            finisher: &self.finisher,
            waiting: &mut |_| {},
            wishes: Wishes { patient, ..Wishes::default() },
            progress: &run::progress::Progress::default(),
            databases: &run::stores::Databases::default(),
            published: &|| {},
        };
        run::run(&settings.plan, call).unwrap()
    }

    /// As the watcher has it looked at.
    fn quick(&self, paths: &[&str]) -> Report {
        self.look(Scope::Paths(paths.iter().map(|path| self.files.path(path)).collect()), true)
    }

    /// When the second look is due, from now.
    fn due_in_ms(&self, report: &Report) -> Option<i64> {
        report.second_look.map(|at| (at - self.now.get()).num_milliseconds())
    }

    /// New, changed and withdrawn.
    fn did(report: &Report) -> (u64, u64, u64) {
        let c = &report.counters;
        (c.new, c.changed, c.withdrawn)
    }

    fn assert_as_cold(&self) {
        let cold = self.files.checkout();
        cold.regenerate_well();
        let of = |room: &Newsroom| (room.ids("latest"), room.titles("latest"));
        assert_eq!(of(&self.files), of(&cold));
    }
}

#[test]
fn a_file_that_vanished_is_withdrawn_at_the_second_look() {
    let room = Room::new();
    room.files.remove("content/harbour/seal.md");
    let first = room.quick(&["content/harbour/seal.md"]);
    assert_eq!((Room::did(&first), room.due_in_ms(&first)), ((0, 0, 0), Some(2000)));
    assert_eq!(room.files.titles("latest"), ["The clock", "A seal", "The wall"]);
    // Runs in between, whatever they are for, don't take it.
    room.pass(1000);
    room.files.edit("content/town/clock.md", "word 1 of", "another word of");
    let between = room.quick(&["content/town/clock.md"]);
    assert_eq!((Room::did(&between), room.due_in_ms(&between)), ((0, 1, 0), Some(1000)));
    room.pass(1000);
    let second = room.quick(&[]);
    assert_eq!((Room::did(&second), second.second_look), ((0, 0, 1), None));
    assert_eq!(room.files.titles("latest"), ["The clock", "The wall"]);
    room.assert_as_cold();
}

#[test]
fn one_that_comes_back_at_its_place_was_never_away() {
    for change in [false, true] {
        let room = Room::new();
        let text = room.files.read("content/harbour/seal.md");
        room.files.remove("content/harbour/seal.md");
        room.quick(&["content/harbour/seal.md"]);
        room.pass(500);
        let text = if change { text.replace("word 1 of", "another word of") } else { text };
        room.files.write("content/harbour/seal.md", text);
        let back = room.quick(&["content/harbour/seal.md"]);
        let changed = u64::from(change);
        assert_eq!((Room::did(&back), back.second_look), ((0, changed, 0), None));
        room.assert_as_cold();
    }
}

#[test]
fn one_that_nobody_told_is_back_is_seen_by_the_second_look() {
    let room = Room::new();
    let seal = room.files.path("content/harbour/seal.md");
    fs::rename(&seal, room.files.path("aside")).unwrap();
    room.quick(&["content/harbour/seal.md"]);
    fs::rename(room.files.path("aside"), &seal).unwrap();
    room.pass(2000);
    let second = room.quick(&[]);
    assert_eq!((Room::did(&second), second.second_look), ((0, 0, 0), None));
    assert_eq!(room.files.titles("latest"), ["The clock", "A seal", "The wall"]);
}

#[test]
fn removed_and_added_elsewhere_is_one_article() {
    let room = Room::new();
    let ids = room.files.ids("latest");
    let text = room.files.read("content/harbour/seal.md");
    room.files.remove("content/harbour/seal.md");
    room.quick(&["content/harbour/seal.md"]);
    room.pass(1900);
    room.files.write("content/town/seal-in-dock.md", text);
    let moved = room.quick(&["content/town/seal-in-dock.md"]);
    assert_eq!((Room::did(&moved), moved.second_look), ((0, 1, 0), None));
    assert_eq!(room.files.ids("latest"), ids);
    assert!(room.files.read("public/feeds/town.rss").contains("/town/seal-in-dock/</link>"));
    room.assert_as_cold();
}

#[test]
fn added_and_removed_elsewhere_is_one_article() {
    let room = Room::new();
    let ids = room.files.ids("latest");
    let text = room.files.read("content/harbour/seal.md");
    room.files.write("content/town/seal-in-dock.md", text);
    let copied = room.quick(&["content/town/seal-in-dock.md"]);
    assert_eq!((Room::did(&copied), room.due_in_ms(&copied)), ((0, 0, 0), Some(2000)));
    assert_eq!(room.files.ids("latest"), ids);
    room.pass(1500);
    room.files.remove("content/harbour/seal.md");
    let moved = room.quick(&["content/harbour/seal.md"]);
    assert_eq!((Room::did(&moved), moved.second_look), ((0, 1, 0), None));
    assert_eq!(room.files.ids("latest"), ids);
    assert!(room.files.read("public/feeds/town.rss").contains("/town/seal-in-dock/</link>"));
    room.assert_as_cold();
}

#[test]
fn a_copy_whose_original_still_stands_is_a_new_article() {
    let room = Room::new();
    let text = room.files.read("content/harbour/seal.md");
    room.files.write("content/town/seal.md", text);
    room.quick(&["content/town/seal.md"]);
    room.pass(2000);
    let second = room.quick(&[]);
    assert_eq!((Room::did(&second), second.second_look), ((1, 0, 0), None));
    assert_eq!(room.files.titles("latest"), ["The clock", "A seal", "A seal", "The wall"]);
    room.assert_as_cold();
    // One that is edited before then is no copy any more.
    let text = room.files.read("content/harbour/wall.md");
    room.files.write("content/town/wall.md", &text);
    room.quick(&["content/town/wall.md"]);
    room.files.write("content/town/wall.md", story("Another wall", 9));
    let edited = room.quick(&["content/town/wall.md"]);
    assert_eq!((Room::did(&edited), edited.second_look), ((1, 0, 0), None));
    room.assert_as_cold();
}

#[test]
fn a_new_article_waits_for_nobody() {
    let room = Room::new();
    room.files.write("content/town/pump.md", story("The pump", 4));
    let report = room.quick(&["content/town/pump.md"]);
    assert_eq!((Room::did(&report), report.second_look), ((1, 0, 0), None));
}

#[test]
fn a_full_look_waits_for_nobody() {
    let room = Room::new();
    let text = room.files.read("content/town/clock.md");
    room.files.write("content/town/copy.md", text);
    room.files.remove("content/harbour/seal.md");
    let first = room.quick(&["content/town/copy.md", "content/harbour/seal.md"]);
    assert_eq!(Room::did(&first), (0, 0, 0));
    let full = room.look(Scope::All, false);
    assert_eq!((Room::did(&full), full.second_look), ((1, 0, 1), None));
    room.assert_as_cold();
}

#[test]
fn a_full_look_of_the_watcher_s_waits_too() {
    let room = Room::new();
    room.files.remove("content/harbour/seal.md");
    let first = room.look(Scope::All, true);
    assert_eq!((Room::did(&first), room.due_in_ms(&first)), ((0, 0, 0), Some(2000)));
    room.pass(1000);
    // It is looked at once more with everything, which makes nobody wait longer.
    let again = room.look(Scope::All, true);
    assert_eq!((Room::did(&again), room.due_in_ms(&again)), ((0, 0, 0), Some(1000)));
    room.pass(1000);
    assert_eq!(Room::did(&room.look(Scope::All, true)), (0, 0, 1));
    room.assert_as_cold();
}

#[test]
fn where_the_second_look_is_not_to_be_had_nothing_is_withdrawn() {
    let room = Room::new();
    room.files.remove("content/harbour/seal.md");
    room.quick(&["content/harbour/seal.md"]);
    room.files.rename("content", "elsewhere");
    room.pass(2000);
    let second = room.quick(&[]);
    assert_eq!(Room::did(&second), (0, 0, 0));
    assert!(!second.failures.is_empty(), "the source is down");
    room.files.rename("elsewhere", "content");
    room.pass(5000);
    assert_eq!(Room::did(&room.look(Scope::All, false)), (0, 0, 1));
    room.assert_as_cold();
}

#[test]
fn a_copy_whose_second_look_is_not_to_be_had_waits_on() {
    let room = Room::new();
    let ids = room.files.ids("latest");
    let text = room.files.read("content/harbour/seal.md");
    room.files.write("content/town/seal.md", text);
    room.quick(&["content/town/seal.md"]);
    room.files.rename("content", "elsewhere");
    room.pass(2000);
    let second = room.quick(&[]);
    assert_eq!((Room::did(&second), room.due_in_ms(&second)), ((0, 0, 0), Some(2000)));
    room.files.rename("elsewhere", "content");
    room.files.remove("content/harbour/seal.md");
    room.pass(2000);
    let third = room.quick(&["content/harbour/seal.md"]);
    assert_eq!((Room::did(&third), third.second_look), ((0, 1, 0), None));
    assert_eq!(room.files.ids("latest"), ids);
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait() {
    let room = Room::new();
    room.files.remove("content/harbour/seal.md");
    room.quick(&["content/harbour/seal.md"]);
    room.pass(-3_600_000);
    assert_eq!(Room::did(&room.quick(&[])), (0, 0, 1));
}

#[test]
fn what_a_guard_holds_after_the_second_look_stays_held() {
    let files = newsroom();
    for n in 0..30 {
        files.write(&format!("content/sport/race-{n}.md"), story(&format!("Race {n}"), 4));
    }
    let room = Room::of(files);
    room.files.remove("content/sport");
    let first = room.quick(&["content/sport"]);
    assert_eq!((first.held.len(), room.due_in_ms(&first)), (0, Some(2000)));
    room.pass(2000);
    let second = room.quick(&[]);
    assert_eq!((second.held[0].count, Room::did(&second)), (30, (0, 0, 0)));
    assert_eq!(second.second_look, None);
    // And through runs for something else, without being looked at again and again.
    room.files.edit("content/town/clock.md", "word 1 of", "another word of");
    room.pass(10_000);
    let third = room.quick(&["content/town/clock.md"]);
    assert_eq!((third.held[0].count, Room::did(&third)), (30, (0, 1, 0)));
    assert_eq!(third.second_look, None);
    // One that is back is held no more, and may go again, in its own time.
    room.files.write("content/sport/race-7.md", story("Race 7", 4));
    assert_eq!(room.quick(&["content/sport/race-7.md"]).held[0].count, 29);
    room.files.remove("content/sport/race-7.md");
    let gone = room.quick(&["content/sport/race-7.md"]);
    assert_eq!((gone.held[0].count, room.due_in_ms(&gone)), (29, Some(2000)));
    room.pass(2000);
    assert_eq!(room.quick(&[]).held[0].count, 30);
}

#[test]
fn a_document_of_many_articles_vanishes_as_a_whole_or_not_at_all() {
    let page = |names: &[&str]| {
        let mut text = "Harbour news\n\nSPORT  18 February 2026 - 12:05\n\nAda Brook\n\n\
                        A long first paragraph about the harbour and all that is in it.\n\n\
                        Latest news\n"
            .to_owned();
        for (n, name) in names.iter().enumerate() {
            text.push_str(&format!("{name}\n18 February 2026 - 1{n}:30\n"));
        }
        text
    };
    let files = newsroom();
    files.write("content/pages/one.txt", page(&["Fog at noon", "Rain at night"]));
    let room = Room::of(files);
    let before = room.files.ids("latest");
    assert!(before.len() > 4, "{before:?}");
    let text = room.files.read("content/pages/one.txt");
    room.files.remove("content/pages/one.txt");
    assert_eq!(Room::did(&room.quick(&["content/pages/one.txt"])), (0, 0, 0));
    assert_eq!(room.files.ids("latest"), before);
    room.pass(1000);
    room.files.write("content/pages/two.txt", text);
    let moved = room.quick(&["content/pages/two.txt"]);
    assert_eq!((moved.counters.new, moved.counters.withdrawn), (0, 0), "{moved:?}");
    assert_eq!(room.files.ids("latest"), before);
    room.assert_as_cold();
}

#[derive(Debug, Clone)]
enum Op {
    /// Removed, looked at, added elsewhere.
    MoveAway(usize),
    /// Added elsewhere, looked at, removed.
    MoveOver(usize),
    Edit(usize),
    Delete(usize),
    Pass(i64),
    FullLook,
}

fn op() -> impl Strategy<Value = Op> {
    let story = || 0_usize..8;
    prop_oneof![
        4 => story().prop_map(Op::MoveAway),
        4 => story().prop_map(Op::MoveOver),
        3 => story().prop_map(Op::Edit),
        1 => story().prop_map(Op::Delete),
        3 => prop_oneof![Just(100_i64), Just(1900), Just(2000), Just(5000)].prop_map(Op::Pass),
        1 => Just(Op::FullLook),
    ]
}

/// Stories in a room, each where it is now, or nowhere.
struct Stories {
    room: Room,
    at: Vec<Option<String>>,
    moves: usize,
    ids: Vec<(String, String)>,
}

impl Stories {
    fn new() -> Stories {
        let files = Newsroom::new::<&str>(&[]);
        let at: Vec<String> = (0..8).map(|n| format!("content/news/story-{n}.md")).collect();
        for (n, path) in at.iter().enumerate() {
            files.write(path, story(&format!("Story {n}"), 1 + u32::try_from(n).unwrap()));
        }
        let mut stories =
            Stories { room: Room::of(files), at: Vec::new(), moves: 0, ids: Vec::new() };
        stories.at = at.into_iter().map(Some).collect();
        stories.ids = stories.published();
        stories
    }

    /// Title and id of each entry.
    fn published(&self) -> Vec<(String, String)> {
        let files = &self.room.files;
        let mut all: Vec<_> = files.titles("latest").into_iter().zip(files.ids("latest")).collect();
        all.sort();
        all
    }

    /// Every story that is somewhere is published once, under its id.
    fn assert_published(&self, op: &Op) {
        let published = self.published();
        for (n, (title, id)) in self.ids.iter().enumerate() {
            let these: Vec<_> = published.iter().filter(|(t, _)| t == title).collect();
            if self.at[n].is_some() {
                assert_eq!(these, [&(title.clone(), id.clone())], "after {op:?}");
            }
        }
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::MoveAway(n) | Op::MoveOver(n) => {
                let Some(from) = self.at[n].clone() else { return };
                self.moves += 1;
                let to = format!("content/moved-{}/{}.md", self.moves % 3, self.moves);
                let text = self.room.files.read(&from);
                if matches!(op, Op::MoveAway(_)) {
                    self.room.files.remove(&from);
                    self.room.quick(&[&from]);
                    self.assert_published(op);
                    self.room.files.write(&to, text);
                    self.room.quick(&[&to]);
                } else {
                    self.room.files.write(&to, text);
                    self.room.quick(&[&to]);
                    self.assert_published(op);
                    self.room.files.remove(&from);
                    self.room.quick(&[&from]);
                }
                self.at[n] = Some(to);
            }
            Op::Edit(n) => {
                let Some(path) = self.at[n].clone() else { return };
                let text = self.room.files.read(&path);
                self.moves += 1;
                self.room.files.write(&path, format!("{text}\n\nEdit {}.\n", self.moves));
                self.room.quick(&[&path]);
            }
            Op::Delete(n) => {
                let Some(path) = self.at[n].take() else { return };
                self.room.files.remove(&path);
                self.room.quick(&[&path]);
            }
            Op::Pass(ms) => {
                self.room.pass(ms);
                self.room.quick(&[]);
            }
            Op::FullLook => drop(self.room.look(Scope::All, false)),
        }
        self.assert_published(op);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// However files are moved about, and whenever they are looked at.
    #[test]
    fn a_story_that_is_moved_is_published_all_the_time_under_its_id(
        ops in prop::collection::vec(op(), 1..12),
    ) {
        let mut stories = Stories::new();
        for op in &ops {
            stories.apply(op);
        }
        stories.room.pass(2000);
        stories.room.quick(&[]);
        let left = stories.at.iter().flatten().count();
        prop_assert_eq!(stories.published().len(), left, "nothing but what is there");
        let last = stories.room.look(Scope::All, false);
        prop_assert_eq!(Room::did(&last), (0, 0, 0));
        prop_assert_eq!(last.second_look, None);
    }
}

/// Only the watcher and the clock.
const WATCHED: &str = "\n[schedule]\ncron = \"none\"\nlook = \"none\"\n";

struct Watched {
    files: Newsroom,
    service: Service,
}

impl Watched {
    fn new() -> Watched {
        let files = newsroom();
        files.write("feeds.toml", format!("{SITE}{WATCHED}"));
        let service = Service::ready(&files);
        Watched { files, service }
    }

    fn status(&self) -> Value {
        serde_json::from_slice(&get(self.service.admin, "/status", &[]).body).unwrap()
    }

    /// When the second look is due.
    fn second_look(&self) -> Option<DateTime<Utc>> {
        self.status()["last"]["report"]["second_look"].as_str().map(|at| at.parse().unwrap())
    }

    /// Waits for the first look.
    fn first_look(&self) -> DateTime<Utc> {
        wait_for("the first look", || self.second_look())
    }

    fn articles(&self, change: &str) -> u64 {
        let text = get(self.service.admin, "/metrics", &[]).text();
        let series = format!("feedwright_run_articles_total{{change=\"{change}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse().unwrap()
    }

    /// Waits until no run goes on, and counts.
    fn counts_at_rest(&self) -> (u64, u64) {
        wait_for("the end of all runs", || {
            let told = self.status();
            let waits = &told["last"]["report"]["second_look"];
            (waits.is_null() && told["serve"]["worker"]["running"].is_null()).then_some(())
        });
        (self.articles("new"), self.articles("withdrawn"))
    }

    fn served(&self, key: &str) -> Vec<String> {
        entries(&self.service.get("/feeds/latest.json", &[]).text(), key)
    }
}

/// Tries something that must be done between two looks, until this machine was quick enough for it.
fn between_looks(attempt: impl Fn(&Watched) -> DateTime<Utc>) -> Watched {
    for _ in 0..10 {
        let room = Watched::new();
        let due = attempt(&room);
        // What was done then had this long to be told.
        if Utc::now() + TimeDelta::milliseconds(500) < due {
            return room;
        }
    }
    panic!("this machine is too busy to do anything within two seconds");
}

#[test]
fn under_serve_removed_and_added_elsewhere_is_one_article_and_never_withdrawn() {
    let room = between_looks(|room| {
        let text = room.files.read("content/harbour/seal.md");
        room.files.remove("content/harbour/seal.md");
        let due = room.first_look();
        room.files.write("content/town/seal-in-dock.md", text);
        due
    });
    room.service.wait_text("/feeds/latest.rss", "/town/seal-in-dock/</link>");
    assert_eq!(room.counts_at_rest(), (3, 0));
    assert!(room.served("id").contains(&"https://gazette.example/harbour/seal/".to_owned()));
    assert_eq!(room.served("id").len(), 3);
}

#[test]
fn under_serve_added_and_removed_elsewhere_is_one_article() {
    let room = between_looks(|room| {
        let text = room.files.read("content/harbour/seal.md");
        room.files.write("content/town/seal-in-dock.md", text);
        let due = room.first_look();
        room.files.remove("content/harbour/seal.md");
        due
    });
    room.service.wait_text("/feeds/latest.rss", "/town/seal-in-dock/</link>");
    assert_eq!(room.counts_at_rest(), (3, 0));
    assert!(room.served("id").contains(&"https://gazette.example/harbour/seal/".to_owned()));
    assert_eq!(room.served("id").len(), 3);
}

#[test]
fn under_serve_a_deletion_is_withdrawn_and_a_copy_becomes_new_by_themselves() {
    let room = Watched::new();
    room.files.remove("content/harbour/seal.md");
    let due = room.first_look();
    room.service.wait("the withdrawal", "/feeds/latest.json", |r| !r.text().contains("A seal"));
    assert!(Utc::now() >= due, "not before its time");
    assert_eq!(room.counts_at_rest(), (3, 1));
    let text = room.files.read("content/harbour/wall.md");
    room.files.write("content/town/wall-again.md", text);
    let due = room.first_look();
    room.service.wait_text("/feeds/latest.rss", "/town/wall-again/</link>");
    assert!(Utc::now() >= due, "not before its time");
    assert_eq!(room.counts_at_rest(), (4, 1));
    let ids = room.served("id");
    assert!(ids.contains(&"https://gazette.example/town/wall-again/".to_owned()), "{ids:?}");
    assert!(ids.contains(&"https://gazette.example/harbour/wall/".to_owned()), "{ids:?}");
}

#[test]
fn under_serve_a_run_on_demand_waits_for_nobody() {
    let room = between_looks(|room| {
        room.files.remove("content/harbour/seal.md");
        let due = room.first_look();
        let wish = "{\"wait\": true}";
        let ended = post(room.service.admin, "/regenerate", "application/json", wish);
        assert_eq!(ended.status, 200, "{ended:?}");
        assert_eq!(room.articles("withdrawn"), 1);
        due
    });
    assert_eq!(room.second_look(), None);
}

/// Git removes what it replaces, and writes what it brings.
#[test]
fn under_serve_a_branch_that_moves_many_files_withdraws_none() {
    let files = newsroom();
    for n in 0..200 {
        files.write(&format!("content/sport/race-{n}.md"), story(&format!("Race {n}"), 4));
    }
    files.write(
        "feeds.toml",
        format!("{SITE}{WATCHED}\n[[feed]]\nname = \"latest\"\nlimit = 500\n"),
    );
    let room = Watched { service: Service::ready(&files), files };
    let before = {
        let mut ids = room.served("id");
        ids.sort();
        ids
    };
    assert_eq!(before.len(), 203);
    for n in 0..200 {
        let from = room.files.path(&format!("content/sport/race-{n}.md"));
        let text = fs::read(&from).unwrap();
        fs::remove_file(from).unwrap();
        room.files.write(&format!("content/races/2026/race-{n}.md"), text);
    }
    let moved = |room: &Watched| {
        let links: Vec<PathBuf> = room.served("url").into_iter().map(PathBuf::from).collect();
        links.iter().filter(|link| link.to_string_lossy().contains("/races/")).count()
    };
    wait_for("all of them", || (moved(&room) == 200).then_some(()));
    let mut ids = room.served("id");
    ids.sort();
    assert_eq!(ids, before);
    assert_eq!(room.counts_at_rest(), (203, 0));
}
