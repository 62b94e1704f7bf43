//! A typed reader of TOML that goes on after a mistake. A [`Table`] gives its keys away one by one,
//! notes what is wrong with each at its place, and reports at the end those that nobody asked for.
//! What a value means is [`values`](super::values)'s.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::codes;
use super::expand;
use super::keys::{self, Keys};
use crate::problem::{Code, Place, Problem, Severity};

/// Bytes of the text.
pub(super) type Span = Range<usize>;

/// More mistakes than this in one file are counted, not told.
const PROBLEMS_MAX: usize = 500;

/// The text that is read, and what was found wrong in it so far.
pub(super) struct Text<'a> {
    path: String,
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    env: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
    untold: usize,
}

/// What is wrong with a value: "isn't a duration", to be put after its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) code: Code,
    pub(super) what: String,
    pub(super) help: Option<String>,
}

impl Wrong {
    pub(super) fn new(code: Code, what: impl Into<String>, help: impl Into<String>) -> Wrong {
        Wrong { code, what: what.into(), help: Some(help.into()) }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

/// A string as written and with its variables filled in.
#[derive(Debug, Clone)]
pub(super) struct Str {
    /// Variables filled in. Never told: it may be secret.
    pub(super) value: String,
    /// As it stands in the file.
    pub(super) written: String,
    pub(super) span: Span,
}

impl<'a> Text<'a> {
    pub(super) fn new(
        path: String,
        text: &'a str,
        env: &'a dyn Fn(&str) -> Option<String>,
    ) -> Text<'a> {
        let lines =
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Text { path, text, lines: lines.collect(), env, problems: Vec::new(), untold: 0 }
    }

    /// Line of a byte, from 0.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= offset).saturating_sub(1)
    }

    /// The line at a byte, without its end.
    pub(super) fn line_at(&self, offset: usize) -> &'a str {
        let line = self.line_of(offset);
        let begin = self.lines.get(line).copied().unwrap_or(0);
        let end = self.lines.get(line + 1).copied().unwrap_or(self.text.len());
        self.text.get(begin..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// Notes a problem; without a span it is the file's as a whole.
    pub(super) fn tell(
        &mut self,
        severity: Severity,
        code: &Code,
        span: Option<&Span>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        if self.problems.len() >= PROBLEMS_MAX {
            self.untold += 1;
            return;
        }
        let place = match span {
            Some(span) => Place::in_text(self.path.clone(), self.text, span.start),
            None => Place::whole(self.path.clone()),
        };
        let mut problem = Problem::new(severity, code, place, message).line(self.text);
        problem.help = help;
        self.problems.push(problem);
    }

    /// Notes an error.
    pub(super) fn error(
        &mut self,
        code: &Code,
        span: Option<&Span>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.tell(Severity::Error, code, span, message, Some(help.into()));
    }

    /// Notes what is wrong with the value of `key`.
    pub(super) fn wrong(&mut self, key: &str, span: &Span, wrong: Wrong) {
        let message = format!("`{key}` {}", wrong.what);
        self.tell(Severity::Error, &wrong.code, Some(span), message, wrong.help);
    }

    /// Forgets the problems that `keep` refuses.
    pub(super) fn retain(&mut self, keep: impl Fn(&Problem) -> bool) {
        self.problems.retain(keep);
    }

    /// Everything that was found, in the file's order; those of the whole file first.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|p| (p.place.line, p.place.column));
        if self.untold > 0 {
            let more = format!("{} more mistakes aren't told", self.untold);
            self.problems.push(Problem::error(&codes::SYNTAX, Place::whole(self.path), more));
        }
        self.problems
    }

