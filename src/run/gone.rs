//! What readers could see and can't after this run, as `feeds.lock` notes it for the feeds that tell of
//! withdrawals (RFC 6721): a line for each, dropped when the article is back or when no feed tells of
//! it any more. The catalog says who leaves, the feed room which feeds tell of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Error, Plan, eager_feeds};
use crate::catalog::diff::Decision;
use crate::catalog::lock::{Edit, Lock};
use crate::catalog::query::Query;
use crate::catalog::{self, Catalog};
use crate::edition::manifest::Manifest;
use crate::feed::{FeedName, expand, select};

/// The `gone` lines that the lock lacks or has too many once a decision is current. `published` is what
/// the tree's manifest lists, where the catalog is empty.
pub(super) fn edits(
    plan: &Plan,
    lock: &Lock,
    catalog: &Catalog,
    decision: &Decision,
    as_of: DateTime<Utc>,
    published: Option<&Manifest>,
) -> Result<Vec<Edit>, Error> {
    let told = plan.feeds.iter().any(|d| d.tombstones_s.is_some());
    let mut noted = catalog.unwritten_gone()?;
    noted.extend(lock.gone.clone());
    if !told && noted.is_empty() {
        return Ok(Vec::new());
    }
    let mut leaving: BTreeSet<String> = catalog
        .leaving(decision, as_of)?
        .into_iter()
        .filter(|l| select::tells_of(&plan.feeds, &l.terms))
        .map(|l| l.id)
        .collect();
    if let Some(manifest) = published.filter(|_| told) {
        leaving.append(&mut unfound(plan, catalog, decision, as_of, manifest)?);
    }
    let back = catalog.showing(noted.keys().map(String::as_str), decision, as_of)?;
    let ends = ends(plan, lock, catalog, as_of, noted.values().min())?;
    let over = |id: &String, at: &DateTime<Utc>| back.contains(id.as_str()) || ends(*at);
    let mut edits: Vec<Edit> = Vec::new();
    for (id, at) in &noted {
        if over(id, at) {
            edits.push(Edit::NotGone(id.clone()));
        } else if !lock.gone.contains_key(id) {
            edits.push(Edit::Gone(id.clone(), *at));
        }
    }
    let new = leaving.into_iter().filter(|id| !noted.contains_key(id));
    edits.extend(new.map(|id| Edit::Gone(id, as_of)));
    Ok(edits)
}

/// The lock's `gone` lines once these edits are made, whether it can be written or not.
pub(super) fn apply(gone: &mut BTreeMap<String, DateTime<Utc>>, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::Gone(id, at) => {
                gone.insert(id.clone(), *at);
            }
            Edit::NotGone(id) => {
                gone.remove(id);
            }
            _ => {}
        }
    }
}

/// The `gone` lines among these edits.
pub(super) fn lines(edits: &[Edit]) -> BTreeMap<String, DateTime<Utc>> {
    let mut gone = BTreeMap::new();
    apply(&mut gone, edits);
    gone
}

/// Entries of feeds that tell of withdrawals, of which a cold run finds nothing that readers may see.
/// None where a document can't be read: it may be the one.
fn unfound(
    plan: &Plan,
    catalog: &Catalog,
    decision: &Decision,
    as_of: DateTime<Utc>,
    manifest: &Manifest,
) -> Result<BTreeSet<String>, catalog::Error> {
    if catalog.has_unread()? {
        return Ok(BTreeSet::new());
    }
    let tells = |name: &String| {
        let declared = plan.feeds.iter().find(|d| d.name == *name);
        let section = || plan.feeds.iter().find(|d| d.each.is_some() && d.eager);
        let of_term = || expand::definition_of(&plan.feeds, &FeedName(name.clone())).map(|f| f.0);
        let definition = declared.or_else(of_term).or_else(section);
        definition.is_some_and(|d| d.tombstones_s.is_some())
    };
    let listed: BTreeSet<&str> = manifest
        .feeds
        .iter()
        .filter(|(name, _)| tells(name))
        .flat_map(|(_, feed)| feed.entries.iter().map(String::as_str))
        .collect();
    let showing = catalog.showing(listed.iter().copied(), decision, as_of)?;
    Ok(listed.difference(&showing).map(|id| (*id).to_owned()).collect())
}

/// Whether a withdrawal of an instant is told of by no feed any more, as far as the last run's articles
/// say. `oldest` is the first that is asked for.
fn ends(
    plan: &Plan,
    lock: &Lock,
    catalog: &Catalog,
    as_of: DateTime<Utc>,
    oldest: Option<&DateTime<Utc>>,
) -> Result<impl Fn(DateTime<Utc>) -> bool, Error> {
    let mut telling: Vec<(u64, Option<DateTime<Utc>>)> = Vec::new();
    let newest = |query: Query| -> Result<Option<DateTime<Utc>>, catalog::Error> {
        let query = Query { limit: 1, within_s: 0, ..query };
        Ok(catalog.window(&query)?.first().map(|s| s.at))
    };
    if oldest.is_some() {
        for feed in eager_feeds(plan, lock, catalog, as_of)?.0 {
            if let Some(told) = feed.tombstones_s {
                telling.push((told, newest(select::query(&feed, as_of))?));
            }
        }
        // Of feeds that are made on request, of which there can be very many, the whole site speaks.
        for told in plan.feeds.iter().filter(|d| !d.eager).filter_map(|d| d.tombstones_s) {
            let (any, all, none) = (Vec::new(), Vec::new(), Vec::new());
            let (by_change, resurface_s) = (false, None);
            let query =
                Query { any, all, none, as_of, limit: 1, within_s: 0, by_change, resurface_s };
            telling.push((told, newest(query)?));
        }
    }
    Ok(move |at| !telling.iter().any(|(told, newest)| select::still_told(*told, *newest, at)))
}
