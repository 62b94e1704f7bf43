//! What the manifest says of feeds and entries, out of windows and catalog; and the manifest that the
//! tree has now.

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::edition::manifest::{EntryFacts, FeedFacts, Manifest};
use crate::edition::{Coding, tree};
use crate::feed::Feed;
use crate::feed::address::Address;
use crate::press::Window;
use crate::run::{Error, Plan};

/// What is published: as it was learned from elsewhere, else as the tree has it now.
pub(in crate::run) fn standing_manifest(plan: &Plan) -> Option<Manifest> {
    plan.learned.as_deref().cloned().or_else(|| own_manifest(plan))
}

/// The manifest that the tree has now, if it has one that can be read.
pub(super) fn own_manifest(plan: &Plan) -> Option<Manifest> {
    let path = tree::file(&plan.tree, &Address::Manifest, Coding::Identity)?;
    Manifest::read(&std::fs::read(path).ok()?).ok()
}

pub(super) fn feed_facts(feeds: &[Feed], windows: &[Window]) -> BTreeMap<String, FeedFacts> {
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

pub(super) fn entry_facts(
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