    /// The string that `value` is, as the value of `key`.
    fn string_of(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Str> {
        let span = value.span();
        if !matches!(value.get_ref(), DeValue::String(_)) {
            let help = match (value.get_ref(), keys::example(key)) {
                (_, Some(example)) => format!("write `{key} = \"{example}\"`"),
                (DeValue::Array(_) | DeValue::Table(_), None) => format!("write `{key} = \"…\"`"),
                _ => format!("put it in quotes: `{key} = \"{}\"`", self.snippet(&span)),
            };
            self.type_error(key, &span, "a string", value.get_ref(), help);
        }
        self.expanded(key, value)
    }

    /// The string that `value` is, as one of several in `key`.
    pub(super) fn string_in(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Str> {
        let span = value.span();
        if !matches!(value.get_ref(), DeValue::String(_)) {
            let help = match value.get_ref() {
                DeValue::Array(_) | DeValue::Table(_) => "write a string there".to_owned(),
                _ => format!("put it in quotes: \"{}\"", self.snippet(&span)),
            };
            let message = format!("`{key}` must hold strings, and holds {}", kind(value.get_ref()));
            self.error(&codes::TYPE, Some(&span), message, help);
        }
        self.expanded(key, value)
    }

    fn expanded(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Str> {
        let DeValue::String(written) = value.get_ref() else { return None };
        let span = value.span();
        match expand::variables(written, self.env) {
            Ok(value) => Some(Str { value, written: written.to_string(), span }),
            Err(wrong) => {
                self.wrong(key, &span, wrong);
                None
            }
        }
    }

    /// A short piece of the text, to be shown in help.
    fn snippet(&self, span: &Span) -> &'a str {
        let text = self.text.get(span.clone()).unwrap_or("");
        if text.len() <= SNIPPET_BYTES_MAX && !text.contains('\n') { text } else { "…" }
    }

    fn type_error(
        &mut self,
        key: &str,
        span: &Span,
        wanted: &str,
        got: &DeValue<'_>,
        help: String,
    ) {
        let message = format!("`{key}` must be {wanted}, and is {}", kind(got));
        self.error(&codes::TYPE, Some(span), message, help);
    }
}

/// Longest value that help repeats.
const SNIPPET_BYTES_MAX: usize = 40;

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// One table, given away key by key.
pub(super) struct Table<'t> {
    keys: Keys,
    /// Where it begins; `None` of one that isn't written, and of the whole file.
    pub(super) span: Option<Span>,
    entries: Option<&'t DeTable<'t>>,
    asked: Vec<&'static str>,
}

impl<'t> Table<'t> {
    pub(super) fn new(keys: Keys, span: Option<Span>, entries: &'t DeTable<'t>) -> Table<'t> {
        Table { keys, span, entries: Some(entries), asked: Vec::new() }
    }

