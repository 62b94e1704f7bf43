//! `feeds.lock`: the few facts about articles that a reader can see and no document states. A text
//! file to commit, not a cache. Reading and editing are pure; edits are applied to the file as it is
//! now, so that what others changed meanwhile stays.

#[cfg(test)]
mod properties;
pub mod prune;
mod write;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};

pub use self::write::write;
use crate::document::permalink;
use crate::time::Zone;

/// The first line of every lock of this version.
const HEADER: &str = "feeds.lock 1";

/// The kinds of records that are understood; all others are kept as they are.
pub const KINDS: [&str; 6] = ["base", "feed", "gone", "id", "links", "seen"];

/// What stands for "the default of the document's kind" in a `links` record.
const DEFAULT_PATTERN: &str = "default";

/// A lock, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// Where derived ids begin.
    pub base: Option<String>,
    /// By source: the zone and the permalink pattern that its derived ids follow.
    pub links: BTreeMap<String, Links>,
    /// By id: the first sight of articles without a date.
    pub seen: BTreeMap<String, DateTime<Utc>>,
    /// By rule id: the id of an article whose id isn't its rule id.
    pub ids: BTreeMap<String, String>,
    /// By id: when an article was withdrawn that a feed with tombstones showed.
    pub gone: BTreeMap<String, DateTime<Utc>>,
    /// By feed: its atom:id, where it isn't the one that its name gives.
    pub feeds: BTreeMap<String, String>,
    /// By rule id, where several lines give it different ids: all of them, by bytes, each with its line.
    /// In `ids` is the first, until it is known which is published.
    pub doubles: BTreeMap<String, Vec<(String, usize)>>,
    /// First sights that no line says yet, by id: those of what is published, where a run has learned
    /// it. Nothing that is read from a lock.
    pub sights: BTreeMap<String, DateTime<Utc>>,
}

impl Lock {
    /// When an article without a date was first seen, as far as that is known.
    pub(super) fn first_sight(&self, id: &str) -> Option<DateTime<Utc>> {
        self.seen.get(id).or_else(|| self.sights.get(id)).copied()
    }
}

/// What a source's derived ids follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// IANA name.
    pub zone: String,
    /// Permalink pattern; `None`: the default of the document's kind.
    pub pattern: Option<String>,
}

/// One record to be added to the lock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// `base URL`, in place of any that stands.
    Base(String),
    /// `links SOURCE ZONE PATTERN`
    Links(String, String, Option<String>),
    /// `seen ID TIME`
    Seen(String, DateTime<Utc>),
    /// `id RULE ID`, in place of any line that gives this id.
    Id(String, String),
    /// `gone ID TIME`
    Gone(String, DateTime<Utc>),
    /// Drops the `gone` line of an id.
    NotGone(String),
}

/// A lock that can't be obeyed: a run must not guess what it means.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It can't be read.
    #[error("{path} can't be read: {cause}")]
    Unreadable {
        /// The lock.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It can't be written.
    #[error("{path} can't be written: {cause}; {edits} of its lines wait for the next run")]
    Unwritable {
        /// The lock.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
        /// How many lines are missing in it.
        edits: usize,
    },
    /// It isn't text.
    #[error("{path}:{line}: this isn't UTF-8, which a lock must be: save it so")]
    Encoding {
        /// The lock.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// Git left both sides in it.
    #[error(
        "{path}:{line}: a merge left conflict markers here; keep the lines of both sides and remove \
         the markers"
    )]
    Conflict {
        /// The lock.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// Its first line isn't that of a lock.
    #[error(
        "{path}:1: this isn't a lock that this release can read: its first line must be \
         {HEADER:?}, not {found:?}"
    )]
    Version {
        /// The lock.
        path: PathBuf,
        /// Its first line.
        found: String,
    },
    /// A line has too few fields or a bad value.
    #[error("{path}:{line}: {message}")]
    Line {
        /// The lock.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A fact stands twice, with two values.
    #[error(
        "{path}:{first} and line {second} give different values; keep the one that is published"
    )]
    Twice {
        /// The lock.
        path: PathBuf,
        /// Line, from 1.
        first: usize,
        /// Line, from 1.
        second: usize,
    },
}

