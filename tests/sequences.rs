//! Whatever happens to a newsroom, in whatever order: no reader sees an article twice, or a ghost; no
//! article is lost; no id changes. Sequences of edits, faults and runs against a model in memory,
//! in process and with a clock of the test's. `FEEDWRIGHT_SEQUENCES=100000` tries that many, beside
//! `FEEDWRIGHT_SEED=N` for another choice of them.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

mod model;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};
use feedwright::config;
use feedwright::press::Finisher;
use feedwright::run::{self, Call, Plan, Report, Scope};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, RngAlgorithm, TestRng, TestRunner};
use tempfile::TempDir;

use self::model::{Entry, Feeds, Model, SECTIONS, Version};
use crate::support::{SITE, files};

/// 2026-11-24T08:00:00Z.
const START: i64 = 1_795_507_200;
const HOUR: i64 = 3_600;

/// Documents that vanish in a sequence; more of them would be somebody's guard's business.
const LOSSES_MAX: usize = 6;

/// What a newsroom begins with.
const STORIES: usize = 12;

/// Sequences that `cargo test` tries.
const SEQUENCES: u32 = 256;

/// Runs sleep a tick where a file was just written, so more of them than processors may be under way.
const THREADS: u32 = 8;

/// Which story; taken modulo those that there are.
type Pick = usize;

#[derive(Debug, Clone)]
enum Op {
    Add {
        section: usize,
        long: bool,
        dated: bool,
        slug: bool,
        named: bool,
    },
    /// A new story at the path that another one left.
    Reuse(Pick),
    EditBody {
        pick: Pick,
        whole: bool,
    },
    EditTitle(Pick),
    Rename(Pick),
    Move(Pick),
    Copy(Pick),
    Break(Pick),
    Mend(Pick),
    Delete(Pick),
    BringBack(Pick),
    /// Starts naming an id, or stops.
    Name(Pick),
    /// Another slug, or none.
    Slug(Pick),
    Date {
        pick: Pick,
        hours: i64,
    },
    Expire {
        pick: Pick,
        hours: i64,
    },
    Pass(i64),
    LoseState,
    LoseTree,
    Run,
    /// A run that looks only where somebody saw a change.
    Look,
    /// A run that dies.
    Stop(Stop),
}

/// Where a run dies: at the write of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The lock is written, what was read isn't current.
    Commit,
    /// It is current, nothing is published.
    Claim,
    /// All is published, the ledger doesn't know.
    Ledger,
    /// All is done but the note of it.
    Note,
}

impl Stop {
    /// Database and trigger.
    fn trigger(self) -> (&'static str, &'static str) {
        match self {
            Stop::Commit => ("catalog.db", "before insert on meta when new.key = 'as_of'"),
            Stop::Claim => ("ledger.db", "before insert on ours"),
            Stop::Ledger => ("ledger.db", "before insert on edition"),
            Stop::Note => ("ledger.db", "before insert on run"),
        }
    }
}

fn op() -> impl Strategy<Value = Op> {
    let pick = || 0_usize..64;
    prop_oneof![
        2 => (0..SECTIONS.len(), any::<[bool; 4]>()).prop_map(|(section, [long, dated, slug, named])| {
            Op::Add { section, long, dated, slug, named }
        }),
        2 => pick().prop_map(Op::Reuse),
        3 => (pick(), any::<bool>()).prop_map(|(pick, whole)| Op::EditBody { pick, whole }),
        3 => pick().prop_map(Op::EditTitle),
        3 => pick().prop_map(Op::Rename),
        3 => pick().prop_map(Op::Move),
        2 => pick().prop_map(Op::Copy),
        2 => pick().prop_map(Op::Break),
        2 => pick().prop_map(Op::Mend),
        2 => pick().prop_map(Op::Delete),
        2 => pick().prop_map(Op::BringBack),
        3 => pick().prop_map(Op::Name),
        3 => pick().prop_map(Op::Slug),
        2 => (pick(), -48_i64..48).prop_map(|(pick, hours)| Op::Date { pick, hours }),
        2 => (pick(), -4_i64..48).prop_map(|(pick, hours)| Op::Expire { pick, hours }),
        4 => prop_oneof![Just(1), Just(HOUR), Just(9 * HOUR), Just(-1), Just(-HOUR), Just(-9 * HOUR)]
            .prop_map(Op::Pass),
        1 => Just(Op::LoseState),
        1 => Just(Op::LoseTree),
        8 => Just(Op::Run),
        6 => Just(Op::Look),
        2 => prop_oneof![Just(Stop::Commit), Just(Stop::Claim), Just(Stop::Ledger), Just(Stop::Note)]
            .prop_map(Op::Stop),
    ]
}

