//! WordPress as a source, by its database and by its export files. A real WordPress made what stands in
//! `tests/wordpress/` (`site.php`; the version is in the files' names): its tables, an export, its own RSS.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::collections::BTreeMap;

use crate::support::servers::{Database, Engine};
use crate::support::{Newsroom, files};

mod real;

const EXPORT: &str = include_str!("wordpress/export-6.1.9.xml");
const TABLES: &str = include_str!("wordpress/site-6.1.9.sql");
const OWN_FEED: &str = include_str!("wordpress/feed-6.1.9.xml");

/// A newsroom whose one source is a WordPress.
fn newsroom(keys: &str) -> Newsroom {
    let toml = format!(
        "[site]\ntitle = \"The Harbour Gazette\"\nurl = \"https://gazette.example/\"\n\
         base_url = \"https://feeds.gazette.example/\"\ntimezone = \"Asia/Baku\"\n\n\
         [[source]]\nname = \"blog\"\n{keys}\n\n\
         [[feed]]\nname = \"latest\"\nwithin = \"3000d\"\n\n\
         [[feed]]\nname = \"{{section}}\"\neach = \"section\"\nwithin = \"3000d\"\n"
    );
    Newsroom::new(&[("feeds.toml", toml)])
}

const EXPORTED: &str = "kind = \"wxr\"\npath = \"export.xml\"\ntypes = [\"post\", \"podcast\"]";

fn exported(export: &str) -> Newsroom {
    let newsroom = newsroom(EXPORTED);
    newsroom.write("export.xml", export);
    newsroom
}

/// Link, time, author and title of each item of a feed, by guid.
fn items(rss: &str) -> BTreeMap<String, [String; 4]> {
    let document = roxmltree::Document::parse(rss).unwrap();
    let items = document.descendants().filter(|node| node.has_tag_name("item"));
    let text = |item: roxmltree::Node<'_, '_>, name: &str| {
        let found = item.children().find(|node| node.tag_name().name() == name);
        found.and_then(|node| node.text()).unwrap_or_default().to_owned()
    };
    items
        .map(|item| {
            let facts = ["link", "pubDate", "creator", "title"].map(|name| {
                // Which of two ways to write UTC, and of an ampersand in a title.
                text(item, name).replace("+0000", "GMT").replace("&amp;", "&").replace("&#38;", "&")
            });
            (text(item, "guid"), facts)
        })
        .collect()
}

#[test]
fn an_export_gives_what_its_own_feed_gave() {
    let newsroom = exported(EXPORT);
    newsroom.regenerate_well().assert_counts(&[("new", 10), ("read", 10)]);
    let mut theirs = items(OWN_FEED);
    // Its own feed names even posts that have a password; here they are nobody's.
    theirs.retain(|_, [.., title]| !title.starts_with("Protected:"));
    let mut ours = items(&newsroom.read("public/feeds/latest.rss"));
    // What it has no title and no time for has one here.
    for feed in [&mut theirs, &mut ours] {
        feed.get_mut("https://gazette.example/culture/2024/02/aside/").unwrap()[3].clear();
        feed.get_mut("https://gazette.example/culture/2024/01/imported/").unwrap()[1].clear();
    }
    assert_eq!(ours, theirs);
    for (path, bytes) in files(&newsroom.path("public")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("SECRET") && !text.contains("sesame"), "{path}");
        assert!(!text.contains("To come"), "{path} shows what is to come in 2050");
    }
}

