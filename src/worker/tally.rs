//! Runs counted by who asked for them and how they ended, and what they did in sum, for the metrics.

use super::{Report, Trigger};
use crate::run::Counters;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nothing failed and nothing is held.
    Well,
    /// Nothing failed; a guard holds something back.
    Held,
    /// Something in it failed; the rest went on.
    Partly,
    /// It could not be done at all.
    Failed,
}

impl Ending {
    /// All of them.
    pub const ALL: [Ending; 4] = [Ending::Well, Ending::Held, Ending::Partly, Ending::Failed];

    /// Its name in the metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Ending::Well => "well",
            Ending::Held => "held",
            Ending::Partly => "partly",
            Ending::Failed => "failed",
        }
    }

    fn of(outcome: &Result<Report, String>) -> Ending {
        match outcome {
            Err(_) => Ending::Failed,
            Ok(report) if !report.failures.is_empty() => Ending::Partly,
            Ok(report) if !report.sound() => Ending::Held,
            Ok(_) => Ending::Well,
        }
    }
}

/// Runs of this process, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    runs: [[u64; Ending::ALL.len()]; Trigger::ALL.len()],
    /// What all of them did. `read` has no meaning in a sum, and stays 0.
    pub done: Counters,
}

impl Tally {
    /// How many runs of a trigger ended so.
    #[must_use]
    pub fn runs(&self, trigger: Trigger, ending: Ending) -> u64 {
        self.runs[trigger as usize][ending as usize]
    }

    pub(super) fn note(&mut self, trigger: Trigger, outcome: &Result<Report, String>) {
        self.runs[trigger as usize][Ending::of(outcome) as usize] += 1;
        if let Ok(report) = outcome {
            let (sum, more) = (&mut self.done, &report.counters);
            sum.opened += more.opened;
            sum.parsed += more.parsed;
            sum.new += more.new;
            sum.changed += more.changed;
            sum.withdrawn += more.withdrawn;
            sum.rendered += more.rendered;
            sum.written += more.written;
            sum.unchanged += more.unchanged;
            sum.announced += more.announced;
        }
    }
}
