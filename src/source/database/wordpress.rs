//! What is asked of a WordPress database (MySQL, MariaDB): its posts, what belongs to each, and the
//! options that hold for all. Only posts that are for everybody are asked for. A change of a term, a
//! picture or a meta field is seen, because all of them are part of a row.

use super::Question;
use crate::document::wordpress::SHAPE;
pub use crate::document::wordpress::{Facts, Known, closest, feed_paths};

/// Which tables, and which of their posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// What the names of tables begin with: `wp_`. Letters, digits and `_`.
    pub prefix: String,
    /// The number of a site in a network of several; 1 is the first.
    pub blog: u32,
    /// Types of posts that are articles. Lower-case letters, digits, `-` and `_`.
    pub types: Vec<String>,
    /// Types, and the path below which posts of each stand, where that isn't the type's name: `shows`.
    /// Letters, digits and `-._~%/`.
    pub bases: Vec<(String, String)>,
}

/// Meta fields that are read; themes and plugins keep hundreds more.
const META: [&str; 17] = [
    "_thumbnail_id",
    "_wp_old_date",
    "_wp_old_slug",
    "_yoast_wpseo_primary_category",
    "audio_file",
    "block",
    "duration",
    "enclosure",
    "explicit",
    "filesize_raw",
    "footnotes",
    "itunes_episode_number",
    "itunes_episode_type",
    "itunes_season_number",
    "itunes_title",
    "rank_math_primary_category",
    "episode_type",
];

/// Options that say how posts are shown.
const OPTIONS: [&str; 8] = [
    "gmt_offset",
    "home",
    "permalink_structure",
    "siteurl",
    "sticky_posts",
    "timezone_string",
    "upload_path",
    "upload_url_path",
];

/// Ten rows, 0 to 9: databases of all ages have them so.
const DIGITS: &str = "(select 0 as n union all select 1 union all select 2 union all select 3 \
union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 \
union all select 9)";

/// The question of the preset.
#[must_use]
pub fn question(tables: &Tables) -> Question {
    let base = &tables.prefix;
    let own = match tables.blog {
        0 | 1 => base.clone(),
        blog => format!("{base}{blog}_"),
    };
    let named = |text: &str| {
        text.replace("{own}", &own).replace("{base}", base).replace("{digits}", DIGITS)
    };
    let types = quoted(&tables.types);
    let mut settings = format!(
        "select 'types' as name, '{}' as value union all select 'blog', '{}'",
        tables.types.join(","),
        tables.blog.max(1)
    );
    if !tables.bases.is_empty() {
        let bases: Vec<String> =
            tables.bases.iter().map(|(kind, base)| format!("{kind}={base}")).collect();
        settings.push_str(&format!(" union all select 'bases', '{}'", bases.join(",")));
    }
    Question {
        facts: vec![
            ("settings".to_owned(), settings),
            ("options".to_owned(), named(OPTIONS_SQL).replace("{names}", &quoted(&OPTIONS))),
            ("default_category".to_owned(), named(DEFAULT_CATEGORY)),
            ("parents".to_owned(), named(PARENTS)),
        ],
        query: named(POSTS).replace("{types}", &types),
        also: vec![
            ("meta".to_owned(), named(META_SQL).replace("{names}", &quoted(&META))),
            ("terms".to_owned(), named(TERMS)),
            ("files".to_owned(), named(FILES)),
            ("blocks".to_owned(), named(BLOCKS)),
        ],
        // No column tells of a change of terms or fields.
        changes: None,
        shape: Some(SHAPE),
    }
}

/// Names that configuration has checked, as a list of strings.
fn quoted<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{}'", name.as_ref())).collect();
    quoted.join(", ")
}

const OPTIONS_SQL: &str = "select option_name, option_value from {own}options \
where option_name in ({names}) order by option_name";

const DEFAULT_CATEGORY: &str = "select 'slug' as name, t.slug as value from {own}options o \
join {own}terms t on t.term_id = o.option_value where o.option_name = 'default_category'";

/// Categories that others stand below: only they are needed beside a post's own.
const PARENTS: &str = "select t.term_id, t.slug, t.name, x.parent, x.taxonomy \
from {own}term_taxonomy x join {own}terms t on t.term_id = x.term_id \
where x.taxonomy = 'category' and x.term_id in \
(select parent from {own}term_taxonomy where taxonomy = 'category') order by t.term_id";

