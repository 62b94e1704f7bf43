//! Where documents are: a directory is walked, a database is queried, an export file is read. What is known comes in, in the
//! order of paths; documents that may have changed go out in batches; what was found wrong goes
//! beside. To whoever asks, all kinds of source look alike. How a document is read is
//! [`document`]'s; what is remembered of it is the catalog's.

pub mod database;
pub mod directory;
pub mod measure;
pub mod wxr;

use std::path::PathBuf;
use std::sync::Arc;

use crate::article::ContentHash;
use crate::document::{self, Facts, FolderIndex, Row, Shape};
use crate::problem::Problem;

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
    Database(Box<database::Options>),
    /// Posts of WordPress export files.
    Wxr(wxr::Options),
}

/// Tells whether a document may have changed: equal stamps, unchanged document. Opaque bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub Vec<u8>);

/// What is remembered of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Names it within its source.
    pub path: String,
    /// Its stamp at the last look.
    pub stamp: Stamp,
    /// Hash of its content.
    pub hash: ContentHash,
    /// Its reading context (DESIGN decision 5).
    pub context: ContentHash,
}

/// What is remembered of a folder's `_index.md`.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownIndex {
    /// The folder, relative to the source's root.
    pub folder: String,
    /// Its stamp at the last look.
    pub stamp: Stamp,
    /// Hash of its content.
    pub hash: ContentHash,
    /// What it says.
    pub index: Arc<FolderIndex>,
    /// What is wrong in it.
    pub problems: Vec<Problem>,
}

/// A file that reading a document looked for beside it (local media).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The document's path.
    pub document: String,
    /// The file's path below the source's root.
    pub file: String,
    /// Its stamp then; `None` where there was none.
    pub stamp: Option<Stamp>,
}

/// What is remembered of a source, or of the parts of it that are looked at.
#[derive(Debug, Default)]
pub struct Memory {
    /// Its documents, ordered by path, bytes compared.
    pub documents: Vec<Known>,
    /// All its `_index.md`.
    pub indexes: Vec<KnownIndex>,
    /// All files that its documents looked for.
    pub looked: Vec<Looked>,
}

/// A document that may have changed.
#[derive(Debug)]
pub struct Found {
    /// Names it within its source.
    pub path: String,
    /// What problems call it.
    pub shown: String,
    /// What it is read with.
    pub context: ContentHash,
    /// The `_index.md` of the folders that it stands in, outermost first.
    pub indexes: Arc<[Arc<FolderIndex>]>,
    /// What is remembered of it.
    pub known: Option<Known>,
    /// Where its content is.
    pub place: FoundPlace,
}

/// Where a found document's content is.
#[derive(Debug)]
pub enum FoundPlace {
    /// In a file.
    File {
        /// The file.
        file: PathBuf,
        /// Its stamp when it was found.
        stamp: Stamp,
    },
    /// Here already.
    Row {
        /// The row.
        row: Row,
        /// Of all its values.
        hash: ContentHash,
        /// Its stamp, which begins with that hash.
        stamp: Stamp,
        /// What makes common columns of a program's own, and what the site says of itself.
        shape: Option<(Shape, Arc<Facts>)>,
    },
}

/// A document's content, read.
#[derive(Debug)]
pub struct Loaded {
    /// The content.
    pub content: LoadedContent,
    /// Hash of it.
    pub hash: ContentHash,
    /// Its stamp as it was read.
    pub stamp: Stamp,
}

/// What a loaded document holds.
#[derive(Debug)]
pub enum LoadedContent {
    /// A file's bytes.
    File(Vec<u8>),
    /// A row.
    Row(Row),
}

impl LoadedContent {
    /// Whether it is a file that says nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            LoadedContent::File(bytes) => bytes.trim_ascii().is_empty(),
            LoadedContent::Row(_) => false,
        }
    }
}

impl Found {
    /// Reads the content.
    ///
    /// # Errors
    /// A [`Problem`] where a file can't be read: what is known of the document stays.
    pub fn load(self) -> Result<(FoundHead, Loaded), (FoundHead, Problem)> {
        let head = FoundHead {
            path: self.path,
            shown: self.shown,
            context: self.context,
            indexes: self.indexes,
            known: self.known,
        };
        match self.place {
            FoundPlace::Row { row, hash, stamp, shape } => {
                // As earlier releases had it: what is known stays known.
                let hash = ContentHash::of(&hash.0);
                let row = match shape {
                    Some((shape, facts)) => (shape.of)(&row, &facts),
                    None => row,
                };
                Ok((head, Loaded { content: LoadedContent::Row(row), hash, stamp }))
            }
            FoundPlace::File { file, stamp } => match directory::load(&file, &head.shown, stamp) {
                Ok(loaded) => Ok((head, loaded)),
                Err(problem) => Err((head, problem)),
            },
        }
    }
}

/// A [`Found`] without its content.
#[derive(Debug)]
pub struct FoundHead {
    /// Names it within its source.
    pub path: String,
    /// What problems call it.
    pub shown: String,
    /// What it is read with.
    pub context: ContentHash,
    /// The `_index.md` of the folders that it stands in, outermost first.
    pub indexes: Arc<[Arc<FolderIndex>]>,
    /// What is remembered of it.
    pub known: Option<Known>,
}

/// What looking at a source gave, beside the documents themselves.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Documents that stand as they stood.
    pub unchanged: u64,
    /// Files opened or rows received, those of the found documents not counted.
    pub opened: u64,
    /// Documents that were looked for and aren't there any more.
    pub vanished: Vec<String>,
    /// The `_index.md` that are new or otherwise than remembered.
    pub indexes_changed: Vec<KnownIndex>,
    /// Folders whose `_index.md` is gone.
    pub indexes_vanished: Vec<String>,
    /// What is wrong with the places themselves.
    pub problems: Vec<Problem>,
}

/// A source could not be looked at: nothing of it is withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory can't be listed.
    #[error("{shown} can't be read: {cause}; its articles stay as they are")]
    Directory {
        /// The directory as `feeds.toml` writes it.
        shown: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A glob can't be read.
    #[error("the pattern {pattern:?} can't be read: {cause}")]
    Pattern {
        /// The glob.
        pattern: String,
        /// What is wrong with it.
        cause: globset::Error,
    },
    /// The database can't be asked.
    #[error("{0}")]
    Database(#[from] database::Error),
    /// An export file can't be read to its end.
    #[error("{0}; its articles stay as they are")]
    Wxr(#[from] wxr::Error),
}

/// Documents handed over at once: enough that threads have work, few enough that memory stays
/// small.
pub const BATCH: usize = 256;
