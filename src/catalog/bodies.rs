//! Bodies by their hash, compressed, in a database file of their own: most of what happens to an
//! article needs no body. Written before anything names them, so that a crash leaves at most a body
//! that nothing names.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Error, NO_PROGRESS, check_version, open_database};
use crate::article::ContentHash;

/// Raised with the schema; kept as `user_version`.
const SCHEMA: i32 = 1;

/// What one body may unpack to: documents are limited to less.
const BODY_BYTES_MAX: usize = 128 << 20;

/// How hard bodies are compressed; higher levels cost more than the disk that they save.
pub(super) const ZSTD_LEVEL: i32 = 1;

/// A body takes one or two KiB: on small pages a quarter of each would stay empty.
const PAGE_BYTES: u32 = 16 << 10;

/// The bodies' database.
#[derive(Debug)]
pub(super) struct Bodies {
    db: Connection,
}

impl Bodies {
    pub(super) fn open(path: &Path, writable: bool) -> Result<Bodies, Error> {
        let db = open_database(path, writable, PAGE_BYTES)?;
        // A body must be on the disk before the catalog says that it is.
        db.pragma_update(None, "synchronous", "FULL").map_err(Error::database)?;
        check_version(&db, path, SCHEMA, writable, |db| {
            db.execute_batch(
                "create table body (
                    hash blob not null,
                    bytes integer not null,
                    html blob not null
                 ) strict;
                 create unique index body_hash on body (hash);",
            )
        })?;
        Ok(Bodies { db })
    }

    pub(super) fn put(&mut self, bodies: &[(ContentHash, u64, Vec<u8>)]) -> Result<(), Error> {
        if bodies.is_empty() {
            return Ok(());
        }
        let transaction = self.db.transaction().map_err(Error::database)?;
        {
            let mut insert = transaction
                .prepare_cached("insert or ignore into body (hash, bytes, html) values (?, ?, ?)")
                .map_err(Error::database)?;
            for (hash, bytes, html) in bodies {
                insert
                    .execute(params![hash.0, bytes.cast_signed(), html])
                    .map_err(Error::database)?;
            }
        }
        transaction.commit().map_err(Error::database)
    }

    /// Asks something of the database itself.
    pub(super) fn with(
        &self,
        ask: impl FnOnce(&Connection) -> Result<(), Error>,
    ) -> Result<(), Error> {
        ask(&self.db)
    }

    pub(super) fn copy_to(&self, path: &Path) -> Result<(), Error> {
        self.db.backup("main", path, NO_PROGRESS).map_err(Error::database)
    }

    pub(super) fn get(&self, hash: &ContentHash) -> Result<Option<String>, Error> {
        let packed: Option<(i64, Vec<u8>)> = self
            .db
            .prepare_cached("select bytes, html from body where hash = ?")
            .and_then(|mut q| {
                q.query_row([hash.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .map_err(Error::database)?;
        let Some((bytes, packed)) = packed else { return Ok(None) };
        let size = usize::try_from(bytes).unwrap_or(0).min(BODY_BYTES_MAX);
        let html = zstd::bulk::decompress(&packed, size).map_err(|_| Error::Damaged)?;
        String::from_utf8(html).map(Some).map_err(|_| Error::Damaged)
    }

    pub(super) fn remove(&mut self, hashes: &[ContentHash]) -> Result<(), Error> {
        if hashes.is_empty() {
            return Ok(());
        }
        let transaction = self.db.transaction().map_err(Error::database)?;
        for hash in hashes {
            transaction
                .prepare_cached("delete from body where hash = ?")
                .and_then(|mut q| q.execute([hash.0]))
                .map_err(Error::database)?;
        }
        transaction.commit().map_err(Error::database)
    }
}
