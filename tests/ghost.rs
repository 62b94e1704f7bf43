//! Ghost as a source. A real Ghost made what stands in `tests/ghost/` (`site.js`; the version is in the
//! files' names): its tables, a site, its own RSS.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

mod rows;

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::support::servers::{Database, Engine};
use crate::support::{Newsroom, files};

const SQLITE: &str = include_str!("ghost/tables-sqlite-5.130.6.sql");
const MYSQL: &str = include_str!("ghost/tables-mysql-5.130.6.sql");
const ROWS: &str = include_str!("ghost/rows-5.130.6.sql");
const OWN_FEED: &str = include_str!("ghost/feed-5.130.6.xml");

/// A newsroom whose one source is a Ghost.
fn newsroom(url: &str, keys: &str) -> Newsroom {
    let toml = format!(
        "[site]\ntitle = \"The Harbour Gazette\"\nurl = \"https://gazette.example/\"\n\
         base_url = \"https://feeds.gazette.example/\"\n\n\
         [[source]]\nname = \"blog\"\nkind = \"database\"\nurl = \"{url}\"\npreset = \"ghost\"\n{keys}\n\n\
         [[feed]]\nname = \"latest\"\nwithin = \"9000d\"\nlimit = 5000\nmax_bytes = \"none\"\n\
         body = \"full\"\n\n\
         [[feed]]\nname = \"tag/{{tag}}\"\neach = \"tag\"\neager = true\n\n\
         [schedule]\ncron = \"none\"\nwatch = false\nlook = \"none\"\n"
    );
    Newsroom::new(&[("feeds.toml", toml)])
}

/// The tables of a Ghost on SQLite, without rows, beside a newsroom that reads them.
fn on_sqlite(keys: &str) -> (Newsroom, Connection) {
    let newsroom = newsroom("sqlite:ghost.db", keys);
    let connection = Connection::open(newsroom.path("ghost.db")).unwrap();
    connection.execute_batch("pragma foreign_keys = off; pragma journal_mode = delete").unwrap();
    connection.execute_batch(SQLITE).unwrap();
    (newsroom, connection)
}

/// The real site on SQLite.
fn site(keys: &str) -> (Newsroom, Connection) {
    let (newsroom, connection) = on_sqlite(keys);
    connection.execute_batch(ROWS).unwrap();
    (newsroom, connection)
}

/// What a reader sees of each item of a feed, by guid.
fn items(rss: &str) -> BTreeMap<String, Vec<String>> {
    let document = roxmltree::Document::parse(rss).unwrap();
    let items = document.descendants().filter(|node| node.has_tag_name("item"));
    items
        .map(|item| {
            let all = |name: &str| {
                let found = item.children().filter(|node| node.tag_name().name() == name);
                let texts: Vec<_> = found.filter_map(|node| node.text()).collect();
                texts.join("|").replace("&amp;", "&")
            };
            let own = ["title", "link", "pubDate", "category"].map(all);
            // Ghost names only the first author.
            let creator = all("creator").split('|').next().unwrap_or_default().to_owned();
            // Ghost puts the picture into the text.
            let words: String = words(&all("encoded"));
            (all("guid"), own.into_iter().chain([creator, words]).collect())
        })
        .collect()
}

