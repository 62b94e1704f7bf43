//! A first pass over XML, before it is parsed: how deep its elements stand, how many attributes and
//! namespaces it declares, and whether it has a DTD. Written against documents that were made to hurt
//! a parser: it is one loop that keeps a few numbers.

/// What a document looks like from afar.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Deepest element.
    pub(super) depth: usize,
    /// Where the first element stands that is deeper than allowed.
    pub(super) too_deep: Option<usize>,
    /// Where a tag stands that has more attributes than allowed.
    pub(super) too_many: Option<usize>,
    /// Where a DTD begins.
    pub(super) doctype: Option<usize>,
    /// Where a DTD declares an entity.
    pub(super) entity: Option<usize>,
    /// Declarations of namespaces.
    pub(super) namespaces: usize,
}

/// No feed nests its own elements so deep; XHTML content rarely goes beyond thirty.
pub(super) const DEPTH_MAX: usize = 200;
/// More attributes than any real tag has.
pub(super) const ATTRIBUTES_MAX: usize = 256;
/// More declarations of namespaces than a feed of a thousand entries has.
pub(super) const NAMESPACES_MAX: usize = 10_000;

/// Looks at a document's markup.
pub(super) fn shape(text: &str) -> Shape {
    let bytes = text.as_bytes();
    let mut shape = Shape::default();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', bytes.get(at..).unwrap_or_default()) {
        let begin = at + found;
        let rest = text.get(begin..).unwrap_or_default();
        let skip = |open: &str, close: &str| {
            rest.starts_with(open)
                .then(|| rest.find(close).map_or(text.len(), |end| begin + end + close.len()))
        };
        if let Some(end) = skip("<!--", "-->").or_else(|| skip("<![CDATA[", "]]>")) {
            at = end;
        } else if let Some(end) = skip("<?", "?>") {
            at = end;
        } else if rest.starts_with("<!") {
            if rest.starts_with("<!DOCTYPE") {
                shape.doctype.get_or_insert(begin);
            } else if rest.starts_with("<!ENTITY") {
                shape.entity.get_or_insert(begin);
            }
            at = begin + 2;
        } else if rest.starts_with("</") {
            depth = depth.saturating_sub(1);
            at = begin + 2;
        } else {
            let tag = tag(rest);
            at = begin + tag.length.max(1);
            shape.namespaces += tag.namespaces;
            if tag.attributes > ATTRIBUTES_MAX {
                shape.too_many.get_or_insert(begin);
            }
            if !tag.closed {
                depth += 1;
            }
            shape.depth = shape.depth.max(depth);
            if depth > DEPTH_MAX {
                shape.too_deep.get_or_insert(begin);
            }
        }
    }
    shape
}

struct Tag {
    length: usize,
    attributes: usize,
    namespaces: usize,
    closed: bool,
}

/// A start tag: how long, with how many attributes, and whether it closes itself.
fn tag(rest: &str) -> Tag {
    let bytes = rest.as_bytes();
    let mut tag = Tag { length: 1, attributes: 0, namespaces: 0, closed: false };
    let mut name_from = 1;
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'>' => {
                tag.closed = at > 0 && bytes.get(at - 1) == Some(&b'/');
                at += 1;
                break;
            }
            // A tag that never ends isn't one; what follows is looked at by itself.
            b'<' => break,
            b'"' | b'\'' => {
                tag.attributes += 1;
                let name = rest.get(name_from..at).unwrap_or_default().trim_start();
                tag.namespaces += usize::from(name.starts_with("xmlns"));
                let value = bytes.get(at + 1..).unwrap_or_default();
                at += memchr::memchr(*byte, value).map_or(value.len(), |end| end + 1);
            }
            b if b.is_ascii_whitespace() => name_from = at,
            _ => {}
        }
        at += 1;
    }
    tag.length = at;
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_elements_and_nothing_else() {
        let shape =
            shape("<?xml version='1.0'?><a><!-- <b><c> --><b x='>'/><c><![CDATA[<d><e>]]></c></a>");
        assert_eq!(shape.depth, 2);
        assert_eq!(shape.doctype, None);
    }

    #[test]
    fn a_bomb_is_seen() {
        let shape = shape("<!DOCTYPE a [<!ENTITY b 'bb'>]><a>&b;</a>");
        assert_eq!((shape.doctype, shape.entity), (Some(0), Some(13)));
        assert_eq!(super::shape(&"<a>".repeat(1000)).too_deep, Some(600));
    }

    #[test]
    fn namespaces_are_counted() {
        assert_eq!(shape("<a xmlns='x' xmlns:b=\"y\" c='xmlns'/>").namespaces, 2);
    }
}
