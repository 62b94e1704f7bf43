//! What of malformed XML can still be read, so that one fault doesn't hide all others: the reference
//! that isn't one, the element without a namespace or the entry around the fault goes, else all that
//! follows the last whole entry. What goes leaves blanks behind, so that places stay right. It promises
//! no good reading; only that nothing is told of what was taken out.

use roxmltree::Error;

/// What had to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// A character or a reference; or what bears one prefix.
    Little,
    /// An entry.
    Entry,
    /// All from there on.
    Rest,
}

/// References that are taken out one by one, each of them told; then all others at once.
const REFERENCES_MAX: usize = 20;

/// A text without what an error is about, which stands at a byte; `None` where nothing whole is left.
/// `before` is how many errors there were already.
pub(super) fn without(
    text: &str,
    error: &Error,
    at: usize,
    before: usize,
) -> Option<(String, Gone)> {
    let little = match error {
        Error::UnknownEntityReference(..) | Error::MalformedEntityReference(_) => {
            reference(text, at, before >= REFERENCES_MAX)
        }
        Error::NonXmlChar(..) => Some(without_controls(text)),
        Error::UnknownNamespace(prefix, _) => prefixed(text, prefix),
        _ => None,
    };
    little
        .filter(|mended| mended != text)
        .map(|mended| (mended, Gone::Little))
        .or_else(|| entry(text, at))
}

fn reference(text: &str, at: usize, all: bool) -> Option<String> {
    if !all {
        let at = text.get(at..)?.find('&').map(|found| at + found)?;
        let mut mended = text.to_owned();
        mended.replace_range(at..=at, "_");
        return Some(mended);
    }
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find('&') {
        let (before, from) = rest.split_at(found);
        mended.push_str(before);
        mended.push(if is_reference(from) { '&' } else { '_' });
        rest = from.get(1..)?;
    }
    mended.push_str(rest);
    Some(mended)
}

fn is_reference(text: &str) -> bool {
    let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];
    let number = || {
        let (name, _) = text.strip_prefix("&#")?.split_once(';')?;
        let number = match name.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => name.parse(),
        };
        char::from_u32(number.ok()?).filter(|c| is_xml(*c))
    };
    known.iter().any(|name| text.starts_with(name)) || number().is_some()
}

fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn without_controls(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    for c in text.chars() {
        if is_xml(c) {
            mended.push(c);
        } else {
            mended.extend(std::iter::repeat_n(' ', c.len_utf8()));
        }
    }
    mended
}

/// Without the elements and attributes of a prefix.
fn prefixed(text: &str, prefix: &str) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    let open = format!("<{prefix}:");
    while let Some(found) = text.get(at..)?.find(&open) {
        let start = at + found;
        let rest = text.get(start..)?;
        let tag = rest.find('>')? + 1;
        let name = rest.get(1..)?.split([' ', '\t', '\r', '\n', '/', '>']).next()?;
        let length = if rest.get(..tag)?.ends_with("/>") {
            tag
        } else {
            let close = format!("</{name}");
            let close = rest.find(&close)?;
            close + rest.get(close..)?.find('>')? + 1
        };
        blank(&mut bytes, start, start + length);
        at = start + length;
    }
    let attribute = format!("{prefix}:");
    for (start, _) in text.match_indices(&attribute) {
        if let Some(length) = attribute_at(text.as_bytes(), start) {
            blank(&mut bytes, start, start + length);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A tag is no longer than this: so far an attribute's tag and end are looked for, and each place of a
/// text that holds a million of them costs no more.
const TAG_BYTES_MAX: usize = 4_000;

/// The length of the attribute that begins at a byte, if one does.
fn attribute_at(text: &[u8], start: usize) -> Option<usize> {
    let before = text.get(start.saturating_sub(TAG_BYTES_MAX)..start)?;
    let is_within = memchr::memrchr2(b'<', b'>', before).map(|at| before[at]) == Some(b'<');
    if !is_within || !before.last()?.is_ascii_whitespace() {
        return None;
    }
    let after = text.get(start..text.len().min(start + TAG_BYTES_MAX))?;
    let quote = memchr::memchr2(b'"', b'\'', after)?;
    let end = memchr::memchr(after[quote], after.get(quote + 1..)?)?;
    Some(quote + 1 + end + 1)
}

fn blank(bytes: &mut [u8], start: usize, end: usize) {
    if let Some(range) = bytes.get_mut(start..end) {
        range.fill(b' ');
    }
}

const ENTRIES: [(&str, &str); 2] = [("<item", "</item>"), ("<entry", "</entry>")];

/// Without the entry around a byte; else all after the last entry before it.
fn entry(text: &str, at: usize) -> Option<(String, Gone)> {
    let (before, after) = text.split_at_checked(at.min(text.len()))?;
    let (open, close) = ENTRIES.into_iter().find(|(open, _)| text.contains(open))?;
    let last_end = before.rfind(close).map(|at| at + close.len());
    let begin = before.rfind(open).filter(|begin| last_end.is_none_or(|end| *begin >= end));
    let Some(begin) = begin else { return cut(text, last_end?) };
    let end = after.find(close).map(|found| at + found + close.len());
    let next = after.find(open).map(|found| at + found);
    let end = match (end, next) {
        (Some(end), Some(next)) => end.min(next),
        (Some(end), None) => end,
        (None, Some(next)) => next,
        (None, None) => return cut(text, begin),
    };
    let mut bytes = text.as_bytes().to_vec();
    blank(&mut bytes, begin, end);
    Some((String::from_utf8(bytes).ok()?, Gone::Entry))
}

/// The text up to a byte, with what is open there closed.
fn cut(text: &str, end: usize) -> Option<(String, Gone)> {
    let kept = text.get(..end)?;
    // A feed without an entry tells of nothing but its own end.
    ENTRIES.iter().any(|(_, close)| kept.contains(close)).then_some(())?;
    let mut open: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(found) = kept.get(at..)?.find('<') {
        let start = at + found;
        let rest = kept.get(start..)?;
        let skip = |open: &str, close: &str| {
            rest.starts_with(open).then(|| rest.find(close).map(|end| end + close.len()))
        };
        let skipped = skip("<!--", "-->")
            .or_else(|| skip("<![CDATA[", "]]>"))
            .or_else(|| skip("<?", "?>"))
            .or_else(|| skip("<!", ">"));
        let length = match skipped {
            Some(length) => length?,
            None => rest.find('>')? + 1,
        };
        let tag = rest.get(..length)?;
        at = start + length;
        if skipped.is_some() || tag.ends_with("/>") {
            continue;
        }
        match tag.strip_prefix("</") {
            Some(name) if open.pop()? == name.trim_end_matches('>').trim() => {}
            Some(_) => return None,
            None => open.push(tag.get(1..)?.split([' ', '\t', '\r', '\n', '>']).next()?),
        }
    }
    let mut mended = kept.to_owned();
    for name in open.iter().rev() {
        mended.push_str("</");
        mended.push_str(name);
        mended.push('>');
    }
    Some((mended, Gone::Rest))
}
