use super::*;
use crate::run::{Guard, Report};
use crate::time::Zone;
use crate::worker::Ending;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, mpsc as std_mpsc};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Longer than anything here can take, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn start_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn options() -> Options {
    Options {
        cron: None,
        zone: Zone::utc(),
        watch: false,
        watched: Vec::new(),
        watched_files: Vec::new(),
        ignored: Vec::new(),
        full_look_s: 0,
    }
}

fn well(next_due: Option<DateTime<Utc>>) -> Round {
    Round { outcome: Ok(Report { next_due, ..Report::default() }), options: None }
}

fn failed(reason: &str) -> Round {
    Round { outcome: Err(reason.to_owned()), options: None }
}

/// A worker whose job tells what it was asked and waits to be told what came of it.
struct Rig {
    handle: Handle,
    asks: mpsc::UnboundedReceiver<Ask>,
    rounds: std_mpsc::Sender<Round>,
    moment: Arc<Mutex<Moment>>,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<Result<(), Error>>,
}

impl Rig {
    fn new(options: Options) -> Rig {
        let (ask_sender, asks) = mpsc::unbounded_channel();
        let (rounds, round_receiver) = std_mpsc::channel::<Round>();
        let round_receiver = Mutex::new(round_receiver);
        let job: Job = Arc::new(move |ask| {
            ask_sender.send(ask).unwrap();
            let round = round_receiver.lock().unwrap().recv().unwrap();
            assert_ne!(round.outcome, Err("panic".to_owned()), "as it was told");
            round
        });
        let moment = Moment { wall: start_of_time(), steady: Duration::from_secs(1) };
        let moment = Arc::new(Mutex::new(moment));
        let read = Arc::clone(&moment);
        let worker = Worker::new(options, job).with_clock(Clock::of(move || *read.lock().unwrap()));
        let handle = worker.handle();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(worker.work(async { stopped.await.unwrap_or(()) }));
        Rig { handle, asks, rounds, moment, stop: Some(stop), task }
    }

    async fn ask(&mut self) -> (Scope, Trigger) {
        let ask = timeout(PATIENCE, self.asks.recv()).await.unwrap().unwrap();
        assert_eq!(ask.as_of, self.moment.lock().unwrap().wall);
        (ask.scope, ask.trigger)
    }

    fn answer(&self, round: Round) {
        self.rounds.send(round).unwrap();
    }

    /// Waits until so many runs have ended.
    async fn ended(&self, rounds: u64) -> Arc<Standing> {
        let reached = async {
            loop {
                let standing = self.handle.standing();
                if standing.rounds >= rounds && standing.running.is_none() {
                    return standing;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap()
    }

    fn pass(&self, seconds: u64) {
        let mut moment = self.moment.lock().unwrap();
        moment.wall += TimeDelta::seconds(i64::try_from(seconds).unwrap());
        moment.steady += Duration::from_secs(seconds);
    }

    fn set_clock(&self, by: TimeDelta) {
        self.moment.lock().unwrap().wall += by;
    }

    /// Ends the worker, whatever it was about to do.
    async fn leave(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        drop(self.rounds);
        timeout(PATIENCE, &mut self.task).await.unwrap().unwrap().unwrap();
    }

    /// Ends the worker, and shows that it asked for nothing more.
    async fn end(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        timeout(PATIENCE, &mut self.task).await.unwrap().unwrap().unwrap();
        assert_eq!(self.asks.recv().await, None);
    }
}

fn paths(names: &[&str]) -> Scope {
    Scope::Paths(names.iter().map(PathBuf::from).collect())
}

#[tokio::test]
async fn the_first_run_looks_at_everything_and_others_wait_for_a_reason() {
    let mut rig = Rig::new(options());
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Start));
    let running = Running { trigger: Trigger::Start, since: start_of_time() };
    assert_eq!(rig.handle.standing().running, Some(running));
    rig.answer(well(None));
    let standing = rig.ended(1).await;
    assert_eq!(standing.last_sound, Some(start_of_time()));
    assert_eq!(standing.last.as_ref().unwrap().trigger, Trigger::Start);
    rig.handle.inbox.poke();
    rig.end().await;
}

#[tokio::test]
async fn what_comes_during_a_run_joins_into_one_more() {
    let mut rig = Rig::new(options());
    rig.ask().await;
    for name in ["b", "a", "b"] {
        rig.handle.inbox.changed(name.into(), paths(&[name]));
    }
    rig.answer(well(None));
    assert_eq!(rig.ask().await, (paths(&["a", "b"]), Trigger::Watch));
    rig.handle.inbox.changed("c".into(), paths(&["c"]));
    rig.handle.demand();
    rig.handle.demand();
    rig.answer(well(None));
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Demand));
    rig.answer(well(None));
    rig.ended(3).await;
    rig.end().await;
}

