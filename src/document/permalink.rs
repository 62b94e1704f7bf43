//! Permalink patterns such as `/{section}/{year}/{slug}/`: checked once, expanded for each document
//! that names no link, and for derived ids under the pattern that `feeds.lock` recorded. Under
//! `feeds.lock 1` no token and no rule of spelling here ever changes. What values a document has
//! for the tokens is `resolve`'s.

use chrono::NaiveDate;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;

use crate::article::slug::slug;

/// The pattern of documents that stand at a path of their own.
pub(super) const FOR_DOCUMENTS: &str = "/{path}/";
/// The pattern of captures, whose articles share a path.
pub(super) const FOR_CAPTURES: &str = "/{year}/{month}/{day}/{title}/";

/// Characters of a path segment (RFC 3986 §3.3) that stay as they are.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// What is wrong in a permalink pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// What it is or has, to be read after the pattern's name: `begins without "/"`.
    pub message: String,
    /// The byte of the pattern at which it is.
    pub offset: usize,
}

/// Whether a pattern can be expanded: a path from `/` with known tokens, one of which tells
/// documents apart.
///
/// # Errors
/// Says what is wrong and where.
pub fn check(pattern: &str) -> Result<(), PatternError> {
    Pattern::parse(pattern).map(|_| ())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Path,
    File,
    Slug,
    Title,
    Section,
    Category,
    Id,
    Year,
    Month,
    Day,
}

const TOKENS: [(&str, Token); 10] = [
    ("path", Token::Path),
    ("file", Token::File),
    ("slug", Token::Slug),
    ("title", Token::Title),
    ("section", Token::Section),
    ("category", Token::Category),
    ("id", Token::Id),
    ("year", Token::Year),
    ("month", Token::Month),
    ("day", Token::Day),
];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Token(Token),
}

/// A pattern, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

/// What a document has for the tokens; empty where it has nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Values<'a> {
    /// Path below the source without ending, a final `index` dropped.
    pub(super) path: &'a str,
    /// The file's or bundle folder's name.
    pub(super) file: &'a str,
    /// The named slug, if one is named.
    pub(super) named_slug: Option<&'a str>,
    /// `file` without its date.
    pub(super) bare_file: &'a str,
    /// The title as people read it.
    pub(super) title: &'a str,
    /// Slug of the first section.
    pub(super) section: &'a str,
    /// Slug of the first category.
    pub(super) category: &'a str,
    /// The named id.
    pub(super) id: &'a str,
    /// Day of publication.
    pub(super) day: Option<NaiveDate>,
}

impl Default for Pattern {
    fn default() -> Pattern {
        Pattern(vec![Part::Token(Token::Path), Part::Literal("/".to_owned())])
    }
}

impl Pattern {
    pub(super) fn parse(pattern: &str) -> Result<Pattern, PatternError> {
        let fail = |message: String, offset| Err(PatternError { message, offset });
        if !pattern.starts_with('/') || pattern.starts_with("//") {
            return fail("must begin with one `/`".to_owned(), 0);
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut telling = false;
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            let at = pattern.len() - rest.len();
            match c {
                '{' => {
                    let Some(end) = rest.find('}') else {
                        return fail("has a brace without its partner".to_owned(), at);
                    };
                    let name = &rest[1..end];
                    let Some((_, token)) = TOKENS.iter().find(|(known, _)| *known == name) else {
                        return fail(unknown(name), at);
                    };
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Token(*token));
                    telling |= matches!(
                        token,
                        Token::Path | Token::File | Token::Slug | Token::Title | Token::Id
                    );
                    rest = &rest[end + 1..];
                    continue;
                }
                '}' => return fail("has a brace without its partner".to_owned(), at),
                c if c.is_control() || c.is_whitespace() || "?#\\".contains(c) => {
                    return fail("holds a character that no path has".to_owned(), at);
                }
                c => literal.push(c),
            }
            rest = &rest[c.len_utf8()..];
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        if !telling {
            return fail(
                "gives many articles one link: it needs {path}, {file}, {slug}, {title} or {id}"
                    .to_owned(),
                0,
            );
        }
        Ok(Pattern(parts))
    }

    /// The path, percent-encoded ASCII from `/`; empty segments vanish.
    pub(super) fn expand(&self, values: &Values<'_>) -> String {
        let mut raw = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => raw.push_str(&encode(text, true)),
                Part::Token(token) => raw.push_str(&value(*token, values)),
            }
        }
        let mut path = String::with_capacity(raw.len() + 1);
        for segment in raw.split('/').filter(|s| !s.is_empty()) {
            path.push('/');
            // Dot segments would be resolved away when the URL is read.
            match segment {
                "." | ".." => path.push('-'),
                _ => path.push_str(segment),
            }
        }
        if raw.ends_with('/') || path.is_empty() {
            path.push('/');
        }
        path
    }

    /// Whether the pattern's result depends on more than where a file stands and what it is called.
    pub(super) fn needs_content(&self) -> bool {
        self.0
            .iter()
            .any(|part| matches!(part, Part::Token(Token::Title | Token::Id | Token::Category)))
    }
}

