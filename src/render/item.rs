//! What every format says of an entry, decided once: which texts it has under the feed's body mode,
//! its people, its terms with their addresses, its times. The formats spell it; `verify` compares
//! what a parser gives back with it. All text in it has passed [`text`](super::text).

use std::borrow::Cow;

use chrono::{DateTime, SubsecRound, Utc};

use super::{Channel, media, text};
use crate::article::{Media, MediaRole, Person, Related, Role, SummaryOrigin, Taxonomy};
use crate::feed::{BodyMode, Entry, Site};

/// One entry, ready to be spelled.
pub(crate) struct Item<'a> {
    pub(crate) entry: &'a Entry,
    /// The native id.
    pub(crate) id: String,
    pub(crate) link: String,
    /// Plain text, never empty.
    pub(crate) title: String,
    pub(crate) kicker: Option<String>,
    /// Plain text.
    pub(crate) summary: Option<String>,
    /// HTML.
    pub(crate) content: Option<String>,
    pub(crate) published: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    /// Where it differs from the feed's.
    pub(crate) language: Option<String>,
    pub(crate) authors: Vec<Someone>,
    pub(crate) others: Vec<Someone>,
    pub(crate) categories: Vec<Category>,
    pub(crate) lead: Option<&'a Media>,
    pub(crate) further_images: Vec<&'a Media>,
    pub(crate) enclosures: Vec<&'a Media>,
}

/// A person, ready to be spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Someone {
    pub(crate) name: String,
    pub(crate) uri: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) image: Option<String>,
}

/// A term of any taxonomy but authors, who are people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Category {
    /// The slug.
    pub(crate) term: String,
    /// A URL that stands for the taxonomy and keeps sections and tags apart.
    pub(crate) scheme: String,
    /// The name for people.
    pub(crate) label: String,
    /// The names from the outermost parent down, with slashes between them.
    pub(crate) path: String,
}

/// All entries of a channel.
pub(crate) fn items<'a>(channel: &Channel<'a>) -> Vec<Item<'a>> {
    channel.entries.iter().map(|entry| item(channel, entry)).collect()
}

fn item<'a>(channel: &Channel<'a>, entry: &'a Entry) -> Item<'a> {
    let article = &entry.article;
    let link = text::url(&article.link);
    let title = text::some_line(&article.title).unwrap_or_else(|| link.clone());
    // "none" is title and link alone.
    let is_bare = channel.feed.body == BodyMode::None;
    let media_of = |role| {
        let all = article.media.iter().filter(|_| !is_bare);
        all.filter(move |m| m.role == role && is_web(&m.url))
    };
    let lead = media_of(MediaRole::Lead).next();
    let content = content(channel, entry, lead);
    // RSS has one enclosure, and players look for a recording in it.
    let mut enclosures: Vec<&Media> = media_of(MediaRole::Enclosure).collect();
    enclosures.sort_by_key(|medium| !medium.is_recording());
    let people = |wanted: fn(&Role) -> bool| -> Vec<Someone> {
        article.people.iter().filter(|p| wanted(&p.role)).filter_map(someone).collect()
    };
    Item {
        entry,
        id: Some(text::id(&entry.id)).filter(|id| !id.is_empty()).unwrap_or_else(|| link.clone()),
        summary: summary(channel, entry, &title, content.as_deref()),
        kicker: article.kicker.as_deref().filter(|_| !is_bare).and_then(text::some_line),
        content,
        published: entry.published.trunc_subsecs(0),
        updated: entry.updated().trunc_subsecs(0),
        language: article
            .language
            .as_deref()
            .and_then(text::some_line)
            .filter(|l| language(channel).as_deref() != Some(l)),
        authors: people(|role| *role == Role::Author),
        others: people(|role| *role != Role::Author),
        categories: categories(channel.site, entry),
        lead,
        further_images: media_of(MediaRole::Further).collect(),
        enclosures,
        link,
        title,
    }
}

impl<'a> Item<'a> {
    /// The change after publication, if there was one.
    pub(crate) fn changed(&self) -> Option<DateTime<Utc>> {
        (self.updated > self.published).then_some(self.updated)
    }

    /// Names of its terms, each once: a section and a tag may share one.
    pub(crate) fn tags(&self) -> Vec<&str> {
        let mut tags: Vec<&str> = Vec::new();
        for category in &self.categories {
            if !tags.contains(&category.label.as_str()) {
                tags.push(&category.label);
            }
        }
        tags
    }

