//! A row of Ghost's own tables, with its tags and authors, becomes a row as any other. A post that isn't
//! for everybody, now or from its date on, becomes a draft that holds nothing but its id. What is asked for
//! is the [`source`](crate::source)'s; names of columns are the tables' own.

use serde_json::{Map, Value as Json, json};

use super::gates::{Readable, readable};
use super::permalink::{self, Values};
use super::{TOLD, Told};
use crate::document::columns::Columns;
use crate::document::{Facts, Row, Shape, Value, dates, plain};
use crate::time::Zone;

/// Ghost's rows.
pub const SHAPE: Shape = Shape { name: "ghost", version: 1, of: shape };

/// Stands in texts and addresses for the site's own URL.
const SITE: &str = "__GHOST_URL__";
/// Stand in addresses for the id of the member who reads.
const MEMBER: [&str; 2] = ["%7Buuid%7D", "%7buuid%7d"];

fn shape(row: &Row, facts: &Facts) -> Row {
    article(row, facts).unwrap_or_else(|| withheld(row))
}

/// Nothing of a post but its number, whatever the question let through.
fn withheld(row: &Row) -> Row {
    let id = row.get("id").cloned().unwrap_or(Value::Null);
    Row { columns: vec![("id".to_owned(), id), ("draft".to_owned(), Value::Integer(1))] }
}

/// Whether everybody may know of a post, now or from its date on. Every condition is named: what is new
/// in Ghost and not known here isn't published.
fn is_for_everybody(row: &Row) -> bool {
    let is = |column: &str, value: &str| row.text(column).as_deref() == Some(value);
    let is_in_mail_only = match row.get("email_only") {
        // No row of its own in `posts_meta`: nothing was said.
        None | Some(Value::Integer(0)) => false,
        Some(Value::Blob(bytes)) => bytes.as_slice() != [0],
        Some(_) => !is("email_only", "0"),
    };
    let status = is("status", "published") || is("status", "scheduled");
    status && is("type", "post") && !is_in_mail_only
}

/// The row of a post; `None` of one that isn't for everybody.
fn article(row: &Row, facts: &Facts) -> Option<Row> {
    if !is_for_everybody(row) {
        return None;
    }
    let text = |name: &str| row.text(name).unwrap_or_default();
    let published = instant(row, "published_at");
    // What has no date would be out at once.
    if published.is_none() && text("status") != "published" {
        return None;
    }
    let site = facts.named("settings", "url").unwrap_or_default();
    let site = site.trim_end_matches('/');
    let tags = public_tags(row);
    let authors = row.rows("authors");
    let mut columns = Columns::default();
    columns.text("id", &text("id"));
    columns.text("url", &path(row, facts, published));
    columns.text("title", &escaped(&text("title")));
    columns.text("published", &published.map(written).unwrap_or_default());
    let updated = instant(row, "updated_at").filter(|updated| Some(*updated) > published);
    columns.text("updated", &updated.map(written).unwrap_or_default());
    let excerpt = [text("custom_excerpt"), text("meta_description")];
    let excerpt = excerpt.iter().find(|text| !text.trim().is_empty());
    columns.text("summary", &excerpt.map(|text| escaped(text)).unwrap_or_default());
    columns.text("canonical_url", &of_site(&text("canonical_url"), site));
    columns.text("language", &text("locale"));
    columns.json("terms", Json::from(tags.iter().map(|tag| term(tag)).collect::<Vec<_>>()));
    columns.json("authors", authors.iter().filter_map(|one| person(one, site)).collect());
    columns.json("image", image(row, site));
    body(&mut columns, row, site);
    Some(Row { columns: columns.0 })
}

