//! Text that should hold no HTML: titles, names, categories, descriptions of channels. Some readers
//! decode such text twice, and some show tags as they stand, so markup in it is never right.

use roxmltree::Node;

use super::elements::Home;
use super::html;
use super::sheet::{Sheet, quote};
use super::{Rule, warning};
use crate::problem::Code;

pub(super) const CONTAINS_HTML: Rule = warning(
    Code::new("feed-contains-html"),
    "write plain text: no tags, and characters instead of entities",
);
const UNDECLARED: Rule = warning(
    Code::new("feed-contains-undeclared-html"),
    "write plain text; or say type=\"html\", if the tags are meant",
);
const CHARACTER_DATA: Rule = warning(
    Code::new("feed-character-data"),
    "write a literal `&` as `&#x26;` and `<` as `&#x3C;`, which readers that decode twice show right",
);

/// Entities that are seen most; any other name may be one of a person's abbreviations.
const ENTITIES: &[&str] = &[
    "aacute", "acirc", "aelig", "agrave", "amp", "apos", "aring", "atilde", "auml", "bdquo",
    "bull", "ccedil", "cent", "copy", "deg", "eacute", "ecirc", "egrave", "eth", "euml", "euro",
    "frac12", "gt", "hellip", "iacute", "icirc", "iexcl", "igrave", "iquest", "iuml", "laquo",
    "ldquo", "lsaquo", "lsquo", "lt", "mdash", "middot", "nbsp", "ndash", "not", "ntilde",
    "oacute", "ocirc", "oelig", "ograve", "oslash", "otilde", "ouml", "para", "plusmn", "pound",
    "quot", "raquo", "rdquo", "reg", "rsaquo", "rsquo", "sbquo", "scaron", "sect", "shy", "szlig",
    "thorn", "times", "trade", "uacute", "ucirc", "ugrave", "uml", "uuml", "yacute", "yen", "yuml",
    "zwj", "zwnj",
];

/// Checks an element that is plain text by its nature.
pub(super) fn check(
    sheet: &mut Sheet<'_>,
    called: &str,
    text: &str,
    node: Node<'_, '_>,
    home: Home,
) {
    look(sheet, called, text, node, &CONTAINS_HTML, home == Home::Rss);
}

/// Checks a text that could say that it is HTML. One that says what it is, is taken at its word.
pub(super) fn construct(sheet: &mut Sheet<'_>, called: &str, text: &str, node: Node<'_, '_>) {
    if matches!(node.attribute("type"), Some("text" | "plain")) {
        return;
    }
    look(sheet, called, text, node, &UNDECLARED, false);
}

fn look(
    sheet: &mut Sheet<'_>,
    called: &str,
    text: &str,
    node: Node<'_, '_>,
    rule: &Rule,
    decoded_twice: bool,
) {
    let at = node.range().start;
    let raw = sheet.text.get(node.range()).unwrap_or_default();
    // Whoever writes `&#x26;` knows how the text will be read.
    let careful = raw.contains("&#x");
    match markup(text) {
        Some(Markup::Tag(tag)) => {
            let message = format!("`{called}` holds HTML: `</{tag}>`");
            sheet.tell_value(rule, at, &format!("</{tag}>"), message);
        }
        Some(Markup::Entity(entity)) if !careful => {
            let message = format!("`{called}` holds an entity of HTML: {}", quote(&entity));
            sheet.tell_value(rule, at, &entity, message);
        }
        None if decoded_twice && !careful && looks_like_markup(text) => {
            let message = format!("`{called}` has a `<` or `&` that may be taken for markup");
            sheet.tell(&CHARACTER_DATA, at, message);
        }
        _ => {}
    }
}

pub(super) enum Markup {
    /// The name of an end tag.
    Tag(String),
    /// With its `&` and `;`.
    Entity(String),
}

/// HTML in a text that should have none.
pub(super) fn markup(text: &str) -> Option<Markup> {
    for (at, _) in text.match_indices("</") {
        let name: String =
            text.get(at + 2..)?.chars().take_while(char::is_ascii_alphanumeric).collect();
        let closed = text.get(at + 2 + name.len()..).is_some_and(|rest| rest.starts_with('>'));
        if closed && html::is_element(&name.to_ascii_lowercase()) {
            return Some(Markup::Tag(name));
        }
    }
    for (at, _) in text.match_indices('&') {
        let rest = text.get(at + 1..).unwrap_or_default();
        let name: String =
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '#').take(32).collect();
        if !rest.get(name.len()..).is_some_and(|after| after.starts_with(';')) {
            continue;
        }
        let number = name.strip_prefix('#').is_some_and(|digits| {
            !digits.is_empty()
                && digits.trim_start_matches(['x', 'X']).chars().all(|c| c.is_ascii_hexdigit())
        });
        if number || ENTITIES.contains(&name.to_ascii_lowercase().as_str()) {
            return Some(Markup::Entity(format!("&{name};")));
        }
    }
    None
}

/// `&#…`, or a `<` before a letter or a stroke.
fn looks_like_markup(text: &str) -> bool {
    let before = |c: char, is: fn(char) -> bool| {
        text.match_indices(c).any(|(at, found)| {
            text.get(at + found.len()..).is_some_and(|rest| rest.starts_with(is))
        })
    };
    before('<', |c| c == '/' || c.is_ascii_alphabetic()) || text.contains("&#")
}
