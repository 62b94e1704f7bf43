//! Which lines of a lock nothing needs any more, and the lock without them. Pure but for the writing. A
//! line stays wherever there is doubt: one too many costs nothing, one too few shows readers an article
//! twice.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use super::{Error, HEADER, Lock, replace, unescape, without_bom};

/// What may still be asked of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needed {
    /// Ids that an article has, or had lately.
    pub ids: BTreeSet<String>,
    /// Rule ids that a document gives, or could give.
    pub rules: BTreeSet<String>,
    /// By id: the rule id of an article that stands.
    pub standing: BTreeMap<String, String>,
}

impl Needed {
    /// Notes an article that stands.
    pub fn article(&mut self, id: String, rule: String) {
        self.ids.insert(id.clone());
        self.rules.insert(rule.clone());
        self.standing.insert(id, rule);
    }

    /// Notes what a document gives: its rule id, and what that becomes where others give it, too.
    pub fn sighting(&mut self, source: &str, path: &str, rule: String) {
        self.rules.insert(format!("{rule}#{path}"));
        self.rules.insert(format!("{rule}#//{source}/{path}"));
        self.rules.insert(rule);
    }
}

/// The lines of a lock that aren't needed: `id` and `seen` of articles that are gone, and `id` of a rule
/// that is gone, where the article has another line, or none is needed. `lock` is what the text says.
#[must_use]
pub fn droppable(text: &str, lock: &Lock, needed: &Needed) -> Vec<String> {
    let is_needed = |line: &&str| {
        let fields: Option<Vec<String>> = line.split('\t').map(unescape).collect();
        let fields: Vec<&str> = fields.iter().flatten().map(String::as_str).collect();
        match fields[..] {
            ["seen", id, _] => needed.ids.contains(id),
            ["id", rule, id] => {
                // The article's own rule has its line, or is its id.
                let superseded = needed.standing.get(id).is_some_and(|own| {
                    own == id || lock.ids.get(own).is_some_and(|locked| locked == id)
                });
                needed.rules.contains(rule) || (needed.ids.contains(id) && !superseded)
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

    fn dropped(lines: &[&str], needed: &Needed) -> Vec<String> {
        let text = format!("{HEADER}\n{}\n", lines.join("\n"));
        let lock = super::super::parse(Path::new("feeds.lock"), &text).unwrap();
        droppable(&text, &lock, needed)
    }

    #[test]
    fn only_what_nothing_can_ask_for_is_dropped() {
        let mut needed = Needed::default();
        needed.article("urn:live".to_owned(), "rule/live".to_owned());
        needed.article("rule/plain".to_owned(), "rule/plain".to_owned());
        needed.sighting("desk", "b.md", "rule/b".to_owned());
        needed.ids.insert("urn:lately".to_owned());
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
        assert_eq!(dropped(&[&stay[..], &go[..]].concat(), &needed), go);
        // Without its own line an article keeps the one that it has.
        assert_eq!(dropped(&["id\trule/before\turn:live"], &needed), [""; 0]);
    }
}
