//! What holds of every lock, however its lines came together.

use std::path::Path;

use proptest::prelude::*;

use super::{Edit, Lock, edit, parse, without_bom};

/// Lines of few words, so that they meet; some of them are none.
fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("urn:a".to_owned()),
        Just("urn:b".to_owned()),
        Just("urn:c".to_owned()),
        Just(r"urn:\td".to_owned()),
    ];
    let time = prop_oneof![Just("2026-01-01T00:00:00Z"), Just("2026-02-01T00:00:00Z")];
    prop_oneof![
        8 => (word.clone(), word.clone()).prop_map(|(rule, id)| format!("id\t{rule}\t{id}")),
        4 => (word.clone(), time.clone()).prop_map(|(id, at)| format!("seen\t{id}\t{at}")),
        2 => (word.clone(), word).prop_map(|(name, iri)| format!("feed\t{name}\t{iri}")),
        2 => Just("base\thttps://a.example/".to_owned()),
        2 => Just("future\tkept\\q".to_owned()),
        1 => Just(String::new()),
        1 => "\\PC{0,12}",
    ]
}

fn text(lines: &[String], end: &str) -> String {
    std::iter::once("feeds.lock 1")
        .chain(lines.iter().map(String::as_str))
        .map(|line| format!("{line}{end}"))
        .collect()
}

/// What a text says, without the numbers of its lines; `None` where it can't be obeyed.
fn says(text: &str) -> Option<Lock> {
    let mut lock = parse(Path::new("feeds.lock"), text).ok()?;
    for (_, line) in lock.doubles.values_mut().flatten() {
        *line = 0;
    }
    Some(lock)
}

proptest! {
    #[test]
    fn order_and_repetition_of_lines_and_their_ends_say_nothing(
        lines in prop::collection::vec(line(), 0..12),
        shuffled in Just(()).prop_perturb(|(), rng| rng),
    ) {
        let plain = text(&lines, "\n");
        let mut other = lines.clone();
        other.extend(lines.iter().take(3).cloned());
        let mut rng = shuffled;
        for at in (1..other.len()).rev() {
            other.swap(at, rng.random_range(0..=at));
        }
        prop_assert_eq!(says(&text(&other, "\r\n")), says(&plain));
        prop_assert_eq!(says(plain.trim_end_matches('\n')), says(&plain));
        prop_assert_eq!(says(&format!("\u{feff}{plain}")), says(&plain));
    }

    #[test]
    fn writing_says_the_same_and_keeps_what_is_not_understood(
        lines in prop::collection::vec(line(), 0..12),
    ) {
        let before = text(&lines, "\n");
        prop_assume!(says(&before).is_some());
        let after = edit(&before, &[]);
        prop_assert_eq!(says(&after), says(&before));
        prop_assert!(after.lines().skip(1).is_sorted());
        for line in lines.iter().filter(|line| !line.is_empty()) {
            prop_assert!(after.lines().any(|kept| kept == line), "{:?}", line);
        }
        prop_assert_eq!(edit(&after, &[]), after);
    }

    #[test]
    fn after_an_edit_an_id_has_one_line_and_a_rule_one_id(
        lines in prop::collection::vec(line(), 0..12),
        rule in "urn:[abcx]",
        id in "urn:[abcx]",
    ) {
        let before = text(&lines, "\n");
        prop_assume!(says(&before).is_some());
        let after = edit(&before, &[Edit::Id(rule.clone(), id.clone())]);
        let lock = says(&after).unwrap();
        let given = (rule != id).then_some(&id);
        prop_assert_eq!(lock.ids.get(&rule), given);
        prop_assert!(!lock.doubles.contains_key(&rule));
        prop_assert_eq!(lock.ids.values().filter(|of| **of == id).count(), usize::from(given.is_some()));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|(.|\n|\t|\r|\\\\){0,80}") {
        let _ = says(&text);
        let _ = says(&format!("feeds.lock 1\n{text}"));
        let _ = without_bom(&text);
    }
}
