//! A stored body made fit for readers: sanitised as a browser would parse it, every URL absolute,
//! nothing executable but the few players that readers keep framed. Pure, and the same on
//! any machine.
//!
//! Two layers, neither of which trusts the other. `rewrite` goes over the tokens once, before
//! there is any tree: it refuses what is nested too deeply, resolves addresses, brings lazy
//! pictures to light and balances tags. `ammonia` then parses what is left as a browser would and
//! lets through what is on the list, nothing else. A result stands only if a second pass leaves it
//! as it is, so that what readers parse is what was checked.

mod address;
mod dropping;
mod formula;
mod rewrite;
mod rules;
mod tokens;

use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use address::Base;
use rewrite::Outcome;

/// Bodies with more bytes are left out: a whole feed should stay below a megabyte, and the feed
/// validator refuses five.
pub const HTML_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Elements nested deeper make parsers slow (their time grows with the square) and readers fail.
pub const DEPTH_MAX: usize = 512;

/// So often a pass may change what the pass before it made. Odd tables need two or three.
const PASSES_MAX: usize = 5;

/// A body, fit for readers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finished {
    /// HTML, a fragment that fits in a `<div>`. May be empty.
    pub html: String,
    /// Its elements were nested deeper than [`DEPTH_MAX`]: what is left is its text, in paragraphs.
    /// Or a tag had thousands of attributes: nothing is left.
    pub too_deep: bool,
    /// It had more than [`HTML_BYTES_MAX`] bytes: nothing is left.
    pub too_big: bool,
}

/// Makes a body fit for readers. `link` is the article's, against which its addresses resolve.
/// Finishing what is finished changes nothing.
#[must_use]
pub fn finish(html: &str, link: &str) -> Finished {
    if html.len() > HTML_BYTES_MAX {
        return Finished { too_big: true, ..Finished::default() };
    }
    let base = Base::new(link);
    let mut html = match pass(html, &base) {
        Pass::Done(html) => html,
        Pass::TooDeep(text) => {
            return Finished { html: text, too_deep: true, too_big: false };
        }
    };
    for _ in 1..PASSES_MAX {
        match pass(&html, &base) {
            Pass::Done(again) if again == html => {
                return Finished { html, ..Finished::default() };
            }
            Pass::Done(again) => html = again,
            Pass::TooDeep(text) => {
                return Finished { html: text, too_deep: true, too_big: false };
            }
        }
    }
    // Markup that never settles: its text does.
    Finished { html: rewrite::flatten(&tokens::tokenize(&html)), too_deep: false, too_big: false }
}

enum Pass {
    Done(String),
    TooDeep(String),
}

fn pass(html: &str, base: &Base) -> Pass {
    if tokens::has_endless_tag(html) {
        return Pass::TooDeep(String::new());
    }
    let found = tokens::tokenize(html);
    match rewrite::rewrite(&found, base) {
        Outcome::Rewritten(html) => {
            let clean = SANITISER.clean(&html).to_string();
            // `&` is always escaped, so this is never anything but a no-break space.
            Pass::Done(clean.replace("&nbsp;", "\u{a0}").trim().to_owned())
        }
        Outcome::TooDeep => Pass::TooDeep(rewrite::flatten(&found)),
    }
}

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(rules::ELEMENTS.iter().copied().collect())
        .clean_content_tags(["script", "style"].into())
        .generic_attributes(rules::EVERYWHERE.iter().copied().collect())
        .tag_attributes(
            rules::ATTRIBUTES.iter().map(|(e, a)| (*e, a.iter().copied().collect())).collect(),
        )
        .url_schemes(rules::LINK_SCHEMES.iter().copied().collect())
        .url_relative(UrlRelative::Deny)
        .link_rel(None)
        .strip_comments(true)
        .attribute_filter(|element, attribute, value| {
            if element == "iframe" && attribute == "src" {
                return rules::framed(value).map(|_| value.into());
            }
            if !matches!(attribute, "srcset" | "poster" | "src" | "cite") {
                return Some(value.into());
            }
            address::candidates(value)
                .all(|(url, _)| url.starts_with("https://") || url.starts_with("http://"))
                .then(|| value.into())
        });
    builder
});

#[cfg(test)]
mod tests;
