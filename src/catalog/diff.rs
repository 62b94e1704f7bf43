//! What a look at the sources means for the articles: the sightings that stand now, beside the
//! articles that are known, give what is new, edited and withdrawn. Pure: nothing is read or written
//! here.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::article::ContentHash;
use crate::document::Rank;
use crate::problem::{Code, Place, Problem};

pub(crate) const LINK_TWICE: Code = Code::new("link-twice");
pub(crate) const ID_TWICE: Code = Code::new("id-twice");

/// What deciding needs of one sighting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its number in the catalog.
    pub sighting: i64,
    /// Position of its source in `feeds.toml`.
    pub source_order: usize,
    /// Name of its source.
    pub source: String,
    /// Its document.
    pub path: String,
    /// What problems call the document.
    pub shown: String,
    /// Where in the document, line from 1.
    pub line: u32,
    /// How good it is.
    pub rank: Rank,
    /// From a capture, where the same story stands on many pages.
    pub capture: bool,
    /// The document names the id.
    pub named: bool,
    /// See [`Article::rule_id`](crate::article::Article::rule_id).
    pub rule_id: String,
    /// The article's link.
    pub link: String,
    /// Its title.
    pub title: String,
    /// Seconds since 1970.
    pub published: Option<i64>,
    /// Bytes of its summary: a headline with kicker beats one without.
    pub summary_bytes: i64,
    /// Hash of all that it says.
    pub hash: ContentHash,
    /// Its body.
    pub body: Option<ContentHash>,
}

/// What deciding needs of an article that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownArticle {
    /// Its number in the catalog.
    pub article: i64,
    /// The id that it was published under.
    pub id: String,
    /// Its rule id.
    pub rule_id: String,
    /// The sighting that won.
    pub sighting: i64,
    /// Hash of what that said.
    pub hash: ContentHash,
    /// Name of the source that it came from.
    pub source: String,
    /// The document that it came from.
    pub path: String,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: Option<ContentHash>,
}

/// Which ids are given, beyond those of the articles that are looked at.
pub struct Ids<'a> {
    /// By rule id: the ids that `feeds.lock` gives.
    pub locked: &'a BTreeMap<String, String>,
    /// Whether any article has an id.
    pub taken: &'a dyn Fn(&str) -> bool,
}

/// What becomes of one article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Not known before.
    New {
        /// The sighting that won.
        sighting: i64,
        /// The id that it gets.
        id: String,
    },
    /// Known, and now otherwise.
    Edited {
        /// Which article.
        article: i64,
        /// The sighting that won.
        sighting: i64,
    },
    /// Known and the same, but another sighting says it.
    Repointed {
        /// Which article.
        article: i64,
        /// The sighting that won.
        sighting: i64,
    },
    /// No document names it any more.
    Withdrawn {
        /// Which article.
        article: i64,
    },
}

/// What is decided: a change for each article that has one, and what is wrong with those that were
/// looked at, by winning sighting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// In the order of ids.
    pub changes: Vec<Change>,
    /// Problems that only show when documents are compared.
    pub problems: BTreeMap<i64, Vec<Problem>>,
    /// Articles that were looked at and stand as they stood.
    pub same: Vec<i64>,
}

/// Decides. `seen` holds every standing sighting of the groups that are looked at, `known` every
/// article of these groups.
#[must_use]
pub fn decide(mut seen: Vec<Seen>, known: &[KnownArticle], ids: &Ids<'_>) -> Decision {
    seen.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut decision = Decision::default();
    let mut by_rule: BTreeMap<&str, &KnownArticle> =
        known.iter().map(|k| (k.rule_id.as_str(), k)).collect();
    let mut newcomers: Vec<&Seen> = Vec::new();
    let mut changes: Vec<(&str, Change)> = Vec::new();
    for group in groups(&seen) {
        let sightings: Vec<&Seen> = group.iter().map(|&at| &seen[at]).collect();
        // A group is in the sightings' order, so its first is the best. What a worse sighting was
        // known as goes on as this one.
        let winner = sightings[0];
        match sightings.iter().find_map(|s| by_rule.remove(s.rule_id.as_str())) {
            None => newcomers.push(winner),
            Some(k) => match compare(k, winner) {
                Some(change) => changes.push((&winner.rule_id, change)),
                None => decision.same.push(k.article),
            },
        }
        let problems = doubles(&sightings);
        if !problems.is_empty() {
            decision.problems.insert(winner.sighting, problems);
        }
    }
    let mut given: HashSet<String> = HashSet::new();
    for new in newcomers_by_path(newcomers, &mut by_rule, &mut changes) {
        let id = ids.locked.get(&new.rule_id).unwrap_or(&new.rule_id);
        let id = free(id, &|id| given.contains(id) || (ids.taken)(id));
        given.insert(id.clone());
        changes.push((&new.rule_id, Change::New { sighting: new.sighting, id }));
    }
    for k in by_rule.values() {
        changes.push((&k.rule_id, Change::Withdrawn { article: k.article }));
    }
    changes.sort_by(|a, b| a.0.cmp(b.0));
    decision.changes = changes.into_iter().map(|(_, c)| c).collect();
    decision
}

