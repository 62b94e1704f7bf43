//! Pages saved as text, some of them more than once.

use std::collections::BTreeSet;

use crate::support::{Newsroom, SITE};

/// A page as it stood at noon: its story, one that it links, and the latest headlines.
const NOON: &str = "Ferries may sail again from the east quay
    After a week of fog

    HARBOUR  18 February 2024 - 12:05

    Ada Brook

    The ferries will sail again on Monday, the harbour master said.

    Pilots and crews were told at dawn.

Read also

A second crane arrives Forty metres of steel
18 February 2024 - 11:00

Latest news

    A second crane arrives

    Forty metres of steel

    18 February 2024 - 11:00

    Tide tables

    18 February 2024 - 09:00

All news
";

/// The same page an hour later: two headlines more, the oldest one gone.
const LATER: &str = "Ferries may sail again from the east quay
    After a week of fog

    HARBOUR  18 February 2024 - 12:05

    Ada Brook

    The ferries will sail again on Monday, the harbour master said.

    Pilots and crews were told at dawn.

Read also

A second crane arrives Forty metres of steel
18 February 2024 - 11:00

Latest news

    Lamps are lit on the new pier

    First night/PHOTO

    18 February 2024 - 13:30

    Ferries may sail again from the east quay

    18 February 2024 - 12:05

    A second crane arrives

    Forty metres of steel

    18 February 2024 - 11:00

All news
";

/// The page of the second crane, whose headline stood on both.
const CRANE: &str = "A second crane arrives
    Forty metres of steel

    HARBOUR  18 February 2024 - 11:00

    Benno Skirrick

    It came by barge, and it is taller than the church.

Latest news

    Tide tables

    18 February 2024 - 09:00

All news
";

fn newsroom() -> Newsroom {
    // A capture's address is made from its title.
    let site = SITE.replace("permalink = \"/{section}/{slug}/\"\n", "");
    Newsroom::new(&[("feeds.toml", site.as_str()), ("content/noon.txt", NOON)])
}

#[test]
fn a_captured_page_is_one_full_article_and_its_headlines() {
    let newsroom = newsroom();
    newsroom.regenerate_well().assert_counts(&[("read", 3), ("new", 3)]);
    let titles =
        ["Ferries may sail again from the east quay", "A second crane arrives", "Tide tables"];
    assert_eq!(newsroom.titles("latest"), titles);
    let rss = newsroom.read("public/feeds/latest.rss");
    assert!(rss.contains("The ferries will sail again on Monday"), "{rss}");
    assert!(rss.contains("Ada Brook"), "{rss}");
    assert_eq!(newsroom.titles("harbour"), titles[..1]);
}

#[test]
fn the_same_page_captured_twice_gives_no_article_twice() {
    let newsroom = newsroom();
    newsroom.regenerate_well();
    let ids = newsroom.ids("latest");
    newsroom.write("content/later.txt", LATER);
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("read", 4), ("new", 1), ("withdrawn", 0), ("parsed", 1)]);
    let titles = newsroom.titles("latest");
    assert_eq!(
        titles,
        [
            "Lamps are lit on the new pier",
            "Ferries may sail again from the east quay",
            "A second crane arrives",
            "Tide tables",
        ]
    );
    assert_eq!(newsroom.ids("latest")[1..], ids, "what was there keeps its id");
    let rss = newsroom.read("public/feeds/latest.rss");
    assert_eq!(rss.matches("The ferries will sail again on Monday").count(), 1, "{rss}");
    assert_eq!(report.complaints(), []);
    // Either page alone still names what only it named.
    newsroom.remove("content/noon.txt");
    newsroom.regenerate_well().assert_counts(&[("read", 3), ("withdrawn", 1)]);
    assert_eq!(newsroom.titles("latest"), titles[..3]);
}

#[test]
fn a_headline_becomes_the_full_article_when_its_own_page_is_captured() {
    let newsroom = newsroom();
    newsroom.regenerate_well();
    let ids = newsroom.ids("latest");
    newsroom.write("content/crane.txt", CRANE);
    newsroom.regenerate_well().assert_counts(&[("read", 3), ("new", 0), ("changed", 1)]);
    assert_eq!(newsroom.ids("latest"), ids);
    assert!(newsroom.read("public/feeds/latest.rss").contains("taller than the church"));
    newsroom.remove("content/crane.txt");
    newsroom.regenerate_well().assert_counts(&[("read", 3), ("withdrawn", 0), ("changed", 1)]);
    assert_eq!(newsroom.ids("latest"), ids);
    assert!(!newsroom.read("public/feeds/latest.rss").contains("taller than the church"));
}

#[test]
fn the_order_in_which_pages_are_captured_doesn_t_matter() {
    let pages =
        [("content/noon.txt", NOON), ("content/later.txt", LATER), ("content/crane.txt", CRANE)];
    let mut seen = BTreeSet::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let newsroom = newsroom();
        newsroom.remove("content/noon.txt");
        for page in order {
            newsroom.write(pages[page].0, pages[page].1);
            newsroom.regenerate_well();
        }
        seen.insert(newsroom.editions());
    }
    assert_eq!(seen.len(), 1, "the same bytes whatever came first");
}
