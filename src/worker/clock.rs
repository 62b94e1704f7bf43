//! What the clock says: the schedule's next instant, and how wall time and steady time are told
//! apart. Pure: an instant comes in, an instant goes out. Ticking is `schedule`'s.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset, Offset, SubsecRound, TimeDelta, TimeZone, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};

use crate::time::Zone;

/// A cron expression in the zone that it is read in.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    zone: Zone,
    written: String,
}

/// A cron expression that can't be a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The seconds are missing.
    #[error(
        "the schedule {0:?} has five fields; six are needed, seconds first: \"0 {0}\" is the same \
         at second 0"
    )]
    FiveFields(String),
    /// It can't be read.
    #[error("the schedule {written:?} can't be read: {reason}")]
    Unreadable {
        /// As it was written.
        written: String,
        /// The parser's sentence.
        reason: String,
    },
    /// It can be read, but no day fits.
    #[error("the schedule {0:?} never comes: no date fits it")]
    Never(String),
}

impl Schedule {
    /// Reads a cron expression: six fields, seconds first, a year as a seventh if need be. Day of
    /// month and day of week must both fit. `now` decides whether it ever comes.
    pub fn read(written: &str, zone: &Zone, now: DateTime<Utc>) -> Result<Schedule, ScheduleError> {
        if written.split_whitespace().count() == 5 {
            return Err(ScheduleError::FiveFields(written.to_owned()));
        }
        let cron = CronParser::builder()
            .seconds(Seconds::Required)
            .dom_and_dow(true)
            .build()
            .parse(written)
            .map_err(|error| ScheduleError::Unreadable {
                written: written.to_owned(),
                reason: error.to_string(),
            })?;
        let schedule = Schedule { cron, zone: zone.clone(), written: written.to_owned() };
        match schedule.next(now) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never(written.to_owned())),
        }
    }

    /// The first instant after `now` whose wall-clock time in the zone fits the expression.
    ///
    /// croner alone isn't enough around a change of clocks: asked within a repeated hour it may name
    /// an instant in the past, and it passes over the second pass. So it is asked three times: in
    /// the zone, and with the offsets of now and of its own answer held fixed, whose answers count
    /// only where the zone has that offset. A time that the clocks show twice comes twice.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let offset_at =
            |at: DateTime<Utc>| self.zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        let fixed = |offset: FixedOffset| {
            self.cron
                .find_next_occurrence(&now.with_timezone(&offset), false)
                .ok()
                .map(|at| at.to_utc())
                .filter(|at| offset_at(*at) == offset)
        };
        let zoned = self
            .cron
            .find_next_occurrence(&now.with_timezone(&self.zone), false)
            .ok()
            .map(|at| at.to_utc());
        let after = zoned.map(offset_at).and_then(fixed);
        let next = [zoned, fixed(offset_at(now)), after].into_iter().flatten();
        // It carries on the fraction of the second that it was asked in.
        next.filter(|at| *at > now).min().map(|at| at.trunc_subsecs(0)).filter(|at| *at > now)
    }

    /// The expression as it was written.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The schedule in English, for the log.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{} ({})", self.cron.describe(), self.zone)
    }
}

/// One reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the wall clock shows. It may be set forward or back.
    pub wall: DateTime<Utc>,
    /// Time since some fixed instant, which never goes back. Intervals are measured by it.
    pub steady: Duration,
}

/// Where the worker's time comes from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Moment + Send + Sync>);

impl Clock {
    /// The machine's clocks.
    #[must_use]
    pub fn system() -> Clock {
        let began = Instant::now();
        Clock::of(move || Moment { wall: Utc::now(), steady: began.elapsed() })
    }

