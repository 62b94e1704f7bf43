//! What was staged becomes current, in one transaction. Before it come the decision (pure, in
//! [`diff`](super::diff)) and the edits of `feeds.lock`; a run that dies between any two of these
//! steps goes on from what is staged.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::diff::{Change, Decision};
use super::guard::Verdict;
use super::lock::Lock;
use super::stage::remove_version;
use super::{Catalog, Error, problems_text, times};
use crate::article::ContentHash;
use crate::source::KnownIndex;

/// The `_index.md` of one source that are otherwise than the catalog knows.
#[derive(Debug, Default)]
pub struct IndexChanges {
    /// Name of the source.
    pub source: String,
    /// New or otherwise.
    pub changed: Vec<KnownIndex>,
    /// Folders whose `_index.md` is gone.
    pub vanished: Vec<String>,
}

/// How many articles a commit made otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Committed {
    /// Not known before.
    pub new: u64,
    /// Now otherwise.
    pub changed: u64,
    /// Gone.
    pub withdrawn: u64,
}

/// Seconds for which a withdrawn article is known again (DESIGN decision 3: 30 days).
const DEPARTED_S: i64 = 30 * 24 * 60 * 60;

/// Seconds for which losses are remembered: longer than the guard asks.
const LOSSES_KEPT_S: i64 = 24 * 60 * 60;

impl Catalog {
    /// Whether nothing was ever committed: then what is published must be learned from elsewhere.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn is_empty(&self) -> Result<bool, Error> {
        self.db
            .query_row("select not exists (select 1 from document)", [], |row| row.get(0))
            .map_err(Error::database)
    }

    pub(super) fn rows(
        &self,
        sql: &str,
        mut each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), Error> {
        let mut query = self.db.prepare_cached(sql).map_err(Error::database)?;
        let mut rows = query.query([]).map_err(Error::database)?;
        while let Some(row) = rows.next().map_err(Error::database)? {
            each(row).map_err(Error::database)?;
        }
        Ok(())
    }

    /// Makes what is staged current. Articles whose time has come by `as_of` count as released from
    /// here on (DESIGN decision 15).
    ///
    /// # Errors
    /// Where SQLite refuses: then nothing has changed.
    pub fn commit(
        &mut self,
        decision: &Decision,
        indexes: &[IndexChanges],
        lock: &Lock,
        verdict: &Verdict,
        as_of: DateTime<Utc>,
    ) -> Result<Committed, Error> {
        let transaction = self.db.transaction().map_err(Error::database)?;
        let (committed, dropped) = {
            let commit = Commit { db: &transaction, lock, as_of: as_of.timestamp() };
            commit.withhold(verdict)?;
            let committed = commit.articles(decision)?;
            commit.unfound(decision)?;
            commit.resight(self.differs)?;
            commit.losses(decision)?;
            commit.indexes(indexes)?;
            let dropped = commit.documents()?;
            commit.meta()?;
            (committed, dropped)
        };
        transaction.commit().map_err(Error::database)?;
        let mut unnamed = Vec::new();
        for hash in dropped {
            let named: bool = self
                .db
                .prepare_cached(
                    "select exists (select 1 from sighting where body = ?1)
                         or exists (select 1 from departed where body = ?1)",
                )
                .and_then(|mut q| q.query_row([hash.0], |row| row.get(0)))
                .map_err(Error::database)?;
            if !named {
                unnamed.push(hash);
            }
        }
        self.bodies.remove(&unnamed)?;
        Ok(committed)
    }

    /// Whether anything is to be decided: documents are staged, or the lock says otherwise.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn has_staged(&self) -> Result<bool, Error> {
        if self.differs {
            return Ok(true);
        }
        self.db
            .query_row("select exists (select 1 from staged)", [], |row| row.get(0))
            .map_err(Error::database)
    }
}

struct Commit<'a> {
    db: &'a Connection,
    lock: &'a Lock,
    as_of: i64,
}

