//! Lazy feeds under `serve`: at most two are pressed at once, some may wait, and what was pressed is
//! kept while the catalog stands as it stood.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use tracing::error;

use super::Service;
use crate::cli::now;
use crate::feed::address::Address;
use crate::run::lazy::{Lazy, lazy};
use crate::server::{Demand, Pressed};

/// Feeds pressed at once: the other threads are for those who are served.
const PRESSES_MAX: usize = 2;

/// Requests that may wait for a press; the next is told to come again.
const WAITING_MAX: usize = 32;

/// Bytes of pressed editions that are kept.
const KEPT_BYTES_MAX: u64 = 64 << 20;

/// Tells that the catalog is another: inode, change time and length of its files.
type Mark = Vec<(u64, i64, i64, u64)>;

#[derive(Clone)]
struct Kept {
    mark: Mark,
    lazy: Lazy,
}

#[derive(Clone)]
struct Size;

impl Weighter<Address, Kept> for Size {
    fn weight(&self, _: &Address, kept: &Kept) -> u64 {
        let bytes: usize = kept.lazy.shelved.bodies.iter().map(|(_, b)| b.len()).sum();
        bytes as u64 + 1024
    }
}

pub(super) struct LazyFeeds {
    service: Arc<Service>,
    kept: Cache<Address, Kept, Size>,
    presses: Semaphore,
    waiting: AtomicUsize,
}

impl LazyFeeds {
    pub(super) fn new(service: Arc<Service>) -> Arc<LazyFeeds> {
        Arc::new(LazyFeeds {
            service,
            kept: Cache::with_weighter(256, KEPT_BYTES_MAX, Size),
            presses: Semaphore::new(PRESSES_MAX),
            waiting: AtomicUsize::new(0),
        })
    }

    pub(super) fn demand(self: Arc<Self>) -> Demand {
        Arc::new(move |address| {
            let lazy = Arc::clone(&self);
            Box::pin(async move { lazy.get(address).await })
        })
    }

    async fn get(self: Arc<Self>, address: Address) -> Pressed {
        let state = self.service.settings().plan.state.clone();
        let mark = mark(&state);
        let kept = self.kept.get(&address);
        if let Some(kept) = kept.as_ref().filter(|k| k.mark == mark) {
            return Pressed::Edition(Arc::clone(&kept.lazy.shelved));
        }
        let waiting = Waiting::new(&self.waiting);
        if waiting.number > WAITING_MAX {
            return Pressed::Busy;
        }
        let Ok(permit) = self.presses.acquire().await else { return Pressed::Busy };
        drop(waiting);
        let lazies = Arc::clone(&self);
        let pressed = tokio::task::spawn_blocking(move || lazies.press(&address, mark, kept)).await;
        drop(permit);
        pressed.unwrap_or(Pressed::Busy)
    }

    fn press(&self, address: &Address, mark: Mark, kept: Option<Kept>) -> Pressed {
        let settings = self.service.settings();
        let known = kept.as_ref().map(|k| &k.lazy);
        match lazy(&settings.plan, address, now(), &self.service.finisher, known) {
            Ok(Some(lazy)) => {
                let shelved = Arc::clone(&lazy.shelved);
                self.kept.insert(address.clone(), Kept { mark, lazy });
                Pressed::Edition(shelved)
            }
            Ok(None) => Pressed::NotFound,
            Err(e) => {
                error!("{address}: {e}");
                // What was served before is better than nothing.
                kept.map_or(Pressed::Busy, |k| Pressed::Edition(k.lazy.shelved))
            }
        }
    }
}

/// Counts a request while it waits.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    number: usize,
}

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Waiting<'a> {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        Waiting { count, number }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

fn mark(state: &Path) -> Mark {
    let files: [PathBuf; 2] = [state.join("catalog.db"), state.join("catalog.db-wal")];
    files
        .iter()
        .filter_map(|f| std::fs::metadata(f).ok())
        .map(|m| (m.ino(), m.mtime(), m.mtime_nsec(), m.len()))
        .collect()
}
