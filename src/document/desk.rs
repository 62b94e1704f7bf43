//! What every part of reading shares: the document, its source's options, and the tray into which
//! problems go.

use super::{Document, Measured, Options, Reading};
use crate::problem::{Code, Place, Problem, Severity};

/// One document being read.
pub(super) struct Desk<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) options: &'a Options,
    /// The document's whole text; empty of a row.
    pub(super) text: &'a str,
    pub(super) reading: Reading,
}

impl<'a> Desk<'a> {
    pub(super) fn new(document: &'a Document<'a>, options: &'a Options, text: &'a str) -> Desk<'a> {
        Desk { document, options, text, reading: Reading::default() }
    }

    /// The place of a byte of the document.
    pub(super) fn at(&self, offset: usize) -> Place {
        Place::in_text(self.document.shown, self.text, offset)
    }

    /// The document as a whole.
    pub(super) fn whole(&self) -> Place {
        Place::whole(self.document.shown)
    }

    /// Tells a problem, with its line and what to do about it.
    pub(super) fn tell(
        &mut self,
        severity: Severity,
        code: &Code,
        place: Place,
        message: impl Into<String>,
        help: &str,
    ) {
        let problem = Problem::new(severity, code, place, message).line(self.text).help(help);
        self.reading.problems.push(problem);
    }

    pub(super) fn note(
        &mut self,
        code: &Code,
        place: Place,
        message: impl Into<String>,
        help: &str,
    ) {
        self.tell(Severity::Note, code, place, message, help);
    }

    pub(super) fn warn(
        &mut self,
        code: &Code,
        place: Place,
        message: impl Into<String>,
        help: &str,
    ) {
        self.tell(Severity::Warning, code, place, message, help);
    }

    /// Tells an error: no article comes of the document, what is known of it stays.
    pub(super) fn fail(
        &mut self,
        code: &Code,
        place: Place,
        message: impl Into<String>,
        help: &str,
    ) {
        self.tell(Severity::Error, code, place, message, help);
        self.reading.failed = true;
    }

    /// What a file below the source's root is; that it was looked for is kept.
    pub(super) fn file(&mut self, path: &str) -> Option<Measured> {
        // A row stands in no folder.
        if matches!(self.document.content, super::Content::Row(_)) {
            return None;
        }
        let measured = (self.document.around.file)(path);
        if !self.reading.looked_for.iter().any(|known| known == path) {
            self.reading.looked_for.push(path.to_owned());
        }
        measured
    }
}
