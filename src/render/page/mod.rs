//! A feed as a page for a person: what it is, how to subscribe, when it last changed, its articles
//! with their pictures, and the lines by which other pages name it; and the page that lists the
//! feeds. Plain HTML with a small style of its own, no script. Pictures alone are fetched, from where
//! the articles have them and without a word about the page. Headings, lists, landmarks and `<time>`
//! carry the structure, so keyboards and screen readers find their way.

mod parts;
mod words;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::parts::{
    Voice, about, address, alternate, direction, from_index, linked, name, short, up,
};
use self::words::Words;
use super::item::{self, Item};
use super::{Channel, Listed, text};
use crate::article::{Media, Precision};
use crate::feed::address::Address;
use crate::feed::{Format, Site, updated};

const STYLE: &str = include_str!("page.css");

/// The sign of web feeds, within the page: without one browsers ask for `/favicon.ico`, and with the
/// publication's own they would tell its server where they are.
const ICON: &str = "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'%20viewBox='0%200%2016%2016'\
                    %3E%3Cpath%20fill='%239a1f17'%20d='M0%200h16v16H0z'/%3E%3Cg%20fill='none'%20stroke='%23fff'\
                    %20stroke-width='2'%3E%3Cpath%20d='M3%207a6%206%200%200%201%206%206M3%203a10%2010%200%200%201%2010%2010'\
                    /%3E%3C/g%3E%3Ccircle%20cx='4'%20cy='12'%20r='1.4'%20fill='%23fff'/%3E%3C/svg%3E";

/// A page needs its own style and pictures, so a browser may refuse anything else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; \
                      base-uri 'none'; form-action 'none'";

/// The page of a feed, `/feeds/NAME/`.
#[must_use]
pub fn feed(channel: &Channel<'_>) -> Vec<u8> {
    let Channel { site, feed, .. } = *channel;
    let title = item::title(channel);
    let language = item::language(channel);
    let items = item::items(channel);
    let voice = Voice::of(language.as_deref());
    let name_of_site = text::line(&site.title);
    let own = short(&title, &name_of_site);
    let body = html! {
        header {
            // Where the feed is the whole publication its name stands once.
            @if own != name_of_site {
                p.site { (linked(site.url.as_str(), &name_of_site)) }
            }
            h1 { (linked(&feed.home, own)) }
            @if let Some(about) = about(&item::description(channel), &title, site) {
                p.lead { (about) }
            }
            @if !items.is_empty() {
                p.meta lang=[voice.lang] dir=[voice.dir] {
                    (voice.words.changed)
                    (voice.changed(site, updated(channel.entries)))
                }
            }
        }
        main #content {
            (subscribe(channel, &voice))
            section aria-labelledby="articles" {
                h2 #articles lang=[voice.lang] dir=[voice.dir] { (voice.words.articles) }
                @if items.is_empty() {
                    p lang=[voice.lang] dir=[voice.dir] { (voice.words.none) }
                } @else {
                    ol.articles role="list" { @for item in &items { li { (entry(channel, item, &voice)) } } }
                }
            }
            (website(channel, &title, &voice))
        }
        footer lang=[voice.lang] dir=[voice.dir] {
            nav aria-label=(voice.words.feeds) {
                ul role="list" {
                    li { a href=(up(&feed.name)) { (voice.words.all) } }
                    @if item::is_web(site.url.as_str()) {
                        li { a href=(site.url.as_str()) { bdi { (name_of_site) } } }
                    }
                }
            }
            (copyright(site))
        }
    };
    let alternates = Format::ALL
        .map(|format| alternate(&title, format, &address(site, &feed.name, format).href));
    document(&title, &voice, &item::description(channel), &alternates, &body)
}

