//! A limit on the time that a database takes. Only time spent waiting for the database counts, so
//! that a slow receiver isn't mistaken for a slow query.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::InterruptHandle;

/// How often the watchdog looks; the limit is kept that exactly.
const LOOK: Duration = Duration::from_millis(50);
/// Stands for "nobody waits for the database now".
const NOT_WAITING: u64 = u64::MAX;

/// Interrupts a connection that has taken too long.
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    /// Dropped to call it off.
    _leash: Sender<()>,
}

struct Shared {
    began: Instant,
    /// Nanoseconds waited in steps that ended.
    spent: AtomicU64,
    /// When the present step began, in nanoseconds since `began`.
    since: AtomicU64,
    barked: AtomicBool,
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(NOT_WAITING - 1)
    }

    fn waited(&self) -> u64 {
        let present = match self.since.load(Ordering::Acquire) {
            NOT_WAITING => 0,
            since => self.now().saturating_sub(since),
        };
        self.spent.load(Ordering::Acquire).saturating_add(present)
    }
}

impl Watchdog {
    pub(super) fn start(handle: InterruptHandle, limit: Duration) -> Watchdog {
        let shared = Arc::new(Shared {
            began: Instant::now(),
            spent: AtomicU64::new(0),
            since: AtomicU64::new(NOT_WAITING),
            barked: AtomicBool::new(false),
        });
        let (leash, held) = channel::<()>();
        let watched = Arc::clone(&shared);
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        let watch = move || {
            while held.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if watched.waited() >= limit {
                    watched.barked.store(true, Ordering::Release);
                    handle.interrupt();
                }
            }
        };
        // Without a thread there is no limit; the query runs all the same.
        let _ = thread::Builder::new().name("query limit".to_owned()).spawn(watch);
        Watchdog { shared, _leash: leash }
    }

    /// Does something that waits for the database.
    pub(super) fn watch<T>(&self, wait: impl FnOnce() -> T) -> T {
        let before = self.shared.now();
        self.shared.since.store(before, Ordering::Release);
        let got = wait();
        self.shared.since.store(NOT_WAITING, Ordering::Release);
        let took = self.shared.now().saturating_sub(before);
        self.shared.spent.fetch_add(took, Ordering::AcqRel);
        got
    }

    /// Begins to count for another question; gives what was counted for the one before.
    pub(super) fn restart(&self) -> u64 {
        self.shared.spent.swap(0, Ordering::AcqRel)
    }

    /// Goes on with the question before, from where its count was.
    pub(super) fn resume(&self, spent: u64) {
        self.shared.spent.store(spent, Ordering::Release);
    }

    /// Whether it interrupted the connection.
    pub(super) fn barked(&self) -> bool {
        self.shared.barked.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spin(long: Duration) {
        let began = Instant::now();
        while began.elapsed() < long {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn only_waiting_for_the_database_counts() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let watchdog =
            Watchdog::start(connection.get_interrupt_handle(), Duration::from_secs(3600));
        let mut waited = Duration::ZERO;
        for _ in 0..3 {
            let began = Instant::now();
            watchdog.watch(|| spin(Duration::from_millis(10)));
            waited += began.elapsed();
            spin(Duration::from_millis(20));
        }
        let counted = Duration::from_nanos(watchdog.shared.waited());
        assert!((Duration::from_millis(30)..=waited).contains(&counted), "{counted:?}");
        assert!(!watchdog.barked());
    }
}