fn compare(known: &KnownArticle, winner: &Seen) -> Option<Change> {
    let (article, sighting) = (known.article, winner.sighting);
    if known.hash != winner.hash {
        Some(Change::Edited { article, sighting })
    } else if known.sighting != winner.sighting {
        Some(Change::Repointed { article, sighting })
    } else {
        None
    }
}

/// A document that keeps its path or row is the same article though its rule id is new, unless its
/// title and its body are new too. Takes those out of the newcomers and of what is left of the
/// known.
fn newcomers_by_path<'a>(
    newcomers: Vec<&'a Seen>,
    left: &mut BTreeMap<&'a str, &'a KnownArticle>,
    changes: &mut Vec<(&'a str, Change)>,
) -> Vec<&'a Seen> {
    type At<'a> = (&'a str, &'a str);
    let mut known_at: HashMap<At<'a>, Vec<&KnownArticle>> = HashMap::new();
    for k in left.values() {
        known_at.entry((&k.source, &k.path)).or_default().push(k);
    }
    let mut new_at: HashMap<At<'a>, usize> = HashMap::new();
    for n in &newcomers {
        *new_at.entry((&n.source, &n.path)).or_default() += 1;
    }
    let mut new = Vec::new();
    for n in newcomers {
        let at = (n.source.as_str(), n.path.as_str());
        match known_at.get(&at).map(Vec::as_slice) {
            Some(&[k])
                if new_at[&at] == 1
                    && (k.title == n.title || (k.body.is_some() && k.body == n.body)) =>
            {
                left.remove(k.rule_id.as_str());
                let change = Change::Edited { article: k.article, sighting: n.sighting };
                changes.push((&n.rule_id, change));
            }
            _ => new.push(n),
        }
    }
    new
}

/// An id that nobody has: the wanted one, else with `#2`, `#3` … behind it.
fn free(wanted: &str, taken: &dyn Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    let mut n = 2_u64;
    loop {
        let id = format!("{wanted}#{n}");
        if !taken(&id) {
            return id;
        }
        n += 1;
    }
}

/// The best sighting first: by rank, then as `feeds.toml` orders sources, then the one that says
/// more, then by place.
fn order(seen: &Seen) -> (Rank, usize, std::cmp::Reverse<i64>, &str, u32, i64) {
    let more = std::cmp::Reverse(if seen.rank == Rank::Full { 0 } else { seen.summary_bytes });
    (seen.rank, seen.source_order, more, &seen.path, seen.line, seen.sighting)
}