/// What everybody may read, and what couldn't be told.
fn body(columns: &mut Columns, row: &Row, site: &str) {
    let html = row.text("html").unwrap_or_default();
    let visibility = row.text("visibility").unwrap_or_default();
    let (shown, told) = if html.trim().is_empty() {
        (None, Some(Told::Empty))
    } else {
        match readable(&html, &visibility) {
            Readable::All(shown) => (Some(shown), None),
            Readable::Beginning(shown) => (Some(shown), Some(Told::Beginning)),
            Readable::Nothing => (None, Some(Told::Nothing)),
            Readable::Doubtful(doubt) => (None, Some(Told::Doubt(doubt))),
        }
    };
    columns.text("body", &shown.map(|html| of_site(&html, site)).unwrap_or_default());
    columns.text("body_format", "html");
    columns.text(TOLD, told.map_or("", Told::as_str));
}

/// Plain text, written so that it is decoded once more.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
}

/// One line of text out of HTML, written so.
fn html_line(html: &str) -> String {
    escaped(&plain::of_html(html))
}

/// With the site's own URL in its place, and without what stands for a member.
fn of_site(text: &str, site: &str) -> String {
    let mut text = text.replace(SITE, site);
    for member in MEMBER {
        // Leaving it out may join two halves of another.
        while text.contains(member) {
            text = text.replace(member, "");
        }
    }
    text
}

/// A time in UTC, as each engine hands it over.
fn instant(row: &Row, column: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let moment = match row.get(column)? {
        Value::Integer(number) => dates::unix(*number),
        _ => {
            let text = row.text(column)?;
            let text = text.trim();
            if dates::is_zero(text) { None } else { dates::moment(text, &Zone::utc()) }
        }
    };
    moment.map(|moment| moment.at)
}

fn written(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn path(row: &Row, facts: &Facts, published: Option<chrono::DateTime<chrono::Utc>>) -> String {
    let (id, slug) = (row.text("id").unwrap_or_default(), row.text("slug").unwrap_or_default());
    let first = |rows: &[Row]| rows.first().and_then(|row| row.text("slug"));
    // Ghost's primary tag is the first one, or none where that is internal.
    let tag = row.rows("tags").first().filter(|tag| is_public(tag)).and_then(|t| t.text("slug"));
    let author = first(row.rows("authors"));
    let values = Values {
        id: &id,
        slug: &slug,
        primary_tag: tag.as_deref(),
        primary_author: author.as_deref(),
    };
    let zone = facts.named("options", "timezone").and_then(|name| name.trim().parse().ok());
    let pattern = facts.named("settings", "permalink");
    permalink::path(
        pattern.as_deref().unwrap_or(permalink::DEFAULT),
        &values,
        published,
        &zone.unwrap_or_else(Zone::utc),
    )
}

fn is_public(tag: &Row) -> bool {
    tag.text("visibility").as_deref() == Some("public")
}

fn public_tags(row: &Row) -> Vec<&Row> {
    row.rows("tags").iter().filter(|tag| is_public(tag)).collect()
}

fn term(tag: &Row) -> Json {
    json!({
        "taxonomy": "tag",
        "slug": tag.text("slug").unwrap_or_default(),
        "name": escaped(&tag.text("name").unwrap_or_default()),
    })
}

fn person(author: &Row, site: &str) -> Option<Json> {
    let name = author.text("name").filter(|name| !name.trim().is_empty())?;
    let mut map = Map::new();
    map.insert("name".to_owned(), json!(escaped(&name)));
    for (key, column) in [("url", "website"), ("image", "profile_image")] {
        if let Some(url) = author.text(column).filter(|url| !url.trim().is_empty()) {
            map.insert(key.to_owned(), json!(of_site(url.trim(), site)));
        }
    }
    Some(Json::Object(map))
}

fn image(row: &Row, site: &str) -> Json {
    let Some(url) = row.text("feature_image").filter(|url| !url.trim().is_empty()) else {
        return Json::Null;
    };
    let mut map = Map::new();
    map.insert("url".to_owned(), json!(of_site(url.trim(), site)));
    let alt = row.text("feature_image_alt").map(|alt| escaped(&alt));
    let caption = row.text("feature_image_caption").map(|caption| html_line(&caption));
    for (key, text) in [("alt", alt), ("caption", caption)] {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            map.insert(key.to_owned(), json!(text));
        }
    }
    Json::Object(map)
}
