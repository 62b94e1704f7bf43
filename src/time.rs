//! Time zones with rules that are the same on every machine. Zone data comes from jiff's bundled
//! copy of the IANA database, never from the system, so that bytes don't depend on where they were
//! made; everything else about time is chrono's.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use jiff::tz::{AmbiguousOffset, TimeZone as Rules};

/// An IANA time zone that chrono can use.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(Rules);

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Zone {
        Zone(Rules::UTC)
    }

    /// The zone's IANA name, as in `Asia/Baku`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant of a wall-clock time. One that a change of clocks skips becomes the first
    /// instant after the gap; one that happens twice is the earlier.
    #[must_use]
    pub fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.from_local_datetime(&local) {
            MappedLocalTime::Single(t) | MappedLocalTime::Ambiguous(t, _) => t.to_utc(),
            MappedLocalTime::None => {
                let Some(civil) = to_civil(local) else { return local.and_utc() };
                let AmbiguousOffset::Gap { before, after } =
                    self.0.to_ambiguous_timestamp(civil).offset()
                else {
                    return local.and_utc();
                };
                // With the offset of before the gap the clock shows a time after it; the gap's own
                // end lies at most its own length earlier.
                let late = (local - offset(before)).and_utc();
                let gap = chrono::TimeDelta::seconds(i64::from(after.seconds() - before.seconds()));
                first_after_gap(self, late - gap, late)
            }
        }
    }

    /// The offset from UTC that the zone's clocks have at an instant.
    #[must_use]
    pub fn offset_at(&self, at: DateTime<Utc>) -> FixedOffset {
        let zoned: DateTime<Zone> = at.with_timezone(self);
        zoned.offset().fixed
    }

    /// An instant with the zone's offset, as Atom and JSON Feed show it.
    #[must_use]
    pub fn show(&self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        at.with_timezone(&self.offset_at(at))
    }
}

/// The instant in `(early, late]` at which the zone's offset changes, found by halving.
fn first_after_gap(zone: &Zone, early: DateTime<Utc>, late: DateTime<Utc>) -> DateTime<Utc> {
    let (mut before, mut after) = (early.timestamp() - 1, late.timestamp());
    let goal = zone.offset_at(late);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        match DateTime::from_timestamp(middle, 0) {
            Some(at) if zone.offset_at(at) != goal => before = middle,
            _ => after = middle,
        }
    }
    DateTime::from_timestamp(after, 0).unwrap_or(late)
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The IANA database has no zone of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no time zone named {0:?}; names are those of the IANA database, such as \"Asia/Baku\""
)]
pub struct UnknownZone(pub String);

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Zone, UnknownZone> {
        // The bundled database only: `TimeZone::get` would ask the system's first.
        jiff::tz::TimeZoneDatabase::bundled()
            .get(name)
            .map(Zone)
            .map_err(|_| UnknownZone(name.to_owned()))
    }
}

/// A zone's offset at one instant, with the zone that it belongs to, as chrono needs it.
#[derive(Debug, Clone)]
pub struct ZoneOffset {
    fixed: FixedOffset,
    zone: Zone,
}

impl chrono::Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.fixed, f)
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Zone {
        offset.zone.clone()
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let Some(civil) = to_civil(*local) else { return MappedLocalTime::None };
        let make = |o| ZoneOffset { fixed: offset(o), zone: self.clone() };
        match self.0.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(make(offset)),
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => {
                MappedLocalTime::Ambiguous(make(before), make(after))
            }
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        let fixed = jiff::Timestamp::from_second(utc.and_utc().timestamp())
            .map_or(offset(jiff::tz::Offset::UTC), |at| offset(self.0.to_offset(at)));
        ZoneOffset { fixed, zone: self.clone() }
    }
}

fn offset(o: jiff::tz::Offset) -> FixedOffset {
    // jiff's offsets lie within ±25:59:59, chrono's within ±24 h; no zone ever came near either.
    FixedOffset::east_opt(o.seconds()).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

fn to_civil(local: NaiveDateTime) -> Option<jiff::civil::DateTime> {
    use chrono::{Datelike, Timelike};
    jiff::civil::DateTime::new(
        i16::try_from(local.year()).ok()?,
        i8::try_from(local.month()).ok()?,
        i8::try_from(local.day()).ok()?,
        i8::try_from(local.hour()).ok()?,
        i8::try_from(local.minute()).ok()?,
        i8::try_from(local.second()).ok()?,
        0,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn a_skipped_time_is_the_first_instant_after_the_gap() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        for text in ["2026-03-29 02:00", "2026-03-29 02:30", "2026-03-29 02:59"] {
            assert_eq!(berlin.instant(local(text)).to_rfc3339(), "2026-03-29T01:00:00+00:00");
        }
    }

    #[test]
    fn a_repeated_time_is_the_earlier() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let at = berlin.instant(local("2026-10-25 02:30"));
        assert_eq!(at.to_rfc3339(), "2026-10-25T00:30:00+00:00");
    }

    #[test]
    fn zones_follow_the_bundled_rules() {
        let baku: Zone = "Asia/Baku".parse().unwrap();
        let at = baku.instant(local("2024-02-18 12:05"));
        assert_eq!(baku.show(at).to_rfc3339(), "2024-02-18T12:05:00+04:00");
        assert!("Nowhere/Land".parse::<Zone>().is_err());
    }
}
