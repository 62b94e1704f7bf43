//! Whether markup can be read in time, asked before anything builds a tree of it or even cuts it into
//! tags: parsers take the square of a tag's attributes and of the nesting, and rebuild formatting that
//! was left open in every paragraph after it. One pass, no tree.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

use html5ever::LocalName;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// Elements nested deeper make parsers slow and readers fail.
pub(super) const DEPTH_MAX: usize = 512;
/// Elements and texts of a page: ten times a very long one.
const NODES_MAX: usize = 1_000_000;
/// More than any real tag has; comparing so many with each other takes no time yet.
const ATTRIBUTES_MAX: usize = 4_096;

/// Why markup can't be read in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Elements are nested too deeply, from this line on.
    TooDeep(u64),
    /// It has too many elements, from this line on.
    TooMany(u64),
    /// The tag that begins at this byte has thousands of attributes.
    EndlessTag(usize),
}

/// Whether a page can be read.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    if let Some(at) = endless_tag(text) {
        return Err(Refusal::EndlessTag(at));
    }
    let tree = tree(text);
    tree.refusal.map_or(Ok(()), Err)
}

/// What a tree builder would make of a page, as far as it is counted.
fn tree(text: &str) -> Tree {
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(text));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.take()
}

/// The first tag that has so many attributes that a tokenizer, which compares each with all before
/// it, would take its time.
pub(super) fn endless_tag(html: &str) -> Option<usize> {
    let bytes = html.as_bytes();
    let mut at = 0;
    // Ends that were looked for in vain: none stands further on either.
    let mut endless: Vec<&str> = Vec::new();
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        let start = at + found;
        at = start + 1;
        if !bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let raw = ["script", "style"].into_iter().find(|name| begins(&bytes[at..], name));
        let mut parts = 0;
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'>' => break,
                b'"' | b'\'' if is_value(&bytes[..at - 1]) => {
                    let end = memchr::memchr(*byte, &bytes[at..]);
                    at = end.map_or(bytes.len(), |end| at + end + 1);
                    parts += 1;
                }
                b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' => parts += 1,
                _ => {}
            }
            if parts > ATTRIBUTES_MAX {
                return Some(start);
            }
        }
        // "a<b" in a script is no tag.
        if let Some(name) = raw.filter(|name| !endless.contains(name)) {
            match end_of_raw(&bytes[at..], name) {
                Some(end) => at += end,
                None => endless.push(name),
            }
        }
    }
    None
}

fn begins(bytes: &[u8], name: &str) -> bool {
    bytes.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
        && bytes.get(name.len()).is_none_or(|b| !b.is_ascii_alphanumeric())
}

/// Where a script or style ends; where it never does, all that follows is read as tags.
fn end_of_raw(bytes: &[u8], name: &str) -> Option<usize> {
    memchr::memmem::find_iter(bytes, b"</").find(|at| begins(&bytes[at + 2..], name))
}

/// Whether a quote begins a value: what stands before it ends in `=`.
fn is_value(before: &[u8]) -> bool {
    before.trim_ascii_end().last() == Some(&b'=')
}

struct Sink(RefCell<Tree>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut tree = self.0.borrow_mut();
        if tree.refusal.is_some() {
            return TokenSinkResult::Continue;
        }
        match &token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => tree.start(tag),
            Token::TagToken(tag) => tree.end(&tag.name),
            Token::CharacterTokens(text) if !text.trim().is_empty() => tree.text(),
            _ => {}
        }
        if tree.open.len() > DEPTH_MAX {
            tree.refusal = Some(Refusal::TooDeep(line));
        } else if tree.nodes > NODES_MAX {
            tree.refusal = Some(Refusal::TooMany(line));
        }
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag && !tree.is_foreign() => {
                raw(&tag.name)
            }
            _ => TokenSinkResult::Continue,
        }
    }
}

/// Elements whose content is text to a browser (HTML §13.2.6.4.7).
fn raw(name: &str) -> TokenSinkResult<()> {
    match name {
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => {
            TokenSinkResult::RawData(RawKind::Rawtext)
        }
        "textarea" | "title" => TokenSinkResult::RawData(RawKind::Rcdata),
        "plaintext" => TokenSinkResult::Plaintext,
        _ => TokenSinkResult::Continue,
    }
}

/// What a tree builder would hold: its open elements and its list of active formatting elements
/// (HTML §13.2.4.2 and §13.2.4.3).
#[derive(Debug, Default)]
struct Tree {
    open: Vec<Open>,
    formatting: Vec<Formatting>,
    nodes: usize,
    /// Elements opened, closed and opened anew: the work that a tree builder has with it.
    steps: usize,
    refusal: Option<Refusal>,
}

#[derive(Debug)]
struct Open {
    name: LocalName,
    /// Which formatting this is.
    formatting: Option<u64>,
}

