//! What somebody may have meant who wrote a name that nothing has. Pure.

/// So many near misses are shown.
const MOST: usize = 5;

/// Up to here two names are not alike; from 0 to 1.
const ALIKE: f64 = 0.6;

/// How alike a name is to one of its words.
const WORD: f64 = 0.8;

/// Shorter words stand in too many names.
const WORD_BYTES_MIN: usize = 4;

/// The names that are nearest to a written one, of all that are looked at.
#[derive(Debug)]
pub(in crate::cli) struct Nearest {
    written: String,
    /// The best first; equal ones as they were looked at.
    found: Vec<(f64, String)>,
}

impl Nearest {
    pub(in crate::cli) fn new(written: &str) -> Nearest {
        Nearest { written: folded(written), found: Vec::new() }
    }

    pub(in crate::cli) fn look_at(&mut self, name: &str) {
        let likeness = likeness(&self.written, &folded(name));
        let worst = self.found.get(MOST - 1).map_or(ALIKE, |(worst, _)| *worst);
        if likeness <= worst || self.found.iter().any(|(_, found)| found == name) {
            return;
        }
        let at = self.found.partition_point(|(better, _)| *better >= likeness);
        self.found.insert(at, (likeness, name.to_owned()));
        self.found.truncate(MOST);
    }

    pub(in crate::cli) fn found(self) -> Vec<String> {
        self.found.into_iter().map(|(_, name)| name).collect()
    }
}

/// Letters of one size; what begins and ends all paths and addresses says nothing.
fn folded(name: &str) -> String {
    let name = name.trim().trim_start_matches("./").trim_end_matches('/');
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    name.to_lowercase()
}

/// How alike two names are: mostly by their last parts, endings aside, since all paths and addresses
/// begin alike.
fn likeness(written: &str, name: &str) -> f64 {
    let last = |name: &str| -> String {
        let last = name.rsplit('/').next().unwrap_or(name);
        last.rsplit_once('.').map_or(last, |(stem, _)| stem).to_owned()
    };
    let (a, b) = (last(written), last(name));
    let mut part = strsim::normalized_levenshtein(&a, &b);
    // A word of a long name is near it, too.
    if a.len() >= WORD_BYTES_MIN && b.contains(&a) {
        part = part.max(WORD);
    }
    let likeness = |whole: f64| (part * 3.0 + whole) / 4.0;
    // There may be a million names, most of them far off.
    if likeness(1.0) <= ALIKE {
        return 0.0;
    }
    likeness(strsim::normalized_levenshtein(written, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(written: &str, names: &[&str]) -> Vec<String> {
        let mut nearest = Nearest::new(written);
        names.iter().for_each(|name| nearest.look_at(name));
        nearest.found()
    }

    #[test]
    fn a_slip_of_the_pen_is_near() {
        let names = ["content/harbour/wall.md", "content/town/clock.md", "content/harbour/seal.md"];
        assert_eq!(near("content/harbour/wal.md", &names)[0], "content/harbour/wall.md");
        assert_eq!(near("wall.txt", &names), ["content/harbour/wall.md"]);
        assert_eq!(near("content/town/wall.md", &names)[0], "content/harbour/wall.md");
    }

    #[test]
    fn nothing_is_near_what_is_far_off() {
        assert!(near("zebra", &["content/harbour/wall.md", "https://a.example/x/"]).is_empty());
        assert!(near("", &["content/harbour/wall.md"]).is_empty());
    }

    #[test]
    fn at_most_so_many_and_each_once() {
        let names: Vec<String> = (0..40).map(|n| format!("wall-{}", n % 20)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = near("wall-1", &names);
        assert_eq!(found.len(), MOST);
        assert_eq!(found[0], "wall-1");
    }
}
