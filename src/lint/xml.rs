//! XML: is it well-formed, and which kind of feed is its root? A document that isn't well-formed ends
//! here, as it does in most readers, with the place and, where one can tell, the reason.

use roxmltree::{Document, Error, ParsingOptions};

use super::sheet::{Sheet, quote};
use super::{Kind, Rule, atom, bytes, error, namespaces, opml, page, rss, scan, warning};
use crate::problem::Code;

const MALFORMED: Rule = error(
    Code::new("feed-sax-error"),
    "write it with a program that knows XML; most readers take nothing from a feed with this",
);
const ENTITY: Rule = error(
    Code::new("feed-undefined-named-entity"),
    "XML knows `&amp;`, `&lt;`, `&gt;`, `&quot;` and `&apos;`; write others as characters, and a \
     literal `&` as `&amp;`",
);
const NAMESPACE: Rule = error(
    Code::new("feed-missing-namespace"),
    "declare it on the root element, as xmlns:PREFIX=\"…\"; or is it misspelled?",
);
const DOCTYPE: Rule = warning(
    Code::new("feed-contains-system-entity"),
    "leave the DOCTYPE out; some readers refuse a feed with one, for safety",
);
const DEPRECATED_DTD: Rule = error(
    Code::new("feed-deprecated-dtd"),
    "leave the DOCTYPE out; its address has been dead for years",
);
const ENTITIES: Rule = error(
    Code::new("feed-declares-entities"),
    "write the text itself; readers don't expand entities, because they can be bombs",
);
const DEEP: Rule = error(
    Code::new("feed-nested-too-deep"),
    "look for elements that are opened again and again and never closed",
);
const INVALID_NAMESPACE: Rule = error(
    Code::new("feed-invalid-namespace"),
    "write <feed xmlns=\"http://www.w3.org/2005/Atom\">",
);
const OBSOLETE_NAMESPACE: Rule = error(
    Code::new("feed-obsolete-namespace"),
    "write Atom 1.0: <feed xmlns=\"http://www.w3.org/2005/Atom\">; 0.3 is from 2003",
);

/// The namespace of Atom 0.3.
const PIE: &str = "http://purl.org/atom/ns#";

/// Nodes of more than any feed, but few enough to be held.
const NODES_MAX: u32 = 2_000_000;

/// Looks at a feed in XML.
pub(super) fn lint(sheet: &mut Sheet<'_>) -> Option<Kind> {
    // What stands before the declaration was told; a parser would stop at it.
    let text = sheet.text;
    let lead = text.len() - text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len();
    let shape = scan::shape(text);
    if let Some(at) = shape.too_deep {
        sheet.tell(&DEEP, at, format!("elements stand more than {} deep", scan::DEPTH_MAX));
        return None;
    }
    if let Some(at) = shape.too_many {
        let message = format!("a tag has more than {} attributes", scan::ATTRIBUTES_MAX);
        sheet.tell(&MALFORMED, at, message);
        return None;
    }
    if shape.namespaces > scan::NAMESPACES_MAX {
        let message = format!("it declares more than {} namespaces", scan::NAMESPACES_MAX);
        sheet.tell(&MALFORMED, 0, message);
        return None;
    }
    if let Some(at) = shape.entity {
        sheet.tell(&ENTITIES, at, "the DOCTYPE declares an entity");
        return None;
    }
    if let Some(at) = shape.doctype {
        doctype(sheet, at);
    }
    // Blanks keep the place of what they stand for, so that offsets stay right.
    let blank: String;
    let parsed = match lead {
        0 => text,
        _ if text.trim_start().starts_with("<?xml") => {
            let end = text.find("?>").map_or(lead, |end| end + 2);
            blank = format!("{}{}", " ".repeat(end), text.get(end..).unwrap_or_default());
            &blank
        }
        _ => text,
    };
    let options = ParsingOptions { allow_dtd: true, nodes_limit: NODES_MAX, ..Default::default() };
    match Document::parse_with_options(parsed, options) {
        Ok(document) => root(sheet, &document),
        Err(e) => {
            malformed(sheet, parsed, &e);
            None
        }
    }
}

