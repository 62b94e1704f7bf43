//! What a run read, kept until it is committed. Preparing a document (serialising, hashing,
//! compressing) is a pure function for many threads; writing is one thread's. A run that is stopped
//! loses nothing that is staged.

use std::cell::RefCell;
use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::bodies::ZSTD_LEVEL;
use super::{Catalog, Error, problems_text};
use crate::article::{Article, ContentHash, Taxonomy, Visibility};
use crate::document::{Rank, Reading, Sighting};
use crate::problem::Problem;
use crate::source::{FoundHead, Stamp};

/// A document as a run read it, ready to be written.
#[derive(Debug)]
pub struct Staged {
    /// Its source.
    pub source: String,
    /// Its path within the source.
    pub path: String,
    /// What problems call it.
    pub shown: String,
    /// Its stamp as it was read.
    pub stamp: Stamp,
    /// Hash of its content.
    pub hash: ContentHash,
    /// What it was read with.
    pub context: ContentHash,
    /// What reading it gave.
    pub outcome: Outcome,
}

/// What reading a document gave.
#[derive(Debug)]
pub enum Outcome {
    /// The content is what it was; only its stamp is new.
    Same,
    /// It could not be read: the version before stays.
    Failed(Vec<Problem>),
    /// Its sightings.
    Read {
        /// What it says of articles.
        sightings: Vec<StagedSighting>,
        /// What is wrong in it.
        problems: Vec<Problem>,
        /// Local files that were looked for, with their stamps.
        looked: Vec<(String, Option<Stamp>)>,
    },
}

/// A sighting, ready to be written.
#[derive(Debug)]
pub struct StagedSighting {
    rank: Rank,
    line: u32,
    capture: bool,
    article: Article,
    json: String,
    hash: ContentHash,
    /// Hash, bytes and compressed HTML.
    body: Option<(ContentHash, u64, Vec<u8>)>,
}

/// Prepares what was read of a document.
///
/// # Errors
/// Where the article can't be serialised or the body can't be compressed; neither happens to what
/// reading gives.
pub fn prepare(
    source: &str,
    head: FoundHead,
    stamp: Stamp,
    hash: ContentHash,
    reading: Reading,
    looked: Vec<(String, Option<Stamp>)>,
) -> Result<Staged, Error> {
    let outcome = if reading.failed {
        Outcome::Failed(reading.problems)
    } else {
        let capture = head.path.ends_with(".txt");
        let sightings = reading
            .sightings
            .into_iter()
            .map(|s| sighting(s, capture))
            .collect::<Result<Vec<_>, _>>()?;
        Outcome::Read { sightings, problems: reading.problems, looked }
    };
    let source = source.to_owned();
    let FoundHead { path, shown, context, .. } = head;
    Ok(Staged { source, path, shown, stamp, hash, context, outcome })
}

thread_local! {
    /// Making a compressor costs more than most bodies do.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> =
        const { RefCell::new(None) };
}

fn compress(html: &str) -> Result<Vec<u8>, Error> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        if compressor.is_none() {
            *compressor =
                Some(zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(|_| Error::Damaged)?);
        }
        match compressor {
            Some(c) => c.compress(html.as_bytes()).map_err(|_| Error::Damaged),
            None => Err(Error::Damaged),
        }
    })
}

fn sighting(sighting: Sighting, capture: bool) -> Result<StagedSighting, Error> {
    let Sighting { rank, mut article, body, line } = sighting;
    let hash = ContentHash::of(&serde_json::to_vec(&article).map_err(|_| Error::Damaged)?);
    let json = super::article_text(&mut article)?;
    let body = match (article.body, body) {
        (Some(body), Some(html)) => Some((body.hash, body.bytes, compress(&html)?)),
        _ => None,
    };
    Ok(StagedSighting { rank, line, capture, article, json, hash, body })
}

impl Catalog {
    /// Writes documents that were read, and those that are gone.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn stage(&mut self, mut documents: Vec<Staged>) -> Result<(), Error> {
        let bodies: Vec<_> = documents
            .iter_mut()
            .filter_map(|d| match &mut d.outcome {
                Outcome::Read { sightings, .. } => Some(sightings),
                _ => None,
            })
            .flatten()
            .filter_map(|s| s.body.take())
            .collect();
        self.bodies.put(&bodies)?;
        let transaction = self.db.transaction().map_err(Error::database)?;
        let mut writer = Writer::new(&transaction)?;
        for document in &documents {
            writer.document(document)?;
        }
        writer.note_version()?;
        drop(writer);
        transaction.commit().map_err(Error::database)
    }

    /// Notes that documents are gone.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn stage_vanished(&mut self, source: &str, paths: &[String]) -> Result<(), Error> {
        let transaction = self.db.transaction().map_err(Error::database)?;
        for path in paths {
            drop_staged_version(&transaction, source, path)?;
            transaction
                .prepare_cached("delete from staged where source = ? and path = ?")
                .and_then(|mut q| q.execute(params![source, path]))
                .map_err(Error::database)?;
            transaction
                .prepare_cached(
                    "insert into staged
                     select source, path, shown, stamp, hash, context, version, failed, problems,
                            looked, 1
                     from document where source = ? and path = ?",
                )
                .and_then(|mut q| q.execute(params![source, path]))
                .map_err(Error::database)?;
        }
        transaction.commit().map_err(Error::database)
    }

    /// Notes that a source is not in `feeds.toml` any more: all its documents are gone.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn stage_removed(&mut self, source: &str) -> Result<u64, Error> {
        let memory = self.memory(source, None)?;
        let paths: Vec<String> = memory.documents.into_iter().map(|k| k.path).collect();
        self.stage_vanished(source, &paths)?;
        Ok(paths.len() as u64)
    }
}

