//! Change marks: what a column says of when a row was last changed. A mark orders the versions of a source;
//! whether it is a time, and whose clock made it, nobody promises. So a mark is never compared with a clock of
//! ours; from the highest one a lag is taken off, because what is committed late has an older mark; and a
//! mark from the future counts as the database's present.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta};

use super::keys::column;
use super::question::Dialect;
use crate::document::{Row, Value};

/// What tells which rows changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The column of the query whose value grows with each change of a row.
    pub column: String,
    /// Seconds below the highest mark from which rows are read again: so late may a transaction commit.
    pub lag_s: u64,
    /// Seconds between sweeps, which find what was committed later than that, and what is gone.
    pub sweep_s: u64,
}

/// A mark, as the database gave it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark(pub(super) Value);

impl Mark {
    pub(super) fn of(row: &Row, changes: &Changes) -> Mark {
        let at = column(&row.columns, &changes.column);
        Mark(at.map_or(Value::Null, |at| row.columns[at].1.clone()))
    }

    /// As it is remembered.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (tag, bytes) = match &self.0 {
            Value::Null | Value::Rows(_) => (b'n', Vec::new()),
            Value::Integer(n) => (b'i', n.to_le_bytes().to_vec()),
            Value::Real(n) => (b'r', n.to_le_bytes().to_vec()),
            Value::Text(bytes) => (b't', bytes.clone()),
            Value::Blob(bytes) => (b'b', bytes.clone()),
        };
        let mut all = vec![tag];
        all.extend(bytes);
        all
    }

    /// As it was remembered.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Mark> {
        let (tag, rest) = bytes.split_first()?;
        Some(Mark(match tag {
            b'n' => Value::Null,
            b'i' => Value::Integer(i64::from_le_bytes(rest.try_into().ok()?)),
            b'r' => Value::Real(f64::from_le_bytes(rest.try_into().ok()?)),
            b't' => Value::Text(rest.to_vec()),
            b'b' => Value::Blob(rest.to_vec()),
            _ => return None,
        }))
    }

    /// As a question takes it. MySQL's times have no offset: the session's zone is UTC, and ours it is, too.
    pub(super) fn for_question(&self, dialect: Dialect) -> Value {
        match &self.0 {
            Value::Text(bytes) if dialect == Dialect::Mysql && Time::of(self).is_some() => {
                Value::Text(bytes.strip_suffix(b"+00:00").unwrap_or(bytes).to_vec())
            }
            value => value.clone(),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.0 == Value::Null
    }

    /// Whether it is at or above another. What can't be compared is: better read once too often.
    pub(super) fn reaches(&self, other: &Mark) -> bool {
        match (&self.0, &other.0) {
            (Value::Integer(a), Value::Integer(b)) => a >= b,
            (Value::Real(a), Value::Real(b)) => a >= b,
            (Value::Text(a) | Value::Blob(a), Value::Text(b) | Value::Blob(b)) => a >= b,
            _ => true,
        }
    }

    /// Not above the database's present.
    pub(super) fn capped(self, present: DateTime<FixedOffset>) -> Mark {
        match Time::of(&self) {
            Some(time) if time.at > present.naive_utc() => time.written(present.naive_utc()),
            _ => self,
        }
    }

    /// So much lower; as it is where it is no time.
    pub(super) fn less(&self, lag_s: u64) -> Mark {
        let lag = i64::try_from(lag_s).ok().and_then(TimeDelta::try_seconds);
        match (Time::of(self), lag) {
            (Some(time), Some(lag)) => match time.at.checked_sub_signed(lag) {
                Some(at) => time.written(at),
                None => Mark(Value::Null),
            },
            _ => self.clone(),
        }
    }
}

/// A mark that is a time.
struct Time {
    /// In UTC where the mark says so; else in whatever zone it is written in.
    at: NaiveDateTime,
    form: Form,
}

/// How a time is written.
enum Form {
    Seconds,
    Millis,
    Micros,
    RealSeconds,
    Day,
    /// The separator between day and time; what stands behind, in UTC.
    Text(char, &'static str),
}

/// Smaller whole numbers are versions, not Unix times (1973-03-03).
const UNIX_MIN: i64 = 100_000_000;
/// Larger ones are thousandths of seconds.
const SECONDS_MAX: i64 = 100_000_000_000;
/// Larger ones are millionths.
const MILLIS_MAX: i64 = 100_000_000_000_000;
const MICROS_MAX: i64 = 100_000_000_000_000_000;

impl Time {
    fn of(mark: &Mark) -> Option<Time> {
        match &mark.0 {
            Value::Integer(n) => {
                let (at, form) = match *n {
                    UNIX_MIN..SECONDS_MAX => (DateTime::from_timestamp(*n, 0), Form::Seconds),
                    SECONDS_MAX..MILLIS_MAX => (DateTime::from_timestamp_millis(*n), Form::Millis),
                    MILLIS_MAX..MICROS_MAX => (DateTime::from_timestamp_micros(*n), Form::Micros),
                    _ => return None,
                };
                Some(Time { at: at?.naive_utc(), form })
            }
            #[expect(clippy::cast_possible_truncation, reason = "checked to be a time of our age")]
            Value::Real(n) if (UNIX_MIN as f64..SECONDS_MAX as f64).contains(n) => {
                let at = DateTime::from_timestamp(*n as i64, 0)?;
                Some(Time { at: at.naive_utc(), form: Form::RealSeconds })
            }
            Value::Text(bytes) => Time::of_text(std::str::from_utf8(bytes).ok()?),
            _ => None,
        }
    }

