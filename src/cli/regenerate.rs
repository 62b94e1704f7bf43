//! `feedwright regenerate`: one run, now.

use std::io::Write;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::args::{Accept, Global, OutputFormat, Regenerate};
use super::room::with_room;
use super::{Status, bar, complain, load, now, output, status_of, status_of_error, tell};
use crate::catalog::guard::Guard;
use crate::edition::ledger::{self, Ledger};
use crate::press::Finisher;
use crate::run::progress::Progress;
use crate::run::rehearse::rehearse;
use crate::run::{self, Call, Plan, Report, Scope, Wishes};
use crate::state::{Holder, State};

/// A run of another's that ended so lately is worth telling of where ours found nothing new.
const LATELY: TimeDelta = TimeDelta::seconds(10);

pub(super) fn run(global: &Global, args: &Regenerate) -> Status {
    let loaded = match load(global) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    if let Some(threads) = args.threads
        && let Err(e) = pool(threads.get())
    {
        complain(&format!("{threads} threads can't be started: {e}"));
        return Status::Failed;
    }
    let quiet = global.quiet;
    let plan = &loaded.settings.plan;
    if args.dry_run {
        return dry_run(global, plan, args);
    }
    match bar::while_shown(global, |progress| {
        with_call(global, args, progress, |call| run::run(plan, call))
    }) {
        Ok(report) => {
            tell(global, &report);
            if global.format == OutputFormat::Text && !quiet {
                tell_of_quicker(plan, &report);
            }
            status_of(&report)
        }
        Err(e) => {
            complain(&with_room(&e.to_string(), plan));
            status_of_error(&e)
        }
    }
}

/// The run that is asked for, handed to whoever does it.
fn with_call<T>(
    global: &Global,
    args: &Regenerate,
    progress: &Progress,
    work: impl FnOnce(Call<'_>) -> T,
) -> T {
    work(Call {
        scope: Scope::All,
        command: "regenerate",
        clock: &now,
        finisher: &Finisher::default(),
        waiting: &mut |holder| {
            if !global.quiet {
                complain(&waiting(holder.as_ref()));
            }
        },
        wishes: Wishes {
            accept: args.accept.iter().map(|a| guard(*a)).collect(),
            locked: args.locked,
            learn: args.learn.clone(),
            fetch: !args.locked,
            ..Wishes::default()
        },
        progress,
        databases: &run::stores::Databases::default(),
        published: &|| {},
    })
}

/// Tells what a run would change; status 1 where subscribers would see an article again.
fn dry_run(global: &Global, plan: &Plan, args: &Regenerate) -> Status {
    let rehearsed = bar::while_shown(global, |progress| {
        with_call(global, args, progress, |call| rehearse(plan, call))
    });
    let rehearsal = match rehearsed {
        Ok(rehearsal) => rehearsal,
        Err(e) => {
            complain(&with_room(&e.to_string(), plan));
            return status_of_error(&e);
        }
    };
    let mut out = anstream::stdout();
    if global.format == OutputFormat::Json {
        let object = json!({ "feeds": rehearsal.feeds, "held": rehearsal.report.held });
        let _ = writeln!(out, "{object}");
    } else {
        for (feed, change) in &rehearsal.feeds {
            let _ = writeln!(
                out,
                "{feed}: {} new, {} updated, {} withdrawn, {} shown again",
                change.new,
                change.updated,
                change.withdrawn,
                change.shown_again.len()
            );
            for (id, title) in &change.shown_again {
                let _ = writeln!(out, "  again: {} ({})", output::safe(title), output::safe(id));
            }
        }
        let _ = output::failures(&mut anstream::stderr(), &rehearsal.report, super::colour());
    }
    let again = rehearsal.feeds.values().any(|f| !f.shown_again.is_empty());
    if again { Status::Failed } else { status_of(&rehearsal.report) }
}

fn guard(accept: Accept) -> Guard {
    match accept {
        Accept::Loss => Guard::Loss,
        Accept::Change => Guard::Change,
        Accept::Ids => Guard::Ids,
    }
}

/// One thread is the one that we have.
fn pool(threads: usize) -> Result<(), rayon::ThreadPoolBuildError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    if threads == 1 { pool.use_current_thread() } else { pool }.build_global()
}

fn waiting(holder: Option<&Holder>) -> String {
    match holder {
        Some(h) => format!(
            "waiting for the run of {} (process {}), which began at {}",
            h.command,
            h.pid,
            h.since.format("%H:%M:%S UTC")
        ),
        None => "waiting for another run to end".to_owned(),
    }
}

/// Where we found nothing new because `serve` was quicker, that is what an operator wants to know.
fn tell_of_quicker(plan: &Plan, report: &Report) {
    let c = &report.counters;
    if c.new + c.changed + c.withdrawn + c.written > 0 {
        return;
    }
    let runs = State::open(&plan.state, &plan.config)
        .ok()
        .and_then(|state| Ledger::open(&state.ledger()).ok())
        .and_then(|ledger| ledger.runs(10).ok())
        .unwrap_or_default();
    let quicker = runs.iter().find_map(|run| Quicker::of(run, report.started));
    if let Some(q) = quicker {
        let ago = q.ago.as_seconds_f64().max(0.0);
        let articles = |n| output::count(n, "article", "articles");
        let did = match (q.published, q.withdrawn) {
            (published, 0) => format!("{} published", articles(published)),
            (0, withdrawn) => format!("{} withdrawn", articles(withdrawn)),
            (published, withdrawn) => {
                format!("{} published and {withdrawn} withdrawn", articles(published))
            }
        };
        let _ = writeln!(anstream::stdout(), "nothing new; {did} {ago:.1} s ago by {}", q.command);
    }
}

struct Quicker {
    /// New and changed ones.
    published: u64,
    withdrawn: u64,
    ago: TimeDelta,
    command: String,
}

impl Quicker {
    fn of(run: &ledger::Run, since: DateTime<Utc>) -> Option<Quicker> {
        let report: Report = serde_json::from_value(run.report.clone()).ok()?;
        let c = report.counters;
        let (published, withdrawn) = (c.new + c.changed, c.withdrawn);
        let ago = now() - run.ended;
        (run.command != "regenerate" && published + withdrawn > 0 && since - run.ended < LATELY)
            .then(|| Quicker { published, withdrawn, ago, command: run.command.clone() })
    }
}
