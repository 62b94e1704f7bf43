//! What is wrong with the feeds that a run would publish, told of the articles that it comes from:
//! each eager feed is rendered in each format and looked at, and one mistake of one article is told
//! once, however many feeds and formats show it. Publishes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::publish::REFUSED;
use super::{Error, Plan};
use crate::catalog::Catalog;
use crate::feed::address::Address;
use crate::feed::{Feed, Format, Site};
use crate::fetch::Known;
use crate::lint::{self, Finding, Hints, Memo, exceptions};
use crate::press::{self, Finisher, Raw, Window};
use crate::problem::{Code, Place, Problem, Severity};

/// Feeds that are rendered before any of them is told of, so that a site of a thousand sections
/// doesn't hold all of them in memory.
const FEEDS_AT_ONCE: usize = 16;

/// A document that is looked through for the text that is wrong has at most so many bytes.
const DOCUMENT_BYTES_MAX: u64 = 4 << 20;

/// Told by `base-url-missing`, and the same of every feed.
const MISSING_SELF: &str = "feed-missing-self";

/// Told of each episode as `podcast-recording`.
const UNSUPPORTED_FORMAT: &str = "feed-unsupported-itunes-format";

/// One mistake, wherever it shows.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Of the article; `None`: it is the feed's.
    place: Option<Place>,
    code: Code,
    message: String,
}

/// Where a mistake shows.
struct Shown {
    severity: Severity,
    help: &'static str,
    value: Option<String>,
    formats: BTreeSet<Format>,
    feeds: BTreeSet<String>,
}

/// What came of one feed.
#[derive(Default)]
struct Looked {
    findings: Vec<(Format, Option<Place>, Finding)>,
    refused: Vec<Problem>,
}

/// Looks at all feeds.
pub(super) fn lint(
    plan: &Plan,
    catalog: &Catalog,
    finisher: &Finisher,
    feeds: &[Feed],
    gone: &BTreeMap<String, DateTime<Utc>>,
    known: &Known,
    as_of: DateTime<Utc>,
) -> Result<Vec<Problem>, Error> {
    let memo = Memo::default();
    let mut problems = Vec::new();
    let mut told: BTreeMap<Key, Shown> = BTreeMap::new();
    for some in feeds.chunks(FEEDS_AT_ONCE) {
        let mut loaded: Vec<(&Feed, Window, Vec<Raw>)> = Vec::new();
        for feed in some {
            let window = press::window(catalog, &plan.site, feed, as_of, gone)?;
            let raw = press::load(catalog, feed, &window, known)?;
            loaded.push((feed, window, raw));
        }
        let looked: Vec<(&Feed, Looked)> = loaded
            .into_par_iter()
            .map(|(feed, window, raw)| {
                let hints = Hints { now: Some(as_of), memo: Some(&memo), ..Hints::default() };
                (feed, look(plan, finisher, feed, &window, raw, &hints))
            })
            .collect();
        for (feed, Looked { findings, mut refused }) in looked {
            problems.append(&mut refused);
            for (format, place, finding) in findings {
                if let Some(finding) = exceptions::soften(finding) {
                    note(&mut told, feed, format, place, finding);
                }
            }
        }
    }
    let config = plan.config.to_string_lossy();
    let mut documents = Documents::default();
    problems.extend(told.into_iter().map(|(key, shown)| tell(key, shown, &config, &mut documents)));
    Ok(problems)
}

/// Renders a feed in each format and looks at it.
fn look(
    plan: &Plan,
    finisher: &Finisher,
    feed: &Feed,
    window: &Window,
    raw: Vec<Raw>,
    hints: &Hints<'_>,
) -> Looked {
    let places: Vec<Place> = raw.iter().map(|r| r.place().clone()).collect();
    let (entries, problems) = press::finish(finisher, raw);
    let mut looked = Looked { refused: problems, ..Looked::default() };
    for format in Format::ALL {
        let bytes = match press::identity(&plan.site, feed, &entries, &window.gone, format) {
            Ok(bytes) => bytes,
            Err(e) => {
                looked.refused.push(refused(plan, feed, format, &e));
                continue;
            }
        };
        for finding in lint::lint(&bytes, hints).findings {
            if is_told(&plan.site, feed, &finding) {
                continue;
            }
            let index = finding.entry.as_ref().map(|entry| entry.index);
            let place = index.and_then(|index| places.get(index)).cloned();
            looked.findings.push((format, place, finding));
        }
    }
    looked
}

