//! Feeds in, findings out: each folder in `lint/` is a case, a feed beside `expected.txt`, what is told
//! of it. A folder with a code's name, without `feed-`, shows that code. `UPDATE=1 cargo test lint`
//! writes them anew; look at every difference.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod command;
mod hostile;
mod newsroom;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use feedwright::lint::http::{self, Answer, Served};
use feedwright::lint::{Finding, Hints, lint};
use serde::Deserialize;

/// What a case knows beside the feed: `hints.json`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    url: Option<String>,
    content_type: Option<String>,
    now: Option<DateTime<Utc>>,
    /// The feed is filled up with white space to so many bytes.
    bytes: Option<usize>,
}

/// How a feed was served: `served.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenServed {
    status: u16,
    #[serde(default)]
    fields: Vec<(String, String)>,
    #[serde(default)]
    redirects: Vec<u16>,
    conditional: Option<u16>,
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint")
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

fn written(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let Finding { code, severity, message, line, column, entry, .. } = finding;
        let entry = entry.as_ref().map(|e| format!(" [entry {}]", e.index + 1)).unwrap_or_default();
        writeln!(text, "{line}:{column}: {severity}[{code}]{entry}: {message}").unwrap();
    }
    text
}

/// What is told of a case's feed, and of how it was served.
fn told(case: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let hints: Written = fs::read_to_string(case.join("hints.json"))
        .map(|text| serde_json::from_str(&text).unwrap())
        .unwrap_or_default();
    if let Ok(text) = fs::read_to_string(case.join("served.json")) {
        let served: WrittenServed = serde_json::from_str(&text).unwrap();
        findings.extend(http::lint(&Served {
            answer: Answer { status: served.status, fields: served.fields },
            redirects: served.redirects,
            conditional: served.conditional.map(|status| Answer { status, ..Answer::default() }),
        }));
    }
    for file in fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path()) {
        if file.file_stem().is_some_and(|stem| stem == "feed") {
            let mut bytes = fs::read(&file).unwrap();
            bytes.resize(hints.bytes.unwrap_or(bytes.len()), b' ');
            let hints = Hints {
                url: hints.url.as_deref(),
                asked: None,
                content_type: hints.content_type.as_deref(),
                now: hints.now,
                memo: None,
            };
            findings.extend(lint(&bytes, &hints).findings);
        }
    }
    findings
}

#[test]
fn each_case_is_told_as_it_is_kept() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = written(&told(&case));
        let kept = case.join("expected.txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&kept, &found).unwrap();
        }
        if fs::read_to_string(&kept).unwrap_or_default() != found {
            wrong.push(format!("{}:\n{found}", kept.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The codes that have a section, of feeds.
fn codes() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/problems.md");
    let page = fs::read_to_string(page).unwrap();
    let titles = page.lines().filter_map(|line| line.strip_prefix("## `")?.split_once('`'));
    titles.filter_map(|(code, _)| code.strip_prefix("feed-")).map(str::to_owned).collect()
}

#[test]
fn every_code_has_a_case_that_shows_it() {
    // Of the site's own definitions of feeds, and of its windows.
    const OTHERS: &[&str] = &["cut", "name-twice"];
    let codes: Vec<String> =
        codes().into_iter().filter(|code| !OTHERS.contains(&code.as_str())).collect();
    assert!(codes.len() > 100, "{codes:?}");
    let mut wrong = Vec::new();
    for code in codes {
        let case = folder().join(&code);
        let full = format!("feed-{code}");
        if !case.is_dir() {
            wrong.push(format!("{full} has no case"));
        } else if !told(&case).iter().any(|finding| finding.code.as_str() == full) {
            wrong.push(format!("the case of {full} doesn't show it"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn feeds_without_a_fault_are_told_to_have_none() {
    for case in cases()
        .iter()
        .filter(|case| case.file_name().unwrap().to_string_lossy().starts_with("sound-"))
    {
        assert_eq!(written(&told(case)), "", "{}", case.display());
    }
}
