//! The second half of a run: every eager feed's window is selected, those whose window is otherwise
//! are pressed, and the tree, its manifest and the ledger follow, in this order (DESIGN decision 10).

mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use chrono::DateTime;
use rayon::prelude::*;

pub(super) use self::facts::standing_manifest;
use super::progress::Step;
use super::{Call, Error, Plan, Report, eager_feeds};
use crate::article::ContentHash;
use crate::catalog::Catalog;
use crate::catalog::lock::Lock;
use crate::edition::ledger::{Ledger, Row};
use crate::edition::manifest::{FileFacts, Manifest, VERSION};
use crate::edition::{Edition, Validators, encode, obstacle, tree, verify};
use crate::feed::address::Address;
use crate::feed::{Feed, Format, Site};
use crate::fetch::Known;
use crate::press::{self, Raw, Window};
use crate::problem::{Code, Place, Problem};
use crate::render::{self, Listed, RENDER};
use crate::state;

pub(crate) const REFUSED: Code = Code::new("edition-refused");

/// The fingerprint of no window: what is noted under it is tried again at every run.
pub(super) const NO_FINGERPRINT: ContentHash = ContentHash([0; 16]);

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

/// Why an edition isn't published.
enum Refusal {
    /// It can't be made, or not be read back: its input would have to be otherwise.
    Edition(String),
    /// Something stands in its way in the tree, which may go at any time.
    Tree(String),
}

impl Refusal {
    fn sentence(&self) -> &str {
        let (Refusal::Edition(sentence) | Refusal::Tree(sentence)) = self;
        sentence
    }

