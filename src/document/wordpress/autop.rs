//! Paragraphs as WordPress makes them when a post is shown: its `wpautop`, rule by rule, so that what
//! readers of its own feed got stays what they get. The rules look odd because two decades of posts
//! depend on them; `tests/wordpress` compares the outcome with WordPress's own.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::markup::elements;

/// Elements that stand on their own. `\s` is PCRE's: ASCII alone.
const BLOCKS: &str = "(?:table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li\
|pre|form|map|area|blockquote|address|math|style|p|h[1-6]|hr|fieldset|legend|section|article|aside\
|hgroup|header|footer|nav|figure|figcaption|details|menu|summary)";

/// How a rule is written: `S` stands for one ASCII white space, `BLOCKS` for the list above.
fn rule(pattern: &str) -> Regex {
    let pattern = pattern.replace("BLOCKS", BLOCKS).replace('S', r"[\t\n\x0B\x0C\r ]");
    #[expect(
        clippy::expect_used,
        reason = "each is a constant of this file, and tests use them all"
    )]
    Regex::new(&pattern).expect("a rule is a regular expression")
}

macro_rules! rules {
    ($($name:ident = $pattern:literal;)*) => {
        $(static $name: LazyLock<Regex> = LazyLock::new(|| rule($pattern));)*
    };
}

rules! {
    TWO_BREAKS = r"<brS*/?>S*<brS*/?>";
    BEFORE_BLOCK = r"(<BLOCKS[\t\n\x0B\x0C\r />])";
    AFTER_BLOCK = r"(</BLOCKS>)";
    AFTER_RULE = r"(<hrS*/?>)";
    OPTION_OPEN = r"S*<option";
    OPTION_CLOSE = r"</option>S*";
    OBJECT_OPEN = r"(<object[^>]*>)S*";
    OBJECT_CLOSE = r"S*</object>";
    OBJECT_INNER = r"S*(</?(?:param|embed)[^>]*>)S*";
    MEDIA_OPEN = r"([<\[](?:audio|video)[^>\]]*[>\]])S*";
    MEDIA_CLOSE = r"S*([<\[]/(?:audio|video)[>\]])";
    MEDIA_INNER = r"S*(<(?:source|track)[^>]*>)S*";
    CAPTION_OPEN = r"S*(<figcaption[^>]*>)";
    CAPTION_CLOSE = r"</figcaption>S*";
    MANY_LINES = r"\n\n+";
    PARAGRAPHS = r"\nS*\n";
    EMPTY = r"<p>S*</p>";
    UNCLOSED = r"<p>([^<]+)</(div|address|form)>";
    WRAPPED_BLOCK = r"<p>S*(</?BLOCKS[^>]*>)S*</p>";
    WRAPPED_ITEM = r"<p>(<li.+?)</p>";
    WRAPPED_QUOTE = r"(?i:<p><blockquote([^>]*)>)";
    OPENED_BLOCK = r"<p>S*(</?BLOCKS[^>]*>)";
    CLOSED_BLOCK = r"(</?BLOCKS[^>]*>)S*</p>";
    BLOCK_THEN_BREAK = r"(</?BLOCKS[^>]*>)S*<br />";
    BREAK_THEN_BLOCK = r"<br />(S*</?(?:p|li|div|dl|dd|dt|th|pre|td|ul|ol)[^>]*>)";
    LAST_LINE = r"\n</p>(\n?)\z";
}

/// Stands for a line break within a tag, which is none of the text's.
const IN_TAG: &str = " <!-- wpnl --> ";
/// Stands for a line break within a script or style.
const PRESERVED: &str = "<WPPreserveNewline />";

/// The text with its paragraphs and line breaks as elements.
pub(super) fn autop(text: &str) -> String {
    if text.trim_matches([' ', '\n', '\r', '\t', '\u{b}', '\0']).is_empty() {
        return String::new();
    }
    let (text, preformatted) = take_preformatted(&format!("{text}\n"));
    let text = parted(text);
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for paragraph in PARAGRAPHS.split(&text).filter(|paragraph| !paragraph.is_empty()) {
        html.push_str("<p>");
        html.push_str(paragraph.trim_matches('\n'));
        html.push_str("</p>\n");
    }
    let html = mended(html);
    let html = with_breaks(html);
    let html = all(&BLOCK_THEN_BREAK, html, "$1");
    let html = all(&BREAK_THEN_BLOCK, html, "$1");
    let html = all(&LAST_LINE, html, "</p>$1");
    let html = put_preformatted(html, &preformatted);
    html.replace(IN_TAG, "\n").replace("<!-- wpnl -->", "\n")
}

fn all(rule: &Regex, text: String, with: &str) -> String {
    match rule.replace_all(&text, with) {
        Cow::Borrowed(_) => text,
        Cow::Owned(text) => text,
    }
}

/// Takes out what stands in `<pre>`; a placeholder stays.
fn take_preformatted(text: &str) -> (String, Vec<String>) {
    if !text.contains("<pre") {
        return (text.to_owned(), Vec::new());
    }
    let mut parts: Vec<&str> = text.split("</pre>").collect();
    let last = parts.pop().unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    let mut taken = Vec::new();
    for part in parts {
        let Some(start) = part.find("<pre") else {
            out.push_str(part);
            continue;
        };
        out.push_str(&part[..start]);
        out.push_str(&placeholder(taken.len()));
        taken.push(format!("{}</pre>", &part[start..]));
    }
    out.push_str(last);
    (out, taken)
}

