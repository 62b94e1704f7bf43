//! A body as tokens, as a browser's tokenizer would cut it, and the guard before it.

use std::cell::{Cell, RefCell};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// A token that matters here.
pub(super) enum Piece {
    Start(Tag),
    End(String),
    Text(StrTendril),
}

/// The tokens of a fragment.
pub(super) fn tokenize(html: &str) -> Vec<Piece> {
    let sink = Sink { pieces: RefCell::default(), foreign: Cell::new(0) };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // A script would stop the tokenizer; ours never asks for that.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.pieces.take()
}

struct Sink {
    pieces: RefCell<Vec<Piece>>,
    /// Depth within SVG and MathML, where no element holds raw text.
    foreign: Cell<usize>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut result = TokenSinkResult::Continue;
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let is_foreign = matches!(&*tag.name, "svg" | "math");
                if is_foreign && !tag.self_closing {
                    self.foreign.set(self.foreign.get() + 1);
                }
                if self.foreign.get() == 0 {
                    result = raw(&tag.name);
                }
                self.pieces.borrow_mut().push(Piece::Start(tag));
            }
            Token::TagToken(tag) => {
                if matches!(&*tag.name, "svg" | "math") {
                    self.foreign.set(self.foreign.get().saturating_sub(1));
                }
                self.pieces.borrow_mut().push(Piece::End(tag.name.to_string()));
            }
            Token::CharacterTokens(text) => self.pieces.borrow_mut().push(Piece::Text(text)),
            _ => {}
        }
        result
    }
}

/// Elements whose content is text to a browser (HTML §13.2.6.4.7). `noscript` is not among them:
/// readers run no scripts.
pub(super) fn raw(name: &str) -> TokenSinkResult<()> {
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

/// Whether some tag has so many attributes that the tokenizer, which compares each with all before
/// it, would take its time.
pub(super) fn has_endless_tag(html: &str) -> bool {
    let bytes = html.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        at += found + 1;
        if !bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let mut parts = 0;
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'>' => break,
                b'"' | b'\'' if is_value(&bytes[..at - 1]) => {
                    at =
                        memchr::memchr(*byte, &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
                    parts += 1;
                }
                b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' => parts += 1,
                _ => {}
            }
            if parts > ATTRIBUTES_MAX {
                return true;
            }
        }
    }
    false
}

/// More than any real tag has; comparing so many with each other takes no time yet.
const ATTRIBUTES_MAX: usize = 4096;

/// Whether a quote begins a value: what stands before it ends in `=`.
fn is_value(before: &[u8]) -> bool {
    before.trim_ascii_end().last() == Some(&b'=')
}
