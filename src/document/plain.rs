//! Plain text out of what isn't: white space collapsed, character references decoded, tags dropped.
//! Also the way back: text made safe to stand in HTML.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{RawKind, State};
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// One line: control characters gone, runs of white space a single space, none at the ends.
pub(super) fn collapse(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = !line.is_empty();
        } else if !c.is_control() {
            if gap {
                line.push(' ');
            }
            gap = false;
            line.push(c);
        }
    }
    line
}

/// Decodes character references (`&amp;`, `&#39;`) once; tags stay as they are.
pub(super) fn decode_references(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let opts = TokenizerOpts {
        initial_state: Some(State::RawData(RawKind::Rcdata)),
        discard_bom: false,
        ..TokenizerOpts::default()
    };
    Cow::Owned(tokenize(text, opts))
}

/// A named title or the like: one line of plain text, references decoded once.
pub(super) fn line(text: &str) -> String {
    collapse(&decode_references(text))
}

/// The text that a reader of some HTML sees, on one line.
pub(super) fn of_html(html: &str) -> String {
    collapse(&tokenize(html, TokenizerOpts::default()))
}

/// A named text that may be HTML or plain: tags go only where there are some.
pub(super) fn of_either(text: &str) -> String {
    let tagged = text.contains("</") || text.contains("<br") || text.contains("/>");
    if tagged { of_html(text) } else { line(text) }
}

/// Text that may stand in HTML, in attributes too.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The first paragraph of some HTML that says something, on one line: one that isn't empty, a player,
/// a bare address, or, where another follows, a greeting or what leads into it.
pub(super) fn first_paragraph(html: &str) -> Option<String> {
    let mut rest = html;
    let mut lead_in = None;
    while let Some(at) = rest.find("<p") {
        // Paragraphs in a comment are no paragraphs.
        if let Some(comment) = rest[..at].find("<!--") {
            let end = rest[comment..].find("-->").map_or(rest.len(), |end| comment + end + 3);
            rest = &rest[end..];
            continue;
        }
        let after = &rest[at + 2..];
        if !after.starts_with(['>', ' ', '\n', '\t']) {
            rest = after;
            continue;
        }
        let end = after.find("</p").unwrap_or(after.len());
        let source = &rest[at..at + 2 + end];
        let text = of_html(source);
        let bare = text.contains("://") && !text.contains(' ');
        if !text.is_empty() && !bare && !source.contains("<iframe") {
            if !leads_in(&text) {
                return Some(text);
            }
            lead_in.get_or_insert(text);
        }
        rest = &after[end..];
    }
    lead_in
}

/// `Hello, readers!`, `Hi all,` and `Revisions:` say nothing of what follows them.
fn leads_in(text: &str) -> bool {
    text.ends_with(['!', ',', ':']) && text.split_whitespace().count() < 5
}

/// Cuts a text to so many characters, between words, and says so with `…`.
pub(super) fn shorten(text: &str, chars_max: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(chars_max) else { return text.to_owned() };
    let head = &text[..end];
    // A text without spaces (Chinese, Japanese) is cut anywhere.
    let cut = head.rfind(' ').filter(|at| *at * 2 > end).unwrap_or(end);
    let head = text[..cut].trim_end_matches(|c: char| c.is_whitespace() || ",;:–—-".contains(c));
    format!("{head}…")
}

#[derive(Default)]
struct Gather {
    text: RefCell<String>,
    /// Depth in elements whose text isn't shown.
    hidden: Cell<u32>,
}

impl TokenSink for Gather {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) if self.hidden.get() == 0 => {
                self.text.borrow_mut().push_str(&text);
            }
            Token::TagToken(tag) => {
                let name: &str = &tag.name;
                let start = tag.kind == TagKind::StartTag;
                if matches!(name, "script" | "style") {
                    self.hidden.set(if start { self.hidden.get() + 1 } else { 0 });
                    if start && !tag.self_closing {
                        let kind =
                            if name == "script" { RawKind::ScriptData } else { RawKind::Rawtext };
                        return TokenSinkResult::RawData(kind);
                    }
                } else if name == "sup" && (!start || is_note(&tag)) {
                    // A footnote's number is no part of the sentence.
                    self.hidden.set(u32::from(start));
                } else if !is_inline(name) {
                    self.text.borrow_mut().push(' ');
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// A reference to a footnote, as `markdown` writes it.
fn is_note(tag: &html5ever::tokenizer::Tag) -> bool {
    tag.attrs.iter().any(|attr| &*attr.name.local == "id" && attr.value.starts_with("fnref-"))
}

/// Elements that don't part words.
fn is_inline(name: &str) -> bool {
    const INLINE: [&str; 23] = [
        "a", "abbr", "b", "bdi", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd",
        "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u", "wbr",
    ];
    INLINE.contains(&name)
}

fn tokenize(text: &str, opts: TokenizerOpts) -> String {
    // Only tags are hostile; of such a text nothing is worth showing.
    if opts.initial_state.is_none() && super::guard::endless_tag(text).is_some() {
        return String::new();
    }
    let sink = Gather::default();
    sink.text.borrow_mut().reserve(text.len());
    let tokenizer = Tokenizer::new(sink, opts);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(text));
    // The sink never asks to stop, so one call takes in everything.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.text.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_once() {
        assert_eq!(line("  Q&amp;A: it&#39;s\n&amp;amp; <b>&nbsp;x"), "Q&A: it's &amp; <b> x");
        assert_eq!(line("AT&T & R&D"), "AT&T & R&D");
    }

    #[test]
    fn html_becomes_text() {
        assert_eq!(of_html("<p>One<br>two</p><p>thr<b>ee</b> &lt;4></p>"), "One two three <4>");
        assert_eq!(of_html("a<script>if (1<2) x</script>b<style>p{}</style>c"), "abc");
        assert_eq!(of_html("<p>open <a href='"), "open");
    }

    #[test]
    fn the_first_paragraph_has_text() {
        let html = "<pre>x</pre><!-- <p>no</p> --><p><img src=x></p>\n<p class=a>Yes &amp; no</p><p>more</p>";
        assert_eq!(first_paragraph(html).as_deref(), Some("Yes & no"));
        assert_eq!(first_paragraph("<h1>x</h1>"), None);
        let html = "<p>Hi all,</p><p>Update:</p><p>The ferry is late.</p>";
        assert_eq!(first_paragraph(html).as_deref(), Some("The ferry is late."));
        assert_eq!(first_paragraph("<p>Hi all,</p>").as_deref(), Some("Hi all,"));
    }

    #[test]
    fn players_addresses_and_notes_are_no_summary() {
        let html = "<p><iframe src=x></iframe><br><a>Watch</a></p><p><a>https://x.example/</a></p>\
                    <p>Yes<sup id=\"fnref-1\"><a>1</a></sup>, H<sub>2</sub>O<sup>2</sup>.</p>";
        assert_eq!(first_paragraph(html).as_deref(), Some("Yes, H2O2."));
    }

    #[test]
    fn texts_are_cut_between_words() {
        assert_eq!(shorten("one two three", 9), "one two…");
        assert_eq!(shorten("one two", 9), "one two");
        assert_eq!(shorten("汉字汉字", 2), "汉字…");
    }
}
