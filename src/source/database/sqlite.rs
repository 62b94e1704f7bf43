//! SQLite: a file of this machine, read under one read transaction. A question that takes too long is
//! interrupted from another thread.

pub(super) mod open;
mod watchdog;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, Statement, params_from_iter};

use self::open::Opened;
use self::watchdog::Watchdog;
use super::question::{self, Dialect, begins_a_select};
use super::session::{Asked, PAGE_BYTES, PAGE_ROWS, Receive, weight};
use super::{Error, LOCK_WAIT, Options};
use crate::document::{Row, Value};

/// A SQLite file, open.
pub(super) struct Session {
    opened: Opened,
    watchdog: Watchdog,
    file: PathBuf,
    shown: String,
    limit: Duration,
}

impl Session {
    pub(super) fn open(file: &Path, options: &Options) -> Result<Session, Error> {
        let opened = open::open(file, &options.shown)?;
        let watchdog = Watchdog::start(opened.connection.get_interrupt_handle(), options.limit);
        let shown = options.shown.clone();
        let session =
            Session { opened, watchdog, file: file.to_owned(), shown, limit: options.limit };
        let begun = session.opened.connection.execute_batch("begin");
        begun.map_err(|e| fault(e, &session.shown))?;
        Ok(session)
    }

    pub(super) fn ask(&self, asked: Asked<'_>, receive: &mut Receive<'_>) -> Result<(), Error> {
        let spent = self.watchdog.restart();
        let done = self.step(asked, receive);
        self.watchdog.resume(spent);
        done.map_err(|error| match error {
            Error::Query { shown, .. } if self.watchdog.barked() => {
                Error::TooSlow { shown, limit_s: self.limit.as_secs() }
            }
            error => error,
        })
    }

    fn step(&self, asked: Asked<'_>, receive: &mut Receive<'_>) -> Result<(), Error> {
        let fault = |error| fault(error, asked.shown);
        let bound = question::bind(asked.sql, Dialect::Sqlite, asked.given);
        let mut statement = self.prepare(&bound.sql, bound.values.len(), asked.shown)?;
        let given = bound.values.iter().map(|value| {
            ToSqlOutput::Borrowed(match raw(value) {
                // Below everything else: a number is less than any text.
                ValueRef::Null => ValueRef::Integer(i64::MIN),
                raw => raw,
            })
        });
        let mut rows = statement.query(params_from_iter(given)).map_err(fault)?;
        let mut names: Option<Vec<String>> = None;
        let (mut page, mut bytes) = (Vec::new(), 0);
        while let Some(row) = self.watchdog.watch(|| rows.next()).map_err(fault)? {
            // Only after the first step are they those of the schema as it is now.
            if names.is_none() {
                names = Some(names_of(row.as_ref(), asked.shown)?);
            }
            let Some(names) = &names else { continue };
            let mut columns = Vec::with_capacity(names.len());
            for (at, name) in names.iter().enumerate() {
                columns.push((name.clone(), value(row.get_ref(at).map_err(fault)?)));
            }
            let row = Row { columns };
            bytes += weight(&row);
            page.push(row);
            if page.len() >= PAGE_ROWS || bytes >= PAGE_BYTES {
                bytes = 0;
                if receive(std::mem::take(&mut page))?.is_break() {
                    return Ok(());
                }
            }
        }
        if page.is_empty() { Ok(()) } else { receive(page).map(drop) }
    }

    fn prepare(&self, sql: &str, values: usize, shown: &str) -> Result<Statement<'_>, Error> {
        let statement = self.opened.connection.prepare(sql).map_err(|e| fault(e, shown))?;
        // `readonly` alone would let BEGIN, ATTACH and PRAGMA through.
        let asks = statement.readonly() && statement.is_explain() == 0 && begins_a_select(sql);
        if !asks {
            return Err(Error::NotASelect(shown.to_owned()));
        }
        if statement.parameter_count() != values {
            return Err(Error::Parameters(shown.to_owned()));
        }
        Ok(statement)
    }

    pub(super) fn renew(&self) -> Result<(), Error> {
        let renewed = self.opened.connection.execute_batch("commit; begin");
        renewed.map_err(|e| fault(e, &self.shown))
    }

    /// Whether what was read is one state of the database.
    pub(super) fn end(self) -> Result<(), Error> {
        self.opened.unchanged(&self.file, &self.shown)
    }
}

fn names_of(statement: &Statement<'_>, shown: &str) -> Result<Vec<String>, Error> {
    // rusqlite panics at a name that isn't UTF-8, which a schema may well have.
    let read = || statement.column_names().map(str::to_owned).collect::<Vec<String>>();
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).map_err(|_| {
        let reason = "the name of a column isn't UTF-8".to_owned();
        Error::Query { shown: shown.to_owned(), reason }
    })
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

/// A value as SQLite takes it.
pub(super) fn raw(value: &Value) -> ValueRef<'_> {
    match value {
        Value::Null | Value::Rows(_) => ValueRef::Null,
        Value::Integer(n) => ValueRef::Integer(*n),
        Value::Real(n) => ValueRef::Real(*n),
        Value::Text(bytes) => ValueRef::Text(bytes),
        Value::Blob(bytes) => ValueRef::Blob(bytes),
    }
}

/// What SQLite says, as ours. Its sentences about a question know the question, which is not to be shown.
pub(super) fn fault(error: rusqlite::Error, shown: &str) -> Error {
    let shown = shown.to_owned();
    let reason = match &error {
        rusqlite::Error::MultipleStatement => return Error::NotOneStatement(shown),
        rusqlite::Error::Empty => return Error::NoQuery(shown),
        rusqlite::Error::SqlInputError { msg, .. }
        | rusqlite::Error::SqliteFailure(_, Some(msg)) => without_literals(msg),
        rusqlite::Error::SqliteFailure(failure, None) => failure.to_string(),
        other => without_literals(&other.to_string()),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::Locked { shown, waited_s: LOCK_WAIT.as_secs() }
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            Error::NotADatabase { shown, reason }
        }
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::SystemIoFailure
            | ErrorCode::NoLargeFileSupport,
        ) => Error::Unreadable { shown, reason },
        Some(ErrorCode::ReadOnly) => Error::Unfinished(shown),
        _ => Error::Query { shown, reason },
    }
}

/// SQLite's sentence without string literals: a query's may hold what nobody else is to see.
fn without_literals(message: &str) -> String {
    match (message.find('\''), message.rfind('\'')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}'…'{}", &message[..first], &message[last + 1..])
        }
        (Some(first), _) => format!("{}'…", &message[..first]),
        _ => message.to_owned(),
    }
}
