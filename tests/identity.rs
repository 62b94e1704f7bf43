//! Ids: what they survive, who may change them, and what stands before a mistake at the source. Seen
//! from outside: ids in the feeds before and after.

use std::collections::BTreeMap;

use crate::support::{Newsroom, SITE, article};

/// Enough words that a body is known again.
fn story(name: &str) -> String {
    let words: Vec<String> = (0..60).map(|n| format!("{name}{n}")).collect();
    words.join(" ")
}

/// Articles `a` … in `content/harbour/`, a day apart.
fn newsroom(count: usize) -> Newsroom {
    let files: Vec<(String, String)> = (0..count)
        .map(|n| {
            let name = format!("n{n:02}");
            let date = format!("2026-10-{:02}T08:00:00Z", n % 28 + 1);
            let text = article(&format!("Title {name}"), &date, &story(&name));
            (format!("content/harbour/{name}.md"), text)
        })
        .chain([("feeds.toml".to_owned(), SITE.to_owned())])
        .collect();
    let files: Vec<(&str, &String)> = files.iter().map(|(p, t)| (p.as_str(), t)).collect();
    Newsroom::new(&files)
}

/// Id by title.
fn ids(newsroom: &Newsroom) -> BTreeMap<String, String> {
    newsroom.titles("latest").into_iter().zip(newsroom.ids("latest")).collect()
}

/// A cold run with the content and the lock alone gives the same bytes.
fn assert_cold_is_equal(newsroom: &Newsroom) {
    let warm = newsroom.editions();
    let cold = newsroom.checkout();
    cold.regenerate_well();
    assert_eq!(cold.editions(), warm);
}

#[test]
fn an_id_survives_a_new_title_slug_path_and_bundle() {
    let newsroom = newsroom(6);
    newsroom.regenerate_well();
    let before = ids(&newsroom);
    let old = |name: &str| before[&format!("Title {name}")].clone();

    newsroom.edit("content/harbour/n00.md", "Title n00", "A new title");
    newsroom.edit("content/harbour/n01.md", "title:", "slug: another\ntitle:");
    newsroom.rename("content/harbour/n02.md", "content/harbour/renamed.md");
    newsroom.rename("content/harbour/n03.md", "content/town/moved.md");
    newsroom.rename("content/harbour/n04.md", "content/harbour/bundle/index.md");
    newsroom.rename("content/harbour/n05.md", "content/town/edited.md");
    newsroom.edit("content/town/edited.md", "n0559", "and edited a little");
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("new", 0), ("withdrawn", 0), ("changed", 6)]);

    let after = ids(&newsroom);
    assert_eq!(after["A new title"], old("n00"));
    for name in ["n01", "n02", "n03", "n04", "n05"] {
        assert_eq!(after[&format!("Title {name}")], old(name), "{name}");
    }
    assert_cold_is_equal(&newsroom);
}

#[test]
fn an_id_survives_a_new_address_of_the_site_and_a_new_permalink_pattern() {
    let newsroom = newsroom(3);
    newsroom.regenerate_well();
    let before = newsroom.ids("latest");
    newsroom.edit("feeds.toml", "https://gazette.example/", "https://news.example/");
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("new", 0), ("withdrawn", 0)]);
    assert_eq!(newsroom.ids("latest"), before);
    assert!(newsroom.read("public/feeds/latest.rss").contains("<link>https://news.example/"));
    assert_cold_is_equal(&newsroom);
}

#[test]
fn an_article_that_starts_or_stops_naming_an_id_keeps_its_own() {
    let newsroom = newsroom(2);
    newsroom.regenerate_well();
    let before = ids(&newsroom);
    newsroom.edit("content/harbour/n00.md", "title:", "id: urn:desk:7\ntitle:");
    newsroom.regenerate_well().assert_counts(&[("new", 0), ("withdrawn", 0)]);
    assert_eq!(ids(&newsroom), before);
    assert!(newsroom.read("feeds.lock").contains("id\turn:desk:7\t"));
    assert_cold_is_equal(&newsroom);
    newsroom.edit("content/harbour/n00.md", "id: urn:desk:7\n", "");
    newsroom.regenerate_well();
    assert_eq!(ids(&newsroom), before);
    assert!(!newsroom.read("feeds.lock").contains("\nid\t"), "{}", newsroom.read("feeds.lock"));
}

#[test]
fn a_copy_is_a_new_article_and_what_comes_back_is_the_old_one() {
    let newsroom = newsroom(4);
    newsroom.regenerate_well();
    let before = ids(&newsroom);
    let text = newsroom.read("content/harbour/n00.md");
    newsroom.write("content/harbour/copy.md", &text);
    newsroom.regenerate_well().assert_counts(&[("new", 1), ("withdrawn", 0)]);
    assert_eq!(newsroom.ids("latest").len(), 5);
    newsroom.remove("content/harbour/copy.md");
    let gone = newsroom.read("content/harbour/n01.md");
    newsroom.remove("content/harbour/n01.md");
    newsroom.regenerate_well().assert_counts(&[("withdrawn", 2)]);
    newsroom.write("content/elsewhere/back.md", &gone);
    newsroom.regenerate_well().assert_counts(&[("new", 1)]);
    assert_eq!(ids(&newsroom), before);
    assert_cold_is_equal(&newsroom);
}

