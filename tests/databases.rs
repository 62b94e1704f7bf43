//! Databases as sources, on real servers: the same rows make the same feeds whatever engine holds them.

mod broken;
mod changes;
mod gate;
mod kills;

use rusqlite::Connection;

use crate::support::Newsroom;
use crate::support::servers::{Database, ENGINES, Engine, PASSWORD, Server, USER};

/// A newsroom whose one source is a database.
pub(crate) fn desk(url: &str, keys: &str) -> Newsroom {
    let toml = format!(
        "[site]\ntitle = \"The Harbour Gazette\"\nurl = \"https://gazette.example/\"\n\
         base_url = \"https://feeds.gazette.example/\"\nlanguage = \"en\"\ntimezone = \"Asia/Baku\"\n\n\
         [[source]]\nname = \"desk\"\nkind = \"database\"\nurl = \"{url}\"\n{keys}\n"
    );
    Newsroom::new(&[("feeds.toml", toml)])
}

const STORIES: &str = "
create table stories (id integer primary key, url varchar(200), title varchar(200), body TEXT,
    section varchar(40), tags varchar(200), published TIMESTAMP, score decimal(8,2), pinned BOOL);
insert into stories values
    (1, '/harbour/wall/', 'The wall', '<p>The wall is <em>up</em>.</p>', 'Harbour', 'stone,\"sea\"',
     '2026-03-01 09:30:00', 1.50, true),
    (2, '/town/clock/', 'Die Uhr für Ёлки 🕰', '<p>It is slow.</p>', 'Town', '[\"time\", \"brass, old\"]',
     '2026-03-02 10:00:00', 2, false),
    (3, '/town/bell/', 'The bell', null, 'Town', null, '2026-03-03 00:00:00', null, null);
";

pub(crate) const QUERY: &str = "select id, url, title, body, section, tags, published, score, pinned \
                     from stories order by published desc";

pub(crate) fn stories(timestamp: &str) -> String {
    STORIES.replace("TIMESTAMP", timestamp).replace("BOOL", "boolean").replace("TEXT", "text")
}

#[test]
fn three_engines_make_the_same_feeds() {
    let keys = format!("query = \"{QUERY}\"");
    let sqlite = desk("sqlite:desk.db", &keys);
    let connection = Connection::open(sqlite.path("desk.db")).unwrap();
    connection.execute_batch(&stories("text")).unwrap();
    sqlite.regenerate_well().assert_counts(&[("new", 3), ("read", 3)]);
    let expected = sqlite.editions();
    assert!(sqlite.read("public/feeds/latest.rss").contains("Die Uhr für Ёлки 🕰"));
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        let timestamp = if engine == Engine::Postgres { "timestamp" } else { "datetime" };
        database.sql(&stories(timestamp));
        let newsroom = desk(&database.url(), &keys);
        newsroom.regenerate_well().assert_counts(&[("new", 3), ("read", 3)]);
        assert_eq!(newsroom.editions(), expected, "{engine:?}");
        // A second look finds nothing otherwise.
        newsroom.regenerate_well().assert_counts(&[("changed", 0), ("parsed", 0)]);
        database.sql("update stories set title = 'The great bell' where id = 3");
        newsroom.regenerate_well().assert_counts(&[("changed", 1), ("parsed", 1)]);
        assert_eq!(newsroom.titles("latest")[0], "The great bell");
    }
}

#[test]
fn a_server_that_was_killed_takes_nothing_back() {
    for engine in ENGINES {
        let Some(server) = Server::own(engine) else { continue };
        let database = Database::on(server);
        database.sql(&stories(if engine == Engine::Postgres { "timestamp" } else { "datetime" }));
        let newsroom = desk(&database.url(), &format!("query = \"{QUERY}\""));
        newsroom.regenerate_well();
        let before = newsroom.published();
        database.server.kill();
        let report = newsroom.regenerate();
        assert_eq!(report.status, 1);
        let failures = report.failures();
        assert!(failures[0].starts_with("source \"desk\": the database "), "{failures:?}");
        assert!(failures[0].contains(" can't be reached: "), "{failures:?}");
        assert_eq!(newsroom.changed_since(&before), Vec::<String>::new());
        database.server.start();
        newsroom.regenerate_well().assert_counts(&[("parsed", 0), ("withdrawn", 0)]);
    }
}

