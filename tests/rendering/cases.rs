//! A case as a file: the facts of a site, a feed and its entries, with what is usual left out.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use feedwright::feed::{BodyMode, Entry, Feed, FeedName, Selection, Site, SiteAuthor};
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
                body: feed.body,
                term: None,
                eager: true,
                tombstones_s: None,
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