#[tokio::test]
async fn a_failed_run_is_told_and_tried_again() {
    let mut rig = Rig::new(options());
    rig.ask().await;
    rig.answer(well(None));
    rig.ended(1).await;
    rig.handle.inbox.changed("a".into(), paths(&["a"]));
    rig.ask().await;
    rig.answer(failed("the disk is full"));
    let standing = rig.ended(2).await;
    assert_eq!(standing.failed_in_a_row, 1);
    assert_eq!(standing.last.as_ref().unwrap().outcome, Err("the disk is full".to_owned()));
    assert_eq!(standing.last_sound, Some(start_of_time()));
    assert_eq!(standing.next_retry, Some(start_of_time() + TimeDelta::seconds(5)));

    rig.pass(5);
    assert_eq!(rig.ask().await, (paths(&["a"]), Trigger::Watch));
    rig.answer(failed("the disk is full"));
    rig.ended(3).await;
    rig.handle.inbox.changed("b".into(), paths(&["b"]));
    assert_eq!(rig.ask().await, (paths(&["a", "b"]), Trigger::Watch));
    rig.answer(well(None));
    let standing = rig.ended(4).await;
    assert_eq!((standing.failed_in_a_row, standing.next_retry), (0, None));
    let runs = |trigger, ending| standing.tally.runs(trigger, ending);
    assert_eq!(runs(Trigger::Start, Ending::Well), 1);
    assert_eq!(runs(Trigger::Watch, Ending::Failed), 2);
    assert_eq!(runs(Trigger::Watch, Ending::Well), 1);
    rig.end().await;
}

#[tokio::test]
async fn a_panic_is_a_failed_run() {
    let mut rig = Rig::new(options());
    rig.ask().await;
    rig.answer(failed("panic"));
    let standing = rig.ended(1).await;
    let outcome = standing.last.as_ref().unwrap().outcome.clone();
    assert!(outcome.as_ref().unwrap_err().contains("as it was told"), "{outcome:?}");
    rig.pass(5);
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Start));
    rig.answer(well(None));
    rig.ended(2).await;
    rig.end().await;
}

#[tokio::test]
async fn what_is_due_comes_within_its_second() {
    let mut rig = Rig::new(options());
    rig.ask().await;
    rig.answer(well(Some(start_of_time() + TimeDelta::seconds(3600))));
    let standing = rig.ended(1).await;
    assert_eq!(standing.next_due, Some(start_of_time() + TimeDelta::seconds(3600)));
    rig.pass(3600);
    let before = std::time::Instant::now();
    // Nobody wakes the worker: it looks at the clock by itself.
    assert_eq!(rig.ask().await, (paths(&[]), Trigger::Due));
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    rig.answer(well(None));
    assert_eq!(rig.ended(2).await.next_due, None);
    rig.end().await;
}

#[tokio::test]
async fn a_clock_that_is_set_forward_makes_things_due() {
    let mut rig = Rig::new(options());
    rig.ask().await;
    rig.answer(well(Some(start_of_time() + TimeDelta::seconds(30))));
    rig.ended(1).await;
    rig.set_clock(TimeDelta::seconds(31));
    assert_eq!(rig.ask().await, (paths(&[]), Trigger::Due));
    rig.answer(well(None));
    rig.ended(2).await;
    rig.end().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_has_everything_selected_anew() {
    let mut rig = Rig::new(Options { cron: Some("0 0 0 1 1 *".into()), ..options() });
    rig.ask().await;
    rig.answer(well(None));
    rig.ended(1).await;
    rig.set_clock(TimeDelta::days(-365));
    assert_eq!(rig.ask().await, (paths(&[]), Trigger::Due));
    rig.answer(well(None));
    let standing = rig.ended(2).await;
    let next = DateTime::parse_from_rfc3339("2027-01-01T00:00:00Z").unwrap().to_utc();
    assert_eq!(standing.next_cron, Some(next));
    rig.end().await;
}

#[tokio::test]
async fn a_machine_that_slept_looks_at_everything() {
    let mut rig = Rig::new(options());
    rig.ask().await;
    rig.answer(well(None));
    rig.ended(1).await;
    rig.set_clock(TimeDelta::hours(8));
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Look));
    rig.answer(well(None));
    rig.ended(2).await;
    rig.end().await;
}

