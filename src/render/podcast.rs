//! What makes an RSS feed a podcast: Apple's elements and those of the Podcast namespace (standards
//! §1.8, §1.9), of the channel and of each episode. What is missing for a directory is told by
//! [`feed::podcast`](crate::feed::podcast); nothing is guessed here to hide it.

use rss::extension::itunes::{
    ITunesCategory, ITunesChannelExtension, ITunesItemExtension, ITunesOwner,
};
use uuid::Uuid;

use super::item::{self, Item};
use super::media::{self, Element};
use super::{Channel, text};
use crate::article::{Media, Podcast, Role};
use crate::feed::podcast::{ROLES, Show, is_artwork};

/// The Podcast namespace.
pub(super) const NAMESPACE: &str = "https://podcastindex.org/namespace/1.0";

/// Namespace of podcast:guid (Podcasting 2.0, `guid`).
const GUIDS: Uuid = Uuid::from_u128(0xead4_c236_bf58_58c6_a2c6_a6b2_8d12_8cb6);

/// What Apple asks of a channel (standards §1.8). Categories are never guessed.
pub(super) fn itunes(channel: &Channel<'_>) -> ITunesChannelExtension {
    let Channel { site, feed, entries, .. } = *channel;
    let show = feed.podcast.clone().unwrap_or_default();
    let of_episodes = || {
        let facts = entries.iter().filter_map(|e| e.article.podcast.as_ref());
        facts.into_iter().any(|podcast| podcast.explicit == Some(true))
    };
    let pictures = [&show.image, &site.icon, &site.logo].into_iter().flatten();
    let yes = |b: bool| b.then(|| "Yes".to_owned());
    ITunesChannelExtension {
        author: Some(author(channel, &show)),
        block: yes(show.blocked),
        categories: show.categories.iter().map(category).collect(),
        image: pictures.map(|u| text::url(u)).find(|u| media::is_jpeg_or_png(u)),
        explicit: Some(show.explicit.unwrap_or_else(of_episodes).to_string()),
        complete: yes(show.complete),
        new_feed_url: address(show.new_feed_url.as_deref()),
        owner: show.owner.as_ref().map(|(name, email)| ITunesOwner {
            name: name.as_deref().and_then(text::some_line),
            email: text::some_line(email),
        }),
        r#type: feed
            .podcast
            .as_ref()
            .map(|show| if show.serial { "serial" } else { "episodic" }.to_owned()),
        ..ITunesChannelExtension::default()
    }
}

fn author(channel: &Channel<'_>, show: &Show) -> String {
    show.author.as_deref().and_then(text::some_line).unwrap_or_else(|| {
        let names: Vec<String> =
            item::site_authors(channel.site).into_iter().map(|a| a.name).collect();
        names.join(", ")
    })
}

fn category((name, below): &(String, Option<String>)) -> ITunesCategory {
    let of = |name: &String, subcategory| ITunesCategory { text: text::line(name), subcategory };
    of(name, below.as_ref().map(|below| Box::new(of(below, None))))
}

fn address(url: Option<&str>) -> Option<String> {
    url.filter(|url| item::is_web(url)).map(text::url)
}

/// What the Podcast namespace says of a channel (standards §1.9).
pub(super) fn channel(channel: &Channel<'_>) -> Vec<Element> {
    let mut elements = vec![Element::text("podcast:guid", guid(channel))];
    let Some(show) = &channel.feed.podcast else { return elements };
    let owner = show.owner.as_ref().and_then(|(_, email)| text::some_line(email));
    elements.extend(show.locked.map(|locked| {
        Element::empty("podcast:locked", [("owner", owner)]).holding(yes_or_no(locked))
    }));
    let medium = show.medium.as_deref().unwrap_or("podcast");
    elements.push(Element::text("podcast:medium", text::line(medium)));
    elements.extend(show.funding.as_ref().map(|(url, words)| {
        Element::empty("podcast:funding", [("url", address(Some(url)))]).holding(text::line(words))
    }));
    elements.extend(license(show.license.as_deref().or(channel.site.license.as_deref())));
    elements.extend(show.blocked.then(|| Element::text("podcast:block", "yes")));
    elements.extend(show.people.iter().filter_map(|voice| {
        let role = voice.role.as_deref().unwrap_or("host");
        person(&voice.name, role, voice.uri.as_deref(), voice.image.as_deref())
    }));
    for (purpose, words) in &show.txt {
        let purpose = text::some_line(purpose);
        elements
            .push(Element::empty("podcast:txt", [("purpose", purpose)]).holding(text::line(words)));
    }
    elements
}