#[test]
fn a_rename_before_a_cold_run_is_seen_through_the_manifest() {
    let newsroom = newsroom(4);
    newsroom.regenerate_well();
    let before = ids(&newsroom);
    newsroom.remove(".feedwright");
    newsroom.rename("content/harbour/n02.md", "content/town/renamed.md");
    newsroom.regenerate_well();
    assert_eq!(ids(&newsroom), before);
    assert!(newsroom.read("feeds.lock").contains("\nid\t"));
    assert_cold_is_equal(&newsroom);
}

#[test]
fn two_articles_with_one_derived_id_are_both_published() {
    let newsroom = Newsroom::new(&[
        ("feeds.toml", SITE.replace("/{section}/{slug}/", "/{slug}/").as_str()),
        ("content/2023/foo.md", &article("Foo", "2023-01-01", &story("a"))),
        ("content/2024/foo.md", &article("Foo again", "2024-01-01", &story("b"))),
    ]);
    // Both have one link too until the pattern tells them apart.
    assert_eq!(newsroom.regenerate().complaints().len(), 1);
    newsroom.edit("feeds.toml", "\"/{slug}/\"", "\"/{year}/{slug}/\"");
    newsroom.regenerate_well();
    let ids = newsroom.ids("latest");
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&"https://gazette.example/foo/".to_owned()), "{ids:?}");
    assert_cold_is_equal(&newsroom);
}