fn placeholder(number: usize) -> String {
    format!("<pre wp-pre-tag-{number}></pre>")
}

/// In one pass: a text that names placeholders of its own must not make it long.
fn put_preformatted(html: String, taken: &[String]) -> String {
    const OPEN: &str = "<pre wp-pre-tag-";
    if taken.is_empty() {
        return html;
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html.as_str();
    while let Some(at) = rest.find(OPEN) {
        out.push_str(&rest[..at]);
        let after = &rest[at + OPEN.len()..];
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let number = after[..digits].parse::<usize>().ok();
        match (number.and_then(|n| taken.get(n)), after[digits..].strip_prefix("></pre>")) {
            (Some(own), Some(left)) => {
                out.push_str(own);
                rest = left;
            }
            _ => {
                out.push_str(OPEN);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Blank lines around blocks, and no line break where it would mean nothing.
fn parted(text: String) -> String {
    let text = all(&TWO_BREAKS, text, "\n\n");
    let text = all(&BEFORE_BLOCK, text, "\n\n$1");
    let text = all(&AFTER_BLOCK, text, "$1\n\n");
    let text = all(&AFTER_RULE, text, "$1\n\n");
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut text = in_elements(&text, "\n", IN_TAG);
    if text.contains("<option") {
        text = all(&OPTION_OPEN, text, "<option");
        text = all(&OPTION_CLOSE, text, "</option>");
    }
    if text.contains("</object>") {
        text = all(&OBJECT_OPEN, text, "$1");
        text = all(&OBJECT_CLOSE, text, "</object>");
        text = all(&OBJECT_INNER, text, "$1");
    }
    if text.contains("<source") || text.contains("<track") {
        text = all(&MEDIA_OPEN, text, "$1");
        text = all(&MEDIA_CLOSE, text, "$1");
        text = all(&MEDIA_INNER, text, "$1");
    }
    if text.contains("<figcaption") {
        text = all(&CAPTION_OPEN, text, "$1");
        text = all(&CAPTION_CLOSE, text, "</figcaption>");
    }
    all(&MANY_LINES, text, "\n\n")
}

/// Paragraphs that hold a block are none.
fn mended(html: String) -> String {
    let html = all(&EMPTY, html, "");
    let html = all(&UNCLOSED, html, "<p>$1</p></$2>");
    let html = all(&WRAPPED_BLOCK, html, "$1");
    let html = all(&WRAPPED_ITEM, html, "$1");
    let html = all(&WRAPPED_QUOTE, html, "<blockquote$1><p>");
    let html = html.replace("</blockquote></p>", "</p></blockquote>");
    let html = all(&OPENED_BLOCK, html, "$1");
    all(&CLOSED_BLOCK, html, "$1")
}

/// Line ends become `<br />`, but not in scripts and styles.
fn with_breaks(html: String) -> String {
    let html = preserve(html).replace("<br>", "<br />").replace("<br/>", "<br />");
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut rest = 0;
    let mut at = 0;
    let bytes = html.as_bytes();
    while let Some(found) = memchr::memchr(b'\n', &bytes[at..]) {
        let newline = at + found;
        let mut start = newline;
        while start > rest && is_space(bytes[start - 1]) {
            start -= 1;
        }
        let mut end = newline + 1;
        let mut last = newline;
        while end < bytes.len() && is_space(bytes[end]) {
            if bytes[end] == b'\n' {
                last = end;
            }
            end += 1;
        }
        // What follows a break at once is part of it.
        if html[..start].ends_with("<br />") {
            start += 1;
        }
        if start <= last {
            out.push_str(&html[rest..start]);
            out.push_str("<br />\n");
            rest = last + 1;
        }
        at = end;
    }
    out.push_str(&html[rest..]);
    out.replace(PRESERVED, "\n")
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn preserve(html: String) -> String {
    static OPENED: LazyLock<Regex> = LazyLock::new(|| rule("<(script|style|svg)"));
    if OPENED.find(&html).is_none() {
        return html;
    }
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    // An end that was looked for in vain stands nowhere further on either.
    let mut endless: Vec<&str> = Vec::new();
    while let Some(open) = OPENED.captures_at(&html, at) {
        let (start, name) = opened(&open);
        let close = format!("</{name}>");
        let end = match endless.contains(&name) {
            true => None,
            false => html[start..].find(&close).map(|end| start + end + close.len()),
        };
        let Some(end) = end else {
            endless.push(name);
            let next = start + 1 + name.len();
            out.push_str(&html[at..next]);
            at = next;
            continue;
        };
        out.push_str(&html[at..start]);
        out.push_str(&html[start..end].replace('\n', PRESERVED));
        at = end;
    }
    out.push_str(&html[at..]);
    out
}

fn opened<'h>(open: &Captures<'h>) -> (usize, &'h str) {
    let start = open.get(0).map_or(0, |whole| whole.start());
    (start, open.get(1).map_or("", |name| name.as_str()))
}

/// A text in whose tags and comments one string stands for another.
pub(super) fn in_elements(text: &str, what: &str, with: &str) -> String {
    if !text.contains(what) || !text.contains('<') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for element in elements(text) {
        out.push_str(&text[at..element.start]);
        out.push_str(&text[element.clone()].replace(what, with));
        at = element.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Whether a byte stands within one of some ranges, which are in order.
pub(super) fn stands_in(ranges: &[std::ops::Range<usize>], at: usize) -> bool {
    let next = ranges.partition_point(|range| range.end <= at);
    ranges.get(next).is_some_and(|range| range.contains(&at))
}
