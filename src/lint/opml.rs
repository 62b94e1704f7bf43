//! OPML 2.0: a list of subscriptions (standards §4.3).

use roxmltree::Node;

use super::elements::{Home, many, missing, missing_attribute, one, walk};
use super::sheet::{Sheet, quote};
use super::values::{Value, check_attribute};
use super::{Entry, Rule, error, warning};
use crate::problem::Code;

const VERSION: Rule = error(Code::new("feed-invalid-opml-version"), "write version=\"2.0\"");
const NO_XML_URL: Rule =
    warning(Code::new("feed-missing-xml-url"), "add `xmlUrl`: nobody can subscribe without it");
const NO_TITLE: Rule =
    warning(Code::new("feed-missing-title-attr"), "add `title`, the same as `text`");
const NO_URL: Rule = warning(Code::new("feed-missing-url-attr"), "add `url`");
const NO_TYPE: Rule = warning(
    Code::new("feed-missing-outline-type"),
    "add type=\"rss\": reader programs subscribe to such outlines only",
);
const OUTLINE_VERSION: Rule = warning(
    Code::new("feed-invalid-outline-version"),
    "write RSS2, RSS1, RSS or scriptingNews; leave it out for Atom",
);
const OUTLINE_TYPE: Rule = warning(
    Code::new("feed-invalid-outline-type"),
    "write rss or link; OPML 1 knows no other, and 2.0 calls Atom rss too",
);
const EXPANSION: Rule = error(
    Code::new("feed-invalid-expansion-state"),
    "write numbers of lines with commas between them",
);

/// Looks at a list of subscriptions.
pub(super) fn lint(sheet: &mut Sheet<'_>, root: Node<'_, '_>) {
    let version = root.attribute("version");
    match version {
        None => missing_attribute(sheet, root, "version"),
        Some("1.0" | "1.1" | "2.0") => {}
        Some(other) => {
            let message = format!("OPML {} isn't a version that there is", quote(other));
            sheet.tell(&VERSION, root.range().start, message);
        }
    }
    let found = walk(sheet, root, Home::Rss, |name| {
        matches!(name, "head" | "body").then(|| one(Value::Within))
    });
    found.require(sheet, &["head", "body"]);
    if let Some(child) = found.get("head") {
        head(sheet, child.node);
    }
    let Some(body) = found.get("body") else { return };
    // Outlines nest without end, so they are looked at as they stand in the text.
    let outlines: Vec<Node<'_, '_>> = body
        .node
        .descendants()
        .filter(|n| n.is_element() && n.tag_name().name() == "outline")
        .collect();
    if outlines.is_empty() {
        missing(sheet, body.node, "outline");
    }
    for node in outlines {
        sheet.enter(Entry {
            index: 0,
            id: node.attribute("xmlUrl").map(str::to_owned),
            link: node.attribute("htmlUrl").map(str::to_owned),
            title: node.attribute("text").map(str::to_owned),
        });
        outline(sheet, node, version.is_some_and(|v| v.starts_with("1.")));
        sheet.leave();
    }
}

fn head(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    let found = walk(sheet, node, Home::Rss, |name| {
        Some(match name {
            "title" | "ownerName" => one(Value::Html),
            "dateCreated" | "dateModified" => one(Value::Rfc822),
            "ownerEmail" => one(Value::Email),
            "ownerId" => one(Value::Http),
            "docs" => one(Value::Url),
            "expansionState" => many(Value::Text),
            "vertScrollState" | "windowTop" | "windowLeft" | "windowBottom" | "windowRight" => {
                one(Value::Positive)
            }
            _ => return None,
        })
    });
    for child in found.named("expansionState").filter(|c| !c.text.is_empty()) {
        if !child.text.split(',').all(|n| super::values::is_integer(n.trim())) {
            let message = format!("`expansionState` is {}", quote(&child.text));
            sheet.tell(&EXPANSION, child.at(), message);
        }
    }
}

fn outline(sheet: &mut Sheet<'_>, node: Node<'_, '_>, first_version: bool) {
    const OF_FEEDS: &[&str] = &["description", "htmlUrl", "language", "title", "version", "xmlUrl"];
    let at = node.range().start;
    let has = |name: &str| node.has_attribute(name);
    if !has("text") {
        missing_attribute(sheet, node, "text");
    }
    let kind = node.attribute("type").map(str::to_ascii_lowercase);
    match kind.as_deref() {
        Some("rss") => {
            if !has("xmlUrl") {
                sheet.tell(&NO_XML_URL, at, "a subscription has no `xmlUrl`");
            }
            if !has("title") {
                sheet.tell(&NO_TITLE, at, "a subscription has no `title`");
            }
        }
        Some("link") if !has("url") => sheet.tell(&NO_URL, at, "a link has no `url`"),
        Some(other) if first_version => {
            sheet.tell(&OUTLINE_TYPE, at, format!("an outline is of type {}", quote(other)));
        }
        None if OF_FEEDS.iter().any(|name| has(name)) => {
            sheet.tell(&NO_TYPE, at, "an outline says what subscriptions say, and has no type");
        }
        _ => {}
    }
    if let Some(version) = node.attribute("version")
        && !["RSS", "RSS1", "RSS2", "scriptingNews"].contains(&version)
    {
        let message = format!("a subscription is of version {}", quote(version));
        sheet.tell(&OUTLINE_VERSION, at, message);
    }
    for (name, value) in [
        ("xmlUrl", Value::Url),
        ("htmlUrl", Value::Url),
        ("url", Value::Url),
        ("language", Value::Language),
        ("created", Value::Rfc822),
        ("isBreakpoint", Value::TrueFalse),
        ("isComment", Value::TrueFalse),
    ] {
        if let Some(text) = node.attribute(name) {
            check_attribute(sheet, value, &format!("outline {name}"), text, node);
        }
    }
}
