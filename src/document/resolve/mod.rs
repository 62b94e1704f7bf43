//! Fields and a source's options become an article. This is the one home of key conventions: what
//! Hugo, Zola, Jekyll, Eleventy and Astro call a thing is known here and nowhere else, and keys that
//! mean nothing here (layouts, sitemaps, a site's own) end here in silence.

pub(super) mod address;
mod episode;
mod keys;
mod media;
mod people;
pub(super) mod spot;
mod template;
pub(super) mod terms;
mod times;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use self::address::Facts;
use self::spot::Spot;
use super::desk::Desk;
use super::fields::{Fields, LIST_VALUES_MAX, Named};
use super::shortcode::{self, Page, Replaced, Unknown, What};
use super::{Rank, Sighting, markdown, plain};
use crate::article::{Article, BodyRef, ContentHash, Extent, Summary, SummaryOrigin, Visibility};
use crate::problem::Code;

/// An article's title was made from its file's name.
pub(crate) const TITLE_GUESSED: Code = Code::new("title-guessed");
/// A document holds no article.
pub(crate) const EMPTY: Code = Code::new("document-empty");
/// A document names a visibility that isn't known.
pub(crate) const VISIBILITY_UNKNOWN: Code = Code::new("visibility-unknown");
/// A list has more values than anyone names of one article.
pub(crate) const LIST_TOO_LONG: Code = Code::new("list-too-long");
/// A document's language can't be one.
pub(crate) const LANGUAGE_INVALID: Code = Code::new("language-invalid");

/// So many unknown shortcodes of one document are told by name.
const UNKNOWN_TOLD_MAX: usize = 20;
/// Longest summary that is made of a first paragraph: what readers show before they cut themselves.
const PARAGRAPH_CHARS_MAX: usize = 500;
/// Longest summary of what stands before a divider, which may be several paragraphs.
const DIVIDED_CHARS_MAX: usize = 2_000;