#[derive(Debug, Clone)]
enum Formatting {
    /// A cell or caption: what stands before isn't rebuilt in it.
    Marker,
    Element {
        id: u64,
        name: LocalName,
        attributes: u64,
        is_open: bool,
    },
}

impl Tree {
    fn start(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        self.nodes += 1;
        if matches!(name, "html" | "head" | "body") || VOID.contains(&name) {
            return;
        }
        if self.is_foreign() || matches!(name, "svg" | "math") {
            if !tag.self_closing {
                self.open.push(Open { name: tag.name.clone(), formatting: None });
            }
            return;
        }
        if ends_paragraph(name) {
            self.close(&["p"], SCOPE);
        }
        if let Some((ended, within)) = ends(name) {
            self.close(ended, within);
        }
        if FORMATTING.contains(&name) {
            if name == "a" {
                self.end(&tag.name);
            }
            self.rebuild();
            self.format(tag);
            return;
        }
        if !ends_paragraph(name) {
            self.rebuild();
        }
        self.open.push(Open { name: tag.name.clone(), formatting: None });
        if matches!(name, "td" | "th" | "caption") {
            self.formatting.push(Formatting::Marker);
        }
    }

    fn end(&mut self, name: &LocalName) {
        if FORMATTING.contains(&&**name) {
            let last = self.formatting.iter().rposition(
                |f| matches!(f, Formatting::Element { name: known, .. } if known == name),
            );
            if let Some(at) = last {
                self.formatting.remove(at);
            }
        }
        if let Some(at) = self.open.iter().rposition(|open| open.name == *name) {
            self.close_to(at);
        }
    }

    fn text(&mut self) {
        self.nodes += 1;
        if !self.is_foreign() {
            self.rebuild();
        }
    }

    fn is_foreign(&self) -> bool {
        self.open.iter().any(|open| matches!(&*open.name, "svg" | "math"))
    }

    /// Opens the formatting that a paragraph's end closed.
    fn rebuild(&mut self) {
        let from = self.formatting.iter().rposition(|f| matches!(f, Formatting::Marker));
        for formatting in &mut self.formatting[from.map_or(0, |at| at + 1)..] {
            if let Formatting::Element { id, name, is_open: is_open @ false, .. } = formatting {
                *is_open = true;
                self.nodes += 1;
                self.steps += 1;
                self.open.push(Open { name: name.clone(), formatting: Some(*id) });
            }
        }
    }

    fn format(&mut self, tag: &Tag) {
        let mut hasher = DefaultHasher::new();
        for attribute in &tag.attrs {
            (&*attribute.name.local, &*attribute.value).hash(&mut hasher);
        }
        let hash = hasher.finish();
        let same = |f: &Formatting| {
            matches!(f, Formatting::Element { name, attributes, .. }
                if *name == tag.name && *attributes == hash)
        };
        // Of equal ones the first of three goes ("Noah's Ark").
        let equal: Vec<usize> =
            self.formatting.iter().enumerate().filter(|(_, f)| same(f)).map(|(at, _)| at).collect();
        if let [.., first, _, _] = equal[..] {
            self.formatting.remove(first);
        }
        let id = u64::try_from(self.nodes).unwrap_or(u64::MAX);
        self.open.push(Open { name: tag.name.clone(), formatting: Some(id) });
        let name = tag.name.clone();
        self.formatting.push(Formatting::Element { id, name, attributes: hash, is_open: true });
    }

    /// Closes the outermost open element of those named, if none of `within` is in between.
    fn close(&mut self, ended: &[&str], within: &[&str]) {
        let mut outermost = None;
        for (at, open) in self.open.iter().enumerate().rev() {
            let name: &str = &open.name;
            if ended.contains(&name) {
                outermost = Some(at);
            } else if within.contains(&name) {
                break;
            }
        }
        if let Some(at) = outermost {
            self.close_to(at);
        }
    }

    fn close_to(&mut self, at: usize) {
        while self.open.len() > at {
            let Some(closed) = self.open.pop() else { return };
            self.steps += 1;
            if closed.formatting.is_none() && !matches!(&*closed.name, "td" | "th" | "caption") {
                continue;
            }
            if matches!(&*closed.name, "td" | "th" | "caption") {
                let marker = self.formatting.iter().rposition(|f| matches!(f, Formatting::Marker));
                self.formatting.truncate(marker.unwrap_or(self.formatting.len()));
            }
            for formatting in self.formatting.iter_mut().rev() {
                if let Formatting::Element { id, is_open, .. } = formatting
                    && Some(*id) == closed.formatting
                {
                    *is_open = false;
                    break;
                }
            }
        }
    }
}

