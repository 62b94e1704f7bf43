//! What to do next: which wishes join, when a full look, a due article or a failed run comes. Pure:
//! readings of the clock come in, wishes go out.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::clock::Moment;
use crate::run::{Guard, Scope, Trigger};

/// A run that was asked for and hasn't begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) scope: Scope,
    pub(crate) trigger: Trigger,
    /// The guards whose held sets are released.
    pub(crate) accept: BTreeSet<Guard>,
}

impl Wanted {
    /// A run that releases nothing.
    #[must_use]
    pub(crate) fn new(scope: Scope, trigger: Trigger) -> Wanted {
        Wanted { scope, trigger, accept: BTreeSet::new() }
    }

    /// Two wishes become one run: both scopes, and the trigger that a person would name.
    #[must_use]
    pub(crate) fn join(mut self, mut other: Wanted) -> Wanted {
        let mut accept = std::mem::take(&mut self.accept);
        accept.append(&mut other.accept);
        let trigger = if (weight(other.trigger), other.scope == Scope::All)
            > (weight(self.trigger), self.scope == Scope::All)
        {
            other.trigger
        } else {
            self.trigger
        };
        Wanted { scope: unite(self.scope, other.scope), trigger, accept }
    }
}

/// Someone waits for what they demanded; the others tell why the run would have come anyway.
fn weight(trigger: Trigger) -> u8 {
    match trigger {
        Trigger::Demand => 2,
        Trigger::Start => 1,
        Trigger::Cron | Trigger::Watch | Trigger::Look | Trigger::Due | Trigger::Media => 0,
    }
}

/// Paths that a scope lists at most; beyond them looking at everything is cheaper than the list.
pub(crate) const PATHS_MAX: usize = 10_000;

/// What both scopes look at, paths sorted and each once.
#[must_use]
pub(crate) fn unite(one: Scope, other: Scope) -> Scope {
    match (one, other) {
        (Scope::Paths(mut paths), Scope::Paths(more)) => {
            paths.extend(more);
            paths.sort_unstable();
            paths.dedup();
            if paths.len() > PATHS_MAX { Scope::All } else { Scope::Paths(paths) }
        }
        _ => Scope::All,
    }
}

/// Looks at no source: nothing changed but the time.
#[must_use]
pub(crate) fn nothing() -> Scope {
    Scope::Paths(Vec::new())
}

fn covers(scope: &Scope, other: &Scope) -> bool {
    match (scope, other) {
        (Scope::All, _) => true,
        (Scope::Paths(_), Scope::All) => false,
        (Scope::Paths(have), Scope::Paths(need)) => {
            let has = |path: &PathBuf| have.binary_search(path).is_ok();
            need.iter().all(has)
        }
    }
}

/// How a run ended, as far as the agenda cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It failed as a whole; nothing it was asked for is done.
    Failed,
    /// It went through, but something in it failed.
    Partly { due: Option<DateTime<Utc>> },
    /// It went through.
    Well { due: Option<DateTime<Utc>> },
}

/// First wait after a failure; it doubles each time.
const RETRY_FIRST: Duration = Duration::from_secs(5);
/// Longest wait between two tries where there is no periodic look.
const RETRY_MAX: Duration = Duration::from_mins(10);
/// The worker looks at the clock this often, so that nothing due is later than that.
const BEAT: Duration = Duration::from_secs(1);

/// A failed run that will be tried again.
#[derive(Debug, Clone)]
struct Retry {
    wanted: Wanted,
    at: Duration,
    wait: Duration,
    /// It failed as a whole, so that whatever comes next must look at its scope too. Else only the
    /// part that failed waits.
    whole: bool,
}

/// What comes by itself.
#[derive(Debug)]
pub(crate) struct Agenda {
    look_every: Option<Duration>,
    look_at: Option<Duration>,
    due: Option<DateTime<Utc>>,
    /// When files that vanished are looked at for the second time.
    second_look: Option<DateTime<Utc>>,
    retry: Option<Retry>,
    /// The wait before the last try, while tries fail.
    waited: Option<Duration>,
}

impl Agenda {
    /// An agenda with a full look every so often, or never.
    #[must_use]
    pub(crate) fn new(look_every: Option<Duration>, now: Moment) -> Agenda {
        let look_at = look_every.map(|every| now.steady + every);
        Agenda { look_every, look_at, due: None, second_look: None, retry: None, waited: None }
    }

    /// Changes how often there is a full look. The next one is that far from now at most.
    pub(crate) fn look_every(&mut self, every: Option<Duration>, now: Moment) {
        if self.look_every != every {
            self.look_every = every;
            let latest = every.map(|every| now.steady + every);
            self.look_at = match (self.look_at, latest) {
                (Some(at), Some(latest)) => Some(at.min(latest)),
                (_, latest) => latest,
            };
        }
    }