/// The text of an article as its document has it.
pub(super) enum Body<'a> {
    /// Markdown, from this byte of the document on.
    Markdown(&'a str, usize),
    /// Markdown that stands in no document: a cell of a row.
    OwnMarkdown(String),
    /// HTML with shortcodes in it, from this byte of the document on.
    Template(&'a str, usize),
    Html(String),
    None,
}

/// Whether a document is meant to be published at all. A draft is no problem and no sighting.
pub(super) fn is_published(fields: &Fields<'_>) -> bool {
    let says = |keys: &[&str], what: bool| fields.truth(keys) == Some(what);
    let status = fields.line(&["status", "poststatus"]).map(|status| status.to_lowercase());
    let withheld = ["draft", "pending", "private", "trash", "auto-draft", "inherit", "sent"];
    let build = fields.get("build");
    let rendered = build.and_then(|build| build.member(&["render"])).and_then(Named::text);
    !(says(&["draft", "isdraft"], true)
        || bool_of(fields, "published") == Some(false)
        || bool_of(fields, "permalink") == Some(false)
        || says(&["render"], false)
        || says(&["headless"], true)
        || matches!(rendered.as_deref(), Some("never" | "false"))
        || status.is_some_and(|status| withheld.contains(&status.as_str())))
}

/// `published` is a yes or no in Jekyll and a date in Hugo: its type decides.
fn bool_of(fields: &Fields<'_>, key: &str) -> Option<bool> {
    match fields.get(key)? {
        Named::Text(text) if text.trim().len() > 5 => None,
        value => value.truth(),
    }
}

/// The sighting of a document's one article; `None` after an error or where there is nothing to
/// publish, which is told.
pub(super) fn sighting(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    body: Body<'_>,
) -> Option<Sighting> {
    for key in fields.overlong() {
        desk.warn(
            &LIST_TOO_LONG,
            fields.place(key),
            format!(
                "{} has too many values; those after the first {LIST_VALUES_MAX} were passed over",
                fields.spelling(key)
            ),
            "name fewer",
        );
    }
    let times = times::times(desk, fields, spot);
    let (title, body) = title(desk, fields, spot, body)?;
    let categories = terms::categories(fields, spot);
    let sections = terms::sections(desk, fields, spot, &categories);
    let facts = Facts {
        spot,
        title: &title,
        section: sections.first().map_or("", |term| term.key.slug.as_str()),
        categories: &categories,
        published: times.published,
    };
    let address = address::resolve(desk, fields, &facts);
    let html = html(desk, fields, spot, (&title, &address.link), body);
    if desk.reading.failed {
        return None;
    }
    let kicker = fields.line(keys::KICKER);
    let people = people::people(desk, fields);
    let (licence, words) = licence(desk, fields);
    let mut terms = sections;
    terms.extend(terms::others(desk, fields, spot, &categories, &people));
    let media = media::media(desk, fields, spot, &address.link);
    let article = Article {
        earlier_links: address::earlier(desk, fields, &address.link),
        external_link: address::external(desk, fields),
        translation_group: fields.line(keys::TRANSLATION),
        language: language(desk, fields),
        summary: summary(fields, &title, kicker.as_deref(), html.as_deref()),
        kicker,
        body: html.as_deref().map(body_ref),
        corrections: times::corrections(desk, fields),
        rights: fields.line(keys::RIGHTS).or(words),
        licence,
        published: times.published,
        updated: times.updated,
        expires: times.expires,
        visibility: visibility(desk, fields),
        excluded: excluded(fields),
        pinned: fields.truth(keys::PINNED) == Some(true),
        weight: fields.integer(keys::WEIGHT),
        terms,
        people,
        related: Vec::new(),
        comments: comments(desk, fields),
        podcast: episode::podcast(desk, fields, spot, &address.link, &media),
        media,
        origin: None,
        rule_id: address.rule_id,
        id_origin: address.id_origin,
        link: address.link,
        link_named: address.named,
        title,
    };
    Some(Sighting { rank: Rank::Full, article, body: html, line: 1 })
}

/// Names a body.
pub(super) fn body_ref(html: &str) -> BodyRef {
    BodyRef {
        hash: ContentHash::of(html.as_bytes()),
        bytes: u64::try_from(html.len()).unwrap_or(u64::MAX),
        extent: Extent::Full,
    }
}

/// The title and the body without it: named, else the first heading, else made from the name.
fn title<'b>(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    body: Body<'b>,
) -> Option<(String, Body<'b>)> {
    if let Some(title) = fields.line(keys::TITLE) {
        let body = without_title(body, &title);
        return Some((title, body));
    }
    let body = match body {
        Body::Markdown(source, offset) => match first_heading(desk, fields, spot, source) {
            Some((title, range)) => {
                // Only what stands before a later heading would move; it mostly begins the text.
                if source[..range.start].trim().is_empty() {
                    return Some((title, Body::Markdown(&source[range.end..], offset + range.end)));
                }
                let rest = format!("{}\n{}", &source[..range.start], &source[range.end..]);
                return Some((title, Body::Html(rendered(desk, fields, spot, &rest))));
            }
            None if source.trim().is_empty() => Body::None,
            None => Body::Markdown(source, offset),
        },
        body => body,
    };
    let name = plain::collapse(&spot.bare.replace(['-', '_'], " "));
    if matches!(body, Body::None) || name.is_empty() {
        desk.note(
            &EMPTY,
            desk.whole(),
            "this document holds no article: it has neither a title nor a text",
            "write one, or name the file in the source's \"exclude\"",
        );
        return None;
    }
    let mut chars = name.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let title = first + chars.as_str();
    let message = format!("no title is named; {title:?} was made from the file's name");
    let help = "name one in the front matter, or begin the text with a line \"# Title\"";
    if fields.is_empty() {
        desk.note(&TITLE_GUESSED, desk.whole(), message, help);
    } else {
        desk.warn(&TITLE_GUESSED, desk.whole(), message, help);
    }
    Some((title, body))
}

/// The first heading that says something once its shortcodes are what they stand for.
fn first_heading(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    source: &str,
) -> Option<(String, Range<usize>)> {
    let (title, range) = markdown::first_heading(source)?;
    if !title.contains("{{") && !title.contains("{%") {
        return Some((title, range));
    }
    let replaced = replaced(desk, fields, spot, ("", ""), &title, true);
    let line = plain::line(&replaced.text);
    // A heading that stays in the text is told of there.
    if line.is_empty() {
        return None;
    }
    tell_unknown(desk, &replaced.unknown, None);
    Some((line, range))
}

/// A text that begins with its title as a heading would show it twice.
fn without_title<'b>(body: Body<'b>, title: &str) -> Body<'b> {
    let Body::Markdown(source, offset) = body else { return body };
    if source.trim_start().starts_with("# ")
        && let Some((heading, range)) = markdown::first_heading(source)
        && source[..range.start].trim().is_empty()
        && heading == title
    {
        return Body::Markdown(&source[range.end..], offset + range.end);
    }
    Body::Markdown(source, offset)
}

/// HTML of a text whose title stood further down: rare, so its shortcodes know no title or link.
fn rendered(desk: &mut Desk<'_>, fields: &Fields<'_>, spot: &Spot, source: &str) -> String {
    to_html(desk, fields, spot, ("", ""), (source, None))
}

