//! Documents as rows of a database. The query is asked as it stands, once, and its rows are handed on
//! as they come, with every value as the database gave it. Nothing is written, ever. What a row means
//! is [`document`](crate::document)'s; which rows changed is the caller's to tell by their stamps.

mod error;
mod open;
mod watchdog;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Statement};

pub use self::error::Error;
use self::watchdog::Watchdog;
use crate::article::ContentHash;
use crate::document::{Row, Value};
use crate::problem::{Code, Place, Problem};

/// Which rows.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The database's file.
    pub file: PathBuf,
    /// How problems call it: the URL as `feeds.toml` writes it, variables unfilled.
    pub shown: String,
    /// The query whose column names say what they are.
    pub query: String,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// A row and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyed {
    /// Names the row within its source: the value of its column `id`, else of `url`; the row's
    /// number, from 1, where the query has neither column. No two rows of one reading share a key.
    pub key: String,
    /// Its columns.
    pub row: Row,
    /// Changes exactly when the name, the type or the value of any column does.
    pub stamp: ContentHash,
}

/// What reading a database gave beside its rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finished {
    /// Rows received, those with a problem among them.
    pub rows: u64,
    /// What is wrong with rows.
    pub problems: Vec<Problem>,
    /// The receiver wanted no more: rows that weren't delivered may still exist.
    pub stopped: bool,
}

/// Two rows have one key.
pub(crate) const ROW_TWICE: Code = Code::new("row-twice");
/// A row has no key.
pub(crate) const ROW_WITHOUT_KEY: Code = Code::new("row-without-key");

/// How long another program may hold the database before that is an error.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// How long the database may take for a query. What the receiver does with rows doesn't count.
const TIME_MAX: Duration = Duration::from_secs(60);
/// Problems reported one by one; what is beyond becomes a number.
const PROBLEMS_MAX: usize = 100;

/// Asks the query and delivers its rows in the order in which they come. A row without a key isn't
/// delivered; of rows that share one, only the first is.
///
/// # Errors
///
/// Whatever was delivered before an error stands, but there may be more rows.
pub fn read(
    options: &Options,
    deliver: &mut dyn FnMut(Keyed) -> ControlFlow<()>,
) -> Result<Finished, Error> {
    read_within(options, TIME_MAX, deliver)
}

fn read_within(
    options: &Options,
    limit: Duration,
    deliver: &mut dyn FnMut(Keyed) -> ControlFlow<()>,
) -> Result<Finished, Error> {
    let opened = open::open(options)?;
    let watchdog = Watchdog::start(opened.connection.get_interrupt_handle(), limit);
    let finished = ask(&opened.connection, options, &watchdog, deliver).map_err(|error| {
        if watchdog.barked() {
            Error::TooSlow { shown: options.shown.clone(), limit_s: limit.as_secs() }
        } else {
            error
        }
    })?;
    opened.unchanged(options)?;
    Ok(finished)
}

fn ask(
    connection: &Connection,
    options: &Options,
    watchdog: &Watchdog,
    deliver: &mut dyn FnMut(Keyed) -> ControlFlow<()>,
) -> Result<Finished, Error> {
    let fault = |error| Error::of(error, options);
    let mut statement = prepare(connection, options)?;
    let mut names: Option<(Vec<String>, KeyColumns)> = None;
    let mut finished = Finished::default();
    let mut unreported = 0u64;
    let mut known = HashSet::new();
    let mut rows = statement.raw_query();
    while let Some(row) = watchdog.watch(|| rows.next()).map_err(fault)? {
        finished.rows += 1;
        // Only after the first step are they those of the schema as it is now.
        if names.is_none() {
            names = Some(names_of(row.as_ref(), options)?);
        }
        let Some((names, keys)) = &names else { continue };
        let mut columns = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            columns.push((name.clone(), value(row.get_ref(at).map_err(fault)?)));
        }
        let row = Row { columns };
        let problem = match keys.key(&row, finished.rows) {
            Some(key) if known.insert(ContentHash::of(key.as_bytes())) => {
                let stamp = stamp(&row);
                if deliver(Keyed { key, row, stamp }).is_break() {
                    finished.stopped = true;
                    break;
                }
                continue;
            }
            Some(key) => row_twice(options, &key),
            None => row_without_key(options, finished.rows),
        };
        if finished.problems.len() < PROBLEMS_MAX {
            finished.problems.push(problem);
        } else {
            unreported += 1;
        }
    }
    if unreported > 0 {
        finished.problems.push(more(options, unreported));
    }
    Ok(finished)
}

