//! A row of a database: its columns are named like any other document's keys, only their values are
//! what a database makes of them. The body's column and its format are read here, all other columns
//! mean what [`resolve`](super::resolve) says.

use super::dates;
use super::desk::Desk;
use super::fields::{Fields, Named, normal};
use super::resolve::spot::Spot;
use super::resolve::{self, Body};
use super::wordpress::content::{self, Around};
use super::{Row, Value, ghost, plain, text, wordpress};
use crate::article::{Summary, SummaryOrigin};
use crate::problem::Code;

/// A row names neither an id nor a link.
pub(crate) const ROW_NAMELESS: Code = Code::new("row-without-id");
/// A row's body is in a format that isn't known.
pub(crate) const BODY_FORMAT: Code = Code::new("body-format-unknown");
/// A post of WordPress holds a block that has no HTML before WordPress shows it.
pub(crate) const BLOCK_LEFT_OUT: Code = Code::new("block-left-out");

/// Words of a summary that is made of a post's beginning, as WordPress makes it.
const EXCERPT_WORDS: usize = 55;
/// Characters of it, for languages that part no words.
const EXCERPT_CHARS_MAX: usize = 500;

/// Columns that hold several values in one cell.
const LISTS: [&str; 13] = [
    "tags",
    "tag",
    "categories",
    "category",
    "authors",
    "author",
    "keywords",
    "aliases",
    "redirectfrom",
    "images",
    "enclosures",
    "sections",
    "editors",
];
/// Columns whose whole numbers are Unix times.
const TIMES: [&str; 20] = [
    "date",
    "published",
    "publishedat",
    "publishdate",
    "pubdate",
    "datepublished",
    "createdat",
    "created",
    "updated",
    "updatedat",
    "modified",
    "modifiedat",
    "lastmod",
    "datemodified",
    "expires",
    "expiresat",
    "expirydate",
    "unpublishdate",
    "publishedon",
    "expiry",
];
/// Body columns whose name says what they hold, and what that is.
const BODIES: [(&str, Option<&str>); 9] = [
    ("body", None),
    ("content", None),
    ("bodyhtml", Some("html")),
    ("contenthtml", Some("html")),
    ("html", Some("html")),
    ("bodymarkdown", Some("markdown")),
    ("contentmarkdown", Some("markdown")),
    ("markdown", Some("markdown")),
    ("bodytext", Some("text")),
];

/// Reads a row into `desk`.
pub(super) fn read(desk: &mut Desk<'_>, row: &Row) {
    let mut map = Vec::with_capacity(row.columns.len());
    let mut body = None;
    let mut around = None;
    let mut told = None;
    for (name, value) in &row.columns {
        let key = normal(name);
        if let (wordpress::AROUND, Value::Text(json)) = (key.as_str(), value) {
            around = serde_json::from_slice::<AroundColumn>(json).ok();
            continue;
        }
        if let (true, Value::Text(word)) = (name == ghost::TOLD, value) {
            told = ghost::Told::of(word);
            continue;
        }
        let value = named(desk, &key, value);
        match BODIES.iter().find(|(column, _)| *column == key) {
            Some((_, format)) if body.is_none() && !value.is_empty() => {
                body = value.text().map(|text| (text, *format));
            }
            _ => map.push((name.clone(), value)),
        }
    }
    let (fields, _) = Fields::new(map, desk.document.shown, "", 0..0);
    let spot = Spot::of_row(desk.document.path);
    if !desk.options.drafts && !resolve::is_published(&fields) {
        desk.reading = super::Reading::default();
        return;
    }
    const NAMES: [&str; 7] = ["id", "guid", "uuid", "url", "permalink", "path", "link"];
    if fields.first(&NAMES).is_none() {
        desk.fail(
            &ROW_NAMELESS,
            desk.whole(),
            "this row names neither an id nor a link",
            "let the query give a column \"id\" or \"url\"",
        );
        return;
    }
    let format = |own: Option<&str>| {
        own.map(str::to_owned).or_else(|| fields.line(&["bodyformat", "format"]))
    };
    let mut posts = false;
    let body = match body {
        None => Body::None,
        Some((text, own)) => match format(own).as_deref() {
            Some(format) if format.eq_ignore_ascii_case(wordpress::FORMAT) => {
                posts = true;
                Body::Html(post(desk, &text, &around.unwrap_or_default()))
            }
            format => self::body(desk, text, format),
        },
    };
    let fields = if posts { titled(fields, desk, &body) } else { fields };
    if let Some(mut sighting) = resolve::sighting(desk, &fields, &spot, body) {
        if posts && let Some(html) = &sighting.body {
            let summary = sighting.article.summary.take();
            sighting.article.summary = beginning(summary, html);
        }
        if let Some(told) = told {
            ghost::tell(desk, told, &mut sighting);
        }
        desk.reading.sightings.push(sighting);
    }
}