#[test]
fn posts_bring_all_that_belongs_to_them() {
    let newsroom = exported(EXPORT);
    newsroom.regenerate_well();
    let feed = newsroom.read("public/feeds/latest.rss");
    for has in [
        "<title>Fog over the pier &#x26; the north wharf</title>",
        "<![CDATA[All ferries wait &amp; see.]]>",
        "<figcaption>The pier at <em>noon</em></figcaption>",
        "https://www.youtube-nocookie.com/embed/abcDEF12345",
        "<media:description>The pier &#x26; the fog</media:description>",
        "<category domain=\"https://gazette.example/section/\">World &#x26; Sea/Asia</category>",
        "<category domain=\"https://gazette.example/tag/\">Harbour &quot;old&quot;</category>",
        "<enclosure url=\"https://media.example/tides.mp3\" length=\"1234567\" type=\"audio/mpeg\"/>",
        "<itunes:title>Tides &#x26; moon</itunes:title>",
        "<itunes:duration>754</itunes:duration>",
        "<itunes:duration>1201</itunes:duration>",
        "<itunes:season>2</itunes:season>",
        "<comments>https://gazette.example/world/asia/2024/02/fog/#comments</comments>",
        "<figcaption>The second</figcaption>",
        "<pubDate>Wed, 31 Jan 2024 06:00:00 GMT</pubDate>",
    ] {
        assert!(feed.contains(has), "{has}\n{feed}");
    }
    assert!(!feed.contains("[contact-form") && !feed.contains("<!-- wp:"), "{feed}");
    assert!(!feed.contains("first/#comments"), "comments are closed there");
    // A category's feed has what stands in the categories below it, too.
    let titles = newsroom.titles("world");
    assert_eq!(titles.len(), 3, "{titles:?}");
    assert_eq!(newsroom.titles("asia").len(), 2);
    assert_eq!(newsroom.titles("баку"), ["Boats of the week"]);
}

#[test]
fn an_export_is_opened_only_when_it_changed() {
    let newsroom = exported(EXPORT);
    newsroom.regenerate_well();
    newsroom.regenerate_well().assert_counts(&[("opened", 0), ("parsed", 0), ("changed", 0)]);
    newsroom.edit("export.xml", "The fog came at five.", "The fog came at six.");
    newsroom.regenerate_well().assert_counts(&[("parsed", 1), ("changed", 1)]);
    // A word below a picture is part of the post that shows it.
    newsroom.edit("export.xml", "The second", "The third");
    newsroom.regenerate_well().assert_counts(&[("changed", 1), ("new", 0)]);
    // A post that isn't for everybody any more is taken back.
    let sticky = newsroom.read("export.xml").find("Read this first").unwrap();
    let (before, after) = EXPORT.split_at(sticky);
    let public = "<wp:status><![CDATA[publish]]></wp:status>";
    let private = "<wp:status><![CDATA[private]]></wp:status>";
    newsroom.write("export.xml", format!("{before}{}", after.replacen(public, private, 1)));
    newsroom.regenerate_well().assert_counts(&[("withdrawn", 1), ("changed", 2)]);
    assert!(!newsroom.titles("latest").contains(&"Read this first".to_owned()));
}

#[test]
fn a_broken_export_takes_nothing_back() {
    let newsroom = exported(EXPORT);
    newsroom.regenerate_well();
    let before = newsroom.published();
    let deep = format!("<rss>{}", "<a>".repeat(100_000));
    let cut = &EXPORT[..EXPORT.len() * 2 / 3];
    let bomb = EXPORT.replacen(
        "<rss",
        "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n<rss",
        1,
    );
    let fatal = format!("{cut}<br />\n<b>Fatal error</b>: out of memory");
    for (export, says) in [
        (cut, "export.xml:"),
        (&EXPORT[..200], "export.xml:"),
        ("", "export.xml:1: this is no WordPress export"),
        (&fatal, "export.xml:"),
        (&bomb, "an export has no document type; entities are never expanded"),
        (&deep, "elements stand too deep within each other"),
        ("<rss><channel></channel></rss>", "it has no wp:wxr_version"),
        ("<html><body>x</body></html>", "it doesn't begin with <rss>"),
        ("\u{0}\u{1}\u{2}", "export.xml:1: "),
        ("<rss><channel><item><title>a &#xFFFFFFF; b</title>", "this is no character reference"),
    ] {
        newsroom.write("export.xml", export);
        let report = newsroom.regenerate();
        assert_eq!(report.status, 1, "{says}");
        let failures = report.failures();
        assert!(failures[0].contains(says), "{failures:?}");
        assert!(failures[0].ends_with("its articles stay as they are"), "{failures:?}");
        assert_eq!(newsroom.changed_since(&before), Vec::<String>::new(), "{says}");
    }
    newsroom.remove("export.xml");
    let failures = newsroom.regenerate().failures();
    assert!(failures[0].contains("export.xml: there is no such file"), "{failures:?}");
    newsroom.write("export.xml", EXPORT);
    newsroom.regenerate_well().assert_counts(&[("parsed", 0), ("withdrawn", 0)]);
}

