//! The state's databases, from run to run: a process that makes one run closes them after it; one that
//! makes many keeps them open, for opening costs more than most edits. Files that were replaced
//! meanwhile are opened anew, and so are those of a run that failed.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::catalog::{self, Catalog};
use crate::edition::history::{self, History};
use crate::edition::ledger::{self, Ledger};
use crate::state::{HISTORY, State};

/// Gives a run its databases.
#[derive(Debug, Default)]
pub struct Databases {
    keeps: bool,
    kept: Mutex<Option<Open>>,
}

/// Which file a database is: device and inode; `None` where there is none.
type Identity = Option<(u64, u64)>;

/// The databases of one state, open.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) catalog: Catalog,
    /// Of the catalog and its bodies, as they were opened.
    files: [Identity; 2],
    /// Once a run has published.
    ledger: Option<(Ledger, Identity)>,
    history: Option<(History, Identity)>,
}

impl Databases {
    /// Keeps them open between runs, until it is dropped itself.
    #[must_use]
    pub fn kept_open() -> Databases {
        Databases { keeps: true, ..Databases::default() }
    }

    /// The databases of a state, for whoever has the turn.
    pub(super) fn take(&self, state: &State) -> Result<Open, catalog::Error> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut open) = kept.filter(|open| open.stands(state)) {
            open.catalog.begin()?;
            return Ok(open);
        }
        let catalog = Catalog::open(state)?;
        let files = [identity(&state.catalog()), identity(&state.bodies())];
        Ok(Open { catalog, files, ledger: None, history: None })
    }

    /// Takes them back after a run that ended well. What their logs hold is moved into the files, so
    /// that other processes needn't read through it.
    pub(super) fn give_back(&self, open: Open) -> Result<(), catalog::Error> {
        if !self.keeps {
            return open.catalog.close();
        }
        open.catalog.empty_log()?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
        Ok(())
    }
}

impl Open {
    /// Whether the state's files are still those that are open.
    fn stands(&self, state: &State) -> bool {
        let same = |opened: Identity, path: &Path| opened.is_some() && opened == identity(path);
        let ledger = self.ledger.as_ref().is_none_or(|(_, file)| same(*file, &state.ledger()));
        let history =
            self.history.as_ref().is_none_or(|(_, file)| same(*file, &state.dir().join(HISTORY)));
        let [catalog, bodies] = self.files;
        same(catalog, &state.catalog()) && same(bodies, &state.bodies()) && ledger && history
    }

    /// The catalog, and the ledger.
    pub(super) fn with_ledger(
        &mut self,
        state: &State,
    ) -> Result<(&Catalog, &mut Ledger), ledger::Error> {
        let path = state.ledger();
        let ledger = match self.ledger.take() {
            Some(open) => open,
            None => (Ledger::open(&path)?, identity(&path)),
        };
        Ok((&self.catalog, &mut self.ledger.insert(ledger).0))
    }

    /// The catalog, and the history of feeds.
    pub(super) fn with_history(
        &mut self,
        state: &Path,
    ) -> Result<(&Catalog, &mut History), history::Error> {
        let path = state.join(HISTORY);
        let history = match self.history.take() {
            Some(open) => open,
            None => (History::open(&path)?, identity(&path)),
        };
        Ok((&self.catalog, &mut self.history.insert(history).0))
    }
}

fn identity(path: &Path) -> Identity {
    std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_that_were_deleted_meanwhile_are_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, config) = (dir.path().join("state"), dir.path().join("feeds.toml"));
        let databases = Databases::kept_open();
        for deleted in [false, true, true, false] {
            let state = State::open(&folder, &config).unwrap();
            let mut open = databases.take(&state).unwrap();
            open.with_ledger(&state).unwrap();
            assert!(state.catalog().exists() && state.ledger().exists());
            if deleted {
                std::fs::remove_dir_all(&folder).unwrap();
            }
            databases.give_back(open).unwrap();
        }
    }
}
