//! What a command shows: problems and reports, to a person or as one JSON object. What documents
//! hold is shown without letting it drive the terminal. Where it is written to, and with which exit
//! status, is the commands'.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthChar;

pub(super) use crate::problem::counted as count;
use crate::problem::{Problem, Severity};
use crate::run::{Counters, Held, ProblemCounts, Report};

/// So many problems of one code are shown, then the rest is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// Of notes; `None` shows all.
    notes: Option<usize>,
    /// Of errors and warnings; `None` shows all.
    others: Option<usize>,
}

impl Most {
    /// All of them.
    pub const ALL: Most = Most { notes: None, others: None };
    /// What a run tells.
    pub const OF_A_RUN: Most = Most { notes: Some(10), others: Some(50) };
    /// What `check` tells: every mistake, but not each page of a site that is no article.
    pub const OF_A_CHECK: Most = Most { notes: Some(10), others: None };
    /// What `status` tells.
    pub const OF_A_STATUS: Most = Most { notes: Some(10), others: Some(10) };

    fn of(self, severity: Severity) -> Option<usize> {
        if severity == Severity::Note { self.notes } else { self.others }
    }
}

/// Before a document's line and the caret below it.
const INDENT: &str = "    ";
/// What a tab is shown as; its width on a terminal depends on where it stands.
const TAB: &str = "    ";

/// Writes one problem: place, severity, code and sentence; the line with a caret below the column;
/// the help.
///
/// # Errors
///
/// Where `out` can't be written.
pub fn problem(out: &mut dyn Write, problem: &Problem, colour: bool) -> io::Result<()> {
    let paint = Paint { colour };
    let severity = format!("{}[{}]", problem.severity, problem.code);
    writeln!(
        out,
        "{}: {}: {}",
        safe(&problem.place.to_string()),
        paint.severity(problem.severity, &safe(&severity)),
        safe(&problem.message)
    )?;
    if let Some(line) = &problem.line_text
        && !line.trim().is_empty()
    {
        writeln!(out, "{INDENT}{}", safe(line))?;
        if let Some(before) = before_caret(line, problem.place.column) {
            let width: usize = safe(&before).chars().filter_map(UnicodeWidthChar::width).sum();
            let caret = paint.severity(problem.severity, "^");
            writeln!(out, "{INDENT}{:width$}{caret}", "")?;
        }
    }
    if let Some(help) = &problem.help {
        writeln!(out, "{} {}", paint.bold("help:"), safe(help))?;
    }
    Ok(())
}

/// How far [`Problem::line`] keeps of a line that it cuts, and what it sets before the column then.
const CUT_CHARS: usize = 160;
const CUT_BEFORE: usize = CUT_CHARS / 2;

/// What stands before the column in a line as shown; `None` where the column isn't in it.
fn before_caret(line: &str, column: u32) -> Option<String> {
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    let length = line.chars().count();
    // A line that was cut begins half its length before the column.
    let cut = line.ends_with('…') && (length > CUT_CHARS || length <= column);
    let column = if cut && column >= CUT_BEFORE { CUT_BEFORE - 1 } else { column };
    (column <= length).then(|| line.chars().take(column).collect())
}

/// Writes problems, ordered by path and line. Of each code at most so many are shown, and how many more
/// there are.
///
/// # Errors
///
/// Where `out` can't be written.
pub fn problems(
    out: &mut dyn Write,
    problems: &[Problem],
    most: Most,
    colour: bool,
) -> io::Result<()> {
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by(|a, b| (&a.place, &a.code, &a.message).cmp(&(&b.place, &b.code, &b.message)));
    let mut shown: BTreeMap<(&str, Severity), usize> = BTreeMap::new();
    for one in sorted {
        let count = shown.entry((one.code.as_str(), one.severity)).or_default();
        *count += 1;
        if most.of(one.severity).is_none_or(|most| *count <= most) {
            problem(out, one, colour)?;
        }
    }
    for ((code, severity), count) in shown {
        let more = most.of(severity).and_then(|most| count.checked_sub(most));
        if let Some(more) = more.filter(|more| *more > 0) {
            let code = safe(code);
            writeln!(out, "… and {more} more of [{code}]; `feedwright check --all` shows all")?;
        }
    }
    Ok(())
}