    /// The recording that players play.
    pub(crate) fn recording(&self) -> Option<&'a Media> {
        self.enclosures.first().copied().filter(|m| m.is_recording())
    }

    /// The page on which readers talk about it.
    pub(crate) fn comments(&self) -> Option<String> {
        self.entry.article.comments.as_deref().filter(|c| is_web(c)).map(text::url)
    }

    /// Other stories that it points to.
    pub(crate) fn related(&self) -> impl Iterator<Item = &Related> {
        self.entry.article.related.iter().filter(|r| is_web(&r.link))
    }
}

/// The feed's title, which no format allows to be blank.
pub(crate) fn title(channel: &Channel<'_>) -> String {
    let named = text::some_line(&channel.feed.title);
    named
        .or_else(|| text::some_line(&channel.site.title))
        .unwrap_or_else(|| channel.site.url.to_string())
}

/// The feed's description, else its title: RSS requires one.
pub(crate) fn description(channel: &Channel<'_>) -> String {
    text::some_line(&channel.feed.description).unwrap_or_else(|| title(channel))
}

/// The feed's language, else the site's.
pub(crate) fn language(channel: &Channel<'_>) -> Option<String> {
    let named = channel.feed.language.as_deref().or(channel.site.language.as_deref());
    named.and_then(text::some_line)
}

/// Who stands for the whole publication: those named, else the publication itself.
pub(crate) fn site_authors(site: &Site) -> Vec<Someone> {
    let named: Vec<Someone> = site
        .authors
        .iter()
        .filter_map(|a| {
            Some(Someone {
                name: text::some_line(&a.name)?,
                uri: a.uri.as_deref().map(text::url).filter(|u| !u.is_empty()),
                email: a.email.as_deref().and_then(text::some_line),
                image: None,
            })
        })
        .collect();
    if !named.is_empty() {
        return named;
    }
    let url = site.url.to_string();
    let name = text::some_line(&site.title).unwrap_or_else(|| url.clone());
    vec![Someone { name, uri: Some(url), email: None, image: None }]
}

fn someone(person: &Person) -> Option<Someone> {
    let address = |a: &Option<String>| a.as_deref().map(text::url).filter(|u| !u.is_empty());
    Some(Someone {
        name: text::some_line(&person.name)?,
        uri: address(&person.uri),
        email: person.email.as_deref().and_then(text::some_line),
        image: address(&person.image),
    })
}

/// The summary, where the feed shows one and it says something that title and content don't
/// (RFC 4287 §4.2.13).
fn summary(
    channel: &Channel<'_>,
    entry: &Entry,
    title: &str,
    content: Option<&str>,
) -> Option<String> {
    if channel.feed.body == BodyMode::None {
        return None;
    }
    let named = entry.article.summary.as_ref()?;
    let summary = text::some_line(&named.text).filter(|s| s != title)?;
    let repeats = named.origin == SummaryOrigin::Paragraph
        && content.is_some_and(|c| c.trim() == format!("<p>{}</p>", text::html(&summary)));
    (!repeats).then_some(summary)
}

/// The body, with the lead image before it unless it is in there: several readers show nothing but
/// the body (standards §1.7).
fn content(channel: &Channel<'_>, entry: &Entry, lead: Option<&Media>) -> Option<String> {
    if channel.feed.body != BodyMode::Full {
        return None;
    }
    let body = text::clean(entry.body.as_deref()?);
    if body.trim().is_empty() {
        return None;
    }
    let Some(lead) = lead else { return Some(body.into_owned()) };
    if shows(&body, &lead.url) {
        return Some(body.into_owned());
    }
    Some(format!("{}\n{body}", figure(lead)))
}

/// Whether a body shows a picture, in whatever size: `bridge.jpg`, `bridge-1024x683.jpg` and
/// `bridge.jpg?w=800` are one picture (WordPress makes the second, image servers the third).
fn shows(body: &str, address: &str) -> bool {
    let address = text::url(address);
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let stem = match path.rsplit_once('.') {
        Some((stem, ending)) if !ending.contains('/') => without_size(stem),
        // Without a file's name the query may be what tells pictures apart.
        _ => return body.contains(&*quick_xml::escape::escape(address.as_str())),
    };
    let stem = quick_xml::escape::escape(stem);
    let images = body.split("<img").skip(1).filter_map(|after| after.split('>').next());
    images.flat_map(|image| image.split(&*stem).skip(1)).any(|after| {
        let end = after.find(['"', '?', '#', ' ']).unwrap_or(after.len());
        let rest = &after[..end];
        let bare = rest.rsplit_once('.').map_or(rest, |(bare, _)| bare);
        without_size(bare).is_empty()
    })
}

