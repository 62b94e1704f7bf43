//! `feedwright lock`: what it tells, and that pruning takes out only what nothing can ask for.

use crate::support::{Ended, Newsroom, Service, article};

/// Enough words that a body is known again.
fn story(name: &str) -> String {
    let words: Vec<String> = (0..60).map(|n| format!("{name}{n}")).collect();
    words.join(" ")
}

/// Articles, each of which has moved once, so that it has a line; published.
fn moved(names: &[&str]) -> Newsroom {
    let files: Vec<(String, String)> = names
        .iter()
        .map(|name| {
            let text = article(&format!("The {name}"), "2026-03-01", &story(name));
            (format!("content/harbour/{name}.md"), text)
        })
        .collect();
    let files: Vec<(&str, &String)> = files.iter().map(|(p, t)| (p.as_str(), t)).collect();
    let newsroom = Newsroom::new(&files);
    newsroom.regenerate_well();
    for name in names {
        newsroom.rename(&format!("content/harbour/{name}.md"), &path(name));
    }
    newsroom.regenerate_well().assert_counts(&[("new", 0)]);
    for name in names {
        assert!(has_line(&newsroom, name), "{name}");
    }
    newsroom
}

fn path(name: &str) -> String {
    format!("content/town/{name}.md")
}

fn id(name: &str) -> String {
    format!("https://gazette.example/harbour/{name}/")
}

fn line(name: &str) -> String {
    format!("id\thttps://gazette.example/town/{name}/\t{}", id(name))
}

fn has_line(newsroom: &Newsroom, name: &str) -> bool {
    newsroom.read("feeds.lock").lines().any(|l| l == line(name))
}

/// Forgets what was withdrawn lately, as thirty days do.
fn forget(newsroom: &Newsroom) {
    newsroom.remove(".feedwright");
    newsroom.regenerate();
}

fn prune(newsroom: &Newsroom) -> Ended {
    newsroom.feedwright(&["lock", "--prune"])
}

fn prune_well(newsroom: &Newsroom) -> String {
    let ended = prune(newsroom);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{ended:?}");
    ended.stdout
}

#[test]
fn a_line_whose_article_is_gone_is_dropped_and_told_and_nothing_else() {
    let newsroom = moved(&["wall", "seal"]);
    newsroom.write("content/town/bell.md", article("The bell", "", &story("bell")));
    newsroom.write("content/town/pump.md", article("The pump", "", &story("pump")));
    newsroom.regenerate_well();
    let lock = newsroom.read("feeds.lock") + "future\tkept\nfeed\told\turn:feeds:1\n";
    newsroom.write("feeds.lock", &lock);
    newsroom.remove(&path("wall"));
    newsroom.remove("content/town/pump.md");
    newsroom.regenerate_well();
    // Withdrawn today, it may be back tomorrow.
    assert_eq!(prune_well(&newsroom), "0 lines dropped\n");
    forget(&newsroom);
    let before = newsroom.read("feeds.lock");
    let ended = newsroom.feedwright(&["lock", "--prune", "--dry-run"]);
    assert!(ended.stdout.ends_with("2 lines would be dropped\n"), "{ended:?}");
    assert_eq!(newsroom.read("feeds.lock"), before);
    let told = prune_well(&newsroom);
    assert!(told.contains("/town/wall/") && told.contains("/town/pump/"), "{told}");
    assert!(told.ends_with("2 lines dropped\n"), "{told}");
    let dropped: Vec<&str> = before
        .lines()
        .filter(|l| !l.contains("/town/wall/") && !l.contains("/town/pump/"))
        .collect();
    let mut left: Vec<&str> = dropped[1..].to_vec();
    left.sort_unstable();
    assert_eq!(newsroom.read("feeds.lock").lines().skip(1).collect::<Vec<_>>(), left);
    assert_eq!(prune_well(&newsroom), "0 lines dropped\n");
    // All goes on as before, here and elsewhere.
    newsroom.regenerate_well().assert_counts(&[("new", 0), ("written", 0)]);
    let cold = newsroom.checkout();
    cold.regenerate_well();
    assert_eq!(cold.editions(), newsroom.editions());
}

