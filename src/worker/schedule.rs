//! The schedule ticks: tokio-cron-scheduler polls, the instants are [`clock`](super::clock)'s. The
//! scheduler freezes a zone's offset when a job is made, so that every tick after a change of clocks
//! would come an hour off; it does ask its store to keep each next tick, and the store here keeps the
//! right one instead. A tick only puts a wish into the inbox: it never waits, and can't fail.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio_cron_scheduler::job::job_data::{JobAndNextTick, JobStoredData};
use tokio_cron_scheduler::store::{DataStore, InitStore};
use tokio_cron_scheduler::{
    Job, JobScheduler, JobSchedulerError, MetaDataStorage, SimpleJobCode, SimpleMetadataStore,
    SimpleNotificationCode, SimpleNotificationStore,
};
use uuid::Uuid;

use super::clock::Schedule;

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, JobSchedulerError>> + Send>>;

/// The schedule that every job of one scheduler follows; there is never more than one job.
type Followed = Arc<Mutex<Option<Schedule>>>;

fn next(followed: &Followed, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let schedule = followed.lock().unwrap_or_else(PoisonError::into_inner).clone();
    schedule?.next(after)
}

/// Keeps a job's data, and knows better than the scheduler when it comes next.
struct Store {
    inner: SimpleMetadataStore,
    followed: Followed,
    now: fn() -> DateTime<Utc>,
}

impl DataStore<JobStoredData> for Store {
    fn get(&mut self, id: Uuid) -> Answer<Option<JobStoredData>> {
        self.inner.get(id)
    }

    fn add_or_update(&mut self, mut data: JobStoredData) -> Answer<()> {
        data.set_next_tick(next(&self.followed, (self.now)()));
        self.inner.add_or_update(data)
    }

    fn delete(&mut self, id: Uuid) -> Answer<()> {
        self.inner.delete(id)
    }
}

impl InitStore for Store {
    fn init(&mut self) -> Answer<()> {
        self.inner.init()
    }

    fn inited(&mut self) -> Answer<bool> {
        self.inner.inited()
    }
}

impl MetaDataStorage for Store {
    fn list_next_ticks(&mut self) -> Answer<Vec<JobAndNextTick>> {
        self.inner.list_next_ticks()
    }

    fn set_next_and_last_tick(
        &mut self,
        id: Uuid,
        next_tick: Option<DateTime<Utc>>,
        last_tick: Option<DateTime<Utc>>,
    ) -> Answer<()> {
        // The last tick is the instant at which the scheduler saw that the job must run.
        let next_tick = match last_tick {
            Some(last) => next(&self.followed, last),
            None => next_tick,
        };
        self.inner.set_next_and_last_tick(id, next_tick, last_tick)
    }

    fn time_till_next_job(&mut self) -> Answer<Option<std::time::Duration>> {
        self.inner.time_till_next_job()
    }
}

/// Messages that the scheduler's parts may be behind with each other; its own default.
const CHANNEL: usize = 200;

/// A running scheduler with one job, or none.
pub(crate) struct Ticker {
    scheduler: JobScheduler,
    followed: Followed,
    tick: Arc<dyn Fn() + Send + Sync>,
    job: Option<Uuid>,
}

impl Ticker {
    /// Starts a scheduler that calls `tick` whenever the schedule comes. It follows none yet. Must be
    /// called on a tokio runtime.
    pub(crate) async fn start(
        tick: impl Fn() + Send + Sync + 'static,
    ) -> Result<Ticker, JobSchedulerError> {
        let followed = Followed::default();
        let store = Store {
            inner: SimpleMetadataStore::default(),
            followed: Arc::clone(&followed),
            now: Utc::now,
        };
        let scheduler = JobScheduler::new_with_storage_and_code(
            Box::new(store),
            Box::new(SimpleNotificationStore::default()),
            Box::new(SimpleJobCode::default()),
            Box::new(SimpleNotificationCode::default()),
            CHANNEL,
        )
        .await?;
        scheduler.start().await?;
        Ok(Ticker { scheduler, followed, tick: Arc::new(tick), job: None })
    }

