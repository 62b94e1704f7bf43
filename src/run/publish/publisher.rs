//! What a run has of the tree and the ledger while it publishes: what stands at each address, what is
//! to stand there, and what can't. What is to stand is put; a flush has it stand.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::super::{Error, Plan, Report};
use super::facts;
use crate::article::ContentHash;
use crate::edition::ledger::{Ledger, Row};
use crate::edition::manifest::FileFacts;
use crate::edition::tree::NewFile;
use crate::edition::{Coding, Edition, Validators, encode, obstacle, tree};
use crate::feed::address::Address;
use crate::press;
use crate::problem::{Code, Place, Problem};
use crate::state;

pub(crate) const REFUSED: Code = Code::new("edition-refused");

/// The fingerprint of no window: what is noted under it is tried again at every run.
pub(in crate::run) const NO_FINGERPRINT: ContentHash = ContentHash([0; 16]);

/// What came of pressing a feed.
pub(super) struct Pressed {
    pub(super) fingerprint: ContentHash,
    pub(super) editions: Vec<(Address, Result<Edition, press::Error>)>,
    /// What could not be kept whole in it.
    pub(super) problems: Vec<Problem>,
}

/// Why an edition isn't published.
pub(super) enum Refusal {
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
pub(super) struct Wanted {
    pub(super) address: Address,
    pub(super) fingerprint: ContentHash,
}

pub(super) struct Publisher<'a> {
    pub(super) plan: &'a Plan,
    /// Told when the manifest lists what is new.
    pub(super) published: &'a dyn Fn(),
    pub(super) ledger: &'a mut Ledger,
    pub(super) report: &'a mut Report,
    /// What the ledger has.
    pub(super) rows: BTreeMap<Address, Row>,
    /// Addresses whose files are ours.
    pub(super) ours: BTreeSet<Address>,
    /// What the tree's manifest says of its files.
    pub(super) listed: BTreeMap<String, FileFacts>,
    /// What is pressed and doesn't stand in the tree yet; the rows say already that it does.
    pub(super) pending: Vec<(Edition, Validators)>,
    /// What the ledger will have; of several rows of an address the last.
    pub(super) new_rows: Vec<(Address, Row)>,
    /// Every address that the tree should have.
    pub(super) wanted: BTreeSet<Address>,
}