#[test]
fn what_is_not_out_now_and_may_be_again_keeps_its_line() {
    let names = ["draft", "hidden", "embargo", "expired", "members", "folder", "undated"];
    let newsroom = moved(&names);
    let says = |name: &str, what: &str| {
        newsroom.edit(&path(name), "title:", &format!("{what}\ntitle:"));
    };
    says("draft", "draft: true");
    says("hidden", "status: private");
    newsroom.edit(&path("embargo"), "date: 2026-03-01", "date: 2099-01-01");
    says("expired", "expires: 2026-04-01");
    says("members", "visibility: members");
    newsroom.edit(&path("undated"), "date: 2026-03-01\n", "");
    newsroom.regenerate_well();
    says("undated", "draft: true");
    newsroom.rename(&path("folder"), "content/_drafts/folder.md");
    newsroom.regenerate_well();
    newsroom.rename("content/_drafts/folder.md", &path("folder"));
    says("folder", "published: false");
    forget(&newsroom);
    assert_eq!(prune_well(&newsroom), "0 lines dropped\n");
    for name in names {
        newsroom.write(&path(name), article(&format!("The {name}"), "2026-05-01", "Otherwise."));
    }
    // Even where nothing but the repository is left.
    let cold = newsroom.checkout();
    cold.regenerate_well();
    let mut ids = cold.ids("latest");
    ids.sort();
    let mut expected: Vec<String> = names.iter().map(|name| id(name)).collect();
    expected.sort();
    assert_eq!(ids, expected);
}

#[test]
fn nothing_is_dropped_while_an_article_can_not_be_read() {
    let newsroom = moved(&["wall", "seal", "mud"]);
    newsroom.remove(&path("wall"));
    newsroom.write(&path("seal"), "---\ntitle: [Broken\n---\n\nText.\n");
    newsroom.regenerate();
    // The state has its last good version.
    assert_eq!(prune_well(&newsroom), "0 lines dropped\n");
    newsroom.remove(".feedwright");
    newsroom.remove("public");
    newsroom.regenerate();
    let refused = prune(&newsroom);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("content/town/seal.md can't be read"), "{refused:?}");
    assert!(has_line(&newsroom, "wall") && has_line(&newsroom, "seal"));
    newsroom.write(&path("seal"), article("The seal", "2026-03-01", &story("seal")));
    assert!(prune_well(&newsroom).ends_with("1 line dropped\n"));
    assert!(!has_line(&newsroom, "wall") && has_line(&newsroom, "seal"));
}

#[test]
fn nothing_is_dropped_while_a_source_is_down_or_empty_or_a_guard_holds() {
    let newsroom = moved(&["wall", "seal"]);
    newsroom.rename("content", "aside");
    let refused = prune(&newsroom);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("so none is dropped"), "{refused:?}");
    newsroom.write("content/keep", "");
    newsroom.regenerate();
    let refused = prune(&newsroom);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(
        refused.stderr.contains("the guard \"loss\" holds 2 articles of newsroom"),
        "{refused:?}"
    );
    // On a machine that knows nothing, as in CI: a submodule that wasn't checked out.
    let cold = newsroom.checkout();
    let refused = prune(&cold);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("\"newsroom\" holds nothing at all"), "{refused:?}");
    assert_eq!(cold.read("feeds.lock"), newsroom.read("feeds.lock"));
    assert!(!cold.exists(".feedwright") && !cold.exists("public"));
    assert!(has_line(&newsroom, "wall") && has_line(&newsroom, "seal"));
}