/// Writes what a run did, for a person: problems, what failed, what is held, and one line of counts.
///
/// # Errors
///
/// Where `out` can't be written.
pub fn report(out: &mut dyn Write, report: &Report, most: Most, colour: bool) -> io::Result<()> {
    problems(out, &report.problems, most, colour)?;
    failures(out, report, colour)?;
    writeln!(out, "{}", summary(report))
}

/// What failed in a run and isn't told as a problem already.
pub(super) fn failures_alone(report: &Report) -> impl Iterator<Item = &str> {
    let told = |failure: &&str| report.problems.iter().any(|p| p.message == *failure);
    report.failures.iter().map(String::as_str).filter(move |failure| !told(failure))
}

/// Writes what failed in a run and what a guard holds, a line each.
///
/// # Errors
///
/// Where `out` can't be written.
pub fn failures(out: &mut dyn Write, report: &Report, colour: bool) -> io::Result<()> {
    let paint = Paint { colour };
    for failure in failures_alone(report) {
        writeln!(out, "{} {}", paint.severity(Severity::Error, "failed:"), safe(failure))?;
    }
    for held in &report.held {
        let label = paint.severity(Severity::Warning, "held:");
        writeln!(
            out,
            "{label} {}; to release: {}",
            safe(&withheld(held, true)),
            safe(&held.release)
        )?;
    }
    Ok(())
}

/// What a guard holds: `12 articles of source newsroom, by the loss guard`. With `named`, which they are.
fn withheld(held: &Held, named: bool) -> String {
    let mut what = count(held.count, "article", "articles");
    if !held.source.is_empty() {
        let _ = write!(what, " of source {}", held.source);
    }
    let _ = write!(what, ", by the {} guard", held.guard);
    if named && !held.ids.is_empty() {
        let _ = write!(what, ": {}", held.ids.join(", "));
        let more = held.count.saturating_sub(held.ids.len() as u64);
        if more > 0 {
            let _ = write!(what, " and {}", count(more, "other", "others"));
        }
    }
    what
}

/// One line of what a run did, and of what waits for an operator, with the command that helps.
#[must_use]
pub fn summary(report: &Report) -> String {
    let c = &report.counters;
    let mut line = String::new();
    if let Some(learned) = report.learned {
        let _ = write!(
            line,
            "learned of {}; ",
            count(learned, "published article", "published articles")
        );
    }
    let _ = write!(
        line,
        "{} read: {} new, {} changed, {} withdrawn; {} written, {} unchanged; {}",
        count(c.read, "article", "articles"),
        c.new,
        c.changed,
        c.withdrawn,
        count(c.written, "edition", "editions"),
        c.unchanged,
        problem_counts(report.count_problems())
    );
    if !report.failures.is_empty() {
        let _ = write!(line, "; {}", count(report.failures.len() as u64, "failure", "failures"));
    }
    for held in &report.held {
        let _ = write!(line, "; held: {} ({})", safe(&withheld(held, false)), safe(&held.release));
    }
    let tenths = report.took_ms.saturating_add(50) / 100;
    let _ = write!(line, "; {}.{} s", tenths / 10, tenths % 10);
    line
}

/// How many problems there are: `1 error, 2 notes`, or `no problems`.
#[must_use]
pub fn problem_counts(counts: ProblemCounts) -> String {
    let ProblemCounts { error, warning, note } = counts;
    let parts: Vec<String> = [(error, "error"), (warning, "warning"), (note, "note")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| count(n, word, &format!("{word}s")))
        .collect();
    if parts.is_empty() { "no problems".to_owned() } else { parts.join(", ") }
}

