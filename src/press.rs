//! One feed becomes its editions: select, finish bodies, render, verify, encode. The run asks for the
//! eager feeds, the server (through whoever joins them) for the lazy ones, and both get the same
//! bytes, because both ask here. Publishing is the edition room's.

use std::collections::BTreeMap;
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
use crate::feed::{BodyMode, Entry, Feed, Format, Site, Tombstone, select};
use crate::fetch::Known;
use crate::problem::{Code, Place, Problem};
use crate::render::{self, Channel, RENDER};

pub(crate) const BODY_CUT: Code = Code::new("body-cut");

/// Finished bodies that are kept, in bytes: several hundred articles' worth, so that an edit needn't
/// sanitise its neighbours again.
const FINISHED_BYTES_MAX: u64 = 64 << 20;

/// A feed's edition can't be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The catalog can't be asked.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// The catalog names a body that it doesn't hold.
    #[error("the body of {0} is lost from the state folder")]
    BodyLost(Place),
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

/// A finished body, and whether something of it had to go.
#[derive(Clone)]
struct Done {
    html: Arc<str>,
    cut: Option<Cut>,
}

/// Why a body is published cut.
#[derive(Clone, Copy)]
enum Cut {
    Deep,
    Big,
}

impl Weighter<(ContentHash, String), Done> for Size {
    fn weight(&self, key: &(ContentHash, String), done: &Done) -> u64 {
        (key.1.len() + done.html.len() + 64) as u64
    }
}

/// Finishes bodies, and keeps them by content and link.
pub struct Finisher {
    finished: Cache<(ContentHash, String), Done, Size>,
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
    fn finish(&self, hash: ContentHash, link: &str, html: &str) -> Done {
        let key = (hash, link.to_owned());
        if let Some(done) = self.finished.get(&key) {
            return done;
        }
        let finished = body::finish(html, link);
        let cut = match (finished.too_big, finished.too_deep) {
            (true, _) => Some(Cut::Big),
            (_, true) => Some(Cut::Deep),
            _ => None,
        };
        let done = Done { html: Arc::from(finished.html), cut };
        self.finished.insert(key, done.clone());
        done
    }
}

/// A feed's window, and the fingerprint of its editions.
#[derive(Debug, Clone)]
pub struct Window {
    /// Newest first, ties by id.
    pub slots: Vec<Slot>,
    /// How many were left out for their weight.
    pub cut: usize,
    /// What its Atom tells of what was withdrawn, newest first.
    pub gone: Vec<Tombstone>,
    /// Equal fingerprints, equal editions.
    pub fingerprint: ContentHash,
}

/// Selects a feed's window as of a time. `gone` are the articles that were withdrawn, by id.
///
/// # Errors
/// Where the catalog can't be asked.
pub fn window(
    catalog: &Catalog,
    site: &Site,
    feed: &Feed,
    as_of: DateTime<Utc>,
    gone: &BTreeMap<String, DateTime<Utc>>,
) -> Result<Window, catalog::Error> {
    let (slots, cut) = select::cut_window(feed, catalog.window(&select::query(feed, as_of))?);
    let gone = select::tombstones(feed, &slots, gone);
    let fingerprint = select::fingerprint(RENDER, site, feed, &slots, &gone);
    Ok(Window { slots, cut, gone, fingerprint })
}

/// An entry whose body isn't finished yet.
#[derive(Debug, Clone)]
pub struct Raw {
    entry: Entry,
    /// Hash and HTML as read.
    body: Option<(ContentHash, String)>,
    /// Where the article stands.
    place: Place,
}

impl Raw {
    /// Where the article stands.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// Loads what a window's articles say, and adds what is known of media that lie elsewhere.
///
/// # Errors
/// Where the catalog can't be asked, or holds no body where it names one: an article is never
/// published without what it says.
pub fn load(
    catalog: &Catalog,
    feed: &Feed,
    window: &Window,
    known: &Known,
) -> Result<Vec<Raw>, Error> {
    window
        .slots
        .iter()
        .map(|slot| {
            let (mut article, place) = catalog.article(slot.article)?;
            known.fill(&mut article);
            let body = match article.body {
                Some(body) if feed.body == BodyMode::Full => match catalog.body(&body.hash) {
                    Ok(Some(html)) => Some((body.hash, html)),
                    Ok(None) | Err(catalog::Error::Damaged) => return Err(Error::BodyLost(place)),
                    Err(e) => return Err(e.into()),
                },
                _ => None,
            };
            let (id, published) = (slot.id.clone(), slot.published);
            let entry = Entry { id, article: Arc::new(article), published, body: None };
            Ok(Raw { entry, body, place })
        })
        .collect()
}

/// Finishes the bodies of loaded entries; tells of those that could not be kept whole.
#[must_use]
pub fn finish(finisher: &Finisher, raw: Vec<Raw>) -> (Vec<Entry>, Vec<Problem>) {
    let mut problems = Vec::new();
    let entries = raw
        .into_iter()
        .map(|Raw { mut entry, body, place }| {
            let done = body.map(|(hash, html)| finisher.finish(hash, &entry.article.link, &html));
            problems.extend(done.as_ref().and_then(|d| d.cut).map(|cut| cut_problem(cut, place)));
            entry.body = done.map(|d| d.html);
            entry
        })
        .collect();
    (entries, problems)
}

fn cut_problem(cut: Cut, place: Place) -> Problem {
    let (message, help) = match cut {
        Cut::Deep => (
            "the body's elements are nested too deeply for any reader; only its text is published",
            "look for tags that are opened again and again and never closed",
        ),
        Cut::Big => (
            "the body is too large for a feed; it is left out of it",
            "move large embedded data out of the article, or publish it with `body = \"summary\"`",
        ),
    };
    Problem::warning(&BODY_CUT, place, message).help(help)
}

/// The bytes of one edition of a feed: rendered, read back by others.
///
/// # Errors
/// Where it can't be rendered, or what was rendered can't be read back.
pub fn identity(
    site: &Site,
    feed: &Feed,
    entries: &[Entry],
    gone: &[Tombstone],
    format: Format,
) -> Result<Vec<u8>, Error> {
    let channel = Channel { site, feed, entries, gone };
    let bytes = render::feed(format, &channel)?;
    verify::verify(format, &bytes, &channel)?;
    Ok(bytes)
}

/// Makes one edition of a feed: rendered, read back by others, not coded yet.
///
/// # Errors
/// Where it can't be rendered, or what was rendered can't be read back.
pub fn edition(
    site: &Site,
    feed: &Feed,
    entries: &[Entry],
    gone: &[Tombstone],
    format: Format,
) -> Result<Edition, Error> {
    let bytes = identity(site, feed, entries, gone, format)?;
    let address = Address::Edition(feed.name.clone(), format);
    Ok(encode::identity(address, Bytes::from(bytes)))
}

/// Makes a feed's page, not coded yet.
#[must_use]
pub fn page(site: &Site, feed: &Feed, entries: &[Entry]) -> Edition {
    let bytes = render::page::feed(&Channel { site, feed, entries, gone: &[] });
    encode::identity(Address::Page(feed.name.clone()), Bytes::from(bytes))
}
