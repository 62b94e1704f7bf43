//! What the commands say to a person: sentences that are true of what happened, and complete.

use crate::support::{Newsroom, Service, article};

fn two() -> Newsroom {
    Newsroom::new(&[
        ("content/a.md", article("Fog", "2026-03-01", "It came at noon.")),
        ("content/b.md", article("Rain", "2026-03-02", "It came at one.")),
    ])
}

#[test]
fn lock_counts_the_lines_of_each_kind() {
    let newsroom = two();
    newsroom.regenerate_well();
    let more = "gone\thttps://gazette.example/c/\t2026-03-01T10:00:00Z\nlater\tx\ty\nlater\tz\n";
    newsroom.write("feeds.lock", newsroom.read("feeds.lock") + more);
    let told = newsroom.feedwright(&["lock"]).stdout;
    assert!(told.contains("gone       1 withdrawn article that "), "{told}");
    assert!(told.contains("unknown    2 lines of the kind later, kept as they are"), "{told}");
    let told = newsroom.feedwright(&["--format", "json", "lock"]).stdout;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["gone"], &told["unknown"]["later"]), (&1.into(), &2.into()));
}

#[test]
fn a_feed_without_history_is_answered_with_those_that_have_one() {
    let newsroom = two();
    newsroom.regenerate_well();
    let ended = newsroom.feedwright(&["history", "nonesuch"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("there is of latest"), "{ended:?}");
    let ended = newsroom.feedwright(&["history", "latst"]);
    assert!(ended.stderr.contains("near it are: latest"), "{ended:?}");
    let ended = newsroom.feedwright(&["history", "latest", "--most", "0"]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("write a whole number, from 1 on"), "{ended:?}");
}

#[test]
fn notes_of_a_kind_are_folded_until_all_are_asked_for() {
    let newsroom = two();
    for n in 0..30 {
        let page = "<!doctype html><title>List</title><body><ul><li><a href=/a/>Fog</a></ul>";
        newsroom.write(&format!("content/list{n}/index.html"), page);
    }
    let count = |text: &str| text.matches("note[page-not-article]").count();
    let run = newsroom.feedwright(&["regenerate"]);
    assert_eq!(count(&run.stderr), 10, "{run:?}");
    let check = newsroom.feedwright(&["check"]);
    assert_eq!(count(&check.stdout), 10, "{check:?}");
    let folded = "… and 20 more of [page-not-article]; `feedwright check --all` shows all";
    assert!(run.stderr.contains(folded) && check.stdout.contains(folded), "{check:?}");
    assert_eq!(count(&newsroom.feedwright(&["check", "--all"]).stdout), 30);
}

#[test]
fn a_note_about_the_configuration_counts_in_every_command() {
    let newsroom = two();
    let config = newsroom.read("feeds.toml");
    let without: Vec<&str> = config.lines().filter(|l| !l.starts_with("base_url")).collect();
    newsroom.write("feeds.toml", without.join("\n") + "\n");
    let run = newsroom.feedwright(&["regenerate"]);
    assert!(run.stderr.contains("note[base-url-missing]"), "{run:?}");
    assert!(run.stdout.contains("; 1 note; "), "{run:?}");
    let status = newsroom.feedwright(&["status"]);
    assert!(status.stdout.contains("; 1 note; "), "{status:?}");
    assert!(status.stdout.contains("note[base-url-missing]"), "{status:?}");
}

#[test]
fn a_run_that_learned_says_of_how_much() {
    let live = two();
    let service = Service::ready(&live);
    let newsroom = live.checkout();
    let url = format!("http://{}/", service.public);
    let ended = newsroom.feedwright(&["regenerate", "--learn", &url]);
    assert!(ended.stdout.starts_with("learned of 2 published articles; 2 articles"), "{ended:?}");
}

#[test]
fn a_dry_run_names_the_articles_that_a_guard_holds() {
    let newsroom = two();
    newsroom.regenerate_well();
    let id = "id\thttps://gazette.example/a/\thttps://gazette.example/other/\n";
    newsroom.write("feeds.lock", newsroom.read("feeds.lock") + id);
    let ended = newsroom.feedwright(&["regenerate", "--dry-run"]);
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(ended.stderr.contains("by the ids guard: https://gazette.example/a/"), "{ended:?}");
}

#[test]
fn marks_of_direction_are_left_out_at_a_terminal() {
    let title = "\u{200f}\u{2067}ضباب\u{2069} في الميناء\u{200f}";
    let newsroom = Newsroom::new(&[("content/a.md", article(title, "2026-03-01", "خبر"))]);
    newsroom.regenerate_well();
    let told = newsroom.feedwright(&["history", "latest"]).stdout;
    assert!(told.contains("came     ضباب في الميناء\n"), "{told}");
}

#[test]
fn one_is_no_plural() {
    let newsroom = Newsroom::new(&[("content/a.md", article("Fog", "2026-03-01", "x"))]);
    let told = newsroom.feedwright(&["check"]).stdout;
    assert!(told.contains("1 article read; "), "{told}");
    let ended = newsroom.feedwright(&["regenerate", "--locked"]);
    assert!(!ended.stderr.contains(" 1 lines"), "{ended:?}");
}