/// A newsroom in a folder, and what should be seen of it.
struct Desk {
    dir: TempDir,
    plan: Plan,
    finisher: Finisher,
    model: Model,
    clock: i64,
    losses: usize,
    /// Paths that changed since somebody looked.
    touched: BTreeSet<PathBuf>,
    /// Where a whole look is due.
    whole: bool,
}

/// What went wrong, or that a guard holds, and nothing can be said any more.
enum End {
    Wrong(String),
    Held,
}

impl From<String> for End {
    fn from(sentence: String) -> End {
        End::Wrong(sentence)
    }
}

fn temporary() -> TempDir {
    // In memory where that can be had: a sync costs nothing there.
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

fn plan(dir: &Path) -> Plan {
    fs::create_dir_all(dir.join("content")).unwrap();
    config::load(&dir.join("feeds.toml"), SITE, &|_| None).unwrap().settings.plan
}

fn time(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).unwrap()
}

fn regenerate(
    plan: &Plan,
    finisher: &Finisher,
    at: i64,
    scope: Scope,
) -> Result<Report, run::Error> {
    run::run(
        plan,
        Call {
            scope,
            command: "test",
            clock: &|| time(at),
            finisher,
            waiting: &mut |_| {},
            wishes: run::Wishes::default(),
            progress: &run::progress::Progress::default(),
            databases: &run::stores::Databases::default(),
            published: &|| {},
        },
    )
}

impl Desk {
    fn new() -> Desk {
        let dir = temporary();
        let plan = plan(dir.path());
        let mut desk = Desk {
            dir,
            plan,
            finisher: Finisher::default(),
            model: Model::new(START),
            clock: START,
            losses: 0,
            touched: BTreeSet::new(),
            whole: true,
        };
        for n in 0..STORIES {
            desk.add(n % SECTIONS.len(), n % 2 == 0, n % 4 != 3, n % 5 == 2, n % 6 == 5);
        }
        desk
    }

    fn version(&mut self, section: usize, long: bool, dated: bool) -> Version {
        let n = self.model.number();
        let days = i64::try_from(n % 40).unwrap();
        Version {
            section: SECTIONS[section].to_owned(),
            file: format!("file-{n}"),
            title: format!("Story {n}"),
            date: dated.then_some(START - days * 7 * HOUR),
            expires: None,
            slug: None,
            named: None,
            body: body(n, long),
        }
    }

    fn add(&mut self, section: usize, long: bool, dated: bool, slug: bool, named: bool) {
        let mut version = self.version(section, long, dated);
        version.slug = slug.then(|| format!("slug-{}", self.model.number()));
        version.named = named.then(|| format!("id-{}", self.model.number()));
        self.model.add(version, None);
        self.write(self.model.stories.len() - 1);
    }

    fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join("content").join(path)
    }

    /// Writes a story as it is now.
    fn write(&mut self, at: usize) {
        let story = &self.model.stories[at];
        let file = self.file(&story.now.path());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text(&story.now, story.broken)).unwrap();
        self.touched.insert(file);
    }

    fn remove(&mut self, path: &str) {
        let file = self.file(path);
        fs::remove_file(&file).unwrap();
        self.touched.insert(file);
    }

    fn pick(&self, pick: Pick, on_disk: bool) -> Option<usize> {
        let stories = self.model.stories.iter().enumerate();
        let fit: Vec<usize> =
            stories.filter(|(_, s)| s.on_disk == on_disk).map(|(at, _)| at).collect();
        fit.get(pick % fit.len().max(1)).copied()
    }

    /// Changes a story that is there; where its path changes, as `mv` would.
    fn edit(&mut self, pick: Pick, change: impl FnOnce(&mut Version, usize)) {
        let Some(at) = self.pick(pick, true) else { return };
        let n = self.model.number();
        let before = self.model.stories[at].now.clone();
        let mut now = before.clone();
        change(&mut now, n);
        if now.path() == before.path() {
            self.model.stories[at].now = now;
            self.write(at);
        } else if self.model.is_free(&now.path()) {
            let (from, to) = (self.file(&before.path()), self.file(&now.path()));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::rename(&from, &to).unwrap();
            self.touched.extend([from, to]);
            self.model.stories[at].now = now;
        }
    }

    fn set_broken(&mut self, at: usize, broken: bool) {
        if self.model.stories[at].broken != broken {
            self.model.stories[at].broken = broken;
            self.write(at);
        }
    }

    fn apply(&mut self, op: &Op) -> Result<(), End> {
        let clock = self.clock;
        match *op {
            Op::Add { section, long, dated, slug, named } => {
                self.add(section, long, dated, slug, named);
            }
            Op::Reuse(pick) => self.reuse(pick),
            Op::EditBody { pick, whole } => self.edit(pick, |v, n| {
                let words = v.body.split_once(' ').map_or("", |(_, rest)| rest);
                let small = format!("marker{n}x {words}");
                v.body = if whole { body(n, v.body.len() > 200) } else { small };
            }),
            Op::EditTitle(pick) => self.edit(pick, |v, n| v.title = format!("Story {n}")),
            Op::Rename(pick) => self.edit(pick, |v, n| v.file = format!("file-{n}")),
            Op::Move(pick) => self.edit(pick, |v, n| {
                let at = SECTIONS.iter().position(|s| *s == v.section).unwrap_or(0);
                v.section = SECTIONS[(at + 1 + n % 2) % 3].to_owned();
            }),
            Op::Copy(pick) => self.copy(pick),
            Op::Break(pick) => {
                // Broken before it was ever read, it would be the last version of what stood there.
                if let Some(at) = self.pick(pick, true).filter(|at| !self.model.replaces(*at)) {
                    self.set_broken(at, true);
                }
            }
            Op::Mend(pick) => {
                let broken: Vec<usize> = self.broken();
                if !broken.is_empty() {
                    self.set_broken(broken[pick % broken.len()], false);
                }
            }
            Op::Delete(pick) => {
                if let Some(at) = self.pick(pick, true).filter(|_| self.losses < LOSSES_MAX) {
                    self.losses += 1;
                    self.remove(&self.model.stories[at].now.path());
                    self.model.stories[at].on_disk = false;
                }
            }
            Op::BringBack(pick) => {
                if let Some(at) = self.pick(pick, false)
                    && self.model.is_free(&self.model.stories[at].now.path())
                {
                    self.model.stories[at].on_disk = true;
                    self.write(at);
                }
            }
            Op::Name(pick) => self.edit(pick, |v, n| {
                v.named = v.named.is_none().then(|| format!("id-{n}"));
            }),
            Op::Slug(pick) => self.edit(pick, |v, n| {
                let stop = v.slug.is_some() && n % 3 == 0;
                v.slug = (!stop).then(|| format!("slug-{n}"));
            }),
            Op::Date { pick, hours } => self.edit(pick, |v, _| v.date = Some(clock + hours * HOUR)),
            Op::Expire { pick, hours } => {
                self.edit(pick, |v, _| v.expires = Some(clock + hours * HOUR));
            }
            Op::Pass(seconds) => self.clock += seconds,
            Op::LoseState => {
                let _ = fs::remove_dir_all(&self.plan.state);
                self.model.lose_state();
                self.whole = true;
            }
            Op::LoseTree => {
                let _ = fs::remove_dir_all(&self.plan.tree);
                self.model.lose_tree();
            }
            Op::Run => self.run(false)?,
            Op::Look => self.run(!self.whole)?,
            Op::Stop(stop) => self.stop(stop)?,
        }
        Ok(())
    }

    fn broken(&self) -> Vec<usize> {
        let stories = self.model.stories.iter().enumerate();
        stories.filter(|(_, s)| s.on_disk && s.broken).map(|(at, _)| at).collect()
    }

    fn reuse(&mut self, pick: Pick) {
        // What a story of the model was called: all of these are free, or somebody has them.
        let Some(at) = self.pick(pick, false) else { return };
        let left = self.model.stories[at].now.clone();
        if self.model.is_free(&left.path()) {
            let mut version = self.version(0, pick.is_multiple_of(2), !pick.is_multiple_of(3));
            (version.section, version.file) = (left.section, left.file);
            version.slug = pick.is_multiple_of(5).then(|| format!("slug-{}", self.model.number()));
            self.model.add(version, None);
            self.write(self.model.stories.len() - 1);
        }
    }

    fn copy(&mut self, pick: Pick) {
        let Some(at) = self.pick(pick, true) else { return };
        let (now, broken) = (self.model.stories[at].now.clone(), self.model.stories[at].broken);
        let file = format!("file-{}", self.model.number());
        // Nobody copies the name of an address, or of the thing itself.
        let copy = Version { file, slug: None, named: None, ..now };
        self.model.add(copy, Some(at));
        let new = self.model.stories.len() - 1;
        self.model.stories[new].broken = broken;
        self.write(new);
    }

    fn scope(&mut self, paths: bool) -> Scope {
        let touched = std::mem::take(&mut self.touched);
        if paths { Scope::Paths(touched.into_iter().collect()) } else { Scope::All }
    }

    fn run(&mut self, paths: bool) -> Result<(), End> {
        self.model.latest = self.model.latest.max(self.clock);
        let scope = self.scope(paths);
        let unclear = self.model.is_unclear();
        let report = regenerate(&self.plan, &self.finisher, self.clock, scope)
            .map_err(|e| format!("a run failed: {e}"))?;
        self.whole = false;
        if !report.held.is_empty() && unclear {
            return Err(End::Held);
        }
        if !report.sound() {
            return Err(End::Wrong(format!("{:?} {:?}", report.failures, report.held)));
        }
        self.model.commit(self.clock);
        self.model.publish(self.clock);
        self.compare()
    }

    /// A run that dies where it writes a table.
    fn stop(&mut self, stop: Stop) -> Result<(), End> {
        let (database, when) = stop.trigger();
        let path = self.plan.state.join(database);
        if !path.exists() {
            return Ok(());
        }
        self.model.latest = self.model.latest.max(self.clock);
        let scope = self.scope(!self.whole);
        let unclear = self.model.is_unclear();
        let sql = |sql: &str| {
            let db = rusqlite::Connection::open(&path).map_err(|e| e.to_string())?;
            db.execute_batch(sql).map_err(|e| e.to_string())
        };
        sql(&format!("create trigger stop {when} begin select raise(abort, 'stopped'); end"))?;
        let ended = regenerate(&self.plan, &self.finisher, self.clock, scope);
        sql("drop trigger stop")?;
        match ended {
            Ok(report) if !report.held.is_empty() => return Err(End::Held),
            // It had nothing to write there.
            Ok(_) => {
                self.model.commit(self.clock);
                self.model.publish(self.clock);
                self.whole = false;
                return self.compare();
            }
            // Whether a guard held is told by nobody.
            Err(e) if e.to_string().contains("stopped") && unclear => return Err(End::Held),
            Err(e) if e.to_string().contains("stopped") => {}
            Err(e) => return Err(End::Wrong(format!("a run failed: {e}"))),
        }
        if stop == Stop::Commit {
            self.model.stage();
        } else {
            self.model.commit(self.clock);
            self.whole = false;
        }
        if matches!(stop, Stop::Ledger | Stop::Note) {
            self.model.publish(self.clock);
        }
        // Before the ledger knows, what is no feed any more still has its files.
        if stop == Stop::Note { self.compare() } else { Ok(()) }
    }

    fn compare(&mut self) -> Result<(), End> {
        let feeds = feeds(&self.plan.tree);
        Ok(self.model.compare(&feeds, self.clock)?)
    }

    /// Where everything can be read, what stands is what a cold run makes of content and lock; and it
    /// stays so.
    fn finish(&mut self) -> Result<(), End> {
        for at in self.broken() {
            self.set_broken(at, false);
        }
        self.clock = self.model.latest;
        self.run(false)?;
        let again = regenerate(&self.plan, &self.finisher, self.clock, Scope::All)
            .map_err(|e| e.to_string())?;
        let c = again.counters;
        if c.new + c.changed + c.withdrawn + c.written + c.parsed > 0 {
            return Err(End::Wrong(format!("a second run finds something to do: {c:?}")));
        }
        let other = temporary();
        let plan = plan(other.path());
        copy(&self.dir.path().join("content"), &other.path().join("content"));
        fs::copy(&self.plan.lock, &plan.lock).unwrap();
        regenerate(&plan, &self.finisher, self.clock, Scope::All).map_err(|e| e.to_string())?;
        let (warm, cold) = (published(&self.plan.tree), published(&plan.tree));
        for name in warm.keys().chain(cold.keys()) {
            let text = |bytes: Option<&Vec<u8>>| {
                bytes.map(|b| String::from_utf8_lossy(b).into_owned()).unwrap_or_default()
            };
            if warm.get(name) != cold.get(name) {
                return Err(End::Wrong(format!(
                    "{name} is another after a cold run:\n{}\n{}\n{}",
                    text(warm.get(name)),
                    text(cold.get(name)),
                    fs::read_to_string(&self.plan.lock).unwrap()
                )));
            }
        }
        let locks = [&self.plan, &plan].map(|p| fs::read_to_string(&p.lock).unwrap());
        if locks[0] != locks[1] {
            return Err(End::Wrong(format!(
                "a cold run edits the lock:\n{}\n{}",
                locks[0], locks[1]
            )));
        }
        Ok(())
    }
}

