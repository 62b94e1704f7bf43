//! `explain` and `history`: what an operator is told of one article and of one feed, over runs, moves
//! and losses, and beside a running `serve`.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Ended, Newsroom, Running, SITE, Service, article, files};

/// What `explain` tells, as JSON.
fn explain(newsroom: &Newsroom, name: &str) -> Value {
    let ended = newsroom.feedwright(&["--format", "json", "explain", name]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{name}: {ended:?}");
    serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {ended:?}"))
}

/// The one article of an explanation.
fn one<'a>(told: &'a Value, key: &str) -> &'a Value {
    let articles = told["articles"].as_array().unwrap();
    assert_eq!(articles.len(), 1, "{told:#}");
    &articles[0][key]
}

fn fact<'a>(told: &'a Value, what: &str) -> (&'a str, &'a str) {
    let facts = one(told, "facts").as_array().unwrap();
    let fact = facts.iter().find(|f| f["what"] == what);
    let fact = fact.unwrap_or_else(|| panic!("no {what}: {told:#}"));
    (fact["value"].as_str().unwrap(), fact["from"].as_str().unwrap_or_default())
}

/// Each feed, with the place or the reason.
fn feeds(told: &Value) -> Vec<String> {
    let feeds = one(told, "feeds").as_array().unwrap();
    feeds
        .iter()
        .map(|f| {
            let name = f["feed"].as_str().unwrap();
            match f["position"].as_u64() {
                Some(position) => format!("{name} {position}/{}", f["of"]),
                None => format!("{name} {}", f["reason"].as_str().unwrap()),
            }
        })
        .collect()
}

fn because(told: &Value, feed: &str) -> String {
    let feeds = one(told, "feeds").as_array().unwrap();
    let feed = feeds.iter().find(|f| f["feed"] == feed).unwrap_or_else(|| panic!("{told:#}"));
    feed["because"].as_str().unwrap().to_owned()
}

