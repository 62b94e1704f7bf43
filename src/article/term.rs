//! What groups articles, and what kinds of groups there are.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::is_false;

/// What kind of group a term is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Taxonomy {
    /// The part of the paper that it stands in.
    Section,
    /// A subject.
    Tag,
    /// Who wrote it.
    Author,
    /// A run of articles that belong together.
    Series,
    /// Any other taxonomy, such as `medium`.
    Other(String),
}

/// The taxonomy by which feeds select languages. Readers are told an article's language otherwise.
pub const LANGUAGE: &str = "language";

impl Taxonomy {
    /// Whether its terms say what an article is about; people and languages have places of their own.
    #[must_use]
    pub fn is_subject(&self) -> bool {
        *self != Taxonomy::Author && self.as_str() != LANGUAGE
    }

    /// Its name in addresses and selections: `section`, `tag`, `author`, `series`, or its own.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Taxonomy::Section => "section",
            Taxonomy::Tag => "tag",
            Taxonomy::Author => "author",
            Taxonomy::Series => "series",
            Taxonomy::Other(name) => name,
        }
    }
}

impl From<String> for Taxonomy {
    fn from(name: String) -> Taxonomy {
        match name.as_str() {
            "section" => Taxonomy::Section,
            "tag" => Taxonomy::Tag,
            "author" => Taxonomy::Author,
            "series" => Taxonomy::Series,
            _ => Taxonomy::Other(name),
        }
    }
}

impl From<Taxonomy> for String {
    fn from(taxonomy: Taxonomy) -> String {
        taxonomy.as_str().to_owned()
    }
}

/// Names a term: same taxonomy and slug, same term. Written `section:world`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TermKey {
    /// What kind of group it is.
    pub taxonomy: Taxonomy,
    /// See [`slug`](crate::article::slug::slug).
    pub slug: String,
}

impl fmt::Display for TermKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.taxonomy.as_str(), self.slug)
    }
}

/// What groups articles: a section, a tag, an author, a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Which term it is.
    pub key: TermKey,
    /// Its name for people, as this article (or its section's `_index.md`) spells it.
    pub label: String,
    /// Whether `label` comes from an `_index.md`, which outranks any article's spelling.
    #[serde(default, skip_serializing_if = "is_false")]
    pub label_from_index: bool,
    /// Slugs of the terms that it stands below, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
    /// Where it stands among its siblings or, of a series, which part the article is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
}
