//! Where findings are gathered: with the byte that each is about while a feed is looked at, with line
//! and column at the end, when all of them are counted in one pass.

use std::collections::BTreeMap;

use super::{Entry, Finding, Hints, Rule};

/// So many findings of one code are told; a feed of a thousand entries breaks a rule a thousand times.
const OF_A_CODE_MAX: usize = 50;

/// Longest text of a feed that a message or a value quotes, in characters.
const QUOTE_MAX: usize = 100;

/// The findings about one feed.
pub(super) struct Sheet<'a> {
    pub(super) text: &'a str,
    pub(super) hints: Hints<'a>,
    entries: Vec<Entry>,
    /// Whether what is found now is about the last entry.
    within: bool,
    found: Vec<Raw>,
    counts: BTreeMap<String, usize>,
}

struct Raw {
    finding: Finding,
    /// The byte in the text; `None`: the feed as a whole.
    at: Option<usize>,
    entry: Option<usize>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(text: &'a str, hints: Hints<'a>) -> Sheet<'a> {
        let (entries, found, counts) = (Vec::new(), Vec::new(), BTreeMap::new());
        Sheet { text, hints, entries, within: false, found, counts }
    }

    /// What is found from here on is about this entry …
    pub(super) fn enter(&mut self, mut entry: Entry) {
        entry.index = self.entries.len();
        self.entries.push(entry);
        self.within = true;
    }

    /// … and from here on about the feed again.
    pub(super) fn leave(&mut self) {
        self.within = false;
    }

    /// Goes back to an entry that was entered before.
    pub(super) fn about(&mut self, index: usize, rule: &Rule, at: usize, message: String) {
        self.put(rule, Some(at), message, None, Some(index));
    }

    /// Tells of something at a byte of the text.
    pub(super) fn tell(&mut self, rule: &Rule, at: usize, message: impl Into<String>) {
        self.put(rule, Some(at), message.into(), None, self.entry());
    }

    /// Tells of a value that stands near a byte of the text.
    pub(super) fn tell_value(
        &mut self,
        rule: &Rule,
        at: usize,
        value: &str,
        message: impl Into<String>,
    ) {
        self.put(rule, Some(at), message.into(), Some(value), self.entry());
    }

    /// Tells of something about the feed as a whole.
    pub(super) fn tell_whole(&mut self, rule: &Rule, message: impl Into<String>) {
        self.put(rule, None, message.into(), None, None);
    }

    fn entry(&self) -> Option<usize> {
        self.within.then(|| self.entries.len().checked_sub(1)).flatten()
    }

    fn put(
        &mut self,
        rule: &Rule,
        at: Option<usize>,
        message: String,
        value: Option<&str>,
        entry: Option<usize>,
    ) {
        let count = self.counts.entry(rule.code.as_str().to_owned()).or_default();
        *count += 1;
        if *count > OF_A_CODE_MAX {
            return;
        }
        let value = value.map(str::trim).filter(|v| !v.is_empty() && v.len() <= 4 * QUOTE_MAX);
        let finding = Finding {
            code: rule.code.clone(),
            severity: rule.severity,
            message,
            help: rule.help,
            line: 0,
            column: 0,
            entry: None,
            value: value.map(str::to_owned),
        };
        self.found.push(Raw { finding, at, entry });
    }

    /// How many entries there are, and the findings in the text's order.
    pub(super) fn finish(mut self) -> (usize, Vec<Finding>) {
        self.found.sort_by(|a, b| {
            (a.at, &a.finding.code, &a.finding.message).cmp(&(
                b.at,
                &b.finding.code,
                &b.finding.message,
            ))
        });
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        for (code, count) in self.counts {
            left.extend(count.checked_sub(OF_A_CODE_MAX).filter(|n| *n > 0).map(|n| (code, n)));
        }
        let mut counter = Counter { text: self.text, at: 0, line: 1, column: 1 };
        let mut findings: Vec<Finding> = Vec::with_capacity(self.found.len());
        for Raw { mut finding, at, entry } in self.found {
            if let Some(at) = at {
                (finding.line, finding.column) = counter.to(at);
            }
            finding.entry = entry.and_then(|index| self.entries.get(index)).cloned();
            findings.push(finding);
        }
        for finding in findings.iter_mut().rev() {
            if let Some(more) = left.remove(finding.code.as_str()) {
                finding.message.push_str(&format!(" (and {more} more of this kind)"));
            }
        }
        (self.entries.len(), findings)
    }
}

/// Counts lines and columns, forwards only.
struct Counter<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    column: u32,
}

impl Counter<'_> {
    fn to(&mut self, offset: usize) -> (u32, u32) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        for c in self.text.get(self.at..end).unwrap_or_default().chars() {
            if c == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.at = self.at.max(end);
        (self.line, self.column)
    }
}

/// A text of the feed as a message quotes it: on one line, cut, in backquotes.
pub(super) fn quote(text: &str) -> String {
    let mut shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if shown.is_empty() {
        return "empty".to_owned();
    }
    if shown.chars().count() > QUOTE_MAX {
        shown = shown.chars().take(QUOTE_MAX).collect();
        shown.push('…');
    }
    format!("`{}`", shown.replace('`', "'"))
}
