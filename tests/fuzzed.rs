//! The fuzz targets (fuzz/targets.rs), played over the cases that are kept for other tests, over what
//! once broke a target (fuzz/seeds/TARGET/), and over mutations and random bytes.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

#[path = "../fuzz/targets.rs"]
#[expect(clippy::expect_used, reason = "a target ends where its set-up or a promise fails")]
mod targets;

use targets::TARGETS;

/// A seed of more bytes is left to the fuzzer: each is played many times.
const BYTES_MAX: usize = 20_000;

/// Where a target's input is found among the cases: a folder and what its files end in.
fn cases_of(target: &str) -> (&'static str, &'static [&'static str]) {
    match target {
        "front_matter" | "markdown" => ("tests/documents", &[".md"]),
        "html_body" | "html_document" => ("tests/documents", &[".html", ".md"]),
        "xml_feed" => ("tests/lint", &[".rss", ".atom", ".xml", ".opml"]),
        "json_feed" => ("tests/lint", &[".json"]),
        "configuration" => ("tests/configs", &[".toml"]),
        "lock_file" => ("tests/repository/locks", &["feeds.lock", ".lock", "after"]),
        "request_fields" => ("tests/http", &[".http"]),
        other => panic!("no cases of {other}"),
    }
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (folder, endings) = cases_of(target);
    let own = crate::support::files(&root.join("fuzz/seeds").join(target)).into_values();
    let cases = crate::support::files(&root.join(folder)).into_iter();
    let cases = cases.filter(|(path, _)| endings.iter().any(|e| path.ends_with(e)));
    let all = own.chain(cases.map(|(_, bytes)| bytes));
    if target == "request_fields" {
        // Each field of each request is one.
        let lines = all
            .flat_map(|bytes| bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>());
        let value =
            |line: Vec<u8>| line.iter().position(|b| *b == b':').map(|at| line[at + 1..].to_vec());
        return lines.filter_map(value).collect();
    }
    all.filter(|bytes| bytes.len() <= BYTES_MAX).collect()
}

#[test]
fn every_target_stands_for_all_cases() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(seeds.len() > 3, "{name} has {} seeds", seeds.len());
        seeds.iter().for_each(|seed| target(seed));
    }
}

/// Pieces on which parsers stumble.
const PIECES: [&[u8]; 16] = [
    b"\0",
    b"\xff",
    b"<",
    b">",
    b"&",
    b"\"",
    b"'",
    b"]]>",
    b"<!--",
    b"---\n",
    b"{{",
    b"{%",
    b"\\",
    b"\xe2\x80\xae",
    b"\t",
    b"=",
];

#[test]
fn targets_stand_for_what_is_cut_joined_and_sprinkled() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        let places = || (any::<prop::sample::Index>(), any::<prop::sample::Index>());
        let piece = prop::sample::select(PIECES.to_vec());
        let strategy = (
            prop::sample::select(seeds),
            places(),
            prop::collection::vec((any::<prop::sample::Index>(), piece), 0..4),
        );
        let config =
            ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
        let done = TestRunner::new(config).run(&strategy, |(mut bytes, (from, to), pieces)| {
            if !bytes.is_empty() {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                bytes.drain(from.min(to)..from.max(to));
            }
            for (at, piece) in pieces {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, piece.iter().copied());
            }
            target(&bytes);
            Ok(())
        });
        done.expect(name);
    }
}

#[test]
fn targets_stand_for_any_bytes() {
    for (name, target) in TARGETS {
        let strategy = prop::collection::vec(any::<u8>(), 0..200);
        let config =
            ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() };
        let done = TestRunner::new(config).run(&strategy, |bytes| {
            target(&bytes);
            Ok(())
        });
        done.expect(name);
    }
}

#[test]
fn every_target_has_its_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let package = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        let program = format!("fuzz_targets/{name}.rs");
        assert!(folder.join(&program).is_file() && package.contains(&program), "{name}");
    }
    assert_eq!(fs::read_dir(folder.join("fuzz_targets")).unwrap().count(), TARGETS.len());
}
