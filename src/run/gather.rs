//! The first step of a run: every source is looked at, what may have changed is read on many threads
//! and staged on one, and what is gone is noted.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;

use rayon::prelude::*;

use super::progress::Progress;
use super::standing::Seen;
use super::{Call, Error, Plan, Report, Scope, database, standing};
use crate::catalog::commit::IndexChanges;
use crate::catalog::stage::{Outcome as Read, Staged, prepare};
use crate::catalog::{self, Catalog, second};
use crate::document::{self, Content, Document, Reading, Surroundings};
use crate::problem::{Code, Place, Problem};
use crate::source::directory::{self, Target};
use crate::source::{self, Found, Gathered, LoadedContent, wxr};

pub(crate) const INTERNAL: Code = Code::new("internal");

/// Batches that may wait for the writer: reading must not run ahead of it by much, for the memory.
const BATCHES_WAITING_MAX: usize = 4;

/// Documents that are written at once: each writing touches most pages of the indexes, so few large ones
/// cost a fraction of many small ones. What a run that dies has to read again is at most this.
const STAGED_AT_ONCE: usize = 1024;

/// What gathering leaves to the commit.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// By source: `_index.md` that are otherwise.
    pub(super) indexes: Vec<IndexChanges>,
    /// Documents that were to be looked at again, and were.
    pub(super) looked_again: BTreeSet<second::Document>,
    /// Who waits for a second look; nobody, unless the run is patient.
    pub(super) patience: second::Patience,
}

/// Looks at the sources, and stages what is otherwise. A source that can't be looked at is told and
/// left as it is. `again` are documents that are looked at whatever the scope.
pub(super) fn gather(
    plan: &Plan,
    call: &Call<'_>,
    again: &BTreeSet<second::Document>,
    catalog: &mut Catalog,
    report: &mut Report,
) -> Result<Outcome, Error> {
    let scope = &call.scope;
    let mut outcome = Outcome::default();
    for source in &plan.sources {
        let before = report.problems.len();
        let again: Vec<_> = again.iter().filter(|(of, _)| *of == source.name).collect();
        let mut seen = Seen::of(scope);
        let looked = look(source, call, &again, catalog, &mut seen, report)?;
        // The catalog tells them, for as long as they stand.
        let found = report.problems.split_off(before);
        let failure = match looked {
            Ok(indexes) => {
                outcome.indexes.extend(indexes);
                outcome.looked_again.extend(again.into_iter().cloned());
                None
            }
            Err(e) => Some(format!("source {:?}: {e}", source.name)),
        };
        standing::note(catalog, source, &seen, found, failure.as_deref())?;
        report.failures.extend(failure);
    }
    standing::keep_only(catalog, &plan.sources)?;
    if *scope == Scope::All {
        for known in catalog.sources()? {
            if !plan.sources.iter().any(|s| s.name == known) {
                catalog.stage_removed(&known)?;
                let vanished = catalog.index_folders(&known)?;
                outcome.indexes.push(IndexChanges { source: known, changed: Vec::new(), vanished });
            }
        }
    }
    Ok(outcome)
}

/// What a source gives, or why it gives nothing.
type Looked = Result<Option<IndexChanges>, source::Error>;

fn look(
    source: &source::Options,
    call: &Call<'_>,
    again: &[&second::Document],
    catalog: &mut Catalog,
    seen: &mut Seen,
    report: &mut Report,
) -> Result<Looked, Error> {
    let tally = Tally::of(call.progress);
    let targets = match (&source.place, &call.scope) {
        (source::Place::Database(options), Scope::All) => {
            let looked = database::look(source, options, call, catalog, &tally, seen)?;
            return settle(source, looked, catalog, tally, report);
        }
        (_, Scope::All) => None,
        (source::Place::Directory(options), Scope::Paths(paths)) => {
            let mut targets = directory::targets(options, paths);
            targets.extend(again.iter().map(|(_, path)| Target(path.clone())));
            targets.append(&mut catalog.dependents(&source.name, &targets)?);
            if targets.is_empty() {
                return Ok(Ok(None));
            }
            Some(directory::apart(targets))
        }
        // A database that changed is looked at as a whole, so no path points at it.
        (source::Place::Database(_) | source::Place::Wxr(_), Scope::Paths(_)) => {
            return Ok(Ok(None));
        }
    };
    catalog.look_again(again.iter().copied())?;
    let memory = catalog.memory(&source.name, targets.as_deref())?;
    let looked = stream(source, catalog, &tally, |deliver| match &source.place {
        source::Place::Directory(options) => {
            let whole = [Target::all()];
            let targets = targets.as_deref().unwrap_or(&whole);
            directory::gather(options, &source.reading, targets, memory, deliver)
        }
        source::Place::Wxr(options) => Ok(wxr::gather(options, &source.reading, memory, deliver)?),
        source::Place::Database(_) => Ok(Gathered::default()),
    })?;
    settle(source, looked, catalog, tally, report)
}

/// Notes what a look gave beside documents.
fn settle(
    source: &source::Options,
    looked: Result<Gathered, source::Error>,
    catalog: &mut Catalog,
    tally: Tally<'_>,
    report: &mut Report,
) -> Result<Looked, Error> {
    report.counters.opened += tally.opened.into_inner();
    report.counters.parsed += tally.parsed.into_inner();
    report.problems.append(&mut tally.problems.into_inner().unwrap_or_default());
    let mut gathered = match looked {
        Ok(gathered) => gathered,
        Err(e) => return Ok(Err(e)),
    };
    report.counters.opened += gathered.opened;
    report.problems.append(&mut gathered.problems);
    catalog.stage_vanished(&source.name, &gathered.vanished)?;
    Ok(Ok(Some(IndexChanges {
        source: source.name.clone(),
        changed: gathered.indexes_changed,
        vanished: gathered.indexes_vanished,
    })))
}