/// Removes the sightings of a version that was staged and never became current.
fn drop_staged_version(db: &Connection, source: &str, path: &str) -> Result<(), Error> {
    let version: Option<i64> = db
        .prepare_cached(
            "select s.version from staged s
             left join document d on d.source = s.source and d.path = s.path
             where s.source = ? and s.path = ? and s.version <> coalesce(d.version, 0)",
        )
        .and_then(|mut q| q.query_row(params![source, path], |row| row.get(0)).optional())
        .map_err(Error::database)?;
    match version {
        Some(version) => remove_version(db, version).map(drop),
        None => Ok(()),
    }
}

/// Removes a version's sightings with their terms; gives back the bodies that they named.
pub(super) fn remove_version(db: &Connection, version: i64) -> Result<Vec<ContentHash>, Error> {
    let mut bodies = Vec::new();
    /// Sighting, body, published, terms.
    type Dropped = (i64, Option<[u8; 16]>, Option<i64>, String);
    let sightings: Vec<Dropped> = db
        .prepare_cached("select sighting, body, published, terms from sighting where version = ?")
        .and_then(|mut q| {
            q.query_map([version], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect()
        })
        .map_err(Error::database)?;
    for (sighting, body, published, terms) in sightings {
        bodies.extend(body.map(ContentHash));
        let terms: Vec<i64> = serde_json::from_str(&terms).map_err(|_| Error::Damaged)?;
        for term in terms {
            remove_term(db, term, published, sighting)?;
        }
    }
    db.prepare_cached("delete from sighting where version = ?")
        .and_then(|mut q| q.execute([version]))
        .map_err(Error::database)?;
    Ok(bodies)
}

fn remove_term(
    db: &Connection,
    term: i64,
    published: Option<i64>,
    sighting: i64,
) -> Result<(), Error> {
    // An undated sighting's terms follow the first sight of its article.
    let sql = match published {
        Some(_) => "delete from term where term = ?1 and published = ?2 and sighting = ?3",
        None => "delete from term where term = ?1 and sighting = ?3 and ?2 is null",
    };
    db.prepare_cached(sql)
        .and_then(|mut q| q.execute(params![term, published, sighting]))
        .map_err(Error::database)?;
    Ok(())
}

/// Writes documents within one transaction.
struct Writer<'a> {
    db: &'a Transaction<'a>,
    terms: HashMap<(Taxonomy, String), i64>,
    next_version: i64,
}

