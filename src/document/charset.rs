//! What a page says it is written in: its XML declaration, `<meta charset>` or `http-equiv` (HTML
//! §13.2.3.2, "prescan"). Whether that is true is [`text`](super::text)'s.

use std::cell::Cell;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// Browsers look at the first 1,024 bytes, and begin anew where they find it later.
const PRESCAN_BYTES: usize = 16 << 10;
/// An XML declaration stands on one short line.
const DECLARATION_BYTES: usize = 256;

/// The encoding that markup names; `None` where it names none that is known.
pub(super) fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    xml(bytes).or_else(|| html(&bytes[..bytes.len().min(PRESCAN_BYTES)]))
}

fn known(label: &str) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label.trim().as_bytes())?;
    if encoding == UTF_16LE || encoding == UTF_16BE {
        // Whoever can read this in ASCII isn't reading UTF-16.
        return Some(UTF_8);
    }
    if encoding == X_USER_DEFINED {
        return Some(WINDOWS_1252);
    }
    (encoding != REPLACEMENT).then_some(encoding)
}

fn xml(bytes: &[u8]) -> Option<&'static Encoding> {
    let line = bytes.strip_prefix(b"<?xml")?;
    let line = String::from_utf8_lossy(&line[..line.len().min(DECLARATION_BYTES)]);
    let (_, value) = line.split_once("?>")?.0.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    known(value[1..].split(quote).next()?)
}

fn html(bytes: &[u8]) -> Option<&'static Encoding> {
    // Each byte a character: whatever the encoding, tags are ASCII.
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    let tokenizer = Tokenizer::new(Prescan::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(text));
    let _ = tokenizer.feed(&input);
    tokenizer.sink.0.get()
}

#[derive(Default)]
struct Prescan(Cell<Option<&'static Encoding>>);

impl TokenSink for Prescan {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        if tag.kind != TagKind::StartTag {
            return TokenSinkResult::Continue;
        }
        match &*tag.name {
            "meta" if self.0.get().is_none() => self.0.set(named(&tag)),
            "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "noframes" | "xmp" => return TokenSinkResult::RawData(RawKind::Rawtext),
            "title" | "textarea" => return TokenSinkResult::RawData(RawKind::Rcdata),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn named(tag: &Tag) -> Option<&'static Encoding> {
    let value = |name: &str| {
        tag.attrs.iter().find(|attr| &*attr.name.local == name).map(|attr| &*attr.value)
    };
    if let Some(label) = value("charset") {
        return known(label);
    }
    if !value("http-equiv")?.trim().eq_ignore_ascii_case("content-type") {
        return None;
    }
    let content = value("content")?.to_ascii_lowercase();
    let (_, label) = content.split_once("charset")?;
    let label = label.trim_start().strip_prefix('=')?.trim_start();
    known(label.trim_matches(['"', '\'']).split([';', ' ', '"', '\'']).next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_name_their_encoding() {
        for (page, name) in [
            ("<!doctype html><META CHARSET='Shift_JIS'>", Some("Shift_JIS")),
            ("<meta http-equiv=Content-Type content=\"text/html; charset=gb2312\">", Some("GBK")),
            ("<meta http-equiv=content-type content='text/html;charset = \"big5\"'>", Some("Big5")),
            ("<?xml version='1.0' encoding='euc-kr'?><html>", Some("EUC-KR")),
            ("<!-- <meta charset=big5> --><meta charset=koi8-r>", Some("KOI8-R")),
            ("<script>'<meta charset=big5>'</script><meta charset=utf-16>", Some("UTF-8")),
            ("<title><meta charset=big5></title>", None),
            ("<meta charset=klingon><meta charset=iso-8859-1>", Some("windows-1252")),
            ("<meta name=charset content=big5>", None),
            ("<meta charset=iso-2022-kr>", None),
            ("<?xml version='1.0' encoding=", None),
        ] {
            assert_eq!(declared(page.as_bytes()).map(Encoding::name), name, "{page}");
        }
    }
}
