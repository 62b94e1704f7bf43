//! What WordPress keeps of a post becomes a row with the columns that any database would give: who
//! may read it, its id as subscribers know it, its link, dates, terms, people and media. A database's
//! rows and an export file's items come here alike. The content's own rules are in `content`; how
//! either was read is the [`source`](crate::source)'s.

mod aliases;
mod autop;
mod blocks;
pub(super) mod content;
mod dates;
mod embeds;
mod episode;
mod markup;
mod media;
mod permalink;
mod php;
mod post;
mod shape;
mod shortcodes;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value as Json, json};

pub use self::aliases::{Facts, Known, closest, feed_paths};
pub use self::dates::Clock;
pub use self::media::Attachment;
use self::php::Php;
pub use self::post::{Author, Post, Site, Term};
pub use self::shape::SHAPE;
use super::columns::Columns;
use super::plain;
use super::{Row, Value};

/// The column that says what the body's numbers refer to.
pub(super) const AROUND: &str = "wordpress";
/// The format of a body that WordPress wrote.
pub(super) const FORMAT: &str = "wordpress";

/// Whether everybody may read a post, now or from its date on; nobody else's is ever an article.
#[must_use]
pub fn is_public(kind: &str, status: &str, password: &str, site: &Site) -> bool {
    matches!(status, "publish" | "future")
        && password.is_empty()
        && site.types.iter().any(|known| known == kind)
}

/// The row of a post; `None` of one that isn't for everybody.
#[must_use]
pub fn row(post: &Post, site: &Site) -> Option<Row> {
    if !is_public(&post.kind, &post.status, &post.password, site) {
        return None;
    }
    let mut columns = Columns::default();
    let link = post.link.clone().unwrap_or_else(|| permalink::link(post, site));
    columns.text("id", &guid(post));
    columns.text("url", &link);
    columns.text("title", &html_line(&post.title));
    columns.text(
        "published",
        &dates::time(&post.date_gmt, &post.date, &site.clock).unwrap_or_default(),
    );
    columns.text("updated", &updated(post, site).unwrap_or_default());
    columns.text("summary", &html_line(&post.excerpt));
    authors(&mut columns, post);
    terms(&mut columns, post);
    image(&mut columns, post);
    episode::columns(&mut columns, post);
    let earlier = permalink::earlier(post, site);
    columns.json("aliases", Json::from(earlier));
    if post.sticky {
        columns.0.push(("pinned".to_owned(), Value::Integer(1)));
    }
    if post.comments {
        columns.text("comments", &format!("{link}#comments"));
    }
    body(&mut columns, post);
    Some(Row { columns: columns.0 })
}

/// The id as subscribers know it: WordPress prints `&#038;` into XML, where it is `&`.
fn guid(post: &Post) -> String {
    post.guid.trim().replace("&#038;", "&").replace("&#38;", "&").replace("&amp;", "&")
}

/// One line of text out of HTML, written so that it is decoded once more.
fn html_line(html: &str) -> String {
    plain::of_html(html).replace('&', "&amp;")
}

/// Only a change after publication is one.
fn updated(post: &Post, site: &Site) -> Option<String> {
    let updated = dates::time(&post.modified_gmt, &post.modified, &site.clock)?;
    let published = dates::time(&post.date_gmt, &post.date, &site.clock)?;
    (updated > published).then_some(updated)
}

fn authors(columns: &mut Columns, post: &Post) {
    let Some(author) = post.author.as_ref().filter(|author| !author.name.trim().is_empty()) else {
        return;
    };
    let mut map = Map::new();
    map.insert("name".to_owned(), json!(html_line(&author.name)));
    if !author.url.trim().is_empty() {
        map.insert("url".to_owned(), json!(author.url.trim()));
    }
    columns.json("authors", json!([map]));
}

/// Taxonomies that group menus, themes and the like, not articles.
const PLUMBING: [&str; 12] = [
    "nav_menu",
    "link_category",
    "post_format",
    "wp_theme",
    "wp_template_part_area",
    "wp_pattern_category",
    "author",
    "language",
    "post_translations",
    "term_language",
    "term_translations",
    "following_users",
];

