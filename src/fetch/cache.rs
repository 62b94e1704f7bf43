//! What is remembered of remote media: a database file of its own in the state folder. Lost with the
//! state, it costs asking again; nothing else depends on it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Row, params};

use super::{File, Found, Known, Purpose, Rank};
use crate::article::ContentHash;

/// Its name in the state folder.
pub const FILE: &str = "media.db";

/// Raised with the schema; kept as `user_version`.
const SCHEMA: i32 = 1;

/// How long a statement waits for another process's short transaction.
const BUSY: Duration = Duration::from_secs(10);

/// What nothing names any more is forgotten this long after it was asked for last, in seconds.
const FORGOTTEN_S: i64 = 30 * 24 * 60 * 60;

const TABLES: &str = "
    -- Remote media. `purpose` is null where nothing that is published names one.
    create table file (
        url text primary key,
        purpose integer,
        age integer not null,
        asked integer,              -- seconds since 1970; null: never
        next integer not null,
        failures integer not null,
        failure text,
        etag text,
        modified text,
        lacks text not null,
        bytes integer,
        type text,
        width integer,
        height integer,
        seconds integer
    ) strict, without rowid;
    -- Articles that were looked at, by the hash of all that each says; a JSON array of URLs.
    create table article (
        hash blob primary key,
        urls text not null
    ) strict, without rowid;";

/// The cache can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refuses.
    #[error(
        "what is known of remote media can't be used: {0}; media.db in the state folder may be \
         deleted, which costs asking again"
    )]
    Database(#[from] rusqlite::Error),
    /// A later release made it.
    #[error(
        "what is known of remote media was written by a later release of feedwright (schema {0}); run \
         that release, or delete media.db in the state folder, which costs asking again"
    )]
    Newer(i32),
    /// This machine has no sockets.
    #[error("remote media can't be asked for: {0}")]
    Fetch(#[from] crate::net::Error),
}

/// The cache, open.
#[derive(Debug)]
pub struct Cache {
    db: Connection,
}

/// What is published now, as far as remote media are concerned.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Articles that weren't looked at before, and their files.
    pub articles: Vec<(ContentHash, Vec<String>)>,
    /// All articles that are published.
    pub standing: HashSet<ContentHash>,
    /// All files that are worth asking for.
    pub files: BTreeMap<String, Rank>,
}

