//! One engine, open for a few questions that are answered as of one instant. What engines have in common
//! stands here, and what differs in a file for each.

use std::ops::ControlFlow;

use super::question::{Dialect, Given};
use super::{Address, Error, Options, mysql, postgres, sqlite};
use crate::document::Row;

/// Rows handed over at once: enough that asking for what belongs to them pays, few enough for the memory.
pub(super) const PAGE_ROWS: usize = 256;

/// A page that holds so much is handed over though it has fewer rows.
pub(super) const PAGE_BYTES: usize = 4 << 20;

/// One question, with the values that are named in it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// What problems call it.
    pub(super) shown: &'a str,
    pub(super) sql: &'a str,
    pub(super) given: &'a [Given<'a>],
}

/// Takes a page of rows. Another question may be asked meanwhile.
pub(super) type Receive<'r> = dyn FnMut(Vec<Row>) -> Result<ControlFlow<()>, Error> + 'r;

/// An open database. Everything that it answers is of one instant, as far as the engine has one, until it
/// is renewed.
pub(super) enum Session {
    Sqlite(sqlite::Session),
    Postgres(postgres::Session),
    Mysql(mysql::Session),
}

impl Session {
    pub(super) fn open(options: &Options) -> Result<Session, Error> {
        Ok(match &options.address {
            Address::Sqlite(file) => Session::Sqlite(sqlite::Session::open(file, options)?),
            Address::Postgres(server) => {
                Session::Postgres(postgres::Session::open(server, options)?)
            }
            Address::Mysql(server) => Session::Mysql(mysql::Session::open(server, options)?),
        })
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Session::Sqlite(_) => Dialect::Sqlite,
            Session::Postgres(_) => Dialect::Postgres,
            Session::Mysql(_) => Dialect::Mysql,
        }
    }

    /// Asks, and hands over what comes as it comes.
    pub(super) fn ask(&self, asked: Asked<'_>, receive: &mut Receive<'_>) -> Result<(), Error> {
        match self {
            Session::Sqlite(session) => session.ask(asked, receive),
            Session::Postgres(session) => session.ask(asked, receive),
            Session::Mysql(session) => session.ask(asked, receive),
        }
    }

    /// Asks something with a short answer.
    pub(super) fn ask_all(&self, asked: Asked<'_>) -> Result<Vec<Row>, Error> {
        let mut all = Vec::new();
        self.ask(asked, &mut |mut rows| {
            all.append(&mut rows);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// Lets go of what it holds: what is asked from now on is of another instant.
    pub(super) fn renew(&self, shown: &str) -> Result<(), Error> {
        match self {
            Session::Sqlite(session) => session.renew(),
            Session::Postgres(session) => session.renew(shown),
            Session::Mysql(session) => session.renew(shown),
        }
    }

    /// Ends it; an error where what was answered may not be of one instant.
    pub(super) fn end(self) -> Result<(), Error> {
        match self {
            Session::Sqlite(session) => session.end(),
            Session::Postgres(session) => {
                session.end();
                Ok(())
            }
            Session::Mysql(session) => {
                session.end();
                Ok(())
            }
        }
    }
}

/// Bytes that a row takes, about.
pub(super) fn weight(row: &Row) -> usize {
    use crate::document::Value;
    row.columns
        .iter()
        .map(|(name, value)| {
            name.len()
                + match value {
                    Value::Text(bytes) | Value::Blob(bytes) => bytes.len(),
                    _ => 16,
                }
        })
        .sum()
}
