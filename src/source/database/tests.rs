use super::keys::stamp;
use super::sqlite::open;
use super::sqlite::raw;
use super::*;
use crate::document::Value;
use proptest::prelude::*;
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::TempDir;

const ALL: &str = "select * from stories order by rowid";

struct Desk {
    folder: TempDir,
    file: PathBuf,
    options: Options,
}

fn options(file: &Path, query: &str) -> Options {
    Options {
        address: Address::Sqlite(file.to_owned()),
        shown: "sqlite:desk.db".to_owned(),
        question: Question { query: query.to_owned(), ..Question::default() },
        limit: TIME_MAX,
        listen: None,
    }
}

impl Desk {
    fn new(sql: &str, query: &str) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("desk.db");
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        let options = options(&file, query);
        Desk { folder, file, options }
    }

    fn stories(query: &str) -> Desk {
        let sql = "create table stories (id, title, url);
                   insert into stories values (1, 'One', '/1'), (2, 'Two', '/2');";
        Desk::new(sql, query)
    }

    fn connect(&self) -> Connection {
        Connection::open(&self.file).unwrap()
    }

    fn read(&self) -> Result<(Vec<Keyed>, Finished), Error> {
        let mut rows = Vec::new();
        let finished = read(&self.options, &mut |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        Ok((rows, finished))
    }

    fn rows(&self) -> Vec<Keyed> {
        let (rows, finished) = self.read().unwrap();
        assert_eq!(finished.problems, []);
        assert_eq!(finished.rows, rows.len() as u64);
        rows
    }

    fn keys(&self) -> Vec<String> {
        self.rows().into_iter().map(|row| row.key).collect()
    }

    fn refusal(&self) -> String {
        self.read().unwrap_err().to_string()
    }

    fn problems(&self) -> Vec<(String, String)> {
        let problems = self.read().unwrap().1.problems;
        let told = problems.into_iter().map(|p| (p.code.to_string(), p.place.to_string()));
        told.collect()
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.as_bytes().to_vec())
}

#[test]
fn rows_come_in_the_query_s_order_with_every_value_as_it_is() {
    let desk = Desk::new(
        "create table stories (id, title, score, body, note);
         insert into stories values (7, 'Harbour', 0.1, x'00ff', null), (3, '', 1e300, x'', 1);",
        ALL,
    );
    let rows = desk.rows();
    let named = |values: [Value; 5]| {
        let names = ["id", "title", "score", "body", "note"].map(str::to_owned);
        Row { columns: names.into_iter().zip(values).collect() }
    };
    let first = [
        Value::Integer(7),
        text("Harbour"),
        Value::Real(0.1),
        Value::Blob(vec![0, 255]),
        Value::Null,
    ];
    let second =
        [Value::Integer(3), text(""), Value::Real(1e300), Value::Blob(vec![]), Value::Integer(1)];
    assert_eq!(rows.iter().map(|row| &row.key).collect::<Vec<_>>(), ["7", "3"]);
    assert_eq!(rows[0].row, named(first));
    assert_eq!(rows[1].row, named(second));
}

#[test]
fn text_that_is_no_utf_8_stays_as_it_is() {
    let sql = "create table stories (id, title);
               insert into stories values (cast(x'63616ce9' as text), cast(x'ff00fe' as text));";
    let rows = Desk::new(sql, ALL).rows();
    assert_eq!(rows[0].key, "x'63616ce9'");
    assert_eq!(rows[0].row.columns[1].1, Value::Text(vec![0xff, 0, 0xfe]));
}

#[test]
fn a_key_is_the_id_else_the_url_else_the_row_s_number() {
    assert_eq!(Desk::stories(ALL).keys(), ["1", "2"]);
    assert_eq!(Desk::stories("select title, ID from stories").keys(), ["1", "2"]);
    assert_eq!(Desk::stories("select title, url from stories").keys(), ["/1", "/2"]);
    assert_eq!(Desk::stories("select title from stories").keys(), ["1", "2"]);
    assert_eq!(Desk::stories("select null as id, url from stories").keys(), ["/1", "/2"]);
    let kinds = "values (1.5, 'a'), (x'0aff', 'b'), (-9223372036854775808, 'c')";
    let query = format!("with t(id, title) as ({kinds}) select * from t");
    assert_eq!(Desk::stories(&query).keys(), ["1.5", "x'0aff'", "-9223372036854775808"]);
}

