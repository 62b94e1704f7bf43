//! RSS 2.0: the item, its guid and its enclosure (standards §1.4–1.6).

use std::collections::BTreeSet;

use roxmltree::Node;

use super::elements::{Child, Children, Home, Spec, many, one, optional, required, walk};
use super::rss::{DUPLICATE_VALUE, INTEGER, module, modules, semantics};
use super::sheet::{Sheet, quote};
use super::urls;
use super::values::Value;
use super::{Entry, Rule, atom_links, error, itunes, note, warning};
use crate::problem::Code;

const NEITHER: Rule = error(
    Code::new("feed-item-must-contain-title-or-description"),
    "give it a title, at least: readers show nothing else in their list",
);
const NO_GUID: Rule = warning(
    Code::new("feed-missing-guid"),
    "give it one that never changes; else a new link or title makes it a new article to readers",
);
const ORDER: Rule = warning(
    Code::new("feed-need-description-before-content"),
    "write `description` first, with a summary: readers that know only one take the first",
);
const ENCLOSURES: Rule = warning(
    Code::new("feed-duplicate-enclosure"),
    "keep one; others belong in media:content or podcast:alternateEnclosure",
);
const SEMANTICS: Rule = warning(
    Code::new("feed-duplicate-item-semantics"),
    "keep RSS's own element, and leave the module's out; readers show one of them, or both",
);
const DESCRIPTIONS: Rule = warning(
    Code::new("feed-duplicate-description-semantics"),
    "keep `content:encoded` and `description`; readers don't look for a third",
);
const SLASH: Rule = warning(
    Code::new("feed-slash-date"),
    "give the channel a `lastBuildDate`, or leave `slash:comments` out, whose number changes",
);
const COMMENT_RSS: Rule =
    warning(Code::new("feed-comment-rss"), "write `wfw:commentRss`; readers look for that");
const BOOLEAN: Rule =
    error(Code::new("feed-invalid-boolean-attribute"), "write `true` or `false`, in lower case");
const HTTP_GUID: Rule = error(
    Code::new("feed-invalid-http-guid"),
    "say isPermaLink=\"false\"; absent it is true, and the guid has to be a URL that opens the article",
);
const PERMALINK: Rule = error(
    Code::new("feed-invalid-permalink"),
    "say isPermaLink=\"false\": nobody can open a `tag:` or `urn:`",
);
const UNIQUE: Rule = warning(
    Code::new("feed-not-sufficiently-unique"),
    "write something that no other feed has: a URL, a `tag:`, a UUID",
);
const GUID_LINK: Rule = note(
    Code::new("feed-guid-is-not-link"),
    "say isPermaLink=\"false\" unless the guid, too, opens the article",
);
const ZERO: Rule =
    error(Code::new("feed-use-zero-for-unknown"), "write 0 where the length isn't known");

fn spec(name: &str) -> Option<Spec> {
    Some(match name {
        "title" => one(Value::Plain).filled(),
        "link" | "comments" => one(Value::Url),
        "description" | "content:encoded" => one(Value::Html),
        "author" => one(Value::EmailWithName),
        "category" => many(Value::Plain).with(&["domain"]).filled(),
        "enclosure" => many(Value::Text).with(&["url", "length", "type"]),
        "guid" => one(Value::Text).with(&["isPermaLink"]).filled(),
        "pubDate" => one(Value::Rfc822),
        "dc:date" => many(Value::W3cdtf),
        "source" => one(Value::Plain).with(&["url"]),
        "atom:published" => one(Value::Rfc3339),
        "atom:summary" | "atom:content" => many(Value::Eaten).with(&["type", "src"]),
        "slash:comments" => one(Value::NonNegative),
        "slash:section" | "slash:department" => many(Value::Text),
        "slash:hit_parade" => one(Value::Integers),
        "thr:total" => one(Value::NonNegative),
        "thr:in-reply-to" => many(Value::Text).with(&["ref", "href", "source", "type"]),
        "wfw:comment" | "wfw:commentRss" | "wfw:commentRSS" => one(Value::Url),
        "xhtml:body" => one(Value::Eaten),
        name => return modules(name).or_else(|| itunes::item_spec(name)),
    })
}

/// An item as findings name it.
pub(super) fn entry(item: Node<'_, '_>) -> Entry {
    let text = |name: &str| {
        let child = item.children().find(|n| n.is_element() && n.tag_name().name() == name)?;
        let text: String = child.children().filter_map(|n| n.text()).collect();
        Some(text.trim().to_owned()).filter(|t| !t.is_empty())
    };
    Entry { index: 0, id: text("guid"), link: text("link"), title: text("title") }
}

/// Looks at all items of a channel.
pub(super) fn items(sheet: &mut Sheet<'_>, channel: &Children<'_, '_>, is_podcast: bool) {
    let mut guids = BTreeSet::new();
    for child in channel.named("item") {
        sheet.enter(entry(child.node));
        let found = walk(sheet, child.node, Home::Rss, spec);
        item(sheet, &found, channel, is_podcast);
        if let Some(guid) = found.get("guid").filter(|g| !g.text.is_empty())
            && !guids.insert(guid.text.clone())
        {
            let message = format!("two items have the guid {}", quote(&guid.text));
            sheet.tell_value(&DUPLICATE_VALUE, guid.at(), &guid.text, message);
        }
        sheet.leave();
    }
}

