//! How a feed is served, judged by what came back of asking for it (standards §5): the type, the
//! validators and whether they are honoured, caching, compression, redirects. Pure: whoever asks
//! fills in a [`Served`].

use super::sheet::{Sheet, quote};
use super::{Finding, Hints, Kind, Rule, error, note, warning};
use crate::problem::Code;

const STATUS: Rule =
    error(Code::new("feed-http-error"), "let the address answer 200; readers give up on others");
const REDIRECT: Rule = note(
    Code::new("feed-temp-redirect"),
    "redirect with 301 if the feed has moved for good; after 302 readers keep the old address",
);
const TYPE: Rule = warning(
    Code::new("feed-unexpected-content-type"),
    "send application/rss+xml, application/atom+xml or application/feed+json",
);
const TEXT_XML: Rule = note(
    Code::new("feed-text-xml"),
    "send application/rss+xml or application/atom+xml with charset=utf-8",
);
const GENERIC: Rule = note(
    Code::new("feed-non-specific-media-type"),
    "send the type of the format: it is what browsers and readers tell a feed by",
);
const NO_VALIDATORS: Rule = warning(
    Code::new("feed-http-no-validators"),
    "send an ETag, and Last-Modified: without them every poll sends the whole feed",
);
const NOT_CONDITIONAL: Rule = warning(
    Code::new("feed-http-not-conditional"),
    "answer 304 to a request whose If-None-Match has the feed's ETag, or If-Modified-Since its date",
);
const NO_FRESHNESS: Rule = note(
    Code::new("feed-http-no-cache-control"),
    "send Cache-Control: max-age=300 or so; readers and caches poll as they like without",
);
const NO_STORE: Rule = warning(
    Code::new("feed-http-no-store"),
    "send Cache-Control: max-age=300 or so, and no Expires of 0: some readers drop validators then",
);
const UNCOMPRESSED: Rule = note(
    Code::new("feed-uncompressed"),
    "compress it: a feed in gzip has a third of the bytes, and all readers take that",
);
const VARY: Rule = warning(
    Code::new("feed-http-no-vary"),
    "send Vary: Accept-Encoding, or a cache gives gzip to those who can't read it",
);
const COOKIE: Rule = warning(
    Code::new("feed-http-set-cookie"),
    "send no cookie with a feed: caches don't keep such answers",
);

/// An answer, as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its fields, names in lower case.
    pub fields: Vec<(String, String)>,
}

impl Answer {
    /// A field's value; the first, where there are several.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.trim())
    }
}

/// What came back of asking for a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Served {
    /// The answer to a plain request that takes gzip.
    pub answer: Answer,
    /// The statuses of redirects on the way.
    pub redirects: Vec<u16>,
    /// The answer to the same request with the validators that came; `None`: there was none, or it
    /// wasn't asked.
    pub conditional: Option<Answer>,
}

/// Judges how a feed is served.
#[must_use]
pub fn lint(served: &Served) -> Vec<Finding> {
    let mut sheet = Sheet::new("", Hints::default());
    let Served { answer, redirects, conditional } = served;
    if redirects.iter().any(|status| matches!(status, 302 | 303 | 307)) {
        sheet.tell_whole(&REDIRECT, "the address redirects for the time being only");
    }
    if answer.status != 200 {
        sheet.tell_whole(&STATUS, format!("the server answers {}", answer.status));
        return sheet.finish().1;
    }
    validators(&mut sheet, answer, conditional.as_ref());
    caching(&mut sheet, answer);
    coding(&mut sheet, answer);
    if answer.field("set-cookie").is_some() {
        sheet.tell_whole(&COOKIE, "the server sets a cookie");
    }
    sheet.finish().1
}

fn validators(sheet: &mut Sheet<'_>, answer: &Answer, conditional: Option<&Answer>) {
    if answer.field("etag").is_none() && answer.field("last-modified").is_none() {
        sheet.tell_whole(&NO_VALIDATORS, "the server sends neither ETag nor Last-Modified");
    } else if let Some(again) = conditional.filter(|again| again.status != 304) {
        let message =
            format!("asked with its own validators, the server answers {}, not 304", again.status);
        sheet.tell_whole(&NOT_CONDITIONAL, message);
    }
}

fn caching(sheet: &mut Sheet<'_>, answer: &Answer) {
    let control = answer.field("cache-control").unwrap_or_default().to_ascii_lowercase();
    let has = |name: &str| control.split(',').any(|d| d.trim().starts_with(name));
    let expires = answer.field("expires");
    if has("no-store") || expires.is_some_and(|e| matches!(e, "0" | "-1")) {
        sheet.tell_whole(&NO_STORE, "the server forbids that a copy is kept");
    } else if !has("max-age") && !has("no-cache") && !has("s-maxage") && expires.is_none() {
        sheet.tell_whole(&NO_FRESHNESS, "the server doesn't say how long a copy is good");
    }
}

fn coding(sheet: &mut Sheet<'_>, answer: &Answer) {
    let Some(coding) = answer.field("content-encoding") else {
        sheet.tell_whole(&UNCOMPRESSED, "the server doesn't compress the feed");
        return;
    };
    let vary = answer.field("vary").unwrap_or_default().to_ascii_lowercase();
    if !vary.split(',').any(|name| matches!(name.trim(), "accept-encoding" | "*")) {
        let message = format!("the feed is in {}, and `Vary` doesn't say so", quote(coding));
        sheet.tell_whole(&VARY, message);
    }
}

/// Compares the Content-Type with what the feed is.
pub(super) fn content_type(sheet: &mut Sheet<'_>, kind: Kind, content_type: &str) {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let has_charset = content_type.to_ascii_lowercase().contains("charset");
    let right: &[&str] = match kind {
        Kind::Rss => &["application/rss+xml"],
        Kind::Rdf => &["application/rdf+xml", "application/rss+xml"],
        Kind::Atom => &["application/atom+xml"],
        Kind::Json => &["application/feed+json"],
        Kind::Opml => &["text/x-opml"],
    };
    let generic: &[&str] = match kind {
        Kind::Json => &["application/json"],
        _ => &["application/xml", "text/xml"],
    };
    if right.contains(&essence.as_str()) {
        return;
    }
    if !generic.contains(&essence.as_str()) {
        let message = format!("the feed is sent as {}", quote(content_type));
        sheet.tell_whole(&TYPE, message);
    } else if essence == "text/xml" && !has_charset {
        sheet.tell_whole(&TEXT_XML, "`text/xml` without a charset was US-ASCII once");
    } else {
        sheet.tell_whole(&GENERIC, format!("the feed is sent as {}", quote(content_type)));
    }
}