    /// A clock of one's own.
    #[must_use]
    pub fn of(read: impl Fn() -> Moment + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(read))
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Moment {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// How far wall and steady time may part before it counts as a step: more than any slewing does in a
/// second, less than anyone would notice.
const STEP: TimeDelta = TimeDelta::seconds(2);

/// By how much the wall clock was set between two readings: forward is positive (a machine that woke
/// up counts too), back is negative. `None`: it just went on.
#[must_use]
pub(crate) fn step(before: Moment, now: Moment) -> Option<TimeDelta> {
    let steady = now.steady.saturating_sub(before.steady);
    let steady = TimeDelta::from_std(steady).unwrap_or(TimeDelta::MAX);
    let drift = (now.wall - before.wall).checked_sub(&steady)?;
    (drift.abs() > STEP).then_some(drift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, NaiveDate, Timelike};
    use proptest::prelude::*;

    const ZONES: [&str; 6] = [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "Asia/Baku",
        "Pacific/Auckland",
    ];

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn schedule(cron: &str, zone_name: &str) -> Schedule {
        Schedule::read(cron, &zone(zone_name), utc("2026-01-01T00:00:00Z")).unwrap()
    }

    /// Every instant of `[from, to)` at second 0 whose wall-clock time fits, found by looking at each
    /// minute.
    fn by_looking(
        zone: &Zone,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        fits: impl Fn(u32, u32) -> bool,
    ) -> Vec<DateTime<Utc>> {
        let minutes = (to - from).num_minutes();
        (0..minutes)
            .map(|m| from + TimeDelta::minutes(m))
            .filter(|at| {
                let local = at.with_timezone(zone);
                fits(local.hour(), local.minute())
            })
            .collect()
    }

    fn by_asking(s: &Schedule, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let mut found = Vec::new();
        let mut now = from - TimeDelta::seconds(1);
        while let Some(next) = s.next(now).filter(|at| *at < to) {
            assert!(next > now, "{next} isn't after {now}");
            found.push(next);
            now = next;
        }
        found
    }

    /// A year, and a year in which the clocks change on other days.
    fn years() -> [(DateTime<Utc>, DateTime<Utc>); 2] {
        [
            (utc("2026-01-01T00:00:00Z"), utc("2027-01-01T00:00:00Z")),
            (utc("2027-01-01T00:00:00Z"), utc("2028-01-01T00:00:00Z")),
        ]
    }

    #[test]
    fn a_five_minute_schedule_never_pauses_longer() {
        for name in ZONES {
            let s = schedule("0 */5 * * * *", name);
            for (from, to) in years() {
                let found = by_asking(&s, from, to);
                let longest = found.windows(2).map(|w| (w[1] - w[0]).num_seconds()).max().unwrap();
                assert_eq!(longest, 300, "{name}");
                assert!(found.len() >= 365 * 288, "{name}: {}", found.len());
            }
        }
    }

    #[test]
    fn every_fitting_wall_clock_time_comes_in_every_zone_over_whole_years() {
        // Times inside gaps and repeated hours of all six zones, and others.
        for (cron, hours, minutes) in [
            ("0 15,45 * * * *", (0, 23), vec![15, 45]),
            ("0 0,30 1-3 * * *", (1, 3), vec![0, 30]),
            ("0 1 0 * * *", (0, 0), vec![1]),
            ("0 0 18 * * *", (18, 18), vec![0]),
        ] {
            for name in ZONES {
                let s = schedule(cron, name);
                for (from, to) in years() {
                    let looked = by_looking(&zone(name), from, to, |h, m| {
                        (hours.0..=hours.1).contains(&h) && minutes.contains(&m)
                    });
                    let asked = by_asking(&s, from, to);
                    // A time that a gap swallows may come once more, right after the gap.
                    let more: Vec<_> =
                        asked.iter().filter(|at| looked.binary_search(at).is_err()).collect();
                    assert!(more.len() <= 2, "{cron} {name}: {more:?}");
                    let lost: Vec<_> =
                        looked.iter().filter(|at| asked.binary_search(at).is_err()).collect();
                    assert_eq!(lost, Vec::<&DateTime<Utc>>::new(), "{cron} {name}");
                }
            }
        }
    }

    #[test]
    fn six_in_the_evening_stays_six_in_the_evening() {
        let s = schedule("0 0 18 * * *", "Europe/Berlin");
        assert_eq!(s.next(utc("2026-03-28T12:00:00Z")), Some(utc("2026-03-28T17:00:00Z")));
        assert_eq!(s.next(utc("2026-03-28T17:00:00Z")), Some(utc("2026-03-29T16:00:00Z")));
        assert_eq!(s.next(utc("2026-10-24T16:00:00Z")), Some(utc("2026-10-25T17:00:00Z")));
    }

    #[test]
    fn asked_within_the_repeated_hour_it_answers_with_the_future() {
        let s = schedule("0 30 2 * * *", "Europe/Berlin");
        assert_eq!(s.next(utc("2026-10-25T00:29:00Z")), Some(utc("2026-10-25T00:30:00Z")));
        assert_eq!(s.next(utc("2026-10-25T00:30:00Z")), Some(utc("2026-10-25T01:30:00Z")));
        assert_eq!(s.next(utc("2026-10-25T01:30:00Z")), Some(utc("2026-10-26T01:30:00Z")));
    }

    #[test]
    fn both_day_fields_must_fit() {
        let s = schedule("0 0 12 1 * MON", "Asia/Baku");
        let mut now = utc("2026-01-01T00:00:00Z");
        for _ in 0..4 {
            now = s.next(now).unwrap();
            let day: NaiveDate = now.with_timezone(&zone("Asia/Baku")).date_naive();
            assert_eq!((day.day(), day.weekday()), (1, chrono::Weekday::Mon));
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_a_sentence() {
        let read = |text| {
            Schedule::read(text, &Zone::utc(), utc("2026-01-01T00:00:00Z")).unwrap_err().to_string()
        };
        assert_eq!(
            read("*/5 * * * *"),
            "the schedule \"*/5 * * * *\" has five fields; six are needed, seconds first: \
             \"0 */5 * * * *\" is the same at second 0"
        );
        assert!(read("").contains("can't be read"));
        assert!(read("0 0 25 * * *").contains("can't be read"));
        assert!(read("0 0 0 31 2 *").contains("never comes"));
        assert!(read("every five minutes please now ok").contains("can't be read"));
    }

    #[test]
    fn a_set_clock_is_told_from_one_that_goes_on() {
        let at = |wall: &str, s| Moment { wall: utc(wall), steady: Duration::from_secs(s) };
        let before = at("2026-01-01T12:00:00Z", 100);
        assert_eq!(step(before, at("2026-01-01T12:00:01Z", 101)), None);
        assert_eq!(step(before, at("2026-01-01T12:10:00Z", 700)), None);
        let forward = step(before, at("2026-01-01T13:00:01Z", 101));
        assert_eq!(forward, Some(TimeDelta::hours(1)));
        let back = step(before, at("2026-01-01T11:00:01Z", 101));
        assert_eq!(back, Some(TimeDelta::hours(-1)));
    }

    proptest! {
        #[test]
        fn next_is_always_later_and_always_fits(
            second in 0u32..60, minute in 0u32..60, hour in 0u32..24,
            at in 1_735_689_600i64..1_900_000_000, name in prop::sample::select(&ZONES[..]),
        ) {
            let s = schedule(&format!("{second} {minute} {hour} * * *"), name);
            let now = DateTime::from_timestamp(at, 0).unwrap();
            let next = s.next(now).unwrap();
            prop_assert!(next > now);
            prop_assert!(next - now <= TimeDelta::hours(26));
            let local = next.with_timezone(&zone(name));
            let exact = (local.hour(), local.minute(), local.second()) == (hour, minute, second);
            // Only right after a gap may it be another time: the one that the gap swallowed.
            let before = zone(name).offset_at(next - TimeDelta::hours(1));
            prop_assert!(exact || before != zone(name).offset_at(next));
        }

        #[test]
        fn no_expression_makes_it_panic(text in "[0-9*/,LW#?@a-zA-Z -]{0,24}") {
            let _ = Schedule::read(&text, &zone("Europe/Berlin"), utc("2026-06-01T00:00:00Z"));
        }
    }
}
