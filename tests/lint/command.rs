//! `check`, as it tells of feeds: a newsroom's own, any file, and what a code means.

use serde_json::Value;

use crate::support::{Newsroom, Service, article};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_mistake_in_an_article_is_told_once_with_its_file_and_line_and_the_formats() {
    let newsroom = Newsroom::sample();
    newsroom.write(
        "content/harbour/relative.md",
        article(
            "A style",
            "2026-03-06",
            "Fog.\n\n<x-fog>dense</x-fog>\n\n<p style=\"position: fixed\">It is here.</p>",
        ),
    );
    newsroom.write("content/harbour/old.md", article("An old one", "1973-03-06", "Long ago."));
    let numbered = "---\ntitle: A number\nid: \"4711\"\ndate: 2026-03-07\n---\n\nFog.\n";
    newsroom.write("content/harbour/numbered.md", numbered);
    let report = newsroom.feedwright(&["--format", "json", "check"]).report();
    let number: Vec<_> = report
        .problems()
        .into_iter()
        .filter(|p| p.code == "feed-not-sufficiently-unique")
        .collect();
    assert_eq!(number.len(), 1, "{number:#?}");
    assert_eq!((number[0].path.as_str(), number[0].line), ("content/harbour/numbered.md", Some(3)));
    assert!(number[0].message.ends_with("(in RSS)"), "{number:#?}");
    let old: Vec<_> =
        report.problems().into_iter().filter(|p| p.code == "feed-implausible-date-past").collect();
    assert_eq!(old.len(), 1, "{old:#?}");
    assert_eq!(old[0].path, "content/harbour/old.md");
    assert!(old[0].message.ends_with("(in RSS, Atom and JSON Feed)"), "{old:#?}");
    // In the document the date is written as it isn't in any feed; an id is what it is.
    assert_eq!(report.status, 0);
}

#[test]
fn any_file_is_looked_at_without_a_configuration() {
    let newsroom = Newsroom::new(&[
        ("good.rss", include_str!("sound-rss/feed.rss")),
        ("bad.rss", include_str!("missing-element/feed.rss")),
        ("warned.rss", include_str!("missing-guid/feed.rss")),
        ("page.html", include_str!("not-a-feed/feed.html")),
    ]);
    newsroom.remove("feeds.toml");
    let good = newsroom.feedwright(&["check", "good.rss"]);
    assert_eq!((good.status, good.stdout.as_str()), (0, "good.rss: RSS, 1 entry; no problems\n"));

    let bad = newsroom.feedwright(&["check", "good.rss", "bad.rss"]);
    assert_eq!(bad.status, 1);
    assert!(
        bad.stdout.contains("bad.rss:3:1: error[feed-missing-element]: `channel` has no"),
        "{bad:?}"
    );

    assert_eq!(newsroom.feedwright(&["check", "warned.rss"]).status, 0);
    assert_eq!(newsroom.feedwright(&["check", "--strict", "warned.rss"]).status, 1);

    let page = newsroom.feedwright(&["check", "page.html"]);
    assert_eq!(page.status, 1);
    assert!(page.stdout.contains("`/feeds/latest.rss`"), "{page:?}");

    let none = newsroom.feedwright(&["check", "nothing.rss"]);
    assert_eq!(none.status, 1);
    assert!(none.stderr.contains("nothing.rss: "), "{none:?}");
}

#[test]
fn an_edition_of_ours_is_judged_as_the_newsroom_is() {
    let newsroom = Newsroom::new(&[
        (
            "content/a.md",
            "---\ntitle: A headline alone, about `&amp;amp;`\ndate: 2026-03-01\n---\n",
        ),
        ("content/b.md", "---\ntitle: Another\ndate: 2026-03-01\n---\n\nFog.\n"),
    ]);
    newsroom.regenerate_well();
    let codes = |args: &[&str]| -> Vec<(String, String)> {
        let told = json(&newsroom.feedwright(args).stdout);
        let problems = told["problems"].as_array().unwrap().clone();
        let of = |p: &Value, key: &str| p[key].as_str().unwrap().to_owned();
        let mut codes: Vec<_> =
            problems.iter().map(|p| (of(p, "severity"), of(p, "code"))).collect();
        codes.retain(|(_, code)| code.starts_with("feed-"));
        codes.sort();
        codes.dedup();
        codes
    };
    let files = ["latest.rss", "latest.atom", "latest.json"].map(|f| format!("public/feeds/{f}"));
    let mut args = vec!["--format", "json", "check"];
    args.extend(files.iter().map(String::as_str));
    assert_eq!(codes(&args), codes(&["--format", "json", "check"]));

    let told = newsroom.feedwright(&["check", &files[1]]);
    assert!(
        told.stdout.contains("on purpose, and not told: feed-contains-undeclared-html"),
        "{told:?}"
    );

    // The same bytes elsewhere are a stranger's, and so is what was changed by hand.
    let bytes = std::fs::read(newsroom.path(&files[1])).unwrap();
    newsroom.write("elsewhere.atom", &bytes);
    let told = newsroom.feedwright(&["check", "elsewhere.atom"]);
    assert!(told.stdout.contains("warning[feed-contains-undeclared-html]"), "{told:?}");
    newsroom.write(&files[1], [&bytes[..], b"\n"].concat());
    let told = newsroom.feedwright(&["check", &files[1]]);
    assert!(told.stdout.contains("warning[feed-contains-undeclared-html]"), "{told:?}");
}

