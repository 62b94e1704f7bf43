//! A feed's entries as bytes. Each format is a pure function of its [`Channel`]: no clock, no file,
//! no configuration, no random order gets in, so the same entries make the same bytes on any
//! machine. One file a format, in the standard's order and words. Which entries there are is
//! [`feed`](crate::feed)'s; whether the bytes can be read back is [`edition`](crate::edition)'s.

use crate::feed::{Entry, Feed, Site};

/// Stands for "the same entries now make other bytes": part of fingerprints, never of bytes.
/// Raising it has its line in CHANGELOG.
pub const RENDER: u32 = 1;

/// All that the rendering of one feed depends on.
#[derive(Debug, Clone, Copy)]
pub struct Channel<'a> {
    /// What all feeds share.
    pub site: &'a Site,
    /// The feed.
    pub feed: &'a Feed,
    /// Its window: newest first, ties by id; bodies finished.
    pub entries: &'a [Entry],
}
