//! Which articles readers could see and can't any more: what a feed's tombstones tell (RFC 6721). That
//! an article is gone is stated by no document, so `feeds.lock` keeps it; here stand only the lines
//! that could not be written to it yet. Which feeds tell of it is the feed room's.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::diff::{Change, Decision};
use super::{Catalog, Error};
use crate::article::Term;

/// A state that was made without it gets it at its next run.
const TABLE: &str = "
    create table if not exists unwritten_gone (
        id text primary key,
        at integer not null
    ) strict, without rowid;";

pub(super) fn make(db: &Connection) -> Result<(), Error> {
    db.execute_batch(TABLE).map_err(Error::database)
}

/// An article that readers could see as of the last run, and can't once a decision is current.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaving {
    /// The id that it was published under.
    pub id: String,
    /// The terms that it had.
    pub terms: Vec<Term>,
}

/// `?1` is the instant. Of articles as they stand.
const VISIBLE: &str = "shown = 1 and (released = 1 or published <= ?1)
    and (expires is null or expires > ?1)";

impl Catalog {
    /// The articles that readers could see as of the last run and can't as of `as_of`, once `decision`
    /// is current: withdrawn, hidden, expired.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn leaving(
        &self,
        decision: &Decision,
        as_of: DateTime<Utc>,
    ) -> Result<Vec<Leaving>, Error> {
        let Some(last) = self.as_of()? else { return Ok(Vec::new()) };
        let mut gone: BTreeMap<i64, String> = BTreeMap::new();
        for change in &decision.changes {
            let (article, id, stays) = match change {
                Change::Withdrawn { article, id, .. } => (*article, id, false),
                Change::Edited { article, sighting, id, .. }
                | Change::Repointed { article, sighting, id, .. } => {
                    (*article, id, self.will_show(Some(*article), *sighting, false, as_of)?)
                }
                Change::New { .. } => continue,
            };
            if !stays && self.is_visible(article, last)? {
                gone.insert(article, id.clone());
            }
        }
        let changed: BTreeSet<i64> = decision.changes.iter().filter_map(standing).collect();
        for (article, id) in self.expiring(last, as_of)? {
            if !changed.contains(&article) {
                gone.insert(article, id);
            }
        }
        gone.into_iter()
            .map(|(article, id)| Ok(Leaving { id, terms: self.article(article)?.0.terms }))
            .collect()
    }

    /// Which of these ids readers can see as of `as_of`, once `decision` is current.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn showing<'a>(
        &self,
        ids: impl Iterator<Item = &'a str>,
        decision: &Decision,
        as_of: DateTime<Utc>,
    ) -> Result<BTreeSet<&'a str>, Error> {
        let changes: HashMap<&str, &Change> =
            decision.changes.iter().map(|c| (c.id(), c)).collect();
        let mut showing = BTreeSet::new();
        for id in ids {
            let shows = match changes.get(id) {
                Some(Change::Withdrawn { .. }) => false,
                Some(Change::New { sighting, was_out, .. }) => {
                    self.will_show(None, *sighting, *was_out, as_of)?
                }
                Some(
                    Change::Edited { article, sighting, .. }
                    | Change::Repointed { article, sighting, .. },
                ) => self.will_show(Some(*article), *sighting, false, as_of)?,
                None => self.shows(id, as_of)?,
            };
            if shows {
                showing.insert(id);
            }
        }
        Ok(showing)
    }

    fn expiring(
        &self,
        last: DateTime<Utc>,
        as_of: DateTime<Utc>,
    ) -> Result<Vec<(i64, String)>, Error> {
        self.db
            .prepare_cached(
                "select article, id from article
                 where expires > ?1 and expires <= ?2 and shown = 1
                   and (released = 1 or published <= ?1)",
            )
            .and_then(|mut q| {
                q.query_map(params![last.timestamp(), as_of.timestamp()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
            })
            .map_err(Error::database)
    }

    fn is_visible(&self, article: i64, at: DateTime<Utc>) -> Result<bool, Error> {
        self.db
            .prepare_cached(&format!(
                "select exists (select 1 from article where article = ?2 and {VISIBLE})"
            ))
            .and_then(|mut q| q.query_row(params![at.timestamp(), article], |row| row.get(0)))
            .map_err(Error::database)
    }

    fn shows(&self, id: &str, at: DateTime<Utc>) -> Result<bool, Error> {
        self.db
            .prepare_cached(&format!(
                "select exists (select 1 from article where id = ?2 and {VISIBLE})"
            ))
            .and_then(|mut q| q.query_row(params![at.timestamp(), id], |row| row.get(0)))
            .map_err(Error::database)
    }

    /// Whether a sighting shows once it is an article's.
    fn will_show(
        &self,
        article: Option<i64>,
        sighting: i64,
        was_out: bool,
        as_of: DateTime<Utc>,
    ) -> Result<bool, Error> {
        self.db
            .prepare_cached(
                "select s.shown = 1 and (s.expires is null or s.expires > ?1)
                    and (?4 or s.published is null or s.published <= ?1
                         or exists (select 1 from article a where a.article = ?2
                                    and a.released = 1 and a.published = s.published))
                 from sighting s where s.sighting = ?3",
            )
            .and_then(|mut q| {
                q.query_row(params![as_of.timestamp(), article, sighting, was_out], |row| {
                    row.get(0)
                })
                .optional()
            })
            .map(Option::unwrap_or_default)
            .map_err(Error::database)
    }

    /// The `gone` lines that `feeds.lock` could not take yet, by id.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn unwritten_gone(&self) -> Result<BTreeMap<String, DateTime<Utc>>, Error> {
        let mut gone = BTreeMap::new();
        if !self.has_table("unwritten_gone")? {
            return Ok(gone);
        }
        self.rows("select id, at from unwritten_gone", |row| {
            gone.insert(row.get(0)?, DateTime::from_timestamp(row.get(1)?, 0).unwrap_or_default());
            Ok(())
        })?;
        Ok(gone)
    }

    /// Keeps the `gone` lines that `feeds.lock` could not take, in place of those that were kept.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn keep_unwritten_gone(
        &mut self,
        gone: &BTreeMap<String, DateTime<Utc>>,
    ) -> Result<(), Error> {
        if self.unwritten_gone()? == *gone {
            return Ok(());
        }
        let transaction = self.db.transaction().map_err(Error::database)?;
        transaction.execute("delete from unwritten_gone", []).map_err(Error::database)?;
        for (id, at) in gone {
            transaction
                .execute("insert into unwritten_gone values (?, ?)", params![id, at.timestamp()])
                .map_err(Error::database)?;
        }
        transaction.commit().map_err(Error::database)
    }

    /// Whether a document could not be read of which no good version is known: then it can't be told
    /// what is gone.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn has_unread(&self) -> Result<bool, Error> {
        self.db
            .query_row(
                "select exists (select 1 from staged where failed = 1 and version = 0)
                     or exists (select 1 from document where failed = 1 and version = 0)",
                [],
                |row| row.get(0),
            )
            .map_err(Error::database)
    }
}

/// The article of a change of one that stands.
fn standing(change: &Change) -> Option<i64> {
    match change {
        Change::New { .. } => None,
        Change::Edited { article, .. }
        | Change::Repointed { article, .. }
        | Change::Withdrawn { article, .. } => Some(*article),
    }
}
