//! Guards: what stands between a mistake at the source and the readers (DESIGN decision 7). A disk
//! that isn't mounted looks like every article deleted; a guard holds what looks so until an operator
//! says that it is meant. Judging is pure; what is held is kept in the catalog, so that a release
//! releases what was shown and no more.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;

use super::diff::{Change, Decision};
use super::{Catalog, Error};

/// Losses are counted together over so many seconds: a disk may fill or empty slowly.
const LATELY_S: i64 = 60 * 60;

/// When the guards hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Percent of a source's articles that may go within an hour.
    pub loss_percent: u32,
    /// So many may go in any case.
    pub loss_min: u32,
    /// Percent of all published entries that may change in one run.
    pub change_percent: u32,
    /// So many may change in any case.
    pub change_min: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { loss_percent: 20, loss_min: 10, change_percent: 30, change_min: 20 }
    }
}

/// Which guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Articles vanished: they are withdrawn only once that is accepted.
    Loss,
    /// Entries changed: they are published, and announced only once that is accepted.
    Change,
    /// Ids would change: nothing of the source is committed until that is accepted.
    Ids,
}

impl Guard {
    /// All of them.
    pub const ALL: [Guard; 3] = [Guard::Loss, Guard::Change, Guard::Ids];

    /// Its name in `--accept` and in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Guard::Loss => "loss",
            Guard::Change => "change",
            Guard::Ids => "ids",
        }
    }
}

/// What a guard holds: ids of articles, by guard and source.
pub type HeldSets = BTreeMap<(Guard, String), BTreeSet<String>>;

/// What judging needs to know beside the decision.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// By source: how many articles it has.
    pub live: BTreeMap<String, u64>,
    /// By source: how many it lost lately.
    pub lost_lately: BTreeMap<String, u64>,
    /// How many articles are published.
    pub published: u64,
    /// What is held already.
    pub held: HeldSets,
}

/// What the guards say to a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is held from here on.
    pub held: HeldSets,
    /// Documents (source and path) whose vanishing isn't committed.
    pub withheld: BTreeSet<(String, String)>,
    /// Sources of which nothing is committed.
    pub withheld_sources: BTreeSet<String>,
}

/// Judges a decision, and takes out of it what is held. `accepted` are the guards whose standing sets
/// an operator released.
pub fn judge(
    options: &Options,
    facts: &Facts,
    accepted: &BTreeSet<Guard>,
    decision: &mut Decision,
) -> Verdict {
    let mut verdict = Verdict::default();
    ids(facts, accepted, decision, &mut verdict);
    loss(options, facts, accepted, decision, &mut verdict);
    change(options, facts, accepted, decision, &mut verdict);
    verdict
}

/// Whether a decision is such that articles have to be counted before it can be judged.
#[must_use]
pub fn wants_counts(options: &Options, decision: &Decision) -> bool {
    let edited = decision.changes.iter().filter(|c| matches!(c, Change::Edited { .. })).count();
    edited as u64 > u64::from(options.change_min)
        || decision.changes.iter().any(|c| matches!(c, Change::Withdrawn { .. }))
}

/// The sets that an operator released: what was shown as held.
fn released(
    facts: &Facts,
    accepted: &BTreeSet<Guard>,
    guard: Guard,
    source: &str,
) -> BTreeSet<String> {
    if !accepted.contains(&guard) {
        return BTreeSet::new();
    }
    facts.held.get(&(guard, source.to_owned())).cloned().unwrap_or_default()
}

