//! Nothing is published that an independent parser can't read back (DESIGN decision 9). XML is read
//! by `roxmltree`, which shares no code with the writers, and every field is compared with the
//! entries that were rendered; `feed-rs` then reads it as a reader program would. JSON is read by
//! `serde_json`. This module only compares; what to do with a refusal is its caller's.

mod atom;
mod json;
mod readers;
mod rss;

use std::fmt;

use roxmltree::{Document, Node};

use crate::feed::address::Address;
use crate::feed::{Format, Site};
use crate::render::item::{self, Item};
use crate::render::{Channel, Listed, text};

/// Why an edition isn't published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// Which entry it is about: its place in the feed, from 1, and its id. `None`: the feed.
    pub entry: Option<(usize, String)>,
    /// What is wrong with it, as the end of a sentence.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some((place, id)) => write!(f, "entry {place} (id {id:?}): {}", self.reason),
            None => write!(f, "the feed: {}", self.reason),
        }
    }
}

/// Reads an edition back and compares it with what was rendered.
///
/// # Errors
/// The first difference.
pub fn verify(format: Format, bytes: &[u8], channel: &Channel<'_>) -> Result<(), Refusal> {
    let items = item::items(channel);
    let text =
        std::str::from_utf8(bytes).map_err(|e| about_feed(format!("it isn't UTF-8: {e}")))?;
    match format {
        Format::Rss => rss::verify(text, channel, &items)?,
        Format::Atom => atom::verify(text, channel, &items)?,
        Format::Json => return json::verify(text, channel, &items),
    }
    readers::verify(format, bytes, channel, &items)
}

/// Reads a list of subscriptions back (OPML 2.0).
///
/// # Errors
/// The first difference.
pub fn opml(bytes: &[u8], site: &Site, feeds: &[Listed<'_>]) -> Result<(), Refusal> {
    let text =
        std::str::from_utf8(bytes).map_err(|e| about_feed(format!("it isn't UTF-8: {e}")))?;
    let document = parse(text)?;
    let outlines: Vec<Node<'_, '_>> =
        document.descendants().filter(|n| n.has_tag_name("outline")).collect();
    same_count("feeds", outlines.len(), feeds.len())?;
    for (outline, listed) in outlines.iter().zip(feeds) {
        let feed = listed.feed;
        let address = site
            .base_url
            .as_ref()
            .map(|base| Address::Edition(feed.name.clone(), Format::Rss).absolute(base));
        let title = text::line(&feed.title);
        let expected =
            [("xmlUrl", address.as_deref()), ("text", Some(&*title)), ("title", Some(&*title))];
        for (name, value) in expected {
            if outline.attribute(name) != value {
                return Err(about_feed(differs(
                    &format!("`{name}` of {}", feed.name),
                    outline.attribute(name),
                    value,
                )));
            }
        }
    }
    Ok(())
}

fn about_feed(reason: impl Into<String>) -> Refusal {
    Refusal { entry: None, reason: reason.into() }
}

fn parse(text: &str) -> Result<Document<'_>, Refusal> {
    Document::parse(text).map_err(|e| about_feed(format!("it isn't well-formed XML: {e}")))
}

fn same_count(what: &str, found: usize, expected: usize) -> Result<(), Refusal> {
    if found == expected {
        return Ok(());
    }
    Err(about_feed(format!("{found} {what} came back of {expected}")))
}

/// Compares the fields of one entry, or of the feed's head.
struct Check {
    entry: Option<(usize, String)>,
}

impl Check {
    fn feed() -> Check {
        Check { entry: None }
    }

    fn entry(index: usize, item: &Item<'_>) -> Check {
        Check { entry: Some((index + 1, item.id.clone())) }
    }

    /// Refuses unless both are equal.
    fn same<T: PartialEq + fmt::Debug>(
        &self,
        field: &str,
        found: &T,
        expected: &T,
    ) -> Result<(), Refusal> {
        if found == expected {
            return Ok(());
        }
        let reason = differs(field, Some(found), Some(expected));
        Err(Refusal { entry: self.entry.clone(), reason })
    }

    /// Texts, compared as readers do: without white space at either end.
    fn text(
        &self,
        field: &str,
        found: Option<&str>,
        expected: Option<&str>,
    ) -> Result<(), Refusal> {
        let bare = |t: Option<&str>| t.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        self.same(field, &bare(found), &bare(expected))
    }
}

/// Says what differs; a long text is cut at the first difference.
fn differs<T: fmt::Debug>(field: &str, found: Option<T>, expected: Option<T>) -> String {
    let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
    let same = found.chars().zip(expected.chars()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(20);
    let cut = |t: &str| -> String {
        let shown: String = t.chars().skip(from).take(80).collect();
        if from > 0 { format!("…{shown}") } else { shown }
    };
    format!("{field} came back as {} instead of {}", cut(&found), cut(&expected))
}

/// All text directly in an element.
fn content(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|c| c.text()).collect()
}

fn children<'a, 'd>(
    node: Node<'a, 'd>,
    namespace: Option<&'static str>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'd>> {
    node.children().filter(move |c| {
        c.is_element() && c.tag_name().name() == name && c.tag_name().namespace() == namespace
    })
}

/// The text of an element that stands at most once; `None` where it is absent.
fn single(
    check: &Check,
    node: Node<'_, '_>,
    namespace: Option<&'static str>,
    name: &'static str,
) -> Result<Option<String>, Refusal> {
    let mut found = children(node, namespace, name);
    let first = found.next();
    check.same(&format!("the number of `{name}` elements beyond one"), &found.count(), &0)?;
    Ok(first.map(content))
}

/// The address that an edition should name as its own.
fn own_address(channel: &Channel<'_>, format: Format) -> Option<String> {
    let base = channel.site.base_url.as_ref()?;
    Some(Address::Edition(channel.feed.name.clone(), format).absolute(base))
}

/// The `href` of links of one relation.
fn links(node: Node<'_, '_>, rel: &str) -> Vec<String> {
    children(node, Some("http://www.w3.org/2005/Atom"), "link")
        .filter(|n| n.attribute("rel").unwrap_or("alternate") == rel)
        .filter_map(|n| n.attribute("href").map(str::to_owned))
        .collect()
}

fn attributes(node: Node<'_, '_>, names: &[&str]) -> Vec<Option<String>> {
    names.iter().map(|n| node.attribute(*n).map(str::to_owned)).collect()
}
