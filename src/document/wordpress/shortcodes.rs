//! The shortcodes that WordPress brings, and what they become for readers. One that only a plugin
//! knows goes, its inner text stays, and its name is told. What isn't a shortcode, such as `[sic]` or
//! `[1]`, stays as it is: a plugin's are known by their shape, as nobody has a list of them all.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::embed::{self, Args};
use super::super::plain::escape;
use super::autop::stands_in;
use super::embeds::{embedded, is_web};
use super::markup::{Code, Finder, attributes, tags};
use super::media::{self, Attachment};

/// Those that WordPress itself brings.
const OWN: [&str; 7] = ["caption", "wp_caption", "gallery", "playlist", "audio", "video", "embed"];
/// Players of plugins for what is the post's enclosure anyway, and marks that say nothing to a reader.
const SILENT: [&str; 6] =
    ["powerpress", "ss_player", "podcast_subscribe", "toc", "ez-toc", "no_toc"];
/// Longer ones are a sentence in brackets.
const ATTRIBUTES_BYTES_MAX: usize = 4_096;
/// Inner texts are looked into so often.
const DEPTH_MAX: u32 = 12;

/// What shortcodes may refer to.
pub(super) struct Referred<'a> {
    /// The post's number.
    pub(super) post: i64,
    /// The files that it may show.
    pub(super) attachments: &'a [Attachment],
}

/// A text being rid of its shortcodes.
pub(super) struct Replace<'a> {
    referred: &'a Referred<'a>,
    /// Names that weren't known, in the order of the text; one may stand several times.
    pub(super) unknown: Vec<String>,
}

/// Shortcodes that are alone in their paragraph stand on their own.
pub(super) fn unparagraphed(html: &str) -> String {
    if !html.contains("<p>") || !html.contains('[') {
        return html.to_owned();
    }
    let inside = tags(html);
    let code = code_ranges(html);
    let mut finder = Finder::new(html);
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    for (open, _) in html.match_indices("<p>") {
        if open < at {
            continue;
        }
        let start = open + 3 + spaces(&html[open + 3..]);
        if !html[start..].starts_with('[') {
            continue;
        }
        let Some(found) = finder.at(start) else { continue };
        let bare = found.content.is_none() && !found.closed && found.attributes.trim().is_empty();
        let lone_word = bare && !found.name.contains('_') && !SILENT.contains(&found.name);
        let own = OWN.contains(&found.name);
        if !own && (lone_word || !is_plugins(&found, html, &inside, &code)) {
            continue;
        }
        let opened = start + 1 + html[start + 1..].find(']').map_or(0, |end| end + 1);
        for end in [found.range.end, opened] {
            let close = end + spaces(&html[end..]);
            if html[close..].starts_with("</p>") {
                out.push_str(&html[at..open]);
                out.push_str(&html[start..end]);
                at = close + 4;
                break;
            }
        }
    }
    out.push_str(&html[at..]);
    out
}

/// Bytes of the white space that a text begins with, hard spaces among it.
fn spaces(text: &str) -> usize {
    let mut rest = text;
    loop {
        let next = rest.trim_start_matches(['\r', '\n', '\t', ' ', '\u{a0}']);
        let next = next.strip_prefix("&nbsp;").unwrap_or(next);
        if next.len() == rest.len() {
            return text.len() - rest.len();
        }
        rest = next;
    }
}

