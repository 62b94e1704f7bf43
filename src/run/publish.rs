//! The second half of a run: every eager feed's window is selected, those whose window is otherwise
//! are pressed, and the tree, its manifest and the ledger follow, in this order (DESIGN decision 10).
//! Editions are up as soon as they are whole; their coded forms, which take longer to make than all the
//! rest, follow.

mod facts;
mod publisher;

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use chrono::DateTime;
use rayon::prelude::*;

pub(super) use self::facts::standing_manifest;
pub(super) use self::publisher::NO_FINGERPRINT;
pub(crate) use self::publisher::REFUSED;
use self::publisher::{Pressed, Publisher, Wanted};
use super::progress::Step;
use super::stores::Open;
use super::{Call, Error, Plan, Report, eager_feeds};
use crate::article::ContentHash;
use crate::catalog::Catalog;
use crate::catalog::lock::Lock;
use crate::edition::ledger::Row;
use crate::edition::manifest::{FileFacts, Manifest, VERSION};
use crate::edition::{Validators, encode, tree, verify};
use crate::feed::address::Address;
use crate::feed::{Feed, Format, Site};
use crate::fetch::Known;
use crate::press::{self, Raw, Window};
use crate::render::{self, Listed, RENDER};
use crate::state::State;

/// Feeds that are pressed before any of them is written: enough for all threads, and little enough
/// that a site of a thousand sections doesn't hold all editions in memory.
const FEEDS_AT_ONCE: usize = 16;

/// Editions that wait for the tree at most: as many as are pressed at once, so that an edit is one
/// round of writing with the manifest, and a first run holds little.
const PENDING_MAX: usize = 4 * FEEDS_AT_ONCE;

/// Presses and publishes what is otherwise than the tree has.
pub(super) fn publish(
    plan: &Plan,
    lock: &Lock,
    state: &State,
    open: &mut Open,
    call: &Call<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    let (catalog, ledger) = open.with_ledger(state)?;
    tree::clear_aside(&plan.tree)?;
    let step = Instant::now();
    let (feeds, mut problems) = eager_feeds(plan, lock, catalog, report.as_of)?;
    report.problems.append(&mut problems);
    let mut windows = Vec::with_capacity(feeds.len());
    for feed in &feeds {
        windows.push(press::window(catalog, &plan.site, feed, report.as_of, &lock.gone)?);
    }
    report.step("select", step.elapsed());
    let known = super::remote::settle(plan, catalog, &mut windows, call, report)?;
    super::remarks::tell(plan, catalog, &feeds, &windows, &known, report)?;

    let step = Instant::now();
    let mut publisher = Publisher::new(plan, call.published, ledger, report)?;
    publisher.feeds(catalog, call, &feeds, &windows, &known)?;
    publisher.lists(&feeds, &windows)?;
    publisher.manifest(catalog, &feeds, &windows)?;
    let seals: Vec<_> = feeds.iter().zip(&windows).map(|(f, w)| publisher.seal(f, w)).collect();
    publisher.finish()?;
    super::chronicle::note(plan, open, &feeds, &windows, &seals, report);
    report.step("publish", step.elapsed());
    Ok(())
}