fn yes_or_no(b: bool) -> &'static str {
    if b { "yes" } else { "no" }
}

/// podcast:guid: the one that the show has, else made from the feed's id, which outlives its address.
fn guid(channel: &Channel<'_>) -> String {
    let feed = channel.feed;
    if let Some(guid) = feed.podcast.as_ref().and_then(|show| show.guid.as_deref().map(text::id)) {
        return guid;
    }
    let id = text::id(&feed.id);
    let name = id.split_once("://").map_or(id.as_str(), |(_, rest)| rest).trim_end_matches('/');
    Uuid::new_v5(&GUIDS, name.as_bytes()).to_string()
}

/// `podcast:person`; the group that a role belongs to, where that isn't the cast. `None` where nobody
/// is named, or the role isn't one that readers know.
fn person(name: &str, role: &str, uri: Option<&str>, image: Option<&str>) -> Option<Element> {
    let name = text::some_line(name)?;
    let role = text::line(role).to_lowercase();
    let (group, _) = ROLES.iter().find(|(_, roles)| roles.contains(&role.as_str()))?;
    let attrs = [
        ("role", Some(role)),
        ("group", Some((*group).to_owned()).filter(|group| group != "cast")),
        ("img", address(image)),
        ("href", address(uri)),
    ];
    Some(Element::empty("podcast:person", attrs).holding(name))
}

/// `podcast:license`: a Creative Commons licence by its identifier, any other by its address.
fn license(url: Option<&str>) -> Option<Element> {
    let url = address(url)?;
    let named = url.split_once("creativecommons.org/").and_then(|(_, rest)| {
        let mut parts = rest.split('/');
        match (parts.next()?, parts.next()?, parts.next()?) {
            ("licenses", name, version) => Some(format!("cc-{name}-{version}")),
            ("publicdomain", "zero", version) => Some(format!("cc0-{version}")),
            _ => None,
        }
    });
    let named = named.unwrap_or_else(|| "custom".to_owned());
    Some(Element::empty("podcast:license", [("url", Some(url))]).holding(named))
}

/// The title of an episode without its number, which stands beside it; `None` where it is no episode,
/// or where that is the article's title.
pub(super) fn title(item: &Item<'_>) -> Option<String> {
    item.recording()?;
    let facts = item.entry.article.podcast.as_ref();
    let named = facts.and_then(|f| f.title.as_deref()).and_then(text::some_line);
    let title = named.or_else(|| {
        let number = facts?.episode?;
        without_number(&item.title, number).map(str::to_owned)
    });
    title.filter(|title| *title != item.title)
}

/// `Episode 7: a loud noise`, `#7 – A loud noise`, `7. A loud noise`: what follows the number.
fn without_number(title: &str, number: u32) -> Option<&str> {
    const BEFORE: [&str; 6] = ["episode ", "ep. ", "ep ", "e", "#", "no. "];
    let lower = title.to_ascii_lowercase();
    let before = BEFORE.iter().find(|before| lower.starts_with(**before)).map_or(0, |b| b.len());
    let rest = title[before..].trim_start_matches(['#', '0']);
    let rest = rest.strip_prefix(&number.to_string())?;
    let rest = rest.trim_start();
    let after = rest.strip_prefix([':', '.', '–', '—', '-', '|'])?;
    // "7-day week" is a title, "7 - a week" isn't.
    let after = after.strip_prefix(char::is_whitespace)?.trim();
    (!after.is_empty()).then_some(after)
}

