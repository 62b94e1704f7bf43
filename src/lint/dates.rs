//! Dates: RFC 822 with a four-digit year as RSS has it, RFC 3339 as Atom and JSON Feed have it, and
//! the W3C's profile of ISO 8601 in modules.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta};

use super::sheet::{Sheet, quote};
use super::{Rule, error, note, warning};
use crate::problem::Code;

const RFC2822: Rule =
    error(Code::new("feed-invalid-rfc2822-date"), "write it like `Sun, 18 Feb 2024 08:05:00 GMT`");
const WEEKDAY: Rule =
    error(Code::new("feed-incorrect-dow"), "write the true weekday, or leave it out");
const LOOSE: Rule = warning(
    Code::new("feed-problematical-rfc822-date"),
    "write it like `Sun, 18 Feb 2024 08:05:00 GMT`, which every reader reads alike",
);
const RFC3339: Rule = error(
    Code::new("feed-invalid-rfc3339-date"),
    "write it like `2024-02-18T12:05:00+04:00` or `2024-02-18T08:05:00Z`",
);
const W3CDTF: Rule = error(
    Code::new("feed-invalid-w3cdtf-date"),
    "write it like `2024-02-18` or `2024-02-18T08:05:00Z`",
);
const FUTURE: Rule = warning(
    Code::new("feed-implausible-date"),
    "publish it once it is due; readers hide it, or keep it on top",
);
const OLD: Rule = note(
    Code::new("feed-implausible-date-past"),
    "right for an old archive; else look for a year of two digits, or a date of zero",
);

/// How far a date may lie ahead: clocks differ.
const AHEAD: TimeDelta = TimeDelta::minutes(10);
/// Before the web there were no feeds.
const YEAR_MIN: i32 = 1990;

const MONTHS: &[&str] =
    &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: &[&str] = &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const WEEKDAY_NAMES: &[&str] =
    &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Zones by name, and how far they are from GMT, in hours.
