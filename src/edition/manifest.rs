//! `feeds.json`, the manifest: what the tree holds and what its feeds show, for another publisher,
//! for whoever serves the tree, and for a run that has lost its state. Renamed last, so what it lists
//! stands.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::article::ContentHash;

/// The manifest's version; readers refuse a later one.
pub const VERSION: u32 = 1;

/// What the tree holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`VERSION`].
    pub feedwright: u32,
    /// Where the tree is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// By address (the path of its URL): what stands there.
    pub files: BTreeMap<String, FileFacts>,
    /// By name: what each feed shows.
    pub feeds: BTreeMap<String, FeedFacts>,
    /// By id: the entries of all feeds, once each.
    pub entries: BTreeMap<String, EntryFacts>,
}

/// One file of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Bytes of identity.
    pub size: u64,
    /// Hash of identity; the entity tag without quotes and suffix.
    pub etag: ContentHash,
    /// Its Last-Modified.
    pub last_modified: DateTime<Utc>,
}

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedFacts {
    /// Its title.
    pub title: String,
    /// Its atom:id.
    pub id: String,
    /// Ids of its entries, newest first.
    pub entries: Vec<String>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryFacts {
    /// What a cold run would give it as id.
    pub rule_id: String,
    /// Its link.
    pub link: String,
    /// Its title.
    pub title: String,
    /// First publication.
    pub published: DateTime<Utc>,
    /// Hash of its body as read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<ContentHash>,
}

/// The manifest can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It isn't a manifest.
    #[error("feeds.json can't be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A later release wrote it.
    #[error("feeds.json is of version {0}, which a later release of feedwright wrote")]
    Newer(u32),
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Where it isn't one, or a later release wrote it.
    pub fn read(bytes: &[u8]) -> Result<Manifest, Error> {
        let manifest: Manifest = serde_json::from_slice(bytes)?;
        if manifest.feedwright > VERSION {
            return Err(Error::Newer(manifest.feedwright));
        }
        Ok(manifest)
    }

    /// Its bytes: one line a file, feed and entry would be nicer to look at, but two-space JSON is
    /// what every tool makes of it.
    ///
    /// # Errors
    /// Never for what runs make.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
