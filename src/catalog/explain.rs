//! What the catalog knows of one article, for `explain`: which documents speak of it, which sighting
//! won, and when it came and went. Only asks. Which feeds hold it is told further down the stream.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};

use super::group::begins;
use super::{ARTICLE, Catalog, Error, problems};
use crate::article::Article;
use crate::problem::{Place, Problem};

/// What a name of an article may stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Ids and links, in all the ways in which it can be meant.
    pub names: Vec<String>,
    /// Paths as problems show them, or as they stand below a source's root. A row's key is one.
    pub paths: Vec<String>,
    /// Source and path.
    pub places: Vec<(String, String)>,
}

/// What a name of an article leads to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Articles, by number.
    pub articles: Vec<i64>,
    /// Ids of articles that were withdrawn lately.
    pub departed: Vec<String>,
    /// Documents: source and path.
    pub documents: Vec<(String, String)>,
}

/// An article as the catalog keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its number.
    pub article: i64,
    /// The id that it is published under.
    pub id: String,
    /// The id that a cold run would give it.
    pub rule_id: String,
    /// Its source.
    pub source: String,
    /// First publication.
    pub published: DateTime<Utc>,
    /// Its document names the date; else it is the first sight.
    pub dated: bool,
    /// It has been out, and stays so until its document names another date.
    pub released: bool,
    /// What it says.
    pub says: Article,
    /// What only shows when documents are compared.
    pub problems: Vec<Problem>,
}

/// What one document says of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its source.
    pub source: String,
    /// The document's path within the source.
    pub path: String,
    /// What problems call the document, and the line.
    pub place: Place,
    /// How good it is, in words.
    pub rank: &'static str,
    /// The title that it gives.
    pub title: String,
    /// It is the article.
    pub won: bool,
}

/// A document at the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its source.
    pub source: String,
    /// Its path within the source.
    pub path: String,
    /// What problems call it.
    pub shown: String,
    /// It could not be read: what it said before stands.
    pub failed: bool,
    /// It could be read at some time.
    pub was_read: bool,
    /// How many articles it speaks of.
    pub sightings: u64,
    /// A newer reading waits to be committed, or its going does.
    pub waits: bool,
    /// What is wrong in it.
    pub problems: Vec<Problem>,
}

/// An article that was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departed {
    /// The id that it was published under.
    pub id: String,
    /// Its source.
    pub source: String,
    /// The document that it came from.
    pub path: String,
    /// Its link.
    pub link: String,
    /// Its title.
    pub title: String,
    /// First publication.
    pub published: DateTime<Utc>,
    /// When it was withdrawn.
    pub at: DateTime<Utc>,
}

/// Sightings that stand and could be of the same article as one with these facts: its link, its named
/// id, or (in captures) its instant.
const AKIN: &str = "select s.sighting, s.title, s.rank, s.link, s.rule_id, s.named
    from sighting s join document d
      on d.source = s.source and d.path = s.path and d.version = s.version
    where (s.rule_id = ?1 and s.link = ?1) or (s.link = ?1 and s.link <> s.rule_id)
       or (s.rule_id = ?2 and s.named = 1 and ?3 = 1)
       or (s.capture = 1 and s.source = ?4 and s.published = ?5 and ?6 = 1)
    order by s.sighting";