const ZONES: &[(&str, i32)] = &[
    ("UT", 0),
    ("GMT", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("Z", 0),
];

/// A date of RSS (RFC 822 §5.1; RFC 2822 §3.3; Best Practices Profile).
pub(super) fn rfc822(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) {
    let is = |what: &str| format!("`{called}` is {}, {what}", quote(text));
    match read_rfc822(text) {
        None if is_no_day(text) => {
            sheet.tell_value(&RFC2822, at, text, is("and there is no such day or time"));
        }
        None => sheet.tell_value(&RFC2822, at, text, is("and not a date of RFC 822")),
        Some(Read { weekday: Some(right), .. }) => {
            sheet.tell_value(&WEEKDAY, at, text, is(&format!("which is a {right}")));
        }
        Some(Read { loose: Some(why), .. }) => {
            sheet.tell_value(&LOOSE, at, text, is(why));
        }
        Some(Read { instant: Some(instant), .. }) => plausible(sheet, text, at, instant),
        Some(_) => {}
    }
}

/// Whether it is the day or time alone that keeps a text from being a date of RFC 822.
fn is_no_day(text: &str) -> bool {
    let possible = |part: &str| match part.bytes().all(|b| b.is_ascii_digit()) {
        true if part.len() < 3 => "01".to_owned(),
        true => part.to_owned(),
        false if part.contains(':') => "00:00:00".to_owned(),
        false => part.to_owned(),
    };
    let parts: Vec<String> = text.split_whitespace().map(possible).collect();
    let is_clock = |part: &str| {
        let all: Vec<&str> = part.split(':').collect();
        let two = |n: &&str| n.len() == 2 && n.bytes().all(|b| b.is_ascii_digit());
        !part.contains(':') || (2..=3).contains(&all.len()) && all.iter().all(two)
    };
    text.split_whitespace().all(is_clock) && read_rfc822(&parts.join(" ")).is_some()
}

/// A date of Atom and JSON Feed (RFC 3339 §5.6), in upper case.
pub(super) fn rfc3339(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) {
    match read_rfc3339(text) {
        Some(instant) => plausible(sheet, text, at, instant),
        None => {
            let message = format!("`{called}` is {}, and not a date of RFC 3339", quote(text));
            sheet.tell_value(&RFC3339, at, text, message);
        }
    }
}

/// The instant of a date of RFC 3339.
pub(super) fn read_rfc3339(text: &str) -> Option<DateTime<chrono::FixedOffset>> {
    let bytes = text.as_bytes();
    let upper = bytes.get(10) == Some(&b'T') && !text.ends_with('z');
    DateTime::parse_from_rfc3339(text).ok().filter(|_| upper && text.is_ascii())
}

/// A date of Dublin Core: a year, month, day, or an instant with its zone.
pub(super) fn w3cdtf(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) {
    let digits = |t: &str, shape: &[usize]| {
        let parts: Vec<&str> = t.split('-').collect();
        parts.len() == shape.len()
            && parts
                .iter()
                .zip(shape)
                .all(|(p, n)| p.len() == *n && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
    let month = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").is_ok();
    let whole = match text.len() {
        4 => digits(text, &[4]),
        7 => digits(text, &[4, 2]) && month,
        10 => digits(text, &[4, 2, 2]) && day,
        _ => {
            // Seconds may be left out here.
            let (date, rest) = text.split_at_checked(16).unwrap_or((text, ""));
            let seconds = if rest.starts_with(':') { "" } else { ":00" };
            match read_rfc3339(&format!("{date}{seconds}{rest}")) {
                Some(instant) => {
                    plausible(sheet, text, at, instant);
                    true
                }
                None => false,
            }
        }
    };
    if !whole {
        let message = format!("`{called}` is {}, and not a date of the W3C's form", quote(text));
        sheet.tell_value(&W3CDTF, at, text, message);
    }
}

/// Tells of a date that is yet to come, or long past; in one form, whatever the feed's format.
fn plausible(sheet: &mut Sheet<'_>, text: &str, at: usize, instant: DateTime<chrono::FixedOffset>) {
    let ahead = sheet.hints.now.and_then(|now| now.checked_add_signed(AHEAD));
    let shown = instant.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    if ahead.is_some_and(|ahead| instant > ahead) {
        let message = format!("the date {} is yet to come", quote(&shown));
        sheet.tell_value(&FUTURE, at, text, message);
    } else if instant.timestamp() == 0 && !has_entries(sheet.text) {
        // Atom requires a date of feeds that have none.
        let message = "the feed has no articles yet: its date is 1970, which stands for never";
        sheet.tell(&OLD, at, message);
    } else if instant.year() < YEAR_MIN {
        let message = format!("the date {} is long before there were feeds", quote(&shown));
        sheet.tell_value(&OLD, at, text, message);
    }
}

fn has_entries(text: &str) -> bool {
    ["<entry", "<item", "\"items\""].iter().any(|begin| text.contains(begin))
}

struct Read {
    instant: Option<DateTime<chrono::FixedOffset>>,
    /// Why not every reader reads it alike.
    loose: Option<&'static str>,
    /// The weekday that it should name, where it names another.
    weekday: Option<&'static str>,
}

/// `[Sun, ]18 Feb 2024 08:05[:00] GMT`, and looser forms.
fn read_rfc822(text: &str) -> Option<Read> {
    let bare = without_comments(text);
    let loose = bare.replace(',', ", ");
    let parts: Vec<&str> = loose.split_whitespace().collect();
    let spaced = parts.join(" ") == text;
    let (weekday, rest) = match parts.split_first()? {
        (first, rest) if first.ends_with(',') => (Some(first.trim_end_matches(',')), rest),
        (first, rest) if first.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            // `Sun ,18 Feb`: seen, and read by some.
            (Some(*first), if rest.first() == Some(&",") { rest.get(1..)? } else { return None })
        }
        _ => (None, parts.as_slice()),
    };
    let [day, month, year, time, zone @ ..] = rest else { return None };
    let number = index(MONTHS, month)?;
    let years: i32 = year.parse().ok()?;
    let two = year.len() == 2;
    if !(two || year.len() == 4) || day.len() > 2 || zone.len() > 1 {
        return None;
    }
    // RFC 2822 §4.3.
    let years = if two { if years < 50 { years + 2000 } else { years + 1900 } } else { years };
    let date = NaiveDate::from_ymd_opt(years, number + 1, day.parse().ok()?)?;
    let clock: Vec<&str> = time.split(':').collect();
    if !(2..=3).contains(&clock.len()) || clock.iter().any(|c| c.len() != 2) {
        return None;
    }
    let second = clock.get(2).map_or(Some(0), |s| s.parse::<u32>().ok())?.min(59);
    let at = date.and_hms_opt(clock[0].parse().ok()?, clock[1].parse().ok()?, second)?;
    let (offset, zone_strict) = offset(zone.first().copied())?;
    let named = match weekday {
        Some(name) => Some(index(WEEKDAYS, name.trim_end_matches(','))?),
        None => None,
    };
    let exact = MONTHS.contains(month) && weekday.is_none_or(|name| WEEKDAYS.contains(&name));
    let loose = [
        (!two, "whose year has two digits"),
        (!zone.is_empty(), "which names no zone"),
        (zone_strict, "whose zone not all readers know"),
        (exact, "whose weekday or month is spelled in another way"),
        (spaced, "with spaces or remarks that not all readers expect"),
    ];
    let right = date.weekday().num_days_from_monday();
    Some(Read {
        instant: offset.and_then(|o| at.and_local_timezone(o).single()),
        loose: loose.into_iter().find(|(is_so, _)| !is_so).map(|(_, why)| why),
        weekday: match named {
            Some(named) if named != right => WEEKDAY_NAMES.get(right as usize).copied(),
            _ => None,
        },
    })
}

/// Where a name stands in a list, whatever its letters' case.
fn index(list: &[&str], name: &str) -> Option<u32> {
    let at = list.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    u32::try_from(at).ok()
}

/// A zone's offset, where it has a meaning, and whether readers take it without doubt. `None`: it is
/// no zone.
fn offset(zone: Option<&str>) -> Option<(Option<chrono::FixedOffset>, bool)> {
    let Some(zone) = zone else { return Some((None, false)) };
    let east = |seconds| chrono::FixedOffset::east_opt(seconds);
    if let Some((name, hours)) = ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(zone)) {
        return Some((east(hours * 3600), *name == zone));
    }
    if zone.len() == 1 && zone.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some((None, false));
    }
    let digits = zone.strip_prefix(['+', '-']).filter(|d| d.len() == 4)?;
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..)?.parse().ok()?;
    let seconds = (hours * 60 + minutes) * 60;
    let signed = if zone.starts_with('-') { -seconds } else { seconds };
    Some((east(signed), minutes == 0 || minutes == 30))
}

/// Comments in brackets go (RFC 822 §3.4.3).
fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    let mut bare = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    bare
}