/// Apple's facts of an episode (standards §1.8).
pub(super) fn itunes_item(item: &Item<'_>) -> Option<ITunesItemExtension> {
    let recording = item.recording();
    let facts = item.entry.article.podcast.as_ref();
    if recording.is_none() && facts.is_none() {
        return None;
    }
    let number = |n: Option<u32>| n.filter(|n| *n > 0).map(|n| n.to_string());
    Some(ITunesItemExtension {
        image: item.lead.filter(|m| can_be_artwork(m)).map(|m| text::url(&m.url)),
        block: facts.is_some_and(|f| f.blocked).then(|| "Yes".to_owned()),
        duration: recording.and_then(|m| m.duration_s).map(|s| s.to_string()),
        explicit: facts.and_then(|f| f.explicit).map(|e| e.to_string()),
        episode: number(facts.and_then(|f| f.episode)),
        season: number(facts.and_then(|f| f.season)),
        episode_type: facts
            .and_then(|f| f.episode_type.as_deref())
            .map(str::to_ascii_lowercase)
            .filter(|t| matches!(t.as_str(), "full" | "trailer" | "bonus")),
        ..ITunesItemExtension::default()
    })
}

/// A picture that Apple refuses is worse than none: the show's then stands for the episode.
fn can_be_artwork(medium: &Media) -> bool {
    let fits = match (medium.width, medium.height) {
        (Some(width), Some(height)) => is_artwork(width, height),
        _ => true,
    };
    fits && media::is_jpeg_or_png(&text::url(&medium.url))
}

/// What the Podcast namespace says of an episode (standards §1.9).
pub(super) fn episode(item: &Item<'_>) -> Vec<Element> {
    let article = &item.entry.article;
    let mut elements = Vec::new();
    if item.recording().is_some() {
        elements.extend(people(item));
        elements.extend(license(article.licence.as_deref()));
        let others = item.enclosures.iter().skip(1).filter(|m| m.is_recording());
        elements.extend(others.filter_map(|m| alternative(m)));
    }
    if let Some(facts) = &article.podcast {
        elements.extend(numbers(facts));
        elements.extend(files(facts));
        elements.extend(facts.soundbites.iter().map(|bite| {
            let times =
                [("startTime", seconds(bite.start_ms)), ("duration", seconds(bite.duration_ms))];
            Element {
                value: bite.title.as_deref().and_then(text::some_line),
                ..Element::empty("podcast:soundbite", times.map(|(k, v)| (k, Some(v))))
            }
        }));
        elements.extend(places(facts));
    }
    elements
}

/// Everybody who is in the episode, which replaces those of the show. Without a named host, who wrote
/// the article speaks in it.
fn people(item: &Item<'_>) -> Vec<Element> {
    let all = &item.entry.article.people;
    let hosts = |role: &Role| matches!(role, Role::Other(role) if role.trim() == "host");
    let author = if all.iter().any(|p| hosts(&p.role)) { "author" } else { "host" };
    all.iter()
        .filter_map(|p| {
            let role = match &p.role {
                Role::Author => author,
                Role::Other(role) => role,
            };
            person(&p.name, role, p.uri.as_deref(), p.image.as_deref())
        })
        .collect()
}

fn alternative(medium: &Media) -> Option<Element> {
    let source = Element::empty("podcast:source", [("uri", address(Some(&medium.url)))]);
    let kind = media::media_type(medium)?;
    let number = |n: Option<u64>| n.map(|n| n.to_string());
    Some(Element {
        children: vec![source],
        ..Element::empty(
            "podcast:alternateEnclosure",
            [
                ("type", Some(kind)),
                ("length", number(medium.bytes)),
                ("height", number(medium.height.map(u64::from))),
                ("lang", medium.language.as_deref().and_then(text::some_line)),
                ("title", medium.caption.as_deref().and_then(text::some_line)),
            ],
        )
    })
}