/// Categories are the paper's sections, all of them: so each category's feed has what WordPress's own
/// has. Those that they stand below come with them, as on its pages.
fn terms(columns: &mut Columns, post: &Post) {
    let mut all: Vec<Json> = Vec::new();
    let mut push = |taxonomy: &str, term: &Term, parents: &[Term]| {
        let parents: Vec<String> = parents.iter().map(|parent| decoded(&parent.slug)).collect();
        let value = json!({
            "taxonomy": taxonomy,
            "slug": decoded(&term.slug),
            "name": html_line(&term.name),
            "parents": parents,
        });
        if !all.contains(&value) {
            all.push(value);
        }
    };
    for term in categories(post) {
        for (depth, parent) in term.parents.iter().enumerate() {
            push("section", parent, &term.parents[..depth]);
        }
        push("section", term, &term.parents);
    }
    for term in &post.terms {
        let taxonomy = match term.taxonomy.as_str() {
            "category" => continue,
            "post_tag" => "tag",
            plumbing if PLUMBING.contains(&plumbing) => continue,
            other => other,
        };
        push(taxonomy, term, &[]);
    }
    columns.json("terms", Json::from(all));
    let of = |taxonomy: &str| post.terms.iter().find(|term| term.taxonomy == taxonomy);
    // Polylang's: one language, and one group of translations.
    columns.text("language", of("language").map_or("", |term| term.slug.as_str()));
    columns.text("translation_key", of("post_translations").map_or("", |term| term.slug.as_str()));
}

/// The post's categories, the primary one first where a plugin names one.
fn categories(post: &Post) -> Vec<&Term> {
    let primary = ["_yoast_wpseo_primary_category", "rank_math_primary_category"];
    let primary = primary.iter().find_map(|key| post.meta(key)?.trim().parse::<i64>().ok());
    let mut categories: Vec<&Term> =
        post.terms.iter().filter(|term| term.taxonomy == "category").collect();
    categories.sort_by_key(|term| (Some(term.id) != primary, term.id));
    categories
}

/// A slug of letters that WordPress keeps percent-encoded.
fn decoded(slug: &str) -> String {
    percent_encoding::percent_decode_str(slug).decode_utf8_lossy().into_owned()
}

fn image(columns: &mut Columns, post: &Post) {
    let number = post.meta("_thumbnail_id").and_then(|id| id.trim().parse().ok());
    let Some(file) = number.and_then(|number| post.attachment(number)) else { return };
    let mut map = Map::new();
    map.insert("url".to_owned(), json!(file.url));
    let caption = html_line(&file.caption);
    let alt = file.alt.replace('&', "&amp;");
    for (key, text) in [("alt", &alt), ("caption", &caption), ("type", &file.mime)] {
        if !text.trim().is_empty() {
            map.insert(key.to_owned(), json!(text));
        }
    }
    for (key, size) in [("width", file.width), ("height", file.height)] {
        if let Some(size) = size {
            map.insert(key.to_owned(), json!(size));
        }
    }
    if let Some(bytes) = file.bytes {
        map.insert("bytes".to_owned(), json!(bytes));
    }
    columns.json("image", Json::Object(map));
}

/// The content as it stands, and what its numbers refer to.
fn body(columns: &mut Columns, post: &Post) {
    columns.text("body", &post.content);
    columns.text("body_format", FORMAT);
    let around = json!({
        "post": post.id,
        "attachments": shown(post),
        "footnotes": post.meta("footnotes"),
        "blocks": post.reusable,
    });
    columns.json(AROUND, around);
}

/// The files that the content may show: else a change of one that it doesn't would be the post's.
fn shown(post: &Post) -> Vec<&Attachment> {
    const SHOW: [&str; 4] = ["[gallery", "[playlist", "[audio", "[video"];
    if !SHOW.iter().any(|code| post.content.contains(code)) {
        return Vec::new();
    }
    post.attachments.iter().collect()
}

/// What WordPress keeps of a file beside its address: size, and how many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measures {
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Bytes.
    pub bytes: Option<u64>,
}

impl Measures {
    /// Reads the meta field `_wp_attachment_metadata`; nothing where it can't be read.
    #[must_use]
    pub fn parse(serialised: &str) -> Measures {
        let Some(value) = Php::parse(serialised) else { return Measures::default() };
        let number = |key: &str| value.get(key).and_then(Php::integer).filter(|n| *n > 0);
        Measures {
            width: number("width").and_then(|n| u32::try_from(n).ok()),
            height: number("height").and_then(|n| u32::try_from(n).ok()),
            bytes: number("filesize").and_then(|n| u64::try_from(n).ok()),
        }
    }
}

/// Reads the option `sticky_posts`: the numbers of posts that are held at the top.
#[must_use]
pub fn sticky(serialised: &str) -> Vec<i64> {
    Php::parse(serialised)
        .map(|list| list.values().filter_map(Php::integer).collect())
        .unwrap_or_default()
}