impl Cache {
    /// Opens the cache, making it where there is none.
    ///
    /// # Errors
    /// Where SQLite refuses, or a later release made it.
    pub fn open(path: &Path) -> Result<Cache, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "NORMAL")?;
        let mut cache = Cache { db };
        if cache.version()? == 0 {
            // Two may make it at once.
            let made =
                cache.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            if made.query_row("pragma user_version", [], |row| row.get::<_, i32>(0))? == 0 {
                made.execute_batch(TABLES)?;
                made.pragma_update(None, "user_version", SCHEMA)?;
            }
            made.commit()?;
        }
        Ok(cache)
    }

    /// Opens the cache without making one; `None` where there is none.
    ///
    /// # Errors
    /// As [`Cache::open`].
    pub fn open_to_read(path: &Path) -> Result<Option<Cache>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        // A log of another process can't be read without the right to write.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "query_only", true)?;
        let cache = Cache { db };
        Ok(if cache.version()? == 0 { None } else { Some(cache) })
    }

    fn version(&self) -> Result<i32, Error> {
        let found = self.db.query_row("pragma user_version", [], |row| row.get(0))?;
        if found > SCHEMA { Err(Error::Newer(found)) } else { Ok(found) }
    }

    /// All that is known.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn known(&self) -> Result<Known, Error> {
        let mut query = self.db.prepare(
            "select url, purpose, age, asked, next, failures, failure, etag, modified, lacks, bytes,
                type, width, height, seconds from file",
        )?;
        let files = query
            .query_map([], |row| Ok((row.get(0)?, file(row)?)))?
            .collect::<Result<HashMap<String, File>, _>>()?;
        let mut query = self.db.prepare("select hash, urls from article")?;
        let articles = query
            .query_map([], |row| {
                let (hash, urls): ([u8; 16], String) = (row.get(0)?, row.get(1)?);
                Ok((ContentHash(hash), serde_json::from_str(&urls).unwrap_or_default()))
            })?
            .collect::<Result<HashMap<ContentHash, Vec<String>>, _>>()?;
        Ok(Known { files, articles })
    }

    /// Notes what is published now. Writes only what differs from what is known.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn want(&mut self, known: &Known, wanted: &Wanted, now: i64) -> Result<(), Error> {
        let ranks: Vec<(&String, &Rank)> = wanted
            .files
            .iter()
            .filter(|(url, rank)| known.files.get(*url).and_then(|f| f.rank) != Some(**rank))
            .collect();
        let left: Vec<&String> = known
            .files
            .iter()
            .filter(|(url, file)| file.rank.is_some() && !wanted.files.contains_key(*url))
            .map(|(url, _)| url)
            .collect();
        let old = |file: &File| file.asked.is_none_or(|asked| now - asked > FORGOTTEN_S);
        let forgotten: Vec<&String> = known
            .files
            .iter()
            .filter(|(url, file)| !wanted.files.contains_key(*url) && old(file))
            .map(|(url, _)| url)
            .collect();
        let gone: Vec<&ContentHash> =
            known.articles.keys().filter(|hash| !wanted.standing.contains(hash)).collect();
        let same = [ranks.len(), left.len(), forgotten.len(), gone.len(), wanted.articles.len()];
        if same == [0; 5] {
            return Ok(());
        }
        let change = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for (url, rank) in ranks {
            change.prepare_cached(
                "insert into file (url, purpose, age, next, failures, lacks) values (?, ?, ?, 0, 0, '')
                 on conflict (url) do update set purpose = excluded.purpose, age = excluded.age",
            )?
            .execute(params![url, number(rank.purpose), rank.age])?;
        }
        for url in left {
            change.execute("update file set purpose = null where url = ?", [url])?;
        }
        for url in forgotten {
            change.execute("delete from file where url = ? and purpose is null", [url])?;
        }
        for hash in gone {
            change.execute("delete from article where hash = ?", [hash.0])?;
        }
        for (hash, urls) in &wanted.articles {
            let urls = serde_json::to_string(urls).unwrap_or_default();
            change
                .execute("insert or replace into article values (?, ?)", params![hash.0, urls])?;
        }
        Ok(change.commit()?)
    }

    /// The files that are due, the most important first, and how many there are.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub(super) fn due(&self, now: i64, most: u32) -> Result<(Vec<(String, File)>, u64), Error> {
        let mut query = self.db.prepare(
            "select url, purpose, age, asked, next, failures, failure, etag, modified, lacks, bytes,
                type, width, height, seconds
             from file where purpose is not null and next <= ?
             order by asked is not null, purpose, age, url limit ?",
        )?;
        let due = query
            .query_map(params![now, most], |row| Ok((row.get(0)?, file(row)?)))?
            .collect::<Result<_, _>>()?;
        let all = self.db.query_row(
            "select count(*) from file where purpose is not null and next <= ?",
            [now],
            |row| row.get::<_, i64>(0),
        )?;
        Ok((due, all.cast_unsigned()))
    }

    /// How many files are wanted, and of how many of them asking failed the last time.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub(super) fn counts(&self) -> Result<(u64, u64), Error> {
        let (all, failing): (i64, i64) = self.db.query_row(
            "select count(*), count(failure) from file where purpose is not null",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok((all.cast_unsigned(), failing.cast_unsigned()))
    }

    /// Notes what came of asking. What a run wants meanwhile stands.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub(super) fn note(&mut self, files: &[(String, File)]) -> Result<(), Error> {
        let change = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for (url, file) in files {
            let (found, (etag, modified)) = (&file.found, &file.validators);
            change
                .prepare_cached(
                    "update file set asked = ?, next = ?, failures = ?, failure = ?, etag = ?,
                    modified = ?, lacks = ?, bytes = ?, type = ?, width = ?, height = ?, seconds = ?
                 where url = ?",
                )?
                .execute(params![
                    file.asked,
                    file.next,
                    file.failures,
                    file.failure,
                    etag,
                    modified,
                    file.lacks,
                    found.bytes.map(u64::cast_signed),
                    found.media_type,
                    found.width,
                    found.height,
                    found.duration_s.map(u64::cast_signed),
                    url,
                ])?;
        }
        Ok(change.commit()?)
    }
}

fn file(row: &Row<'_>) -> rusqlite::Result<File> {
    let unsigned = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
    let age = row.get(2)?;
    let purpose = row.get::<_, Option<i64>>(1)?.map(purpose);
    Ok(File {
        rank: purpose.map(|purpose| Rank { purpose, age }),
        asked: row.get(3)?,
        next: row.get(4)?,
        failures: row.get(5)?,
        failure: row.get(6)?,
        validators: (row.get(7)?, row.get(8)?),
        lacks: row.get(9)?,
        found: Found {
            bytes: unsigned(row.get(10)?),
            media_type: row.get(11)?,
            width: row.get(12)?,
            height: row.get(13)?,
            duration_s: unsigned(row.get(14)?),
        },
    })
}

fn number(purpose: Purpose) -> i64 {
    match purpose {
        Purpose::Recording => 0,
        Purpose::Cover => 1,
        Purpose::Picture => 2,
    }
}

fn purpose(number: i64) -> Purpose {
    match number {
        0 => Purpose::Recording,
        1 => Purpose::Cover,
        _ => Purpose::Picture,
    }
}
