//! What the catalog can be asked: which articles a selection takes as of a time, what they say, which
//! terms there are, what is wrong, and when something changes by itself. Answers have one order on
//! every machine.

use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params, params_from_iter};

use super::{ARTICLE, Catalog, Error, hash};
use crate::article::{Article, ContentHash, Taxonomy, TermKey};
use crate::problem::{Place, Problem};

/// What a window is selected from. Plain data; made by the feed room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// At least one of these, where there are any.
    pub any: Vec<TermKey>,
    /// Each of these.
    pub all: Vec<TermKey>,
    /// Not one of these.
    pub none: Vec<TermKey>,
    /// Articles are seen as of this instant.
    pub as_of: DateTime<Utc>,
    /// At least so many of the newest …
    pub limit: u32,
    /// … and all within so many seconds of the newest.
    pub within_s: u64,
    /// The newest by their last change, and not by first publication.
    pub by_change: bool,
    /// And all whose change is at most so many seconds older than the newest.
    pub resurface_s: Option<u64>,
}

/// An article in a window: what selecting needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its number in the catalog.
    pub article: i64,
    /// The id that it was published under.
    pub id: String,
    /// First publication.
    pub published: DateTime<Utc>,
    /// Last significant change, not before publication.
    pub updated: DateTime<Utc>,
    /// By which it stands where it stands: one of the two.
    pub at: DateTime<Utc>,
    /// Hash of all that it says, its body's hash among that.
    pub hash: ContentHash,
    /// Bytes of its body as read.
    pub body_bytes: u64,
    /// Bytes of its summary.
    pub summary_bytes: u64,
}

/// A term that has a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermFacts {
    /// Which term.
    pub key: TermKey,
    /// Its name for people: an `_index.md`'s, else the spelling of the earliest article.
    pub label: String,
}

/// An article as the manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The id that it was published under.
    pub id: String,
    /// What a cold run would give it.
    pub rule_id: String,
    /// Its link.
    pub link: String,
    /// Its title.
    pub title: String,
    /// First publication.
    pub published: DateTime<Utc>,
    /// Hash of its body as read.
    pub body: Option<ContentHash>,
}

/// An article is in windows while it is public, released or due, and not expired.
const VISIBLE: &str = "a.shown = 1 and (a.released = 1 or a.published <= ?1)
    and (a.expires is null or a.expires > ?1)";

/// An article's last change that counts. SQLite takes its index for exactly these words.
const CHANGED: &str = "max(a.published, coalesce(a.updated, a.published))";

/// Whether an article has one of these terms.
fn has(terms: &str) -> String {
    format!(
        "exists (select 1 from term x where x.term in ({terms}) and x.published = a.published
            and x.sighting = a.sighting)"
    )
}

