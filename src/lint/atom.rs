//! Atom 1.0 (RFC 4287): the feed, its entries, what a `source` keeps; threading (RFC 4685) and
//! tombstones (RFC 6721). Texts and links have modules of their own.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Node;

use super::atom_links::{self, In, Link};
use super::elements::{
    ATTRIBUTE, Child, Children, Home, Spec, attributes, many, missing, one, optional, required,
    walk,
};
use super::sheet::{Sheet, quote};
use super::values::Value;
use super::{
    Entry, Rule, atom_text, error, itunes, media, namespaces, note, rss, rss_item, urls, warning,
};
use crate::problem::Code;

const MISPLACED: Rule = error(
    Code::new("feed-misplaced-metadata"),
    "move it before the first entry: readers that read as they go have passed on",
);
const DUPLICATE_ENTRIES: Rule = warning(
    Code::new("feed-duplicate-entries"),
    "give each entry an id of its own; two with one id are two versions of one entry",
);
const DUPLICATE_IDS: Rule = error(
    Code::new("feed-duplicate-ids"),
    "give each entry an id of its own; as it is, readers keep a single one",
);
const DUPLICATE_UPDATED: Rule = note(
    Code::new("feed-duplicate-updated"),
    "harmless, and usual after a batch import; the order of such entries is open",
);
const NO_SUMMARY: Rule = error(
    Code::new("feed-missing-summary"),
    "add a summary: readers can't show what is elsewhere, or isn't text",
);
const NO_TEXT: Rule = warning(
    Code::new("feed-missing-textual-content"),
    "add a summary, or the content: readers have nothing to show but the title",
);
const NOTHING: Rule = error(
    Code::new("feed-missing-content-or-alternate"),
    "add the content, or a link rel=alternate to where it is",
);
const SOURCE: Rule = warning(
    Code::new("feed-missing-source-element"),
    "copy it from the feed that the entry came from",
);
const EMAIL: Rule = warning(
    Code::new("feed-contains-email"),
    "write the name alone; the address has an element `email`",
);
const THR_WHEN: Rule = error(Code::new("feed-no-thr-when"), "write thr:updated");
const TOMBSTONE: Rule = error(
    Code::new("feed-duplicate-tombstone"),
    "say once of an entry that it was deleted at an instant",
);

fn feed_spec(name: &str) -> Option<Spec> {
    Some(match name {
        "id" => one(Value::Text).filled().tight(),
        "title" | "subtitle" | "rights" => one(Value::Within).with(atom_text::ATTRIBUTES),
        "updated" => one(Value::Rfc3339).tight(),
        "author" | "contributor" => many(Value::Within),
        "category" => many(Value::Eaten).with(&["term", "scheme", "label"]),
        "generator" => one(Value::Plain).with(&["uri", "version"]).filled(),
        "icon" | "logo" => one(Value::Reference).filled().tight(),
        "link" => many(Value::Within).with(atom_links::ATTRIBUTES),
        "entry" => many(Value::Within),
        "at:deleted-entry" => many(Value::Eaten).with(&["ref", "when"]),
        "fh:archive" | "fh:complete" => one(Value::Text),
        name => return modules(name).or_else(|| itunes::channel_spec(name)),
    })
}

fn entry_spec(name: &str) -> Option<Spec> {
    Some(match name {
        "id" => one(Value::Text).filled().tight(),
        "title" | "summary" | "rights" => one(Value::Within).with(atom_text::ATTRIBUTES),
        "content" => one(Value::Within).with(atom_text::CONTENT_ATTRIBUTES),
        "updated" | "published" => one(Value::Rfc3339).tight(),
        "author" | "contributor" => many(Value::Within),
        "category" => many(Value::Eaten).with(&["term", "scheme", "label"]),
        "link" => many(Value::Within).with(atom_links::ATTRIBUTES),
        "source" => one(Value::Within),
        "thr:total" => one(Value::NonNegative),
        "thr:in-reply-to" => many(Value::Text).with(&["ref", "href", "source", "type"]),
        name => return modules(name).or_else(|| itunes::item_spec(name)),
    })
}

/// Modules, as in RSS, but for what is Atom's own there.
fn modules(name: &str) -> Option<Spec> {
    if name.starts_with("slash:") || name.starts_with("wfw:") || name.starts_with("sy:") {
        return Some(many(Value::Eaten));
    }
    rss::modules(name).filter(|_| !name.starts_with("atom:"))
}

