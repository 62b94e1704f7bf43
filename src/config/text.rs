//! The text of `feeds.toml`, and what was found wrong in it so far, each at its place. What is wrong is
//! for others to say.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::codes;
use super::database;
use super::expand;
use super::keys;
use crate::problem::{Code, Place, Problem, Severity};

/// Bytes of the text.
pub(super) type Span = Range<usize>;

/// More mistakes than this in one file are counted, not told.
const PROBLEMS_MAX: usize = 500;

/// The text that is read, and what was found wrong in it so far.
pub(super) struct Text<'a> {
    path: String,
    text: &'a str,
    /// What is shown of it: whatever is wrong with a line, a password in it is nobody's business.
    shown: String,
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
    /// Variables filled in. Not to be repeated to people: it may be secret.
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
        let shown = database::without_password(text);
        Text { path, text, shown, lines: lines.collect(), env, problems: Vec::new(), untold: 0 }
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

    /// The place of some of the text; without a span the file as a whole.
    pub(super) fn place(&self, span: Option<&Span>) -> Place {
        match span {
            Some(span) => Place::in_text(self.path.clone(), self.text, span.start),
            None => Place::whole(self.path.clone()),
        }
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
            self.untold += usize::from(severity == Severity::Error);
            return;
        }
        let place = self.place(span);
        let mut problem = Problem::new(severity, code, place, message).line(&self.shown);
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
    pub(super) fn string_of(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Str> {
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
    pub(super) fn snippet(&self, span: &Span) -> &'a str {
        let text = self.text.get(span.clone()).unwrap_or("");
        if text.len() <= SNIPPET_BYTES_MAX && !text.contains('\n') { text } else { "…" }
    }

    pub(super) fn type_error(
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
pub(super) const SNIPPET_BYTES_MAX: usize = 40;

pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
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
