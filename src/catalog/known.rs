//! What the catalog knows of ids beside what `feeds.lock` says of them: where a line contradicts an
//! article that stands, or gives another first sight, there is something to decide though no document
//! changed.

use rusqlite::{OptionalExtension, params};

use super::lock::Lock;
use super::lock::prune::Needed;
use super::{Catalog, Error};

const TABLES: &str = "
    create temp table if not exists contradicted (rule_id text primary key) without rowid;
    create temp table if not exists resighted (id text primary key, at integer not null)
        without rowid;
    delete from temp.contradicted;
    delete from temp.resighted;";

/// A document of which nothing is known but that it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its source.
    pub source: String,
    /// Its path within the source.
    pub path: String,
    /// What problems call it.
    pub shown: String,
}

impl Catalog {
    /// Compares a lock with the articles that stand, before anything is decided under it.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn compare(&mut self, lock: &Lock) -> Result<(), Error> {
        self.db.execute_batch(TABLES).map_err(Error::database)?;
        let mut found = 0;
        // Groups are found by what their sightings derive, which isn't the rule where that is shared.
        let sql = "insert or ignore into temp.contradicted
                   select s.rule_id from article a join sighting s on s.sighting = a.sighting
                   where (a.rule_id = ?1 and a.rule_id <> a.id or a.id = ?1 and a.rule_id = ?1)
                     and a.id <> ?2";
        let mut contradicts = self.db.prepare(sql).map_err(Error::database)?;
        for (rule, id) in &lock.ids {
            found += contradicts.execute([rule, id]).map_err(Error::database)?;
        }
        drop(contradicts);
        let sql = "insert into temp.resighted
                   select id, ?2 from article where id = ?1 and dated = 0 and published <> ?2";
        let mut sees = self.db.prepare(sql).map_err(Error::database)?;
        for (id, at) in &lock.seen {
            found += sees.execute(params![id, at.timestamp()]).map_err(Error::database)?;
        }
        drop(sees);
        self.differs = found > 0;
        Ok(())
    }

    /// The groups of articles that the lock contradicts are to be decided, too.
    pub(super) fn touch_contradicted(&self) -> Result<(), Error> {
        if self.differs {
            let sql = "insert or ignore into touched_rule select rule_id from temp.contradicted";
            self.db.execute(sql, []).map_err(Error::database)?;
        }
        Ok(())
    }

    /// Notes all that a lock may still be asked for: of articles that stand and of those that were
    /// withdrawn lately, and what documents give, whether they are articles or not.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn needed(&self, needed: &mut Needed) -> Result<(), Error> {
        self.rows("select id, rule_id from article", |row| {
            needed.article(row.get(0)?, row.get(1)?);
            Ok(())
        })?;
        self.rows("select id, rule_id from departed", |row| {
            let (id, rule): (String, String) = (row.get(0)?, row.get(1)?);
            needed.once(&id, &rule);
            Ok(())
        })?;
        self.rows("select source, path, rule_id from sighting", |row| {
            let (source, path): (String, String) = (row.get(0)?, row.get(1)?);
            let rule: String = row.get(2)?;
            needed.sighting(&source, &path, &rule);
            Ok(())
        })
    }

    /// Documents that could never be read.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn unread(&self) -> Result<Vec<Unread>, Error> {
        let mut unread = Vec::new();
        self.rows(
            "select source, path, shown from document where failed = 1 and version = 0
             order by source, path",
            |row| {
                let (source, path, shown) = (row.get(0)?, row.get(1)?, row.get(2)?);
                unread.push(Unread { source, path, shown });
                Ok(())
            },
        )?;
        Ok(unread)
    }

    /// Whether a document could be read at some time, and what it said then is kept.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn was_read(&self, source: &str, path: &str) -> Result<bool, Error> {
        self.db
            .prepare_cached(
                "select exists (select 1 from document
                                where source = ? and path = ? and version <> 0)",
            )
            .and_then(|mut q| q.query_row([source, path], |row| row.get(0)))
            .map_err(Error::database)
    }

    /// The rule id of an article that stands, by its id; `None` where none has it.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn rule_of(&self, id: &str) -> Result<Option<String>, Error> {
        self.db
            .prepare_cached("select rule_id from article where id = ?")
            .and_then(|mut q| q.query_row([id], |row| row.get(0)).optional())
            .map_err(Error::database)
    }
}