impl Catalog {
    /// What a name leads to: articles by id, link or document, in the order of ids.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn find(&self, wanted: &Wanted) -> Result<Found, Error> {
        let mut found = Found::default();
        for name in &wanted.names {
            found.articles.extend(self.numbers(
                "select article from article where id = ?1 or (rule_id = ?1 and rule_id <> id)
                 union select a.article from sighting s join article a on a.sighting = s.sighting
                 where (s.rule_id = ?1 and s.link = ?1) or (s.link = ?1 and s.link <> s.rule_id)",
                [name],
            )?);
            found.departed.extend(self.texts(
                "select id from departed where id = ?1 or rule_id = ?1 or link = ?1",
                [name],
            )?);
        }
        let mut places = wanted.places.clone();
        for path in &wanted.paths {
            let sql = "select source, path from document where path = ?1 or shown = ?1";
            let mut query = self.db.prepare_cached(sql).map_err(Error::database)?;
            let rows = query
                .query_map([path], |row| Ok((row.get(0)?, row.get(1)?)))
                .map_err(Error::database)?;
            for row in rows {
                places.push(row.map_err(Error::database)?);
            }
            found.departed.extend(self.texts("select id from departed where path = ?", [path])?);
        }
        places.sort();
        places.dedup();
        for (source, path) in places {
            if self.document(&source, &path)?.is_some() {
                found.articles.extend(self.articles_of(&source, &path)?);
                found.documents.push((source, path));
            } else {
                found.departed.extend(self.texts(
                    "select id from departed where source = ?1 and path = ?2",
                    params![source, path],
                )?);
            }
        }
        found.articles.sort_unstable();
        found.articles.dedup();
        found.departed.sort();
        found.departed.dedup();
        Ok(found)
    }

    /// The articles that a document speaks of, those too that others say better.
    fn articles_of(&self, source: &str, path: &str) -> Result<Vec<i64>, Error> {
        let sightings = self.numbers(
            "select s.sighting from sighting s join document d
               on d.source = s.source and d.path = s.path and d.version = s.version
             where s.source = ?1 and s.path = ?2 order by s.line, s.sighting",
            params![source, path],
        )?;
        let mut articles = Vec::new();
        for sighting in sightings {
            for akin in std::iter::once(sighting).chain(self.akin(sighting)?) {
                let found = self
                    .numbers("select article from article where sighting = ?", [akin])?
                    .into_iter()
                    .next();
                if let Some(article) = found {
                    articles.push(article);
                    break;
                }
            }
        }
        Ok(articles)
    }

    /// The other sightings of the article that a sighting is of.
    fn akin(&self, sighting: i64) -> Result<Vec<i64>, Error> {
        type Facts = (String, String, bool, String, Option<i64>, bool, String, i64);
        let (link, rule, named, source, published, capture, title, rank): Facts = self
            .db
            .prepare_cached(
                "select link, rule_id, named, source, published, capture, title, rank
                 from sighting where sighting = ?",
            )
            .and_then(|mut q| {
                q.query_row([sighting], |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                        row.get(5)?,
                        row.get(6)?,
                        row.get(7)?,
                    ))
                })
            })
            .map_err(Error::database)?;
        let mut query = self.db.prepare_cached(AKIN).map_err(Error::database)?;
        let mut rows = query
            .query(params![link, rule, named, source, published, capture])
            .map_err(Error::database)?;
        let mut akin = Vec::new();
        while let Some(row) = rows.next().map_err(Error::database)? {
            let same = |row: &Row<'_>| -> rusqlite::Result<bool> {
                let (its_title, its_rank): (String, i64) = (row.get(1)?, row.get(2)?);
                let (its_link, its_rule): (String, String) = (row.get(3)?, row.get(4)?);
                let its_named: bool = row.get(5)?;
                let twins = rank == MERGED && its_rank < MERGED && begins(&its_title, &title)
                    || its_rank == MERGED && rank < MERGED && begins(&title, &its_title);
                Ok(its_link == link || named && its_named && its_rule == rule || twins)
            };
            let other: i64 = row.get(0).map_err(Error::database)?;
            if other != sighting && same(row).map_err(Error::database)? {
                akin.push(other);
            }
        }
        Ok(akin)
    }

    /// What the catalog keeps of an article.
    ///
    /// # Errors
    /// Where SQLite refuses, or there is no such article.
    pub fn standing_article(&self, article: i64) -> Result<Standing, Error> {
        let sql = format!(
            "select {ARTICLE}, a.id, a.rule_id, a.source, a.published, a.dated, a.released,
                a.problems
             from article a join sighting s on s.sighting = a.sighting where a.article = ?"
        );
        self.db
            .prepare_cached(&sql)
            .and_then(|mut q| {
                q.query_row([article], |row| {
                    let says = match super::article(row, 0)? {
                        Ok(says) => says,
                        Err(e) => return Ok(Err(e)),
                    };
                    Ok(Ok(Standing {
                        article,
                        id: row.get(4)?,
                        rule_id: row.get(5)?,
                        source: row.get(6)?,
                        published: time(row.get(7)?),
                        dated: row.get(8)?,
                        released: row.get(9)?,
                        says,
                        problems: problems(row.get(10)?),
                    }))
                })
            })
            .map_err(Error::database)?
    }

    /// What speaks of an article: the sighting that won first, then the others.
    ///
    /// # Errors
    /// Where SQLite refuses, or there is no such article.
    pub fn witnesses(&self, article: i64) -> Result<Vec<Witness>, Error> {
        let winner: i64 = self
            .db
            .prepare_cached("select sighting from article where article = ?")
            .and_then(|mut q| q.query_row([article], |row| row.get(0)))
            .map_err(Error::database)?;
        let mut witnesses = vec![self.witness(winner, true)?];
        for sighting in self.akin(winner)? {
            let taken =
                self.numbers("select article from article where sighting = ?", [sighting])?;
            if taken.is_empty() {
                witnesses.push(self.witness(sighting, false)?);
            }
        }
        Ok(witnesses)
    }

    fn witness(&self, sighting: i64, won: bool) -> Result<Witness, Error> {
        self.db
            .prepare_cached(
                "select s.source, s.path, d.shown, s.line, s.rank, s.title
                 from sighting s left join document d on d.source = s.source and d.path = s.path
                 where s.sighting = ?",
            )
            .and_then(|mut q| {
                q.query_row([sighting], |row| {
                    let path: String = row.get(1)?;
                    let shown: Option<String> = row.get(2)?;
                    Ok(Witness {
                        source: row.get(0)?,
                        place: Place::at(shown.unwrap_or_else(|| path.clone()), row.get(3)?, 0),
                        path,
                        rank: match row.get::<_, i64>(4)? {
                            0 => "full article",
                            1 => "headline",
                            _ => "merged line",
                        },
                        title: row.get(5)?,
                        won,
                    })
                })
            })
            .map_err(Error::database)
    }

    /// A document as it was at the last look.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn document(&self, source: &str, path: &str) -> Result<Option<Known>, Error> {
        self.db
            .prepare_cached(
                "select d.shown, d.failed, d.version, d.problems,
                    (select count(*) from sighting s where s.version = d.version),
                    exists (select 1 from staged t where t.source = d.source and t.path = d.path)
                 from document d where d.source = ?1 and d.path = ?2",
            )
            .and_then(|mut q| {
                q.query_row(params![source, path], |row| {
                    Ok(Known {
                        source: source.to_owned(),
                        path: path.to_owned(),
                        shown: row.get(0)?,
                        failed: row.get(1)?,
                        was_read: row.get::<_, i64>(2)? != 0,
                        problems: problems(row.get(3)?),
                        sightings: row.get::<_, i64>(4)?.cast_unsigned(),
                        waits: row.get(5)?,
                    })
                })
                .optional()
            })
            .map_err(Error::database)
    }

    /// An article that was withdrawn lately.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn departed_article(&self, id: &str) -> Result<Option<Departed>, Error> {
        self.db
            .prepare_cached(
                "select id, source, path, link, title, published, at from departed where id = ?",
            )
            .and_then(|mut q| {
                q.query_row([id], |row| {
                    Ok(Departed {
                        id: row.get(0)?,
                        source: row.get(1)?,
                        path: row.get(2)?,
                        link: row.get(3)?,
                        title: row.get(4)?,
                        published: time(row.get(5)?),
                        at: time(row.get(6)?),
                    })
                })
                .optional()
            })
            .map_err(Error::database)
    }

    /// Everything that an article may be named by (what problems call its document, its id, its link,
    /// its title), in the order of documents.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn each_name(&self, each: &mut dyn FnMut(&str)) -> Result<(), Error> {
        for sql in [
            "select shown from document order by source, path",
            "select id from article order by id",
            "select distinct s.link from article a join sighting s on s.sighting = a.sighting
             where s.link <> a.id order by s.link",
        ] {
            self.rows(sql, |row| {
                each(row.get_ref(0)?.as_str().unwrap_or_default());
                Ok(())
            })?;
        }
        Ok(())
    }

    fn numbers(&self, sql: &str, values: impl rusqlite::Params) -> Result<Vec<i64>, Error> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut q| q.query_map(values, |row| row.get(0))?.collect())
            .map_err(Error::database)
    }

    fn texts(&self, sql: &str, values: impl rusqlite::Params) -> Result<Vec<String>, Error> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut q| q.query_map(values, |row| row.get(0))?.collect())
            .map_err(Error::database)
    }
}

/// The rank of a merged line.
const MERGED: i64 = 2;

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}
