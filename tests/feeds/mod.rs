//! Whole newsrooms and every byte that they publish. A case is a folder `feeds/CASE/` with `feeds.toml`,
//! `content/` and, where it needs one, `feeds.lock`; `expected/` beside them is the tree, without
//! `feeds.json`, which names times, without coded forms, which must unpack to the same bytes, and with
//! pages bare of their style sheet, which is `rendering/`'s. `UPDATE=1` writes what is missing or different; read the change before it is committed.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::support::{Newsroom, files};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/feeds");
/// What is beside each edition, and how it begins or ends.
const CODED: [&str; 3] = [".gz", ".br", ".zst"];

#[test]
fn each_newsroom_publishes_the_expected_bytes() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut different = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 6, "the cases are somewhere else");
    for case in cases {
        let newsroom = copy(&case);
        let report = newsroom.regenerate_well();
        assert_eq!(report.complaints(), [], "{}", case.display());
        let found = identities(&newsroom.tree(), &case);
        let expected = files(&case.join("expected"));
        if update && found != expected {
            let _ = fs::remove_dir_all(case.join("expected"));
            for (path, bytes) in &found {
                let path = case.join("expected").join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
            continue;
        }
        for name in found.keys().chain(expected.keys()) {
            if found.get(name) != expected.get(name) {
                different.push(format!("{}/expected/{name}", case.display()));
            }
        }
    }
    different.sort();
    different.dedup();
    assert!(different.is_empty(), "UPDATE=1 writes these anew:\n{}", different.join("\n"));
}

/// The editions as they are; their coded forms are unpacked and compared on the way.
fn identities(tree: &BTreeMap<String, Vec<u8>>, case: &Path) -> BTreeMap<String, Vec<u8>> {
    let is_coded = |path: &str| CODED.iter().any(|suffix| path.ends_with(suffix));
    let editions = tree.iter().filter(|(path, _)| !is_coded(path) && *path != "feeds.json");
    let editions: BTreeMap<_, _> = editions.map(|(p, bytes)| (p.clone(), bytes.clone())).collect();
    for (path, bytes) in &editions {
        for suffix in CODED {
            let coded = tree.get(&format!("{path}{suffix}"));
            let coded = coded.unwrap_or_else(|| panic!("{} has no {path}{suffix}", case.display()));
            assert!(unpack(suffix, coded) == *bytes, "{}: {path}{suffix}", case.display());
        }
    }
    editions.into_iter().map(|(path, bytes)| (path, without_style(bytes))).collect()
}

/// A page without its style sheet; anything else as it is.
fn without_style(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&bytes) else { return bytes };
    match (text.find("<style>"), text.find("</style>")) {
        (Some(from), Some(to)) if text.starts_with("<!DOCTYPE html>") => {
            [&text[..from + "<style>".len()], &text[to..]].concat().into_bytes()
        }
        _ => bytes,
    }
}

fn unpack(suffix: &str, coded: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    match suffix {
        ".gz" => flate2::read::GzDecoder::new(coded).read_to_end(&mut bytes),
        ".br" => brotli::Decompressor::new(coded, 4096).read_to_end(&mut bytes),
        _ => zstd::Decoder::new(coded).unwrap().read_to_end(&mut bytes),
    }
    .unwrap();
    bytes
}

fn cases() -> Vec<PathBuf> {
    let folders = fs::read_dir(CASES).unwrap().flatten().map(|entry| entry.path());
    let mut cases: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

fn copy(case: &Path) -> Newsroom {
    let input = files(case).into_iter().filter(|(path, _)| !path.starts_with("expected/"));
    let input: Vec<_> = input.collect();
    let input: Vec<(&str, &[u8])> =
        input.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    Newsroom::new(&input)
}