pub(super) struct Tally<'a> {
    opened: AtomicU64,
    parsed: AtomicU64,
    problems: Mutex<Vec<Problem>>,
    progress: &'a Progress,
}

impl Tally<'_> {
    fn of(progress: &Progress) -> Tally<'_> {
        let (opened, parsed) = (AtomicU64::new(0), AtomicU64::new(0));
        Tally { opened, parsed, problems: Mutex::default(), progress }
    }
}

/// Has a source walked, which hands batches over, and reads them on all threads while one thread stages
/// the batches before; all on one where there is but one.
pub(super) fn stream<T>(
    source: &source::Options,
    catalog: &mut Catalog,
    tally: &Tally<'_>,
    walk: impl FnOnce(&mut dyn FnMut(Vec<Found>)) -> T,
) -> Result<T, Error> {
    let batch = |found: Vec<Found>| -> Vec<Staged> {
        found.into_par_iter().filter_map(|f| read(source, f, tally)).collect()
    };
    if rayon::current_num_threads() == 1 {
        let mut written = Ok(());
        let walked = walk(&mut |found| {
            if written.is_ok() {
                written = catalog.stage(batch(found));
            }
        });
        written?;
        return Ok(walked);
    }
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel::<Vec<Staged>>(BATCHES_WAITING_MAX);
        let writer = scope.spawn(move || -> Result<(), catalog::Error> {
            let mut read = Vec::new();
            for mut batch in receive {
                read.append(&mut batch);
                if read.len() >= STAGED_AT_ONCE {
                    catalog.stage(std::mem::take(&mut read))?;
                }
            }
            if read.is_empty() { Ok(()) } else { catalog.stage(read) }
        });
        let walked = walk(&mut |found| {
            // The writer has failed and gone: its error is told below.
            let _ = send.send(batch(found));
        });
        drop(send);
        match writer.join() {
            Ok(written) => written?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        Ok(walked)
    })
}

/// Reads one document. `None` where it can't be read now: what is known of it stays, and it is tried
/// again at the next look.
fn read(source: &source::Options, found: Found, tally: &Tally<'_>) -> Option<Staged> {
    tally.opened.fetch_add(1, Ordering::Relaxed);
    tally.progress.did(1);
    let tell = |problem| {
        if let Ok(mut problems) = tally.problems.lock() {
            problems.push(problem);
        }
    };
    let (head, loaded) = match found.load() {
        Ok(loaded) => loaded,
        Err((_, problem)) => {
            tell(problem);
            return None;
        }
    };
    if let Some(known) = &head.known
        && known.hash == loaded.hash
        && known.context == head.context
    {
        return Some(Staged {
            source: source.name.clone(),
            path: head.path,
            shown: head.shown,
            stamp: loaded.stamp,
            hash: loaded.hash,
            context: head.context,
            outcome: Read::Same,
        });
    }
    tally.parsed.fetch_add(1, Ordering::Relaxed);
    // A stamp that is newer than what was measured would hide a change.
    let stamps: RefCell<BTreeMap<String, Option<source::Stamp>>> = RefCell::default();
    let file = |path: &str| match &source.place {
        source::Place::Directory(options) => {
            let found = directory::measure(options, path);
            let measured = found.as_ref().map(|(_, measured)| *measured);
            stamps.borrow_mut().insert(path.to_owned(), found.map(|(stamp, _)| stamp));
            measured
        }
        source::Place::Database(_) | source::Place::Wxr(_) => None,
    };
    let document = Document {
        path: &head.path,
        shown: &head.shown,
        content: match &loaded.content {
            LoadedContent::File(bytes) => Content::File(bytes),
            LoadedContent::Row(row) => Content::Row(row),
        },
        around: Surroundings { indexes: &head.indexes, file: &file },
    };
    // One document that meets a mistake of ours must not keep all others from being published.
    let mut reading = catch_unwind(AssertUnwindSafe(|| document::read(&document, &source.reading)))
        .unwrap_or_else(|_| Reading {
            problems: vec![
                Problem::error(
                    &INTERNAL,
                    Place::whole(&head.shown),
                    "feedwright failed on this document; that is its mistake, not yours",
                )
                .help("what was known of it stays published; please report the document"),
            ],
            failed: true,
            ..Reading::default()
        });
    // Whoever saves may empty a file first, and a full disk leaves it so: what stood in it stays.
    reading.failed |= loaded.content.is_blank();
    let looked = match &source.place {
        source::Place::Directory(options) => reading
            .looked_for
            .iter()
            .map(|file| {
                let known = stamps.borrow().get(file).cloned();
                (file.clone(), known.unwrap_or_else(|| directory::stamp_of(options, file)))
            })
            .collect(),
        source::Place::Database(_) | source::Place::Wxr(_) => Vec::new(),
    };
    let shown = head.shown.clone();
    prepare(&source.name, head, loaded.stamp, loaded.hash, reading, looked)
        .map_err(|e| tell(Problem::error(&INTERNAL, Place::whole(shown), e.to_string())))
        .ok()
}
