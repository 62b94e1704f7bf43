//! What is remembered of the looks at a database source: up to which change mark it was read, and when it was
//! swept. Noted once everything up to there is staged, so that a run that dies reads it again.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Catalog, Error, hash, known_where};
use crate::source::Known;
use crate::source::database::Remembered;

/// A state that was made without it gets it at its next run.
const TABLE: &str = "
    create table if not exists database_look (
        source text primary key,
        digest blob not null,
        mark blob not null,
        swept integer not null
    ) strict, without rowid;";

pub(super) fn make(db: &Connection) -> Result<(), Error> {
    db.execute_batch(TABLE).map_err(Error::database)
}

/// Asks for single documents while others are written.
#[derive(Debug)]
pub struct Lookup(Connection);

impl Lookup {
    /// What is known of these documents.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn known(&self, source: &str, paths: &[String]) -> Result<Vec<Known>, Error> {
        let mut known = Vec::with_capacity(paths.len());
        for path in paths {
            known_where(&self.0, "path = ?2", params![source, path], &mut known)?;
        }
        Ok(known)
    }

    /// Gives the path of each document of a source that is known.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn each_path(&self, source: &str, each: &mut dyn FnMut(String)) -> Result<(), Error> {
        let mut query = self
            .0
            .prepare_cached(
                "select path from document d where source = ?1
                   and not exists (select 1 from staged s
                                   where s.source = d.source and s.path = d.path)
                 union all
                 select path from staged where source = ?1 and vanished = 0",
            )
            .map_err(Error::database)?;
        let mut rows = query.query([source]).map_err(Error::database)?;
        while let Some(row) = rows.next().map_err(Error::database)? {
            each(row.get(0).map_err(Error::database)?);
        }
        Ok(())
    }

    /// Whether any document of a source is known.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn knows(&self, source: &str) -> Result<bool, Error> {
        self.0
            .prepare_cached(
                "select exists (select 1 from document where source = ?1)
                     or exists (select 1 from staged where source = ?1)",
            )
            .and_then(|mut q| q.query_row([source], |row| row.get(0)))
            .map_err(Error::database)
    }
}

impl Catalog {
    /// A connection of its own for lookups.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn lookup(&self) -> Result<Lookup, Error> {
        let path = self.db.path().ok_or(Error::Damaged)?;
        super::open_database(path.as_ref(), false, super::PAGE_BYTES).map(Lookup)
    }

    /// What is remembered of a database source, and when it was swept.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn database_look(
        &self,
        source: &str,
    ) -> Result<Option<(Remembered, DateTime<Utc>)>, Error> {
        let found = self
            .db
            .prepare_cached("select digest, mark, swept from database_look where source = ?")
            .and_then(|mut q| {
                q.query_row([source], |row| {
                    let remembered = Remembered { digest: hash(row, 0)?, mark: row.get(1)? };
                    Ok((remembered, row.get::<_, i64>(2)?))
                })
                .optional()
            })
            .map_err(Error::database)?;
        Ok(found.and_then(|(r, swept)| Some((r, DateTime::from_timestamp(swept, 0)?))))
    }

    /// Notes a look that ended well; `None` where nothing is to be remembered.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn note_database_look(
        &mut self,
        source: &str,
        remembered: Option<&Remembered>,
        swept: DateTime<Utc>,
    ) -> Result<(), Error> {
        let done = match remembered {
            Some(r) => self.db.execute(
                "insert or replace into database_look values (?, ?, ?, ?)",
                params![source, r.digest.0, r.mark, swept.timestamp()],
            ),
            None => self.db.execute("delete from database_look where source = ?", [source]),
        };
        done.map(drop).map_err(Error::database)
    }
}