    fn of_text(text: &str) -> Option<Time> {
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Some(Time { at: day.and_hms_opt(0, 0, 0)?, form: Form::Day });
        }
        let separator = text.chars().nth(10).filter(|c| matches!(c, ' ' | 'T'))?;
        let even = text.replacen('T', " ", 1);
        for (format, zone) in [("%Y-%m-%d %H:%M:%S%.f", ""), ("%Y-%m-%d %H:%M", "")] {
            if let Ok(at) = NaiveDateTime::parse_from_str(&even, format) {
                return Some(Time { at, form: Form::Text(separator, zone) });
            }
        }
        let zone = if even.ends_with('Z') { "Z" } else { "+00:00" };
        let offset = even.strip_suffix('Z').map_or(even.clone(), |rest| format!("{rest}+00:00"));
        let at = DateTime::parse_from_str(&offset, "%Y-%m-%d %H:%M:%S%.f%:z").ok()?;
        Some(Time { at: at.naive_utc(), form: Form::Text(separator, zone) })
    }

    /// Another time as this one is written, no fraction of a second later.
    fn written(&self, at: NaiveDateTime) -> Mark {
        let unix = at.and_utc();
        let text = |text: String| Value::Text(text.into_bytes());
        Mark(match self.form {
            Form::Seconds => Value::Integer(unix.timestamp()),
            Form::Millis => Value::Integer(unix.timestamp_millis()),
            Form::Micros => Value::Integer(unix.timestamp_micros()),
            #[expect(clippy::cast_precision_loss, reason = "seconds are small numbers")]
            Form::RealSeconds => Value::Real(unix.timestamp() as f64),
            Form::Day => text(at.format("%Y-%m-%d").to_string()),
            Form::Text(separator, zone) => {
                text(format!("{}{separator}{}{zone}", at.format("%Y-%m-%d"), at.format("%H:%M:%S")))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Mark {
        Mark(Value::Text(text.as_bytes().to_vec()))
    }

    #[test]
    fn a_lag_is_taken_off_any_time_and_off_nothing_else() {
        for (mark, less) in [
            (text("2026-03-01 00:05:00"), text("2026-02-28 23:55:00")),
            (text("2026-03-01T00:05:00.5"), text("2026-02-28T23:55:00")),
            (text("2026-03-01T00:05:00Z"), text("2026-02-28T23:55:00Z")),
            (text("2026-03-01 04:05:00+04:00"), text("2026-02-28 23:55:00+00:00")),
            (text("2026-03-01"), text("2026-02-28")),
            (text("v17"), text("v17")),
            (Mark(Value::Integer(1_772_323_500)), Mark(Value::Integer(1_772_322_900))),
            (Mark(Value::Integer(1_772_323_500_000)), Mark(Value::Integer(1_772_322_900_000))),
            (Mark(Value::Integer(4711)), Mark(Value::Integer(4711))),
        ] {
            assert_eq!(mark.less(600), less, "{mark:?}");
        }
    }

    #[test]
    fn the_future_is_the_present() {
        let present = DateTime::parse_from_rfc3339("2026-03-01T12:00:00Z").unwrap();
        assert_eq!(text("2026-03-02 00:00:00").capped(present), text("2026-03-01 12:00:00"));
        assert_eq!(text("2026-03-01 11:59:59").capped(present), text("2026-03-01 11:59:59"));
        assert_eq!(text("zzz").capped(present), text("zzz"));
    }

    proptest! {
        #[test]
        fn a_mark_is_remembered_as_it_is(bytes in prop::collection::vec(any::<u8>(), 0..20), n in any::<i64>()) {
            for value in [Value::Text(bytes.clone()), Value::Blob(bytes), Value::Integer(n)] {
                let mark = Mark(value);
                prop_assert_eq!(Mark::from_bytes(&mark.to_bytes()), Some(mark.clone()));
                let less = mark.less(600);
                prop_assert!(mark.reaches(&less));
            }
        }
    }
}
