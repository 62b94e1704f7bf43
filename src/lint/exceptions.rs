//! What a newsroom that publishes with feedwright is told otherwise than a stranger: rules that can't
//! be kept in an article or in `feeds.toml`, or that we leave unkept on purpose. Each with its reason,
//! which stands in the help's place where there is a note of it.

use super::Finding;
use crate::problem::Severity;

/// What becomes of a finding about our own feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is a note.
    AsNote,
    /// It isn't told.
    Not,
}

/// Codes, what becomes of them, and why.
pub const EXCEPTIONS: &[(&str, Told, &str)] = &[
    (
        "feed-missing-itunes-element",
        Told::Not,
        "`podcast-incomplete` tells it, with the key that is missing in feeds.toml",
    ),
    (
        "feed-missing-itunes-email",
        Told::AsNote,
        "only for a podcast that Apple's directory shall list: an owner's address is public, so it is \
         in the feed only where `owner_email` of `[feed.podcast]` gives it",
    ),
    (
        "feed-missing-textual-content",
        Told::Not,
        "a headline alone is published as one, on purpose; so is every article where a feed has \
         `body = \"none\"`",
    ),
    (
        "feed-need-description-before-content",
        Told::Not,
        "an article of one paragraph has no summary beside it; readers take content:encoded",
    ),
    (
        "feed-contains-undeclared-html",
        Told::Not,
        "titles and summaries are plain text and shown as they stand, also those about `&amp;`; \
         `feed-contains-html` tells of what looks like tags",
    ),
    (
        "feed-missing-self",
        Told::AsNote,
        "`site.base_url` in feeds.toml says where the feeds are reached; without it they can't name \
         their own address, and readers subscribe all the same",
    ),
    (
        "feed-security-risk",
        Told::Not,
        "players of well-known hosts stay framed, with a link behind them; nothing else of the kind \
         leaves a body",
    ),
    (
        "feed-duplicate-updated",
        Told::Not,
        "articles of one day have one time; nobody shall invent seconds",
    ),
];

/// A finding as a newsroom's own feeds have it; `None` where it isn't told.
#[must_use]
pub fn soften(mut finding: Finding) -> Option<Finding> {
    let excepted = EXCEPTIONS.iter().find(|(code, ..)| finding.code.as_str() == *code);
    if let Some((_, told, reason)) = excepted {
        if *told == Told::Not {
            return None;
        }
        finding.severity = Severity::Note;
        finding.help = reason;
    }
    Some(finding)
}
