//! The sample newsroom, and the rendering's own cases, by the linter's rules: what we publish has no
//! error and no warning but those that are excepted, with reasons.

use std::collections::BTreeSet;
use std::path::Path;

use feedwright::lint::{Hints, exceptions, lint};
use feedwright::problem::Severity;

use crate::support::{Newsroom, article};

/// What a case is about, or is made of: its folder, a code, the reason.
const CASES: &[(&str, &str, &str)] =
    &[("ids/", "feed-not-sufficiently-unique", "the document names such an id, and it is kept")];

/// A newsroom that is the repository's own.
fn sample() -> Newsroom {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let newsroom = Newsroom::new::<&str>(&[]);
    for (path, bytes) in crate::support::files(&root.join("content")) {
        newsroom.write(&format!("content/{path}"), bytes);
    }
    newsroom.write("feeds.toml", std::fs::read(root.join("feeds.toml")).unwrap());
    newsroom
}

#[test]
fn the_sample_newsroom_has_no_fault() {
    let report = sample().feedwright(&["--format", "json", "check", "--strict"]).report();
    let faults: Vec<_> = report
        .problems()
        .into_iter()
        .filter(|p| p.severity != "note" && p.code.starts_with("feed-"))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(report.status, 0);
}

/// What we make of the sample newsroom and of the rendering's cases: path and bytes of each feed.
fn made() -> Vec<(String, Vec<u8>)> {
    let newsroom = sample();
    newsroom.regenerate_well();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rendering");
    let cases = crate::support::files(&root).into_iter();
    let one_day = Newsroom::new(&[
        (
            "content/a.md",
            article("The wall", "2026-03-01", "It is up.\n\n{{< youtube abcdefghijk >}}"),
        ),
        ("content/b.md", article("A seal", "2026-03-01", "It sat in the dock.")),
    ]);
    one_day.regenerate_well();
    let cases = cases.chain(one_day.tree().into_iter().filter(|(path, _)| path != "feeds.json"));
    let made: Vec<_> = newsroom.tree().into_iter().chain(cases).collect();
    let is_feed = |path: &str| {
        [".rss", ".atom", ".json", ".opml"].iter().any(|end| path.ends_with(end))
            && path != "feeds.json"
            && !path.ends_with("/case.json")
    };
    made.into_iter().filter(|(path, _)| is_feed(path)).collect()
}

#[test]
fn what_we_make_has_no_fault_but_the_excepted_and_each_exception_is_needed() {
    let made = made();
    assert!(made.len() > 40, "{}", made.len());
    let mut wrong = Vec::new();
    let mut needed = BTreeSet::new();
    for (path, bytes) in made {
        for finding in lint(&bytes, &Hints::default()).findings {
            let code = finding.code.as_str().to_owned();
            let excepted = exceptions::EXCEPTIONS.iter().any(|(of, ..)| code == *of);
            if (finding.severity == Severity::Note && !excepted)
                || CASES.iter().any(|(case, of, _)| path.starts_with(case) && code == *of)
            {
                continue;
            }
            let shown = format!("{path}:{}: {code}: {}", finding.line, finding.message);
            if exceptions::soften(finding).is_none_or(|told| told.severity == Severity::Note) {
                needed.insert(code);
            } else {
                wrong.push(shown);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed: BTreeSet<String> =
        exceptions::EXCEPTIONS.iter().map(|(code, ..)| (*code).to_owned()).collect();
    assert_eq!(needed, listed, "an exception that nothing needs any more goes");
}
