//! What Ghost keeps of a post becomes a row with the columns that any database would give: who may read
//! it, its id as subscribers know it, its link, dates, tags, authors and picture. What members pay for is
//! taken out first (`gates`); neither `plaintext` nor `lexical`, which hold it too, is ever asked for.

pub mod aliases;
mod gates;
pub mod permalink;
mod shape;
#[cfg(test)]
mod tests;

use self::gates::Doubt;
pub use self::gates::{Readable, readable};
pub use self::shape::SHAPE;
use super::desk::Desk;
use crate::article::Extent;
use crate::document::Sighting;
use crate::problem::Code;

/// A post has no HTML.
pub(crate) const HTML_MISSING: Code = Code::new("post-without-html");
/// A post's text stays out of feeds, because it can't be told what of it is for everybody.
pub(crate) const GATE_UNCLEAR: Code = Code::new("members-part-unclear");

/// The column that says what a post's text lacks, and why.
pub(super) const TOLD: &str = "ghost_told";

/// What is to be told of a post's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It has none.
    Empty,
    /// It is what stands before the part for members.
    Beginning,
    /// All of it is for members.
    Nothing,
    /// It can't be told what is for everybody.
    Doubt(Doubt),
}

const TOLD_WORDS: [(Told, &str); 5] = [
    (Told::Empty, "empty"),
    (Told::Beginning, "beginning"),
    (Told::Nothing, "nothing"),
    (Told::Doubt(Doubt::Visibility), "visibility"),
    (Told::Doubt(Doubt::Mark), "mark"),
];

impl Told {
    fn as_str(self) -> &'static str {
        TOLD_WORDS.iter().find(|(told, _)| *told == self).map_or("", |(_, word)| word)
    }

    pub(super) fn of(word: &[u8]) -> Option<Told> {
        TOLD_WORDS.iter().find(|(_, own)| own.as_bytes() == word).map(|(told, _)| *told)
    }
}

/// Tells what a post's text lacks, and marks a beginning as one.
pub(super) fn tell(desk: &mut Desk<'_>, told: Told, sighting: &mut Sighting) {
    if let (Told::Beginning, Some(body)) = (told, &mut sighting.article.body) {
        body.extent = Extent::Teaser;
    }
    let (code, message, help) = match told {
        Told::Beginning | Told::Nothing => return,
        Told::Empty => (
            &HTML_MISSING,
            "this post has no HTML in Ghost's database, so it has no text here",
            "open it in Ghost's editor and save it: Ghost then makes its HTML anew",
        ),
        Told::Doubt(Doubt::Visibility) => (
            &GATE_UNCLEAR,
            "who may read this post isn't known here, so its text stays out of feeds",
            "set the post's access in Ghost to public, members, paid members or tiers",
        ),
        Told::Doubt(Doubt::Mark) => (
            &GATE_UNCLEAR,
            "a mark that parts what is for members is broken, so the text stays out of feeds",
            "open the post in Ghost's editor, set the part for members anew, and save it",
        ),
    };
    desk.warn(code, desk.whole(), message, help);
}