#[test]
fn a_feed_without_articles_says_so_and_not_that_its_date_is_odd() {
    let newsroom = Newsroom::new::<&str>(&[]);
    newsroom.write("content/readme.csv", "");
    let told = newsroom.feedwright(&["check"]);
    assert!(told.stdout.contains("the feed has no articles yet"), "{told:?}");
    assert!(!told.stdout.contains("long before there were feeds"), "{told:?}");
}

#[test]
fn what_is_told_of_files_is_an_object_too() {
    let newsroom = Newsroom::new(&[("warned.rss", include_str!("missing-guid/feed.rss"))]);
    let ended = newsroom.feedwright(&["--format", "json", "check", "warned.rss"]);
    let told = json(&ended.stdout);
    assert_eq!(told["feeds"][0]["format"], "RSS");
    assert_eq!(told["feeds"][0]["entries"], 1);
    assert_eq!(told["problems"][0]["code"], "feed-missing-guid");
    assert_eq!(told["problems"][0]["path"], "warned.rss");
    assert!(told["problems"][0]["line"].as_u64().unwrap() > 0);
}

#[test]
fn a_code_is_explained_with_wrong_beside_right() {
    let newsroom = Newsroom::new::<&str>(&[]);
    newsroom.remove("feeds.toml");
    let told = newsroom.feedwright(&["check", "--explain", "MissingGuid"]);
    assert_eq!(told.status, 0);
    assert!(told.stdout.starts_with("feed-missing-guid\n"), "{told:?}");
    assert!(told.stdout.contains("wrong:") && told.stdout.contains("right:"), "{told:?}");

    let typo = newsroom.feedwright(&["check", "--explain", "feed-mising-guid"]);
    assert_eq!(typo.status, 2);
    assert!(typo.stderr.contains("did you mean feed-missing-guid"), "{typo:?}");
}

#[test]
fn a_url_is_looked_at_with_how_it_is_served() {
    let newsroom = Newsroom::sample();
    let service = Service::ready(&newsroom);
    let url = format!("http://{}/feeds/latest.rss", service.public);
    let told = newsroom.feedwright(&["--format", "json", "check", &url]);
    let told = json(&told.stdout);
    let codes: Vec<&str> =
        told["problems"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap()).collect();
    // It is reached elsewhere than it says; how it is served is as it should be. By its entity tag it
    // is known as ours, so that four articles have no summary isn't told.
    assert_eq!(codes, ["feed-self-doesnt-match-location"], "{told}");
    assert_eq!(told["feeds"][0]["own"], true);
    assert_eq!(told["feeds"][0]["excepted"][0], "feed-need-description-before-content");
    assert_eq!(told["feeds"][0]["entries"], 5);

    let gone = format!("http://{}/feeds/nothing.rss", service.public);
    let ended = newsroom.feedwright(&["check", &gone]);
    assert_eq!(ended.status, 1);
    assert!(ended.stdout.contains("error[feed-http-error]: the server answers 404"), "{ended:?}");

    let page = format!("http://{}/feeds/latest/", service.public);
    let ended = newsroom.feedwright(&["check", &page]);
    assert!(ended.stdout.contains("`https://feeds.gazette.example/feeds/latest.rss`"), "{ended:?}");

    let nobody = newsroom.feedwright(&["check", "http://127.0.0.1:1/"]);
    assert_eq!(nobody.status, 1);
    assert!(nobody.stderr.contains("can't be reached"), "{nobody:?}");
}
