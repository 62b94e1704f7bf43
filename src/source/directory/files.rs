//! One file below the root: its stamp, its bytes as they stood at one moment, and what it is.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use unicode_normalization::UnicodeNormalization;

use super::{CHANGING, Options, TOO_LARGE, UNREADABLE};
use crate::article::ContentHash;
use crate::document::Measured;
use crate::problem::{Place, Problem};
use crate::source::{Loaded, LoadedContent, Stamp, measure};

/// The longest tick of a kernel's coarse clock (100 Hz), which stamps files.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// A document larger than this is no article; reading it would only cost memory.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// How often a file that changes while it is read is read again.
const TRIES: usize = 3;

/// The stamp of a file below the root; `None` where there is none.
#[must_use]
pub fn stamp_of(options: &Options, path: &str) -> Option<Stamp> {
    look_at(options, path).map(|(_, stamp, _)| stamp)
}

/// A file below the root, its stamp and its length, of one moment; `None` where there is none.
fn look_at(options: &Options, path: &str) -> Option<(PathBuf, Stamp, u64)> {
    let now = SystemTime::now();
    let file = place(options, path)?;
    let meta = fs::metadata(&file).ok()?;
    meta.is_file().then(|| (file, stamp(&meta, now), meta.len()))
}

/// What a file below the root is, and its stamp from before it was looked into, so that a change in
/// between shows at the next look; `None` where there is none.
#[must_use]
pub fn measure(options: &Options, path: &str) -> Option<(Stamp, Measured)> {
    let (file, stamp, bytes) = look_at(options, path)?;
    Some((stamp, measure::measure(&file, bytes)))
}

/// The file of a path below the root. Paths are composed (NFC); a file whose name is stored otherwise,
/// as those from some systems are, is found by looking through its folder.
pub(super) fn place(options: &Options, path: &str) -> Option<PathBuf> {
    let exact = options.root.join(path);
    if path.is_ascii() || fs::symlink_metadata(&exact).is_ok() {
        return Some(exact);
    }
    let mut file = options.root.clone();
    for part in path.split('/') {
        let next = file.join(part);
        file = if part.is_ascii() || fs::symlink_metadata(&next).is_ok() {
            next
        } else {
            let mut entries = fs::read_dir(&file).ok()?.filter_map(Result::ok);
            let same =
                |name: &std::ffi::OsStr| name.to_str().is_some_and(|n| n.nfc().eq(part.chars()));
            entries.find(|e| same(&e.file_name()))?.path()
        };
    }
    Some(file)
}

/// Length, two times and an inode of eight bytes each; one more says that it can't be trusted.
const STAMP_BYTES: usize = 32;

/// A file's stamp; one that was written within the tick in which we look never equals another.
pub(super) fn stamp(meta: &Metadata, now: SystemTime) -> Stamp {
    let mut bytes = Vec::with_capacity(STAMP_BYTES + 1);
    bytes.extend(meta.len().to_le_bytes());
    bytes.extend(nanoseconds(meta.mtime(), meta.mtime_nsec()).to_le_bytes());
    bytes.extend(nanoseconds(meta.ctime(), meta.ctime_nsec()).to_le_bytes());
    bytes.extend(meta.ino().to_le_bytes());
    if !settled(meta, now) {
        bytes.push(0);
    }
    Stamp(bytes)
}

fn nanoseconds(s: i64, ns: i64) -> i64 {
    s.saturating_mul(1_000_000_000).saturating_add(ns)
}

/// Every write moves the change time, which nobody can set; a stamp can hide a later write only
/// within the same tick.
pub(super) fn settled(meta: &Metadata, now: SystemTime) -> bool {
    let changed = UNIX_EPOCH
        + Duration::new(
            u64::try_from(meta.ctime()).unwrap_or(0),
            u32::try_from(meta.ctime_nsec()).unwrap_or(0),
        );
    // A change time ahead of the clock (another machine's, over the network) is as old as it gets.
    now.duration_since(changed).map_or(true, |age| age > TICK)
}

/// Reads a file whole, as it stood at one moment.
pub(in crate::source) fn load(file: &Path, shown: &str, found: Stamp) -> Result<Loaded, Problem> {
    let fail = |cause: &io::Error| {
        Problem::error(&UNREADABLE, Place::whole(shown), format!("the file can't be read: {cause}"))
            .help("what was known of it stays published; see to its permissions or to the disk")
    };
    let mut before = found;
    for _ in 0..TRIES {
        // A stamp can be trusted if its tick was over before the reading began.
        let began = SystemTime::now();
        let mut open = File::open(file).map_err(|e| fail(&e))?;
        let meta = open.metadata().map_err(|e| fail(&e))?;
        if meta.len() > FILE_BYTES_MAX {
            let message = format!("the file has {} MB, too much for an article", meta.len() >> 20);
            return Err(Problem::error(&TOO_LARGE, Place::whole(shown), message)
                .help("exclude it in the source's `exclude`, or split it"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
        open.read_to_end(&mut bytes).map_err(|e| fail(&e))?;
        let after = open.metadata().map_err(|e| fail(&e))?;
        let stamp = stamp(&after, began);
        if stamp.0.get(..STAMP_BYTES) == before.0.get(..STAMP_BYTES) {
            let hash = ContentHash::of(&bytes);
            return Ok(Loaded { content: LoadedContent::File(bytes), hash, stamp });
        }
        before = stamp;
    }
    Err(Problem::warning(
        &CHANGING,
        Place::whole(shown),
        "the file kept changing while it was read; the version before stays until the next look",
    ))
}
