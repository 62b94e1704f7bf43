//! JSON Feed 1.1 (standards §3): keys in the order of the standard, nothing that is null or empty.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::Serialize;

use super::item::{self, Item, Someone};
use super::{Channel, Error, text};
use crate::feed::Format;
use crate::feed::address::Address;

/// What `version` says.
pub(crate) const VERSION: &str = "https://jsonfeed.org/version/1.1";

#[derive(Serialize)]
struct Head {
    version: &'static str,
    title: String,
    home_page_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<String>,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// Nothing more will come; said only where it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<bool>,
}

#[derive(Serialize)]
struct Author {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
}

#[derive(Serialize)]
struct Post<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<String>,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    #[serde(rename = "_feedwright", skip_serializing_if = "Option::is_none")]
    extension: Option<Extension<'a>>,
}

#[derive(Serialize)]
struct Attachment {
    url: String,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u64>,
}

/// What JSON Feed has no key for.
#[derive(Serialize)]
struct Extension<'a> {
    /// The line above or below the headline.
    kicker: &'a str,
}

/// The feed as JSON Feed 1.1, each item on a line of its own.
///
/// # Errors
/// Fails only where the writer does.
pub fn render(channel: &Channel<'_>) -> Result<Vec<u8>, Error> {
    let items = item::items(channel);
    let mut out = serde_json::to_vec(&head(channel))?;
    out.pop();
    out.extend_from_slice(b",\"items\":[");
    for (n, item) in items.iter().enumerate() {
        out.extend_from_slice(if n == 0 { b"\n" } else { b",\n" });
        serde_json::to_writer(&mut out, &post(channel, item))?;
    }
    out.extend_from_slice(b"\n]}\n");
    Ok(out)
}

fn head(channel: &Channel<'_>) -> Head {
    let Channel { site, feed, .. } = *channel;
    let own = |base| Address::Edition(feed.name.clone(), Format::Json).absolute(base);
    Head {
        version: VERSION,
        title: item::title(channel),
        home_page_url: text::url(&feed.home),
        feed_url: site.base_url.as_ref().map(own),
        description: item::description(channel),
        icon: site.icon.as_deref().map(text::url).filter(|u| !u.is_empty()),
        authors: item::site_authors(site).iter().map(author).collect(),
        language: item::language(channel),
        expired: feed.podcast.as_ref().is_some_and(|show| show.complete).then_some(true),
    }
}

fn author(someone: &Someone) -> Author {
    Author { name: someone.name.clone(), url: someone.uri.clone(), avatar: someone.image.clone() }
}

fn post<'a>(channel: &Channel<'_>, item: &'a Item<'_>) -> Post<'a> {
    let article = &item.entry.article;
    // One of the two contents is required. Without a body that is the summary, else the title.
    let content_text = match &item.content {
        Some(_) => None,
        None => Some(item.summary.as_deref().unwrap_or(&item.title)),
    };
    let external = article.external_link.as_deref().map(text::url);
    Post {
        id: &item.id,
        url: &item.link,
        external_url: external.filter(|u| !u.is_empty()),
        title: &item.title,
        content_html: item.content.as_deref(),
        content_text,
        summary: item.summary.as_deref(),
        image: item.lead.map(|m| text::url(&m.url)),
        date_published: time(channel, item.published),
        date_modified: item.changed().map(|at| time(channel, at)),
        authors: item.authors.iter().map(author).collect(),
        tags: item.tags(),
        language: item.language.as_deref(),
        attachments: item
            .enclosures
            .iter()
            .map(|m| Attachment {
                url: text::url(&m.url),
                mime_type: item::enclosure_type(m),
                title: m.caption.as_deref().and_then(text::some_line),
                size_in_bytes: m.bytes,
                duration_in_seconds: m.duration_s,
            })
            .collect(),
        extension: item.kicker.as_deref().map(|kicker| Extension { kicker }),
    }
}

/// RFC 3339 with the site's offset at that instant.
fn time(channel: &Channel<'_>, at: DateTime<Utc>) -> String {
    channel.site.zone.show(at.trunc_subsecs(0)).to_rfc3339_opts(SecondsFormat::Secs, false)
}
