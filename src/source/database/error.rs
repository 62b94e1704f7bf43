//! Why a database can't be read, in sentences that never hold a string of the query: it may be a
//! secret that a variable filled in.

use rusqlite::ErrorCode;

use super::{LOCK_WAIT, Options};

/// The database could not be read, or not to its end: rows that weren't delivered may still exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such file.
    #[error("the database {0} isn't there")]
    Missing(String),
    /// Something else than a file is there.
    #[error("the database {0} is no file")]
    NotAFile(String),
    /// The file is something else, or damaged.
    #[error("the file of {shown} is no SQLite database, or it is damaged: {reason}")]
    NotADatabase {
        /// The database as `feeds.toml` writes it.
        shown: String,
        /// SQLite's sentence.
        reason: String,
    },
    /// The system refuses it.
    #[error("the database {shown} can't be read: {reason}")]
    Unreadable {
        /// The database as `feeds.toml` writes it.
        shown: String,
        /// SQLite's or the system's sentence.
        reason: String,
    },
    /// Its write-ahead log can't be read from here.
    #[error(
        "the database {0} has a write-ahead log that can be read only with write access to its \
         folder: give that, or have its owner checkpoint and close it"
    )]
    LogOutOfReach(String),
    /// A change of it was broken off and waits to be rolled back.
    #[error(
        "a change of the database {0} was broken off half-way; it can be read once a program that \
         may write has opened it"
    )]
    Unfinished(String),
    /// Someone wrote to a database that could only be read on the assumption that nobody does.
    #[error("the database {0} changed while it was read, and its folder allows no lock")]
    Changed(String),
    /// Another program holds it.
    #[error("the database {shown} has been locked by another program for {waited_s} s")]
    Locked {
        /// The database as `feeds.toml` writes it.
        shown: String,
        /// How long was waited for it.
        waited_s: u64,
    },
    /// The query took too long.
    #[error("the query of {shown} took longer than {limit_s} s and was broken off")]
    TooSlow {
        /// The database as `feeds.toml` writes it.
        shown: String,
        /// The limit.
        limit_s: u64,
    },
    /// There is no query.
    #[error("the query of {0} is empty")]
    NoQuery(String),
    /// There are several.
    #[error("the query of {0} holds more than one statement; only a single SELECT is run")]
    NotOneStatement(String),
    /// It isn't a question.
    #[error("the query of {0} isn't a SELECT; nothing is ever written to a source")]
    NotASelect(String),
    /// It has places for values that nobody gives.
    #[error("the query of {0} has parameters; write values in their place")]
    Parameters(String),
    /// The database doesn't understand it.
    #[error("the query of {shown} failed: {reason}")]
    Query {
        /// The database as `feeds.toml` writes it.
        shown: String,
        /// SQLite's sentence, string literals left out.
        reason: String,
    },
}

impl Error {
    pub(super) fn of(error: rusqlite::Error, options: &Options) -> Error {
        let shown = options.shown.clone();
        let reason = match &error {
            rusqlite::Error::MultipleStatement => return Error::NotOneStatement(shown),
            rusqlite::Error::Empty => return Error::NoQuery(shown),
            // These know the query, which is not to be shown.
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
