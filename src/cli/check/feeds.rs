//! `check FILE_OR_URL…`: what is wrong with feeds, whoever made them. Needs no configuration.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::Serialize;

use super::super::args::{Check, Global, OutputFormat};
use super::super::{Status, colour, complain, now, output};
use super::{fetch, own};
use crate::lint::exceptions;
use crate::lint::{self, BYTES_MAX, Finding, Hints, Kind, Linted, http};
use crate::problem::{Place, Problem, Severity};
use crate::run::ProblemCounts;

/// Standard input, as it is named on the command line.
const STDIN: &str = "-";

#[derive(Serialize)]
struct Feed<'a> {
    path: &'a str,
    format: Option<&'static str>,
    entries: usize,
    /// It is an edition of feedwright's.
    own: bool,
    /// Codes that are left unkept on purpose in such, and weren't told.
    excepted: BTreeSet<String>,
}

#[derive(Serialize)]
struct Told<'a> {
    problems: Vec<output::JsonProblem<'a>>,
    feeds: &'a [Feed<'a>],
    failures: &'a [String],
}

/// What came of all targets.
#[derive(Default)]
struct Looked<'a> {
    problems: Vec<Problem>,
    feeds: Vec<Feed<'a>>,
    failures: Vec<String>,
}

/// Looks at each target.
pub(super) fn run(global: &Global, args: &Check) -> Status {
    let mut looked = Looked::default();
    for target in &args.targets {
        if fetch::is_url(target) {
            match fetch::fetch(target) {
                Ok(came) => {
                    let hints = Hints {
                        url: Some(&came.url),
                        asked: Some(target),
                        content_type: came.served.answer.field("content-type"),
                        now: Some(now()),
                        memo: None,
                    };
                    let served = http::lint(&came.served);
                    // What comes with an error is a page that says so.
                    let is_feed = came.served.answer.status == 200;
                    let linted = is_feed.then(|| lint::lint(&came.bytes, &hints));
                    let tag = came.served.answer.field("etag");
                    let own = tag.is_some_and(|tag| own::is_tag_of_ours(tag, &came.bytes));
                    looked.add(target, linted, served, own);
                }
                Err(e) => looked.failures.push(e),
            }
            continue;
        }
        match read(target) {
            Ok(bytes) => {
                let hints = Hints { now: Some(now()), ..Hints::default() };
                let own = own::is_file_of_ours(Path::new(target), &bytes);
                looked.add(target, Some(lint::lint(&bytes, &hints)), Vec::new(), own);
            }
            Err(e) => looked.failures.push(format!("{target}: {e}")),
        }
    }
    tell(global, &looked);
    let worst = looked.problems.iter().map(|p| p.severity).max();
    let limit = if args.strict { Severity::Warning } else { Severity::Error };
    if worst >= Some(limit) || !looked.failures.is_empty() { Status::Failed } else { Status::Done }
}

impl<'a> Looked<'a> {
    fn add(&mut self, target: &'a str, linted: Option<Linted>, served: Vec<Finding>, own: bool) {
        let (kind, entries, findings, text) = match linted {
            Some(Linted { kind, entries, findings, text }) => (kind, entries, findings, text),
            None => (None, 0, Vec::new(), String::new()),
        };
        let mut excepted = BTreeSet::new();
        let findings = findings.into_iter().filter_map(|finding| {
            if !own {
                return Some(finding);
            }
            let code = finding.code.clone();
            let told = exceptions::soften(finding);
            if told.is_none() {
                excepted.insert(code.as_str().to_owned());
            }
            told
        });
        let findings: Vec<Finding> = findings.collect();
        self.feeds.push(Feed { path: target, format: kind.map(name), entries, own, excepted });
        let all = served.into_iter().chain(findings);
        self.problems.extend(all.map(|finding| problem(target, finding, &text)));
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Rss => "RSS",
        Kind::Rdf => "RSS 1.0",
        Kind::Atom => "Atom",
        Kind::Json => "JSON Feed",
        Kind::Opml => "OPML",
    }
}

fn problem(target: &str, finding: Finding, text: &str) -> Problem {
    let Finding { code, severity, mut message, help, line, column, entry, .. } = finding;
    let called = entry.and_then(|e| e.title.or(e.link).or(e.id));
    if let Some(called) = called {
        let short: String = called.chars().take(60).collect();
        message.push_str(&format!(" (in “{short}”)"));
    }
    Problem::new(severity, &code, Place::at(target, line, column), message).help(help).line(text)
}

/// What an edition of feedwright's leaves unkept on purpose, as the newsroom's own `check` does.
fn on_purpose(feed: &Feed<'_>) -> String {
    if feed.excepted.is_empty() {
        return String::new();
    }
    let codes: Vec<&str> = feed.excepted.iter().map(String::as_str).collect();
    format!("; made by feedwright, and so on purpose, and not told: {}", codes.join(", "))
}

/// A little more than is looked at, so that it can be told that there is more.
fn read(target: &str) -> io::Result<Vec<u8>> {
    let most = BYTES_MAX as u64 + 1;
    let mut bytes = Vec::new();
    if target == STDIN {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(target)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn tell(global: &Global, looked: &Looked<'_>) {
    let Looked { problems, feeds, failures } = looked;
    let mut out = anstream::stdout();
    match global.format {
        OutputFormat::Json => {
            let told = Told { problems: output::sorted(problems), feeds, failures };
            let _ = output::write_json(&mut out, &told);
        }
        OutputFormat::Text => {
            for failure in failures {
                complain(&output::safe(failure));
            }
            let shown: Vec<Problem> = problems
                .iter()
                .filter(|p| !global.quiet || p.severity == Severity::Error)
                .cloned()
                .collect();
            let _ = output::problems(&mut out, &shown, output::Most::ALL, colour());
            if global.quiet {
                return;
            }
            for feed in feeds {
                let own: Vec<Problem> =
                    problems.iter().filter(|p| p.place.path == feed.path).cloned().collect();
                let what = match (feed.format, feed.entries) {
                    (None, _) => "no feed".to_owned(),
                    (Some(format), n) => {
                        format!("{format}, {}", output::count(n as u64, "entry", "entries"))
                    }
                };
                let counts = output::problem_counts(ProblemCounts::of(&own));
                let path = output::safe(feed.path);
                let _ = writeln!(out, "{path}: {what}; {counts}{}", on_purpose(feed));
            }
        }
    }
}
