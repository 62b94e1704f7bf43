//! Where every trigger arrives: the schedule, the watcher, whoever demands, the clock. What arrives
//! while a run goes on joins into one more. Putting something in never waits and never fails, and
//! however much arrives, little is kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use super::Last;
use super::agenda::{PATHS_MAX, Wanted};
use crate::run::{Scope, Trigger};

/// A file that is written to and not closed counts as written once it was left alone this long.
const SETTLE: Duration = Duration::from_millis(100);
/// A file that is never left alone is looked at this long after its first write all the same.
const SETTLE_MAX: Duration = Duration::from_secs(2);

/// What has arrived and wasn't taken yet.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    wanted: Option<Wanted>,
    settling: BTreeMap<PathBuf, Settling>,
    grown: bool,
    stale: bool,
    limit: Option<String>,
    waiting: Vec<oneshot::Sender<Last>>,
    closed: bool,
}

/// A path that waits to be left alone.
#[derive(Debug)]
struct Settling {
    first: Duration,
    last: Duration,
    scope: Scope,
    /// It went away, so there is nothing half-written to wait for: it goes with the next run.
    gone: bool,
}

impl Settling {
    fn at(&self) -> Duration {
        (self.last + SETTLE).min(self.first + SETTLE_MAX)
    }
}

/// What was in the inbox.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// The run that is asked for.
    pub(crate) wanted: Option<Wanted>,
    /// A directory appeared: its watch must stand before it is walked.
    pub(crate) grown: bool,
    /// What is watched is no longer what was asked to be: watch anew.
    pub(crate) stale: bool,
    /// Why not everything can be watched.
    pub(crate) limit: Option<String>,
    /// Who waits for the end of the run.
    pub(crate) waiting: Vec<oneshot::Sender<Last>>,
}

impl Inbox {
    /// Asks for a run.
    pub(crate) fn put(&self, wanted: Wanted) {
        self.lock().join(wanted);
        self.changed.notify_one();
    }

    /// Asks for a run and has its end told. Gives back what is asked for now, this joined to what was
    /// before, and whether there was anything before.
    pub(crate) fn put_and_wait(
        &self,
        wanted: Wanted,
        ended: oneshot::Sender<Last>,
    ) -> (Option<Wanted>, bool) {
        let mut state = self.lock();
        if state.closed {
            return (None, false);
        }
        let joined = state.wanted.is_some();
        state.waiting.push(ended);
        state.join(wanted);
        let wanted = state.wanted.clone();
        drop(state);
        self.changed.notify_one();
        (wanted, joined)
    }