impl Publisher<'_> {
    fn feeds(
        &mut self,
        catalog: &Catalog,
        call: &Call<'_>,
        feeds: &[Feed],
        windows: &[Window],
        known: &Known,
    ) -> Result<(), Error> {
        let mut due: Vec<(&Feed, &Window, Vec<Address>)> = Vec::new();
        for (feed, window) in feeds.iter().zip(windows) {
            let addresses = Format::ALL
                .into_iter()
                .map(|f| Address::Edition(feed.name.clone(), f))
                .chain([Address::Page(feed.name.clone())]);
            let fingerprint = window.fingerprint;
            let due_here: Vec<Address> = addresses
                .filter(|address| !self.stands(&Wanted { address: address.clone(), fingerprint }))
                .collect();
            if !due_here.is_empty() {
                due.push((feed, window, due_here));
            }
        }
        let (finisher, progress) = (call.finisher, call.progress);
        progress.begin(Step::Publish, due.len());
        for some in due.chunks(FEEDS_AT_ONCE) {
            let mut loaded: Vec<(&Feed, &Window, &[Address], Vec<Raw>)> = Vec::new();
            for (feed, window, addresses) in some {
                loaded.push((feed, window, addresses, press::load(catalog, feed, window, known)?));
            }
            let site = &self.plan.site;
            let pressed: Vec<Pressed> = loaded
                .into_par_iter()
                .map(|(feed, window, addresses, raw)| {
                    let (entries, problems) = press::finish(finisher, raw);
                    let editions = addresses
                        .par_iter()
                        .map(|address| {
                            let edition = match address {
                                Address::Edition(_, f) => {
                                    press::edition(site, feed, &entries, &window.gone, *f)
                                }
                                _ => Ok(press::page(site, feed, &entries)),
                            };
                            (address.clone(), edition)
                        })
                        .collect();
                    progress.did(1);
                    Pressed { fingerprint: window.fingerprint, editions, problems }
                })
                .collect();
            for some in pressed {
                self.put(some)?;
            }
            if self.pending.len() > PENDING_MAX {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// The pages and files that list feeds.
    fn lists(&mut self, feeds: &[Feed], windows: &[Window]) -> Result<(), Error> {
        let listed: Vec<Listed<'_>> = feeds
            .iter()
            .zip(windows)
            .map(|(feed, window)| Listed {
                feed,
                updated: window
                    .slots
                    .iter()
                    .map(|s| s.updated)
                    .max()
                    .unwrap_or(DateTime::UNIX_EPOCH),
                entries: window.slots.len(),
            })
            .collect();
        let site = &self.plan.site;
        let fingerprint = ContentHash::of(format!("{RENDER} {site:?} {listed:?}").as_bytes());
        let mut due = Vec::new();
        if !self.stands(&Wanted { address: Address::Index, fingerprint }) {
            due.push((Address::Index, Ok(render::page::index(site, &listed))));
        }
        // Subscriptions need addresses that are absolute.
        if site.base_url.is_some() && !self.stands(&Wanted { address: Address::Opml, fingerprint })
        {
            due.push((Address::Opml, subscriptions(site, &listed)));
        }
        let editions = due
            .into_iter()
            .map(|(address, bytes): (Address, Result<Vec<u8>, press::Error>)| {
                let edition = bytes.map(|b| encode::identity(address.clone(), Bytes::from(b)));
                (address, edition)
            })
            .collect();
        self.put(Pressed { fingerprint, editions, problems: Vec::new() })
    }

    /// Names what is published of a window in all formats; `None` where nothing of it is.
    fn seal(&self, feed: &Feed, window: &Window) -> Option<ContentHash> {
        let row = |format| self.row(&Address::Edition(feed.name.clone(), format));
        let out = |r: &&Row| r.fingerprint == window.fingerprint && r.refused.is_none();
        let rows = Format::ALL.into_iter().filter_map(row).filter(out);
        let hashes: Vec<u8> = rows.filter_map(|r| r.validators).flat_map(|v| v.hash.0).collect();
        (!hashes.is_empty()).then(|| ContentHash::of(&hashes))
    }

    /// The manifest, with all that is still pending; once more where something of that is refused.
    fn manifest(
        &mut self,
        catalog: &Catalog,
        feeds: &[Feed],
        windows: &[Window],
    ) -> Result<(), Error> {
        loop {
            let files = self.files();
            let mut hasher = blake3::Hasher::new();
            hasher.update(format!("{VERSION} {:?} {files:?}", self.plan.site.base_url).as_bytes());
            for window in windows {
                hasher.update(&window.fingerprint.0);
            }
            let fingerprint = ContentHash::finish(&hasher);
            let unchanged = self.report.counters.unchanged;
            if !self.stands(&Wanted { address: Address::Manifest, fingerprint }) {
                let manifest = Manifest {
                    feedwright: VERSION,
                    base_url: self.plan.site.base_url.as_ref().map(ToString::to_string),
                    files,
                    feeds: facts::feed_facts(feeds, windows),
                    entries: facts::entry_facts(catalog, windows)?,
                };
                let bytes = Bytes::from(manifest.bytes()?);
                let edition = encode::identity(Address::Manifest, bytes);
                let editions = vec![(Address::Manifest, Ok(edition))];
                self.put(Pressed { fingerprint, editions, problems: Vec::new() })?;
            }
            // The manifest isn't an edition that a reader counts.
            self.report.counters.unchanged = unchanged;
            if self.flush()? {
                return Ok(());
            }
        }
    }

    /// What stands in the tree once all that is pending does.
    fn files(&self) -> BTreeMap<String, FileFacts> {
        let editions = self.wanted.iter().filter(|address| **address != Address::Manifest);
        editions
            .filter_map(|address| {
                let row = self.row(address)?;
                let validators = row.validators?;
                if row.refused.is_some() && !self.is_there(address, &validators, row.bytes) {
                    return None;
                }
                let Validators { hash, last_modified } = validators;
                Some((address.url_path(), FileFacts { size: row.bytes, etag: hash, last_modified }))
            })
            .collect()
    }
}

/// The list of subscriptions, read back as feeds are.
fn subscriptions(site: &Site, feeds: &[Listed<'_>]) -> Result<Vec<u8>, press::Error> {
    let bytes = render::opml::render(site, feeds)?;
    verify::opml(&bytes, site, feeds)?;
    Ok(bytes)
}