#[test]
fn a_socket_and_a_password_in_a_file_lead_there_too() {
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        database.sql(&stories(if engine == Engine::Postgres { "timestamp" } else { "datetime" }));
        let socket = database.server.socket();
        let (scheme, name, port) = match engine {
            Engine::Postgres => ("postgres", "host", database.server.port),
            Engine::Mariadb => ("mariadb", "socket", 1),
        };
        let url = format!(
            "{scheme}://{USER}@localhost:{port}/{}?{name}={}",
            database.name,
            socket.display()
        );
        let newsroom = desk(&url, &format!("password_file = \"secret\"\nquery = \"{QUERY}\""));
        newsroom.write("secret", format!("{PASSWORD}\n"));
        newsroom.regenerate_well().assert_counts(&[("new", 3)]);
        newsroom.write("secret", "another\n");
        let failures = newsroom.regenerate().failures();
        assert!(failures[0].contains(" refuses the login: "), "{failures:?}");
        newsroom.remove("secret");
        let failures = newsroom.regenerate().failures();
        assert!(failures[0].contains("secret, which the database "), "{failures:?}");
    }
}

#[test]
fn what_belongs_to_rows_is_asked_for_by_their_ids() {
    let keys = "query = \"select id, url, title, published from stories order by id\"\n\
                [source.also]\n\
                tags = \"select story as id, name as tag from tags where story in (:ids) order by place\"\n\
                authors = \"select s.story as id, p.name, p.mail as email from people p join signed s \
                on s.person = p.person where s.story in (:ids) order by s.place\"";
    let tables = "
create table stories (id integer primary key, url varchar(200), title varchar(200), published varchar(40));
create table tags (story integer, name varchar(40), place integer);
create table people (person integer, name varchar(40), mail varchar(40));
create table signed (story integer, person integer, place integer);
insert into people values (1, 'Ann Editor', 'ann@gazette.example'), (2, 'Ben Writer', null);
insert into signed values (1, 2, 1), (1, 1, 2), (600, 1, 1);
insert into tags values (1, 'stone', 2), (1, 'sea', 1), (600, 'brass', 1);
";
    let row = |n: u32| format!("({n}, '/s/{n}/', 'Story {n}', '2026-03-01 09:30:00')");
    let rows: Vec<String> = (1..=600).map(row).collect();
    let sql = format!("{tables}insert into stories values {};\n", rows.join(","));
    let sqlite = desk("sqlite:desk.db", keys);
    Connection::open(sqlite.path("desk.db")).unwrap().execute_batch(&sql).unwrap();
    sqlite.regenerate_well().assert_counts(&[("new", 600)]);
    let expected = sqlite.editions();
    let feed = sqlite.read("public/feeds/latest.json");
    let feed: serde_json::Value = serde_json::from_str(&feed).unwrap();
    let of = |id: &str| {
        let items = feed["items"].as_array().unwrap();
        items
            .iter()
            .find(|i| i["url"] == format!("https://gazette.example/s/{id}/"))
            .unwrap()
            .clone()
    };
    assert_eq!(of("1")["tags"], serde_json::json!(["sea", "stone"]));
    assert_eq!(of("1")["authors"][0]["name"], "Ben Writer");
    assert_eq!(of("1")["authors"][1]["name"], "Ann Editor");
    assert_eq!(of("600")["tags"], serde_json::json!(["brass"]));
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        database.sql(&sql);
        let newsroom = desk(&database.url(), keys);
        newsroom.regenerate_well().assert_counts(&[("new", 600)]);
        assert_eq!(newsroom.editions(), expected, "{engine:?}");
        newsroom.regenerate_well().assert_counts(&[("opened", 600), ("parsed", 0)]);
        database.sql("delete from tags where story = 600");
        newsroom.regenerate_well().assert_counts(&[("changed", 1), ("parsed", 1)]);
    }
}

#[test]
fn a_table_with_columns_of_its_own_names_and_bytes_in_a_charset() {
    let keys = "table = \"Stories\"\ncharset = \"windows-1251\"\n\
                columns = { id = \"nr\", title = \"the headline\", body = \"text\", published = \"day\" }";
    let table = |bytes: &str, quote: char, value: &str| {
        format!(
            "create table \"Stories\" (nr integer, \"the headline\" {bytes}, text {bytes}, day varchar(20));\n\
             insert into \"Stories\" values (1, {value}, {value}, '2026-03-01');\n"
        )
        .replace('"', &quote.to_string())
    };
    let sqlite = desk("sqlite:desk.db", keys);
    let sql = table("blob", '"', "x'cceef0e5'");
    Connection::open(sqlite.path("desk.db")).unwrap().execute_batch(&sql).unwrap();
    sqlite.regenerate_well();
    assert_eq!(sqlite.titles("latest"), ["Море"]);
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        database.sql(&match engine {
            Engine::Postgres => table("bytea", '"', "'\\xcceef0e5'"),
            Engine::Mariadb => table("blob", '`', "x'cceef0e5'"),
        });
        let newsroom = desk(&database.url(), keys);
        newsroom.regenerate_well();
        assert_eq!(newsroom.editions(), sqlite.editions(), "{engine:?}");
    }
}
