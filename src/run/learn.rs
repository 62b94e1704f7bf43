//! What is published, as a run learns it that knows nothing: from the tree's manifest, or from a live
//! one (DESIGN, "Cold"). Its entries stand in for the catalog, its files for the ledger. A live manifest
//! that can't be had ends the run, because ids could come out otherwise than readers know them.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use http::header::{ACCEPT, CACHE_CONTROL, HeaderMap, HeaderValue, LAST_MODIFIED};
use http::{Response, StatusCode};
use url::Url;

use super::publish::{NO_FINGERPRINT, standing_manifest};
use super::{Call, Plan, Report};
use crate::article::ContentHash;
use crate::catalog::lock::Lock;
use crate::edition::Validators;
use crate::edition::ledger::{self, Ledger, Row};
use crate::edition::manifest::{self, Manifest};
use crate::feed::address::Address;
use crate::net::{self, Reach};
use crate::problem::{Code, Place, Problem};
use crate::state::State;

pub(crate) const NOTHING: Code = Code::new("learn-nothing");
pub(crate) const IGNORED: Code = Code::new("learn-ignored");

/// An operator named the address: it may be anywhere. A manifest of 100,000 entries has some 50 MB.
const OPTIONS: net::Options = net::Options {
    connect: Duration::from_secs(10),
    whole: Duration::from_secs(60),
    bytes_max: 64 << 20,
    redirects_max: 3,
    reach: Reach::Any,
};

/// A live manifest can't be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing usable was answered.
    #[error("{0}; {FOLLOWS}")]
    Fetch(#[from] net::Error),
    /// Something else was answered than a file.
    #[error("{url} answers {status}; {FOLLOWS}")]
    Status {
        /// What was asked for.
        url: Url,
        /// What was answered.
        status: StatusCode,
    },
    /// What was answered isn't a manifest.
    #[error("what stands at {url} isn't a manifest: {cause}; {FOLLOWS}")]
    Manifest {
        /// What was asked for.
        url: Url,
        /// Why it isn't one.
        cause: manifest::Error,
    },
}

const FOLLOWS: &str = "what is published can't be learned from there, so nothing is done: ids could \
                       come out otherwise";

/// Where a live manifest stands: a URL whose path ends in `.json` names it, any other names what the
/// feeds' addresses begin with, as `site.base_url` does.
#[must_use]
pub fn manifest_url(named: &Url) -> Url {
    let mut url = named.clone();
    if !url.path().ends_with(".json") {
        let base = url.path().trim_end_matches('/');
        url.set_path(&format!("{base}{}", Address::Manifest.url_path()));
    }
    url
}

/// Learns what is published, where the state knows nothing: into the plan, the lock's first sights, and
/// the ledger. `empty` says whether the catalog is; one that isn't knows better than anybody.
pub(super) fn learn(
    plan: &mut Plan,
    lock: &mut Lock,
    call: &Call<'_>,
    state: &State,
    empty: bool,
    report: &mut Report,
) -> Result<(), super::Error> {
    let begin = Instant::now();
    if let Some(named) = &call.wishes.learn {
        if empty {
            let url = manifest_url(named);
            if let Some(live) = fetch(url, report)? {
                if !call.wishes.check_only {
                    live.note(&mut Ledger::open(&state.ledger())?, report.as_of)?;
                }
                report.learned = Some(live.manifest.entries.len() as u64);
                plan.learned = Some(Box::new(live.manifest));
            }
        } else {
            let sentence = "this state knows what is published, so nothing was learned";
            let problem = Problem::note(&IGNORED, Place::whole(named.as_str()), sentence);
            let help = "leave --learn out where the state folder stays from run to run";
            report.problems.push(problem.help(help));
        }
        report.step("learn", begin.elapsed());
    }
    if empty && let Some(manifest) = standing_manifest(plan) {
        let entries = manifest.entries.into_iter();
        let sights = entries.map(|(id, entry)| (id, entry.published));
        lock.sights = sights.filter(|(_, at)| is_credible(*at, report.as_of)).collect();
    }
    Ok(())
}

