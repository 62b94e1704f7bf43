//! Feeds that are made when somebody asks: one of a tag, an author or a series. Selected as of the
//! last run that was committed, pressed by the same function as all others; the ledger keeps their
//! validators, so that they stay when the bytes are evicted.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};

use super::{Error, Plan, obey};
use crate::article::{ContentHash, Taxonomy, TermKey};
use crate::catalog::Catalog;
use crate::catalog::lock::{self, Lock};
use crate::edition::ledger::{Ledger, Row};
use crate::edition::shelf::Shelved;
use crate::edition::{Coding, Edition, Validators, encode, shelve};
use crate::feed::address::Address;
use crate::feed::{Feed, FeedName, Site, expand};
use crate::fetch::Known;
use crate::press::{self, Finisher, Window};
use crate::state::State;

/// An edition of a lazy feed.
#[derive(Debug, Clone)]
pub struct Lazy {
    /// What its window was.
    pub fingerprint: ContentHash,
    /// The edition, ready to be served.
    pub shelved: Arc<Shelved>,
}

/// What comes of asking for a lazy feed.
#[derive(Debug, Clone)]
pub enum Asked {
    /// Here it is.
    Made(Lazy),
    /// No released article has its term.
    NotFound,
    /// No run has been committed yet.
    NotYet,
    /// It can't be made. Noted in the ledger, and not tried again until its window is another.
    Refused {
        /// Why.
        reason: String,
        /// Whether this is the first time.
        anew: bool,
    },
}

/// Makes the edition of a lazy feed at an address, or gives `known` back where its window is as it
/// was. Makes no state where there is none.
///
/// # Errors
/// Where the catalog or the ledger can't be asked.
pub fn lazy(
    plan: &Plan,
    address: &Address,
    now: DateTime<Utc>,
    finisher: &Finisher,
    known: Option<&Lazy>,
) -> Result<Asked, Error> {
    let Some((state, catalog)) = open(plan)? else { return Ok(Asked::NotYet) };
    // Without it the feed says less, and the run tells why.
    let remote = super::remote::known(plan).unwrap_or_default();
    let ask = Ask { plan, state: &state, catalog: &catalog, address, now, finisher, known, remote };
    match ask.answer() {
        // A run has dropped bodies since the window was selected; another look sees its window.
        Err(Error::Press(press::Error::BodyLost(_))) => ask.answer(),
        answer => answer,
    }
}

/// The terms that lazy feeds may be of: a name that isn't among them has none. `None` where no run
/// has been committed yet.
///
/// # Errors
/// Where the catalog can't be asked.
pub fn terms(plan: &Plan) -> Result<Option<BTreeSet<TermKey>>, Error> {
    let Some((_, catalog)) = open(plan)? else { return Ok(None) };
    if catalog.as_of()?.is_none() {
        return Ok(None);
    }
    let lazy = plan.feeds.iter().filter(|d| !d.eager).filter_map(|d| d.each.clone());
    let taxonomies: Vec<Taxonomy> = lazy.collect();
    Ok(Some(catalog.term_names(&taxonomies)?))
}

/// The term that a feed's name stands for, if feeds of its kind are defined.
#[must_use]
pub fn term_of(plan: &Plan, name: &FeedName) -> Option<TermKey> {
    let (_, taxonomy, slug) = expand::definition_of(&plan.feeds, name)?;
    Some(TermKey { taxonomy, slug })
}

/// State and catalog, where a run has made them.
fn open(plan: &Plan) -> Result<Option<(State, Catalog)>, Error> {
    let Some(state) = State::find(&plan.state, &plan.config)? else { return Ok(None) };
    if !state.catalog().exists() || !state.bodies().exists() {
        return Ok(None);
    }
    let catalog = Catalog::open_to_read(&state)?;
    Ok(if catalog.is_made()? { Some((state, catalog)) } else { None })
}

/// One request for a lazy feed.
struct Ask<'a> {
    plan: &'a Plan,
    state: &'a State,
    catalog: &'a Catalog,
    address: &'a Address,
    now: DateTime<Utc>,
    finisher: &'a Finisher,
    known: Option<&'a Lazy>,
    /// What is known of media that lie elsewhere.
    remote: Known,
}