fn prepare<'c>(connection: &'c Connection, options: &Options) -> Result<Statement<'c>, Error> {
    let shown = || options.shown.clone();
    let statement =
        connection.prepare(&options.query).map_err(|error| Error::of(error, options))?;
    // `readonly` alone would let BEGIN, ATTACH and PRAGMA through.
    let asks =
        statement.readonly() && statement.is_explain() == 0 && begins_a_select(&options.query);
    if !asks {
        return Err(Error::NotASelect(shown()));
    }
    if statement.parameter_count() > 0 {
        return Err(Error::Parameters(shown()));
    }
    Ok(statement)
}

/// Whether the first word, after comments and stray semicolons, begins a question.
fn begins_a_select(query: &str) -> bool {
    let mut rest = query;
    loop {
        rest = rest
            .trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ';' || c == '\u{feff}');
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else {
            break;
        }
    }
    let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
    ["select", "with", "values"].iter().any(|begin| word.eq_ignore_ascii_case(begin))
}

fn names_of(
    statement: &Statement<'_>,
    options: &Options,
) -> Result<(Vec<String>, KeyColumns), Error> {
    // rusqlite panics at a name that isn't UTF-8, which a schema may well have.
    let read = || statement.column_names().map(str::to_owned).collect::<Vec<String>>();
    let names = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).map_err(|_| {
        let reason = "the name of a column isn't UTF-8".to_owned();
        Error::Query { shown: options.shown.clone(), reason }
    })?;
    let keys = KeyColumns::among(&names);
    Ok((names, keys))
}

/// The columns that a key is taken from, best first.
struct KeyColumns {
    id: Option<usize>,
    url: Option<usize>,
}

impl KeyColumns {
    fn among(names: &[String]) -> KeyColumns {
        // SQL's names have no case; of several, the first counts, as for SQL.
        let find = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        KeyColumns { id: find("id"), url: find("url") }
    }

    fn key(&self, row: &Row, number: u64) -> Option<String> {
        if self.id.is_none() && self.url.is_none() {
            return Some(number.to_string());
        }
        let columns = [self.id, self.url].into_iter().flatten();
        columns.filter_map(|at| key_of(&row.columns.get(at)?.1)).next()
    }
}

fn key_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(n) => Some(n.to_string()),
        Value::Real(n) => Some(n.to_string()),
        Value::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
            Err(_) => Some(hex(bytes)),
        },
        Value::Blob(bytes) => Some(hex(bytes)).filter(|_| !bytes.is_empty()),
    }
}

/// Bytes as SQL writes them.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::from("x'");
    for byte in bytes {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\'');
    text
}

fn value(raw: ValueRef<'_>) -> Value {
    match raw {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Integer(n),
        ValueRef::Real(n) => Value::Real(n),
        ValueRef::Text(bytes) => Value::Text(bytes.to_vec()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

/// A hash of all names and values, types included. Lengths are hashed too, so that no two rows run
/// into the same bytes.
fn stamp(row: &Row) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    let mut part = |tag: u8, bytes: &[u8]| {
        hasher.update(&[tag]);
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    for (name, value) in &row.columns {
        part(b'c', name.as_bytes());
        match value {
            Value::Null => part(b'n', &[]),
            Value::Integer(n) => part(b'i', &n.to_le_bytes()),
            Value::Real(n) => part(b'r', &n.to_bits().to_le_bytes()),
            Value::Text(bytes) => part(b't', bytes),
            Value::Blob(bytes) => part(b'b', bytes),
        }
    }
    ContentHash::finish(&hasher)
}

fn row_twice(options: &Options, key: &str) -> Problem {
    let place = Place::whole(format!("{} row {key}", options.shown));
    Problem::warning(&ROW_TWICE, place, "another row before it has the same key").help(
        "have the query give each article one row; for several values in one column, join them",
    )
}

fn row_without_key(options: &Options, number: u64) -> Problem {
    let place = Place::whole(format!("{} row {number}", options.shown));
    Problem::error(&ROW_WITHOUT_KEY, place, "the row has neither an id nor a url")
        .help("have the query leave such rows out, or give them an id")
}

fn more(options: &Options, unreported: u64) -> Problem {
    let message = format!("{unreported} more rows have no key, or one that another row has");
    Problem::warning(&ROW_TWICE, Place::whole(options.shown.clone()), message)
}

#[cfg(test)]
mod tests;
