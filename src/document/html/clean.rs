//! An article's HTML without what its page puts into it: the headline once more, date and byline,
//! navigation, buttons, forms, boxes of others' articles, comments. What holds a good part of the text is
//! never taken for furniture, whatever it is called. What is safe to show is `body`'s to say, later.

use dom_query::NodeRef;
use url::Url;

use super::super::plain;
use super::head::value;
use super::measure::{Measures, is_hidden};
use super::{micro, names, title as titles};

/// A box with more hundredths of the text than this is text.
const FURNITURE_PERCENT_MAX: usize = 40;
/// A paragraph with so many letters begins the text.
const PARAGRAPH_LETTERS: usize = 80;
/// A line of date and byline has no more.
const BYLINE_LETTERS_MAX: usize = 120;
/// A standfirst has at least so many.
const STANDFIRST_LETTERS: usize = 60;

/// The inner HTML of an element, cleaned. Relative addresses are made absolute where a base is given.
pub(super) fn html(
    root: &NodeRef<'_>,
    measures: &Measures,
    title: Option<&str>,
    description: Option<&str>,
    base: Option<&Url>,
) -> Option<String> {
    let mut before_text = true;
    let mut titled = false;
    for node in root.descendants() {
        if !node.is_element() {
            if node.is_comment() && !is_divider(&node) {
                node.remove_from_parent();
            } else if is_gap(&node) && !stands_in(&node, root, &["pre", "textarea"]) {
                node.set_text("\n");
            }
            continue;
        }
        let name = node.node_name().unwrap_or_default();
        if &*name == "p" && measures.get(&node).prose() >= PARAGRAPH_LETTERS {
            before_text = false;
        }
        if is_furniture(&node, &name, root, measures)
            || before_text && is_byline(&node, &name, root, measures)
        {
            node.remove_from_parent();
        } else if &*name == "header" && is_own_header(&node, root, title) {
            keep_of_header(&node, measures, description);
            titled = true;
        } else if !titled
            && matches!(&*name, "h1" | "h2")
            && title.is_some()
            && titles::of_heading(&node).as_deref() == title
        {
            node.remove_from_parent();
            titled = true;
        } else if let Some(base) = base {
            resolve(&node, base);
        }
    }
    let html = root.inner_html();
    let html = html.trim();
    (!html.is_empty() && has_content(root)).then(|| html.to_owned())
}

/// Templates leave lines and lines of nothing.
fn is_gap(node: &NodeRef<'_>) -> bool {
    node.query_or(false, |n| match &n.data {
        dom_query::NodeData::Text { contents } => {
            contents.len() > 1
                && contents.contains('\n')
                && contents.bytes().all(|b| b.is_ascii_whitespace())
        }
        _ => false,
    })
}

/// `<!--more-->` parts a summary from the rest.
fn is_divider(node: &NodeRef<'_>) -> bool {
    node.query_or(false, |n| match &n.data {
        dom_query::NodeData::Comment { contents } => contents.trim() == "more",
        _ => false,
    })
}

fn has_content(root: &NodeRef<'_>) -> bool {
    root.descendants_it().any(|node| {
        node.is_text() && !node.text().trim().is_empty()
            || matches!(
                node.node_name().as_deref(),
                Some("img" | "video" | "audio" | "iframe" | "picture" | "embed" | "object")
            )
    })
}

fn is_furniture(node: &NodeRef<'_>, name: &str, root: &NodeRef<'_>, measures: &Measures) -> bool {
    let is_formula = name == "script"
        && value(node, "type").is_some_and(|kind| kind.trim_start().starts_with("math/"));
    if is_formula {
        return false;
    }
    if matches!(
        name,
        "script"
            | "style"
            | "link"
            | "meta"
            | "template"
            | "button"
            | "input"
            | "select"
            | "textarea"
    ) {
        return true;
    }
    if names::is_unseen(node) {
        return true;
    }
    let own = measures.get(node);
    let small = own.text * 100 <= measures.get(root).text * FURNITURE_PERCENT_MAX;
    let veiled = is_hidden(node, "") && !matches!(name, "noscript" | "source" | "track");
    if !small {
        return false;
    }
    match name {
        "nav" | "form" | "dialog" => true,
        "footer" => !stands_in(node, root, &["blockquote", "figure"]),
        "aside" => own.is_links(50) || names::is_furniture(node) || has(node, "form"),
        "div" | "section" | "ul" | "ol" | "dl" | "p" | "details" | "article" | "table"
        | "header" => {
            veiled
                || names::is_furniture(node) && !stands_in(node, root, &["pre", "figure"])
                || names::is_tags(node) && own.is_links(60)
                || name == "article" && names::is_small(node)
        }
        "td" | "span" | "pre" => veiled || names::is_gutter(node),
        _ => veiled,
    }
}