/// Whether something may have been published then, by a clock that is a little wrong. What isn't so is
/// passed over: a time that no file can have would keep an edition from being written for ever.
fn is_credible(at: DateTime<Utc>, as_of: DateTime<Utc>) -> bool {
    at >= DateTime::UNIX_EPOCH && at - as_of <= TimeDelta::days(1)
}

/// A live manifest, and what its own validators are.
struct Live {
    manifest: Manifest,
    itself: Option<(Validators, u64)>,
}

/// Fetches a live manifest; `None` where nothing is published yet.
fn fetch(url: Url, report: &mut Report) -> Result<Option<Live>, Error> {
    let fetched = net::get(&url, &fields(), &OPTIONS)?;
    match fetched.response.status() {
        StatusCode::OK => read(url, &fetched.response).map(Some),
        StatusCode::NOT_FOUND => {
            let sentence = "nothing is published there yet (404), so nothing was learned";
            let problem = Problem::note(&NOTHING, Place::whole(url.as_str()), sentence);
            let help = "if feeds are published already, name the address of their feeds.json";
            report.problems.push(problem.help(help));
            Ok(None)
        }
        status => Err(Error::Status { url, status }),
    }
}

fn fields() -> HeaderMap {
    [
        (ACCEPT, HeaderValue::from_static("application/json")),
        // A cache's copy may be older than the last run.
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ]
    .into_iter()
    .collect()
}

fn read(url: Url, response: &Response<bytes::Bytes>) -> Result<Live, Error> {
    let bytes = response.body();
    let manifest = Manifest::read(bytes).map_err(|cause| Error::Manifest { url, cause })?;
    let since = response.headers().get(LAST_MODIFIED).and_then(|v| v.to_str().ok());
    let since = since.and_then(|text| httpdate::parse_http_date(text).ok());
    let itself = since.map(|since| {
        let hash = ContentHash::of(bytes);
        (Validators { hash, last_modified: DateTime::<Utc>::from(since) }, bytes.len() as u64)
    });
    Ok(Live { manifest, itself })
}

impl Live {
    /// Notes in the ledger which editions stand where and since when, for an edition that is the same
    /// is no newer. Before anything is committed: a run that dies then learns once more, and a later
    /// one wouldn't.
    fn note(&self, ledger: &mut Ledger, as_of: DateTime<Utc>) -> Result<(), ledger::Error> {
        let known = ledger.rows()?;
        let listed = self.manifest.files.iter().filter_map(|(address, facts)| {
            let (hash, last_modified) = (facts.etag, facts.last_modified);
            Some((Address::parse(address)?, Validators { hash, last_modified }, facts.size))
        });
        let itself = self.itself.map(|(validators, bytes)| (Address::Manifest, validators, bytes));
        let rows: Vec<(Address, Row)> = listed
            .chain(itself)
            .filter(|(address, validators, _)| {
                let row = known.get(address);
                row.is_none_or(|row| row.fingerprint == NO_FINGERPRINT)
                    && is_credible(validators.last_modified, as_of)
            })
            .map(|(address, validators, bytes)| {
                let (fingerprint, validators) = (NO_FINGERPRINT, Some(validators));
                let problems = Vec::new();
                (address, Row { fingerprint, validators, bytes, refused: None, problems })
            })
            .collect();
        ledger.put(&rows, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_named_by_its_address_or_by_what_the_feeds_begin_with() {
        for (named, expected) in [
            ("https://f.example", "https://f.example/feeds.json"),
            ("https://f.example/", "https://f.example/feeds.json"),
            ("https://f.example/news", "https://f.example/news/feeds.json"),
            ("https://f.example/news/", "https://f.example/news/feeds.json"),
            ("https://f.example/feeds.json", "https://f.example/feeds.json"),
            ("https://f.example/old.json?key=1", "https://f.example/old.json?key=1"),
            ("http://127.0.0.1:8080/?key=1", "http://127.0.0.1:8080/feeds.json?key=1"),
        ] {
            assert_eq!(manifest_url(&Url::parse(named).unwrap()).as_str(), expected);
        }
    }
}