/// What happened, without the times, in which it must be ordered.
fn events(timeline: &Value) -> Vec<String> {
    let events = timeline.as_array().unwrap();
    let times: Vec<&str> = events.iter().map(|e| e["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{events:?}");
    events
        .iter()
        .map(|e| {
            let what = e["what"].as_str().unwrap();
            match e["feed"].as_str() {
                Some(feed) => format!("{what} {feed} {}", e["edition"]),
                None => what.to_owned(),
            }
        })
        .collect()
}

fn history(newsroom: &Newsroom, feed: &str) -> Value {
    let ended = newsroom.feedwright(&["--format", "json", "history", feed]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

/// Each edition, the newest first: number, entries, and the titles that came, changed and went.
fn editions(newsroom: &Newsroom, feed: &str) -> Vec<String> {
    let told = history(newsroom, feed);
    assert_eq!(told["feed"], feed);
    let titles = |list: &Value| -> String {
        let titles = list.as_array().unwrap().iter().map(|e| e["title"].as_str().unwrap());
        titles.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
    };
    let editions = told["editions"].as_array().unwrap();
    editions
        .iter()
        .map(|e| {
            let (came, changed, went) =
                (titles(&e["came"]), titles(&e["changed"]), titles(&e["went"]));
            format!("{} {} +[{came}] ~[{changed}] -[{went}]", e["edition"], e["entries"])
        })
        .collect()
}

#[track_caller]
fn assert_refused(ended: &Ended, says: &[&str]) {
    assert_eq!((ended.status, ended.stdout.as_str()), (1, ""), "{ended:?}");
    for text in says {
        assert!(ended.stderr.contains(text), "{text:?}: {ended:?}");
    }
}

#[test]
fn an_article_is_found_by_path_id_and_link_however_it_is_written() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let absolute = newsroom.path("content/harbour/wall.md");
    let names = [
        "content/harbour/wall.md",
        "./content/harbour/wall.md",
        "content/town/../harbour/wall.md",
        "harbour/wall.md",
        absolute.to_str().unwrap(),
        "https://gazette.example/harbour/wall/",
        "https://gazette.example/harbour/wall",
        "HTTPS://GAZETTE.example/harbour/wall/",
        "/harbour/wall/",
    ];
    for name in names {
        let told = explain(&newsroom, name);
        assert_eq!(one(&told, "title"), "The wall", "{name}");
        assert_eq!(fact(&told, "id").0, "https://gazette.example/harbour/wall/");
    }
    // A folder that is an article's own, and letters of other scripts.
    newsroom.write("content/town/hall/index.md", article("The hall", "2026-03-06", "High."));
    newsroom.write("content/town/письмо.md", article("A letter", "2026-03-07", "Short."));
    newsroom.regenerate_well();
    for (name, title) in [
        ("content/town/hall", "The hall"),
        ("content/town/hall/", "The hall"),
        ("content/town/письмо.md", "A letter"),
        ("https://gazette.example/town/письмо/", "A letter"),
    ] {
        assert_eq!(one(&explain(&newsroom, name), "title"), title, "{name}");
    }
}

#[test]
fn each_fact_names_where_it_came_from() {
    let newsroom = Newsroom::sample();
    newsroom.write(
        "content/harbour/named.md",
        "---\ntitle: Named\nid: tag:gazette.example,2026:1\nlink: /elsewhere/\nsummary: In short.\n\
         section: Town\ndate: 2026-03-06 10:00\nupdated: 2026-03-07\n---\n\nBody.\n",
    );
    newsroom.write("content/harbour/2026-03-08-by-path.md", article("By path", "", "Body."));
    newsroom.write("content/harbour/undated.md", article("Undated", "", "A body."));
    newsroom.write("content/harbour/_index.md", "---\ntitle: The Harbour\n---\n");
    newsroom.regenerate_well();
    let named = explain(&newsroom, "harbour/named.md");
    for (what, value) in [
        ("id", "tag:gazette.example,2026:1"),
        ("link", "https://gazette.example/elsewhere/"),
        ("published", "2026-03-06 10:00:00 +00:00"),
        ("updated", "2026-03-07 00:00:00 +00:00 (a day)"),
        ("section", "Town"),
        ("summary", "In short."),
    ] {
        assert_eq!(fact(&named, what), (value, "named by the document"), "{what}");
    }
    let by_path = explain(&newsroom, "harbour/2026-03-08-by-path.md");
    assert_eq!(fact(&by_path, "published").1, "named by the document or its path");
    assert!(fact(&by_path, "id").1.contains("\"/{section}/{slug}/\""), "{by_path:#}");
    let section = fact(&by_path, "section");
    assert_eq!(section.0, "The Harbour");
    assert_eq!(section.1, "the folder that it stands in; called so by its _index.md");
    assert_eq!(fact(&by_path, "summary").1, "its first paragraph stands in for it");
    let undated = explain(&newsroom, "harbour/undated.md");
    assert!(fact(&undated, "published").1.starts_with("the first sight"), "{undated:#}");
    // A rename keeps the id, and the lock says so.
    newsroom.rename("content/harbour/wall.md", "content/harbour/rampart.md");
    newsroom.regenerate_well();
    let renamed = explain(&newsroom, "content/harbour/rampart.md");
    let (id, from) = fact(&renamed, "id");
    assert_eq!(id, "https://gazette.example/harbour/wall/");
    assert!(from.contains("feeds.lock") && from.contains("/harbour/rampart/"), "{from}");
    assert_eq!(fact(&renamed, "link").0, "https://gazette.example/harbour/rampart/");
}

#[test]
fn an_article_that_is_in_no_feed_says_why() {
    let newsroom = Newsroom::sample();
    let head = |extra: &str| format!("---\ntitle: X\ndate: 2026-03-06\n{extra}\n---\n\nBody.\n");
    newsroom.write("content/town/members.md", head("visibility: members"));
    newsroom.write("content/town/expired.md", head("expires: 2026-04-01"));
    newsroom.write("content/town/later.md", head("").replace("2026-03-06", "2099-01-02"));
    newsroom.write("content/town/draft.md", head("draft: true"));
    newsroom.write("content/court/later.md", head("").replace("2026-03-06", "2099-01-02"));
    newsroom.regenerate_well();
    for (path, reason, because_) in [
        ("town/members.md", "visibility", "its visibility is members"),
        ("town/expired.md", "expired", "expired at 2026-04-01 00:00:00 +00:00"),
        ("town/later.md", "embargo", "embargoed until 2099-01-02 00:00:00 +00:00"),
    ] {
        let told = explain(&newsroom, path);
        assert_eq!(feeds(&told), [format!("latest {reason}"), format!("town {reason}")], "{path}");
        assert!(because(&told, "town").starts_with(because_), "{told:#}");
    }
    // A section whose only article is embargoed has no feed yet.
    let told = explain(&newsroom, "court/later.md");
    assert_eq!(feeds(&told), ["latest embargo", "court no-feed"]);
    assert!(because(&told, "court").starts_with("embargoed until 2099"), "{told:#}");
    let timeline = one(&told, "timeline");
    assert_eq!(events(timeline), ["seen", "release"]);
    // A draft is known as a document, and says so.
    let told = explain(&newsroom, "content/town/draft.md");
    assert_eq!(told["articles"], Value::Array(Vec::new()));
    assert_eq!(told["documents"][0]["state"], "nothing");
    let text = newsroom.feedwright(&["explain", "content/town/draft.md"]);
    assert!(text.status == 0 && text.stdout.contains("draft"), "{text:?}");
}

#[test]
fn a_feed_that_could_hold_an_article_says_why_it_does_not() {
    let feeds_toml = format!(
        "{SITE}
[[feed]]
name = \"latest\"
[[feed]]
name = \"small\"
limit = 2
within = \"1h\"
[[feed]]
name = \"fresh\"
max_entry_age = \"2d\"
[[feed]]
name = \"light\"
max_bytes = \"20KB\"
[[feed]]
name = \"mixed\"
any = [\"section:town\", \"tag:fog\"]
[[feed]]
name = \"strict\"
all = [\"tag:fog\"]
none = [\"section:harbour\"]
[[feed]]
name = \"dry\"
none = [\"section:harbour\"]
[[feed]]
name = \"{{section}}\"
each = \"section\"
"
    );
    let newsroom = Newsroom::sample();
    newsroom.write("feeds.toml", feeds_toml);
    let long = "It is long. ".repeat(400);
    for n in 0..12 {
        let date = format!("2026-03-{:02}", 6 + n);
        newsroom.write(&format!("content/town/long-{n}.md"), article("Long", &date, &long));
    }
    newsroom.write("content/top.md", article("Top", "2026-03-20", "No section."));
    newsroom.regenerate_well();
    let told = explain(&newsroom, "harbour/wall.md");
    assert_eq!(
        feeds(&told),
        [
            "latest 18/18",
            "small limit",
            "fresh age",
            "light bytes",
            "mixed selection",
            "strict selection",
            "dry selection",
            "harbour 3/3",
        ]
    );
    for (feed, says) in [
        ("small", "the newest 2 and all within 1h of the newest; the oldest is of 2026-03-17"),
        ("fresh", "19d older than the feed's newest entry; `max_entry_age` is 48h"),
        ("light", "`max_bytes`, 20000 bytes"),
        ("mixed", "the feed wants section:town or tag:fog"),
        ("strict", "the feed wants tag:fog, which it hasn't"),
        ("dry", "the feed leaves out section:harbour"),
    ] {
        assert!(because(&told, feed).contains(says), "{feed}: {}", because(&told, feed));
    }
    // What is told is what is published.
    for feed in ["latest", "harbour"] {
        let at = newsroom.titles(feed).iter().position(|t| t == "The wall").unwrap();
        assert!(feeds(&told).iter().any(|f| f.starts_with(&format!("{feed} {}/", at + 1))));
    }
    for feed in ["small", "fresh", "light", "mixed", "strict", "dry"] {
        assert!(!newsroom.titles(feed).contains(&"The wall".to_owned()), "{feed}");
    }
    let told = explain(&newsroom, "top.md");
    assert!(feeds(&told).contains(&"{section} no-feed".to_owned()), "{told:#}");
}

#[test]
fn feeds_that_are_made_on_request_are_told_of_too() {
    let newsroom = Newsroom::sample();
    newsroom.write(
        "content/town/fog.md",
        "---\ntitle: Fog\ndate: 2026-03-06\ntags: [Fog]\nauthors: [Jory Penhallick]\n---\n\nThick.\n",
    );
    newsroom.regenerate_well();
    let told = explain(&newsroom, "town/fog.md");
    assert_eq!(feeds(&told)[2..], ["tag/fog 1/1", "author/jory-penhallick 1/1"]);
    let on_request: Vec<bool> = one(&told, "feeds")
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["on_request"].as_bool().unwrap())
        .collect();
    assert_eq!(on_request, [false, false, true, true]);
    let ended = newsroom.feedwright(&["history", "tag/fog"]);
    assert_refused(&ended, &["made when somebody asks", "eager = true"]);
}

#[test]
fn of_several_sightings_the_one_that_counts_is_told_beside_the_others() {
    let capture = "The harbour wall is open again\nAnother line about it\nHARBOUR  18 February 2024 \
                   - 12:05\nJory Penhallick\n\nFirst paragraph of the story.\n\nLatest news\n\nThe \
                   clock is slow\nNobody minds\n18 February 2024 - 11:00\n";
    let newsroom = Newsroom::new(&[("content/one.txt", capture), ("content/two.txt", capture)]);
    newsroom.edit("feeds.toml", "permalink =", "# permalink =");
    assert_eq!(newsroom.regenerate().status, 0);
    let text = newsroom.feedwright(&["explain", "content/one.txt"]);
    assert_eq!(text.status, 0, "{text:?}");
    assert!(text.stdout.contains("made by the default pattern"), "{text:?}");
    let told = explain(&newsroom, "content/two.txt");
    let articles = told["articles"].as_array().unwrap();
    assert!(articles.len() >= 2, "{told:#}");
    for article in articles {
        let read_from = article["read_from"].as_array().unwrap();
        let won: Vec<(&str, bool)> = read_from
            .iter()
            .map(|w| (w["path"].as_str().unwrap(), w["won"].as_bool().unwrap()))
            .collect();
        assert_eq!(won, [("content/one.txt", true), ("content/two.txt", false)], "{article:#}");
        assert!(read_from.iter().all(|w| w["line"].as_u64().unwrap() > 0), "{article:#}");
    }
    assert_eq!(told["documents"][0]["articles"], articles.len());
}

#[test]
fn problems_and_kept_versions_are_told() {
    let newsroom = Newsroom::sample();
    newsroom.write("content/town/again.md", "---\ntitle: Again\nlink: /town/bell/\n---\n\nBody.\n");
    newsroom.write("content/town/never.md", "---\ntitle: [\n---\n\nBody.\n");
    newsroom.regenerate();
    let told = explain(&newsroom, "https://gazette.example/town/bell/");
    let codes: Vec<&str> = one(&told, "problems")
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"link-twice"), "{told:#}");
    assert_eq!(one(&told, "read_from").as_array().unwrap().len(), 2, "{told:#}");
    let told = explain(&newsroom, "town/never.md");
    assert_eq!(told["documents"][0]["state"], "unread");
    assert!(!told["documents"][0]["problems"].as_array().unwrap().is_empty());
    // A document that breaks keeps its article, and says so.
    newsroom.write("content/town/clock.md", "---\ntitle: The clock\ndate: soon\n---\n\nBody.\n");
    newsroom.regenerate();
    let told = explain(&newsroom, "town/clock.md");
    assert_eq!(told["documents"][0]["state"], "kept");
    assert!(feeds(&told).iter().all(|f| f.contains('/')), "{told:#}");
    let text = newsroom.feedwright(&["explain", "town/clock.md"]);
    assert!(text.stdout.contains("what it said before is kept"), "{text:?}");
    assert!(text.stdout.contains("error[date-invalid]"), "{text:?}");
}

#[test]
fn a_timeline_follows_an_article_from_first_sight_to_its_end() {
    let newsroom = Newsroom::sample();
    newsroom.write("content/town/soon.md", article("Soon", "2099-01-01", "Later."));
    newsroom.regenerate_well();
    assert_eq!(events(one(&explain(&newsroom, "town/soon.md"), "timeline")), ["seen", "release"]);
    newsroom.edit("content/town/soon.md", "2099-01-01", "2026-03-06");
    newsroom.regenerate_well();
    newsroom.edit("content/town/soon.md", "Later.", "Later on.");
    newsroom.regenerate_well();
    let begun = ["seen", "released", "came latest 2", "came town 2", "changed latest 3"];
    let told = explain(&newsroom, "town/soon.md");
    assert_eq!(events(one(&told, "timeline"))[..5], begun);
    newsroom.remove("content/town/soon.md");
    newsroom.regenerate_well();
    for name in ["content/town/soon.md", "https://gazette.example/town/soon/"] {
        let told = explain(&newsroom, name);
        let gone = &told["withdrawn"][0];
        assert_eq!(gone["title"], "Soon", "{told:#}");
        let all = events(&gone["timeline"]);
        assert_eq!(all[..5], begun);
        assert_eq!(all[5..], ["changed town 3", "went latest 4", "went town 4", "withdrawn"]);
    }
    // Back again: the same article, with its past.
    newsroom.write("content/town/soon.md", article("Soon", "2026-03-06", "Later on."));
    newsroom.regenerate_well();
    let all = events(one(&explain(&newsroom, "town/soon.md"), "timeline"));
    assert_eq!(all[..5], begun);
    assert_eq!(all[all.len() - 2..], ["came latest 5", "came town 5"]);
}

#[test]
fn what_a_guard_holds_is_told_with_the_command_that_releases_it() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    newsroom.remove("content");
    newsroom.write("content/notes.pdf", "x");
    assert_eq!(newsroom.regenerate().status, 1);
    let told = explain(&newsroom, "content/town/bell.md");
    assert_eq!(one(&told, "held")[0], "loss", "{told:#}");
    assert_eq!(told["documents"][0]["waits"], true, "{told:#}");
    assert_eq!(feeds(&told), ["latest 1/5", "town 1/2"]);
    let text = newsroom.feedwright(&["explain", "content/town/bell.md"]);
    assert!(text.stdout.contains("regenerate --accept loss"), "{text:?}");
}

#[test]
fn a_history_tells_what_came_changed_and_went_and_nothing_else() {
    let newsroom = Newsroom::sample();
    newsroom.write(
        "feeds.toml",
        format!(
            "{SITE}\n[[feed]]\nname = \"latest\"\nlimit = 3\nwithin = \"1h\"\n\n\
             [[feed]]\nname = \"{{section}}\"\neach = \"section\"\n"
        ),
    );
    newsroom.regenerate_well();
    newsroom.regenerate_well();
    newsroom.write("content/town/new.md", article("The new", "2026-03-06", "It came."));
    newsroom.edit("content/town/bell.md", "title: The bell", "title: The big bell");
    newsroom.regenerate_well();
    // Below the limit: no edition of `latest`, one of `harbour`.
    newsroom.edit("content/harbour/wall.md", "up", "down");
    newsroom.regenerate_well();
    assert_eq!(
        editions(&newsroom, "latest"),
        [
            "2 3 +[The new] ~[The big bell] -[The mud]",
            "1 3 +[The bell, The clock, The mud] ~[] -[]",
        ]
    );
    assert_eq!(
        editions(&newsroom, "harbour"),
        ["2 3 +[] ~[The wall] -[]", "1 3 +[A seal, The mud, The wall] ~[] -[]"]
    );
    // A new title of the site is an edition of every feed, in which no entry is otherwise.
    newsroom.edit("feeds.toml", "The Harbour Gazette", "The Gazette");
    newsroom.regenerate_well();
    assert_eq!(editions(&newsroom, "latest")[0], "3 3 +[] ~[] -[]");
    let text = newsroom.feedwright(&["history", "latest", "--most", "1"]);
    assert!(text.stdout.starts_with("edition 3 of 20"), "{text:?}");
    assert!(!text.stdout.contains("edition 2"), "{text:?}");
    // A section without articles has no feed any more.
    newsroom.remove("content/harbour");
    newsroom.regenerate_well();
    assert!(!newsroom.exists("public/feeds/harbour.rss"));
    assert_eq!(editions(&newsroom, "harbour")[0], "4 0 +[] ~[] -[A seal, The mud, The wall]");
}

#[test]
fn what_is_not_published_is_in_no_history() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    // A feed at all of whose addresses somebody else's files stand.
    for ending in ["rss", "atom", "json"] {
        newsroom.write(&format!("public/feeds/court.{ending}"), "mine");
    }
    newsroom.write("content/court/case.md", article("A case", "2026-03-06", "Long."));
    assert_eq!(newsroom.regenerate().status, 1);
    assert_refused(
        &newsroom.feedwright(&["history", "court"]),
        &["no history of a feed \"court\""],
    );
    let told = explain(&newsroom, "court/case.md");
    let court = one(&told, "feeds").as_array().unwrap().iter().find(|f| f["feed"] == "court");
    assert!(court.unwrap()["refused"].is_string(), "{told:#}");
    for ending in ["rss", "atom", "json"] {
        newsroom.remove(&format!("public/feeds/court.{ending}"));
    }
    newsroom.regenerate_well();
    assert_eq!(editions(&newsroom, "court"), ["1 1 +[A case] ~[] -[]"]);
}

#[test]
fn a_name_that_nothing_has_ends_with_1_and_what_is_near() {
    let newsroom = Newsroom::sample();
    for command in ["explain", "history"] {
        let ended = newsroom.feedwright(&[command, "latest"]);
        assert_refused(&ended, &["nothing is known yet", "feedwright regenerate"]);
        assert!(!newsroom.exists(".feedwright"));
    }
    newsroom.regenerate_well();
    let ended = newsroom.feedwright(&["explain", "content/harbour/wal.md"]);
    assert_refused(&ended, &["\"content/harbour/wal.md\"", "\n  content/harbour/wall.md\n"]);
    assert!(!ended.stderr.contains("clock"), "{ended:?}");
    assert_refused(&newsroom.feedwright(&["history", "lastest"]), &["near it are: latest"]);
    let ended = newsroom.feedwright(&["--format", "json", "explain", "content/harbour/wal.md"]);
    assert_eq!(ended.status, 1);
    let near: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(near["near"][0], "content/harbour/wall.md");
    for hostile in ["", " ", "\u{1b}[31m", "%", "' or 1=1 --", "../../etc/passwd", "https://[", "/"]
    {
        let ended = newsroom.feedwright(&["explain", hostile]);
        assert_eq!((ended.status, ended.stdout.as_str()), (1, ""), "{hostile:?}: {ended:?}");
        assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
    }
    // A file that is there and isn't read.
    newsroom.write("content/notes.pdf", "x");
    newsroom.write("content/.hidden/a.md", article("Hidden", "", "x"));
    newsroom.write("content/town/late.md", article("Late", "", "x"));
    for (path, says) in [
        ("content/notes.pdf", "its name is no document's"),
        ("content/.hidden/a.md", "hidden"),
        ("content/town/late.md", "no run has looked"),
    ] {
        assert_refused(&newsroom.feedwright(&["explain", path]), &[path, says]);
    }
    newsroom.edit("feeds.toml", "path = \"content\"", "path = \"content\"\nexclude = [\"town\"]");
    assert_refused(&newsroom.feedwright(&["explain", "content/town/late.md"]), &["`exclude`"]);
}

#[test]
fn asking_changes_nothing_and_tells_no_secret() {
    let newsroom = Newsroom::sample();
    let db = Connection::open(newsroom.path("hunter2.db")).unwrap();
    db.execute_batch(
        "create table stories (id, title, url, body, published);
         insert into stories values
            (7, 'From the desk', 'https://gazette.example/desk/7/', 'Text.', '2026-03-06');",
    )
    .unwrap();
    drop(db);
    let desk = "\n[[source]]\nname = \"desk\"\nkind = \"database\"\nurl = \"sqlite:${DESK}.db\"\n\
                query = \"select * from stories\"\n";
    newsroom.write("feeds.toml", format!("{SITE}{desk}"));
    let run = |args: &[&str]| {
        let mut command = newsroom.command(args);
        command.env("DESK", "hunter2");
        Running::start(command).end()
    };
    assert_eq!(run(&["--quiet", "regenerate"]).status, 0);
    let state = || {
        let mut files = files(&newsroom.path(""));
        files.retain(|path, _| !path.ends_with("-wal") && !path.ends_with("-shm"));
        files
    };
    let before = state();
    for name in ["7", "desk row 7", "https://gazette.example/desk/7/", "nothing", "desk row 8"] {
        for format in ["text", "json"] {
            let ended = run(&["--format", format, "explain", name]);
            let told = format!("{}{}", ended.stdout, ended.stderr);
            assert!(!told.contains("hunter2"), "{ended:?}");
            assert_eq!(ended.stdout.contains("From the desk"), ended.status == 0, "{ended:?}");
            assert_eq!(ended.status == 0, !name.starts_with('n') && !name.ends_with('8'));
        }
    }
    assert_eq!(run(&["history", "latest"]).status, 0);
    assert!(state() == before, "asking wrote something");
}

#[test]
fn beside_a_running_serve_it_tells_what_is_served() {
    let newsroom = Newsroom::sample();
    let service = Service::ready(&newsroom);
    assert_eq!(feeds(&explain(&newsroom, "town/bell.md")), ["latest 1/5", "town 1/2"]);
    newsroom.write("content/town/new.md", article("The new", "2026-03-06", "It came."));
    service.wait_text("/feeds/town.atom", "The new");
    crate::support::wait_for("the run to be noted", || {
        let told = newsroom.feedwright(&["--format", "json", "history", "town"]);
        told.stdout.contains("The new").then_some(())
    });
    assert_eq!(feeds(&explain(&newsroom, "town/new.md")), ["latest 1/6", "town 1/3"]);
    assert_eq!(feeds(&explain(&newsroom, "town/bell.md")), ["latest 2/6", "town 2/3"]);
}

#[test]
fn a_history_that_is_lost_or_broken_costs_nothing_but_itself() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    newsroom.edit("content/town/bell.md", "loud", "soft");
    newsroom.regenerate_well();
    let published = newsroom.published();
    newsroom.remove(".feedwright/history.db");
    let told = explain(&newsroom, "town/bell.md");
    assert_eq!(events(one(&told, "timeline")), ["seen", "released"]);
    newsroom.regenerate_well();
    assert_eq!(newsroom.published(), published);
    assert_eq!(editions(&newsroom, "town"), ["1 2 +[The bell, The clock] ~[] -[]"]);
    newsroom.write(".feedwright/history.db", "not a database, though it is long. ".repeat(40));
    newsroom.edit("content/town/bell.md", "soft", "loud");
    let report = newsroom.regenerate();
    assert_eq!(report.status, 1);
    assert!(report.failures()[0].contains("history.db"), "{report:?}");
    assert!(newsroom.read("public/feeds/town.json").contains("loud"));
    for args in [["history", "town"], ["explain", "town/bell.md"]] {
        assert_refused(&newsroom.feedwright(&args), &["history.db"]);
    }
    newsroom.remove(".feedwright/history.db");
    newsroom.regenerate_well();
    let db = Connection::open(newsroom.path(".feedwright/history.db")).unwrap();
    db.pragma_update(None, "user_version", 999).unwrap();
    drop(db);
    assert!(newsroom.regenerate().failures()[0].contains("later release"));
    assert_refused(&newsroom.feedwright(&["history", "town"]), &["later release", "999"]);
}
