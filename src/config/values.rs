//! What the strings of `feeds.toml` mean: durations, sizes, schedules, zones, terms. Each is a pure
//! function from a string to a value or to what is wrong with it. A whole value is never repeated in
//! what is said: it may have come from the environment, and the line is shown anyway.

use chrono::DateTime;
use croner::parser::{CronParser, Seconds};
use unicode_normalization::UnicodeNormalization;

use super::codes;
use super::keys::nearest;
use super::text::Wrong;
use crate::article::slug::slug;
use crate::article::{Taxonomy, TermKey};
use crate::document::{ghost, permalink};
use crate::net::{Allowed, NotAllowed};
use crate::time::Zone;

/// Text for people: not empty, without control characters.
pub(super) fn text(value: &str) -> Result<String, Wrong> {
    if value.trim().is_empty() {
        return Err(Wrong::new(codes::VALUE, "is empty", "write something, or leave the line out"));
    }
    if value.chars().any(char::is_control) {
        return Err(Wrong::new(
            codes::VALUE,
            "holds a control character or a line break",
            "write it on one line",
        ));
    }
    Ok(value.trim().to_owned())
}

/// Text for people that may be empty.
pub(super) fn text_or_empty(value: &str) -> Result<String, Wrong> {
    if value.trim().is_empty() { Ok(String::new()) } else { text(value) }
}

/// A charset, by any of its names.
pub(super) fn charset(value: &str) -> Result<&'static encoding_rs::Encoding, Wrong> {
    encoding_rs::Encoding::for_label(value.trim().as_bytes()).ok_or_else(|| {
        let help = "write \"windows-1251\", \"iso-8859-1\" or \"shift_jis\", for example";
        Wrong::new(codes::VALUE, "isn't a charset that is known", help)
    })
}

/// A query; line breaks are its own business.
pub(super) fn query(value: &str) -> Result<String, Wrong> {
    if value.trim().is_empty() {
        let help = "write `select id, title, url, body, published from stories`, for example";
        return Err(Wrong::new(codes::VALUE, "is empty", help));
    }
    Ok(value.to_owned())
}

/// A source's name: it stands in `feeds.lock`, in problems and in commands.
pub(super) fn source_name(value: &str) -> Result<String, Wrong> {
    let sound = !value.is_empty()
        && value.chars().count() <= NAME_CHARS_MAX
        && value.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if sound {
        return Ok(value.nfc().collect());
    }
    let help = "a name has letters, digits, `-`, `_` and `.`: \"newsroom\"";
    Err(Wrong::new(codes::NAME, "isn't a name", help))
}

/// The pattern of a Ghost site's links, as `routes.yaml` has it.
pub(super) fn ghost_permalink(value: &str) -> Result<String, Wrong> {
    match ghost::permalink::check(value) {
        Ok(()) => Ok(value.to_owned()),
        Err(what) => {
            let help = "write it as routes.yaml has it, such as \"/{slug}/\" or \"/{year}/{month}/{slug}/\"";
            Err(Wrong::new(codes::PERMALINK, what, help))
        }
    }
}

/// What the names of WordPress's tables begin with.
pub(super) fn table_prefix(value: &str) -> Result<String, Wrong> {
    let sound = (1..=32).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if sound {
        return Ok(value.to_owned());
    }
    let help = "wp-config.php has it as `$table_prefix`: \"wp_\"";
    Err(Wrong::new(codes::VALUE, "begins no table's name", help))
}

/// A type of WordPress's posts: at most twenty characters, as its column has.
pub(super) fn post_type(value: &str) -> Result<String, Wrong> {
    let sound = (1..=20).contains(&value.len())
        && value
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b));
    if sound {
        return Ok(value.to_owned());
    }
    let help = "write it as WordPress calls it, such as \"post\" or \"podcast\"";
    Err(Wrong::new(codes::VALUE, "is no type of posts", help))
}

/// Longest name of a source or a feed: with endings it fits every file system.
pub(super) const NAME_CHARS_MAX: usize = 60;

