//! The part of the table that only a service meets: sweeps, listening, and what happens between runs.

use super::*;

/// Somebody serves from behind the gate, and looks each second.
struct Serving<'a> {
    world: &'a World,
    newsroom: Newsroom,
    service: Service,
}

impl Serving<'_> {
    fn begin<'a>(world: &'a World, keys: &str, cron: &str, prepare: impl FnOnce()) -> Serving<'a> {
        let url = world.database.url_by(&format!("{USER}:{PASSWORD_IN_URL}"), world.gate.port);
        let keys = format!(
            "query = \"{QUERY}\"\nchanged_since = \"updated\"\ntime_limit = \"2s\"\n{keys}\n\
             [schedule]\ncron = \"{cron}\"\nlook = \"none\""
        );
        let newsroom = desk(&url, &keys);
        newsroom.regenerate_well();
        prepare();
        let service = Service::start(&newsroom);
        Serving { world, newsroom, service }
    }

    /// What `status` comes to tell of the source. Nothing is taken back meanwhile.
    fn told(&self, before: &crate::support::Published, what: &str) -> String {
        let name = || {
            let status = self.newsroom.feedwright(&["--format", "json", "status"]);
            let status: serde_json::Value = serde_json::from_str(&status.stdout).ok()?;
            let report = status["last"]["report"].clone();
            let is_down = |p: &serde_json::Value| p["code"] == "source-down" && p["path"] == "desk";
            assert!(
                report["failures"].as_array()?.is_empty()
                    || report["problems"].as_array()?.iter().any(is_down),
                "{what}: {report}"
            );
            let told = named(report["failures"][0].as_str()?)?;
            assert!(status["databases"][0]["down_since"].is_string(), "{what}: {status}");
            Some(told)
        };
        let told = wait_for(&format!("{what}: a problem"), name);
        assert_eq!(self.newsroom.changed_since(before), Vec::<String>::new(), "{what}");
        assert!(!self.service.log().contains("hunter2"), "{what}");
        told
    }

    /// It comes to what a newsroom has that nothing happened to.
    fn recovers(self, what: &str) {
        let twin = &self.world.plain;
        twin.regenerate_well();
        let like = |path: &str| self.newsroom.read(path) == twin.read(path);
        wait_for(&format!("{what}: the twin's feeds"), || {
            let all =
                ["public/feeds/latest.rss", "public/feeds/latest.atom", "public/feeds/latest.json"];
            all.iter().all(|path| like(path)).then_some(())
        });
    }
}

fn always(gate: &Gate, at: At, then: Then) {
    let again = gate.clone();
    gate.set(at, move || {
        always(&again, at, then);
        then
    });
}

/// A sweep that doesn't come to its end withdraws nothing; a later one does.
pub(super) fn sweeps(world: &mut World) {
    for (n, fault) in [Fault::Cut, Fault::Killed, Fault::TooSlow, Fault::Locked, Fault::ColumnGone]
        .into_iter()
        .enumerate()
    {
        let what = format!("{:?} Sweep {fault:?}", world.engine());
        let database = Arc::clone(&world.database);
        let mut holder = database.client();
        let gate = world.gate.clone();
        let at = world.at(Stage::Sweep);
        let engine = world.engine();
        let serving = Serving::begin(world, "sweep = \"1s\"", "* * * * * *", || {
            // Only a sweep finds out.
            database.sql(&format!("delete from stories where id = {}", ROWS - n as u32));
            match fault {
                Fault::Cut => always(&gate, at, Then::IsCut),
                Fault::Killed => {
                    let server = Arc::clone(&database.server);
                    gate.set(at, move || {
                        server.kill();
                        Then::IsCut
                    });
                }
                Fault::TooSlow => slow(&database, ROWS / 2, "updated"),
                Fault::Locked => holder.run(locking(engine).0).unwrap(),
                _ => database.sql(DROP),
            }
        });
        let before = serving.newsroom.published();
        let told = serving.told(&before, &what);
        let expected: &[&str] = match fault {
            Fault::Cut => &["broke off"],
            Fault::Killed => &["broke off", "unreachable"],
            Fault::TooSlow => &["too slow"],
            Fault::Locked => &["locked"],
            _ => &["query failed"],
        };
        assert!(expected.contains(&told.as_str()), "{what}: {told}");
        match fault {
            Fault::Cut => gate.clear(),
            Fault::Killed => database.server.start(),
            Fault::TooSlow => no_longer_slow(&database),
            Fault::Locked => holder.run(locking(engine).1).unwrap(),
            _ => column_back(&database),
        }
        serving.recovers(&what);
        world.newsroom.regenerate_well();
        // Of a server that is gone, the run that met it or one of those after.
        let told = if fault == Fault::Killed { "broke off".to_owned() } else { told };
        world.note(Stage::Sweep, fault, told);
    }
}

/// A server that dies while nobody asks it, and comes again.
pub(super) fn between_runs(world: &mut World) {
    for (day, stage) in [(1, Stage::Between), (2, Stage::Listening)] {
        let what = format!("{:?} {stage:?} Killed", world.engine());
        let (keys, cron) = match (stage, world.engine()) {
            (Stage::Listening, Engine::Mariadb) => continue,
            (Stage::Listening, _) => ("sweep = \"1d\"\nlisten = \"stories\"", "none"),
            _ => ("sweep = \"1d\"", "* * * * * *"),
        };
        let serving = Serving::begin(world, keys, cron, || {});
        if stage == Stage::Listening {
            wait_for(&what, || {
                serving.service.log().contains("tells of its changes").then_some(())
            });
        }
        serving.service.wait_readyz(&what, |body| body["last_run"].is_object());
        let before = serving.newsroom.published();
        world.database.server.kill();
        let told = if stage == Stage::Listening {
            let log = wait_for(&what, || {
                let log = serving.service.log();
                let lost = log.lines().find(|l| l.contains("can't tell of its changes now"));
                lost.map(str::to_owned)
            });
            assert_eq!(serving.newsroom.changed_since(&before), Vec::<String>::new());
            named(&log).unwrap_or_else(|| panic!("{what}: {log}"))
        } else {
            serving.told(&before, &what)
        };
        assert!(["unreachable", "broke off"].contains(&told.as_str()), "{what}: {told}");
        world.database.server.start();
        // Nobody notifies: that there is a connection again is enough.
        world.database.sql(&format!(
            "update stories set title = 'Between {day}', updated = '2026-05-0{day} 10:00:00' \
             where id = 1"
        ));
        serving.recovers(&what);
        world.newsroom.regenerate_well();
        world.note(stage, Fault::Killed, told);
    }
}
