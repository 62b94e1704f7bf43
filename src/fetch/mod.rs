//! The fetch stage: what media are that lie on other servers (length, type, pixels, seconds), found out
//! by asking those servers, within a budget, and remembered in a cache of its own. Everything that is
//! published is made from what the cache knows; nothing waits for a server unless a run is told to.
//! "Unknown" stays a legal answer: what a document says itself always stands. Which articles matter is
//! its callers'; talking HTTP is `net`'s.

mod blocks;
mod cache;
mod look;
mod pass;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use self::cache::{Cache, Error, FILE, Wanted};
pub use self::pass::{Pass, pass};
use crate::article::media::by_ending;
use crate::article::{Article, ContentHash, Facts, Media, MediaRole};
use crate::net::Allowed;

/// What the stage may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether anybody is asked, and what is known counts.
    pub on: bool,
    /// Files that are asked for at most in one pass.
    pub files_max: u32,
    /// How long a pass takes at most.
    pub within: Duration,
    /// How long what was found out is believed, in seconds.
    pub max_age_s: u64,
    /// Hosts and addresses that are asked though they aren't of the open internet.
    pub allow: Arc<[Allowed]>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            on: false,
            files_max: 100,
            within: Duration::from_secs(20),
            max_age_s: 30 * 24 * 60 * 60,
            allow: Arc::default(),
        }
    }
}

/// What was found out of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Its true length.
    pub bytes: Option<u64>,
    /// Its media type: by its first bytes, else as its server says.
    pub media_type: Option<String>,
    /// Pixels of a picture.
    pub width: Option<u32>,
    /// Pixels of a picture.
    pub height: Option<u32>,
    /// Whole seconds of a recording.
    pub duration_s: Option<u64>,
}

/// What is remembered of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    /// How much it matters, the least number most; `None` where nothing that is published names it.
    pub rank: Option<Rank>,
    /// When it was asked for last, in seconds since 1970.
    pub asked: Option<i64>,
    /// When it is to be asked for again.
    pub next: i64,
    /// How often asking has failed since it last went well.
    pub failures: u32,
    /// Why it failed the last time; `None` where that went well.
    pub failure: Option<String>,
    /// Its validators: entity tag and Last-Modified, as they were sent.
    pub validators: (Option<String>, Option<String>),
    /// What its server doesn't do and directories of podcasts ask for; empty: nothing.
    pub lacks: String,
    /// What was found out when it last went well.
    pub found: Found,
}

/// Which files are asked for first: by what they are for, then those of the newest article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// What it is for.
    pub purpose: Purpose,
    /// Seconds since 1970 of the newest article that names it, the other way round.
    pub age: i64,
}

/// What a file is for, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// What players play.
    Recording,
    /// The picture of a podcast.
    Cover,
    /// The picture of an article.
    Picture,
}

/// What the cache knows. Empty where the stage is off: then nothing of it shows anywhere.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// By URL.
    pub files: HashMap<String, File>,
    /// The URLs that matter of articles that were looked at, by the hash of all that each says.
    pub articles: HashMap<ContentHash, Vec<String>>,
}

impl Known {
    /// Adds what is known to what an article says of its media.
    pub fn fill(&self, article: &mut Article) {
        if self.files.is_empty() {
            return;
        }
        for medium in &mut article.media {
            if let Some(file) =
                self.files.get(&medium.url).filter(|_| matters(medium) && lacks(medium))
            {
                fill(medium, &file.found);
            }
        }
    }

    /// Of a fingerprint that knows nothing of remote media, and the articles that it stands for, makes
    /// one that does; the same where nothing is known of theirs.
    #[must_use]
    pub fn mark<'a>(
        &self,
        fingerprint: ContentHash,
        articles: impl Iterator<Item = &'a ContentHash>,
    ) -> ContentHash {
        let urls = articles.filter_map(|hash| self.articles.get(hash)).flatten();
        self.marked(fingerprint, urls.filter_map(|url| Some((url, self.files.get(url)?))))
    }

    /// The same of articles that weren't looked at: another one whenever anything is known otherwise.
    #[must_use]
    pub fn mark_all(&self, fingerprint: ContentHash) -> ContentHash {
        let files: BTreeMap<&String, &File> = self.files.iter().collect();
        self.marked(fingerprint, files.into_iter())
    }

    fn marked<'a>(
        &self,
        fingerprint: ContentHash,
        files: impl Iterator<Item = (&'a String, &'a File)>,
    ) -> ContentHash {
        let known: Vec<_> = files
            .filter(|(_, file)| file.found != Found::default())
            .map(|(url, file)| (url, &file.found))
            .collect();
        if known.is_empty() {
            return fingerprint;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&fingerprint.0);
        // `Debug` of plain data is stable within one build, and a new build may render again.
        hasher.update(format!("{known:?}").as_bytes());
        ContentHash::finish(&hasher)
    }
}

/// What is known, without asking anybody and without making a cache.
///
/// # Errors
/// Where the cache can't be used.
pub fn known(options: &Options, cache: &Path) -> Result<Known, Error> {
    let cache = if options.on { Cache::open_to_read(cache)? } else { None };
    cache.map_or_else(|| Ok(Known::default()), |cache| cache.known())
}

/// The files of an article that are worth asking for: those of which something is unknown that a feed
/// says. `hash` names all that the article says.
#[must_use]
pub fn wanted(article: &Article) -> Vec<(&str, Purpose)> {
    let media = article.media.iter().filter(|m| matters(m) && lacks(m));
    media.map(|m| (m.url.as_str(), purpose(m))).collect()
}

fn purpose(medium: &Media) -> Purpose {
    match medium.role {
        MediaRole::Enclosure => Purpose::Recording,
        _ => Purpose::Picture,
    }
}

/// Files of ours were measured; of pictures only the leading one is told with its measures.
fn matters(medium: &Media) -> bool {
    medium.facts != Facts::Measured
        && matches!(medium.role, MediaRole::Enclosure | MediaRole::Lead)
        && ["http://", "https://"].iter().any(|scheme| medium.url.starts_with(scheme))
}

fn lacks(medium: &Media) -> bool {
    let kind = medium.kind().unwrap_or_default();
    let pixels = medium.width.is_none() || medium.height.is_none();
    medium.bytes.is_none()
        || kind.is_empty()
        || medium.role == MediaRole::Lead && pixels
        || medium.is_recording() && medium.duration_s.is_none()
}

/// What a document says stands; a type that only its ending gave isn't said.
fn fill(medium: &mut Media, found: &Found) {
    if medium.bytes.is_none() && found.bytes.is_some() {
        medium.bytes = found.bytes;
        medium.facts = Facts::Measured;
    }
    let said = medium.media_type.as_deref().is_some_and(|t| Some(t) != by_ending(&medium.url));
    if !said && found.media_type.is_some() {
        medium.media_type.clone_from(&found.media_type);
    }
    if medium.width.is_none() && medium.height.is_none() {
        (medium.width, medium.height) = (found.width, found.height);
    }
    medium.duration_s = medium.duration_s.or(found.duration_s);
}

#[cfg(test)]
mod tests;
