//! Which articles a feed takes, and in which order: by their last change, for a change, by language;
//! and what is told where it takes fewer than it would.

use crate::support::{Newsroom, SITE};

fn story(date: &str, more: &str) -> String {
    format!("---\ndate: {date}\n{more}---\n\nText.\n")
}

/// Twelve articles, `n01` the oldest, a day apart; two of them changed later, one of these in another
/// section.
fn newsroom(feeds: &str) -> Newsroom {
    let newsroom = Newsroom::new(&[("feeds.toml", format!("{SITE}\n{feeds}"))]);
    for n in 1..=12 {
        let section = if n == 2 { "town" } else { "harbour" };
        let more = match n {
            1 => "title: n01\nupdated: 2026-10-12T20:00:00Z\n",
            2 => "title: n02\nupdated: 2026-10-09T20:00:00Z\n",
            _ => &format!("title: n{n:02}\n"),
        };
        let date = format!("2026-10-{n:02}T08:00:00Z");
        newsroom.write(&format!("content/{section}/n{n:02}.md"), story(&date, more));
    }
    newsroom
}

/// Where `explain` says that an article stands in a feed.
fn placed(newsroom: &Newsroom, path: &str, feed: &str) -> (Option<u64>, String) {
    let ended = newsroom.feedwright(&["--format", "json", "explain", path]);
    let told: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
    let feeds = told["articles"][0]["feeds"].as_array().cloned().unwrap_or_default();
    let place = feeds.iter().find(|f| f["feed"] == feed).cloned().unwrap_or_default();
    (place["position"].as_u64(), place["reason"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn what_was_changed_lately_comes_back_into_every_feed_that_takes_it() {
    let newsroom = newsroom(
        "[[feed]]\nname = \"plain\"\nlimit = 3\nwithin = \"0s\"\n\
         [[feed]]\nname = \"back\"\nlimit = 3\nwithin = \"0s\"\nresurface = \"2d\"\n\
         [[feed]]\nname = \"longer\"\nlimit = 3\nwithin = \"0s\"\nresurface = \"7d\"\n\
         [[feed]]\nname = \"{section}\"\neach = \"section\"\nlimit = 1\nwithin = \"0s\"\nresurface = \"7d\"\n\
         [[feed]]\nname = \"not-town\"\nnone = [\"section:town\"]\nlimit = 1\nwithin = \"0s\"\nresurface = \"7d\"\n",
    );
    newsroom.regenerate_well();
    assert_eq!(newsroom.titles("plain"), ["n12", "n11", "n10"]);
    assert_eq!(newsroom.titles("back"), ["n01", "n12", "n11", "n10"]);
    assert_eq!(newsroom.titles("longer"), ["n01", "n12", "n11", "n10", "n02"]);
    assert_eq!(newsroom.titles("harbour"), ["n01", "n12"]);
    assert_eq!(newsroom.titles("town"), ["n02"]);
    assert_eq!(newsroom.titles("not-town"), ["n01", "n12"]);
    let old = "content/harbour/n01.md";
    assert_eq!(placed(&newsroom, old, "back"), (Some(1), String::new()));
    assert_eq!(placed(&newsroom, old, "plain"), (None, "limit".to_owned()));
    // A change that is no longer near leaves again, and a cold run finds the same.
    newsroom.write("content/harbour/n15.md", story("2026-10-15T08:00:00Z", "title: n15\n"));
    newsroom.regenerate_well();
    assert_eq!(newsroom.titles("back"), ["n15", "n12", "n11"]);
    let cold = newsroom.checkout();
    cold.regenerate_well();
    assert_eq!(cold.editions(), newsroom.editions());
}

#[test]
fn a_feed_can_be_ordered_by_the_last_change() {
    let newsroom = newsroom(
        "[[feed]]\nname = \"living\"\norder = \"updated\"\nlimit = 2\nwithin = \"2d\"\n\
         [[feed]]\nname = \"{section}\"\neach = \"section\"\norder = \"updated\"\nlimit = 2\nwithin = \"0s\"\n\
         [[feed]]\nname = \"fresh\"\norder = \"updated\"\nmax_entry_age = \"3d\"\n",
    );
    newsroom.regenerate_well();
    assert_eq!(newsroom.titles("living"), ["n01", "n12", "n11"]);
    assert_eq!(newsroom.titles("harbour"), ["n01", "n12"]);
    assert_eq!(newsroom.titles("fresh"), ["n01", "n12", "n11", "n10", "n02"]);
    assert_eq!(placed(&newsroom, "content/harbour/n01.md", "living").0, Some(1));
    assert_eq!(placed(&newsroom, "content/harbour/n09.md", "living").1, "limit");
    assert_eq!(placed(&newsroom, "content/harbour/n09.md", "fresh").1, "age");
}

#[test]
fn feeds_select_by_language() {
    let newsroom = Newsroom::new(&[
        (
            "feeds.toml",
            format!(
                "{SITE}\n[[feed]]\nname = \"en\"\nall = [\"language:en\"]\n\
                 [[feed]]\nname = \"pt\"\nany = [\"language:pt\", \"language:az\"]\n\
                 [[feed]]\nname = \"brazil\"\nany = [\"language:pt-BR\"]\n\
                 [[feed]]\nname = \"others\"\nnone = [\"language:en\"]\n"
            ),
        ),
        ("content/a.md", story("2026-10-01T08:00:00Z", "title: A\n")),
        ("content/b.md", story("2026-10-02T08:00:00Z", "title: B\nlanguage: pt-BR\n")),
        ("content/c.md", story("2026-10-03T08:00:00Z", "title: C\nlang: az\n")),
        ("content/d.md", story("2026-10-04T08:00:00Z", "title: D\nlang: pt\n")),
    ]);
    newsroom.regenerate_well();
    assert_eq!(newsroom.titles("en"), ["A"]);
    assert_eq!(newsroom.titles("pt"), ["D", "C", "B"]);
    assert_eq!(newsroom.titles("brazil"), ["B"]);
    assert_eq!(newsroom.titles("others"), ["D", "C", "B"]);
    assert!(!newsroom.read("public/feeds/pt.rss").contains("<category"));
    assert_eq!(placed(&newsroom, "content/a.md", "pt").1, "selection");
    // A feed that begins to select by language has every document read again.
    newsroom.write(
        "feeds.toml",
        format!("{}\n[[feed]]\nname = \"all\"\n", SITE.replace("\"en\"", "\"az\"")),
    );
    newsroom.regenerate_well();
    newsroom.write(
        "feeds.toml",
        format!(
            "{}\n[[feed]]\nname = \"az\"\nall = [\"language:az\"]\n",
            SITE.replace("\"en\"", "\"az\"")
        ),
    );
    newsroom.regenerate_well();
    assert_eq!(newsroom.titles("az"), ["C", "A"]);
}

#[test]
fn where_max_bytes_cuts_is_told() {
    let newsroom = newsroom(
        "[[feed]]\nname = \"heavy\"\nmax_bytes = \"2KB\"\n[[feed]]\nname = \"light\"\nmax_bytes = \"1MB\"\n",
    );
    let told: Vec<String> = newsroom
        .regenerate_well()
        .problems()
        .into_iter()
        .filter(|p| p.code == "feed-cut")
        .map(|p| p.message)
        .collect();
    assert_eq!(newsroom.titles("heavy").len(), 10);
    let expected = "the oldest 2 articles that the feed \"heavy\" would hold are left out: it has \
                    `max_bytes`, 2000 bytes";
    assert_eq!(told, [expected]);
}
