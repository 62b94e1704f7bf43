//! Where documents are: a directory is walked, a database is queried. Known stamps come in,
//! documents that changed go out, in one order; what was found wrong goes beside. How a document is
//! read is [`document`](crate::document)'s.

pub mod database;
pub mod directory;

use crate::document;

/// One source: where its documents are and how they are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Its name, unique in `feeds.toml`.
    pub name: String,
    /// How its documents are read.
    pub reading: document::Options,
    /// Where they are.
    pub place: Place,
}

/// Where a source's documents are.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// Files below a directory.
    Directory(directory::Options),
    /// Rows of a database.
    Database(database::Options),
}
