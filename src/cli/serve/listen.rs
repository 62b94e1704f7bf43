//! Listens to the databases that tell of their changes, as `feeds.toml` says now: what is told wakes the
//! worker at once.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::Service;
use crate::source::database::{self, Heard};
use crate::source::{self, Place};
use crate::worker::Handle;

/// How often is looked whether `feeds.toml` says otherwise.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A listener, and what it listens to.
struct Listener {
    name: String,
    options: database::Options,
    task: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Service {
    fn note_heard(&self, source: &str, is_heard: bool) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.insert(source.to_owned(), is_heard);
    }

    /// Whether each source that is listened to can be heard now.
    pub(super) fn listening(&self) -> BTreeMap<String, bool> {
        let settings = self.settings();
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = settings.plan.sources.iter().filter_map(wanted);
        wanted.map(|(name, _)| (name.to_owned(), heard.get(name) == Some(&true))).collect()
    }
}

/// Listens for as long as it is awaited.
pub(super) async fn follow(service: Arc<Service>, handle: Handle) {
    let mut listeners: Vec<Listener> = Vec::new();
    loop {
        let settings = service.settings();
        let wanted: Vec<_> = settings.plan.sources.iter().filter_map(wanted).collect();
        listeners.retain(|l| {
            !l.task.is_finished()
                && wanted.iter().any(|(name, o)| *name == l.name && **o == l.options)
        });
        for (name, options) in wanted {
            if !listeners.iter().any(|l| l.name == name) {
                listeners.push(begin(name, options.clone(), handle.clone(), &service));
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn wanted(source: &source::Options) -> Option<(&str, &database::Options)> {
    match &source.place {
        Place::Database(options) if options.listen.is_some() => Some((&source.name, options)),
        _ => None,
    }
}

fn begin(
    name: &str,
    options: database::Options,
    handle: Handle,
    service: &Arc<Service>,
) -> Listener {
    let (told, name) = (name.to_owned(), name.to_owned());
    let service = Arc::clone(service);
    let listened = options.clone();
    let task = tokio::spawn(async move {
        let Some(channel) = &listened.listen else { return };
        let tell = |heard| match heard {
            Heard::Notified => handle.changed(),
            Heard::Connected => {
                service.note_heard(&told, true);
                info!("source {told:?} tells of its changes");
                handle.changed();
            }
            Heard::Lost(e) => {
                service.note_heard(&told, false);
                warn!("source {told:?} can't tell of its changes now: {e}");
            }
        };
        database::listen(&listened, channel, &tell).await;
    });
    Listener { name, options, task }
}
