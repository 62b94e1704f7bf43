//! How far a run is, for whoever wants to tell it while it goes. A run only writes here and never
//! reads, so nothing that it does depends on it.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// A run's step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another run has the turn, or this one is about to begin.
    Waiting,
    /// Sources are looked at, and documents read. How many there will be is known at its end only.
    Gather,
    /// It is decided what that means, and made current.
    Commit,
    /// Feeds are made and written.
    Publish,
}

/// How far a run is.
#[derive(Debug, Default)]
pub struct Progress {
    step: AtomicU8,
    done: AtomicU64,
    all: AtomicU64,
}

impl Progress {
    /// The step, what is done of it and how much there is to do: documents, then feeds. Of `None`
    /// nobody knows how much there is.
    #[must_use]
    pub fn look(&self) -> (Step, u64, Option<u64>) {
        let step = match self.step.load(Ordering::Relaxed) {
            0 => Step::Waiting,
            1 => Step::Gather,
            2 => Step::Commit,
            _ => Step::Publish,
        };
        let all = self.all.load(Ordering::Relaxed);
        (step, self.done.load(Ordering::Relaxed), (all > 0).then_some(all))
    }

    /// A step begins, with so much to do; 0 where nobody knows.
    pub(super) fn begin(&self, step: Step, all: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.all.store(all as u64, Ordering::Relaxed);
        self.step.store(step as u8, Ordering::Relaxed);
    }

    /// So much more of the step is done.
    pub(super) fn did(&self, more: usize) {
        self.done.fetch_add(more as u64, Ordering::Relaxed);
    }
}
