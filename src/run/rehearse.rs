//! A run that is only tried: what would it change, and which articles would subscribers see again? It
//! works on a copy of the state that is thrown away, and writes neither tree, lock nor state.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::publish::standing_manifest;
use super::{Call, Error, Plan, Report, eager_feeds, learn, obey, run};
use crate::catalog::Catalog;
use crate::catalog::lock::{self, Lock};
use crate::catalog::query::Facts;
use crate::edition::manifest::Manifest;
use crate::press;
use crate::state::{self, State};

/// What a run would do to one feed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FeedChange {
    /// Entries that subscribers haven't seen.
    pub new: u64,
    /// Entries that they have, and that would be otherwise.
    pub updated: u64,
    /// Entries that leave the feed.
    pub withdrawn: u64,
    /// Entries that they have seen under another id, and would see again: id and title.
    pub shown_again: Vec<(String, String)>,
}

/// What a run would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsal {
    /// By feed.
    pub feeds: BTreeMap<String, FeedChange>,
    /// The run's report; nothing of it was published.
    pub report: Report,
}

/// Tries a run.
///
/// # Errors
/// As a run's, and where no copy of the state can be made.
pub fn rehearse(plan: &Plan, mut call: Call<'_>) -> Result<Rehearsal, Error> {
    let failed = |cause| state::Error::Io { dir: plan.state.clone(), cause };
    let scratch = tempfile::tempdir().map_err(failed)?;
    let mut copy = plan.clone();
    copy.state = scratch.path().join("state");
    let state = State::open(&copy.state, &copy.config)?;
    if plan.state.join("catalog.db").exists() {
        Catalog::open_to_read(&State::open(&plan.state, &plan.config)?)?.copy_to(&state)?;
    }
    call.wishes.check_only = true;
    call.wishes.fetch = false;
    let mut learned = Report::default();
    let empty = Catalog::open(&state)?.is_empty()?;
    learn::learn(&mut copy, &mut Lock::default(), &call, &state, empty, &mut learned)?;
    call.wishes.learn = None;
    let report = run(&copy, call)?;

    let lock = lock::read(&plan.lock)?;
    let (obeying, _) = obey(&copy, &lock)?;
    let catalog = Catalog::open_to_read(&state)?;
    let (feeds, _) = eager_feeds(&obeying, &lock, &catalog, report.as_of)?;
    let before = standing_manifest(&copy);
    let mut changes = BTreeMap::new();
    for feed in &feeds {
        let window = press::window(&catalog, &obeying.site, feed, report.as_of, &lock.gone)?;
        let after: Vec<Facts> = window
            .slots
            .iter()
            .map(|slot| catalog.facts(slot.article))
            .collect::<Result<_, _>>()?;
        changes.insert(feed.name.0.clone(), compare(&feed.name.0, before.as_ref(), &after));
    }
    Ok(Rehearsal { feeds: changes, report })
}

/// What subscribers of one feed would see, who keep entries by id. An entry under a new id is one that
/// they have seen where its link, or its title and instant, stand in what is published now.
fn compare(feed: &str, before: Option<&Manifest>, after: &[Facts]) -> FeedChange {
    let mut change = FeedChange::default();
    let Some(manifest) = before else {
        change.new = after.len() as u64;
        return change;
    };
    let shown: HashSet<&str> =
        manifest.feeds.get(feed).into_iter().flat_map(|f| &f.entries).map(String::as_str).collect();
    let facts = |id: &str| manifest.entries.get(id);
    let known = || shown.iter().filter_map(|id| facts(id));
    let links: HashSet<&str> = known().map(|e| e.link.as_str()).collect();
    let titles: HashMap<(&str, i64), ()> =
        known().map(|e| ((e.title.as_str(), e.published.timestamp()), ())).collect();
    for entry in after {
        match facts(&entry.id).filter(|_| shown.contains(entry.id.as_str())) {
            Some(old) => {
                let same = old.link == entry.link
                    && old.title == entry.title
                    && old.published == entry.published
                    && old.body == entry.body;
                change.updated += u64::from(!same);
            }
            None => {
                let seen = links.contains(entry.link.as_str())
                    || titles.contains_key(&(entry.title.as_str(), entry.published.timestamp()));
                if seen {
                    change.shown_again.push((entry.id.clone(), entry.title.clone()));
                } else {
                    change.new += 1;
                }
            }
        }
    }
    let stays: HashSet<&str> = after.iter().map(|e| e.id.as_str()).collect();
    change.withdrawn = shown.iter().filter(|id| !stays.contains(*id)).count() as u64;
    change
}
