//! Atom 1.0 (RFC 4287) with Media RSS for pictures (standards §2). The `atom_syndication` crate
//! writes; ids, times in the site's zone and languages are decided here.

use std::collections::BTreeMap;

use atom_syndication::{
    Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Person, Source, Text,
    WriteConfig,
};
use chrono::{DateTime, SubsecRound, Utc};
use url::Url;
use uuid::Uuid;

use super::item::{self, Item, Someone};
use super::media::{self, Element};
use super::{Channel, Error, GENERATOR, text};
use crate::feed::address::Address;
use crate::feed::{self, Format, Tombstone};

/// The namespace of tombstones (RFC 6721).
pub(crate) const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// The feed as Atom 1.0.
///
/// # Errors
/// Fails only where the writer does.
pub fn render(channel: &Channel<'_>) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(256 * 1024);
    // The crate's own declaration names no encoding.
    out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    let config = WriteConfig { write_document_declaration: false, indent_size: None };
    let written = build(channel).write_with_config(out, config)?;
    Ok(one_entry_a_line(&written))
}

/// An entry's atom:id (RFC 4287 §4.2.6): the native id where it is an absolute IRI, else a name-based UUID of
/// the base and the native id, so that it too never changes.
#[must_use]
pub fn entry_id(native: &str, id_base: &Url) -> String {
    if is_absolute_iri(native) {
        return native.to_owned();
    }
    let name = format!("{id_base}{native}");
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).urn().to_string()
}

/// RFC 3987 §2.2, without normalising anything: a scheme, something behind it, and no character
/// that an IRI can't hold.
fn is_absolute_iri(id: &str) -> bool {
    let Some((scheme, rest)) = id.split_once(':') else { return false };
    let sound_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let sound_rest = !rest.is_empty()
        && !rest.chars().any(|c| {
            c.is_whitespace()
                || c.is_control()
                || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
        })
        && rest
            .split('%')
            .skip(1)
            .all(|hex| hex.len() >= 2 && hex.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit));
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    sound_scheme && sound_rest && (!is_web || rest.starts_with("//") && Url::parse(id).is_ok())
}

/// Builds the feed (RFC 4287 §4.1.1).
fn build(channel: &Channel<'_>) -> Feed {
    let Channel { site, feed, entries, gone } = *channel;
    let items = item::items(channel);
    let mut namespaces = BTreeMap::new();
    if items.iter().any(|i| !pictures(i).is_empty()) {
        namespaces.insert("media".to_owned(), media::NAMESPACE.to_owned());
    }
    if !gone.is_empty() {
        namespaces.insert("at".to_owned(), TOMBSTONES.to_owned());
    }
    let address = |u: &Option<String>| u.as_deref().map(text::url).filter(|u| !u.is_empty());
    Feed {
        title: Text::plain(item::title(channel)),
        id: text::id(&feed.id),
        updated: time(channel, feed::updated(entries)),
        // The safety net for entries without a byline.
        authors: item::site_authors(site).iter().map(person).collect(),
        generator: Some(Generator { value: GENERATOR.to_owned(), uri: None, version: None }),
        icon: address(&site.icon),
        links: feed_links(channel),
        logo: address(&site.logo),
        rights: site.copyright.as_deref().and_then(text::some_line).map(Text::plain),
        subtitle: Some(Text::plain(item::description(channel))),
        entries: items.iter().map(|i| entry(channel, i)).collect(),
        extensions: tombstones(channel),
        namespaces,
        lang: item::language(channel),
        ..Feed::default()
    }
}

/// `at:deleted-entry` of each (RFC 6721 §3).
fn tombstones(channel: &Channel<'_>) -> atom_syndication::extension::ExtensionMap {
    let element = |t: &Tombstone| Element {
        name: "at:deleted-entry",
        value: None,
        attrs: vec![
            ("ref", entry_id(&text::id(&t.id), &channel.site.id_base)),
            ("when", time(channel, t.at).to_rfc3339()),
        ],
        children: Vec::new(),
    };
    let elements: Vec<Element> = channel.gone.iter().map(element).collect();
    if elements.is_empty() {
        return BTreeMap::new();
    }
    BTreeMap::from([("at".to_owned(), media::grouped(&elements, Element::for_atom))])
}

/// alternate (the page that the feed stands for, first, because readers take the first), self, the
/// other formats, license.
fn feed_links(channel: &Channel<'_>) -> Vec<Link> {
    let Channel { site, feed, .. } = *channel;
    let mut links = vec![link("alternate", text::url(&feed.home), Some("text/html"))];
    if let Some(base) = &site.base_url {
        for format in [Format::Atom, Format::Rss, Format::Json] {
            let rel = if format == Format::Atom { "self" } else { "alternate" };
            let href = Address::Edition(feed.name.clone(), format).absolute(base);
            links.push(link(rel, href, Some(format.media_type())));
        }
    }
    links.extend(license(site.license.as_deref()));
    links
}

fn link(rel: &str, href: String, media_type: Option<&str>) -> Link {
    Link { href, rel: rel.to_owned(), mime_type: media_type.map(str::to_owned), ..Link::default() }
}

/// RFC 4946.
fn license(url: Option<&str>) -> Option<Link> {
    let url = url.map(text::url).filter(|l| !l.is_empty())?;
    Some(link("license", url, None))
}

/// Whole seconds, with the site's offset at that instant (standards §2.4).
fn time(channel: &Channel<'_>, at: DateTime<Utc>) -> FixedDateTime {
    channel.site.zone.show(at.trunc_subsecs(0))
}

