//! A feed as a page for a person: what it is, how to subscribe, its articles; and the page that
//! lists the feeds. Plain HTML with a small style of its own: no script, nothing fetched. Headings,
//! lists and `<time>` carry the structure, so keyboards and screen readers find their way.

use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::item::{self, Item};
use super::{Channel, Listed, text};
use crate::article::Precision;
use crate::feed::address::Address;
use crate::feed::{FeedName, Format, Site};

const STYLE: &str = include_str!("page.css");

/// The page needs nothing but its own style, so a browser may refuse anything else.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page of a feed, `/feeds/NAME/`.
#[must_use]
pub fn feed(channel: &Channel<'_>) -> Vec<u8> {
    let Channel { site, feed, .. } = *channel;
    let title = item::title(channel);
    let language = item::language(channel);
    let items = item::items(channel);
    let chrome = chrome(language.as_deref());
    let body = html! {
        header {
            h1 { (linked(&feed.home, &title)) }
            p.lead { (item::description(channel)) }
        }
        main {
            section aria-labelledby="subscribe" lang=[chrome.lang] dir=[chrome.dir] {
                h2 #subscribe { "Subscribe" }
                p {
                    "This is a web feed. Copy one of these addresses into a reader program, and new "
                    "articles come to you by themselves. Which one doesn’t matter: all three say "
                    "the same, and every reader takes the first."
                }
                dl {
                    @for format in Format::ALL {
                        @let address = address(site, &feed.name, format);
                        dt { (name(format)) }
                        dd dir="ltr" { a href=(address.href) type=(format.media_type()) { (address.shown) } }
                    }
                }
            }
            section aria-labelledby="articles" {
                h2 #articles lang=[chrome.lang] dir=[chrome.dir] { "Articles" }
                @if items.is_empty() {
                    p lang=[chrome.lang] dir=[chrome.dir] { "There are none at the moment." }
                } @else {
                    ol role="list" { @for item in &items { li { (entry(channel, item, language.as_deref())) } } }
                }
            }
        }
        footer lang=[chrome.lang] dir=[chrome.dir] {
            nav aria-label="Feeds" {
                a href=(up(&feed.name)) { "All feeds" }
                @if is_web(site.url.as_str()) {
                    " · " a href=(site.url.as_str()) { bdi { (text::line(&site.title)) } }
                }
            }
            @if let Some(copyright) = site.copyright.as_deref().and_then(text::some_line) {
                p { bdi { (copyright) } }
            }
        }
    };
    let alternates = Format::ALL.map(|format| {
        let href = address(site, &feed.name, format).href;
        html! { link rel="alternate" type=(format.media_type()) title=(alternate(&title, format)) href=(href); }
    });
    document(&title, language.as_deref(), &item::description(channel), &alternates, &body)
}

