//! Documents as files below a directory.

use std::path::PathBuf;

/// Where the files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The directory; symbolic links in it are followed.
    pub root: PathBuf,
    /// How problems call it: the path as `feeds.toml` writes it.
    pub shown: String,
    /// Globs of paths below the root; a file is a document only if one matches. Empty: every file
    /// whose ending is a document's.
    pub include: Vec<String>,
    /// Globs of paths below the root that are passed over.
    pub exclude: Vec<String>,
}
