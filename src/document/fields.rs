//! What any document yields before anyone asks what it means: named values, each with its place.
//! Names are compared without case, `_` and `-`, so that `featured_image`, `featuredImage` and
//! Hugo's lower-cased `featuredimage` are one key. What a key means is [`resolve`](super::resolve)'s.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::problem::Place;

/// More values than anyone lists of one article: names are compared with each other.
pub(super) const LIST_VALUES_MAX: usize = 1_000;

/// A value as a person wrote it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Named {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    List(Vec<Named>),
    Map(Vec<(String, Named)>),
}

impl Named {
    /// The value as text, where it is one value.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Named::Bool(b) => Some(b.to_string()),
            Named::Integer(n) => Some(n.to_string()),
            Named::Real(n) => Some(n.to_string()),
            Named::Text(text) => Some(text.clone()),
            Named::Null | Named::List(_) | Named::Map(_) => None,
        }
    }

    /// Yes or no in any of the spellings of YAML 1.1, databases and people.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Named::Bool(b) => Some(*b),
            Named::Integer(0) => Some(false),
            Named::Integer(1) => Some(true),
            Named::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" | "t" | "1" => Some(true),
                "false" | "no" | "off" | "n" | "f" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Named::Integer(n) => Some(*n),
            Named::Text(text) => text.trim().parse().ok(),
            // Some writers of JSON and spreadsheets know no whole numbers.
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
            Named::Real(n) if n.fract() == 0.0 && n.abs() < 1e15 => Some(*n as i64),
            _ => None,
        }
    }

    /// Nothing, or only white space.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Named::Null => true,
            Named::Text(text) => text.trim().is_empty(),
            Named::List(list) => list.iter().all(Named::is_empty),
            Named::Map(map) => map.is_empty(),
            _ => false,
        }
    }

    /// The values of a list, or the one value; of an overlong list the first ones.
    pub(super) fn each(&self) -> &[Named] {
        match self {
            Named::List(list) => &list[..list.len().min(LIST_VALUES_MAX)],
            one => std::slice::from_ref(one),
        }
    }

    /// The value of the first of these keys that a map has.
    pub(super) fn member(&self, keys: &[&str]) -> Option<&Named> {
        let Named::Map(map) = self else { return None };
        keys.iter().find_map(|key| {
            map.iter().find(|(name, value)| same(name, key) && !value.is_empty()).map(|(_, v)| v)
        })
    }
}