fn loss(
    options: &Options,
    facts: &Facts,
    accepted: &BTreeSet<Guard>,
    decision: &mut Decision,
    verdict: &mut Verdict,
) {
    let mut lost: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut left: BTreeMap<String, i64> =
        facts.live.iter().map(|(s, n)| (s.clone(), n.cast_signed())).collect();
    for (source, new) in &decision.strangers {
        *left.entry(source.clone()).or_default() += new.cast_signed();
    }
    for change in &decision.changes {
        match change {
            Change::Withdrawn { id, source, vanished, .. } => {
                *left.entry(source.clone()).or_default() -= 1;
                if *vanished {
                    lost.entry(source.clone()).or_default().insert(id.clone());
                }
            }
            Change::New { source, .. } => *left.entry(source.clone()).or_default() += 1,
            _ => {}
        }
    }
    for (source, ids) in lost {
        let released = released(facts, accepted, Guard::Loss, &source);
        let ids: BTreeSet<String> = ids.difference(&released).cloned().collect();
        let live = facts.live.get(&source).copied().unwrap_or(0);
        let lately = facts.lost_lately.get(&source).copied().unwrap_or(0);
        let share = live * u64::from(options.loss_percent) / 100;
        let many = ids.len() as u64 + lately > share.max(u64::from(options.loss_min));
        let all = left.get(&source).is_some_and(|left| *left <= 0);
        if !ids.is_empty() && (many || all) {
            verdict.held.insert((Guard::Loss, source), ids);
        }
    }
    let held = &verdict.held;
    let withheld = &mut verdict.withheld;
    decision.changes.retain(|change| match change {
        Change::Withdrawn { id, source, path, .. }
            if held.get(&(Guard::Loss, source.clone())).is_some_and(|ids| ids.contains(id)) =>
        {
            withheld.insert((source.clone(), path.clone()));
            false
        }
        _ => true,
    });
}

fn change(
    options: &Options,
    facts: &Facts,
    accepted: &BTreeSet<Guard>,
    decision: &Decision,
    verdict: &mut Verdict,
) {
    let standing = facts.held.get(&(Guard::Change, String::new())).cloned().unwrap_or_default();
    let mut ids: BTreeSet<String> = decision
        .changes
        .iter()
        .filter_map(|c| match c {
            Change::Edited { id, .. } => Some(id.clone()),
            _ => None,
        })
        .collect();
    let share = facts.published * u64::from(options.change_percent) / 100;
    if ids.len() as u64 <= share.max(u64::from(options.change_min)) {
        ids.clear();
    }
    if !accepted.contains(&Guard::Change) {
        ids.extend(standing);
    }
    if !ids.is_empty() {
        verdict.held.insert((Guard::Change, String::new()), ids);
    }
}

fn ids(facts: &Facts, accepted: &BTreeSet<Guard>, decision: &mut Decision, verdict: &mut Verdict) {
    let mut held: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for doubt in &decision.doubts {
        if !released(facts, accepted, Guard::Ids, &doubt.source).contains(&doubt.id) {
            held.entry(doubt.source.clone()).or_default().insert(doubt.id.clone());
        }
    }
    decision.changes.retain(|change| !held.contains_key(change.source()));
    decision.strangers.retain(|source, _| !held.contains_key(source));
    verdict.withheld_sources.extend(held.keys().cloned());
    verdict.held.extend(held.into_iter().map(|(source, ids)| ((Guard::Ids, source), ids)));
}