    /// Follows another schedule from now on, or none.
    pub(crate) async fn follow(
        &mut self,
        schedule: Option<Schedule>,
    ) -> Result<(), JobSchedulerError> {
        if let Some(job) = self.job.take() {
            self.scheduler.remove(&job).await?;
        }
        let written = schedule.as_ref().map(|schedule| schedule.written().to_owned());
        *self.followed.lock().unwrap_or_else(PoisonError::into_inner) = schedule;
        if let Some(written) = written {
            let tick = Arc::clone(&self.tick);
            let job = Job::new_async(written, move |_, _| {
                tick();
                Box::pin(std::future::ready(()))
            })?;
            self.job = Some(self.scheduler.add(job).await?);
        }
        Ok(())
    }

    /// Ticks no more.
    pub(crate) async fn stop(&mut self) {
        // It only sets a flag, which its own task sees within half a second.
        let _ = self.scheduler.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;
    use std::time::Duration;

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn schedule(cron: &str, zone: &str) -> Schedule {
        Schedule::read(cron, &zone.parse().unwrap(), utc("2026-01-01T00:00:00Z")).unwrap()
    }

    fn data() -> JobStoredData {
        let job = Job::new_async("0 0 18 * * *", |_, _| Box::pin(std::future::ready(())));
        job.unwrap().job_data().unwrap()
    }

    async fn stored(store: &mut Store) -> DateTime<Utc> {
        let ticks = store.list_next_ticks().await.unwrap();
        assert_eq!(ticks.len(), 1);
        DateTime::from_timestamp(i64::try_from(ticks[0].next_tick).unwrap(), 0).unwrap()
    }

    fn store(now: fn() -> DateTime<Utc>) -> Store {
        let followed = Arc::new(Mutex::new(Some(schedule("0 0 18 * * *", "Europe/Berlin"))));
        Store { inner: SimpleMetadataStore::default(), followed, now }
    }

    #[tokio::test]
    async fn the_store_keeps_the_schedule_s_own_next_tick_on_both_changes_of_clocks() {
        for (last, wrong, right) in [
            ("2026-03-28T17:00:00.3Z", "2026-03-29T17:00:00Z", "2026-03-29T16:00:00Z"),
            ("2026-10-24T16:00:00.3Z", "2026-10-25T16:00:00Z", "2026-10-25T17:00:00Z"),
        ] {
            let mut store = store(|| utc("2026-03-01T00:00:00Z"));
            let data = data();
            let id: Uuid = data.id.as_ref().unwrap().into();
            store.add_or_update(data).await.unwrap();
            assert_eq!(stored(&mut store).await, utc("2026-03-01T17:00:00Z"));
            store.set_next_and_last_tick(id, Some(utc(wrong)), Some(utc(last))).await.unwrap();
            assert_eq!(stored(&mut store).await, utc(right));
        }
    }

    #[tokio::test]
    async fn the_first_tick_is_the_schedule_s_own_too() {
        let mut store = store(|| utc("2026-07-01T15:59:59Z"));
        store.add_or_update(data()).await.unwrap();
        assert_eq!(stored(&mut store).await, utc("2026-07-01T16:00:00Z"));
    }

    #[tokio::test]
    async fn it_ticks_and_follows_another_schedule_and_none() {
        let (sender, mut ticks) = tokio::sync::mpsc::unbounded_channel();
        let mut ticker = Ticker::start(move || {
            let _ = sender.send(());
        })
        .await
        .unwrap();
        let read = |cron| Some(Schedule::read(cron, &Zone::utc(), Utc::now()).unwrap());
        ticker.follow(read("0 0 0 1 1 *")).await.unwrap();
        ticker.follow(read("* * * * * *")).await.unwrap();
        for _ in 0..2 {
            let tick = tokio::time::timeout(Duration::from_secs(20), ticks.recv()).await;
            assert_eq!(tick, Ok(Some(())));
        }
        ticker.follow(None).await.unwrap();
        assert!(ticker.job.is_none());
        assert_eq!(
            ticker
                .scheduler
                .context()
                .metadata_storage
                .write()
                .await
                .list_next_ticks()
                .await
                .unwrap()
                .len(),
            0
        );
        ticker.stop().await;
    }
}
