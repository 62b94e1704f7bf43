//! Podcasts, from the files beside the articles to what a directory would refuse. `media/` holds the
//! smallest files of each kind.

mod apple;

use std::path::Path;

use feedwright::document::Measured;
use feedwright::source::directory;

use crate::support::{Newsroom, SITE};

fn media() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/media")
}

#[test]
fn media_are_measured_by_their_content() {
    let options = directory::Options {
        root: media(),
        shown: String::new(),
        include: Vec::new(),
        exclude: Vec::new(),
    };
    for (file, media_type, pixels, seconds) in [
        ("cover.png", Some("image/png"), Some((3000, 3000)), None),
        ("wide.png", Some("image/png"), Some((1600, 900)), None),
        ("really-png.jpg", Some("image/png"), Some((32, 16)), None),
        ("photo.jpg", Some("image/jpeg"), Some((600, 400)), None),
        ("dot.gif", Some("image/gif"), Some((1, 2)), None),
        ("cut.png", Some("image/png"), None, None),
        ("signal.mp3", Some("audio/mpeg"), None, Some(3)),
        ("tone.wav", Some("audio/wav"), None, Some(2)),
        ("tone.flac", Some("audio/flac"), None, Some(3)),
        ("tone.opus", Some("audio/ogg"), None, Some(4)),
        ("tone.m4a", Some("audio/x-m4a"), None, Some(5)),
        ("text.mp3", None, None, None),
        ("empty.mp3", None, None, None),
    ] {
        let (_, found) = directory::measure(&options, file).unwrap_or_else(|| panic!("{file}"));
        let bytes = std::fs::metadata(media().join(file)).map_or(0, |meta| meta.len());
        let expected = Measured {
            bytes,
            media_type,
            width: pixels.map(|p| p.0),
            height: pixels.map(|p| p.1),
            duration_s: seconds,
        };
        assert_eq!(found, expected, "{file}");
    }
    assert_eq!(directory::measure(&options, "none.mp3"), None);
}

/// A newsroom with one podcast; `table` is what `[feed.podcast]` says.
fn newsroom(table: &str, files: &[(&str, &str)]) -> Newsroom {
    let feed = "[[feed]]\nname = \"podcast\"\nall = [\"section:podcast\"]\n[feed.podcast]\n";
    let newsroom = Newsroom::new(&[(
        "feeds.toml",
        format!("{SITE}\n{feed}{table}\n[[feed]]\nname = \"{{section}}\"\neach = \"section\"\n"),
    )]);
    for (path, text) in files {
        match text.strip_prefix("media:") {
            Some(file) => {
                let bytes = std::fs::read(media().join(file)).unwrap_or_default();
                newsroom.write(path, bytes);
            }
            None => newsroom.write(path, text),
        }
    }
    newsroom
}

const SOUND: &str =
    "categories = [\"News > Daily News\"]\nexplicit = false\nimage = \"/podcast/cover.png\"\n";

fn told(newsroom: &Newsroom, command: &str) -> Vec<String> {
    let ended = newsroom.feedwright(&["--format", "json", command]);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
    let mut told: Vec<String> = report["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|p| {
            format!(
                "{}:{} {} {}",
                p["path"].as_str().unwrap_or_default(),
                p["line"],
                p["code"].as_str().unwrap_or_default(),
                p["message"].as_str().unwrap_or_default()
            )
        })
        .filter(|p| p.contains("podcast-") || p.contains("feed-name-twice"))
        .collect();
    told.sort();
    told
}

#[test]
fn a_sound_podcast_is_told_nothing_and_its_media_are_measured() {
    let newsroom = newsroom(
        SOUND,
        &[
            ("content/podcast/cover.png", "media:cover.png"),
            ("content/podcast/one/episode.mp3", "media:signal.mp3"),
            (
                "content/podcast/one/index.md",
                "---\ntitle: \"Episode 1: Fog\"\ndate: 2026-10-01\naudio: episode.mp3\nepisode: 1\n---\n\nText.\n",
            ),
        ],
    );
    newsroom.regenerate_well();
    assert_eq!(told(&newsroom, "check"), [""; 0]);
    assert_eq!(told(&newsroom, "regenerate"), [""; 0]);
    let rss = newsroom.read("public/feeds/podcast.rss");
    for expected in [
        "<enclosure url=\"https://gazette.example/podcast/one/episode.mp3\" length=\"9288\" type=\"audio/mpeg\"/>",
        "<itunes:duration>3</itunes:duration>",
        "<itunes:title>Fog</itunes:title>",
        "<itunes:image href=\"https://gazette.example/podcast/cover.png\"/>",
        "<itunes:type>episodic</itunes:type>",
    ] {
        assert!(rss.contains(expected), "{expected}\n{rss}");
    }
    // Another recording under the same name is another edition.
    newsroom.write(
        "content/podcast/one/episode.mp3",
        std::fs::read(media().join("tone.wav")).unwrap_or_default(),
    );
    newsroom.regenerate_well();
    let rss = newsroom.read("public/feeds/podcast.rss");
    assert!(rss.contains("length=\"16044\" type=\"audio/wav\""), "{rss}");
}