#[test]
fn rows_with_one_key_are_told_and_the_first_stands() {
    let query = "select 7 as id, title from stories order by title";
    let desk = Desk::stories(query);
    let (rows, finished) = desk.read().unwrap();
    assert_eq!(finished.rows, 2);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].row.columns[1].1, text("One"));
    assert_eq!(desk.problems(), [("row-twice".into(), "sqlite:desk.db row 7".into())]);
}

#[test]
fn rows_without_a_key_are_told_and_left_out() {
    let query = "select case when id = 1 then id end as id, title from stories
                 union all select '  ', 'blank'";
    let desk = Desk::stories(query);
    let told = |row: &str| ("row-without-key".to_owned(), format!("sqlite:desk.db row {row}"));
    assert_eq!(desk.problems(), [told("2"), told("3")]);
    assert_eq!(desk.read().unwrap().0.len(), 1);
}

#[test]
fn very_many_problems_become_a_number() {
    let query = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
                 select null as id from n";
    let problems = Desk::stories(query).read().unwrap().1.problems;
    assert_eq!(problems.len(), PROBLEMS_MAX + 1);
    assert!(problems[PROBLEMS_MAX].message.starts_with("900 more rows"));
}

#[test]
fn a_stamp_changes_with_any_name_type_or_value() {
    let stamp = |query: &str| Desk::stories(query).rows()[0].stamp;
    let queries = [
        "select 1 as id, 'a' as t, 'bc' as u",
        "select 1 as id, 'ab' as t, 'c' as u",
        "select 1 as id, 'a' as t, 'bd' as u",
        "select '1' as id, 'a' as t, 'bc' as u",
        "select 1.0 as id, 'a' as t, 'bc' as u",
        "select 1 as id, x'61' as t, 'bc' as u",
        "select 1 as id, null as t, 'bc' as u",
        "select 1 as id, 'a' as u, 'bc' as t",
        "select 1 as id, 'a' as t, 'bc' as u, '' as v",
    ];
    let stamps: HashSet<_> = queries.iter().map(|query| stamp(query)).collect();
    assert_eq!(stamps.len(), queries.len());
    assert_eq!(stamp(queries[0]), stamp(queries[0]));
}

