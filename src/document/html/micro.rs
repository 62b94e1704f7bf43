//! Microdata (HTML §5): things that a page marks in its own text, as the maps that JSON-LD would have.
//! Each element is looked at for the thing that it stands in, and for no other, so time is linear.

use dom_query::{Document, NodeRef};

use super::super::fields::Named;
use super::super::plain;
use super::head::value;

/// Texts longer than this are no facts but the article itself.
const TEXT_CHARS_MAX: usize = 2_000;
/// More things than any page marks.
const THINGS_MAX: usize = 500;
/// More properties than any thing has.
const PROPERTIES_MAX: usize = 100;
/// Deeper than people nest what they mark.
const DEPTH_MAX: usize = 8;

/// The things that stand in no other.
pub(super) fn things(dom: &Document) -> Vec<Named> {
    let mut things = Vec::new();
    let mut stack = vec![dom.root()];
    while let Some(node) = stack.pop() {
        if is_thing(&node) && !node.has_attr("itemprop") {
            things.push(thing(&node, 0));
            if things.len() >= THINGS_MAX {
                break;
            }
            continue;
        }
        stack.extend(node.children_it(true).filter(NodeRef::is_element));
    }
    things
}

fn is_thing(node: &NodeRef<'_>) -> bool {
    node.has_attr("itemscope")
}

fn thing(node: &NodeRef<'_>, depth: usize) -> Named {
    let mut map: Vec<(String, Named)> = Vec::new();
    if let Some(kind) = value(node, "itemtype") {
        let kinds = kind.split_ascii_whitespace().map(|k| Named::Text(k.to_owned())).collect();
        map.push(("@type".to_owned(), Named::List(kinds)));
    }
    if let Some(id) = value(node, "itemid") {
        map.push(("@id".to_owned(), Named::Text(id)));
    }
    let mut stack: Vec<NodeRef<'_>> = node.children_it(true).filter(NodeRef::is_element).collect();
    while let Some(child) = stack.pop() {
        let nested = is_thing(&child);
        if let Some(names) = value(&child, "itemprop") {
            let found = match nested {
                true if depth < DEPTH_MAX => Some(thing(&child, depth + 1)),
                true => None,
                false => property(&child, &names).map(Named::Text),
            };
            for name in names.split_ascii_whitespace().take(4) {
                if let Some(found) = &found {
                    add(&mut map, name, found.clone());
                }
            }
        }
        if !nested {
            stack.extend(child.children_it(true).filter(NodeRef::is_element));
        }
    }
    Named::Map(map)
}

fn add(map: &mut Vec<(String, Named)>, name: &str, value: Named) {
    let is_full = map.len() >= PROPERTIES_MAX;
    match map.iter_mut().find(|(known, _)| known == name) {
        Some((_, Named::List(list))) => list.push(value),
        Some((_, one)) => *one = Named::List(vec![one.clone(), value]),
        None if is_full => {}
        None => map.push((name.to_owned(), value)),
    }
}

/// What an element says of the thing that it stands in.
fn property(node: &NodeRef<'_>, names: &str) -> Option<String> {
    let name = node.node_name()?;
    // A link that is called a headline means what it says, whatever the rule.
    const WORDS: [&str; 6] =
        ["headline", "name", "keywords", "articleSection", "author", "creator"];
    if &*name == "a" && names.split_ascii_whitespace().any(|name| WORDS.contains(&name)) {
        return value(node, "content").or_else(|| short_text(node));
    }
    let named = value(node, "content").or_else(|| match &*name {
        "a" | "area" | "link" => value(node, "href"),
        "img" | "audio" | "video" | "source" | "embed" | "iframe" | "track" => value(node, "src"),
        "object" => value(node, "data"),
        "time" | "del" | "ins" => value(node, "datetime"),
        "data" | "meter" => value(node, "value"),
        _ => None,
    });
    named.or_else(|| short_text(node))
}

/// The text of an element, if it isn't longer than a fact.
pub(super) fn short_text(node: &NodeRef<'_>) -> Option<String> {
    let mut text = String::new();
    for (n, node) in node.descendants_it().enumerate() {
        if n > TEXT_CHARS_MAX {
            return None;
        }
        if let Some(part) = node.is_text().then(|| node.immediate_text()) {
            text.push_str(&part);
            if text.len() > TEXT_CHARS_MAX {
                return None;
            }
        } else if matches!(node.node_name().as_deref(), Some("br" | "p" | "div" | "li" | "span")) {
            text.push(' ');
        }
    }
    let text = plain::collapse(&text);
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_a_map() {
        let page = "<article itemscope itemtype='https://schema.org/NewsArticle'>\
            <h1 itemprop='headline name'>Fog <b>lifts</b></h1><time itemprop=datePublished datetime=2026-03-04>x</time>\
            <span itemprop=author itemscope itemtype=http://schema.org/Person><b itemprop=name>Ada</b></span>\
            <meta itemprop=keywords content=fog><a itemprop=keywords href=/f>f</a></article>";
        let things = things(&Document::from(page));
        let [thing] = &things[..] else { panic!("{things:?}") };
        let text = |key: &str| super::super::schema::text(thing.member(&[key]).unwrap());
        assert_eq!(text("headline").as_deref(), Some("Fog lifts"));
        assert_eq!(text("datepublished").as_deref(), Some("2026-03-04"));
        let author = thing.member(&["author"]).unwrap();
        assert_eq!(
            super::super::schema::text(author.member(&["name"]).unwrap()).as_deref(),
            Some("Ada")
        );
        assert!(matches!(thing.member(&["keywords"]), Some(Named::List(list)) if list.len() == 2));
    }
}
