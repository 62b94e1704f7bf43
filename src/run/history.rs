//! What is remembered of runs, for `status` and for whoever waited: those that went through, and those
//! that could not be done.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use super::publish::REFUSED;
use super::standing::SOURCE_DOWN;
use super::{Call, Error, LOCK_UNWRITTEN, ProblemCounts, Report, held};
use crate::catalog::Catalog;
use crate::edition::ledger::{self, Ledger};
use crate::state::State;

/// Problems that a remembered run keeps, the worst first; `check` tells them all.
const PROBLEMS_MAX: usize = 20;

/// A run as the ledger keeps it.
pub(super) fn remembered(report: &Report, call: &Call<'_>) -> Result<ledger::Run, Error> {
    let mut report = report.clone();
    // What stops more than one document comes before what one document has.
    let wide = [&LOCK_UNWRITTEN, &SOURCE_DOWN, &REFUSED];
    report.problems.sort_by_key(|p| (Reverse(p.severity), !wide.contains(&&p.code)));
    report.problems.truncate(PROBLEMS_MAX);
    Ok(ledger::Run {
        ended: (call.clock)(),
        command: call.command.to_owned(),
        report: serde_json::to_value(&report).map_err(crate::edition::manifest::Error::Json)?,
    })
}

/// Remembers a run that could not be done, as far as the state can be written at all.
pub(super) fn remember_failure(
    state: &State,
    call: &Call<'_>,
    as_of: DateTime<Utc>,
    error: &Error,
) {
    let failures = vec![error.to_string()];
    let mut report = Report { started: as_of, as_of, failures, ..Report::default() };
    // What is known of the articles is as true as before.
    if let Ok(catalog) = Catalog::open_to_read(state) {
        report.counters.read = catalog.count().unwrap_or_default();
        report.next_due = catalog.next_due(as_of).unwrap_or_default();
        report.problems = catalog.problems().unwrap_or_default();
        report.problem_counts = ProblemCounts::of(&report.problems);
        report.held = held(&catalog.held().unwrap_or_default());
    }
    let told = remembered(&report, call).and_then(|run| {
        Ledger::open(&state.ledger())?.remember(&run)?;
        Ok(())
    });
    // The error itself is told by whoever asked; that it isn't remembered adds nothing to it.
    drop(told);
}