    /// Nothing is taken any more: whoever waits is let go.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
    }

    /// A watched file changed for good: closed, renamed, gone.
    pub(crate) fn changed(&self, path: PathBuf, scope: Scope) {
        let mut state = self.lock();
        state.settling.remove(&path);
        state.join(Wanted::new(scope, Trigger::Watch));
        drop(state);
        self.changed.notify_one();
    }

    /// A directory appeared, or something was renamed that may be one.
    pub(crate) fn appeared(&self, path: PathBuf, scope: Scope) {
        self.lock().grown = true;
        self.changed(path, scope);
    }

    /// Someone is writing to a watched file.
    pub(crate) fn touched(&self, path: PathBuf, scope: Scope, now: Duration) {
        self.settle(path, scope, now, false);
    }

    /// A watched file went away. What is renamed goes first and comes right after: both belong into
    /// one run.
    pub(crate) fn gone(&self, path: PathBuf, scope: Scope, now: Duration) {
        self.settle(path, scope, now, true);
    }

    fn settle(&self, path: PathBuf, scope: Scope, now: Duration, gone: bool) {
        let mut state = self.lock();
        let settling = state.settling.entry(path);
        let settling = settling.or_insert(Settling { first: now, last: now, scope, gone });
        settling.last = now;
        settling.gone = gone;
        if state.settling.len() > PATHS_MAX {
            state.settling.clear();
            state.join(Wanted::new(Scope::All, Trigger::Watch));
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Changes may have been missed.
    pub(crate) fn everything(&self) {
        self.put(Wanted::new(Scope::All, Trigger::Watch));
    }

    /// What is watched moved away or came into being.
    pub(crate) fn stale(&self) {
        self.lock().stale = true;
        self.everything();
    }

    /// Not everything can be watched.
    pub(crate) fn limited(&self, reason: String) {
        self.lock().limit = Some(reason);
        self.everything();
    }

    /// Takes what is there, files that have been left alone among it.
    pub(crate) fn take(&self, now: Duration) -> Taken {
        let mut state = self.lock();
        let runs = state.wanted.is_some() || state.settling.values().any(|s| s.at() <= now);
        let settled = state.settling.extract_if(.., |_, s| s.at() <= now || (runs && s.gone));
        let settled: Vec<Scope> = settled.map(|(_, settling)| settling.scope).collect();
        for scope in settled {
            state.join(Wanted::new(scope, Trigger::Watch));
        }
        let wanted = state.wanted.take();
        let waiting =
            if wanted.is_some() { std::mem::take(&mut state.waiting) } else { Vec::new() };
        Taken {
            wanted,
            grown: std::mem::take(&mut state.grown),
            stale: std::mem::take(&mut state.stale),
            limit: state.limit.take(),
            waiting,
        }
    }

    /// How long until the next file that is written to may be looked at.
    pub(crate) fn rest(&self, now: Duration) -> Option<Duration> {
        let state = self.lock();
        state.settling.values().map(|settling| settling.at().saturating_sub(now)).min()
    }

    /// Waits until something arrives; what arrived since the last wait counts.
    pub(crate) async fn arrival(&self) {
        self.changed.notified().await;
    }

    /// Has the worker look at its clock now.
    #[cfg(test)]
    pub(crate) fn poke(&self) {
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing below panics half-way through a change of the state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn join(&mut self, wanted: Wanted) {
        self.wanted = Some(match self.wanted.take() {
            Some(have) => have.join(wanted),
            None => wanted,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn one(path: &str) -> (PathBuf, Scope) {
        (PathBuf::from(path), Scope::Paths(vec![PathBuf::from(path)]))
    }

    fn scope(taken: Taken) -> Option<Scope> {
        taken.wanted.map(|wanted| wanted.scope)
    }

    #[test]
    fn a_file_that_is_closed_is_there_at_once() {
        let inbox = Inbox::default();
        let (path, scope_of) = one("a.md");
        inbox.touched(path.clone(), scope_of.clone(), ms(0));
        assert_eq!(scope(inbox.take(ms(50))), None);
        inbox.changed(path, scope_of.clone());
        assert_eq!(scope(inbox.take(ms(50))), Some(scope_of));
        assert_eq!(scope(inbox.take(ms(5000))), None, "and only once");
    }

    #[test]
    fn a_file_that_stays_open_is_there_when_left_alone() {
        let inbox = Inbox::default();
        let (path, scope_of) = one("a.md");
        inbox.touched(path.clone(), scope_of.clone(), ms(0));
        inbox.touched(path, scope_of.clone(), ms(80));
        assert_eq!(inbox.rest(ms(90)), Some(ms(90)));
        assert_eq!(scope(inbox.take(ms(179))), None);
        assert_eq!(scope(inbox.take(ms(180))), Some(scope_of));
        assert_eq!(inbox.rest(ms(180)), None);
    }

    #[test]
    fn a_file_that_is_never_left_alone_is_looked_at_all_the_same() {
        let inbox = Inbox::default();
        let (path, scope_of) = one("busy.db");
        for n in 0..=40 {
            inbox.touched(path.clone(), scope_of.clone(), ms(n * 50));
        }
        assert_eq!(scope(inbox.take(ms(2000))), Some(scope_of));
    }

    #[test]
    fn what_is_renamed_goes_and_comes_in_one_run() {
        let inbox = Inbox::default();
        let ((old, old_scope), (new, new_scope)) = (one("a-old.md"), one("b-new.md"));
        inbox.gone(old.clone(), old_scope.clone(), ms(0));
        assert_eq!(scope(inbox.take(ms(0))), None);
        inbox.appeared(new.clone(), new_scope);
        assert_eq!(scope(inbox.take(ms(0))), Some(Scope::Paths(vec![old.clone(), new])));
        inbox.gone(old, old_scope.clone(), ms(0));
        assert_eq!(scope(inbox.take(ms(100))), Some(old_scope));
    }

    #[test]
    fn what_arrives_joins() {
        let inbox = Inbox::default();
        for name in ["b", "a", "b"] {
            let (path, scope) = one(name);
            inbox.changed(path, scope);
        }
        inbox.appeared("c".into(), one("c").1);
        let taken = inbox.take(ms(0));
        assert!(taken.grown && !taken.stale);
        let paths = ["a", "b", "c"].map(PathBuf::from).to_vec();
        assert_eq!(scope(taken), Some(Scope::Paths(paths)));
        let after = inbox.take(ms(0));
        assert!(after.wanted.is_none() && !after.grown);
    }

    #[test]
    fn very_many_files_become_everything() {
        let inbox = Inbox::default();
        for n in 0..=PATHS_MAX {
            let (path, scope) = one(&n.to_string());
            inbox.touched(path, scope, ms(0));
        }
        assert_eq!(scope(inbox.take(ms(0))), Some(Scope::All));
        assert_eq!(inbox.rest(ms(0)), None);
    }
}