/// Sightings of one article: one rule id or one link; and a merged line goes with the sightings of
/// its instant whose title begins it. Indices into `seen`, in its order.
fn groups(seen: &[Seen]) -> Vec<Vec<usize>> {
    let mut leader: Vec<usize> = (0..seen.len()).collect();
    let mut first_of: HashMap<(u8, &str), usize> = HashMap::new();
    for (at, s) in seen.iter().enumerate() {
        for key in [(0, s.rule_id.as_str()), (1, s.link.as_str())] {
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

/// Whether a title is the beginning of a merged line, at the end of a word.
fn begins(title: &str, line: &str) -> bool {
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

/// The smaller index leads, so that a group's first sighting names it.
fn join(leader: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(leader, a), find(leader, b));
    leader[a.max(b)] = a.min(b);
}

/// Two full articles in one group are a mistake of somebody's, except that captures of one page,
/// taken twice, both hold it.
fn doubles(group: &[&Seen]) -> Vec<Problem> {
    let winner = group[0];
    group[1..]
        .iter()
        .filter(|s| s.rank == Rank::Full && winner.rank == Rank::Full)
        .filter(|s| (&s.source, &s.path) != (&winner.source, &winner.path))
        .filter(|s| !(s.capture && winner.capture && s.published == winner.published))
        .map(|s| {
            let place = Place::at(&s.shown, s.line, 0);
            let other = &winner.shown;
            // A named link is an id, too; whoever wrote it thinks of it as a link.
            if s.named && s.rule_id == winner.rule_id && s.link != winner.link {
                let help = if s.source == winner.source {
                    "give one of them another id".to_owned()
                } else {
                    format!(
                        "set `id_prefix` in one of the sources {:?} and {:?}",
                        winner.source, s.source
                    )
                };
                let message =
                    format!("{other} has the same id, {:?}; only that is published", s.rule_id);
                Problem::error(&ID_TWICE, place, message).help(help)
            } else {
                let message =
                    format!("{other} has the same link, {}; only that is published", s.link);
                Problem::error(&LINK_TWICE, place, message)
                    .help("give one of them another link, or remove the one that is out of date")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(sighting: i64, rank: Rank, title: &str) -> Seen {
        Seen {
            sighting,
            source_order: 0,
            source: "s".to_owned(),
            path: format!("{sighting}.txt"),
            shown: format!("s/{sighting}.txt"),
            line: 1,
            rank,
            capture: true,
            named: false,
            rule_id: title.to_owned(),
            link: title.to_owned(),
            title: title.to_owned(),
            published: Some(7),
            summary_bytes: 0,
            hash: ContentHash::of(format!("{rank:?}{title}").as_bytes()),
            body: None,
        }
    }

    fn known(article: i64, of: &Seen) -> KnownArticle {
        KnownArticle {
            article,
            id: of.rule_id.clone(),
            rule_id: of.rule_id.clone(),
            sighting: of.sighting,
            hash: of.hash,
            source: of.source.clone(),
            path: of.path.clone(),
            title: of.title.clone(),
            body: of.body,
        }
    }

    fn decide(seen: Vec<Seen>, known: &[KnownArticle]) -> Decision {
        super::decide(seen, known, &Ids { locked: &BTreeMap::new(), taken: &|_| false })
    }

    #[test]
    fn a_merged_line_is_its_better_twin() {
        let all = vec![
            seen(1, Rank::Merged, "A show Must go on"),
            seen(2, Rank::Headline, "A show"),
            seen(3, Rank::Headline, "A sh"),
            seen(4, Rank::Merged, "Alone Without twin"),
        ];
        let decision = decide(all, &[]);
        let new: Vec<i64> = decision
            .changes
            .iter()
            .map(|c| match c {
                Change::New { sighting, .. } => *sighting,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(new, [3, 2, 4]);
        assert!(decision.problems.is_empty());
    }

    #[test]
    fn what_is_known_is_edited_repointed_or_withdrawn() {
        let (a, b, c) =
            (seen(1, Rank::Full, "a"), seen(2, Rank::Full, "b"), seen(3, Rank::Full, "c"));
        let mut edited = a.clone();
        edited.hash = ContentHash::of(b"other");
        let mut moved = b.clone();
        moved.sighting = 9;
        let decision = decide(vec![edited, moved], &[known(1, &a), known(2, &b), known(3, &c)]);
        assert_eq!(
            decision.changes,
            [
                Change::Edited { article: 1, sighting: 1 },
                Change::Repointed { article: 2, sighting: 9 },
                Change::Withdrawn { article: 3 },
            ]
        );
    }

    #[test]
    fn a_document_that_keeps_its_path_keeps_its_id() {
        let old = seen(1, Rank::Full, "a");
        let mut slugged = old.clone();
        slugged.sighting = 2;
        slugged.rule_id = "b".to_owned();
        slugged.link = "b".to_owned();
        let decision = decide(vec![slugged.clone()], &[known(5, &old)]);
        assert_eq!(decision.changes, [Change::Edited { article: 5, sighting: 2 }]);
        slugged.title = "Another story".to_owned();
        let decision = decide(vec![slugged], &[known(5, &old)]);
        assert_eq!(
            decision.changes,
            [Change::Withdrawn { article: 5 }, Change::New { sighting: 2, id: "b".to_owned() }]
        );
    }

    #[test]
    fn no_id_is_given_twice() {
        let locked = BTreeMap::from([("b".to_owned(), "a".to_owned())]);
        let ids = Ids { locked: &locked, taken: &|id| id == "c" };
        let all =
            vec![seen(1, Rank::Full, "a"), seen(2, Rank::Full, "b"), seen(3, Rank::Full, "c")];
        let given: Vec<String> = super::decide(all, &[], &ids)
            .changes
            .into_iter()
            .map(|c| match c {
                Change::New { id, .. } => id,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(given, ["a", "a#2", "c#2"]);
    }

    #[test]
    fn two_full_articles_of_one_id_are_told() {
        let mut one = seen(1, Rank::Full, "a");
        let mut two = seen(2, Rank::Full, "a");
        for s in [&mut one, &mut two] {
            s.capture = false;
            s.named = true;
        }
        two.source = "t".to_owned();
        two.source_order = 1;
        two.link = "elsewhere".to_owned();
        let decision = decide(vec![two, one], &[]);
        assert_eq!(decision.changes.len(), 1);
        let problem = &decision.problems[&1][0];
        assert_eq!(problem.code, ID_TWICE);
        assert!(problem.help.as_deref().unwrap().contains("id_prefix"));
    }
}
