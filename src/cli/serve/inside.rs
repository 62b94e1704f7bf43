//! What stands behind the admin listener: how things are, in short, in full and in numbers, and runs
//! on demand. What the state says is read by whoever follows it, so nothing here blocks.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::Service;
use super::metrics::{self, Facts, state_of};
use crate::cli::{now, output};
use crate::edition::shelf::Shelf;
use crate::problem::Severity;
use crate::run::{Guard, Scope};
use crate::server::counts::{Counts, Doors};
use crate::server::{Granted, Granting, Health, Inside, Wish};
use crate::worker::{Handle, Last, Queued, Standing, Watching};

/// Everything that an operator is told and may ask for.
pub(super) fn inside(service: &Arc<Service>, handle: &Handle, counts: &Arc<Counts>) -> Inside {
    let desk = Arc::new(Desk {
        service: Arc::clone(service),
        handle: handle.clone(),
        counts: Arc::clone(counts),
        since: now(),
    });
    let (health, status) = (Arc::clone(&desk), Arc::clone(&desk));
    let (metrics, regenerate) = (Arc::clone(&desk), desk);
    Inside {
        health: Arc::new(move || health.health()),
        status: Arc::new(move || status.status()),
        metrics: Arc::new(move || metrics.metrics()),
        regenerate: Arc::new(move |wish| regenerate.regenerate(wish)),
    }
}

struct Desk {
    service: Arc<Service>,
    handle: Handle,
    counts: Arc<Counts>,
    since: DateTime<Utc>,
}

impl Desk {
    fn health(&self) -> Health {
        let (editions, picture) =
            (self.service.shelf.load().items.len(), self.service.picture.load());
        let mut body = json!({
            "ready": editions > 0,
            "editions": editions,
            "held": picture.held(),
            "refused": picture.refused.len(),
            "unwritten": picture.unwritten(),
        });
        if let Some(object) = body.as_object_mut() {
            object.extend(worker(&self.handle.standing()));
        }
        Health { ready: editions > 0, body }
    }

    /// What `status` prints, and what only this process knows.
    fn status(&self) -> Value {
        let standing = self.handle.standing();
        let shelf = self.service.shelf.load();
        let mut object = self.service.picture.load().object(standing.next_cron);
        object["serve"] = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "since": output::rfc3339(self.since),
            "ready": !shelf.items.is_empty(),
            "worker": worker(&standing),
            "shelf": {
                "editions": shelf.items.len(),
                "in_memory": shelf.items.values().filter(|i| !i.bodies.is_empty()).count(),
                "bytes": bytes(&shelf),
            },
            "listening": self.service.listening(),
            "connections": { "public": doors(&self.counts.public), "admin": doors(&self.counts.admin) },
            "lazy": self.service.lazies.counts().into_iter().collect::<Counted>(),
        });
        object
    }

    fn metrics(&self) -> String {
        let settings = self.service.settings();
        let sources: Vec<&str> = settings.plan.sources.iter().map(|s| s.name.as_str()).collect();
        let shelf = self.service.shelf.load();
        metrics::page(&Facts {
            since: self.since,
            standing: &self.handle.standing(),
            picture: &self.service.picture.load(),
            counts: &self.counts,
            lazy: &self.service.lazies,
            media: self.service.passes.sum(),
            editions: shelf.items.len(),
            shelf_bytes: bytes(&shelf),
            sources: &sources,
        })
    }

    fn regenerate(&self, wish: &Wish) -> Granting {
        let at_once = |now| Granting { now, later: Box::pin(std::future::pending()) };
        let mut accept = BTreeSet::new();
        for name in &wish.accept {
            match Guard::ALL.into_iter().find(|guard| guard.as_str() == name) {
                Some(guard) => drop(accept.insert(guard)),
                None => {
                    let names = Guard::ALL.map(Guard::as_str).join(", ");
                    let sentence = format!("There is no guard {name:?}; there are: {names}.");
                    return at_once(Granted::Refused(sentence));
                }
            }
        }
        let Some(queued) = self.handle.regenerate(accept) else {
            return at_once(Granted::Closing);
        };
        let now = Granted::Queued(json!({
            "queued": wanted(&queued),
            "joined": queued.joined,
            "running": running(&self.handle.standing()),
        }));
        let later = async {
            match queued.ended().await {
                Some(last) => Granted::Ended(ended(&last)),
                None => Granted::Closing,
            }
        };
        Granting { now, later: Box::pin(later) }
    }
}

type Counted = std::collections::BTreeMap<&'static str, u64>;

fn bytes(shelf: &Shelf) -> u64 {
    let bodies = shelf.items.values().flat_map(|item| &item.bodies);
    bodies.map(|(_, bytes)| bytes.len() as u64).sum()
}

fn doors(doors: &Doors) -> Value {
    json!({ "open": doors.open(), "taken": doors.taken(), "sent_bytes": doors.sent_bytes() })
}

fn wanted(queued: &Queued) -> Value {
    let scope = match &queued.scope {
        Scope::All => "all",
        Scope::Paths(_) => "paths",
    };
    let accept: Vec<&str> = queued.accept.iter().map(|guard| guard.as_str()).collect();
    json!({ "scope": scope, "accept": accept })
}

fn running(standing: &Standing) -> Value {
    let running = standing.running.as_ref();
    let object =
        running.map(|r| json!({ "trigger": r.trigger, "since": output::rfc3339(r.since) }));
    object.unwrap_or_default()
}

/// The run that somebody waited for, with its report.
fn ended(last: &Last) -> Value {
    let (report, failed) = match &last.outcome {
        Ok(report) => (Some(output::object(report)), None),
        Err(sentence) => (None, Some(sentence)),
    };
    json!({
        "trigger": last.trigger,
        "ended": output::rfc3339(last.ended),
        "report": report,
        "failed": failed,
    })
}

/// How the worker stands.
fn worker(standing: &Standing) -> Map<String, Value> {
    let last = standing.last.as_ref().map(|last| match &last.outcome {
        Ok(report) => json!({
            "trigger": last.trigger,
            "ended": output::rfc3339(last.ended),
            "failures": report.failures,
            "errors": report.problems.iter().filter(|p| p.severity == Severity::Error).count(),
        }),
        Err(sentence) => json!({
            "trigger": last.trigger,
            "ended": output::rfc3339(last.ended),
            "failed": sentence,
        }),
    });
    let why = match &standing.watching {
        Watching::Partial(sentence) => Some(sentence),
        Watching::On | Watching::Off => None,
    };
    let time = |time: Option<DateTime<Utc>>| Value::from(time.map(output::rfc3339));
    [
        ("last_run", last.unwrap_or_default()),
        ("last_sound_run", time(standing.last_sound)),
        ("failed_in_a_row", standing.failed_in_a_row.into()),
        ("running", running(standing)),
        ("next_run", time(standing.next_cron)),
        ("next_due", time(standing.next_due)),
        ("next_retry", time(standing.next_retry)),
        ("watching", json!({ "state": state_of(&standing.watching), "why": why })),
        ("full_look_s", standing.full_look.map(|every| every.as_secs()).into()),
        ("schedule_error", standing.schedule_error.clone().into()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}
