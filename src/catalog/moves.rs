//! Which article that is gone a new one is (DESIGN decision 3, "A move"). Pure. A wrong match shows
//! readers an old article under a new one's name, a missed one shows an article twice; so a key counts
//! only where exactly one pair fits it, the surest key first.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use super::diff::{KnownArticle, Seen};
use crate::article::ContentHash;

/// A body of fewer words ("Read more at …") may well stand under two articles.
const BODY_WORDS_MIN: usize = 50;

/// Words in a shingle: long enough that two texts share one only by copying.
const SHINGLE_WORDS: usize = 5;

/// Words of a stored body, as a reader would see them; `None` where the body isn't kept any more.
pub type Words<'a> = dyn Fn(&ContentHash) -> Option<Vec<String>> + 'a;

/// Pairs of indices: an article that is gone, and the new one that it is.
pub(super) fn moves(
    gone: &[&KnownArticle],
    new: &[&Seen],
    words: &Words<'_>,
) -> Vec<(usize, usize)> {
    let mut pairs = Pairs { gone, new, found: Vec::new() };
    let long = |body: Option<ContentHash>| {
        body.filter(|b| words(b).is_some_and(|w| w.len() >= BODY_WORDS_MIN))
    };
    // What is gone may be known by its body's hash alone; the new one's body is always there.
    pairs.by(|k| k.body, |n| long(n.body), |_, _| true);
    pairs.by(
        |k| k.published.map(|at| (at, k.title.clone())),
        |n| n.published.map(|at| (at, n.title.clone())),
        |_, _| true,
    );
    let alike = |k: &KnownArticle, n: &Seen| match (k.body, n.body) {
        (Some(old), Some(new)) => old == new || half_shared(words, &old, &new),
        _ => false,
    };
    pairs.by(|k| Some(k.title.clone()), |n| Some(n.title.clone()), alike);
    // Moved, retitled and edited a little, all at once: its time is still its own.
    pairs.by(|k| k.published, |n| n.published, alike);
    pairs.found
}

struct Pairs<'a> {
    gone: &'a [&'a KnownArticle],
    new: &'a [&'a Seen],
    found: Vec<(usize, usize)>,
}

impl Pairs<'_> {
    /// Pairs what has equal keys within one source, where one fits one.
    fn by<K: Eq + Hash + Ord>(
        &mut self,
        key_of_gone: impl Fn(&KnownArticle) -> Option<K>,
        key_of_new: impl Fn(&Seen) -> Option<K>,
        fits: impl Fn(&KnownArticle, &Seen) -> bool,
    ) {
        let taken_gone: HashSet<usize> = self.found.iter().map(|p| p.0).collect();
        let taken_new: HashSet<usize> = self.found.iter().map(|p| p.1).collect();
        let mut gone: HashMap<K, Vec<usize>> = HashMap::new();
        for (at, k) in self.gone.iter().enumerate().filter(|(at, _)| !taken_gone.contains(at)) {
            if let Some(key) = key_of_gone(k) {
                gone.entry(key).or_default().push(at);
            }
        }
        let mut new: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for (at, n) in self.new.iter().enumerate().filter(|(at, _)| !taken_new.contains(at)) {
            if let Some(key) = key_of_new(n) {
                new.entry(key).or_default().push(at);
            }
        }
        for (key, new) in new {
            for pair in one_to_one(self, gone.get(&key).map_or(&[][..], Vec::as_slice), &new, &fits)
            {
                self.found.push(pair);
            }
        }
    }
}

fn one_to_one(
    pairs: &Pairs<'_>,
    gone: &[usize],
    new: &[usize],
    fits: &impl Fn(&KnownArticle, &Seen) -> bool,
) -> Vec<(usize, usize)> {
    let fit = |g: usize, n: usize| {
        let (k, s) = (pairs.gone[g], pairs.new[n]);
        // A manifest doesn't say which source an entry is of.
        (k.source.is_empty() || k.source == s.source) && fits(k, s)
    };
    let mut found = Vec::new();
    for &n in new {
        let of_new: Vec<usize> = gone.iter().copied().filter(|&g| fit(g, n)).collect();
        if let [g] = of_new[..]
            && new.iter().filter(|&&other| fit(g, other)).count() == 1
        {
            found.push((g, n));
        }
    }
    found
}

/// Whether two bodies share at least half of the longer one's shingles.
fn half_shared(words: &Words<'_>, old: &ContentHash, new: &ContentHash) -> bool {
    let (Some(old), Some(new)) = (words(old), words(new)) else { return false };
    let (old, new) = (shingles(&old), shingles(&new));
    let longer = old.len().max(new.len());
    longer > 0 && old.intersection(&new).count() * 2 >= longer
}

fn shingles(words: &[String]) -> HashSet<&[String]> {
    if words.len() < SHINGLE_WORDS {
        return HashSet::from([words]);
    }
    words.windows(SHINGLE_WORDS).collect()
}
