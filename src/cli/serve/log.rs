//! The log of `serve`: what went wrong once, when it is new, and a line for each run that did
//! something.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use tracing::{debug, error, info, warn};

use crate::cli::args::{Global, OutputFormat};
use crate::cli::output;
use crate::problem::{Place, Problem, Severity};
use crate::run::{Report, Trigger};

/// Sets the log up: for a person, or as JSON.
pub(super) fn begin(global: &Global) {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    let level = if global.quiet { LevelFilter::ERROR } else { LevelFilter::INFO };
    let filter: Targets = std::env::var("FEEDWRIGHT_LOG")
        .ok()
        .and_then(|targets| targets.parse().ok())
        .unwrap_or_else(|| Targets::new().with_target("feedwright", level));
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let set = match global.format {
        OutputFormat::Json => registry.with(layer.json()).try_init(),
        OutputFormat::Text => {
            registry.with(layer.with_target(false).with_ansi(crate::cli::colour())).try_init()
        }
    };
    // Set already: then somebody embeds us, and their log is used.
    drop(set);
}

/// Logs a problem by its severity.
pub(super) fn problem(problem: &Problem) {
    let Problem { place, code, message, .. } = problem;
    let place = place.to_string();
    let place = output::safe(&place);
    let message = output::safe(message);
    match problem.severity {
        Severity::Error => error!("{place}: error[{code}]: {message}"),
        Severity::Warning => warn!("{place}: warning[{code}]: {message}"),
        Severity::Note => info!("{place}: note[{code}]: {message}"),
    }
}

/// What stands wrong, and was logged.
#[derive(Debug, Default)]
pub(super) struct Told {
    errors: BTreeSet<(Place, String)>,
    failures: BTreeSet<String>,
}

/// What a run found wrong that wasn't before.
#[derive(Debug, Default)]
struct News<'a> {
    errors: Vec<&'a Problem>,
    failures: Vec<&'a str>,
    /// How many things aren't wrong any more.
    mended: usize,
}

impl Told {
    /// What is otherwise than was told, which counts as told then.
    fn news<'a>(&mut self, report: &'a Report) -> News<'a> {
        let errors: BTreeMap<(Place, String), &Problem> = report
            .problems
            .iter()
            .filter(|p| p.severity == Severity::Error)
            .map(|p| ((p.place.clone(), p.message.clone()), p))
            .collect();
        // Some failures are problems too: those are told once.
        let failures: BTreeSet<&str> = output::failures_alone(report).collect();
        let mended = self.errors.iter().filter(|key| !errors.contains_key(key)).count()
            + self.failures.iter().filter(|f| !failures.contains(f.as_str())).count();
        let new = errors.iter().filter(|(key, _)| !self.errors.contains(key));
        let news = News {
            errors: new.map(|(_, problem)| *problem).collect(),
            failures: failures.iter().filter(|f| !self.failures.contains(**f)).copied().collect(),
            mended,
        };
        self.errors = errors.into_keys().collect();
        self.failures = failures.into_iter().map(str::to_owned).collect();
        news
    }
}

/// Logs a run: what is newly wrong, and a line of what it did if it did anything.
pub(super) fn report(told: &Mutex<Told>, trigger: Trigger, report: &Report) {
    let news = told.lock().unwrap_or_else(PoisonError::into_inner).news(report);
    news.errors.iter().for_each(|p| problem(p));
    for failure in &news.failures {
        error!("{}", output::safe(failure));
    }
    let c = &report.counters;
    let quiet = c.parsed + c.new + c.changed + c.withdrawn + c.written == 0
        && news.errors.len() + news.failures.len() + news.mended == 0
        && report.held.is_empty();
    if quiet && trigger != Trigger::Start {
        debug!("{}", output::summary(report));
    } else {
        info!("{}", output::summary(report));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    fn report(errors: &[&str], failures: &[&str]) -> Report {
        let code = Code::new("x");
        let mut report = Report {
            failures: failures.iter().map(|f| (*f).to_owned()).collect(),
            ..Report::default()
        };
        report.problems.push(Problem::note(&code, Place::whole("a"), "a note"));
        report.problems.extend(errors.iter().map(|e| Problem::error(&code, Place::whole("a"), *e)));
        report
    }

    #[test]
    fn what_stands_is_told_once_and_again_when_it_comes_back() {
        let mut told = Told::default();
        let mut news = |errors: &[&str], failures: &[&str]| {
            let report = report(errors, failures);
            let news = told.news(&report);
            (news.errors.len(), news.failures.len(), news.mended)
        };
        assert_eq!(news(&["e"], &["f"]), (1, 1, 0));
        assert_eq!(news(&["e"], &["f"]), (0, 0, 0));
        assert_eq!(news(&["e", "e2"], &["f"]), (1, 0, 0));
        assert_eq!(news(&["e2"], &[]), (0, 0, 2));
        assert_eq!(news(&["e", "e2"], &["f"]), (1, 1, 0));
        // A source that is down fails some runs, and is a problem of all.
        assert_eq!(news(&["down"], &["down"]), (1, 0, 3));
        assert_eq!(news(&["down"], &[]), (0, 0, 0));
        assert_eq!(news(&["down"], &["down"]), (0, 0, 0));
    }
}
