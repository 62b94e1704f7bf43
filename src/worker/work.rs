//! The worker's loop, where the synchronous run meets async triggers: it waits, asks for one run at a
//! time, and notes what came of it. What to do next is the [`agenda`](super::agenda)'s to say.

use std::any::Any;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::TimeDelta;
use tokio::task::{JoinError, spawn_blocking};

use super::agenda::{self, Agenda, Ended, Wanted};
use super::clock::{self, Clock, Moment, Schedule};
use super::inbox::{Inbox, Taken};
use super::schedule::Ticker;
use super::watch::{self, Watcher};
use super::{Ask, Error, Handle, Job, Last, Options, Round, Running, Standing, Watching};
use crate::run::{Scope, Trigger};

/// Seconds between full looks while not every change is noticed.
const LOOK_PARTIAL_S: u64 = 60;
/// A clock that went forward by more than this means that the machine slept; on a network volume
/// anything may have happened meanwhile.
const SLEPT: TimeDelta = TimeDelta::seconds(60);

/// Decides when there is a run.
#[derive(Debug)]
pub struct Worker {
    options: Options,
    job: Doing,
    clock: Clock,
    handle: Handle,
    closing: Closing,
}

/// Lets go whoever waits for a run, however the worker ends.
#[derive(Debug)]
struct Closing(Arc<Inbox>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Doing(Job);

impl std::fmt::Debug for Doing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Job")
    }
}

impl Worker {
    /// A worker that follows these options until a run brings others.
    #[must_use]
    pub fn new(options: Options, job: Job) -> Worker {
        let standing = Arc::new(ArcSwap::from_pointee(Standing::default()));
        let handle = Handle { inbox: Arc::new(Inbox::default()), standing };
        let closing = Closing(Arc::clone(&handle.inbox));
        Worker { options, job: Doing(job), clock: Clock::system(), handle, closing }
    }

    /// Takes the time from another clock. The schedule keeps to the machine's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Worker {
        self.clock = clock;
        self
    }

    /// For those who ask for runs and want to know how things stand.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Works until `shutdown` completes; a run that goes on then is waited for. The first run, over
    /// everything, begins as soon as the watches stand. Needs a tokio runtime with timers.
    ///
    /// # Errors
    ///
    /// Only at the start: the schedule is none, or can't be started. Later the worker keeps what it
    /// has and says so in its [`Standing`].
    pub async fn work(self, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
        let Worker { options, job, clock, handle, closing: _closing } = self;
        let now = clock.now();
        let schedule = read_schedule(&options, now)?;
        let inbox = Arc::clone(&handle.inbox);
        let mut ticker = {
            let inbox = Arc::clone(&inbox);
            let tick = move || inbox.put(Wanted::new(Scope::All, Trigger::Cron));
            Ticker::start(tick).await.map_err(|error| Error::Scheduler(error.to_string()))?
        };
        let followed = ticker.follow(schedule.clone()).await;
        followed.map_err(|error| Error::Scheduler(error.to_string()))?;
        inbox.put(Wanted::new(Scope::All, Trigger::Start));
        let mut work = Work {
            agenda: Agenda::new(None, now),
            options,
            job: job.0,
            clock,
            inbox,
            told: handle.standing,
            standing: Standing::default(),
            ticker,
            schedule,
            watcher: None,
            before: now,
        };
        work.watch_anew().await;
        work.tell();
        work.go_on(shutdown).await;
        work.ticker.stop().await;
        Ok(())
    }
}

fn read_schedule(options: &Options, now: Moment) -> Result<Option<Schedule>, clock::ScheduleError> {
    let read = |cron: &String| Schedule::read(cron, &options.zone, now.wall);
    options.cron.as_ref().map(read).transpose()
}

/// A worker at work.
struct Work {
    options: Options,
    job: Job,
    clock: Clock,
    inbox: Arc<Inbox>,
    told: Arc<ArcSwap<Standing>>,
    standing: Standing,
    agenda: Agenda,
    ticker: Ticker,
    schedule: Option<Schedule>,
    watcher: Option<Watcher>,
    before: Moment,
}