/// The page of all declared feeds, `/feeds/`.
#[must_use]
pub fn index(site: &Site, feeds: &[Listed<'_>]) -> Vec<u8> {
    let language = site.language.as_deref().and_then(text::some_line);
    let voice = Voice::of(language.as_deref());
    let name_of_site = text::line(&site.title);
    let title = format!("{name_of_site}: {}", voice.words.feeds);
    let body = html! {
        header {
            h1 { (linked(site.url.as_str(), &name_of_site)) }
            @if let Some(description) = text::some_line(&site.description) {
                p.lead { (description) }
            }
        }
        main #content {
            section aria-labelledby="feeds" {
                h2 #feeds lang=[voice.lang] dir=[voice.dir] { (voice.words.feeds) }
                @if feeds.is_empty() {
                    p lang=[voice.lang] dir=[voice.dir] { (voice.words.none) }
                } @else {
                    p.how lang=[voice.lang] dir=[voice.dir] { (voice.words.choose) }
                    ol.feeds role="list" { @for listed in feeds { li { (listed_feed(site, listed, &voice)) } } }
                }
                @if let Some(base) = &site.base_url {
                    p lang=[voice.lang] dir=[voice.dir] {
                        a.open href=(Address::Opml.absolute(base)) { (voice.words.opml) }
                    }
                }
            }
        }
        @if let Some(copyright) = some_copyright(site) { footer { (copyright) } }
    };
    // Readers that are given this page find every feed by it.
    let alternates: Vec<Markup> = feeds
        .iter()
        .map(|listed| {
            let address = Address::Edition(listed.feed.name.clone(), Format::Rss);
            alternate(&text::line(&listed.feed.title), Format::Rss, &from_index(site, &address))
        })
        .collect();
    document(&title, &voice, &text::line(&site.description), &alternates, &body)
}

