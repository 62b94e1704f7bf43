//! Documents as rows of a database.

use std::path::PathBuf;

/// Which rows.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The database's file.
    pub file: PathBuf,
    /// How problems call it: the URL as `feeds.toml` writes it, variables unfilled.
    pub shown: String,
    /// The query whose column names say what they are.
    pub query: String,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("shown", &self.shown).finish_non_exhaustive()
    }
}
