//! What was staged becomes current, in one transaction. Before it come the decision (pure, in
//! [`diff`](super::diff)) and the edits of `feeds.lock`; a run that dies between any two of these
//! steps goes on from what is staged.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::diff::{Around, Change, Decision, KnownArticle, Seen, decide};
use super::guard::Verdict;
use super::lock::{Edit, Lock};
use super::second::Document;
use super::stage::remove_version;
use super::{Catalog, Error, problems_text, times};
use crate::article::ContentHash;
use crate::document::{self, Rank};
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

/// What is staged and isn't set aside.
const TAKEN: &str = "
    create temp table if not exists aside (
        source text not null, path text not null, primary key (source, path)
    ) without rowid;
    create temp view if not exists taken as select * from staged t where not exists
        (select 1 from temp.aside a where a.source = t.source and a.path = t.path);";

/// Sightings that stand once the documents that are taken are current.
const STANDS: &str = "coalesce(
    (select case when t.vanished then 0 else t.version end from temp.taken t
     where t.source = s.source and t.path = s.path),
    (select d.version from document d where d.source = s.source and d.path = s.path)) = s.version";

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

    /// Decides what the staged documents mean for the articles. `sources` are the names of all
    /// sources in the order of `feeds.toml`; `learned` are articles that are published though this
    /// catalog doesn't know them.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn decide(
        &self,
        sources: &[String],
        lock: &Lock,
        learned: Vec<KnownArticle>,
    ) -> Result<Decision, Error> {
        let order: HashMap<&str, usize> =
            sources.iter().enumerate().map(|(at, s)| (s.as_str(), at)).collect();
        self.db.execute_batch(TAKEN).map_err(Error::database)?;
        self.find_touched()?;
        let seen = self.touched_sightings(&order)?;
        let mut known = self.touched_articles()?;
        known.append(&mut self.departed()?);
        known.extend(learned);
        let taken = |id: &str| {
            // One of an article that goes in this very run counts as taken: it was published.
            self.db
                .prepare_cached("select exists (select 1 from article where id = ?)")
                .and_then(|mut q| q.query_row([id], |row| row.get(0)))
                .unwrap_or(false)
        };
        let words = |hash: &ContentHash| {
            self.bodies.get(hash).ok().flatten().map(|html| document::words(&html))
        };
        Ok(decide(seen, &known, &Around { locked: &lock.ids, taken: &taken, words: &words }))
    }

    /// Has deciding pass over what was staged of some documents, and of no others.
    pub(super) fn set_aside(&self, documents: &BTreeSet<Document>) -> Result<(), Error> {
        self.db.execute_batch(TAKEN).map_err(Error::database)?;
        self.db.execute("delete from temp.aside", []).map_err(Error::database)?;
        for (source, path) in documents {
            self.db
                .prepare_cached("insert into temp.aside values (?, ?)")
                .and_then(|mut q| q.execute(params![source, path]))
                .map_err(Error::database)?;
        }
        Ok(())
    }

    /// Articles that were withdrawn lately.
    fn departed(&self) -> Result<Vec<KnownArticle>, Error> {
        let mut known = Vec::new();
        self.rows(
            "select id, rule_id, source, path, link, title, published, capture, body,
                exists (select 1 from departed_time t
                        where t.id = departed.id and t.released is not null)
             from departed",
            |row| {
                known.push(KnownArticle {
                    article: None,
                    id: row.get(0)?,
                    rule_id: row.get(1)?,
                    sighting: 0,
                    hash: ContentHash([0; 16]),
                    source: row.get(2)?,
                    path: row.get(3)?,
                    link: row.get(4)?,
                    title: row.get(5)?,
                    published: row.get(6)?,
                    capture: row.get(7)?,
                    body: row.get::<_, Option<[u8; 16]>>(8)?.map(ContentHash),
                    vanished: true,
                    was_out: row.get(9)?,
                });
                Ok(())
            },
        )?;
        Ok(known)
    }

    /// Notes in temporary tables which groups of sightings the staged documents touch. What is joined to
    /// these tables is joined `cross`: else SQLite, which takes them for large, looks at every article.
    fn find_touched(&self) -> Result<(), Error> {
        let run = |sql: &str| self.db.execute(sql, []).map_err(Error::database);
        self.db
            .execute_batch(
                "create temp table if not exists touched (version integer primary key);
                 create temp table if not exists touched_rule (rule_id text primary key)
                    without rowid;
                 delete from temp.touched;
                 delete from temp.touched_rule;
                 insert or ignore into touched
                    select s.version from temp.taken s
                    left join document d on d.source = s.source and d.path = s.path
                    where s.vanished = 0 and s.version <> 0
                      and s.version <> coalesce(d.version, 0);
                 insert or ignore into touched
                    select d.version from temp.taken s
                    join document d on d.source = s.source and d.path = s.path
                    where d.version <> 0 and (s.vanished = 1 or s.version <> d.version);
                 insert or ignore into touched_rule
                    select s.rule_id from touched t cross join sighting s on s.version = t.version;",
            )
            .map_err(Error::database)?;
        if self.is_empty()? {
            // Everything is touched already.
            return Ok(());
        }
        self.touch_contradicted()?;
        loop {
            let mut found = run("insert or ignore into touched_rule
                 select o.rule_id from touched_rule r
                 cross join sighting s on s.rule_id = r.rule_id
                 cross join sighting o on o.link = s.link")?;
            found += run("insert or ignore into touched_rule
                 select o.rule_id from touched_rule r
                 cross join sighting s on s.rule_id = r.rule_id and s.capture = 1
                 cross join sighting o on o.capture = 1 and o.source = s.source
                    and o.published = s.published")?;
            if found == 0 {
                return Ok(());
            }
        }
    }

    fn touched_sightings(&self, order: &HashMap<&str, usize>) -> Result<Vec<Seen>, Error> {
        let mut query = self
            .db
            .prepare(&format!(
                "select s.sighting, s.source, s.path, s.line, s.rank, s.capture, s.named, s.rule_id,
                    s.link, s.title, s.published, s.summary_bytes, s.hash, s.body,
                    (select shown from temp.taken t where t.source = s.source and t.path = s.path
                     union all select shown from document d
                     where d.source = s.source and d.path = s.path)
                 from touched_rule r cross join sighting s on s.rule_id = r.rule_id
                 where {STANDS}"
            ))
            .map_err(Error::database)?;
        let rows = query
            .query_map([], |row| {
                let source: String = row.get(1)?;
                Ok(Seen {
                    sighting: row.get(0)?,
                    source_order: order.get(source.as_str()).copied().unwrap_or(usize::MAX),
                    source,
                    path: row.get(2)?,
                    line: row.get(3)?,
                    rank: match row.get::<_, i64>(4)? {
                        0 => Rank::Full,
                        1 => Rank::Headline,
                        _ => Rank::Merged,
                    },
                    capture: row.get(5)?,
                    named: row.get(6)?,
                    rule_id: row.get(7)?,
                    link: row.get(8)?,
                    title: row.get(9)?,
                    published: row.get(10)?,
                    summary_bytes: row.get(11)?,
                    hash: super::hash(row, 12)?,
                    body: row.get::<_, Option<[u8; 16]>>(13)?.map(ContentHash),
                    shown: row.get::<_, Option<String>>(14)?.unwrap_or_default(),
                })
            })
            .map_err(Error::database)?;
        rows.collect::<Result<_, _>>().map_err(Error::database)
    }

    fn touched_articles(&self) -> Result<Vec<KnownArticle>, Error> {
        let mut known = Vec::new();
        self.rows(
            "select a.article, a.id, a.rule_id, a.sighting, a.hash, s.source, s.path, s.link,
                s.title, s.published, s.capture, s.body,
                exists (select 1 from temp.taken t
                        where t.source = s.source and t.path = s.path and t.vanished = 1)
             from touched_rule r cross join sighting s on s.rule_id = r.rule_id
             cross join article a on a.sighting = s.sighting",
            |row| {
                known.push(KnownArticle {
                    article: row.get(0)?,
                    id: row.get(1)?,
                    rule_id: row.get(2)?,
                    sighting: row.get(3)?,
                    hash: super::hash(row, 4)?,
                    source: row.get(5)?,
                    path: row.get(6)?,
                    link: row.get(7)?,
                    title: row.get(8)?,
                    published: row.get(9)?,
                    capture: row.get(10)?,
                    body: row.get::<_, Option<[u8; 16]>>(11)?.map(ContentHash),
                    vanished: row.get(12)?,
                    was_out: false,
                });
                Ok(())
            },
        )?;
        Ok(known)
    }

    /// The lines that `feeds.lock` must have and hasn't, once this decision is current: first sights
    /// of undated articles, and ids that aren't their rule ids. Asked of the catalog each time, so
    /// that a line that could not be written is only late.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn lock_edits(
        &self,
        decision: &Decision,
        lock: &Lock,
        as_of: DateTime<Utc>,
    ) -> Result<Vec<Edit>, Error> {
        let mut seen: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        self.rows("select id, published, rule_id from article where dated = 0", |row| {
            let at = DateTime::from_timestamp(row.get(1)?, 0).unwrap_or(as_of);
            seen.insert(row.get(0)?, at);
            Ok(())
        })?;
        self.rows("select id, rule_id from article where id <> rule_id", |row| {
            ids.insert(row.get(0)?, row.get(1)?);
            Ok(())
        })?;
        let locked: HashSet<&String> = lock.ids.values().collect();
        for change in &decision.changes {
            let (id, rule, sighting) = match change {
                Change::New { sighting, id, rule, .. }
                | Change::Edited { sighting, id, rule, .. }
                | Change::Repointed { sighting, id, rule, .. } => (id, rule, *sighting),
                Change::Withdrawn { id, .. } => {
                    seen.remove(id);
                    ids.remove(id);
                    continue;
                }
            };
            let published: Option<i64> = self
                .db
                .prepare_cached("select published from sighting where sighting = ?")
                .and_then(|mut q| q.query_row([sighting], |row| row.get(0)))
                .map_err(Error::database)?;
            if published.is_none() {
                seen.entry(id.clone()).or_insert_with(|| lock.first_sight(id).unwrap_or(as_of));
            } else {
                seen.remove(id);
            }
            // Also where both are equal again: then the line that says otherwise goes.
            if rule != id || locked.contains(id) || lock.ids.contains_key(rule) {
                ids.insert(id.clone(), rule.clone());
            } else {
                ids.remove(id);
            }
        }
        let mut edits: Vec<Edit> = seen
            .into_iter()
            .filter(|(id, _)| !lock.seen.contains_key(id))
            .map(|(id, at)| Edit::Seen(id, at))
            .collect();
        edits.extend(
            ids.into_iter()
                .filter(|(id, rule)| match lock.ids.get(rule) {
                    Some(locked) => locked != id,
                    None => id != rule || locked.contains(id),
                })
                .map(|(id, rule)| Edit::Id(rule, id)),
        );
        Ok(edits)
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
