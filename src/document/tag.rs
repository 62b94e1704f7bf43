//! Where a shortcode begins and ends, in any generator's spelling; what it means is
//! [`shortcode`](super::shortcode)'s.

/// Longest shortcode, so that a stray `{{` doesn't swallow the page.
const TAG_BYTES_MAX: usize = 4_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{{< … >}}` and `{{% … %}}`.
    Hugo,
    /// `{{ … }}`.
    Value,
    /// `{% … %}`.
    Statement,
    /// `{: … }`.
    Attributes,
    /// `{# … #}`.
    Comment,
}

/// A shortcode in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    pub(super) kind: Kind,
    /// What stands between its delimiters.
    pub(super) content: &'a str,
    /// The byte after it.
    pub(super) end: usize,
}

/// Reads the tag that begins at a byte, if one does.
pub(super) fn at(source: &str, start: usize) -> Option<Tag<'_>> {
    let rest = &source[start..];
    let forms: [(&str, &str, Kind); 6] = [
        ("{{<", ">}}", Kind::Hugo),
        ("{{%", "%}}", Kind::Hugo),
        ("{{", "}}", Kind::Value),
        ("{%", "%}", Kind::Statement),
        ("{# ", "#}", Kind::Comment),
        ("{:", "}", Kind::Attributes),
    ];
    let (open, close, kind) = forms.into_iter().find(|(open, ..)| rest.starts_with(open))?;
    let window = &rest.as_bytes()[open.len()..rest.len().min(TAG_BYTES_MAX)];
    let end = memchr::memmem::find(window, close.as_bytes())?;
    let content = &rest[open.len()..open.len() + end];
    if kind == Kind::Attributes && !is_attributes(content.trim()) {
        return None;
    }
    Some(Tag { kind, content, end: start + open.len() + end + close.len() })
}

/// kramdown's `.class`, `#id`, `key="value"`, `toc` and `:options`; anything else is text.
fn is_attributes(content: &str) -> bool {
    !content.contains(['\n', '{'])
        && (content.starts_with(['.', '#', ':']) || content.contains('=') || content == "toc")
}

/// A tag's content without Liquid's signs for white space.
pub(super) fn trimmed(content: &str) -> &str {
    let content = content.trim();
    let content = content.strip_prefix('-').unwrap_or(content);
    content.strip_suffix('-').unwrap_or(content).trim()
}

/// `/* … */` makes a shortcode that is only shown.
pub(super) fn literal(content: &str) -> Option<&str> {
    content.strip_prefix("/*")?.strip_suffix("*/")
}

/// `name(…)`, as Zola writes shortcodes: the name and what stands in the brackets.
pub(super) fn call(content: &str) -> Option<(&str, &str)> {
    let (name, args) = content.split_once('(')?;
    let sound = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'));
    sound.then_some((name, args.trim_end().strip_suffix(')')?))
}

/// The text between quotes.
pub(super) fn quoted(text: &str) -> Option<&str> {
    ['"', '\''].iter().find_map(|q| text.strip_prefix(*q)?.strip_suffix(*q))
}
