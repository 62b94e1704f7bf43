//! `feedwright check`: read everything, publish nothing, tell each problem. With files, look at those
//! instead; with `--explain`, tell what a problem's code means.

mod code;
mod feeds;
mod fetch;
mod own;

use std::io::{self, Write};

use super::args::{Check, Global, OutputFormat};
use super::{Status, bar, complain, load, now, output, status_of, status_of_error};
use crate::config::DEFAULTS;
use crate::press::Finisher;
use crate::problem::Severity;
use crate::run::progress::Progress;
use crate::run::{self, Call, Plan, Report, Scope, Wishes};

pub(super) fn run(global: &Global, args: &Check) -> Status {
    if args.print_defaults {
        let _ = write!(anstream::stdout(), "{DEFAULTS}");
        return Status::Done;
    }
    if let Some(code) = &args.explain {
        return code::run(global, code);
    }
    if !args.targets.is_empty() {
        return feeds::run(global, args);
    }
    let loaded = match load(global) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let plan = &loaded.settings.plan;
    let read = bar::while_shown(global, |progress| read_all(plan, progress));
    let report = match read {
        Ok(report) => report,
        Err(e) => {
            complain(&e.to_string());
            return match &e {
                Error::Run(e) => status_of_error(e),
                Error::Scratch(_) => Status::Failed,
            };
        }
    };
    match global.format {
        OutputFormat::Json => {
            let _ = output::json(&mut anstream::stdout(), &report);
        }
        OutputFormat::Text => {
            let mut out = anstream::stdout();
            let shown: Vec<_> = report
                .problems
                .iter()
                .filter(|p| !global.quiet || p.severity == Severity::Error)
                .cloned()
                .collect();
            let most = if args.all { output::Most::ALL } else { output::Most::OF_A_CHECK };
            let _ = output::problems(&mut out, &shown, most, super::colour());
            let _ = output::failures(&mut out, &report, super::colour());
            if !global.quiet {
                let _ = writeln!(
                    out,
                    "{} read; {}",
                    output::count(report.counters.read, "article", "articles"),
                    output::problem_counts(report.count_problems())
                );
            }
        }
    }
    let warned = report.problems.iter().any(|p| p.severity == Severity::Warning);
    if args.strict && warned { Status::Failed } else { status_of(&report) }
}

/// Nothing could be checked.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Run(#[from] run::Error),
    #[error("no scratch folder can be made: {0}")]
    Scratch(io::Error),
}

/// Reads everything into a state that is thrown away; the lock is read and not written.
fn read_all(plan: &Plan, progress: &Progress) -> Result<Report, Error> {
    let scratch = tempfile::tempdir().map_err(Error::Scratch)?;
    let mut plan = plan.clone();
    plan.state = scratch.path().join("state");
    let report = run::run(
        &plan,
        Call {
            scope: Scope::All,
            command: "check",
            clock: &now,
            finisher: &Finisher::default(),
            waiting: &mut |_| {},
            wishes: Wishes { check_only: true, lint: true, ..Wishes::default() },
            progress,
            databases: &run::stores::Databases::default(),
            published: &|| {},
        },
    )?;
    Ok(report)
}
