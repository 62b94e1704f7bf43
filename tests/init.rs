//! `init`: what it makes of databases that are there already runs as it stands.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use rusqlite::Connection;

use crate::support::servers::{Database, ENGINES, Engine, PASSWORD, PASSWORD_IN_URL};
use crate::support::{Ended, Newsroom, Service};

const GHOST_SQLITE: &str = include_str!("ghost/tables-sqlite-5.130.6.sql");
const GHOST_MYSQL: &str = include_str!("ghost/tables-mysql-5.130.6.sql");
const GHOST_ROWS: &str = include_str!("ghost/rows-5.130.6.sql");
const WORDPRESS: &str = include_str!("wordpress/site-6.1.9.sql");

/// A desk's own tables, in SQL that every engine takes.
const DESK: &str =
    "create table staff (id integer primary key, name varchar(80), mail varchar(80));
create table stories (id integer primary key, headline varchar(200) not null, body_html text,
  standfirst varchar(400), slug varchar(100), state varchar(20), pub_date timestamp null,
  updated_at timestamp null, byline varchar(80), section integer);
insert into stories values (1, 'Fog', '<p>Words of fog</p>', 'A fog', 'fog', 'live',
  '2024-02-01 10:00:00', '2024-02-01 10:00:00', 'Ada Brook', 3);
insert into stories values (2, 'Lamps', '<p>Words of lamps</p>', 'Lamps', 'lamps', 'live',
  '2024-02-02 10:00:00', '2024-02-03 10:00:00', 'Ada Brook', 3);
insert into stories values (3, 'SECRET', '<p>SECRET</p>', 'SECRET', 'secret', 'draft',
  '2024-02-02 10:00:00', null, 'Ada Brook', 3);";

/// A folder without feeds.toml.
fn folder() -> Newsroom {
    Newsroom::new::<&str>(&[])
}

fn init(newsroom: &Newsroom, args: &[&str]) -> Ended {
    let all: Vec<&str> = ["init"].into_iter().chain(args.iter().copied()).collect();
    newsroom.feedwright(&all)
}

/// Writes what `init` printed, and runs it with the URL in the environment.
fn runs(newsroom: &Newsroom, printed: &Ended, url: &str) -> Ended {
    assert_eq!(printed.status, 0, "{printed:?}");
    newsroom.write("feeds.toml", &printed.stdout);
    let mut command = newsroom.command(&["--format", "json", "regenerate"]);
    command.env("DATABASE_URL", url);
    let output = command.output().unwrap();
    let ended = Ended {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert_eq!(ended.status, 0, "{ended:?}\n{}", printed.stdout);
    ended
}

fn no_password(printed: &Ended) {
    for password in [PASSWORD, PASSWORD_IN_URL, "hunter2"] {
        assert!(!printed.stdout.contains(password) && !printed.stderr.contains(password));
    }
}

fn desk_is_understood(newsroom: &Newsroom, printed: &Ended, url: &str) {
    runs(newsroom, printed, url);
    for says in [
        "from stories where state = 'live'",
        "# state holds: draft, live.",
        "# headline is taken for title.",
        "# Other tables: staff.",
        "permalink = \"/{slug}/\"",
    ] {
        assert!(printed.stdout.contains(says), "{says}\n{}", printed.stdout);
    }
    let feed = newsroom.read("public/feeds/latest.rss");
    for has in ["<title>Lamps</title>", "http://localhost/fog/", "Words of lamps"] {
        assert!(feed.contains(has), "{has}\n{feed}");
    }
    assert!(!feed.contains("SECRET"));
}

#[test]
fn a_desks_own_tables_are_understood_on_sqlite() {
    let newsroom = folder();
    Connection::open(newsroom.path("desk.db")).unwrap().execute_batch(DESK).unwrap();
    let printed = init(&newsroom, &["sqlite:desk.db"]);
    assert!(printed.stderr.contains("nothing here says where the site is"), "{printed:?}");
    desk_is_understood(&newsroom, &printed, "");
    let told = init(&newsroom, &["sqlite:desk.db", "--site", "https://gazette.example/"]);
    assert!(told.stdout.contains("url = \"https://gazette.example/\"") && told.stderr.is_empty());
}

#[test]
fn a_desks_own_tables_are_understood_on_servers() {
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { return };
        database.sql(DESK);
        let newsroom = folder();
        let printed = init(&newsroom, &[&database.url()]);
        no_password(&printed);
        assert!(printed.stdout.contains("url = \"${DATABASE_URL}\""), "{}", printed.stdout);
        desk_is_understood(&newsroom, &printed, &database.url());
    }
}

