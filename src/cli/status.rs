//! `feedwright status`: the last run and the next, and what is held, refused, unwritten or failing.

mod databases;
mod picture;

use std::io::Write;

use chrono::{DateTime, Utc};

pub(super) use self::picture::{LastRun, Picture};
use super::args::{Global, OutputFormat};
use super::room::with_room;
use super::{Status, complain, load, now, output, shown, status_of};
use crate::config::Settings;
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
    let picture = match Picture::read(&settings, true) {
        Ok(picture) => picture,
        Err(sentence) => {
            complain(&with_room(&sentence, &settings.plan));
            return Status::Failed;
        }
    };
    let Some(last) = &picture.last else {
        complain("no run has ended yet; look again in a moment, or run `feedwright regenerate`");
        return Status::Failed;
    };
    let next = next_run(&settings);
    match global.format {
        OutputFormat::Json => {
            let _ = output::write_json(&mut anstream::stdout(), &picture.object(next));
        }
        OutputFormat::Text => tell(global, &settings, &picture, last, next),
    }
    status_of(&last.report)
}

fn next_run(settings: &Settings) -> Option<DateTime<Utc>> {
    let cron = settings.worker.cron.as_ref()?;
    let schedule = Schedule::read(cron, &settings.worker.zone, now()).ok()?;
    schedule.next(now())
}

fn tell(
    global: &Global,
    settings: &Settings,
    picture: &Picture,
    last: &LastRun,
    next: Option<DateTime<Utc>>,
) {
    let mut out = anstream::stdout();
    let zone = &settings.worker.zone;
    let time = |t: DateTime<Utc>| zone.show(t).format("%Y-%m-%d %H:%M:%S %:z").to_string();
    let report = &last.report;
    if !global.quiet {
        let _ = writeln!(out, "last run   {} by {}", time(last.ended), last.command);
        let _ = writeln!(out, "           {}", output::summary(report));
        if picture.last_good != Some(last.ended) {
            let good = picture.last_good.map_or_else(|| "not known".to_owned(), time);
            let _ = writeln!(out, "last good  {good} (nothing failed, held, or down)");
        }
        let next = next.map_or_else(|| "no schedule".to_owned(), time);
        let _ = writeln!(out, "next run   {next} (while `feedwright serve` runs)");
        if let Some(due) = report.next_due {
            let _ =
                writeln!(out, "next due   {} (an embargo lifts or an article expires)", time(due));
        }
        let _ = databases::tell(&mut out, &picture.databases, &time);
    }
    let _ =
        output::problems(&mut out, &report.problems, output::Most::OF_A_STATUS, super::colour());
    let _ = output::failures(&mut out, report, super::colour());
}
