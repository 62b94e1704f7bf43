//! The admin listener of a running `serve`: what an operator sees at three in the morning, and runs on
//! demand.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use serde_json::{Value, json};

use crate::support::{Newsroom, Response, SITE, Service, article, get, post, wait_for};

/// Nothing comes by itself: no schedule, no watcher.
const STILL: &str = "\n[schedule]\ncron = \"none\"\nwatch = false\nlook = \"none\"\n";

fn still(newsroom: Newsroom) -> Newsroom {
    newsroom.write("feeds.toml", format!("{SITE}{STILL}"));
    newsroom
}

fn object(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_else(|e| panic!("{e}: {response:?}"))
}

fn status(service: &Service) -> Value {
    object(&get(service.admin, "/status", &[]))
}

/// The number of a series; `None` where there is no such series.
fn number(service: &Service, series: &str) -> Option<f64> {
    let text = get(service.admin, "/metrics", &[]).text();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

fn regenerate(service: &Service, wish: &Value) -> Response {
    post(service.admin, "/regenerate", "application/json", &wish.to_string())
}

/// Waits for the run, too.
fn regenerate_and_wait(service: &Service, accept: &[&str]) -> Value {
    let response = regenerate(service, &json!({ "accept": accept, "wait": true }));
    assert_eq!(response.status, 200, "{response:?}");
    object(&response)
}

#[test]
fn status_is_what_the_command_prints_and_what_only_the_service_knows() {
    let newsroom = still(Newsroom::sample());
    newsroom.write("content/town/soon.md", article("Soon", "2099-01-01T12:00:00Z", "Wait."));
    let service = Service::ready(&newsroom);
    let printed = newsroom.feedwright(&["--format", "json", "status"]);
    assert_eq!(printed.status, 0, "{printed:?}");
    let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
    let mut told = status(&service);
    let serve = told.as_object_mut().unwrap().remove("serve").unwrap();
    assert_eq!(told, printed);
    assert_eq!(told["last"]["command"], "serve");
    assert_eq!(told["last"]["report"]["read"], 6);
    assert_eq!(told["last_good"], told["last"]["ended"]);
    assert_eq!(told["next_due"], "2099-01-01T12:00:00.000Z");
    assert_eq!(serve["worker"]["last_run"]["trigger"], "start");
    assert_eq!(serve["worker"]["watching"], json!({ "state": "off", "why": null }));
    assert_eq!(serve["shelf"]["editions"], 15);
    assert!(serve["shelf"]["bytes"].as_u64() > Some(1000), "{serve}");
    assert!(serve["connections"]["admin"]["open"].as_u64() >= Some(1), "this one: {serve}");
    // A run of somebody else's is told as well.
    newsroom.write("content/town/pump.md", article("The pump", "2026-03-06", "It drips."));
    newsroom.regenerate_well();
    wait_for("the run beside it", || {
        let told = status(&service);
        let last = &told["last"];
        (last["command"] == "regenerate" && last["report"]["read"] == 7).then_some(())
    });
    assert_eq!(number(&service, "feedwright_articles"), Some(7.0));
}

#[test]
fn what_is_held_is_told_everywhere_with_the_command_that_releases_it() {
    let newsroom = still(Newsroom::sample());
    let service = Service::ready(&newsroom);
    let series = "feedwright_held_articles{guard=\"loss\",source=\"newsroom\"}";
    assert_eq!(number(&service, series), Some(0.0));
    assert_eq!(status(&service)["held"], json!([]));
    newsroom.rename("content/harbour", "elsewhere/harbour");
    newsroom.rename("content/town", "elsewhere/town");
    let ended = regenerate_and_wait(&service, &[]);
    let release = "feedwright regenerate --accept loss";
    let ids = ended["report"]["held"][0]["ids"].clone();
    assert_eq!(ids.as_array().map(Vec::len), Some(5), "{ended}");
    let held = json!([
        { "guard": "loss", "source": "newsroom", "count": 5, "ids": ids, "release": release }
    ]);
    assert_eq!(ended["report"]["held"], held);
    assert_eq!(ended["report"]["withdrawn"], 0);
    assert_eq!(status(&service)["held"], held);
    assert_eq!(service.readyz()["held"], held);
    assert_eq!(number(&service, series), Some(5.0));
    assert_eq!(
        number(&service, "feedwright_runs_total{trigger=\"demand\",outcome=\"held\"}"),
        Some(1.0)
    );
    let line = format!("held: 5 articles of source newsroom, by the loss guard ({release})");
    assert!(service.log().contains(&line), "{}", service.log());
    for args in [&["status"][..], &["regenerate"]] {
        let ended = newsroom.feedwright(args);
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(ended.stdout.contains(&line), "{ended:?}");
    }
    let printed = newsroom.feedwright(&["--format", "json", "status"]);
    assert_eq!(serde_json::from_str::<Value>(&printed.stdout).unwrap()["held"], held);
    assert_eq!(service.get("/feeds/latest.rss", &[]).status, 200, "and all stays up");

    // A run that fails as a whole doesn't make it forgotten.
    let lock = newsroom.read("feeds.lock");
    newsroom.write("feeds.lock", format!("{lock}<<<<<<< ours\n"));
    let failed = regenerate_and_wait(&service, &[]);
    assert!(failed["failed"].as_str().unwrap().contains("conflict markers"), "{failed}");
    assert_eq!(service.readyz()["held"], held);
    newsroom.write("feeds.lock", lock);

    // Whoever releases it, it is told no more.
    let ended = newsroom.feedwright(&["regenerate", "--accept", "loss"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    wait_for("the release", || (service.readyz()["held"] == json!([])).then_some(()));
    assert_eq!(number(&service, series), Some(0.0));
}

#[test]
fn a_run_on_demand_releases_what_was_told_and_no_more() {
    let newsroom = still(Newsroom::sample());
    let service = Service::ready(&newsroom);
    newsroom.remove("content/harbour");
    newsroom.remove("content/town");
    regenerate_and_wait(&service, &[]);
    assert_eq!(service.readyz()["held"][0]["count"], 5);
    let ended = regenerate_and_wait(&service, &["loss"]);
    assert_eq!(ended["report"]["withdrawn"], 5);
    assert_eq!(ended["trigger"], "demand");
    assert_eq!(service.readyz()["held"], json!([]));
    service.wait("an empty feed", "/feeds/latest.json", |r| !r.text().contains("The bell"));
    // Nobody knows such a guard, and nothing is released by a slip.
    let refused = regenerate(&service, &json!({ "accept": ["loss", "everything"] }));
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("there are: loss, change, ids"), "{refused:?}");
}

#[test]
fn a_run_is_queued_or_joins_one_that_is() {
    let newsroom = still(Newsroom::sample());
    let service = Service::ready(&newsroom);
    newsroom.write("content/town/pump.md", article("The pump", "2026-03-06", "It drips."));
    // The run that is asked for has to wait for its turn, so that another can queue behind it.
    let turn =
        std::fs::File::options().write(true).open(newsroom.path(".feedwright/turn")).unwrap();
    turn.lock().unwrap();
    let first = regenerate(&service, &json!({}));
    assert_eq!(first.status, 202, "{first:?}");
    assert_eq!(object(&first)["queued"], json!({ "scope": "all", "accept": [] }));
    service.wait_readyz("the run", |body| body["running"]["trigger"] == "demand");
    let second = object(&regenerate(&service, &json!({ "accept": ["ids"] })));
    assert_eq!(
        (&second["joined"], &second["running"]["trigger"]),
        (&json!(false), &json!("demand"))
    );
    let third = object(&regenerate(&service, &json!({ "accept": ["loss"] })));
    assert_eq!(third["joined"], true);
    assert_eq!(third["queued"]["accept"], json!(["loss", "ids"]));
    drop(turn);
    service.wait_text("/feeds/town.json", "The pump");
    wait_for("both runs, and no third", || {
        let runs = number(&service, "feedwright_runs_total{trigger=\"demand\",outcome=\"well\"}");
        (runs == Some(2.0)).then_some(())
    });
    assert_eq!(service.readyz()["running"], Value::Null);
}

#[test]
fn numbers_follow_what_is_asked_for_and_what_goes_wrong() {
    let front = "---\ntitle: One\ndate: 2026-03-01\ntags: [Fog]\n---\n\nOne.\n";
    let newsroom = still(Newsroom::sample());
    newsroom.write("content/town/one.md", front);
    let service = Service::ready(&newsroom);
    let tag = service.get("/feeds/latest.rss", &[("Accept-Encoding", "gzip")]).etag();
    for _ in 0..3 {
        service.get("/feeds/latest.rss", &[("If-None-Match", &tag)]);
    }
    for path in ["/feeds/tag/fog.rss", "/feeds/tag/fog.rss", "/feeds/tag/none.rss"] {
        service.get(path, &[]);
    }
    service.get("/feeds/}{\"\\.rss", &[]);
    for (series, expected) in [
        ("feedwright_requests_total{kind=\"rss\",status=\"2xx\",coding=\"gzip\"}", 1.0),
        ("feedwright_requests_total{kind=\"rss\",status=\"304\",coding=\"none\"}", 3.0),
        ("feedwright_requests_total{kind=\"rss\",status=\"4xx\",coding=\"none\"}", 1.0),
        ("feedwright_lazy_feeds_total{outcome=\"made\"}", 1.0),
        ("feedwright_lazy_feeds_total{outcome=\"kept\"}", 1.0),
        ("feedwright_lazy_feeds_total{outcome=\"unknown\"}", 1.0),
        ("feedwright_runs_total{trigger=\"start\",outcome=\"well\"}", 1.0),
        ("feedwright_run_articles_total{change=\"new\"}", 6.0),
        ("feedwright_articles", 6.0),
        ("feedwright_ready", 1.0),
        ("feedwright_last_run_failures", 0.0),
    ] {
        assert_eq!(number(&service, series), Some(expected), "{series}");
    }
    let good = "feedwright_last_good_run_end_timestamp_seconds";
    let (well, sent) =
        (number(&service, good).unwrap(), "feedwright_sent_bytes_total{listener=\"public\"}");
    assert!(well > 1_700_000_000.0);
    assert!(number(&service, sent).unwrap() > 1000.0);

    newsroom.write("content/town/bell.md", "---\ntitle: [The\n---\n");
    newsroom.write("public/feeds/sport.rss", "somebody's");
    newsroom.write("content/sport/race.md", article("The race", "2026-03-06", "Uphill."));
    regenerate_and_wait(&service, &[]);
    assert_eq!(number(&service, "feedwright_problems{severity=\"error\"}"), Some(2.0));
    assert_eq!(number(&service, "feedwright_refused_editions"), Some(1.0));
    assert_eq!(service.readyz()["refused"], 1);
    let refused = &status(&service)["refused"][0];
    assert_eq!(refused["address"], "/feeds/sport.rss");
    assert!(!refused["reason"].as_str().unwrap().is_empty());
    assert_eq!(number(&service, good), Some(well), "the last good run was the one before");
    newsroom.rename("content", "elsewhere");
    regenerate_and_wait(&service, &[]);
    assert_eq!(number(&service, "feedwright_source_down{source=\"newsroom\"}"), Some(1.0));
    let partly = "feedwright_runs_total{trigger=\"demand\",outcome=\"partly\"}";
    assert_eq!(number(&service, partly), Some(2.0));
}

#[test]
fn a_lock_that_cannot_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let newsroom = still(Newsroom::sample());
    let service = Service::ready(&newsroom);
    assert_eq!(number(&service, "feedwright_unwritten_lock"), Some(0.0));
    let lock = newsroom.path("feeds.lock");
    std::fs::set_permissions(&lock, std::fs::Permissions::from_mode(0o444)).unwrap();
    newsroom.write("content/town/pump.md", article("The pump", "", "It drips."));
    regenerate_and_wait(&service, &[]);
    assert_eq!(number(&service, "feedwright_unwritten_lock"), Some(1.0));
    for told in [&status(&service)["unwritten"], &service.readyz()["unwritten"]] {
        assert!(told.as_str().unwrap().contains("feeds.lock"), "{told}");
    }
}