/// Writes a report as one JSON object on one line. Its schema is
/// `docs/reference/report.schema.json`, and only grows.
///
/// # Errors
///
/// Where `out` can't be written.
pub fn json(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    write_json(out, &object(report))
}

/// A report as the schema describes it.
pub(super) fn object(report: &Report) -> impl Serialize + '_ {
    let mut times = serde_json::Map::new();
    for (step, ms) in &report.times {
        let before = times.get(step).and_then(serde_json::Value::as_u64).unwrap_or(0);
        times.insert(step.clone(), before.saturating_add(*ms).into());
    }
    JsonReport {
        counters: report.counters,
        problems: sorted(&report.problems),
        problem_counts: report.count_problems(),
        held: &report.held,
        failures: &report.failures,
        started: rfc3339(report.started),
        as_of: rfc3339(report.as_of),
        next_due: report.next_due.map(rfc3339),
        second_look: report.second_look.map(rfc3339),
        learned: report.learned,
        times,
        took_ms: report.took_ms,
    }
}

/// Writes the mistakes of a configuration as one JSON object on one line: its `problems` alone, since
/// there was no run.
///
/// # Errors
///
/// Where `out` can't be written.
pub fn json_mistakes(out: &mut dyn Write, problems: &[Problem]) -> io::Result<()> {
    #[derive(Serialize)]
    struct Mistakes<'a> {
        problems: Vec<JsonProblem<'a>>,
    }
    write_json(out, &Mistakes { problems: sorted(problems) })
}

#[derive(Serialize)]
struct JsonReport<'a> {
    #[serde(flatten)]
    counters: Counters,
    problems: Vec<JsonProblem<'a>>,
    problem_counts: ProblemCounts,
    held: &'a [Held],
    failures: &'a [String],
    started: String,
    as_of: String,
    next_due: Option<String>,
    second_look: Option<String>,
    learned: Option<u64>,
    times: serde_json::Map<String, serde_json::Value>,
    took_ms: u64,
}

#[derive(Serialize)]
pub(super) struct JsonProblem<'a> {
    code: &'a str,
    severity: Severity,
    path: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    message: &'a str,
    help: Option<&'a str>,
}

pub(super) fn sorted(problems: &[Problem]) -> Vec<JsonProblem<'_>> {
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by(|a, b| (&a.place, &a.code, &a.message).cmp(&(&b.place, &b.code, &b.message)));
    let named = |n: u32| (n > 0).then_some(n);
    let json = |p: &'_ Problem| (named(p.place.line), named(p.place.column));
    sorted
        .into_iter()
        .map(|p| {
            let (line, column) = json(p);
            JsonProblem {
                code: p.code.as_str(),
                severity: p.severity,
                path: &p.place.path,
                line,
                column,
                message: &p.message,
                help: p.help.as_deref(),
            }
        })
        .collect()
}

pub(super) fn rfc3339(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

pub(super) fn write_json(out: &mut dyn Write, object: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(object)?;
    // Such characters stand within strings only, where JSON lets them be escaped.
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_dangerous(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    writeln!(out, "{safe}")
}

/// Text as it may be shown: tabs widened, what only guides the direction of its own letters left out,
/// and whatever could drive a terminal or turn what follows escaped.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c == '\t' || is_dangerous(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\t' => shown.push_str(TAB),
            c if is_guide(c) => {}
            c if is_dangerous(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Marks, embeddings and isolates, which titles in Arabic or Hebrew begin and end with; terminals show
/// such letters well without them. An override isn't one: it shows letters in another order.
fn is_guide(c: char) -> bool {
    matches!(c,
        '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202c}' | '\u{2066}'..='\u{2069}')
}

fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200e}' | '\u{200f}' | '\u{061c}'          // marks of direction
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // embeddings, overrides, isolates
            | '\u{2028}' | '\u{2029}' | '\u{feff}'        // breaks, byte order mark
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Colours as ANSI sequences, or none.
#[derive(Clone, Copy)]
struct Paint {
    colour: bool,
}

impl Paint {
    fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Note => "1;36",
        };
        self.with(code, text)
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests;