/// The page of all declared feeds, `/feeds/`.
#[must_use]
pub fn index(site: &Site, feeds: &[Listed<'_>]) -> Vec<u8> {
    let language = site.language.as_deref().and_then(text::some_line);
    let chrome = chrome(language.as_deref());
    let name_of_site = text::line(&site.title);
    let title = format!("{name_of_site}: feeds");
    let body = html! {
        header {
            h1 { (linked(site.url.as_str(), &name_of_site)) }
            @if let Some(description) = text::some_line(&site.description) {
                p.lead { (description) }
            }
        }
        main lang=[chrome.lang] dir=[chrome.dir] {
            h2 { "Feeds" }
            @if feeds.is_empty() {
                p { "There are none at the moment." }
            } @else {
                ol role="list" { @for listed in feeds { li { (listed_feed(site, listed, language.as_deref())) } } }
            }
            @if let Some(base) = &site.base_url {
                p { a href=(Address::Opml.absolute(base)) { "All of them, for a reader program (OPML)" } }
            }
        }
    };
    document(&title, language.as_deref(), &text::line(&site.description), &[], &body)
}

fn document(
    title: &str,
    language: Option<&str>,
    description: &str,
    alternates: &[Markup],
    body: &Markup,
) -> Vec<u8> {
    let page = html! {
        (DOCTYPE)
        html lang=[language] dir=[language.map(direction)] {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (title) }
                @if !description.is_empty() { meta name="description" content=(description); }
                @for alternate in alternates { (alternate) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    let mut bytes = page.into_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

fn entry(channel: &Channel<'_>, item: &Item<'_>, page_language: Option<&str>) -> Markup {
    let language = item.language.as_deref();
    let authors: Vec<&str> = item.authors.iter().map(|a| a.name.as_str()).collect();
    html! {
        article lang=[language] dir=[language.map(direction)] {
            @if let Some(kicker) = &item.kicker { p.kicker { (kicker) } }
            h3 { (linked(&item.link, &item.title)) }
            // Without a summary a kicker that stands in for it would be said twice.
            @if let Some(summary) = item.summary.as_ref().filter(|s| Some(*s) != item.kicker.as_ref()) {
                p { (summary) }
            }
            p.meta {
                (time(channel.site, item.published, precision(item), language.or(page_language)))
                @if !authors.is_empty() { " · " (authors.join(", ")) }
                @if !item.categories.is_empty() {
                                        " · " (item.tags().join(", "))
                }
            }
        }
    }
}

fn listed_feed(site: &Site, listed: &Listed<'_>, page_language: Option<&str>) -> Markup {
    let feed = listed.feed;
    let language = feed.language.as_deref().or(page_language);
    let page = site.base_url.as_ref().map_or_else(
        || below_feeds(&Address::Page(feed.name.clone())),
        |base| Address::Page(feed.name.clone()).absolute(base),
    );
    html! {
        h3 lang=[language] dir=[language.map(direction)] { a href=(page) { (text::line(&feed.title)) } }
        p lang=[language] dir=[language.map(direction)] { (text::line(&feed.description)) }
        p.meta {
            (listed.entries) @if listed.entries == 1 { " article" } @else { " articles" }
            @if listed.entries > 0 { ", the newest change " (time(site, listed.updated, Precision::Instant, Some("en"))) }
            @for format in Format::ALL {
                @let href = site.base_url.as_ref().map_or_else(
                    || below_feeds(&Address::Edition(feed.name.clone(), format)),
                    |base| Address::Edition(feed.name.clone(), format).absolute(base),
                );
                " · " a href=(href) type=(format.media_type()) { (name(format)) }
            }
        }
    }
}

/// Text that leads somewhere; only to the web, because a document may name any address.
fn linked(address: &str, words: &str) -> Markup {
    let address = text::url(address);
    html! { @if is_web(&address) { a href=(address) { (words) } } @else { (words) } }
}

fn is_web(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|u| matches!(u.scheme(), "http" | "https"))
}

struct Shown {
    href: String,
    shown: String,
}

/// An edition's address: absolute where there is one, else relative to the feed's page.
fn address(site: &Site, name: &FeedName, format: Format) -> Shown {
    let address = Address::Edition(name.clone(), format);
    if let Some(base) = &site.base_url {
        let absolute = address.absolute(base);
        return Shown { href: absolute.clone(), shown: absolute };
    }
    let path = address.url_path();
    let file = path.rsplit('/').next().unwrap_or(&path);
    Shown { href: format!("../{file}"), shown: file.to_owned() }
}

/// An address relative to `/feeds/`.
fn below_feeds(address: &Address) -> String {
    let path = address.url_path();
    path.strip_prefix("/feeds/").unwrap_or(&path).to_owned()
}

/// The way from a feed's page to the list of feeds.
fn up(name: &FeedName) -> String {
    "../".repeat(name.0.split('/').count())
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Rss => "RSS",
        Format::Atom => "Atom",
        Format::Json => "JSON Feed",
    }
}

/// Titles of alternates differ, so that a reader can offer them.
fn alternate(title: &str, format: Format) -> String {
    match format {
        Format::Rss => title.to_owned(),
        _ => format!("{title} ({})", name(format)),
    }
}

/// How exactly the document says when it was published.
fn precision(item: &Item<'_>) -> Precision {
    let named = item.entry.article.published.filter(|m| m.at == item.entry.published);
    named.map_or(Precision::Instant, |m| m.precision)
}

/// A time in the site's zone, as exact as it was written. Months have English names on English
/// pages only.
fn time(site: &Site, at: DateTime<Utc>, precision: Precision, language: Option<&str>) -> Markup {
    let local = site.zone.show(at);
    let (machine, shown) = match (precision, language.is_none_or(is_english)) {
        (Precision::Instant, true) => ("%Y-%m-%dT%H:%M:%S%:z", "%-d %B %Y, %H:%M"),
        (Precision::Instant, false) => ("%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%d %H:%M"),
        (Precision::Day, true) => ("%Y-%m-%d", "%-d %B %Y"),
        (Precision::Day, false) => ("%Y-%m-%d", "%Y-%m-%d"),
    };
    let (machine, shown) = (local.format(machine).to_string(), local.format(shown).to_string());
    html! { time dir="ltr" datetime=(machine) { (shown) } }
}

/// How the page's own words are marked on a page in another language.
struct Chrome {
    lang: Option<&'static str>,
    dir: Option<&'static str>,
}

fn chrome(language: Option<&str>) -> Chrome {
    let foreign = language.is_some_and(|l| !is_english(l));
    Chrome { lang: foreign.then_some("en"), dir: foreign.then_some("ltr") }
}

fn is_english(language: &str) -> bool {
    language.split('-').next().is_some_and(|l| l.eq_ignore_ascii_case("en"))
}

/// The direction of a language's usual script; a script subtag (RFC 5646 §2.2.3) decides first.
fn direction(language: &str) -> &'static str {
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
}
