//! JSON Feed 1.1 (standards §3): names, types, what is required, what has to be left out.

use std::collections::BTreeSet;

use super::json_tree::{self, Kind as Type, Member, Value};
use super::rss::{DUPLICATE_VALUE, NO_SELF};
use super::sheet::{Sheet, quote};
use super::{Entry, Kind, Rule, dates, error, html, note, page, plain, urls, values, warning};
use crate::problem::Code;

const SYNTAX: Rule =
    error(Code::new("feed-json-syntax"), "write it with a program that knows JSON");
const VERSION: Rule = error(
    Code::new("feed-json-version"),
    "write \"version\": \"https://jsonfeed.org/version/1.1\", as the first member",
);
const MISSING: Rule = error(Code::new("feed-json-missing-key"), "add it; the standard requires it");
const TYPE: Rule = error(
    Code::new("feed-json-type"),
    "write the type that the standard names: readers drop what they can't read",
);
const NULL: Rule = warning(
    Code::new("feed-json-null"),
    "leave the name out: readers look for it by its being there",
);
const EMPTY: Rule = warning(Code::new("feed-json-empty"), "leave the name out");
const UNKNOWN: Rule = warning(
    Code::new("feed-json-unknown-key"),
    "is it misspelled? What is your own belongs in an object whose name begins with `_`",
);
const TWICE: Rule =
    warning(Code::new("feed-json-duplicate-key"), "keep one of them; most parsers take the last");
const DEPRECATED: Rule = note(
    Code::new("feed-json-deprecated-key"),
    "write version 1.1: `authors`, an array; beside it `author` does no harm",
);
const NEXT: Rule = error(
    Code::new("feed-json-next-url-loops"),
    "name the next older document; a reader that follows it would never end",
);
const CONTENT: Rule = error(
    Code::new("feed-json-missing-content"),
    "add content_html or content_text; it may be the summary",
);
const AUTHOR: Rule =
    error(Code::new("feed-json-empty-author"), "give it a name, a URL or an avatar");
const HUB: Rule = warning(Code::new("feed-json-hub-type"), "write type \"WebSub\" or \"rssCloud\"");

/// What a member has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    /// Plain text.
    Text,
    /// HTML.
    Html,
    /// Text, whatever it says.
    Raw,
    Url,
    Date,
    Language,
    Mime,
    Bool,
    Number,
    Strings,
    Objects,
    Object,
}

const FEED: &[(&str, Is)] = &[
    ("version", Is::Raw),
    ("title", Is::Text),
    ("home_page_url", Is::Url),
    ("feed_url", Is::Url),
    ("description", Is::Text),
    ("user_comment", Is::Raw),
    ("next_url", Is::Url),
    ("icon", Is::Url),
    ("favicon", Is::Url),
    ("authors", Is::Objects),
    ("author", Is::Object),
    ("language", Is::Language),
    ("expired", Is::Bool),
    ("hubs", Is::Objects),
    ("items", Is::Objects),
];

const ITEM: &[(&str, Is)] = &[
    ("id", Is::Raw),
    ("url", Is::Url),
    ("external_url", Is::Url),
    ("title", Is::Text),
    ("content_html", Is::Html),
    ("content_text", Is::Raw),
    ("summary", Is::Text),
    ("image", Is::Url),
    ("banner_image", Is::Url),
    ("date_published", Is::Date),
    ("date_modified", Is::Date),
    ("authors", Is::Objects),
    ("author", Is::Object),
    ("tags", Is::Strings),
    ("language", Is::Language),
    ("attachments", Is::Objects),
];

const AUTHORS: &[(&str, Is)] = &[("name", Is::Text), ("url", Is::Url), ("avatar", Is::Url)];
const HUBS: &[(&str, Is)] = &[("type", Is::Raw), ("url", Is::Url)];
const ATTACHMENTS: &[(&str, Is)] = &[
    ("url", Is::Url),
    ("mime_type", Is::Mime),
    ("title", Is::Text),
    ("size_in_bytes", Is::Number),
    ("duration_in_seconds", Is::Number),
];