fn numbers(facts: &Podcast) -> Vec<Element> {
    let element = |name, key, number: Option<u32>, label: &Option<String>| {
        let number = number.filter(|n| *n > 0)?;
        let label = label.as_deref().and_then(text::some_line);
        Some(Element::empty(name, [(key, label)]).holding(number.to_string()))
    };
    [
        element("podcast:season", "name", facts.season, &facts.season_name),
        element("podcast:episode", "display", facts.episode, &facts.episode_label),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn files(facts: &Podcast) -> Vec<Element> {
    let mut elements: Vec<Element> = facts
        .transcripts
        .iter()
        .filter_map(|t| {
            let url = address(Some(&t.url))?;
            Some(Element::empty(
                "podcast:transcript",
                [
                    ("url", Some(url)),
                    ("type", Some(text::url(&t.media_type))),
                    ("language", t.language.as_deref().and_then(text::some_line)),
                    ("rel", t.captions.then(|| "captions".to_owned())),
                ],
            ))
        })
        .collect();
    elements.extend(facts.chapters.as_ref().and_then(|(url, media_type)| {
        let url = address(Some(url))?;
        let media_type = Some(text::url(media_type));
        Some(Element::empty("podcast:chapters", [("url", Some(url)), ("type", media_type)]))
    }));
    elements
}

fn places(facts: &Podcast) -> Vec<Element> {
    let locations = facts.locations.iter().filter_map(|place| {
        let line = |text: &Option<String>| text.as_deref().and_then(text::some_line);
        let rel = if place.creator { "creator" } else { "subject" };
        let name = text::some_line(&place.name)?;
        let attrs = [
            ("rel", Some(rel.to_owned())),
            ("geo", line(&place.geo)),
            ("osm", line(&place.osm)),
            ("country", line(&place.country)),
        ];
        Some(Element::empty("podcast:location", attrs).holding(name))
    });
    let discussions = facts.discussions.iter().filter_map(|d| {
        let attrs = [
            ("protocol", text::some_line(&d.protocol)),
            ("uri", Some(address(Some(&d.uri))?)),
            ("accountId", d.account.as_deref().and_then(text::some_line)),
        ];
        Some(Element::empty("podcast:socialInteract", attrs))
    });
    locations.chain(discussions).collect()
}

/// Seconds with a point and no more digits than they need.
fn seconds(milliseconds: u64) -> String {
    let text = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
    let bare = text.trim_end_matches('0');
    if bare.ends_with('.') { format!("{bare}0") } else { bare.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_loses_its_own_number_only() {
        for (title, rest) in [
            ("Episode 7: a very large noise", Some("a very large noise")),
            ("Ep. 07 – Fog", Some("Fog")),
            ("#7 | Fog", Some("Fog")),
            ("7. Fog", Some("Fog")),
            ("E7: Fog", Some("Fog")),
            ("Episode 8: Fog", None),
            ("Episode 71: Fog", None),
            ("7-day week", None),
            ("Episode 7", None),
            ("Every boat", None),
            ("Élan: x", None),
        ] {
            assert_eq!(without_number(title, 7), rest, "{title}");
        }
    }

    #[test]
    fn seconds_are_written_with_a_point() {
        assert_eq!([0, 73_000, 1_234_500, 42_250].map(seconds), ["0.0", "73.0", "1234.5", "42.25"]);
    }

    #[test]
    fn licences_are_named_as_the_list_has_them() {
        let named = |url| license(Some(url)).map(|e| (e.value.unwrap_or_default(), e.attrs.len()));
        for (url, name) in [
            ("https://creativecommons.org/licenses/by-nc/4.0/", "cc-by-nc-4.0"),
            ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
            ("https://gazette.example/terms/", "custom"),
        ] {
            assert_eq!(named(url), Some((name.to_owned(), 1)), "{url}");
        }
        assert_eq!(license(Some("mine")), None);
    }
}
