//! A desk's SQLite database beside a folder of articles.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use rusqlite::Connection;

use crate::support::{Newsroom, SITE, article};

const DESK: &str = "
[[source]]
name = \"desk\"
kind = \"database\"
url = \"sqlite:desk.db\"
query = \"select id, title, url, body, section, published from stories order by id\"
";

fn newsroom() -> Newsroom {
    let newsroom = Newsroom::new(&[
        ("feeds.toml", format!("{SITE}{DESK}")),
        ("content/town/bell.md", article("The bell", "2026-03-05", "It is loud.")),
    ]);
    run(
        &newsroom,
        "create table stories (id integer primary key, title text, url text, body text,
            section text, published text);
         insert into stories values
            (1, 'The wall', '/harbour/wall/', '<p>It is up.</p>', 'Harbour', '2026-03-01T08:00:00Z'),
            (2, 'A seal', '/harbour/seal/', '<p>In the dock.</p>', 'Harbour', '2026-03-02T08:00:00Z'),
            (3, 'The mud', '/harbour/mud/', '<p>Nobody wants it.</p>', 'Harbour', '2026-03-03');",
    );
    newsroom
}

/// Does something to the desk's database.
fn run(newsroom: &Newsroom, sql: &str) {
    Connection::open(newsroom.path("desk.db")).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn rows_are_articles() {
    let newsroom = newsroom();
    newsroom.regenerate_well().assert_counts(&[("read", 4), ("new", 4), ("parsed", 4)]);
    assert_eq!(newsroom.titles("latest"), ["The bell", "The mud", "A seal", "The wall"]);
    assert_eq!(newsroom.titles("harbour"), ["The mud", "A seal", "The wall"]);
    let rss = newsroom.read("public/feeds/harbour.rss");
    assert!(rss.contains("<link>https://gazette.example/harbour/wall/</link>"), "{rss}");
    assert!(rss.contains("<p>In the dock.</p>"), "{rss}");
    newsroom.regenerate_well().assert_counts(&[
        ("opened", 3),
        ("parsed", 0),
        ("rendered", 0),
        ("written", 0),
    ]);
}

#[test]
fn a_row_that_changes_is_the_only_one_that_is_parsed() {
    let newsroom = newsroom();
    newsroom.regenerate_well();
    let (ids, before) = (newsroom.ids("latest"), newsroom.published());
    run(&newsroom, "update stories set title = 'A big seal' where id = 2");
    newsroom.regenerate_well().assert_counts(&[("parsed", 1), ("changed", 1), ("new", 0)]);
    assert_eq!(newsroom.titles("harbour"), ["The mud", "A big seal", "The wall"]);
    assert_eq!(newsroom.ids("latest"), ids);
    assert!(!newsroom.changed_since(&before).iter().any(|c| c.starts_with("feeds/town")));
}

#[test]
fn a_row_that_is_removed_is_withdrawn_and_a_new_one_is_new() {
    let newsroom = newsroom();
    newsroom.regenerate_well();
    run(
        &newsroom,
        "delete from stories where id = 3;
         insert into stories values (4, 'The ice', '/harbour/ice/', '<p>Cold.</p>', 'Harbour', '2026-03-04');",
    );
    newsroom.regenerate_well().assert_counts(&[("parsed", 1), ("withdrawn", 1), ("new", 1)]);
    assert_eq!(newsroom.titles("harbour"), ["The ice", "A seal", "The wall"]);
}

#[test]
fn a_query_that_fails_keeps_its_articles_and_lets_other_sources_go_on() {
    let newsroom = newsroom();
    newsroom.regenerate_well();
    run(&newsroom, "alter table stories rename to old_stories");
    newsroom.edit("content/town/bell.md", "It is loud.", "It is very loud.");
    let report = newsroom.regenerate();
    assert_eq!(report.status, 1, "{report:?}");
    let failures = report.failures();
    assert_eq!(failures.len(), 1, "{report:?}");
    assert!(failures[0].contains("\"desk\"") && failures[0].contains("stories"), "{failures:?}");
    report.assert_counts(&[("withdrawn", 0), ("changed", 1), ("read", 4)]);
    assert_eq!(newsroom.titles("harbour"), ["The mud", "A seal", "The wall"]);
    assert!(newsroom.read("public/feeds/latest.rss").contains("It is very loud."));
    run(&newsroom, "alter table old_stories rename to stories");
    newsroom.regenerate_well().assert_counts(&[("parsed", 0), ("written", 0)]);
}

#[test]
fn a_database_that_is_not_there_keeps_its_articles() {
    let newsroom = newsroom();
    newsroom.regenerate_well();
    let before = newsroom.editions();
    newsroom.rename("desk.db", "away.db");
    let report = newsroom.regenerate();
    assert_eq!(report.status, 1, "{report:?}");
    assert!(report.failures()[0].contains("desk.db"), "{report:?}");
    assert_eq!(newsroom.editions(), before);
    assert!(!newsroom.exists("desk.db"), "it isn't made by asking it");
    newsroom.write("desk.db", "this is no database, whatever its name says");
    assert_eq!(newsroom.regenerate().status, 1);
    assert_eq!(newsroom.editions(), before);
    newsroom.rename("away.db", "desk.db");
    newsroom.regenerate_well();
}

#[test]
fn one_story_in_the_folder_and_in_the_database_is_one_article() {
    let newsroom = newsroom();
    newsroom.write("content/harbour/wall.md", article("The wall", "2026-03-01T08:00:00Z", "Up."));
    let report = newsroom.regenerate();
    let double: Vec<_> = report.problems().into_iter().filter(|p| p.code == "link-twice").collect();
    assert_eq!((report.status, double.len()), (1, 1), "{report:?}");
    assert_eq!(double[0].path, "desk row 1");
    assert!(double[0].message.contains("content/harbour/wall.md"), "{double:?}");
    assert_eq!(newsroom.titles("harbour"), ["The mud", "A seal", "The wall"]);
    // The source that feeds.toml names first wins.
    assert!(newsroom.read("public/feeds/harbour.rss").contains("<p>Up.</p>"));
}
