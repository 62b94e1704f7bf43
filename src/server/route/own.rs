//! The operator's own addresses, ready to be looked up: paths, paths with a query, and patterns of
//! paths. What a request spells otherwise is still the same address; what stands there is the
//! caller's.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What a request's query says, whatever its order.
type Query = BTreeSet<(String, String)>;

/// Addresses, and what stands at each.
#[derive(Debug, Clone)]
pub(super) struct Own<T> {
    paths: HashMap<String, T>,
    /// By path; those that say most come first.
    queries: HashMap<String, Vec<(Query, T)>>,
}

/// What was found for an address with a query.
pub(super) enum Asked<'a, T> {
    /// It says just this.
    Whole(&'a T),
    /// It says this, and more.
    Part(&'a T),
}

impl<T> Own<T> {
    pub(super) fn new() -> Own<T> {
        Own { paths: HashMap::new(), queries: HashMap::new() }
    }

    /// Whether the address stands for nothing else yet.
    pub(super) fn add(&mut self, address: &str, what: T) -> bool {
        let Some((path, query)) = address.split_once('?') else {
            return self.paths.insert(spelling(address).into_owned(), what).is_none();
        };
        let query = read(query);
        let all = self.queries.entry(spelling(path).into_owned()).or_default();
        let is_new = all.iter().all(|(known, _)| *known != query);
        all.push((query, what));
        all.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        is_new
    }

    /// What stands at a path, however it is spelled.
    pub(super) fn at(&self, path: &str) -> Option<&T> {
        if self.paths.is_empty() {
            return None;
        }
        self.paths.get(spelling(path).as_ref())
    }

    /// What stands at the path with a final slash, where it has none, or without it.
    pub(super) fn beside(&self, path: &str) -> Option<&T> {
        match path.strip_suffix('/') {
            _ if self.paths.is_empty() => None,
            Some("") => None,
            Some(shorter) => self.at(shorter),
            None => self.at(&format!("{path}/")),
        }
    }

    /// The address that says most of what the query says, and nothing else.
    pub(super) fn asked(&self, path: &str, query: Option<&str>) -> Option<Asked<'_, T>> {
        let query = query.filter(|_| !self.queries.is_empty())?;
        let all = self.queries.get(spelling(path).as_ref())?;
        let query = read(query);
        let (said, what) = all.iter().find(|(said, _)| said.is_subset(&query))?;
        Some(if said.len() == query.len() { Asked::Whole(what) } else { Asked::Part(what) })
    }
}

fn read(query: &str) -> Query {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// One spelling of an address, however it is written: what two of one address have in common.
#[must_use]
pub(crate) fn canonical(address: &str) -> String {
    let Some((path, query)) = address.split_once('?') else {
        return spelling(address).into_owned();
    };
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(read(query));
    format!("{}?{}", spelling(path), pairs.finish())
}

/// Patterns of paths, and what stands for each.
#[derive(Debug, Clone)]
pub(super) struct Patterns<T> {
    set: GlobSet,
    /// In the order of `set`: the longest pattern first.
    what: Vec<T>,
}

impl<T> Patterns<T> {
    /// # Errors
    /// The pattern that is none, and why.
    pub(super) fn new(mut all: Vec<(&str, T)>) -> Result<Patterns<T>, (String, String)> {
        all.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let mut set = GlobSetBuilder::new();
        for (pattern, _) in &all {
            let glob = glob(pattern).map_err(|reason| ((*pattern).to_owned(), reason))?;
            set.add(glob);
        }
        let set = set.build().map_err(|e| (String::new(), e.to_string()))?;
        Ok(Patterns { set, what: all.into_iter().map(|(_, what)| what).collect() })
    }

    /// What stands for the longest pattern that a path fits, with a final slash or without.
    pub(super) fn of(&self, path: &str) -> Option<&T> {
        if self.what.is_empty() {
            return None;
        }
        let path = spelling(path);
        let first = self.set.matches(path.trim_end_matches('/')).into_iter().min()?;
        self.what.get(first)
    }
}

fn glob(pattern: &str) -> Result<globset::Glob, String> {
    let pattern = spelling(pattern);
    GlobBuilder::new(pattern.trim_end_matches('/'))
        .literal_separator(true)
        .backslash_escape(false)
        .build()
        .map_err(|e| e.kind().to_string())
}

/// Why a pattern of paths is none.
///
/// # Errors
/// The rest of a sentence.
pub(crate) fn pattern(pattern: &str) -> Result<(), String> {
    glob(pattern).map(drop)
}

/// What no path or query has as it is (RFC 3986 §3.3, §3.4), beside everything beyond ASCII.
const UNSPELLED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^');

/// One spelling of a path, however a person or an old link wrote it: percent-encoded, upper-case
/// hex.
pub(super) fn spelling(path: &str) -> Cow<'_, str> {
    let encoded: Cow<'_, str> = utf8_percent_encode(path, UNSPELLED).into();
    if !encoded.contains('%') {
        return encoded;
    }
    let mut upper = String::with_capacity(encoded.len());
    let mut hex_digits = 0;
    for c in encoded.chars() {
        hex_digits = if c == '%' { 3 } else { usize::saturating_sub(hex_digits, 1) };
        upper.push(if hex_digits > 0 { c.to_ascii_uppercase() } else { c });
    }
    Cow::Owned(upper)
}
