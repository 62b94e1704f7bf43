//! Each `tests/configs/CASE.toml` is a configuration. Beside a wrong one stands `CASE.stderr`, what a
//! person is shown; beside a right one `CASE.ok`, what it says, then its notes. `UPDATE=1` writes
//! those files anew.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use feedwright::cli::output;
use feedwright::config::{self, Settings};
use feedwright::feed::Definition;
use feedwright::problem::Problem;
use feedwright::source;
use proptest::prelude::*;

/// The environment of all cases.
fn env(name: &str) -> Option<String> {
    match name {
        "DESK_DATABASE_URL" => Some("sqlite:secret-desk.db".to_owned()),
        "OLD_DATABASE_URL" => Some("postgres://desk:secret@db.example/desk".to_owned()),
        "SITE" => Some("gazette.example".to_owned()),
        _ => None,
    }
}

fn load(name: &str, text: &str) -> Result<config::Loaded, Vec<Problem>> {
    config::load(Path::new(name), text, &env)
}

fn shown(problems: &[Problem]) -> String {
    let mut out = Vec::new();
    output::problems(&mut out, problems, output::Most::ALL, false).unwrap();
    String::from_utf8(out).unwrap()
}

/// Every field, a line each.
fn facts(settings: &Settings) -> String {
    let Settings { plan, worker, server } = settings;
    let site = &plan.site;
    let mut facts = String::new();
    let mut say = |name: &str, value: String| writeln!(facts, "{name} = {value}").unwrap();
    say("config", plan.config.display().to_string());
    say("site.title", format!("{:?}", site.title));
    say("site.url", site.url.to_string());
    say("site.description", format!("{:?}", site.description));
    say("site.language", format!("{:?}", site.language));
    say("site.zone", site.zone.to_string());
    say("site.base_url", format!("{:?}", site.base_url.as_ref().map(url::Url::as_str)));
    say("site.id_base", site.id_base.to_string());
    say("site.authors", format!("{:?}", site.authors));
    say("site.copyright", format!("{:?}", site.copyright));
    say("site.license", format!("{:?}", site.license));
    say("site.icon", format!("{:?}", site.icon));
    say("site.logo", format!("{:?}", site.logo));
    say("site.contact", format!("{:?}", site.contact));
    say("site.ttl_minutes", site.ttl_minutes.to_string());
    for source in &plan.sources {
        tell_source(&mut say, source);
    }
    for feed in &plan.feeds {
        tell_feed(&mut say, feed);
    }
    say("tree", plan.tree.display().to_string());
    say("state", plan.state.display().to_string());
    say("lock", plan.lock.display().to_string());
    say("worker", format!("{worker:?}"));
    say("server", format!("{server:?}"));
    facts
}

fn tell_source(say: &mut impl FnMut(&str, String), source: &source::Options) {
    let r = &source.reading;
    let name = format!("source {}", source.name);
    match &source.place {
        source::Place::Directory(place) => say(&name, format!("{place:?}")),
        source::Place::Wxr(place) => say(&name, format!("{place:?}")),
        source::Place::Database(place) => say(
            &name,
            format!(
                "{} shown {:?} query {:?}",
                place.address.file().map_or("a server".into(), |file| file.to_string_lossy()),
                place.shown,
                place.question.query
            ),
        ),
    }
    say(
        "  reading",
        format!(
            "{} {} zone {} links {:?} in {} ids {} {:?} in {} prefix {:?} language {:?} authors {:?} \
             section {:?} separator {:?} by language {:?}",
            r.source,
            r.site_url,
            r.zone,
            r.permalink,
            r.link_zone,
            r.id_base,
            r.id_permalink,
            r.id_zone,
            r.id_prefix,
            r.language,
            r.authors,
            r.section,
            r.list_separator,
            r.by_language
        ),
    );
}

