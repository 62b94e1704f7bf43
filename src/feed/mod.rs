//! What feeds there are and which articles each holds. Definitions expand ("one for each section"),
//! windows are selected as of a time, and a fingerprint says whether an edition would come out
//! otherwise. Everything here is pure: the catalog is asked through plain queries and time comes in
//! as an argument. How a feed looks is [`render`](crate::render)'s.

pub mod address;
pub mod expand;
pub mod podcast;
pub mod select;
pub mod why;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::article::{Article, Term, TermKey};
use crate::time::Zone;

/// What all feeds of a site share.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Name of the publication.
    pub title: String,
    /// Absolute URL of its home page; relative article links resolve against it.
    pub url: url::Url,
    /// One sentence about it; may be empty.
    pub description: String,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// Atom and JSON show times with this zone's offset.
    pub zone: Zone,
    /// Where the tree or the service is reached, with a final slash. Without it editions say
    /// nothing of their own address.
    pub base_url: Option<url::Url>,
    /// Where derived ids of feeds begin: the `base` of `feeds.lock`.
    pub id_base: url::Url,
    /// Who stands for the whole publication.
    pub authors: Vec<SiteAuthor>,
    /// Copyright line.
    pub copyright: Option<String>,
    /// Absolute URL of a licence.
    pub license: Option<String>,
    /// Absolute URL of a square picture.
    pub icon: Option<String>,
    /// Absolute URL of a picture twice as wide as high.
    pub logo: Option<String>,
    /// Address of the editor, shown as `user@host (Name)`.
    pub contact: Option<String>,
    /// Minutes that a reader may keep a copy: `[server] max_age`.
    pub ttl_minutes: u64,
}

/// Someone who stands for a whole publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteAuthor {
    /// Name for people.
    pub name: String,
    /// Absolute URL.
    pub uri: Option<String>,
    /// Published.
    pub email: Option<String>,
}

/// Names a feed: `latest`, `world`, `tag/harbour`. Slugs may hold letters of any script.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeedName(pub String);

impl fmt::Display for FeedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names that no declared feed can have: they begin other addresses.
pub const RESERVED_NAMES: [&str; 6] = crate::article::slug::RESERVED_NAMES;

/// A feed's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Format; 3] = [Format::Rss, Format::Atom, Format::Json];

    /// The ending of its addresses, without a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Format::Rss => "rss",
            Format::Atom => "atom",
            Format::Json => "json",
        }
    }

    /// Its media type without parameters, as links name it.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Rss => "application/rss+xml",
            Format::Atom => "application/atom+xml",
            Format::Json => "application/feed+json",
        }
    }
}

/// How much of each article a feed holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyMode {
    /// The whole body, with the summary beside it.
    #[default]
    Full,
    /// The summary alone.
    Summary,
    /// Title and link alone.
    None,
}

/// By which of its times an article stands in a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// First publication.
    #[default]
    Published,
    /// The last change that its document names, else first publication.
    Updated,
}

/// Which articles a feed takes: at least one of `any` (where it isn't empty), all of `all`, none of
/// `none`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Selection {
    /// At least one of these, where there are any.
    pub any: Vec<TermKey>,
    /// Each of these.
    pub all: Vec<TermKey>,
    /// Not one of these.
    pub none: Vec<TermKey>,
}

impl Selection {
    /// Whether it takes an article with these terms.
    #[must_use]
    pub fn takes(&self, terms: &[Term]) -> bool {
        let has = |key: &TermKey| terms.iter().any(|t| t.key == *key);
        (self.any.is_empty() || self.any.iter().any(has))
            && self.all.iter().all(has)
            && !self.none.iter().any(has)
    }
}