#[tokio::test]
async fn the_schedule_asks_for_everything() {
    let mut rig = Rig::new(Options { cron: Some("* * * * * *".into()), ..options() });
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Start));
    rig.answer(well(None));
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Cron));
    // From here on `feeds.toml` has no schedule.
    rig.answer(Round { options: Some(options()), ..well(None) });
    let standing = rig.ended(2).await;
    assert_eq!(standing.next_cron, None);
    rig.leave().await;
}

#[tokio::test]
async fn a_schedule_that_is_none_ends_the_worker_only_at_the_start() {
    let bad = Options { cron: Some("*/5 * * * *".into()), ..options() };
    let job: Job = Arc::new(|_| well(None));
    let error = Worker::new(bad.clone(), job).work(std::future::pending()).await.unwrap_err();
    assert!(matches!(error, Error::Schedule(_)), "{error}");
    let worker = Worker::new(bad.clone(), Arc::new(|_| well(None)));
    let handle = worker.handle();
    drop(worker);
    assert!(handle.regenerate(BTreeSet::new()).is_none());

    let mut rig = Rig::new(Options { cron: Some("0 0 0 1 1 *".into()), ..options() });
    rig.ask().await;
    rig.answer(Round { options: Some(bad), ..well(None) });
    let standing = rig.ended(1).await;
    assert!(standing.schedule_error.as_ref().unwrap().contains("five fields"));
    assert!(standing.next_cron.is_some(), "the one before is followed");
    rig.handle.demand();
    rig.ask().await;
    rig.answer(Round { options: Some(options()), ..well(None) });
    assert_eq!(rig.ended(2).await.schedule_error, None);
    rig.end().await;
}

#[tokio::test]
async fn a_file_that_changes_is_looked_at_and_only_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("content");
    std::fs::create_dir(&root).unwrap();
    let options = Options { watch: true, watched: vec![root.clone()], ..options() };
    let mut rig = Rig::new(options);
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Start));
    assert_eq!(rig.handle.standing().watching, Watching::On);
    rig.answer(well(None));
    rig.ended(1).await;
    let file = root.join("story.md");
    std::fs::write(&file, "# Story").unwrap();
    assert_eq!(rig.ask().await, (Scope::Paths(vec![file]), Trigger::Watch));
    rig.answer(well(None));
    rig.ended(2).await;
    rig.leave().await;
}

#[tokio::test]
async fn while_not_everything_is_watched_it_is_looked_at_more_often() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let (watch, watched) = (true, vec![root]);
    let mut rig = Rig::new(Options { watch, watched, full_look_s: 3600, ..options() });
    rig.ask().await;
    rig.answer(well(None));
    rig.ended(1).await;
    // As notify tells it when it adds a watch for a new folder.
    rig.handle.inbox.limited("no more watches".to_owned());
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Watch));
    rig.answer(well(None));
    let standing = rig.ended(2).await;
    assert_eq!(standing.watching, Watching::Partial("no more watches".to_owned()));
    assert_eq!(standing.full_look, Some(Duration::from_secs(LOOK_PARTIAL_S)));
    rig.pass(LOOK_PARTIAL_S);
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Look));
    rig.answer(well(None));
    // There are watches again, so the looks are as far apart as before.
    let standing = rig.ended(3).await;
    assert_eq!(standing.watching, Watching::On);
    assert_eq!(standing.full_look, Some(Duration::from_secs(3600)));
    rig.pass(LOOK_PARTIAL_S);
    rig.handle.inbox.poke();
    rig.handle.demand();
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Demand));
    rig.answer(well(None));
    rig.ended(4).await;
    rig.pass(3600);
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Look));
    rig.answer(well(None));
    rig.ended(5).await;
    rig.end().await;
}