#[test]
fn each_fault_is_told_once_where_it_stands() {
    let episode = |more: &str| format!("---\ntitle: Fog\ndate: 2026-10-01\n{more}---\n\nText.\n");
    let newsroom = newsroom(
        "type = \"serial\"\nimage = \"/podcast/wide.png\"\n",
        &[
            ("content/podcast/wide.png", "media:wide.png"),
            ("content/podcast/none.md", &episode("")),
            (
                "content/podcast/remote.md",
                &episode("audio: https://cdn.example/1.mp3\nseason: 1\nepisode: 1\n"),
            ),
            (
                "content/podcast/ogg.md",
                &episode(
                    "audio: {url: \"https://cdn.example/1.ogg\", length: 5}\nseason: 1\nepisode: 2\n",
                ),
            ),
            (
                "content/podcast/number.md",
                &episode("audio: {url: \"https://cdn.example/2.mp3\", length: 5}\nepisode: 3\n"),
            ),
            (
                "content/podcast/trailer.md",
                &episode(
                    "audio: {url: \"https://cdn.example/3.mp3\", length: 5}\nepisode_type: trailer\n",
                ),
            ),
            (
                "content/podcast/wrong.md",
                &episode(
                    "audio: {url: \"https://cdn.example/4.mp3\", length: 5}\nseason: 1\nepisode: 4\nepisode_type: extra\nsoundbites: [{start: 1}]\nlocation: {name: Here, geo: 100}\ntranscript: nothing\n",
                ),
            ),
        ],
    );
    let expected = [
        "content/podcast/none.md:1 podcast-episode this article stands in a podcast, and has no recording",
        "content/podcast/number.md:1 podcast-episode the podcast is serial, and this episode has no season number",
        "content/podcast/ogg.md:1 podcast-recording Apple takes no recordings of the kind \".ogg\"",
        "content/podcast/remote.md:1 podcast-recording the recording's length in bytes isn't known; players are told 0",
        "content/podcast/wrong.md:10 podcast-invalid transcript can't be read",
        "content/podcast/wrong.md:7 podcast-invalid there is no type of episode \"extra\"",
        "content/podcast/wrong.md:8 podcast-invalid soundbites can't be read",
        "content/podcast/wrong.md:9 podcast-invalid location can't be read",
        "feeds.toml:15 podcast-incomplete `[feed.podcast]` has no `categories`: a podcast without a category is refused by Apple",
        "feeds.toml:15 podcast-incomplete `[feed.podcast]` has no `explicit`: a podcast that doesn't say whether it is explicit is refused by Apple",
        "feeds.toml:17 podcast-artwork the podcast's artwork isn't square: it has 1600 × 900 pixels; Apple refuses it",
    ];
    assert_eq!(told(&newsroom, "check"), expected);
    // A run that renders, and one that needn't, tell the same.
    assert_eq!(told(&newsroom, "regenerate"), expected);
    assert_eq!(told(&newsroom, "regenerate"), expected);
}

#[test]
fn a_feed_that_seems_to_be_a_podcast_is_told() {
    let newsroom = Newsroom::new(&[
        ("content/town/a.md", "---\ntitle: A\ndate: 2026-10-01\n---\n\nText.\n"),
        (
            "content/podcast/b.md",
            "---\ntitle: B\ndate: 2026-10-01\naudio: {url: \"https://cdn.example/1.mp3\", length: 5}\n---\n\nText.\n",
        ),
    ]);
    let told = told(&newsroom, "check");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("podcast-undeclared every article of the feed \"podcast\""),
        "{told:?}"
    );
}

#[test]
fn a_recording_that_is_not_there_is_told_at_its_line() {
    let newsroom = newsroom(
        SOUND,
        &[
            ("content/podcast/cover.png", "media:cover.png"),
            ("content/podcast/a.md", &episode("audio: none.mp3")),
            ("content/podcast/b/index.md", &episode("audio: {file: none.mp3, length: 7}")),
            // What stands somewhere on the site, or elsewhere, may well be there.
            ("content/podcast/c.md", &episode("audio: {url: /audio/c.mp3, length: 7}")),
            ("content/podcast/d.md", &episode("audio: {url: \"//cdn.example/d.mp3\", length: 7}")),
        ],
    );
    let missing: Vec<String> = problems(&newsroom, &["check"], "media-missing");
    assert_eq!(
        missing,
        [
            "content/podcast/a.md:4 audio names \"none.mp3\", and there is no such file",
            "content/podcast/b/index.md:4 audio names \"none.mp3\", and there is no such file",
        ]
    );
    // It comes, and the article that was waiting for it is read again.
    newsroom.write(
        "content/podcast/none.mp3",
        std::fs::read(media().join("signal.mp3")).unwrap_or_default(),
    );
    newsroom.remove("content/podcast/b");
    assert_eq!(problems(&newsroom, &["check"], "media-missing"), Vec::<String>::new());
}