#[test]
fn a_folder_that_is_empty_all_at_once_is_held_until_that_is_accepted() {
    let newsroom = newsroom(12);
    newsroom.regenerate_well();
    let before = newsroom.editions();
    newsroom.rename("content/harbour", "aside");
    for _ in 0..2 {
        let report = newsroom.regenerate();
        assert_eq!(report.status, 1);
        report.assert_counts(&[("withdrawn", 0), ("read", 12)]);
        assert_eq!(report.held(), ["loss newsroom 12 feedwright regenerate --accept loss"]);
        assert_eq!(newsroom.editions(), before);
    }
    assert!(newsroom.feedwright(&["status"]).stdout.contains("--accept loss"));
    // The disk is there again.
    newsroom.rename("aside", "content/harbour");
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("new", 0), ("changed", 0), ("withdrawn", 0)]);
    assert_eq!(newsroom.editions(), before);
    // Meant this time.
    newsroom.remove("content/harbour");
    newsroom.regenerate();
    let ended = newsroom.feedwright(&["regenerate", "--accept", "loss"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(newsroom.ids("latest").is_empty());
}

#[test]
fn accepting_releases_what_was_shown_and_no_more() {
    let newsroom = newsroom(24);
    newsroom.regenerate_well();
    for n in 0..12 {
        newsroom.remove(&format!("content/harbour/n{n:02}.md"));
    }
    assert_eq!(newsroom.regenerate().status, 1);
    for n in 12..24 {
        newsroom.remove(&format!("content/harbour/n{n:02}.md"));
    }
    let ended = newsroom.feedwright(&["regenerate", "--accept", "loss"]);
    assert_eq!(ended.status, 1, "{}", ended.stdout);
    assert_eq!(newsroom.ids("latest").len(), 12);
}

#[test]
fn drafts_and_expiries_meet_no_guard() {
    let newsroom = newsroom(16);
    newsroom.regenerate_well();
    for n in 0..6 {
        newsroom.edit(&format!("content/harbour/n{n:02}.md"), "title:", "draft: true\ntitle:");
    }
    for n in 6..13 {
        newsroom.edit(
            &format!("content/harbour/n{n:02}.md"),
            "title:",
            "expiryDate: 2026-11-01\ntitle:",
        );
    }
    newsroom.regenerate_well();
    assert_eq!(newsroom.ids("latest").len(), 3);
}

#[test]
fn a_lock_that_contradicts_what_is_published_is_held_until_that_is_accepted() {
    let newsroom = newsroom(3);
    newsroom.regenerate_well();
    let before = ids(&newsroom);
    let old = before["Title n01"].clone();
    newsroom.write("feeds.lock", newsroom.read("feeds.lock") + &format!("id\t{old}\turn:new:1\n"));
    newsroom.edit("content/harbour/n01.md", "n010 ", "edited ");
    newsroom.edit("content/harbour/n02.md", "n020 ", "edited ");
    let report = newsroom.regenerate();
    assert_eq!(report.status, 1);
    report.assert_counts(&[("changed", 0)]);
    assert_eq!(ids(&newsroom), before);
    assert_eq!(report.held(), ["ids newsroom 1 feedwright regenerate --accept ids"]);
    let ended = newsroom.feedwright(&["regenerate", "--accept", "ids"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let after = ids(&newsroom);
    assert_eq!(after["Title n01"], "urn:new:1");
    assert_eq!(after["Title n02"], before["Title n02"]);
}

#[test]
fn a_bulk_change_is_published_and_held_from_being_announced() {
    let newsroom = newsroom(24);
    newsroom.regenerate_well();
    for n in 0..24 {
        newsroom.edit(&format!("content/harbour/n{n:02}.md"), "Title", "Headline");
    }
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("changed", 24), ("announced", 0)]);
    assert_eq!(report.held(), ["change  24 feedwright regenerate --accept change"]);
    assert!(newsroom.titles("latest").iter().all(|t| t.starts_with("Headline")));
    assert_eq!(newsroom.feedwright(&["regenerate", "--accept", "change"]).status, 0);
    assert!(newsroom.regenerate_well().held().is_empty());
}

#[test]
fn locked_publishes_nothing_while_the_lock_lacks_a_line() {
    let newsroom = newsroom(2);
    let ended = newsroom.feedwright(&["regenerate", "--locked"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("base\thttps://gazette.example/"), "{}", ended.stderr);
    assert!(!newsroom.exists("feeds.lock") && !newsroom.exists("public/feeds.json"));
    newsroom.regenerate_well();
    assert_eq!(newsroom.feedwright(&["regenerate", "--locked"]).status, 0);
    newsroom.write("content/harbour/undated.md", "---\ntitle: Undated\n---\n\nText.\n");
    let ended = newsroom.feedwright(&["regenerate", "--locked"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("seen\t"), "{}", ended.stderr);
    assert_eq!(newsroom.ids("latest").len(), 2);
}

#[test]
fn a_dry_run_tells_what_subscribers_would_see_again_and_changes_nothing() {
    let newsroom = newsroom(4);
    newsroom.regenerate_well();
    let files = |n: &Newsroom| crate::support::files(&n.path("."));
    let before = files(&newsroom);
    newsroom.edit("feeds.toml", "https://gazette.example/", "http://gazette.example/");
    let ended = newsroom.feedwright(&["regenerate", "--dry-run"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("latest: 0 new, 4 updated, 0 withdrawn, 0 shown again"));
    newsroom.edit("feeds.toml", "http://gazette.example/", "https://gazette.example/");
    // Without lock and state the address decides the ids, and nothing but the manifest knows better.
    newsroom.edit("content/harbour/n00.md", "n000 ", "edited ");
    let ended = newsroom.feedwright(&["regenerate", "--dry-run"]);
    assert!(ended.stdout.contains("harbour: 0 new, 1 updated, 0 withdrawn, 0 shown again"));
    newsroom.edit("content/harbour/n00.md", "edited ", "n000 ");
    assert_eq!(files(&newsroom), before);
}

#[test]
fn a_lost_state_and_an_empty_folder_take_nothing_back() {
    let newsroom = newsroom(4);
    newsroom.regenerate_well();
    let before = newsroom.editions();
    newsroom.remove(".feedwright");
    newsroom.rename("content/harbour", "aside");
    let ended = newsroom.feedwright(&["regenerate"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("none of the 4 articles"), "{}", ended.stderr);
    assert_eq!(newsroom.editions(), before);
    newsroom.rename("aside", "content/harbour");
    newsroom.regenerate_well();
    assert_eq!(newsroom.editions(), before);
}

#[test]
fn an_article_that_is_moved_retitled_and_edited_at_once_is_the_same() {
    let newsroom = newsroom(3);
    newsroom.write("content/harbour/short.md", article("Short", "2026-10-20T08:00:00Z", "A line."));
    newsroom.regenerate_well();
    let before = ids(&newsroom);
    newsroom.rename("content/harbour/n01.md", "content/town/elsewhere.md");
    newsroom.edit("content/town/elsewhere.md", "Title n01", "A better title");
    newsroom.edit("content/town/elsewhere.md", "n0130", "another");
    newsroom.rename("content/harbour/short.md", "content/town/brief.md");
    newsroom.edit("content/town/brief.md", "title: Short", "title: Brief");
    newsroom.regenerate_well().assert_counts(&[("new", 0), ("changed", 2), ("withdrawn", 0)]);
    let after = ids(&newsroom);
    assert_eq!(after["A better title"], before["Title n01"]);
    assert_eq!(after["Brief"], before["Short"]);
    assert_cold_is_equal(&newsroom);
    // Another story of the same time is another story.
    newsroom.remove("content/town/brief.md");
    newsroom.write("content/town/new.md", article("New", "2026-10-20T08:00:00Z", "Of others."));
    newsroom.regenerate_well().assert_counts(&[("new", 1), ("withdrawn", 1)]);
}
