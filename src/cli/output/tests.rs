use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::problem::{Code, Place};

const CODE: Code = Code::new("date-invalid");

fn shown(p: &Problem) -> String {
    let mut out = Vec::new();
    problem(&mut out, p, false).unwrap();
    String::from_utf8(out).unwrap()
}

fn at(text: &str, line: u32, column: u32) -> Problem {
    Problem::error(&CODE, Place::at("a.md", line, column), "this isn't a date").line(text)
}

#[test]
fn a_problem_points_at_its_place() {
    let p = at("title: A\ndate: 31 Feb 2024\n", 2, 7).help("write 29 Feb 2024");
    assert_eq!(
        shown(&p),
        "a.md:2:7: error[date-invalid]: this isn't a date\n    date: 31 Feb 2024\n          ^\n\
         help: write 29 Feb 2024\n"
    );
}

#[test]
fn a_problem_of_a_whole_document_has_no_line() {
    let p = Problem::note(&CODE, Place::whole("desk row 7"), "no date");
    assert_eq!(shown(&p), "desk row 7: note[date-invalid]: no date\n");
}

#[test]
fn the_caret_stands_below_its_column_whatever_is_before_it() {
    for (line, column, caret) in [
        ("\tdate: x", 8, 4 + 10),
        ("日付 x", 4, 4 + 5),
        ("e\u{301}: x", 5, 4 + 3),
        ("a\u{7}: x", 5, 4 + 8),
        ("abc", 4, 4 + 3),
    ] {
        let text = shown(&at(line, 1, column));
        let pointer = text.lines().nth(2).unwrap();
        assert_eq!(pointer, format!("{}^", " ".repeat(caret)), "{line:?}");
    }
}

#[test]
fn a_cut_line_keeps_its_caret() {
    for (before, after) in
        [(0, 400), (50, 400), (79, 400), (80, 400), (300, 300), (400, 0), (170, 1)]
    {
        let line = format!("{}X{}", "a".repeat(before), "b".repeat(after));
        let column = u32::try_from(before).unwrap() + 1;
        let text = shown(&at(&line, 1, column));
        let lines: Vec<&str> = text.lines().collect();
        let caret = lines[2].find('^').unwrap();
        assert_eq!(lines[1].chars().nth(caret), Some('X'), "{before} {after}\n{text}");
    }
}

#[test]
fn a_hostile_document_cannot_drive_the_terminal() {
    let evil = "\u{1b}]0;owned\u{7}\u{9b}31m\r\u{202e}\u{2028}\u{7f}";
    let p = Problem::error(&CODE, Place::at(evil, 1, 1), evil).line(evil).help(evil);
    let text = shown(&p);
    assert!(!text.chars().any(|c| c != '\n' && is_dangerous(c)), "{text:?}");
    assert!(text.contains("\\u{1b}]0;owned\\u{7}"));

    let report = Report { problems: vec![p], failures: vec![evil.to_owned()], ..Report::default() };
    let mut out = Vec::new();
    json(&mut out, &report).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.trim_end().chars().any(is_dangerous), "{text:?}");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["problems"][0]["message"], evil);
}

#[test]
fn colours_are_only_added() {
    let p = at("date: x", 1, 7).help("write a date");
    let mut out = Vec::new();
    problem(&mut out, &p, true).unwrap();
    let text = String::from_utf8(out).unwrap();
    let plain = ["\u{1b}[1;31m", "\u{1b}[1m", "\u{1b}[0m"]
        .iter()
        .fold(text.clone(), |text, code| text.replace(code, ""));
    assert_ne!(text, plain);
    assert_eq!(plain, shown(&p));
}

#[test]
fn problems_are_ordered_and_the_many_are_counted() {
    let of =
        |path: &str, line, code| Problem::warning(&Code::new(code), Place::at(path, line, 1), "m");
    let all = [of("b", 1, "x"), of("a", 10, "x"), of("a", 9, "y"), of("c", 1, "x")];
    let mut out = Vec::new();
    problems(&mut out, &all, Most { notes: Some(2), others: Some(2) }, false).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "a:9:1: warning[y]: m\na:10:1: warning[x]: m\nb:1:1: warning[x]: m\n\
         … and 1 more of [x]; `feedwright check --all` shows all\n"
    );
    let mut out = Vec::new();
    problems(&mut out, &all, Most::ALL, false).unwrap();
    assert_eq!(String::from_utf8(out).unwrap().lines().count(), 4);
}