/// A section's name: its slug must not be empty.
pub(super) fn section(value: &str) -> Result<String, Wrong> {
    let name = text(value)?;
    if slug(&name).is_empty() {
        let help = "write a name such as \"World\"";
        return Err(Wrong::new(codes::VALUE, "has neither letter nor digit", help));
    }
    Ok(name)
}

/// What is put before ids.
pub(super) fn id_prefix(value: &str) -> Result<String, Wrong> {
    if value.is_empty() || value.contains(|c: char| c.is_control() || c.is_whitespace()) {
        let help = "write a prefix without spaces, such as \"desk:\"";
        return Err(Wrong::new(codes::VALUE, "can't begin an id", help));
    }
    Ok(value.to_owned())
}

/// Seconds of `"48h"`.
pub(super) fn duration(value: &str) -> Result<u64, Wrong> {
    let wrong = |what: &str| {
        let help = "write a whole number and a unit: \"90s\", \"5m\", \"48h\", \"7d\"";
        Wrong::new(codes::DURATION, what, help)
    };
    let (number, unit) = split_unit(value).ok_or_else(|| wrong("isn't a duration"))?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        "" => return Err(wrong("is a duration without its unit")),
        _ => return Err(wrong("isn't a duration")),
    };
    number
        .checked_mul(factor)
        .filter(|seconds| *seconds <= SECONDS_MAX)
        .ok_or_else(|| wrong("is longer than a thousand years"))
}

/// Seconds of a duration that isn't nothing.
pub(super) fn positive_duration(value: &str) -> Result<u64, Wrong> {
    match duration(value)? {
        0 => Err(Wrong::new(codes::DURATION, "must be more than nothing", "write \"10m\"")),
        seconds => Ok(seconds),
    }
}

/// A thousand years: far beyond any use, and safe to reckon with.
const SECONDS_MAX: u64 = 365_250 * 86_400;

/// Bytes of `"20KB"`.
pub(super) fn size(value: &str) -> Result<u64, Wrong> {
    let wrong = |what: &str| {
        let help = "write a whole number and a unit: \"20KB\", \"1MB\" (a KB is 1000 bytes)";
        Wrong::new(codes::SIZE, what, help)
    };
    let (number, unit) = split_unit(value).ok_or_else(|| wrong("isn't a size"))?;
    let factor = match unit.to_ascii_lowercase().as_str() {
        "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "" => return Err(wrong("is a size without its unit")),
        _ => return Err(wrong("isn't a size")),
    };
    match number.checked_mul(factor) {
        Some(0) => Err(wrong("must be more than nothing")),
        Some(bytes) => Ok(bytes),
        None => Err(wrong("is too large")),
    }
}

/// The number of `"20%"`.
pub(super) fn percent(value: &str) -> Result<u32, Wrong> {
    let number = value.trim().strip_suffix('%').and_then(|n| n.trim_end().parse::<u32>().ok());
    number.filter(|n| (1..=100).contains(n)).ok_or_else(|| {
        let help = "write a whole number from 1 to 100 and a percent sign: \"20%\"";
        Wrong::new(codes::VALUE, "isn't a share", help)
    })
}

fn split_unit(value: &str) -> Option<(u64, &str)> {
    let value = value.trim();
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    Some((value[..end].parse().ok()?, value[end..].trim_start()))
}

/// `"none"`, or what `parse` makes of it.
pub(super) fn or_none<T>(
    parse: impl Fn(&str) -> Result<T, Wrong>,
) -> impl Fn(&str) -> Result<Option<T>, Wrong> {
    move |value| if value == "none" { Ok(None) } else { parse(value).map(Some) }
}

