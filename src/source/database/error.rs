//! Why a database can't be read, in sentences that never hold a string of the query: it may be a
//! secret that a variable filled in.

use super::question::{Dialect, literals};

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
    /// The server isn't there, or doesn't answer.
    #[error("the database {shown} can't be reached: {reason}")]
    Unreachable {
        /// The database as `feeds.toml` writes it.
        shown: String,
        /// The system's or the server's sentence.
        reason: String,
    },
    /// The server doesn't let us in.
    #[error("the database {shown} refuses the login: {reason}")]
    Refused {
        /// The database as `feeds.toml` writes it.
        shown: String,
        /// The server's sentence.
        reason: String,
    },
    /// The connection ended in the middle of an answer.
    #[error("the database {shown} broke off: {reason}")]
    Broken {
        /// The database as `feeds.toml` writes it.
        shown: String,
        /// The system's or the server's sentence.
        reason: String,
    },
    /// What is needed to come to it can't be read: a file with a password, or with certificates.
    #[error("{file}, which the database {shown} needs, can't be read: {reason}")]
    File {
        /// The database as `feeds.toml` writes it.
        shown: String,
        /// The file.
        file: String,
        /// The system's sentence.
        reason: String,
    },
    /// A question that is asked for some rows has no place for their ids.
    #[error("{shown} has no `:ids`, so it would give all rows for a few; write `… in (:ids)`")]
    NoIds {
        /// The question.
        shown: String,
    },
    /// A question's answer lacks the column by which its rows belong to others.
    #[error("{shown} gives no column \"id\", by which its rows belong to those of `query`")]
    NoIdColumn {
        /// The question.
        shown: String,
    },
    /// The database doesn't understand it.
    #[error("the query of {shown} failed: {reason}")]
    Query {
        /// The database as `feeds.toml` writes it.
        shown: String,
        /// SQLite's sentence, string literals left out.
        reason: String,
    },
}

/// A server's sentence without what a question holds as a string.
pub(super) fn without_strings(message: &str, sql: &str, dialect: Dialect) -> String {
    let mut told = message.to_owned();
    // MySQL repeats the question from where it didn't understand it.
    if dialect == Dialect::Mysql
        && let Some(at) = told.find("near '")
    {
        told.truncate(at + "near '".len());
        told.push_str("…'");
    }
    for literal in literals(sql, dialect).into_iter().filter(|l| !l.trim().is_empty()) {
        told = told.replace(literal, "…");
    }
    told
}
