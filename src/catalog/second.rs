//! Second looks (DESIGN decision 3). Under the watcher a file that vanished may only be on its way, and
//! a new one may be the same on its way: git and editors remove before they add, `mv` across disks and
//! sync clients add before they remove. So what a quick look would withdraw, or take for a new article
//! though one with the same body stands, waits until it was looked at twice, two seconds apart. What
//! waits stays staged, and counts as if it hadn't been looked at. Deciding is pure; who looks, and when,
//! is the run's and the worker's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};

use super::diff::{Change, Decision, KnownArticle};
use super::lock::Lock;
use super::{Catalog, Error};

/// Between the two looks.
pub const APART: TimeDelta = TimeDelta::seconds(2);

/// In a table of its own, which a state that was made without it gets at its next run.
const TABLE: &str = "
    create table if not exists second_look (
        source text not null,
        path text not null,
        since integer not null,     -- the end of the first look, in ms since 1970
        looked integer not null,    -- the second look has been; what is left staged is a guard's
        primary key (source, path)
    ) strict, without rowid;";

/// A document: its source, and its path there.
pub type Document = (String, String);

/// What is known of a document that was looked at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// When the first look at it was over.
    pub since: DateTime<Utc>,
    /// Whether the second has been.
    pub twice: bool,
}

impl Look {
    fn is_due(self, now: DateTime<Utc>) -> bool {
        // A first look in the future was before the clock was set back.
        !self.twice && (now - self.since >= APART || self.since > now)
    }
}

/// The documents that wait, and those that did and are still staged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks(BTreeMap<Document, Look>);

impl Looks {
    /// The documents that are to be looked at again by a run that begins now.
    #[must_use]
    pub fn due(&self, now: DateTime<Utc>) -> BTreeSet<Document> {
        self.those(|look| look.is_due(now))
    }

    /// The documents that wait.
    #[must_use]
    pub fn waiting(&self) -> BTreeSet<Document> {
        self.those(|look| !look.twice)
    }

    /// The documents whose second look has been.
    #[must_use]
    pub fn seen_twice(&self) -> BTreeSet<Document> {
        self.those(|look| look.twice)
    }

    fn those(&self, are: impl Fn(Look) -> bool) -> BTreeSet<Document> {
        let these = self.0.iter().filter(|(_, look)| are(**look));
        these.map(|(document, _)| document.clone()).collect()
    }

    /// When the next document is due; `None` where none waits.
    #[must_use]
    pub fn next(&self) -> Option<DateTime<Utc>> {
        self.0.values().filter(|look| !look.twice).map(|look| look.since + APART).min()
    }

    /// What is so after a run that ended its looks now. `wait` are the documents that it left to a
    /// second look; one of those that were `due` and could not be looked at waits anew.
    #[must_use]
    pub fn after(
        &self,
        due: &BTreeSet<Document>,
        wait: &BTreeSet<Document>,
        now: DateTime<Utc>,
    ) -> Looks {
        let taken = self.0.keys().filter(|document| !wait.contains(*document));
        let twice = |look: &Look| Look { twice: true, ..*look };
        let mut after: BTreeMap<Document, Look> =
            taken.map(|document| (document.clone(), twice(&self.0[document]))).collect();
        for document in wait {
            let first = self.0.get(document).filter(|l| !l.twice && !due.contains(document));
            let since = first.map_or(now, |look| look.since);
            after.insert(document.clone(), Look { since, twice: false });
        }
        Looks(after)
    }
}

/// Who waits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patience {
    /// Sources whose documents are files; a row of a database is gone when it is gone. Empty: nobody
    /// waits.
    pub sources: BTreeSet<String>,
    /// Documents that were looked at twice.
    pub seen_twice: BTreeSet<Document>,
}

