//! One pass of the stage: the files that are due are asked for, a few at a time and two of one host,
//! until all are done or the budget is spent. What came of each is in the cache by then; what is left
//! stays due.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use url::Url;

use super::cache::{Cache, Error};
use super::look::{BLOCK_BYTES, Came, look};
use super::{File, Options};
use crate::net::{self, Fetcher, Reach};

/// Files that are asked for at once.
const THREADS_MAX: usize = 6;

/// Of one host.
const OF_A_HOST_MAX: usize = 2;

/// Failures in a row after which a host that nobody answers for is left alone for the rest of a pass.
const NOBODY_MAX: u32 = 2;

/// How long one host may take to be found, and to answer at all.
const CONNECT: Duration = Duration::from_secs(5);

/// How long one request may take.
const WHOLE: Duration = Duration::from_secs(10);

/// Redirects that are followed.
const REDIRECTS_MAX: u32 = 5;

/// Results that are noted at once.
const NOTED_AT_ONCE: usize = 50;

/// What failed is asked for again after so many seconds, then after twice as many, and so on.
const AGAIN_S: i64 = 5 * 60;

/// … but at least once within so many.
const AGAIN_MAX_S: i64 = 24 * 60 * 60;

/// What came of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pass {
    /// Files of which something was found out.
    pub found: u64,
    /// Files that are as they were.
    pub same: u64,
    /// Files that can't be had now.
    pub failed: u64,
    /// Files that are still due.
    pub left: u64,
    /// Files that are wanted.
    pub wanted: u64,
    /// Of these, files of which asking failed the last time.
    pub unreachable: u64,
    /// Whether a run would publish or tell anything else than before.
    pub news: bool,
}

impl Pass {
    /// How many files were asked for.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.found + self.same + self.failed
    }
}

/// Asks for what is due at `now`. Ends early when `stop` becomes true: at most a request later.
///
/// # Errors
/// Where the cache can't be used, or the machine has no sockets.
pub fn pass(
    cache: &Path,
    options: &Options,
    now: DateTime<Utc>,
    stop: &AtomicBool,
) -> Result<Pass, Error> {
    let mut cache = Cache::open(cache)?;
    let at = now.timestamp();
    let (due, all) = cache.due(at, options.files_max)?;
    let mut done = Pass::default();
    if !due.is_empty() {
        let threads = due.len().min(THREADS_MAX);
        let queue = Queue::of(due, Instant::now() + options.within, stop);
        let fetchers = (0..threads)
            .map(|_| Fetcher::new(net_options(options)))
            .collect::<Result<Vec<_>, _>>()?;
        let (send, came) = channel();
        std::thread::scope(|scope| {
            for mut fetcher in fetchers {
                let (send, queue) = (send.clone(), &queue);
                scope.spawn(move || {
                    while let Some((url, file, left)) = queue.next() {
                        fetcher.take_at_most(left.min(WHOLE));
                        let came = look(&fetcher, &url, &file);
                        queue.ended(&url, &came);
                        // The writer has failed and gone: its error is told below.
                        let _ = send.send((url, file, came));
                    }
                });
            }
            drop(send);
            write(&mut cache, &came, options, at, &mut done)
        })?;
    }
    done.left = all.saturating_sub(done.asked());
    (done.wanted, done.unreachable) = cache.counts()?;
    Ok(done)
}

fn net_options(options: &Options) -> net::Options {
    net::Options {
        connect: CONNECT,
        whole: WHOLE,
        bytes_max: BLOCK_BYTES,
        redirects_max: REDIRECTS_MAX,
        reach: Reach::Public(options.allow.clone()),
    }
}

/// Notes what comes, some at a time.
fn write(
    cache: &mut Cache,
    came: &Receiver<(String, File, Came)>,
    options: &Options,
    at: i64,
    done: &mut Pass,
) -> Result<(), Error> {
    let mut some = Vec::new();
    for (url, before, came) in came {
        match &came {
            Came::Same => done.same += 1,
            Came::Found { .. } => done.found += 1,
            Came::Failed { .. } => done.failed += 1,
        }
        let file = after(&before, came, options, at, &url);
        let told = |f: &File| (f.found.clone(), f.failure.clone(), f.lacks.clone());
        done.news |= told(&file) != told(&before);
        some.push((url, file));
        if some.len() == NOTED_AT_ONCE {
            cache.note(&some)?;
            some.clear();
        }
    }
    cache.note(&some)
}

/// What is remembered of a file after it was asked for. What was known of one that can't be had now
/// stays.
fn after(before: &File, came: Came, options: &Options, at: i64, url: &str) -> File {
    let max_age = i64::try_from(options.max_age_s).unwrap_or(i64::MAX / 2);
    // Files that were asked for together needn't all be asked for together again.
    let spread = i64::from(blake3::hash(url.as_bytes()).as_bytes()[0]);
    let well = || File {
        asked: Some(at),
        next: at.saturating_add(max_age - max_age / 10 / 256 * spread),
        failures: 0,
        failure: None,
        ..before.clone()
    };
    match came {
        Came::Same => well(),
        Came::Found { found, validators, lacks } => File { found, validators, lacks, ..well() },
        Came::Failed { why, after_s, .. } => {
            let wait = AGAIN_S.saturating_mul(1 << before.failures.min(20));
            let asked_for = after_s.and_then(|s| i64::try_from(s).ok()).unwrap_or_default();
            File {
                asked: Some(at),
                next: at + wait.max(asked_for).min(AGAIN_MAX_S),
                failures: before.failures.saturating_add(1),
                failure: Some(why),
                ..before.clone()
            }
        }
    }
}

