//! When databases were looked at, and how that ended: for operators, so in a table of its own, which a state
//! that was made without it gets at its next run. Nothing is decided by it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::{Catalog, Error};

const TABLE: &str = "
    create table if not exists source_look (
        source text primary key,
        looked integer,             -- the last look that came to its end, of whatever kind
        whole integer,              -- the last one at all rows
        down integer                -- the first of the looks that failed since; null where none did
    ) strict, without rowid;";

/// How a look at a database ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It read all rows.
    Whole,
    /// It read those that changed, or differed.
    Part,
    /// It didn't come to its end.
    Failed,
}

/// When a database was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looks {
    /// The last look that came to its end.
    pub looked: Option<DateTime<Utc>>,
    /// The last one at all rows.
    pub whole: Option<DateTime<Utc>>,
    /// Since when looks fail.
    pub down: Option<DateTime<Utc>>,
}

pub(super) fn make(db: &Connection) -> Result<(), Error> {
    db.execute_batch(TABLE).map_err(Error::database)
}

impl Catalog {
    /// Notes how a look ended.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn note_look(&mut self, source: &str, at: DateTime<Utc>, how: Ended) -> Result<(), Error> {
        let sql = match how {
            Ended::Whole => {
                "insert or replace into source_look (source, looked, whole, down)
                 values (?1, ?2, ?2, null)"
            }
            Ended::Part => {
                "insert into source_look (source, looked) values (?1, ?2)
                 on conflict (source) do update set looked = ?2, down = null"
            }
            Ended::Failed => {
                "insert into source_look (source, down) values (?1, ?2)
                 on conflict (source) do update set down = coalesce(down, ?2)"
            }
        };
        let done = self.db.prepare_cached(sql);
        let done = done.and_then(|mut q| q.execute(params![source, at.timestamp()]));
        done.map(drop).map_err(Error::database)
    }

    /// When databases were looked at, by source.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn source_looks(&self) -> Result<BTreeMap<String, Looks>, Error> {
        let mut all = BTreeMap::new();
        if !self.has_table("source_look")? {
            return Ok(all);
        }
        let time = |at: Option<i64>| at.and_then(|at| DateTime::from_timestamp(at, 0));
        self.rows("select source, looked, whole, down from source_look", |row| {
            let looks = Looks {
                looked: time(row.get(1)?),
                whole: time(row.get(2)?),
                down: time(row.get(3)?),
            };
            all.insert(row.get(0)?, looks);
            Ok(())
        })?;
        Ok(all)
    }

    /// How many documents of a source are known.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn count_documents(&self, source: &str) -> Result<u64, Error> {
        self.db
            .prepare_cached("select count(*) from document where source = ?")
            .and_then(|mut q| q.query_row([source], |row| row.get::<_, i64>(0)))
            .map(i64::unsigned_abs)
            .map_err(Error::database)
    }
}
