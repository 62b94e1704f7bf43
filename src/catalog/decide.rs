//! What the staged documents mean for the articles, asked of the catalog and decided in
//! [`diff`](super::diff): what is touched goes there, with all that it could be; what nothing that is
//! known could be stays where it lies, as [`strangers`](super::strangers). What becomes of the answer
//! is [`commit`](super::commit)'s.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::diff::{Around, Change, Decision, KnownArticle, Seen, decide};
use super::lock::{Edit, Lock};
use super::second::Document;
use super::{Catalog, Error, strangers};
use crate::article::ContentHash;
use crate::document::{self, Rank};

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
        self.decide_as(sources, lock, learned, true)
    }

    /// As [`Catalog::decide`], with all strangers among the changes.
    #[cfg(test)]
    pub(super) fn decide_all(
        &self,
        sources: &[String],
        lock: &Lock,
        learned: Vec<KnownArticle>,
    ) -> Result<Decision, Error> {
        self.decide_as(sources, lock, learned, false)
    }

    fn decide_as(
        &self,
        sources: &[String],
        lock: &Lock,
        learned: Vec<KnownArticle>,
        apart: bool,
    ) -> Result<Decision, Error> {
        let order: HashMap<&str, usize> =
            sources.iter().enumerate().map(|(at, s)| (s.as_str(), at)).collect();
        self.db.execute_batch(TAKEN).map_err(Error::database)?;
        self.db.execute_batch(strangers::TABLES).map_err(Error::database)?;
        let fresh = self.find_touched()?;
        let mut known = self.departed()?;
        known.extend(learned);
        let mut strangers = BTreeMap::new();
        if fresh {
            if apart {
                let mut all = self.touched_articles()?;
                all.extend(known.iter().cloned());
                strangers = self.find_strangers(&all, lock)?;
            }
            self.touch_fresh()?;
        }
        let seen = self.touched_sightings(&order)?;
        known.append(&mut self.touched_articles()?);
        let taken = |id: &str| {
            // One of an article that goes in this very run counts as taken: it was published.
            self.db
                .prepare_cached(
                    "select exists (select 1 from article where id = ?1) or exists
                        (select 1 from sighting s cross join temp.stranger x
                            on x.sighting = s.sighting where s.rule_id = ?1)",
                )
                .and_then(|mut q| q.query_row([id], |row| row.get(0)))
                .unwrap_or(false)
        };
        let words = |hash: &ContentHash| {
            self.bodies.get(hash).ok().flatten().map(|html| document::words(&html))
        };
        let around = Around { locked: &lock.ids, taken: &taken, words: &words };
        Ok(Decision { strangers, ..decide(seen, &known, &around) })
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
        self.known_articles(
            "select null, id, rule_id, 0, zeroblob(16), source, path, link, title, published,
                capture, body, 1,
                exists (select 1 from departed_time t
                        where t.id = departed.id and t.released is not null)
             from departed",
        )
    }

    /// Notes in temporary tables which groups of sightings the staged documents touch, but for those that
    /// only documents touch of which nothing was known: whether there are such. What is joined to these
    /// tables is joined `cross`: else SQLite, which takes them for large, looks at every article.
    fn find_touched(&self) -> Result<bool, Error> {
        self.db
            .execute_batch(
                "create temp table if not exists touched (
                    version integer primary key, fresh integer not null);
                 create temp table if not exists touched_rule (rule_id text primary key)
                    without rowid;
                 delete from temp.touched;
                 delete from temp.touched_rule;
                 insert or ignore into touched
                    select s.version, coalesce(d.version, 0) = 0 from temp.taken s
                    left join document d on d.source = s.source and d.path = s.path
                    where s.vanished = 0 and s.version <> 0
                      and s.version <> coalesce(d.version, 0);
                 insert or ignore into touched
                    select d.version, 0 from temp.taken s
                    join document d on d.source = s.source and d.path = s.path
                    where d.version <> 0 and (s.vanished = 1 or s.version <> d.version);
                 insert or ignore into touched_rule
                    select s.rule_id from touched t cross join sighting s on s.version = t.version
                    where t.fresh = 0;",
            )
            .map_err(Error::database)?;
        self.touch_contradicted()?;
        self.touch_related()?;
        self.db
            .query_row("select exists (select 1 from temp.touched where fresh = 1)", [], |row| {
                row.get(0)
            })
            .map_err(Error::database)
    }

    /// The groups that the documents touch of which nothing was known, strangers apart.
    fn touch_fresh(&self) -> Result<(), Error> {
        self.db
            .execute(
                "insert or ignore into touched_rule
                    select s.rule_id from touched t cross join sighting s on s.version = t.version
                    where t.fresh = 1 and not exists
                        (select 1 from temp.stranger x where x.sighting = s.sighting)",
                [],
            )
            .map_err(Error::database)?;
        self.touch_related()
    }

    /// Whatever has a link or an instant of a capture in common with what is touched is touched, too.
    fn touch_related(&self) -> Result<(), Error> {
        if self.is_empty()? {
            // What there is came by one look, so that all of it is touched by itself.
            return Ok(());
        }
        let run = |sql: &str| self.db.execute(sql, []).map_err(Error::database);
        loop {
            let mut found = run("insert or ignore into touched_rule
                 select o.rule_id from touched_rule r
                 cross join sighting s on s.rule_id = r.rule_id
                 cross join sighting o on o.link = s.link and o.link <> o.rule_id")?;
            found += run("insert or ignore into touched_rule
                 select o.rule_id from touched_rule r
                 cross join sighting s on s.rule_id = r.rule_id and s.link <> s.rule_id
                 cross join sighting o on o.rule_id = s.link and o.link = s.link")?;
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
        self.known_articles(
            "select a.article, a.id, a.rule_id, a.sighting, a.hash, s.source, s.path, s.link,
                s.title, s.published, s.capture, s.body,
                exists (select 1 from temp.taken t
                        where t.source = s.source and t.path = s.path and t.vanished = 1), 0
             from touched_rule r cross join sighting s on s.rule_id = r.rule_id
             cross join article a on a.sighting = s.sighting",
        )
    }

    /// What a question gives whose columns are those of [`KnownArticle`], in the order in which they are
    /// read here.
    fn known_articles(&self, sql: &str) -> Result<Vec<KnownArticle>, Error> {
        let mut known = Vec::new();
        self.rows(sql, |row| {
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
                was_out: row.get(13)?,
            });
            Ok(())
        })?;
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
}