/// A schedule of six fields, seconds first, that comes at least once.
pub(super) fn cron(value: &str) -> Result<String, Wrong> {
    let pattern = value.trim();
    let fields = pattern.split_whitespace().count();
    if fields == 5 {
        let help = "the first of six fields is the second: put a 0 before it, as in \
                    \"0 */5 * * * *\"";
        return Err(Wrong::new(codes::CRON, "has five fields and needs six", help));
    }
    let help = "write second, minute, hour, day, month and weekday: \"0 */5 * * * *\" is every \
                five minutes; \"none\" is never";
    if !(6..=7).contains(&fields) && !pattern.starts_with('@') {
        let fields = match fields {
            0 => "is empty".to_owned(),
            1 => "has one field and needs six".to_owned(),
            more => format!("has {more} fields and needs six"),
        };
        return Err(Wrong::new(codes::CRON, fields, help));
    }
    let parser = CronParser::builder().seconds(Seconds::Required).dom_and_dow(true).build();
    let schedule = parser.parse(pattern).map_err(|error| {
        let error = error.to_string();
        let error = error.trim_start_matches("Component error: ").trim_end_matches('.');
        Wrong::new(codes::CRON, format!("isn't a schedule: {error}"), help)
    })?;
    // Any fixed instant serves: what never comes after it never comes.
    let from = DateTime::UNIX_EPOCH + chrono::Days::new(365 * 56);
    if schedule.find_next_occurrence(&from, false).is_err() {
        let help = "look for a day that its month doesn't have, or a year that is past; day and \
                    weekday must both fit";
        return Err(Wrong::new(codes::CRON, "never comes", help));
    }
    Ok(pattern.to_owned())
}

/// A zone of the IANA database.
pub(super) fn zone(value: &str) -> Result<Zone, Wrong> {
    value.parse().map_err(|_| {
        let help = match nearest_zone(value) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                "names are those of the IANA database, such as \"Asia/Baku\" or \"UTC\"".to_owned()
            }
        };
        Wrong::new(codes::ZONE, "isn't the name of a time zone", help)
    })
}

fn nearest_zone(value: &str) -> Option<String> {
    let names: Vec<String> = jiff::tz::TimeZoneDatabase::bundled()
        .available()
        .map(|name| name.as_str().to_owned())
        .collect();
    let wanted = value.trim().replace(' ', "_");
    let city = |name: &&String| {
        name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&wanted))
    };
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    names.iter().find(city).cloned().or_else(|| nearest(&wanted, &known).map(str::to_owned))
}

/// A BCP 47 tag, by its shape.
pub(super) fn language(value: &str) -> Result<String, Wrong> {
    let mut parts = value.split('-');
    let first = parts.next().unwrap_or_default();
    let sound = (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts
            .all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    if sound {
        return Ok(value.to_owned());
    }
    let help = "write a tag such as \"en\", \"en-GB\" or \"zh-Hant\"";
    Err(Wrong::new(codes::LANGUAGE, "isn't a language tag (BCP 47)", help))
}

/// A term: `section:world`.
pub(super) fn term(value: &str) -> Result<TermKey, Wrong> {
    let wrong = |what: &str, help: String| Wrong::new(codes::SELECTION, what, help);
    let example = "write taxonomy and name: \"section:world\", \"tag:harbour\"";
    let Some((taxonomy, name)) = value.split_once(':') else {
        let help = match slug(value) {
            slug if slug.is_empty() => example.to_owned(),
            slug => format!("write \"section:{slug}\" or \"tag:{slug}\""),
        };
        return Err(wrong("holds a term without its taxonomy", help));
    };
    let taxonomy = taxonomy.trim();
    let known = ["section", "tag", "author", "series", "language"];
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    if taxonomy.is_empty() || !taxonomy.chars().all(plain) {
        return Err(wrong("holds a term without its taxonomy", example.to_owned()));
    }
    if !known.contains(&taxonomy)
        && let Some(near) = nearest(taxonomy, &known)
    {
        return Err(wrong("holds an unknown taxonomy", format!("did you mean \"{near}:…\"?")));
    }
    let slug = slug(name);
    if slug.is_empty() {
        return Err(wrong("holds a term without a name", example.to_owned()));
    }
    Ok(TermKey { taxonomy: Taxonomy::from(taxonomy.to_owned()), slug })
}

/// One of a few words.
pub(super) fn word<T: Copy>(
    code: crate::problem::Code,
    words: &'static [(&'static str, T)],
) -> impl FnOnce(&str) -> Result<T, Wrong> {
    move |value| {
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == value) {
            return Ok(*meaning);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let help = match nearest(value, &known) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("write \"{}\", for example", known.first().unwrap_or(&"")),
        };
        let known: Vec<String> = known.iter().map(|word| format!("\"{word}\"")).collect();
        Err(Wrong::new(code, format!("must be {}", known.join(" or ")), help))
    }
}