    /// One that the file doesn't have.
    fn absent(keys: Keys) -> Table<'t> {
        Table { keys, span: None, entries: None, asked: Vec::new() }
    }

    /// Whether the file has the table.
    pub(super) fn written(&self) -> bool {
        self.entries.is_some()
    }

    /// Whether the file has the key, whatever its value is worth.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Where the key stands.
    pub(super) fn key_span(&self, key: &str) -> Option<Span> {
        self.entry(key).map(|(key, _)| key)
    }

    fn entry(&self, key: &str) -> Option<(Span, &'t Spanned<DeValue<'t>>)> {
        self.entries?.iter().find(|(k, _)| k.get_ref() == key).map(|(k, v)| (k.span(), v))
    }

    fn take(&mut self, key: &'static str) -> Option<(Span, &'t Spanned<DeValue<'t>>)> {
        debug_assert!(self.keys.names.contains(&key), "{key} isn't listed in keys.rs");
        self.asked.push(key);
        self.entry(key)
    }

    /// Reports the key where it isn't there.
    pub(super) fn require(&self, text: &mut Text<'_>, key: &str, help: &str) {
        if !self.has(key) {
            let message = format!("`{}` has no `{key}`", self.keys.header);
            text.error(&codes::KEY_MISSING, self.span.as_ref(), message, help);
        }
    }

    /// Reports the key where it is there.
    pub(super) fn refuse(&self, text: &mut Text<'_>, key: &str, why: &str, help: &str) {
        if let Some(span) = self.key_span(key) {
            text.error(&codes::KEY_MISPLACED, Some(&span), format!("`{key}` {why}"), help);
        }
    }

    /// A string, variables filled in.
    pub(super) fn string(&mut self, text: &mut Text<'_>, key: &'static str) -> Option<Str> {
        let (_, value) = self.take(key)?;
        text.string_of(key, value)
    }

    /// A string that `parse` makes something of.
    pub(super) fn parsed<T>(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<At<T>> {
        let Str { value, span, .. } = self.string(text, key)?;
        match parse(&value) {
            Ok(value) => Some(At { value, span }),
            Err(wrong) => {
                text.wrong(key, &span, wrong);
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, text: &mut Text<'_>, key: &'static str) -> Option<bool> {
        let (_, value) = self.take(key)?;
        if let DeValue::Boolean(b) = value.get_ref() {
            return Some(*b);
        }
        let help = format!("write `{key} = true` or `{key} = false`, without quotes");
        text.type_error(key, &value.span(), "`true` or `false`", value.get_ref(), help);
        None
    }

    /// A whole number from 1.
    pub(super) fn count(&mut self, text: &mut Text<'_>, key: &'static str) -> Option<u32> {
        let (_, value) = self.take(key)?;
        let span = value.span();
        let DeValue::Integer(number) = value.get_ref() else {
            let help = format!("write `{key} = 50`, without quotes");
            text.type_error(key, &span, "a whole number", value.get_ref(), help);
            return None;
        };
        match u32::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if number > 0 => Some(number),
            _ => {
                let help = format!("write `{key} = 50`, for example");
                let what = format!("must be from 1 to {}", u32::MAX);
                text.wrong(key, &span, Wrong::new(codes::VALUE, what, help));
                None
            }
        }
    }

    /// A list of strings; each that isn't one is left out.
    pub(super) fn strings(&mut self, text: &mut Text<'_>, key: &'static str) -> Vec<Str> {
        self.list(text, key).iter().filter_map(|value| text.string_in(key, value)).collect()
    }

    /// A list of strings that `parse` makes something of.
    pub(super) fn parsed_list<T>(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Vec<At<T>> {
        let mut parsed = Vec::new();
        for Str { value, span, .. } in self.strings(text, key) {
            match parse(&value) {
                Ok(value) => parsed.push(At { value, span }),
                Err(wrong) => text.wrong(key, &span, wrong),
            }
        }
        parsed
    }

    /// A list of anything.
    pub(super) fn list(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
    ) -> &'t [Spanned<DeValue<'t>>] {
        let Some((_, value)) = self.take(key) else { return &[] };
        if let DeValue::Array(array) = value.get_ref() {
            return array;
        }
        let help = match value.get_ref() {
            DeValue::String(_) => format!("write `{key} = [{}]`", text.snippet(&value.span())),
            _ => format!("write `{key} = [\"…\"]`"),
        };
        text.type_error(key, &value.span(), "a list", value.get_ref(), help);
        &[]
    }

    /// A table whose keys are the operator's own, with strings.
    pub(super) fn pairs(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
        example: &str,
    ) -> Vec<(At<String>, Str)> {
        let Some((_, value)) = self.take(key) else { return Vec::new() };
        let DeValue::Table(entries) = value.get_ref() else {
            let help = format!("write `{key} = {{ {example} }}`");
            text.type_error(key, &value.span(), "a table", value.get_ref(), help);
            return Vec::new();
        };
        entries
            .iter()
            .filter_map(|(own, value)| {
                let value = text.string_in(key, value)?;
                Some((At { value: own.get_ref().to_string(), span: own.span() }, value))
            })
            .collect()
    }

    /// A table below this one, an absent one where it isn't written.
    pub(super) fn table(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
        keys: Keys,
    ) -> Table<'t> {
        let Some((span, value)) = self.take(key) else { return Table::absent(keys) };
        if let DeValue::Table(entries) = value.get_ref() {
            return Table::new(keys, Some(value.span()), entries);
        }
        let help = match value.get_ref() {
            DeValue::Array(_) => format!("there is one: write `[{key}]`, in single brackets"),
            _ => format!("write `[{key}]` on a line of its own, and its keys below"),
        };
        text.type_error(key, &span, "a table", value.get_ref(), help);
        Table::absent(keys)
    }

    /// The tables written `[[key]]`; `None` where there are none.
    pub(super) fn tables(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
        keys: Keys,
    ) -> Option<Vec<Table<'t>>> {
        let (span, value) = self.take(key)?;
        let help = format!("write `[[{key}]]`, in double brackets, once for each");
        let DeValue::Array(array) = value.get_ref() else {
            let wanted = "a list of tables";
            text.type_error(key, &span, wanted, value.get_ref(), help);
            // Its keys are looked at all the same.
            return match value.get_ref() {
                DeValue::Table(entries) => Some(vec![Table::new(keys, Some(span), entries)]),
                _ => Some(Vec::new()),
            };
        };
        let mut tables = Vec::new();
        for item in array.iter() {
            if let DeValue::Table(entries) = item.get_ref() {
                tables.push(Table::new(keys, Some(item.span()), entries));
            } else {
                text.type_error(
                    key,
                    &item.span(),
                    "a list of tables",
                    item.get_ref(),
                    help.clone(),
                );
            }
        }
        Some(tables)
    }

    /// Reports the keys that the table doesn't know.
    pub(super) fn finish(self, text: &mut Text<'_>) {
        debug_assert!(
            self.keys.names.iter().all(|name| self.asked.contains(name)),
            "a key of {} that nothing reads",
            self.keys.header
        );
        for (key, _) in self.entries.into_iter().flatten() {
            if self.keys.names.contains(&key.get_ref().as_ref()) {
                continue;
            }
            let place = match self.keys.header {
                "" => String::new(),
                header => format!(" in `{header}`"),
            };
            let mut name: String = key.get_ref().chars().take(SNIPPET_BYTES_MAX).collect();
            if name.len() < key.get_ref().len() {
                name.push('…');
            }
            let message = format!("there is no key `{name}`{place}");
            let help = keys::help_for(key.get_ref(), self.keys);
            text.error(&codes::KEY_UNKNOWN, Some(&key.span()), message, help);
        }
    }
}
