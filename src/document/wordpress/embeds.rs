//! What is put in before paragraphs are made: the texts of programs, `[embed]`, and addresses that stand
//! alone on their line, for which WordPress would ask other people's servers.

use std::sync::LazyLock;

use regex::Regex;

use super::super::embed;
use super::super::plain::escape;
use super::autop::{in_elements, stands_in};
use super::markup::{Finder, attributes, tags};
use super::media;

/// Shortcodes that hold the text of a program.
const SOURCE: [&str; 3] = ["code", "sourcecode", "source"];

/// Programs become `<pre>` before anything else touches them.
pub(super) fn sources(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut finder = Finder::new(text);
    let mut at = 0;
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'[', &text.as_bytes()[from..]) {
        let start = from + found;
        from = start + 1;
        if text[..start].ends_with('[') {
            continue;
        }
        let Some(code) = finder.at(start).filter(|code| SOURCE.contains(&code.name)) else {
            continue;
        };
        let Some(inner) = code.content else { continue };
        out.push_str(&text[at..start]);
        let inner = inner.trim_matches(['\r', '\n']);
        // The visual editor has escaped it already.
        let inner = match inner.contains("&lt;") || inner.contains("&gt;") {
            true => inner.replace('<', "&lt;").replace('>', "&gt;"),
            false => escape(inner),
        };
        // No shortcode either, and no line break of the text's.
        let inner = inner.replace('[', "&#91;").replace(']', "&#93;");
        out.push_str(&format!("<pre><code>{inner}</code></pre>"));
        at = code.range.end;
        from = at;
    }
    out.push_str(&text[at..]);
    out
}

/// `[embed]` and addresses that stand alone on their line or in their paragraph.
pub(super) fn embeds(text: &str) -> String {
    static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?im)^([\t\n\x0B\x0C\r ]*)(https?://[^\s<>"]+)([\t\n\x0B\x0C\r ]*)$"#).ok()
    });
    static PARAGRAPH: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"(?i)(<p(?: [^>]*)?>[\t\n\x0B\x0C\r ]*)(https?://[^\s<>"]+)([\t\n\x0B\x0C\r ]*</p>)"#,
        )
        .ok()
    });
    const BREAK: &str = "<!-- wp-line-break -->";
    let mut text = named_embeds(text);
    if !text.contains("http") && !text.contains("HTTP") {
        return text;
    }
    text = in_elements(&text, "\n", BREAK);
    for rule in [&LINE, &PARAGRAPH] {
        if let Some(rule) = rule.as_ref() {
            text = rule
                .replace_all(&text, |found: &regex::Captures<'_>| {
                    format!("{}{}{}", &found[1], embedded(&found[2]), &found[3])
                })
                .into_owned();
        }
    }
    text.replace(BREAK, "\n")
}

fn named_embeds(text: &str) -> String {
    if !text.contains("[embed") {
        return text.to_owned();
    }
    let inside = tags(text);
    let mut finder = Finder::new(text);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, _) in text.match_indices("[embed") {
        if start < at || text[..start].ends_with('[') || stands_in(&inside, start) {
            continue;
        }
        let Some(code) = finder.at(start).filter(|code| code.name == "embed") else { continue };
        let named = attributes(code.attributes);
        let src = named.iter().find(|(name, _)| name == "src").map(|(_, value)| value.as_str());
        let url = code.content.map(str::trim).filter(|url| !url.is_empty()).or(src);
        out.push_str(&text[at..start]);
        if let Some(url) = url.filter(|url| is_web(url)) {
            out.push_str(&embedded(url));
        }
        at = code.range.end;
    }
    out.push_str(&text[at..]);
    out
}

pub(super) fn is_web(url: &str) -> bool {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    (lower.starts_with("http://") || lower.starts_with("https://"))
        && !url.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
}

/// What stands for an address that WordPress would ask its provider about: a player where readers
/// keep one, else a link.
pub(super) fn embedded(url: &str) -> String {
    let plain = url.replace("&#038;", "&").replace("&amp;", "&");
    if let Some(kind) = media::recording(&plain) {
        return media::player(kind, &plain, None);
    }
    if let Some(player) = embed::of_address(&plain) {
        return player;
    }
    let url = escape(&plain);
    format!("<a href=\"{url}\">{url}</a>")
}
