//! Lazy feeds under `serve`: at most two are pressed at once, some may wait, and what came of it is
//! kept while catalog, lock and configuration stand as they stood. A name that no article has costs a
//! look into memory.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use tracing::error;

use super::Service;
use super::stat::Stat;
use crate::article::TermKey;
use crate::cli::now;
use crate::config::Settings;
use crate::feed::address::Address;
use crate::run::lazy::{self, Asked, Lazy};
use crate::server::Pressed;

/// Feeds pressed at once: the other threads are for those who are served.
const PRESSES_MAX: usize = 2;

/// Requests that may wait for a press; the next is told to come again.
const WAITING_MAX: u64 = 32;

/// Bytes of pressed editions that are kept.
const KEPT_BYTES_MAX: u64 = 64 << 20;

/// What lazy feeds are made from: equal marks, equal editions.
#[derive(Clone)]
struct Mark {
    /// The catalog, what is known of remote media, their logs, and the lock.
    files: [Option<Stat>; 5],
    /// Replaced only by settings that say something else.
    settings: Arc<Settings>,
}

impl Mark {
    fn new(settings: Arc<Settings>) -> Mark {
        let state = &settings.plan.state;
        let files = [
            Stat::of(&state.join("catalog.db")),
            // Whoever opens the catalog makes a log, and takes it away again.
            Stat::of_log(&state.join("catalog.db-wal")),
            Stat::of(&state.join("media.db")),
            Stat::of_log(&state.join("media.db-wal")),
            Stat::of(&settings.plan.lock),
        ];
        Mark { files, settings }
    }
}

impl PartialEq for Mark {
    fn eq(&self, other: &Mark) -> bool {
        self.files == other.files && Arc::ptr_eq(&self.settings, &other.settings)
    }
}

#[derive(Clone)]
struct Kept {
    mark: Mark,
    /// `None` of a feed that isn't there or was never made.
    lazy: Option<Lazy>,
    /// Whether the mark's own edition was refused; `lazy` is the one before then.
    refused: bool,
}

impl Kept {
    fn answer(self) -> Pressed {
        match (self.lazy, self.refused) {
            // What was served before is better than nothing.
            (Some(lazy), _) => Pressed::Edition(lazy.shelved),
            (None, true) => Pressed::Busy,
            (None, false) => Pressed::NotFound,
        }
    }
}

#[derive(Clone)]
struct Size;

impl Weighter<Address, Kept> for Size {
    fn weight(&self, _: &Address, kept: &Kept) -> u64 {
        let bodies = kept.lazy.iter().flat_map(|lazy| &lazy.shelved.bodies);
        bodies.map(|(_, bytes)| bytes.len() as u64).sum::<u64>() + 1024
    }
}

/// The terms that there are.
struct Terms {
    mark: Mark,
    names: BTreeSet<TermKey>,
}

/// What came of requests for lazy feeds, counted.
#[derive(Debug, Default)]
pub(super) struct LazyCounts {
    kept: AtomicU64,
    made: AtomicU64,
    unknown: AtomicU64,
    busy: AtomicU64,
    waiting: AtomicU64,
}

