//! What groups an article: its section by name, folder or first category, then categories, tags,
//! series and whatever other taxonomy is named.

use super::super::desk::Desk;
use super::super::fields::{Fields, LIST_VALUES_MAX, Named, normal};
use super::super::plain;
use super::keys;
use super::spot::Spot;
use crate::article::slug::{RESERVED_NAMES, slug};
use crate::article::{LANGUAGE, Person, Role, Taxonomy, Term, TermKey};
use crate::problem::Code;

/// A term's name has neither letter nor digit.
pub(crate) const TERM_NAMELESS: Code = Code::new("term-nameless");

/// The slug of a section; a reserved one gets `-section`.
pub(in super::super) fn section_slug(name: &str) -> String {
    let slug = slug(name);
    if RESERVED_NAMES.contains(&slug.as_str()) { format!("{slug}-section") } else { slug }
}

/// The categories that a document names, in its order.
pub(super) fn categories(fields: &Fields<'_>, spot: &Spot) -> Vec<String> {
    let mut names = Vec::new();
    for key in keys::CATEGORIES {
        collect(&mut names, fields.get(key), spot);
    }
    if let Some(value) = taxonomies(fields).and_then(|map| map.member(keys::CATEGORIES)) {
        collect(&mut names, Some(value), spot);
    }
    names
}

fn taxonomies<'f>(fields: &'f Fields<'_>) -> Option<&'f Named> {
    fields.get("taxonomies").filter(|value| matches!(value, Named::Map(_)))
}

/// A language and, of `pt-BR`, the one that it is a kind of.
pub(in super::super) fn languages(tag: &str) -> Vec<Term> {
    let whole = slug(tag);
    let kind = whole.split('-').next().unwrap_or_default().to_owned();
    let term = |slug: String| Term {
        key: TermKey { taxonomy: Taxonomy::from(LANGUAGE.to_owned()), slug },
        label: tag.to_owned(),
        label_from_index: false,
        parents: Vec::new(),
        position: None,
    };
    let both = if whole == kind { vec![whole] } else { vec![whole, kind] };
    both.into_iter().filter(|slug| !slug.is_empty()).map(term).collect()
}

/// The section's terms, parents before children.
pub(super) fn sections(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    categories: &[String],
) -> Vec<Term> {
    let given = given(desk, fields, true);
    if !given.is_empty() {
        return given;
    }
    let mut names = Vec::new();
    if let Some((key, value)) = fields.first(keys::SECTION) {
        collect(&mut names, Some(value), spot);
        names.retain(|name| sound(desk, fields, key, name));
    }
    if !names.is_empty() {
        return names.iter().map(|name| named_section(desk, name)).collect();
    }
    let folders = folder_sections(desk, spot);
    if !folders.is_empty() {
        return folders;
    }
    let first = categories.first().or(desk.options.section.as_ref());
    first
        .filter(|name| !slug(name).is_empty())
        .map(|name| named_section(desk, name))
        .into_iter()
        .collect()
}

/// The terms that a row gives whole: maps with `taxonomy`, `slug`, `name` and the slugs of `parents`.
fn given(desk: &mut Desk<'_>, fields: &Fields<'_>, sections: bool) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    if !matches!(desk.document.content, super::super::Content::Row(_)) {
        return terms;
    }
    for one in fields.get("terms").map(Named::each).unwrap_or_default() {
        let line = |key: &str| one.member(&[key]).and_then(Named::text).map(|t| plain::line(&t));
        let (Some(taxonomy), Some(name)) = (line("taxonomy"), line("name")) else { continue };
        let taxonomy = Taxonomy::from(slug(&taxonomy));
        if (taxonomy == Taxonomy::Section) != sections || taxonomy.as_str().is_empty() {
            continue;
        }
        let slug_of = |text: &str| if sections { section_slug(text) } else { slug(text) };
        let own = line("slug").map(|text| slug_of(&text)).filter(|slug| !slug.is_empty());
        let own = own.unwrap_or_else(|| slug_of(&name));
        let parents = one.member(&["parents"]).map(Named::each).unwrap_or_default();
        let parents = parents.iter().filter_map(Named::text).map(|text| slug_of(&text));
        let key = TermKey { taxonomy, slug: own };
        if terms.iter().any(|term| term.key == key) || !sound(desk, fields, "terms", &key.slug) {
            continue;
        }
        terms.push(Term {
            key,
            label: name,
            label_from_index: false,
            parents: parents.filter(|slug| !slug.is_empty()).collect(),
            position: None,
        });
    }
    terms
}

fn named_section(desk: &Desk<'_>, name: &str) -> Term {
    let key = TermKey { taxonomy: Taxonomy::Section, slug: section_slug(name) };
    let index = desk.document.around.indexes.iter().find(|index| {
        let folder = index.folder.rsplit('/').next().unwrap_or_default();
        section_slug(folder) == key.slug
    });
    let title = index.and_then(|index| index.title.clone());
    Term {
        key,
        label_from_index: title.is_some(),
        label: title.unwrap_or_else(|| name.to_owned()),
        parents: Vec::new(),
        position: index.and_then(|index| index.weight),
    }
}

