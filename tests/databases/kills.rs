//! The kill table: at every stage of a look at a database something goes wrong. Then the problem is told with
//! its code and its source, not a byte of what is published is otherwise, and the run after makes what a
//! newsroom makes that nothing ever happened to. `cargo test databases::kills -- --nocapture` prints it.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]
#![expect(clippy::print_stdout, reason = "the table is what a person runs this for")]

mod serving;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::databases::desk;
use crate::databases::gate::{At, Gate, Then};
use crate::support::disk::SmallDisk;
use crate::support::servers::{Database, Engine, PASSWORD_IN_URL, Server, USER};
use crate::support::{Newsroom, Report, Service, wait_for};

const ROWS: u32 = 300;

const QUERY: &str = "select id, url, title, body, published, updated from stories";

/// Where a look at a database stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Connect,
    Login,
    Settings,
    Marks,
    Schema,
    FirstRows,
    MiddleRows,
    LastRows,
    Belongings,
    Writing,
    Sweep,
    Listening,
    Between,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Cut,
    Silence,
    Killed,
    TooSlow,
    Locked,
    ReadOnly,
    ColumnGone,
    FullThere,
    FullHere,
}

const FAULTS: [(Fault, &str); 9] = [
    (Fault::Cut, "cut"),
    (Fault::Silence, "silence"),
    (Fault::Killed, "killed"),
    (Fault::TooSlow, "too slow"),
    (Fault::Locked, "table locked"),
    (Fault::ReadOnly, "read-only"),
    (Fault::ColumnGone, "column gone"),
    (Fault::FullThere, "disk full there"),
    (Fault::FullHere, "disk full here"),
];

/// Of what is told, by a part of its sentence: how the table calls it.
const TOLD: [(&str, &str); 7] = [
    (" can't be reached: ", "unreachable"),
    (" refuses the login: ", "refused"),
    (" broke off: ", "broke off"),
    (" took longer than ", "too slow"),
    (" has been locked ", "locked"),
    ("the query of ", "query failed"),
    ("the disk is full that ", "disk full"),
];

/// A run that the fault came too late for: what is asked already holds its locks and its snapshot.
const GOES_ON: &str = "goes on";

fn is_question(said: &str) -> bool {
    said.contains("title") && said.contains("from stories") && !said.contains("max(")
}

fn is_settings(said: &str) -> bool {
    said.contains("begin isolation level") || said.contains("set names utf8mb4")
}

fn is_sweep(said: &str) -> bool {
    said.contains(" as mark from") && said.contains(" as id")
}

/// One server, a database in it, and two newsrooms: one behind the gate, and one that nothing happens to.
struct World {
    database: Arc<Database>,
    gate: Gate,
    newsroom: Newsroom,
    twin: Newsroom,
    /// The same, for newsrooms that ask for rows alone.
    plain: Newsroom,
    /// Bytes of a whole answer.
    answer: u64,
    edits: u32,
    table: BTreeMap<(Stage, Fault), String>,
}

impl World {
    fn new(engine: Engine) -> Option<World> {
        let database = Arc::new(Database::on(Server::own(engine)?));
        let time = if engine == Engine::Postgres { "timestamptz" } else { "datetime" };
        let row = |id: u32| {
            format!(
                "({id}, '/s/{id}/', 'Story {id}', '{}', '2026-03-01 09:30:00', '2026-03-0{} 10:00:00')",
                body(id),
                1 + id % 9
            )
        };
        let rows: Vec<String> = (1..=ROWS).map(row).collect();
        database.sql(&format!(
            "create table stories (id integer primary key, url varchar(80), title varchar(80), \
             body text, published varchar(40), updated {time});\n\
             create table tags (story integer, name varchar(40));\n\
             insert into tags values (1, 'stone'), (2, 'sea'), ({ROWS}, 'brass');\n\
             insert into stories values {};\n",
            rows.join(",")
        ));
        let gate = Gate::before(database.server.port, is_question);
        let keys = format!(
            "query = \"{QUERY}\"\nchanged_since = \"updated\"\ntime_limit = \"2s\"\n[source.also]\n\
             tags = \"select story as id, name as tag from tags where story in (:ids)\""
        );
        let url = database.url_by(&format!("{USER}:{PASSWORD_IN_URL}"), gate.port);
        let (newsroom, twin) = (desk(&url, &keys), desk(&database.url(), &keys));
        let plain = desk(&database.url(), &format!("query = \"{QUERY}\""));
        newsroom.regenerate_well().assert_counts(&[("new", u64::from(ROWS))]);
        twin.regenerate_well();
        let answer = gate.answered();
        assert!(answer > 120_000, "{answer}");
        let table = BTreeMap::new();
        Some(World { database, gate, newsroom, twin, plain, answer, edits: 0, table })
    }