/// Looks at an Atom feed.
pub(super) fn lint(sheet: &mut Sheet<'_>, root: Node<'_, '_>) {
    attributes(sheet, root, Home::Atom, &[]);
    let found = walk(sheet, root, Home::Atom, feed_spec);
    let at = root.range().start;
    found.require(sheet, &["title", "id", "updated"]);
    if !root.has_attribute((namespaces::XML, "lang")) {
        sheet.tell(&rss::NO_LANGUAGE, at, "the feed doesn't name its language, by xml:lang");
    }
    misplaced(sheet, &found);
    let links = head(sheet, &found, In::Feed);
    if !links.iter().any(|link| link.rel == "self") {
        sheet.tell(&rss::NO_SELF, at, "the feed doesn't name its own address, by link rel=self");
    }
    atom_links::history(sheet, &found, &links);
    let is_podcast = itunes::channel(sheet, &found);
    let mut seen = Seen::default();
    for (index, child) in found.named("entry").enumerate() {
        sheet.enter(named(child.node));
        entry(sheet, child.node, &found, index, &mut seen, is_podcast);
        sheet.leave();
    }
    seen.tell(sheet, at);
    tombstones(sheet, &found);
}

/// What a feed and a `source` have alike.
fn head(sheet: &mut Sheet<'_>, found: &Children<'_, '_>, place: In) -> Vec<Link> {
    for child in &found.all {
        match &*child.name {
            "title" | "subtitle" | "rights" => atom_text::check(sheet, child),
            "author" | "contributor" => person(sheet, child.node),
            "category" => category(sheet, child.node),
            "generator" => optional(sheet, child.node, "uri", Value::Reference),
            "id" => id(sheet, child),
            name if name.starts_with("media:") => media::element(sheet, child),
            _ => {}
        }
    }
    atom_links::links(sheet, found, "link", place)
}

fn id(sheet: &mut Sheet<'_>, child: &Child<'_, '_>) {
    if !child.text.is_empty() && urls::iri(sheet, "id", &child.text, child.at()) {
        urls::canonical(sheet, "id", &child.text, child.at());
    }
}

fn misplaced(sheet: &mut Sheet<'_>, found: &Children<'_, '_>) {
    const HEAD: &[&str] = &[
        "author",
        "category",
        "contributor",
        "generator",
        "icon",
        "id",
        "link",
        "logo",
        "rights",
        "subtitle",
        "title",
        "updated",
    ];
    let mut seen = false;
    for child in &found.all {
        if child.name == "entry" {
            seen = true;
        } else if seen && HEAD.contains(&&*child.name) {
            let message = format!("`{}` of the feed stands after an entry", child.name);
            sheet.tell(&MISPLACED, child.at(), message);
        }
    }
}

/// A person (RFC 4287 §3.2).
fn person(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    let found = walk(sheet, node, Home::Atom, |name| {
        Some(match name {
            "name" => one(Value::Plain).filled(),
            "uri" => one(Value::Reference).filled().tight(),
            "email" => one(Value::AddrSpec),
            _ => return None,
        })
    });
    if !found.has("name") {
        missing(sheet, node, "name");
    }
    if let Some(name) = found.get("name") {
        let words = name.text.split([' ', '<', '>', '(', ')']);
        if let Some(address) = words.into_iter().find(|w| super::values::is_email(w)) {
            let message = format!("a name holds the e-mail address {}", quote(address));
            sheet.tell_value(&EMAIL, name.at(), address, message);
        }
    }
}

/// A category (RFC 4287 §4.2.2).
fn category(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    if let Some(term) = required(sheet, node, "term", Value::Text)
        && term.trim().is_empty()
    {
        sheet.tell(&atom_links::BLANK_ATTRIBUTE, node.range().start, "`category term` is empty");
    }
    if let Some(scheme) = node.attribute("scheme") {
        urls::iri(sheet, "category scheme", scheme, node.range().start);
    }
    if let Some(super::plain::Markup::Tag(tag)) =
        node.attribute("label").and_then(super::plain::markup)
    {
        let message = format!("`category label` holds HTML: `</{tag}>`");
        sheet.tell(&super::plain::CONTAINS_HTML, node.range().start, message);
    }
}

/// Ids and dates of the entries so far.
#[derive(Default)]
struct Seen {
    ids: BTreeMap<String, Vec<(usize, usize)>>,
    updated: BTreeSet<String>,
    /// Entries whose time an earlier one has.
    twice: usize,
    entries: usize,
}

impl Seen {
    /// Tells what entries share; where all have one id, that alone of ids.
    fn tell(self, sheet: &mut Sheet<'_>, at: usize) {
        if self.twice > 0 {
            let message =
                format!("entries have one `updated` ({} of them an earlier one's)", self.twice);
            sheet.tell(&DUPLICATE_UPDATED, at, message);
        }
        if self.entries > 9 && self.ids.len() == 1 {
            sheet.tell(&DUPLICATE_IDS, at, "all entries have one id");
            return;
        }
        for (id, places) in self.ids {
            for (index, at) in places.into_iter().skip(1) {
                let message = format!("two entries have the id {}", quote(&id));
                sheet.about(index, &DUPLICATE_ENTRIES, at, message);
            }
        }
    }
}

