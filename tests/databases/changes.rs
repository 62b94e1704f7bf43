//! A database that tells what changed: `serve` reads only that, a sweep finds what no mark told, and `NOTIFY`
//! wakes it at once.

use crate::databases::desk;
use crate::support::Newsroom;
use crate::support::Service;
use crate::support::servers::{Database, ENGINES, Engine};

const TABLE: &str =
    "create table stories (id integer primary key, title varchar(200), updated TIME)";

fn table(engine: Engine) -> String {
    let time = if engine == Engine::Postgres { "timestamptz" } else { "datetime(6)" };
    TABLE.replace("TIME", time)
}

/// Writes a story as of so many minutes ago.
fn write(database: &Database, id: u32, title: &str, minutes: u32) {
    let engine = database.server.engine;
    let at = match engine {
        Engine::Postgres => format!("now() - interval '{minutes} minutes'"),
        Engine::Mariadb => format!("utc_timestamp(6) - interval {minutes} minute"),
    };
    let set = match engine {
        Engine::Postgres => {
            "on conflict (id) do update set title = excluded.title, updated = excluded.updated"
        }
        Engine::Mariadb => {
            "on duplicate key update title = values(title), updated = values(updated)"
        }
    };
    database.sql(&format!("insert into stories values ({id}, '{title}', {at}) {set}"));
}

fn serve(database: &Database, query: &str, keys: &str, cron: &str) -> (Newsroom, Service) {
    let newsroom = desk(
        &database.url(),
        &format!(
            "query = \"{query}\"\nchanged_since = \"updated\"\n{keys}\n[schedule]\ncron = \"{cron}\"\nlook = \"none\"\n"
        ),
    );
    let service = Service::ready(&newsroom);
    (newsroom, service)
}

const QUERY: &str = "select id, title, updated, '2026-03-01' as published from stories";

#[test]
fn serve_asks_for_what_changed_and_a_sweep_finds_the_rest() {
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        database.sql(&table(engine));
        for id in 1..=40 {
            write(&database, id, &format!("Story {id}"), 100);
        }
        for query in [QUERY.to_owned(), format!("{QUERY} where updated >= :since")] {
            let (_newsroom, service) = serve(&database, &query, "sweep = \"1d\"", "* * * * * *");
            service.wait_text("/feeds/latest.json", "Story 40");
            write(&database, 3, "Changed", 0);
            service.wait_text("/feeds/latest.json", "\"Changed\"");
            // What is committed late has an old mark: nothing tells of it but a sweep.
            write(&database, 4, "Late", 50);
            write(&database, 5, "Later", 0);
            let told = service.wait_text("/feeds/latest.json", "\"Later\"").text();
            assert!(!told.contains("\"Late\""), "{engine:?}");
            drop(service);
            let (_newsroom, service) = serve(&database, &query, "sweep = \"1s\"", "* * * * * *");
            service.wait_text("/feeds/latest.json", "\"Late\"");
            write(&database, 6, "Late, too", 60);
            service.wait_text("/feeds/latest.json", "\"Late, too\"");
            database.sql("delete from stories where id = 7");
            service.wait("the sweep", "/feeds/latest.json", |r| !r.text().contains("\"Story 7\""));
            for id in 3..=7 {
                write(&database, id, &format!("Story {id}"), 0);
            }
        }
    }
}

#[test]
fn a_sweep_reads_only_the_rows_that_differ() {
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        database.sql(&table(engine));
        for id in 1..=30 {
            write(&database, id, &format!("Story {id}"), 300);
        }
        write(&database, 31, "Young", 0);
        let newsroom = desk(
            &database.url(),
            &format!(
                "query = \"{QUERY}\"\nchanged_since = \"updated\"\n[schedule]\ncron = \"none\"\n"
            ),
        );
        newsroom.regenerate_well();
        // Its mark stays where it was: only who reads all rows can tell.
        database.sql("update stories set title = 'Unmarked' where id = 2");
        write(&database, 3, "Marked", 200);
        let service = Service::ready(&newsroom);
        let feed = service.wait_text("/feeds/latest.json", "\"Marked\"").text();
        assert!(!feed.contains("\"Unmarked\""), "{engine:?}: a sweep read all rows");
        drop(service);
        newsroom.regenerate_well().assert_counts(&[("changed", 1)]);
        assert!(newsroom.read("public/feeds/latest.json").contains("\"Unmarked\""));
    }
}

