//! How things are as far as the state says, whoever made the runs: read once, told by `status` to a
//! person and as JSON, and by a running service. What only that one knows it adds itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::cli::output;
use crate::config::Settings;
use crate::edition::ledger::{Ledger, Run};
use crate::feed::address::Address;
use crate::run::{Held, Report};
use crate::state::State;

/// Runs that are looked through for the last good one: all that are remembered.
const RUNS_MAX: u32 = 100;

/// How things are.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::cli) struct Picture {
    /// The run that ended last; `None` where none has.
    pub(in crate::cli) last: Option<LastRun>,
    /// When a run last ended that left nothing to an operator, as far back as runs are remembered.
    pub(in crate::cli) last_good: Option<DateTime<Utc>>,
    /// The editions that are refused, and why.
    pub(in crate::cli) refused: BTreeMap<Address, String>,
    /// The databases that are sources.
    pub(in crate::cli) databases: Vec<super::databases::Told>,
}

/// A run that is remembered.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct LastRun {
    pub(in crate::cli) ended: DateTime<Utc>,
    pub(in crate::cli) command: String,
    pub(in crate::cli) report: Report,
}

impl LastRun {
    fn read(run: Run) -> Result<LastRun, String> {
        let report = serde_json::from_value(run.report)
            .map_err(|e| format!("what the last run did can't be read: {e}"))?;
        Ok(LastRun { ended: run.ended, command: run.command, report })
    }
}

impl Picture {
    /// Reads it, and counts rows of databases if that is wanted. What isn't there yet is left out; nothing
    /// is made.
    pub(in crate::cli) fn read(settings: &Settings, counted: bool) -> Result<Picture, String> {
        let plan = &settings.plan;
        let state = State::find(&plan.state, &plan.config).map_err(|e| e.to_string())?;
        let Some(state) = state else { return Ok(Picture::default()) };
        let ledger = Ledger::open_to_read(&state.ledger()).map_err(|e| e.to_string())?;
        let Some(ledger) = ledger else { return Ok(Picture::default()) };
        let mut runs = ledger.runs(1).map_err(|e| e.to_string())?;
        let last = runs.pop().map(LastRun::read).transpose()?;
        let last_good = match &last {
            Some(last) if last.report.is_good() => Some(last.ended),
            Some(_) => last_good(&ledger)?,
            None => None,
        };
        let refused = ledger.refused().map_err(|e| e.to_string())?;
        let databases = super::databases::of(settings, &state, counted)?;
        Ok(Picture { last, last_good, refused, databases })
    }

    /// What guards hold.
    pub(in crate::cli) fn held(&self) -> &[Held] {
        self.last.as_ref().map_or(&[], |last| &last.report.held)
    }

    /// Why `feeds.lock` could not be written, where it couldn't.
    pub(in crate::cli) fn unwritten(&self) -> Option<&str> {
        self.last.as_ref().and_then(|last| last.report.unwritten_lock())
    }

    /// As the schema describes it.
    pub(in crate::cli) fn object(&self, next_run: Option<DateTime<Utc>>) -> Value {
        let last = self.last.as_ref().map(|last| {
            json!({
                "ended": output::rfc3339(last.ended),
                "command": last.command,
                "report": output::object(&last.report),
            })
        });
        let next_due = self.last.as_ref().and_then(|last| last.report.next_due);
        let refused: Vec<Value> = self
            .refused
            .iter()
            .map(|(address, reason)| json!({ "address": address.url_path(), "reason": reason }))
            .collect();
        json!({
            "last": last,
            "last_good": self.last_good.map(output::rfc3339),
            "next_run": next_run.map(output::rfc3339),
            "next_due": next_due.map(output::rfc3339),
            "held": self.held(),
            "refused": refused,
            "unwritten": self.unwritten(),
            "databases": self.databases,
        })
    }
}

fn last_good(ledger: &Ledger) -> Result<Option<DateTime<Utc>>, String> {
    let runs = ledger.runs(RUNS_MAX).map_err(|e| e.to_string())?;
    // One that a later release wrote otherwise is passed over.
    let mut read = runs.into_iter().filter_map(|run| LastRun::read(run).ok());
    Ok(read.find(|run| run.report.is_good()).map(|run| run.ended))
}
