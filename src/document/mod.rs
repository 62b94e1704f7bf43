//! How one document is read: bytes or a row in, sightings of articles and problems out. Where
//! documents are is [`source`](crate::source)'s; which sighting wins is the
//! [`catalog`](crate::catalog)'s. Reading touches no network and no file but through
//! [`Surroundings`], keeps going after a problem wherever half an article beats none, and gives the
//! same result for the same input on any machine.

use std::sync::Arc;

use url::Url;

use crate::article::{Article, ContentHash};
use crate::problem::Problem;
use crate::time::Zone;

/// Stands for "the same input now reads otherwise": part of every reading context, never of bytes.
/// Raising it has its line in CHANGELOG.
pub const READ: u32 = 1;

/// How the documents of one source are read. Resolved: no defaults are applied below.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Name of the source.
    pub source: String,
    /// What relative links resolve against.
    pub site_url: Url,
    /// Zone of times written without one.
    pub zone: Zone,
    /// Zone of `{year}`, `{month}` and `{day}` in links: the site's.
    pub link_zone: Zone,
    /// Pattern for documents that name no link; `None` is the default of their kind.
    pub permalink: Option<String>,
    /// Where derived ids begin: the `base` of `feeds.lock`.
    pub id_base: Url,
    /// The pattern that derived ids follow, as `feeds.lock` recorded it.
    pub id_permalink: Option<String>,
    /// The zone that derived ids follow, as `feeds.lock` recorded it.
    pub id_zone: Zone,
    /// Put before ids that documents name, so that those of two sources can't meet.
    pub id_prefix: Option<String>,
    /// Language of documents that name none.
    pub language: Option<String>,
    /// Authors of documents that name none.
    pub authors: Vec<String>,
    /// Section of documents that name none and stand in no folder.
    pub section: Option<String>,
    /// What separates values in a cell that holds several (databases); a JSON list needs none.
    pub list_separator: String,
}

impl Options {
    /// Changes whenever the same document could read otherwise under these options.
    #[must_use]
    pub fn digest(&self) -> ContentHash {
        // `Debug` of plain data is stable within one build, and a new build may re-read.
        ContentHash::of(format!("{READ} {self:?}").as_bytes())
    }
}

/// One document, as a source found it.
#[derive(Debug)]
pub struct Document<'a> {
    /// Names it within its source: a path below the source's root with `/` (NFC), or a row's key.
    pub path: &'a str,
    /// What problems call it: the path as the operator would write it, or `SOURCE row KEY`.
    pub shown: &'a str,
    /// What it holds.
    pub content: Content<'a>,
    /// What stands around it.
    pub around: Surroundings<'a>,
}

/// What a document holds.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// A file's bytes.
    File(&'a [u8]),
    /// A row of a database.
    Row(&'a Row),
}

/// What stands around a document and is read with it. Whatever is looked at here becomes part of the
/// document's reading context.
pub struct Surroundings<'a> {
    /// The `_index.md` of the folders that it stands in, outermost first; folders without one are
    /// left out.
    pub indexes: &'a [Arc<FolderIndex>],
    /// The size in bytes of a file below the source's root, `None` where there is none.
    pub file_bytes: &'a dyn Fn(&str) -> Option<u64>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("indexes", &self.indexes).finish_non_exhaustive()
    }
}

/// What a folder's `_index.md` says of the section that the folder is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderIndex {
    /// The folder, relative to the source's root, with `/`; empty of the root itself.
    pub folder: String,
    /// The section's name for people.
    pub title: Option<String>,
    /// Where the section stands among its siblings.
    pub weight: Option<i64>,
}

/// One row of a database, columns in the query's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name and value of each column.
    pub columns: Vec<(String, Value)>,
}

/// A value as a database gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL's NULL.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text; not necessarily UTF-8.
    Text(Vec<u8>),
    /// Bytes.
    Blob(Vec<u8>),
}

/// What one document says of one article. Lower ranks win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// A full article.
    Full = 0,
    /// A headline, with its kicker or without.
    Headline = 1,
    /// Headline and kicker run together on one line; where a better sighting has the same instant
    /// and its title begins this one's, they are the same article.
    Merged = 2,
}

/// What one document says of one article.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// How good a sighting it is.
    pub rank: Rank,
    /// The article as this document has it.
    pub article: Article,
    /// Its body: HTML as read, before sanitising. `article.body` names it.
    pub body: Option<String>,
    /// Where the document speaks of it, for problems found later; line from 1.
    pub line: u32,
}

/// What reading a document gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// The articles that it speaks of; none of a draft.
    pub sightings: Vec<Sighting>,
    /// What is wrong in it.
    pub problems: Vec<Problem>,
    /// It could not be read at all: what is known of it from before stays.
    pub failed: bool,
    /// Files below the source's root that were looked for, found or not (local media).
    pub looked_for: Vec<String>,
}