impl Patience {
    /// The documents whose part in a decision has to wait. `copies` are the newcomers whose body
    /// stands in their source already: sighting and path.
    #[must_use]
    pub fn leaves(
        &self,
        decision: &Decision,
        copies: &BTreeMap<i64, String>,
    ) -> BTreeSet<Document> {
        let of = |change: &Change| match change {
            Change::Withdrawn { source, path, vanished: true, .. } => {
                Some((source.clone(), path.clone()))
            }
            Change::New { sighting, source, .. } => {
                Some((source.clone(), copies.get(sighting)?.clone()))
            }
            _ => None,
        };
        let waits = |document: &Document| {
            self.sources.contains(&document.0) && !self.seen_twice.contains(document)
        };
        decision.changes.iter().filter_map(of).filter(waits).collect()
    }
}

pub(super) fn make(db: &Connection) -> Result<(), Error> {
    db.execute_batch(TABLE).map_err(Error::database)
}

impl Catalog {
    /// Decides as [`Catalog::decide`], but for what has to wait: that counts as if it hadn't been
    /// looked at. Gives the documents that wait, too.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn decide_patiently(
        &self,
        sources: &[String],
        lock: &Lock,
        learned: &[KnownArticle],
        patience: &Patience,
    ) -> Result<(Decision, BTreeSet<Document>), Error> {
        let mut wait = BTreeSet::new();
        loop {
            self.set_aside(&wait)?;
            let decision = self.decide(sources, lock, learned.to_vec())?;
            if patience.sources.is_empty() {
                return Ok((decision, wait));
            }
            // Without these, another may have lost what it was taken for.
            let more = patience.leaves(&decision, &self.copies(&decision)?);
            let before = wait.len();
            wait.extend(more);
            if wait.len() == before {
                return Ok((decision, wait));
            }
        }
    }

    /// Newcomers whose body is that of an article that is known: sighting and path.
    fn copies(&self, decision: &Decision) -> Result<BTreeMap<i64, String>, Error> {
        let mut copies = BTreeMap::new();
        for change in &decision.changes {
            let Change::New { sighting, .. } = change else { continue };
            let mut query = self
                .db
                .prepare_cached(
                    "select s.path from sighting s where s.sighting = ? and exists
                        (select 1 from sighting o cross join article a on a.sighting = o.sighting
                         where o.body = s.body and o.source = s.source)",
                )
                .map_err(Error::database)?;
            let mut rows = query.query([sighting]).map_err(Error::database)?;
            if let Some(row) = rows.next().map_err(Error::database)? {
                copies.insert(*sighting, row.get(0).map_err(Error::database)?);
            }
        }
        Ok(copies)
    }

    /// What waits, and what did and is still staged.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn looks(&self) -> Result<Looks, Error> {
        let mut looks = BTreeMap::new();
        self.rows("select source, path, since, looked from second_look", |row| {
            let since = DateTime::from_timestamp_millis(row.get(2)?).unwrap_or_default();
            looks.insert((row.get(0)?, row.get(1)?), Look { since, twice: row.get(3)? });
            Ok(())
        })?;
        Ok(Looks(looks))
    }

    /// Forgets that documents were found to be gone: they are looked at again.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn look_again<'a>(
        &mut self,
        documents: impl IntoIterator<Item = &'a Document>,
    ) -> Result<(), Error> {
        let transaction = self.db.transaction().map_err(Error::database)?;
        for (source, path) in documents {
            transaction
                .prepare_cached("delete from staged where source = ? and path = ? and vanished = 1")
                .and_then(|mut q| q.execute(params![source, path]))
                .map_err(Error::database)?;
        }
        transaction.commit().map_err(Error::database)
    }

    /// Keeps what waits from here on. What isn't staged any more is forgotten.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn keep_looks(&mut self, looks: &Looks) -> Result<Looks, Error> {
        let transaction = self.db.transaction().map_err(Error::database)?;
        transaction.execute("delete from second_look", []).map_err(Error::database)?;
        for ((source, path), look) in &looks.0 {
            transaction
                .prepare_cached(
                    "insert into second_look select ?1, ?2, ?3, ?4 where exists
                        (select 1 from staged where source = ?1 and path = ?2)",
                )
                .and_then(|mut q| {
                    q.execute(params![source, path, look.since.timestamp_millis(), look.twice])
                })
                .map_err(Error::database)?;
        }
        transaction.commit().map_err(Error::database)?;
        self.looks()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + ms).unwrap()
    }

    fn documents(paths: &[&str]) -> BTreeSet<Document> {
        paths.iter().map(|path| ("s".to_owned(), (*path).to_owned())).collect()
    }

    #[test]
    fn the_second_look_comes_two_seconds_after_the_first() {
        let none = documents(&[]);
        let looks = Looks::default().after(&none, &documents(&["a"]), at(0));
        let looks = looks.after(&none, &documents(&["a", "b"]), at(500));
        // A run that began before and ended later makes nobody wait longer.
        assert_eq!(looks.after(&none, &documents(&["a", "b"]), at(9000)), looks);
        assert_eq!(looks.next(), Some(at(2000)));
        assert_eq!(looks.due(at(1999)), documents(&[]));
        assert_eq!(looks.due(at(2000)), documents(&["a"]));
        assert_eq!(looks.due(at(2500)), documents(&["a", "b"]));
        // Set back, the clock can't tell how long it was.
        assert_eq!(looks.due(at(-3_600_000)), documents(&["a", "b"]));
    }

    #[test]
    fn what_was_looked_at_twice_is_not_looked_at_again() {
        let both = documents(&["a", "b"]);
        let looks = Looks::default().after(&documents(&[]), &both, at(0));
        let looks = looks.after(&both, &documents(&["b"]), at(2000));
        assert_eq!(looks.seen_twice(), documents(&["a"]));
        // It was due and could not be looked at.
        assert_eq!(looks.next(), Some(at(4000)));
        assert_eq!(looks.due(at(3999)), documents(&[]));
    }

    #[test]
    fn who_waits_is_a_file_that_vanished_or_a_copy() {
        let withdrawn = |path: &str, vanished| Change::Withdrawn {
            article: 1,
            id: path.to_owned(),
            source: "s".to_owned(),
            path: path.to_owned(),
            vanished,
        };
        let new = |sighting, source: &str| Change::New {
            was_out: false,
            sighting,
            id: String::new(),
            rule: String::new(),
            source: source.to_owned(),
        };
        let decision = Decision {
            changes: vec![
                withdrawn("gone", true),
                withdrawn("twice", true),
                withdrawn("draft", false),
                new(1, "s"),
                new(2, "s"),
                new(3, "database"),
            ],
            ..Decision::default()
        };
        let copies =
            BTreeMap::from([(1, "copy"), (3, "row")].map(|(n, path)| (n, path.to_owned())));
        let mut patience = Patience {
            sources: BTreeSet::from(["s".to_owned()]),
            seen_twice: documents(&["twice"]),
        };
        assert_eq!(patience.leaves(&decision, &copies), documents(&["copy", "gone"]));
        patience.sources.clear();
        assert_eq!(patience.leaves(&decision, &copies), documents(&[]));
    }

    proptest! {
        /// Whatever waits is due some time, and nobody is looked at earlier than two seconds after
        /// the look before.
        #[test]
        fn nobody_waits_for_ever_and_nobody_too_short(
            runs in prop::collection::vec((0i64..3000, prop::collection::vec(0u8..4, 0..4)), 1..30),
        ) {
            let (mut looks, mut now) = (Looks::default(), 0);
            let mut first: BTreeMap<Document, i64> = BTreeMap::new();
            for (pass, wait) in runs {
                now += pass;
                for document in looks.due(at(now)) {
                    prop_assert!(now - first[&document] >= 2000);
                }
                let due = looks.due(at(now));
                let wait: BTreeSet<Document> =
                    wait.iter().map(|n| ("s".to_owned(), n.to_string())).collect();
                looks = looks.after(&due, &wait, at(now));
                for document in &wait {
                    if due.contains(document) || !first.contains_key(document) {
                        first.insert(document.clone(), now);
                    }
                }
                first.retain(|document, _| wait.contains(document));
                prop_assert_eq!(looks.waiting(), wait);
                let next = first.values().min().map(|since| at(since + 2000));
                prop_assert_eq!(looks.next(), next);
            }
        }
    }
}