/// A key for comparing: lower case, without `_` and `-`.
pub(super) fn normal(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

fn same(name: &str, normal_key: &str) -> bool {
    name == normal_key || normal(name) == normal_key
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Named, D::Error> {
        from.deserialize_any(NamedVisitor)
    }
}

struct NamedVisitor;

/// How the `toml` crate hands over its dates: as a map of this one key.
const TOML_DATETIME: &str = "$__toml_private_datetime";

impl<'de> Visitor<'de> for NamedVisitor {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Named, E> {
        Ok(Named::Null)
    }

    fn visit_none<E>(self) -> Result<Named, E> {
        Ok(Named::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Named, D::Error> {
        Named::deserialize(from)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Named, E> {
        Ok(Named::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Named, E> {
        Ok(Named::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Named, E> {
        Ok(i64::try_from(value).map_or_else(|_| Named::Text(value.to_string()), Named::Integer))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Named, E> {
        Ok(Named::Text(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Named, E> {
        Ok(Named::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Named, E> {
        Ok(Named::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Named, E> {
        Ok(Named::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Named, E> {
        Ok(Named::Text(value))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Named, E> {
        Ok(Named::Text(String::from_utf8_lossy(value).into_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Named, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Named::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Named, A::Error> {
        let mut map: Vec<(String, Named)> = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Named, Named>()? {
            let key = key.text().unwrap_or_default();
            if key == TOML_DATETIME {
                return Ok(value);
            }
            map.push((key, value));
        }
        Ok(Named::Map(map))
    }
}

/// What a page names outside any front matter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    /// The key that it counts as, in its normal form.
    pub(super) key: &'static str,
    /// How the page calls it.
    pub(super) name: String,
    pub(super) value: Named,
    /// The value as the page writes it, near its name.
    pub(super) near: String,
}

impl Fact {
    pub(super) fn new(key: &'static str, name: &str, value: Named, near: &str) -> Fact {
        Fact { key, name: name.to_owned(), value, near: near.to_owned() }
    }
}

/// One named value.
#[derive(Debug, Clone)]
struct Field {
    normal: String,
    name: String,
    /// The map that it stands in (`params`, `extra`), as spelled.
    parent: Option<String>,
    value: Named,
    /// Of a page's fact, how its value is written.
    near: Option<String>,
}

/// The named values of one document.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    fields: Vec<Field>,
    /// What problems call the document.
    shown: &'a str,
    /// Its whole text, and where in it the names stand; a row has none.
    text: &'a str,
    header: Range<usize>,
}

/// Maps whose members count as top-level names where the top level has none of that name: Hugo's
/// and Zola's own places for what a site invents.
const INNER: [&str; 2] = ["params", "extra"];

impl<'a> Fields<'a> {
    /// Adds a value that the document doesn't name itself.
    pub(super) fn put(&mut self, name: &str, value: Named) {
        let (normal, name) = (normal(name), name.to_owned());
        self.fields.push(Field { normal, name, parent: None, value, near: None });
    }

    /// Of a document whose names stand in `header` of its text. Later ones of the same spelling win;
    /// the names of those that lost are the second result.
    pub(super) fn new(
        map: Vec<(String, Named)>,
        shown: &'a str,
        text: &'a str,
        header: Range<usize>,
    ) -> (Fields<'a>, Vec<String>) {
        let mut fields: Vec<Field> = Vec::with_capacity(map.len());
        let mut lost = Vec::new();
        for (name, value) in map {
            if let Some(earlier) = fields.iter_mut().find(|f| f.name == name) {
                earlier.value = value;
                lost.push(name);
            } else {
                fields.push(Field { normal: normal(&name), name, parent: None, value, near: None });
            }
        }
        for key in INNER {
            let Some(at) = fields.iter().position(|f| f.normal == key && f.parent.is_none()) else {
                continue;
            };
            let Named::Map(members) = fields[at].value.clone() else { continue };
            let parent = fields[at].name.clone();
            fields.extend(members.into_iter().take(LIST_VALUES_MAX).map(|(name, value)| Field {
                normal: normal(&name),
                name,
                parent: Some(parent.clone()),
                value,
                near: None,
            }));
        }
        (Fields { fields, shown, text, header }, lost)
    }

    /// Adds what a page names; a front matter's names count before it.
    pub(super) fn extend(&mut self, facts: Vec<Fact>) {
        self.fields.extend(facts.into_iter().map(|fact| Field {
            normal: fact.key.to_owned(),
            name: fact.name,
            parent: None,
            value: fact.value,
            near: Some(fact.near),
        }));
    }

    /// The keys whose lists are longer than what is read of them.
    pub(super) fn overlong(&self) -> Vec<&str> {
        let long =
            |f: &&Field| matches!(&f.value, Named::List(list) if list.len() > LIST_VALUES_MAX);
        self.fields.iter().filter(long).map(|f| f.normal.as_str()).collect()
    }

    /// Whether the document names nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The value of a key in its normal form, empty ones passed over.
    pub(super) fn get(&self, key: &str) -> Option<&Named> {
        self.fields.iter().find(|f| f.normal == key && !f.value.is_empty()).map(|f| &f.value)
    }

    /// As [`Fields::get`], but only of the top level: identity is never a theme's own business.
    pub(super) fn top(&self, key: &str) -> Option<&Named> {
        let field = self.fields.iter().find(|f| f.normal == key && !f.value.is_empty())?;
        field.parent.is_none().then_some(&field.value)
    }

    /// The first of these top-level keys as it is written, but for white space around it.
    pub(super) fn literal(&self, keys: &[&str]) -> Option<String> {
        keys.iter()
            .filter_map(|key| self.top(key)?.text())
            .map(|text| text.trim().chars().filter(|c| !c.is_control()).collect::<String>())
            .find(|text| !text.is_empty())
    }

    /// The first of these keys that is named, and its value.
    pub(super) fn first<'k>(&self, keys: &[&'k str]) -> Option<(&'k str, &Named)> {
        keys.iter().find_map(|key| Some((*key, self.get(key)?)))
    }

    /// The first of these keys as one line of plain text.
    pub(super) fn line(&self, keys: &[&str]) -> Option<String> {
        keys.iter()
            .filter_map(|key| self.get(key)?.text())
            .map(|text| super::plain::line(&text))
            .find(|text| !text.is_empty())
    }

    /// The first of these keys that is a yes or no.
    pub(super) fn truth(&self, keys: &[&str]) -> Option<bool> {
        keys.iter().find_map(|key| self.get(key)?.truth())
    }

    /// The first of these keys that is a whole number.
    pub(super) fn integer(&self, keys: &[&str]) -> Option<i64> {
        keys.iter().find_map(|key| self.get(key)?.integer())
    }

    /// Where the value of a key stands, for a problem: found only when one is told.
    pub(super) fn place(&self, key: &str) -> Place {
        let field = self.fields.iter().find(|f| f.normal == key && !f.value.is_empty());
        let Some(field) = field else { return Place::whole(self.shown) };
        match self.offset(field) {
            Some(at) => Place::in_text(self.shown, self.text, at),
            None => Place::whole(self.shown),
        }
    }

    /// How a key is spelled in the document.
    pub(super) fn spelling<'s>(&'s self, key: &'s str) -> &'s str {
        self.fields.iter().find(|f| f.normal == key).map_or(key, |f| f.name.as_str())
    }

    /// Where a top-level name stands for the last time.
    pub(super) fn last_place(&self, name: &str) -> Place {
        let header = &self.text[self.header.clone()];
        match find_key(header, name, false, true) {
            Some((key, _)) => Place::in_text(self.shown, self.text, self.header.start + key),
            None => Place::whole(self.shown),
        }
    }

    fn offset(&self, field: &Field) -> Option<usize> {
        if let Some(near) = &field.near {
            return find_near(self.text, &field.name, near);
        }
        let header = &self.text[self.header.clone()];
        let (from, nested) = match &field.parent {
            Some(parent) => (find_parent(header, parent)?, true),
            None => (0, false),
        };
        let value = find_key(&header[from..], &field.name, nested, !nested)
            .map(|(_, value)| value)
            .or_else(|| find_in_line(&header[from..], &field.name))?;
        Some(self.header.start + from + value)
    }
}

/// Only the beginning of a page is searched, and only so often: nobody waits for a place.
const PLACE_BYTES_MAX: usize = 1 << 20;
const PLACE_NAMES_MAX: usize = 100;
/// How far from its name a value stands.
const NEAR_BYTES: usize = 1_000;

/// Where a page writes a value near its name; the name's own place where the value is written
/// otherwise than it reads.
fn find_near(text: &str, name: &str, value: &str) -> Option<usize> {
    let mut end = text.len().min(PLACE_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let value: &str = value.lines().next().unwrap_or_default();
    let mut first = None;
    for (at, _) in text.match_indices(name).take(PLACE_NAMES_MAX) {
        first = first.or(Some(at));
        let mut from = at.saturating_sub(NEAR_BYTES);
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        let mut to = text.len().min(at + NEAR_BYTES);
        while !text.is_char_boundary(to) {
            to += 1;
        }
        // Mostly it follows; in its own tag it may stand before.
        if value.is_empty() {
            break;
        }
        if let Some(found) = text[at..to].find(value) {
            return Some(at + found);
        }
        if let Some(found) = text[from..at].rfind(value) {
            return Some(from + found);
        }
    }
    first
}

/// The end of the line that opens a map: `extra:`, `[extra]` or `"extra": {`.
fn find_parent(header: &str, parent: &str) -> Option<usize> {
    let table = format!("[{parent}]");
    let at = find_line(header, |line| line.trim() == table).map(|at| at + table.len());
    at.or_else(|| find_key(header, parent, false, false).map(|(_, value)| value))
}

fn find_line(text: &str, fits: impl Fn(&str) -> bool) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if fits(line) {
            return Some(start + line.len() - line.trim_start().len());
        }
        start += line.len();
    }
    None
}

/// Where a key and its value stand, as a person would look for them: at the start of a line,
/// perhaps in quotes, before `:` or `=`.
fn find_key(text: &str, name: &str, nested: bool, last: bool) -> Option<(usize, usize)> {
    let mut found = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches([' ', '\t', '{', ',']);
        let at = line.len() - bare.len();
        let indented = line.starts_with([' ', '\t']) && !line.trim_start().starts_with('"');
        if (nested || !indented)
            && let Some(value) = value_after(bare, name)
        {
            found = Some((start + at, start + at + value));
            if !last {
                return found;
            }
        }
        start += line.len();
    }
    found
}

/// Where the value of a quoted key stands that shares its line with others, as in compact JSON.
fn find_in_line(text: &str, name: &str) -> Option<usize> {
    let key = format!("\"{name}\"");
    text.match_indices(&key).find_map(|(at, _)| {
        let rest = text[at + key.len()..].trim_start().strip_prefix(':')?;
        Some(text.len() - rest.trim_start().len())
    })
}

fn value_after(line: &str, name: &str) -> Option<usize> {
    let (quote, rest) = match line.chars().next()? {
        quote @ ('"' | '\'') => (Some(quote), &line[1..]),
        _ => (None, line),
    };
    let mut rest = rest.strip_prefix(name)?;
    if let Some(quote) = quote {
        rest = rest.strip_prefix(quote)?;
    }
    let rest = rest.trim_start_matches([' ', '\t']).strip_prefix([':', '='])?;
    Some(line.len() - rest.trim_start_matches([' ', '\t']).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, names: &[&str], key: &str) -> (u32, u32) {
        let value = Named::Text("x".to_owned());
        let mut map: Vec<(String, Named)> = Vec::new();
        for name in names {
            match name.split_once('.') {
                Some((parent, name)) => {
                    map.push((
                        parent.to_owned(),
                        Named::Map(vec![(name.to_owned(), value.clone())]),
                    ));
                }
                None => map.push(((*name).to_owned(), value.clone())),
            }
        }
        let (fields, _) = Fields::new(map, "a.md", text, 0..text.len());
        let place = fields.place(key);
        (place.line, place.column)
    }

    #[test]
    fn values_have_their_place_in_each_syntax() {
        for (text, names, at) in [
            ("a: 1\nDate:  x\n", &["a", "Date"][..], (2, 8)),
            ("a:\n  date: 1\n\"date\": x\n", &["a", "date"], (3, 9)),
            ("date: 1\ndate: x\n", &["date", "date"], (2, 7)),
            ("é = 'date = 1'\ndate=x\n", &["é", "date"], (2, 6)),
            ("[extra]\nother = 1\ndate = x\n", &["extra.date"], (3, 8)),
            ("params:\n  date: x\n", &["params.date"], (2, 9)),
            ("{\n  \"a\": 1,\n  \"date\" : x\n}", &["a", "date"], (3, 12)),
            ("{\"a\": 1, \"date\": x}", &["a", "date"], (1, 18)),
            ("? date\n: x", &["date"], (0, 0)),
        ] {
            assert_eq!(place(text, names, "date"), at, "{text}");
        }
    }

    #[test]
    fn keys_are_compared_without_case_and_signs() {
        for key in ["featured_image", "featuredImage", "featured-image", "FEATUREDIMAGE"] {
            assert_eq!(normal(key), "featuredimage");
        }
    }

    #[test]
    fn yes_and_no_have_many_spellings() {
        let text = |s: &str| Named::Text(s.to_owned()).truth();
        assert_eq!((text("Yes"), text("off"), text(" t ")), (Some(true), Some(false), Some(true)));
        assert_eq!((text("maybe"), Named::Integer(2).truth()), (None, None));
    }
}
