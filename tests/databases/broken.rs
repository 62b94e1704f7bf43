//! Whatever a database does: what was published stays, a sentence says what is wrong and where, the other
//! sources go on, and the next run recovers. And nothing that is printed holds the password.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::databases::{QUERY, desk, stories};
use crate::support::servers::{Database, ENGINES, Engine, PASSWORD, PASSWORD_IN_URL, USER};
use crate::support::{Newsroom, article};

fn filled(database: &Database) {
    let engine = database.server.engine;
    database.sql(&stories(if engine == Engine::Postgres { "timestamp" } else { "datetime" }));
}

/// A newsroom with a database, and a folder beside it.
fn beside(url: &str, keys: &str) -> Newsroom {
    let newsroom = desk(url, keys);
    let toml = newsroom.read("feeds.toml");
    newsroom.write(
        "feeds.toml",
        format!("{toml}\n[[source]]\nname = \"folder\"\npath = \"content\"\n"),
    );
    newsroom.write("content/fog.md", article("Fog", "2026-03-09", "It is thick."));
    newsroom
}

/// That the other source goes on while the database can't be read, and nothing is taken back.
fn stands(newsroom: &Newsroom, at: &str) -> String {
    let titles = newsroom.titles("latest");
    let new = format!("Fog {}", titles.len());
    newsroom.write(&format!("content/{}.md", titles.len()), article(&new, "2026-03-09", "More."));
    let report = newsroom.regenerate();
    assert_eq!(report.status, 1, "{at}: {report:?}");
    let after = newsroom.titles("latest");
    assert!(after.contains(&new), "{at}: {after:?}");
    assert!(titles.iter().all(|title| after.contains(title)), "{at}: {after:?}");
    let failures = report.failures();
    assert_eq!(failures.len(), 1, "{at}: {failures:?}");
    failures.into_iter().next().unwrap()
}

/// Stands between us and a server, and cuts each connection after so many bytes of the server's.
struct Proxy {
    port: u16,
    bytes: Arc<AtomicU64>,
    seen: Arc<AtomicU64>,
}

impl Proxy {
    fn before(port: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy {
            port: listener.local_addr().unwrap().port(),
            bytes: Arc::new(AtomicU64::new(u64::MAX)),
            seen: Arc::default(),
        };
        let (bytes, seen) = (Arc::clone(&proxy.bytes), Arc::clone(&proxy.seen));
        std::thread::spawn(move || {
            for ours in listener.incoming() {
                let (Ok(mut ours), Ok(mut theirs)) =
                    (ours, TcpStream::connect(("127.0.0.1", port)))
                else {
                    continue;
                };
                let (mut from, mut to) = (ours.try_clone().unwrap(), theirs.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                let (left, seen) = (bytes.load(Ordering::Relaxed), Arc::clone(&seen));
                std::thread::spawn(move || {
                    let (mut left, mut buffer) = (left, [0; 512]);
                    while left > 0 {
                        let room = usize::try_from(left.min(512)).unwrap();
                        let Ok(n @ 1..) = theirs.read(&mut buffer[..room]) else { break };
                        if ours.write_all(&buffer[..n]).is_err() {
                            break;
                        }
                        seen.fetch_add(n as u64, Ordering::Relaxed);
                        left -= n as u64;
                    }
                    let _ = ours.shutdown(std::net::Shutdown::Both);
                    let _ = theirs.shutdown(std::net::Shutdown::Both);
                });
            }
        });
        proxy
    }
}

#[test]
fn a_connection_may_be_cut_at_any_byte() {
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        filled(&database);
        let proxy = Proxy::before(database.server.port);
        let url = database.url_by(&format!("{USER}:{PASSWORD_IN_URL}"), proxy.port);
        let newsroom = beside(&url, &format!("query = \"{QUERY}\""));
        newsroom.regenerate_well();
        proxy.seen.store(0, Ordering::Relaxed);
        newsroom.regenerate_well();
        let all = proxy.seen.load(Ordering::Relaxed);
        assert!(all > 500, "{engine:?}: {all}");
        // All of the way, and each byte somewhere.
        let last = all - all / 8;
        for cut in (0..last).step_by(usize::try_from(last / 23).unwrap().max(1)) {
            proxy.bytes.store(cut, Ordering::Relaxed);
            let failure = stands(&newsroom, &format!("{engine:?} cut after {cut} of {all} bytes"));
            assert!(
                [" can't be reached: ", " broke off: "].iter().any(|sign| failure.contains(sign)),
                "{engine:?} cut after {cut} of {all} bytes: {failure}"
            );
        }
        proxy.bytes.store(u64::MAX, Ordering::Relaxed);
        newsroom.regenerate_well().assert_counts(&[("withdrawn", 0)]);
    }
}

