//! Reads Atom 1.0 back, element by element (RFC 4287).

use std::collections::BTreeSet;

use chrono::{DateTime, SubsecRound, Utc};
use roxmltree::Node;

use super::{
    Check, Refusal, attributes, children, content, links, own_address, parse, same_count, single,
};
use crate::feed::{self, Format, Tombstone};
use crate::render::atom::{TOMBSTONES, entry_id};
use crate::render::item::{self, Item, Someone};
use crate::render::{Channel, text};

const ATOM: Option<&str> = Some("http://www.w3.org/2005/Atom");

pub(super) fn verify(xml: &str, channel: &Channel<'_>, items: &[Item<'_>]) -> Result<(), Refusal> {
    let document = parse(xml)?;
    let root = document.root_element();
    let head = Check::feed();
    let name = (root.tag_name().namespace(), root.tag_name().name());
    head.same("the root element", &name, &(ATOM, "feed"))?;
    let says = |name, expected: &str| {
        let found = single(&head, root, ATOM, name)?;
        head.text(&format!("`{name}`"), found.as_deref(), Some(expected))
    };
    says("title", &item::title(channel))?;
    says("id", &text::id(&channel.feed.id))?;
    let updated = single(&head, root, ATOM, "updated")?.as_deref().and_then(instant);
    let expected = feed::updated(channel.entries).trunc_subsecs(0);
    head.same("`updated`", &updated, &Some(expected))?;
    head.same("`author`", &people(root, "author"), &names(&item::site_authors(channel.site)))?;
    let own = own_address(channel, Format::Atom);
    head.same("the link to itself", &links(root, "self"), &own.into_iter().collect())?;
    let gone: Vec<_> = children(root, Some(TOMBSTONES), "deleted-entry")
        .map(|n| (n.attribute("ref").map(str::to_owned), n.attribute("when").and_then(instant)))
        .collect();
    let id = |t: &Tombstone| entry_id(&text::id(&t.id), &channel.site.id_base);
    let expected: Vec<_> =
        channel.gone.iter().map(|t| (Some(id(t)), Some(t.at.trunc_subsecs(0)))).collect();
    head.same("`at:deleted-entry`", &gone, &expected)?;
    let found: Vec<Node<'_, '_>> = children(root, ATOM, "entry").collect();
    same_count("entries", found.len(), items.len())?;
    for (index, (node, item)) in found.iter().zip(items).enumerate() {
        verify_entry(*node, &Check::entry(index, item), channel, item)?;
    }
    let ids: BTreeSet<&str> = items.iter().map(|i| i.id.as_str()).collect();
    same_count("different ids", ids.len(), items.len())
}

fn verify_entry(
    node: Node<'_, '_>,
    check: &Check,
    channel: &Channel<'_>,
    item: &Item<'_>,
) -> Result<(), Refusal> {
    let text = |name, expected: Option<&str>| {
        let found = single(check, node, ATOM, name)?;
        check.text(&format!("`{name}`"), found.as_deref(), expected)
    };
    text("id", Some(&entry_id(&item.id, &channel.site.id_base)))?;
    text("title", Some(&item.title))?;
    text("summary", item.summary.as_deref())?;
    text("content", item.content.as_deref())?;
    let html = children(node, ATOM, "content").all(|n| n.attribute("type") == Some("html"));
    check.same("`type` of `content` being html", &html, &true)?;
    let time = |name| single(check, node, ATOM, name).map(|t| t.as_deref().and_then(instant));
    check.same("`published`", &time("published")?, &Some(item.published))?;
    check.same("`updated`", &time("updated")?, &Some(item.updated))?;
    check.same("the link", &links(node, "alternate"), &vec![item.link.clone()])?;
    let enclosures: Vec<_> = item.enclosures.iter().map(|m| text::url(&m.url)).collect();
    check.same("the enclosures", &links(node, "enclosure"), &enclosures)?;
    check.same("`author`", &people(node, "author"), &names(&item.authors))?;
    check.same("`contributor`", &people(node, "contributor"), &names(&item.others))?;
    let categories: Vec<_> = children(node, ATOM, "category")
        .map(|n| attributes(n, &["term", "scheme", "label"]))
        .collect();
    let expected: Vec<_> = item
        .categories
        .iter()
        .map(|c| vec![Some(c.term.clone()), Some(c.scheme.clone()), Some(c.path.clone())])
        .collect();
    check.same("`category`", &categories, &expected)
}

fn people(node: Node<'_, '_>, name: &'static str) -> Vec<String> {
    let name_of = |person| children(person, ATOM, "name").map(content).collect::<String>();
    children(node, ATOM, name).map(name_of).collect()
}

fn names(people: &[Someone]) -> Vec<String> {
    people.iter().map(|p| p.name.clone()).collect()
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc())
}