    fn help(&self) -> &'static str {
        match self {
            Refusal::Edition(_) => {
                "the edition before stays up; this one is tried again when its input changes"
            }
            Refusal::Tree(_) => "the edition before stays up; this one is tried again at every run",
        }
    }
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
    call: &Call<'_>,
    report: &mut Report,
) -> Result<(), Error> {
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
    let mut publisher = Publisher::new(plan, ledger, report)?;
    publisher.feeds(catalog, call, &feeds, &windows, &known)?;
    publisher.lists(&feeds, &windows)?;
    publisher.manifest(catalog, &feeds, &windows)?;
    let seals: Vec<_> = feeds.iter().zip(&windows).map(|(f, w)| publisher.seal(f, w)).collect();
    publisher.finish()?;
    super::chronicle::note(plan, catalog, &feeds, &windows, &seals, report);
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
        ledger.follow(
            &state::between(&plan.state, &plan.tree)
                .map_err(|cause| tree::Error { path: plan.tree.clone(), cause })?,
        )?;
        let rows = ledger.rows()?;
        let mut ours = ledger.ours()?;
        let mut listed = BTreeMap::new();
        // Without a ledger the manifest says which files are ours, and since when. Noted at once,
        // because this run's manifest won't list what it is about to remove.
        if let Some(manifest) = facts::own_manifest(plan) {
            let named = manifest.files.keys().filter_map(|a| Address::parse(a));
            let new: Vec<Address> =
                named.chain([Address::Manifest]).filter(|a| !ours.contains(a)).collect();
            ledger.claim(&new)?;
            ours.extend(new);
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
            self.refuse(&wanted.address, &Refusal::Edition(sentence));
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

    fn refuse(&mut self, address: &Address, refusal: &Refusal) {
        let path = self.plan.tree.join(address.file_path().unwrap_or_default());
        let sentence = refusal.sentence();
        let problem =
            Problem::error(&REFUSED, Place::whole(path.to_string_lossy()), sentence.to_owned())
                .help(refusal.help());
        self.report.failures.push(format!("{address}: {sentence}"));
        self.report.problems.push(problem);
    }

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
            let (tree, rows) = (&self.plan.tree, &self.rows);
            let pressed: Vec<Pressed> = loaded
                .into_par_iter()
                .map(|(feed, window, addresses, raw)| {
                    let (entries, problems) = press::finish(finisher, raw);
                    let editions = addresses
                        .par_iter()
                        .map(|address| {
                            let standing = standing(tree, address, rows.get(address));
                            let edition = match address {
                                Address::Edition(_, f) => {
                                    let gone = &window.gone;
                                    press::edition(site, feed, &entries, gone, *f, standing)
                                }
                                _ => press::page(site, feed, &entries, standing),
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
                let edition =
                    bytes.and_then(|b| Ok(encode::encode(address.clone(), Bytes::from(b))?));
                (address, edition)
            })
            .collect();
        self.put(Pressed { fingerprint, editions, problems: Vec::new() })
    }

    /// Publishes editions, or says why one isn't.
    fn put(&mut self, pressed: Pressed) -> Result<(), Error> {
        let Pressed { fingerprint, editions, problems } = pressed;
        self.report.problems.extend(problems.iter().cloned());
        let mut publish: Vec<(Edition, Validators)> = Vec::new();
        let mut refused: Vec<(Address, Refusal)> = Vec::new();
        for (address, edition) in editions {
            self.report.counters.rendered += 1;
            match edition {
                Ok(edition) => match self.validators(&edition)? {
                    Ok(validators) => publish.push((edition, validators)),
                    Err(refusal) => refused.push((address, refusal)),
                },
                Err(press::Error::Catalog(e)) => return Err(e.into()),
                Err(e) => refused.push((address, Refusal::Edition(e.to_string()))),
            }
        }
        for (edition, validators) in &mut publish {
            let bytes = edition.identity.len() as u64;
            let stands = tree::stands(&self.plan.tree, &edition.address, validators, bytes);
            // It stood when it was pressed; its files went, or it gets a later time.
            if edition.coded.is_empty() && !stands {
                encode::complete(edition).map_err(press::Error::from)?;
            }
        }
        for (address, error) in self.write(&publish)? {
            publish.retain(|(edition, _)| edition.address != address);
            refused.push((address, Refusal::Tree(error.to_string())));
        }
        for (address, refusal) in refused {
            self.refuse(&address, &refusal);
            let fingerprint = match refusal {
                Refusal::Edition(_) => fingerprint,
                Refusal::Tree(_) => NO_FINGERPRINT,
            };
            let before = self.rows.get(&address);
            let row = Row {
                fingerprint,
                validators: before.and_then(|b| b.validators),
                bytes: before.map_or(0, |b| b.bytes),
                refused: Some(refusal.sentence().to_owned()),
                problems: problems.clone(),
            };
            self.new_rows.push((address, row));
        }
        for (edition, validators) in publish {
            let bytes = edition.identity.len() as u64;
            let (validators, problems) = (Some(validators), problems.clone());
            let row = Row { fingerprint, validators, bytes, refused: None, problems };
            self.new_rows.push((edition.address, row));
        }
        Ok(())
    }

    /// Writes what the tree hasn't. Gives back those at whose address something stands in the way.
    fn write(
        &mut self,
        publish: &[(Edition, Validators)],
    ) -> Result<Vec<(Address, tree::Error)>, Error> {
        let addresses: Vec<Address> = publish.iter().map(|(e, _)| e.address.clone()).collect();
        self.ledger.claim(&addresses)?;
        self.ours.extend(addresses);
        let mut files = Vec::new();
        for (edition, validators) in publish {
            let bytes = edition.identity.len() as u64;
            let counters = &mut self.report.counters;
            if tree::stands(&self.plan.tree, &edition.address, validators, bytes) {
                counters.unchanged += 1;
            } else {
                counters.written += 1;
                files.push((edition, validators.last_modified));
            }
        }
        let refused = tree::publish(&self.plan.tree, &files)?;
        self.report.counters.written -= refused.len() as u64;
        Ok(refused)
    }

    /// The validators that an edition gets; refused where something stands at its address.
    fn validators(&self, edition: &Edition) -> Result<Result<Validators, Refusal>, Error> {
        let address = &edition.address;
        let ours = self.ours.contains(address);
        if let Some(obstacle) = obstacle::find(&self.plan.tree, edition, ours)? {
            return Ok(Err(Refusal::Tree(obstacle.to_string())));
        }
        // Files that were copied or touched have times of their own; ledger and manifest know better.
        let noted = self.rows.get(address).and_then(|row| row.validators);
        let listed = self.listed.get(&address.url_path());
        let listed = listed.map(|l| Validators { hash: l.etag, last_modified: l.last_modified });
        let on_disk = tree::look(&self.plan.tree, address)?;
        let known: Vec<Validators> = [noted, listed, on_disk].into_iter().flatten().collect();
        Ok(Ok(Validators::following(edition.hash, &known, self.report.as_of)))
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

    /// Whether the edition before a refused one is still there.
    fn is_there(&self, address: &Address, validators: &Validators, bytes: u64) -> bool {
        let tree = &self.plan.tree;
        tree::stands(tree, address, validators, bytes)
            || tree::look(tree, address)
                .is_ok_and(|found| found.is_some_and(|v| v.hash == validators.hash))
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
                let validators = row.validators?;
                if row.refused.is_some() && !self.is_there(address, &validators, row.bytes) {
                    return None;
                }
                let Validators { hash, last_modified } = validators;
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
            feeds: facts::feed_facts(feeds, windows),
            entries: facts::entry_facts(catalog, windows)?,
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

/// The hash of what the tree holds at an address, as the ledger says.
fn standing(tree: &Path, address: &Address, row: Option<&Row>) -> Option<ContentHash> {
    let row = row?;
    let validators = row.validators?;
    tree::stands(tree, address, &validators, row.bytes).then_some(validators.hash)
}

/// The list of subscriptions, read back as feeds are.
fn subscriptions(site: &Site, feeds: &[Listed<'_>]) -> Result<Vec<u8>, press::Error> {
    let bytes = render::opml::render(site, feeds)?;
    verify::opml(&bytes, site, feeds)?;
    Ok(bytes)
}