/// Looks at a feed in JSON.
pub(super) fn lint(sheet: &mut Sheet<'_>) -> Option<Kind> {
    let text = sheet.text;
    // Values are of no use here, and the tree has places; the syntax is serde_json's to judge.
    if let Err(e) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let at = offset(text, e.line(), e.column());
        let sentence = e.to_string();
        let sentence = sentence.rsplit_once(" at line ").map_or(&*sentence, |(start, _)| start);
        sheet.tell(&SYNTAX, at, format!("this isn't JSON: {sentence}"));
        return None;
    }
    let Some(root) = json_tree::read(text).filter(|v| matches!(v.kind, Type::Object(_))) else {
        page::no_feed(sheet, "this is JSON, but no object, or one that is nested too deep");
        return None;
    };
    if root.get("version").is_none() && root.get("items").is_none() {
        page::no_feed(sheet, "this is JSON, but has neither `version` nor `items`");
        return None;
    }
    feed(sheet, &root);
    Some(Kind::Json)
}

/// The byte of a line and a column in bytes, both from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before + column.saturating_sub(1)
}

fn feed(sheet: &mut Sheet<'_>, root: &Value) {
    if let Some(version) = there(root, "version") {
        let known = ["https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1"];
        let text = version.string().unwrap_or_default();
        if !known.contains(&text) {
            let message = format!("the version is {}", quote(text));
            sheet.tell(&VERSION, version.range.start, message);
        }
    }
    object(sheet, root, FEED, &["version", "title", "items"], "the feed");
    let string = |name: &str| root.get(name).and_then(Value::string);
    match string("feed_url") {
        None => {
            sheet.tell(&NO_SELF, 0, "the feed doesn't name its own address, by `feed_url`");
        }
        Some(url) => own(sheet, root, url),
    }
    if let Some(next) = root.get("next_url")
        && next.string().is_some()
        && (next.string() == string("feed_url") || next.string() == sheet.hints.url)
    {
        sheet.tell(&NEXT, next.range.start, "`next_url` is the feed itself");
    }
    for hub in elements(root.get("hubs")) {
        object(sheet, hub, HUBS, &["type", "url"], "a hub");
        if let Some(kind) = hub.get("type").and_then(Value::string)
            && !["WebSub", "rssCloud"].contains(&kind)
        {
            let message = format!("a hub is of type {}", quote(kind));
            sheet.tell(&HUB, hub.range.start, message);
        }
    }
    authors(sheet, root);
    let mut ids = BTreeSet::new();
    for value in elements(root.get("items")) {
        sheet.enter(named(value));
        item(sheet, value);
        // Readers make a string of an id that is a number.
        if let Some(id) = value.get("id")
            && let Type::String(text) | Type::Number(text) = &id.kind
            && !ids.insert(text.clone())
        {
            let message = format!("two items have the id {}", quote(text));
            sheet.tell_value(&DUPLICATE_VALUE, id.range.start, text, message);
        }
        sheet.leave();
    }
}

fn own(sheet: &mut Sheet<'_>, root: &Value, url: &str) {
    let at = root.get("feed_url").map_or(0, |v| v.range.start);
    let hints = sheet.hints;
    if let Some(fetched) = hints.url.filter(|at| *at != url && hints.asked != Some(url)) {
        let message = format!("the feed calls itself {}, and is at {}", quote(url), quote(fetched));
        sheet.tell_value(&super::atom_links::SELF_DIFFERS, at, url, message);
    }
}

fn named(item: &Value) -> Entry {
    let text = |name: &str| match &item.get(name)?.kind {
        Type::String(text) | Type::Number(text) => Some(text.clone()),
        _ => None,
    };
    Entry { index: 0, id: text("id"), link: text("url"), title: text("title") }
}

fn item(sheet: &mut Sheet<'_>, item: &Value) {
    object(sheet, item, ITEM, &["id"], "an item");
    if there(item, "content_html").is_none() && there(item, "content_text").is_none() {
        let message = "the item has neither content_html nor content_text";
        sheet.tell(&CONTENT, item.range.start, message);
    }
    authors(sheet, item);
    for attachment in elements(item.get("attachments")) {
        object(sheet, attachment, ATTACHMENTS, &["url", "mime_type"], "an attachment");
    }
}

fn authors(sheet: &mut Sheet<'_>, of: &Value) {
    if let Some(author) = of.get("author")
        && of.get("authors").is_none()
    {
        sheet.tell(&DEPRECATED, author.range.start, "`author` is of version 1.0");
    }
    for author in elements(of.get("authors")).chain(of.get("author")) {
        object(sheet, author, AUTHORS, &[], "an author");
        if AUTHORS.iter().all(|(name, _)| there(author, name).is_none()) {
            sheet.tell(
                &AUTHOR,
                author.range.start,
                "an author has neither name nor URL nor avatar",
            );
        }
    }
}