/// The published files but for the manifest; coded forms follow from them.
fn published(tree: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = files(tree);
    files.retain(|name, _| !name.starts_with("feeds.json"));
    files
}

fn copy(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let to = to.join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, bytes).unwrap();
    }
}

fn body(n: usize, long: bool) -> String {
    let mut body = format!("marker{n}x");
    for word in 0..if long { 60 } else { 12 } {
        let _ = write!(body, " word{n}{word}");
    }
    body
}

fn text(v: &Version, broken: bool) -> String {
    let mut text = format!("---\ntitle: {}\n", v.title);
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "{key}: {value}");
        }
    };
    line("date", v.date.map(|at| time(at).to_rfc3339()));
    line("expires", v.expires.map(|at| time(at).to_rfc3339()));
    line("slug", v.slug.clone());
    line("id", v.named.clone());
    let end = if broken { "" } else { "---\n" };
    format!("{text}{end}\n{}\n", v.body)
}

/// What readers see.
fn feeds(tree: &Path) -> Feeds {
    let mut feeds = Feeds::new();
    for name in ["latest"].into_iter().chain(SECTIONS) {
        let Ok(text) = fs::read_to_string(tree.join(format!("feeds/{name}.json"))) else {
            continue;
        };
        let feed: serde_json::Value = serde_json::from_str(&text).unwrap();
        let field =
            |item: &serde_json::Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
        let entries = feed["items"].as_array().unwrap().iter().map(|item| Entry {
            id: field(item, "id"),
            link: field(item, "url"),
            title: field(item, "title"),
            body: field(item, "content_html"),
        });
        feeds.insert(name.to_owned(), entries.collect());
    }
    feeds
}