/// More rows than a sweep's first page has, by ids of many kinds: of some a page can't go by the order.
#[test]
fn a_sweep_goes_by_pages_whatever_the_ids_are() {
    const ROWS: u32 = 4200;
    for engine in ENGINES {
        let Some(database) = Database::new(engine) else { continue };
        database.sql(&table(engine));
        let rows: Vec<String> =
            (1..=ROWS).map(|id| format!("({id}, 'Story {id}', '2026-01-01 10:00:00')")).collect();
        database.sql(&format!("insert into stories values {}", rows.join(",")));
        let ids: &[&str] = match engine {
            Engine::Postgres => &["id", "md5(id::text)::uuid", "to_json(id)"],
            Engine::Mariadb => &["id", "concat(if(id % 2, 'k', 'K'), id div 2)"],
        };
        for (n, id) in ids.iter().enumerate() {
            let query = format!(
                "select {id} as id, title, updated, '2026-03-01' as published from stories order by title"
            );
            let newsroom = desk(
                &database.url(),
                &format!(
                    "query = \"{query}\"\nchanged_since = \"updated\"\nsweep = \"1d\"\n\
                     [schedule]\ncron = \"none\"\nlook = \"none\"\n[[feed]]\nname = \"latest\"\n\
                     limit = 5000\nmax_bytes = \"none\""
                ),
            );
            let gone = 100 * (n as u32 + 1);
            newsroom.regenerate_well().assert_counts(&[("new", u64::from(ROWS) - n as u64)]);
            database.sql(&format!("delete from stories where id = {gone}"));
            // Late: nothing tells of it but a sweep.
            database.sql(&format!(
                "update stories set title = 'Late {n}', updated = '2025-12-01 10:00:00' where id = {}",
                gone + 1
            ));
            let service = Service::ready(&newsroom);
            let feed = service.get("/feeds/latest.json", &[]).text();
            assert!(feed.contains(&format!("\"Late {n}\"")), "{engine:?} {id}");
            let titles = crate::support::entries(&feed, "title");
            assert_eq!(titles.len(), ROWS as usize - n - 1, "{engine:?} {id}");
            assert!(!titles.contains(&format!("Story {gone}")), "{engine:?} {id}");
        }
    }
}

#[test]
fn a_notification_wakes_serve_at_once() {
    let Some(database) = Database::new(Engine::Postgres) else { return };
    database.sql(&table(Engine::Postgres));
    write(&database, 1, "The wall", 100);
    let keys = "sweep = \"1d\"\nlisten = \"Stories\"";
    let (newsroom, service) = serve(&database, QUERY, keys, "none");
    service.wait_text("/feeds/latest.json", "The wall");
    let notify = |id, title: &str| {
        write(&database, id, title, 0);
        database.sql("notify \"Stories\"");
    };
    let listens = || {
        let sql = "do $$ begin if not exists (select 1 from pg_stat_activity where datname = \
                   current_database() and query like 'listen%') then raise 'not yet'; end if; end $$";
        database.server.try_sql(&database.name, sql).ok()
    };
    crate::support::wait_for("the listener", listens);
    let status = || -> serde_json::Value {
        let answer = crate::support::get(service.admin, "/status", &[]);
        serde_json::from_slice(&answer.body).unwrap()
    };
    crate::support::wait_for("status to tell of the listener", || {
        (status()["serve"]["listening"]["desk"] == true).then_some(())
    });
    notify(2, "The seal");
    service.wait_text("/feeds/latest.json", "The seal");
    // A connection that is cut comes again, and what was told meanwhile is made up for.
    write(&database, 3, "The mud", 0);
    database.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() \
         and query like 'listen%'",
    );
    service.wait_text("/feeds/latest.json", "The mud");
    crate::support::wait_for("the listener", listens);
    notify(4, "The bell");
    service.wait_text("/feeds/latest.json", "The bell");
    // What an operator is told of it.
    let told = crate::support::wait_for("status to tell of the source", || {
        let told = status()["databases"][0].clone();
        told["looked"].is_string().then_some(told)
    });
    assert!(told["rows"].is_null(), "a service that counts after each run: {told}");
    assert_eq!((&told["source"], &told["listen"]), (&"desk".into(), &"Stories".into()), "{told}");
    for key in ["looked", "whole", "swept", "sweep_due", "mark"] {
        assert!(told[key].is_string(), "{key}: {told}");
    }
    assert!(told["down_since"].is_null(), "{told}");
    let text = newsroom.feedwright(&["status"]).stdout;
    assert!(text.contains("database   desk: 4 rows known; last looked at 20"), "{text}");
    assert!(text.contains("listens to Stories"), "{text}");
}
