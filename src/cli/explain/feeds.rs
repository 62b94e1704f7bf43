//! In which feeds an article stands now, and why not in each other that could hold it.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Silence;
use super::facts::visibility;
use crate::article::{Term, TermKey};
use crate::catalog::Catalog;
use crate::catalog::explain::Standing;
use crate::catalog::lock::Lock;
use crate::catalog::query::Slot;
use crate::cli::history::time;
use crate::edition::ledger::Ledger;
use crate::feed::address::Address;
use crate::feed::why::{Candidate, Could, Placing, Why, could_hold, placing, withheld};
use crate::feed::{Definition, Feed, Format, expand, select};
use crate::run::{self, Plan};
use crate::state::State;
use crate::time::Zone;

/// A feed, and where the article stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FeedPlace {
    /// The feed's name, or the pattern of one for each term.
    pub(super) feed: String,
    /// Made when somebody asks.
    pub(super) on_request: bool,
    /// From 1, the newest first; `None` where it isn't in it.
    pub(super) position: Option<usize>,
    /// How many entries the feed has.
    pub(super) of: Option<usize>,
    /// Why it isn't in it, in one word.
    pub(super) reason: Option<&'static str>,
    /// Why it isn't in it, in a sentence.
    pub(super) because: Option<String>,
    /// Why the feed's newest edition isn't published.
    pub(super) refused: Option<String>,
}

/// The feeds of a site as of the last run.
pub(super) struct Feeds<'a> {
    plan: &'a Plan,
    lock: &'a Lock,
    catalog: &'a Catalog,
    as_of: DateTime<Utc>,
    eager: Vec<Feed>,
    /// By name: why an edition isn't published.
    refused: BTreeMap<String, String>,
    /// By name: what the catalog gives for each feed. Many articles may be asked about.
    pools: HashMap<String, Vec<Slot>>,
}

impl<'a> Feeds<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        lock: &'a Lock,
        catalog: &'a Catalog,
        state: &State,
        as_of: DateTime<Utc>,
    ) -> Result<Feeds<'a>, Silence> {
        let (eager, _) = run::eager_feeds(plan, lock, catalog, as_of)?;
        let mut refused = BTreeMap::new();
        if state.ledger().exists() {
            let rows = Ledger::open(&state.ledger())?.rows()?;
            for feed in &eager {
                let row = |f: &Format| rows.get(&Address::Edition(feed.name.clone(), *f));
                let sentence = Format::ALL.iter().filter_map(row).find_map(|r| r.refused.clone());
                refused.extend(sentence.map(|s| (feed.name.0.clone(), s)));
            }
        }
        Ok(Feeds { plan, lock, catalog, as_of, eager, refused, pools: HashMap::new() })
    }

    /// Where an article stands in each feed that could hold it, in the order of `feeds.toml`.
    pub(super) fn of(&mut self, standing: &Standing) -> Result<Vec<FeedPlace>, Silence> {
        let candidate = candidate(standing);
        let (mut places, mut told): (Vec<FeedPlace>, HashSet<String>) = Default::default();
        for definition in &self.plan.feeds {
            for place in self.of_definition(definition, &candidate)? {
                if told.insert(place.feed.clone()) {
                    places.push(place);
                } else if place.position.is_some() {
                    // A declared feed that stands in the place of a section's own.
                    if let Some(known) = places.iter_mut().find(|p| p.feed == place.feed) {
                        *known = place;
                    }
                }
            }
        }
        Ok(places)
    }

    fn of_definition(
        &mut self,
        definition: &'a Definition,
        candidate: &Candidate<'_>,
    ) -> Result<Vec<FeedPlace>, Silence> {
        let terms = match could_hold(definition, candidate.terms) {
            Could::Declared => {
                let feed = self.eager.iter().find(|f| f.name.0 == definition.name).cloned();
                let place = feed.map(|feed| self.place(&feed, candidate)).transpose()?;
                return Ok(place.into_iter().collect());
            }
            // Of the feeds that are made on request, only those of its own terms are worth a word.
            Could::NoTerm if !definition.eager => return Ok(Vec::new()),
            Could::NoTerm => {
                let kind = definition.each.as_ref().map_or("term", |t| t.as_str());
                let because = format!("one for each {kind}, and the article has none");
                return Ok(vec![no_feed(&definition.name, false, because)]);
            }
            Could::OfTerms(terms) => terms,
        };
        let mut places = Vec::new();
        for (name, term) in terms {
            places.push(match self.term_feed(definition, &name, &term.key)? {
                Some(feed) => self.place(&feed, candidate)?,
                None => {
                    let because = self.why_no_feed(&name, term, candidate);
                    no_feed(&name, !definition.eager, because)
                }
            });
        }
        Ok(places)
    }

    fn term_feed(
        &self,
        definition: &Definition,
        name: &str,
        key: &TermKey,
    ) -> Result<Option<Feed>, Silence> {
        if definition.eager {
            let is = |f: &&Feed| f.name.0 == name && f.term.as_ref() == Some(key);
            return Ok(self.eager.iter().find(is).cloned());
        }
        let term = self.catalog.term_facts(key, self.as_of)?;
        let make = |term| expand::term_feed(definition, &self.plan.site, &self.lock.feeds, &term);
        Ok(term.map(make))
    }

    fn why_no_feed(&self, name: &str, term: &Term, candidate: &Candidate<'_>) -> String {
        let kind = term.key.taxonomy.as_str();
        if self.eager.iter().any(|f| f.name.0 == name) {
            format!("there is another feed of that name, so the {kind} {:?} has none", term.label)
        } else if let Some(why) = withheld(candidate, self.as_of) {
            let (_, because) = sentence(&self.plan.site.zone, &why);
            format!("{because}; and no article that is out names the {kind} {:?}", term.label)
        } else {
            format!("the next run makes the feed of the {kind} {:?}", term.label)
        }
    }

    fn place(&mut self, feed: &Feed, candidate: &Candidate<'_>) -> Result<FeedPlace, Silence> {
        if !self.pools.contains_key(&feed.name.0) {
            let pool = self.catalog.window(&select::query(feed, self.as_of))?;
            self.pools.insert(feed.name.0.clone(), pool);
        }
        let pool = self.pools.get(&feed.name.0).map_or(&[][..], Vec::as_slice);
        let mut place = FeedPlace {
            feed: feed.name.0.clone(),
            on_request: !feed.eager,
            position: None,
            of: None,
            reason: None,
            because: None,
            refused: self.refused.get(&feed.name.0).cloned(),
        };
        match placing(feed, candidate, pool, self.as_of) {
            Placing::In(position, of) => (place.position, place.of) = (Some(position), Some(of)),
            Placing::Out(why) => {
                let (reason, because) = sentence(&self.plan.site.zone, &why);
                (place.reason, place.because) = (Some(reason), Some(because));
            }
        }
        Ok(place)
    }
}