#[test]
fn what_xml_forbids_is_read_all_the_same() {
    let odd = EXPORT
        .replacen("The fog came at five.", "The\u{8} fog\u{b} came ]]]]><![CDATA[> at five.", 1)
        .replacen("Slow ships", "Slow\u{1b} ships", 2);
    let mut bytes = odd.into_bytes();
    let at = bytes.windows(6).position(|w| w == b"Nobody").unwrap();
    bytes.splice(at..at, [0xff, 0xfe, b' ']);
    let newsroom = newsroom(EXPORTED);
    newsroom.write("export.xml", bytes);
    newsroom.regenerate_well();
    let feed = newsroom.read("public/feeds/latest.json");
    assert!(feed.contains("The fog came ]]&gt; at five."), "{feed}");
    assert!(newsroom.titles("latest").contains(&"Slow ships".to_owned()));
}

/// A post of an export of version 1.0: no term ids, tags as `tag`, each term twice.
fn old(id: u32, title: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:wp=\"http://wordpress.org/export/1.0/\"><channel><title>x</title>\
         <link>https://gazette.example</link><wp:wxr_version>1.0</wp:wxr_version>\
         <wp:category><wp:category_nicename>town</wp:category_nicename>\
         <wp:category_parent></wp:category_parent><wp:cat_name><![CDATA[Town]]></wp:cat_name></wp:category>\
         <item><title>{title}</title><link>https://gazette.example/{id}/</link>\
         <pubDate>Sat, 03 Feb 2007 08:05:00 +0000</pubDate>\
         <category><![CDATA[Town]]></category>\
         <category domain=\"category\" nicename=\"town\"><![CDATA[Town]]></category>\
         <category domain=\"tag\" nicename=\"fog\"><![CDATA[Fog]]></category>\
         <guid isPermaLink=\"false\">https://gazette.example/?p={id}</guid>\
         <content:encoded><![CDATA[Old text.]]></content:encoded>\
         <wp:post_id>{id}</wp:post_id><wp:post_date>2007-02-03 12:05:00</wp:post_date>\
         <wp:post_date_gmt>0000-00-00 00:00:00</wp:post_date_gmt>\
         <wp:status>publish</wp:status><wp:post_type>post</wp:post_type></item></channel></rss>"
    )
}

#[test]
fn several_exports_of_any_version_are_one_source() {
    let newsroom = newsroom("kind = \"wxr\"\npath = \"exports/*.xml\"");
    newsroom.write("exports/1.xml", old(1, "First"));
    newsroom.write("exports/2.xml", old(2, "Second"));
    newsroom.write("exports/3.xml", old(2, "Second again"));
    newsroom.write("exports/notes.txt", "no export");
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("new", 2)]);
    let problems = report.problems();
    assert!(problems.iter().any(|problem| problem.code == "post-twice"), "{problems:?}");
    let again = newsroom.regenerate_well();
    again.assert_counts(&[("opened", 0), ("parsed", 0)]);
    assert!(again.problems().iter().any(|problem| problem.code == "post-twice"), "{again:?}");
    assert_eq!(newsroom.titles("town").len(), 2);
    let feed = newsroom.read("public/feeds/latest.rss");
    assert!(feed.contains("Sat, 03 Feb 2007 08:05:00 GMT"), "{feed}");
    assert_eq!(feed.matches(">Town</category>").count(), 2, "{feed}");
    newsroom.remove("exports/2.xml");
    newsroom.remove("exports/3.xml");
    newsroom.regenerate_well().assert_counts(&[("withdrawn", 1)]);
    newsroom.remove("exports/1.xml");
    let failures = newsroom.regenerate().failures();
    assert!(failures[0].contains("there is no such file"), "{failures:?}");
}