fn tell_feed(say: &mut impl FnMut(&str, String), f: &Definition) {
    let terms = |terms: &[feedwright::article::TermKey]| {
        terms.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    say(
        &format!("feed {}", f.name),
        format!(
            "each {:?} limit {} within {} age {:?} bytes {:?} body {:?} eager {} tombstones {:?} order {:?} resurface {:?} any [{}] all [{}] \
             none [{}] title {:?} description {:?} home {:?} language {:?}",
            f.each,
            f.limit,
            f.within_s,
            f.max_entry_age_s,
            f.max_bytes,
            f.body,
            f.eager,
            f.tombstones_s,
            f.order,
            f.resurface_s,
            terms(&f.selection.any),
            terms(&f.selection.all),
            terms(&f.selection.none),
            f.title,
            f.description,
            f.home,
            f.language
        ),
    );
    if let Some((show, place)) = &f.podcast {
        say("  podcast", format!("{show:?} at {place}"));
    }
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    cases.sort();
    cases
}

#[test]
fn each_case_is_told_as_expected() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    let (mut right_cases, mut wrong_cases) = (0, 0);
    for path in cases() {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (told, beside, other) = match load(name, &text) {
            Ok(loaded) => {
                right_cases += 1;
                let told = facts(&loaded.settings) + &shown(&loaded.problems);
                (told, path.with_extension("ok"), path.with_extension("stderr"))
            }
            Err(problems) => {
                wrong_cases += 1;
                (shown(&problems), path.with_extension("stderr"), path.with_extension("ok"))
            }
        };
        assert!(!told.contains("desk:secret"), "{name} tells a secret:\n{told}");
        if update {
            std::fs::write(&beside, &told).unwrap();
            let _ = std::fs::remove_file(&other);
        }
        assert!(!other.exists(), "{name} was to come out otherwise:\n{told}");
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        if told != expected {
            wrong.push(format!("{name}\n--- expected\n{expected}--- told\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(wrong_cases >= 30 && right_cases >= 5, "cases are missing");
}

#[test]
fn each_expectation_has_its_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.with_extension("toml").exists(), "{}", path.display());
    }
}

#[test]
fn each_problem_points_into_its_line_and_helps() {
    for path in cases() {
        let text = std::fs::read_to_string(&path).unwrap();
        let problems = match load("feeds.toml", &text) {
            Ok(loaded) => loaded.problems,
            Err(problems) => problems,
        };
        for p in problems {
            if p.place.line > 0 {
                let line = text.lines().nth(p.place.line as usize - 1).unwrap_or_default();
                assert!(p.place.column as usize <= line.chars().count() + 1, "{p:?}");
            }
            assert!(p.help.is_some() || p.code.as_str() == "config-syntax", "{p:?}");
        }
    }
}

/// A right configuration that has nearly every key.
const SAMPLE: &str = include_str!("configs/right-full.toml");

/// What a hand that slips can put somewhere.
fn pieces() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            "\"",
            "'",
            "[",
            "]",
            "[[",
            "]]",
            "{",
            "}",
            "=",
            "\n",
            ",",
            ".",
            "#",
            "${",
            "${X}",
            "\0",
            "\u{feff}",
            "é",
            "\\",
            "-1",
            "1e9",
            "1979-05-27",
            "nan",
            "true",
            "\"\"\"",
            "\r",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = load("feeds.toml", &text);
    }

    #[test]
    fn no_toml_makes_it_panic(
        lines in prop::collection::vec(
            (prop::sample::select(vec![
                "site", "source", "feed", "server", "title", "url", "cron", "authors", "any", "name",
                "each", "aliases", "gone", "look", "max_bytes", "listen", "path", "x",
            ]), pieces()),
            0..12,
        )
    ) {
        let text: String = lines.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        let _ = load("feeds.toml", &text);
    }

    #[test]
    fn no_slip_makes_it_panic_or_lose_its_place(
        slips in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, pieces()), 1..4)
    ) {
        let mut text = SAMPLE.to_owned();
        for (at, cut, piece) in slips {
            let mut begin = at.index(text.len() + 1);
            while !text.is_char_boundary(begin) {
                begin -= 1;
            }
            let mut end = (begin + cut).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            text.replace_range(begin..end, &piece);
        }
        match load("feeds.toml", &text) {
            Ok(loaded) => prop_assert!(loaded.problems.iter().all(|p| p.severity < feedwright::problem::Severity::Error)),
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}
