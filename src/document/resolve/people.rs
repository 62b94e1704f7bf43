//! Who made an article: names, maps or lists of them, under the keys of each role.

use super::super::desk::Desk;
use super::super::fields::{Fields, Named};
use super::super::plain;
use super::{address, keys};
use crate::article::{Person, Role};

/// The people that a document names, authors first; without authors, those of its source.
pub(super) fn people(desk: &Desk<'_>, fields: &Fields<'_>) -> Vec<Person> {
    let mut people = Vec::new();
    let inner = fields.get("taxonomies").and_then(|map| map.member(keys::AUTHORS));
    if let Some(value) = fields.first(keys::AUTHORS).map(|(_, value)| value).or(inner) {
        add(&mut people, desk, value, &Role::Author);
    }
    if !people.iter().any(|person: &Person| person.role == Role::Author) {
        for name in &desk.options.authors {
            people.push(named(plain::line(name), Role::Author));
        }
    }
    for (key, role) in keys::ROLES {
        if let Some(value) = fields.get(key) {
            add(&mut people, desk, value, &Role::Other((*role).to_owned()));
        }
    }
    people
}

fn named(name: String, role: Role) -> Person {
    Person { name, role, uri: None, email: None, image: None }
}

fn add(people: &mut Vec<Person>, desk: &Desk<'_>, value: &Named, role: &Role) {
    for one in value.each() {
        let person = match one {
            Named::Map(_) => map(desk, one, role),
            one => one.text().and_then(|text| text_person(&text, role)),
        };
        if let Some(person) = person
            && !people.iter().any(|p| p.name == person.name && p.role == person.role)
        {
            people.push(person);
        }
    }
}

/// `Ada Brook` or `Ada Brook <ada@x.example>`.
fn text_person(text: &str, role: &Role) -> Option<Person> {
    let text = plain::line(text);
    if let Some((name, rest)) = text.split_once('<')
        && let Some(email) = rest.strip_suffix('>').filter(|email| email.contains('@'))
        && !name.trim().is_empty()
    {
        let email = Some(email.trim().to_owned());
        return Some(Person { email, ..named(name.trim().to_owned(), role.clone()) });
    }
    let text = text.strip_prefix("By ").or_else(|| text.strip_prefix("by ")).unwrap_or(&text);
    (!text.is_empty()).then(|| named(text.to_owned(), role.clone()))
}

fn map(desk: &Desk<'_>, value: &Named, role: &Role) -> Option<Person> {
    let line = |keys: &[&str]| {
        value
            .member(keys)
            .and_then(Named::text)
            .map(|text| plain::line(&text))
            .filter(|t| !t.is_empty())
    };
    let url = |keys: &[&str]| {
        let written = line(keys)?;
        address::absolute(&desk.options.site_url, &written).map(|url| url.to_string())
    };
    let role = match line(&["role"]) {
        Some(role) if role.eq_ignore_ascii_case("author") => Role::Author,
        Some(role) => Role::Other(role.to_lowercase()),
        None => role.clone(),
    };
    Some(Person {
        name: line(&["name", "displayname", "title"])?,
        role,
        uri: url(&["url", "uri", "link", "website", "href"]),
        email: line(&["email"]).filter(|email| email.contains('@')),
        image: url(&["image", "avatar", "picture", "photo"]),
    })
}