/// The body's HTML as read, before sanitising; `None` where there is none.
fn html(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    title_and_link: (&str, &str),
    body: Body<'_>,
) -> Option<String> {
    let html = match body {
        Body::OwnMarkdown(source) => to_html(desk, fields, spot, title_and_link, (&source, None)),
        Body::Template(source, offset) => {
            let is_template = true;
            without_shortcodes(
                desk,
                fields,
                spot,
                title_and_link,
                (source, Some(offset)),
                is_template,
            )
        }
        Body::Markdown(source, offset) => {
            to_html(desk, fields, spot, title_and_link, (source, Some(offset)))
        }
        Body::Html(html) => html,
        Body::None => return None,
    };
    (!html.trim().is_empty()).then_some(html)
}

fn to_html(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    title_and_link: (&str, &str),
    (source, offset): (&str, Option<usize>),
) -> String {
    let mdx = desk.document.path.ends_with(".mdx");
    let source = if mdx { Cow::Owned(markdown::without_modules(source)) } else { source.into() };
    let text = without_shortcodes(desk, fields, spot, title_and_link, (&source, offset), false);
    let options = desk.options;
    markdown::to_html(&text, &|url| address::file_link(options, spot, url))
}

/// A text with what its generator would put in place of its shortcodes.
fn without_shortcodes(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    title_and_link: (&str, &str),
    (source, offset): (&str, Option<usize>),
    is_template: bool,
) -> String {
    let replaced = replaced(desk, fields, spot, title_and_link, source, !is_template);
    tell_unknown(desk, &replaced.unknown, offset);
    replaced.text.into_owned()
}

fn replaced<'s>(
    desk: &Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    (title, link): (&str, &str),
    source: &'s str,
    markdown: bool,
) -> Replaced<'s> {
    let options = desk.options;
    shortcode::replace(
        source,
        &Page {
            markdown,
            title,
            link,
            site: options.site_url.as_str().trim_end_matches('/'),
            named: &|path| named_value(fields, path),
            link_to: &|target| address::reference(options, spot, target, None),
        },
    )
}

/// A value of the front matter as templates name it: `key`, or `map.key`.
fn named_value(fields: &Fields<'_>, path: &str) -> Option<String> {
    let mut keys = path.split('.');
    let first = fields.get(&super::fields::normal(keys.next()?))?;
    keys.try_fold(first, |value, key| value.member(&[&super::fields::normal(key)]))?.text()
}

/// Tells each unknown shortcode once, where it stands first.
fn tell_unknown(desk: &mut Desk<'_>, unknown: &[Unknown], offset: Option<usize>) {
    let mut first: BTreeMap<(What, &str), (usize, usize)> = BTreeMap::new();
    for Unknown { what, name, at } in unknown {
        first.entry((*what, name)).or_insert((*at, 0)).1 += 1;
    }
    let mut told: Vec<_> = first.into_iter().collect();
    told.sort_by_key(|(_, (at, _))| *at);
    let more = told.len().saturating_sub(UNKNOWN_TOLD_MAX);
    for (n, ((what, name), (at, times))) in told.into_iter().take(UNKNOWN_TOLD_MAX).enumerate() {
        let often = if times > 1 { format!(" ({times} times)") } else { String::new() };
        let last = n + 1 == UNKNOWN_TOLD_MAX && more > 0;
        let others = if last { format!(", nor are {more} others below it") } else { String::new() };
        let place = offset.map_or_else(|| desk.whole(), |offset| desk.at(offset + at));
        let message = match what {
            What::Shortcode => format!(
                "the shortcode {name:?} isn't known{often}{others}; it was taken out, its inner \
                 text stays"
            ),
            What::Condition => format!(
                "what {name:?} asks isn't known here{often}{others}; its first text stays, any \
                 other was left out"
            ),
            What::Loop => format!(
                "what {name:?} goes over isn't known here{often}{others}; its text stays once"
            ),
        };
        let help = "write in HTML what readers of the feed shall see in its place";
        desk.warn(&shortcode::UNKNOWN, place, message, help);
    }
}

/// Tells each unknown shortcode once, of a text that has no places.
pub(super) fn tell_unknown_names(desk: &mut Desk<'_>, unknown: Vec<String>) {
    let unknown: Vec<Unknown> = unknown
        .into_iter()
        .enumerate()
        .map(|(at, name)| Unknown { what: What::Shortcode, name, at })
        .collect();
    tell_unknown(desk, &unknown, None);
}

