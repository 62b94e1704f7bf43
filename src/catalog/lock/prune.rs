//! Which lines of a lock nothing needs any more, and the lock without them. Pure but for the writing. A
//! line stays wherever there is doubt: one too many costs nothing, one too few shows readers an article
//! twice.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::write::replace;
use super::{Error, HEADER, Lock, unescape, without_bom};

/// What may still be asked of a lock. Of a million articles only those are kept that it speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needed {
    /// All ids in the lock, and those of them that an article has, or had lately.
    ids: BTreeMap<String, bool>,
    /// All rule ids in the lock, and those of them that a document gives, or could give.
    rules: BTreeMap<String, bool>,
    /// By id: the rule id of an article that stands.
    standing: BTreeMap<String, String>,
}

impl Needed {
    /// What a lock speaks of, none of it needed yet.
    #[must_use]
    pub fn by(lock: &Lock) -> Needed {
        let mut needed = Needed::default();
        let doubles = || lock.doubles.values().flat_map(|ids| ids.iter().map(|(id, _)| id));
        let ids = lock.ids.values().chain(lock.seen.keys()).chain(doubles());
        needed.ids.extend(ids.map(|id| (id.clone(), false)));
        needed.rules.extend(lock.ids.keys().map(|rule| (rule.clone(), false)));
        needed
    }

    /// Notes an article that stands.
    pub fn article(&mut self, id: String, rule: String) {
        self.once(&id, &rule);
        if self.ids.contains_key(&id) {
            self.standing.insert(id, rule);
        }
    }

    /// Notes an article that is published, or was lately.
    pub fn once(&mut self, id: &str, rule: &str) {
        if let Some(needed) = self.ids.get_mut(id) {
            *needed = true;
        }
        self.rule(rule);
    }

    /// Notes what a document gives: its rule id, and what that becomes where others give it, too.
    pub fn sighting(&mut self, source: &str, path: &str, rule: &str) {
        self.rule(rule);
        self.rule(&format!("{rule}#{path}"));
        self.rule(&format!("{rule}#//{source}/{path}"));
    }

    fn rule(&mut self, rule: &str) {
        if let Some(needed) = self.rules.get_mut(rule) {
            *needed = true;
        }
    }
}

/// The lines of a lock that aren't needed: `id` and `seen` of articles that are gone, and `id` of a rule
/// that is gone, where the article has another line, or none is needed. `lock` is what the text says.
#[must_use]
pub fn droppable(text: &str, lock: &Lock, needed: &Needed) -> Vec<String> {
    let is = |needed: &BTreeMap<String, bool>, key: &str| needed.get(key).is_none_or(|n| *n);
    let is_needed = |line: &&str| {
        let fields: Option<Vec<String>> = line.split('\t').map(unescape).collect();
        let fields: Vec<&str> = fields.iter().flatten().map(String::as_str).collect();
        match fields[..] {
            ["seen", id, _] => is(&needed.ids, id),
            ["id", rule, id] => {
                // The article's own rule has its line, or is its id.
                let superseded = needed.standing.get(id).is_some_and(|own| {
                    own == id || lock.ids.get(own).is_some_and(|locked| locked == id)
                });
                is(&needed.rules, rule) || (is(&needed.ids, id) && !superseded)
            }
            _ => true,
        }
    };
    let lines = without_bom(text).lines().filter(|line| *line != HEADER && !is_needed(line));
    lines.map(str::to_owned).collect()
}

/// Takes lines out of the lock as it is now.
///
/// # Errors
/// Where it can't be written; a lock without any `w` bit is not replaced.
pub fn drop_lines(path: &Path, lines: &[String]) -> Result<(), Error> {
    let gone: HashSet<&str> = lines.iter().map(String::as_str).collect();
    replace(path, lines.len(), |text| {
        let left: Vec<&str> = text.lines().filter(|line| !gone.contains(line)).collect();
        super::edit(&left.join("\n"), &[])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dropped(lines: &[&str]) -> Vec<String> {
        let text = format!("{HEADER}\n{}\n", lines.join("\n"));
        let lock = super::super::parse(Path::new("feeds.lock"), &text).unwrap();
        let mut needed = Needed::by(&lock);
        needed.article("urn:live".to_owned(), "rule/live".to_owned());
        needed.article("rule/plain".to_owned(), "rule/plain".to_owned());
        needed.sighting("desk", "b.md", "rule/b");
        needed.once("urn:lately", "rule/of-lately");
        droppable(&text, &lock, &needed)
    }

    #[test]
    fn only_what_nothing_can_ask_for_is_dropped() {
        let stay = [
            "base\thttps://a.example/",
            "feed\told\turn:feeds:1",
            "future\tx",
            "gone\turn:old\t2026-01-01T00:00:00Z",
            "id\trule/b#//desk/b.md\turn:source",
            "id\trule/b#b.md\turn:shared",
            "id\trule/lately\turn:lately",
            "id\trule/live\turn:live",
            "links\tnowhere\tUTC\tdefault",
            "seen\trule/plain\t2026-01-01T00:00:00Z",
            "seen\turn:lately\t2026-01-01T00:00:00Z",
        ];
        let go = [
            "id\trule/before\turn:live",
            "id\trule/earlier\trule/plain",
            "id\trule/gone\turn:gone",
            "seen\turn:gone\t2026-01-01T00:00:00Z",
        ];
        assert_eq!(dropped(&[&stay[..], &go[..]].concat()), go);
        // Without its own line an article keeps the one that it has.
        assert_eq!(dropped(&["id\trule/before\turn:live"]), [""; 0]);
    }
}
