//! How a service stands, in numbers: OpenMetrics' text, made of plain facts when somebody asks. Every
//! label's value comes from a fixed set or from `feeds.toml`, none from a request, so that no client can
//! make the list longer.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::lazy::LazyCounts;
use crate::cli::status::Picture;
use crate::fetch::Pass;
use crate::run::{Guard, ProblemCounts, Report, Trigger};
use crate::server::Limits;
use crate::server::counts::{Answered, CODINGS, Counts, Kind};
use crate::worker::{Ending, Standing, Watching};

/// What the numbers are made from.
pub(super) struct Facts<'a> {
    pub(super) since: DateTime<Utc>,
    pub(super) standing: &'a Standing,
    pub(super) picture: &'a Picture,
    pub(super) counts: &'a Counts,
    pub(super) lazy: &'a LazyCounts,
    /// What was asked of other servers.
    pub(super) media: Pass,
    /// Editions that can be served, and the bytes of those that are in memory.
    pub(super) editions: usize,
    pub(super) shelf_bytes: u64,
    /// The names of all sources in `feeds.toml`.
    pub(super) sources: &'a [&'a str],
}

/// The whole page.
pub(super) fn page(facts: &Facts<'_>) -> String {
    let mut registry = Registry::with_prefix("feedwright");
    registry.register_collector(Box::new(Families(families(facts))));
    let mut text = String::new();
    if encode(&mut text, &registry).is_err() {
        tracing::error!("the metrics can't be written");
    }
    text
}

/// Numbers of one name, told apart by labels.
#[derive(Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    samples: Vec<Sample>,
}

#[derive(Debug)]
struct Sample {
    labels: Vec<(&'static str, String)>,
    value: Value,
}

#[derive(Debug, Clone, Copy)]
enum Value {
    Count(u64),
    Level(i64),
    Real(f64),
}

#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in &self.0 {
            let mut of = encoder.encode_descriptor(family.name, family.help, None, family.kind)?;
            for sample in &family.samples {
                if matches!(family.kind, MetricType::Info) {
                    of.encode_info(&sample.labels)?;
                } else if sample.labels.is_empty() {
                    write(&mut of, sample.value)?;
                } else {
                    write(&mut of.encode_family(&sample.labels)?, sample.value)?;
                }
            }
        }
        Ok(())
    }
}

fn write(encoder: &mut MetricEncoder<'_>, value: Value) -> fmt::Result {
    match value {
        Value::Count(n) => encoder.encode_counter::<NoLabelSet, u64, u64>(&n, None),
        Value::Level(n) => encoder.encode_gauge(&n),
        Value::Real(x) => encoder.encode_gauge(&x),
    }
}

fn counter(name: &'static str, help: &'static str) -> Family {
    Family { name, help, kind: MetricType::Counter, samples: Vec::new() }
}

fn gauge(name: &'static str, help: &'static str) -> Family {
    Family { name, help, kind: MetricType::Gauge, samples: Vec::new() }
}

