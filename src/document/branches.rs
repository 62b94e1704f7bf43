//! Which text of a template's conditions stays: `if`, `unless`, `case` and loops with an `else`, as
//! Liquid, Tera and Nunjucks write them. A generator shows one of their texts, so a feed may never show
//! two. What a condition asks is known of a document's own fields and of literal values alone; where it
//! isn't known, the first text stays. Finding the blocks takes time in proportion to the text.

use std::collections::HashMap;
use std::ops::Range;

use super::tag::{self, Kind, quoted, trimmed};

/// A block with branches, and how it ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    branches: Vec<Branch<'a>>,
    /// The byte after its last tag.
    pub(super) end: usize,
}

#[derive(Debug, PartialEq, Eq)]
struct Branch<'a> {
    word: &'a str,
    condition: &'a str,
    /// What stands between its tag and the next.
    text: Range<usize>,
}

/// What of a block stays.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    /// The text; `None` where none of them does.
    pub(super) text: Option<Range<usize>>,
    /// Whether what it asks is known.
    pub(super) known: bool,
}

const OPENING: [&str; 5] = ["if", "unless", "case", "for", "tablerow"];

/// All blocks that have an end, by the byte at which they begin.
pub(super) fn find<'a>(
    source: &'a str,
    in_code: &dyn Fn(usize) -> bool,
) -> HashMap<usize, Block<'a>> {
    let mut found = HashMap::new();
    let mut open: Vec<(usize, Vec<Branch<'a>>)> = Vec::new();
    // How many of each are open, so that an end that ends nothing costs nothing.
    let mut counts = [0_usize; OPENING.len()];
    let mut ignored_until: Option<&str> = None;
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'{', &source.as_bytes()[at..]) {
        let start = at + next;
        at = start + 1;
        let Some(tag) = tag::at(source, start).filter(|tag| tag.kind == Kind::Statement) else {
            continue;
        };
        let content = trimmed(tag.content);
        let (word, rest) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
        if let Some(end) = ignored_until {
            if word == end {
                ignored_until = None;
                at = tag.end;
            }
            continue;
        }
        if word == "raw" {
            ignored_until = Some("endraw");
        } else if in_code(start) {
            continue;
        } else if word == "comment" {
            ignored_until = Some("endcomment");
        }
        at = tag.end;
        let (word, condition) = match (word, rest.trim().strip_prefix("if ")) {
            ("else", Some(condition)) => ("elsif", condition),
            _ => (word, rest.trim()),
        };
        let branch = Branch { word, condition, text: tag.end..tag.end };
        if let Some(index) = OPENING.iter().position(|w| *w == word) {
            counts[index] += 1;
            open.push((start, vec![branch]));
        } else if matches!(word, "else" | "elsif" | "elif" | "elseif" | "when") {
            if let Some((_, branches)) = open.last_mut() {
                close_last(branches, start);
                branches.push(branch);
            }
        } else if let Some(ended) = word.strip_prefix("end")
            && let Some(index) = OPENING.iter().position(|w| *w == ended)
            && counts[index] > 0
        {
            while let Some((opened, mut branches)) = open.pop() {
                let own = branches.first().map_or("", |branch| branch.word);
                if let Some(index) = OPENING.iter().position(|w| *w == own) {
                    counts[index] -= 1;
                }
                if own == ended {
                    close_last(&mut branches, start);
                    found.insert(opened, Block { branches, end: tag.end });
                    break;
                }
            }
        }
    }
    found
}

fn close_last(branches: &mut [Branch<'_>], at: usize) {
    if let Some(last) = branches.last_mut() {
        last.text.end = at;
    }
}

impl Block<'_> {
    /// The text that stays. `named` gives what the document names under a key.
    pub(super) fn choose(&self, named: &dyn Fn(&str) -> Option<String>) -> Chosen {
        let Some((first, others)) = self.branches.split_first() else {
            return Chosen { text: None, known: true };
        };
        match first.word {
            "case" => case(first.condition, others, named),
            "for" | "tablerow" => Chosen { text: Some(first.text.clone()), known: false },
            _ => {
                for branch in &self.branches {
                    let holds = match branch.word {
                        "else" => Some(true),
                        "unless" => holds(branch.condition, named).map(|holds| !holds),
                        _ => holds(branch.condition, named),
                    };
                    if holds != Some(false) {
                        return Chosen { text: Some(branch.text.clone()), known: holds.is_some() };
                    }
                }
                Chosen { text: None, known: true }
            }
        }
    }

    /// What it asks, as a person reads it.
    pub(super) fn question(&self) -> String {
        let Some(first) = self.branches.first() else { return String::new() };
        let whole = format!("{} {}", first.word, first.condition);
        super::plain::shorten(&whole, 60)
    }

    /// Whether it repeats a text rather than choosing one.
    pub(super) fn is_loop(&self) -> bool {
        self.branches.first().is_some_and(|first| matches!(first.word, "for" | "tablerow"))
    }
}