impl Work {
    async fn go_on(&mut self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        loop {
            let now = self.notice_time().await;
            if let Some(wanted) = self.agenda.ripe(now) {
                self.inbox.put(wanted);
            }
            let mut taken = self.inbox.take(now.steady);
            if let Some(reason) = &taken.limit {
                self.watching(Watching::Partial(reason.clone()), now);
                self.tell();
            }
            if self.standing.next_cron.is_some_and(|next| next <= now.wall) {
                self.tell();
            }
            let Some(wanted) = taken.wanted.take() else {
                let rest = self.inbox.rest(now.steady).into_iter();
                let rest = rest.fold(self.agenda.rest(now), Duration::min);
                tokio::select! {
                    biased;
                    () = &mut shutdown => return,
                    () = self.inbox.arrival() => {}
                    () = tokio::time::sleep(rest) => {}
                }
                continue;
            };
            let mut round = pin!(self.round(wanted, taken));
            let stop = tokio::select! {
                biased;
                () = &mut shutdown => true,
                () = &mut round => false,
            };
            if stop {
                return round.await;
            }
        }
    }

    /// Reads the clocks, and does what is to be done if wall time was set.
    async fn notice_time(&mut self) -> Moment {
        let now = self.clock.now();
        let before = std::mem::replace(&mut self.before, now);
        let Some(step) = clock::step(before, now) else { return now };
        tracing::info!(seconds = step.num_seconds(), "the clock was set, or the machine slept");
        self.tell();
        if step < TimeDelta::zero() {
            // What expired in a future that isn't any more comes back, and the scheduler waits for
            // an instant that is far off now.
            self.inbox.put(Wanted::new(agenda::nothing(), Trigger::Due));
            self.follow_schedule().await;
        } else if step > SLEPT {
            self.inbox.put(Wanted::new(Scope::All, Trigger::Look));
        }
        now
    }

    async fn round(&mut self, wanted: Wanted, taken: Taken) {
        let wanted = self.agenda.begin(wanted);
        self.mind_watches(&wanted, &taken).await;
        let as_of = self.clock.now().wall;
        let Wanted { scope, trigger, accept } = wanted.clone();
        let ask = Ask { scope, trigger, accept, as_of };
        self.standing.running = Some(Running { trigger: wanted.trigger, since: as_of });
        self.tell();
        let job = Arc::clone(&self.job);
        let round = spawn_blocking(move || job(ask))
            .await
            .unwrap_or_else(|error| Round { outcome: Err(broke_off(error)), options: None });
        self.standing.running = None;
        self.note(wanted, as_of, round.outcome);
        if let Some(options) = round.options {
            self.adopt(options).await;
        }
        self.tell();
        for waiting in taken.waiting {
            if let Some(last) = self.standing.last.clone() {
                // Whoever waited may have gone.
                let _ = waiting.send(last);
            }
        }
    }

    /// Before a run, the watches must stand where it will look.
    async fn mind_watches(&mut self, wanted: &Wanted, taken: &Taken) {
        let full = wanted.scope == Scope::All;
        // What could not be watched before maybe can be now.
        let partial = matches!(self.standing.watching, Watching::Partial(_));
        let patient = matches!(wanted.trigger, Trigger::Look | Trigger::Demand);
        if taken.stale || (full && partial && (patient || self.watcher.is_none())) {
            return self.watch_anew().await;
        }
        if !full && !taken.grown {
            return;
        }
        let Some(mut watcher) = self.watcher.take() else { return };
        let (options, scope, grown) = (self.options.clone(), wanted.scope.clone(), taken.grown);
        let minded = spawn_blocking(move || {
            let settled = !grown || watcher.settle(&scope);
            let stands = settled && (!full || watcher.stands(&options));
            (watcher, stands)
        });
        match minded.await {
            Ok((watcher, stands)) => {
                self.watcher = Some(watcher);
                if !stands {
                    self.watch_anew().await;
                }
            }
            Err(_) => self.watch_anew().await,
        }
    }

    async fn watch_anew(&mut self) {
        let before = self.watcher.take();
        let (options, clock) = (self.options.clone(), self.clock.clone());
        let inbox = Arc::clone(&self.inbox);
        let begun = spawn_blocking(move || {
            // First, since the system allows only so many watches.
            drop(before);
            watch::begin(&options, &inbox, &clock)
        });
        let begun = begun.await;
        let (watcher, watching) = begun.unwrap_or_else(|error| {
            (None, Watching::Partial(format!("files can't be watched: {}", broke_off(error))))
        });
        self.watcher = watcher;
        self.watching(watching, self.clock.now());
    }

