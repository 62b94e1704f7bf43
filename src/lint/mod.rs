//! What is wrong with a feed, whoever made it: RSS 2.0, Atom 1.0, JSON Feed 1.1, OPML 2.0 and the
//! modules beside them, by the rules of the standards and of the W3C's feed validator, whose names
//! the codes bear. [`lint`] takes bytes and gives findings, and is pure: no network, no file, no
//! clock. Who asked for them, what a finding means to an article's document and how it is shown is
//! left to others.

mod atom;
mod atom_links;
mod atom_text;
mod bytes;
mod dates;
mod elements;
pub mod exceptions;
mod html;
mod html_lists;
pub mod http;
mod itunes;
mod json;
mod json_tree;
mod media;
mod namespaces;
mod opml;
mod page;
mod plain;
mod podcast;
mod recover;
mod rss;
mod rss_item;
mod scan;
mod sheet;
mod urls;
mod values;
mod xml;

use chrono::{DateTime, Utc};

pub use self::html::Memo;
use self::sheet::Sheet;
use crate::problem::{Code, Severity};

/// What is known of a feed beside its bytes. Everything may be left out; then the rules that need it
/// rest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The address that it was fetched from: what `rel=self` should name.
    pub url: Option<&'a str>,
    /// The address that was asked for, where another answered.
    pub asked: Option<&'a str>,
    /// The Content-Type it was sent with.
    pub content_type: Option<&'a str>,
    /// The time, by which a date may lie in the future.
    pub now: Option<DateTime<Utc>>,
    /// What is known of HTML that was looked at before: the same body in other feeds.
    pub memo: Option<&'a Memo>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub code: Code,
    /// Error: readers may lose something, or refuse the feed. Warning: some readers do otherwise than
    /// is meant. Note: worth knowing.
    pub severity: Severity,
    /// A sentence.
    pub message: String,
    /// What to do about it.
    pub help: &'static str,
    /// Line in the feed, from 1; 0 where it is about the feed as a whole.
    pub line: u32,
    /// Column in characters, from 1; 0 as above.
    pub column: u32,
    /// The entry that it is about.
    pub entry: Option<Entry>,
    /// The text that is wrong, as it stands in the feed, where there is one: what to look for in the
    /// document that the entry came from.
    pub value: Option<String>,
}

/// An entry, as a finding names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Its place in the feed, from 0.
    pub index: usize,
    /// Its id or guid.
    pub id: Option<String>,
    /// Its link.
    pub link: Option<String>,
    /// Its title.
    pub title: Option<String>,
}

/// What a document turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RSS 0.91 to 2.0.
    Rss,
    /// RSS 1.0 and 1.1, of which only XML, namespaces and dates are looked at.
    Rdf,
    /// Atom 1.0.
    Atom,
    /// JSON Feed.
    Json,
    /// A list of subscriptions.
    Opml,
}

/// What came of a look at a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linted {
    /// What it is; `None` where it is no feed, or can't be read far enough to tell.
    pub kind: Option<Kind>,
    /// How many entries it has.
    pub entries: usize,
    /// What is wrong, in the feed's order. Of one code at most 50 are told; the last says how many
    /// more there are.
    pub findings: Vec<Finding>,
    /// The text that lines and columns are counted in.
    pub text: String,
}

/// Most bytes that are looked at: what the W3C's validator takes, and more than readers do.
pub const BYTES_MAX: usize = 5_000_000;

/// A rule: its code, how bad a breach is, what to do about it.
#[derive(Debug, Clone)]
struct Rule {
    code: Code,
    severity: Severity,
    help: &'static str,
}

const fn error(code: Code, help: &'static str) -> Rule {
    Rule { code, severity: Severity::Error, help }
}

const fn warning(code: Code, help: &'static str) -> Rule {
    Rule { code, severity: Severity::Warning, help }
}

const fn note(code: Code, help: &'static str) -> Rule {
    Rule { code, severity: Severity::Note, help }
}

/// Looks at a feed.
#[must_use]
pub fn lint(bytes: &[u8], hints: &Hints<'_>) -> Linted {
    let text = bytes::Decoded::new(bytes, hints.content_type);
    let mut sheet = Sheet::new(&text.text, *hints);
    let kind = text.tell(bytes.len(), &mut sheet).then(|| look(&mut sheet)).flatten();
    if let (Some(kind), Some(content_type)) = (kind, hints.content_type) {
        http::content_type(&mut sheet, kind, content_type);
    }
    let (entries, findings) = sheet.finish();
    Linted { kind, entries, findings, text: text.text }
}

fn look(sheet: &mut Sheet<'_>) -> Option<Kind> {
    let text = sheet.text;
    let begins = text.trim_start_matches('\u{feff}').trim_start();
    if begins.starts_with('{') || begins.starts_with('[') {
        return json::lint(sheet);
    }
    if !begins.starts_with('<') {
        page::no_feed(sheet, "this is neither XML nor JSON");
        return None;
    }
    if page::is_page(begins) {
        page::page(sheet);
        return None;
    }
    xml::lint(sheet)
}
