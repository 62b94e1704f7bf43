//! RSS 2.0 with the modules that readers know: content, Dublin Core, Atom links, Media RSS, iTunes
//! and Podcasting 2.0 (standards §1). The `rss` crate writes; what it leaves to its callers is
//! here: dates, `isPermaLink`, namespaces, the spelling of `&` and `<` in plain text.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{ExtensionMap, atom::AtomExtension, atom::Link};

use super::item::{self, Item};
use super::media::{self, Element};
use super::{Channel, Error, GENERATOR, podcast, text};
use crate::feed::address::Address;
use crate::feed::{self, Format};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const DOCS: &str = "https://www.rssboard.org/rss-specification";

/// The feed as RSS 2.0.
///
/// # Errors
/// Fails only where the writer does.
pub fn render(channel: &Channel<'_>) -> Result<Vec<u8>, Error> {
    let items = item::items(channel);
    let written = build(channel, &items).write_to(Vec::with_capacity(256 * 1024))?;
    Ok(respell(&written))
}

/// Builds the channel (RSS 2.0, "Required channel elements" and "Optional channel elements").
fn build(channel: &Channel<'_>, items: &[Item<'_>]) -> rss::Channel {
    let Channel { site, feed, entries, .. } = *channel;
    let title = item::title(channel);
    let link = text::url(&feed.home);
    let is_podcast = feed.podcast.is_some() || items.iter().any(|i| i.recording().is_some());
    let mut namespaces = BTreeMap::new();
    let items: Vec<rss::Item> = items.iter().map(|i| entry(i, &mut namespaces)).collect();
    let mut extensions = ExtensionMap::new();
    if is_podcast {
        namespaces.insert("podcast".to_owned(), podcast::NAMESPACE.to_owned());
        extend(&mut extensions, "podcast", &podcast::channel(channel));
    }
    rss::Channel {
        image: image(channel, &title, &link),
        description: item::description(channel),
        language: item::language(channel),
        copyright: site.copyright.as_deref().and_then(text::some_line),
        managing_editor: managing_editor(channel),
        pub_date: entries.iter().map(|e| e.published).max().map(date),
        last_build_date: (!entries.is_empty()).then(|| date(feed::updated(entries))),
        generator: Some(GENERATOR.to_owned()),
        docs: Some(DOCS.to_owned()),
        ttl: (site.ttl_minutes > 0).then(|| site.ttl_minutes.to_string()),
        atom_ext: atom_links(channel),
        itunes_ext: is_podcast.then(|| podcast::itunes(channel)),
        title,
        link,
        items,
        extensions,
        namespaces,
        ..rss::Channel::default()
    }
}

/// RFC 822 with a four-digit year and a two-digit day, always GMT (standards §1.2).
fn date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `image`: the icon, else the logo; only types that the standard allows.
fn image(channel: &Channel<'_>, title: &str, link: &str) -> Option<rss::Image> {
    let site = channel.site;
    let named = [&site.icon, &site.logo].into_iter().flatten();
    let url = named.map(|u| text::url(u)).find(|u| media::is_channel_image(u))?;
    // Title and link are the channel's (FV-W ImageTitleDoesntMatch).
    let (title, link) = (title.to_owned(), link.to_owned());
    Some(rss::Image { url, title, link, ..rss::Image::default() })
}

/// `user@host (Name)`: an address is required, and a name expected.
pub(crate) fn managing_editor(channel: &Channel<'_>) -> Option<String> {
    let contact = text::some_line(channel.site.contact.as_deref()?)?;
    let (address, name) = contact.split_once(' ').unwrap_or((&contact, ""));
    if !address.contains('@') || !address.is_ascii() {
        return None;
    }
    let name = name.trim().trim_start_matches('(').trim_end_matches(')').trim();
    let name = if name.is_empty() { text::line(&channel.site.title) } else { name.to_owned() };
    Some(format!("{address} ({name})"))
}

/// atom:link: self and the other formats, where there is an address of our own; the licence.
fn atom_links(channel: &Channel<'_>) -> Option<AtomExtension> {
    let Channel { site, feed, .. } = *channel;
    let mut links = Vec::new();
    if let Some(base) = &site.base_url {
        for format in Format::ALL {
            let rel = if format == Format::Rss { "self" } else { "alternate" };
            links.push(Link {
                href: Address::Edition(feed.name.clone(), format).absolute(base),
                rel: rel.to_owned(),
                mime_type: Some(format.media_type().to_owned()),
                ..Link::default()
            });
        }
    }
    if let Some(license) = site.license.as_deref().map(text::url).filter(|l| !l.is_empty()) {
        links.push(Link { href: license, rel: "license".to_owned(), ..Link::default() });
    }
    (!links.is_empty()).then_some(AtomExtension { links })
}

