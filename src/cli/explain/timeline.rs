//! What became of an article, in the order of time: when it was seen and let out, when it came into
//! which feed, changed there and went, when it was withdrawn; and what is to come.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::Silence;
use crate::catalog::Catalog;
use crate::catalog::explain::{Departed, Standing};
use crate::cli::output;
use crate::edition::history::{self, History, What};

/// Something that happened, or will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Event {
    #[serde(serialize_with = "as_time")]
    pub(super) at: DateTime<Utc>,
    /// `seen`, `released`, `came`, `changed`, `went`, `withdrawn`; of what is to come `release` and
    /// `expiry`.
    pub(super) what: &'static str,
    /// In which feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) feed: Option<String>,
    /// With which edition of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) edition: Option<i64>,
}

fn as_time<S: Serializer>(at: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&output::rfc3339(*at))
}

fn event(at: DateTime<Utc>, what: &'static str) -> Event {
    Event { at, what, feed: None, edition: None }
}

/// Of an article that stands.
pub(super) fn of(
    catalog: &Catalog,
    history: Option<&History>,
    standing: &Standing,
    as_of: DateTime<Utc>,
) -> Result<Vec<Event>, Silence> {
    let times = catalog.times(standing.article)?;
    // The first sight of an undated article outlives the state.
    let seen = if standing.dated { times.seen } else { Some(standing.published) };
    let mut events: Vec<Event> = seen.map(|at| event(at, "seen")).into_iter().collect();
    events.extend(times.released.map(|at| event(at, "released")));
    events.extend(in_feeds(history, &standing.id)?);
    if !standing.released && standing.published > as_of {
        events.push(event(standing.published, "release"));
    }
    if let Some(expires) = standing.says.expires {
        let what = if expires.at > as_of { "expiry" } else { "expired" };
        events.push(event(expires.at, what));
    }
    Ok(in_order(events))
}

/// Of an article that was withdrawn.
pub(super) fn of_departed(
    catalog: &Catalog,
    history: Option<&History>,
    departed: &Departed,
) -> Result<Vec<Event>, Silence> {
    let times = catalog.departed_times(&departed.id)?;
    let mut events: Vec<Event> = times.seen.map(|at| event(at, "seen")).into_iter().collect();
    events.extend(times.released.map(|at| event(at, "released")));
    events.extend(in_feeds(history, &departed.id)?);
    events.push(event(departed.at, "withdrawn"));
    Ok(in_order(events))
}

fn in_feeds(history: Option<&History>, id: &str) -> Result<Vec<Event>, Silence> {
    let Some(history) = history else { return Ok(Vec::new()) };
    let told = |e: history::Event| Event {
        at: e.issue.at,
        what: match e.what {
            What::Came => "came",
            What::Changed => "changed",
            What::Went => "went",
        },
        feed: Some(e.feed.0),
        edition: Some(e.issue.number),
    };
    Ok(history.of_entry(id)?.into_iter().map(told).collect())
}

/// By time; what is of one second stays in its order.
fn in_order(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|e| e.at);
    events
}