/// One `[[feed]]` of `feeds.toml`, defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The name as written: `latest`, or with `each` a pattern such as `{section}`.
    pub name: String,
    /// One feed for each term of this taxonomy. Of `tag`, `author` and `series` the names are
    /// always `tag/SLUG` …, and the definition only says how those feeds are.
    pub each: Option<crate::article::Taxonomy>,
    /// Title; `None`: the site's, or `LABEL – SITE` of a term's feed.
    pub title: Option<String>,
    /// Description; `None`: the site's, else a sentence made of the title.
    pub description: Option<String>,
    /// Absolute URL of the page that it stands for; `None`: the site's, or of a section's feed the
    /// section's page below it.
    pub home: Option<String>,
    /// BCP 47 tag; `None`: the site's.
    pub language: Option<String>,
    /// Which articles it takes, beside its term.
    pub selection: Selection,
    /// See [`Feed::limit`].
    pub limit: u32,
    /// See [`Feed::within_s`].
    pub within_s: u64,
    /// See [`Feed::max_entry_age_s`].
    pub max_entry_age_s: Option<u64>,
    /// See [`Feed::max_bytes`].
    pub max_bytes: Option<u64>,
    /// See [`Feed::order`].
    pub order: Order,
    /// See [`Feed::resurface_s`].
    pub resurface_s: Option<u64>,
    /// See [`Feed::body`].
    pub body: BodyMode,
    /// See [`Feed::eager`].
    pub eager: bool,
    /// See [`Feed::tombstones_s`].
    pub tombstones_s: Option<u64>,
    /// See [`Feed::podcast`]; and where its artwork, or else the podcast, is named.
    pub podcast: Option<(podcast::Show, crate::problem::Place)>,
}

/// One feed, expanded: nothing in it refers to other definitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// Its name.
    pub name: FeedName,
    /// Its title, as a person reads it in a list.
    pub title: String,
    /// One sentence about it; not empty.
    pub description: String,
    /// Absolute URL of the HTML page that it stands for.
    pub home: String,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// Its atom:id; the same whatever the format.
    pub id: String,
    /// Which articles it takes.
    pub selection: Selection,
    /// At least so many of the newest, from 1.
    pub limit: u32,
    /// Everything within so many seconds of the newest, beyond `limit`.
    pub within_s: u64,
    /// Nothing older than so many seconds before the newest.
    pub max_entry_age_s: Option<u64>,
    /// Dropped from the old end until the weights fit; never below ten entries.
    pub max_bytes: Option<u64>,
    /// What "newest" means.
    pub order: Order,
    /// Articles whose named change is at most so many seconds older than the newest entry are in, too,
    /// however old they are.
    pub resurface_s: Option<u64>,
    /// How much of each article.
    pub body: BodyMode,
    /// The term whose feed it is, of feeds that one definition makes for each term.
    pub term: Option<TermKey>,
    /// Made on every run and listed; else made when someone asks.
    pub eager: bool,
    /// Its Atom tells of what was withdrawn in so many seconds before its newest entry (RFC 6721).
    pub tombstones_s: Option<u64>,
    /// What it says of itself as a podcast, where it is one.
    pub podcast: Option<podcast::Show>,
}

/// An article that was out and is out no more (RFC 6721).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The id that it was published under.
    pub id: String,
    /// When it was taken back.
    pub at: DateTime<Utc>,
}

/// An article in a window, fit for readers.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The id that it was published under: the native id.
    pub id: String,
    /// Its facts.
    pub article: Arc<Article>,
    /// First publication: the named one, else the first sight of it.
    pub published: DateTime<Utc>,
    /// Sanitised, absolute HTML; `None` where the feed holds no bodies or the article has none.
    pub body: Option<Arc<str>>,
}

impl Entry {
    /// Last significant change: the named one, but never before publication.
    #[must_use]
    pub fn updated(&self) -> DateTime<Utc> {
        self.article.updated.map_or(self.published, |m| m.at.max(self.published))
    }
}

/// When a feed last changed for its readers: the latest `updated` of its entries; without any, the
/// epoch, because a clock must not get into the bytes.
#[must_use]
pub fn updated(entries: &[Entry]) -> DateTime<Utc> {
    entries.iter().map(Entry::updated).max().unwrap_or(DateTime::UNIX_EPOCH)
}