/// WordPress's tables in a real MariaDB.
fn site() -> Option<Database> {
    let database = Database::new(Engine::Mariadb)?;
    // As WordPress has it: zero dates are none that MariaDB would take otherwise.
    database.sql(&format!("set session sql_mode = '';\n{TABLES}"));
    // An export doesn't have it.
    database.sql("update wp_users set user_url = ''");
    Some(database)
}

fn preset(database: &Database, more: &str) -> Newsroom {
    newsroom(&format!(
        "kind = \"database\"\nurl = \"{}\"\npreset = \"wordpress\"\n\
         types = [\"post\", \"podcast\"]\n{more}",
        database.url()
    ))
}

#[test]
fn the_database_and_its_export_make_the_same_feeds() {
    let Some(database) = site() else { return };
    let newsroom = preset(&database, "timezone = \"UTC\"");
    newsroom.regenerate_well().assert_counts(&[("new", 10), ("read", 10)]);
    let exported = exported(EXPORT);
    exported.regenerate_well();
    assert_eq!(newsroom.editions(), exported.editions());
    newsroom.regenerate_well().assert_counts(&[("parsed", 0), ("changed", 0)]);
}

#[test]
fn a_change_of_what_belongs_to_a_post_alone_is_seen() {
    let Some(database) = site() else { return };
    let newsroom = preset(&database, "");
    newsroom.regenerate_well();
    for (sql, changed) in [
        ("update wp_terms set name = 'Mist' where slug = 'fog'", 1),
        (
            "update wp_postmeta set meta_value = 'A long pier' where meta_key = '_wp_attachment_image_alt'",
            2,
        ),
        ("update wp_posts set post_excerpt = 'The last' where post_excerpt = 'The second'", 1),
        ("update wp_users set display_name = 'Ada Brook'", 10),
        ("update wp_posts set post_title = 'Lighthouse dark' where post_name = 'lighthouse'", 1),
        ("delete from wp_postmeta where meta_key = 'enclosure'", 1),
        ("update wp_options set option_value = '' where option_name = 'sticky_posts'", 1),
        ("update wp_postmeta set meta_value = 'x' where meta_key = '_edit_lock'", 0),
    ] {
        database.sql(sql);
        newsroom.regenerate_well().assert_counts(&[("changed", changed), ("withdrawn", 0)]);
    }
    for (sql, title) in [
        ("update wp_posts set post_password = 'x' where post_name = 'first'", "Read this first"),
        (
            "update wp_posts set post_status = 'private' where post_name = 'fog'",
            "Fog over the pier & the north wharf",
        ),
        (
            "update wp_posts set post_status = 'trash' where post_name = 'boats'",
            "Boats of the week",
        ),
        ("update wp_posts set post_type = 'page' where post_name = 'chosen'", "Boats chosen"),
    ] {
        assert!(newsroom.titles("latest").contains(&title.to_owned()), "{title}");
        database.sql(sql);
        newsroom.regenerate_well().assert_counts(&[("withdrawn", 1)]);
        assert!(!newsroom.titles("latest").contains(&title.to_owned()), "{title}");
    }
}

#[test]
fn links_follow_the_sites_structure_and_ids_stay() {
    let Some(database) = site() else { return };
    let newsroom = preset(&database, "");
    newsroom.regenerate_well();
    let ids = newsroom.ids("latest");
    let option =
        "update wp_options set option_value = 'VALUE' where option_name = 'permalink_structure'";
    for (structure, link) in [
        (
            "/%year%/%monthnum%/%day%/%hour%%minute%%second%/%author%-%post_id%",
            "https://gazette.example/2024/02/02/120500/ada-6",
        ),
        ("/index.php/%postname%/", "https://gazette.example/index.php/lighthouse/"),
        ("", "https://gazette.example/?p=6"),
    ] {
        database.sql(&option.replace("VALUE", structure));
        newsroom.regenerate_well();
        let feed = newsroom.read("public/feeds/latest.json");
        assert!(feed.contains(&format!("\"{link}\"")), "{link}\n{feed}");
        assert_eq!(newsroom.ids("latest"), ids);
    }
}

