//! A SQLite file is opened for reading only, however it lies about.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Error, LOCK_WAIT, fault};

/// An open database.
pub(in crate::source::database) struct Opened {
    pub(in crate::source::database) connection: Connection,
    /// What the file was when it was opened without locks.
    unlocked: Option<Stamp>,
}

/// Size, time of last change in nanoseconds, and inode.
type Stamp = (u64, i64, i64, u64);

fn stamp(file: &Path) -> Option<Stamp> {
    let meta = fs::metadata(file).ok()?;
    Some((meta.size(), meta.mtime(), meta.mtime_nsec(), meta.ino()))
}

impl Opened {
    /// Whether what was read is one state of the database. With locks it always is.
    pub(in crate::source::database) fn unchanged(
        &self,
        file: &Path,
        shown: &str,
    ) -> Result<(), Error> {
        match self.unlocked {
            Some(before) if stamp(file) != Some(before) => Err(Error::Changed(shown.to_owned())),
            _ => Ok(()),
        }
    }
}

/// Opens the database and sees that it can be read.
pub(super) fn open(file: &Path, shown: &str) -> Result<Opened, Error> {
    let shown_here = shown;
    let shown = || shown_here.to_owned();
    let unreadable =
        |error: std::io::Error| Error::Unreadable { shown: shown(), reason: error.to_string() };
    match fs::metadata(file) {
        Ok(meta) if meta.is_file() => {}
        // Opening a pipe would wait for a writer.
        Ok(_) => return Err(Error::NotAFile(shown())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::Missing(shown()));
        }
        Err(error) => return Err(unreadable(error)),
    }
    // An absolute path is never taken for `:memory:`.
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    match Connection::open_with_flags(&file, flags()).and_then(ready) {
        Ok(connection) => Ok(Opened { connection, unlocked: None }),
        Err(error) if needs_writing(&error) => {
            // The system says more about a file that may not be read than SQLite.
            fs::File::open(&file).map_err(unreadable)?;
            open_unlocked(&file, shown_here)
        }
        Err(error) => Err(fault(error, shown_here)),
    }
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn ready(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_timeout(LOCK_WAIT)?;
    connection.pragma_update(None, "query_only", true)?;
    // The first page is read only now.
    connection.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// A database with a write-ahead log wants an index beside it, which a reader makes, too. Where it
/// may not, SQLite can't open the file.
fn needs_writing(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// Opens a database as one that nobody writes to, which needs no index. If there is neither
/// log nor journal, the file alone is the whole of it.
pub(in crate::source::database) fn open_unlocked(
    file: &Path,
    shown: &str,
) -> Result<Opened, Error> {
    let holds_something = |suffix| {
        let mut beside: OsString = file.into();
        beside.push(suffix);
        fs::metadata(beside).is_ok_and(|meta| meta.len() > 0)
    };
    if holds_something("-journal") {
        return Err(Error::Unfinished(shown.to_owned()));
    }
    if holds_something("-wal") {
        return Err(Error::LogOutOfReach(shown.to_owned()));
    }
    let unlocked = stamp(file);
    let path = percent_encode(file.as_os_str().as_bytes(), NON_ALPHANUMERIC);
    let address = format!("file:{path}?immutable=1");
    let connection = Connection::open_with_flags(address, flags() | OpenFlags::SQLITE_OPEN_URI);
    let connection = connection.and_then(ready).map_err(|error| fault(error, shown))?;
    Ok(Opened { connection, unlocked })
}