impl<'a> Writer<'a> {
    fn new(db: &'a Transaction<'a>) -> Result<Writer<'a>, Error> {
        let last: i64 = db
            .prepare_cached("select coalesce(max(version), 0) from sighting")
            .and_then(|mut q| q.query_row([], |row| row.get(0)))
            .map_err(Error::database)?;
        // Versions without sightings are numbered too, so the documents' own numbers count.
        let noted: Option<String> = db
            .prepare_cached("select value from meta where key = 'version'")
            .and_then(|mut q| q.query_row([], |row| row.get(0)).optional())
            .map_err(Error::database)?;
        let noted: i64 = noted.and_then(|v| v.parse().ok()).unwrap_or(0);
        Ok(Writer { db, terms: HashMap::new(), next_version: last.max(noted) + 1 })
    }

    fn document(&mut self, d: &Staged) -> Result<(), Error> {
        match &d.outcome {
            Outcome::Same => self.touch(d),
            Outcome::Failed(problems) => self.failed(d, problems),
            Outcome::Read { sightings, problems, looked } => {
                drop_staged_version(self.db, &d.source, &d.path)?;
                let version = self.next_version;
                self.next_version += 1;
                for s in sightings {
                    self.sighting(d, version, s)?;
                }
                let looked: Vec<_> =
                    looked.iter().map(|(f, s)| (f, s.as_ref().map(|s| &s.0))).collect();
                let looked = (!looked.is_empty())
                    .then(|| serde_json::to_string(&looked))
                    .transpose()
                    .map_err(|_| Error::Damaged)?;
                self.row(d, version, false, problems_text(problems), looked)
            }
        }
    }

    fn note_version(&self) -> Result<(), Error> {
        self.db
            .prepare_cached("insert or replace into meta values ('version', ?)")
            .and_then(|mut q| q.execute([(self.next_version - 1).to_string()]))
            .map_err(Error::database)?;
        Ok(())
    }

    fn row(
        &self,
        d: &Staged,
        version: i64,
        failed: bool,
        problems: Option<String>,
        looked: Option<String>,
    ) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "insert or replace into staged values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            )
            .and_then(|mut q| {
                q.execute(params![
                    d.source,
                    d.path,
                    d.shown,
                    d.stamp.0,
                    d.hash.0,
                    d.context.0,
                    version,
                    failed,
                    problems,
                    looked
                ])
            })
            .map_err(Error::database)?;
        Ok(())
    }

    /// Version, problems and looked-for files as they were.
    fn before(&self, d: &Staged) -> Result<Before, Error> {
        let before = self
            .db
            .prepare_cached(
                "select version, failed, problems, looked from staged
                 where source = ?1 and path = ?2 and vanished = 0
                 union all
                 select version, failed, problems, looked from document
                 where source = ?1 and path = ?2
                 limit 1",
            )
            .and_then(|mut q| {
                q.query_row(params![d.source, d.path], |row| {
                    Ok(Before {
                        version: row.get(0)?,
                        failed: row.get(1)?,
                        problems: row.get(2)?,
                        looked: row.get(3)?,
                    })
                })
                .optional()
            })
            .map_err(Error::database)?;
        Ok(before.unwrap_or_default())
    }

    fn touch(&self, d: &Staged) -> Result<(), Error> {
        let b = self.before(d)?;
        self.row(d, b.version, b.failed, b.problems, b.looked)
    }

    fn failed(&self, d: &Staged, problems: &[Problem]) -> Result<(), Error> {
        let b = self.before(d)?;
        self.row(d, b.version, true, problems_text(problems), b.looked)
    }

    fn sighting(&mut self, d: &Staged, version: i64, s: &StagedSighting) -> Result<(), Error> {
        let a = &s.article;
        let mut terms = Vec::with_capacity(a.terms.len());
        for term in &a.terms {
            terms.push(self.term(&term.key.taxonomy, &term.key.slug)?);
        }
        let published = a.published.map(|m| m.at.timestamp());
        let shown = a.visibility == Visibility::Public && !a.excluded;
        let numbers = serde_json::to_string(&terms).map_err(|_| Error::Damaged)?;
        self.db
            .prepare_cached(
                "insert into sighting (version, source, path, rank, capture, named, rule_id, link,
                    title, published, updated, expires, shown, hash, body, body_bytes,
                    summary_bytes, line, terms, article)
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .and_then(|mut q| {
                q.execute(params![
                    version,
                    d.source,
                    d.path,
                    s.rank as i64,
                    s.capture,
                    a.id_origin == crate::article::IdOrigin::Named,
                    a.rule_id,
                    a.link,
                    a.title,
                    published,
                    a.updated.map(|m| m.at.timestamp()),
                    a.expires.map(|m| m.at.timestamp()),
                    shown,
                    s.hash.0,
                    a.body.map(|b| b.hash.0),
                    a.body.map_or(0, |b| b.bytes.cast_signed()),
                    a.summary.as_ref().map_or(0, |s| s.text.len() as i64),
                    s.line,
                    numbers,
                    s.json
                ])
            })
            .map_err(Error::database)?;
        let number = self.db.last_insert_rowid();
        for (number_of_term, term) in terms.iter().zip(&a.terms) {
            self.db
                .prepare_cached("insert or ignore into term values (?, ?, ?, ?, ?)")
                .and_then(|mut q| {
                    q.execute(params![
                        number_of_term,
                        published.unwrap_or(0),
                        number,
                        term.label,
                        term.label_from_index
                    ])
                })
                .map_err(Error::database)?;
        }
        Ok(())
    }

    fn term(&mut self, taxonomy: &Taxonomy, slug: &str) -> Result<i64, Error> {
        let key = (taxonomy.clone(), slug.to_owned());
        if let Some(term) = self.terms.get(&key) {
            return Ok(*term);
        }
        self.db
            .prepare_cached("insert or ignore into term_name (taxonomy, slug) values (?, ?)")
            .and_then(|mut q| q.execute(params![taxonomy.as_str(), slug]))
            .map_err(Error::database)?;
        let term = self
            .db
            .prepare_cached("select term from term_name where taxonomy = ? and slug = ?")
            .and_then(|mut q| {
                q.query_row(params![taxonomy.as_str(), slug], |row| row.get::<_, i64>(0))
            })
            .map_err(Error::database)?;
        self.terms.insert(key, term);
        Ok(term)
    }
}

#[derive(Default)]
struct Before {
    version: i64,
    failed: bool,
    problems: Option<String>,
    looked: Option<String>,
}
