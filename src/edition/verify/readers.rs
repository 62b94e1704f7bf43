//! Reads an edition as a reader program would, by `feed-rs`: it must find the same entries, in the
//! same order, with the same ids, titles, links, times and texts.

use feed_rs::model::{Entry, Text};
use url::Url;

use super::{Check, Refusal, about_feed, same_count};
use crate::feed::Format;
use crate::render::atom::entry_id;
use crate::render::item::{self, Item};
use crate::render::{Channel, rss, text};

pub(super) fn verify(
    format: Format,
    bytes: &[u8],
    channel: &Channel<'_>,
    items: &[Item<'_>],
) -> Result<(), Refusal> {
    if !can_read(format, channel, items) {
        return Ok(());
    }
    // A parser that panics must not take the run with it.
    let feed = std::panic::catch_unwind(|| feed_rs::parser::parse(bytes))
        .map_err(|_| about_feed("a reader program's parser broke on it"))?
        .map_err(|e| about_feed(format!("a reader program can't read it: {e}")))?;
    same_count("entries seen by a reader program", feed.entries.len(), items.len())?;
    for (index, (entry, item)) in feed.entries.iter().zip(items).enumerate() {
        verify_entry(format, entry, &Check::entry(index, item), channel, item)?;
    }
    Ok(())
}

/// feed-rs 3.0 takes names in RSS apart where they hold an e-mail address, by bytes, and panics
/// within a character. Such a feed has been read by `roxmltree` and is left at that.
fn can_read(format: Format, channel: &Channel<'_>, items: &[Item<'_>]) -> bool {
    if format != Format::Rss {
        return true;
    }
    let site_authors = item::site_authors(channel.site);
    let mut people = items.iter().flat_map(|i| &i.authors).chain(&site_authors);
    let show = channel.feed.podcast.as_ref();
    let owner = show.and_then(|show| show.owner.as_ref());
    let mut of_show = show
        .and_then(|show| show.author.as_ref())
        .into_iter()
        .chain(owner.map(|(_, email)| email))
        .chain(owner.and_then(|(name, _)| name.as_ref()));
    people.all(|p| !p.name.contains('@'))
        && of_show.all(|text| text.is_ascii() || !text.contains('@'))
        && rss::managing_editor(channel).is_none_or(|editor| editor.is_ascii())
}

fn verify_entry(
    format: Format,
    entry: &Entry,
    check: &Check,
    channel: &Channel<'_>,
    item: &Item<'_>,
) -> Result<(), Refusal> {
    let id = match format {
        Format::Atom => entry_id(&item.id, &channel.site.id_base),
        _ => item.id.clone(),
    };
    check.same("the id in a reader program", &&*entry.id, &&*id)?;
    let text = |field, found: Option<&Text>, expected: Option<&str>| {
        check.text(field, found.map(|t| t.content.as_str()), expected)
    };
    text("the title in a reader program", entry.title.as_ref(), Some(&item.title))?;
    let summary = item.summary.as_deref().map(|s| match format {
        Format::Rss => text::html(s).into_owned(),
        _ => s.to_owned(),
    });
    text("the summary in a reader program", entry.summary.as_ref(), summary.as_deref())?;
    let body = entry.content.as_ref().and_then(|c| c.body.as_deref());
    check.text("the body in a reader program", body, item.content.as_deref())?;
    let link = entry.links.first().map(|l| canonical(&l.href));
    check.same("the link in a reader program", &link, &Some(canonical(&item.link)))?;
    check.same("the date in a reader program", &entry.published, &Some(item.published))?;
    check.same("the last change in a reader program", &entry.updated, &Some(item.updated))?;
    check.same("the authors in a reader program", &entry.authors.len(), &item.authors.len())?;
    let categories = entry.categories.len();
    check.same("the categories in a reader program", &categories, &item.categories.len())
}

/// feed-rs writes URLs anew, as a browser would.
fn canonical(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), String::from)
}
