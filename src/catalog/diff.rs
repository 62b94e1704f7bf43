//! What a look at the sources means for the articles: the sightings that stand now, beside the
//! articles that are known, give what is new, edited and withdrawn. An article is known again by its
//! rule id, else its link, else its document's path, else as the twin of a merged line, else as one
//! that moved; in this order, so that an id changes only where nothing says that it must stay. Pure:
//! nothing is read or written here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::group::{Group, begins, groups};
use super::moves::{Words, moves};
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
    /// Its number in the catalog; `None` of one that was withdrawn, or that only a manifest lists.
    pub article: Option<i64>,
    /// The id that it was published under.
    pub id: String,
    /// Its rule id.
    pub rule_id: String,
    /// The sighting that won.
    pub sighting: i64,
    /// Hash of what that said.
    pub hash: ContentHash,
    /// Name of the source that it came from; empty where that isn't known.
    pub source: String,
    /// The document that it came from.
    pub path: String,
    /// Its link.
    pub link: String,
    /// Its title.
    pub title: String,
    /// Seconds since 1970.
    pub published: Option<i64>,
    /// From a capture.
    pub capture: bool,
    /// Its body.
    pub body: Option<ContentHash>,
    /// Its document is gone, which is a loss; one that now says draft isn't.
    pub vanished: bool,
    /// It isn't in the catalog, and readers have seen it.
    pub was_out: bool,
}

/// What deciding asks beside.
pub struct Around<'a> {
    /// By rule id: the ids that `feeds.lock` gives.
    pub locked: &'a BTreeMap<String, String>,
    /// Whether any article that isn't looked at has an id.
    pub taken: &'a dyn Fn(&str) -> bool,
    /// The words of stored bodies.
    pub words: &'a Words<'a>,
}

/// What becomes of one article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Not in the catalog before.
    New {
        /// The sighting that won.
        sighting: i64,
        /// The id that it gets.
        id: String,
        /// Its rule id.
        rule: String,
        /// Its source.
        source: String,
        /// It is back, and readers have seen it under this date: it stays out whatever the clock says.
        was_out: bool,
    },
    /// In the catalog, and now otherwise.
    Edited {
        /// Which article.
        article: i64,
        /// The sighting that won.
        sighting: i64,
        /// The id that it has from now on: another one only where its id began on a loopback host, or
        /// where an operator changed it in `feeds.lock`.
        id: String,
        /// Its rule id.
        rule: String,
        /// Its source.
        source: String,
    },
    /// In the catalog and the same, but another sighting or another rule id gives it.
    Repointed {
        /// Which article.
        article: i64,
        /// The sighting that won.
        sighting: i64,
        /// The id that it has.
        id: String,
        /// Its rule id.
        rule: String,
        /// Its source.
        source: String,
    },
    /// No document names it any more.
    Withdrawn {
        /// Which article.
        article: i64,
        /// The id that it had.
        id: String,
        /// Its source.
        source: String,
        /// Its document.
        path: String,
        /// The document is gone, which is a loss; one that now says draft isn't.
        vanished: bool,
    },
}

impl Change {
    /// The id that the article has from now on, or had.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Change::New { id, .. }
            | Change::Edited { id, .. }
            | Change::Repointed { id, .. }
            | Change::Withdrawn { id, .. } => id,
        }
    }

    /// The source of the article.
    #[must_use]
    pub fn source(&self) -> &str {
        match self {
            Change::New { source, .. }
            | Change::Edited { source, .. }
            | Change::Repointed { source, .. }
            | Change::Withdrawn { source, .. } => source,
        }
    }
}

/// An id that would change, or an article that readers would see again: the id guard's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The source of the article.
    pub source: String,
    /// The id that it was published under.
    pub id: String,
}

/// What is decided: a change for each article that has one, and what is wrong with those that were
/// looked at, by winning sighting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// In the order of rule ids.
    pub changes: Vec<Change>,
    /// Problems that only show when documents are compared.
    pub problems: BTreeMap<i64, Vec<Problem>>,
    /// Articles that were looked at and stand as they stood.
    pub same: Vec<i64>,
    /// Where the lock contradicts the catalog, or an article vanishes while one that may well be it
    /// appears under another id.
    pub doubts: Vec<Doubt>,
    /// Articles that only a manifest lists, and that no document was found to be: they may come yet.
    pub unfound: Vec<KnownArticle>,
    /// By source: newcomers that nothing which is known could be, and that the catalog has noted. There
    /// may be millions, so they aren't among the changes.
    pub strangers: BTreeMap<String, u64>,
}

