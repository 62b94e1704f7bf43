//! When an article was published, changed and expires: named dates first, then those of its name and
//! folders. A date of publication that can't be read is an error where there is no other, because a
//! guess would put the article at a wrong place in every feed.

use super::super::dates;
use super::super::desk::Desk;
use super::super::fields::{Fields, Named};
use super::keys;
use super::spot::Spot;
use crate::article::{Correction, Moment};
use crate::problem::{Code, Severity};

/// A date can't be read.
pub(crate) const DATE_INVALID: Code = Code::new("date-invalid");

/// The times of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Times {
    pub(super) published: Option<Moment>,
    pub(super) updated: Option<Moment>,
    pub(super) expires: Option<Moment>,
}

/// Reads them; after an error `desk.reading.failed` is set.
pub(super) fn times(desk: &mut Desk<'_>, fields: &Fields<'_>, spot: &Spot) -> Times {
    let updated = first(desk, fields, keys::UPDATED);
    updated.unreadable.iter().for_each(|key| tell(desk, fields, key, Severity::Warning, ""));
    let expires = first(desk, fields, keys::EXPIRES);
    expires.unreadable.iter().for_each(|key| tell(desk, fields, key, Severity::Error, ""));
    let (updated, expires) = (updated.moment, expires.moment);
    Times { published: published(desk, fields, spot).or(updated), updated, expires }
}

/// When it was published. A named date that can't be read is an error only where nothing else has one:
/// not another key, not the file's name.
fn published(desk: &mut Desk<'_>, fields: &Fields<'_>, spot: &Spot) -> Option<Moment> {
    let named = first(desk, fields, keys::PUBLISHED);
    let zone = &desk.options.zone;
    let (moment, whence) = named
        .moment
        .map(|moment| (moment, "the other date that is named was taken"))
        .or_else(|| {
            let date = dates::in_zone(spot.date?, zone);
            Some((date, "the date in its file's name or folders was taken"))
        })
        .or_else(|| Some((link_date(desk, fields)?, "the date in its link was taken")))
        .unzip();
    let severity = if moment.is_some() { Severity::Warning } else { Severity::Error };
    for key in &named.unreadable {
        tell(desk, fields, key, severity, whence.unwrap_or_default());
    }
    moment
}

/// What came of looking for a date.
struct Found {
    moment: Option<Moment>,
    /// Keys whose values are no dates.
    unreadable: Vec<&'static str>,
}

/// The first of these keys that is a date.
fn first(desk: &Desk<'_>, fields: &Fields<'_>, keys: &'static [&'static str]) -> Found {
    let mut found = Found { moment: None, unreadable: Vec::new() };
    for key in keys {
        let Some(value) = fields.get(key) else { continue };
        // Jekyll's `published: true` is no date, and neither is a database's 1.
        if value.truth().is_some() || is_generators(value) {
            continue;
        }
        found.moment = value.text().and_then(|text| dates::moment(&text, &desk.options.zone));
        if found.moment.is_some() {
            break;
        }
        found.unreadable.push(key);
    }
    found
}

/// Tells that a value is no date, and what was taken in its place.
fn tell(desk: &mut Desk<'_>, fields: &Fields<'_>, key: &str, severity: Severity, taken: &str) {
    let text = fields.get(key).and_then(Named::text);
    let shown = text.unwrap_or_else(|| "a list".to_owned());
    let stop = if taken.is_empty() { "" } else { "; " };
    let name = fields.spelling(key);
    let message = format!("{name} is {shown:?}, which isn't a date{stop}{taken}");
    let help = "write it as 2024-02-18, 2024-02-18 12:05 or 2024-02-18T12:05:00+04:00";
    let place = fields.place(key);
    desk.tell(severity, &DATE_INVALID, place, message, help);
    desk.reading.failed |= severity == Severity::Error;
}

/// Eleventy's and Hugo's words for times that only git or the disk knows; neither is looked at.
fn is_generators(value: &Named) -> bool {
    if matches!(value, Named::Text(text) if dates::is_zero(text)) {
        return true;
    }
    const WORDS: [&str; 7] = [
        "created",
        "last modified",
        "git created",
        "git last modified",
        ":git",
        ":filemodtime",
        ":filename",
    ];
    matches!(value, Named::Text(text) if WORDS.contains(&text.trim().to_lowercase().as_str()))
}

/// The date in a named link's path, as in `path = "notes/2018/07/27/name"`.
fn link_date(desk: &Desk<'_>, fields: &Fields<'_>) -> Option<Moment> {
    let (_, value) = fields.first(&["path", "url", "permalink"])?;
    let text = value.text()?;
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = text.split('/').collect();
    let date = parts.windows(4).find(|w| digits(w[0], 4) && digits(w[1], 2) && digits(w[2], 2))?;
    dates::moment(&date[..3].join("-"), &desk.options.zone)
}

/// What the newsroom corrected, oldest first; those without a date as they stand.
pub(super) fn corrections(desk: &Desk<'_>, fields: &Fields<'_>) -> Vec<Correction> {
    let Some((_, value)) = fields.first(keys::CORRECTIONS) else { return Vec::new() };
    let mut corrections: Vec<Correction> = value
        .each()
        .iter()
        .filter_map(|one| {
            let text =
                one.text().or_else(|| one.member(&["text", "note", "correction"])?.text())?;
            let when = one.member(&["when", "date", "at"]).and_then(Named::text);
            let when = when.and_then(|when| dates::moment(&when, &desk.options.zone));
            let text = super::super::plain::of_either(&text);
            (!text.is_empty()).then_some(Correction { when, text })
        })
        .collect();
    if corrections.iter().all(|c| c.when.is_some()) {
        corrections.sort_by_key(|c| c.when);
    }
    corrections
}