    fn engine(&self) -> Engine {
        self.database.server.engine
    }

    fn at(&self, stage: Stage) -> At {
        match stage {
            Stage::Connect => At::Accept,
            Stage::Login => At::Said(|said| said.contains(USER)),
            Stage::Settings => At::Said(is_settings),
            Stage::Marks => At::Said(|said| said.contains("max(q.")),
            Stage::Schema => At::Said(is_question),
            Stage::Belongings => At::Said(|said| said.contains("from tags")),
            Stage::FirstRows => At::Answered(1000),
            Stage::MiddleRows => At::Answered(self.answer / 2),
            Stage::LastRows => At::Answered(self.answer - 3000),
            Stage::Sweep => At::Said(is_sweep),
            other => panic!("nothing is sent at {other:?}"),
        }
    }

    /// A run that something happens to: what it tells. What was published is as it was.
    fn disturbed(&self, what: &str) -> String {
        let before = self.newsroom.published();
        let report = self.newsroom.regenerate();
        assert!(self.gate.is_sprung(), "{what}: it never came to that");
        assert_eq!(self.newsroom.changed_since(&before), Vec::<String>::new(), "{what}");
        told(&report, what)
    }

    /// All is well again, and a row is otherwise: the next run is a newsroom's that nothing happened to.
    fn recovers(&mut self, what: &str) {
        self.edits += 1;
        let (n, id) = (self.edits, 1 + self.edits * 37 % ROWS);
        self.database.sql(&format!(
            "update stories set title = 'Edit {n}', updated = '2026-04-01 10:00:00' where id = {id}"
        ));
        let report = self.newsroom.regenerate();
        assert_eq!(report.status, 0, "{what}: {report:?}");
        report.assert_counts(&[("changed", 1), ("withdrawn", 0), ("new", 0)]);
        self.twin.regenerate_well();
        assert_eq!(self.newsroom.editions(), self.twin.editions(), "{what}");
    }

    fn note(&mut self, stage: Stage, fault: Fault, outcome: String) {
        assert_eq!(self.table.insert((stage, fault), outcome), None, "{stage:?} {fault:?} twice");
    }

    /// One cell of the table; `act` happens at the stage, `undo` after the run.
    fn cell(
        &mut self,
        (stage, fault): (Stage, Fault),
        act: impl FnOnce() -> Then + Send + 'static,
        undo: impl FnOnce(&World),
        expected: &[&str],
    ) {
        self.gate.set(self.at(stage), act);
        self.cell_set((stage, fault), undo, expected);
    }

    /// The same, of what is set up already.
    fn cell_set(
        &mut self,
        (stage, fault): (Stage, Fault),
        undo: impl FnOnce(&World),
        expected: &[&str],
    ) {
        let what = format!("{:?} {stage:?} {fault:?}", self.engine());
        let outcome = self.disturbed(&what);
        assert!(expected.contains(&outcome.as_str()), "{what}: {outcome}");
        undo(self);
        self.recovers(&what);
        self.note(stage, fault, outcome);
    }
}

fn body(id: u32) -> String {
    format!("<p>Story {id} is long: {}</p>", "word ".repeat(80))
}