fn summary(
    fields: &Fields<'_>,
    title: &str,
    kicker: Option<&str>,
    html: Option<&str>,
) -> Option<Summary> {
    let made = |text: String, origin| (!text.is_empty()).then_some(Summary { text, origin });
    // `lead: true` is no text.
    let text = |key: &&str| match fields.get(key)? {
        Named::Text(text) => Some(text),
        _ => None,
    };
    let named = keys::SUMMARY.iter().filter_map(text);
    // A description that repeats the title says nothing beside it.
    let says = |text: &String| !text.is_empty() && text != title;
    if let Some(text) = named.map(|text| plain::of_either(text)).find(says) {
        return made(text, SummaryOrigin::Named);
    }
    if let Some(text) = html.and_then(divided) {
        let text = plain::shorten(&plain::of_html(text), DIVIDED_CHARS_MAX);
        if let Some(summary) = made(text, SummaryOrigin::Divider) {
            return Some(summary);
        }
    }
    if let Some(kicker) = kicker {
        return made(kicker.to_owned(), SummaryOrigin::Kicker);
    }
    paragraph_summary(html?)
}

/// The first paragraph, cut to a summary's length.
pub(super) fn paragraph_summary(html: &str) -> Option<Summary> {
    let text = plain::shorten(&plain::first_paragraph(html)?, PARAGRAPH_CHARS_MAX);
    Some(Summary { text, origin: SummaryOrigin::Paragraph })
}

/// What stands before `<!--more-->`, `<!-- more -->` or WordPress' `<!--more text-->`.
fn divided(html: &str) -> Option<&str> {
    let mut at = 0;
    while let Some(found) = html[at..].find("<!--") {
        let start = at + found;
        let comment = &html[start + "<!--".len()..];
        let end = comment.find("-->")?;
        let comment = &comment[..end];
        if comment.trim() == "more" || comment.starts_with("more ") {
            return Some(&html[..start]);
        }
        at = start + "<!--".len() + end;
    }
    None
}

fn visibility(desk: &mut Desk<'_>, fields: &Fields<'_>) -> Visibility {
    let says = |keys: &[&str]| fields.truth(keys) == Some(true);
    if says(&["paid", "premium", "paidonly"]) {
        return Visibility::Paid;
    }
    if says(&["membersonly", "members", "subscribersonly"]) {
        return Visibility::Members;
    }
    let named = fields.line(&["visibility"]).map(|named| named.to_lowercase());
    match named.as_deref() {
        None | Some("public") => match says(&["unlisted", "hidden"]) {
            true => Visibility::Unlisted,
            false => Visibility::Public,
        },
        Some("unlisted" | "hidden") => Visibility::Unlisted,
        Some("members" | "subscribers" | "private") => Visibility::Members,
        Some("paid" | "premium" | "tiers") => Visibility::Paid,
        Some(other) => {
            desk.warn(
                &VISIBILITY_UNKNOWN,
                fields.place("visibility"),
                format!("there is no visibility {other:?}; the article stays out of public feeds"),
                "it is one of public, unlisted, members and paid",
            );
            Visibility::Members
        }
    }
}

fn excluded(fields: &Fields<'_>) -> bool {
    let listed =
        fields.get("build").and_then(|build| build.member(&["list"])).and_then(Named::text);
    keys::EXCLUDED.iter().any(|key| fields.truth(&[key]) == Some(true))
        || keys::FEED.iter().any(|key| fields.truth(&[key]) == Some(false))
        || matches!(listed.as_deref(), Some("never" | "false"))
}

fn language(desk: &mut Desk<'_>, fields: &Fields<'_>) -> Option<String> {
    let default = desk.options.language.clone();
    let Some(written) = fields.line(keys::LANGUAGE) else { return default };
    let tag = written.replace('_', "-");
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let sound = (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    if sound {
        return Some(tag);
    }
    let key = fields.first(keys::LANGUAGE).map_or("language", |(key, _)| key);
    desk.warn(
        &LANGUAGE_INVALID,
        fields.place(key),
        format!("{written:?} is no language tag; it was passed over"),
        "write it as in \"en\", \"az\" or \"pt-BR\"",
    );
    default
}

/// The page on which readers talk about an article.
fn comments(desk: &Desk<'_>, fields: &Fields<'_>) -> Option<String> {
    let named = keys::COMMENTS.iter().filter_map(|key| match fields.get(key)? {
        Named::Text(text) => Some(text.trim()),
        _ => None,
    });
    let mut paths = named.filter(|text| text.starts_with('/') || text.contains("://"));
    address::absolute(&desk.options.site_url, paths.next()?).map(|url| url.to_string())
}

/// The licence's URL, or its words, which then are rights.
fn licence(desk: &Desk<'_>, fields: &Fields<'_>) -> (Option<String>, Option<String>) {
    let Some(named) = fields.line(keys::LICENCE) else { return (None, None) };
    let path = named.starts_with('/') || named.contains("://");
    match address::absolute(&desk.options.site_url, &named).filter(|_| path) {
        Some(url) => (Some(url.to_string()), None),
        None => (None, Some(named)),
    }
}