fn unknown(name: &str) -> String {
    let nearest = TOKENS
        .iter()
        .map(|(known, _)| (strsim::damerau_levenshtein(known, name), *known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    let all = TOKENS.map(|(known, _)| format!("{{{known}}}")).join(" ");
    match nearest {
        Some((_, known)) => {
            format!("has an unknown token `{{{name}}}`; did you mean `{{{known}}}`?")
        }
        None => format!("has an unknown token `{{{name}}}`; the tokens are {all}"),
    }
}

fn value(token: Token, values: &Values<'_>) -> String {
    match token {
        Token::Path => match values.named_slug {
            Some(named) => {
                let folder = values.path.rfind('/').map_or("", |at| &values.path[..=at]);
                format!("{}{}", encode(folder, true), encode(named, false))
            }
            None => encode(values.path, true),
        },
        Token::File => encode(values.file, false),
        Token::Slug => encode(values.named_slug.unwrap_or(values.bare_file), false),
        Token::Title => encode(&slug(values.title), false),
        Token::Section => encode(values.section, false),
        Token::Category => encode(values.category, false),
        Token::Id => encode(values.id, false),
        Token::Year => date(values, "%Y"),
        Token::Month => date(values, "%m"),
        Token::Day => date(values, "%d"),
    }
}

fn date(values: &Values<'_>, format: &str) -> String {
    values.day.map(|day| day.format(format).to_string()).unwrap_or_default()
}

/// NFC, runs of white space as `-`, percent-encoded; slashes stay where they part segments.
fn encode(text: &str, slashes: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for (n, segment) in text.split('/').enumerate() {
        if n > 0 {
            encoded.push_str(if slashes { "/" } else { "%2F" });
        }
        let mut name = String::with_capacity(segment.len());
        let mut gap = false;
        for c in segment.trim().nfc() {
            if c.is_whitespace() {
                gap = true;
            } else {
                if gap {
                    name.push('-');
                }
                gap = false;
                name.push(c);
            }
        }
        encoded.extend(utf8_percent_encode(&name, SEGMENT));
    }
    encoded
}

/// The path of a file as a server shows it, percent-encoded but otherwise as it is.
pub(super) fn encoded_path(path: &str) -> String {
    let segments: Vec<String> =
        path.split('/').map(|part| utf8_percent_encode(part, SEGMENT).to_string()).collect();
    segments.join("/")
}

/// Puts `-N` on the last segment of a URL's path, for an article whose address another of its
/// document already has. Where there is no segment it becomes one: `-N` on a host is another host.
pub(super) fn numbered(url: &str, n: usize) -> String {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    if after_scheme.split_once('/').is_none_or(|(_, path)| path.is_empty()) {
        return format!("{}/{n}/", url.trim_end_matches('/'));
    }
    let (path, slash) = url.strip_suffix('/').map_or((url, ""), |path| (path, "/"));
    format!("{path}-{n}{slash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(pattern: &str, values: &Values<'_>) -> String {
        Pattern::parse(pattern).unwrap().expand(values)
    }

    fn values() -> Values<'static> {
        Values {
            path: "world/2024-02-18-The Big  Day",
            file: "2024-02-18-The Big  Day",
            bare_file: "The Big  Day",
            title: "Мир & труд",
            section: "world",
            day: NaiveDate::from_ymd_opt(2024, 2, 8),
            ..Values::default()
        }
    }

    #[test]
    fn patterns_expand() {
        let v = values();
        for (pattern, path) in [
            ("/{path}/", "/world/2024-02-18-The-Big-Day/"),
            ("/{section}/{category}/{slug}/", "/world/The-Big-Day/"),
            ("/{year}/{month}/{day}/{file}.html", "/2024/02/08/2024-02-18-The-Big-Day.html"),
            ("/n/{title}", "/n/%D0%BC%D0%B8%D1%80-%D1%82%D1%80%D1%83%D0%B4"),
            ("/{id}/", "/"),
        ] {
            assert_eq!(expand(pattern, &v), path, "{pattern}");
        }
    }

    #[test]
    fn a_named_slug_is_the_last_part() {
        let v = Values { named_slug: Some("peace/now"), ..values() };
        assert_eq!(expand("/{path}/", &v), "/world/peace%2Fnow/");
        assert_eq!(expand("/{slug}", &v), "/peace%2Fnow");
        let v = Values { path: "..", ..Values::default() };
        assert_eq!(expand("/{path}/x", &v), "/-/x");
    }

    #[test]
    fn mistakes_point_at_their_place() {
        for (pattern, offset, part) in [
            ("{path}", 0, "begin with"),
            ("https://x.example/{path}", 0, "begin with"),
            ("/{pth}/", 1, "did you mean `{path}`"),
            ("/{author}/", 1, "the tokens are {path}"),
            ("/é/{path", 4, "without its partner"),
            ("/a}/{path}", 2, "without its partner"),
            ("/{path}?x", 7, "a character that no path has"),
            ("/{year}/", 0, "many articles one link"),
        ] {
            let error = check(pattern).unwrap_err();
            assert_eq!(error.offset, offset, "{pattern}");
            assert!(error.message.contains(part), "{pattern}: {error}");
        }
        assert_eq!(check("/{section}/{year}/{month}/{slug}/"), Ok(()));
    }

    #[test]
    fn numbers_go_on_the_last_segment() {
        assert_eq!(numbered("https://x.example/a/b/", 2), "https://x.example/a/b-2/");
        assert_eq!(numbered("https://x.example/a", 3), "https://x.example/a-3");
        assert_eq!(numbered("https://x.example/", 43), "https://x.example/43/");
        assert_eq!(numbered("https://x.example", 43), "https://x.example/43/");
    }
}
