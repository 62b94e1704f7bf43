//! A feed's entries as bytes. Each format is a pure function of its [`Channel`]: no clock, no file,
//! no configuration, no random order gets in, so the same entries make the same bytes on any
//! machine. One file a format, in the standard's order and words. Which entries there are is
//! [`feed`](crate::feed)'s; whether the bytes can be read back is [`edition`](crate::edition)'s.

pub mod atom;
pub(crate) mod item;
pub mod json;
pub(crate) mod media;
pub mod opml;
pub mod page;
mod podcast;
pub mod rss;
pub mod text;

use chrono::{DateTime, Utc};

use crate::feed::{Entry, Feed, Format, Site, Tombstone};

/// Stands for "the same entries now make other bytes": part of fingerprints, never of bytes.
/// Raising it has its line in CHANGELOG.
pub const RENDER: u32 = 4;

/// What formats that ask for a generator are told. No version, which would change every feed's
/// bytes at each upgrade.
const GENERATOR: &str = "feedwright";

/// All that the rendering of one feed depends on.
#[derive(Debug, Clone, Copy)]
pub struct Channel<'a> {
    /// What all feeds share.
    pub site: &'a Site,
    /// The feed.
    pub feed: &'a Feed,
    /// Its window: newest first, ties by id; bodies finished.
    pub entries: &'a [Entry],
    /// What was withdrawn, newest first: only Atom can say it.
    pub gone: &'a [Tombstone],
}

/// A feed as the list of feeds shows it.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// The feed.
    pub feed: &'a Feed,
    /// When it last changed for its readers: [`updated`](crate::feed::updated).
    pub updated: DateTime<Utc>,
    /// How many entries it holds now.
    pub entries: usize,
}

/// A writer failed. Nothing that people write can cause it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The `rss` crate.
    #[error("the RSS writer failed: {0}")]
    Rss(#[from] ::rss::Error),
    /// The `atom_syndication` crate.
    #[error("the Atom writer failed: {0}")]
    Atom(#[from] atom_syndication::Error),
    /// `serde_json`.
    #[error("the JSON writer failed: {0}")]
    Json(#[from] serde_json::Error),
    /// `quick_xml`.
    #[error("the OPML writer failed: {0}")]
    Opml(#[from] std::io::Error),
    /// A list of subscriptions needs absolute addresses.
    #[error("a list of feeds for reader programs can't be made without `site.base_url`")]
    NoBaseUrl,
}

/// A feed in one format.
///
/// # Errors
/// Fails only where the format's writer does.
pub fn feed(format: Format, channel: &Channel<'_>) -> Result<Vec<u8>, Error> {
    match format {
        Format::Rss => rss::render(channel),
        Format::Atom => atom::render(channel),
        Format::Json => json::render(channel),
    }
}