fn item(
    sheet: &mut Sheet<'_>,
    found: &Children<'_, '_>,
    channel: &Children<'_, '_>,
    is_podcast: bool,
) {
    let at = found.parent.range().start;
    if !found.has("title") && !found.has("description") {
        sheet.tell(&NEITHER, at, "the item has neither a title nor a description");
    }
    if let Some(comments) = found.get("slash:comments").filter(|_| !channel.has("lastBuildDate")) {
        sheet.tell(&SLASH, comments.at(), "comments are counted, and the channel has no date");
    }
    order(sheet, found);
    semantics(
        sheet,
        found,
        &[
            ("guid", "atom:id"),
            ("pubDate", "dc:date"),
            ("pubDate", "atom:published"),
            ("author", "dc:creator"),
            ("category", "dc:subject"),
            ("source", "dc:source"),
            ("creativeCommons:license", "cc:license"),
        ],
        &SEMANTICS,
    );
    if found.named("enclosure").count() > 1 {
        sheet.tell(&ENCLOSURES, at, "the item has several enclosures");
    }
    match found.get("guid") {
        Some(child) => guid(sheet, child, found.text("link")),
        None => sheet.tell(&NO_GUID, at, "the item has no guid"),
    }
    for child in &found.all {
        let at = child.at();
        match &*child.name {
            "enclosure" => enclosure(sheet, child.node),
            "source" => {
                required(sheet, child.node, "url", Value::Url);
            }
            "thr:in-reply-to" => in_reply_to(sheet, child.node),
            "wfw:commentRSS" => sheet.tell(&COMMENT_RSS, at, "`wfw:commentRSS` is misspelled"),
            "atom:content" if child.node.has_attribute("src") => {}
            "atom:title" | "atom:content" | "xhtml:body" => {
                let message = format!("`{}` says what `description` says", child.name);
                sheet.tell(&DESCRIPTIONS, at, message);
            }
            _ => module(sheet, child),
        }
    }
    atom_links::links(sheet, found, "atom:link", atom_links::In::Item);
    itunes::item(sheet, found, is_podcast);
}

fn order(sheet: &mut Sheet<'_>, found: &Children<'_, '_>) {
    let place = |name: &str| found.all.iter().position(|c| c.name == name);
    let Some(content) = found.get("content:encoded") else { return };
    match (place("description"), place("content:encoded")) {
        (Some(description), Some(encoded)) if description < encoded => {}
        _ => {
            let message = "`content:encoded` stands without a `description` before it";
            sheet.tell(&ORDER, content.at(), message);
        }
    }
}

fn guid(sheet: &mut Sheet<'_>, guid: &Child<'_, '_>, link: Option<&str>) {
    let (text, at) = (guid.text.as_str(), guid.at());
    let named = guid.node.attribute("isPermaLink");
    if let Some(value) = named.filter(|v| !matches!(*v, "true" | "false")) {
        let message = format!("`isPermaLink` is {}", quote(value));
        sheet.tell(&BOOLEAN, at, message);
        return;
    }
    if named == Some("false") {
        if text.len() < 9 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            let message = format!("the guid is {}, which other feeds have too", quote(text));
            sheet.tell_value(&UNIQUE, at, text, message);
        }
        return;
    }
    match urls::scheme(text).as_deref() {
        Some("tag" | "urn") => {
            let message = format!("the guid {} is called a permalink", quote(text));
            sheet.tell_value(&PERMALINK, at, text, message);
        }
        Some("http" | "https") => {
            if let Some(link) = link.filter(|link| *link != text && !text.is_empty()) {
                let message = format!(
                    "the guid {} is called a permalink, and the link is {}",
                    quote(text),
                    quote(link)
                );
                sheet.tell_value(&GUID_LINK, at, text, message);
            }
        }
        _ if text.is_empty() => {}
        _ => {
            let message = format!("the guid {} is called a permalink, and is no URL", quote(text));
            sheet.tell_value(&HTTP_GUID, at, text, message);
        }
    }
}

fn enclosure(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    let at = node.range().start;
    required(sheet, node, "url", Value::Http);
    required(sheet, node, "type", Value::Mime);
    let Some(length) = required(sheet, node, "length", Value::Text) else { return };
    match length.trim() {
        "-1" => sheet.tell(&ZERO, at, "the enclosure's length is -1"),
        length if !super::values::is_integer(length) => {
            let message = format!("the enclosure's length is {}", quote(length));
            sheet.tell_value(&INTEGER, at, length, message);
        }
        _ => {}
    }
}

/// RFC 4685 §3.
pub(super) fn in_reply_to(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    required(sheet, node, "ref", Value::Text);
    optional(sheet, node, "href", Value::Reference);
    optional(sheet, node, "type", Value::Mime);
    optional(sheet, node, "source", Value::Reference);
}