#[tokio::test]
async fn a_new_source_is_watched_and_looked_at_once_more() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("content");
    std::fs::create_dir(&root).unwrap();
    let mut rig = Rig::new(options());
    rig.ask().await;
    let watching = Options { watch: true, watched: vec![root.clone()], ..options() };
    rig.answer(Round { options: Some(watching.clone()), ..well(None) });
    assert_eq!(rig.ask().await, (Scope::All, Trigger::Look));
    assert_eq!(rig.handle.standing().watching, Watching::On);
    rig.answer(Round { options: Some(watching), ..well(None) });
    rig.ended(2).await;
    std::fs::write(root.join("story.md"), "# Story").unwrap();
    assert_eq!(rig.ask().await.1, Trigger::Watch);
    rig.answer(well(None));
    rig.ended(3).await;
    rig.leave().await;
}

#[tokio::test]
async fn a_folder_that_comes_later_is_watched_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site/content");
    let mut rig = Rig::new(Options { watch: true, watched: vec![root.clone()], ..options() });
    rig.ask().await;
    rig.answer(well(None));
    rig.ended(1).await;
    std::fs::create_dir_all(&root).unwrap();
    let file = root.join("story.md");
    // The folders come in one run or in a few; from then on the file is told by itself.
    for rounds in 2.. {
        let (scope, trigger) = rig.ask().await;
        assert_eq!(trigger, Trigger::Watch);
        rig.answer(well(None));
        rig.ended(rounds).await;
        if scope == Scope::Paths(vec![file.clone()]) {
            break;
        }
        assert_eq!(scope, Scope::All);
        std::fs::write(&file, "# Story").unwrap();
    }
    rig.leave().await;
}

#[tokio::test]
async fn whoever_demands_may_wait_for_the_end_of_the_run_that_began_after() {
    let mut rig = Rig::new(options());
    rig.ask().await;
    let handle = rig.handle.clone();
    let queued = handle.regenerate(BTreeSet::from([Guard::Loss])).unwrap();
    assert_eq!((&queued.scope, queued.joined), (&Scope::All, false));
    let another = handle.regenerate(BTreeSet::from([Guard::Ids])).unwrap();
    assert_eq!((&another.accept, another.joined), (&[Guard::Loss, Guard::Ids].into(), true));
    let mut waiting = pin!(queued.ended());
    // It is asked for while the first run goes on, whose end is not the one waited for.
    let early = timeout(Duration::from_millis(1), &mut waiting).await;
    assert!(early.is_err());
    rig.answer(well(None));
    let ask = timeout(PATIENCE, rig.asks.recv()).await.unwrap().unwrap();
    assert_eq!(ask.accept, [Guard::Loss, Guard::Ids].into());
    rig.answer(failed("the disk is full"));
    let last = timeout(PATIENCE, waiting).await.unwrap().unwrap();
    assert_eq!((last.trigger, last.outcome), (Trigger::Demand, Err("the disk is full".into())));
    rig.end().await;
}

#[tokio::test]
async fn whoever_waits_is_let_go_when_the_worker_ends() {
    let mut rig = Rig::new(options());
    rig.ask().await;
    let handle = rig.handle.clone();
    let mut waiting = pin!(handle.regenerate(BTreeSet::new()).unwrap().ended());
    assert!(timeout(Duration::from_millis(1), &mut waiting).await.is_err());
    rig.stop.take().unwrap().send(()).unwrap();
    rig.answer(well(None));
    assert_eq!(timeout(PATIENCE, waiting).await.unwrap(), None);
}

#[tokio::test]
async fn the_end_waits_for_the_run_that_goes_on() {
    let mut rig = Rig::new(options());
    rig.ask().await;
    rig.handle.demand();
    rig.stop.take().unwrap().send(()).unwrap();
    // It hasn't ended, since the job still waits for this.
    rig.answer(well(None));
    timeout(PATIENCE, &mut rig.task).await.unwrap().unwrap().unwrap();
    assert_eq!(rig.handle.standing().rounds, 1);
    assert_eq!(rig.asks.recv().await, None, "and nothing more is begun");
}
