//! What isn't a feed: a web page, which may name its feeds; an empty, binary or other document.

use html5ever::tokenizer::TagKind;

use super::html::{attribute, tags};
use super::sheet::{Sheet, quote};
use super::{Rule, error};
use crate::problem::{Code, counted};

const NOT_A_FEED: Rule = error(
    Code::new("feed-not-a-feed"),
    "a feed is RSS (`<rss>`), Atom (`<feed>`) or JSON Feed (`{`); is the address right?",
);

/// Feeds that a page names and a message repeats.
const FEEDS_MAX: usize = 20;

/// Types of feeds, as pages name them.
const TYPES: &[&str] =
    &["application/atom+xml", "application/feed+json", "application/json", "application/rss+xml"];

pub(super) fn no_feed(sheet: &mut Sheet<'_>, what: &str) {
    sheet.tell(&NOT_A_FEED, 0, format!("{what}, and so no feed"));
}

/// Whether a text begins as a web page does.
pub(super) fn is_page(text: &str) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let skipped = rest
            .strip_prefix("<?xml")
            .and_then(|r| r.split_once("?>"))
            .or_else(|| rest.strip_prefix("<!--").and_then(|r| r.split_once("-->")));
        match skipped {
            Some((_, after)) => rest = after,
            None => break,
        }
    }
    let begin: String = rest.chars().take(14).collect::<String>().to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| begin.starts_with(tag))
}

/// Tells that a page isn't a feed, and which feeds it names (HTML, `link rel=alternate`).
pub(super) fn page(sheet: &mut Sheet<'_>) {
    let base = sheet.hints.url.and_then(|url| url::Url::parse(url).ok());
    let mut feeds: Vec<String> = tags(sheet.text)
        .iter()
        .filter(|tag| tag.kind == TagKind::StartTag && &*tag.name == "link")
        .filter(|tag| {
            let rels = attribute(tag, "rel").unwrap_or_default().to_ascii_lowercase();
            let media = attribute(tag, "type").unwrap_or_default().to_ascii_lowercase();
            rels.split_ascii_whitespace().any(|rel| rel == "alternate")
                && TYPES.contains(&media.trim())
        })
        .filter_map(|tag| attribute(tag, "href"))
        .map(|href| match base.as_ref().and_then(|base| base.join(href.trim()).ok()) {
            Some(absolute) => absolute.to_string(),
            None => href.trim().to_owned(),
        })
        .map(|href| quote(&href))
        .collect();
    let more = match feeds.len().saturating_sub(FEEDS_MAX) {
        0 => String::new(),
        more => format!(", and {}", counted(more as u64, "other", "others")),
    };
    feeds.truncate(FEEDS_MAX);
    let message = if feeds.is_empty() {
        "this is a web page, which names no feed, and so no feed".to_owned()
    } else {
        format!("this is a web page, and no feed; it names these: {}{more}", feeds.join(", "))
    };
    sheet.tell(&NOT_A_FEED, 0, message);
}
