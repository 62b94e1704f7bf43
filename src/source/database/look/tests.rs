//! The incremental reader against writers of every kind: what it knows after each look is compared with what
//! stands in the database.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use chrono::{DateTime, FixedOffset};
use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::source::database::marks::Changes;
use crate::source::database::{Address, Question, TIME_MAX};

thread_local! {
    /// The database's present, where a test sets it.
    pub(super) static PRESENT: Cell<Option<DateTime<FixedOffset>>> = const { Cell::new(None) };
    /// Rows of a sweep's first page, where a test sets it.
    pub(super) static ROWS: Cell<Option<usize>> = const { Cell::new(None) };
    /// What happens between pages.
    static BETWEEN: RefCell<Option<Box<dyn FnMut()>>> = const { RefCell::new(None) };
}

/// Lets others write, where a test has it.
pub(super) fn between_pages() {
    BETWEEN.with_borrow_mut(|between| between.iter_mut().for_each(|act| act()));
}

const LAG_S: i64 = 600;
const SWEEP_S: i64 = 3600;

fn reading() -> document::Options {
    let url = url::Url::parse("https://gazette.example/").unwrap();
    document::Options {
        source: "desk".to_owned(),
        site_url: url.clone(),
        zone: "UTC".parse().unwrap(),
        link_zone: "UTC".parse().unwrap(),
        permalink: None,
        id_base: url,
        id_permalink: None,
        id_zone: "UTC".parse().unwrap(),
        id_prefix: None,
        language: None,
        authors: Vec::new(),
        section: None,
        list_separator: ",".to_owned(),
        drafts: false,
        by_language: None,
        charset: None,
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// A transaction begins: a row gets a new title, with a mark by the writer's clock; it is committed so
    /// many steps later.
    Write {
        id: i64,
        skew_s: i64,
        open_for: usize,
    },
    /// A row goes, or doesn't fit the query any more.
    Remove {
        id: i64,
    },
    /// Time passes.
    Wait {
        seconds: i64,
    },
    Since,
    /// And what is written after each of its pages.
    Sweep(Vec<Vec<Write>>),
}

/// What is written, and committed at once.
#[derive(Debug, Clone)]
enum Write {
    Put {
        id: i64,
        skew_s: i64,
    },
    Remove {
        id: i64,
    },
    /// A row gets another id, and a mark.
    Renumber {
        from: i64,
        to: i64,
    },
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        3 => (0..7i64, prop_oneof![3 => Just(0), 1 => -90_000..0i64])
            .prop_map(|(id, skew_s)| Write::Put { id, skew_s }),
        2 => (0..7i64).prop_map(|id| Write::Remove { id }),
        1 => (0..7i64, 0..9i64).prop_map(|(from, to)| Write::Renumber { from, to }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let skew = prop_oneof![6 => Just(0), 1 => -90_000..0i64, 1 => 1..90_000i64];
    let open_for = prop_oneof![4 => Just(0usize), 2 => 1..12usize];
    prop_oneof![
        6 => (0..7i64, skew, open_for)
            .prop_map(|(id, skew_s, open_for)| Step::Write { id, skew_s, open_for }),
        1 => (0..7i64).prop_map(|id| Step::Remove { id }),
        4 => prop_oneof![Just(0), Just(1), 1..400i64, 400..5_000i64]
            .prop_map(|seconds| Step::Wait { seconds }),
        4 => Just(Step::Since),
        2 => prop::collection::vec(prop::collection::vec(write(), 0..3), 0..5).prop_map(Step::Sweep),
    ]
}

/// A change that isn't committed yet.
struct Open {
    id: i64,
    title: i64,
    begun: i64,
    skew_s: i64,
    left: usize,
}

/// A database, and what is known of it.
struct World {
    _folder: tempfile::TempDir,
    connection: Connection,
    options: Options,
    now: i64,
    titles: i64,
    open: Vec<Open>,
    /// Titles by key, as the reader knows them; beside, their stamps.
    known: BTreeMap<String, (String, Known)>,
    remembered: Option<Remembered>,
    /// Rows whose last change was seen to be late or by a wrong clock, or that are gone: a sweep tells.
    excused: BTreeSet<i64>,
    /// The rows' marks.
    marks: BTreeMap<i64, i64>,
    form: usize,
    delivered: usize,
}

/// How the database writes its marks.
const FORMS: usize = 4;
/// And as numbers that are no times.
const NUMBERS: usize = FORMS;

fn mark(form: usize, at: i64) -> String {
    let time = DateTime::from_timestamp(at, 0).unwrap();
    match form {
        0 => format!("'{}'", time.format("%Y-%m-%d %H:%M:%S")),
        1 => format!("'{}'", time.format("%Y-%m-%dT%H:%M:%SZ")),
        2 => at.to_string(),
        3 => (at * 1000).to_string(),
        _ => (at - 1_772_000_000).to_string(),
    }
}

impl World {
    fn new(form: usize, own_place: bool) -> World {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("desk.db");
        let connection = Connection::open(&file).unwrap();
        connection
            .execute_batch(
                "pragma synchronous = off; pragma journal_mode = memory;
                 create table stories (id integer primary key, title text, changed)",
            )
            .unwrap();
        let place = if own_place { " where changed >= :since" } else { "" };
        let options = Options {
            address: Address::Sqlite(PathBuf::from(&file)),
            shown: "sqlite:desk.db".to_owned(),
            question: Question {
                query: format!("select id, title, changed from stories{place}"),
                changes: Some(Changes {
                    column: "changed".to_owned(),
                    lag_s: LAG_S.unsigned_abs(),
                    sweep_s: SWEEP_S.unsigned_abs(),
                }),
                ..Question::default()
            },
            limit: TIME_MAX,
            listen: None,
        };
        World {
            _folder: folder,
            connection,
            options,
            now: 1_772_323_500,
            titles: 0,
            open: Vec::new(),
            known: BTreeMap::new(),
            remembered: None,
            excused: BTreeSet::new(),
            marks: BTreeMap::new(),
            form,
            delivered: 0,
        }
    }

    fn truth(&self) -> BTreeMap<String, String> {
        let mut query = self.connection.prepare("select id, title from stories").unwrap();
        let rows = query.query_map([], |row| Ok((row.get::<_, i64>(0)?.to_string(), row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Write { id, skew_s, open_for } => {
                self.titles += 1;
                let (title, begun) = (self.titles, self.now);
                self.open.push(Open { id, title, begun, skew_s, left: open_for });
            }
            Step::Remove { id } => {
                let gone = self.connection.execute("delete from stories where id = ?", [id]);
                if gone.unwrap() > 0 {
                    self.excused.insert(id);
                }
            }
            Step::Wait { seconds } => self.now += seconds,
            Step::Since => self.look(false),
            Step::Sweep(ref during) => self.sweep(during),
        }
        self.commit();
    }

    fn commit(&mut self) {
        let (ripe, open) = self.open.drain(..).partition(|open: &Open| open.left == 0);
        self.open = open;
        for Open { id, title, begun, skew_s, .. } in ripe {
            // What nobody can tell: a change that leaves the mark as it is, much later.
            let stands = self.marks.get(&id) == Some(&(begun + skew_s));
            let moved = i64::from(stands && self.now - begun > LAG_S + SWEEP_S);
            self.marks.insert(id, begun + skew_s + moved);
            let mark = mark(self.form, begun + skew_s + moved);
            self.connection
                .execute_batch(&format!("replace into stories values ({id}, 't{title}', {mark})"))
                .unwrap();
            if skew_s < 0 || self.now - begun > LAG_S {
                self.excused.insert(id);
            } else {
                self.excused.remove(&id);
            }
        }
        for open in &mut self.open {
            open.left -= 1;
        }
    }

    /// A sweep with others writing. What has a mark as it should is known then, and no row that is there
    /// and was known is taken back.
    fn sweep(&mut self, during: &[Vec<Write>]) {
        let before: BTreeSet<String> = self.known.keys().cloned().collect();
        let written = self.write_during(during);
        // All that was to be excused is known after a sweep, unless it is written meanwhile.
        self.excused.clear();
        self.look(true);
        BETWEEN.set(None);
        for write in written.borrow_mut().drain(..) {
            self.note(&write);
        }
        self.compare(false);
        for key in self.truth().keys() {
            assert!(self.known.contains_key(key) || !before.contains(key), "{key} was taken back");
        }
    }

    /// Has so much written after each page; what of it was.
    fn write_during(&mut self, during: &[Vec<Write>]) -> Rc<RefCell<Vec<Write>>> {
        let written: Rc<RefCell<Vec<Write>>> = Rc::default();
        let (noted, now, form) = (Rc::clone(&written), self.now, self.form);
        let file = self.options.address.file().unwrap().to_owned();
        let groups: Vec<Vec<Write>> = during.to_vec();
        let mut groups = groups.into_iter();
        let mut titles = self.titles;
        self.titles += 100;
        let act = move || {
            let connection = Connection::open(&file).unwrap();
            connection
                .execute_batch("pragma synchronous = off; pragma journal_mode = memory")
                .unwrap();
            for write in groups.next().unwrap_or_default() {
                titles += 1;
                let sql = match write {
                    Write::Put { id, skew_s } => {
                        let mark = mark(form, now + skew_s);
                        format!("replace into stories values ({id}, 't{titles}', {mark})")
                    }
                    Write::Remove { id } => format!("delete from stories where id = {id}"),
                    Write::Renumber { from, to } => {
                        let mark = mark(form, now);
                        format!(
                            "update or ignore stories set id = {to}, changed = {mark} where id = {from}"
                        )
                    }
                };
                if connection.execute(&sql, []).unwrap() > 0 {
                    noted.borrow_mut().push(write);
                }
            }
        };
        BETWEEN.set(Some(Box::new(act)));
        written
    }

    /// What was written while it was looked.
    fn note(&mut self, write: &Write) {
        match *write {
            Write::Put { id, skew_s } => {
                self.marks.insert(id, self.now + skew_s);
                if skew_s < 0 {
                    self.excused.insert(id);
                } else {
                    self.excused.remove(&id);
                }
            }
            Write::Remove { id } => {
                self.excused.insert(id);
            }
            Write::Renumber { from, to } => {
                self.excused.insert(from);
                self.marks.insert(to, self.now);
                self.excused.remove(&to);
            }
        }
    }

    fn look(&mut self, sweep: bool) {
        PRESENT.set(Some(DateTime::from_timestamp(self.now, 0).unwrap().fixed_offset()));
        let all: Vec<Known> = self.known.values().map(|(_, known)| known.clone()).collect();
        let standing = self.known.clone();
        let of = |keys: &[String]| {
            keys.iter().filter_map(|k| standing.get(k)).map(|(_, known)| known.clone()).collect()
        };
        let each = |give: &mut Take<'_>| standing.keys().cloned().for_each(give);
        let past = Past { of: &of, each: &each };
        let before = self.remembered.clone();
        let look = match (&before, sweep) {
            (None, _) => Look::Whole(&past),
            (Some(before), true) => Look::Sweep(all, before),
            (Some(before), false) => Look::Since(before, &of),
        };
        let whole = before.is_none();
        let mut found = Vec::new();
        let reading = self::reading();
        let looked =
            gather(&self.options, "desk", &reading, look, &mut |batch| found.extend(batch));
        let Looked::Done(gathered, remembered) = looked.unwrap() else { panic!("stale") };
        self.remembered = remembered;
        self.delivered += found.len();
        for one in found {
            let FoundPlace::Row { row, hash, stamp, .. } = one.place else { panic!("no row") };
            let hash = ContentHash::of(&hash.0);
            let known = Known { path: one.path.clone(), stamp, hash, context: one.context };
            self.known.insert(one.path, (row.text("title").unwrap(), known));
        }
        for gone in gathered.vanished {
            self.known.remove(&gone);
        }
        if !sweep || whole {
            self.compare(whole);
        }
    }

    fn compare(&mut self, all: bool) {
        let known: BTreeMap<String, String> =
            self.known.iter().map(|(key, (title, _))| (key.clone(), title.clone())).collect();
        let truth = self.truth();
        if all {
            assert_eq!(known, truth, "after a sweep");
            self.excused.clear();
        } else {
            let judged = |of: &BTreeMap<String, String>| -> BTreeMap<String, String> {
                let fair = |key: &String| !self.excused.contains(&key.parse().unwrap());
                of.iter()
                    .filter(|(key, _)| fair(key))
                    .map(|(k, t)| (k.clone(), t.clone()))
                    .collect()
            };
            assert_eq!(judged(&known), judged(&truth), "after a look at what changed");
        }
    }
}

/// `FEEDWRIGHT_INTERLEAVINGS=5000` tries so many, `FEEDWRIGHT_SEED` those of one seed.
#[test]
fn nothing_is_missed_and_what_no_mark_tells_is_a_sweep_late() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let cases = number("FEEDWRIGHT_INTERLEAVINGS").unwrap_or(96);
    let by_clock = || chrono::Utc::now().timestamp_micros().unsigned_abs();
    let seed = number("FEEDWRIGHT_SEED").unwrap_or_else(by_clock);
    println!("{cases} interleavings of seed {seed}");
    let mut config = ProptestConfig::with_cases(u32::try_from(cases).unwrap());
    config.rng_seed = prop::test_runner::RngSeed::Fixed(seed);
    config.failure_persistence = None;
    let all = (prop::collection::vec(step(), 1..60), 0..FORMS, any::<bool>());
    let mut runner = prop::test_runner::TestRunner::new(config);
    let done = runner.run(&all, |(steps, form, own_place)| {
        interleaved(&steps, form, own_place);
        Ok(())
    });
    assert!(done.is_ok(), "seed {seed}: {done:?}");
}

/// What was found once.
#[test]
fn the_interleavings_that_failed_once_hold() {
    let write = |id, skew_s, open_for| Step::Write { id, skew_s, open_for };
    let wait = Step::Wait { seconds: 601 };
    // An empty table has no highest mark, and the first row's is older than the next one's by a lag.
    interleaved(
        &[Step::Since, write(3, 0, 0), wait.clone(), write(0, 0, 0), Step::Since],
        0,
        false,
    );
    // A change under the mark that the row has already, committed later than the lag.
    interleaved(&[write(1, 601, 0), write(0, 0, 0), write(0, 0, 2), wait, Step::Since], 0, false);
}

/// A number has no lag: what a later page tells must not hide what changed in an earlier one.
#[test]
fn a_row_that_changes_behind_a_sweep_is_met_at_its_end() {
    let mut world = World::new(NUMBERS, false);
    ROWS.set(Some(2));
    for id in 0..6 {
        world.take(&Step::Write { id, skew_s: 0, open_for: 0 });
    }
    world.take(&Step::Since);
    let put = |id, skew_s| vec![Write::Put { id, skew_s }];
    world.take(&Step::Sweep(vec![put(0, 10), put(5, 20)]));
    world.take(&Step::Since);
    assert!(world.excused.is_empty());
}

fn interleaved(steps: &[Step], form: usize, own_place: bool) {
    ROWS.set(Some(2));
    let mut world = World::new(form, own_place);
    for step in steps {
        world.take(step);
    }
    // Whoever is still writing ends; one sweep later all is known.
    while !world.open.is_empty() {
        world.take(&Step::Wait { seconds: 0 });
    }
    world.take(&Step::Sweep(Vec::new()));
    // And then nothing is read again, once no mark is young any more.
    world.take(&Step::Wait { seconds: 200_000 });
    world.take(&Step::Write { id: 99, skew_s: 0, open_for: 0 });
    world.take(&Step::Sweep(Vec::new()));
    world.take(&Step::Sweep(Vec::new()));
    let before = world.delivered;
    world.take(&Step::Since);
    assert_eq!(world.delivered, before);
}

#[test]
fn a_question_that_is_otherwise_makes_what_is_remembered_stale() {
    let mut world = World::new(0, false);
    world.take(&Step::Write { id: 1, skew_s: 0, open_for: 0 });
    world.take(&Step::Since);
    let before = world.remembered.clone().unwrap();
    world.options.question.query = "select id, title, changed, 1 as pinned from stories".to_owned();
    let reading = self::reading();
    let look = Look::Sweep(Vec::new(), &before);
    let looked = gather(&world.options, "desk", &reading, look, &mut |_| panic!("read"));
    assert!(matches!(looked, Ok(Looked::Stale)));
}
