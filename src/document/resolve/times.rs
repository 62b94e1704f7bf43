//! When an article was published, changed and expires: named dates first, then those of its name and
//! folders. A date of publication that can't be read is an error, because a guess would put the
//! article at a wrong place in every feed.

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
    let updated = first(desk, fields, keys::UPDATED, Severity::Warning);
    let named = first(desk, fields, keys::PUBLISHED, Severity::Error);
    let zone = &desk.options.zone;
    Times {
        published: named
            .or_else(|| spot.date.map(|date| dates::in_zone(date, zone)))
            .or_else(|| link_date(desk, fields))
            .or(updated),
        updated,
        expires: first(desk, fields, keys::EXPIRES, Severity::Error),
    }
}

/// The first of these keys that is a date; one that isn't is told.
fn first(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    keys: &[&str],
    severity: Severity,
) -> Option<Moment> {
    for key in keys {
        let Some(value) = fields.get(key) else { continue };
        // Jekyll's `published: true` is no date, and neither is a database's 1.
        if value.truth().is_some() || is_generators(value) {
            continue;
        }
        match value.text().and_then(|text| dates::moment(&text, &desk.options.zone)) {
            Some(moment) => return Some(moment),
            None => {
                let shown = value.text().unwrap_or_else(|| "a list".to_owned());
                let message = format!("{} isn't a date: {shown:?}", fields.spelling(key));
                let help = "write it as 2024-02-18, 2024-02-18 12:05 or 2024-02-18T12:05:00+04:00";
                let place = fields.place(key);
                desk.tell(severity, &DATE_INVALID, place, message, help);
                desk.reading.failed |= severity == Severity::Error;
            }
        }
    }
    None
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