fn document(
    title: &str,
    voice: &Voice<'_>,
    description: &str,
    alternates: &[Markup],
    body: &Markup,
) -> Vec<u8> {
    let page = html! {
        (DOCTYPE)
        html lang=[voice.language] dir=[voice.language.map(direction)] {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                @if !description.is_empty() { meta name="description" content=(description); }
                link rel="icon" href=(ICON);
                @for alternate in alternates { (alternate) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" lang=[voice.lang] dir=[voice.dir] { (voice.words.skip) }
                (body)
            }
        }
    };
    let mut bytes = page.into_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

/// What the feed is for, and its three addresses.
fn subscribe(channel: &Channel<'_>, voice: &Voice<'_>) -> Markup {
    let Channel { site, feed, .. } = *channel;
    let first = site
        .base_url
        .as_ref()
        .map(|base| Address::Edition(feed.name.clone(), Format::Rss).absolute(base));
    html! {
        section.subscribe aria-labelledby="subscribe" lang=[voice.lang] dir=[voice.dir] {
            div {
                h2 #subscribe { (voice.words.subscribe) }
                p { (voice.words.how) }
                // The scheme under which reader programs register with the system.
                @if let Some(first) = first {
                    p { a.open href=(format!("feed:{first}")) { (voice.words.open) } }
                }
            }
            dl {
                @for format in Format::ALL {
                    @let address = address(site, &feed.name, format);
                    dt { (name(format)) }
                    dd dir="ltr" { a href=(address.href) type=(format.media_type()) { (address.shown) } }
                }
            }
        }
    }
}

/// The lines to paste, where the feed's address is known.
fn website(channel: &Channel<'_>, title: &str, voice: &Voice<'_>) -> Markup {
    let Channel { site, feed, .. } = *channel;
    if site.base_url.is_none() {
        return html! {};
    }
    let lines: Vec<String> = Format::ALL
        .map(|format| alternate(title, format, &address(site, &feed.name, format).href))
        .map(Markup::into_string)
        .to_vec();
    html! {
        section.website aria-labelledby="website" {
            h2 #website lang=[voice.lang] dir=[voice.dir] { (voice.words.website) }
            p lang=[voice.lang] dir=[voice.dir] { (voice.words.paste) }
            pre dir="ltr" translate="no" { code { (lines.join("\n")) } }
        }
    }
}

fn entry(channel: &Channel<'_>, item: &Item<'_>, voice: &Voice<'_>) -> Markup {
    let language = item.language.as_deref();
    // What is in no named language has the direction of its letters.
    let dir = language.or(voice.language).map_or("auto", direction);
    let dir = (language.is_some() || voice.language.is_none()).then_some(dir);
    // The page speaks its own language beside an article in another.
    let own = language.is_some() || voice.lang.is_some();
    let lang = own.then_some(voice.words.lang);
    let comma = Words::for_page(language.or(voice.language)).comma;
    let authors: Vec<&str> = item.authors.iter().map(|a| a.name.as_str()).collect();
    let tags = item.tags();
    let site = channel.site;
    html! {
        // Text runs as its language does, columns stand as the page's.
        article lang=[language] {
            hgroup dir=[dir] {
                @if let Some(kicker) = &item.kicker { p.kicker { (kicker) } }
                h3 { (linked(&item.link, &item.title)) }
            }
            // Without a summary a kicker that stands in for it would be said twice.
            @if let Some(summary) = item.summary.as_ref().filter(|s| Some(*s) != item.kicker.as_ref()) {
                p.summary dir=[dir] { (summary) }
            }
            @if !authors.is_empty() || !tags.is_empty() {
                p.meta.by dir=[dir] {
                    @if !authors.is_empty() { b { (list(&authors, comma)) } }
                    @if !authors.is_empty() && !tags.is_empty() { " · " }
                    (list(&tags, comma))
                }
            }
            p.meta.when lang=[lang] dir=[voice.dir] {
                (voice.time(site, item.published, precision(item)))
                @if let Some(changed) = item.changed() {
                    span { (voice.words.updated) (voice.changed(site, changed)) }
                }
            }
            @if let Some(lead) = item.lead { (picture(lead)) }
        }
    }
}

/// Names in a row; each keeps its own direction.
fn list(names: &[&str], comma: &str) -> Markup {
    html! {
        @for (at, name) in names.iter().enumerate() {
            @if at > 0 { (comma) }
            bdi { (name) }
        }
    }
}

/// A picture, fetched when it comes into view and without telling from where. Its size, where it is
/// known, keeps its place.
fn picture(medium: &Media) -> Markup {
    let alt = medium.alt.as_deref().map(text::line).unwrap_or_default();
    html! {
        img src=(text::url(&medium.url)) alt=(alt) width=[medium.width] height=[medium.height]
            loading="lazy" decoding="async" referrerpolicy="no-referrer";
    }
}

fn listed_feed(site: &Site, listed: &Listed<'_>, voice: &Voice<'_>) -> Markup {
    let feed = listed.feed;
    let language = feed.language.as_deref().filter(|l| Some(*l) != voice.language);
    let dir = language.map(direction);
    let title = text::line(&feed.title);
    let page = from_index(site, &Address::Page(feed.name.clone()));
    html! {
        h3 lang=[language] dir=[dir] {
            a href=(page) { (short(&title, &text::line(&site.title))) }
        }
        // The site's own description stands above the list already.
        @if let Some(about) = about(&feed.description, &title, site).filter(|a| *a != text::line(&site.description)) {
            p lang=[language] dir=[dir] { (about) }
        }
        p.meta lang=[voice.lang] dir=[voice.dir] {
            (voice.words.number) (listed.entries)
            @if listed.entries > 0 {
                br;
                (voice.words.changed) (voice.changed(site, listed.updated))
            }
        }
        ul.formats role="list" dir=[voice.dir] {
            @for format in Format::ALL {
                @let href = from_index(site, &Address::Edition(feed.name.clone(), format));
                // Read without its surroundings, "RSS" would say too little.
                @let label = format!("{}: {title}", name(format));
                li { a href=(href) type=(format.media_type()) aria-label=(label) { (name(format)) } }
            }
        }
    }
}

fn some_copyright(site: &Site) -> Option<Markup> {
    let copyright = site.copyright.as_deref().and_then(text::some_line)?;
    Some(html! { p { bdi { (copyright) } } })
}

fn copyright(site: &Site) -> Markup {
    some_copyright(site).unwrap_or_else(|| html! {})
}

/// How exactly the document says when it was published.
fn precision(item: &Item<'_>) -> Precision {
    let named = item.entry.article.published.filter(|m| m.at == item.entry.published);
    named.map_or(Precision::Instant, |m| m.precision)
}
