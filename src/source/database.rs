//! Documents as rows of a database. Questions are asked as they stand, and their rows are handed on as
//! they come, with every value as the database gave it. Nothing is written, ever. What differs between
//! engines stands in a file for each (`sqlite`, `postgres`, `mysql`); what a row means is
//! [`document`](crate::document)'s.

mod address;
mod error;
pub mod ghost;
mod joined;
mod keys;
mod listen;
mod look;
mod marks;
mod mysql;
mod postgres;
mod question;
mod session;
mod sqlite;
mod survey;
mod tls;
pub mod wordpress;

use std::collections::HashSet;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

pub use self::address::{Address, Host, Password, Server, Tls, TlsMode};
pub use self::error::Error;
use self::keys::KeyColumns;
pub use self::listen::{Heard, listen};
pub use self::look::{Look, Looked, Past, Remembered, Take, gather};
pub use self::marks::Changes;
use self::question::Given;
use self::session::{Asked, Session};
pub use self::survey::{Answer, Column, Survey, Table};
use crate::article::ContentHash;
use crate::document::{Facts, Row, Shape};
use crate::problem::{Code, Place, Problem};

/// Which rows of which database.
#[derive(Clone, PartialEq)]
pub struct Options {
    /// Where it is.
    pub address: Address,
    /// How problems call it: the URL as `feeds.toml` writes it, variables unfilled, without a password.
    pub shown: String,
    /// What is asked.
    pub question: Question,
    /// How long it may take for one question. What is done with the rows doesn't count.
    pub limit: Duration,
    /// The channel on which it tells of changes; PostgreSQL only.
    pub listen: Option<String>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// What is asked of a database. A preset (WordPress, Ghost) is one of these, made of data.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    /// Asked first, once: what the site says of itself. By name; [`Question::shape`] is given the answers.
    pub facts: Vec<(String, String)>,
    /// The query whose column names say what they are. Column `id`, else `url`, names a row.
    pub query: String,
    /// What else belongs to a row, several rows to one: tags, authors, media. Asked for some rows at once:
    /// `:ids` in the query stands for the list of their ids, and its column `id` says whose a row is. The
    /// answer becomes the main row's column of that name, in its order, without the column `id`.
    pub also: Vec<(String, String)>,
    /// What tells which rows changed; without it, all are read at each look.
    pub changes: Option<Changes>,
    /// Makes a row with the common columns out of one with a program's own.
    pub shape: Option<Shape>,
}

/// A row and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyed {
    /// Names the row within its source: the value of its column `id`, else of `url`; the row's
    /// number, from 1, where the query has neither column. No two rows of one reading share a key.
    pub key: String,
    /// Its columns.
    pub row: Row,
    /// Changes exactly when the name, the type or the value of any column does, joined ones included.
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

/// How long another program may hold the database, or a row of it, before that is an error.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// The same where questions must be quicker, in whole seconds: a lock is to be told as one.
fn lock_wait(limit: Duration) -> Duration {
    LOCK_WAIT.min(Duration::from_secs((limit.as_secs() / 2).max(1)))
}

/// How long a server may take to let us in.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long a database may take for a question where nothing else is said.
pub const TIME_MAX: Duration = Duration::from_secs(60);
/// Problems reported one by one; what is beyond becomes a number.
const PROBLEMS_MAX: usize = 100;

/// Asks the query and delivers its rows in the order in which they come, each with what belongs to it. A
/// row without a key isn't delivered; of rows that share one, only the first is.
///
/// # Errors
///
/// Whatever was delivered before an error stands, but there may be more rows.
pub fn read(
    options: &Options,
    deliver: &mut dyn FnMut(Keyed) -> ControlFlow<()>,
) -> Result<Finished, Error> {
    let session = Session::open(options)?;
    let mut reader = Reader::new(options);
    let mut stopped = false;
    let asked = Asked { shown: &options.shown, sql: &options.question.query, given: &[] };
    session.ask(asked, &mut |page| {
        let page = joined::join(&session, options, page)?;
        let end = reader.keyed(page).into_iter().try_for_each(&mut *deliver);
        stopped = end.is_break();
        Ok(end)
    })?;
    session.end()?;
    Ok(Finished { stopped, ..reader.finish() })
}

fn read_all(
    session: &Session,
    options: &Options,
    given: &[Given<'_>],
    reader: &mut Reader<'_>,
    take: &mut dyn FnMut(Vec<Keyed>),
) -> Result<(), Error> {
    let asked = Asked { shown: &options.shown, sql: &options.question.query, given };
    session.ask(asked, &mut |page| {
        let page = joined::join(session, options, page)?;
        take(reader.keyed(page));
        Ok(ControlFlow::Continue(()))
    })
}

/// Asks what the site says of itself.
fn facts(session: &Session, options: &Options) -> Result<Arc<Facts>, Error> {
    let mut facts = Facts::default();
    for (name, sql) in &options.question.facts {
        let shown = format!("{} ({name})", options.shown);
        let rows = session.ask_all(Asked { shown: &shown, sql, given: &[] })?;
        facts.rows.insert(name.clone(), rows);
    }
    Ok(Arc::new(facts))
}

/// Gives rows their keys, and tells which have none of their own.
struct Reader<'a> {
    options: &'a Options,
    known: HashSet<ContentHash>,
    finished: Finished,
    unreported: u64,
}

impl<'a> Reader<'a> {
    fn new(options: &'a Options) -> Reader<'a> {
        Reader { options, known: HashSet::new(), finished: Finished::default(), unreported: 0 }
    }

    /// A page's rows that have a key which no row before them has.
    fn keyed(&mut self, page: Vec<Row>) -> Vec<Keyed> {
        let Some(first) = page.first() else { return Vec::new() };
        let keys = KeyColumns::among(&first.columns);
        let mut keyed = Vec::with_capacity(page.len());
        for row in page {
            self.finished.rows += 1;
            match keys.key(&row, self.finished.rows) {
                Some(key) if self.known.insert(ContentHash::of(key.as_bytes())) => {
                    let stamp = keys::stamp(&row);
                    keyed.push(Keyed { key, row, stamp });
                }
                Some(key) => self.tell(row_twice(self.options, &key)),
                None => self.tell(row_without_key(self.options, self.finished.rows)),
            }
        }
        keyed
    }

    /// Whether a row had this key.
    fn has(&self, key: &str) -> bool {
        self.known.contains(&ContentHash::of(key.as_bytes()))
    }

    fn tell(&mut self, problem: Problem) {
        if self.finished.problems.len() < PROBLEMS_MAX {
            self.finished.problems.push(problem);
        } else {
            self.unreported += 1;
        }
    }

    fn finish(mut self) -> Finished {
        if self.unreported > 0 {
            self.finished.problems.push(more(self.options, self.unreported));
        }
        self.finished
    }
}

/// A server's password, wherever it stands.
fn password(server: &Server, shown: &str) -> Result<Option<String>, Error> {
    server.password.get().map_err(|e| Error::File {
        shown: shown.to_owned(),
        file: match &server.password {
            Password::File(file) => file.to_string_lossy().into_owned(),
            Password::None | Password::Text(_) => String::new(),
        },
        reason: e.to_string(),
    })
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