/// Dates as text: `0000-00-00` is none that a driver would take.
const POSTS: &str = "select p.ID as id, p.post_type, p.post_status, p.post_password, \
cast(p.post_date as char) as post_date, cast(p.post_date_gmt as char) as post_date_gmt, \
cast(p.post_modified as char) as post_modified, \
cast(p.post_modified_gmt as char) as post_modified_gmt, \
p.post_title, p.post_content, p.post_excerpt, p.post_name, p.guid, p.comment_status, \
u.display_name, u.user_nicename, u.user_url \
from {own}posts p left join {base}users u on u.ID = p.post_author \
where p.post_type in ({types}) and p.post_status in ('publish', 'future') \
and p.post_password = '' order by p.ID";

const META_SQL: &str = "select post_id as id, meta_key, meta_value from {own}postmeta \
where post_id in (:ids) and meta_key in ({names}) order by meta_id";

const TERMS: &str = "select r.object_id as id, t.term_id, t.slug, t.name, x.parent, x.taxonomy \
from {own}term_relationships r \
join {own}term_taxonomy x on x.term_taxonomy_id = r.term_taxonomy_id \
join {own}terms t on t.term_id = x.term_id \
where r.object_id in (:ids) order by r.object_id, x.taxonomy, r.term_order, t.name, t.term_id";

/// A post's picture; the files that were uploaded to it, where it shows them; and those that its
/// galleries name: of up to ten, a thousand each.
const FILES: &str = "select q.id, a.ID as file, a.post_parent, a.guid, a.post_mime_type, \
a.post_title, a.post_excerpt, a.menu_order, f.meta_value as attached, m.meta_value as metadata, \
l.meta_value as alt from (\
select post_id as id, cast(meta_value as unsigned) as file from {own}postmeta \
where post_id in (:ids) and meta_key = '_thumbnail_id' \
union select p.ID, c.ID from {own}posts c join {own}posts p on p.ID = c.post_parent \
where c.post_parent in (:ids) and c.post_type = 'attachment' and (\
p.post_content like '%[gallery%' or p.post_content like '%[playlist%' \
or p.post_content like '%[audio%' or p.post_content like '%[video%') \
union select g.id, \
cast(substring_index(substring_index(g.list, ',', i.n + 1), ',', -1) as unsigned) from (\
select h.id, if(left(h.rest, 1) in ('\"', ''''), \
substring_index(substring(h.rest, 2), left(h.rest, 1), 1), \
substring_index(substring_index(h.rest, ']', 1), ' ', 1)) as list from (\
select s.id, substring_index(substring_index(s.content, 'ids=', k.n + 2), 'ids=', -1) as rest from (\
select ID as id, replace(post_content, 'include=', 'ids=') as content from {own}posts \
where ID in (:ids) and (post_content like '%ids=%' or post_content like '%include=%')) s \
join {digits} k on k.n < (length(s.content) - length(replace(s.content, 'ids=', ''))) / 4) h) g \
join (select x.n + 10 * y.n + 100 * z.n as n from {digits} x join {digits} y join {digits} z) i \
on i.n <= length(g.list) - length(replace(g.list, ',', ''))) q \
join {own}posts a on a.ID = q.file and a.post_type = 'attachment' \
left join {own}postmeta f on f.post_id = a.ID and f.meta_key = '_wp_attached_file' \
left join {own}postmeta m on m.post_id = a.ID and m.meta_key = '_wp_attachment_metadata' \
left join {own}postmeta l on l.post_id = a.ID and l.meta_key = '_wp_attachment_image_alt' \
order by q.id, a.ID";

/// Blocks that are kept once and used in many posts; up to ten in each.
const BLOCKS: &str = "select q.id, b.ID as block, b.post_content from (\
select s.ID as id, cast(substring_index(substring_index(s.post_content, \
'<!-- wp:block {\"ref\":', k.n + 2), '<!-- wp:block {\"ref\":', -1) as unsigned) as block \
from {own}posts s join {digits} k on k.n < \
(length(s.post_content) - length(replace(s.post_content, '<!-- wp:block {\"ref\":', ''))) / 21 \
where s.ID in (:ids) and s.post_content like '%<!-- wp:block {\"ref\":%') q \
join {own}posts b on b.ID = q.block and b.post_type = 'wp_block' and b.post_status = 'publish' \
group by q.id, b.ID, b.post_content order by q.id, b.ID";
