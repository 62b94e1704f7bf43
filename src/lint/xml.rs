//! XML: is it well-formed, and which kind of feed is its root? Most readers stop at the first fault;
//! here its place is told and, where one can tell, the reason, and what is whole beside it is looked at.

use std::borrow::Cow;

use roxmltree::{Document, Error, ParsingOptions};

use super::recover::{self, Gone};
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

const CUT_OFF: &str = "the feed ends in the middle, as if it was cut off";

/// So many faults are told of a document that isn't well-formed.
const FAULTS_MAX: usize = 50;

/// Looks at a feed in XML.
pub(super) fn lint(sheet: &mut Sheet<'_>) -> Option<Kind> {
    // What stands before the declaration was told; a parser would stop at it.
    let text = sheet.text;
    let lead = text.len() - text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len();
    let shape = scan::shape(text);
    if let Some((rule, at, message)) = refused(&shape) {
        sheet.tell(&rule, at, message);
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
    let mut parsed = Cow::Borrowed(parsed);
    for faults in 0.. {
        let error = match Document::parse_with_options(&parsed, options()) {
            Ok(document) => return root(sheet, &document),
            Err(error) => error,
        };
        let pos = error.pos();
        let at = match error {
            Error::UnclosedRootNode | Error::UnexpectedEndOfStream => parsed.len(),
            _ => offset(&parsed, pos.row, pos.col),
        };
        let left = (faults < FAULTS_MAX)
            .then(|| recover::without(&parsed, &error, at, faults))
            .flatten()
            // What is taken out may have been hiding something from the first look.
            .filter(|(left, _)| refused(&scan::shape(left)).is_none());
        malformed(sheet, &parsed, &error, at, left.as_ref().map(|(_, gone)| *gone));
        parsed = Cow::Owned(left?.0);
    }
    None
}

fn options<'a>() -> ParsingOptions<'a> {
    ParsingOptions { allow_dtd: true, nodes_limit: NODES_MAX, ..Default::default() }
}

/// Why a document isn't parsed, and where.
fn refused(shape: &scan::Shape) -> Option<(Rule, usize, String)> {
    if let Some(at) = shape.too_deep {
        return Some((DEEP, at, format!("elements stand more than {} deep", scan::DEPTH_MAX)));
    }
    if let Some(at) = shape.too_many {
        let message = format!("a tag has more than {} attributes", scan::ATTRIBUTES_MAX);
        return Some((MALFORMED, at, message));
    }
    if shape.namespaces > scan::NAMESPACES_MAX {
        let message = format!("it declares more than {} namespaces", scan::NAMESPACES_MAX);
        return Some((MALFORMED, 0, message));
    }
    shape.entity.map(|at| (ENTITIES, at, "the DOCTYPE declares an entity".to_owned()))
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

/// Tells of what isn't XML, and of what therefore wasn't looked at.
fn malformed(sheet: &mut Sheet<'_>, text: &str, e: &Error, at: usize, gone: Option<Gone>) {
    // Told when the bytes were looked at.
    if let Error::NonXmlChar(c, _) = e
        && text.get(at..).is_some_and(|rest| rest.starts_with(*c))
    {
        return;
    }
    let (rule, at, sentence) = fault(text, e, at);
    let unseen = match gone {
        Some(Gone::Little) => "",
        Some(Gone::Entry) => "; what else is wrong with this entry isn't told",
        Some(Gone::Rest) => "; what follows wasn't looked at, and more may be wrong there",
        None => "; nothing else was looked at, and more may be wrong",
    };
    sheet.tell(&rule, at, format!("{sentence}{unseen}"));
}

/// What isn't XML: the rule, the place and a sentence.
fn fault(text: &str, e: &Error, at: usize) -> (Rule, usize, String) {
    let told = |rule: Rule, sentence: &str| (rule, at, sentence.to_owned());
    match e {
        Error::UnknownEntityReference(name, _) => {
            (ENTITY, at, format!("XML knows no entity {}", quote(&format!("&{name};"))))
        }
        Error::MalformedEntityReference(_)
            if text.get(at..).is_some_and(|rest| rest.starts_with("&#")) =>
        {
            told(bytes::ILLEGAL, "a reference stands for a character that XML can't hold")
        }
        Error::MalformedEntityReference(_) => {
            told(ENTITY, "a literal `&` has to be written as `&amp;`")
        }
        Error::UnknownNamespace(prefix, _) => {
            (NAMESPACE, at, format!("no namespace is declared for the prefix {}", quote(prefix)))
        }
        Error::UnexpectedCloseTag(expected, found, _) => {
            (MALFORMED, at, format!("`</{found}>` stands where `</{expected}>` should"))
        }
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            (MALFORMED, text.trim_end().len(), CUT_OFF.to_owned())
        }
        // The parser asks for the end of a comment or a section of characters.
        Error::InvalidString("-->" | "]]>" | "?>", _) => {
            (MALFORMED, text.trim_end().len(), CUT_OFF.to_owned())
        }
        other => {
            // The parser's sentence, without the place that is shown beside it.
            let sentence = other.to_string();
            let sentence = sentence.rsplit_once(" at ").map_or(&*sentence, |(start, _)| start);
            (MALFORMED, at, format!("this isn't well-formed XML: {sentence}"))
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