static HELD: AtomicU64 = AtomicU64::new(0);

fn sequence(ops: &[Op]) -> Result<(), TestCaseError> {
    let mut desk = Desk::new();
    let mut all = desk.run(false);
    for op in ops {
        if all.is_ok() {
            all = desk.apply(op);
        }
    }
    match all.and_then(|()| desk.finish()) {
        Ok(()) => Ok(()),
        Err(End::Held) => {
            HELD.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
        Err(End::Wrong(sentence)) => Err(TestCaseError::fail(sentence)),
    }
}

fn number(name: &str) -> Option<u32> {
    std::env::var(name).ok().map(|n| n.parse().unwrap_or_else(|e| panic!("{name}={n}: {e}")))
}

#[test]
fn whatever_happens_no_reader_sees_an_article_twice_or_misses_one() {
    let many = number("FEEDWRIGHT_SEQUENCES");
    let sequences = many.unwrap_or(SEQUENCES);
    let seed = number("FEEDWRIGHT_SEED").unwrap_or(1);
    let begin = Instant::now();
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || try_some(seed, thread, sequences / THREADS)))
            .collect();
        threads.into_iter().filter_map(|t| t.join().unwrap().err()).collect()
    });
    println!(
        "{sequences} sequences, seed {seed}, {:.0} s; a guard held in {}",
        begin.elapsed().as_secs_f64(),
        HELD.load(Ordering::Relaxed)
    );
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn sequences_that_went_wrong_once_go_well() {
    let delete = || Op::Delete(0);
    let sequences = [
        // A story at the path of one that was withdrawn lost its id with its slug.
        vec![delete(), Op::Run, Op::Reuse(0), Op::Run, Op::Slug(11), Op::Run, Op::Slug(11)],
        // What a run that died had read is the last good version of what broke then.
        vec![Op::EditBody { pick: 3, whole: true }, Op::Stop(Stop::Commit), Op::Break(3), Op::Run],
        // A lost state and a clock that went back took back what was out, and its id with it.
        vec![
            Op::LoseState,
            Op::Pass(-9 * HOUR),
            Op::Copy(13),
            Op::Run,
            Op::LoseState,
            Op::Rename(13),
        ],
        // So did one that was deleted and brought back meanwhile.
        vec![
            Op::LoseState,
            Op::Pass(-18 * HOUR),
            Op::Run,
            delete(),
            Op::Run,
            Op::BringBack(0),
            Op::Run,
        ],
    ];
    for ops in sequences {
        sequence(&ops).unwrap_or_else(|e| panic!("{ops:?}: {e}"));
    }
}

/// A share of the sequences, after those that failed once.
fn try_some(seed: u32, thread: u32, cases: u32) -> Result<(), String> {
    let regressions = FileFailurePersistence::Direct("tests/sequences/regressions.txt");
    let config = Config {
        cases,
        failure_persistence: Some(Box::new(regressions)),
        max_shrink_iters: 400,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_le_bytes());
    bytes[4..8].copy_from_slice(&thread.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(config, rng)
        .run(&vec(op(), 1..40), |ops| sequence(&ops))
        .map_err(|e| format!("seed {seed}, thread {thread}: {e}"))
}
