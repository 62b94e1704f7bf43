//! When articles were first seen, released and withdrawn: for `explain`, so in tables of their own,
//! which a state that was made without them gets at its next run. One thing is decided by them: that
//! an article that comes back had been out. They are lost with the state.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};

use super::{Catalog, Error};

const TABLES: &str = "
    create table if not exists article_time (
        article integer primary key,
        seen integer not null,      -- the run that first knew it
        released integer            -- the run that first let it out
    ) strict;
    -- The same of articles that were withdrawn lately.
    create table if not exists departed_time (
        id text primary key,
        seen integer not null,
        released integer
    ) strict, without rowid;";

/// When an article was first known, and when it first went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// The instant of the run that first knew it.
    pub seen: Option<DateTime<Utc>>,
    /// The instant of the run that first let it out.
    pub released: Option<DateTime<Utc>>,
}

pub(super) fn make(db: &Connection) -> Result<(), Error> {
    db.execute_batch(TABLES).map_err(Error::database)
}

/// Notes that the newcomers of a commit are in the catalog from now on; one that comes back keeps its
/// times. One that was out counts as released from now on, where nothing else is known.
pub(super) fn seen(db: &Connection, as_of: i64) -> Result<(), Error> {
    run(
        db,
        "insert or replace into article_time
         select a.article, coalesce(d.seen, ?1),
            coalesce(d.released, case when n.was_out then ?1 end)
         from temp.newcomer n cross join article a on a.id = n.id
         left join departed_time d on d.id = a.id",
        [as_of],
    )?;
    run(db, "delete from departed_time where id in (select id from temp.newcomer)", [])
}

/// Notes the same of strangers, of which nothing else is known.
pub(super) fn met(db: &Connection, as_of: i64) -> Result<(), Error> {
    run(
        db,
        "insert or replace into article_time
         select a.article, ?1, case when a.released then ?1 end
         from temp.stranger x cross join article a on a.sighting = x.sighting",
        [as_of],
    )
}

/// Notes that an article is about to be withdrawn.
pub(super) fn departs(db: &Connection, article: i64) -> Result<(), Error> {
    run(
        db,
        "insert or replace into departed_time
         select a.id, t.seen, case when a.released = 1 then t.released end
         from article a join article_time t on t.article = a.article where a.article = ?",
        [article],
    )?;
    run(db, "delete from article_time where article = ?", [article])
}

/// Notes which articles are about to be released.
pub(super) fn released(db: &Connection, as_of: i64) -> Result<(), Error> {
    run(
        db,
        "update article_time set released = ?1
         where released is null and article in
            (select article from article where released = 0 and published <= ?1)",
        [as_of],
    )
}

/// Forgets those that were withdrawn before an instant.
pub(super) fn forget(db: &Connection, before: i64) -> Result<(), Error> {
    run(
        db,
        "delete from departed_time where id in (select id from departed where at < ?)",
        [before],
    )
}

fn run(db: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<(), Error> {
    db.prepare_cached(sql).and_then(|mut q| q.execute(values)).map_err(Error::database)?;
    Ok(())
}

impl Catalog {
    /// When an article that stands was first seen and released.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn times(&self, article: i64) -> Result<Times, Error> {
        self.times_of("select seen, released from article_time where article = ?", [article])
    }

    /// When an article that was withdrawn lately was first seen and released.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn departed_times(&self, id: &str) -> Result<Times, Error> {
        self.times_of("select seen, released from departed_time where id = ?", [id])
    }

    fn times_of(&self, sql: &str, key: impl rusqlite::Params) -> Result<Times, Error> {
        if !self.has_table("article_time")? {
            // No run has been since the release that keeps them.
            return Ok(Times::default());
        }
        let time = |at: Option<i64>| at.and_then(|at| DateTime::from_timestamp(at, 0));
        self.db
            .prepare_cached(sql)
            .and_then(|mut q| {
                q.query_row(key, |row| {
                    Ok(Times { seen: time(row.get(0)?), released: time(row.get(1)?) })
                })
                .optional()
            })
            .map(Option::unwrap_or_default)
            .map_err(Error::database)
    }
}
