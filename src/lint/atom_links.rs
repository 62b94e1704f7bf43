//! Atom's links, in Atom and RSS (RFC 4287 §4.2.7; RFC 8288), and what RFC 5005 says of those that
//! chain documents.

use std::collections::BTreeSet;

use roxmltree::Node;
use url::Url;

use super::elements::{Children, missing_attribute, optional};
use super::sheet::{Sheet, quote};
use super::values::Value;
use super::{Rule, error, namespaces, plain, urls, warning};
use crate::problem::Code;

const UNREGISTERED: Rule = warning(
    Code::new("feed-unregistered-atom-link-rel"),
    "write a registered relation, or one of your own as an IRI",
);
const NOT_EMPTY: Rule =
    warning(Code::new("feed-atom-link-not-empty"), "write <link …/>: the address is in `href`");
pub(super) const BLANK_ATTRIBUTE: Rule =
    warning(Code::new("feed-attr-not-blank"), "write something in it, or leave it out");
const DUPLICATE: Rule = error(
    Code::new("feed-duplicate-atom-link"),
    "keep one alternate of each type and language; readers open the first, or the last",
);
const NOT_ATOM: Rule = warning(
    Code::new("feed-self-not-atom"),
    "write type=\"application/rss+xml\" or \"application/atom+xml\", as the feed is",
);
const RELATIVE_SELF: Rule = warning(
    Code::new("feed-relative-self"),
    "write it whole: who has the document only can't tell what it is relative to",
);
const RELATIVE: Rule = warning(
    Code::new("feed-relative-link"),
    "write it whole, or give an `xml:base`: readers take it as relative to different things",
);
pub(super) const SELF_DIFFERS: Rule = warning(
    Code::new("feed-self-doesnt-match-location"),
    "name the address that readers fetch: some move their subscription to what is named",
);
const SELVES: Rule = error(
    Code::new("feed-duplicate-self"),
    "name one: WebSub subscribes to what rel=self says, and takes no feed with two",
);
const HISTORY_IN_ENTRY: Rule = warning(
    Code::new("feed-history-rel-in-entry"),
    "put it into the feed: it chains documents, not entries",
);
const IN_COMPLETE: Rule = error(
    Code::new("feed-rel-in-complete-feed"),
    "take it out, or fh:complete: a complete feed is one document",
);
const CURRENT_COMPLETE: Rule = error(
    Code::new("feed-current-not-self-in-complete-feed"),
    "let `current` be `self`, or leave it out: a complete feed is one document",
);
const PAST_END: Rule = error(
    Code::new("feed-link-past-end"),
    "leave it out: nothing is before the first document or after the last",
);
const NO_CURRENT: Rule = warning(
    Code::new("feed-missing-current-in-archive"),
    "add link rel=\"current\" to the feed that people subscribe to",
);
const INCOMPLETE: Rule = warning(
    Code::new("feed-archive-incomplete"),
    "add link rel=\"prev-archive\" or \"next-archive\": the chain is how archives are found",
);

/// Relations that feeds use (IANA's registry, and `hub`).
const RELATIONS: &[&str] = &[
    "alternate",
    "appendix",
    "author",
    "bookmark",
    "canonical",
    "chapter",
    "collection",
    "contents",
    "copyright",
    "current",
    "describedby",
    "edit",
    "edit-media",
    "enclosure",
    "first",
    "glossary",
    "help",
    "hub",
    "icon",
    "index",
    "item",
    "last",
    "latest-version",
    "license",
    "next",
    "next-archive",
    "payment",
    "predecessor-version",
    "preview",
    "prev",
    "prev-archive",
    "previous",
    "privacy-policy",
    "related",
    "replies",
    "search",
    "section",
    "self",
    "service",
    "shortlink",
    "start",
    "successor-version",
    "tag",
    "terms-of-service",
    "up",
    "via",
    "webmention",
    "working-copy",
];

const HISTORY: &[&str] =
    &["current", "first", "last", "next", "next-archive", "prev-archive", "previous"];

/// What a link says.
pub(super) const ATTRIBUTES: &[&str] = &["href", "rel", "type", "hreflang", "title", "length"];

/// Where a link stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    /// In a feed or a channel.
    Feed,
    /// In an entry of Atom.
    Entry,
    /// In an item of RSS.
    Item,
}

/// A link.
pub(super) struct Link {
    pub(super) rel: String,
    href: String,
    at: usize,
}

/// Looks at links; gives them.
pub(super) fn links(
    sheet: &mut Sheet<'_>,
    found: &Children<'_, '_>,
    name: &str,
    place: In,
) -> Vec<Link> {
    let mut links = Vec::new();
    let mut alternates = BTreeSet::new();
    let mut selves = 0;
    for child in found.named(name) {
        let (node, at) = (child.node, child.at());
        if node.children().any(|n| n.text().is_some_and(|t| !t.trim().is_empty())) {
            sheet.tell(&NOT_EMPTY, at, "a link has text in it");
        }
        let rel = relation(sheet, node.attribute("rel"), at);
        let kind = node.attribute("type").unwrap_or_default();
        optional(sheet, node, "type", Value::Mime);
        optional(sheet, node, "length", Value::NonNegative);
        optional(sheet, node, "hreflang", Value::Language);
        title(sheet, node.attribute("title"), at);
        if place != In::Feed && HISTORY.contains(&rel.as_str()) {
            let message = format!("a link rel=`{rel}` stands in an entry");
            sheet.tell(&HISTORY_IN_ENTRY, at, message);
        }
        let Some(href) = node.attribute("href") else {
            missing_attribute(sheet, node, "href");
            continue;
        };
        let whole = based(node, href);
        if rel == "self" && place == In::Feed {
            selves += 1;
            own(sheet, &whole, kind, at);
        } else if urls::reference(sheet, "link href", href, at) && urls::scheme(&whole).is_none() {
            let message = format!("`link href` is {}, which is relative to nothing", quote(href));
            sheet.tell_value(&RELATIVE, at, href, message);
        }
        let hreflang = node.attribute("hreflang").unwrap_or_default();
        if rel == "alternate" && !alternates.insert((kind.to_owned(), hreflang.to_owned())) {
            let message = match (kind, hreflang) {
                ("", "") => "two alternates name neither type nor language".to_owned(),
                ("", language) => format!("two alternates are in {}", quote(language)),
                (kind, "") => format!("two alternates are of type {}", quote(kind)),
                (kind, language) => {
                    format!("two alternates are of type {} in {}", quote(kind), quote(language))
                }
            };
            // In RSS, item's and channel's own `link` is the alternate.
            if name == "link" {
                sheet.tell(&DUPLICATE, at, message);
            }
        }
        if selves > 1 && rel == "self" {
            sheet.tell(&SELVES, at, "the feed names two addresses as its own");
        }
        links.push(Link { rel, href: href.to_owned(), at });
    }
    links
}

