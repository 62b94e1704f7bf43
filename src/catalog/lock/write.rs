//! The lock's file: replaced as a whole, by one beside it and a rename.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{Edit, Error, edit, parse, utf8};

/// Links that are followed, as the system does.
const LINKS_MAX: u32 = 40;

/// Where a new lock is written before it takes the old one's place.
const ASIDE: &str = ".feeds.lock.new";

/// Where the lock is that a path leads to: a link stays one, and what it leads to is replaced.
fn linked(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&at) {
            Ok(to) => at = at.parent().map_or(to.clone(), |folder| folder.join(&to)),
            // No link, or nothing there yet.
            Err(_) => return Ok(at),
        }
    }
    Err(io::Error::other("its links lead nowhere"))
}

/// Adds records to the lock as it is now, by a file beside it and a rename.
///
/// # Errors
/// Where it can't be written; a lock without any `w` bit is not replaced.
pub fn write(path: &Path, edits: &[Edit]) -> Result<(), Error> {
    replace(path, edits.len(), |text| edit(text, edits))
}

/// Replaces the lock, as it is now, by what `change` makes of it, which is so many edits.
pub(super) fn replace(
    path: &Path,
    edits: usize,
    change: impl Fn(&str) -> String,
) -> Result<(), Error> {
    if edits == 0 {
        return Ok(());
    }
    let fail = |cause| Error::Unwritable { path: path.to_owned(), cause, edits };
    let target = linked(path).map_err(fail)?;
    let (text, mode) = match fs::metadata(&target) {
        Ok(meta) => {
            let mode = meta.permissions().mode();
            if mode & 0o222 == 0 {
                return Err(fail(io::Error::from(io::ErrorKind::PermissionDenied)));
            }
            let bytes = fs::read(&target).map_err(fail)?;
            (utf8(path, &bytes)?.to_owned(), mode & 0o777)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => (String::new(), 0o644),
        Err(e) => return Err(fail(e)),
    };
    // What others changed meanwhile must be a lock still; else it would be sorted into rubbish.
    parse(path, &text)?;
    let new = change(&text);
    if new == text {
        return Ok(());
    }
    let dir = match target.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    // One name, so that what a run leaves that dies here goes with the next.
    let aside = dir.join(ASIDE);
    let replace = || -> io::Result<()> {
        match fs::remove_file(&aside) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&aside)?;
        file.write_all(new.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, &target)
    };
    replace().map_err(|e| {
        let _ = fs::remove_file(&aside);
        fail(e)
    })?;
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(fail)
}
