//! What a newsroom publishes. An [`Article`] is resolved: links are absolute, times are instants,
//! terms have slugs, and nothing below this room asks how a document spelled them. The article's
//! body travels apart (by its hash), because most of what happens to an article needs no body.

mod hash;
pub mod media;
pub mod slug;
mod term;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::hash::ContentHash;
pub use self::term::{LANGUAGE, Taxonomy, Term, TermKey};

/// The full facts of one article, body aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Article {
    /// The id that the document names, else the one that its source's recorded pattern derives.
    /// What is published under is [`Entry::id`](crate::feed::Entry::id), which the catalog assigns.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule_id: String,
    /// Where `rule_id` came from.
    pub id_origin: IdOrigin,
    /// Absolute URL of the article as it is now.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link: String,
    /// Whether the document named the link; else it was made from a permalink pattern.
    pub link_named: bool,
    /// Absolute URLs under which the article stood before (`aliases`, `redirect_from`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_links: Vec<String>,
    /// What a link post is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_link: Option<String>,
    /// Key that the translations of one article share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation_group: Option<String>,
    /// BCP 47 tag, where the article's language is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,

    /// Plain text, white space collapsed; never empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The line above or below the headline; plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kicker: Option<String>,
    /// A short plain text about the article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The body, where the document holds one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyRef>,
    /// What the newsroom corrected, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// Copyright line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    /// Absolute URL of the licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,

    /// First publication. `None` where the document names no date: the catalog then takes the
    /// instant at which the article was first seen, and records it in `feeds.lock`.
    pub published: Option<Moment>,
    /// Last significant change, only where the document names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Moment>,
    /// From this instant on the article is in no feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Moment>,

    /// Who may read it. Only [`Visibility::Public`] articles reach a feed.
    pub visibility: Visibility,
    /// The document asks to be left out of feeds.
    #[serde(default, skip_serializing_if = "is_false")]
    pub excluded: bool,
    /// The newsroom holds it at the top.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pinned: bool,
    /// The document's own order among its siblings (Hugo's `weight`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i64>,

    /// What groups it: section first (parents before children), then the others as named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<Term>,
    /// Who made it, in the document's order. Each author is a term of taxonomy `author` too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    /// Pictures and recordings; the lead image first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// Other stories that it points to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// Absolute URL of the page on which readers talk about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    /// Facts of a podcast episode, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub podcast: Option<Podcast>,
    /// The feed that it was taken from, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

fn is_false(b: &bool) -> bool {
    !*b
}

impl Article {
    /// The slug of its first section, if it has one.
    #[must_use]
    pub fn section(&self) -> Option<&Term> {
        self.terms.iter().find(|t| t.key.taxonomy == Taxonomy::Section)
    }

    /// Its authors, in the document's order.
    pub fn authors(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|p| p.role == Role::Author)
    }

    /// The picture to show with it.
    #[must_use]
    pub fn lead_image(&self) -> Option<&Media> {
        self.media.iter().find(|m| m.role == MediaRole::Lead)
    }

    /// Its recordings and other attached files.
    pub fn enclosures(&self) -> impl Iterator<Item = &Media> {
        self.media.iter().filter(|m| m.role == MediaRole::Enclosure)
    }
}

/// Where an article's id came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdOrigin {
    /// The document names it.
    Named,
    /// Made from the base and the pattern that `feeds.lock` recorded.
    Derived,
    /// A line of `feeds.lock` gives it.
    Lock,
    /// Taken over from a feed that stood before.
    Adopted,
}

/// A short text about an article, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Plain text, white space collapsed.
    pub text: String,
    /// Where it came from.
    pub origin: SummaryOrigin,
}

/// Where a summary came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SummaryOrigin {
    /// The document names it.
    Named,
    /// What stands before `<!--more-->`.
    Divider,
    /// The kicker stands in for it.
    Kicker,
    /// The first paragraph stands in for it.
    Paragraph,
}

/// Points to a body in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyRef {
    /// Names the HTML as read, before sanitising.
    pub hash: ContentHash,
    /// Bytes of that HTML.
    pub bytes: u64,
    /// Whether it is the whole article.
    pub extent: Extent,
}

/// How much of an article a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// All of it.
    Full,
    /// What everybody may read of an article that is sold.
    Teaser,
}

/// A correction that the newsroom printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// When, where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Moment>,
    /// Plain text.
    pub text: String,
}

/// An instant, and how exactly it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// Whole seconds.
    pub at: DateTime<Utc>,
    /// A date alone is midnight in the source's zone.
    pub precision: Precision,
}

/// How exactly a time was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// With a time of day.
    Instant,
    /// A date alone.
    Day,
}

/// Who may read an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody.
    #[default]
    Public,
    /// Everybody who knows the link; in no feed.
    Unlisted,
    /// Members; in no public feed.
    Members,
    /// Paying members; in no public feed.
    Paid,
}

/// What a person did for an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Wrote it.
    Author,
    /// Any other part, such as `photographer`, `editor`, `host`.
    #[serde(untagged)]
    Other(String),
}

/// Someone who made an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Name for people, plain text.
    pub name: String,
    /// What they did.
    pub role: Role,
    /// Absolute URL of their page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Published only where the document gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Absolute URL of a portrait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// What a medium is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaRole {
    /// The picture to show with the article.
    Lead,
    /// A recording or file to fetch.
    Enclosure,
    /// Another picture that the document names outside its body.
    Further,
}

/// Where the size and type of a medium are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Facts {
    /// We looked at the file.
    Measured,
    /// The document says so.
    Claimed,
    /// Nobody has said.
    Unknown,
}

/// A picture or recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Absolute URL.
    pub url: String,
    /// What it is for.
    pub role: MediaRole,
    /// Media type, such as `image/jpeg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// True length; `None` is "unknown".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<u64>,
    /// What it shows, for those who can't see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// The line below it, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
    /// BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Where size and type are from.
    pub facts: Facts,
}

/// Another story that an article points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// Absolute URL.
    pub link: String,
    /// Plain text.
    pub title: String,
    /// When that story was published, where the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Moment>,
}

/// Facts of a podcast episode (standards: Apple Podcasts, Podcasting 2.0).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Podcast {
    /// Its title without show and number, where the document names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Number of the episode, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode: Option<u32>,
    /// What stands for the number: `Ch. 3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode_label: Option<String>,
    /// Number of the season, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season: Option<u32>,
    /// The season's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season_name: Option<String>,
    /// `full`, `trailer` or `bonus`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode_type: Option<String>,
    /// Whether it is unfit for children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explicit: Option<bool>,
    /// Apple's directory is not to show it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub blocked: bool,
    /// Its transcripts, in the document's order.
    #[serde(
        default,
        alias = "transcript",
        deserialize_with = "media::transcripts",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub transcripts: Vec<media::Transcript>,
    /// Its chapters: absolute URL and media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chapters: Option<(String, String)>,
    /// Parts that make one curious.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub soundbites: Vec<media::Soundbite>,
    /// Where it plays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<media::Location>,
    /// Where it is talked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discussions: Vec<media::Discussion>,
}

/// The feed that an article was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// Its atom:id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its title.
    pub title: String,
    /// Its absolute URL.
    pub url: String,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Moment>,
}

/// Whether a URL leads to the machine that reads it: a loopback address, an unspecified one, or
/// `localhost` (RFC 6761 §6.3).
#[must_use]
pub fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