/// A name without the size that WordPress appends to it.
fn without_size(name: &str) -> &str {
    let is_size = |size: &str| {
        let number = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        size == "scaled" || size.split_once('x').is_some_and(|(w, h)| number(w) && number(h))
    };
    match name.rsplit_once('-') {
        Some((bare, size)) if is_size(size) => bare,
        _ => name,
    }
}

/// A picture as HTML, with its caption and its maker.
fn figure(medium: &Media) -> String {
    let attribute = |name: &str, value: Cow<'_, str>| {
        format!(" {name}=\"{}\"", quick_xml::escape::escape(value.as_ref()))
    };
    let mut image = format!("<img{}", attribute("src", text::url(&medium.url).into()));
    let alt = medium.alt.as_deref().map(text::line).unwrap_or_default();
    image.push_str(&attribute("alt", alt.into()));
    for (name, pixels) in [("width", medium.width), ("height", medium.height)] {
        if let Some(pixels) = pixels {
            image.push_str(&attribute(name, pixels.to_string().into()));
        }
    }
    image.push('>');
    let words = |words: &Option<String>| words.as_deref().and_then(text::some_line);
    let caption = words(&medium.caption).map(|c| text::html(&c).into_owned());
    let credit = words(&medium.credit).map(|c| format!("<small>{}</small>", text::html(&c)));
    let words: Vec<String> = [caption, credit].into_iter().flatten().collect();
    if words.is_empty() {
        return format!("<figure>{image}</figure>");
    }
    format!("<figure>{image}<figcaption>{}</figcaption></figure>", words.join(" "))
}

fn categories(site: &Site, entry: &Entry) -> Vec<Category> {
    let terms = &entry.article.terms;
    let label = |taxonomy: &Taxonomy, slug: &str| {
        terms
            .iter()
            .find(|t| t.key.taxonomy == *taxonomy && t.key.slug == slug)
            .and_then(|t| text::some_line(&t.label))
            .or_else(|| text::some_line(slug))
    };
    let mut categories: Vec<Category> = Vec::new();
    for term in terms.iter().filter(|t| t.key.taxonomy.is_subject()) {
        let taxonomy = &term.key.taxonomy;
        let Some(name) = text::some_line(&term.label).or_else(|| text::some_line(&term.key.slug))
        else {
            continue;
        };
        let mut path: Vec<String> =
            term.parents.iter().filter_map(|slug| label(taxonomy, slug)).collect();
        path.push(name.clone());
        let category = Category {
            term: text::some_line(&term.key.slug).unwrap_or_else(|| name.clone()),
            scheme: scheme(site, taxonomy),
            label: name,
            path: path.join("/"),
        };
        if !categories.iter().any(|c| c.scheme == category.scheme && c.term == category.term) {
            categories.push(category);
        }
    }
    categories
}

/// A URL that stands for a taxonomy: the site's with the taxonomy's name below it.
fn scheme(site: &Site, taxonomy: &Taxonomy) -> String {
    let mut url = site.url.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(taxonomy.as_str()).push("");
    }
    url.into()
}

/// Whether an address can be fetched from the web.
pub(crate) fn is_web(address: &str) -> bool {
    url::Url::parse(text::url(address).as_str())
        .is_ok_and(|u| matches!(u.scheme(), "http" | "https"))
}

/// The media type of an enclosure, which its formats require.
pub(crate) fn enclosure_type(medium: &Media) -> String {
    media::media_type(medium).unwrap_or_else(|| "application/octet-stream".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_in_any_size() {
        let body =
            |src: &str| format!("<p>bridge.jpg</p><img alt=\"x\" src=\"{src}\" width=\"3\">");
        let lead = "https://x.example/2024/bridge.jpg";
        for src in [
            "https://x.example/2024/bridge.jpg",
            "https://x.example/2024/bridge-1024x683.jpg",
            "https://x.example/2024/bridge-scaled.jpg",
            "https://x.example/2024/bridge.jpg?w=800&amp;h=600",
            "https://x.example/2024/bridge.webp",
        ] {
            assert!(shows(&body(src), lead), "{src}");
        }
        for src in [
            "https://x.example/2024/bridge-night.jpg",
            "https://x.example/2024/bridges.jpg",
            "https://x.example/2023/bridge.jpg",
            "https://y.example/2024/bridge.jpg",
        ] {
            assert!(!shows(&body(src), lead), "{src}");
        }
        assert!(!shows("<a href=\"https://x.example/2024/bridge.jpg\">x</a>", lead));
        assert!(shows(&body("https://x.example/i?a=1&amp;b=2"), "https://x.example/i?a=1&b=2"));
        assert!(!shows(&body("https://x.example/i?a=1&amp;b=2"), "https://x.example/i?a=1&b=3"));
    }
}
