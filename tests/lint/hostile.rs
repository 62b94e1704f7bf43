//! Feeds that were made to hurt whoever reads them. Looking at one always ends, soon, with findings.

use std::fmt::Write as _;

use feedwright::lint::{Hints, Linted, lint};
use feedwright::problem::Severity;
use proptest::prelude::*;

fn look(text: &str) -> Linted {
    lint(text.as_bytes(), &Hints::default())
}

fn codes(linted: &Linted) -> Vec<&str> {
    let codes = linted.findings.iter().map(|f| f.code.as_str());
    codes.filter(|code| *code != "feed-large").collect()
}

#[test]
fn bombs_are_not_set_off() {
    let mut laughs = "<!DOCTYPE rss [<!ENTITY l0 \"ha\">".to_owned();
    for n in 1..20 {
        write!(laughs, "<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)).unwrap();
    }
    laughs += "]><rss version=\"2.0\"><channel><title>&l19;</title></channel></rss>";
    assert_eq!(codes(&look(&laughs)), ["feed-declares-entities"]);

    let blow_up = format!(
        "<!DOCTYPE rss [<!ENTITY a \"{}\">]><rss>{}</rss>",
        "a".repeat(50_000),
        "&a;".repeat(50_000)
    );
    assert_eq!(codes(&look(&blow_up)), ["feed-declares-entities"]);
}

#[test]
fn deep_nesting_is_told_where_it_begins() {
    for (open, close) in [("<a>", "</a>"), ("<a xmlns:b='https://x.example/'>", "</a>")] {
        let text = format!("<rss>{}{}</rss>", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(codes(&look(&text)), ["feed-nested-too-deep"]);
    }
    let json = format!("{{\"version\":\"\",\"items\":{}", "[".repeat(100_000));
    assert_eq!(codes(&look(&json)), ["feed-json-syntax"]);
    let html = format!(
        "<rss version=\"2.0\"><channel><item><description><![CDATA[{}]]></description>\
        </item></channel></rss>",
        "<div>".repeat(100_000)
    );
    assert!(codes(&look(&html)).contains(&"feed-not-html"));
}

#[test]
fn a_tag_of_endless_attributes_is_not_compared_with_itself() {
    let mut attributes = String::new();
    for n in 0..200_000 {
        write!(attributes, " a{n}='x'").unwrap();
    }
    assert_eq!(codes(&look(&format!("<rss{attributes}/>"))), ["feed-sax-error"]);
    let html = format!("&lt;p{}&gt;", attributes.replace('\'', "&quot;"));
    let text = format!(
        "<rss version=\"2.0\"><channel><item><title>T</title><description>{html}\
        </description></item></channel></rss>"
    );
    assert!(!look(&text).findings.is_empty());
}

#[test]
fn a_million_places_that_might_be_mended_are_looked_at_once_each() {
    let begin = "<rss version=\"2.0\"><channel><item><title>a</title></item><item><dc:x/>";
    for piece in [
        " dc:x",
        " dc:x=",
        "<dc:x>",
        "<dc:x/>",
        "&a;",
        "&",
        "<item>",
        "</item><item></a>",
        "<!--",
        "\u{1}",
    ] {
        let linted = look(&format!("{begin}{}", piece.repeat(2_000_000 / piece.len())));
        assert!(linted.findings.iter().any(|f| f.severity == Severity::Error), "{piece}");
    }
}

#[test]
fn what_a_comment_hid_is_not_parsed_because_its_begin_was_mended_away() {
    let deep = "<a>".repeat(100_000);
    let text = format!(
        "<rss><channel><item><title></item></a></title><!-- </item>{deep} --></channel></rss>"
    );
    assert!(codes(&look(&text)).contains(&"feed-sax-error"));
    let text = format!("<rss><channel><item></b><!-- </item>{deep} --></channel></rss>");
    assert!(codes(&look(&text)).contains(&"feed-sax-error"));
}

#[test]
fn a_thousand_faults_of_a_kind_are_told_fifty_times_and_counted() {
    let items = "<item/>".repeat(1000);
    let linted = look(&format!("<rss version=\"2.0\"><channel>{items}</channel></rss>"));
    assert_eq!(linted.entries, 1000);
    let told: Vec<_> =
        linted.findings.iter().filter(|f| f.code.as_str() == "feed-missing-guid").collect();
    assert_eq!(told.len(), 50);
    assert!(told[49].message.ends_with("(and 950 more of this kind)"), "{}", told[49].message);
}

#[test]
fn fifty_megabytes_are_not_looked_at() {
    let mut bytes = b"<rss version=\"2.0\">".to_vec();
    bytes.resize(50_000_000, b'x');
    let linted = lint(&bytes, &Hints::default());
    assert_eq!(codes(&linted), ["feed-validator-limit"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Nothing that comes in makes it fail, and every place is in the feed.
    #[test]
    fn whatever_comes_in_is_told_with_a_place_in_it(
        case in 0..200_usize,
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let cases = super::cases();
        let path = &cases[case % cases.len()];
        let feed = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path());
        for file in feed.filter(|f| f.file_stem().is_some_and(|stem| stem == "feed")) {
            let mut bytes = std::fs::read(file).unwrap();
            for (at, byte) in &cuts {
                let at = at.index(bytes.len().max(1));
                match byte % 3 {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at.min(bytes.len()), *byte),
                    _ => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = *byte),
                }
            }
            let linted = lint(&bytes, &Hints::default());
            let lines = linted.text.split('\n').count();
            for finding in &linted.findings {
                prop_assert!(finding.line as usize <= lines, "{finding:?}");
                prop_assert!(finding.entry.as_ref().is_none_or(|e| e.index < linted.entries));
                prop_assert!(!finding.message.is_empty() && !finding.help.is_empty());
            }
            prop_assert_eq!(lint(&bytes, &Hints::default()), linted);
        }
    }
}
