//! What a newsroom that publishes with feedwright is told as a note, though the rule is a warning or
//! an error: it can't be mended in an article or in `feeds.toml`. Each with its reason, which is shown
//! in the help's place.

use super::Finding;
use crate::problem::Severity;

/// Codes and reasons.
pub const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "feed-missing-itunes-element",
        "only for a podcast that Apple's directory shall list: feeds.toml has no key for its \
         categories yet, and feedwright guesses none",
    ),
    (
        "feed-missing-itunes-email",
        "only for a podcast that Apple's directory shall list: an owner's address is public, so it is \
         never taken from elsewhere, and feeds.toml has no key for it yet",
    ),
    (
        "feed-missing-textual-content",
        "a headline alone is published as one, on purpose: give the article a `description`, or leave \
         `body = \"none\"` out",
    ),
    (
        "feed-need-description-before-content",
        "an article without a summary has its text alone, which readers take: give it a `description` \
         for those that look for one",
    ),
];

/// Makes a note of what is among the exceptions.
#[must_use]
pub fn soften(mut finding: Finding) -> Finding {
    let excepted = EXCEPTIONS.iter().find(|(code, _)| finding.code.as_str() == *code);
    if let Some((_, reason)) = excepted {
        finding.severity = Severity::Note;
        finding.help = reason;
    }
    finding
}