fn folder_sections(desk: &Desk<'_>, spot: &Spot) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for folder in &spot.sections {
        let name = folder.rsplit('/').next().unwrap_or(folder).trim_start_matches('_');
        let slug = section_slug(name);
        if slug.is_empty() || terms.iter().any(|term| term.key.slug == slug) {
            continue;
        }
        let index = desk.document.around.indexes.iter().find(|index| index.folder == *folder);
        let title = index.and_then(|index| index.title.clone());
        terms.push(Term {
            parents: terms.iter().map(|term| term.key.slug.clone()).collect(),
            key: TermKey { taxonomy: Taxonomy::Section, slug },
            label_from_index: title.is_some(),
            label: title.unwrap_or_else(|| capital(name)),
            position: index.and_then(|index| index.weight),
        });
    }
    terms
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// All other terms: categories, tags, series, what stands under `taxonomies`, authors.
pub(super) fn others(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    categories: &[String],
    people: &[Person],
) -> Vec<Term> {
    let mut terms = given(desk, fields, false);
    for name in categories {
        add(
            &mut terms,
            desk,
            fields,
            ("categories", &Taxonomy::Other("category".to_owned())),
            name,
        );
    }
    for name in tags(fields, spot) {
        add(&mut terms, desk, fields, ("tags", &Taxonomy::Tag), &name);
    }
    series(&mut terms, desk, fields, spot);
    if let Some(Named::Map(map)) = taxonomies(fields) {
        for (key, value) in map.iter().take(LIST_VALUES_MAX) {
            let taxonomy = match normal(key).as_str() {
                "tags" | "tag" | "categories" | "category" | "series" | "authors" | "author" => {
                    continue;
                }
                "" => continue,
                _ => Taxonomy::from(slug(key)),
            };
            let mut names = Vec::new();
            collect(&mut names, Some(value), spot);
            for name in names {
                add(&mut terms, desk, fields, ("taxonomies", &taxonomy), &name);
            }
        }
    }
    for person in people.iter().filter(|person| person.role == Role::Author) {
        add(&mut terms, desk, fields, ("author", &Taxonomy::Author), &person.name);
    }
    terms
}

fn tags(fields: &Fields<'_>, spot: &Spot) -> Vec<String> {
    let mut names = Vec::new();
    for key in keys::TAGS {
        collect(&mut names, fields.get(key), spot);
    }
    if let Some(value) = taxonomies(fields).and_then(|map| map.member(keys::TAGS)) {
        collect(&mut names, Some(value), spot);
    }
    if names.is_empty() {
        collect(&mut names, fields.get("keywords"), spot);
    }
    names.retain(|name| !keys::PLUMBING_TAGS.contains(&name.to_lowercase().as_str()));
    names
}

fn series(terms: &mut Vec<Term>, desk: &mut Desk<'_>, fields: &Fields<'_>, spot: &Spot) {
    let inner = taxonomies(fields).and_then(|map| map.member(keys::SERIES));
    let Some(value) = fields.first(keys::SERIES).map(|(_, value)| value).or(inner) else { return };
    let mut names = Vec::new();
    collect(&mut names, Some(value), spot);
    let own = value.member(&["part", "position", "order", "index", "number"]);
    let position = own.and_then(Named::integer).or_else(|| fields.integer(keys::SERIES_PART));
    for name in names {
        let before = terms.len();
        add(terms, desk, fields, ("series", &Taxonomy::Series), &name);
        if let Some(term) = terms[before..].first_mut() {
            term.position = position;
        }
    }
}

fn add(
    terms: &mut Vec<Term>,
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    (key, taxonomy): (&str, &Taxonomy),
    name: &str,
) {
    if !sound(desk, fields, key, name) {
        return;
    }
    let key = TermKey { taxonomy: taxonomy.clone(), slug: slug(name) };
    if terms.iter().any(|term| term.key == key) {
        return;
    }
    terms.push(Term {
        key,
        label: name.to_owned(),
        label_from_index: false,
        parents: Vec::new(),
        position: None,
    });
}

fn sound(desk: &mut Desk<'_>, fields: &Fields<'_>, key: &str, name: &str) -> bool {
    let sound = !slug(name).is_empty();
    if !sound {
        desk.warn(
            &TERM_NAMELESS,
            fields.place(key),
            format!("{name:?} can't be a term: it has neither a letter nor a digit"),
            "give it a name with a letter or a digit",
        );
    }
    sound
}

/// Names out of a list, a text or maps. A text is one name; with commas it is several, and under
/// Jekyll's rules each word is one.
fn collect(names: &mut Vec<String>, value: Option<&Named>, spot: &Spot) {
    let Some(value) = value else { return };
    let mut push = |name: &str| {
        let name = plain::line(name);
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    };
    match value {
        Named::Text(text) if text.contains(',') => {
            text.split(',').take(LIST_VALUES_MAX).for_each(push)
        }
        Named::Text(text) if spot.jekyll => {
            text.split_whitespace().take(LIST_VALUES_MAX).for_each(push)
        }
        value => {
            for one in value.each() {
                let name = one.text().or_else(|| one.member(&["name", "title", "label"])?.text());
                if let Some(name) = name {
                    push(&name);
                }
            }
        }
    }
}