impl<'a> Publisher<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        published: &'a dyn Fn(),
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
        let follows = rows.get(&Address::Manifest).is_some_and(|row| {
            row.validators
                .is_some_and(|v| tree::stands(&plan.tree, &Address::Manifest, &v, row.bytes))
        });
        // Without a ledger that knows it, the manifest says which files are ours, and since when. Noted
        // at once, because this run's manifest won't list what it is about to remove.
        if !follows && let Some(manifest) = facts::own_manifest(plan) {
            let named = manifest.files.keys().filter_map(|a| Address::parse(a));
            let new: Vec<Address> =
                named.chain([Address::Manifest]).filter(|a| !ours.contains(a)).collect();
            ledger.claim(&new)?;
            ours.extend(new);
            listed = manifest.files;
        }
        let (pending, new_rows, wanted) = (Vec::new(), Vec::new(), BTreeSet::new());
        Ok(Publisher {
            plan,
            published,
            ledger,
            report,
            rows,
            ours,
            listed,
            pending,
            new_rows,
            wanted,
        })
    }

    /// Whether an address has what it should have, or is refused and would be refused again.
    pub(super) fn stands(&mut self, wanted: &Wanted) -> bool {
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

    pub(super) fn refuse(&mut self, address: &Address, refusal: &Refusal) {
        let path = self.plan.tree.join(address.file_path().unwrap_or_default());
        let sentence = refusal.sentence();
        let problem =
            Problem::error(&REFUSED, Place::whole(path.to_string_lossy()), sentence.to_owned())
                .help(refusal.help());
        self.report.failures.push(format!("{address}: {sentence}"));
        self.report.problems.push(problem);
    }

    /// Takes editions to be published, or says why one isn't.
    pub(super) fn put(&mut self, pressed: Pressed) -> Result<(), Error> {
        let Pressed { fingerprint, editions, problems } = pressed;
        self.report.problems.extend(problems.iter().cloned());
        for (address, edition) in editions {
            self.report.counters.rendered += u64::from(address != Address::Manifest);
            let refusal = match edition {
                Ok(edition) => match self.validators(&edition)? {
                    Ok(validators) => {
                        let bytes = edition.identity.len() as u64;
                        let (validators_of, problems) = (Some(validators), problems.clone());
                        let row = Row {
                            fingerprint,
                            validators: validators_of,
                            bytes,
                            refused: None,
                            problems,
                        };
                        self.new_rows.push((address, row));
                        self.pending.push((edition, validators));
                        continue;
                    }
                    Err(refusal) => refusal,
                },
                Err(press::Error::Catalog(e)) => return Err(e.into()),
                Err(e) => Refusal::Edition(e.to_string()),
            };
            self.refused(&address, &refusal, fingerprint, problems.clone());
        }
        Ok(())
    }

    /// Notes that what stood at an address before stays there.
    pub(super) fn refused(
        &mut self,
        address: &Address,
        refusal: &Refusal,
        fingerprint: ContentHash,
        problems: Vec<Problem>,
    ) {
        self.refuse(address, refusal);
        let fingerprint = match refusal {
            Refusal::Edition(_) => fingerprint,
            Refusal::Tree(_) => NO_FINGERPRINT,
        };
        let before = self.rows.get(address);
        let row = Row {
            fingerprint,
            validators: before.and_then(|b| b.validators),
            bytes: before.map_or(0, |b| b.bytes),
            refused: Some(refusal.sentence().to_owned()),
            problems,
        };
        self.new_rows.push((address.clone(), row));
    }

    /// Has all that is pending stand in the tree: as it is, then coded. Gives back whether all of it does;
    /// what doesn't is refused.
    pub(super) fn flush(&mut self) -> Result<bool, Error> {
        let pending = std::mem::take(&mut self.pending);
        let addresses: Vec<Address> = pending.iter().map(|(e, _)| e.address.clone()).collect();
        self.ledger.claim(&addresses)?;
        self.ours.extend(addresses);
        let (stand, mut due): (Vec<_>, Vec<_>) =
            pending.into_iter().partition(|(e, validators)| {
                tree::stands(&self.plan.tree, &e.address, validators, e.identity.len() as u64)
            });
        self.report.counters.unchanged += counted(&stand);
        let listed = due.iter().any(|(e, _)| e.address == Address::Manifest);
        let files: Vec<NewFile<'_>> =
            due.iter().map(|(e, v)| new_file(e, *v, Coding::Identity, &e.identity)).collect();
        let mut refused = tree::publish(&self.plan.tree, &files)?;
        if listed {
            (self.published)();
        }
        due.retain(|(e, _)| refused.iter().all(|(address, _)| *address != e.address));
        due.par_iter_mut()
            .try_for_each(|(e, _)| encode::complete(e))
            .map_err(press::Error::from)?;
        let files: Vec<NewFile<'_>> = due
            .iter()
            .flat_map(|(e, v)| e.coded.iter().map(|(c, bytes)| new_file(e, *v, *c, bytes)))
            .collect();
        refused.append(&mut tree::publish(&self.plan.tree, &files)?);
        due.retain(|(e, _)| refused.iter().all(|(address, _)| *address != e.address));
        self.report.counters.written += counted(&due);
        for (address, error) in &refused {
            let problems = self.row(address).map(|row| row.problems.clone()).unwrap_or_default();
            let refusal = Refusal::Tree(error.to_string());
            self.refused(address, &refusal, NO_FINGERPRINT, problems);
        }
        Ok(refused.is_empty())
    }

    /// The validators that an edition gets; refused where something stands at its address.
    pub(super) fn validators(
        &self,
        edition: &Edition,
    ) -> Result<Result<Validators, Refusal>, Error> {
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

    /// What stands at an address once this run is over.
    pub(super) fn row(&self, address: &Address) -> Option<&Row> {
        let new = self.new_rows.iter().rev().find(|(a, _)| a == address).map(|(_, row)| row);
        new.or_else(|| self.rows.get(address))
    }

    /// Whether the edition before a refused one is still there.
    pub(super) fn is_there(&self, address: &Address, validators: &Validators, bytes: u64) -> bool {
        let tree = &self.plan.tree;
        tree::stands(tree, address, validators, bytes)
            || tree::look(tree, address)
                .is_ok_and(|found| found.is_some_and(|v| v.hash == validators.hash))
    }

    /// The ledger follows the tree; then what isn't wanted any more goes.
    pub(super) fn finish(self) -> Result<(), Error> {
        let gone: Vec<Address> = self.ours.difference(&self.wanted).cloned().collect();
        self.ledger.put(&self.new_rows, &[])?;
        for address in &gone {
            tree::remove(&self.plan.tree, address)?;
        }
        self.ledger.put(&[], &gone)?;
        Ok(())
    }
}

fn new_file<'a>(
    edition: &'a Edition,
    validators: Validators,
    coding: Coding,
    bytes: &'a [u8],
) -> NewFile<'a> {
    NewFile { address: &edition.address, coding, bytes, when: validators.last_modified }
}

/// How many editions readers would count: the manifest is none.
fn counted(editions: &[(Edition, Validators)]) -> u64 {
    editions.iter().filter(|(e, _)| e.address != Address::Manifest).count() as u64
}