impl Ask<'_> {
    fn answer(&self) -> Result<Asked, Error> {
        // A run that commits in between must not show half of itself.
        let _snapshot = self.catalog.snapshot()?;
        let Some(as_of) = self.catalog.as_of()? else { return Ok(Asked::NotYet) };
        let lock = lock::read(&self.plan.lock)?;
        let Some((site, feed)) = self.feed(&lock, as_of)? else { return Ok(Asked::NotFound) };
        let mut gone = self.catalog.unwritten_gone()?;
        gone.extend(lock.gone);
        let mut window = press::window(self.catalog, &site, &feed, as_of, &gone)?;
        window.fingerprint = self.remote.mark_all(window.fingerprint);
        if let Some(known) = self.known.filter(|k| k.fingerprint == window.fingerprint) {
            return Ok(Asked::Made(known.clone()));
        }
        let mut ledger = Ledger::open(&self.state.ledger())?;
        let before = ledger.row(self.address)?;
        if let Some(row) = before.as_ref().filter(|row| row.fingerprint == window.fingerprint)
            && let Some(reason) = row.refused.clone()
        {
            return Ok(Asked::Refused { reason, anew: false });
        }
        match self.press(&site, &feed, &window) {
            Ok(edition) => self.made(&mut ledger, before, &site, &window, edition),
            Err(press::Error::Catalog(e)) => Err(e.into()),
            Err(e @ press::Error::BodyLost(_)) => Err(e.into()),
            Err(e) => self.refused(&mut ledger, before, &window, e.to_string()),
        }
    }

    /// What all feeds share, and the feed.
    fn feed(&self, lock: &Lock, as_of: DateTime<Utc>) -> Result<Option<(Site, Feed)>, Error> {
        let (Address::Edition(name, _) | Address::Page(name)) = self.address else {
            return Ok(None);
        };
        let Some((definition, taxonomy, slug)) = expand::definition_of(&self.plan.feeds, name)
        else {
            return Ok(None);
        };
        let key = TermKey { taxonomy, slug };
        let Some(term) = self.catalog.term_facts(&key, as_of)? else { return Ok(None) };
        let site = obey(self.plan, lock)?.0.site;
        let feed = expand::term_feed(definition, &site, &lock.feeds, &term);
        debug_assert_eq!(feed.name, *name);
        Ok(Some((site, feed)))
    }

    fn press(&self, site: &Site, feed: &Feed, window: &Window) -> Result<Edition, press::Error> {
        let raw = press::load(self.catalog, feed, window, &self.remote)?;
        // What is wrong with the bodies is told by the run, for the declared feeds.
        let (entries, _) = press::finish(self.finisher, raw);
        let mut edition = match self.address {
            Address::Edition(_, format) => {
                press::edition(site, feed, &entries, &window.gone, *format)?
            }
            _ => press::page(site, feed, &entries),
        };
        encode::complete(&mut edition)?;
        Ok(edition)
    }

    fn made(
        &self,
        ledger: &mut Ledger,
        before: Option<Row>,
        site: &Site,
        window: &Window,
        edition: Edition,
    ) -> Result<Asked, Error> {
        let known = before.as_ref().and_then(|b| b.validators);
        let validators =
            Validators::following(edition.hash, known.as_slice(), self.now.trunc_subsecs(0));
        let row = Row {
            fingerprint: window.fingerprint,
            validators: Some(validators),
            bytes: edition.identity.len() as u64,
            refused: None,
            problems: Vec::new(),
        };
        if before.as_ref() != Some(&row) {
            ledger.put(&[(edition.address.clone(), row)], &[])?;
        }
        let link = site.base_url.as_ref().and_then(|b| shelve::link(self.address, b));
        let mut bodies = vec![(Coding::Identity, edition.identity)];
        bodies.extend(edition.coded);
        let shelved = Shelved::new(self.address.clone(), validators, bodies, link);
        Ok(Asked::Made(Lazy { fingerprint: window.fingerprint, shelved: Arc::new(shelved) }))
    }

    fn refused(
        &self,
        ledger: &mut Ledger,
        before: Option<Row>,
        window: &Window,
        reason: String,
    ) -> Result<Asked, Error> {
        let row = Row {
            fingerprint: window.fingerprint,
            validators: before.as_ref().and_then(|b| b.validators),
            bytes: before.map_or(0, |b| b.bytes),
            refused: Some(reason.clone()),
            problems: Vec::new(),
        };
        ledger.put(&[(self.address.clone(), row)], &[])?;
        Ok(Asked::Refused { reason, anew: true })
    }
}