impl Family {
    fn with(mut self, labels: &[(&'static str, &str)], value: Value) -> Family {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.samples.push(Sample { labels, value });
        self
    }

    fn of(self, value: Value) -> Family {
        self.with(&[], value)
    }
}

fn level(n: impl TryInto<i64>) -> Value {
    Value::Level(n.try_into().unwrap_or(i64::MAX))
}

/// Seconds since 1970; 0 for never, so that an alert on its age goes off.
fn at(time: Option<DateTime<Utc>>) -> Value {
    let ms = time.map_or(0, |time| time.timestamp_millis());
    #[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
    Value::Real(ms as f64 / 1000.0)
}

fn families(facts: &Facts<'_>) -> Vec<Family> {
    let mut all = process(facts);
    all.extend(runs(facts.standing));
    all.extend(state(facts.picture, facts.sources));
    all.extend(watching(facts.standing));
    all.push(requests(facts.counts));
    all.extend(connections(facts.counts));
    all.extend(shelf(facts));
    all.extend(media(&facts.media));
    all
}

fn process(facts: &Facts<'_>) -> Vec<Family> {
    let version = Family {
        name: "build",
        help: "The release that runs",
        kind: MetricType::Info,
        samples: Vec::new(),
    };
    vec![
        version.with(&[("version", env!("CARGO_PKG_VERSION"))], Value::Level(1)),
        gauge("start_timestamp_seconds", "When the service began").of(at(Some(facts.since))),
        gauge("ready", "Whether feeds can be served").of(level(i64::from(facts.editions > 0))),
    ]
}

fn runs(standing: &Standing) -> Vec<Family> {
    let mut ended =
        counter("runs", "Runs of this process, by who asked for them and how they ended");
    for trigger in Trigger::ALL {
        for ending in Ending::ALL {
            let labels = [("trigger", trigger.as_str()), ("outcome", ending.as_str())];
            ended = ended.with(&labels, Value::Count(standing.tally.runs(trigger, ending)));
        }
    }
    let done = standing.tally.done;
    let in_a_row = "Runs that could not be done at all, since the last one that could";
    vec![
        ended,
        gauge("failed_runs_in_a_row", in_a_row).of(level(standing.failed_in_a_row)),
        gauge("running_since_timestamp_seconds", "When the run that goes on began; 0: none does")
            .of(at(standing.running.map(|running| running.since))),
        counter("run_documents", "Documents that this process's runs opened and parsed")
            .with(&[("step", "opened")], Value::Count(done.opened))
            .with(&[("step", "parsed")], Value::Count(done.parsed)),
        counter("run_articles", "Articles that this process's runs made otherwise")
            .with(&[("change", "new")], Value::Count(done.new))
            .with(&[("change", "changed")], Value::Count(done.changed))
            .with(&[("change", "withdrawn")], Value::Count(done.withdrawn)),
        counter("run_editions", "Editions that this process's runs wrote or left as they stood")
            .with(&[("result", "written")], Value::Count(done.written))
            .with(&[("result", "unchanged")], Value::Count(done.unchanged)),
        gauge("schedule_error", "Whether the schedule in feeds.toml isn't followed")
            .of(level(i64::from(standing.schedule_error.is_some()))),
    ]
}

/// What the last run left, whoever made it.
fn state(picture: &Picture, sources: &[&str]) -> Vec<Family> {
    let nothing = Report::default();
    let report = picture.last.as_ref().map_or(&nothing, |last| &last.report);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run")]
    let seconds = Value::Real(report.took_ms as f64 / 1000.0);
    let ProblemCounts { error, warning, note } = report.count_problems();
    let good = "When a run last ended in which nothing failed, was held, or down; 0: never";
    vec![
        gauge("last_run_end_timestamp_seconds", "When the last run ended; 0: none has")
            .of(at(picture.last.as_ref().map(|last| last.ended))),
        gauge("last_run_seconds", "How long the last run took").of(seconds),
        gauge("last_good_run_end_timestamp_seconds", good).of(at(picture.last_good)),
        gauge("last_run_failures", "Things that failed in the last run")
            .of(level(report.failures.len())),
        gauge("articles", "Articles that are known").of(level(report.counters.read)),
        gauge("problems", "Problems in what people wrote")
            .with(&[("severity", "error")], level(error))
            .with(&[("severity", "warning")], level(warning))
            .with(&[("severity", "note")], level(note)),
        held(report, sources),
        down(report, sources),
        gauge("refused_editions", "Editions that aren't published; those before stay up")
            .of(level(picture.refused.len())),
        gauge("unwritten_lock", "Whether feeds.lock could not be written")
            .of(level(i64::from(picture.unwritten().is_some()))),
    ]
}

fn held(report: &Report, sources: &[&str]) -> Family {
    let mut family = gauge(
        "held_articles",
        "Articles that a guard holds; the source is empty where it is no one's",
    );
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    for source in sources {
        told.insert((Guard::Loss.as_str(), source));
        told.insert((Guard::Ids.as_str(), source));
    }
    told.insert((Guard::Change.as_str(), ""));
    // Also of sources that feeds.toml has no more: these are what is held then.
    told.extend(report.held.iter().map(|h| (h.guard.as_str(), h.source.as_str())));
    for (guard, source) in told {
        let these = report.held.iter().filter(|h| h.guard == guard && h.source == source);
        let count = these.map(|h| h.count).fold(0, u64::saturating_add);
        family = family.with(&[("guard", guard), ("source", source)], level(count));
    }
    family
}

fn down(report: &Report, sources: &[&str]) -> Family {
    let down: BTreeSet<&str> = report.down().collect();
    let family = gauge("source_down", "Whether a source could not be looked at");
    sources.iter().fold(family, |family, source| {
        family.with(&[("source", source)], level(i64::from(down.contains(source))))
    })
}

fn watching(standing: &Standing) -> Vec<Family> {
    let state = state_of(&standing.watching);
    let mut family = gauge("watching", "Whether changes of files are noticed");
    for one in ["fully", "partially", "off"] {
        family = family.with(&[("state", one)], level(i64::from(one == state)));
    }
    let every = standing.full_look.map_or(0.0, |every| every.as_secs_f64());
    let help = "How often everything is looked at whatever the watcher says; 0: never";
    vec![family, gauge("full_look_interval_seconds", help).of(Value::Real(every))]
}

/// Whether changes of files are noticed, in a word.
pub(super) fn state_of(watching: &Watching) -> &'static str {
    match watching {
        Watching::On => "fully",
        Watching::Partial(_) => "partially",
        Watching::Off => "off",
    }
}

fn requests(counts: &Counts) -> Family {
    let help = "Requests, by what they were for, how they were answered, and the coding of what \
                was sent";
    let mut family = counter("requests", help);
    for kind in Kind::ALL {
        for answered in Answered::ALL {
            for coding in CODINGS {
                let count = counts.requests(kind, answered, coding);
                // Most of them can't be.
                if count > 0 {
                    let labels = [
                        ("kind", kind.as_str()),
                        ("status", answered.as_str()),
                        ("coding", coding.map_or("none", |coding| coding.token())),
                    ];
                    family = family.with(&labels, Value::Count(count));
                }
            }
        }
    }
    family
}

fn connections(counts: &Counts) -> Vec<Family> {
    let limits = Limits::default();
    let mut open = gauge("connections_open", "Connections that are open");
    let mut most = gauge("connections_limit", "Connections that may be open; further ones wait");
    let mut taken = counter("connections", "Connections taken");
    let mut sent = counter("sent_bytes", "Bytes sent, heads and all");
    for (name, doors, limit) in [
        ("public", &counts.public, limits.connections_max),
        ("admin", &counts.admin, limits.admin_connections_max),
    ] {
        let label = [("listener", name)];
        open = open.with(&label, level(doors.open()));
        most = most.with(&label, level(limit));
        taken = taken.with(&label, Value::Count(doors.taken()));
        sent = sent.with(&label, Value::Count(doors.sent_bytes()));
    }
    vec![open, most, taken, sent]
}

fn shelf(facts: &Facts<'_>) -> Vec<Family> {
    let mut lazy = counter("lazy_feeds", "Feeds asked for that are made on request");
    for (outcome, count) in facts.lazy.counts() {
        lazy = lazy.with(&[("outcome", outcome)], Value::Count(count));
    }
    vec![
        gauge("editions", "Editions that can be served").of(level(facts.editions)),
        gauge("shelf_bytes", "Bytes of editions that are ready in memory")
            .of(level(facts.shelf_bytes)),
        lazy,
        gauge("lazy_waiting", "Requests that wait for a feed to be made")
            .of(level(facts.lazy.waiting())),
    ]
}

/// Media that lie on other servers.
fn media(pass: &Pass) -> Vec<Family> {
    let help = "Remote pictures and recordings that this process asked for, by what came of it";
    vec![
        counter("media_asked", help)
            .with(&[("outcome", "found")], Value::Count(pass.found))
            .with(&[("outcome", "same")], Value::Count(pass.same))
            .with(&[("outcome", "failed")], Value::Count(pass.failed)),
        gauge("media_wanted", "Remote pictures and recordings whose facts feeds need")
            .of(level(pass.wanted)),
        gauge("media_waiting", "Of these, those that the budget left for a later run")
            .of(level(pass.left)),
        gauge("media_unreachable", "Of these, those that could not be had the last time")
            .of(level(pass.unreachable)),
    ]
}

#[cfg(test)]
mod tests;
