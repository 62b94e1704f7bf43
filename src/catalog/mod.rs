//! The last good version of every article, body included: a source is read once per change and never
//! asked again. A run stages what it read, decides what that means, and makes it current in one
//! transaction; everybody else only asks. Which of two sightings wins is decided in [`diff`], purely;
//! how documents are found and read is left to the rooms above.

mod bodies;
pub mod commit;
pub mod database;
mod decide;
pub mod diff;
pub mod explain;
mod gone;
mod group;
pub mod guard;
mod known;
pub mod lock;
pub mod looks;
mod mend;
pub mod moves;
pub mod query;
pub mod second;
pub mod stage;
mod standing;
mod strangers;
mod times;

use std::mem::take;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use self::bodies::Bodies;
use crate::article::{Article, ContentHash};
use crate::document::FolderIndex;
use crate::problem::Problem;
use crate::source::directory::Target;
use crate::source::{Known, KnownIndex, Looked, Memory, Stamp};
use crate::state::State;

/// Raised with the schema; kept as `user_version`.
const SCHEMA: i32 = 1;

/// Copies of a state are small enough that nobody watches them grow.
const NO_PROGRESS: Option<fn(rusqlite::backup::Progress)> = None;

/// How long a statement waits for another process's short transaction.
const BUSY: Duration = Duration::from_secs(10);

/// The catalog can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refuses.
    #[error("the catalog can't be used: {0}")]
    Database(#[source] rusqlite::Error),
    /// A later release made it.
    #[error(
        "{path} was written by a later release of feedwright (schema {found}; this one knows \
         {known}); run that release, or delete the state folder, which costs one cold run"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i32,
        /// The schema of this release.
        known: i32,
    },
    /// What stands in it can't be read.
    #[error("the catalog is damaged; delete the state folder, which costs one cold run")]
    Damaged,
}

impl Error {
    fn database(e: rusqlite::Error) -> Error {
        Error::Database(e)
    }
}

/// The catalog, open.
#[derive(Debug)]
pub struct Catalog {
    db: Connection,
    bodies: Bodies,
    /// Whether `feeds.lock` says otherwise of articles that stand.
    differs: bool,
}

/// What a page of the catalog holds: some articles' facts, and not much more than one edit changes.
const PAGE_BYTES: u32 = 8 << 10;

/// Indexes that states of this schema were made without, or with and needn't have.
const INDEXES: &str = "
    create index if not exists article_counted on article (source, shown, released);
    create index if not exists article_known_by on article (rule_id) where rule_id <> id;
    create index if not exists sighting_elsewhere on sighting (link) where link <> rule_id;
    drop index if exists article_rule;
    drop index if exists article_renamed;
    drop index if exists sighting_link;";

/// Pages that a log may hold before they are moved into the file: a first run writes most pages more
/// than once.
const LOG_PAGES: u32 = 4_000;

/// Opens one of the state's databases; one that is made now gets pages of so many bytes.
pub(crate) fn open_database(
    path: &Path,
    writable: bool,
    page_bytes: u32,
) -> Result<Connection, Error> {
    let flags = if writable {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE
    };
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(Error::database)?;
    db.busy_timeout(BUSY).map_err(Error::database)?;
    // Else statements are prepared again and again, for plans that never differ.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(Error::database)?;
    if writable {
        db.pragma_update(None, "page_size", page_bytes).map_err(Error::database)?;
        db.pragma_update(None, "journal_mode", "WAL").map_err(Error::database)?;
        db.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).map_err(Error::database)?;
    } else {
        db.pragma_update(None, "query_only", true).map_err(Error::database)?;
    }
    db.pragma_update(None, "synchronous", "NORMAL").map_err(Error::database)?;
    db.pragma_update(None, "cache_size", -32_000).map_err(Error::database)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// Makes the tables of a new database, and refuses one of a later release.
