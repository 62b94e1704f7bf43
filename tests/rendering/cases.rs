//! A case as a file: the facts of a site, a feed and its entries, with what is usual left out.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use feedwright::feed::podcast::{Show, Voice};
use feedwright::feed::{BodyMode, Entry, Feed, FeedName, Order, Selection, Site, SiteAuthor};
use serde::Deserialize;

pub(super) struct Case {
    pub(super) site: Site,
    pub(super) feed: Feed,
    pub(super) entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "note")]
    _note: String,
    site: WrittenSite,
    feed: WrittenFeed,
    entries: Vec<WrittenEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSite {
    title: String,
    url: url::Url,
    #[serde(default)]
    description: String,
    language: Option<String>,
    zone: Option<String>,
    base_url: Option<url::Url>,
    #[serde(default)]
    authors: Vec<SiteAuthor>,
    copyright: Option<String>,
    license: Option<String>,
    icon: Option<String>,
    logo: Option<String>,
    contact: Option<String>,
    ttl_minutes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFeed {
    name: String,
    title: String,
    description: String,
    home: String,
    id: String,
    language: Option<String>,
    #[serde(default)]
    body: BodyMode,
    podcast: Option<WrittenShow>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenShow {
    categories: Vec<(String, Option<String>)>,
    image: Option<String>,
    author: Option<String>,
    owner: Option<(Option<String>, String)>,
    explicit: Option<bool>,
    serial: bool,
    medium: Option<String>,
    locked: Option<bool>,
    funding: Option<(String, String)>,
    license: Option<String>,
    complete: bool,
    blocked: bool,
    new_feed_url: Option<String>,
    guid: Option<String>,
    people: Vec<WrittenVoice>,
    txt: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenVoice {
    name: String,
    role: Option<String>,
    uri: Option<String>,
    image: Option<String>,
}

impl From<WrittenShow> for Show {
    fn from(written: WrittenShow) -> Show {
        let voice =
            |v: WrittenVoice| Voice { name: v.name, role: v.role, uri: v.uri, image: v.image };
        Show {
            categories: written.categories,
            image: written.image,
            author: written.author,
            owner: written.owner,
            explicit: written.explicit,
            serial: written.serial,
            medium: written.medium,
            locked: written.locked,
            funding: written.funding,
            license: written.license,
            complete: written.complete,
            blocked: written.blocked,
            new_feed_url: written.new_feed_url,
            guid: written.guid,
            people: written.people.into_iter().map(voice).collect(),
            txt: written.txt,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    id: String,
    published: DateTime<Utc>,
    body: Option<String>,
    article: serde_json::Map<String, serde_json::Value>,
}

impl Case {
    pub(super) fn read(path: &Path) -> Case {
        let text = std::fs::read_to_string(path).unwrap();
        let written: Written =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let (site, feed) = (written.site, written.feed);
        Case {
            site: Site {
                title: site.title,
                id_base: site.url.clone(),
                url: site.url,
                description: site.description,
                language: site.language,
                zone: site.zone.as_deref().unwrap_or("UTC").parse().unwrap(),
                base_url: site.base_url,
                authors: site.authors,
                copyright: site.copyright,
                license: site.license,
                icon: site.icon,
                logo: site.logo,
                contact: site.contact,
                ttl_minutes: site.ttl_minutes.unwrap_or(5),
            },
            feed: Feed {
                name: FeedName(feed.name),
                title: feed.title,
                description: feed.description,
                home: feed.home,
                language: feed.language,
                id: feed.id,
                selection: Selection::default(),
                limit: 50,
                within_s: 0,
                max_entry_age_s: None,
                max_bytes: None,
                order: Order::default(),
                resurface_s: None,
                body: feed.body,
                term: None,
                eager: true,
                tombstones_s: None,
                podcast: feed.podcast.map(Show::from),
            },
            entries: written.entries.into_iter().map(entry).collect(),
        }
    }
}

fn entry(written: WrittenEntry) -> Entry {
    let mut article = written.article;
    for (key, value) in [
        ("rule_id", written.id.as_str().into()),
        ("id_origin", "named".into()),
        ("link_named", true.into()),
        ("visibility", "public".into()),
    ] {
        article.entry(key).or_insert(value);
    }
    let article: feedwright::article::Article = serde_json::from_value(article.into()).unwrap();
    let finish = |body: String| feedwright::body::finish(&body, &article.link).html;
    Entry {
        id: written.id,
        published: written.published,
        body: written.body.map(finish).map(Arc::from),
        article: Arc::new(article),
    }
}
