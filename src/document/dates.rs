//! Dates as people write them: our own list of forms, tried in order, each an instant, a local time
//! or a day. Nothing is guessed: a form whose order of day and month isn't certain is no date.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, Timelike, Utc};

use crate::article::{Moment, Precision};
use crate::time::Zone;

/// A date as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Date {
    /// With an offset.
    Instant(DateTime<Utc>),
    /// A wall clock's time.
    Local(NaiveDateTime),
    /// A date alone.
    Day(NaiveDate),
}

/// Days first, then days with times, for [`chrono`]; `%B` reads short names of months too.
const DAYS: [&str; 8] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d %B %Y",
    "%B %d, %Y",
    "%B %d %Y",
    "%d.%m.%Y",
    "%d-%B-%Y",
];
const TIMES: [&str; 4] = ["%H:%M:%S%.f", "%H:%M", "%I:%M %p", "%I:%M%p"];
/// What stands between day and time.
const BETWEEN: [&str; 5] = ["T", " - ", ", ", " at ", " "];

/// Reads a date. Years have four digits, from 1000.
pub(super) fn parse(text: &str) -> Option<Date> {
    let text = text.trim();
    // No form is longer; a long text is no date and shall not be tried forty times.
    if text.len() < 6 || text.len() > 64 || !text.is_ascii() {
        return None;
    }
    let text = without_weekday(text);
    let text = without_ordinal(&text);
    if let Some(day) = day(&text) {
        return Some(Date::Day(day));
    }
    if let Some(at) = local(&text) {
        return Some(Date::Local(at));
    }
    let (rest, offset) = offset(&text)?;
    let at = local(rest)?;
    let at = at.and_local_timezone(offset).single()?.to_utc();
    Some(Date::Instant(at.with_nanosecond(0)?))
}

/// Reads a date; one without an offset is in `zone`.
pub(super) fn moment(text: &str, zone: &Zone) -> Option<Moment> {
    Some(in_zone(parse(text)?, zone))
}

/// A date as an instant; one without an offset is in `zone`.
pub(super) fn in_zone(date: Date, zone: &Zone) -> Moment {
    match date {
        Date::Instant(at) => Moment { at, precision: Precision::Instant },
        Date::Local(at) => Moment { at: zone.instant(at), precision: Precision::Instant },
        Date::Day(day) => Moment {
            at: zone.instant(day.and_time(chrono::NaiveTime::MIN)),
            precision: Precision::Day,
        },
    }
}

/// Seconds, or thousandths of a second, since 1970.
pub(super) fn unix(number: i64) -> Option<Moment> {
    // 10^11 seconds are in the year 5138, 10^11 milliseconds in 1973.
    let seconds = if number.unsigned_abs() >= 100_000_000_000 { number / 1000 } else { number };
    let at = DateTime::from_timestamp(seconds, 0)?;
    sound(at.date_naive()).then_some(Moment { at, precision: Precision::Instant })
}

/// Whether "none" is meant by it: a database's `0000-00-00 00:00:00`, Go's year 1.
pub(super) fn is_zero(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("0000-00-00") || text.starts_with("0001-01-01") || text == "0"
}

fn sound(day: NaiveDate) -> bool {
    (1000..=9999).contains(&day.year())
}

fn day(text: &str) -> Option<NaiveDate> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if text.len() == 8 && digits == 8 {
        return NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|d| sound(*d));
    }
    let fits = |format: &&&str| format.starts_with("%Y") == (digits == 4);
    DAYS.iter()
        .filter(fits)
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
        .filter(|d| sound(*d))
}

fn local(text: &str) -> Option<NaiveDateTime> {
    for between in BETWEEN {
        // The last place where it stands: a "," or a space can be within the day.
        let upper = text.rfind(between).or_else(|| match between {
            "T" => text.rfind('t'),
            _ => None,
        });
        let Some(at) = upper else { continue };
        let (left, right) = (text[..at].trim_end(), text[at + between.len()..].trim_start());
        if let (Some(day), Some(time)) = (day(left), time(right)) {
            return Some(day.and_time(time));
        }
        // "2:05 PM" holds a space of its own.
        if between == " "
            && let Some(earlier) = text[..at].rfind(' ')
            && let (Some(day), Some(time)) = (day(&text[..earlier]), time(&text[earlier + 1..]))
        {
            return Some(day.and_time(time));
        }
    }
    None
}

fn time(text: &str) -> Option<chrono::NaiveTime> {
    TIMES
        .iter()
        .find_map(|format| chrono::NaiveTime::parse_from_str(text, format).ok())?
        .with_nanosecond(0)
}