/// Decides. `seen` holds every standing sighting of the groups that are looked at; `known` every
/// article of these groups, those withdrawn lately too.
#[must_use]
pub fn decide(mut seen: Vec<Seen>, known: &[KnownArticle], around: &Around<'_>) -> Decision {
    let groups = groups(&mut seen);
    let mut matched = Matching::new(&groups, known).all(around);
    let mut decision = Decision::default();
    let heeded = matched.heed(around.locked, &mut decision.doubts);
    for (at, known) in &heeded {
        matched.of_group[*at] = Some(known);
    }
    let mut ids = Ids::new(around, known);
    let mut changes: Vec<(&str, Change)> = Vec::new();
    for (group, known) in groups.iter().zip(&matched.of_group) {
        let (winner, rule) = (group.winner(), group.rule.clone());
        let (sighting, source) = (winner.sighting, winner.source.clone());
        let change = match known {
            None => {
                decision.doubts.extend(doubt(winner, &matched.left));
                let id = ids.of_newcomer(group);
                Change::New { sighting, id, rule, source, was_out: false }
            }
            Some(k) => match k.article {
                // Back again, under the id that readers know it by.
                None => {
                    let same_date = winner.published.is_none_or(|p| k.published == Some(p));
                    let was_out = k.was_out && same_date;
                    Change::New { sighting, id: k.id.clone(), rule, source, was_out }
                }
                Some(article) => {
                    let id = follow(k, &rule, around.locked);
                    if id != k.id && !is_loopback(&k.id) {
                        decision.doubts.push(Doubt { source: source.clone(), id: k.id.clone() });
                    }
                    if k.hash != winner.hash || id != k.id {
                        Change::Edited { article, sighting, id, rule, source }
                    } else if k.sighting != sighting || k.rule_id != rule {
                        Change::Repointed { article, sighting, id, rule, source }
                    } else {
                        decision.same.push(article);
                        note_doubles(&mut decision, group);
                        continue;
                    }
                }
            },
        };
        changes.push((&group.rule, change));
        note_doubles(&mut decision, group);
    }
    for k in matched.left {
        if let Some(article) = k.article {
            let (id, source, path) = (k.id.clone(), k.source.clone(), k.path.clone());
            let vanished = k.vanished;
            changes.push((&k.rule_id, Change::Withdrawn { article, id, source, path, vanished }));
        } else if k.source.is_empty() {
            decision.unfound.push(k.clone());
        }
    }
    changes.sort_by(|a, b| a.0.cmp(b.0));
    decision.changes = changes.into_iter().map(|(_, c)| c).collect();
    keep_apart(&mut decision.changes, known, around.taken);
    decision
}

/// No id is given twice: where the lock would give an article one that another has, it keeps its own.
fn keep_apart(changes: &mut [Change], known: &[KnownArticle], taken: &dyn Fn(&str) -> bool) {
    let id_of: HashMap<i64, &str> =
        known.iter().filter_map(|k| Some((k.article?, k.id.as_str()))).collect();
    let had: HashSet<&str> = known.iter().map(|k| k.id.as_str()).collect();
    let mut given: HashSet<String> = HashSet::new();
    for change in changes {
        if let Change::Edited { article, id, .. } = change
            && let Some(own) = id_of.get(article).filter(|own| *own != id)
            && (had.contains(id.as_str()) || taken(id) || !given.insert(id.clone()))
        {
            (*own).clone_into(id);
        }
    }
}

/// A new article beside one that vanishes, with the same link, or the same title and instant, and no
/// way to tell whether it is that one.
fn doubt(new: &Seen, left: &[&KnownArticle]) -> Option<Doubt> {
    let alike = |k: &&&KnownArticle| {
        let same = k.title == new.title && k.published.is_some() && k.published == new.published;
        k.article.is_some() && k.vanished && k.source == new.source && (k.link == new.link || same)
    };
    let k = left.iter().find(alike)?;
    Some(Doubt { source: k.source.clone(), id: k.id.clone() })
}

/// The id of a known article. One on a loopback host was never published to anybody: it follows its
/// rule once that leaves the host. Else the lock wins, where it gives this rule another id.
fn follow(known: &KnownArticle, rule: &str, locked: &BTreeMap<String, String>) -> String {
    if let Some(id) = locked.get(rule).filter(|_| known.rule_id == rule) {
        return id.clone();
    }
    if known.id == known.rule_id && is_loopback(&known.id) && !is_loopback(rule) {
        rule.to_owned()
    } else {
        known.id.clone()
    }
}

fn is_loopback(id: &str) -> bool {
    url::Url::parse(id).is_ok_and(|url| crate::article::is_loopback(&url))
}

/// Which known article each group is.
struct Matching<'a> {
    groups: &'a [Group<'a>],
    of_group: Vec<Option<&'a KnownArticle>>,
    left: Vec<&'a KnownArticle>,
}