/// A text without its tags, spaces made one.
fn words(html: &str) -> String {
    let mut words = String::new();
    for piece in html.split('<') {
        words.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
        words.push(' ');
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn subscribers_of_ghosts_own_feed_see_the_same_items() {
    let (newsroom, _connection) = site("");
    newsroom.regenerate_well().assert_counts(&[("new", 14)]);
    let mut theirs = items(OWN_FEED);
    // Its own feed names a post that is for mail only; here it is nobody's.
    theirs.retain(|_, item| item[0] != "SECRET in mail only");
    let mut ours = items(&newsroom.read("public/feeds/latest.rss"));
    // Its picture has a caption here; Ghost's own feed leaves it out.
    let fog = ours.get_mut("6b05b7d1bac04f59a2045c01").unwrap().last_mut().unwrap();
    *fog = fog.strip_prefix("Fog by night ").unwrap().to_owned();
    for (guid, item) in &theirs {
        assert_eq!(ours.get(guid), Some(item), "{guid}");
    }
    assert_eq!(ours.len(), theirs.len());
    for (path, bytes) in files(&newsroom.path("public")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("SECRET"), "{path}");
        assert!(!text.contains("2050"), "{path} shows what is to come in 2050");
        assert!(!text.contains("__GHOST_URL__") && !text.contains("%7Buuid%7D"), "{path}");
        assert!(!text.contains("#desk-only") && !text.contains("hash-desk-only"), "{path}");
    }
}

#[test]
fn posts_bring_all_that_belongs_to_them() {
    let (newsroom, _connection) = site("");
    let report = newsroom.regenerate_well();
    let problems = report.problems();
    let told: Vec<_> = problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(told, ["post-without-html"], "{problems:?}");
    let feed = newsroom.read("public/feeds/latest.rss");
    for has in [
        "<guid isPermaLink=\"false\">6b05b7d1bac04f59a2045c01</guid>",
        "<dc:creator>Ada Brook</dc:creator>",
        "<dc:creator>Ben Oak</dc:creator>",
        "https://gazette.example/content/images/2024/02/fog.jpg",
        "alt=\"Fog &amp; lamps\"",
        "<figcaption>Fog by night</figcaption>",
        "<description><![CDATA[Ferries wait &amp; see.]]></description>",
        "An excerpt that stays.",
        "<description><![CDATA[For search engines &amp; people.]]></description>",
        "https://gazette.example/content/images/size/w600/2024/02/pier.jpg",
    ] {
        assert!(feed.contains(has), "{has}\n{feed}");
    }
    assert_eq!(newsroom.titles("tag/fog").len(), 2);
}

#[test]
fn both_engines_make_the_same_feeds() {
    let (newsroom, _connection) = site("");
    newsroom.regenerate_well();
    let Some(database) = Database::new(Engine::Mariadb) else { return };
    // The rows are written as SQLite reads them, too.
    database.sql(&format!("set session sql_mode = 'NO_BACKSLASH_ESCAPES';\n{MYSQL}\n{ROWS}"));
    let other = self::newsroom(&database.url(), "");
    other.regenerate_well();
    assert_eq!(other.editions(), newsroom.editions());
    other.regenerate_well().assert_counts(&[("parsed", 0), ("changed", 0)]);
}

/// What Ghost 6 dropped of the tables that are read (its `schema.js`); what it added is in other tables.
#[test]
fn the_tables_of_ghost_6_make_the_same_feeds() {
    let (before, _connection) = site("");
    before.regenerate_well();
    let (newsroom, connection) = site("");
    for table in ["users", "tags", "posts", "settings"] {
        for column in ["created_by", "updated_by"] {
            connection.execute_batch(&format!("alter table {table} drop column {column}")).unwrap();
        }
    }
    newsroom.regenerate_well();
    assert_eq!(newsroom.editions(), before.editions());
}

#[test]
fn links_follow_the_pattern_and_ids_stay() {
    let (newsroom, connection) = site("");
    newsroom.regenerate_well();
    let ids = newsroom.ids("latest");
    for (pattern, link) in [
        ("/{year}/{month}/{day}/{slug}/", "/2024/02/02/fog-over-the-pier-the-north-wharf/"),
        ("/{primary_tag}/{primary_author}/{slug}/", "/world-sea/ada/members-read-on/"),
        ("/news/{id}/", "/news/6b05b7d1bac04f59a2045c01/"),
    ] {
        newsroom.write(
            "feeds.toml",
            newsroom
                .read("feeds.toml")
                .lines()
                .filter(|line| !line.starts_with("permalink"))
                .map(|line| match line {
                    "preset = \"ghost\"" => format!("{line}\npermalink = \"{pattern}\"\n"),
                    line => format!("{line}\n"),
                })
                .collect::<String>(),
        );
        newsroom.regenerate_well();
        let feed = newsroom.read("public/feeds/latest.json");
        assert!(feed.contains(&format!("\"https://gazette.example{link}\"")), "{link}\n{feed}");
        assert_eq!(newsroom.ids("latest"), ids);
    }
    drop(connection);
}

#[test]
fn a_change_of_what_belongs_to_a_post_alone_is_seen() {
    let (newsroom, connection) = site("");
    newsroom.regenerate_well();
    for (sql, changed, withdrawn) in [
        ("update tags set name = 'Mist' where slug = 'fog'", 2, 0),
        ("update users set name = 'Ada Reed' where slug = 'ada'", 14, 0),
        (
            "update posts_meta set feature_image_alt = 'Lamps' where feature_image_alt is not null",
            1,
            0,
        ),
        ("update posts set lexical = 'x', plaintext = 'x', codeinjection_head = 'x'", 0, 0),
        ("update posts set custom_excerpt = 'New' where title = 'Members read on'", 1, 0),
        ("update posts set status = 'draft' where title = 'A link to ourselves'", 0, 1),
        ("update posts set type = 'page' where title = 'Two lamps for everyone'", 0, 1),
    ] {
        connection.execute_batch(sql).unwrap();
        let counts = [("changed", changed), ("withdrawn", withdrawn), ("new", 0)];
        newsroom.regenerate_well().assert_counts(&counts);
    }
}

#[test]
fn a_post_that_becomes_one_for_members_is_taken_back() {
    let (newsroom, connection) = site("");
    newsroom.regenerate_well();
    let shown = |word: &str| {
        let tree = files(&newsroom.path("public"));
        tree.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(word))
    };
    let set = |visibility: &str| {
        connection
            .execute(
                "update posts set visibility = ? where title = 'A public post with a mark'",
                [visibility],
            )
            .unwrap();
        newsroom.regenerate_well();
    };
    for visibility in ["members", "paid", "tiers", "something new"] {
        set("public");
        assert!(shown("Public after."), "{visibility}");
        set(visibility);
        assert!(!shown("Public after."), "{visibility}");
        assert_eq!(shown("Public before."), visibility != "something new");
    }
}
