//! One feed becomes its editions: select, finish bodies, render, verify, encode. The run asks for the
//! eager feeds, the server (through whoever joins them) for the lazy ones, and both get the same
//! bytes, because both ask here. Publishing is the edition room's.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::article::ContentHash;
use crate::body;
use crate::catalog::query::Slot;
use crate::catalog::{self, Catalog};
use crate::edition::{Edition, encode, verify};
use crate::feed::address::Address;
use crate::feed::{BodyMode, Entry, Feed, Format, Site, select};
use crate::render::{self, Channel, RENDER};

/// Finished bodies that are kept, in bytes: several hundred articles' worth, so that an edit needn't
/// sanitise its neighbours again.
const FINISHED_BYTES_MAX: u64 = 64 << 20;

/// A feed's edition can't be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The catalog can't be asked.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// It can't be rendered.
    #[error(transparent)]
    Render(#[from] render::Error),
    /// It can't be encoded.
    #[error(transparent)]
    Encode(#[from] encode::Error),
    /// An independent parser doesn't read back what was rendered.
    #[error("{0}")]
    Refused(#[from] verify::Refusal),
}

#[derive(Clone)]
struct Size;

impl Weighter<(ContentHash, String), Arc<str>> for Size {
    fn weight(&self, key: &(ContentHash, String), html: &Arc<str>) -> u64 {
        (key.1.len() + html.len() + 64) as u64
    }
}

/// Finishes bodies, and keeps them by content and link.
pub struct Finisher {
    finished: Cache<(ContentHash, String), Arc<str>, Size>,
}

impl std::fmt::Debug for Finisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finisher").field("bodies", &self.finished.len()).finish()
    }
}

impl Default for Finisher {
    fn default() -> Finisher {
        Finisher { finished: Cache::with_weighter(1_000, FINISHED_BYTES_MAX, Size) }
    }
}

impl Finisher {
    fn finish(&self, hash: ContentHash, link: &str, html: &str) -> Arc<str> {
        let key = (hash, link.to_owned());
        if let Some(finished) = self.finished.get(&key) {
            return finished;
        }
        let finished: Arc<str> = Arc::from(body::finish(html, link).html);
        self.finished.insert(key, Arc::clone(&finished));
        finished
    }
}

/// A feed's window, and the fingerprint of its editions.
#[derive(Debug, Clone)]
pub struct Window {
    /// Newest first, ties by id.
    pub slots: Vec<Slot>,
    /// Equal fingerprints, equal editions.
    pub fingerprint: ContentHash,
}

/// Selects a feed's window as of a time.
///
/// # Errors
/// Where the catalog can't be asked.
pub fn window(
    catalog: &Catalog,
    site: &Site,
    feed: &Feed,
    as_of: DateTime<Utc>,
) -> Result<Window, catalog::Error> {
    let slots = select::window(feed, catalog.window(&select::query(feed, as_of))?);
    let fingerprint = select::fingerprint(RENDER, site, feed, &slots);
    Ok(Window { slots, fingerprint })
}

/// An entry whose body isn't finished yet.
#[derive(Debug, Clone)]
pub struct Raw {
    entry: Entry,
    /// Hash and HTML as read.
    body: Option<(ContentHash, String)>,
}

/// Loads what a window's articles say.
///
/// # Errors
/// Where the catalog can't be asked.
pub fn load(catalog: &Catalog, feed: &Feed, window: &Window) -> Result<Vec<Raw>, catalog::Error> {
    window
        .slots
        .iter()
        .map(|slot| {
            let article = catalog.article(slot.article)?;
            let body = match article.body {
                Some(body) if feed.body == BodyMode::Full => {
                    catalog.body(&body.hash)?.map(|html| (body.hash, html))
                }
                _ => None,
            };
            let (id, published) = (slot.id.clone(), slot.published);
            let entry = Entry { id, article: Arc::new(article), published, body: None };
            Ok(Raw { entry, body })
        })
        .collect()
}

/// Finishes the bodies of loaded entries.
#[must_use]
pub fn finish(finisher: &Finisher, raw: Vec<Raw>) -> Vec<Entry> {
    raw.into_iter()
        .map(|Raw { mut entry, body }| {
            entry.body = body.map(|(hash, html)| finisher.finish(hash, &entry.article.link, &html));
            entry
        })
        .collect()
}

/// Makes one edition of a feed: rendered, read back by others, encoded.
///
/// # Errors
/// Where it can't be rendered, or what was rendered can't be read back.
pub fn edition(
    site: &Site,
    feed: &Feed,
    entries: &[Entry],
    format: Format,
) -> Result<Edition, Error> {
    let channel = Channel { site, feed, entries };
    let bytes = render::feed(format, &channel)?;
    verify::verify(format, &bytes, &channel)?;
    let address = Address::Edition(feed.name.clone(), format);
    Ok(encode::encode(address, Bytes::from(bytes))?)
}

/// Makes a feed's page.
///
/// # Errors
/// Where it can't be encoded.
pub fn page(site: &Site, feed: &Feed, entries: &[Entry]) -> Result<Edition, Error> {
    let bytes = render::page::feed(&Channel { site, feed, entries });
    Ok(encode::encode(Address::Page(feed.name.clone()), Bytes::from(bytes))?)
}