pub(crate) fn check_version(
    db: &Connection,
    path: &Path,
    schema: i32,
    writable: bool,
    make: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> Result<(), Error> {
    let found: i32 =
        db.query_row("pragma user_version", [], |row| row.get(0)).map_err(Error::database)?;
    if found > schema {
        return Err(Error::Newer { path: path.to_owned(), found, known: schema });
    }
    if found == 0 && writable {
        db.execute_batch("begin immediate").map_err(Error::database)?;
        let made = make(db).and_then(|()| db.pragma_update(None, "user_version", schema));
        let end = if made.is_ok() { "commit" } else { "rollback" };
        db.execute_batch(end).map_err(Error::database)?;
        made.map_err(Error::database)?;
    }
    Ok(())
}

impl Catalog {
    /// Opens the catalog for a run, making it where there is none.
    ///
    /// # Errors
    /// Where SQLite refuses, or a later release made it.
    pub fn open(state: &State) -> Result<Catalog, Error> {
        Catalog::open_as(state, true)
    }

    /// Opens the catalog to ask it.
    ///
    /// # Errors
    /// Where there is none yet, or a later release made it.
    pub fn open_to_read(state: &State) -> Result<Catalog, Error> {
        Catalog::open_as(state, false)
    }

    fn open_as(state: &State, writable: bool) -> Result<Catalog, Error> {
        let path = state.catalog();
        let db = open_database(&path, writable, PAGE_BYTES)?;
        check_version(&db, &path, SCHEMA, writable, |db| {
            db.execute_batch(include_str!("schema.sql"))
        })?;
        if writable {
            db.execute_batch(INDEXES).map_err(Error::database)?;
            times::make(&db)?;
            gone::make(&db)?;
            second::make(&db)?;
            database::make(&db)?;
            looks::make(&db)?;
        }
        Ok(Catalog { db, bodies: Bodies::open(&state.bodies(), writable)?, differs: false })
    }

    /// What is remembered of the parts of a source that are looked at; of all of it where `targets`
    /// is `None`. What an unfinished run staged counts.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn memory(&self, source: &str, targets: Option<&[Target]>) -> Result<Memory, Error> {
        let mut memory = Memory {
            documents: Vec::new(),
            indexes: self.known_indexes(source)?,
            looked: self.looked(source)?,
        };
        let whole = [Target::all()];
        for target in targets.unwrap_or(&whole) {
            self.known_documents(source, target, &mut memory.documents)?;
        }
        memory.documents.sort_by(|a, b| a.path.cmp(&b.path));
        memory.documents.dedup_by(|a, b| a.path == b.path);
        if let Some(targets) = targets {
            memory.looked.retain(|l| targets.iter().any(|t| t.covers(&l.document)));
        }
        Ok(memory)
    }

    fn known_documents(
        &self,
        source: &str,
        target: &Target,
        known: &mut Vec<Known>,
    ) -> Result<(), Error> {
        // A folder's paths are those from `folder/` up to `folder0`: '0' follows '/'.
        let (from, to) = match target.0.as_str() {
            "" => (String::new(), "\u{10ffff}".to_owned()),
            path => (format!("{path}/"), format!("{path}0")),
        };
        // Apart, because SQLite would look at the whole source for what has either.
        known_where(&self.db, "path = ?2", params![source, target.0], known)?;
        known_where(&self.db, "path >= ?2 and path < ?3", params![source, from, to], known)
    }

    fn known_indexes(&self, source: &str) -> Result<Vec<KnownIndex>, Error> {
        let mut query = self
            .db
            .prepare_cached(
                "select folder, stamp, hash, title, weight, problems from folder_index
                 where source = ?",
            )
            .map_err(Error::database)?;
        let rows = query
            .query_map([source], |row| {
                let folder: String = row.get(0)?;
                let index =
                    FolderIndex { folder: folder.clone(), title: row.get(3)?, weight: row.get(4)? };
                Ok(KnownIndex {
                    folder,
                    stamp: Stamp(row.get(1)?),
                    hash: hash(row, 2)?,
                    index: Arc::new(index),
                    problems: problems(row.get(5)?),
                })
            })
            .map_err(Error::database)?;
        rows.collect::<Result<_, _>>().map_err(Error::database)
    }

    fn looked(&self, source: &str) -> Result<Vec<Looked>, Error> {
        let mut query = self
            .db
            .prepare_cached(
                "select path, looked from document indexed by document_looked
                 where source = ? and looked is not null",
            )
            .map_err(Error::database)?;
        let rows = query
            .query_map([source], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .map_err(Error::database)?;
        let mut looked = Vec::new();
        for row in rows {
            let (document, text) = row.map_err(Error::database)?;
            let files: Vec<(String, Option<Vec<u8>>)> =
                serde_json::from_str(&text).map_err(|_| Error::Damaged)?;
            looked.extend(files.into_iter().map(|(file, stamp)| Looked {
                document: document.clone(),
                file,
                stamp: stamp.map(Stamp),
            }));
        }
        Ok(looked)
    }

    /// The documents of a source that looked for one of these files when they were read.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn dependents(&self, source: &str, files: &[Target]) -> Result<Vec<Target>, Error> {
        let looked = self.looked(source)?;
        Ok(looked
            .into_iter()
            .filter(|l| files.iter().any(|f| f.covers(&l.file)))
            .map(|l| Target(l.document))
            .collect())
    }

    /// The folders of a source whose `_index.md` is known.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn index_folders(&self, source: &str) -> Result<Vec<String>, Error> {
        Ok(self.known_indexes(source)?.into_iter().map(|k| k.folder).collect())
    }

    /// The sources that the catalog knows documents of.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn sources(&self) -> Result<Vec<String>, Error> {
        let mut query = self
            .db
            .prepare_cached("select distinct source from document union select source from staged")
            .map_err(Error::database)?;
        let rows = query.query_map([], |row| row.get(0)).map_err(Error::database)?;
        rows.collect::<Result<_, _>>().map_err(Error::database)
    }

    /// Whether a table is there that earlier releases of this schema didn't make.
    fn has_table(&self, name: &str) -> Result<bool, Error> {
        self.db
            .prepare_cached("select exists (select 1 from sqlite_master where name = ?)")
            .and_then(|mut q| q.query_row([name], |row| row.get(0)))
            .map_err(Error::database)
    }

    fn meta(&self, key: &str) -> Result<Option<String>, Error> {
        self.db
            .prepare_cached("select value from meta where key = ?")
            .and_then(|mut q| q.query_row([key], |row| row.get(0)).optional())
            .map_err(Error::database)
    }

    /// How many runs have been committed. Lazy editions are valid for one revision.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn revision(&self) -> Result<u64, Error> {
        Ok(self.meta("revision")?.and_then(|r| r.parse().ok()).unwrap_or(0))
    }

    /// Copies the catalog and its bodies, as they stand, into another state.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn copy_to(&self, state: &State) -> Result<(), Error> {
        self.db.backup("main", state.catalog(), NO_PROGRESS).map_err(Error::database)?;
        self.bodies.copy_to(&state.bodies())
    }

    /// Forgets what a run before has noted for itself, where the catalog stayed open.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn begin(&mut self) -> Result<(), Error> {
        self.differs = false;
        let own = "select name from temp.sqlite_master where type = 'table'";
        let mut query = self.db.prepare_cached(own).map_err(Error::database)?;
        let names = query.query_map([], |row| row.get(0)).map_err(Error::database)?;
        for name in names.collect::<Result<Vec<String>, _>>().map_err(Error::database)? {
            let empty = format!("delete from temp.{name}");
            let mut delete = self.db.prepare_cached(&empty).map_err(Error::database)?;
            delete.execute([]).map_err(Error::database)?;
        }
        Ok(())
    }

    /// Gives back the pages that are kept in memory: after a run that wrote most of them, little of what
    /// follows asks for them again.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn release_memory(&self) -> Result<(), Error> {
        let release =
            |db: &Connection| db.execute_batch("pragma shrink_memory").map_err(Error::database);
        release(&self.db)?;
        self.bodies.with(release)
    }

    /// Moves what the log holds into the files, so that other processes needn't read through it, and
    /// stays open.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn empty_log(&self) -> Result<(), Error> {
        let ask = |db: &Connection| {
            // How much of it could be moved: whoever reads just now doesn't matter.
            db.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())).map_err(Error::database)
        };
        ask(&self.db)?;
        self.bodies.with(ask)
    }

    /// Moves what the log holds into the files, so that later processes needn't read through it.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn close(self) -> Result<(), Error> {
        self.db.close().map_err(|(_, e)| Error::database(e))
    }
}