#[test]
fn a_schema_that_changed_a_lock_and_a_slow_question_are_told() {
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        filled(&database);
        let keys = format!("time_limit = \"1s\"\nquery = \"{QUERY}\"");
        let newsroom = beside(&database.url(), &keys);
        newsroom.regenerate_well();

        let mut holder = database.client();
        let (lock, unlock) = match engine {
            Engine::Postgres => ("begin;\nlock table stories", "rollback"),
            Engine::Mariadb => ("lock tables stories write", "unlock tables"),
        };
        holder.run(lock).unwrap();
        let failure = stands(&newsroom, "a lock");
        assert!(
            failure.contains("took longer than 1 s") || failure.contains("has been locked"),
            "{failure}"
        );
        holder.run(unlock).unwrap();
        newsroom.regenerate_well();

        let sleep = if engine == Engine::Postgres { "pg_sleep(60)" } else { "sleep(60)" };
        newsroom.edit("feeds.toml", "select id,", &format!("select {sleep}, id,"));
        let failure = stands(&newsroom, "a slow question");
        assert!(failure.contains("took longer than 1 s and was broken off"), "{failure}");
        newsroom.edit("feeds.toml", &format!("select {sleep}, id,"), "select id,");

        database.sql("alter table stories drop column section");
        let failure = stands(&newsroom, "a dropped column");
        assert!(failure.contains("the query of ") && failure.contains("section"), "{failure}");
        database.sql("alter table stories add column section varchar(40)");
        newsroom.regenerate_well();

        // An empty table is a loss, and held.
        database.sql("delete from stories");
        let report = newsroom.regenerate();
        assert_eq!(report.held().len(), 1, "{report:?}");
        assert!(newsroom.titles("latest").contains(&"The bell".to_owned()));
    }
}

#[test]
fn nothing_is_ever_written() {
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        filled(&database);
        for query in [
            "delete from stories returning id",
            "with gone as (delete from stories returning id) select id from gone",
            "insert into stories (id) values (9) returning id",
            "select id from stories; delete from stories",
            "select id from stories) as q; delete from stories; select (1",
            "set transaction read write",
            "select id from stories into outfile '/tmp/feedwright-never'",
            "call nothing()",
            "copy stories to stdout",
            "explain select 1",
            " ",
        ] {
            let newsroom = desk(&database.url(), "query = '''QUERY'''");
            newsroom.edit("feeds.toml", "QUERY", query);
            let ended = newsroom.feedwright(&["regenerate"]);
            assert_ne!(ended.status, 0, "{engine:?} {query}: {ended:?}");
        }
        let newsroom = desk(&database.url(), &format!("query = \"{QUERY}\""));
        newsroom.regenerate_well().assert_counts(&[("new", 3)]);
    }
}

#[test]
fn rows_that_are_wrong_are_told_by_their_names_and_the_rest_goes_on() {
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        database.sql(
            "create table stories (id integer, title varchar(200), body text, published varchar(40));
insert into stories values (1, 'Good', 'Fine.', '2026-03-01'), (2, 'Odd', 'Odd.', '2026-13-45'),
    (null, 'Nameless', 'Lost.', '2026-03-01'), (1, 'Twice', 'Again.', '2026-03-01');
",
        );
        let query = "select id, title, body, published from stories order by title";
        let newsroom = desk(&database.url(), &format!("query = \"{query}\""));
        let report = newsroom.regenerate();
        let complaints = report.complaints();
        let has =
            |code: &str, path: &str| complaints.iter().any(|(c, p)| c == code && p.ends_with(path));
        assert!(has("row-twice", " row 1"), "{complaints:?}");
        assert!(has("row-without-key", " row 2"), "{complaints:?}");
        assert!(complaints.iter().any(|(_, path)| path == "desk row 2"), "{complaints:?}");
        assert!(newsroom.titles("latest").contains(&"Good".to_owned()));
    }
}