/// What is to be asked for, handed out so that no host is asked too often at once.
struct Queue<'a> {
    state: Mutex<State>,
    freed: Condvar,
    until: Instant,
    stop: &'a AtomicBool,
}

struct State {
    waiting: VecDeque<(String, File)>,
    hosts: HashMap<String, Host>,
}

#[derive(Default)]
struct Host {
    asked_now: usize,
    nobody: u32,
}

fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

impl<'a> Queue<'a> {
    fn of(due: Vec<(String, File)>, until: Instant, stop: &'a AtomicBool) -> Queue<'a> {
        let state = State { waiting: due.into(), hosts: HashMap::new() };
        Queue { state: Mutex::new(state), freed: Condvar::new(), until, stop }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing below panics half-way through a change of the state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next file whose host is free, and the time that is left; `None` at the end.
    fn next(&self) -> Option<(String, File, Duration)> {
        let mut state = self.lock();
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stop.load(Ordering::Relaxed) {
                return None;
            }
            let State { waiting, hosts } = &mut *state;
            waiting.retain(|(url, _)| {
                hosts.get(&host(url)).is_none_or(|host| host.nobody < NOBODY_MAX)
            });
            let free = waiting.iter().position(|(url, _)| {
                hosts.get(&host(url)).is_none_or(|host| host.asked_now < OF_A_HOST_MAX)
            });
            if let Some((url, file)) = free.and_then(|at| waiting.remove(at)) {
                hosts.entry(host(&url)).or_default().asked_now += 1;
                return Some((url, file, left));
            }
            if waiting.is_empty() {
                return None;
            }
            state = self
                .freed
                .wait_timeout(state, left.min(Duration::from_millis(200)))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn ended(&self, url: &str, came: &Came) {
        let mut state = self.lock();
        let host = state.hosts.entry(host(url)).or_default();
        host.asked_now = host.asked_now.saturating_sub(1);
        host.nobody = match came {
            Came::Failed { nobody: true, .. } => host.nobody + 1,
            _ => 0,
        };
        drop(state);
        self.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Found;

    fn failed(after_s: Option<u64>) -> Came {
        Came::Failed { why: "is away".to_owned(), after_s, nobody: false }
    }

    #[test]
    fn what_fails_is_asked_for_later_and_later_and_what_was_known_stays() {
        let options = Options { max_age_s: 1000, ..Options::default() };
        let found = Found { bytes: Some(7), ..Found::default() };
        let mut file = File { found: found.clone(), ..File::default() };
        let mut waits = Vec::new();
        for _ in 0..40 {
            file = after(&file, failed(None), &options, 100, "https://a.example/x.mp3");
            waits.push(file.next - 100);
        }
        assert_eq!(waits[..4], [300, 600, 1200, 2400]);
        assert_eq!((waits[39], file.failures, &file.found), (AGAIN_MAX_S, 40, &found));
        assert_eq!(file.failure.as_deref(), Some("is away"));
        // Its server may want to be left alone for longer, but not for ever.
        for (wants, wait) in [(1, 300), (5000, 5000), (u64::MAX, 300), (1 << 40, AGAIN_MAX_S)] {
            let file = after(&File::default(), failed(Some(wants)), &options, 0, "x");
            assert_eq!(file.next, wait, "{wants}");
        }
        let well = after(&file, Came::Same, &options, 100, "https://a.example/x.mp3");
        assert_eq!((well.failures, &well.failure, &well.found), (0, &None, &found));
        assert!((1000..=1100).contains(&well.next), "{}", well.next);
    }

    #[test]
    fn a_host_that_nobody_answers_for_is_left_alone() {
        let due = (0..5).map(|n| (format!("http://a.example/{n}"), File::default()));
        let due = due.chain([("http://b.example/".to_owned(), File::default())]).collect();
        let stop = AtomicBool::new(false);
        let queue = Queue::of(due, Instant::now() + Duration::from_secs(60), &stop);
        let next = || queue.next().map(|(url, ..)| url);
        let nobody = Came::Failed { why: String::new(), after_s: None, nobody: true };
        let (one, two) = (next().unwrap(), next().unwrap());
        assert_eq!([&*one, &*two], ["http://a.example/0", "http://a.example/1"]);
        // Two of one host at a time.
        assert_eq!(next().unwrap(), "http://b.example/");
        queue.ended(&one, &nobody);
        queue.ended(&two, &nobody);
        assert_eq!(next(), None);
        let late = Queue::of(vec![("x".to_owned(), File::default())], Instant::now(), &stop);
        assert!(late.next().is_none());
    }
}
