//! The second half of a run: every eager feed's window is selected, those whose window is otherwise
//! are pressed, and the tree, its manifest and the ledger follow, in this order (DESIGN decision 10).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta};
use rayon::prelude::*;

use super::{Error, Plan, Report, chronicle, eager_feeds};
use crate::article::ContentHash;
use crate::catalog::Catalog;
use crate::catalog::lock::Lock;
use crate::edition::ledger::{Ledger, Row};
use crate::edition::manifest::{EntryFacts, FeedFacts, FileFacts, Manifest, VERSION};
use crate::edition::{Edition, Validators, encode, tree};
use crate::feed::address::Address;
use crate::feed::{Feed, Format};
use crate::press::{self, Finisher, Raw, Window};
use crate::problem::{Code, Place, Problem};
use crate::render::{self, Listed, RENDER};

pub(crate) const REFUSED: Code = Code::new("edition-refused");

const FOREIGN: &str = "a file that isn't feedwright's stands at this address; move it away, or give the \
                       feed another name";

/// Feeds that are pressed before any of them is written: enough for all threads, and little enough
/// that a site of a thousand sections doesn't hold all editions in memory.
const FEEDS_AT_ONCE: usize = 16;

/// What came of pressing a feed.
struct Pressed {
    fingerprint: ContentHash,
    editions: Vec<(Address, Result<Edition, press::Error>)>,
    /// What could not be kept whole in it.
    problems: Vec<Problem>,
}

/// One address that the tree should have.
struct Wanted {
    address: Address,
    fingerprint: ContentHash,
}

/// Presses and publishes what is otherwise than the tree has.
pub(super) fn publish(
    plan: &Plan,
    lock: &Lock,
    catalog: &Catalog,
    ledger: &mut Ledger,
    finisher: &Finisher,
    report: &mut Report,
) -> Result<(), Error> {
    tree::clear_aside(&plan.tree)?;
    let step = Instant::now();
    let (feeds, mut problems) = eager_feeds(plan, lock, catalog, report.as_of)?;
    report.problems.append(&mut problems);
    let mut windows = Vec::with_capacity(feeds.len());
    for feed in &feeds {
        windows.push(press::window(catalog, &plan.site, feed, report.as_of)?);
    }
    report.step("select", step.elapsed());

    let step = Instant::now();
    let mut publisher = Publisher::new(plan, ledger, report)?;
    publisher.feeds(catalog, finisher, &feeds, &windows)?;
    publisher.lists(&feeds, &windows)?;
    publisher.manifest(catalog, &feeds, &windows)?;
    let seals: Vec<_> = feeds.iter().zip(&windows).map(|(f, w)| publisher.seal(f, w)).collect();
    publisher.finish()?;
    chronicle::note(plan, catalog, &feeds, &windows, &seals, report)?;
    report.step("publish", step.elapsed());
    Ok(())
}

struct Publisher<'a> {
    plan: &'a Plan,
    ledger: &'a mut Ledger,
    report: &'a mut Report,
    /// What the ledger has.
    rows: BTreeMap<Address, Row>,
    /// Addresses whose files are ours.
    ours: BTreeSet<Address>,
    /// What the tree's manifest says of its files.
    listed: BTreeMap<String, FileFacts>,
    /// What the ledger will have.
    new_rows: Vec<(Address, Row)>,
    /// Every address that the tree should have.
    wanted: BTreeSet<Address>,
}

