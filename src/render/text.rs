//! The one filter between what a newsroom wrote and what a format may hold. All text enters
//! [`render`](crate::render) through here, and [`verify`](crate::edition::verify) expects what comes
//! out. Escaping is not done here: each writer does it, once.

use std::borrow::Cow;

/// Text that XML 1.0 can hold (§2.2) and that parsers give back as written (§2.11): forbidden
/// characters are dropped, line ends are LF, and C1 controls, which are Windows-1252 read as
/// Latin-1, become the characters that were meant.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_clean(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\u{80}'..='\u{9f}' => out.extend(windows_1252(c)),
            _ if is_forbidden(c) => {}
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether there is nothing to do, by bytes: this is asked of every body on every rendering.
fn is_clean(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'\t' | b'\n' => false,
        0..=0x1f => true,
        // U+0080 to U+009F.
        0xc2 => bytes.get(at + 1).is_some_and(|next| *next <= 0x9f),
        // U+FFFE and U+FFFF.
        0xef => matches!(bytes.get(at + 1..at + 3), Some([0xbf, 0xbe | 0xbf])),
        _ => false,
    })
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// What a byte of 0x80 to 0x9F means in Windows-1252; five of them mean nothing.
fn windows_1252(c1: char) -> Option<char> {
    let byte = u8::try_from(u32::from(c1)).ok()?;
    let bytes = [byte];
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
    text.chars().next().filter(|c| !matches!(c, '\u{80}'..='\u{9f}'))
}

/// One line of plain text: cleaned, line breaks and runs of ASCII white space become one space,
/// nothing blank at either end. A no-break space inside stays, because French needs it.
#[must_use]
pub fn line(text: &str) -> String {
    let text = clean(text);
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.trim().chars() {
        if matches!(c, ' ' | '\t' | '\n' | '\u{2028}' | '\u{2029}') {
            gap = true;
            continue;
        }
        if gap {
            out.push(' ');
            gap = false;
        }
        out.push(c);
    }
    out
}

/// A [`line()`], if there is anything on it.
#[must_use]
pub fn some_line(text: &str) -> Option<String> {
    Some(line(text)).filter(|l| !l.is_empty())
}

/// An identifier: cleaned and trimmed, because readers trim what they compare; else as it is.
#[must_use]
pub fn id(id: &str) -> String {
    clean(id).trim().to_owned()
}

/// A URL as it may stand in an attribute or an element: no white space, no control characters.
/// Nothing else is touched, because a link that is also an id is compared byte for byte.
#[must_use]
pub fn url(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in clean(url).trim().chars() {
        match c {
            ' ' => out.push_str("%20"),
            _ if c.is_whitespace() || c.is_control() => {}
            _ => out.push(c),
        }
    }
    out
}

/// Plain text as HTML, for the places where a format expects HTML.
#[must_use]
pub fn html(plain: &str) -> Cow<'_, str> {
    quick_xml::escape::partial_escape(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_characters_go_and_windows_1252_comes_back() {
        assert_eq!(clean("a\0b\u{b}c\u{1f}d\u{fffe}e\u{ffff}"), "abcde");
        assert_eq!(clean("a\r\nb\rc\n"), "a\nb\nc\n");
        assert_eq!(clean("it\u{92}s \u{80}5\u{85}\u{81}"), "it’s €5…");
        assert!(matches!(clean("plain – ✓ 👩‍🚒\t\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn every_character_is_judged_alike_by_its_bytes() {
        for c in '\0'..=char::MAX {
            let needs_work = c == '\r' || is_forbidden(c) || matches!(c, '\u{80}'..='\u{9f}');
            assert_eq!(is_clean(c.encode_utf8(&mut [0; 4])), !needs_work, "{c:?}");
        }
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("  a\u{2028}b \r\n c\u{a0}d\u{a0} "), "a b c\u{a0}d");
        assert_eq!(some_line("\u{1}\u{2} "), None);
    }

    #[test]
    fn urls_lose_white_space_only() {
        assert_eq!(url(" https://x.example/a b\n?c=“d”&e "), "https://x.example/a%20b?c=“d”&e");
    }
}
