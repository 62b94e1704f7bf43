//! Reads RSS 2.0 back, element by element (standards §1).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use roxmltree::Node;

use super::{
    Check, Refusal, attributes, children, content, links, own_address, parse, same_count, single,
};
use crate::feed::{self, Format};
use crate::render::item::{self, Item};
use crate::render::{Channel, rss, text};

const CONTENT: Option<&str> = Some("http://purl.org/rss/1.0/modules/content/");
const DC: Option<&str> = Some("http://purl.org/dc/elements/1.1/");
const ATOM: Option<&str> = Some("http://www.w3.org/2005/Atom");

pub(super) fn verify(xml: &str, channel: &Channel<'_>, items: &[Item<'_>]) -> Result<(), Refusal> {
    let document = parse(xml)?;
    let root = document.root_element();
    let head = Check::feed();
    head.same("the root element", &root.tag_name().name(), &"rss")?;
    head.same("`version`", &root.attribute("version"), &Some("2.0"))?;
    let channels: Vec<Node<'_, '_>> = children(root, None, "channel").collect();
    same_count("channels", channels.len(), 1)?;
    let node = channels[0];
    verify_head(node, channel)?;
    let found: Vec<Node<'_, '_>> = children(node, None, "item").collect();
    same_count("items", found.len(), items.len())?;
    let after_first_item = node
        .children()
        .filter(Node::is_element)
        .skip_while(|n| !n.has_tag_name("item"))
        .filter(|n| !n.has_tag_name("item"));
    same_count("elements of the channel after its first item", after_first_item.count(), 0)?;
    for (index, (node, item)) in found.iter().zip(items).enumerate() {
        verify_item(*node, &Check::entry(index, item), item)?;
    }
    let ids: BTreeSet<&str> = items.iter().map(|i| i.id.as_str()).collect();
    same_count("different ids", ids.len(), items.len())
}

fn verify_head(node: Node<'_, '_>, channel: &Channel<'_>) -> Result<(), Refusal> {
    let head = Check::feed();
    let feed = channel.feed;
    let text = |name, expected: Option<String>| {
        let found = single(&head, node, None, name)?;
        head.text(&format!("`{name}`"), found.as_deref(), expected.as_deref())
    };
    text("title", Some(item::title(channel)))?;
    text("link", Some(text::url(&feed.home)))?;
    text("description", Some(item::description(channel)))?;
    text("language", item::language(channel))?;
    text("copyright", channel.site.copyright.as_deref().map(text::line))?;
    text("managingEditor", rss::managing_editor(channel))?;
    let own = own_address(channel, Format::Rss);
    head.same("the link to itself", &links(node, "self"), &own.into_iter().collect())?;
    let time = |name| single(&head, node, None, name).map(|t| t.as_deref().map(instant));
    let newest = channel.entries.iter().map(|e| Some(whole(e.published))).max();
    head.same("`pubDate`", &time("pubDate")?, &newest)?;
    let changed = newest.map(|_| Some(whole(feed::updated(channel.entries))));
    head.same("`lastBuildDate`", &time("lastBuildDate")?, &changed)
}

fn verify_item(node: Node<'_, '_>, check: &Check, item: &Item<'_>) -> Result<(), Refusal> {
    let text = |namespace, name, expected: Option<&str>| {
        let found = single(check, node, namespace, name)?;
        check.text(&format!("`{name}`"), found.as_deref(), expected)
    };
    text(None, "guid", Some(&item.id))?;
    let permalink = children(node, None, "guid").next().and_then(|n| n.attribute("isPermaLink"));
    let expected = if rss::is_permalink(item) { "true" } else { "false" };
    check.same("`isPermaLink`", &permalink, &Some(expected))?;
    text(None, "title", Some(&item.title))?;
    text(None, "link", Some(&item.link))?;
    text(None, "description", item.summary.as_deref().map(text::html).as_deref())?;
    text(CONTENT, "encoded", item.content.as_deref())?;
    let published = single(check, node, None, "pubDate")?.as_deref().and_then(instant);
    check.same("`pubDate`", &published, &Some(item.published))?;
    let updated = single(check, node, ATOM, "updated")?.as_deref().and_then(rfc3339);
    check.same("`atom:updated`", &updated, &item.changed())?;
    let creators: Vec<String> = children(node, DC, "creator").map(content).collect();
    let authors: Vec<String> = item.authors.iter().map(|a| a.name.clone()).collect();
    check.same("`dc:creator`", &creators, &authors)?;
    let categories: Vec<_> = children(node, None, "category")
        .map(|n| (n.attribute("domain").map(str::to_owned), content(n)))
        .collect();
    let expected: Vec<_> =
        item.categories.iter().map(|c| (Some(c.scheme.clone()), c.path.clone())).collect();
    check.same("`category`", &categories, &expected)?;
    verify_enclosure(node, check, item)
}

fn verify_enclosure(node: Node<'_, '_>, check: &Check, item: &Item<'_>) -> Result<(), Refusal> {
    let found: Vec<_> = children(node, None, "enclosure")
        .map(|n| attributes(n, &["url", "length", "type"]))
        .collect();
    let expected: Vec<_> = item
        .enclosures
        .iter()
        .take(1)
        .map(|m| {
            let length = m.bytes.unwrap_or(0).to_string();
            vec![Some(text::url(&m.url)), Some(length), Some(item::enclosure_type(m))]
        })
        .collect();
    check.same("`enclosure`", &found, &expected)
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|t| t.to_utc())
}

fn rfc3339(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc())
}

fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    chrono::SubsecRound::trunc_subsecs(at, 0)
}