impl Catalog {
    /// The articles that a query takes: newest first, ties by id. At least `limit` of them where
    /// there are so many, and all of the last instant that is taken.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn window(&self, query: &Query) -> Result<Vec<Slot>, Error> {
        let mut query = query.clone();
        if query.all.is_empty() && query.any.len() == 1 {
            // One of one is each of one, and a term's index is quicker than a look at every article.
            query.all = std::mem::take(&mut query.any);
        }
        let query = &query;
        let mut slots = self.newest(query)?;
        if let (Some(back), Some(newest)) = (query.resurface_s, slots.first().map(|s| s.at)) {
            let back = i64::try_from(back).unwrap_or(i64::MAX);
            let since = newest.timestamp().saturating_sub(back);
            slots.extend(self.changed_since(query, since, &slots)?);
            slots.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
        }
        Ok(slots)
    }

    /// Makes the index that windows by change are quick with: only a site whose feeds ask so pays for it.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn index_changes(&self) -> Result<(), Error> {
        self.db
            .execute_batch(&format!(
                "create index if not exists article_changed on article ({} desc) where shown = 1",
                CHANGED.replace("a.", "")
            ))
            .map_err(Error::database)
    }

    fn newest(&self, query: &Query) -> Result<Vec<Slot>, Error> {
        let mut values: Vec<Value> = vec![query.as_of.timestamp().into()];
        let Some(sql) = self.window_sql(query, &mut values)? else { return Ok(Vec::new()) };
        let mut statement = self.db.prepare_cached(&sql).map_err(Error::database)?;
        let mut rows = statement.query(params_from_iter(values)).map_err(Error::database)?;
        let mut slots: Vec<Slot> = Vec::new();
        let within = i64::try_from(query.within_s).unwrap_or(i64::MAX);
        while let Some(row) = rows.next().map_err(Error::database)? {
            let slot = slot(row, query.by_change).map_err(Error::database)?;
            if let (Some(first), Some(last)) = (slots.first(), slots.last())
                && slots.len() >= query.limit as usize
                && slot.at != last.at
                && (first.at - slot.at).num_seconds() > within
            {
                break;
            }
            slots.push(slot);
        }
        slots.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
        let newest = slots.first().map(|s| s.at);
        let mut at = 0;
        slots.retain(|s| {
            at += 1;
            at <= query.limit as usize || newest.is_some_and(|n| (n - s.at).num_seconds() <= within)
        });
        Ok(slots)
    }

    /// The articles that a query takes beyond those that it has, for a change since an instant.
    fn changed_since(&self, query: &Query, since: i64, known: &[Slot]) -> Result<Vec<Slot>, Error> {
        let mut values: Vec<Value> = vec![query.as_of.timestamp().into()];
        // By the index of changes, of which there are few, and not by a term's.
        let (all, by_change) = (Vec::new(), true);
        let each = Query { all, by_change, ..query.clone() };
        let Some(sql) = self.window_sql(&each, &mut values)? else { return Ok(Vec::new()) };
        let mut wheres = format!("{CHANGED} >= {since} and a.updated > a.published");
        for key in &query.all {
            let Some(term) = self.term(key)? else { return Ok(Vec::new()) };
            wheres.push_str(&format!(" and {}", has(&term.to_string())));
        }
        let sql = sql.replacen(" where ", &format!(" where {wheres} and "), 1);
        let mut statement = self.db.prepare_cached(&sql).map_err(Error::database)?;
        let rows = statement.query_map(params_from_iter(values), |row| slot(row, true));
        let slots: Vec<Slot> = rows.and_then(Iterator::collect).map_err(Error::database)?;
        let has: std::collections::HashSet<i64> = known.iter().map(|s| s.article).collect();
        Ok(slots.into_iter().filter(|s| !has.contains(&s.article)).collect())
    }

    /// The statement of a query; `None` where it names a term that nothing has.
    fn window_sql(&self, query: &Query, values: &mut Vec<Value>) -> Result<Option<String>, Error> {
        let numbers = |keys: &[TermKey]| -> Result<Vec<Option<i64>>, Error> {
            keys.iter().map(|k| self.term(k)).collect()
        };
        let (any, all, none) = (numbers(&query.any)?, numbers(&query.all)?, numbers(&query.none)?);
        let any_named = !any.is_empty();
        let any: Vec<i64> = any.into_iter().flatten().collect();
        if all.contains(&None) || any_named && any.is_empty() {
            return Ok(None);
        }
        let mut push = |n: i64| {
            values.push(n.into());
            format!("?{}", values.len())
        };
        let mut from = "article a".to_owned();
        let mut wheres = vec![VISIBLE.to_owned()];
        let mut all = all.into_iter().flatten();
        let mut order = if query.by_change { CHANGED } else { "a.published" };
        if let Some(driver) = all.next() {
            // The term's own index gives the newest first.
            from = "term t join article a on a.sighting = t.sighting".to_owned();
            wheres.push(format!("t.term = {}", push(driver)));
            if !query.by_change {
                order = "t.published";
            }
        }
        for term in all {
            wheres.push(has(&push(term)));
        }
        if !any.is_empty() {
            let list: Vec<String> = any.into_iter().map(&mut push).collect();
            wheres.push(has(&list.join(", ")));
        }
        let none: Vec<String> = none.into_iter().flatten().map(&mut push).collect();
        if !none.is_empty() {
            wheres.push(format!("not {}", has(&none.join(", "))));
        }
        Ok(Some(format!(
            "select a.article, a.id, a.published, a.hash, a.body_bytes, a.summary_bytes, {CHANGED}
             from {from} where {} order by {order} desc",
            wheres.join(" and ")
        )))
    }

    fn term(&self, key: &TermKey) -> Result<Option<i64>, Error> {
        self.db
            .prepare_cached("select term from term_name where taxonomy = ? and slug = ?")
            .and_then(|mut q| {
                q.query_row(params![key.taxonomy.as_str(), key.slug], |row| row.get(0)).optional()
            })
            .map_err(Error::database)
    }

    /// What an article says, and where: what problems call its document, and the line.
    ///
    /// # Errors
    /// Where SQLite refuses, or there is no such article.
    pub fn article(&self, article: i64) -> Result<(Article, Place), Error> {
        let sql = format!(
            "select {ARTICLE}, d.shown, s.line
             from article a join sighting s on s.sighting = a.sighting
             left join document d on d.source = s.source and d.path = s.path
             where a.article = ?"
        );
        let (article, shown, line): (_, Option<String>, u32) = self
            .db
            .prepare_cached(&sql)
            .and_then(|mut q| {
                q.query_row([article], |row| {
                    Ok((super::article(row, 0)?, row.get(4)?, row.get(5)?))
                })
            })
            .map_err(Error::database)?;
        let article = article?;
        Ok((article, Place::at(shown.unwrap_or_default(), line, 0)))
    }

    /// What the manifest lists of an article.
    ///
    /// # Errors
    /// Where SQLite refuses, or there is no such article.
    pub fn facts(&self, article: i64) -> Result<Facts, Error> {
        self.db
            .prepare_cached(
                "select a.id, a.rule_id, s.link, s.title, a.published, a.body
                 from article a join sighting s on s.sighting = a.sighting where a.article = ?",
            )
            .and_then(|mut q| {
                q.query_row([article], |row| {
                    Ok(Facts {
                        id: row.get(0)?,
                        rule_id: row.get(1)?,
                        link: row.get(2)?,
                        title: row.get(3)?,
                        published: time(row.get(4)?),
                        body: row.get::<_, Option<[u8; 16]>>(5)?.map(ContentHash),
                    })
                })
            })
            .map_err(Error::database)
    }

    /// A body as it was read.
    ///
    /// # Errors
    /// Where SQLite refuses, or the body is damaged.
    pub fn body(&self, hash: &ContentHash) -> Result<Option<String>, Error> {
        self.bodies.get(hash)
    }

    /// The terms of a taxonomy that have a feed as of a time: those that a released article names,
    /// an expired one too, in the order of slugs.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn terms(
        &self,
        taxonomy: &Taxonomy,
        as_of: DateTime<Utc>,
    ) -> Result<Vec<TermFacts>, Error> {
        let mut query = self
            .db
            .prepare_cached("select term, slug from term_name where taxonomy = ? order by slug")
            .map_err(Error::database)?;
        let names: Vec<(i64, String)> = query
            .query_map([taxonomy.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect)
            .map_err(Error::database)?;
        let mut terms = Vec::new();
        for (term, slug) in names {
            let key = TermKey { taxonomy: taxonomy.clone(), slug };
            if let Some(label) = self.label(term, as_of)? {
                terms.push(TermFacts { key, label });
            }
        }
        Ok(terms)
    }

    /// One term, if it has a feed as of a time.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn term_facts(
        &self,
        key: &TermKey,
        as_of: DateTime<Utc>,
    ) -> Result<Option<TermFacts>, Error> {
        let Some(term) = self.term(key)? else { return Ok(None) };
        Ok(self.label(term, as_of)?.map(|label| TermFacts { key: key.clone(), label }))
    }

    fn label(&self, term: i64, as_of: DateTime<Utc>) -> Result<Option<String>, Error> {
        let ask = |which: &str| -> Result<Option<String>, Error> {
            self.db
                .prepare_cached(&format!(
                    "select t.label from term t join article a on a.sighting = t.sighting
                     where t.term = ?2 {which} and a.shown = 1
                       and (a.released = 1 or a.published <= ?1)
                     order by t.published, a.id limit 1"
                ))
                .and_then(|mut q| {
                    q.query_row(params![as_of.timestamp(), term], |row| row.get(0)).optional()
                })
                .map_err(Error::database)
        };
        match ask("and t.from_index = 1")? {
            Some(label) => Ok(Some(label)),
            None => ask(""),
        }
    }

    /// How many articles there are.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn count(&self) -> Result<u64, Error> {
        self.db
            .query_row("select count(*) from article", [], |row| row.get::<_, i64>(0))
            .map(i64::cast_unsigned)
            .map_err(Error::database)
    }

    /// The instant as of which the last run was.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn as_of(&self) -> Result<Option<DateTime<Utc>>, Error> {
        Ok(self.meta("as_of")?.and_then(|t| t.parse().ok()).map(time))
    }

    /// Whether something changes by itself between the last run and `as_of`: an embargo has lifted,
    /// an article has expired.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn is_due(&self, as_of: DateTime<Utc>) -> Result<bool, Error> {
        let last = self.as_of()?.map_or(i64::MIN, |t| t.timestamp());
        self.db
            .prepare_cached(
                "select exists (select 1 from article where released = 0 and published <= ?1)
                     or exists (select 1 from article where expires > ?2 and expires <= ?1)",
            )
            .and_then(|mut q| q.query_row(params![as_of.timestamp(), last], |row| row.get(0)))
            .map_err(Error::database)
    }

    /// The next instant after `as_of` at which an embargo lifts or an article expires.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn next_due(&self, as_of: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        let next: Option<i64> = self
            .db
            .prepare_cached(
                "select min(at) from (
                    select min(published) as at from article
                        where released = 0 and published > ?1
                    union all
                    select min(expires) from article where expires > ?1)",
            )
            .and_then(|mut q| q.query_row([as_of.timestamp()], |row| row.get(0)))
            .map_err(Error::database)?;
        Ok(next.map(time))
    }

    /// All problems of what the sources hold now, in the order of sources and paths.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn problems(&self) -> Result<Vec<Problem>, Error> {
        let mut all = Vec::new();
        for sql in [
            "select problems from document indexed by document_problems
                where problems is not null order by source, path",
            "select problems from folder_index where problems is not null order by source, folder",
            "select problems from article indexed by article_problems
                where problems is not null order by id",
        ] {
            self.rows(sql, |row| {
                all.extend(super::problems(row.get(0)?));
                Ok(())
            })?;
        }
        Ok(all)
    }
}

fn slot(row: &rusqlite::Row<'_>, by_change: bool) -> rusqlite::Result<Slot> {
    let (published, updated) = (time(row.get(2)?), time(row.get(6)?));
    Ok(Slot {
        article: row.get(0)?,
        id: row.get(1)?,
        published,
        hash: hash(row, 3)?,
        body_bytes: row.get::<_, i64>(4)?.cast_unsigned(),
        summary_bytes: row.get::<_, i64>(5)?.cast_unsigned(),
        updated,
        at: if by_change { updated } else { published },
    })
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}
