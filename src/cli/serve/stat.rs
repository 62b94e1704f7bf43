//! What tells that a file is another one, without opening it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Equal stats, equal bytes: inode, times of change, and length. A file is replaced by a rename or
/// appended to; neither leaves all of these as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    bytes: u64,
}

impl Stat {
    /// `None` where there is no such file.
    pub(super) fn of(path: &Path) -> Option<Stat> {
        let meta = std::fs::metadata(path).ok()?;
        Some(Stat {
            inode: meta.ino(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
            bytes: meta.len(),
        })
    }

    /// Of a database's log: `None` where nothing is in it. Whoever opens the database gives the log its
    /// owner again, which is no change of it; what is written into it moves its modification time.
    pub(super) fn of_log(path: &Path) -> Option<Stat> {
        Stat::of(path).filter(|stat| stat.bytes > 0).map(|stat| Stat { changed: (0, 0), ..stat })
    }
}
