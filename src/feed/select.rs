//! Which articles a feed holds as of a time, and a fingerprint that tells whether an edition of them
//! would come out otherwise. Pure: the catalog is asked by whoever has it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{BodyMode, Definition, Feed, Order, Site, Tombstone};
use crate::article::{ContentHash, Taxonomy, Term};
use crate::catalog::query::{Query, Slot};
use crate::problem::{Code, Place, Problem};

/// A feed leaves articles out for their weight.
pub(crate) const CUT: Code = Code::new("feed-cut");

/// What an entry weighs beside its text: title, links, terms and markup.
const ENTRY_BYTES: u64 = 1024;

/// A window is never cut below so many entries: a feed of one huge article would lose the others.
const ENTRIES_MIN: usize = 10;

/// What to ask the catalog for a feed's window.
#[must_use]
pub fn query(feed: &Feed, as_of: DateTime<Utc>) -> Query {
    Query {
        any: feed.selection.any.clone(),
        all: feed.selection.all.clone(),
        none: feed.selection.none.clone(),
        as_of,
        limit: feed.limit,
        within_s: feed.within_s,
        by_change: feed.order == Order::Updated,
        resurface_s: feed.resurface_s,
    }
}

/// The window: what the catalog gave, less what is too old beside the newest, less what makes it too
/// heavy, from the old end.
#[must_use]
pub fn window(feed: &Feed, slots: Vec<Slot>) -> Vec<Slot> {
    cut_window(feed, slots).0
}

/// The same, and how many were too heavy.
#[must_use]
pub fn cut_window(feed: &Feed, mut slots: Vec<Slot>) -> (Vec<Slot>, usize) {
    if let (Some(age), Some(newest)) = (feed.max_entry_age_s, slots.first().map(|s| s.at)) {
        let age = i64::try_from(age).unwrap_or(i64::MAX);
        slots.retain(|s| (newest - s.at).num_seconds() <= age);
    }
    let before = slots.len();
    if let Some(max) = feed.max_bytes {
        let mut bytes = 0_u64;
        let fits = slots
            .iter()
            .take_while(|s| {
                bytes = bytes.saturating_add(weight(feed.body, s));
                bytes <= max
            })
            .count();
        slots.truncate(fits.max(ENTRIES_MIN));
    }
    let cut = before - slots.len();
    (slots, cut)
}

/// Tells that a feed is too heavy for all that it would hold.
#[must_use]
pub fn told_cut(feed: &Feed, cut: usize, config: &str) -> Option<Problem> {
    let max = feed.max_bytes.filter(|_| cut > 0)?;
    let (articles, are) = match cut {
        1 => ("article".to_owned(), "is"),
        more => (format!("{more} articles"), "are"),
    };
    let message = format!(
        "the oldest {articles} that the feed {:?} would hold {are} left out: it has `max_bytes`, {max} \
         bytes",
        feed.name.0
    );
    let help = "raise `max_bytes`, lower `limit`, or publish it with `body = \"summary\"`";
    Some(Problem::note(&CUT, Place::whole(config), message).help(help))
}

fn weight(body: BodyMode, slot: &Slot) -> u64 {
    let text = match body {
        BodyMode::Full if slot.body_bytes > 0 => slot.body_bytes,
        BodyMode::Full | BodyMode::Summary => slot.summary_bytes,
        BodyMode::None => 0,
    };
    text.saturating_add(ENTRY_BYTES)
}

/// The tombstones that a feed shows: those of the time that it tells of before its newest entry, newest
/// first, ties by id, and no more than it shows entries at least. `gone` is by id.
#[must_use]
pub fn tombstones(
    feed: &Feed,
    window: &[Slot],
    gone: &BTreeMap<String, DateTime<Utc>>,
) -> Vec<Tombstone> {
    let Some(told) = feed.tombstones_s else { return Vec::new() };
    let newest = window.first().map(|s| s.at);
    let mut shown: Vec<Tombstone> = gone
        .iter()
        .filter(|(_, at)| still_told(told, newest, **at))
        .map(|(id, at)| Tombstone { id: id.clone(), at: *at })
        .collect();
    shown.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
    shown.truncate(feed.limit as usize);
    shown
}

/// Whether a withdrawal is told of by a feed that tells of them for `told` seconds.
#[must_use]
pub fn still_told(told: u64, newest: Option<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
    let told = i64::try_from(told).unwrap_or(i64::MAX);
    newest.is_none_or(|newest| (newest - at).num_seconds() <= told)
}