#[test]
fn values_of_all_types_mean_what_they_say() {
    let postgres = "
create type mood as enum ('calm', 'rough');
create table stories (id uuid, title text, tags text[], published timestamptz, expires timestamp,
    updated date, score numeric, sea mood, pinned boolean, body bytea, extra jsonb, note xml);
insert into stories values ('6fa459ea-ee8a-3ca4-894e-db77e160355e', 'All', array['a', 'b, c'],
    '2026-03-01 12:00:00.25+04', 'infinity', '2026-03-02', 1.50, 'rough', true,
    convert_to('<p>Ünder</p>', 'UTF8'), '{\"a\": [1]}', '<a/>');
";
    let mariadb = "
create table stories (id bigint unsigned, title varchar(40), tags json, published timestamp(6) null,
    expires datetime, updated date, score decimal(6,2), sea enum('calm','rough'), pinned bit(1),
    body longblob, extra json, note year);
insert into stories values (18446744073709551615, 'All', '[\"a\", \"b, c\"]', '2026-03-01 08:00:00.25',
    '0000-00-00 00:00:00', '2026-03-02', 1.50, 'rough', b'1', '<p>Ünder</p>', '{\"a\": [1]}', 2026);
";
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        match engine {
            Engine::Postgres => database.sql(postgres),
            Engine::Mariadb => {
                let mut client = database.client();
                client.run("set sql_mode = '', time_zone = '+00:00'").unwrap();
                client.run(mariadb).unwrap();
            }
        }
        let newsroom = desk(&database.url(), "query = \"select * from stories\"");
        let report = newsroom.regenerate();
        assert_eq!(report.complaints(), [], "{engine:?}");
        let feed: serde_json::Value =
            serde_json::from_str(&newsroom.read("public/feeds/latest.json")).unwrap();
        let item = &feed["items"][0];
        assert_eq!(item["tags"], serde_json::json!(["a", "b, c"]), "{engine:?}: {item}");
        assert_eq!(item["date_published"], "2026-03-01T12:00:00+04:00", "{engine:?}: {item}");
        assert!(item["content_html"].as_str().unwrap().contains("Ünder"), "{engine:?}: {item}");
        let id =
            if engine == Engine::Postgres { "6fa459ea-ee8a-3ca4" } else { "18446744073709551615" };
        assert!(item["id"].as_str().unwrap().starts_with(id), "{engine:?}: {item}");
    }
}

#[test]
fn the_password_is_in_nothing_that_is_printed() {
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        filled(&database);
        let wrong = database.url().replace(&database.name, "nowhere");
        let nobody = database.url().replace(USER, "nobody");
        let nowhere = database.url().replace(&format!(":{}/", database.server.port), ":1/");
        let unknown = format!("{}?sslmode=never", database.url());
        let verified = format!("{}?sslmode=verify-full", database.url());
        let mut told = 0;
        for url in [&database.url(), &wrong, &nobody, &nowhere, &unknown, &verified] {
            for keys in
                [QUERY, "select nothing from stories", "select id from stories where id = 'x"]
            {
                let newsroom = desk(url, &format!("query = \"{keys}\""));
                for args in [
                    &["regenerate"][..],
                    &["--format", "json", "regenerate"],
                    &["check"],
                    &["status"],
                    &["--format", "json", "status"],
                    &["explain", "desk row 1"],
                    &["explain", "1"],
                ] {
                    let mut command = newsroom.command(args);
                    command.env("FEEDWRIGHT_LOG", "trace").env("RUST_BACKTRACE", "1");
                    let ended = crate::support::Running::start(command).end();
                    let all = format!("{}{}", ended.stdout, ended.stderr);
                    for secret in [PASSWORD, PASSWORD_IN_URL, "hunter2"] {
                        assert!(!all.contains(secret), "{engine:?} {args:?}: {all}");
                    }
                    told += all.len();
                }
                for (path, bytes) in newsroom.tree() {
                    assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"), "{path}");
                }
            }
        }
        assert!(told > 10_000, "{told}");
    }
}
