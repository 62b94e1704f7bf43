//! When there is a run: by the clock, by a change that the watcher saw, or on demand. One run at a
//! time; triggers that come during a run join into one more. What a run does is
//! [`run`](crate::run)'s.

use std::path::PathBuf;

use crate::time::Zone;

/// When runs happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Six fields (croner's, seconds first), or none.
    pub cron: Option<String>,
    /// The zone that the schedule is read in.
    pub zone: Zone,
    /// Also as soon as a file changes.
    pub watch: bool,
    /// Directories to watch: the roots of directory sources.
    pub watched: Vec<PathBuf>,
    /// Single files to watch: `feeds.toml`, the files of SQLite sources.
    pub watched_files: Vec<PathBuf>,
    /// Seconds between full looks that don't trust the watcher.
    pub full_look_s: u64,
}