impl LazyCounts {
    /// By outcome: served as it was kept, made anew, no such feed, told to come again.
    pub(super) fn counts(&self) -> [(&'static str, u64); 4] {
        [
            ("kept", &self.kept),
            ("made", &self.made),
            ("unknown", &self.unknown),
            ("busy", &self.busy),
        ]
        .map(|(outcome, count)| (outcome, count.load(Ordering::Relaxed)))
    }

    /// Requests that wait for a press now.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    fn note(&self, came: &Pressed, made: bool) {
        let count = match came {
            Pressed::Edition(_) if made => &self.made,
            Pressed::Edition(_) => &self.kept,
            Pressed::NotFound => &self.unknown,
            Pressed::Busy => &self.busy,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) struct LazyFeeds {
    service: Arc<Service>,
    kept: Cache<Address, Kept, Size>,
    terms: ArcSwapOption<Terms>,
    presses: Arc<Semaphore>,
}

impl LazyFeeds {
    pub(super) fn new(service: Arc<Service>) -> Arc<LazyFeeds> {
        Arc::new(LazyFeeds {
            service,
            kept: Cache::with_weighter(256, KEPT_BYTES_MAX, Size),
            terms: ArcSwapOption::empty(),
            presses: Arc::new(Semaphore::new(PRESSES_MAX)),
        })
    }

    pub(super) async fn get(self: Arc<Self>, address: Address) -> Pressed {
        let counts = Arc::clone(&self.service.lazies);
        let (came, made) = self.find_or_press(address).await;
        counts.note(&came, made);
        came
    }

    /// What comes of a request, and whether it was made for it.
    async fn find_or_press(self: Arc<Self>, address: Address) -> (Pressed, bool) {
        let mark = Mark::new(self.service.settings());
        if let Some(pressed) = self.at_hand(&address, &mark) {
            return (pressed, false);
        }
        let waiting = Waiting::new(&self.service.lazies.waiting);
        if waiting.number > WAITING_MAX {
            return (Pressed::Busy, false);
        }
        let Ok(permit) = Arc::clone(&self.presses).acquire_owned().await else {
            return (Pressed::Busy, false);
        };
        drop(waiting);
        let lazies = Arc::clone(&self);
        let press = move || {
            // Given back when the work is over, whether or not anybody still waits for it.
            let _permit = permit;
            let mark = Mark::new(lazies.service.settings());
            // Whoever had the permit before may have been asked for the same.
            match lazies.at_hand(&address, &mark) {
                Some(pressed) => (pressed, false),
                None => lazies.press(&address, mark),
            }
        };
        tokio::task::spawn_blocking(press).await.unwrap_or((Pressed::Busy, false))
    }

    /// What is known without work.
    fn at_hand(&self, address: &Address, mark: &Mark) -> Option<Pressed> {
        let (Address::Edition(name, _) | Address::Page(name)) = address else {
            return Some(Pressed::NotFound);
        };
        let Some(term) = lazy::term_of(&mark.settings.plan, name) else {
            return Some(Pressed::NotFound);
        };
        if let Some(terms) = self.terms.load().as_ref().filter(|t| t.mark == *mark)
            && !terms.names.contains(&term)
        {
            return Some(Pressed::NotFound);
        }
        self.kept.get(address).filter(|kept| kept.mark == *mark).map(Kept::answer)
    }

    fn press(&self, address: &Address, mark: Mark) -> (Pressed, bool) {
        let before = self.kept.get(address).and_then(|kept| kept.lazy);
        if let Err(e) = self.learn_terms(&mark) {
            error!("{address}: {e}");
            return (fallback(before), false);
        }
        if let Some(known) = self.at_hand(address, &mark) {
            return (known, false);
        }
        let plan = &mark.settings.plan;
        let asked = lazy::lazy(plan, address, now(), &self.service.finisher, before.as_ref());
        let made = matches!(asked, Ok(Asked::Made(_)));
        let kept = match asked {
            Ok(Asked::Made(lazy)) => Kept { mark, lazy: Some(lazy), refused: false },
            Ok(Asked::NotFound) => Kept { mark, lazy: None, refused: false },
            Ok(Asked::NotYet) => return (fallback(before), false),
            Ok(Asked::Refused { reason, anew }) => {
                if anew {
                    error!("{address} is refused: {reason}");
                }
                Kept { mark, lazy: before, refused: true }
            }
            Err(e) => {
                error!("{address}: {e}");
                return (fallback(before), false);
            }
        };
        self.kept.insert(address.clone(), kept.clone());
        (kept.answer(), made)
    }

    fn learn_terms(&self, mark: &Mark) -> Result<(), crate::run::Error> {
        if self.terms.load().as_ref().is_some_and(|t| t.mark == *mark) {
            return Ok(());
        }
        if let Some(names) = lazy::terms(&mark.settings.plan)? {
            self.terms.store(Some(Arc::new(Terms { mark: mark.clone(), names })));
        }
        Ok(())
    }
}

/// While nothing can be made: what was served before, else a word to come again.
fn fallback(before: Option<Lazy>) -> Pressed {
    before.map_or(Pressed::Busy, |lazy| Pressed::Edition(lazy.shelved))
}

/// Counts a request while it waits.
struct Waiting<'a> {
    count: &'a AtomicU64,
    number: u64,
}

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicU64) -> Waiting<'a> {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        Waiting { count, number }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