/// What a post's content refers to, as its column holds it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct AroundColumn {
    post: i64,
    attachments: Vec<wordpress::Attachment>,
    footnotes: Option<String>,
    blocks: Vec<(i64, String)>,
}

/// The HTML of a post's content; what couldn't be shown is told.
fn post(desk: &mut Desk<'_>, content: &str, around: &AroundColumn) -> String {
    let rendered = content::html(
        content,
        &Around {
            post: around.post,
            attachments: &around.attachments,
            footnotes: around.footnotes.as_deref(),
            reusable: &around.blocks,
        },
    );
    resolve::tell_unknown_names(desk, rendered.unknown);
    let mut lost = rendered.lost;
    lost.sort();
    lost.dedup();
    if !lost.is_empty() {
        desk.warn(
            &BLOCK_LEFT_OUT,
            desk.whole(),
            format!(
                "WordPress fills these blocks only when it shows the page: {}; they were left out",
                lost.join(", ")
            ),
            "write in the post what readers of the feed shall see in their place",
        );
    }
    rendered.html
}

/// A post without a title, as short notes are, is called by its first words.
fn titled<'t>(mut fields: Fields<'t>, desk: &mut Desk<'_>, body: &Body<'_>) -> Fields<'t> {
    const TITLE_CHARS_MAX: usize = 60;
    if fields.line(&["title"]).is_some() {
        return fields;
    }
    let Body::Html(html) = body else { return fields };
    let words = plain::shorten(&plain::of_html(html), TITLE_CHARS_MAX);
    if words.is_empty() {
        return fields;
    }
    desk.note(
        &resolve::TITLE_GUESSED,
        desk.whole(),
        format!("no title is named; {words:?} was made from the first words"),
        "give the post a title",
    );
    fields.put("title", Named::Text(words.replace('&', "&amp;")));
    fields
}

/// WordPress's summaries have no captions.
fn without_figures(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("<figure") {
        let Some(end) = rest[at..].find("</figure>") else { break };
        out.push_str(&rest[..at]);
        out.push(' ');
        rest = &rest[at + end + "</figure>".len()..];
    }
    out.push_str(rest);
    out
}

/// A summary that would be the first paragraph is WordPress's: the first words, whatever they are in.
fn beginning(summary: Option<Summary>, html: &str) -> Option<Summary> {
    let made = summary.as_ref().is_none_or(|made| made.origin == SummaryOrigin::Paragraph);
    if !made {
        return summary;
    }
    let text = plain::of_html(&without_figures(html));
    let words: Vec<&str> = text.split(' ').take(EXCERPT_WORDS + 1).collect();
    let mut text = words[..words.len().min(EXCERPT_WORDS)].join(" ");
    if words.len() > EXCERPT_WORDS {
        text.push('…');
    }
    let text = plain::shorten(&text, EXCERPT_CHARS_MAX);
    let origin = SummaryOrigin::Paragraph;
    (!text.is_empty()).then_some(Summary { text, origin })
}

