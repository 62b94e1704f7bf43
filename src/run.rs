//! One regeneration, straight through and the same whoever triggers it: gather, commit, select,
//! render, publish. No async, no clock: the instant comes in as an argument. *When* a run happens
//! is the [`worker`](crate::worker)'s.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::feed::{self, Site};
use crate::problem::Problem;
use crate::source;

/// What a run works on. Plain and resolved: what `feeds.toml` says, defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The configuration file, as it was named.
    pub config: PathBuf,
    /// What all feeds share. Its `id_base` is `site.url`; `feeds.lock` overrides it.
    pub site: Site,
    /// Where articles come from, in the file's order. The `id_…` options of each are its own
    /// present ones; `feeds.lock` overrides them.
    pub sources: Vec<source::Options>,
    /// The feeds, in the file's order. Definitions of tag, author and series feeds are always
    /// among them, written or not.
    pub feeds: Vec<feed::Definition>,
    /// The published tree.
    pub tree: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// `feeds.lock`.
    pub lock: PathBuf,
}

/// How much of the sources a run looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of every source.
    All,
    /// Only these files and folders, and what depends on them. Absolute paths, as the watcher saw
    /// them.
    Paths(Vec<PathBuf>),
}

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
    /// An operator.
    Demand,
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
    /// What a guard holds back.
    pub held: Vec<Held>,
    /// The next instant at which something changes by itself: an embargo lifts, an article expires.
    pub next_due: Option<DateTime<Utc>>,
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

/// What a guard holds back, and the command that releases it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// `loss`, `change` or `ids`.
    pub guard: String,
    /// The source whose change is held.
    pub source: String,
    /// Articles held.
    pub count: u64,
    /// The command that releases it.
    pub release: String,
}

impl Report {
    /// Whether the run itself went well. Problems in articles don't count here.
    #[must_use]
    pub fn sound(&self) -> bool {
        self.failures.is_empty() && self.held.is_empty()
    }

    /// Notes how long a step took.
    pub fn step(&mut self, name: &str, took: Duration) {
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.times.push((name.to_owned(), ms));
    }
}
