//! Atom's texts (RFC 4287 §3.1) and content (§4.1.3): plain, HTML, XHTML, other types, elsewhere.

use roxmltree::Node;

use super::elements::{BLANK, Child, TEXT, UNDEFINED};
use super::sheet::{Sheet, quote};
use super::values::{MIME, is_media_type};
use super::{Rule, error, html, namespaces, plain, urls, warning};
use crate::problem::Code;

const TEXT_TYPE: Rule =
    error(Code::new("feed-invalid-text-type"), "write type=\"text\", \"html\" or \"xhtml\"");
const NO_DIV: Rule = error(
    Code::new("feed-missing-xhtml-div"),
    "put all of it into one <div xmlns=\"http://www.w3.org/1999/xhtml\">",
);
const NO_TYPE: Rule =
    warning(Code::new("feed-missing-type-attr"), "say which media type is to be found there");
const NOT_BASE64: Rule =
    error(Code::new("feed-not-base64"), "encode it in Base64, as RFC 4287 §4.1.3.3 says");
const FRAGMENT: Rule = warning(
    Code::new("feed-html-fragment"),
    "write type=\"html\" for a fragment; text/html stands for a whole page",
);
const INLINE: Rule = warning(
    Code::new("feed-not-inline"),
    "write type=\"html\" for escaped tags; in xhtml they are shown as text",
);

pub(super) const ATTRIBUTES: &[&str] = &["type"];
pub(super) const CONTENT_ATTRIBUTES: &[&str] = &["type", "src"];

/// A title, subtitle, summary or rights.
pub(super) fn check(sheet: &mut Sheet<'_>, child: &Child<'_, '_>) {
    let kind = child.node.attribute("type").unwrap_or("text");
    if !["text", "html", "xhtml"].contains(&kind) {
        let message = format!("`{}` is of type {}", child.name, quote(kind));
        sheet.tell(&TEXT_TYPE, child.at(), message);
        return;
    }
    body(sheet, child, kind);
}

/// An entry's content.
pub(super) fn content(sheet: &mut Sheet<'_>, child: &Child<'_, '_>) {
    let node = child.node;
    let named = node.attribute("type");
    let inline = matches!(named, Some("text" | "html" | "xhtml"));
    if let Some(kind) = named
        .filter(|kind| !inline && !is_media_type(kind))
        .or(named.filter(|kind| kind.starts_with("multipart/") || kind.starts_with("message/")))
    {
        let message = format!("`content` is of type {}", quote(kind));
        sheet.tell(&MIME, child.at(), message);
        return;
    }
    if let Some(src) = node.attribute("src") {
        if inline {
            let message =
                format!("`content` is elsewhere, and of type {}", quote(named.unwrap_or("")));
            sheet.tell(&MIME, child.at(), message);
        }
        if node.children().any(|n| n.is_element() || n.text().is_some_and(|t| !t.trim().is_empty()))
        {
            sheet.tell(&TEXT, child.at(), "`content` is elsewhere, and here too");
        }
        urls::reference(sheet, "content src", src, child.at());
        if named.is_none() {
            sheet.tell(&NO_TYPE, child.at(), "`content` is elsewhere, and names no type");
        }
        return;
    }
    body(sheet, child, named.unwrap_or("text"));
}

/// Whether content is in Base64.
pub(super) fn is_binary(node: Node<'_, '_>) -> bool {
    node.attribute("type").is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind.contains('/') && !is_xml(&kind) && !kind.starts_with("text/")
    })
}

fn is_xml(kind: &str) -> bool {
    kind.ends_with("+xml") || kind.ends_with("/xml")
}

fn body(sheet: &mut Sheet<'_>, child: &Child<'_, '_>, kind: &str) {
    let node = child.node;
    let text: String = node.children().filter(Node::is_text).filter_map(|n| n.text()).collect();
    let first = node.children().find(Node::is_element);
    if text.trim().is_empty() && first.is_none() {
        sheet.tell(&BLANK, child.at(), format!("`{}` is empty", child.name));
        return;
    }
    if kind == "xhtml" {
        return xhtml(sheet, child, &text);
    }
    if is_xml(kind) {
        return;
    }
    if let Some(element) = first {
        let message = format!("`{}` has an element in text of type {}", child.name, quote(kind));
        sheet.tell(&UNDEFINED, element.range().start, message);
        return;
    }
    let based = node.ancestors().any(|n| n.has_attribute((namespaces::XML, "base")));
    match kind {
        "html" if based => html::check_with_base(sheet, &text, node.range()),
        "html" => html::check(sheet, &text, node.range()),
        "text/html" => {
            html::check(sheet, &text, node.range());
            if !text.to_ascii_lowercase().contains("<html") {
                sheet.tell(&FRAGMENT, child.at(), "`content` of text/html is no whole page");
            }
        }
        _ if is_binary(node) => {
            let is_base64 = |c: char| {
                c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=') || c.is_whitespace()
            };
            if !text.chars().all(is_base64) {
                let message = format!("`content` of {} isn't in Base64", quote(kind));
                sheet.tell(&NOT_BASE64, child.at(), message);
            }
        }
        _ => plain::construct(sheet, &child.name, text.trim(), node),
    }
}

fn xhtml(sheet: &mut Sheet<'_>, child: &Child<'_, '_>, text: &str) {
    let mut elements = child.node.children().filter(Node::is_element);
    let (first, second) = (elements.next(), elements.next());
    let is_div = |n: Node<'_, '_>| {
        n.tag_name().name() == "div" && n.tag_name().namespace() == Some(namespaces::XHTML)
    };
    let Some(div) = first.filter(|n| is_div(*n) && second.is_none() && text.trim().is_empty())
    else {
        let message = format!("`{}` of type xhtml isn't one `div` of XHTML", child.name);
        sheet.tell(&NO_DIV, child.at(), message);
        return;
    };
    // What is in it is HTML, written as XML: the same rules, by the same tokenizer.
    let raw = sheet.text.get(div.range()).unwrap_or_default();
    html::check(sheet, raw, div.range());
    // Elements beside it show that the text is about tags.
    if div.children().any(|n| n.is_element()) {
        return;
    }
    let inner: String = div.descendants().filter(Node::is_text).filter_map(|n| n.text()).collect();
    if let Some(plain::Markup::Tag(tag)) = plain::markup(&inner) {
        let message = format!("escaped HTML stands in XHTML: `</{tag}>`");
        sheet.tell(&INLINE, div.range().start, message);
    }
}