/// An entry as findings name it.
fn named(node: Node<'_, '_>) -> Entry {
    let child = |name: &'static str| {
        node.children().filter(move |n| n.is_element() && n.tag_name().name() == name)
    };
    let text = |name| {
        let text: String = child(name)
            .next()?
            .descendants()
            .filter(Node::is_text)
            .filter_map(|n| n.text())
            .collect();
        Some(text.trim().to_owned()).filter(|t| !t.is_empty())
    };
    let link = child("link")
        .find(|n| n.attribute("rel").is_none_or(|rel| rel == "alternate"))
        .and_then(|n| n.attribute("href"))
        .map(str::to_owned);
    Entry { index: 0, id: text("id"), link, title: text("title") }
}

fn entry(
    sheet: &mut Sheet<'_>,
    node: Node<'_, '_>,
    feed: &Children<'_, '_>,
    index: usize,
    seen: &mut Seen,
    is_podcast: bool,
) {
    let found = walk(sheet, node, Home::Atom, entry_spec);
    let at = node.range().start;
    found.require(sheet, &["title", "id", "updated"]);
    let source = found.get("source");
    let signed = |n: Node<'_, '_>| n.children().any(|c| c.tag_name().name() == "author");
    if !found.has("author") && !feed.has("author") && !source.is_some_and(|s| signed(s.node)) {
        missing(sheet, node, "author");
    }
    seen.entries += 1;
    if let Some(id) = found.get("id").filter(|id| !id.text.is_empty()) {
        seen.ids.entry(id.text.clone()).or_default().push((index, id.at()));
    }
    if let Some(updated) = found.get("updated") {
        seen.twice += usize::from(!seen.updated.insert(updated.text.clone()));
    }
    let links = head(sheet, &found, In::Entry);
    texts(sheet, &found, &links);
    for child in found.named("thr:in-reply-to") {
        rss_item::in_reply_to(sheet, child.node);
    }
    for child in found.named("link") {
        threads(sheet, child.node);
    }
    if let Some(source) = source {
        let inner = walk(sheet, source.node, Home::Atom, |name| {
            feed_spec(name).filter(|_| name != "entry")
        });
        for name in ["id", "title", "updated"].iter().filter(|name| !inner.has(name)) {
            sheet.tell(&SOURCE, source.at(), format!("`source` has no `{name}`"));
        }
        head(sheet, &inner, In::Entry);
    }
    for (core, extension) in [("published", "dc:date"), ("author", "dc:creator")] {
        if let Some(child) = found.get(extension).filter(|_| found.has(core)) {
            sheet.tell(
                &rss::SEMANTICS,
                child.at(),
                format!("`{extension}` says what `{core}` says"),
            );
        }
    }
    itunes::item(sheet, &found, is_podcast);
    if at > 0 && !found.has("content") && !links.iter().any(|link| link.rel == "alternate") {
        sheet.tell(&NOTHING, at, "the entry has neither content nor a link to it");
    }
}

/// Content and summary (RFC 4287 §4.1.2, §4.1.3).
fn texts(sheet: &mut Sheet<'_>, found: &Children<'_, '_>, _links: &[Link]) {
    let at = found.parent.range().start;
    for child in &found.all {
        match &*child.name {
            "summary" => atom_text::check(sheet, child),
            "content" => atom_text::content(sheet, child),
            _ => {}
        }
    }
    if found.has("summary") {
        return;
    }
    match found.get("content") {
        None => sheet.tell(&NO_TEXT, at, "the entry has neither a summary nor content"),
        Some(content) if content.node.has_attribute("src") => {
            sheet.tell(&NO_SUMMARY, at, "the content is elsewhere, and there is no summary");
        }
        Some(content) if atom_text::is_binary(content.node) => {
            sheet.tell(&NO_SUMMARY, at, "the content isn't text, and there is no summary");
        }
        Some(_) => {}
    }
}

/// Attributes of threading on a link (RFC 4685 §4).
fn threads(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    const THREAD: &str = "http://purl.org/syndication/thread/1.0";
    let at = node.range().start;
    if node.has_attribute((THREAD, "when")) {
        sheet.tell(&THR_WHEN, at, "`thr:when` was renamed `thr:updated`");
    }
    let replies = node.attribute("rel") == Some("replies");
    for name in ["count", "updated"] {
        let Some(value) = node.attribute((THREAD, name)) else { continue };
        if !replies {
            let message = format!("`thr:{name}` stands on a link that isn't one to replies");
            sheet.tell(&ATTRIBUTE, at, message);
        }
        let kind = if name == "count" { Value::NonNegative } else { Value::Rfc3339 };
        super::values::check_attribute(sheet, kind, &format!("thr:{name}"), value, node);
    }
}

/// Entries that were deleted (RFC 6721).
fn tombstones(sheet: &mut Sheet<'_>, found: &Children<'_, '_>) {
    let mut seen = BTreeSet::new();
    for child in found.named("at:deleted-entry") {
        let id = required(sheet, child.node, "ref", Value::Text).unwrap_or_default();
        let when = required(sheet, child.node, "when", Value::Rfc3339).unwrap_or_default();
        if !seen.insert((id, when)) {
            let message = format!("{} is deleted twice at one instant", quote(id));
            sheet.tell(&TOMBSTONE, child.at(), message);
        }
    }
}
