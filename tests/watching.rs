//! Watches that run out: `serve` says so once, with what would help, and looks at everything more often
//! until it is whole again. The limit is provoked by strace, which lets `inotify_add_watch` fail.

use serde_json::{Value, json};

use crate::damage::can_trace;
use crate::support::{Newsroom, SITE, Service, article, post};

/// Neither a schedule nor, as long as all is watched, a full look.
const WATCHED: &str = "\n[schedule]\ncron = \"none\"\nlook = \"none\"\n";

const SYSCTL: &str = "fs.inotify.max_user_watches";

fn newsroom() -> Newsroom {
    let newsroom = Newsroom::sample();
    newsroom.write("feeds.toml", format!("{SITE}{WATCHED}"));
    newsroom
}

fn regenerate(service: &Service) {
    let ended = post(service.admin, "/regenerate", "application/json", "{\"wait\": true}");
    assert_eq!(ended.status, 200, "{ended:?}");
}

/// How often the log names the limit.
fn said(service: &Service) -> usize {
    service.log().matches(SYSCTL).count()
}

fn assert_partial(body: &Value) {
    assert_eq!(body["watching"]["state"], "partially", "{body}");
    let why = body["watching"]["why"].as_str().unwrap_or_default();
    assert!(why.contains(SYSCTL) && why.contains("the system allows no more watches"), "{why}");
    assert_eq!(body["full_look_s"], 60);
}

#[test]
fn watches_that_are_used_up_at_the_start_are_told_once_and_looked_beyond() {
    if !can_trace() {
        return;
    }
    let newsroom = newsroom();
    // The folder of `feeds.toml`, the source, one section; the other section is one too many.
    let inject = "inject=inotify_add_watch:error=ENOSPC:when=4+";
    let service = Service::start_injected(&newsroom, inject);
    service.wait_readyz("the first run", |body| body["last_run"].is_object());
    assert_partial(&service.readyz());
    let status = crate::support::get(service.admin, "/status", &[]);
    assert!(status.text().contains(SYSCTL), "{status:?}");
    let metrics = crate::support::get(service.admin, "/metrics", &[]).text();
    for line in [
        "feedwright_watching{state=\"partially\"} 1",
        "feedwright_watching{state=\"fully\"} 0",
        "feedwright_full_look_interval_seconds 60.0",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} isn't in\n{metrics}");
    }
    // Whatever isn't watched is found by a full look, which tries to watch it, too.
    for (section, text) in [("harbour/seal", "in the dock"), ("town/bell", "It is loud")] {
        newsroom.edit(&format!("content/{section}.md"), text, "somewhere else");
    }
    regenerate(&service);
    regenerate(&service);
    for feed in ["harbour", "town"] {
        let feed = service.get(&format!("/feeds/{feed}.rss"), &[]);
        assert!(feed.text().contains("somewhere else"), "{feed:?}");
    }
    assert_partial(&service.readyz());
    assert_eq!(said(&service), 1, "{}", service.log());
    assert!(service.log().contains("a full look comes every minute"), "{}", service.log());

    service.end_injection();
    regenerate(&service);
    let body = service.readyz();
    assert_eq!(body["watching"], json!({ "state": "fully", "why": null }));
    assert_eq!(body["full_look_s"], Value::Null);
    for section in ["harbour/seal", "town/bell"] {
        newsroom.edit(&format!("content/{section}.md"), "somewhere else", "everywhere");
        let feed = section.split('/').next().unwrap_or_default();
        service.wait_text(&format!("/feeds/{feed}.rss"), "everywhere");
    }
}

#[test]
fn watches_that_are_used_up_by_a_new_folder_are_told_and_the_folder_is_looked_at() {
    if !can_trace() {
        return;
    }
    let newsroom = newsroom();
    // Everything that is there has a watch; what comes has none.
    let inject = "inject=inotify_add_watch:error=ENOSPC:when=5+";
    let service = Service::start_injected(&newsroom, inject);
    service.wait_readyz("the first run", |body| body["last_run"].is_object());
    assert_eq!(service.readyz()["watching"]["state"], "fully");
    assert_eq!(said(&service), 0);
    newsroom.write("content/sport/race.md", article("The race", "2026-03-06", "Uphill."));
    service.wait_text("/feeds/sport.rss", "The race");
    service.wait_readyz("the limit", |body| body["watching"]["state"] == "partially");
    assert_partial(&service.readyz());
    newsroom.write("content/opera/night.md", article("The night", "2026-03-07", "Late."));
    service.wait_text("/feeds/opera.rss", "The night");
    assert_eq!(said(&service), 1, "{}", service.log());
}