fn candidate(standing: &Standing) -> Candidate<'_> {
    Candidate {
        article: standing.article,
        terms: &standing.says.terms,
        visibility: standing.says.visibility,
        excluded: standing.says.excluded,
        published: standing.published,
        updated: standing.says.updated.map_or(standing.published, |m| m.at.max(standing.published)),
        released: standing.released,
        expires: standing.says.expires.map(|m| m.at),
    }
}

fn no_feed(name: &str, on_request: bool, because: String) -> FeedPlace {
    FeedPlace {
        feed: name.to_owned(),
        on_request,
        position: None,
        of: None,
        reason: Some("no-feed"),
        because: Some(because),
        refused: None,
    }
}

/// A reason in one word and as a sentence.
fn sentence(zone: &Zone, why: &Why) -> (&'static str, String) {
    match why {
        Why::NotPublic(v) => (
            "visibility",
            format!("its visibility is {}; only public articles are in feeds", visibility(*v)),
        ),
        Why::Excluded => ("excluded", "its document asks to be left out of feeds".to_owned()),
        Why::Embargoed(until) => ("embargo", format!("embargoed until {}", time(zone, *until))),
        Why::Expired(at) => ("expired", format!("expired at {}", time(zone, *at))),
        Why::Lacks(keys) => {
            ("selection", format!("the feed wants {}, which it hasn't", list(keys, "and")))
        }
        Why::HasNoneOf(keys) => ("selection", format!("the feed wants {}", list(keys, "or"))),
        Why::LeftOut(keys) => ("selection", format!("the feed leaves out {}", list(keys, "and"))),
        Why::BeyondLimit(limit, within_s, oldest) => {
            let more = match within_s {
                0 => String::new(),
                s => format!(" and all within {} of the newest", duration(*s)),
            };
            let oldest = oldest.map(|at| format!("; the oldest is of {}", time(zone, at)));
            let oldest = oldest.unwrap_or_default();
            ("limit", format!("beyond the limit: the feed holds the newest {limit}{more}{oldest}"))
        }
        Why::TooOld(age, max) => (
            "age",
            format!(
                "{} older than the feed's newest entry; `max_entry_age` is {}",
                duration(*age),
                duration(*max)
            ),
        ),
        Why::Heavy(max) => {
            ("bytes", format!("newer articles fill the feed's `max_bytes`, {max} bytes"))
        }
        Why::NextRun => {
            ("next-run", "nothing stands against it: the next run takes it in".to_owned())
        }
    }
}

fn list(keys: &[TermKey], word: &str) -> String {
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {word} {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A length of time as `feeds.toml` would have it, in the largest unit that says it nearly enough.
fn duration(seconds: u64) -> String {
    match seconds {
        s if s >= 3 * 86_400 => format!("{}d", s / 86_400),
        s if s >= 3_600 => format!("{}h", s / 3_600),
        s if s >= 60 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}
