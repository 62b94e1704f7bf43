//! Entries in, bytes out: each folder in `rendering/` is a case, `case.json` beside what each format
//! makes of it. `UPDATE=1 cargo test rendering` writes them anew; look at every difference.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cases;
mod properties;
mod rules;

use std::path::{Path, PathBuf};

use feedwright::edition::verify;
use feedwright::feed::Format;
use feedwright::render::{self, Channel, Listed};
use rss::validation::Validate;

use cases::Case;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rendering")
}

fn cases() -> Vec<(PathBuf, Case)> {
    let mut cases: Vec<(PathBuf, Case)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("case.json").exists())
        .map(|path| {
            let case = Case::read(&path.join("case.json"));
            (path, case)
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(cases.len() > 10);
    cases
}

/// Compares with what is kept, or keeps it.
fn golden(path: &Path, bytes: &[u8]) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, bytes).unwrap();
        return;
    }
    let kept = std::fs::read(path).unwrap_or_default();
    let (kept, made) = (String::from_utf8_lossy(&kept), String::from_utf8_lossy(bytes));
    for (number, (old, new)) in kept.lines().zip(made.lines()).enumerate() {
        assert_eq!(new, old, "{}:{}", path.display(), number + 1);
    }
    assert_eq!(made, kept, "{}", path.display());
}

#[test]
fn formats_are_as_they_are_kept_and_can_be_read_back() {
    for (path, case) in cases() {
        let channel =
            Channel { site: &case.site, feed: &case.feed, entries: &case.entries, gone: &[] };
        for format in Format::ALL {
            let bytes = render::feed(format, &channel).unwrap();
            assert_eq!(bytes, render::feed(format, &channel).unwrap());
            golden(&path.join("feed").with_extension(format.extension()), &bytes);
            verify::verify(format, &bytes, &channel)
                .unwrap_or_else(|refusal| panic!("{} {format:?}: {refusal}", path.display()));
        }
        golden(&path.join("page.html"), &render::page::feed(&channel));
    }
}

#[test]
fn other_bytes_of_the_same_input_have_another_number() {
    let made: Vec<(String, Vec<u8>, Vec<u8>)> = cases()
        .iter()
        .map(|(path, case)| {
            let channel =
                Channel { site: &case.site, feed: &case.feed, entries: &case.entries, gone: &[] };
            let mut bytes = Vec::new();
            for format in Format::ALL {
                bytes.extend(render::feed(format, &channel).unwrap());
            }
            bytes.extend(render::page::feed(&channel));
            let input = std::fs::read(path.join("case.json")).unwrap();
            (path.file_name().unwrap().to_string_lossy().into_owned(), input, bytes)
        })
        .collect();
    crate::support::number::stands_for(&folder().join("RENDER"), render::RENDER, &made);
}