fn has(node: &NodeRef<'_>, name: &str) -> bool {
    node.descendants_it().any(|inner| inner.has_name(name))
}

fn stands_in(node: &NodeRef<'_>, root: &NodeRef<'_>, outer: &[&str]) -> bool {
    node.ancestors_it(None)
        .take_while(|above| above.id != root.id)
        .any(|above| outer.iter().any(|name| above.has_name(name)))
}

/// A line above the text that has nothing but when and by whom.
fn is_byline(node: &NodeRef<'_>, name: &str, root: &NodeRef<'_>, measures: &Measures) -> bool {
    if !matches!(
        name,
        "p" | "div" | "ul" | "dl" | "span" | "address" | "small" | "time" | "section"
    ) {
        return false;
    }
    let letters = measures.get(node).text;
    if letters > BYLINE_LETTERS_MAX || letters * 2 > measures.get(root).text || has(node, "img") {
        return false;
    }
    name == "time"
        || names::is_date(node)
        || node.descendants_it().any(|inner| {
            inner.has_name("time")
                || inner
                    .attr("rel")
                    .is_some_and(|rel| rel.split_ascii_whitespace().any(|r| r == "author"))
                || inner.attr("itemprop").is_some_and(|p| matches!(&*p, "datePublished" | "author"))
        })
}

/// The article's own header: it repeats the title, or is the first thing in it.
fn is_own_header(node: &NodeRef<'_>, root: &NodeRef<'_>, title: Option<&str>) -> bool {
    let direct = node.parent().is_some_and(|parent| parent.id == root.id);
    direct
        || node.descendants_it().any(|inner| {
            inner.has_name("h1")
                || inner.has_name("h2")
                    && micro::short_text(&inner).as_deref() == title
                    && title.is_some()
        })
}

/// Of a header, its pictures and its standfirst stay, in its place.
fn keep_of_header(header: &NodeRef<'_>, measures: &Measures, description: Option<&str>) {
    let description = description.map(plain::line);
    for node in header.descendants() {
        let keep = match node.node_name().as_deref() {
            Some("figure") => true,
            Some("img" | "picture") => {
                let small = value(&node, "class")
                    .is_some_and(|c| c.contains("avatar") || c.contains("logo"));
                !small
                    && !stands_in(&node, header, &["figure", "picture", "a"])
                    && node.ancestors_it(None).any(|above| above.id == header.id)
            }
            Some("p") => {
                measures.get(&node).prose() >= STANDFIRST_LETTERS
                    && micro::short_text(&node) != description
                    && !stands_in(&node, header, &["figure"])
            }
            _ => false,
        };
        if keep {
            header.insert_before(&node);
        }
    }
    header.remove_from_parent();
}

/// Attributes that hold addresses; of `srcset` each one is.
const ADDRESSES: [&str; 8] =
    ["href", "src", "poster", "cite", "data-src", "data-lazy-src", "data-original", "data"];
const SETS: [&str; 3] = ["srcset", "data-srcset", "data-lazy-srcset"];

/// Makes relative addresses absolute; those within the page stay.
fn resolve(node: &NodeRef<'_>, base: &Url) {
    for name in ADDRESSES {
        let Some(written) = node.attr(name) else { continue };
        let written = written.trim();
        if written.is_empty()
            || written.starts_with(['#', '/']) && !written.starts_with("//") && base.path() == "/"
        {
            continue;
        }
        if !written.starts_with('#')
            && let Ok(url) = base.join(written)
        {
            node.set_attr(name, url.as_str());
        }
    }
    for name in SETS {
        let Some(written) = node.attr(name) else { continue };
        let parts: Vec<String> = written
            .split(',')
            .map(|part| {
                let part = part.trim();
                let (url, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
                let url = base.join(url).map_or_else(|_| url.to_owned(), String::from);
                format!("{url} {rest}").trim().to_owned()
            })
            .collect();
        node.set_attr(name, &parts.join(", "));
    }
}