    /// How often there is a full look.
    #[must_use]
    pub(crate) fn looks_every(&self) -> Option<Duration> {
        self.look_every
    }

    /// Takes what the clock asks for now. Each thing is taken once.
    pub(crate) fn ripe(&mut self, now: Moment) -> Option<Wanted> {
        let mut wanted: Option<Wanted> = None;
        let mut add = |more: Wanted| {
            wanted = Some(match wanted.take() {
                Some(have) => have.join(more),
                None => more,
            });
        };
        if self.due.is_some_and(|due| due <= now.wall) {
            self.due = None;
            add(Wanted::new(nothing(), Trigger::Due));
        }
        if self.second_look.is_some_and(|at| at <= now.wall) {
            self.second_look = None;
            // The run knows which files wait.
            add(Wanted::new(nothing(), Trigger::Watch));
        }
        if self.look_at.is_some_and(|at| at <= now.steady) {
            self.look_at = self.look_every.map(|every| now.steady + every);
            add(Wanted::new(Scope::All, Trigger::Look));
        }
        if let Some(retry) = self.retry.take_if(|retry| retry.at <= now.steady) {
            self.waited = Some(retry.wait);
            add(retry.wanted);
        }
        wanted
    }

    /// Has a run made at an instant, for files that are looked at twice.
    pub(crate) fn look_again(&mut self, at: Option<DateTime<Utc>>) {
        self.second_look = at;
    }

    /// Makes a wish ready to be run: what a failed run left undone joins it.
    pub(crate) fn begin(&mut self, wanted: Wanted) -> Wanted {
        let joins = |retry: &mut Retry| retry.whole || covers(&wanted.scope, &retry.wanted.scope);
        let Some(retry) = self.retry.take_if(joins) else { return wanted };
        self.waited = Some(retry.wait);
        let scope = unite(wanted.scope.clone(), retry.wanted.scope);
        Wanted { scope, ..wanted }
    }

    /// Notes how a run ended.
    pub(crate) fn end(&mut self, ran: &Wanted, ended: Ended, now: Moment) {
        if ran.scope == Scope::All {
            self.look_at = self.look_every.map(|every| now.steady + every);
        }
        match ended {
            Ended::Well { due } => {
                self.due = due;
                if self.retry.is_none() {
                    self.waited = None;
                }
            }
            Ended::Partly { due } => {
                self.due = due;
                self.try_again(ran, false, now);
            }
            // What was due before still is, and the next try selects as of then.
            Ended::Failed => self.try_again(ran, true, now),
        }
    }

    fn try_again(&mut self, ran: &Wanted, whole: bool, now: Moment) {
        let longest = self.look_every.unwrap_or(RETRY_MAX).max(RETRY_FIRST);
        let wait = self.waited.map_or(RETRY_FIRST, |waited| (waited * 2).min(longest));
        // Nothing is released twice: more may be held by then than whoever accepted it has seen.
        let ran = Wanted::new(ran.scope.clone(), ran.trigger);
        let (wanted, whole) = match self.retry.take() {
            Some(before) => (ran.join(before.wanted), whole || before.whole),
            None => (ran, whole),
        };
        self.retry = Some(Retry { wanted, at: now.steady + wait, wait, whole });
    }

    /// When an embargo lifts or an article expires next.
    #[must_use]
    pub(crate) fn due(&self) -> Option<DateTime<Utc>> {
        self.due
    }

    /// When a failed run is tried again, on the wall clock.
    #[must_use]
    pub(crate) fn retry_at(&self, now: Moment) -> Option<DateTime<Utc>> {
        let wait = self.retry.as_ref()?.at.saturating_sub(now.steady);
        now.wall.checked_add_signed(chrono::TimeDelta::from_std(wait).ok()?)
    }

