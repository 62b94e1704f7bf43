//! What pages are put together from: addresses as links, times, languages and their directions.

use chrono::{DateTime, NaiveTime, Utc};
use maud::{Markup, html};

use super::super::{item, text};
use super::words::Words;
use crate::article::Precision;
use crate::feed::address::Address;
use crate::feed::{FeedName, Format, Site};

/// How a page speaks: the articles' language, and the words that the page has for itself.
pub(super) struct Voice<'a> {
    /// Of the page, BCP 47.
    pub(super) language: Option<&'a str>,
    pub(super) words: &'static Words,
    /// Marks an element in which the page speaks for itself, where that is another language.
    pub(super) lang: Option<&'static str>,
    /// The direction of such an element.
    pub(super) dir: Option<&'static str>,
}

impl<'a> Voice<'a> {
    pub(super) fn of(language: Option<&'a str>) -> Voice<'a> {
        let words = Words::for_page(language);
        let foreign = !words.are_in(language);
        Voice {
            language,
            words,
            lang: foreign.then_some(words.lang),
            dir: foreign.then(|| direction(words.lang)),
        }
    }

    /// A time in the site's zone, as exact as it was written, in the page's words; in numbers where
    /// the page has none in its language.
    pub(super) fn time(&self, site: &Site, at: DateTime<Utc>, precision: Precision) -> Markup {
        let local = site.zone.show(at);
        let (machine, numbers) = match precision {
            Precision::Instant => ("%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%d %H:%M"),
            Precision::Day => ("%Y-%m-%d", "%Y-%m-%d"),
        };
        let machine = local.format(machine).to_string();
        // Without a language the words are the best guess; in another, months would be foreign.
        let shown = if self.language.is_some() && self.lang.is_some() {
            local.format(numbers).to_string()
        } else {
            self.words.time(local, precision)
        };
        html! { time datetime=(machine) { (shown) } }
    }

    /// When something last changed. Midnight is what a day without a time of day becomes.
    pub(super) fn changed(&self, site: &Site, at: DateTime<Utc>) -> Markup {
        let is_day = site.zone.show(at).time() == NaiveTime::MIN;
        self.time(site, at, if is_day { Precision::Day } else { Precision::Instant })
    }
}

/// Text that leads somewhere; only to the web, because a document may name any address.
pub(super) fn linked(address: &str, words: &str) -> Markup {
    let address = text::url(address);
    html! { @if item::is_web(&address) { a href=(address) { (words) } } @else { (words) } }
}

/// A feed's own name beside the publication's: feeds of terms are called "LABEL – SITE".
pub(super) fn short<'t>(title: &'t str, site: &str) -> &'t str {
    let rest = title.strip_suffix(site).and_then(|rest| rest.strip_suffix(" – "));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(title)
}

/// What a feed's description says that its title doesn't: feeds without one of their own have
/// their title before the site's.
pub(super) fn about(description: &str, title: &str, site: &Site) -> Option<String> {
    let description = text::some_line(description).filter(|d| d != title)?;
    let of_site = text::line(&site.description);
    let own = short(title, &text::line(&site.title));
    let made = description.strip_prefix(own).and_then(|rest| rest.strip_prefix(" – "));
    match made {
        Some(rest) if rest == of_site => Some(of_site),
        _ => Some(description),
    }
}

/// An edition's address as a link and as people copy it.
pub(super) struct Shown {
    pub(super) href: String,
    pub(super) shown: String,
}

/// An edition's address: absolute where there is one, else relative to the feed's page.
pub(super) fn address(site: &Site, name: &FeedName, format: Format) -> Shown {
    let address = Address::Edition(name.clone(), format);
    if let Some(base) = &site.base_url {
        let absolute = address.absolute(base);
        return Shown { href: absolute.clone(), shown: absolute };
    }
    let path = address.url_path();
    let file = path.rsplit('/').next().unwrap_or(&path);
    Shown { href: format!("../{file}"), shown: file.to_owned() }
}

/// An address as the list of feeds names it: absolute where that is known.
pub(super) fn from_index(site: &Site, address: &Address) -> String {
    site.base_url.as_ref().map_or_else(|| below_feeds(address), |base| address.absolute(base))
}

/// An address relative to `/feeds/`.
fn below_feeds(address: &Address) -> String {
    let path = address.url_path();
    path.strip_prefix("/feeds/").unwrap_or(&path).to_owned()
}

/// The way from a feed's page to the list of feeds.
pub(super) fn up(name: &FeedName) -> String {
    "../".repeat(name.0.split('/').count())
}

pub(super) fn name(format: Format) -> &'static str {
    match format {
        Format::Rss => "RSS",
        Format::Atom => "Atom",
        Format::Json => "JSON Feed",
    }
}

/// The element by which browsers and readers find a feed from a page. Titles differ, so that a
/// reader can offer them.
pub(super) fn alternate(title: &str, format: Format, href: &str) -> Markup {
    let title = match format {
        Format::Rss => title.to_owned(),
        _ => format!("{title} ({})", name(format)),
    };
    html! { link rel="alternate" type=(format.media_type()) title=(title) href=(href); }
}

/// The direction of a language's usual script; a script subtag (RFC 5646 §2.2.3) decides first.
pub(super) fn direction(language: &str) -> &'static str {
    const SCRIPTS: [&str; 8] = ["arab", "hebr", "thaa", "syrc", "nkoo", "adlm", "rohg", "mand"];
    const LANGUAGES: [&str; 15] = [
        "ar", "he", "iw", "fa", "ur", "ps", "sd", "ug", "yi", "ji", "dv", "ckb", "arc", "syr",
        "nqo",
    ];
    let language = language.to_ascii_lowercase();
    let mut parts = language.split(['-', '_']);
    let primary = parts.next().unwrap_or_default();
    let script = parts.find(|p| p.len() == 4 && p.bytes().all(|b| b.is_ascii_alphabetic()));
    let is_rtl = match script {
        Some(script) => SCRIPTS.contains(&script),
        None => LANGUAGES.contains(&primary),
    };
    if is_rtl { "rtl" } else { "ltr" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_decide_before_languages() {
        for (tag, expected) in [
            ("ar", "rtl"),
            ("fa-IR", "rtl"),
            ("he", "rtl"),
            ("az", "ltr"),
            ("az-Arab", "rtl"),
            ("ug-Latn", "ltr"),
            ("en", "ltr"),
            ("", "ltr"),
        ] {
            assert_eq!(direction(tag), expected, "{tag}");
        }
    }

    #[test]
    fn relative_addresses_lead_from_the_page() {
        assert_eq!(up(&FeedName("latest".into())), "../");
        assert_eq!(up(&FeedName("tag/harbour".into())), "../../");
        assert_eq!(
            below_feeds(&Address::Page(FeedName("tag/мир".into()))),
            "tag/%D0%BC%D0%B8%D1%80/"
        );
    }

    #[test]
    fn the_publication_is_named_once() {
        assert_eq!(short("World – The Gazette", "The Gazette"), "World");
        for title in ["The Gazette", " – The Gazette", "Gazette – The Gazette, late edition"] {
            assert_eq!(short(title, "The Gazette"), title);
        }
        assert_eq!(short("World – ", ""), "World");
    }
}