fn sample() -> Report {
    let problem = |severity| Problem::new(severity, &CODE, Place::whole("a.md"), "m");
    Report {
        started: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        as_of: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        counters: Counters { read: 43, new: 43, written: 12, ..Counters::default() },
        problems: vec![
            problem(Severity::Note),
            problem(Severity::Warning),
            problem(Severity::Note),
        ],
        took_ms: 412,
        times: vec![
            ("gather".to_owned(), 100),
            ("publish".to_owned(), 200),
            ("gather".to_owned(), 1),
        ],
        ..Report::default()
    }
}

#[test]
fn a_run_is_told_in_one_line() {
    assert_eq!(
        summary(&sample()),
        "43 articles read: 43 new, 0 changed, 0 withdrawn; 12 editions written, 0 unchanged; \
         1 warning, 2 notes; 0.4 s"
    );
    assert_eq!(
        summary(&Report::default()),
        "0 articles read: 0 new, 0 changed, 0 withdrawn; 0 editions written, 0 unchanged; \
         no problems; 0.0 s"
    );
}

#[test]
fn what_failed_and_what_is_held_is_told() {
    let held = Held {
        guard: "loss".to_owned(),
        source: "newsroom".to_owned(),
        count: 12,
        ids: vec!["https://gazette.example/fog/".to_owned()],
        release: "feedwright regenerate --accept loss".to_owned(),
    };
    let told = Report { held: vec![held], failures: vec!["desk is down".to_owned()], ..sample() };
    let mut out = Vec::new();
    report(&mut out, &told, Most::OF_A_RUN, false).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("failed: desk is down\n"), "{text}");
    let named = "held: 12 articles of source newsroom, by the loss guard: https://gazette.example/fog/ and \
                 11 others; to release: feedwright regenerate --accept loss\n";
    assert!(text.contains(named), "{text}");
    let end = "2 notes; 1 failure; held: 12 articles of source newsroom, by the loss guard \
               (feedwright regenerate --accept loss); 0.4 s\n";
    assert!(text.ends_with(end), "{text}");
}

/// The schema's word for a value.
fn type_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "boolean",
        serde_json::Value::Number(_) => "integer",
        serde_json::Value::String(_) => "string",
        serde_json::Value::Array(_) => "array",
        serde_json::Value::Object(_) => "object",
    }
}

/// Holds an object to the keys of a schema, both ways, and its values to their types.
fn assert_described(object: &serde_json::Value, schema: &serde_json::Value) {
    let properties = schema["properties"].as_object().unwrap();
    let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
    for key in &keys {
        assert!(properties.contains_key(*key), "{key} isn't in the schema");
    }
    for required in schema["required"].as_array().unwrap() {
        assert!(object.get(required.as_str().unwrap()).is_some(), "{required} isn't written");
    }
    assert_eq!(properties.len(), keys.len(), "a key of the schema isn't written");
    for (key, value) in object.as_object().unwrap() {
        assert!(properties[key]["description"].is_string(), "{key} has no description");
        let types = &properties[key]["type"];
        let named = |t: &serde_json::Value| t == type_of(value);
        assert!(named(types) || types.as_array().is_some_and(|all| all.iter().any(named)), "{key}");
    }
}

#[test]
fn the_schema_describes_each_key() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/reference/report.schema.json")).unwrap();
    let held = Held {
        guard: "loss".into(),
        source: "desk".into(),
        count: 1,
        ids: Vec::new(),
        release: "…".to_owned(),
    };
    let mut out = Vec::new();
    json(&mut out, &Report { held: vec![held], ..sample() }).unwrap();
    let object: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_described(&object, &schema["$defs"]["run"]);
    assert_described(&object["problems"][0], &schema["$defs"]["problem"]);
    assert_described(&object["held"][0], &schema["$defs"]["held"]);
    assert_eq!(object["times"], serde_json::json!({ "gather": 101, "publish": 200 }));
    assert_eq!(object["problems"][0]["line"], serde_json::Value::Null);

    let mut out = Vec::new();
    json_mistakes(&mut out, &sample().problems).unwrap();
    let object: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_described(&object, &schema["$defs"]["mistakes"]);
}

proptest! {
    #[test]
    fn whatever_is_told_is_safe(text in any::<String>(), line in 0u32..4, column in 0u32..300) {
        let p = Problem::error(&CODE, Place::at(&*text, line, column), &*text).line(&text).help(&*text);
        let shown = shown(&p);
        prop_assert!(!shown.chars().any(|c| c != '\n' && is_dangerous(c)));
        prop_assert!((2..=4).contains(&shown.lines().count()));
    }
}