impl Catalog {
    /// What judging needs, as of a time in seconds since 1970; of a small edit ([`wants_counts`])
    /// nothing is counted.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn guard_facts(&self, as_of: i64, counted: bool) -> Result<Facts, Error> {
        let mut facts = Facts { held: self.held()?, ..Facts::default() };
        if !counted {
            return Ok(facts);
        }
        self.rows("select source, count(*) from article group by source", |row| {
            facts.live.insert(row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned());
            Ok(())
        })?;
        let since = as_of - LATELY_S;
        let mut query = self
            .db
            .prepare_cached("select source, sum(articles) from loss where at > ? group by source")
            .map_err(Error::database)?;
        let mut rows = query.query([since]).map_err(Error::database)?;
        while let Some(row) = rows.next().map_err(Error::database)? {
            let source = row.get(0).map_err(Error::database)?;
            let lost: i64 = row.get(1).map_err(Error::database)?;
            facts.lost_lately.insert(source, lost.cast_unsigned());
        }
        facts.published = self
            .db
            .query_row("select count(*) from article where shown = 1 and released = 1", [], |row| {
                row.get::<_, i64>(0)
            })
            .map_err(Error::database)?
            .cast_unsigned();
        Ok(facts)
    }

    /// What the guards hold.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn held(&self) -> Result<HeldSets, Error> {
        let mut held = HeldSets::new();
        self.rows("select guard, source, id from held", |row| {
            let name: String = row.get(0)?;
            if let Some(guard) = Guard::ALL.into_iter().find(|g| g.as_str() == name) {
                held.entry((guard, row.get(1)?)).or_default().insert(row.get(2)?);
            }
            Ok(())
        })?;
        Ok(held)
    }

    /// Keeps what the guards hold from here on.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn hold(&mut self, held: &HeldSets) -> Result<(), Error> {
        if *held == self.held()? {
            return Ok(());
        }
        let transaction = self.db.transaction().map_err(Error::database)?;
        transaction.execute("delete from held", []).map_err(Error::database)?;
        for ((guard, source), ids) in held {
            for id in ids {
                transaction
                    .prepare_cached("insert into held values (?, ?, ?)")
                    .and_then(|mut q| q.execute(params![guard.as_str(), source, id]))
                    .map_err(Error::database)?;
            }
        }
        transaction.commit().map_err(Error::database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn withdrawn(source: &str, from: usize, count: usize) -> Vec<Change> {
        (from..from + count)
            .map(|n| Change::Withdrawn {
                article: 1,
                id: format!("{source}{n}"),
                source: source.to_owned(),
                path: format!("{n}.md"),
                vanished: true,
            })
            .collect()
    }

    fn facts(live: u64, lately: u64) -> Facts {
        Facts {
            live: BTreeMap::from([("s".to_owned(), live)]),
            lost_lately: BTreeMap::from([("s".to_owned(), lately)]),
            published: live,
            ..Facts::default()
        }
    }

    fn held(live: u64, lately: u64, lost: usize) -> bool {
        let mut decision = Decision { changes: withdrawn("s", 0, lost), ..Decision::default() };
        let verdict =
            judge(&Options::default(), &facts(live, lately), &BTreeSet::new(), &mut decision);
        assert_eq!(verdict.withheld.len() + decision.changes.len(), lost);
        !verdict.held.is_empty()
    }

    #[test]
    fn a_loss_is_held_beyond_ten_and_a_fifth_within_an_hour() {
        for (live, lately, lost, expected) in [
            (30, 0, 10, false),
            (30, 0, 11, true),
            (30, 5, 6, true),
            (100, 0, 20, false),
            (100, 0, 21, true),
            (100, 20, 1, true),
            (5, 0, 4, false),
            (5, 0, 5, true),
            (1, 0, 1, true),
        ] {
            assert_eq!(held(live, lately, lost), expected, "{live} {lately} {lost}");
        }
    }

    #[test]
    fn accepting_releases_what_was_shown_and_no_more() {
        let mut facts = facts(100, 0);
        let shown: BTreeSet<String> = (0..30).map(|n| format!("s{n}")).collect();
        facts.held.insert((Guard::Loss, "s".to_owned()), shown);
        let accepted = BTreeSet::from([Guard::Loss]);
        let mut decision = Decision { changes: withdrawn("s", 0, 30), ..Decision::default() };
        let verdict = judge(&Options::default(), &facts, &accepted, &mut decision);
        assert!(verdict.held.is_empty() && decision.changes.len() == 30);
        let mut decision = Decision { changes: withdrawn("s", 0, 60), ..Decision::default() };
        let verdict = judge(&Options::default(), &facts, &accepted, &mut decision);
        assert_eq!(verdict.held[&(Guard::Loss, "s".to_owned())].len(), 30);
        assert_eq!(decision.changes.len(), 30);
    }

    #[test]
    fn drafts_are_no_loss() {
        let mut decision = Decision { changes: withdrawn("s", 0, 50), ..Decision::default() };
        for change in &mut decision.changes {
            if let Change::Withdrawn { vanished, .. } = change {
                *vanished = false;
            }
        }
        let verdict = judge(&Options::default(), &facts(60, 0), &BTreeSet::new(), &mut decision);
        assert_eq!((verdict, decision.changes.len()), (Verdict::default(), 50));
    }
}
