//! Where the first reading of an export leaves what posts refer to. A private database of SQLite's
//! without a name: small ones stay in memory, large ones go to a temporary file that vanishes with it.

use rusqlite::{Connection, OptionalExtension, params};

use crate::document::wordpress::Attachment;

/// Files by number and by the post that they were uploaded to; reusable blocks by number.
pub(super) struct Shelf(Connection);

impl Shelf {
    pub(super) fn open() -> Result<Shelf, rusqlite::Error> {
        let db = Connection::open("")?;
        db.execute_batch(
            "pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -8192;
             create table file (id integer primary key, parent integer not null, json text not null);
             create table block (id integer primary key, content text not null);
             begin;",
        )?;
        Ok(Shelf(db))
    }

    pub(super) fn put_file(&mut self, file: &Attachment) -> Result<(), rusqlite::Error> {
        // Plain data always has its JSON.
        let json = serde_json::to_string(file).unwrap_or_default();
        self.0
            .prepare_cached("insert or ignore into file values (?, ?, ?)")?
            .execute(params![file.id, file.parent, json])
            .map(drop)
    }

    pub(super) fn put_block(&mut self, id: i64, content: &str) -> Result<(), rusqlite::Error> {
        self.0
            .prepare_cached("insert or ignore into block values (?, ?)")?
            .execute(params![id, content])
            .map(drop)
    }

    /// Everything is put: from here on it is asked.
    pub(super) fn finish(&mut self) -> Result<(), rusqlite::Error> {
        self.0.execute_batch("commit; create index of_post on file (parent);")
    }

    pub(super) fn file(&self, id: i64) -> Result<Option<Attachment>, rusqlite::Error> {
        let json: Option<String> = self
            .0
            .prepare_cached("select json from file where id = ?")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// The files that were uploaded to a post.
    pub(super) fn files_of(&self, post: i64) -> Result<Vec<Attachment>, rusqlite::Error> {
        let mut query =
            self.0.prepare_cached("select json from file where parent = ? order by id")?;
        let rows = query.query_map([post], |row| row.get::<_, String>(0))?;
        let mut files = Vec::new();
        for json in rows {
            files.extend(serde_json::from_str(&json?).ok());
        }
        Ok(files)
    }

    pub(super) fn block(&self, id: i64) -> Result<Option<String>, rusqlite::Error> {
        self.0
            .prepare_cached("select content from block where id = ?")?
            .query_row([id], |row| row.get(0))
            .optional()
    }
}
