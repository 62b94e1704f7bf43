//! Posts written with blocks: comments that say which block stands where, around HTML that is already
//! what readers get. The comments go. Blocks that WordPress fills only when it shows a page have no
//! HTML; what is known of them is put in, the others are named.

use serde_json::Value;

use super::autop::autop;

/// What blocks may refer to.
pub(super) struct Referred<'a> {
    /// The HTML of the post's footnotes.
    pub(super) footnotes: Option<String>,
    /// The content of a block that is kept once and used in many posts, by its number.
    pub(super) reusable: &'a dyn Fn(i64) -> Option<String>,
}

/// Reusable blocks may hold others; one that holds itself ends here, as in WordPress.
const DEPTH_MAX: u32 = 8;

/// Blocks that may be empty without anything being lost.
const EMPTY: [&str; 14] = [
    "more",
    "nextpage",
    "spacer",
    "separator",
    "paragraph",
    "heading",
    "post-title",
    "post-date",
    "post-author",
    "post-author-name",
    "post-featured-image",
    "post-excerpt",
    "read-more",
    "post-terms",
];

/// Whether a post is written with blocks: then its paragraphs are marked already.
pub(super) fn has_blocks(content: &str) -> bool {
    content.contains("<!-- wp:")
}

/// The HTML of a post written with blocks, and the names of those that have none.
pub(super) fn html(content: &str, referred: &Referred<'_>) -> (String, Vec<String>) {
    let mut lost = Vec::new();
    let html = at_depth(content, referred, 0, &mut lost);
    (html, lost)
}

fn at_depth(content: &str, referred: &Referred<'_>, depth: u32, lost: &mut Vec<String>) -> String {
    let mut out = String::with_capacity(content.len());
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&content.as_bytes()[at..], b"<!--") {
        let start = at + found;
        let Some(mark) = mark(content, start) else {
            out.push_str(&content[at..start + "<!--".len()]);
            at = start + "<!--".len();
            continue;
        };
        out.push_str(&content[at..start]);
        at = mark.end;
        if mark.void {
            void(&mut out, &mark, referred, depth, lost);
        } else if mark.name == "shortcode" && !mark.closer {
            // Of all blocks this one alone has its paragraphs made when it is shown.
            let close = "<!-- /wp:shortcode -->";
            if let Some(end) = content[at..].find(close) {
                out.push_str(&autop(&content[at..at + end]));
                at += end + close.len();
            }
        }
    }
    out.push_str(&content[at..]);
    out
}

fn void(
    out: &mut String,
    mark: &Mark<'_>,
    referred: &Referred<'_>,
    depth: u32,
    lost: &mut Vec<String>,
) {
    match mark.name {
        "block" if depth < DEPTH_MAX => {
            let attributes: Value = serde_json::from_str(mark.attributes).unwrap_or_default();
            let number = attributes.get("ref").and_then(Value::as_i64);
            match number.and_then(|number| (referred.reusable)(number)) {
                Some(content) => out.push_str(&at_depth(&content, referred, depth + 1, lost)),
                None => lost.push("block".to_owned()),
            }
        }
        "footnotes" => match &referred.footnotes {
            Some(html) => out.push_str(html),
            None => lost.push("footnotes".to_owned()),
        },
        name if EMPTY.contains(&name) => {}
        name => lost.push(name.to_owned()),
    }
}

/// A comment that begins, ends or is a block.
struct Mark<'a> {
    /// Without `core/`.
    name: &'a str,
    attributes: &'a str,
    closer: bool,
    void: bool,
    end: usize,
}

/// The mark that begins at `start` with `<!--`: `<!-- wp:name {…} -->`, `<!-- /wp:name -->` or
/// `<!-- wp:name {…} /-->`.
fn mark(content: &str, start: usize) -> Option<Mark<'_>> {
    let rest = after_space(&content[start + "<!--".len()..])?;
    let (closer, rest) = match rest.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = rest.strip_prefix("wp:")?;
    let length = rest
        .bytes()
        .take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_/".contains(b))
        .count();
    let name = &rest[..length];
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let rest = after_space(&rest[length..])?;
    let (attributes, rest) = if rest.starts_with('{') { object(rest)? } else { ("", rest) };
    let (void, rest) = match rest.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = rest.strip_prefix("-->")?;
    let name = name.strip_prefix("core/").unwrap_or(name);
    Some(Mark { name, attributes, closer, void: void && !closer, end: content.len() - rest.len() })
}

/// What follows one white space or more.
fn after_space(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    (rest.len() < text.len()).then_some(rest)
}

/// The object that a text begins with, up to the brace before the comment's end, and what follows.
/// WordPress writes no `--` within one.
fn object(text: &str) -> Option<(&str, &str)> {
    let end = text.find("-->")?;
    let head = text[..end].trim_end_matches('/');
    let inner = head.trim_end_matches(|c: char| c.is_ascii_whitespace());
    if inner.len() == head.len() || !inner.ends_with('}') {
        return None;
    }
    Some((inner, &text[head.len()..]))
}
