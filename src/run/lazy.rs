//! Feeds that are made when somebody asks: one of a tag, an author or a series. Selected as of the
//! last run that was committed, pressed by the same function as all others; the ledger keeps their
//! validators, so that they stay when the bytes are evicted.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::{Error, Plan, obey};
use crate::article::{ContentHash, TermKey};
use crate::catalog::{Catalog, lock};
use crate::edition::ledger::{Ledger, Row};
use crate::edition::shelf::Shelved;
use crate::edition::{Coding, Edition, Validators, shelve};
use crate::feed::address::Address;
use crate::feed::{FeedName, expand};
use crate::press::{self, Finisher};
use crate::state::State;

/// An edition of a lazy feed.
#[derive(Debug, Clone)]
pub struct Lazy {
    /// What its window was.
    pub fingerprint: ContentHash,
    /// The edition, ready to be served.
    pub shelved: Arc<Shelved>,
}

/// Makes the edition of a lazy feed at an address, or gives `known` back where its window is as it
/// was. `None` where there is no such feed: no released article has its term.
///
/// # Errors
/// Where the catalog can't be asked, or the edition can't be made.
pub fn lazy(
    plan: &Plan,
    address: &Address,
    now: DateTime<Utc>,
    finisher: &Finisher,
    known: Option<&Lazy>,
) -> Result<Option<Lazy>, Error> {
    let (Address::Edition(name, _) | Address::Page(name)) = address else { return Ok(None) };
    let Some((definition, taxonomy, slug)) = expand::definition_of(&plan.feeds, name) else {
        return Ok(None);
    };
    let state = State::open(&plan.state, &plan.config)?;
    let catalog = Catalog::open_to_read(&state)?;
    let Some(as_of) = catalog.as_of()? else { return Ok(None) };
    let key = TermKey { taxonomy, slug };
    let Some(term) = catalog.term_facts(&key, as_of)? else { return Ok(None) };
    let lock = lock::read(&plan.lock)?;
    let (plan, _) = obey(plan, &lock)?;
    let feed = expand::term_feed(definition, &plan.site, &lock.feeds, &term);
    debug_assert_eq!(feed.name, FeedName(name.0.clone()));
    let window = press::window(&catalog, &plan.site, &feed, as_of)?;
    if let Some(known) = known.filter(|k| k.fingerprint == window.fingerprint) {
        return Ok(Some(known.clone()));
    }
    // What is wrong with the bodies is told by the run, for the declared feeds.
    let (entries, _) = press::finish(finisher, press::load(&catalog, &feed, &window)?);
    let edition = match address {
        Address::Edition(_, format) => press::edition(&plan.site, &feed, &entries, *format)?,
        _ => press::page(&plan.site, &feed, &entries)?,
    };
    let validators = note(&state, &edition, window.fingerprint, now)?;
    let link = plan.site.base_url.as_ref().and_then(|b| shelve::link(address, b));
    let mut bodies = vec![(Coding::Identity, edition.identity)];
    bodies.extend(edition.coded);
    let shelved = Shelved { address: address.clone(), validators, bodies, link };
    Ok(Some(Lazy { fingerprint: window.fingerprint, shelved: Arc::new(shelved) }))
}

/// The validators of an edition: those that the ledger has of the same bytes, else later ones.
fn note(
    state: &State,
    edition: &Edition,
    fingerprint: ContentHash,
    now: DateTime<Utc>,
) -> Result<Validators, Error> {
    let mut ledger = Ledger::open(&state.ledger())?;
    let before = ledger.row(&edition.address)?;
    let standing = before.as_ref().and_then(|b| b.validators);
    let validators = match standing {
        Some(v) if v.hash == edition.hash => v,
        standing => {
            let now = now.trunc_subsecs(0);
            let after = standing.map(|v| v.last_modified + TimeDelta::seconds(1));
            let last_modified = after.map_or(now, |t| t.max(now));
            Validators { hash: edition.hash, last_modified }
        }
    };
    let bytes = edition.identity.len() as u64;
    let row = Row {
        fingerprint,
        validators: Some(validators),
        bytes,
        refused: None,
        problems: Vec::new(),
    };
    if before.as_ref() != Some(&row) {
        ledger.put(&[(edition.address.clone(), row)], &[])?;
    }
    Ok(validators)
}