impl Error {
    /// Whether somebody wrote it wrong, and it isn't the system that refuses.
    #[must_use]
    pub fn is_mistake(&self) -> bool {
        !matches!(self, Error::Unreadable { .. } | Error::Unwritable { .. })
    }
}

/// Reads a lock; where there is no file, an empty one.
///
/// # Errors
/// Where it can't be read or can't be obeyed.
pub fn read(path: &Path) -> Result<Lock, Error> {
    match fs::read(path) {
        Ok(bytes) => parse(path, utf8(path, &bytes)?),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Lock::default()),
        Err(cause) => Err(Error::Unreadable { path: path.to_owned(), cause }),
    }
}

fn utf8<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, Error> {
    std::str::from_utf8(bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        Error::Encoding { path: path.to_owned(), line }
    })
}

/// Without what some editors put before UTF-8.
fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Reads the text of a lock. Unsorted lines and unknown kinds are fine.
///
/// # Errors
/// Where it can't be obeyed.
pub fn parse(path: &Path, text: &str) -> Result<Lock, Error> {
    let owned = || path.to_owned();
    let text = without_bom(text);
    if text.trim().is_empty() {
        return Ok(Lock::default());
    }
    let mut lines = text.lines().map(|l| l.trim_end_matches('\r')).zip(1..);
    match lines.next() {
        None => return Ok(Lock::default()),
        Some((HEADER, _)) => {}
        Some((line, 1)) if is_marker(line) => {
            return Err(Error::Conflict { path: owned(), line: 1 });
        }
        Some((found, _)) => {
            return Err(Error::Version { path: owned(), found: found.to_owned() });
        }
    }
    let mut lock = Lock::default();
    // Ids by rule, with their lines.
    let mut given: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
    // Line numbers of facts that must stand once.
    let mut stands: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut twice = |kind: &str, key: &str, line: usize, same: bool| {
        let first = *stands.entry((kind.to_owned(), key.to_owned())).or_insert(line);
        if first == line || same {
            Ok(())
        } else {
            Err(Error::Twice { path: path.to_owned(), first, second: line })
        }
    };
    for (text, line) in lines {
        if is_marker(text) {
            return Err(Error::Conflict { path: owned(), line });
        }
        let fields: Option<Vec<String>> = text.split('\t').map(unescape).collect();
        let wrong = |message: String| Error::Line { path: path.to_owned(), line, message };
        let time = |field: &str| {
            DateTime::parse_from_rfc3339(field).map(|t| t.to_utc()).map_err(|_| {
                wrong(format!("{field:?} isn't a time such as \"2026-11-24T08:00:00Z\""))
            })
        };
        let Some(fields) = fields else {
            let known = KINDS.contains(&text.split('\t').next().unwrap_or_default());
            let sentence = r"after \ there must be \, t, n or r; a \ itself is written \\";
            if known {
                return Err(wrong(sentence.to_owned()));
            }
            continue;
        };
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        match fields[..] {
            ["base", url] => {
                if url::Url::parse(url).is_err() {
                    return Err(wrong(format!(
                        "{url:?} isn't a URL such as \"https://a.example/\""
                    )));
                }
                let same = lock.base.as_deref().is_none_or(|b| b == url);
                twice("base", "", line, same)?;
                lock.base.get_or_insert_with(|| url.to_owned());
            }
            ["links", source, zone, pattern] => {
                zone.parse::<Zone>().map_err(|e| wrong(e.to_string()))?;
                if pattern != DEFAULT_PATTERN {
                    permalink::check(pattern).map_err(|e| wrong(format!("the pattern {e}")))?;
                }
                let links = Links {
                    zone: zone.to_owned(),
                    pattern: (pattern != DEFAULT_PATTERN).then(|| pattern.to_owned()),
                };
                let same = lock.links.get(source).is_none_or(|l| *l == links);
                twice("links", source, line, same)?;
                lock.links.entry(source.to_owned()).or_insert(links);
            }
            ["feed", name, iri] => {
                let same = lock.feeds.get(name).is_none_or(|f| f == iri);
                twice("feed", name, line, same)?;
                lock.feeds.entry(name.to_owned()).or_insert_with(|| iri.to_owned());
            }
            ["seen", id, at] => {
                let at = time(at)?;
                let seen = lock.seen.entry(id.to_owned()).or_insert(at);
                *seen = at.min(*seen);
            }
            ["gone", id, at] => {
                let at = time(at)?;
                let gone = lock.gone.entry(id.to_owned()).or_insert(at);
                *gone = at.min(*gone);
            }
            ["id", rule, id] => {
                let ids = given.entry(rule.to_owned()).or_default();
                if ids.iter().all(|(known, _)| known != id) {
                    ids.push((id.to_owned(), line));
                }
            }
            ["base" | "links" | "feed" | "seen" | "id" | "gone", ..] => {
                let kind = fields[0];
                return Err(wrong(format!("a {kind:?} record has another number of fields")));
            }
            [one] if KINDS.iter().any(|k| one.split_whitespace().next() == Some(k)) => {
                return Err(wrong("fields are separated by one tab each".to_owned()));
            }
            _ => {}
        }
    }
    for (rule, mut ids) in given {
        // The first by bytes, wherever it stands.
        ids.sort();
        lock.ids.extend(ids.first().map(|(id, _)| (rule.clone(), id.clone())));
        if ids.len() > 1 {
            lock.doubles.insert(rule, ids);
        }
    }
    Ok(lock)
}

