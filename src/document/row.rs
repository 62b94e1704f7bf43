//! A row of a database: its columns are named like any other document's keys, only their values are
//! what a database makes of them. The body's column and its format are read here, all other columns
//! mean what [`resolve`](super::resolve) says.

use super::dates;
use super::desk::Desk;
use super::fields::{Fields, Named, normal};
use super::resolve::spot::Spot;
use super::resolve::{self, Body};
use super::{Row, Value, text};
use crate::problem::Code;

/// A row names neither an id nor a link.
pub(crate) const ROW_NAMELESS: Code = Code::new("row-without-id");
/// A row's body is in a format that isn't known.
pub(crate) const BODY_FORMAT: Code = Code::new("body-format-unknown");

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
    for (name, value) in &row.columns {
        let key = normal(name);
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
    let body = body.map_or(Body::None, |(text, format)| {
        let format = format.map(str::to_owned).or_else(|| fields.line(&["bodyformat", "format"]));
        self::body(desk, text, format.as_deref())
    });
    if let Some(sighting) = resolve::sighting(desk, &fields, &spot, body) {
        desk.reading.sightings.push(sighting);
    }
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
