//! Which edition stands at each address, since when, and which files are ours. Written after the
//! tree, so a run that dies in between finds the tree ahead of the ledger and goes on from there. The
//! ledger also keeps what the last runs did, for `status` and for whoever waits for a turn.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::Validators;
use crate::article::ContentHash;
use crate::feed::address::Address;
use crate::problem::Problem;

/// Raised with the schema; kept as `user_version`.
const SCHEMA: i32 = 1;

/// Runs that are remembered.
const RUNS_MAX: i64 = 100;

/// The ledger can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refuses.
    #[error("the ledger can't be used: {0}")]
    Database(#[from] rusqlite::Error),
    /// A later release made it.
    #[error(
        "the ledger was written by a later release of feedwright (schema {0}); run that release, or \
         delete the state folder, which costs one cold run"
    )]
    Newer(i32),
}

/// What stands at one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What its window was; equal fingerprints, equal bytes.
    pub fingerprint: ContentHash,
    /// What is published; `None` while nothing is.
    pub validators: Option<Validators>,
    /// Bytes of identity.
    pub bytes: u64,
    /// Why the edition of `fingerprint` isn't published.
    pub refused: Option<String>,
    /// What could not be kept whole in it; told again while it stands.
    pub problems: Vec<Problem>,
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// The command: `serve`, `regenerate`.
    pub command: String,
    /// What it did; JSON of the run's report. Opaque here.
    pub report: serde_json::Value,
}

/// The ledger, open.
#[derive(Debug)]
pub struct Ledger {
    db: Connection,
}

impl Ledger {
    /// Opens the ledger, making it where there is none.
    ///
    /// # Errors
    /// Where SQLite refuses, or a later release made it.
    pub fn open(path: &Path) -> Result<Ledger, Error> {
        let db = Connection::open(path)?;
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        // The ledger says which files are ours: it must not forget one that it noted.
        db.pragma_update(None, "synchronous", "FULL")?;
        let found: i32 = db.query_row("pragma user_version", [], |row| row.get(0))?;
        if found > SCHEMA {
            return Err(Error::Newer(found));
        }
        if found == 0 {
            db.execute_batch(
                "begin immediate;
                 create table if not exists edition (
                    address text primary key,
                    fingerprint blob not null,
                    hash blob,
                    last_modified integer,
                    bytes integer not null,
                    refused text,
                    problems text
                 ) strict, without rowid;
                 create table if not exists ours (address text primary key) strict, without rowid;
                 create table if not exists tree (
                    one integer primary key check (one = 1),
                    path text not null
                 ) strict;
                 create table if not exists run (
                    run integer primary key autoincrement,
                    ended text not null,
                    command text not null,
                    report text not null
                 ) strict;
                 pragma user_version = 1;
                 commit;",
            )?;
        }
        Ok(Ledger { db })
    }

