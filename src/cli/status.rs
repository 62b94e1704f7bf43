//! `feedwright status`: the last run and the next, and what is refused or failing.

use std::io::Write;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::args::{Global, OutputFormat};
use super::{Status, complain, load, now, output, shown, status_of};
use crate::config::Settings;
use crate::edition::ledger::{Ledger, Run};
use crate::run::Report;
use crate::state::State;
use crate::worker::clock::Schedule;

pub(super) fn run(global: &Global) -> Status {
    let loaded = match load(global) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let settings = loaded.settings;
    if !settings.plan.state.exists() {
        complain(&format!(
            "there has been no run yet ({} doesn't exist); begin with `feedwright regenerate`",
            shown(&settings.plan.state)
        ));
        return Status::Failed;
    }
    let last = match last_run(&settings) {
        Ok(last) => last,
        Err(sentence) => {
            complain(&sentence);
            return Status::Failed;
        }
    };
    let next = next_run(&settings);
    let Some((run, report)) = last else {
        complain("no run has ended yet; look again in a moment, or run `feedwright regenerate`");
        return Status::Failed;
    };
    match global.format {
        OutputFormat::Json => {
            let object = json!({
                "last": { "ended": run.ended, "command": run.command, "report": report },
                "next_run": next,
                "next_due": report.next_due,
            });
            let _ = writeln!(anstream::stdout(), "{object}");
        }
        OutputFormat::Text => tell(global, &settings, &run, &report, next),
    }
    status_of(&report)
}

fn last_run(settings: &Settings) -> Result<Option<(Run, Report)>, String> {
    let plan = &settings.plan;
    let state = State::find(&plan.state, &plan.config).map_err(|e| e.to_string())?;
    let Some(state) = state.filter(|s| s.ledger().exists()) else { return Ok(None) };
    let ledger = Ledger::open(&state.ledger()).map_err(|e| e.to_string())?;
    let run = ledger.runs(1).map_err(|e| e.to_string())?.into_iter().next();
    let Some(run) = run else { return Ok(None) };
    let report = serde_json::from_value(run.report.clone())
        .map_err(|e| format!("what the last run did can't be read: {e}"))?;
    Ok(Some((run, report)))
}

fn next_run(settings: &Settings) -> Option<DateTime<Utc>> {
    let cron = settings.worker.cron.as_ref()?;
    let schedule = Schedule::read(cron, &settings.worker.zone, now()).ok()?;
    schedule.next(now())
}

fn tell(
    global: &Global,
    settings: &Settings,
    run: &Run,
    report: &Report,
    next: Option<DateTime<Utc>>,
) {
    let mut out = anstream::stdout();
    let zone = &settings.worker.zone;
    let time = |t: DateTime<Utc>| zone.show(t).format("%Y-%m-%d %H:%M:%S %:z").to_string();
    if !global.quiet {
        let _ = writeln!(out, "last run   {} by {}", time(run.ended), run.command);
        let _ = writeln!(out, "           {}", output::summary(report));
        let next = next.map_or_else(|| "no schedule".to_owned(), time);
        let _ = writeln!(out, "next run   {next} (while `feedwright serve` runs)");
        if let Some(due) = report.next_due {
            let _ =
                writeln!(out, "next due   {} (an embargo lifts or an article expires)", time(due));
        }
    }
    let _ = output::problems(&mut out, &report.problems, Some(10), super::colour());
    let _ = output::failures(&mut out, report, super::colour());
}
