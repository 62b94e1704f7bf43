//! Whether a disk is full: databases and the system say so in many ways, some of which nobody would take for
//! that. So whoever failed is told beside what failed.

use std::path::Path;

use crate::run::Plan;

/// With less room than this the databases of a state can't work.
const ROOM_MIN: u64 = 1 << 20;

/// Why a command failed, and where there is no room, if that may be the reason.
pub(super) fn with_room(sentence: &str, plan: &Plan) -> String {
    let full = [&plan.state, &plan.tree].into_iter().find(|place| room(place) < ROOM_MIN);
    match full {
        Some(place) => format!(
            "{sentence}; the disk is full that {} is on ({} KB are free): what was published stays up, \
             and once there is room the next run goes on",
            super::shown(place),
            room(place) / 1024
        ),
        None => sentence.to_owned(),
    }
}

/// Bytes that can still be written at a place, or above it where it isn't there yet.
fn room(place: &Path) -> u64 {
    let there = place.ancestors().find_map(|above| {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        rustix::fs::statvfs(above).ok()
    });
    there.map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}