fn person(someone: &Someone) -> Person {
    Person {
        name: someone.name.clone(),
        email: someone.email.clone(),
        uri: someone.uri.clone(),
        ..Person::default()
    }
}

/// Builds one entry (RFC 4287 §4.1.2).
fn entry(channel: &Channel<'_>, item: &Item<'_>) -> Entry {
    let site = channel.site;
    let article = &item.entry.article;
    // The crate has no xml:lang on an entry, so each construct carries it.
    let plain = |value: String| Text { lang: item.language.clone(), ..Text::plain(value) };
    Entry {
        title: plain(item.title.clone()),
        id: entry_id(&item.id, &site.id_base),
        updated: time(channel, item.updated),
        authors: item.authors.iter().map(person).collect(),
        categories: item
            .categories
            .iter()
            .map(|c| Category {
                term: c.term.clone(),
                scheme: Some(c.scheme.clone()),
                label: Some(c.path.clone()),
            })
            .collect(),
        contributors: item.others.iter().map(person).collect(),
        links: entry_links(channel, item),
        published: Some(time(channel, item.published)),
        rights: article.rights.as_deref().and_then(text::some_line).map(Text::plain),
        source: source(channel, item),
        summary: item.summary.clone().map(plain),
        content: item.content.clone().map(|value| Content {
            value: Some(value),
            content_type: Some("html".to_owned()),
            lang: item.language.clone(),
            ..Content::default()
        }),
        extensions: extensions(item),
        ..Entry::default()
    }
}

/// alternate, enclosures, related, via, replies, license (RFC 4287 §4.2.7.2, RFC 4685, RFC 4946).
fn entry_links(channel: &Channel<'_>, item: &Item<'_>) -> Vec<Link> {
    let article = &item.entry.article;
    let mut links = vec![Link {
        hreflang: item.language.clone(),
        ..link("alternate", item.link.clone(), Some("text/html"))
    }];
    for medium in &item.enclosures {
        let media_type = item::enclosure_type(medium);
        links.push(Link {
            length: medium.bytes.map(|b| b.to_string()),
            ..link("enclosure", text::url(&medium.url), Some(&media_type))
        });
    }
    for related in item.related() {
        links.push(Link {
            title: text::some_line(&related.title),
            ..link("related", text::url(&related.link), None)
        });
    }
    let external = article.external_link.as_deref().map(text::url);
    let origin = article.origin.as_ref();
    links.extend(external.filter(|u| !u.is_empty()).map(|u| link("via", u, None)));
    links.extend(origin.map(|o| Link {
        title: text::some_line(&o.title),
        ..link("via", text::url(&o.url), None)
    }));
    // A page for people, which is what readers open (RFC 4685 §4; its default would be Atom).
    links.extend(item.comments().map(|c| link("replies", c, Some("text/html"))));
    // The feed's licence isn't inherited by its entries.
    links.extend(license(article.licence.as_deref().or(channel.site.license.as_deref())));
    links
}

/// `source` (RFC 4287 §4.2.11), only where the three elements that it must have are known.
fn source(channel: &Channel<'_>, item: &Item<'_>) -> Option<Source> {
    let origin = item.entry.article.origin.as_ref()?;
    let updated = origin.updated?;
    Some(Source {
        title: Text::plain(text::some_line(&origin.title)?),
        id: origin.id.as_deref().map(text::id).filter(|id| is_absolute_iri(id))?,
        updated: time(channel, updated.at),
        ..Source::default()
    })
}

fn pictures<'a>(item: &Item<'a>) -> Vec<&'a crate::article::Media> {
    item.lead.iter().chain(&item.further_images).copied().collect()
}

fn extensions(item: &Item<'_>) -> atom_syndication::extension::ExtensionMap {
    let contents: Vec<Element> = pictures(item).into_iter().map(media::image).collect();
    if contents.is_empty() {
        return BTreeMap::new();
    }
    BTreeMap::from([("media".to_owned(), media::grouped(&contents, Element::for_atom))])
}

/// Begins each entry on a line of its own. In what the crate wrote, `<entry>` is never text: text
/// and attributes are escaped.
fn one_entry_a_line(written: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(written.len() + 1024);
    let mut rest = written;
    for at in memchr::memmem::find_iter(written, b"<entry>") {
        let done = written.len() - rest.len();
        out.extend_from_slice(&rest[..at - done]);
        out.push(b'\n');
        rest = &written[at..];
    }
    let tail = rest.strip_suffix(b"</feed>").unwrap_or(rest);
    out.extend_from_slice(tail);
    out.extend_from_slice(b"\n</feed>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iri_stays_and_anything_else_becomes_a_uuid() {
        let base: Url = "https://gazette.example/".parse().unwrap();
        for id in [
            "https://gazette.example/a/",
            "tag:gazette.example,2024-02-18:/a",
            "urn:uuid:2c7b0c1e-7b0a-4c39-9d38-4b1d3d0f7a11",
            "https://gazette.example/новости/",
            "https://gazette.example/?p=9",
        ] {
            assert_eq!(entry_id(id, &base), id);
        }
        for id in [
            "63f1c0ffee00112233445566",
            "12345",
            "a b:c",
            "12:30",
            "http:relative",
            "https://",
            "note: with a space",
            "c:\\news",
            "x:%zz",
            "",
        ] {
            let iri = entry_id(id, &base);
            assert!(iri.starts_with("urn:uuid:"), "{id} → {iri}");
            assert_eq!(iri, entry_id(id, &base));
        }
        // RFC 4122's own function of "https://gazette.example/12345", computed elsewhere.
        assert_eq!(entry_id("12345", &base), "urn:uuid:fe338408-796f-5a35-a3fb-f2ac735583df");
    }
}