fn body(desk: &mut Desk<'_>, text: String, format: Option<&str>) -> Body<'static> {
    let text = text.replace("\r\n", "\n");
    match format.map(str::to_lowercase).as_deref() {
        Some("html" | "text/html") => Body::Html(text),
        Some("text" | "plain" | "text/plain") => Body::Html(paragraphs(&text)),
        Some("markdown" | "md" | "text/markdown") => Body::OwnMarkdown(text),
        None if text.contains("</") || text.contains("<br") || text.contains("<p>") => {
            Body::Html(text)
        }
        None => Body::OwnMarkdown(text),
        Some(other) => {
            desk.warn(
                &BODY_FORMAT,
                desk.whole(),
                format!("there is no body format {other:?}; the body was read as plain text"),
                "body_format is one of html, markdown and text",
            );
            Body::Html(paragraphs(&text))
        }
    }
}

/// Plain text: blank lines part paragraphs, other line ends stay.
fn paragraphs(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 64);
    for paragraph in text.split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
        let lines: Vec<String> = paragraph.lines().map(super::plain::escape).collect();
        html.push_str(&format!("<p>{}</p>\n", lines.join("<br>\n")));
    }
    html
}

fn named(desk: &mut Desk<'_>, key: &str, value: &Value) -> Named {
    let text = match value {
        Value::Null => return Named::Null,
        Value::Integer(n) if TIMES.contains(&key) => return time(*n),
        Value::Integer(n) => return Named::Integer(*n),
        Value::Real(n) => return Named::Real(*n),
        // A bit column hands over one byte.
        Value::Blob(bytes) if bytes.len() == 1 && bytes[0] <= 1 => {
            return Named::Bool(bytes[0] == 1);
        }
        Value::Rows(rows) => return Named::List(rows.iter().map(|r| belonging(desk, r)).collect()),
        Value::Text(bytes) | Value::Blob(bytes) => {
            let hints = text::Hints { markup: false, host: desk.options.site_url.host_str() };
            let is_named = matches!(value, Value::Blob(_)) || std::str::from_utf8(bytes).is_err();
            let decoded = match desk.options.charset.filter(|_| is_named) {
                Some(charset) => text::decode_as(desk.document.shown, bytes, charset),
                None => text::decode(desk.document.shown, bytes, hints),
            };
            // A cell that is no text loses its value, the row goes on.
            if let Some(problem) = decoded.problem {
                let message = format!("column {key}: {}", problem.message);
                let help = "let the query give the column as UTF-8 text";
                desk.warn(&problem.code, desk.whole(), message, help);
            }
            match decoded.text {
                Some(text) => text.into_owned(),
                None => return Named::Null,
            }
        }
    };
    if is_time(key) && dates::is_zero(&text) {
        return Named::Null;
    }
    // A list or map of a database without such types is JSON.
    if text.trim_start().starts_with(['[', '{'])
        && let Ok(value @ (Named::List(_) | Named::Map(_))) = serde_json::from_str(text.trim())
    {
        return value;
    }
    let separator = desk.options.list_separator.as_str();
    if LISTS.contains(&key) && !separator.is_empty() && text.contains(separator) {
        return Named::List(
            text.split(separator)
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .map(|one| Named::Text(one.to_owned()))
                .collect(),
        );
    }
    Named::Text(text)
}

/// A row that belongs to another: its one value, or its values by name.
fn belonging(desk: &mut Desk<'_>, row: &Row) -> Named {
    let mut map: Vec<_> = row
        .columns
        .iter()
        .map(|(name, value)| (name.clone(), named(desk, &normal(name), value)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    match (row.columns.len(), map.pop()) {
        (1, Some((_, value))) => value,
        (_, last) => {
            map.extend(last);
            Named::Map(map)
        }
    }
}

fn is_time(key: &str) -> bool {
    TIMES.contains(&key)
}

/// Whole numbers of seconds or milliseconds; 0 and 1 may be a yes or no (`published`).
fn time(number: i64) -> Named {
    match number {
        0 | 1 => Named::Integer(number),
        _ => dates::unix(number)
            .map_or(Named::Integer(number), |moment| Named::Text(moment.at.to_rfc3339())),
    }
}
