//! Which names a declared feed can have: each becomes addresses and files.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::codes;
use super::file::Each;
use super::text::Wrong;
use super::values::NAME_CHARS_MAX;
use crate::feed::{Format, RESERVED_NAMES};

/// The token that stands for a section's slug in a name.
const SECTION: &str = "{section}";

/// The name of a definition, as [`Definition`](crate::feed::Definition) wants it.
pub(super) fn definition(written: Option<&str>, each: Option<Each>) -> Result<String, Wrong> {
    match each {
        None => feed(written.unwrap_or_default()),
        Some(Each::Section) => pattern(written.unwrap_or(SECTION)),
        Some(term) => {
            let taxonomy = term.taxonomy();
            let name = format!("{0}/{{{0}}}", taxonomy.as_str());
            if written.is_some_and(|written| written != name) {
                return Err(Wrong::new(
                    codes::NAME,
                    format!("can't be chosen for the feeds of each {}", taxonomy.as_str()),
                    format!("leave it out: their names are `{name}`"),
                ));
            }
            Ok(name)
        }
    }
}

fn feed(written: &str) -> Result<String, Wrong> {
    let name: String = written.nfc().collect();
    let wrong = |what: String, help: &str| Err(Wrong::new(codes::NAME, what, help));
    if name.contains(['{', '}']) {
        let help = "add `each = \"section\"`, which makes a feed for each section";
        return wrong("holds a token, but the feed stands for one".to_owned(), help);
    }
    if RESERVED_NAMES.contains(&name.to_lowercase().as_str()) {
        return Err(Wrong::new(
            codes::NAME_RESERVED,
            format!("is reserved: addresses of another kind begin with /feeds/{name}/"),
            format!("choose another, such as `name = \"{name}-feed\"`"),
        ));
    }
    let letter = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    let sound = name.starts_with(char::is_alphanumeric)
        && name.ends_with(letter)
        && name.chars().all(|c| letter(c) || "-_.".contains(c))
        && name.chars().count() <= NAME_CHARS_MAX;
    if !sound {
        let help = "a name has letters and digits, with `-`, `_` or `.` between them: `latest`, \
                    `world-news`";
        return wrong("can't stand in an address".to_owned(), help);
    }
    let ending = Format::ALL.iter().map(|f| f.extension()).find(|ending| {
        name.rsplit_once('.').is_some_and(|(_, last)| last.eq_ignore_ascii_case(ending))
    });
    if let Some(ending) = ending {
        let help = format!("leave `.{ending}` out: each feed has all three formats");
        return wrong("ends like an address".to_owned(), &help);
    }
    Ok(name)
}

fn pattern(written: &str) -> Result<String, Wrong> {
    let Some((before, after)) = written.split_once(SECTION) else {
        return Err(Wrong::new(
            codes::NAME,
            "doesn't hold `{section}`, so all sections would have one feed",
            "write `name = \"{section}\"`, or something around it: \"news-{section}\"",
        ));
    };
    // Any section's slug can stand there; a short one shows whether the rest can.
    if after.contains(['{', '}']) || before.contains(['{', '}']) {
        let help = "write `name = \"{section}\"`, or something around it: \"news-{section}\"";
        return Err(Wrong::new(codes::NAME, "holds more than `{section}` once", help));
    }
    feed(&format!("{before}0{after}"))?;
    Ok(written.nfc().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_addresses() {
        for name in ["latest", "v1.2", "world-news", "Мир", "हिन्दी", "2024"] {
            assert_eq!(definition(Some(name), None).as_deref(), Ok(name));
        }
        for name in [
            "",
            ".",
            "..",
            "-x",
            "a/b",
            "a b",
            "a\0",
            "latest.rss",
            "x.JSON",
            "tag",
            "Hub",
            "{section}",
            "x.",
            "a%2Fb",
            "a?b",
            &"x".repeat(61),
        ] {
            assert!(definition(Some(name), None).is_err(), "{name:?}");
        }
    }

    #[test]
    fn patterns_hold_their_token_once() {
        for name in ["{section}", "news-{section}", "{section}.news"] {
            assert_eq!(definition(Some(name), Some(Each::Section)).as_deref(), Ok(name));
        }
        for name in
            ["", "news", "{section}{section}", "{tag}", "{section}.rss", "x/{section}", "{section"]
        {
            assert!(definition(Some(name), Some(Each::Section)).is_err(), "{name:?}");
        }
        assert_eq!(definition(None, Some(Each::Section)).as_deref(), Ok("{section}"));
        assert_eq!(definition(None, Some(Each::Tag)).as_deref(), Ok("tag/{tag}"));
        assert!(definition(Some("x"), Some(Each::Tag)).is_err());
    }
}
