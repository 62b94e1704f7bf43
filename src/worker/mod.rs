//! When there is a run: by the clock, by a change that the watcher saw, or on demand. One run at a
//! time; triggers that come during a run join into one more. A failed run leaves everything as it
//! stands, says so and is tried again. What a run does is [`run`](crate::run)'s.
//!
//! Start with [`Worker::new`], keep its [`Handle`] for those who ask and want to know, and drive
//! [`Worker::work`].

mod agenda;
pub mod clock;
mod inbox;
mod schedule;
mod tally;
mod watch;
mod work;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};

use crate::run::{Guard, Report, Scope, Trigger};
use crate::time::Zone;

pub use tally::{Ending, Tally};
pub use work::Worker;

/// When runs happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Six fields (croner's, seconds first), or none.
    pub cron: Option<String>,
    /// The zone that the schedule is read in.
    pub zone: Zone,
    /// Also as soon as a file changes.
    pub watch: bool,
    /// Directories to watch: the roots of directory sources. Changes are told as paths below these
    /// as they are written here (made absolute, links unresolved).
    pub watched: Vec<PathBuf>,
    /// Single files to watch: `feeds.toml`, the files of SQLite sources, exports, whose names may have wildcards. Any change of one asks for
    /// a look at everything; so does a write to the `-wal` beside one.
    pub watched_files: Vec<PathBuf>,
    /// Files and folders that are passed over where they stand below a watched directory: the state
    /// folder, the published tree, `feeds.lock`.
    pub ignored: Vec<PathBuf>,
    /// Seconds between full looks that don't trust the watcher; 0: none. Without `watch` there are
    /// none: the schedule looks.
    pub full_look_s: u64,
}

/// What a run is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// How much of the sources to look at. A run that is due looks at none
    /// (`Paths` of nothing): nothing changed but the time.
    pub scope: Scope,
    /// Who asked; of several that joined, the most important one.
    pub trigger: Trigger,
    /// The guards whose held sets are released.
    pub accept: BTreeSet<Guard>,
    /// The instant as of which windows are selected; a later one where the run has to wait for its
    /// turn.
    pub as_of: DateTime<Utc>,
}

impl Ask {
    /// Whether what is half-way through being moved is waited for: not where somebody wants to see
    /// everything as it is now.
    #[must_use]
    pub fn is_patient(&self) -> bool {
        self.scope != Scope::All || self.trigger == Trigger::Watch
    }
}

/// What one run gave.
#[derive(Debug, Clone)]
pub struct Round {
    /// Its report, or a sentence why it failed.
    pub outcome: Result<Report, String>,
    /// What `feeds.toml` now says of the worker; `None`: as before.
    pub options: Option<Options>,
}

/// Makes one run. Called on a thread that may block; a panic in it is a failed run.
pub type Job = Arc<dyn Fn(Ask) -> Round + Send + Sync>;

/// How things stand, for readiness, `status` and metrics.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standing {
    /// Runs ended so far.
    pub rounds: u64,
    /// The same, counted apart, and what they did.
    pub tally: Tally,
    /// The run that ended last.
    pub last: Option<Last>,
    /// The `as_of` of the last run that failed in nothing and in which no guard held anything.
    pub last_sound: Option<DateTime<Utc>>,
    /// Failed runs since the last one that didn't fail.
    pub failed_in_a_row: u32,
    /// The run that goes on now.
    pub running: Option<Running>,
    /// When the schedule comes next.
    pub next_cron: Option<DateTime<Utc>>,
    /// When an embargo lifts or an article expires next.
    pub next_due: Option<DateTime<Utc>>,
    /// When a failed run is tried again, if nothing else asks for one before.
    pub next_retry: Option<DateTime<Utc>>,
    /// Whether changes of files are noticed.
    pub watching: Watching,
    /// How often there is a full look that doesn't trust the watcher; `None`: never.
    pub full_look: Option<Duration>,
    /// Why the schedule in `feeds.toml` isn't followed; the one before it is.
    pub schedule_error: Option<String>,
}

/// A run that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// Who asked for it.
    pub trigger: Trigger,
    /// When it began; the instant as of which it selects.
    pub since: DateTime<Utc>,
}

/// A run that ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Last {
    /// Who asked for it.
    pub trigger: Trigger,
    /// How much it looked at.
    pub scope: Scope,
    /// The instant as of which it selected.
    pub as_of: DateTime<Utc>,
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// Its report, or a sentence why it failed.
    pub outcome: Result<Arc<Report>, String>,
}

/// Whether changes of files are noticed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Watching {
    /// Not asked for, or not begun.
    #[default]
    Off,
    /// Every watched directory and file is.
    On,
    /// Some changes are seen only by the periodic look, which comes more often therefore; the
    /// sentence says why and what would help.
    Partial(String),
}

/// What ends the worker.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The schedule that it began with is none.
    #[error(transparent)]
    Schedule(#[from] clock::ScheduleError),
    /// The scheduler could not be started.
    #[error("the scheduler could not be started: {0}")]
    Scheduler(String),
}

/// Asks the worker and tells how it stands. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    inbox: Arc<inbox::Inbox>,
    standing: Arc<ArcSwap<Standing>>,
}

/// A run that was asked for.
#[derive(Debug)]
pub struct Queued {
    /// What will be looked at.
    pub scope: Scope,
    /// The guards whose held sets will be released.
    pub accept: BTreeSet<Guard>,
    /// Whether a run was waiting to begin already, which this joined.
    pub joined: bool,
    ended: tokio::sync::oneshot::Receiver<Last>,
}

impl Queued {
    /// Waits for the end of the run. `None`: the worker ended before.
    pub async fn ended(self) -> Option<Last> {
        self.ended.await.ok()
    }
}

impl Handle {
    /// Asks for a run over everything, now or right after the one that goes on.
    pub fn demand(&self) {
        self.inbox.put(agenda::Wanted::new(Scope::All, Trigger::Demand));
    }

    /// Tells that something changed that no watcher sees.
    pub fn changed(&self) {
        self.inbox.put(agenda::Wanted::new(Scope::All, Trigger::Watch));
    }

    /// Asks for the same, and that what these guards hold be released. `None`: the worker has ended.
    #[must_use]
    pub fn regenerate(&self, accept: BTreeSet<Guard>) -> Option<Queued> {
        let (sender, ended) = tokio::sync::oneshot::channel();
        let wanted = agenda::Wanted { accept, ..agenda::Wanted::new(Scope::All, Trigger::Demand) };
        let (wanted, joined) = self.inbox.put_and_wait(wanted, sender);
        let agenda::Wanted { scope, accept, .. } = wanted?;
        Some(Queued { scope, accept, joined, ended })
    }

    /// Asks for a run that looks at no source: more is known of media that lie elsewhere.
    pub fn media(&self) {
        self.inbox.put(agenda::Wanted::new(agenda::nothing(), Trigger::Media));
    }

    /// How things stand.
    #[must_use]
    pub fn standing(&self) -> Arc<Standing> {
        self.standing.load_full()
    }
}
