//! What is fuzzed: whatever parses what strangers or people write. Each target is a plain function that
//! takes any bytes and panics where a promise is broken; libFuzzer drives it in `fuzz_targets/`, and the
//! tests play it over the cases and over random bytes (tests/fuzzed.rs), so that it can't rot.

use std::path::Path;

use bytes::Bytes;
use chrono::DateTime;
use feedwright::article::ContentHash;
use feedwright::catalog::lock;
use feedwright::config;
use feedwright::document::{Content, Document, Options, Surroundings, read};
use feedwright::edition::{Coding, Validators};
use feedwright::lint::{Hints, lint};
use feedwright::server::{conditional, encoding};
use feedwright::{body, time};
use http::{HeaderMap, HeaderValue, header};

/// A target, and how its input is found among the tests' cases.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All of them.
pub(crate) const TARGETS: [Target; 9] = [
    ("front_matter", front_matter),
    ("markdown", markdown),
    ("html_body", html_body),
    ("html_document", html_document),
    ("xml_feed", xml_feed),
    ("json_feed", json_feed),
    ("configuration", configuration),
    ("lock_file", lock_file),
    ("request_fields", request_fields),
];

const LINK: &str = "https://gazette.example/harbour/fog/";

fn options() -> Options {
    let site: url::Url = "https://gazette.example/".parse().expect("a URL");
    let zone: time::Zone = "Asia/Baku".parse().expect("a zone");
    Options {
        charset: None,
        source: "newsroom".to_owned(),
        site_url: site.clone(),
        zone: zone.clone(),
        link_zone: zone.clone(),
        permalink: None,
        id_base: site,
        id_permalink: None,
        id_zone: zone,
        id_prefix: None,
        language: None,
        authors: Vec::new(),
        section: None,
        list_separator: ",".to_owned(),
        drafts: false,
        by_language: None,
    }
}

fn document(path: &str, bytes: &[u8]) {
    let around = Surroundings { indexes: &[], file: &|_| None };
    let document = Document { path, shown: path, content: Content::File(bytes), around };
    let reading = read(&document, &options());
    assert!(!reading.failed || reading.sightings.is_empty(), "what failed yields nothing");
    for sighting in &reading.sightings {
        assert!(!sighting.article.title.trim().is_empty(), "an article has a title");
        assert!(sighting.article.link.contains("://"), "an article has a whole link");
        if let Some(html) = &sighting.body {
            html_body(html.as_bytes());
        }
    }
    let again = read(&document, &options());
    assert_eq!(again, reading, "the same bytes read the same");
}

/// A document's front matter, in any of its languages.
pub(crate) fn front_matter(bytes: &[u8]) {
    let (open, close): (&[u8], &[u8]) = match bytes.first() {
        Some(b'+') => (b"+++\n", b"\n+++\n"),
        Some(b'{') => (b"", b"\n"),
        _ => (b"---\n", b"\n---\n"),
    };
    document("fog.md", &[open, bytes, close, b"It came at noon.\n"].concat());
}

/// A Markdown body, with a generator's shortcodes.
pub(crate) fn markdown(bytes: &[u8]) {
    document("_posts/2026-03-01-fog.md", &[b"---\ntitle: Fog\n---\n", bytes].concat());
}

/// A body, on its way to readers.
pub(crate) fn html_body(bytes: &[u8]) {
    let html = String::from_utf8_lossy(bytes);
    let finished = body::finish(&html, LINK);
    let again = body::finish(&finished.html, LINK);
    assert_eq!(again.html, finished.html, "finishing what is finished changes nothing");
    let lower = finished.html.to_ascii_lowercase();
    for never in ["<script", "<style", "<object", "<form", "<svg", "<math"] {
        assert!(!lower.contains(never), "{never} in {}", finished.html);
    }
}

/// An HTML page.
pub(crate) fn html_document(bytes: &[u8]) {
    document("harbour/fog/index.html", bytes);
}

/// A feed in XML, anybody's.
pub(crate) fn xml_feed(bytes: &[u8]) {
    feed(bytes);
}

/// A feed in JSON, anybody's.
pub(crate) fn json_feed(bytes: &[u8]) {
    feed(bytes);
}

fn feed(bytes: &[u8]) {
    let now = DateTime::from_timestamp(1_772_000_000, 0);
    let hints = Hints { url: Some(LINK), now, ..Hints::default() };
    let linted = lint(bytes, &hints);
    let lines = u32::try_from(linted.text.matches('\n').count() + 1).unwrap_or(u32::MAX);
    for finding in &linted.findings {
        assert!(finding.line <= lines, "{finding:?} stands behind the end");
        assert!(!finding.message.is_empty(), "{finding:?} says nothing");
    }
}

/// `feeds.toml`.
pub(crate) fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let loaded = config::load(Path::new("feeds.toml"), text, &|_| None);
    if let Err(problems) = loaded {
        assert!(!problems.is_empty(), "what is refused is refused for a reason");
    }
}

/// `feeds.lock`.
pub(crate) fn lock_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = Path::new("feeds.lock");
    if let Ok(lock) = lock::parse(path, text) {
        let written = lock::edit(text, &[]);
        let again = lock::parse(path, &written).expect("what was read is written readably");
        assert_eq!((again.ids, again.seen, again.gone), (lock.ids, lock.seen, lock.gone));
    }
}

/// The fields of a request that ask for codings, and whether a copy is still good.
pub(crate) fn request_fields(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let bodies =
        [(Coding::Identity, Bytes::from_static(b"12")), (Coding::Gzip, Bytes::from_static(b"1"))];
    let fields = |name| HeaderMap::from_iter([(name, value.clone())]);
    if let Some((_, chosen)) = encoding::choose(&fields(header::ACCEPT_ENCODING), &bodies) {
        assert!(!chosen.is_empty(), "what is chosen is one of ours");
    }
    let last_modified = DateTime::from_timestamp(1_772_000_000, 0).expect("an instant");
    let stored = Validators { hash: ContentHash::of(b"12"), last_modified };
    for name in [header::IF_NONE_MATCH, header::IF_MATCH, header::IF_MODIFIED_SINCE] {
        if let conditional::Verdict::NotModified(Some(tag)) =
            conditional::check(&fields(name), &stored, last_modified)
        {
            assert!(HeaderValue::from_str(&tag).is_ok(), "{tag:?} can be sent");
        }
    }
}