/// Whether a feed of one of the definitions takes an article with these terms, and tells of
/// withdrawals.
#[must_use]
pub fn tells_of(definitions: &[Definition], terms: &[Term]) -> bool {
    definitions.iter().filter(|d| d.tombstones_s.is_some()).any(|d| {
        let of_taxonomy = |t: &Taxonomy| terms.iter().any(|term| term.key.taxonomy == *t);
        d.each.as_ref().is_none_or(of_taxonomy) && d.selection.takes(terms)
    })
}

/// Changes whenever an edition of this window could come out otherwise. `render` is the constant of
/// the rooms that make the bytes.
#[must_use]
pub fn fingerprint(
    render: u32,
    site: &Site,
    feed: &Feed,
    window: &[Slot],
    gone: &[Tombstone],
) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    // `Debug` of plain data is stable within one build, and a new build may render again.
    hasher.update(format!("{render} {site:?} {feed:?}").as_bytes());
    for slot in window {
        hasher.update(&slot.hash.0);
        hasher.update(&slot.published.timestamp().to_le_bytes());
        hasher.update(&(slot.id.len() as u64).to_le_bytes());
        hasher.update(slot.id.as_bytes());
    }
    hasher.update(format!("{gone:?}").as_bytes());
    ContentHash::finish(&hasher)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(bytes: &[u64]) -> Vec<Slot> {
        bytes
            .iter()
            .zip(0..)
            .map(|(&body_bytes, n)| Slot {
                article: n,
                id: n.to_string(),
                published: DateTime::from_timestamp(1_000_000 - n * 60, 0).unwrap(),
                updated: DateTime::UNIX_EPOCH,
                at: DateTime::from_timestamp(1_000_000 - n * 60, 0).unwrap(),
                hash: ContentHash::of(b""),
                body_bytes,
                summary_bytes: 10,
            })
            .collect()
    }

    fn feed() -> Feed {
        Feed {
            name: super::super::FeedName("x".to_owned()),
            title: String::new(),
            description: String::new(),
            home: String::new(),
            language: None,
            id: String::new(),
            selection: super::super::Selection::default(),
            limit: 50,
            within_s: 0,
            max_entry_age_s: None,
            max_bytes: None,
            order: Order::default(),
            resurface_s: None,
            body: BodyMode::Full,
            term: None,
            eager: true,
            tombstones_s: None,
            podcast: None,
        }
    }

    #[test]
    fn withdrawals_are_told_for_a_time_before_the_newest_entry() {
        let mut feed = feed();
        let at = |s: i64| DateTime::from_timestamp(s, 0).unwrap();
        let gone = [("a", 999_000), ("b", 999_500), ("c", 1_000_500), ("d", 999_500)];
        let gone = gone.map(|(id, s)| (id.to_owned(), at(s))).into();
        let shown = |feed: &Feed, slots: &[Slot]| -> String {
            tombstones(feed, slots, &gone).into_iter().map(|t| t.id).collect()
        };
        assert_eq!(shown(&feed, &slots(&[1; 3])), "");
        feed.tombstones_s = Some(600);
        assert_eq!(shown(&feed, &slots(&[1; 3])), "cbd");
        assert_eq!(shown(&feed, &[]), "cbda");
        feed.limit = 1;
        assert_eq!(shown(&feed, &slots(&[1; 3])), "c");
    }

    #[test]
    fn a_heavy_window_is_cut_from_the_old_end_but_not_below_ten() {
        let mut feed = feed();
        feed.max_bytes = Some(20_000);
        assert_eq!(window(&feed, slots(&[4_000; 30])).len(), 10);
        assert_eq!(window(&feed, slots(&[400; 30])).len(), 14);
        feed.max_bytes = None;
        assert_eq!(window(&feed, slots(&[4_000; 30])).len(), 30);
    }

    #[test]
    fn what_was_changed_lately_comes_back() {
        let mut feed = feed();
        feed.max_entry_age_s = Some(300);
        let mut pool = slots(&[1; 30]);
        // An old one stands by its change, so that neither age nor weight takes it first.
        let mut old = pool.pop().unwrap();
        old.updated = pool[1].at;
        old.at = old.updated;
        pool.insert(2, old);
        let window = window(&feed, pool);
        assert_eq!(window.len(), 7);
        assert_eq!(window[2].id, "29");
    }

    #[test]
    fn what_is_too_old_beside_the_newest_is_left_out() {
        let mut feed = feed();
        feed.max_entry_age_s = Some(300);
        assert_eq!(window(&feed, slots(&[1; 30])).len(), 6);
    }
}
