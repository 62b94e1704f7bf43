//! Taking out of `feeds.lock` what nothing needs any more. What is needed: whatever a run without a
//! state would ask for now, of drafts too, for they may be published again; whatever the state knows,
//! of documents that can't be read just now and of what was withdrawn lately; and whatever is published.
//! Where any of that can't be known, nothing is taken out.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use super::publish::standing_manifest;
use super::{Call, Plan, Scope, Wishes, run};
use crate::catalog::guard::Guard;
use crate::catalog::lock;
use crate::catalog::lock::prune::{Needed, drop_lines, droppable};
use crate::catalog::{self, Catalog};
use crate::press::Finisher;
use crate::problem::{Severity, counted};
use crate::source::directory::CHANGING;
use crate::state::{self, Holder, State, Turn};

/// Nothing is taken out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lock can't be obeyed, read or written.
    #[error(transparent)]
    Lock(#[from] lock::Error),
    /// The articles can't be read.
    #[error(transparent)]
    Run(#[from] super::Error),
    /// No folder can be made to read them into.
    #[error("no scratch folder can be made: {0}")]
    Scratch(io::Error),
    /// The lock can't be written.
    #[error("{path} can't be written: {cause}; nothing is dropped")]
    Unwritable {
        /// The lock.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Part of the articles can't be seen now.
    #[error("{0}; which lines are needed can't be told, so none is dropped")]
    Blind(String),
    /// A guard holds.
    #[error(
        "the guard {guard:?} holds {} of {source_name}; see `feedwright status`, and release them or \
         bring them back first", counted(*articles as u64, "article", "articles")
    )]
    Held {
        /// Which guard.
        guard: &'static str,
        /// The source.
        source_name: String,
        /// How many.
        articles: usize,
    },
}

impl From<catalog::Error> for Error {
    fn from(e: catalog::Error) -> Error {
        Error::Run(e.into())
    }
}

impl From<state::Error> for Error {
    fn from(e: state::Error) -> Error {
        Error::Run(e.into())
    }
}

/// The lines that nothing needs, as they stand in the lock; taken out of it unless `try_only`.
///
/// # Errors
/// Where the lock can't be written, or it can't be told what is needed.
pub fn prune(plan: &Plan, call: &mut Call<'_>, try_only: bool) -> Result<Vec<String>, Error> {
    let state = State::find(&plan.state, &plan.config)?.filter(|s| s.catalog().exists());
    // A run in between would write the lock, too.
    let mut _turn = None;
    if let Some(state) = &state {
        let (command, since) = (call.command.to_owned(), (call.clock)());
        let holder = Holder { command, pid: std::process::id(), since };
        _turn = Some(Turn::take(state, &holder, &mut call.waiting)?);
    }
    let catalog = state.as_ref().map(Catalog::open_to_read).transpose()?;
    let lock = lock::read(&plan.lock)?;
    let mut needed = Needed::by(&lock);
    if let Some(catalog) = &catalog {
        refuse_held(catalog)?;
        catalog.needed(&mut needed)?;
    }
    if let Some(manifest) = standing_manifest(plan) {
        for (id, entry) in &manifest.entries {
            needed.once(id, &entry.rule_id);
        }
    }
    let empty = read_everything(plan, call, catalog.as_ref(), &mut needed)?;
    let text = match fs::read_to_string(&plan.lock) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => {
            return Err(lock::Error::Unreadable { path: plan.lock.clone(), cause }.into());
        }
    };
    let lines = droppable(&text, &lock, &needed);
    if let Some(source) = empty.filter(|_| !lines.is_empty()) {
        return Err(Error::Blind(format!("the source {source:?} holds nothing at all")));
    }
    if !try_only {
        drop_lines(&plan.lock, &lines).map_err(|e| match e {
            lock::Error::Unwritable { path, cause, .. } => Error::Unwritable { path, cause },
            other => other.into(),
        })?;
    }
    Ok(lines)
}

fn refuse_held(catalog: &Catalog) -> Result<(), Error> {
    for ((guard, source_name), ids) in catalog.held()? {
        // What the change guard holds is up.
        if guard != Guard::Change {
            return Err(Error::Held { guard: guard.as_str(), source_name, articles: ids.len() });
        }
    }
    Ok(())
}

/// Reads all sources as a run without a state would, and drafts beside. Gives a source back that has no
/// document.
fn read_everything(
    plan: &Plan,
    call: &mut Call<'_>,
    known: Option<&Catalog>,
    needed: &mut Needed,
) -> Result<Option<String>, Error> {
    let scratch = tempfile::tempdir().map_err(Error::Scratch)?;
    let mut cold = plan.clone();
    cold.state = scratch.path().join("state");
    for source in &mut cold.sources {
        source.reading.drafts = true;
    }
    let reading = Call {
        scope: Scope::All,
        command: call.command,
        clock: call.clock,
        finisher: &Finisher::default(),
        waiting: &mut |_| {},
        wishes: Wishes { check_only: true, ..Wishes::default() },
        progress: call.progress,
        databases: &super::stores::Databases::default(),
        published: &|| {},
    };
    let report = run(&cold, reading)?;
    if let Some(failure) = report.failures.first() {
        return Err(Error::Blind(failure.clone()));
    }
    let catalog = Catalog::open_to_read(&State::open(&cold.state, &cold.config)?)?;
    for problem in catalog.standing()?.into_values().flatten() {
        if problem.severity == Severity::Error || problem.code == CHANGING {
            return Err(Error::Blind(format!("{}: {}", problem.place, problem.message)));
        }
    }
    for unread in catalog.unread()? {
        let kept = known.map(|k| k.was_read(&unread.source, &unread.path)).transpose()?;
        if kept != Some(true) {
            return Err(Error::Blind(format!("{} can't be read", unread.shown)));
        }
    }
    let seen: BTreeSet<String> = catalog.sources()?.into_iter().collect();
    catalog.needed(needed)?;
    Ok(plan.sources.iter().find(|s| !seen.contains(&s.name)).map(|s| s.name.clone()))
}