#[test]
fn ghost_is_recognised() {
    let newsroom = folder();
    let connection = Connection::open(newsroom.path("ghost.db")).unwrap();
    connection.execute_batch("pragma foreign_keys = off").unwrap();
    connection.execute_batch(&format!("{GHOST_SQLITE}{GHOST_ROWS}")).unwrap();
    let printed = init(&newsroom, &["sqlite:ghost.db", "--site", "https://gazette.example/"]);
    assert!(printed.stderr.is_empty(), "{printed:?}");
    runs(&newsroom, &printed, "");
    for says in [
        "title = \"The Harbour Gazette\"",
        "description = \"News from the old harbour\"",
        "timezone = \"Asia/Baku\"",
        "preset = \"ghost\"",
        "\"/rss\" = \"latest.rss\"",
        "\"/tag/world-sea/rss\" = \"tag/world-sea.rss\"",
        "\"/author/ben-oak/rss\" = \"author/ben-oak.rss\"",
    ] {
        assert!(printed.stdout.contains(says), "{says}\n{}", printed.stdout);
    }
    assert!(!printed.stdout.contains("hash-desk-only"), "{}", printed.stdout);
    assert_eq!(newsroom.titles("latest").len(), 13);
    let Some(database) = Database::new(Engine::Mariadb) else { return };
    database.sql(&format!("set sql_mode = 'NO_BACKSLASH_ESCAPES';\n{GHOST_MYSQL}\n{GHOST_ROWS}"));
    let other = folder();
    let printed = init(&other, &[&database.url(), "--site", "https://gazette.example/"]);
    no_password(&printed);
    runs(&other, &printed, &database.url());
    assert_eq!(other.editions(), newsroom.editions());
}

#[test]
fn wordpress_is_recognised_and_its_networks_sites_are_listed() {
    let Some(database) = Database::new(Engine::Mariadb) else { return };
    database.sql(&format!("set session sql_mode = '';\n{WORDPRESS}"));
    let newsroom = folder();
    let printed = init(&newsroom, &[&database.url()]);
    no_password(&printed);
    assert!(printed.stderr.is_empty(), "{printed:?}");
    runs(&newsroom, &printed, &database.url());
    for says in [
        "url = \"https://gazette.example/\"",
        "preset = \"wordpress\"",
        "each = \"section\"",
        "\"/feed\" = \"latest.rss\"",
        "\"/feed/atom\" = \"latest.atom\"",
    ] {
        assert!(printed.stdout.contains(says), "{says}\n{}", printed.stdout);
    }
    assert!(newsroom.titles("latest").len() > 5);
    for table in ["posts", "postmeta", "terms", "term_taxonomy", "term_relationships", "options"] {
        database.sql(&format!("create table gz_{table} as select * from wp_{table}"));
        database.sql(&format!("rename table wp_{table} to gz_2_{table}"));
    }
    database.sql(
        "rename table wp_users to gz_users;
         create table gz_blogs (blog_id int, domain varchar(200), path varchar(100), deleted int);
         insert into gz_blogs values (1, 'gazette.example', '/', 0), (2, 'sea.example', '/', 0);",
    );
    let printed = init(&newsroom, &[&database.url(), "--blog", "2"]);
    for says in [
        "table_prefix = \"gz_\"",
        "blog = 2",
        "# Site 1 of the network: gazette.example/ (feedwright init --blog 1 makes its file).",
        "# Site 2 of the network: sea.example/",
    ] {
        assert!(printed.stdout.contains(says), "{says}\n{}", printed.stdout);
    }
    runs(&newsroom, &printed, &database.url());
}

#[test]
fn whoever_is_subscribed_to_a_wordpress_stays_so() {
    let Some(database) = Database::new(Engine::Mariadb) else { return };
    database.sql(&format!(
        "set session sql_mode = '';\n{WORDPRESS}\nupdate wp_term_taxonomy set count = 1;"
    ));
    let newsroom = folder();
    let printed = init(&newsroom, &[&database.url()]);
    runs(&newsroom, &printed, &database.url());
    let service = Service::ready_with(&newsroom, |mut command| {
        command.env("DATABASE_URL", database.url());
        command
    });
    let baku = "%d0%b1%d0%b0%d0%ba%d1%83";
    for (address, feed) in [
        ("/feed/", "latest.rss"),
        ("/feed", "latest.rss"),
        ("/feed/rdf/", "latest.rss"),
        ("/wp-atom.php", "latest.atom"),
        ("/?feed=rss2", "latest.rss"),
        ("/index.php?feed=atom", "latest.atom"),
        ("/category/world/feed/", "world.rss"),
        ("/?cat=2&feed=rss2", "world.rss"),
        ("/?feed=atom&cat=3", "asia.atom"),
        (&format!("/category/world/asia/{baku}/feed/"), "%D0%B1%D0%B0%D0%BA%D1%83.rss"),
        ("/?feed=rss&cat=4", "%D0%B1%D0%B0%D0%BA%D1%83.rss"),
        ("/tag/fog/feed/atom/", "tag/fog.atom"),
        ("/?feed=rss2&tag=fog", "tag/fog.rss"),
        ("/author/ada/feed/", "author/ada-brook-sons.rss"),
        ("/?author=2&feed=rdf", "author/ada-brook-sons.rss"),
    ] {
        let response = service.get(address, &[]);
        assert_eq!(response.status, 200, "{address}");
        let stands = response.field("content-location");
        assert_eq!(stands, Some(format!("/feeds/{feed}").as_str()), "{address}");
        assert_eq!(response.body, service.get(&format!("/feeds/{feed}"), &[]).body, "{address}");
    }
    for (address, feed) in [
        ("/2026/feed/", "latest.rss"),
        ("/2026/11/feed/atom/", "latest.atom"),
        ("/2026/1/4/rss2", "latest.rss"),
        ("/search/fog/feed/", "latest.rss"),
        ("/search/a%2Fb/c/feed/rdf", "latest.rss"),
        ("/?s=fog&feed=atom", "latest.atom"),
        ("/?feed=rss2&m=202611", "latest.rss"),
        ("/?feed=rss2&cat=99", "latest.rss"),
        ("/?feed=rss2&cat=2&s=fog", "world.rss"),
    ] {
        let response = service.get(address, &[]);
        assert_eq!(response.status, 302, "{address}");
        let to = response.field("location");
        assert_eq!(to, Some(format!("/feeds/{feed}").as_str()), "{address}");
        assert_eq!(response.field("cache-control"), Some("no-store"), "{address}");
    }
    // A post's comments have no feed here, and no other comes close.
    assert_eq!(service.get("/culture/2024/02/fog/feed/", &[]).status, 404);
}