impl Commit<'_> {
    fn articles(&self, decision: &Decision) -> Result<Committed, Error> {
        let mut committed = Committed::default();
        self.db
            .execute_batch(
                "create temp table if not exists newcomer (
                    sighting integer primary key, id text not null, rule_id text not null,
                    seen integer not null, was_out integer not null
                 );
                 delete from temp.newcomer;",
            )
            .map_err(Error::database)?;
        // Those that go, go first: what they held is free for those that come.
        for change in &decision.changes {
            if let Change::Withdrawn { article, .. } = change {
                self.depart(*article)?;
                committed.withdrawn += 1;
            }
        }
        for change in &decision.changes {
            match change {
                Change::Withdrawn { .. } => {}
                Change::New { sighting, id, rule, was_out, .. } => {
                    self.run(
                        "insert into temp.newcomer values (?, ?, ?, ?, ?)",
                        params![sighting, id, rule, self.seen(id), was_out],
                    )?;
                    committed.new += 1;
                }
                Change::Edited { article, sighting, id, rule, .. } => {
                    self.point(*article, *sighting, id, rule)?;
                    committed.changed += 1;
                }
                Change::Repointed { article, sighting, id, rule, .. } => {
                    self.point(*article, *sighting, id, rule)?;
                }
            }
        }
        if committed.new > 0 {
            self.newcomers()?;
        }
        if !decision.strangers.is_empty() {
            committed.new += self.strangers()?;
        }
        for article in &decision.same {
            self.run(
                "update article set problems = null where article = ? and problems is not null",
                [*article],
            )?;
        }
        for (sighting, problems) in &decision.problems {
            self.run(
                "update article set problems = ? where sighting = ?",
                params![problems_text(problems), sighting],
            )?;
        }
        Ok(committed)
    }

    /// Makes articles of all newcomers at once: a first run is nothing else.
    fn newcomers(&self) -> Result<(), Error> {
        self.run(
            "insert into article (id, rule_id, source, sighting, hash, published, dated, updated,
                expires, shown, released, body, body_bytes, summary_bytes)
             select n.id, n.rule_id, s.source, s.sighting, s.hash, coalesce(s.published, n.seen),
                s.published is not null, s.updated, s.expires, s.shown, n.was_out, s.body,
                s.body_bytes, s.summary_bytes
             from temp.newcomer n cross join sighting s on s.sighting = n.sighting",
            [],
        )?;
        times::seen(self.db, self.as_of)?;
        self.run("delete from departed where id in (select id from temp.newcomer)", [])?;
        let undated: Vec<i64> = self
            .db
            .prepare_cached(
                "select n.sighting from temp.newcomer n cross join sighting s on s.sighting = n.sighting
                 where s.published is null",
            )
            .and_then(|mut q| q.query_map([], |row| row.get(0))?.collect())
            .map_err(Error::database)?;
        undated.into_iter().try_for_each(|sighting| self.date_terms(sighting))
    }

    /// Makes articles of all strangers, but for those of a source that a guard holds.
    fn strangers(&self) -> Result<u64, Error> {
        let made = self
            .db
            .prepare_cached(
                "insert into article (id, rule_id, source, sighting, hash, published, dated, updated,
                    expires, shown, released, body, body_bytes, summary_bytes)
                 select s.rule_id, s.rule_id, s.source, s.sighting, s.hash, s.published, 1, s.updated,
                    s.expires, s.shown, s.published <= ?1, s.body, s.body_bytes, s.summary_bytes
                 from temp.stranger x cross join sighting s on s.sighting = x.sighting
                 where not exists (select 1 from temp.withheld w
                                   where w.source = x.source and w.path = '')",
            )
            .and_then(|mut q| q.execute([self.as_of]))
            .map_err(Error::database)?;
        times::met(self.db, self.as_of)?;
        Ok(made as u64)
    }

    /// Withdraws an article. What it was is kept for a while: it may come back, or turn up elsewhere.
    fn depart(&self, article: i64) -> Result<(), Error> {
        times::departs(self.db, article)?;
        self.run(
            "insert or replace into departed
             select a.id, a.rule_id, s.source, s.path, s.link, s.title, a.published, s.capture,
                s.body, ?2
             from article a join sighting s on s.sighting = a.sighting where a.article = ?1",
            params![article, self.as_of],
        )?;
        self.run("delete from article where article = ?", [article])
    }

    /// What is published and wasn't found may come yet, as what was withdrawn may: its document can't be
    /// read now, or somebody restores it.
    fn unfound(&self, decision: &Decision) -> Result<(), Error> {
        for k in &decision.unfound {
            self.run(
                "insert or ignore into departed values (?1, ?2, '', '', ?3, ?4, ?5, 0, ?6, ?7)",
                params![
                    k.id,
                    k.rule_id,
                    k.link,
                    k.title,
                    k.published.unwrap_or(self.as_of),
                    k.body.map(|b| b.0),
                    self.as_of
                ],
            )?;
            self.run(
                "insert or ignore into departed_time values (?1, ?2, ?2)",
                params![k.id, self.as_of],
            )?;
        }
        Ok(())
    }

    /// The first sight of an article whose document names no date.
    fn seen(&self, id: &str) -> i64 {
        self.lock.first_sight(id).map_or(self.as_of, |at| at.timestamp())
    }

    /// Lets an article say what another sighting says. It stays released unless its date changed.
    fn point(&self, article: i64, sighting: i64, id: &str, rule: &str) -> Result<(), Error> {
        let seen = self.seen(id);
        self.run(
            "update article set
                released = case when n.published <> article.published then 0 else released end,
                published = coalesce(n.published,
                                     case when dated = 0 then article.published else ?3 end),
                dated = n.published is not null,
                id = ?4, rule_id = ?5, source = n.source, sighting = n.sighting, hash = n.hash,
                updated = n.updated, expires = n.expires, shown = n.shown, body = n.body,
                body_bytes = n.body_bytes, summary_bytes = n.summary_bytes, problems = null
             from (select * from sighting where sighting = ?2) as n
             where article.article = ?1",
            params![article, sighting, seen, id, rule],
        )?;
        self.date_terms(sighting)
    }

    /// Articles without a date follow the lock, where that has another first sight: earlier, as a merge
    /// brings it, or as somebody wrote it.
    fn resight(&self, differs: bool) -> Result<(), Error> {
        if !differs {
            return Ok(());
        }
        let articles: Vec<(i64, i64)> = self
            .db
            .prepare_cached(
                "select a.sighting, r.at from temp.resighted r cross join article a on a.id = r.id
                 where a.dated = 0 and a.published <> r.at",
            )
            .and_then(|mut q| q.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .map_err(Error::database)?;
        for (sighting, at) in articles {
            self.run(
                "update article set published = ?2, released = released and ?2 <= ?3
                 where sighting = ?1",
                params![sighting, at, self.as_of],
            )?;
            self.date_terms(sighting)?;
        }
        Ok(())
    }

    /// Terms of undated sightings are staged under 1970; they follow the first sight.
    fn date_terms(&self, sighting: i64) -> Result<(), Error> {
        let undated: Option<(i64, String)> = self
            .db
            .prepare_cached(
                "select a.published, s.terms from sighting s
                 join article a on a.sighting = s.sighting
                 where s.sighting = ? and s.published is null",
            )
            .and_then(|mut q| {
                q.query_row([sighting], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .map_err(Error::database)?;
        let Some((published, terms)) = undated else { return Ok(()) };
        let terms: Vec<i64> = serde_json::from_str(&terms).map_err(|_| Error::Damaged)?;
        for term in terms {
            self.run(
                "update or ignore term set published = ?1 where term = ?2 and sighting = ?3",
                params![published, term, sighting],
            )?;
        }
        Ok(())
    }

    /// Notes which staged documents stay staged: their articles are held. A path that is empty stands
    /// for the whole source.
    fn withhold(&self, verdict: &Verdict) -> Result<(), Error> {
        self.db
            .execute_batch(
                "create temp table if not exists withheld (
                    source text not null, path text not null, primary key (source, path)
                 ) without rowid;
                 delete from temp.withheld;",
            )
            .map_err(Error::database)?;
        let sources = verdict.withheld_sources.iter().map(|s| (s.as_str(), ""));
        let documents = verdict.withheld.iter().map(|(s, p)| (s.as_str(), p.as_str()));
        for (source, path) in sources.chain(documents) {
            self.run("insert or ignore into temp.withheld values (?, ?)", params![source, path])?;
        }
        Ok(())
    }

    /// Remembers how many articles vanished, for the guard.
    fn losses(&self, decision: &Decision) -> Result<(), Error> {
        let mut lost: BTreeMap<&str, u32> = BTreeMap::new();
        for change in &decision.changes {
            if let Change::Withdrawn { source, vanished: true, .. } = change {
                *lost.entry(source).or_default() += 1;
            }
        }
        for (source, articles) in lost {
            self.run("insert into loss values (?, ?, ?)", params![source, self.as_of, articles])?;
        }
        self.run("delete from loss where at < ?", [self.as_of - LOSSES_KEPT_S])
    }

    fn indexes(&self, indexes: &[IndexChanges]) -> Result<(), Error> {
        for source in indexes {
            for k in &source.changed {
                self.run(
                    "insert or replace into folder_index values (?, ?, ?, ?, ?, ?, ?)",
                    params![
                        source.source,
                        k.folder,
                        k.stamp.0,
                        k.hash.0,
                        k.index.title,
                        k.index.weight,
                        problems_text(&k.problems)
                    ],
                )?;
            }
            for folder in &source.vanished {
                self.run(
                    "delete from folder_index where source = ? and folder = ?",
                    params![source.source, folder],
                )?;
            }
        }
        Ok(())
    }

    /// Documents become what was staged; gives back the bodies that dropped versions named.
    fn documents(&self) -> Result<Vec<ContentHash>, Error> {
        let dropped: Vec<i64> = self
            .db
            .prepare_cached(
                "select d.version from staged s
                 join document d on d.source = s.source and d.path = s.path
                 where d.version <> 0 and (s.vanished = 1 or s.version <> d.version)
                   and not exists (select 1 from temp.withheld w
                                   where w.source = s.source and w.path in ('', s.path))",
            )
            .and_then(|mut q| q.query_map([], |row| row.get(0))?.collect())
            .map_err(Error::database)?;
        self.run(
            "delete from document where (source, path) in
                (select source, path from staged s where vanished = 1
                   and not exists (select 1 from temp.withheld w
                                   where w.source = s.source and w.path in ('', s.path)))",
            [],
        )?;
        self.run(
            "insert or replace into document
             select source, path, shown, stamp, hash, context, version, failed, problems, looked
             from staged s where vanished = 0
               and not exists (select 1 from temp.withheld w
                               where w.source = s.source and w.path in ('', s.path))",
            [],
        )?;
        self.run(
            "delete from staged as s
             where not exists (select 1 from temp.withheld w
                               where w.source = s.source and w.path in ('', s.path))",
            [],
        )?;
        let mut bodies = self.forget_departed()?;
        for version in dropped {
            bodies.append(&mut remove_version(self.db, version)?);
        }
        Ok(bodies)
    }

    /// Forgets what was withdrawn long ago; gives back the bodies that were kept for it.
    fn forget_departed(&self) -> Result<Vec<ContentHash>, Error> {
        let before = self.as_of - DEPARTED_S;
        let bodies: Vec<[u8; 16]> = self
            .db
            .prepare_cached("select body from departed where at < ? and body is not null")
            .and_then(|mut q| q.query_map([before], |row| row.get(0))?.collect())
            .map_err(Error::database)?;
        times::forget(self.db, before)?;
        self.run("delete from departed where at < ?", [before])?;
        Ok(bodies.into_iter().map(ContentHash).collect())
    }

    fn meta(&self) -> Result<(), Error> {
        times::released(self.db, self.as_of)?;
        self.run(
            "update article set released = 1 where released = 0 and published <= ?",
            [self.as_of],
        )?;
        self.run(
            "insert into meta values ('revision', '1')
             on conflict (key) do update set value = cast(value as integer) + 1",
            [],
        )?;
        self.run("insert or replace into meta values ('as_of', ?)", [self.as_of.to_string()])
    }

    fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<(), Error> {
        self.db.prepare_cached(sql).and_then(|mut q| q.execute(values)).map_err(Error::database)?;
        Ok(())
    }
}