    /// How long nothing will be ripe; never longer than a second, since wall time may be set.
    #[must_use]
    pub(crate) fn rest(&self, now: Moment) -> Duration {
        let wall = [self.due, self.second_look].into_iter().flatten();
        let due = wall.map(|due| (due - now.wall).to_std().unwrap_or(Duration::ZERO));
        let steady = [self.look_at, self.retry.as_ref().map(|retry| retry.at)];
        let steady = steady.into_iter().flatten().map(|at| at.saturating_sub(now.steady));
        steady.chain(due).fold(BEAT, Duration::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(s: u64) -> Moment {
        let wall = DateTime::from_timestamp(1_800_000_000 + i64::try_from(s).unwrap(), 0).unwrap();
        Moment { wall, steady: Duration::from_secs(s) }
    }

    fn paths(names: &[&str]) -> Scope {
        Scope::Paths(names.iter().map(PathBuf::from).collect())
    }

    fn watch(names: &[&str]) -> Wanted {
        Wanted::new(paths(names), Trigger::Watch)
    }

    fn all(trigger: Trigger) -> Wanted {
        Wanted::new(Scope::All, trigger)
    }

    #[test]
    fn what_is_accepted_goes_with_the_run_that_it_joins_and_with_no_other_try() {
        let mut agenda = Agenda::new(LOOK, at(0));
        let accepting = Wanted { accept: BTreeSet::from([Guard::Loss]), ..all(Trigger::Demand) };
        let joined = agenda.begin(watch(&["a"]).join(accepting.clone()));
        assert_eq!(joined, accepting);
        agenda.end(&joined, Ended::Failed, at(1));
        assert_eq!(agenda.ripe(at(6)), Some(all(Trigger::Demand)));
    }

    const WELL: Ended = Ended::Well { due: None };
    const LOOK: Option<Duration> = Some(Duration::from_secs(300));

    #[test]
    fn scopes_unite_and_everything_wins() {
        assert_eq!(unite(paths(&["b", "a"]), paths(&["a", "c"])), paths(&["a", "b", "c"]));
        assert_eq!(unite(paths(&["b"]), Scope::All), Scope::All);
        let many: Vec<PathBuf> = (0..=PATHS_MAX).map(|n| PathBuf::from(n.to_string())).collect();
        assert_eq!(unite(Scope::Paths(many), nothing()), Scope::All);
    }

    #[test]
    fn a_demand_is_named_whatever_it_joins() {
        let joined = watch(&["a"]).join(all(Trigger::Demand)).join(all(Trigger::Cron));
        assert_eq!(joined, all(Trigger::Demand));
        assert_eq!(watch(&["a"]).join(all(Trigger::Cron)), all(Trigger::Cron));
    }

    #[test]
    fn what_is_due_comes_at_its_second_and_once() {
        let mut agenda = Agenda::new(LOOK, at(0));
        agenda.end(&all(Trigger::Start), Ended::Well { due: Some(at(10).wall) }, at(1));
        assert_eq!(agenda.ripe(at(9)), None);
        let due = agenda.ripe(at(10));
        assert_eq!(due, Some(Wanted::new(nothing(), Trigger::Due)));
        assert_eq!(agenda.ripe(at(11)), None);
    }

    #[test]
    fn a_second_look_is_one_more_run_of_the_watcher_s_at_its_instant_and_once() {
        let mut agenda = Agenda::new(LOOK, at(0));
        agenda.look_again(Some(at(2).wall));
        assert_eq!(agenda.rest(at(2)), Duration::ZERO);
        assert_eq!(agenda.ripe(at(1)), None);
        let wanted = agenda.ripe(at(2));
        assert_eq!(wanted, Some(Wanted::new(nothing(), Trigger::Watch)));
        assert_eq!(agenda.ripe(at(3)), None);
        // Whatever else was to be looked at then is looked at in the same run.
        agenda.look_again(Some(at(10).wall));
        agenda.end(&all(Trigger::Cron), Ended::Well { due: Some(at(10).wall) }, at(4));
        assert_eq!(agenda.ripe(at(10)).map(|wanted| wanted.scope), Some(nothing()));
        assert_eq!(agenda.ripe(at(10)), None);
    }

    #[test]
    fn what_is_due_follows_the_wall_clock_when_it_is_set() {
        let mut agenda = Agenda::new(LOOK, at(0));
        agenda.end(&all(Trigger::Start), Ended::Well { due: Some(at(7200).wall) }, at(1));
        let woken = Moment { wall: at(7201).wall, steady: Duration::from_secs(2) };
        assert!(agenda.ripe(woken).is_some());
    }

    #[test]
    fn a_full_look_counts_from_the_last_run_over_everything() {
        let mut agenda = Agenda::new(LOOK, at(0));
        agenda.end(&all(Trigger::Cron), WELL, at(200));
        assert_eq!(agenda.ripe(at(300)), None);
        agenda.end(&watch(&["a"]), WELL, at(400));
        assert_eq!(agenda.ripe(at(500)), Some(all(Trigger::Look)));
        agenda.look_every(Some(Duration::from_secs(60)), at(510));
        assert_eq!(agenda.ripe(at(569)), None);
        assert_eq!(agenda.ripe(at(570)), Some(all(Trigger::Look)));
        agenda.look_every(None, at(571));
        assert_eq!(agenda.ripe(at(100_000)), None);
    }

    #[test]
    fn a_failed_run_is_tried_again_later_and_later() {
        let mut agenda = Agenda::new(LOOK, at(0));
        let mut now = 0;
        for wait in [5, 10, 20, 40, 80, 160, 300, 300] {
            agenda.end(&watch(&["a"]), Ended::Failed, at(now));
            // The periodic look is left aside here.
            agenda.look_at = None;
            assert_eq!(agenda.ripe(at(now + wait - 1)), None, "{wait}");
            now += wait;
            assert_eq!(agenda.ripe(at(now)), Some(watch(&["a"])), "{wait}");
        }
        agenda.end(&watch(&["a"]), WELL, at(now));
        agenda.end(&watch(&["a"]), Ended::Failed, at(now));
        assert!(agenda.ripe(at(now + 5)).is_some(), "a success ends the waiting");
    }

    #[test]
    fn the_next_run_does_what_a_failed_one_left_undone() {
        let mut agenda = Agenda::new(LOOK, at(0));
        agenda.end(&watch(&["a"]), Ended::Failed, at(1));
        assert_eq!(agenda.begin(watch(&["b"])), watch(&["a", "b"]));
        agenda.end(&watch(&["a", "b"]), WELL, at(2));
        assert_eq!(agenda.ripe(at(100)), None);
    }

    #[test]
    fn a_source_that_is_down_doesn_t_widen_every_edit() {
        let mut agenda = Agenda::new(LOOK, at(0));
        agenda.end(&all(Trigger::Start), Ended::Partly { due: None }, at(0));
        assert_eq!(agenda.begin(watch(&["b"])), watch(&["b"]));
        agenda.end(&watch(&["b"]), WELL, at(1));
        assert_eq!(agenda.ripe(at(5)), Some(all(Trigger::Start)));
    }

    #[test]
    fn a_run_that_covers_the_failed_part_is_its_next_try() {
        let mut agenda = Agenda::new(LOOK, at(0));
        agenda.end(&watch(&["a"]), Ended::Partly { due: None }, at(0));
        assert_eq!(agenda.begin(all(Trigger::Cron)), all(Trigger::Cron));
        agenda.end(&all(Trigger::Cron), WELL, at(1));
        assert_eq!(agenda.ripe(at(50)), None);
    }

    #[test]
    fn the_worker_never_rests_longer_than_a_second_and_not_past_what_is_due() {
        let mut agenda = Agenda::new(LOOK, at(0));
        assert_eq!(agenda.rest(at(0)), BEAT);
        let due = at(10).wall + chrono::TimeDelta::milliseconds(250);
        agenda.end(&all(Trigger::Start), Ended::Well { due: Some(due) }, at(1));
        assert_eq!(agenda.rest(at(10)), Duration::from_millis(250));
        assert_eq!(agenda.rest(at(11)), Duration::ZERO);
    }

    #[derive(Debug, Clone)]
    enum Event {
        Ask(u8),
        Pass(u64),
    }

    proptest! {
        /// Whatever fails and whenever, every path that was asked for is looked at by a run that
        /// went through, once runs go through again.
        #[test]
        fn nothing_asked_for_is_forgotten(
            events in prop::collection::vec(
                prop_oneof![(0u8..6).prop_map(Event::Ask), (0u64..40).prop_map(Event::Pass)], 0..40),
            fails in prop::collection::vec(0u8..3, 40),
        ) {
            let mut agenda = Agenda::new(None, at(0));
            let (mut now, mut open) = (0u64, std::collections::BTreeSet::new());
            let mut fails = fails.into_iter().chain(std::iter::repeat(0));
            let mut step = |agenda: &mut Agenda, now: u64, wish: Option<Wanted>,
                            open: &mut std::collections::BTreeSet<PathBuf>| {
                let ripe = agenda.ripe(at(now));
                let wish = match (ripe, wish) {
                    (Some(a), Some(b)) => Some(a.join(b)),
                    (a, b) => a.or(b),
                };
                let Some(wish) = wish else { return };
                let wish = agenda.begin(wish);
                let ended = match fails.next() {
                    Some(1) => Ended::Failed,
                    Some(2) => Ended::Partly { due: None },
                    _ => WELL,
                };
                if ended == WELL && let Scope::Paths(done) = &wish.scope {
                    for path in done {
                        open.remove(path);
                    }
                }
                agenda.end(&wish, ended, at(now));
            };
            for event in events {
                match event {
                    Event::Ask(n) => {
                        open.insert(PathBuf::from(n.to_string()));
                        step(&mut agenda, now, Some(watch(&[&n.to_string()])), &mut open);
                    }
                    Event::Pass(s) => {
                        now += s;
                        step(&mut agenda, now, None, &mut open);
                    }
                }
            }
            for _ in 0..60 {
                now += 600;
                step(&mut agenda, now, None, &mut open);
            }
            prop_assert!(open.is_empty(), "{open:?}");
        }
    }
}