#[test]
fn what_is_published_keeps_its_line_though_the_state_is_lost() {
    let newsroom = moved(&["wall", "seal"]);
    newsroom.remove(".feedwright");
    let text = newsroom.read(&path("wall"));
    newsroom.remove(&path("wall"));
    assert_eq!(prune_well(&newsroom), "0 lines dropped\n");
    newsroom.write(&path("wall"), text);
    newsroom.regenerate_well();
    assert!(newsroom.ids("latest").contains(&id("wall")));
}

#[test]
fn what_a_union_merge_left_over_is_dropped() {
    let newsroom = moved(&["wall"]);
    let stale = format!("id\thttps://gazette.example/elsewhere/\t{}", id("wall"));
    newsroom.write("feeds.lock", newsroom.read("feeds.lock") + &stale + "\n");
    newsroom.regenerate_well();
    assert!(prune_well(&newsroom).ends_with("1 line dropped\n"));
    assert!(has_line(&newsroom, "wall") && !newsroom.read("feeds.lock").contains(&stale));
}

#[test]
fn a_lock_that_may_not_be_written_or_can_not_be_obeyed_is_left_alone() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let newsroom = moved(&["wall", "seal"]);
    newsroom.remove(&path("wall"));
    newsroom.regenerate_well();
    forget(&newsroom);
    let before = newsroom.read("feeds.lock");
    let mode = |mode| set_permissions(newsroom.path("feeds.lock"), Permissions::from_mode(mode));
    assert!(mode(0o444).is_ok());
    let refused = prune(&newsroom);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("can't be written") && refused.stderr.contains("nothing is"));
    assert_eq!(newsroom.feedwright(&["lock", "--prune", "--dry-run"]).status, 0);
    assert!(mode(0o644).is_ok());
    newsroom.write("feeds.lock", format!("{before}<<<<<<< HEAD\n"));
    for args in [&["lock", "--prune"][..], &["lock"]] {
        let refused = newsroom.feedwright(args);
        assert_eq!(refused.status, 2, "{refused:?}");
        assert!(refused.stderr.contains("conflict markers"), "{refused:?}");
    }
}

#[test]
fn pruning_beside_a_service_takes_its_turn_and_is_followed() {
    let newsroom = moved(&["wall", "seal"]);
    newsroom.remove(&path("wall"));
    newsroom.regenerate_well();
    forget(&newsroom);
    let service = Service::ready(&newsroom);
    let json = newsroom.feedwright(&["--format", "json", "lock", "--prune"]);
    assert_eq!(json.status, 0, "{json:?}");
    let expected = format!("{{\"dropped\":[{:?}],\"dry_run\":false}}\n", line("wall"));
    assert_eq!(json.stdout, expected);
    newsroom.write(&path("bell"), article("The bell", "2026-03-02", "Loud."));
    service.wait_text("/feeds/latest.json", "The bell");
    assert!(!has_line(&newsroom, "wall") && has_line(&newsroom, "seal"));
}

#[test]
fn what_stands_in_the_lock_is_told() {
    let newsroom = Newsroom::sample();
    let none = newsroom.feedwright(&["lock"]);
    assert_eq!(none.status, 1, "{none:?}");
    assert!(none.stderr.contains("there is no feeds.lock yet"), "{none:?}");
    assert_eq!(prune_well(&newsroom), "0 lines dropped\n");
    assert!(!newsroom.exists("feeds.lock") && !newsroom.exists(".feedwright"));
    let newsroom = moved(&["wall"]);
    let told = newsroom.feedwright(&["lock"]);
    assert_eq!(
        told.stdout,
        "lock       feeds.lock\n\
         base       https://gazette.example/\n\
         links      newsroom: /{section}/{slug}/ in UTC\n\
         ids        1 of articles whose document gives another\n\
         seen       0 first sights of articles without a date\n\
         gone       0 withdrawn articles that feeds with `tombstones` tell of\n"
    );
    let json = newsroom.feedwright(&["--format", "json", "lock"]);
    assert!(json.stdout.contains("\"ids\":1,\"seen\":0,\"feeds\":{},\"doubtful\":[]"), "{json:?}");
}