    /// Opens the ledger to ask it; `None` where there is none yet.
    ///
    /// # Errors
    /// Where SQLite refuses, or a later release made it.
    pub fn open_to_read(path: &Path) -> Result<Option<Ledger>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        db.pragma_update(None, "query_only", true)?;
        match db.query_row("pragma user_version", [], |row| row.get(0))? {
            // Somebody is about to make it.
            0 => Ok(None),
            found if found > SCHEMA => Err(Error::Newer(found)),
            _ => Ok(Some(Ledger { db })),
        }
    }

    /// The editions that are refused, and why.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn refused(&self) -> Result<BTreeMap<Address, String>, Error> {
        let mut query = self
            .db
            .prepare_cached("select address, refused from edition where refused is not null")?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let mut all = BTreeMap::new();
        for row in rows {
            let (address, reason) = row?;
            all.extend(Address::parse(&address).map(|address| (address, reason)));
        }
        Ok(all)
    }

    /// What stands where.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn rows(&self) -> Result<BTreeMap<Address, Row>, Error> {
        let mut query = self.db.prepare_cached(
            "select address, fingerprint, hash, last_modified, bytes, refused, problems from edition",
        )?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, read(row)?)))?;
        let mut all = BTreeMap::new();
        for row in rows {
            let (address, row) = row?;
            // One that this release doesn't know any more is no edition of ours to serve.
            if let Some(address) = Address::parse(&address) {
                all.insert(address, row);
            }
        }
        Ok(all)
    }

    /// What stands at one address.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn row(&self, address: &Address) -> Result<Option<Row>, Error> {
        let mut query = self.db.prepare_cached(
            "select address, fingerprint, hash, last_modified, bytes, refused, problems from edition
             where address = ?",
        )?;
        let mut rows = query.query([address.url_path()])?;
        Ok(rows.next()?.map(read).transpose()?)
    }

    /// Notes what stands at addresses, and that nothing stands at others.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn put(&mut self, rows: &[(Address, Row)], gone: &[Address]) -> Result<(), Error> {
        let transaction = self.db.transaction()?;
        for (address, row) in rows {
            transaction
                .prepare_cached("insert or replace into edition values (?, ?, ?, ?, ?, ?, ?)")?
                .execute(params![
                    address.url_path(),
                    row.fingerprint.0,
                    row.validators.map(|v| v.hash.0),
                    row.validators.map(|v| v.last_modified.timestamp()),
                    row.bytes.cast_signed(),
                    row.refused,
                    problems_text(&row.problems)
                ])?;
        }
        for address in gone {
            for sql in
                ["delete from edition where address = ?", "delete from ours where address = ?"]
            {
                transaction.prepare_cached(sql)?.execute([address.url_path()])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Notes which tree the files are in, by its path from the state folder. Those of another tree
    /// say nothing of this one: none of its files are ours then.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn follow(&mut self, tree: &str) -> Result<(), Error> {
        let transaction = self.db.transaction()?;
        let noted: Option<String> =
            transaction.query_row("select path from tree", [], |row| row.get(0)).optional()?;
        if noted.as_deref() == Some(tree) {
            return Ok(());
        }
        if noted.is_some() {
            transaction.execute("delete from ours", [])?;
        }
        transaction.execute("insert or replace into tree values (1, ?)", [tree])?;
        Ok(transaction.commit()?)
    }

    /// The addresses whose files in the tree are ours.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn ours(&self) -> Result<BTreeSet<Address>, Error> {
        let mut query = self.db.prepare_cached("select address from ours")?;
        let rows = query.query_map([], |row| row.get::<_, String>(0))?;
        let mut all = BTreeSet::new();
        for address in rows {
            all.extend(Address::parse(&address?));
        }
        Ok(all)
    }

    /// Notes, before the first of them is made, that the files at these addresses are ours.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn claim(&mut self, addresses: &[Address]) -> Result<(), Error> {
        if addresses.is_empty() {
            return Ok(());
        }
        let transaction = self.db.transaction()?;
        for address in addresses {
            transaction
                .prepare_cached("insert or ignore into ours values (?)")?
                .execute([address.url_path()])?;
        }
        Ok(transaction.commit()?)
    }

    /// Remembers a run.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn remember(&mut self, run: &Run) -> Result<(), Error> {
        let transaction = self.db.transaction()?;
        transaction
            .prepare_cached("insert into run (ended, command, report) values (?, ?, ?)")?
            .execute(params![run.ended.to_rfc3339(), run.command, run.report.to_string()])?;
        transaction
            .prepare_cached("delete from run where run <= (select max(run) from run) - ?")?
            .execute([RUNS_MAX])?;
        Ok(transaction.commit()?)
    }

    /// The last runs, newest first.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn runs(&self, most: u32) -> Result<Vec<Run>, Error> {
        let mut query = self
            .db
            .prepare_cached("select ended, command, report from run order by run desc limit ?")?;
        let rows = query.query_map([most], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })?;
        let mut runs = Vec::new();
        for row in rows {
            let (ended, command, report) = row?;
            let ended = DateTime::parse_from_rfc3339(&ended).map(|t| t.to_utc());
            runs.push(Run {
                ended: ended.unwrap_or_default(),
                command,
                report: serde_json::from_str(&report).unwrap_or_default(),
            });
        }
        Ok(runs)
    }
}

fn problems_text(problems: &[Problem]) -> Option<String> {
    if problems.is_empty() { None } else { serde_json::to_string(problems).ok() }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let hash: Option<[u8; 16]> = row.get(2)?;
    let last_modified: Option<i64> = row.get(3)?;
    let validators = hash.zip(last_modified).map(|(hash, at)| Validators {
        hash: ContentHash(hash),
        last_modified: DateTime::from_timestamp(at, 0).unwrap_or_default(),
    });
    Ok(Row {
        fingerprint: ContentHash(row.get(1)?),
        validators,
        bytes: row.get::<_, i64>(4)?.cast_unsigned(),
        refused: row.get(5)?,
        // Written by ourselves; one that can't be read is told when the edition is made again.
        problems: row
            .get::<_, Option<String>>(6)?
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default(),
    })
}