/// What a run tells of the database: how the table calls it.
fn told(report: &Report, what: &str) -> String {
    let failures = report.failures();
    let Some(failure) = failures.first() else {
        assert_eq!(report.status, 0, "{what}: {report:?}");
        return GOES_ON.to_owned();
    };
    assert_eq!((report.status, failures.len()), (1, 1), "{what}: {report:?}");
    assert!(failure.starts_with("source \"desk\": "), "{what}: {failure}");
    assert!(!failure.contains("hunter2"), "{what}: {failure}");
    let down = report.problems().into_iter().filter(|p| p.code == "source-down");
    let down: Vec<_> = down.map(|p| p.path).collect();
    assert_eq!(down, ["desk"], "{what}: {report:?}");
    named(failure).unwrap_or_else(|| panic!("{what}: {failure}"))
}

fn named(sentence: &str) -> Option<String> {
    let found = TOLD.iter().find(|(part, _)| sentence.contains(part));
    found.map(|(_, name)| (*name).to_owned())
}

/// The connection ends or is dead, or the server is, at every stage.
fn connections(world: &mut World) {
    for stage in [
        Stage::Connect,
        Stage::Login,
        Stage::Settings,
        Stage::Marks,
        Stage::Schema,
        Stage::FirstRows,
        Stage::MiddleRows,
        Stage::LastRows,
        Stage::Belongings,
    ] {
        let expected: &[&str] = match stage {
            Stage::Connect | Stage::Login => &["unreachable"],
            Stage::Marks | Stage::Schema => &["broke off"],
            // MySQL's settings are part of its login, and what belongs to rows is asked over a connection
            // of its own, which may not come to stand.
            _ => &["broke off", "unreachable"],
        };
        world.cell((stage, Fault::Cut), || Then::IsCut, |_| {}, expected);
        let server = Arc::clone(&world.database.server);
        let kill = move || {
            server.kill();
            Then::IsCut
        };
        world.cell((stage, Fault::Killed), kill, |w| w.database.server.start(), expected);
    }
    for (stage, expected) in [
        (Stage::Connect, ["unreachable"].as_slice()),
        (Stage::Settings, &["unreachable", "too slow"]),
        (Stage::MiddleRows, &["too slow"]),
    ] {
        world.cell((stage, Fault::Silence), || Then::FallsSilent, |_| {}, expected);
    }
}

/// Has a value of a row take for ever.
fn slow(database: &Database, id: u32, column: &str) {
    let is_text = column == "title";
    let value = match database.server.engine {
        Engine::Postgres => {
            let sleep = format!("case when id = {id} then pg_sleep(60)::text end");
            if is_text {
                format!("title || coalesce({sleep}, '')")
            } else {
                format!("updated + coalesce({sleep}, '0 s')::interval")
            }
        }
        Engine::Mariadb => {
            format!("if(id = {id} and sleep(60), null, {column})")
        }
    };
    let columns = ["id", "url", "title", "body", "published", "updated"];
    let columns = columns.map(|c| if c == column { format!("{value} as {c}") } else { c.into() });
    database.sql(&format!(
        "alter table stories rename to kept;\ncreate view stories as select {} from kept;\n",
        columns.join(", ")
    ));
}

fn no_longer_slow(database: &Database) {
    database.sql("drop view stories;\nalter table kept rename to stories;\n");
}

/// How a table is taken, and let go.
fn locking(engine: Engine) -> (&'static str, &'static str) {
    match engine {
        Engine::Postgres => ("begin;\nlock table stories", "rollback"),
        Engine::Mariadb => ("lock tables stories write", "unlock tables"),
    }
}

const DROP: &str = "alter table stories drop column body";

fn column_back(database: &Database) {
    database.sql("alter table stories add column body text");
    let long = "word ".repeat(80);
    let body = match database.server.engine {
        Engine::Postgres => format!("'<p>Story ' || id || ' is long: {long}</p>'"),
        Engine::Mariadb => format!("concat('<p>Story ', id, ' is long: {long}</p>')"),
    };
    database.sql(&format!("update stories set body = {body}"));
}