fn relation(sheet: &mut Sheet<'_>, named: Option<&str>, at: usize) -> String {
    let Some(rel) = named else { return "alternate".to_owned() };
    let short = rel.strip_prefix("http://www.iana.org/assignments/relation/").unwrap_or(rel);
    if short.trim().is_empty() {
        sheet.tell(&BLANK_ATTRIBUTE, at, "`link rel` is empty");
    } else if !RELATIONS.contains(&short) && urls::scheme(short).is_none() {
        let message = format!("no relation is called {}", quote(short));
        sheet.tell_value(&UNREGISTERED, at, short, message);
    }
    short.to_owned()
}

fn title(sheet: &mut Sheet<'_>, title: Option<&str>, at: usize) {
    let Some(title) = title else { return };
    if title.trim().is_empty() {
        sheet.tell(&BLANK_ATTRIBUTE, at, "`link title` is empty");
    }
    if let Some(plain::Markup::Tag(tag)) = plain::markup(title) {
        let message = format!("`link title` holds HTML: `</{tag}>`");
        sheet.tell(&plain::CONTAINS_HTML, at, message);
    }
}

/// An address as `xml:base` makes it whole; as it stands where there is none.
fn based(node: Node<'_, '_>, href: &str) -> String {
    let bases = node.ancestors().filter_map(|n| n.attribute((namespaces::XML, "base")));
    let mut base: Option<Url> = None;
    for outer in bases.collect::<Vec<_>>().into_iter().rev() {
        base = base.and_then(|base| base.join(outer).ok()).or_else(|| Url::parse(outer).ok());
    }
    let joined = base.and_then(|base| base.join(href).ok());
    joined.map_or_else(|| href.to_owned(), |url| url.to_string())
}

/// rel=self of a feed.
fn own(sheet: &mut Sheet<'_>, href: &str, kind: &str, at: usize) {
    const TYPES: &[&str] = &[
        "application/atom+xml",
        "application/rss+xml",
        "application/rdf+xml",
        "application/xml",
        "text/xml",
    ];
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.is_empty() && !TYPES.contains(&essence) {
        let message = format!("the feed calls itself {}", quote(kind));
        sheet.tell(&NOT_ATOM, at, message);
    }
    if urls::scheme(href).is_none() {
        let message = format!("the feed's own address is {}, which is relative", quote(href));
        sheet.tell_value(&RELATIVE_SELF, at, href, message);
        return;
    }
    urls::reference(sheet, "link href", href, at);
    if let Some(url) = sheet.hints.url {
        let is = |url: &str| match (Url::parse(href), Url::parse(url)) {
            (Ok(a), Ok(b)) => a == b,
            _ => href == url,
        };
        if !is(url) && !sheet.hints.asked.is_some_and(is) {
            let message =
                format!("the feed calls itself {}, and is at {}", quote(href), quote(url));
            sheet.tell_value(&SELF_DIFFERS, at, href, message);
        }
    }
}

/// What the links of a feed say together (RFC 5005).
pub(super) fn history(sheet: &mut Sheet<'_>, found: &Children<'_, '_>, links: &[Link]) {
    let own: Vec<&str> =
        links.iter().filter(|l| l.rel == "self").map(|l| l.href.as_str()).collect();
    let is_own = |link: &Link| own.contains(&link.href.as_str());
    let has = |rel: &str| links.iter().find(|link| link.rel == rel);
    let complete = found.has("fh:complete");
    if complete {
        for link in links.iter().filter(|l| HISTORY.contains(&l.rel.as_str())) {
            if link.rel != "current" {
                let message = format!("a complete feed has a link rel=`{}`", link.rel);
                sheet.tell(&IN_COMPLETE, link.at, message);
            } else if !is_own(link) {
                let message = "`current` of a complete feed is another document";
                sheet.tell(&CURRENT_COMPLETE, link.at, message);
            }
        }
    }
    for (end, beyond) in [("first", "previous"), ("last", "next")] {
        if let (Some(end_link), Some(link)) = (has(end), has(beyond))
            && is_own(end_link)
        {
            let message = format!("this is the {end} document, and has a link rel=`{beyond}`");
            sheet.tell(&PAST_END, link.at, message);
        }
    }
    if let Some(archive) = found.get("fh:archive").filter(|_| !complete) {
        if has("prev-archive").is_none() && has("next-archive").is_none() {
            sheet.tell(&INCOMPLETE, archive.at(), "an archive document has no link to another");
        }
        if has("current").is_none() {
            sheet.tell(&NO_CURRENT, archive.at(), "an archive document has no link to the feed");
        }
    }
}