#[test]
fn a_type_stands_where_the_site_shows_it_and_its_ids_stay() {
    let Some(database) = site() else { return };
    let newsroom = preset(&database, "");
    newsroom.regenerate_well();
    let ids = newsroom.ids("latest");
    let feed = newsroom.read("public/feeds/latest.json");
    assert!(feed.contains("\"https://gazette.example/podcast/slow-ships/\""), "{feed}");
    let toml = newsroom.read("feeds.toml");
    let more = "preset = \"wordpress\"\ntype_bases = { podcast = \"/shows/sea/\" }";
    newsroom.write("feeds.toml", toml.replace("preset = \"wordpress\"", more));
    newsroom.regenerate_well();
    let feed = newsroom.read("public/feeds/latest.json");
    assert!(feed.contains("\"https://gazette.example/shows/sea/slow-ships/\""), "{feed}");
    assert_eq!(newsroom.ids("latest"), ids);
}

#[test]
fn a_site_of_a_network_and_another_prefix_are_found() {
    let Some(database) = site() else { return };
    let newsroom = preset(&database, "blog = 2\ntable_prefix = \"gz_\"");
    let failures = newsroom.regenerate().failures();
    assert!(failures[0].contains("gz_2_"), "{failures:?}");
    for table in ["posts", "postmeta", "terms", "term_taxonomy", "term_relationships", "options"] {
        database.sql(&format!("rename table wp_{table} to gz_2_{table}"));
    }
    database.sql("rename table wp_users to gz_users");
    newsroom.regenerate_well().assert_counts(&[("new", 10)]);
    let feed = newsroom.read("public/feeds/latest.rss");
    assert!(feed.contains("/wp-content/uploads/sites/2/2024/02/pier.jpg"), "{feed}");
}

#[test]
fn what_is_asked_is_read_only() {
    let Some(database) = site() else { return };
    database.sql("create user 'reader'@'%' identified by 'reader'");
    for table in
        ["posts", "postmeta", "terms", "term_taxonomy", "term_relationships", "options", "users"]
    {
        database.sql(&format!("grant select on {}.wp_{table} to 'reader'@'%'", database.name));
    }
    let url = database.url_by("reader:reader", database.server.port);
    let newsroom =
        newsroom(&format!("kind = \"database\"\nurl = \"{url}\"\npreset = \"wordpress\""));
    newsroom.regenerate_well().assert_counts(&[("new", 9)]);
}

#[test]
fn an_export_that_comes_under_a_wildcard_is_seen_at_once() {
    let export = |id: u32, title: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
             xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:wp=\"http://wordpress.org/export/1.2/\">\
             <channel><title>Gazette</title><wp:wxr_version>1.2</wp:wxr_version>\
             <wp:base_site_url>https://gazette.example</wp:base_site_url>\
             <wp:base_blog_url>https://gazette.example</wp:base_blog_url><item><title>{title}</title>\
             <link>https://gazette.example/{id}/</link><guid isPermaLink=\"false\">https://gazette.example/?p={id}</guid>\
             <content:encoded><![CDATA[<p>Text.</p>]]></content:encoded><wp:post_id>{id}</wp:post_id>\
             <wp:post_date>2026-03-01 10:00:00</wp:post_date><wp:post_date_gmt>2026-03-01 10:00:00</wp:post_date_gmt>\
             <wp:post_name>s{id}</wp:post_name><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>\
             <wp:post_password></wp:post_password></item></channel></rss>\n"
        )
    };
    let toml = "[site]\ntitle = \"Gazette\"\nurl = \"https://gazette.example/\"\n\n[schedule]\ncron = \"none\"\n\
                look = \"none\"\n\n[[source]]\nname = \"blog\"\nkind = \"wxr\"\npath = \"exports/*.xml\"\n";
    let newsroom = Newsroom::new(&[
        ("feeds.toml", toml.to_owned()),
        ("exports/one.xml", export(1, "The wall")),
    ]);
    let service = crate::support::Service::ready(&newsroom);
    service.wait_text("/feeds/latest.json", "The wall");
    newsroom.write("exports/two.xml", export(2, "The seal"));
    service.wait_text("/feeds/latest.json", "The seal");
    newsroom.write("exports/one.xml", export(1, "The great wall"));
    service.wait_text("/feeds/latest.json", "The great wall");
}