fn is_marker(line: &str) -> bool {
    ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|m| line.starts_with(m))
}

/// Adds records to the text of a lock: sorted by bytes, unknown lines kept.
#[must_use]
pub fn edit(text: &str, edits: &[Edit]) -> String {
    let mut rules: HashSet<String> = HashSet::new();
    let mut ids: HashSet<String> = HashSet::new();
    let mut not_gone: HashSet<String> = HashSet::new();
    for edit in edits {
        match edit {
            Edit::Id(rule, id) => {
                rules.insert(escape(rule));
                ids.insert(escape(id));
            }
            Edit::NotGone(id) => {
                not_gone.insert(escape(id));
            }
            _ => {}
        }
    }
    let new_base = edits.iter().any(|e| matches!(e, Edit::Base(_)));
    let stays = |line: &String| {
        let mut fields = line.split('\t');
        match fields.next() {
            // One line a rule and one line an id: no chains.
            Some("id") => match (fields.next(), fields.next()) {
                (Some(rule), Some(id)) => !rules.contains(rule) && !ids.contains(id),
                _ => true,
            },
            Some("base") => !new_base,
            Some("gone") => fields.next().is_none_or(|id| !not_gone.contains(id)),
            _ => true,
        }
    };
    let mut lines: Vec<String> = without_bom(text)
        .lines()
        .map(|l| l.trim_end_matches('\r').to_owned())
        .filter(|l| !l.is_empty() && l != HEADER && stays(l))
        .chain(edits.iter().map(line).filter(|l| !l.is_empty()))
        .collect();
    lines.sort();
    lines.dedup();
    lines.insert(0, HEADER.to_owned());
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// What an edit does, as a person is told: the line, or which line goes.
#[must_use]
pub fn told(edit: &Edit) -> String {
    match (line(edit), edit) {
        (_, Edit::NotGone(id)) => format!("without: gone\t{}", escape(id)),
        (text, Edit::Id(_, id)) if text.is_empty() => format!("without: id\t…\t{}", escape(id)),
        (text, _) => text,
    }
}

/// The line that a record is.
fn line(edit: &Edit) -> String {
    let fields = match edit {
        Edit::Base(url) => vec!["base".to_owned(), escape(url)],
        Edit::Links(source, zone, pattern) => vec![
            "links".to_owned(),
            escape(source),
            escape(zone),
            escape(pattern.as_deref().unwrap_or(DEFAULT_PATTERN)),
        ],
        Edit::Seen(id, at) => {
            vec!["seen".to_owned(), escape(id), at.to_rfc3339_opts(SecondsFormat::Secs, true)]
        }
        Edit::Gone(id, at) => {
            vec!["gone".to_owned(), escape(id), at.to_rfc3339_opts(SecondsFormat::Secs, true)]
        }
        Edit::NotGone(_) => Vec::new(),
        // Equal again: the rule says it, and no line must.
        Edit::Id(rule, id) if rule == id => Vec::new(),
        Edit::Id(rule, id) => vec!["id".to_owned(), escape(rule), escape(id)],
    };
    fields.join("\t")
}

fn escape(field: &str) -> String {
    field.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// `None` where a `\` is followed by what it can't be.
fn unescape(field: &str) -> Option<String> {
    let mut text = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('t') => text.push('\t'),
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('\\') => text.push('\\'),
                _ => return None,
            },
            (c, false) => text.push(c),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Lock, Error> {
        parse(Path::new("feeds.lock"), text)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let at = DateTime::parse_from_rfc3339("2026-11-24T08:00:00Z").unwrap().to_utc();
        let edits = [
            Edit::Seen("https://a.example/x\ty\\".to_owned(), at),
            Edit::Base("https://a.example/".to_owned()),
            Edit::Links("news".to_owned(), "Asia/Baku".to_owned(), None),
        ];
        let text = edit("feeds.lock 1\nzeta\tkept\n", &edits);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], HEADER);
        assert!(lines[1..].is_sorted() && lines.contains(&"zeta\tkept"), "{text}");
        let lock = read(&text).unwrap();
        assert_eq!(lock.base.as_deref(), Some("https://a.example/"));
        assert_eq!(lock.seen["https://a.example/x\ty\\"], at);
        assert_eq!(lock.links["news"].pattern, None);
        assert_eq!(edit(&text, &edits), text);
    }

    #[test]
    fn what_cannot_be_obeyed_says_where() {
        for (text, expected) in [
            ("feeds.lock 2\n", "feeds.lock:1: this isn't a lock"),
            ("feeds.lock 1\nbase\thttp://a/\nbase\thttp://b/\n", "feeds.lock:2 and line 3"),
            ("feeds.lock 1\n<<<<<<< HEAD\n", "feeds.lock:2: a merge left"),
            ("feeds.lock 1\nseen\tx\tsoon\n", "feeds.lock:2: \"soon\" isn't a time"),
            ("feeds.lock 1\nbase\ta.example\n", "feeds.lock:2: \"a.example\" isn't a URL"),
            ("feeds.lock 1\nlinks\ts\tMars\tdefault\n", "feeds.lock:2: there is no time zone"),
            ("feeds.lock 1\nlinks\ts\tUTC\tx\n", "feeds.lock:2: the pattern must begin"),
            ("feeds.lock 1\nbase\n", "feeds.lock:2: a \"base\" record"),
            ("feeds.lock 1\nid\ta\\qb\tx\n", "feeds.lock:2: after \\ there must be"),
            ("feeds.lock 1\nid\ta\tx\\\n", "feeds.lock:2: after \\ there must be"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn an_id_has_one_line() {
        let line = |text: &str| text.lines().nth(1).map(str::to_owned);
        let first = edit("", &[Edit::Id("rule".to_owned(), "id".to_owned())]);
        assert_eq!(line(&first).unwrap(), "id\trule\tid");
        let second = edit(&first, &[Edit::Id("other".to_owned(), "id".to_owned())]);
        assert_eq!(line(&second).unwrap(), "id\tother\tid");
        assert_eq!(line(&edit(&second, &[Edit::Id("id".to_owned(), "id".to_owned())])), None);
    }

    #[test]
    fn of_two_first_sights_the_earlier_counts() {
        let lock = read(
            "feeds.lock 1\nseen\tx\t2026-02-02T00:00:00Z\nseen\tx\t2026-01-01T00:00:00Z\nnew\tkind\n",
        )
        .unwrap();
        assert_eq!(lock.seen["x"].to_rfc3339(), "2026-01-01T00:00:00+00:00");
    }
}