impl<'a> Matching<'a> {
    fn new(groups: &'a [Group<'a>], known: &'a [KnownArticle]) -> Matching<'a> {
        // What stands in the catalog comes before what was withdrawn.
        let mut left: Vec<&KnownArticle> = known.iter().collect();
        left.sort_by_key(|k| (k.article.is_none(), k.article, &k.id));
        Matching { groups, of_group: vec![None; groups.len()], left }
    }

    fn all(mut self, around: &Around<'_>) -> Matching<'a> {
        self.by_lock(around.locked);
        self.by_keys(|k| Some(k.rule_id.as_str()), |g| g.rules().collect());
        self.by_keys(
            |k| Some(k.link.as_str()),
            |g| g.members.iter().map(|s| s.link.as_str()).collect(),
        );
        self.by_path();
        self.by_twin();
        self.by_move(around.words);
        self
    }

    /// A rule that the lock gives to an article that is known by another rule: it moved on another
    /// machine, which wrote the line. Not where somebody has that rule already, nor where the article's
    /// own rule stands and isn't given away: that contradicts what is published.
    fn by_lock(&mut self, locked: &BTreeMap<String, String>) {
        let rules: HashSet<&str> = self.left.iter().map(|k| k.rule_id.as_str()).collect();
        let stands: HashSet<&str> = self.groups.iter().map(|g| g.rule.as_str()).collect();
        let mut by_id: HashMap<&str, &'a KnownArticle> = HashMap::new();
        for k in &self.left {
            by_id.entry(&k.id).or_insert(k);
        }
        for (at, group) in self.groups.iter().enumerate() {
            let Some(id) = locked.get(&group.rule) else { continue };
            let Some(k) = by_id.get(id.as_str()).copied() else { continue };
            let ceded = !stands.contains(k.rule_id.as_str())
                || locked.get(&k.rule_id).is_some_and(|other| other != id);
            if ceded && !rules.contains(group.rule.as_str()) {
                by_id.remove(id.as_str());
                self.take(at, k);
            }
        }
    }

    /// Of what isn't in the catalog, which the lock gives another id than it was published under: the
    /// lock wins, once that is accepted.
    fn heed(
        &self,
        locked: &BTreeMap<String, String>,
        doubts: &mut Vec<Doubt>,
    ) -> Vec<(usize, KnownArticle)> {
        let mut heeded = Vec::new();
        for (at, group) in self.groups.iter().enumerate() {
            let Some(k) = self.of_group[at].filter(|k| k.article.is_none()) else { continue };
            let id = follow(k, &group.rule, locked);
            if id == k.id {
                continue;
            }
            if !is_loopback(&k.id) {
                let source = group.winner().source.clone();
                doubts.push(Doubt { source, id: k.id.clone() });
            }
            let anothers = self.left.iter().chain(self.of_group.iter().flatten());
            if !anothers.into_iter().any(|other| other.id == id) {
                heeded.push((at, KnownArticle { id, ..k.clone() }));
            }
        }
        heeded
    }

    /// Matches each group without an article to the first that is left with one of its keys.
    fn by_keys(
        &mut self,
        key: impl Fn(&'a KnownArticle) -> Option<&'a str>,
        keys: impl Fn(&'a Group<'a>) -> Vec<&'a str>,
    ) {
        let mut by_key: HashMap<&str, Vec<&KnownArticle>> = HashMap::new();
        for k in self.left.iter().rev() {
            if let Some(key) = key(k) {
                by_key.entry(key).or_default().push(k);
            }
        }
        let mut gone: HashSet<*const KnownArticle> = HashSet::new();
        for (at, group) in self.groups.iter().enumerate() {
            if self.of_group[at].is_some() {
                continue;
            }
            let found = keys(group).into_iter().find_map(|key| {
                let candidates = by_key.get_mut(key)?;
                while let Some(k) = candidates.pop() {
                    if gone.insert(std::ptr::from_ref(k)) {
                        return Some(k);
                    }
                }
                None
            });
            self.of_group[at] = found;
        }
        self.left.retain(|k| !gone.contains(&std::ptr::from_ref(*k)));
    }

    /// A document that keeps its path or row is the same article though its rule id and link are new,
    /// unless its title and its body are new too.
    fn by_path(&mut self) {
        if self.left.is_empty() {
            return;
        }
        let mut known_at: HashMap<(&str, &str), Vec<&KnownArticle>> = HashMap::new();
        for k in &self.left {
            known_at.entry((&k.source, &k.path)).or_default().push(k);
        }
        let mut groups_at: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (at, group) in self.unmatched() {
            let winner = group.winner();
            groups_at.entry((&winner.source, &winner.path)).or_default().push(at);
        }
        for (place, groups) in groups_at {
            let k = match known_at.get(&place).map(Vec::as_slice) {
                // What was withdrawn from this path before doesn't make it doubtful what stands there.
                Some([k, rest @ ..]) if rest.iter().all(|r| r.article.is_none()) => {
                    (rest.is_empty() || k.article.is_some()).then_some(*k)
                }
                _ => None,
            };
            if let ([at], Some(k)) = (&groups[..], k) {
                let winner = self.groups[*at].winner();
                let same_body = k.body.is_some() && k.body == winner.body;
                if k.title == winner.title || same_body {
                    self.take(*at, k);
                }
            }
        }
    }

    /// A story of a capture whose better sighting has gone, or came: the merged line and the headline
    /// have one instant, and the one's title begins the other's.
    fn by_twin(&mut self) {
        if self.left.is_empty() {
            return;
        }
        let unmatched: Vec<usize> = self.unmatched().map(|(at, _)| at).collect();
        for at in unmatched {
            let twins: Vec<&KnownArticle> = self
                .left
                .iter()
                .copied()
                .filter(|k| k.capture && self.groups[at].members.iter().any(|s| are_twins(k, s)))
                .collect();
            if let [twin] = twins[..] {
                self.take(at, twin);
            }
        }
    }

    fn by_move(&mut self, words: &Words<'_>) {
        if self.left.is_empty() {
            return;
        }
        let (at, new): (Vec<usize>, Vec<&Seen>) =
            self.unmatched().map(|(at, g)| (at, g.winner())).unzip();
        let gone: Vec<&KnownArticle> =
            self.left.iter().copied().filter(|k| k.vanished || k.article.is_none()).collect();
        for (g, n) in moves(&gone, &new, words) {
            self.take(at[n], gone[g]);
        }
    }

    fn unmatched(&self) -> impl Iterator<Item = (usize, &'a Group<'a>)> {
        self.groups.iter().enumerate().filter(|(at, _)| self.of_group[*at].is_none())
    }

    fn take(&mut self, at: usize, known: &'a KnownArticle) {
        self.of_group[at] = Some(known);
        self.left.retain(|k| !std::ptr::eq(*k, known));
    }
}

fn are_twins(known: &KnownArticle, seen: &Seen) -> bool {
    seen.capture
        && known.source == seen.source
        && known.published.is_some()
        && known.published == seen.published
        && (begins(&known.title, &seen.title) || begins(&seen.title, &known.title))
}

/// Gives ids: none twice.
struct Ids<'a> {
    around: &'a Around<'a>,
    /// Id and rule, as the lock gives the one to the other. A merge of two branches may leave an id
    /// several rules, of which one stands.
    lines: BTreeSet<(&'a str, &'a str)>,
    given: HashSet<String>,
}

impl<'a> Ids<'a> {
    fn new(around: &'a Around<'a>, known: &[KnownArticle]) -> Ids<'a> {
        let lines = around.locked.iter().map(|(r, id)| (id.as_str(), r.as_str())).collect();
        Ids { around, lines, given: known.iter().map(|k| k.id.clone()).collect() }
    }