/// A row takes for ever.
fn slow_rows(world: &mut World) {
    for (stage, id, column) in [
        (Stage::Marks, 1, "updated"),
        (Stage::FirstRows, 1, "title"),
        (Stage::MiddleRows, ROWS / 2, "title"),
        (Stage::LastRows, ROWS, "title"),
    ] {
        slow(&world.database, id, column);
        let undo = |world: &World| no_longer_slow(&world.database);
        world.cell_set((stage, Fault::TooSlow), undo, &["too slow"]);
    }
}

/// Somebody takes the table: before us, or while we read it.
fn locks(world: &mut World) {
    let (lock, unlock) = locking(world.engine());
    for stage in [Stage::Connect, Stage::Marks] {
        let mut holder = world.database.client();
        let (send, held) = std::sync::mpsc::channel();
        let hold = move || {
            holder.run(lock).unwrap();
            let _ = send.send(holder);
            Then::GoesOn
        };
        let let_go = move |_: &World| held.recv().unwrap().run(unlock).unwrap();
        world.cell((stage, Fault::Locked), hold, let_go, &["locked"]);
    }
    for stage in [Stage::Schema, Stage::MiddleRows, Stage::LastRows] {
        let waiter = Arc::clone(&world.database);
        let (send, waits) = std::sync::mpsc::channel();
        let wait = move || {
            let mut client = waiter.client();
            let _ = send.send(std::thread::spawn(move || {
                client.run(lock).unwrap();
                client.run(unlock).unwrap();
            }));
            Then::GoesOn
        };
        let undo = move |_: &World| waits.recv().unwrap().join().unwrap();
        world.cell((stage, Fault::Locked), wait, undo, &[GOES_ON]);
    }
}

/// The server takes no writes any more, which is nothing to us.
fn read_only(world: &mut World) {
    let switch = |database: &Database, on: bool| match database.server.engine {
        Engine::Postgres => {
            let word = if on { "on" } else { "off" };
            database.sql(&format!("alter system set default_transaction_read_only = {word}"));
            database.sql("select pg_reload_conf()");
        }
        Engine::Mariadb => database.sql(&format!("set global read_only = {}", u8::from(on))),
    };
    for stage in [Stage::Connect, Stage::MiddleRows] {
        let database = Arc::clone(&world.database);
        let on = move || {
            switch(&database, true);
            Then::GoesOn
        };
        let off = |world: &World| {
            switch(&world.database, false);
            // A server reads its settings when it comes to it.
            let writes = "create table written (id integer);\ndrop table written;\n";
            wait_for("a write", || {
                world.database.server.try_sql(&world.database.name, writes).ok()
            });
        };
        world.cell((stage, Fault::ReadOnly), on, off, &[GOES_ON]);
    }
}

/// A column goes: before the question, or while it is answered, which then waits for us.
fn columns(world: &mut World) {
    let back = |world: &World| column_back(&world.database);
    let database = Arc::clone(&world.database);
    let go = move || {
        database.sql(DROP);
        Then::GoesOn
    };
    world.cell((Stage::Connect, Fault::ColumnGone), go, back, &["query failed"]);
    for stage in [Stage::Schema, Stage::MiddleRows] {
        let database = Arc::clone(&world.database);
        let (send, waits) = std::sync::mpsc::channel();
        let go = move || {
            let _ = send.send(std::thread::spawn(move || database.sql(DROP)));
            Then::GoesOn
        };
        let undo = move |world: &World| {
            waits.recv().unwrap().join().unwrap();
            let what = "the run after a column went";
            let before = world.newsroom.published();
            assert_eq!(told(&world.newsroom.regenerate(), what), "query failed");
            assert_eq!(world.newsroom.changed_since(&before), Vec::<String>::new());
            back(world);
        };
        world.cell((stage, Fault::ColumnGone), go, undo, &[GOES_ON]);
    }
}