/// Columns of a sighting `s` that hold the article.
const ARTICLE: &str = "s.article, s.rule_id, s.link, s.title";

/// What is remembered of documents of a source, `?1`, whose path is such.
fn known_where(
    db: &Connection,
    which: &str,
    params: &[&dyn rusqlite::ToSql],
    known: &mut Vec<Known>,
) -> Result<(), Error> {
    let mut query = db
        .prepare_cached(&format!(
            "select path, stamp, hash, context from document d
             where source = ?1 and {which}
               and not exists (select 1 from staged s
                               where s.source = d.source and s.path = d.path)
             union all
             select path, stamp, hash, context from staged
             where source = ?1 and {which} and vanished = 0"
        ))
        .map_err(Error::database)?;
    let rows = query
        .query_map(params, |row| {
            Ok(Known {
                path: row.get(0)?,
                stamp: Stamp(row.get(1)?),
                hash: hash(row, 2)?,
                context: hash(row, 3)?,
            })
        })
        .map_err(Error::database)?;
    for row in rows {
        known.push(row.map_err(Error::database)?);
    }
    Ok(())
}

/// An article as JSON, without what columns of its sighting hold.
fn article_text(article: &mut Article) -> Result<String, Error> {
    let held = |a: &mut Article| [take(&mut a.rule_id), take(&mut a.link), take(&mut a.title)];
    let [rule_id, link, title] = held(article);
    let text = serde_json::to_string(article);
    (article.rule_id, article.link, article.title) = (rule_id, link, title);
    text.map_err(|_| Error::Damaged)
}

/// [`ARTICLE`], read.
fn article(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Result<Article, Error>> {
    let text: String = row.get(at)?;
    let Ok(mut article) = serde_json::from_str::<Article>(&text) else {
        return Ok(Err(Error::Damaged));
    };
    (article.rule_id, article.link) = (row.get(at + 1)?, row.get(at + 2)?);
    article.title = row.get(at + 3)?;
    Ok(Ok(article))
}

fn hash(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<ContentHash> {
    let bytes: [u8; 16] = row.get(at)?;
    Ok(ContentHash(bytes))
}

fn problems(text: Option<String>) -> Vec<Problem> {
    // Written by ourselves; one that can't be read is lost until its document is read again.
    text.and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default()
}

fn problems_text(problems: &[Problem]) -> Option<String> {
    if problems.is_empty() { None } else { serde_json::to_string(problems).ok() }
}