#[test]
fn what_cannot_be_reached_is_told_without_the_password() {
    let newsroom = folder();
    newsroom.write("notes.txt", "no database");
    Connection::open(newsroom.path("empty.db"))
        .unwrap()
        .execute_batch("pragma user_version = 1")
        .unwrap();
    Connection::open(newsroom.path("other.db"))
        .unwrap()
        .execute_batch("create table prices (id integer, amount real)")
        .unwrap();
    for (url, status, says) in [
        ("sqlite:missing.db", 1, "missing.db"),
        ("sqlite:notes.txt", 1, "notes.txt"),
        ("sqlite:empty.db", 1, "has no tables that may be read"),
        ("sqlite:other.db", 1, "it has: prices"),
        ("postgres://desk:hunter2@127.0.0.1:1/desk", 1, "127.0.0.1"),
        ("mysql://desk:hunter2@127.0.0.1:1/desk", 1, "127.0.0.1"),
        ("oracle://desk:hunter2@db/desk", 2, "is a database of an unknown kind"),
        ("hunter2", 2, "isn't the URL of a database"),
    ] {
        let printed = init(&newsroom, &[url]);
        assert_eq!(printed.status, status, "{url}: {printed:?}");
        assert!(printed.stderr.contains(says), "{url}: {printed:?}");
        assert!(printed.stdout.is_empty(), "{url}: {printed:?}");
        no_password(&printed);
    }
}

/// The tables of programs that `init` has no preset for, with a draft in each: a published article is found
/// whole, and nothing else is.
#[test]
fn tables_of_other_programs_give_what_is_published_and_no_draft() {
    let folder_of_schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/init/schemas");
    let mut schemas: Vec<_> = std::fs::read_dir(folder_of_schemas).unwrap().flatten().collect();
    schemas.sort_by_key(std::fs::DirEntry::file_name);
    assert_eq!(schemas.len(), 5);
    for schema in schemas {
        let sql = std::fs::read_to_string(schema.path()).unwrap();
        let name = schema.path().display().to_string();
        let newsroom = folder();
        Connection::open(newsroom.path("site.db")).unwrap().execute_batch(&sql).unwrap();
        let printed = init(&newsroom, &["sqlite:site.db", "--site", "https://gazette.example/"]);
        runs(&newsroom, &printed, "");
        holds_the_wall(&newsroom, &name);
        for engine in ENGINES {
            let Some(database) = Database::new(engine) else { continue };
            match engine {
                Engine::Postgres => {
                    let sql = sql.replace(" datetime", " timestamp");
                    database.sql(&sql.replace(" tinyint", " smallint"));
                }
                Engine::Mariadb => database.sql(&sql),
            }
            let newsroom = folder();
            let mut command = newsroom.command(&["init", &database.url()]);
            command.args(["--site", "https://gazette.example/"]);
            let printed = crate::support::Running::start(command).end();
            no_password(&printed);
            runs(&newsroom, &printed, &database.url());
            holds_the_wall(&newsroom, &format!("{engine:?} {name}"));
        }
    }
}

fn holds_the_wall(newsroom: &Newsroom, what: &str) {
    let feed = newsroom.read("public/feeds/latest.json");
    assert!(!feed.contains("SECRET"), "{what}: {feed}");
    let feed: serde_json::Value = serde_json::from_str(&feed).unwrap();
    let items = feed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{what}: {feed}");
    assert_eq!(items[0]["title"], "The wall", "{what}");
    let link = items[0]["url"].as_str().unwrap().trim_end_matches('/');
    assert_eq!(link, "https://gazette.example/the-wall", "{what}");
    assert!(items[0]["content_html"].as_str().unwrap().contains("It is up."), "{what}: {feed}");
    assert!(items[0]["date_published"].as_str().unwrap().starts_with("2026-03-01T"), "{what}");
}
