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

/// Which files a state's databases are: device and inode of each that is there.
type Files = [Option<(u64, u64)>; 4];

/// The databases of one state, open.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) catalog: Catalog,
    /// Once a run has published.
    ledger: Option<Ledger>,
    history: Option<History>,
    files: Files,
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
        if let Some(mut open) = kept.filter(|open| open.files == files(state)) {
            open.catalog.begin()?;
            return Ok(open);
        }
        let catalog = Catalog::open(state)?;
        Ok(Open { catalog, ledger: None, history: None, files: [None; 4] })
    }

    /// Takes them back after a run that ended well. What their logs hold is moved into the files, so
    /// that other processes needn't read through it.
    pub(super) fn give_back(&self, state: &State, mut open: Open) -> Result<(), catalog::Error> {
        if !self.keeps {
            return open.catalog.close();
        }
        open.catalog.empty_log()?;
        // Made by the run, perhaps.
        open.files = files(state);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
        Ok(())
    }
}

impl Open {
    /// The catalog, and the ledger.
    pub(super) fn with_ledger(
        &mut self,
        state: &State,
    ) -> Result<(&Catalog, &mut Ledger), ledger::Error> {
        let ledger = match self.ledger.take() {
            Some(ledger) => ledger,
            None => Ledger::open(&state.ledger())?,
        };
        Ok((&self.catalog, self.ledger.insert(ledger)))
    }

    /// The catalog, and the history of feeds.
    pub(super) fn with_history(
        &mut self,
        state: &Path,
    ) -> Result<(&Catalog, &mut History), history::Error> {
        let history = match self.history.take() {
            Some(history) => history,
            None => History::open(&state.join(HISTORY))?,
        };
        Ok((&self.catalog, self.history.insert(history)))
    }
}

fn files(state: &State) -> Files {
    let paths = [state.catalog(), state.bodies(), state.ledger(), state.dir().join(HISTORY)];
    paths.map(|path| std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino())))
}