#[test]
fn a_receiver_may_stop() {
    let query =
        "with recursive n(id) as (select 1 union all select id + 1 from n) select id from n";
    let desk = Desk::stories(query);
    let mut seen = 0;
    let finished = read(&desk.options, &mut |_| {
        seen += 1;
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(seen, 3);
    assert!(finished.unwrap().stopped);
}

#[test]
fn only_one_question_is_asked() {
    let refusal = |query: &str| Desk::stories(query).refusal();
    let several = "the query of sqlite:desk.db holds more than one statement; only a single SELECT \
                   is run";
    assert_eq!(refusal("select 1 as id; select 2 as id"), several);
    assert_eq!(refusal("select 1 as id; drop table stories"), several);
    let writes = "the query of sqlite:desk.db isn't a SELECT; nothing is ever written to a source";
    for query in [
        "delete from stories",
        "update stories set id = 3 returning id",
        "with t as (select 1) insert into stories select 1, 2, 3 from t returning id",
        "drop table stories",
        "pragma query_only = off",
        "pragma user_version",
        "attach 'other.db' as other",
        "begin immediate",
        "vacuum",
        "explain select 1",
        "-- select\ndelete from stories",
    ] {
        assert_eq!(refusal(query), writes, "{query}");
    }
    for query in ["", "  ", ";", "-- nothing\n", "/* nothing"] {
        assert_eq!(refusal(query), "the query of sqlite:desk.db is empty", "{query}");
    }
    let parameters = "the query of sqlite:desk.db has parameters; write values in their place";
    assert_eq!(refusal("select * from stories where id = ?"), parameters);
}

#[test]
fn a_question_may_be_put_in_many_ways() {
    for query in [
        "select * from stories;",
        ";select * from stories;  -- end",
        "/* all */ -- of\n\tSELECT * FROM stories",
        "WITH t AS (SELECT * FROM stories) SELECT * FROM t",
        "\u{feff}select * from stories",
    ] {
        assert_eq!(Desk::stories(query).keys(), ["1", "2"], "{query}");
    }
    assert_eq!(Desk::stories("values (1), (2)").keys(), ["1", "2"]);
}

#[test]
fn what_can_t_be_read_is_told_in_a_sentence() {
    let mut desk = Desk::stories(ALL);
    desk.connect().execute_batch("alter table stories rename column title to headline").unwrap();
    desk.options.question.query = "select id, title from stories".into();
    let shown = "sqlite:desk.db";
    let expected = format!("the query of {shown} failed: no such column: title");
    assert!(desk.refusal().starts_with(&expected), "{}", desk.refusal());
    desk.connect().execute_batch("drop table stories").unwrap();
    assert_eq!(desk.refusal(), format!("the query of {shown} failed: no such table: stories"));

    fs::write(&desk.file, "Not a database, but longer than any header is.".repeat(40)).unwrap();
    let expected = format!("the file of {shown} is no SQLite database, or it is damaged: ");
    assert!(desk.refusal().starts_with(&expected), "{}", desk.refusal());
    fs::write(&desk.file, "").unwrap();
    assert!(desk.refusal().contains("no such table"), "an empty file is an empty database");

    fs::remove_file(&desk.file).unwrap();
    assert_eq!(desk.refusal(), format!("the database {shown} isn't there"));
    assert!(!desk.file.exists(), "and isn't made");
    fs::create_dir(&desk.file).unwrap();
    assert_eq!(desk.refusal(), format!("the database {shown} is no file"));
    desk.options.address = Address::Sqlite(desk.file.join("below.db"));
    assert_eq!(desk.refusal(), format!("the database {shown} isn't there"));
}

#[test]
fn damage_is_told_and_never_a_panic() {
    let rows: String =
        (0..400).map(|n| format!("insert into stories values ({n}, 't');")).collect();
    let desk = Desk::new(&format!("create table stories (id, t); begin; {rows} commit;"), ALL);
    let whole = fs::read(&desk.file).unwrap();
    for at in (0..whole.len()).step_by(97) {
        let mut damaged = whole.clone();
        for byte in &mut damaged[at..(at + 24).min(whole.len())] {
            *byte ^= 0xa5;
        }
        fs::write(&desk.file, damaged).unwrap();
        let _ = desk.read();
    }
    fs::write(&desk.file, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(desk.read(), Err(Error::NotADatabase { .. })));
}

#[test]
fn no_sentence_holds_a_string_of_the_query() {
    for query in [
        "select * from stories where 'hunter2' 'hunter2'",
        "select * from nowhere where token = 'hunter2'",
        "select * from stories where title = 'hunter2",
        "select 'hunter2' from stories limit 'hunter2'",
        "select json('hunter2') as id",
        "select 'hunter2'; select 'hunter2'",
        "delete from stories where title = 'hunter2'",
    ] {
        let error = Desk::stories(query).read().unwrap_err();
        let told = format!("{error} {error:?} {:?}", Desk::stories(query).options);
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_column_whose_name_is_no_text_is_told() {
    let desk = Desk::new(
        "create table stories (id, title);
         insert into stories values (1, 'One');
         pragma writable_schema = on;
         update sqlite_schema set sql =
           cast(cast('create table stories (id, ' as blob) || x'ff' || ')' as text);",
        ALL,
    );
    assert!(desk.refusal().ends_with("the name of a column isn't UTF-8"), "{}", desk.refusal());
}

#[test]
fn a_lock_is_waited_for() {
    let desk = Desk::stories(ALL);
    let holder = desk.connect();
    holder.execute_batch("begin exclusive").unwrap();
    let began = Instant::now();
    let locked = "the database sqlite:desk.db has been locked by another program for 5 s";
    assert_eq!(desk.refusal(), locked);
    assert!(began.elapsed() >= LOCK_WAIT);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| desk.keys());
        holder.execute_batch("rollback").unwrap();
        assert_eq!(reader.join().unwrap(), ["1", "2"]);
    });
}

#[test]
fn a_query_that_takes_too_long_is_broken_off() {
    let query = "with recursive n(i) as (select 1 union all select i + 1 from n)
                 select count(*) as id from n";
    let desk = Desk::stories(query);
    let limited = Options { limit: Duration::from_millis(200), ..desk.options.clone() };
    let broken = read(&limited, &mut |_| ControlFlow::Continue(()));
    assert_eq!(broken, Err(Error::TooSlow { shown: "sqlite:desk.db".into(), limit_s: 0 }));
}

#[test]
fn a_database_that_is_being_written_is_read_as_of_one_instant() {
    let desk = Desk::stories(ALL);
    let writer = desk.connect();
    writer.execute_batch("pragma journal_mode = wal").unwrap();
    let mut keys = Vec::new();
    read(&desk.options, &mut |row| {
        keys.push(row.key);
        writer
            .execute_batch("insert into stories select max(id) + 1, 'x', 'x' from stories")
            .unwrap();
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(keys, ["1", "2"]);
    assert_eq!(desk.rows().len(), 4, "what is in the log alone is read, too");
}

#[test]
fn names_of_files_are_taken_literally() {
    let desk = Desk::stories(ALL);
    for name in [":memory:", "file:x?mode=rwc", "a b%20#?.db"] {
        let file = desk.folder.path().join(name);
        fs::copy(&desk.file, &file).unwrap();
        let options = options(&file, ALL);
        let rows = read(&options, &mut |_| ControlFlow::Continue(())).unwrap().rows;
        assert_eq!(rows, 2, "{name}");
        let unlocked = open::open_unlocked(&file, &options.shown).unwrap();
        let count = unlocked
            .connection
            .query_row("select count(*) from stories", [], |row| row.get::<_, i64>(0));
        assert_eq!(count, Ok(2), "{name}");
    }
}

/// Leaves a database with a write-ahead log, the log filled or not, without its index.
fn left_behind(folder: &Path, filled: bool) -> std::path::PathBuf {
    let made = folder.join("made.db");
    let writer = Connection::open(&made).unwrap();
    writer.execute_batch("pragma journal_mode = wal; create table stories (id, title);").unwrap();
    writer.execute_batch("insert into stories values (1, 'One')").unwrap();
    if !filled {
        writer.execute_batch("pragma wal_checkpoint(truncate)").unwrap();
    }
    let (left, name) = (folder.join("left"), "desk.db");
    fs::create_dir(&left).unwrap();
    fs::copy(&made, left.join(name)).unwrap();
    if filled {
        fs::copy(folder.join("made.db-wal"), left.join("desk.db-wal")).unwrap();
    }
    left.join(name)
}

#[test]
fn a_log_out_of_reach_is_told_and_an_empty_one_needs_no_reach() {
    let folder = tempfile::tempdir().unwrap();
    let shown = "sqlite:desk.db";
    let empty = left_behind(folder.path(), false);
    let opened = open::open_unlocked(&empty, shown).unwrap();
    let count = opened.connection.query_row("select count(*) from stories", [], |row| row.get(0));
    assert_eq!(count, Ok(1));
    assert_eq!(opened.unchanged(&empty, shown), Ok(()));
    fs::write(&empty, "").unwrap();
    assert_eq!(opened.unchanged(&empty, shown), Err(Error::Changed("sqlite:desk.db".into())));

    let folder = tempfile::tempdir().unwrap();
    let filled = left_behind(folder.path(), true);
    let refused = open::open_unlocked(&filled, shown).err();
    assert_eq!(refused, Some(Error::LogOutOfReach("sqlite:desk.db".into())));
    // With write access to the folder it is read, log and all.
    assert_eq!(read(&options(&filled, ALL), &mut |_| ControlFlow::Continue(())).unwrap().rows, 1);
}

#[test]
fn a_change_that_was_broken_off_is_told_and_never_read() {
    let rows: String =
        (0..2000).map(|n| format!("insert into stories values ({n}, 'a');")).collect();
    let desk = Desk::new(&format!("create table stories (id, t); begin; {rows} commit;"), ALL);
    let writer = desk.connect();
    writer.execute_batch("pragma cache_size = 1; begin; update stories set t = 'b'").unwrap();
    let crashed = desk.folder.path().join("crashed.db");
    for suffix in ["", "-journal"] {
        let path = |file: &Path| format!("{}{suffix}", file.display());
        fs::copy(path(&desk.file), path(&crashed)).unwrap();
    }
    let options = options(&crashed, ALL);
    let broken_off = Err(Error::Unfinished("sqlite:desk.db".into()));
    assert_eq!(read(&options, &mut |_| ControlFlow::Continue(())), broken_off);
    let count = "select count(distinct t) from stories";
    let mended = Connection::open(&crashed).unwrap();
    assert_eq!(mended.query_row(count, [], |row| row.get::<_, i64>(0)), Ok(1));
    assert_eq!(read(&options, &mut |_| ControlFlow::Continue(())).unwrap().rows, 2000);
}

/// Named for the test below, which runs it as somebody who may not write anywhere.
const FOLDER: &str = "FEEDWRIGHT_TEST_READ_ONLY_FOLDER";

#[test]
fn a_folder_that_may_not_be_written_to_is_read_all_the_same() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    if let Some(folder) = std::env::var_os(FOLDER) {
        let file = Path::new(&folder).join("left/desk.db");
        let left = options(&file, ALL);
        assert!(fs::write(Path::new(&folder).join("left/x"), "").is_err(), "not read-only");
        assert_eq!(read(&left, &mut |_| ControlFlow::Continue(())).unwrap().rows, 1);
        let secret = options(&Path::new(&folder).join("secret.db"), ALL);
        let refused = read(&secret, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
        let sentence = "the database sqlite:desk.db can't be read: Permission denied";
        assert!(refused.starts_with(sentence), "{refused}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    left_behind(folder.path(), false);
    let mode = |path: &str, mode| {
        let path = folder.path().join(path);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("", 0o755);
    mode("left", 0o555);
    fs::copy(folder.path().join("made.db"), folder.path().join("secret.db")).unwrap();
    mode("secret.db", 0o000);
    // The binary may stand where that somebody can't reach it.
    let binary = folder.path().join("tests");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let mut child = std::process::Command::new(binary);
    let name = "a_folder_that_may_not_be_written_to_is_read_all_the_same";
    child.args([&format!("source::database::tests::{name}"), "--exact"]);
    child.env(FOLDER, folder.path());
    if rustix::process::geteuid().is_root() {
        child.uid(65534).gid(65534);
    }
    let mut output = child.output();
    // Another test may just be starting a program, which holds the copy open for an instant.
    while output.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::ExecutableFileBusy) {
        output = child.output();
    }
    let output = output.unwrap();
    mode("left", 0o755);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        // SQLite has no NaN: it becomes NULL.
        any::<f64>().prop_filter("NaN", |n| !n.is_nan()).prop_map(Value::Real),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Blob),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_value_comes_as_it_was_stored(
        values in prop::collection::vec((any_value(), any_value()), 1..8),
    ) {
        let desk = Desk::new("create table stories (id integer primary key, a, b)", ALL);
        let writer = desk.connect();
        for (a, b) in &values {
            let raw = [raw(a), raw(b)].map(rusqlite::types::ToSqlOutput::Borrowed);
            writer.execute("insert into stories (a, b) values (?, ?)", raw).unwrap();
        }
        let rows = desk.rows();
        prop_assert_eq!(rows.len(), values.len());
        for (row, (a, b)) in rows.iter().zip(&values) {
            prop_assert_eq!(&row.row.columns[1].1, a);
            prop_assert_eq!(&row.row.columns[2].1, b);
            prop_assert_eq!(row.stamp, stamp(&row.row));
        }
    }

    #[test]
    fn no_query_makes_it_panic_or_write(query in "(select|with|delete|;|'|--|/\\*|\\(|id|from|stories|,|\\*| |[^a-z]){0,12}") {
        let desk = Desk::stories(&query);
        let before = fs::read(&desk.file).unwrap();
        let limited = Options { limit: Duration::from_secs(1), ..desk.options.clone() };
        let _ = read(&limited, &mut |_| ControlFlow::Break(()));
        prop_assert_eq!(fs::read(&desk.file).unwrap(), before);
    }
}