/// Splits off an offset or the name of a zone whose offset never changes (RFC 822 §5.1).
fn offset(text: &str) -> Option<(&str, FixedOffset)> {
    const NAMES: [(&str, i32); 13] = [
        ("UTC", 0),
        ("GMT", 0),
        ("UT", 0),
        ("Z", 0),
        ("z", 0),
        ("EST", -5),
        ("EDT", -4),
        ("CST", -6),
        ("CDT", -5),
        ("MST", -7),
        ("MDT", -6),
        ("PST", -8),
        ("PDT", -7),
    ];
    for (name, hours) in NAMES {
        if let Some(rest) = text.strip_suffix(name)
            && rest.ends_with(|c: char| c.is_ascii_digit() || c == ' ')
        {
            return Some((rest.trim_end(), FixedOffset::east_opt(hours * 3600)?));
        }
    }
    let at = text.rfind(['+', '-'])?;
    let sign = if text[at..].starts_with('-') { -1 } else { 1 };
    let digits = &text[at + 1..];
    // A date's own hyphens aren't signs: an offset stands after a time.
    if !text[..at].contains(':') {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        2 => (digits, "0"),
        4 => digits.split_at(2),
        5 if digits.as_bytes()[2] == b':' => (&digits[..2], &digits[3..]),
        _ => return None,
    };
    if !hours.bytes().chain(minutes.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 15 || minutes > 59 {
        return None;
    }
    let offset = FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))?;
    let rest = text[..at].trim_end();
    let rest = rest.strip_suffix("GMT").or_else(|| rest.strip_suffix("UTC")).unwrap_or(rest);
    Some((rest.trim_end(), offset))
}

/// `Sun, 18 Feb 2024` and `Sunday 18 February 2024` name the weekday; it isn't checked.
fn without_weekday(text: &str) -> String {
    let word: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    const DAYS: [&str; 7] =
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let lower = word.to_ascii_lowercase();
    let is_day = word.len() >= 3
        && DAYS.iter().any(|d| *d == lower || lower.len() <= 4 && d.starts_with(&lower));
    if is_day {
        text[word.len()..].trim_start_matches(['.', ',', ' ']).to_owned()
    } else {
        text.to_owned()
    }
}

/// `18th February 2024` loses its letters.
fn without_ordinal(text: &str) -> String {
    let bytes = text.as_bytes();
    for ending in ["st", "nd", "rd", "th"] {
        if let Some(at) = text.find(ending)
            && at > 0
            && bytes[at - 1].is_ascii_digit()
            && bytes.get(at + 2).is_none_or(|b| !b.is_ascii_alphanumeric())
        {
            return format!("{}{}", &text[..at], &text[at + 2..]);
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_many_forms() {
        let baku: Zone = "Asia/Baku".parse().unwrap();
        let shown = |text: &str| {
            moment(text, &baku).map(|m| {
                let at = baku.show(m.at).to_rfc3339();
                if m.precision == Precision::Day { format!("{at} day") } else { at }
            })
        };
        for text in [
            "2024-02-18T12:05:00+04:00",
            "2024-02-18T08:05:00Z",
            "2024-02-18T08:05:00.999Z",
            "2024-02-18t08:05z",
            "2024-02-18T12:05",
            "2024-02-18 12:05",
            "2024-02-18 12:05:00",
            "2024-2-18 12:05",
            "2024/02/18 12:05",
            "2024-02-18 12:05:00 +0400",
            "2024-02-18 12:05:00+04",
            "2024-02-18 12:05:00 +04:00",
            "2024-02-18 08:05 UTC",
            "2024-02-18 03:05:00 -0500",
            "Sun, 18 Feb 2024 12:05:00 +0400",
            "Sun, 18 Feb 2024 08:05:00 GMT",
            "18 Feb 2024 03:05 EST",
            "18 February 2024 - 12:05",
            "18 February 2024, 12:05",
            "18 February 2024 12:05",
            "Sunday 18th February 2024, 12:05",
            "February 18, 2024 at 12:05",
            "Feb 18, 2024 12:05 PM",
            "18.02.2024 12:05",
        ] {
            assert_eq!(shown(text).as_deref(), Some("2024-02-18T12:05:00+04:00"), "{text}");
        }
        for text in [
            "2024-02-18",
            "2024/2/18",
            "20240218",
            "18 Feb 2024",
            "18 February 2024",
            "Feb 18, 2024",
            "February 18 2024",
            "18.2.2024",
        ] {
            assert_eq!(shown(text).as_deref(), Some("2024-02-18T00:00:00+04:00 day"), "{text}");
        }
    }

    #[test]
    fn what_is_uncertain_or_impossible_is_no_date() {
        for text in [
            "",
            "soon",
            "02/18/2024",
            "18/02/2024",
            "2024-02-30",
            "2024-13-01",
            "2024",
            "12:05",
            "0000-00-00",
            "0024-02-18",
            "2024-02-18 25:00",
            "2024-02-18 12:05 +99:00",
            "1708243500",
            "2024-02-18T",
            "Last Modified",
            "2024-02-18-a-name",
            "मंगलवार",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn unix_times_may_be_in_milliseconds() {
        assert_eq!(unix(1_708_243_500), unix(1_708_243_500_000));
        assert_eq!(unix(i64::MAX), None);
        assert_eq!(unix(i64::MIN), None);
    }
}
