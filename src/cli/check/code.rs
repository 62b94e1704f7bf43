//! `check --explain CODE`: what a code means, wrong beside right, how to mend it. The text is that of
//! `docs/reference/problems.md`, compiled in.

use std::io::Write;

use serde::Serialize;

use super::super::args::{Global, OutputFormat};
use super::super::{Status, complain, output};

const PAGE: &str = include_str!("../../../docs/reference/problems.md");

/// As many letters may be wrong.
const TYPOS_MAX: usize = 4;

/// Codes that are offered where a name is none.
const OFFERED_MAX: usize = 3;

#[derive(Serialize)]
struct Told<'a> {
    code: &'a str,
    text: &'a str,
}

/// Prints the section of a code.
pub(super) fn run(global: &Global, asked: &str) -> Status {
    let Some((code, text)) = find(asked) else {
        let near = nearest(asked);
        let help = if near.is_empty() {
            "docs/reference/problems.md lists all codes".to_owned()
        } else {
            format!("did you mean {}?", near.join(", "))
        };
        complain(&format!("there is no problem code {}; {help}", output::safe(asked)));
        return Status::Mistake;
    };
    let mut out = anstream::stdout();
    match global.format {
        OutputFormat::Json => {
            let _ = output::write_json(&mut out, &Told { code, text });
        }
        OutputFormat::Text => {
            let _ = writeln!(out, "{code}\n\n{text}");
        }
    }
    Status::Done
}

/// All codes with their sections, in the page's order.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGE.split("\n## `").skip(1).filter_map(|section| {
        let (code, rest) = section.split_once('`')?;
        let text = rest.split("\n# ").next().unwrap_or_default();
        Some((code, text.trim()))
    })
}

/// A code's section; a feed's codes may be asked for without `feed-`, or by the name that the W3C's
/// validator has for them.
fn find(asked: &str) -> Option<(&'static str, &'static str)> {
    let asked = kebab(asked);
    let feed = format!("feed-{asked}");
    sections()
        .find(|(code, _)| *code == asked)
        .or_else(|| sections().find(|(code, _)| *code == feed))
}

/// `MissingSelf` as `missing-self`.
fn kebab(asked: &str) -> String {
    let mut kebab = String::with_capacity(asked.len() + 8);
    let mut before_lower = false;
    for c in asked.trim().chars() {
        if c.is_uppercase() && before_lower {
            kebab.push('-');
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
        kebab.extend(c.to_lowercase());
    }
    kebab
}

fn nearest(asked: &str) -> Vec<&'static str> {
    let asked = kebab(asked);
    // A long name isn't worth the while: nothing is near it.
    if asked.len() > 100 {
        return Vec::new();
    }
    let distance = |code: &str| {
        let bare = code.strip_prefix("feed-").unwrap_or(code);
        strsim::damerau_levenshtein(&asked, code).min(strsim::damerau_levenshtein(&asked, bare))
    };
    let mut near: Vec<(usize, &str)> = sections()
        .map(|(code, _)| (distance(code), code))
        .filter(|(typos, _)| *typos <= TYPOS_MAX && *typos < asked.len())
        .collect();
    near.sort_unstable();
    near.into_iter().take(OFFERED_MAX).map(|(_, code)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_each_of_its_names() {
        for asked in ["feed-missing-self", "missing-self", "MissingSelf"] {
            assert_eq!(find(asked).unwrap().0, "feed-missing-self");
        }
        assert_eq!(find("date-invalid").unwrap().0, "date-invalid");
        assert!(find("config-zone").unwrap().1.contains("Asia/Baku"));
    }

    #[test]
    fn a_section_ends_where_the_next_part_begins() {
        let (_, text) = find("visibility-unknown").unwrap();
        assert!(!text.contains('#'), "{text}");
    }

    #[test]
    fn a_typo_is_answered_with_what_was_meant() {
        assert_eq!(nearest("date-invlaid").first(), Some(&"date-invalid"));
        assert_eq!(nearest("mising-guid").first(), Some(&"feed-missing-guid"));
        assert!(nearest("something else altogether").is_empty());
    }
}
