//! The shelf follows the tree, and what is told of runs the ledger, whoever writes them: this process's
//! worker, `regenerate` in another process, another machine. A look is one stat of the manifest, which
//! is renamed last, and one of the ledger.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{error, warn};

use super::Service;
use super::stat::Stat;
use crate::cli::status::Picture;
use crate::edition::shelve::{self, Shelving};
use crate::edition::{Coding, tree};
use crate::feed::address::Address;
use crate::state::LEDGER;
use crate::worker::Handle;

/// Another process's editions are served within a second; a stat costs next to nothing.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Bytes of editions on the shelf: all of a large newsroom's. Beyond, they are read when asked for.
const SHELF_BYTES_MAX: u64 = 128 << 20;

/// How long a tree that isn't whole is left alone at most before the next look. A copy that goes on
/// is done sooner; one that never will be shouldn't cost more than a look at a time.
const LATE_WAIT_MAX: Duration = Duration::from_secs(30);

/// Looks at a tree that isn't whole before a person is told.
const LATE_LOOKS: u32 = 4;

#[derive(Clone)]
pub(super) struct Follower {
    service: Arc<Service>,
    seen: Arc<Mutex<Seen>>,
    /// The ledger as it was read last: the file and its log.
    read: Arc<Mutex<Option<[Option<Stat>; 2]>>>,
}

/// What is known of the tree.
#[derive(Default)]
struct Seen {
    /// The manifest that was shelved last.
    mark: Option<Stat>,
    /// Where something that it lists is missing: when to look again.
    again: Option<Again>,
}

struct Again {
    at: Instant,
    wait: Duration,
    looks: u32,
}

impl Seen {
    /// Whether there is something to look at. A run may have mended what was missing.
    fn asks_for_look(&self, mark: Stat, after_run: bool) -> bool {
        let due = |again: &Again| after_run || again.at <= Instant::now();
        self.mark != Some(mark) || self.again.as_ref().is_some_and(due)
    }

    fn note(&mut self, mark: Stat, shelving: &Shelving) {
        let before = self.again.take().filter(|_| self.mark == Some(mark));
        self.mark = Some(mark);
        if shelving.late.is_empty() && !shelving.uncoded {
            return;
        }
        let looks = before.as_ref().map_or(1, |a| a.looks.saturating_add(1));
        let wait = before.map_or(LOOK_EVERY, |a| (a.wait * 2).min(LATE_WAIT_MAX));
        if looks == LATE_LOOKS
            && let Some(first) = shelving.late.first()
        {
            warn!(
                "{} of the editions that feeds.json lists aren't in the tree as it says, {first} \
                 among them; what there is of them is served",
                shelving.late.len()
            );
        }
        self.again = Some(Again { at: Instant::now() + wait, wait, looks });
    }
}

impl Follower {
    pub(super) fn new(service: Arc<Service>) -> Follower {
        Follower { service, seen: Arc::default(), read: Arc::default() }
    }

    /// Looks from a thread that may block, after our own run: its editions are up at once.
    pub(super) fn look_after_run(&self) -> bool {
        self.look_now(true)
    }

    fn look_now(&self, after_run: bool) -> bool {
        self.look_at_ledger();
        self.look_at_tree(after_run)
    }

    /// Looks at the tree alone, while a run goes on: what stands in it is up at once.
    pub(super) fn look_at_tree(&self, after_run: bool) -> bool {
        let root = self.service.settings().plan.tree.clone();
        // One look at a time: a slow one must not put an older shelf over a newer one.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mark) = mark(&root) else { return false };
        if !seen.asks_for_look(mark, after_run) {
            return true;
        }
        match shelve::shelve(&root, &self.service.shelf.load(), SHELF_BYTES_MAX) {
            Ok(Some(shelving)) => {
                seen.note(mark, &shelving);
                self.service.shelf.store(Arc::new(shelving.shelf));
                true
            }
            Ok(None) => false,
            Err(e) => {
                error!("{e}; what was served before goes on");
                *seen = Seen { mark: Some(mark), again: None };
                false
            }
        }
    }

    /// Reads what is remembered of runs, if it is otherwise than it was.
    fn look_at_ledger(&self) {
        let settings = self.service.settings();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let file = settings.plan.state.join(LEDGER);
        let log = settings.plan.state.join(format!("{LEDGER}-wal"));
        // Whoever opens the ledger makes a log, and takes it away again.
        let mark = [Stat::of(&file), Stat::of_log(&log)];
        if *read == Some(mark) {
            return;
        }
        *read = Some(mark);
        match Picture::read(&settings, false) {
            Ok(mut picture) => {
                // It may have been forgotten since.
                let before = self.service.picture.load().last_good;
                picture.last_good = picture.last_good.or(before.filter(|_| picture.last.is_some()));
                self.service.picture.store(Arc::new(picture));
            }
            Err(e) => error!("what is remembered of runs can't be read: {e}"),
        }
    }

    pub(super) async fn look(&self) -> bool {
        let follower = self.clone();
        tokio::task::spawn_blocking(move || follower.look_now(false)).await.unwrap_or(false)
    }

    /// Looks again and again, and asks for a run where the tree or the state are gone.
    pub(super) async fn follow(self, handle: Handle, mut stopped: watch::Receiver<bool>) {
        // The round in which a run was asked for, while something is missing.
        let mut asked = None;
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            self.look().await;
            let settings = self.service.settings();
            // Not the folder: something may make it again, and empty it is no state.
            let gone = !settings.plan.state.join("catalog.db").exists()
                || mark(&settings.plan.tree).is_none();
            if !gone {
                asked = None;
                continue;
            }
            // The first run makes both; later they can only have been taken away. A run that failed
            // is tried again by the worker, in its own time.
            let standing = handle.standing();
            let failed = standing.last.as_ref().is_some_and(|last| last.outcome.is_err());
            let anew = asked.is_none_or(|round| round != standing.rounds && !failed);
            if standing.rounds > 0 && anew {
                handle.demand();
                asked = Some(standing.rounds);
            }
        }
    }
}

fn mark(root: &Path) -> Option<Stat> {
    Stat::of(&tree::file(root, &Address::Manifest, Coding::Identity)?)
}
