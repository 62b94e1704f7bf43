//! Which sightings are of one article, and which of them says it best. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::diff::Seen;
use crate::document::Rank;

/// Sightings of one article, the best first.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) members: Vec<&'a Seen>,
    /// The rule id of the article: the best sighting's, made unlike others' where the recorded
    /// pattern gives several articles one.
    pub(super) rule: String,
}

impl<'a> Group<'a> {
    pub(super) fn winner(&self) -> &'a Seen {
        self.members[0]
    }

    /// The rule ids that an article of this group may be known under.
    pub(super) fn rules(&self) -> impl Iterator<Item = &str> {
        let parted = self.rule != self.winner().rule_id;
        let own = std::iter::once(self.rule.as_str());
        own.chain(self.members.iter().filter(move |_| !parted).map(|s| s.rule_id.as_str()))
    }
}

/// The groups of some sightings, in the order of their best.
pub(super) fn groups(seen: &mut [Seen]) -> Vec<Group<'_>> {
    seen.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut groups: Vec<Group<'_>> = joined(seen)
        .into_iter()
        .map(|members| {
            let members: Vec<&Seen> = members.into_iter().map(|at| &seen[at]).collect();
            Group { rule: members[0].rule_id.clone(), members }
        })
        .collect();
    part(&mut groups);
    groups
}

/// Best first: by rank, then as `feeds.toml` orders sources, then the one that says more, then by
/// place.
fn order(seen: &Seen) -> (Rank, usize, std::cmp::Reverse<i64>, &str, u32, i64) {
    let more = if seen.rank == Rank::Full { 0 } else { seen.summary_bytes };
    (seen.rank, seen.source_order, std::cmp::Reverse(more), &seen.path, seen.line, seen.sighting)
}

/// One named id or one link is one article; and a merged line goes with the sightings of its instant
/// whose title begins it. Indices into `seen`, in its order. Derived ids join nobody: where one
/// pattern derives the same for two links, these are two articles.
fn joined(seen: &[Seen]) -> Vec<Vec<usize>> {
    let mut leader: Vec<usize> = (0..seen.len()).collect();
    let mut first_of: HashMap<(u8, &str), usize> = HashMap::new();
    for (at, s) in seen.iter().enumerate() {
        let named = s.named.then_some((0, s.rule_id.as_str()));
        for key in named.into_iter().chain([(1, s.link.as_str())]) {
            let first = *first_of.entry(key).or_insert(at);
            join(&mut leader, first, at);
        }
    }
    let mut instants: HashMap<(&str, i64), Vec<usize>> = HashMap::new();
    for (at, s) in seen.iter().enumerate() {
        if let (true, Some(published)) = (s.capture, s.published) {
            instants.entry((&s.source, published)).or_default().push(at);
        }
    }
    for (at, s) in seen.iter().enumerate().filter(|(_, s)| s.rank == Rank::Merged) {
        let Some(published) = s.published else { continue };
        let twins = instants.get(&(s.source.as_str(), published)).map_or(&[][..], Vec::as_slice);
        // The longest title that fits: "A" must not win over "A b" for the line "A b c".
        let twin = twins
            .iter()
            .filter(|&&t| seen[t].rank < Rank::Merged && begins(&seen[t].title, &s.title))
            .max_by_key(|&&t| (seen[t].title.len(), std::cmp::Reverse(t)));
        if let Some(&twin) = twin {
            join(&mut leader, twin, at);
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..seen.len() {
        let leader = find(&mut leader, at);
        groups.entry(leader).or_default().push(at);
    }
    groups.into_values().collect()
}

/// Where several articles have one rule id, each one's is that plus `#` and its path in the source
/// (DESIGN, "Life of an id").
fn part(groups: &mut [Group<'_>]) {
    let mut met: HashSet<&str> = HashSet::new();
    let twice: HashSet<String> = groups
        .iter()
        .map(|g| g.winner().rule_id.as_str())
        .filter(|rule| !met.insert(rule))
        .map(str::to_owned)
        .collect();
    for group in groups.iter_mut().filter(|g| twice.contains(&g.rule)) {
        group.rule = format!("{}#{}", group.rule, group.winner().path);
    }
    // Two sources may have documents at one path: theirs are named too. No path begins with `/`.
    let mut met: HashSet<String> = HashSet::new();
    let twice: HashSet<String> =
        groups.iter().map(|g| g.rule.clone()).filter(|rule| !met.insert(rule.clone())).collect();
    for group in groups.iter_mut().filter(|g| twice.contains(&g.rule)) {
        let Seen { rule_id, source, path, .. } = group.winner();
        group.rule = format!("{rule_id}#//{source}/{path}");
    }
}

/// Whether a title is the beginning of a merged line, at the end of a word.
pub(super) fn begins(title: &str, line: &str) -> bool {
    line.strip_prefix(title)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn find(leader: &mut [usize], mut at: usize) -> usize {
    while leader[at] != at {
        leader[at] = leader[leader[at]];
        at = leader[at];
    }
    at
}

/// The smaller index leads, so that a group's best sighting names it.
fn join(leader: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(leader, a), find(leader, b));
    leader[a.max(b)] = a.min(b);
}