/// What stands in `<pre>` or `<code>`: brackets there are a program's.
fn code_ranges(html: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for name in ["pre", "code"] {
        let (open, close) = (format!("<{name}"), format!("</{name}>"));
        let mut at = 0;
        while let Some(found) = html[at..].find(&open) {
            let start = at + found;
            let Some(end) = html[start..].find(&close) else { break };
            ranges.push(start..start + end);
            at = start + end;
        }
    }
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// Whether this is a plugin's shortcode and no bracket of a sentence: it has an end of its own,
/// named values, a name that no sentence has, or a paragraph to itself.
fn is_plugins(
    code: &Code<'_>,
    text: &str,
    inside: &[Range<usize>],
    programs: &[Range<usize>],
) -> bool {
    let start = code.range.start;
    if stands_in(inside, start) || stands_in(programs, start) {
        return false;
    }
    let name = code.name;
    if !name.starts_with(|c: char| c.is_ascii_lowercase())
        || name.bytes().any(|b| b.is_ascii_uppercase())
        || name.len() < 2
    {
        return false;
    }
    if text[code.range.end..].starts_with('(') {
        return false;
    }
    let rest = code.attributes;
    if !rest.is_empty() && !rest.starts_with(|c: char| c.is_whitespace() || c == '=') {
        return false;
    }
    if rest.len() > ATTRIBUTES_BYTES_MAX || rest.contains('[') {
        return false;
    }
    let named = attributes(rest).iter().any(|(name, _)| !name.is_empty()) || rest.starts_with('=');
    let compound = name.contains('_') || name.contains('-') && rest.trim().is_empty();
    let alone = text[..start].ends_with("<p>") && text[code.range.end..].starts_with("</p>");
    code.content.is_some()
        || code.closed
        || named
        || compound
        || SILENT.contains(&name)
        || alone && rest.trim().is_empty()
        || embed_known(code)
}

fn embed_known(code: &Code<'_>) -> bool {
    matches!(code.name, "youtube" | "vimeo" | "tweet" | "gist" | "instagram")
        && !code.attributes.trim().is_empty()
}

impl<'a> Replace<'a> {
    pub(super) fn new(referred: &'a Referred<'a>) -> Replace<'a> {
        Replace { referred, unknown: Vec::new() }
    }

    /// The text with every shortcode as what it becomes.
    pub(super) fn all(&mut self, text: &str) -> String {
        self.at_depth(text, 0)
    }

    fn at_depth(&mut self, text: &str, depth: u32) -> String {
        if !text.contains('[') {
            return text.to_owned();
        }
        let inside = tags(text);
        let programs = code_ranges(text);
        let mut finder = Finder::new(text);
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        let mut from = 0;
        while let Some(found) = memchr::memchr(b'[', &text.as_bytes()[from..]) {
            let start = from + found;
            from = start + 1;
            let doubled = text[start + 1..].starts_with('[');
            let Some(code) = finder.at(start + usize::from(doubled)) else { continue };
            let own = OWN.contains(&code.name) && !stands_in(&inside, code.range.start);
            if !own && !is_plugins(&code, text, &inside, &programs) {
                continue;
            }
            out.push_str(&text[at..start]);
            if doubled && text[code.range.end..].starts_with(']') {
                out.push_str(&text[code.range.clone()]);
                at = code.range.end + 1;
            } else {
                if doubled {
                    out.push('[');
                }
                out.push_str(&self.one(&code, depth));
                at = code.range.end;
            }
            from = at;
        }
        out.push_str(&text[at..]);
        out
    }

    fn one(&mut self, code: &Code<'_>, depth: u32) -> String {
        let named = attributes(code.attributes);
        let inner = code.content.unwrap_or_default();
        match code.name {
            "caption" | "wp_caption" => self.caption(&named, inner, depth),
            "gallery" => self.gallery(&named),
            "playlist" => self.playlist(&named),
            "audio" | "video" => self.recording(code.name, &named),
            "embed" => String::new(),
            name if SILENT.contains(&name) => String::new(),
            name => {
                if let Some(html) = third_party(name, code.attributes, inner) {
                    return html;
                }
                self.unknown.push(name.to_owned());
                if depth >= DEPTH_MAX {
                    return inner.to_owned();
                }
                self.at_depth(inner, depth + 1)
            }
        }
    }

    fn caption(&mut self, named: &[(String, String)], inner: &str, depth: u32) -> String {
        static IMAGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"(?is)((?:<a [^>]+>\s*)?<img [^>]+>(?:\s*</a>)?)(.*)").ok()
        });
        let (image, caption) = match value(named, "caption") {
            Some(caption) => (inner, caption.to_owned()),
            None => match IMAGE.as_ref().and_then(|rule| rule.captures(inner)) {
                Some(found) => {
                    let part = |n: usize| found.get(n).map_or("", |part| part.as_str());
                    (part(1), part(2).trim().to_owned())
                }
                None => (inner, String::new()),
            },
        };
        if caption.is_empty() {
            return image.to_owned();
        }
        let image = if depth < DEPTH_MAX { self.at_depth(image, depth + 1) } else { image.into() };
        format!("<figure>{image}<figcaption>{caption}</figcaption></figure>")
    }

    /// The files that a shortcode names, or those of the post.
    fn files(&self, named: &[(String, String)], kind: &str) -> Vec<&'a Attachment> {
        let attachments = self.referred.attachments;
        let numbers = |list: &str| -> Vec<i64> {
            list.split([',', ' ']).filter_map(|number| number.trim().parse().ok()).collect()
        };
        let listed = value(named, "ids").filter(|list| !list.is_empty());
        let include = listed.or(value(named, "include")).filter(|list| !list.is_empty());
        let mut files: Vec<&Attachment> = match include {
            Some(list) => {
                let mut seen = BTreeSet::new();
                let known = |number: i64| attachments.iter().find(|a| a.id == number);
                numbers(list).into_iter().filter(|n| seen.insert(*n)).filter_map(known).collect()
            }
            None => {
                let post = value(named, "id").and_then(|id| id.trim().parse().ok());
                let post = post.unwrap_or(self.referred.post);
                let left_out = value(named, "exclude").map(numbers).unwrap_or_default();
                let of = |a: &&Attachment| a.parent == post && !left_out.contains(&a.id);
                attachments.iter().filter(of).collect()
            }
        };
        files.retain(|file| file.is(kind));
        match value(named, "orderby") {
            None | Some("") if listed.is_some() => {}
            Some("post__in" | "rand") => {}
            Some("title") => files.sort_by(|a, b| a.title.cmp(&b.title)),
            Some("ID" | "id" | "date" | "post_date") => files.sort_by_key(|a| a.id),
            _ => files.sort_by_key(|a| (a.order, a.id)),
        }
        if value(named, "order").is_some_and(|order| order.eq_ignore_ascii_case("desc")) {
            files.reverse();
        }
        files
    }

    fn gallery(&self, named: &[(String, String)]) -> String {
        let figures = self.files(named, "image").into_iter().map(media::figure);
        figures.collect::<Vec<_>>().join("\n")
    }

    fn playlist(&self, named: &[(String, String)]) -> String {
        let kind = if value(named, "type") == Some("video") { "video" } else { "audio" };
        let players = self.files(named, kind).into_iter().map(|file| {
            let title = escape(&file.title);
            let player = media::player(kind, &file.url, None);
            format!("<figure>{player}<figcaption>{title}</figcaption></figure>")
        });
        players.collect::<Vec<_>>().join("\n")
    }

    fn recording(&self, kind: &str, named: &[(String, String)]) -> String {
        const ENDINGS: [&str; 14] = [
            "src", "mp3", "ogg", "flac", "m4a", "wav", "mp4", "m4v", "webm", "ogv", "flv", "url",
            "aac", "opus",
        ];
        let url = ENDINGS.iter().find_map(|name| value(named, name)).filter(|url| !url.is_empty());
        let own = || self.files(&[], kind).first().map(|file| file.url.as_str());
        let Some(url) = url.or_else(own) else { return String::new() };
        if let Some(player) = embed::of_address(url) {
            return player;
        }
        media::player(kind, url, value(named, "poster").filter(|poster| !poster.is_empty()))
    }
}

/// Shortcodes of Jetpack and others for other people's pages.
fn third_party(name: &str, written: &str, inner: &str) -> Option<String> {
    let written = written.trim().trim_start_matches('=');
    let first = written.split_whitespace().next().unwrap_or(inner.trim()).trim_matches('"');
    if matches!(name, "youtube" | "vimeo" | "tweet" | "instagram" | "gist") && is_web(first) {
        return Some(embedded(first));
    }
    match name {
        "youtube" | "vimeo" => embed::player_of(name, &Args::parse(written)),
        _ => None,
    }
}

fn value<'n>(named: &'n [(String, String)], name: &str) -> Option<&'n str> {
    named.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