/// The server has no room for sorting.
fn full_there(world: &mut World) {
    let sorted = format!("{QUERY} order by body, title, url");
    for newsroom in [&world.newsroom, &world.twin] {
        newsroom.edit("feeds.toml", QUERY, &sorted);
        newsroom.regenerate_well();
    }
    let place = world.database.server.temporary();
    let disk = match world.engine() {
        Engine::Postgres => {
            world.database.sql("alter system set temp_file_limit = '64kB'");
            world.database.sql("alter system set work_mem = '64kB'");
            world.database.sql("select pg_reload_conf()");
            None
        }
        Engine::Mariadb => {
            world.database.sql("set global sort_buffer_size = 32768");
            let Some(disk) = SmallDisk::mount(&place, "16k") else { return };
            disk.fill();
            Some(disk)
        }
    };
    let what = format!("{:?}: a full disk of the server", world.engine());
    let outcome = world.disturbed(&what);
    assert!(["broke off", "too slow"].contains(&outcome.as_str()), "{what}: {outcome}");
    drop(disk);
    match world.engine() {
        Engine::Postgres => {
            world.database.sql("alter system reset all");
            world.database.sql("select pg_reload_conf()");
        }
        Engine::Mariadb => world.database.sql("set global sort_buffer_size = 2097152"),
    }
    world.recovers(&what);
    world.note(Stage::FirstRows, Fault::FullThere, outcome);
}

/// The state's disk is full.
fn full_here(world: &mut World) {
    let what = format!("{:?}: a full disk of ours", world.engine());
    let newsroom = desk(&world.database.url(), &format!("query = \"{QUERY}\""));
    let state = newsroom.path(".feedwright");
    let Some(disk) = SmallDisk::mount(&state, "8m") else { return };
    newsroom.regenerate_well();
    disk.fill();
    world.database.sql("update stories set title = concat(title, ' once more')");
    let before = newsroom.published();
    let mut names = Vec::new();
    for args in [["regenerate"].as_slice(), &["regenerate", "--dry-run"], &["status"]] {
        let ended = newsroom.feedwright(args);
        assert_eq!(ended.status, 1, "{what}: {ended:?}");
        let name = named(&ended.stderr).unwrap_or_else(|| panic!("{what}: {ended:?}"));
        assert_eq!(newsroom.changed_since(&before), Vec::<String>::new(), "{what}");
        names.push(name);
    }
    disk.free();
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("changed", report.count("read")), ("withdrawn", 0), ("new", 0)]);
    world.plain.regenerate_well();
    assert_eq!(newsroom.editions(), world.plain.editions(), "{what}");
    names.dedup();
    world.note(Stage::Writing, Fault::FullHere, names.join(", "));
}

fn table(world: &World) -> String {
    let mut text = format!("{:?}: what is told\n{:12}", world.engine(), "");
    for (_, name) in FAULTS {
        let _ = write!(text, "| {name:15}");
    }
    let mut stages: Vec<Stage> = world.table.keys().map(|(stage, _)| *stage).collect();
    stages.dedup();
    for stage in stages {
        let _ = write!(text, "\n{:12}", format!("{stage:?}"));
        for (fault, _) in FAULTS {
            let outcome = world.table.get(&(stage, fault)).map_or("", String::as_str);
            let _ = write!(text, "| {outcome:15}");
        }
    }
    text
}

fn all(engine: Engine) {
    let Some(mut world) = World::new(engine) else { return };
    connections(&mut world);
    slow_rows(&mut world);
    locks(&mut world);
    read_only(&mut world);
    columns(&mut world);
    serving::sweeps(&mut world);
    serving::between_runs(&mut world);
    full_there(&mut world);
    full_here(&mut world);
    println!("{}", table(&world));
    println!(
        "each: the problem source-down of \"desk\", published bytes and times as before, and the next \
         run's feeds those of a newsroom that nothing happened to ({GOES_ON}: no problem, and the same)\n"
    );
}

#[test]
fn whatever_postgresql_does_at_any_stage_takes_nothing_back() {
    all(Engine::Postgres);
}

#[test]
fn whatever_mariadb_does_at_any_stage_takes_nothing_back() {
    all(Engine::Mariadb);
}