const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];
const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
/// What an open paragraph isn't looked for beyond.
const SCOPE: &[&str] =
    &["table", "td", "th", "caption", "button", "object", "template", "svg", "math"];

/// Start tags that end an open paragraph (HTML §13.2.6.4.7).
fn ends_paragraph(name: &str) -> bool {
    const BLOCKS: [&str; 36] = [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "search",
        "section",
        "summary",
        "ul",
    ];
    BLOCKS.contains(&name)
}

/// Open elements that a start tag ends, and those beyond which it doesn't look for them.
fn ends(name: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    const TABLE: &[&str] = &["table"];
    Some(match name {
        "li" => (&["li"], &["ul", "ol", "menu", "table", "td", "th"]),
        "dd" | "dt" => (&["dd", "dt"], &["dl", "table", "td", "th"]),
        "option" | "optgroup" => (&["option"], &["select"]),
        "rt" | "rp" => (&["rt", "rp"], &["ruby"]),
        "td" | "th" => (&["td", "th", "caption", "colgroup"], TABLE),
        "tr" => (&["tr", "td", "th", "caption", "colgroup"], TABLE),
        "tbody" | "thead" | "tfoot" | "caption" | "colgroup" => {
            (&["tbody", "thead", "tfoot", "tr", "td", "th", "caption", "colgroup"], TABLE)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_leave_open_is_no_nesting() {
        for piece in
            ["<p>a", "<li>a", "<tr><td>a", "<dt>a<dd>b", "<br>", "<option>a", "<a href=x>a"]
        {
            let page = format!("<!doctype html><table><ul>{}", piece.repeat(2_000));
            assert_eq!(check(&page), Ok(()), "{piece}");
        }
        assert_eq!(check(&"<p><b>a".repeat(2_000)), Ok(()), "the same formatting, left open");
    }

    #[test]
    fn nesting_is_counted() {
        assert_eq!(check(&"<div>".repeat(512)), Ok(()));
        assert_eq!(check(&format!("a\n{}", "<div>\n".repeat(600))), Err(Refusal::TooDeep(514)));
        let fonts: String = (0..600).map(|n| format!("<p><font size={n}>a")).collect();
        assert!(matches!(check(&fonts), Err(Refusal::TooDeep(_))));
    }

    #[test]
    fn formatting_that_is_rebuilt_for_ever_is_counted() {
        let open: String = (0..400).map(|n| format!("<b id={n}>")).collect();
        let page = format!("<div>{open}</div>{}", "<p>a</p>".repeat(10_000));
        assert!(matches!(check(&page), Err(Refusal::TooMany(_))), "{:?}", check(&page));
    }

    /// Pieces whose repetition is hard on somebody.
    const HARD: [&str; 16] = [
        "<b><p>x</b>",
        "<a><b><p>",
        "<p><b>a",
        "<p><font size=1>a</p>",
        "<table>x<b>y",
        "<table><tr><td><b>",
        "<div><i>a</div>",
        "<li><b>a",
        "<script>",
        "<svg><p>",
        "</p></br>",
        "<select><option>",
        "<nobr><a><table>",
        "<i><td>x</i>",
        "<template><div>",
        "<style><!--",
    ];

    #[test]
    fn the_work_grows_with_the_page_and_not_with_its_square() {
        for piece in HARD {
            let steps = |n: usize| {
                let tree = tree(&piece.repeat(n));
                tree.refusal.is_none().then_some(tree.steps + tree.nodes)
            };
            let Some((once, twice)) = steps(5_000).zip(steps(10_000)) else { continue };
            assert!(twice <= 2 * once + 1_100, "{piece}: {once} and {twice}");
        }
    }

    #[test]
    fn a_tree_holds_no_more_than_was_counted() {
        for first in HARD {
            for second in HARD {
                let page = format!("{first}{second}").repeat(300);
                let counted = tree(&page);
                if counted.refusal.is_none() {
                    let nodes = dom_query::Document::from(page.as_str()).tree.len();
                    let ends = page.matches("</").count();
                    let most = 3 * counted.nodes + 10 * ends + 100;
                    assert!(
                        nodes <= most,
                        "{first}{second}: {nodes} nodes, {} counted",
                        counted.nodes
                    );
                }
            }
        }
    }

    #[test]
    fn tags_without_end_are_found() {
        let many: String = (0..5_000).map(|n| format!(" a{n}")).collect();
        assert_eq!(endless_tag(&format!("x<p{many}>")), Some(1));
        assert_eq!(check(&format!("x<p{many}>")), Err(Refusal::EndlessTag(1)));
        assert_eq!(endless_tag(&format!("<script>a<b{many}</script>")), None);
        assert_eq!(endless_tag(&format!("<p title=\"{many}\">")), None);
        assert!(endless_tag(&format!("<script>a<b{many}")).is_some());
    }
}
