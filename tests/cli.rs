//! The commands as an operator meets them: what they print, where, and with which exit status.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{BINARY, Newsroom, Running, SITE, article, files, wait_for};

/// A newsroom with one article that can't be read.
fn broken() -> Newsroom {
    let newsroom = Newsroom::sample();
    newsroom.write("content/town/bell.md", "---\ntitle: [The\n---\n\nBroken.\n");
    newsroom
}

/// A newsroom with a warning and no error.
fn doubtful() -> Newsroom {
    let newsroom = Newsroom::sample();
    let text = "---\ntitle: The bell\ndate: 2026-03-05\nlanguage: \"!\"\n---\n\nIt is loud.\n";
    newsroom.write("content/town/bell.md", text);
    newsroom
}

#[test]
fn check_publishes_nothing_and_keeps_nothing() {
    let newsroom = Newsroom::sample();
    let before = files(&newsroom.path(""));
    let ended = newsroom.feedwright(&["check"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{ended:?}");
    assert_eq!(ended.stdout, "5 articles read; no problems\n");
    assert_eq!(files(&newsroom.path("")), before);
    assert!(!newsroom.exists(".feedwright") && !newsroom.exists("public"));
    // Beside a published newsroom, too.
    newsroom.regenerate_well();
    newsroom.write("content/town/pump.md", article("The pump", "", "It drips."));
    let (lock, published) = (newsroom.read("feeds.lock"), newsroom.published());
    assert_eq!(newsroom.feedwright(&["check"]).status, 0);
    assert_eq!((newsroom.read("feeds.lock"), newsroom.published()), (lock, published));
    newsroom.regenerate_well().assert_counts(&[("new", 1)]);
}

#[test]
fn check_shows_an_error_with_its_place_its_line_and_its_help_and_ends_with_1() {
    let ended = broken().feedwright(&["check"]);
    assert_eq!(ended.status, 1, "{ended:?}");
    let said = &ended.stdout;
    assert!(said.contains("content/town/bell.md:"), "{said}");
    assert!(said.contains(": error[front-matter-invalid]: "), "{said}");
    assert!(said.contains("\nhelp: ") && said.contains("^"), "{said}");
    assert!(said.ends_with("4 articles read; 1 error\n"), "{said}");
}

#[test]
fn check_ends_with_0_for_a_warning_and_with_1_if_it_is_strict() {
    let newsroom = doubtful();
    let report = newsroom.feedwright(&["--format", "json", "check"]).report();
    assert_eq!(report.status, 0, "{report:?}");
    let place = ("language-invalid".to_owned(), "content/town/bell.md".to_owned());
    assert_eq!(report.complaints(), [place]);
    assert_eq!(newsroom.feedwright(&["check", "--strict"]).status, 1);
    assert_eq!(Newsroom::sample().feedwright(&["check", "--strict"]).status, 0);
}

#[test]
fn check_refuses_a_lock_that_is_written_wrong_under_its_own_name() {
    let newsroom = Newsroom::sample();
    newsroom.write("feeds.lock", "feeds.lock 1\nseen\tx\tsoon\n");
    let ended = newsroom.feedwright(&["check"]);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert_eq!(
        ended.stderr,
        "feedwright: feeds.lock:2: \"soon\" isn't a time such as \"2026-11-24T08:00:00Z\"\n"
    );
}

#[test]
fn the_defaults_that_check_prints_are_a_configuration_to_begin_with() {
    let newsroom = Newsroom::new::<&str>(&[]);
    let ended = newsroom.feedwright(&["check", "--print-defaults"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    let filled = ended
        .stdout
        .replace("#title = \"The Harbour Gazette\"", "title = \"The Harbour Gazette\"")
        .replace("#url = \"https://gazette.example/\"", "url = \"https://gazette.example/\"")
        .replace("#name = \"newsroom\"", "name = \"newsroom\"")
        .replace("#path = \"content\"", "path = \"content\"");
    newsroom.write("feeds.toml", filled);
    newsroom.write("content/a.md", article("A", "2026-03-01", "Text."));
    let ended = newsroom.feedwright(&["check"]);
    assert_eq!(ended.status, 0, "{ended:?}");
}

#[test]
fn status_before_any_run_says_how_to_begin() {
    let newsroom = Newsroom::sample();
    let ended = newsroom.feedwright(&["status"]);
    assert_eq!((ended.status, ended.stdout.as_str()), (1, ""), "{ended:?}");
    assert!(ended.stderr.contains("there has been no run yet"), "{ended:?}");
    assert!(ended.stderr.contains("`feedwright regenerate`"), "{ended:?}");
    assert!(!newsroom.exists(".feedwright"), "asking makes nothing");
}

#[test]
fn status_shows_the_last_run_and_what_comes_by_itself() {
    let newsroom = Newsroom::sample();
    newsroom.write("content/town/soon.md", article("Soon", "2099-01-01T12:00:00Z", "Wait."));
    newsroom.regenerate_well();
    let ended = newsroom.feedwright(&["status"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{ended:?}");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].starts_with("last run   2") && lines[0].ends_with(" by regenerate"));
    assert!(lines[1].contains("6 articles read: 6 new, 0 changed, 0 withdrawn; 14 editions"));
    assert!(lines[2].starts_with("next run   2"), "{lines:?}");
    assert!(lines[3].starts_with("next due   2099-01-01 12:00:00 +00:00"), "{lines:?}");
    let ended = newsroom.feedwright(&["--format", "json", "status"]);
    let object: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(object["last"]["command"], "regenerate");
    assert_eq!(object["next_due"].as_str().unwrap()[..10], *"2099-01-01");
    assert!(object["next_run"].is_string() && object["last"]["ended"].is_string(), "{object}");
}

#[test]
fn status_of_a_run_with_an_error_shows_it_and_ends_with_1() {
    let newsroom = broken();
    assert_eq!(newsroom.regenerate().status, 1);
    let ended = newsroom.feedwright(&["status"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stdout.contains("content/town/bell.md:"), "{ended:?}");
    assert!(ended.stdout.contains("error[front-matter-invalid]"), "{ended:?}");
}

#[test]
fn regenerate_prints_one_line_of_what_it_did() {
    let newsroom = Newsroom::sample();
    let ended = newsroom.feedwright(&["regenerate"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    let line = "5 articles read: 5 new, 0 changed, 0 withdrawn; 14 editions written, 0 unchanged; \
                no problems; ";
    assert!(ended.stdout.starts_with(line) && ended.stdout.ends_with(" s\n"), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 1);
}

#[test]
fn quiet_prints_only_what_went_wrong() {
    let newsroom = doubtful();
    let ended = newsroom.feedwright(&["--quiet", "regenerate"]);
    assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
    newsroom.write("content/town/clock.md", "---\ntitle: [The\n---\n");
    let ended = newsroom.feedwright(&["regenerate", "-q"]);
    assert_eq!((ended.status, ended.stdout.as_str()), (1, ""));
    assert!(ended.stderr.contains("content/town/clock.md:"), "{ended:?}");
    assert!(!ended.stderr.contains("warning["), "{ended:?}");
}

/// What is said against the schema, in the few words that it uses.
fn against(schema: &Value, root: &Value, value: &Value, place: &str, wrong: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let definition = root.pointer(reference.trim_start_matches('#')).unwrap();
        return against(definition, root, value, place, wrong);
    }
    if let Some(alternatives) = schema["anyOf"].as_array() {
        let tried = alternatives.iter().map(|schema| {
            let mut wrong = Vec::new();
            against(schema, root, value, place, &mut wrong);
            wrong
        });
        wrong.extend(tried.min_by_key(Vec::len).unwrap_or_default());
        return;
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the schema has a type that this test doesn't know: {other}"),
    };
    let fits = match &schema["type"] {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap())),
        _ => true,
    };
    if !fits {
        wrong.push(format!("{place}: {value} isn't {}", schema["type"]));
    }
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        wrong.push(format!("{place}: {value} isn't in {known:?}"));
    }
    if let (Some(least), Some(number)) = (schema["minimum"].as_i64(), value.as_i64())
        && number < least
    {
        wrong.push(format!("{place}: {number} is below {least}"));
    }
    if schema["format"] == "date-time"
        && let Some(text) = value.as_str()
        && chrono::DateTime::parse_from_rfc3339(text).is_err()
    {
        wrong.push(format!("{place}: {text:?} isn't a time"));
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        if value.get(required.as_str().unwrap()).is_none() {
            wrong.push(format!("{place}: {required} is missing"));
        }
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        match (schema["properties"].get(key), schema.get("additionalProperties")) {
            (Some(schema), _) | (None, Some(schema)) => {
                against(schema, root, value, &format!("{place}.{key}"), wrong);
            }
            _ => wrong.push(format!("{place}: {key:?} isn't in the schema")),
        }
    }
    for (at, value) in value.as_array().into_iter().flatten().enumerate() {
        against(&schema["items"], root, value, &format!("{place}[{at}]"), wrong);
    }
}

#[test]
fn json_is_as_its_schema_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/report.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let well = Newsroom::sample();
    let wrong_configuration = Newsroom::sample();
    wrong_configuration.edit("feeds.toml", "title =", "titel =");
    let gone = Newsroom::sample();
    gone.remove("content");
    let soon = Newsroom::new(&[("content/a.md", article("A", "2099-01-01", "Wait."))]);
    for (newsroom, command, kind, status) in [
        (&well, "regenerate", "run", 0),
        (&well, "regenerate", "run", 0),
        (&well, "check", "run", 0),
        (&well, "status", "status", 0),
        (&broken(), "regenerate", "run", 1),
        (&doubtful(), "check", "run", 0),
        (&gone, "regenerate", "run", 1),
        (&gone, "status", "status", 1),
        (&soon, "regenerate", "run", 0),
        (&wrong_configuration, "regenerate", "mistakes", 2),
        (&wrong_configuration, "check", "mistakes", 2),
    ] {
        let ended = newsroom.feedwright(&["--format", "json", command]);
        assert_eq!(ended.status, status, "{ended:?}");
        assert_eq!(ended.stdout.lines().count(), 1, "one object on one line: {ended:?}");
        let object: Value = serde_json::from_str(&ended.stdout).unwrap();
        let mut wrong = Vec::new();
        against(&schema["$defs"][kind], &schema, &object, command, &mut wrong);
        assert_eq!(wrong, [""; 0], "{object:#}");
    }
}

#[test]
fn a_configuration_elsewhere_has_its_files_around_it() {
    let newsroom = Newsroom::sample();
    fs::create_dir(newsroom.path("site")).unwrap();
    newsroom.rename("feeds.toml", "site/gazette.toml");
    newsroom.rename("content", "site/content");
    let ended = newsroom.feedwright(&["--config", "site/gazette.toml", "regenerate"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    for made in ["public/feeds/latest.rss", ".feedwright/catalog.db", "feeds.lock"] {
        assert!(newsroom.exists(&format!("site/{made}")), "{made}");
        assert!(!newsroom.exists(made), "{made}");
    }
    let mut command = newsroom.command(&["--format", "json", "regenerate"]);
    command.env("FEEDWRIGHT_CONFIG", newsroom.path("site/gazette.toml"));
    let report = crate::support::Running::start(command).end().report();
    report.assert_counts(&[("read", 5), ("opened", 0), ("written", 0)]);
    // Folder and configuration move together.
    newsroom.rename("site", "moved");
    let report =
        newsroom.feedwright(&["-c", "moved/gazette.toml", "--format", "json", "regenerate"]);
    report.report().assert_counts(&[("read", 5), ("parsed", 0), ("written", 0)]);
}

#[test]
fn a_configuration_with_mistakes_ends_every_command_with_2_and_changes_nothing() {
    let newsroom = Newsroom::sample();
    newsroom.edit("feeds.toml", "title =", "titel =");
    let before = files(&newsroom.path(""));
    for command in ["regenerate", "check", "status", "serve"] {
        let ended = newsroom.feedwright(&[command]);
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{command}: {ended:?}");
        assert!(ended.stderr.contains("feeds.toml:2:1: error[config-key-unknown]"), "{ended:?}");
        assert!(ended.stderr.contains("titel = \"The Harbour Gazette\""), "{ended:?}");
        assert!(ended.stderr.contains("help: "), "{ended:?}");
    }
    assert_eq!(files(&newsroom.path("")), before);
    let ended = newsroom.feedwright(&["--config", "nowhere.toml", "regenerate"]);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.stderr.contains("nowhere.toml"), "{ended:?}");
}

#[test]
fn a_state_of_a_later_release_is_refused_in_words_and_left_alone() {
    for file in ["catalog.db", "bodies.db", "ledger.db"] {
        let newsroom = Newsroom::sample();
        newsroom.regenerate_well();
        let published = newsroom.published();
        let db = Connection::open(newsroom.path(&format!(".feedwright/{file}"))).unwrap();
        db.pragma_update(None, "user_version", 999).unwrap();
        drop(db);
        newsroom.edit("content/town/bell.md", "loud", "gone");
        let ended = newsroom.feedwright(&["regenerate"]);
        assert_eq!((ended.status, ended.stdout.as_str()), (1, ""), "{file}: {ended:?}");
        assert!(ended.stderr.contains("written by a later release of feedwright"), "{ended:?}");
        assert!(ended.stderr.contains("999"), "{ended:?}");
        assert_eq!(newsroom.published(), published);
    }
}

#[test]
fn a_state_of_another_configuration_is_refused_in_words() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    newsroom.write("other.toml", SITE);
    for command in ["regenerate", "status"] {
        let ended = newsroom.feedwright(&["--config", "other.toml", command]);
        assert_eq!((ended.status, ended.stdout.as_str()), (1, ""), "{ended:?}");
        assert!(ended.stderr.contains("belongs to ../feeds.toml"), "{ended:?}");
        assert!(ended.stderr.contains("[output] state"), "{ended:?}");
    }
    newsroom
        .write("other.toml", format!("{SITE}\n[output]\ndir = \"other\"\nstate = \".other\"\n"));
    assert_eq!(newsroom.feedwright(&["--config", "other.toml", "regenerate"]).status, 0);
    assert!(newsroom.exists("other/feeds/latest.rss") && newsroom.exists(".other/catalog.db"));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let newsroom = Newsroom::sample();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = newsroom.feedwright(&["serve", "--listen", &address, "--admin", "none"]);
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(ended.stderr.contains(&address) && ended.stderr.contains("--listen"), "{ended:?}");
}

#[test]
fn manual_pages_and_completions_tell_of_every_command() {
    let newsroom = Newsroom::new::<&str>(&[]);
    let page = newsroom.feedwright(&["man"]);
    assert_eq!((page.status, page.stderr.as_str()), (0, ""), "{page:?}");
    assert!(page.stdout.contains(".TH feedwright 1"), "{page:?}");
    for command in ["serve", "regenerate", "check", "explain", "history", "status", "completions"] {
        assert!(page.stdout.contains(&format!("feedwright\\-{command}(1)")), "{command}: {page:?}");
        let own = newsroom.feedwright(&["man", command]);
        assert_eq!((own.status, own.stderr.as_str()), (0, ""), "{own:?}");
        assert!(own.stdout.contains(&format!(".TH feedwright-{command} 1")), "{own:?}");
    }
    // Columns of examples stay columns.
    let own = newsroom.feedwright(&["man", "regenerate"]).stdout;
    assert!(own.contains("\n.SH EXAMPLES\n.nf\n\\&  feedwright regenerate\n"), "{own}");
    assert!(own.contains("\n\\&  feedwright \\-\\-quiet regenerate   "), "{own}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = newsroom.feedwright(&["completions", shell]);
        assert_eq!((script.status, script.stderr.as_str()), (0, ""), "{script:?}");
        assert!(script.stdout.contains("regenerate"), "{script:?}");
        assert!(script.stdout.contains("dry-run"), "{script:?}");
    }
    assert_eq!(newsroom.feedwright(&["man", "nothing"]).status, 2);
    assert_eq!(newsroom.feedwright(&["completions", "cmd"]).status, 2);
}

/// A newsroom whose desk's database somebody is writing to, so that a run takes as long as they do.
fn busy_desk() -> (Newsroom, Connection) {
    let newsroom = Newsroom::sample();
    let desk = "[[source]]\nname = \"desk\"\nkind = \"database\"\nurl = \"sqlite:desk.db\"\n\
                query = \"select id, title from stories\"\npermalink = \"/desk/{id}/\"\n";
    newsroom.write("feeds.toml", format!("{SITE}\n{desk}"));
    let writer = Connection::open(newsroom.path("desk.db")).unwrap();
    writer
        .execute_batch(
            "create table stories (id, title); insert into stories values ('a', 'A');
             begin exclusive;",
        )
        .unwrap();
    (newsroom, writer)
}

/// Runs the binary as somebody at a terminal does; what they see is its standard output.
fn at_terminal(newsroom: &Newsroom, args: &[&str]) -> Running {
    let line = format!("'{BINARY}' {}", args.join(" "));
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(newsroom.path(""))
        .env("TERM", "xterm")
        .env_remove("FEEDWRIGHT_CONFIG")
        .stdin(Stdio::null());
    Running::start(script)
}

const BAR: &str = "documents read: 5";

fn wait_for_bar(running: &mut Running) {
    wait_for("a bar", || running.said().contains(BAR).then_some(()));
}

#[test]
fn whoever_waits_at_a_terminal_sees_how_far_a_long_run_is() {
    let (newsroom, writer) = busy_desk();
    let mut running = at_terminal(&newsroom, &["regenerate"]);
    wait_for_bar(&mut running);
    writer.execute_batch("commit").unwrap();
    let ended = running.end();
    assert_eq!(ended.status, 0, "{ended:?}");
    // It is taken away, and the run's line remains.
    let (_, after) = ended.stdout.rsplit_once(BAR).unwrap();
    let (_, line) = after.rsplit_once("\u{1b}[2K").unwrap();
    assert!(line.starts_with("6 articles read: 6 new"), "{ended:?}");
}

#[test]
fn programs_and_those_who_want_quiet_see_no_bar() {
    for args in [["--quiet", "regenerate"].as_slice(), &["--format", "json", "regenerate"]] {
        let (newsroom, writer) = busy_desk();
        let quiet = at_terminal(&newsroom, args);
        // By the time that somebody beside it sees one, it would have been drawn.
        let (other, its_writer) = busy_desk();
        let mut watched = at_terminal(&other, &["regenerate"]);
        wait_for_bar(&mut watched);
        its_writer.execute_batch("commit").unwrap();
        writer.execute_batch("commit").unwrap();
        watched.end();
        let ended = quiet.end();
        assert!(
            !ended.stdout.contains("documents read") && !ended.stdout.contains('\u{1b}'),
            "{ended:?}"
        );
    }
}