    /// What the lock says, else the rule id, else the first free one after it.
    fn of_newcomer(&mut self, group: &Group<'_>) -> String {
        if let Some(locked) = self.around.locked.get(&group.rule) {
            return self.give(locked.clone(), &group.rule);
        }
        // Of articles with one rule id the first keeps the plain one as its id.
        let plain = &group.winner().rule_id;
        let wanted = if self.is_free(plain, &group.rule) { plain } else { &group.rule };
        self.give(wanted.clone(), &group.rule)
    }

    fn give(&mut self, wanted: String, rule: &str) -> String {
        let mut id = wanted.clone();
        let mut n = 2_u64;
        while !self.is_free(&id, rule) {
            id = format!("{wanted}#{n}");
            n += 1;
        }
        self.given.insert(id.clone());
        id
    }

    /// An id that the lock gives to another rule is that one's, also while its document isn't there.
    fn is_free(&self, id: &str, rule: &str) -> bool {
        let anothers = self.lines.range((id, "")..).next().is_some_and(|(of, _)| *of == id)
            && !self.lines.contains(&(id, rule));
        !anothers && !self.given.contains(id) && !(self.around.taken)(id)
    }
}

fn note_doubles(decision: &mut Decision, group: &Group<'_>) {
    let problems = doubles(&group.members);
    if !problems.is_empty() {
        decision.problems.insert(group.winner().sighting, problems);
    }
}

/// Two full articles in one group are a mistake of somebody's, except that captures of one page,
/// taken twice, both hold it.
fn doubles(members: &[&Seen]) -> Vec<Problem> {
    let winner = members[0];
    members[1..]
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
mod tests;
