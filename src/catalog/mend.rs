//! What keeps answers true while others write, and puts right what was lost from the disk: a reading of
//! one instant, and documents that count as unread because their bodies are gone.

use std::collections::BTreeSet;

use rusqlite::{Transaction, params};

use super::{Catalog, Error};
use crate::article::{ContentHash, Taxonomy, TermKey};

/// The catalog as it is at one instant, until dropped. Bodies aren't part of it: those that a run drops
/// meanwhile are gone, which whoever asks for one is told.
#[derive(Debug)]
pub struct Snapshot<'a> {
    _transaction: Transaction<'a>,
}

impl Catalog {
    /// Lets all that is asked until the snapshot is dropped be of one instant.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, Error> {
        let transaction = self.db.unchecked_transaction().map_err(Error::database)?;
        // The instant is that of the first read.
        self.revision()?;
        Ok(Snapshot { _transaction: transaction })
    }

    /// Whether there is anything to ask: a first run makes the tables when it begins.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn is_made(&self) -> Result<bool, Error> {
        let version: i32 = self
            .db
            .query_row("pragma user_version", [], |row| row.get(0))
            .map_err(Error::database)?;
        Ok(version > 0)
    }

    /// Every term of these taxonomies that an article may have. One that isn't among them has no
    /// feed; one that is may have none either.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn term_names(&self, taxonomies: &[Taxonomy]) -> Result<BTreeSet<TermKey>, Error> {
        let mut names = BTreeSet::new();
        for taxonomy in taxonomies {
            let mut query = self
                .db
                .prepare_cached("select slug from term_name where taxonomy = ?")
                .map_err(Error::database)?;
            let slugs =
                query.query_map([taxonomy.as_str()], |row| row.get(0)).map_err(Error::database)?;
            for slug in slugs {
                let slug = slug.map_err(Error::database)?;
                names.insert(TermKey { taxonomy: taxonomy.clone(), slug });
            }
        }
        Ok(names)
    }

    /// Forgets how documents stand whose bodies are lost, so that the next look at them reads them
    /// again. What is published of them stays. Gives back how many there are.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn forget_bodiless(&mut self) -> Result<usize, Error> {
        let mut lost: Vec<ContentHash> = Vec::new();
        let mut named: Vec<ContentHash> = Vec::new();
        self.rows("select distinct body from sighting where body is not null", |row| {
            named.push(super::hash(row, 0)?);
            Ok(())
        })?;
        for hash in named {
            match self.bodies.get(&hash) {
                Ok(Some(_)) => {}
                Ok(None) | Err(Error::Damaged) => lost.push(hash),
                Err(e) => return Err(e),
            }
        }
        // Those that can't be unpacked would stand in the way of the good ones.
        self.bodies.remove(&lost)?;
        let transaction = self.db.transaction().map_err(Error::database)?;
        let mut documents = 0;
        for hash in lost {
            documents += transaction
                .prepare_cached(
                    "update document set stamp = x'', hash = zeroblob(16)
                     where (source, path) in (select source, path from sighting where body = ?)",
                )
                .and_then(|mut q| q.execute(params![hash.0]))
                .map_err(Error::database)?;
        }
        transaction.commit().map_err(Error::database)?;
        Ok(documents)
    }
}