    fn watching(&mut self, watching: Watching, now: Moment) {
        if watching != self.standing.watching
            && let Watching::Partial(reason) = &watching
        {
            tracing::warn!("{reason}; until then a full look comes every minute at least");
        }
        let every = match (&watching, self.options.full_look_s) {
            (Watching::Off, _) | (Watching::On, 0) => None,
            (Watching::On, s) => Some(s),
            (Watching::Partial(_), 0) => Some(LOOK_PARTIAL_S),
            (Watching::Partial(_), s) => Some(s.min(LOOK_PARTIAL_S)),
        };
        self.agenda.look_every(every.map(Duration::from_secs), now);
        self.standing.watching = watching;
    }

    fn note(
        &mut self,
        wanted: Wanted,
        as_of: chrono::DateTime<chrono::Utc>,
        outcome: Result<crate::run::Report, String>,
    ) {
        let now = self.clock.now();
        let standing = &mut self.standing;
        standing.rounds += 1;
        standing.tally.note(wanted.trigger, &outcome);
        let ended = match &outcome {
            Ok(report) => {
                standing.failed_in_a_row = 0;
                if report.sound() {
                    standing.last_sound = Some(as_of);
                }
                self.agenda.look_again(report.second_look);
                let due = report.next_due;
                let well = report.failures.is_empty();
                if well { Ended::Well { due } } else { Ended::Partly { due } }
            }
            Err(reason) => {
                standing.failed_in_a_row += 1;
                tracing::error!("the run failed, and everything stays as it was: {reason}");
                Ended::Failed
            }
        };
        self.agenda.end(&wanted, ended, now);
        standing.last = Some(Last {
            trigger: wanted.trigger,
            scope: wanted.scope,
            as_of,
            ended: now.wall,
            outcome: outcome.map(Arc::new),
        });
    }

    /// Follows what `feeds.toml` says now.
    async fn adopt(&mut self, options: Options) {
        if options == self.options {
            return;
        }
        let before = std::mem::replace(&mut self.options, options);
        let options = &self.options;
        if (&before.cron, &before.zone) != (&options.cron, &options.zone) {
            match read_schedule(options, self.clock.now()) {
                Ok(schedule) => {
                    self.schedule = schedule;
                    self.standing.schedule_error = None;
                    self.follow_schedule().await;
                }
                Err(error) => {
                    tracing::error!("{error}; the schedule stays as it was");
                    self.standing.schedule_error = Some(error.to_string());
                }
            }
        }
        let options = &self.options;
        let watches =
            |o: &Options| (o.watch, o.watched.clone(), o.watched_files.clone(), o.ignored.clone());
        if watches(&before) != watches(options) {
            self.watch_anew().await;
            // What changed since the run and before the new watches stood, nobody told.
            if self.options.watch {
                self.inbox.put(Wanted::new(Scope::All, Trigger::Look));
            }
        } else {
            self.watching(self.standing.watching.clone(), self.clock.now());
        }
    }

    async fn follow_schedule(&mut self) {
        if let Err(error) = self.ticker.follow(self.schedule.clone()).await {
            tracing::error!("the schedule can't be followed: {error}");
            self.standing.schedule_error = Some(format!("the schedule can't be followed: {error}"));
        }
    }

    fn tell(&mut self) {
        let now = self.clock.now();
        self.standing.next_cron = self.schedule.as_ref().and_then(|s| s.next(now.wall));
        self.standing.next_due = self.agenda.due();
        self.standing.next_retry = self.agenda.retry_at(now);
        self.standing.full_look = self.agenda.looks_every();
        self.told.store(Arc::new(self.standing.clone()));
    }
}

fn broke_off(error: JoinError) -> String {
    if !error.is_panic() {
        return "it was broken off".to_owned();
    }
    let panic: Box<dyn Any + Send> = error.into_panic();
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a defect in feedwright: {}", text.unwrap_or("no reason was given"))
}

#[cfg(test)]
mod tests;
