use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::files::stamp;

fn changed(meta: &Metadata) -> SystemTime {
    let nanos = u32::try_from(meta.ctime_nsec()).unwrap();
    UNIX_EPOCH + Duration::new(u64::try_from(meta.ctime()).unwrap(), nanos)
}

/// Kernels whose clock ticks give two writes within a tick the same stamp; newer ones don't, so what a
/// look does about it is shown by the look's own time.
#[test]
fn a_stamp_of_the_tick_in_which_a_file_was_written_equals_no_later_one() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "one").unwrap();
    let meta = fs::metadata(file.path()).unwrap();
    let at = |ms| stamp(&meta, changed(&meta) + Duration::from_millis(ms));
    for early in [0, 1, 4, 10] {
        assert_ne!(at(early), at(11), "{early} ms after the write");
    }
    assert_eq!(at(11), at(60_000));
    // Of another machine, whose clock is ahead of ours, nothing better will be known.
    assert_eq!(stamp(&meta, changed(&meta) - Duration::from_secs(60)), at(60_000));
}