/// Whether the configuration's own problems say it, or those of the podcast's episodes.
fn is_told(site: &Site, feed: &Feed, finding: &Finding) -> bool {
    match finding.code.as_str() {
        MISSING_SELF => site.base_url.is_none(),
        UNSUPPORTED_FORMAT => feed.podcast.is_some(),
        _ => false,
    }
}

fn refused(plan: &Plan, feed: &Feed, format: Format, e: &press::Error) -> Problem {
    let file = Address::Edition(feed.name.clone(), format).file_path().unwrap_or_default();
    let path = plan.tree.join(file).to_string_lossy().into_owned();
    Problem::error(&REFUSED, Place::whole(path), e.to_string())
        .help("the edition before would stay up; please report it")
}

fn note(
    told: &mut BTreeMap<Key, Shown>,
    feed: &Feed,
    format: Format,
    place: Option<Place>,
    finding: Finding,
) {
    let Finding { code, severity, message, help, value, .. } = finding;
    let shown = told.entry(Key { place, code, message }).or_insert_with(|| Shown {
        severity,
        help,
        value,
        formats: BTreeSet::new(),
        feeds: BTreeSet::new(),
    });
    shown.formats.insert(format);
    shown.feeds.insert(feed.name.0.clone());
}

fn tell(key: Key, shown: Shown, config: &str, documents: &mut Documents) -> Problem {
    let Key { place, code, message } = key;
    let formats = listed(&shown.formats);
    match place {
        Some(place) => {
            let message = format!("{message} (in {formats})");
            let problem = Problem::new(shown.severity, &code, place, message).help(shown.help);
            match shown.value {
                Some(value) => documents.point(problem, &value),
                None => problem,
            }
        }
        None => {
            let first = shown.feeds.first().map(String::as_str).unwrap_or_default();
            let others = match shown.feeds.len().saturating_sub(1) {
                0 => String::new(),
                1 => " and one other".to_owned(),
                n => format!(" and {n} others"),
            };
            let message = format!("feed {first}{others}: {message} (in {formats})");
            Problem::new(shown.severity, &code, Place::whole(config), message).help(shown.help)
        }
    }
}

fn listed(formats: &BTreeSet<Format>) -> String {
    let names: Vec<&str> = formats
        .iter()
        .map(|format| match format {
            Format::Rss => "RSS",
            Format::Atom => "Atom",
            Format::Json => "JSON Feed",
        })
        .collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// The documents that problems are about, one at a time: problems come ordered by them.
#[derive(Default)]
pub(super) struct Documents {
    last: Option<(String, Option<String>)>,
}

impl Documents {
    /// Points a problem at the text that is wrong, where the document has it as the feed does.
    pub(super) fn point(&mut self, mut problem: Problem, value: &str) -> Problem {
        let from = problem.place.line;
        let path = problem.place.path.clone();
        let Some(text) = self.text(&path) else { return problem };
        // What stands in a capture with others begins at its own line.
        let lines = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
        let start: usize = text.split_inclusive('\n').take(lines).map(str::len).sum();
        if let Some(at) = text.get(start..).and_then(|rest| rest.find(value)) {
            problem.place = Place::in_text(path, text, start + at);
            problem = problem.line(text);
        }
        problem
    }

    fn text(&mut self, path: &str) -> Option<&str> {
        if self.last.as_ref().is_none_or(|(known, _)| known != path) {
            self.last = Some((path.to_owned(), read(Path::new(path))));
        }
        self.last.as_ref()?.1.as_deref()
    }
}

fn read(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > DOCUMENT_BYTES_MAX {
        return None;
    }
    fs::read_to_string(path).ok()
}
