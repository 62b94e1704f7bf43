//! What a run tells: what it did, what is wrong, what is held. The names are those of `--format json`,
//! whose schema only grows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{LOCK_UNWRITTEN, standing};
use crate::catalog::guard::Guard;
use crate::problem::{Problem, Severity};

/// Who asked for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// `serve` began.
    Start,
    /// The schedule.
    Cron,
    /// A file changed.
    Watch,
    /// The periodic full look, the net below the watcher.
    Look,
    /// An embargo lifts or an article expires.
    Due,
    /// More is known of media that lie elsewhere.
    Media,
    /// An operator.
    Demand,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Trigger; 7] = [
        Trigger::Start,
        Trigger::Cron,
        Trigger::Watch,
        Trigger::Look,
        Trigger::Due,
        Trigger::Media,
        Trigger::Demand,
    ];

    /// Its name in reports and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Trigger::Start => "start",
            Trigger::Cron => "cron",
            Trigger::Watch => "watch",
            Trigger::Look => "look",
            Trigger::Due => "due",
            Trigger::Media => "media",
            Trigger::Demand => "demand",
        }
    }
}

/// What a run did. The field names are those of `--format json`, whose schema only grows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Report {
    /// When it began.
    pub started: DateTime<Utc>,
    /// The instant as of which windows were selected.
    pub as_of: DateTime<Utc>,
    /// What was counted.
    pub counters: Counters,
    /// What is wrong in the articles that the sources hold now, those of unchanged documents too.
    pub problems: Vec<Problem>,
    /// How many of them there were at the end of the run: of one that is remembered not all are kept.
    #[serde(default)]
    pub problem_counts: ProblemCounts,
    /// What a guard holds back.
    pub held: Vec<Held>,
    /// The next instant at which something changes by itself: an embargo lifts, an article expires.
    pub next_due: Option<DateTime<Utc>>,
    /// When files that vanished, or are copies, are looked at for the second time.
    #[serde(default)]
    pub second_look: Option<DateTime<Utc>>,
    /// Articles that are published elsewhere, where the run learned that.
    #[serde(default)]
    pub learned: Option<u64>,
    /// Sources that could not be looked at, editions refused, a lock that could not be written: a
    /// sentence each. The rest of the run went on.
    pub failures: Vec<String>,
    /// Milliseconds that each step took, in order.
    pub times: Vec<(String, u64)>,
    /// Milliseconds from start to end.
    pub took_ms: u64,
}

/// What a run counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Articles that the catalog holds after the run.
    pub read: u64,
    /// Documents opened: files read, rows of databases received.
    pub opened: u64,
    /// Documents parsed.
    pub parsed: u64,
    /// Articles not known before.
    pub new: u64,
    /// Known articles that are now otherwise.
    pub changed: u64,
    /// Articles that no document names any more.
    pub withdrawn: u64,
    /// Editions rendered.
    pub rendered: u64,
    /// Files written to the tree; an edition and its coded forms count once.
    pub written: u64,
    /// Editions that stand as they stood.
    pub unchanged: u64,
    /// Editions noted to be announced.
    pub announced: u64,
}

/// How many problems there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProblemCounts {
    /// Articles that aren't published, or whose previous version is kept.
    pub error: u64,
    /// Published, but something was dropped or guessed.
    pub warning: u64,
    /// Worth knowing.
    pub note: u64,
}

impl ProblemCounts {
    /// Counts problems.
    #[must_use]
    pub fn of(problems: &[Problem]) -> ProblemCounts {
        let mut counts = ProblemCounts::default();
        for problem in problems {
            match problem.severity {
                Severity::Error => counts.error += 1,
                Severity::Warning => counts.warning += 1,
                Severity::Note => counts.note += 1,
            }
        }
        counts
    }
}

/// What a guard holds back, and the command that releases it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// `loss`, `change` or `ids`.
    pub guard: String,
    /// The source whose change is held; empty where it is no one source's.
    pub source: String,
    /// Articles held.
    pub count: u64,
    /// The ids of the first of them.
    #[serde(default)]
    pub ids: Vec<String>,
    /// The command that releases it.
    pub release: String,
}

impl Report {
    /// Whether the run itself went well. Problems in articles don't count here.
    #[must_use]
    pub fn sound(&self) -> bool {
        // What the change guard holds is up; only its announcement waits.
        self.failures.is_empty() && self.held.iter().all(|h| h.guard == Guard::Change.as_str())
    }

    /// How many problems there are, told here or not kept.
    #[must_use]
    pub fn count_problems(&self) -> ProblemCounts {
        let (noted, here) = (self.problem_counts, ProblemCounts::of(&self.problems));
        ProblemCounts {
            error: noted.error.max(here.error),
            warning: noted.warning.max(here.warning),
            note: noted.note.max(here.note),
        }
    }

    /// Whether nothing waits for an operator: the run went well, and no source was down before it
    /// and wasn't looked at since.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.sound() && self.down().next().is_none()
    }

    /// The sources that could not be looked at.
    pub fn down(&self) -> impl Iterator<Item = &str> {
        let down = self.problems.iter().filter(|p| p.code == standing::SOURCE_DOWN);
        down.map(|p| p.place.path.as_str())
    }

    /// Why `feeds.lock` could not be written, where it couldn't.
    #[must_use]
    pub fn unwritten_lock(&self) -> Option<&str> {
        let unwritten = self.problems.iter().find(|p| p.code == LOCK_UNWRITTEN);
        unwritten.map(|p| p.message.as_str())
    }

    /// Notes how long a step took.
    pub fn step(&mut self, name: &str, took: Duration) {
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.times.push((name.to_owned(), ms));
    }
}
