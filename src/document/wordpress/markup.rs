//! Where tags and comments of a post begin and end, and where its shortcodes do: as WordPress's own
//! patterns see them, which know neither quotes in tags nor nesting of one shortcode in itself.

use std::collections::BTreeMap;
use std::ops::Range;

/// The tags, comments and CDATA sections of a text, in order. What is opened and never closed goes to
/// the end, as in WordPress.
pub(super) fn elements(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'<', &text.as_bytes()[at..]) {
        let start = at + open;
        let end = element_end(text, start);
        found.push(start..end);
        at = end;
    }
    found
}

/// Those of them in which no shortcode stands: a lone `<` before a space is a sentence's.
pub(super) fn tags(text: &str) -> Vec<Range<usize>> {
    let mut found = elements(text);
    found.retain(|range| !text[range.start + 1..].starts_with(|c: char| c.is_whitespace()));
    found
}

/// The byte after the element that begins at `start` with `<`.
fn element_end(text: &str, start: usize) -> usize {
    let rest = &text[start + 1..];
    if rest.starts_with("!--") {
        // `<!-->` and `<!--->` are whole comments.
        let found = rest[1..].find("-->");
        return found.map_or(text.len(), |end| start + 2 + end + "-->".len());
    }
    if let Some(inner) = rest.strip_prefix("![CDATA[") {
        let from = text.len() - inner.len();
        return inner.find("]]>").map_or(text.len(), |end| from + end + "]]>".len());
    }
    memchr::memchr(b'>', rest.as_bytes()).map_or(text.len(), |end| start + 1 + end + 1)
}

/// A shortcode: `[name atts]`, `[name atts/]` or `[name atts]content[/name]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Code<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: &'a str,
    /// What stands up to its end, where it has one.
    pub(super) content: Option<&'a str>,
    /// The bytes from the opening bracket to the last closing one.
    pub(super) range: Range<usize>,
    /// It ends by `/]`.
    pub(super) closed: bool,
}

/// Finds shortcodes; remembers which are never closed, so that a text of many stays cheap.
pub(super) struct Finder<'a> {
    text: &'a str,
    /// Names whose closing one stands nowhere after this byte.
    unclosed: BTreeMap<&'a str, usize>,
    /// From this byte on the next `]` stands there, if anywhere.
    bracket: Option<(usize, Option<usize>)>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(text: &'a str) -> Finder<'a> {
        Finder { text, unclosed: BTreeMap::new(), bracket: None }
    }

    /// The shortcode whose opening bracket stands at `start`, if it has a name and an end.
    pub(super) fn at(&mut self, start: usize) -> Option<Code<'a>> {
        let after = self.text.get(start + 1..)?;
        let name = &after[..name_length(after)];
        if name.is_empty() {
            return None;
        }
        let inner = &after[name.len()..];
        let end = self.bracket_after(start + 1 + name.len())? - (start + 1 + name.len());
        let attributes = &inner[..end];
        let closed = attributes.ends_with('/');
        let opened = start + 1 + name.len() + end + 1;
        let attributes = attributes.strip_suffix('/').unwrap_or(attributes);
        let found = if closed { None } else { self.closing(name, opened) };
        let (content, end) = match found {
            Some((close, end)) => (Some(&self.text[opened..close]), end),
            None => (None, opened),
        };
        Some(Code { name, attributes, content, range: start..end, closed })
    }

    /// Where the next `]` stands.
    fn bracket_after(&mut self, from: usize) -> Option<usize> {
        match self.bracket {
            Some((asked, found)) if asked <= from && found.is_none_or(|at| at >= from) => found,
            _ => {
                let found = memchr::memchr(b']', &self.text.as_bytes()[from..]);
                let found = found.map(|at| from + at);
                self.bracket = Some((from, found));
                found
            }
        }
    }

    /// Where `[/name]` stands next.
    fn closing(&mut self, name: &'a str, from: usize) -> Option<(usize, usize)> {
        if self.unclosed.get(name).is_some_and(|after| *after <= from) {
            return None;
        }
        let close = format!("[/{name}]");
        match memchr::memmem::find(&self.text.as_bytes()[from..], close.as_bytes()) {
            Some(at) => Some((from + at, from + at + close.len())),
            None => {
                self.unclosed.insert(name, from);
                None
            }
        }
    }
}

/// Bytes of the name that a text begins with: letters, digits, `_` and `-`.
fn name_length(text: &str) -> usize {
    text.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count()
}

/// Attributes as WordPress reads them: names in lower case; values without a name have an empty one.
pub(super) fn attributes(text: &str) -> Vec<(String, String)> {
    let text: String =
        text.chars().map(|c| if matches!(c, '\u{a0}' | '\u{200b}') { ' ' } else { c }).collect();
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some((name, value, left)) = attribute(rest.trim_start()) {
        found.push((name.to_ascii_lowercase(), unslashed(value)));
        rest = left;
    }
    for (_, value) in &mut found {
        if has_open_tag(value) {
            value.clear();
        }
    }
    found
}

/// One attribute and what follows it.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    if text.is_empty() {
        return None;
    }
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace());
    let name = &text[..name_length(text)];
    let after = text[name.len()..].trim_start();
    if let Some(value) = after.strip_prefix('=').filter(|_| !name.is_empty()) {
        let value = value.trim_start();
        for quote in ['"', '\''] {
            if let Some((value, rest)) = value.strip_prefix(quote).and_then(|v| v.split_once(quote))
                && ends(rest)
            {
                return Some((name, value, rest));
            }
        }
        let end = value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len());
        if end > 0 && !value[..end].contains(['"', '\'']) {
            return Some((name, &value[..end], &value[end..]));
        }
    }
    for quote in ['"', '\''] {
        if let Some((value, rest)) = text.strip_prefix(quote).and_then(|v| v.split_once(quote))
            && ends(rest)
        {
            return Some(("", value, rest));
        }
    }
    let end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
    Some(("", &text[..end], &text[end..]))
}

fn unslashed(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(c) => out.push(c),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

/// A tag that is opened and never closed could swallow what follows it.
fn has_open_tag(value: &str) -> bool {
    let mut rest = value;
    while let Some(at) = rest.find('<') {
        match rest[at..].find('>') {
            Some(end) => rest = &rest[at + end + 1..],
            None => return true,
        }
    }
    false
}