#[test]
fn one_recording_is_told_once_and_artwork_that_nobody_saw_is_told() {
    let newsroom = newsroom(
        "categories = [\"News\"]\nexplicit = false\nimage = \"/cover.png\"\nowner_email = \"a@b.example\"\n",
        &[
            ("content/podcast/tone.wav", "media:tone.wav"),
            ("content/podcast/a.md", &episode("audio: tone.wav")),
        ],
    );
    let told = problems(&newsroom, &["check"], "");
    let of = |code: &str| told.iter().filter(|t| t.contains(code)).count();
    assert_eq!(of("Apple takes no recordings of the kind \".wav\""), 1, "{told:#?}");
    assert_eq!(of("Apple doesn't play"), 0, "{told:#?}");
    assert_eq!(of("/cover.png isn't among the files of any source"), 1, "{told:#?}");
}

#[test]
fn some_recordings_do_not_make_news_a_podcast_whoever_looks() {
    let newsroom =
        Newsroom::new(&[("feeds.toml", format!("{SITE}\n[[feed]]\nname = \"latest\"\n"))]);
    newsroom.write("content/a.mp3", std::fs::read(media().join("signal.mp3")).unwrap_or_default());
    newsroom.write("content/tone.wav", std::fs::read(media().join("tone.wav")).unwrap_or_default());
    newsroom.write("content/a.md", episode("audio: a.mp3"));
    newsroom.write("content/w.md", episode("audio: tone.wav"));
    newsroom.write("content/b.md", episode(""));
    newsroom.regenerate_well();
    let codes = ["itunes", "podcast"];
    for args in [&["check"][..], &["check", "public/feeds/latest.rss"]] {
        let told = problems(&newsroom, args, "");
        assert!(!told.iter().any(|t| codes.iter().any(|c| t.contains(c))), "{args:?} {told:#?}");
    }
    // Where every article can be heard, both say what a podcast lacks.
    newsroom.remove("content/b.md");
    newsroom.feedwright(&["regenerate"]);
    let ours = problems(&newsroom, &["check"], "");
    assert!(ours.iter().any(|t| t.contains("isn't said to be a podcast")), "{ours:#?}");
    let file = problems(&newsroom, &["check", "public/feeds/latest.rss"], "");
    assert!(file.iter().any(|t| t.contains("a podcast's channel has no")), "{file:#?}");
}

#[test]
fn an_article_s_recording_is_explained() {
    let newsroom = newsroom(
        SOUND,
        &[
            ("content/podcast/cover.png", "media:cover.png"),
            ("content/podcast/tone.mp3", "media:signal.mp3"),
            ("content/podcast/a.md", &episode("audio: tone.mp3")),
            ("content/podcast/b.md", &episode("audio: https://cdn.example/b.mp3")),
        ],
    );
    newsroom.feedwright(&["regenerate"]);
    let explained = newsroom.feedwright(&["explain", "content/podcast/a.md"]).stdout;
    let says = "https://gazette.example/podcast/tone.mp3, audio/mpeg, 9288 bytes, 3 s";
    assert!(explained.contains(says) && explained.contains("the file was measured"), "{explained}");
    assert!(
        explained.contains("podcast: 1 of 2") || explained.contains("podcast: 2 of 2"),
        "{explained}"
    );
    let explained = newsroom.feedwright(&["explain", "content/podcast/b.md"]).stdout;
    assert!(explained.contains("b.mp3, audio/mpeg, length unknown"), "{explained}");
    assert!(explained.contains("nobody has said more"), "{explained}");
}

/// What a command tells under a code, or under all; places and sentences, sorted.
fn problems(newsroom: &Newsroom, args: &[&str], code: &str) -> Vec<String> {
    let args: Vec<&str> = ["--format", "json"].iter().chain(args).copied().collect();
    let ended = newsroom.feedwright(&args);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
    let mut told: Vec<String> = report["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|p| code.is_empty() || p["code"] == code)
        .map(|p| {
            format!(
                "{}:{} {}",
                p["path"].as_str().unwrap_or_default(),
                p["line"],
                p["message"].as_str().unwrap_or_default()
            )
        })
        .collect();
    told.sort();
    told
}

/// An episode of this line of front matter, its third after the title and the date.
fn episode(line: &str) -> String {
    format!("---\ntitle: An episode\ndate: 2026-03-01\n{line}\n---\n\nText.\n")
}