/// A permalink pattern: a path with tokens.
pub(super) fn permalink(value: &str) -> Result<String, Wrong> {
    let example = "write one as in \"/{section}/{year}/{month}/{slug}/\"";
    match permalink::check(value) {
        Ok(()) => Ok(value.to_owned()),
        Err(e) => Err(Wrong::new(codes::PERMALINK, e.message, example)),
    }
}

/// A host, an address or a range of addresses that is let through.
pub(super) fn allowed(written: &str) -> Result<Allowed, Wrong> {
    let help = "write a host, an address or a range, as in [\"media.internal\", \"10.20.0.0/16\"]";
    written.trim().parse().map_err(|e: NotAllowed| Wrong::new(codes::VALUE, e.to_string(), help))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_have_units() {
        for (written, seconds) in [
            ("90s", 90),
            ("5m", 300),
            ("48h", 172_800),
            ("7d", 604_800),
            ("2w", 1_209_600),
            ("0s", 0),
        ] {
            assert_eq!(duration(written), Ok(seconds), "{written}");
        }
        for wrong in ["", "48", "h", "48 hours", "1.5h", "-1h", "1H", "1h30m", "１h", "99999999w"]
        {
            assert_eq!(duration(wrong).map_err(|w| w.code), Err(codes::DURATION), "{wrong}");
        }
    }

    #[test]
    fn sizes_have_units() {
        for (written, bytes) in [
            ("20KB", 20_000),
            ("1MB", 1_000_000),
            ("512KiB", 524_288),
            ("1 gb", 1_000_000_000),
            ("7b", 7),
        ] {
            assert_eq!(size(written), Ok(bytes), "{written}");
        }
        for wrong in ["", "20", "KB", "1.5MB", "0KB", "1XB", "99999999999999999999GB"] {
            assert_eq!(size(wrong).map_err(|w| w.code), Err(codes::SIZE), "{wrong}");
        }
    }

    #[test]
    fn schedules_come_at_least_once() {
        for right in [
            "0 */5 * * * *",
            "0 0 12 1 * MON",
            "0 0 0 29 2 *",
            "0 0 0 L * *",
            "@daily",
            "0 0 0 1 1 * 2400",
        ] {
            assert_eq!(cron(right).as_deref(), Ok(right));
        }
        for wrong in
            ["*/5 * * * *", "0 0 0 30 2 *", "", "* * * * * * * *", "@never", "0 0 25 * * *"]
        {
            assert_eq!(cron(wrong).map_err(|w| w.code), Err(codes::CRON), "{wrong}");
        }
    }

    #[test]
    fn terms_are_slugs_of_a_taxonomy() {
        for (written, key) in [
            ("section:world", "section:world"),
            ("tag: Harbour & Sea", "tag:harbour-sea"),
            ("author:Анна", "author:анна"),
            ("medium:film", "medium:film"),
        ] {
            assert_eq!(term(written).map(|t| t.to_string()).as_deref(), Ok(key));
        }
        for wrong in ["world", ":x", "tag:", "sections:x", "se ction:x", ""] {
            assert_eq!(term(wrong).map_err(|w| w.code), Err(codes::SELECTION), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_duration_means_what_it_says(n in 0u64..10_000, unit in prop::sample::select(vec![("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)])) {
            prop_assert_eq!(duration(&format!("{n}{}", unit.0)), Ok(n * unit.1));
        }

        #[test]
        fn nothing_makes_a_value_panic(value in any::<String>()) {
            let _ = (duration(&value), size(&value), zone(&value), language(&value), term(&value));
            let _ = (permalink(&value), text(&value), source_name(&value), section(&value));
        }

        #[test]
        fn nothing_makes_a_schedule_panic(value in "[-0-9*/,?#LW@A-Z+ ]{0,24}") {
            let _ = cron(&value);
        }
    }
}