fn doctype(sheet: &mut Sheet<'_>, at: usize) {
    let declaration = sheet.text.get(at..).unwrap_or_default();
    let declaration = declaration.split('>').next().unwrap_or_default();
    if declaration.contains("my.netscape.com") {
        sheet.tell(&DEPRECATED_DTD, at, "the DOCTYPE is Netscape's of RSS 0.91");
    } else {
        sheet.tell(&DOCTYPE, at, "the feed has a DOCTYPE");
    }
}

fn malformed(sheet: &mut Sheet<'_>, text: &str, e: &Error) {
    let pos = e.pos();
    let at = offset(text, pos.row, pos.col);
    match e {
        Error::UnknownEntityReference(name, _) => {
            sheet.tell(&ENTITY, at, format!("XML knows no entity {}", quote(&format!("&{name};"))));
        }
        Error::MalformedEntityReference(_)
            if text.get(at..).is_some_and(|rest| rest.starts_with("&#")) =>
        {
            sheet.tell(
                &bytes::ILLEGAL,
                at,
                "a reference stands for a character that XML can't hold",
            );
        }
        // Told when the bytes were looked at.
        Error::NonXmlChar(c, _) if text.get(at..).is_some_and(|rest| rest.starts_with(*c)) => {}
        Error::MalformedEntityReference(_) => {
            sheet.tell(&ENTITY, at, "a literal `&` has to be written as `&amp;`");
        }
        Error::UnknownNamespace(prefix, _) => {
            let message = format!("no namespace is declared for the prefix {}", quote(prefix));
            sheet.tell(&NAMESPACE, at, message);
        }
        Error::UnexpectedCloseTag(expected, found, _) => {
            let message = format!("`</{found}>` stands where `</{expected}>` should");
            sheet.tell(&MALFORMED, at, message);
        }
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            let message = "the feed ends in the middle: was it cut off?";
            sheet.tell(&MALFORMED, text.trim_end().len(), message);
        }
        other => {
            // The parser's sentence, without the place that is shown beside it.
            let sentence = other.to_string();
            let sentence = sentence.rsplit_once(" at ").map_or(&*sentence, |(start, _)| start);
            sheet.tell(&MALFORMED, at, format!("this isn't well-formed XML: {sentence}"));
        }
    }
}

/// The byte of a line and a column in characters, both from 1.
fn offset(text: &str, row: u32, column: u32) -> usize {
    let mut start = 0;
    for _ in 1..row {
        let rest = text.get(start..).unwrap_or_default();
        start += rest.find('\n').map_or(rest.len(), |end| end + 1);
    }
    let rest = text.get(start..).unwrap_or_default();
    let skip = column.saturating_sub(1) as usize;
    start + rest.char_indices().nth(skip).map_or(0, |(at, _)| at)
}

fn root(sheet: &mut Sheet<'_>, document: &Document<'_>) -> Option<Kind> {
    let root = document.root_element();
    let at = root.range().start;
    let name = root.tag_name();
    let kind = match (name.name(), name.namespace()) {
        ("rss", None) => Kind::Rss,
        ("rss", Some(uri)) => {
            let message = format!("`rss` stands in no namespace, and not in {}", quote(uri));
            sheet.tell(&INVALID_NAMESPACE, at, message);
            Kind::Rss
        }
        ("feed", Some(namespaces::ATOM)) => Kind::Atom,
        ("feed", Some(PIE)) => {
            sheet.tell(&OBSOLETE_NAMESPACE, at, "this is Atom 0.3");
            return Some(Kind::Atom);
        }
        ("feed", other) => {
            let message = match other {
                Some(uri) => format!("{} isn't the namespace of Atom", quote(uri)),
                None => "`feed` isn't in the namespace of Atom".to_owned(),
            };
            sheet.tell(&INVALID_NAMESPACE, at, message);
            return Some(Kind::Atom);
        }
        ("RDF", _) => Kind::Rdf,
        ("opml", _) => Kind::Opml,
        ("html", _) => {
            page::page(sheet);
            return None;
        }
        (other, _) => {
            page::no_feed(sheet, &format!("this is XML with the root {}", quote(other)));
            return None;
        }
    };
    namespaces::check(sheet, document, kind == Kind::Atom);
    match kind {
        Kind::Rss => rss::lint(sheet, root),
        Kind::Rdf => rss::rdf(sheet, root),
        Kind::Atom => atom::lint(sheet, root),
        Kind::Opml => opml::lint(sheet, root),
        Kind::Json => {}
    }
    Some(kind)
}