impl<'a> Publisher<'a> {
    fn new(
        plan: &'a Plan,
        ledger: &'a mut Ledger,
        report: &'a mut Report,
    ) -> Result<Publisher<'a>, Error> {
        let rows = ledger.rows()?;
        let mut ours = ledger.ours()?;
        let mut listed = BTreeMap::new();
        // Without a ledger the manifest says which files are ours, and since when.
        if let Some(manifest) = standing_manifest(plan) {
            ours.extend(manifest.files.keys().filter_map(|a| Address::parse(a)));
            ours.insert(Address::Manifest);
            listed = manifest.files;
        }
        let (new_rows, wanted) = (Vec::new(), BTreeSet::new());
        Ok(Publisher { plan, ledger, report, rows, ours, listed, new_rows, wanted })
    }

    /// Whether an address has what it should have, or is refused and would be refused again.
    fn stands(&mut self, wanted: &Wanted) -> bool {
        self.wanted.insert(wanted.address.clone());
        let Some(row) = self.rows.get(&wanted.address) else { return false };
        if row.fingerprint != wanted.fingerprint {
            return false;
        }
        self.report.problems.extend(row.problems.iter().cloned());
        if let Some(sentence) = row.refused.clone() {
            // Somebody else's file may have gone since.
            if sentence == FOREIGN {
                return false;
            }
            self.refuse(&wanted.address, &sentence);
            return true;
        }
        let stands = row
            .validators
            .is_some_and(|v| tree::stands(&self.plan.tree, &wanted.address, &v, row.bytes));
        if stands {
            self.report.counters.unchanged += 1;
        }
        stands
    }

    fn refuse(&mut self, address: &Address, sentence: &str) {
        let path = self.plan.tree.join(address.file_path().unwrap_or_default());
        let problem =
            Problem::error(&REFUSED, Place::whole(path.to_string_lossy()), sentence.to_owned())
                .help(
                    "the edition before stays up; this one is tried again when its input changes",
                );
        self.report.failures.push(format!("{address}: {sentence}"));
        self.report.problems.push(problem);
    }

    fn feeds(
        &mut self,
        catalog: &Catalog,
        finisher: &Finisher,
        feeds: &[Feed],
        windows: &[Window],
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
        for some in due.chunks(FEEDS_AT_ONCE) {
            let mut loaded: Vec<(&Feed, &Window, &[Address], Vec<Raw>)> = Vec::new();
            for (feed, window, addresses) in some {
                loaded.push((feed, window, addresses, press::load(catalog, feed, window)?));
            }
            let site = &self.plan.site;
            let pressed: Vec<Pressed> = loaded
                .into_par_iter()
                .map(|(feed, window, addresses, raw)| {
                    let (entries, problems) = press::finish(finisher, raw);
                    let editions = addresses
                        .iter()
                        .map(|address| {
                            let edition = match address {
                                Address::Edition(_, f) => press::edition(site, feed, &entries, *f),
                                _ => press::page(site, feed, &entries),
                            };
                            (address.clone(), edition)
                        })
                        .collect();
                    Pressed { fingerprint: window.fingerprint, editions, problems }
                })
                .collect();
            for some in pressed {
                self.put(some)?;
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
            due.push((Address::Index, render::page::index(site, &listed)));
        }
        // Subscriptions need addresses that are absolute.
        if site.base_url.is_some() && !self.stands(&Wanted { address: Address::Opml, fingerprint })
        {
            let bytes = render::opml::render(site, &listed).map_err(press::Error::from)?;
            due.push((Address::Opml, bytes));
        }
        let editions = due
            .into_iter()
            .map(|(address, bytes)| {
                let edition = encode::encode(address.clone(), Bytes::from(bytes));
                (address, edition.map_err(press::Error::from))
            })
            .collect();
        self.put(Pressed { fingerprint, editions, problems: Vec::new() })
    }

    /// Publishes editions, or says why one isn't.
    fn put(&mut self, pressed: Pressed) -> Result<(), Error> {
        let Pressed { fingerprint, editions, problems } = pressed;
        self.report.problems.extend(problems.iter().cloned());
        let mut publish: Vec<(Edition, Validators)> = Vec::new();
        for (address, edition) in editions {
            self.report.counters.rendered += 1;
            let before = self.rows.get(&address).cloned();
            let refused = match edition {
                Ok(edition) => match self.validators(&edition, before.as_ref())? {
                    Ok(validators) => {
                        publish.push((edition, validators));
                        continue;
                    }
                    Err(sentence) => sentence,
                },
                Err(press::Error::Catalog(e)) => return Err(e.into()),
                Err(e) => e.to_string(),
            };
            self.refuse(&address, &refused);
            let row = Row {
                fingerprint,
                validators: before.as_ref().and_then(|b| b.validators),
                bytes: before.map_or(0, |b| b.bytes),
                refused: Some(refused),
                problems: problems.clone(),
            };
            self.new_rows.push((address, row));
        }
        let addresses: Vec<Address> = publish.iter().map(|(e, _)| e.address.clone()).collect();
        self.ledger.claim(&addresses)?;
        self.ours.extend(addresses);
        let mut files = Vec::new();
        for (edition, validators) in &publish {
            let bytes = edition.identity.len() as u64;
            let counters = &mut self.report.counters;
            if tree::stands(&self.plan.tree, &edition.address, validators, bytes) {
                counters.unchanged += 1;
            } else {
                counters.written += 1;
                files.push((edition, validators.last_modified));
            }
        }
        tree::publish(&self.plan.tree, &files)?;
        for (edition, validators) in publish {
            let bytes = edition.identity.len() as u64;
            let (validators, problems) = (Some(validators), problems.clone());
            let row = Row { fingerprint, validators, bytes, refused: None, problems };
            self.new_rows.push((edition.address, row));
        }
        Ok(())
    }

    /// The validators that an edition gets: those that its bytes have already, else later ones than
    /// any before. Refused where somebody else's file stands at its address.
    fn validators(
        &self,
        edition: &Edition,
        before: Option<&Row>,
    ) -> Result<Result<Validators, String>, Error> {
        let on_disk = tree::look(&self.plan.tree, &edition.address)?;
        if let Some(disk) = &on_disk
            && disk.hash == edition.hash
        {
            // The same bytes: published already, perhaps by a run that died before its ledger. Files
            // that were copied or touched have times of their own; ledger and manifest know better.
            let noted = before.and_then(|b| b.validators).filter(|v| v.hash == edition.hash);
            let listed = self.listed.get(&edition.address.url_path());
            let listed = listed.filter(|l| l.etag == edition.hash).map(|l| l.last_modified);
            let last_modified = noted.map(|v| v.last_modified).or(listed).unwrap_or(disk.modified);
            return Ok(Ok(Validators { hash: edition.hash, last_modified }));
        }
        if on_disk.is_some() && !self.ours.contains(&edition.address) {
            return Ok(Err(FOREIGN.to_owned()));
        }
        if let Some(v) = before.and_then(|b| b.validators)
            && v.hash == edition.hash
        {
            return Ok(Ok(v));
        }
        let last = before
            .and_then(|b| b.validators)
            .map(|v| v.last_modified)
            .into_iter()
            .chain(on_disk.map(|d| d.modified))
            .max();
        let after = last.map(|t| t + TimeDelta::seconds(1));
        let last_modified = after.map_or(self.report.as_of, |t| t.max(self.report.as_of));
        Ok(Ok(Validators { hash: edition.hash, last_modified }))
    }

    /// Names what is published of a window in all formats; `None` where nothing of it is.
    fn seal(&self, feed: &Feed, window: &Window) -> Option<ContentHash> {
        let row = |format| self.row(&Address::Edition(feed.name.clone(), format));
        let out = |r: &&Row| r.fingerprint == window.fingerprint && r.refused.is_none();
        let rows = Format::ALL.into_iter().filter_map(row).filter(out);
        let hashes: Vec<u8> = rows.filter_map(|r| r.validators).flat_map(|v| v.hash.0).collect();
        (!hashes.is_empty()).then(|| ContentHash::of(&hashes))
    }

    /// What stands at an address once this run is over.
    fn row(&self, address: &Address) -> Option<&Row> {
        let new = self.new_rows.iter().rev().find(|(a, _)| a == address).map(|(_, row)| row);
        new.or_else(|| self.rows.get(address))
    }

    fn manifest(
        &mut self,
        catalog: &Catalog,
        feeds: &[Feed],
        windows: &[Window],
    ) -> Result<(), Error> {
        let files: BTreeMap<String, FileFacts> = self
            .wanted
            .iter()
            .filter_map(|address| {
                let row = self.row(address)?;
                let Validators { hash, last_modified } = row.validators?;
                Some((address.url_path(), FileFacts { size: row.bytes, etag: hash, last_modified }))
            })
            .collect();
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{VERSION} {:?} {files:?}", self.plan.site.base_url).as_bytes());
        for window in windows {
            hasher.update(&window.fingerprint.0);
        }
        let fingerprint = ContentHash::finish(&hasher);
        let unchanged = self.report.counters.unchanged;
        if self.stands(&Wanted { address: Address::Manifest, fingerprint }) {
            // The manifest isn't an edition that a reader counts.
            self.report.counters.unchanged = unchanged;
            return Ok(());
        }
        let manifest = Manifest {
            feedwright: VERSION,
            base_url: self.plan.site.base_url.as_ref().map(ToString::to_string),
            files,
            feeds: feed_facts(feeds, windows),
            entries: entry_facts(catalog, windows)?,
        };
        let edition = encode::encode(Address::Manifest, Bytes::from(manifest.bytes()?))
            .map_err(press::Error::from)?;
        let counters = self.report.counters;
        let editions = vec![(Address::Manifest, Ok(edition))];
        self.put(Pressed { fingerprint, editions, problems: Vec::new() })?;
        self.report.counters = counters;
        Ok(())
    }

    /// The ledger follows the tree; then what isn't wanted any more goes.
    fn finish(self) -> Result<(), Error> {
        let gone: Vec<Address> = self.ours.difference(&self.wanted).cloned().collect();
        self.ledger.put(&self.new_rows, &[])?;
        for address in &gone {
            tree::remove(&self.plan.tree, address)?;
        }
        self.ledger.put(&[], &gone)?;
        Ok(())
    }
}