fn case(subject: &str, branches: &[Branch<'_>], named: &dyn Fn(&str) -> Option<String>) -> Chosen {
    let subject = value(subject, named);
    for branch in branches {
        let holds = if branch.word == "else" {
            Some(true)
        } else {
            let values = branch.condition.split(',').flat_map(|some| some.split(" or "));
            let mut equal = values.map(|one| Some(value(one.trim(), named)? == *subject.as_ref()?));
            // One that is equal is enough; one that isn't known leaves it open.
            equal.try_fold(false, |any, one| Some(any || one?))
        };
        if holds != Some(false) {
            return Chosen { text: Some(branch.text.clone()), known: holds.is_some() };
        }
    }
    Chosen { text: None, known: true }
}

/// Whether a condition holds; `None` where nobody here can know.
fn holds(condition: &str, named: &dyn Fn(&str) -> Option<String>) -> Option<bool> {
    let both = |operator: &str| condition.split_once(operator);
    // Liquid reads from the right: `a and b or c` is `a and (b or c)`.
    let and = both(" and ").filter(|(left, _)| !left.contains(" or "));
    if let Some((left, right)) = and {
        return match (holds(left, named), holds(right, named)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
    }
    if let Some((left, right)) = both(" or ") {
        return match (holds(left, named), holds(right, named)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
    }
    let condition = condition.trim();
    if let Some(negated) = condition.strip_prefix("not ") {
        return holds(negated, named).map(|holds| !holds);
    }
    if let Some((left, right)) = both("==") {
        return Some(value(left.trim(), named)? == value(right.trim(), named)?);
    }
    if let Some((left, right)) = both("!=") {
        return Some(value(left.trim(), named)? != value(right.trim(), named)?);
    }
    if matches!(condition, "nil" | "null" | "none") {
        return Some(false);
    }
    match value(condition, named)?.as_str() {
        "false" => Some(false),
        // Liquid takes them for true, Tera and Nunjucks for false.
        "" | "0" => None,
        _ => Some(true),
    }
}

/// A literal value, or one that the document names. What it doesn't name may have a default of the site.
fn value(text: &str, named: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if let Some(text) = quoted(text) {
        return (!text.contains(['"', '\''])).then(|| text.to_owned());
    }
    if matches!(text, "true" | "false") || text.parse::<i64>().is_ok() {
        return Some(text.to_owned());
    }
    let is_name = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    match text {
        // What is published is built so.
        "jekyll.environment" => Some("production".to_owned()),
        _ => named(text.strip_prefix("page.").filter(is_name)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(source: &str) -> (Option<&str>, bool) {
        let blocks = find(source, &|_| false);
        let named = |key: &str| match key {
            "toc" => Some("false".to_owned()),
            "kind" => Some("essay".to_owned()),
            _ => None,
        };
        let Chosen { text, known } = blocks[&0].choose(&named);
        (text.map(|text| &source[text]), known)
    }

    #[test]
    fn one_text_of_a_block_stays() {
        for (source, text, known) in [
            ("{% if x %}A{% else %}B{% endif %}", Some("A"), false),
            ("{% if false %}A{% else %}B{% endif %}", Some("B"), true),
            ("{% if page.toc %}A{% endif %}", None, true),
            ("{% if page.kind %}A{% else %}B{% endif %}", Some("A"), true),
            (
                "{% if page.kind == 'list' %}A{% elsif page.kind == \"essay\" %}B{% endif %}",
                Some("B"),
                true,
            ),
            ("{% if page.toc %}A{% elsif y %}B{% else %}C{% endif %}", Some("B"), false),
            ("{% if page.toc and y %}A{% else %}B{% endif %}", Some("B"), true),
            ("{% if page.kind or y %}A{% else %}B{% endif %}", Some("A"), true),
            ("{% if not page.toc %}A{% else %}B{% endif %}", Some("A"), true),
            ("{% if jekyll.environment != 'production' %}A{% else %}B{% endif %}", Some("B"), true),
            ("{%- unless page.toc -%}A{%- else -%}B{%- endunless -%}", Some("A"), true),
            ("{% unless x %}A{% else %}B{% endunless %}", Some("A"), false),
            (
                "{% case page.kind %} x {% when 'list', 'essay' %}A{% else %}B{% endcase %}",
                Some("A"),
                true,
            ),
            ("{% case page.kind %}{% when 'list' %}A{% endcase %}", None, true),
            ("{% case x %}{% when 1 %}A{% when 2 %}B{% endcase %}", Some("A"), false),
            ("{% for p in site.posts %}A{% else %}B{% endfor %}", Some("A"), false),
            (
                "{% if x %}{% if y %}A{% else %}B{% endif %}{% else %}C{% endif %}",
                Some("{% if y %}A{% else %}B{% endif %}"),
                false,
            ),
            (
                "{% if x %}{% raw %}{% else %}{% endraw %}{% else %}C{% endif %}",
                Some("{% raw %}{% else %}{% endraw %}"),
                false,
            ),
        ] {
            assert_eq!(chosen(source), (text, known), "{source}");
        }
    }

    #[test]
    fn what_has_no_end_is_no_block() {
        for source in ["{% if x %}A", "{% if x %}A{% endfor %}", "{% endif %}", "{% else %}"] {
            assert!(find(source, &|_| false).is_empty(), "{source}");
        }
        let many = "{% if x %}".repeat(20_000) + &"{% endfor %}{% else %}".repeat(20_000);
        assert!(find(&many, &|_| false).is_empty());
    }
}
