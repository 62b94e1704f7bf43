//! The sample newsroom's podcast against Apple's list, line by line. Printed with
//! `cargo test podcast::apple -- --nocapture`.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::path::Path;

use feedwright::feed::podcast::{CATEGORIES, is_artwork};
use roxmltree::{Document, Node};

use crate::support::Newsroom;

const LIST: &str = include_str!("apple.tsv");

const SPACES: [(&str, &str); 2] = [
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("podcast", "https://podcastindex.org/namespace/1.0"),
];

/// The sample newsroom of the repository, regenerated in a folder of its own.
fn sample() -> Newsroom {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let newsroom =
        Newsroom::new(&[("feeds.toml", std::fs::read(root.join("feeds.toml")).unwrap())]);
    let mut folders = vec![root.join("content")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                newsroom.write(&name, std::fs::read(path).unwrap());
            }
        }
    }
    newsroom.regenerate_well();
    newsroom
}

/// The texts at a path of elements, or of an attribute.
fn texts(of: Node<'_, '_>, path: &str) -> Vec<String> {
    let (path, attribute) = path.split_once('@').map_or((path, None), |(p, a)| (p, Some(a)));
    let mut nodes = vec![of];
    for name in path.split('/') {
        let (space, local) = match name.split_once(':') {
            Some((prefix, local)) => {
                (SPACES.iter().find(|(p, _)| *p == prefix).map(|(_, space)| *space), local)
            }
            None => (None, name),
        };
        let is =
            |n: &Node<'_, '_>| n.tag_name().name() == local && n.tag_name().namespace() == space;
        nodes = nodes.iter().flat_map(|n| n.children()).filter(is).collect();
    }
    let text = |n: Node<'_, '_>| match attribute {
        Some(name) => n.attribute(name).map(str::to_owned),
        None => Some(n.text().unwrap_or_default().to_owned()),
    };
    nodes.into_iter().filter_map(text).collect()
}

/// Whether a text is as a rule wants it.
fn fits(newsroom: &Newsroom, rule: &str, text: &str) -> bool {
    let ends = |endings: &[&str]| endings.iter().any(|ending| text.ends_with(ending));
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    if let Some(most) = rule.strip_prefix("text ") {
        return !text.trim().is_empty() && text.chars().count() <= most.parse().unwrap();
    }
    match rule {
        "language" => text.len() >= 2 && text.bytes().take(2).all(|b| b.is_ascii_lowercase()),
        "picture" => is_web && ends(&[".jpg", ".jpeg", ".png"]),
        "artwork" => {
            let below = text.strip_prefix("https://gazette.example/").unwrap();
            let size = imagesize::size(newsroom.path("content").join(below)).unwrap();
            is_artwork(u32::try_from(size.width).unwrap(), u32::try_from(size.height).unwrap())
        }
        "category" => CATEGORIES.iter().any(|(name, _)| *name == text),
        "subcategory" => CATEGORIES.iter().any(|(_, below)| below.contains(&text)),
        "url" => is_web,
        "email" => text.contains('@'),
        "recording" => is_web && ends(&[".m4a", ".mp3", ".mov", ".mp4", ".m4v", ".pdf", ".epub"]),
        "positive" => text.parse::<u64>().is_ok_and(|n| n > 0),
        "media" => text.starts_with("audio/") || text.starts_with("video/"),
        "date" => chrono::DateTime::parse_from_rfc2822(text).is_ok(),
        "absent" => false,
        words => words.split('|').any(|word| word == text),
    }
}

#[test]
fn the_sample_has_what_apple_asks_for() {
    let newsroom = sample();
    let rss = newsroom.read("public/feeds/podcast.rss");
    let rss = Document::parse(&rss).unwrap();
    let channel = rss.descendants().find(|n| n.has_tag_name("channel")).unwrap();
    let items: Vec<_> = channel.children().filter(|n| n.has_tag_name("item")).collect();
    assert!(items.len() >= 2, "a podcast of some episodes");
    let mut wrong = Vec::new();
    let lines: Vec<&str> = LIST.lines().filter(|l| !l.starts_with('#')).collect();
    assert!(lines.len() > 30);
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let [level, place, written, says] = cells[..] else { panic!("{line}") };
        let (rule, may_lack) = written.strip_suffix('?').map_or((written, false), |r| (r, true));
        let (whole, path) = place.split_once('/').unwrap();
        let parents = if whole == "channel" { vec![channel] } else { items.clone() };
        for parent in parents {
            let found = texts(parent, path);
            let sound = if found.is_empty() {
                may_lack || rule == "absent"
            } else {
                found.iter().all(|text| fits(&newsroom, rule, text))
            };
            let sign = match (sound, found.is_empty()) {
                (false, _) => "WRONG",
                (true, true) => "-",
                (true, false) => "ok",
            };
            let shown: String = found.join(" | ").replace('\n', " ").chars().take(60).collect();
            let told = format!("{sign:5} {level} {place:45} {says}: {shown}");
            println!("{told}");
            if !sound {
                wrong.push(told);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
