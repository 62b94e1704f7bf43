//! `feedwright lock`: what stands in `feeds.lock`, and taking out of it what nothing needs any more.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;

use serde_json::json;

use super::args::{self, Global, OutputFormat};
use super::{Status, complain, load, now, output, shown, status_of_error};
use crate::catalog::lock::{self, Lock};
use crate::press::Finisher;
use crate::run::progress::Progress;
use crate::run::prune::{self, prune};
use crate::run::stores::Databases;
use crate::run::{Call, Plan, Scope, Wishes};

pub(super) fn run(global: &Global, args: &args::Lock) -> Status {
    let loaded = match load(global) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let plan = &loaded.settings.plan;
    if args.prune {
        return drop_lines(global, plan, args.dry_run);
    }
    match lock::read(&plan.lock) {
        Ok(_) if !plan.lock.exists() => {
            complain(&format!(
                "there is no {} yet; the first run makes it: begin with `feedwright regenerate`",
                shown(&plan.lock)
            ));
            Status::Failed
        }
        Ok(lock) => {
            tell(global, plan, &lock);
            Status::Done
        }
        Err(e) => fail(&e),
    }
}

/// Says why the lock can't be used; a mistake in it is an operator's to mend.
fn fail(error: &lock::Error) -> Status {
    complain(&error.to_string());
    if error.is_mistake() { Status::Mistake } else { Status::Failed }
}

fn tell(global: &Global, plan: &Plan, lock: &Lock) {
    let mut out = anstream::stdout();
    let unknown = unknown_kinds(&fs::read_to_string(&plan.lock).unwrap_or_default());
    if global.format == OutputFormat::Json {
        let sources = lock.links.iter().map(|(source, links)| {
            let object = json!({ "zone": links.zone, "pattern": links.pattern });
            (source.clone(), object)
        });
        let object = json!({
            "lock": shown(&plan.lock),
            "base": lock.base,
            "links": sources.collect::<serde_json::Map<_, _>>(),
            "ids": lock.ids.len(),
            "seen": lock.seen.len(),
            "feeds": lock.feeds,
            "doubtful": lock.doubles.keys().collect::<Vec<_>>(),
            "gone": lock.gone.len(),
            "unknown": unknown,
        });
        let _ = writeln!(out, "{object}");
        return;
    }
    let line = |out: &mut dyn Write, what: &str, value: &str| {
        let _ = writeln!(out, "{what:<10} {}", output::safe(value));
    };
    line(&mut out, "lock", &shown(&plan.lock));
    line(&mut out, "base", lock.base.as_deref().unwrap_or("none yet"));
    for (source, links) in &lock.links {
        let pattern = links.pattern.as_deref().unwrap_or("the default pattern");
        line(&mut out, "links", &format!("{source}: {pattern} in {}", links.zone));
    }
    let ids = format!("{} of articles whose document gives another", lock.ids.len());
    line(&mut out, "ids", &ids);
    let sights = output::count(lock.seen.len() as u64, "first sight", "first sights");
    line(&mut out, "seen", &format!("{sights} of articles without a date"));
    let withdrawn =
        output::count(lock.gone.len() as u64, "withdrawn article", "withdrawn articles");
    line(&mut out, "gone", &format!("{withdrawn} that feeds with `tombstones` tell of"));
    for (feed, iri) in &lock.feeds {
        line(&mut out, "feed", &format!("{feed}: {iri}"));
    }
    for (kind, lines) in &unknown {
        let lines = output::count(*lines, "line", "lines");
        line(&mut out, "unknown", &format!("{lines} of the kind {kind}, kept as they are"));
    }
    for (rule, ids) in &lock.doubles {
        let lines: Vec<String> = ids.iter().map(|(_, line)| line.to_string()).collect();
        let lines = lines.join(", ");
        line(&mut out, "doubtful", &format!("{rule} has several ids, in lines {lines}"));
    }
}

/// Kinds of lines that a later release writes, or nobody, and how many lines each has.
fn unknown_kinds(text: &str) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for line in text.lines().skip(1) {
        let kind = line.split(['\t', ' ']).next().unwrap_or_default();
        if !kind.is_empty() && !lock::KINDS.contains(&kind) {
            *kinds.entry(kind.to_owned()).or_default() += 1;
        }
    }
    kinds
}

fn drop_lines(global: &Global, plan: &Plan, try_only: bool) -> Status {
    let quiet = global.quiet;
    let mut call = Call {
        scope: Scope::All,
        command: "lock",
        clock: &now,
        finisher: &Finisher::default(),
        waiting: &mut |_| {
            if !quiet {
                complain("waiting for a run to end");
            }
        },
        wishes: Wishes::default(),
        progress: &Progress::default(),
        databases: &Databases::default(),
        published: &|| {},
    };
    let lines = match prune(plan, &mut call, try_only) {
        Ok(lines) => lines,
        Err(prune::Error::Lock(e)) => return fail(&e),
        Err(e) => {
            complain(&e.to_string());
            return match &e {
                prune::Error::Run(e) => status_of_error(e),
                _ => Status::Failed,
            };
        }
    };
    let mut out = anstream::stdout();
    if global.format == OutputFormat::Json {
        let _ = writeln!(out, "{}", json!({ "dropped": lines, "dry_run": try_only }));
    } else if !quiet {
        for line in &lines {
            let _ = writeln!(out, "{}", output::safe(line));
        }
        let would = if try_only { "would be dropped" } else { "dropped" };
        let lines = output::count(lines.len() as u64, "line", "lines");
        let _ = writeln!(out, "{lines} {would}");
    }
    Status::Done
}
