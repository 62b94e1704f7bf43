//! Which namespace is which, by the prefix that everybody knows it under, and what is wrong with how a
//! feed declares them. Several readers match by prefix, so an unusual one loses them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use roxmltree::{Document, Node};

use super::sheet::{Sheet, quote};
use super::{Rule, error, note, warning};
use crate::problem::Code;

const RESERVED: Rule = warning(
    Code::new("feed-reserved-prefix"),
    "declare the namespace that this prefix is known for, character by character",
);
const MEDIA: Rule = error(
    Code::new("feed-media-rss-namespace"),
    "end it with a slash: xmlns:media=\"http://search.yahoo.com/mrss/\"",
);
const UNKNOWN: Rule = warning(
    Code::new("feed-unknown-namespace"),
    "declare only namespaces that readers know; is it spelled right?",
);
const NONSTANDARD: Rule =
    note(Code::new("feed-nonstd-prefix"), "use the prefix that readers look for");
const AVOID: Rule = warning(
    Code::new("feed-avoid-namespace-prefix"),
    "make the namespace of Atom the default one, and leave the prefix out",
);

pub(super) const ATOM: &str = "http://www.w3.org/2005/Atom";
pub(super) const XHTML: &str = "http://www.w3.org/1999/xhtml";
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";
const MRSS: &str = "http://search.yahoo.com/mrss/";

/// Namespaces and their prefixes; of those that are checked, names that aren't in them are errors.
const KNOWN: &[(&str, &str, bool)] = &[
    ("http://www.w3.org/2005/Atom", "atom", true),
    ("http://purl.org/rss/1.0/modules/content/", "content", true),
    ("http://purl.org/dc/elements/1.1/", "dc", true),
    ("http://purl.org/syndication/history/1.0", "fh", true),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes", true),
    ("http://search.yahoo.com/mrss/", "media", true),
    ("https://podcastindex.org/namespace/1.0", "podcast", false),
    ("http://purl.org/rss/1.0/modules/slash/", "slash", true),
    ("http://purl.org/rss/1.0/modules/syndication/", "sy", true),
    ("http://purl.org/syndication/thread/1.0", "thr", true),
    ("http://wellformedweb.org/CommentAPI/", "wfw", true),
    ("http://purl.org/atompub/tombstones/1.0", "at", true),
    ("http://backend.userland.com/creativeCommonsRssModule", "creativeCommons", true),
    ("http://www.georss.org/georss", "georss", false),
    ("http://www.w3.org/1999/xhtml", "xhtml", false),
    ("http://purl.org/dc/terms/", "dcterms", false),
    ("http://www.w3.org/2007/app", "app", false),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf", false),
    ("http://www.w3.org/2000/01/rdf-schema#", "rdfs", false),
    ("http://purl.org/rss/1.0/", "rss1", false),
    ("http://purl.org/net/rss1.1#", "rss11", false),
    ("http://webns.net/mvcb/", "admin", false),
    ("http://www.bloglines.com/about/specs/fac-1.0", "access", false),
    ("http://backend.userland.com/blogChannelModule", "blogChannel", false),
    ("http://web.resource.org/cc/", "cc", false),
    ("http://www.microsoft.com/schemas/rss/core/2005", "cf", false),
    ("http://rssnamespace.org/feedburner/ext/1.0", "feedburner", false),
    ("http://xmlns.com/foaf/0.1/", "foaf", false),
    ("http://base.google.com/ns/1.0", "g", false),
    ("http://www.w3.org/2003/01/geo/wgs84_pos#", "geo", false),
    ("http://www.opengis.net/gml", "gml", false),
    ("http://purl.org/rss/1.0/modules/image/", "image", false),
    ("http://purl.org/rss/1.0/modules/link/", "l", false),
    ("http://www.w3.org/1998/Math/MathML", "mathml", false),
    ("http://a9.com/-/spec/opensearch/1.1/", "opensearch", false),
    ("http://a9.com/-/spec/opensearchrss/1.0/", "opensearch10", false),
    ("http://www.opml.org/spec2", "opml", false),
    ("http://purl.org/rss/1.0/modules/taxonomy/", "taxo", false),
    ("http://madskills.com/public/xml/rss/module/trackback/", "trackback", false),
    ("http://www.w3.org/2000/svg", "svg", false),
    ("http://www.w3.org/1999/xlink", "xlink", false),
    ("http://feedsync.org/2007/feedsync", "sx", false),
    ("http://www.w3.org/XML/1998/namespace", "xml", false),
    ("http://source.scripting.com/", "source", false),
    ("https://schema.org/", "schema", false),
    ("http://schema.org/", "schema", false),
    ("http://www.rawvoice.com/rawvoiceRssModule/", "rawvoice", false),
    ("http://schemas.google.com/g/2005", "gd", false),
];