/// The manifest that the tree has now, if it has one that can be read.
pub(super) fn standing_manifest(plan: &Plan) -> Option<Manifest> {
    let path = tree::file(&plan.tree, &Address::Manifest, crate::edition::Coding::Identity)?;
    Manifest::read(&std::fs::read(path).ok()?).ok()
}

fn feed_facts(feeds: &[Feed], windows: &[Window]) -> BTreeMap<String, FeedFacts> {
    feeds
        .iter()
        .zip(windows)
        .map(|(feed, window)| {
            let entries = window.slots.iter().map(|s| s.id.clone()).collect();
            let facts = FeedFacts { title: feed.title.clone(), id: feed.id.clone(), entries };
            (feed.name.0.clone(), facts)
        })
        .collect()
}

fn entry_facts(
    catalog: &Catalog,
    windows: &[Window],
) -> Result<BTreeMap<String, EntryFacts>, Error> {
    let mut entries = BTreeMap::new();
    for slot in windows.iter().flat_map(|w| &w.slots) {
        if entries.contains_key(&slot.id) {
            continue;
        }
        let f = catalog.facts(slot.article)?;
        let (rule_id, link, title) = (f.rule_id, f.link, f.title);
        let facts = EntryFacts { rule_id, link, title, published: f.published, body: f.body };
        entries.insert(f.id, facts);
    }
    Ok(entries)
}