#[test]
fn another_implementation_finds_the_rss_valid() {
    for (path, case) in cases() {
        let channel =
            Channel { site: &case.site, feed: &case.feed, entries: &case.entries, gone: &[] };
        let bytes = render::feed(Format::Rss, &channel).unwrap();
        // Its rules know no unknown length, which the standard's own text allows as 0.
        let known = String::from_utf8(bytes).unwrap().replace("length=\"0\"", "length=\"1\"");
        let read = rss::Channel::read_from(known.as_bytes()).unwrap();
        read.validate().unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
}

#[test]
fn lists_of_feeds_are_as_they_are_kept() {
    let cases = cases();
    let listed: Vec<Listed<'_>> = cases
        .iter()
        .map(|(_, case)| Listed {
            feed: &case.feed,
            updated: feedwright::feed::updated(&case.entries),
            entries: case.entries.len(),
        })
        .collect();
    let site = |name: &str| &cases.iter().find(|(path, _)| path.ends_with(name)).unwrap().1.site;
    golden(&folder().join("index.html"), &render::page::index(site("everything"), &listed));
    let without = render::page::index(site("no-base-url"), &listed);
    golden(&folder().join("index-without-base-url.html"), &without);

    let opml = render::opml::render(site("everything"), &listed).unwrap();
    golden(&folder().join("feeds.opml"), &opml);
    verify::opml(&opml, site("everything"), &listed).unwrap();
    let refusal = verify::opml(&opml, site("everything"), &listed[1..]).unwrap_err();
    assert!(refusal.to_string().contains("feeds came back"), "{refusal}");
    assert!(matches!(
        render::opml::render(site("no-base-url"), &listed),
        Err(render::Error::NoBaseUrl)
    ));
}

/// Each change is something that a writer could get wrong.
#[test]
fn an_edition_that_says_something_else_is_refused() {
    let cases = cases();
    let case = &cases.iter().find(|(path, _)| path.ends_with("everything")).unwrap().1;
    let channel = Channel { site: &case.site, feed: &case.feed, entries: &case.entries, gone: &[] };
    let changes: [(Format, &str, &str, &str); 25] = [
        (Format::Rss, "Bridge opens", "Bridge closes", "entry 1"),
        (Format::Rss, "isPermaLink=\"true\"", "isPermaLink=\"false\"", "isPermaLink"),
        (Format::Rss, "10:30:00Z", "10:31:00Z", "atom:updated"),
        (Format::Rss, "Sun, 18 Feb 2024 08:05", "Sun, 18 Feb 2024 08:06", "pubDate"),
        (Format::Rss, "<dc:creator>Omar Pier</dc:creator>", "", "dc:creator"),
        (Format::Rss, "length=\"1048576\"", "length=\"-1\"", "enclosure"),
        (Format::Rss, "section/\">World/Harbours", "tag/\">World/Harbours", "category"),
        (Format::Rss, "is <em>open", "is <em>closed", "encoded"),
        (Format::Rss, "\n</channel>", "<title>again</title></channel>", "title"),
        (Format::Rss, "xmlns:media=", "xmlns:medium=", "well-formed"),
        (Format::Rss, "Nine years", "Nine\u{1}years", "XML"),
        (Format::Atom, "Bridge opens", "Bridge closes", "entry 1"),
        (Format::Atom, "&lt;em&gt;", "<em>", "XML"),
        (Format::Atom, "?w=1200&amp;h=", "?w=1200&h=", "XML"),
        (Format::Atom, "<id>tag:gazette", "<id>tag:other", "entry 2"),
        (Format::Atom, "term=\"bridges\"", "term=\"bridge\"", "category"),
        (Format::Atom, "14:30:00+04:00", "14:30:00+05:00", "updated"),
        (Format::Json, "\"Bridge opens", "\"Bridge closes", "title"),
        (
            Format::Json,
            "\"date_modified\":\"2024-02-18T14:30",
            "\"date_modified\":\"2024-02-18T15:30",
            "date_modified",
        ),
        (Format::Json, ",\"tags\":[\"World\",\"Links & notes\"]", ",\"tags\":[]", "tags"),
        (Format::Json, "\n]}", "\n]", "JSON"),
        (Format::Rss, "world.rss", "latest.rss", "itself"),
        (Format::Atom, "world.atom", "latest.atom", "itself"),
        (Format::Json, "world.json", "latest.json", "feed_url"),
        (Format::Json, "\"content_text\":\"A head", "\"content_text\":\"The head", "content_text"),
    ];
    for (format, from, to, named) in changes {
        let bytes = render::feed(format, &channel).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, if named == "updated" { 9 } else { 1 });
        let refusal = verify::verify(format, changed.as_bytes(), &channel)
            .expect_err(&format!("{format:?}: {from} → {to}"))
            .to_string();
        assert!(refusal.contains(named), "{format:?}: {from} → {to}: {refusal}");
    }
    for format in Format::ALL {
        let bytes = render::feed(format, &channel).unwrap();
        let fewer = Channel { entries: &case.entries[1..], ..channel };
        assert!(verify::verify(format, &bytes, &fewer).is_err());
        let mut swapped = case.entries.clone();
        swapped.swap(0, 1);
        let swapped = Channel { entries: &swapped, ..channel };
        assert!(verify::verify(format, &bytes, &swapped).is_err());
        assert!(verify::verify(format, &bytes[..bytes.len() / 2], &channel).is_err());
        assert!(verify::verify(format, b"\xff", &channel).is_err());
        assert!(verify::verify(format, b"", &channel).is_err());
    }
}
