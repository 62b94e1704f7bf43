//! The pages' own words and dates, in the languages that somebody has written them in; a page in
//! another has them in English, marked as such, and its dates as numbers.

mod languages;

use chrono::{DateTime, Datelike, FixedOffset};

use self::languages::{ALL, ENGLISH};
use crate::article::Precision;

/// What pages say by themselves in one language.
pub(super) struct Words {
    /// BCP 47 tag.
    pub(super) lang: &'static str,
    /// The script that they are in, as subtags name it.
    script: &'static str,
    /// Many of them, as a heading.
    pub(super) feeds: &'static str,
    /// A heading and a link.
    pub(super) subscribe: &'static str,
    /// What to do with the three addresses below it.
    pub(super) how: &'static str,
    /// The same before a list of feeds.
    pub(super) choose: &'static str,
    /// A link that a reader program opens.
    pub(super) open: &'static str,
    /// Before the time at which a feed last changed.
    pub(super) changed: &'static str,
    /// Before the time at which an article did.
    pub(super) updated: &'static str,
    /// A heading.
    pub(super) articles: &'static str,
    /// Before their number.
    pub(super) number: &'static str,
    /// Where a list is empty.
    pub(super) none: &'static str,
    /// A link to the list.
    pub(super) all: &'static str,
    /// A link for keyboards.
    pub(super) skip: &'static str,
    /// A heading, and a link to it.
    pub(super) website: &'static str,
    /// What to do with the lines below it.
    pub(super) paste: &'static str,
    /// A link to `feeds.opml`.
    pub(super) opml: &'static str,
    /// How a day is written: `{d}`, `{m}`, `{y}`.
    day: &'static str,
    /// How the first of a month is.
    first: &'static str,
    /// Between day and time of day, and in a list.
    pub(super) comma: &'static str,
    /// As they stand in a date.
    months: [&'static str; 12],
}

impl Words {
    /// The words for a language, if somebody has written them.
    pub(super) fn of(language: &str) -> Option<&'static Words> {
        let mut parts = language.split(['-', '_']);
        let primary = parts.next()?;
        let words = ALL.iter().copied().find(|w| w.lang.eq_ignore_ascii_case(primary))?;
        let mut scripts =
            parts.filter(|p| p.len() == 4 && p.bytes().all(|b| b.is_ascii_alphabetic()));
        scripts.all(|script| script.eq_ignore_ascii_case(words.script)).then_some(words)
    }

    /// The words for a page in a language.
    pub(super) fn for_page(language: Option<&str>) -> &'static Words {
        language.and_then(Words::of).unwrap_or(&ENGLISH)
    }

    /// Whether they are in that language; without one nobody knows.
    pub(super) fn are_in(&self, language: Option<&str>) -> bool {
        language.and_then(Words::of).is_some_and(|words| words.lang == self.lang)
    }

    /// A local time as a person writes it, as exact as the precision.
    pub(super) fn time(&self, at: DateTime<FixedOffset>, precision: Precision) -> String {
        let day = if at.day() == 1 { self.first.to_owned() } else { at.day().to_string() };
        let month = self.months.get(at.month0() as usize).copied().unwrap_or_default();
        let day = self
            .day
            .replace("{d}", &day)
            .replace("{m}", month)
            .replace("{y}", &at.year().to_string());
        match precision {
            Precision::Day => day,
            Precision::Instant => format!("{day}{}{}", self.comma, at.format("%H:%M")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_each_language_writes_them() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
        for (language, precision, expected) in [
            ("en-GB", Precision::Instant, "1 August 2026, 07:05"),
            ("ar", Precision::Instant, "1 أغسطس 2026، 07:05"),
            ("az-Latn", Precision::Day, "1 avqust 2026"),
            ("de", Precision::Day, "1. August 2026"),
            ("es_MX", Precision::Day, "1 de agosto de 2026"),
            ("FR", Precision::Day, "1er août 2026"),
            ("ru", Precision::Day, "1 августа 2026"),
            ("tr", Precision::Day, "1 Ağustos 2026"),
        ] {
            let words = Words::of(language).unwrap();
            assert_eq!(words.time(at("2026-08-01T07:05:00+04:00"), precision), expected);
        }
        let french = Words::for_page(Some("fr"));
        assert_eq!(french.time(at("2026-12-31T00:00:00Z"), Precision::Day), "31 décembre 2026");
    }

    #[test]
    fn a_language_without_words_has_english_ones() {
        for language in [Some("ka"), Some("fry"), Some("az-Arab"), Some(""), None] {
            let words = Words::for_page(language);
            assert_eq!(words.lang, "en", "{language:?}");
            assert!(!words.are_in(language), "{language:?}");
        }
        assert!(Words::for_page(Some("AZ-latn")).are_in(Some("az")));
    }
}
