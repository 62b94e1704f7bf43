//! What is wrong in something that a person wrote, told so that they can put it right. A problem is
//! data: it is collected, kept in the catalog beside the document that has it, counted and shown.
//! When feedwright itself fails, that is an error, and each room has its own type for those.
//! This module prints nothing.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a problem is for the article that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing was lost.
    Note,
    /// Published, but something was dropped or guessed.
    Warning,
    /// The article isn't published, or its previous version is kept.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// The short name of a kind of problem, such as `date-invalid`: lower case, hyphens. Each has a
/// section in `docs/reference/problems.md`. Rooms declare theirs as constants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(Cow<'static, str>);

impl Code {
    /// Declares a code.
    #[must_use]
    pub const fn new(name: &'static str) -> Code {
        Code(Cow::Borrowed(name))
    }

    /// The name as it is printed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a problem stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Place {
    /// What a person would open: a file's path as the operator would write it, or
    /// `SOURCE row KEY` for a row of a database.
    pub path: String,
    /// Line, from 1; 0 where the problem has none.
    pub line: u32,
    /// Column in characters, from 1; 0 where the problem has none.
    pub column: u32,
}

impl Place {
    /// A place in a document as a whole.
    #[must_use]
    pub fn whole(path: impl Into<String>) -> Place {
        Place { path: path.into(), line: 0, column: 0 }
    }

    /// A place at a line and a column, both from 1.
    #[must_use]
    pub fn at(path: impl Into<String>, line: u32, column: u32) -> Place {
        Place { path: path.into(), line, column }
    }

    /// The place of byte `offset` in `text`. Columns count characters.
    #[must_use]
    pub fn in_text(path: impl Into<String>, text: &str, offset: usize) -> Place {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1;
        Place::at(path, saturate(line), saturate(column))
    }
}

fn saturate(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// Something wrong in what a person wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem it is.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands.
    pub place: Place,
    /// The line at `place`, as written and without its end; shown below the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_text: Option<String>,
    /// One sentence that says what is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Problem {
    /// A problem without its line and help, which [`Problem::line`] and [`Problem::help`] add.
    #[must_use]
    pub fn new(
        severity: Severity,
        code: &Code,
        place: Place,
        message: impl Into<String>,
    ) -> Problem {
        let message = message.into();
        Problem { code: code.clone(), severity, place, line_text: None, message, help: None }
    }

    /// An error: the article isn't published, or its previous version is kept.
    #[must_use]
    pub fn error(code: &Code, place: Place, message: impl Into<String>) -> Problem {
        Problem::new(Severity::Error, code, place, message)
    }

    /// A warning: published, but something was dropped or guessed.
    #[must_use]
    pub fn warning(code: &Code, place: Place, message: impl Into<String>) -> Problem {
        Problem::new(Severity::Warning, code, place, message)
    }

    /// A note: worth knowing.
    #[must_use]
    pub fn note(code: &Code, place: Place, message: impl Into<String>) -> Problem {
        Problem::new(Severity::Note, code, place, message)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Adds the line that `place` points at, taken from the whole text. A very long line is cut
    /// around the column, so that a minified file doesn't fill the terminal.
    #[must_use]
    pub fn line(mut self, text: &str) -> Problem {
        if self.place.line > 0
            && let Some(line) = text.lines().nth(self.place.line as usize - 1)
        {
            self.line_text = Some(cut(line, self.place.column as usize));
        }
        self
    }
}

/// A number of things, as a sentence has it: `1 article`, `2 articles`.
#[must_use]
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Longest line shown with a problem; a terminal's width twice over.
const LINE_CHARS_MAX: usize = 160;

fn cut(line: &str, column: usize) -> String {
    let line = line.trim_end_matches('\r');
    if line.chars().count() <= LINE_CHARS_MAX {
        return line.to_owned();
    }
    // Only a column near the start keeps its place below the line, so a later one loses the caret's
    // alignment rather than the text around it.
    let skip = column.saturating_sub(LINE_CHARS_MAX / 2);
    let mut shown: String = line.chars().skip(skip).take(LINE_CHARS_MAX).collect();
    shown.push('…');
    shown
}