/// Builds one item (RSS 2.0, "Elements of item").
fn entry(item: &Item<'_>, namespaces: &mut BTreeMap<String, String>) -> rss::Item {
    let mut extensions = ExtensionMap::new();
    if let Some(changed) = item.changed() {
        namespaces.insert("atom".to_owned(), ATOM.to_owned());
        let changed = changed.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        extend(&mut extensions, "atom", &[Element::text("atom:updated", changed)]);
    }
    let media = media_contents(item);
    if !media.is_empty() {
        namespaces.insert("media".to_owned(), media::NAMESPACE.to_owned());
        extend(&mut extensions, "media", &media);
    }
    let episode = podcast::episode(item);
    if !episode.is_empty() {
        namespaces.insert("podcast".to_owned(), podcast::NAMESPACE.to_owned());
        extend(&mut extensions, "podcast", &episode);
    }
    if let Some(title) = podcast::title(item) {
        // The crate has no place for it; its own elements of the prefix declare the namespace.
        extend(&mut extensions, "itunes", &[Element::text("itunes:title", title)]);
    }
    rss::Item {
        title: Some(item.title.clone()),
        link: Some(item.link.clone()),
        // HTML, so plain text is escaped once more than the writer does.
        description: item.summary.as_deref().map(|s| text::html(s).into_owned()),
        categories: item
            .categories
            .iter()
            .map(|c| rss::Category { name: c.path.clone(), domain: Some(c.scheme.clone()) })
            .collect(),
        enclosure: item.enclosures.first().map(|m| rss::Enclosure {
            url: text::url(&m.url),
            // An unknown length is 0, never absent.
            length: m.bytes.unwrap_or(0).to_string(),
            mime_type: item::enclosure_type(m),
        }),
        comments: item.comments(),
        guid: Some(rss::Guid { value: item.id.clone(), permalink: is_permalink(item) }),
        pub_date: Some(date(item.published)),
        source: source(item),
        content: item.content.clone(),
        itunes_ext: podcast::itunes_item(item),
        dublin_core_ext: dublin_core(item),
        extensions,
        ..rss::Item::default()
    }
}

/// True only while the id is the working link, byte for byte (standards §1.5).
pub(crate) fn is_permalink(item: &Item<'_>) -> bool {
    item.id == item.link && (item.id.starts_with("http://") || item.id.starts_with("https://"))
}

/// `source`: the feed that the item was taken from.
fn source(item: &Item<'_>) -> Option<rss::Source> {
    let origin = item.entry.article.origin.as_ref()?;
    let url = Some(text::url(&origin.url)).filter(|u| !u.is_empty())?;
    Some(rss::Source { url, title: text::some_line(&origin.title) })
}

/// The lead image, further pictures, and every enclosure but the first, of which RSS has one.
/// Further recordings are the same one in other forms, which `podcast:alternateEnclosure` says.
fn media_contents(item: &Item<'_>) -> Vec<Element> {
    let pictures = item.lead.iter().chain(&item.further_images).map(|m| media::image(m));
    let files = item.enclosures.iter().skip(1).filter(|m| !m.is_recording());
    pictures.chain(files.map(|m| media::content(m))).collect()
}

/// dc:creator, one for each author, by name alone; dc:language where it isn't the channel's.
fn dublin_core(item: &Item<'_>) -> Option<DublinCoreExtension> {
    let creators: Vec<String> = item.authors.iter().map(|a| a.name.clone()).collect();
    let contributors: Vec<String> = item.others.iter().map(|a| a.name.clone()).collect();
    let languages: Vec<String> = item.language.iter().cloned().collect();
    if creators.is_empty() && contributors.is_empty() && languages.is_empty() {
        return None;
    }
    Some(DublinCoreExtension { creators, contributors, languages, ..Default::default() })
}

fn extend(map: &mut ExtensionMap, prefix: &str, elements: &[Element]) {
    map.insert(prefix.to_owned(), media::grouped(elements, Element::for_rss));
}

/// Spells `&` and `<` in plain text as `&#x26;` and `&#x3C;`, which readers that decode twice show
/// right (standards §1.1), writes every `isPermaLink`, and begins each item on a line of its own.
/// CDATA stays as it is; to an XML parser nothing changes but white space between elements.
fn respell(written: &[u8]) -> Vec<u8> {
    const CDATA: &[u8] = b"<![CDATA[";
    const REPLACED: [(&[u8], &[u8]); 6] = [
        // The crate leaves the attribute out where it is true; readers shouldn't have to know.
        (b"<guid>", b"<guid isPermaLink=\"true\">"),
        (b"&amp;", b"&#x26;"),
        (b"&lt;", b"&#x3C;"),
        (b"<item>", b"\n<item>"),
        (b"<rss ", b"\n<rss "),
        (b"</channel>", b"\n</channel>"),
    ];
    let mut out = Vec::with_capacity(written.len() + written.len() / 16);
    let mut rest = written;
    while let Some(at) = memchr::memchr2(b'&', b'<', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with(CDATA) {
            let end = memchr::memmem::find(rest, b"]]>").map_or(rest.len(), |e| e + 3);
            out.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        } else if let Some((from, to)) = REPLACED.iter().find(|(from, _)| rest.starts_with(from)) {
            out.extend_from_slice(to);
            rest = &rest[from.len()..];
        } else {
            out.push(rest[0]);
            rest = &rest[1..];
        }
    }
    out.extend_from_slice(rest);
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_respelled_and_cdata_is_not() {
        let xml = b"<rss a=\"x&amp;y\"><channel><t>a &lt; b</t><item><![CDATA[<item>&amp;]]></item></channel></rss>";
        assert_eq!(
            String::from_utf8(respell(xml)).unwrap(),
            "\n<rss a=\"x&#x26;y\"><channel><t>a &#x3C; b</t>\n<item><![CDATA[<item>&amp;]]></item>\n</channel></rss>\n"
        );
    }

    #[test]
    fn dates_have_two_digits_and_english_names() {
        let at = DateTime::from_timestamp(1_707_379_500, 0).unwrap();
        assert_eq!(date(at), "Thu, 08 Feb 2024 08:05:00 GMT");
    }
}
