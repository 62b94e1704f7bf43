use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::cli::status::LastRun;
use crate::feed::address::Address;
use crate::problem::{Code, Place, Problem};
use crate::run::{Counters, Held};

fn time(s: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(s, 250_000_000).unwrap()
}

fn shown(standing: &Standing, picture: &Picture, sources: &[&str]) -> String {
    page(&Facts {
        since: time(1_700_000_000),
        standing,
        picture,
        counts: &Counts::default(),
        lazy: &LazyCounts::default(),
        media: Pass::default(),
        editions: 14,
        shelf_bytes: 4096,
        sources,
    })
}

/// What has been in no good state for a while.
fn troubled() -> Picture {
    let held = |guard: &str, source: &str, count| Held {
        guard: guard.to_owned(),
        source: source.to_owned(),
        count,
        ids: Vec::new(),
        release: String::new(),
    };
    let down = Problem::error(&Code::new("source-down"), Place::whole("desk"), "it is down");
    let report = Report {
        counters: Counters { read: 43, ..Counters::default() },
        problems: vec![down],
        problem_counts: ProblemCounts { error: 25, warning: 2, note: 0 },
        held: vec![held("loss", "newsroom", 12), held("loss", "sold", 3), held("change", "", 40)],
        failures: vec!["desk is down".to_owned()],
        took_ms: 1412,
        ..Report::default()
    };
    let refused = Address::parse("/feeds/latest.rss").map(|address| (address, "…".to_owned()));
    Picture {
        last: Some(LastRun {
            ended: time(1_700_000_900),
            command: "regenerate".to_owned(),
            report,
        }),
        last_good: Some(time(1_700_000_300)),
        refused: refused.into_iter().collect(),
        databases: Vec::new(),
    }
}

#[test]
fn what_waits_for_an_operator_is_a_number_by_guard_and_source() {
    let standing = Standing {
        watching: Watching::Partial("no more watches".to_owned()),
        full_look: Some(Duration::from_secs(60)),
        ..Standing::default()
    };
    let text = shown(&standing, &troubled(), &["newsroom", "desk"]);
    for line in [
        "feedwright_build_info{version=\"0.1.0\"} 1",
        "feedwright_start_timestamp_seconds 1700000000.25",
        "feedwright_runs_total{trigger=\"cron\",outcome=\"failed\"} 0",
        "feedwright_last_run_end_timestamp_seconds 1700000900.25",
        "feedwright_last_run_seconds 1.412",
        "feedwright_last_good_run_end_timestamp_seconds 1700000300.25",
        "feedwright_last_run_failures 1",
        "feedwright_articles 43",
        "feedwright_problems{severity=\"error\"} 25",
        "feedwright_problems{severity=\"warning\"} 2",
        "feedwright_held_articles{guard=\"loss\",source=\"newsroom\"} 12",
        "feedwright_held_articles{guard=\"loss\",source=\"desk\"} 0",
        "feedwright_held_articles{guard=\"loss\",source=\"sold\"} 3",
        "feedwright_held_articles{guard=\"ids\",source=\"newsroom\"} 0",
        "feedwright_held_articles{guard=\"change\",source=\"\"} 40",
        "feedwright_source_down{source=\"newsroom\"} 0",
        "feedwright_source_down{source=\"desk\"} 1",
        "feedwright_refused_editions 1",
        "feedwright_unwritten_lock 0",
        "feedwright_watching{state=\"fully\"} 0",
        "feedwright_watching{state=\"partially\"} 1",
        "feedwright_full_look_interval_seconds 60.0",
        "feedwright_connections_limit{listener=\"public\"} 10000",
        "feedwright_lazy_feeds_total{outcome=\"busy\"} 0",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} isn't in\n{text}");
    }
}

#[test]
fn before_any_run_every_number_is_there_and_times_are_0() {
    let text = shown(&Standing::default(), &Picture::default(), &["newsroom"]);
    for line in [
        "feedwright_last_good_run_end_timestamp_seconds 0.0",
        "feedwright_running_since_timestamp_seconds 0.0",
        "feedwright_held_articles{guard=\"loss\",source=\"newsroom\"} 0",
        "feedwright_watching{state=\"off\"} 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} isn't in\n{text}");
    }
}

/// The exposition's grammar, as far as it is used here (OpenMetrics 1.0).
#[test]
fn the_text_is_openmetrics() {
    let counts = Counts::default();
    let status = |code| http::StatusCode::from_u16(code).unwrap();
    counts.answered(Kind::Rss, status(200), Some(crate::edition::Coding::Gzip));
    counts.answered(Kind::Rss, status(304), None);
    let text = page(&Facts {
        since: time(0),
        standing: &Standing::default(),
        picture: &troubled(),
        counts: &counts,
        lazy: &LazyCounts::default(),
        media: Pass::default(),
        editions: 0,
        shelf_bytes: 0,
        // No name has these, but a label's value may.
        sources: &["a\"b\\c\nd"],
    });
    assert!(text.ends_with("\n# EOF\n"));
    assert!(text.contains(r#"source="a\"b\\c\nd""#), "{text}");
    let requests = "feedwright_requests_total{kind=\"rss\",status=\"304\",coding=\"none\"} 1\n";
    assert!(text.contains(requests), "{text}");
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut family = "";
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(of) = line.strip_prefix("# HELP ") {
            family = of.split(' ').next().unwrap();
            assert!(family.starts_with("feedwright_") && of.len() > family.len() + 1, "{line}");
            continue;
        }
        if let Some(of) = line.strip_prefix("# TYPE ") {
            let (name, kind) = of.split_once(' ').unwrap();
            assert_eq!(name, family);
            assert!(kinds.insert(name, kind).is_none(), "{name} is told twice");
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let suffix = series.split('{').next().unwrap().strip_prefix(family).unwrap();
        let expected = match kinds[family] {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        assert_eq!(suffix, expected, "{line}");
        assert!(!family.ends_with("_total"), "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(seen.insert(series), "{series} is told twice");
    }
    assert!(kinds.len() > 25 && seen.len() > kinds.len());

    let reference = include_str!("../../../../docs/reference/http.md");
    for (family, kind) in kinds {
        let ending = match kind {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        let name = format!("`{}{ending}`", family.trim_start_matches("feedwright_"));
        assert!(reference.contains(&name), "docs/reference/http.md doesn't tell of {name}");
    }
}
