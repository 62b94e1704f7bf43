//! The state folder, `.feedwright/`: the names in it, whose it is, and the exclusive right to a run in
//! it, which is called its turn. What the files hold is their rooms' own; `docs/state.md` describes
//! them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The database of what is published, and of runs.
pub(crate) const LEDGER: &str = "ledger.db";

/// The database of what feeds have shown.
pub(crate) const HISTORY: &str = "history.db";

/// A state folder that belongs to one `feeds.toml`.
#[derive(Debug, Clone)]
pub struct State {
    dir: PathBuf,
}

/// The state folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something in it can't be made, read or written.
    #[error("the state folder {dir} can't be used: {cause}")]
    Io {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It was made for another configuration.
    #[error(
        "the state folder {dir} belongs to {owner}; give this configuration a folder of its own \
         with `[output] state`, or delete the folder, which costs one cold run"
    )]
    Foreign {
        /// The folder.
        dir: PathBuf,
        /// The configuration that it was made for, relative to the folder.
        owner: String,
    },
}

impl State {
    /// Opens the state folder of a configuration file, making it where there is none.
    ///
    /// # Errors
    /// Where the folder can't be made, or belongs to another configuration.
    pub fn open(dir: &Path, config: &Path) -> Result<State, Error> {
        let fail = |cause| Error::Io { dir: dir.to_owned(), cause };
        let own = between(dir, config).map_err(fail)?;
        if let Some(state) = State::find(dir, config)? {
            return Ok(state);
        }
        let state = State { dir: dir.to_owned() };
        fs::create_dir_all(dir).map_err(fail)?;
        let mut temporary = tempfile::NamedTempFile::new_in(dir).map_err(fail)?;
        writeln!(temporary, "{own}").map_err(fail)?;
        temporary.persist(state.file("config")).map_err(|e| fail(e.error))?;
        Ok(state)
    }

    /// The state folder of a configuration file; `None` where there is none yet. Makes nothing.
    ///
    /// # Errors
    /// Where the folder can't be read, or belongs to another configuration.
    pub fn find(dir: &Path, config: &Path) -> Result<Option<State>, Error> {
        let fail = |cause| Error::Io { dir: dir.to_owned(), cause };
        let own = between(dir, config).map_err(fail)?;
        let state = State { dir: dir.to_owned() };
        match fs::read_to_string(state.file("config")) {
            Ok(owner) if owner.trim_end() == own => Ok(Some(state)),
            Ok(owner) => {
                let owner = owner.trim_end().to_owned();
                Err(Error::Foreign { dir: dir.to_owned(), owner })
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(fail(e)),
        }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The catalog's database: articles and what is known of documents.
    #[must_use]
    pub fn catalog(&self) -> PathBuf {
        self.file("catalog.db")
    }

    /// The bodies' database.
    #[must_use]
    pub fn bodies(&self) -> PathBuf {
        self.file("bodies.db")
    }

    /// The ledger's database.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.file(LEDGER)
    }

    /// The database of what feeds have shown.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.file(HISTORY)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// A path relative to the state folder, as both are written: links aren't resolved, so that both may
/// move together.
///
/// # Errors
/// Where the current folder isn't known.
pub fn between(dir: &Path, path: &Path) -> io::Result<String> {
    let (dir, to) = (plain(&std::path::absolute(dir)?), plain(&std::path::absolute(path)?));
    let shared = dir.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let mut between = PathBuf::new();
    for _ in dir.components().skip(shared) {
        between.push("..");
    }
    between.extend(to.components().skip(shared));
    Ok(between.to_string_lossy().into_owned())
}

fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// Who has the turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The command: `serve`, `regenerate`.
    pub command: String,
    /// Its process.
    pub pid: u32,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// The exclusive right to a run in a state folder, given back when dropped. The system gives it back
/// when the process dies, however it dies.
#[derive(Debug)]
pub struct Turn {
    _file: File,
}

impl Turn {
    /// Takes the turn; where another run has it, tells for whom it waits, then waits.
    ///
    /// # Errors
    /// Where the lock file can't be made or locked.
    pub fn take(
        state: &State,
        holder: &Holder,
        waiting: &mut dyn FnMut(Option<Holder>),
    ) -> Result<Turn, Error> {
        let fail = |cause| Error::Io { dir: state.dir.clone(), cause };
        let path = state.file("turn");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Half-written just now: then we wait for somebody unknown.
                let _ = file.read_to_string(&mut text);
                waiting(serde_json::from_str(&text).ok());
                file.lock().map_err(fail)?;
            }
            Err(fs::TryLockError::Error(e)) => return Err(fail(e)),
        }
        let text = serde_json::to_vec(holder).unwrap_or_default();
        file.rewind().and_then(|()| file.set_len(0)).map_err(fail)?;
        file.write_all(&text).map_err(fail)?;
        Ok(Turn { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_its_configuration_may_move_together() {
        let at = |dir: &str, config: &str| between(Path::new(dir), Path::new(config)).unwrap();
        assert_eq!(at("/a/.feedwright", "/a/feeds.toml"), "../feeds.toml");
        assert_eq!(at("/b/c/.feedwright", "/b/c/feeds.toml"), "../feeds.toml");
        assert_eq!(at("/var/lib/x", "/etc/x/feeds.toml"), "../../../etc/x/feeds.toml");
        assert_eq!(at("/a/./s/../t", "/a/feeds.toml"), "../feeds.toml");
    }
}
