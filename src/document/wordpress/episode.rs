//! Recordings attached to a post, and what plugins for podcasts say of them: WordPress's own
//! `enclosure` fields, PowerPress (which adds a fourth line to them) and Seriously Simple Podcasting.

use serde_json::{Map, Value as Json, json};

use super::Post;
use super::php::Php;
use crate::document::columns::Columns;

/// The columns of a post's recordings; none of one without.
pub(super) fn columns(columns: &mut Columns, post: &Post) {
    let mut enclosures: Vec<Json> = Vec::new();
    let mut powerpress = None;
    for value in post.meta_values("enclosure") {
        let mut lines = value.lines().map(str::trim);
        let Some(url) = lines.next().filter(|url| !url.is_empty()) else { continue };
        let mut map = Map::new();
        map.insert("url".to_owned(), json!(url));
        if let Some(bytes) = lines.next().and_then(|n| n.parse::<u64>().ok()).filter(|n| *n > 0) {
            map.insert("length".to_owned(), json!(bytes));
        }
        if let Some(kind) = lines.next().filter(|kind| kind.contains('/')) {
            map.insert("type".to_owned(), json!(kind));
        }
        let more = value.splitn(4, '\n').nth(3).and_then(Php::parse);
        if let Some(text) = more.as_ref().and_then(|more| more.get("duration")?.text()) {
            map.insert("duration".to_owned(), json!(text));
        }
        powerpress = powerpress.or(more);
        enclosures.push(Json::Object(map));
    }
    let simple = seriously_simple(post);
    if enclosures.is_empty() {
        enclosures.extend(simple);
    }
    if enclosures.is_empty() {
        return;
    }
    columns.json("enclosures", Json::from(enclosures));
    let of_powerpress = |keys: &[&str]| {
        let value = powerpress.as_ref()?;
        keys.iter().find_map(|key| value.get(key)?.text()).filter(|text| !text.trim().is_empty())
    };
    for (column, simple, others) in FIELDS {
        let own = simple.iter().find_map(|key| post.meta(key)).map(str::to_owned);
        let text = own.or_else(|| of_powerpress(others)).unwrap_or_default();
        columns.text(column, &text.replace('&', "&amp;"));
    }
    let explicit = of_powerpress(&["explicit"]);
    let explicit = post.meta("explicit").map(str::to_owned).or(explicit);
    columns.text("explicit", is_explicit(explicit.as_deref()));
    let blocked = post.meta("block").map(str::to_owned).or_else(|| of_powerpress(&["block"]));
    columns.text("itunes_block", if blocked.as_deref().is_some_and(is_yes) { "yes" } else { "" });
}

/// Our column, and how the plugins call it: Seriously Simple Podcasting's meta fields, PowerPress's
/// keys.
const FIELDS: [(&str, &[&str], &[&str]); 6] = [
    ("itunes_title", &["itunes_title"], &["episode_title"]),
    ("episode", &["itunes_episode_number"], &["episode_no"]),
    ("season", &["itunes_season_number"], &["season"]),
    ("episode_type", &["itunes_episode_type"], &["episode_type"]),
    ("transcript", &[], &["pci_transcript_url"]),
    ("chapters", &[], &["pci_chapters_url"]),
];

/// PowerPress writes 1 for yes and 2 for clean; the other `on`.
fn is_explicit(written: Option<&str>) -> &'static str {
    match written.map(str::trim) {
        Some("1" | "yes" | "on" | "true" | "explicit") => "yes",
        Some("2" | "clean" | "no" | "false") => "no",
        _ => "",
    }
}

fn is_yes(written: &str) -> bool {
    matches!(written.trim(), "1" | "yes" | "on" | "true")
}

/// The recording of an episode as Seriously Simple Podcasting keeps it.
fn seriously_simple(post: &Post) -> Option<Json> {
    let url = post.meta("audio_file")?.trim();
    let mut map = Map::new();
    map.insert("url".to_owned(), json!(url));
    if let Some(bytes) = post.meta("filesize_raw").and_then(|n| n.trim().parse::<u64>().ok()) {
        map.insert("length".to_owned(), json!(bytes));
    }
    if let Some(duration) = post.meta("duration") {
        map.insert("duration".to_owned(), json!(duration.trim()));
    }
    Some(Json::Object(map))
}