/// The namespace as it is known, whatever its letters' case or last stroke.
fn nearest(uri: &str) -> Option<&'static (&'static str, &'static str, bool)> {
    let bare = |uri: &str| uri.trim_end_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let wanted = bare(uri);
    KNOWN.iter().find(|(known, _, _)| *known == uri || bare(known) == wanted)
}

/// The prefix that a namespace is known under, and whether names in it are checked.
pub(super) fn known(uri: &str) -> Option<(&'static str, bool)> {
    nearest(uri).map(|(_, prefix, checked)| (*prefix, *checked))
}

/// An element's name with the prefix that its namespace is known under; the same whatever prefix the
/// feed gives it. Without one where it is in no namespace or in its feed's own, `home`.
pub(super) fn name<'d>(node: Node<'_, 'd>, home: Option<&str>) -> Cow<'d, str> {
    let local = node.tag_name().name();
    match node.tag_name().namespace() {
        None => Cow::Borrowed(local),
        Some(uri) if home == Some(uri) => Cow::Borrowed(local),
        Some(uri) => match known(uri) {
            Some((prefix, _)) => Cow::Owned(format!("{prefix}:{local}")),
            None => Cow::Owned(format!("?:{local}")),
        },
    }
}

/// Looks at every declaration once.
pub(super) fn check(sheet: &mut Sheet<'_>, document: &Document<'_>, is_atom: bool) {
    let mut seen: BTreeSet<(Option<&str>, &str)> = BTreeSet::new();
    for node in document.descendants().filter(Node::is_element) {
        // What is inherited was looked at on the element that declares it.
        let own = sheet.text.get(node.range()).unwrap_or_default();
        let tag = own.split('>').next().unwrap_or_default();
        if !tag.contains("xmlns") {
            continue;
        }
        for namespace in node.namespaces() {
            if seen.insert((namespace.name(), namespace.uri())) {
                declared(sheet, node.range().start, namespace.name(), namespace.uri(), is_atom);
            }
        }
    }
}

fn declared(sheet: &mut Sheet<'_>, at: usize, prefix: Option<&str>, uri: &str, is_atom: bool) {
    let shown = prefix.unwrap_or_default();
    if uri == XML || uri.is_empty() {
        return;
    }
    if uri == MRSS.trim_end_matches('/') {
        let message = format!("the namespace of Media RSS is `{MRSS}`, and not {}", quote(uri));
        sheet.tell(&MEDIA, at, message);
        return;
    }
    let exact = KNOWN.iter().find(|(known, _, _)| *known == uri);
    let reserved = prefix.and_then(|p| KNOWN.iter().find(|(_, known, _)| *known == p));
    match (exact, prefix) {
        // `thr`, `opensearch` and others had several namespaces; one of them is enough.
        (Some((_, known, _)), Some(p)) if *known == p => {
            if is_atom && matches!(p, "atom" | "xhtml") {
                let message = format!("some readers miss what bears the prefix {}", quote(p));
                sheet.tell(&AVOID, at, message);
            }
        }
        (None, Some(p)) if let Some((usual, _, _)) = reserved => {
            let message =
                format!("the prefix `{p}` is known for `{usual}`, not for {}", quote(uri));
            sheet.tell(&RESERVED, at, message);
        }
        (Some((_, known, _)), Some(_)) => {
            sheet.tell(&NONSTANDARD, at, format!("`{uri}` is known under the prefix `{known}`"));
        }
        (None, _) => {
            let message = format!("nothing is known of the namespace {} (`{shown}`)", quote(uri));
            sheet.tell(&UNKNOWN, at, message);
        }
        (Some(_), None) => {}
    }
}