fn elements(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let all = match value.map(|v| &v.kind) {
        Some(Type::Array(all)) => all.as_slice(),
        _ => &[],
    };
    all.iter().filter(|v| matches!(v.kind, Type::Object(_)))
}

/// A member that says something: to a reader `null` is none.
fn there<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    object.get(name).filter(|value| value.kind != Type::Null)
}

/// Looks at an object's members, of which some are required.
fn object(
    sheet: &mut Sheet<'_>,
    object: &Value,
    table: &[(&str, Is)],
    required: &[&str],
    what: &str,
) {
    for name in required.iter().filter(|name| object.get(name).is_none()) {
        sheet.tell(&MISSING, object.range.start, format!("{what} has no `{name}`"));
    }
    let mut seen = BTreeSet::new();
    for member in object.members() {
        let Member { name, at, value } = member;
        if !seen.insert(name) {
            sheet.tell(&TWICE, *at, format!("{} stands twice in an object", quote(name)));
        }
        if value.kind == Type::Null && required.contains(&name.as_str()) {
            let message = format!("{what} has no `{name}`: it is null");
            sheet.tell(&MISSING, value.range.start, message);
            continue;
        }
        match table.iter().find(|(known, _)| known == name) {
            Some((_, is)) => check(sheet, name, value, *is),
            None => extension(sheet, member),
        }
    }
}

/// Extensions are objects under names such as `_gazette`.
fn extension(sheet: &mut Sheet<'_>, Member { name, at, value }: &Member) {
    let letter = name.strip_prefix('_').is_some_and(|r| r.starts_with(|c: char| c.is_alphabetic()));
    if !letter || name.contains('.') {
        sheet.tell(&UNKNOWN, *at, format!("no member is called {}", quote(name)));
    } else if !matches!(value.kind, Type::Object(_)) {
        let message = format!("the extension {} is {}, and no object", quote(name), value.what());
        sheet.tell(&TYPE, value.range.start, message);
    }
}

fn check(sheet: &mut Sheet<'_>, name: &str, value: &Value, is: Is) {
    let at = value.range.start;
    let wanted = match is {
        Is::Bool => "true or false",
        Is::Number => "a number",
        Is::Strings | Is::Objects => "an array",
        Is::Object => "an object",
        _ => "a string",
    };
    if value.kind == Type::Null {
        sheet.tell(&NULL, at, format!("`{name}` is null"));
        return;
    }
    if value.what() != wanted {
        let message = format!("`{name}` is {}, where {wanted} should be", value.what());
        sheet.tell(&TYPE, at, message);
        return;
    }
    match &value.kind {
        Type::Array(all) => {
            // A feed without items is a feed; another array without elements says nothing.
            if all.is_empty() && name != "items" {
                sheet.tell(&EMPTY, at, format!("`{name}` is an empty array"));
            }
            let of = if is == Is::Strings { "a string" } else { "an object" };
            for wrong in all.iter().filter(|v| v.what() != of) {
                let message = format!("`{name}` holds {}, where {of} should be", wrong.what());
                sheet.tell(&TYPE, wrong.range.start, message);
            }
        }
        Type::String(text) => string(sheet, name, value, text, is),
        Type::Number(number) if number.starts_with('-') => {
            let message = format!("`{name}` is {number}");
            sheet.tell(&TYPE, at, message);
        }
        _ => {}
    }
}

fn string(sheet: &mut Sheet<'_>, name: &str, value: &Value, text: &str, is: Is) {
    let at = value.range.start;
    // A text that says nothing is still the item's content.
    if text.trim().is_empty() && !name.starts_with("content_") {
        sheet.tell(&EMPTY, at, format!("`{name}` is empty"));
        return;
    }
    match is {
        Is::Html => html::check(sheet, text, value.range.clone()),
        Is::Url => {
            urls::iri(sheet, name, text, at);
        }
        Is::Date => dates::rfc3339(sheet, name, text, at),
        Is::Language => values::language(sheet, name, text, at),
        Is::Mime => values::media_type(sheet, name, text, at),
        Is::Text => {
            if let Some(plain::Markup::Tag(tag)) = plain::markup(text) {
                let message = format!("`{name}` holds HTML: `</{tag}>`");
                sheet.tell_value(&plain::CONTAINS_HTML, at, &format!("</{tag}>"), message);
            }
        }
        _ => {}
    }
}
