//! Editions whose bytes aren't on the shelf: read from the tree when somebody asks, and kept while
//! others ask too.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use tracing::error;

use super::Service;
use crate::edition::shelf::Shelved;
use crate::edition::tree;
use crate::feed::address::Address;
use crate::server::Pressed;

/// Editions read at once: a disk serves a few no slower than one.
const READS_MAX: usize = 8;

/// Bytes of editions that are kept.
const KEPT_BYTES_MAX: u64 = 64 << 20;

#[derive(Clone)]
struct Size;

impl Weighter<Address, Arc<Shelved>> for Size {
    fn weight(&self, _: &Address, kept: &Arc<Shelved>) -> u64 {
        kept.bodies.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>() + 1024
    }
}

pub(super) struct ColdEditions {
    service: Arc<Service>,
    kept: Cache<Address, Arc<Shelved>, Size>,
    reads: Arc<Semaphore>,
}

impl ColdEditions {
    pub(super) fn new(service: Arc<Service>) -> Arc<ColdEditions> {
        let kept = Cache::with_weighter(256, KEPT_BYTES_MAX, Size);
        Arc::new(ColdEditions { service, kept, reads: Arc::new(Semaphore::new(READS_MAX)) })
    }

    /// The bytes of an edition of which the shelf has the validators.
    pub(super) async fn get(self: Arc<Self>, item: Arc<Shelved>) -> Pressed {
        if let Some(kept) = self.at_hand(&item) {
            return Pressed::Edition(kept);
        }
        let Ok(permit) = Arc::clone(&self.reads).acquire_owned().await else {
            return Pressed::Busy;
        };
        let cold = Arc::clone(&self);
        let read = move || {
            let _permit = permit;
            cold.at_hand(&item).or_else(|| cold.read(&item))
        };
        let read = tokio::task::spawn_blocking(read).await.ok().flatten();
        read.map_or(Pressed::Busy, Pressed::Edition)
    }

    fn at_hand(&self, item: &Shelved) -> Option<Arc<Shelved>> {
        let same =
            |kept: &Arc<Shelved>| kept.validators == item.validators && kept.link == item.link;
        self.kept.get(&item.address).filter(same)
    }

    fn read(&self, item: &Shelved) -> Option<Arc<Shelved>> {
        let files = match tree::read(&self.service.settings().plan.tree, &item.address) {
            Ok(files) => files?,
            Err(e) => {
                error!("{} can't be read from the tree: {e}", item.address);
                return None;
            }
        };
        // Another edition than the shelf's may be there already: then it goes by its own names.
        let same = files.validators.hash == item.validators.hash;
        let validators = if same { item.validators } else { files.validators };
        let read = Arc::new(item.with(validators, files.bodies));
        self.kept.insert(item.address.clone(), Arc::clone(&read));
        Some(read)
    }
}
