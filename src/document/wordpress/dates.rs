//! When a post was published, by WordPress's two columns: the one in UTC, and the one on the site's
//! clock for where that is `0000-00-00 00:00:00`.

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};

use crate::time::Zone;

/// The site's clock, as its options say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clock {
    /// `timezone_string`: a zone with its rules.
    Zone(Zone),
    /// `gmt_offset`: the same hours all year.
    Offset(FixedOffset),
    /// Nothing is said: whoever reads the document knows.
    Unknown,
}

impl Clock {
    /// What `timezone_string` and `gmt_offset` say; the first counts where it names a zone.
    #[must_use]
    pub fn of_options(timezone: &str, offset: &str) -> Clock {
        if let Ok(zone) = timezone.trim().parse::<Zone>() {
            return Clock::Zone(zone);
        }
        let hours = offset.trim().parse::<f64>().ok().filter(|hours| hours.abs() <= 15.0);
        #[expect(clippy::cast_possible_truncation, reason = "fifteen hours are few seconds")]
        let seconds = hours.map(|hours| (hours * 3600.0).round() as i32);
        seconds.and_then(FixedOffset::east_opt).map_or(Clock::Unknown, Clock::Offset)
    }

    fn instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self {
            Clock::Zone(zone) => Some(zone.instant(local)),
            Clock::Offset(offset) => Some(local.and_local_timezone(*offset).single()?.to_utc()),
            Clock::Unknown => None,
        }
    }
}

/// A time as a row gives it: RFC 3339, or on a clock that isn't known; `None` of a date that is none.
pub(super) fn time(gmt: &str, local: &str, clock: &Clock) -> Option<String> {
    if let Some(at) = written(gmt) {
        return Some(format!("{}Z", at.format("%Y-%m-%dT%H:%M:%S")));
    }
    let local = written(local)?;
    Some(match clock.instant(local) {
        Some(at) => format!("{}Z", at.format("%Y-%m-%dT%H:%M:%S")),
        None => local.format("%Y-%m-%d %H:%M:%S").to_string(),
    })
}

/// A date as MySQL writes it.
fn written(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    if text.starts_with("0000") {
        return None;
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_clock_fills_in() {
        let zero = "0000-00-00 00:00:00";
        let local = "2024-02-18 12:05:00";
        for (gmt, timezone, offset, at) in [
            ("2024-02-18 08:05:00", "", "9", "2024-02-18T08:05:00Z"),
            (zero, "Asia/Baku", "9", "2024-02-18T08:05:00Z"),
            (zero, "", "5.75", "2024-02-18T06:20:00Z"),
            (zero, "Nowhere/At_all", "-3.5", "2024-02-18T15:35:00Z"),
            ("", "", "", "2024-02-18 12:05:00"),
            ("", "", "99", "2024-02-18 12:05:00"),
        ] {
            let clock = Clock::of_options(timezone, offset);
            assert_eq!(time(gmt, local, &clock).as_deref(), Some(at), "{gmt} {timezone} {offset}");
        }
        assert_eq!(time(zero, zero, &Clock::Unknown), None);
        assert_eq!(time(zero, "2024-02-30 00:00:00", &Clock::Unknown), None);
    }
}
