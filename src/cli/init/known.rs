//! Programs whose tables are known: how they are recognised, and the file for each.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::toml::{self, Site};
use crate::source::database::{Answer, Error, Survey, Table, ghost, wordpress};
use crate::time::Zone;

/// A program whose tables these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Program {
    /// With the beginnings of its tables' names: one for each installation.
    Wordpress(Vec<String>),
    Ghost,
}

/// So many tags, and so many authors, have aliases.
const TERMS_MAX: usize = 200;

/// Whose tables they are. WordPress and Ghost are told by tables that belong together.
pub(super) fn program(tables: &[Table], is_mysql: bool) -> Option<Program> {
    let has = |name: &str| tables.iter().any(|table| table.name == name);
    let parts = ["postmeta", "options", "terms", "term_taxonomy", "term_relationships", "users"];
    let prefixes: Vec<String> = tables
        .iter()
        .filter_map(|table| table.name.strip_suffix("posts"))
        .filter(|prefix| parts.iter().all(|part| has(&format!("{prefix}{part}"))))
        .map(str::to_owned)
        .collect();
    if is_mysql && !prefixes.is_empty() {
        return Some(Program::Wordpress(prefixes));
    }
    let posts = tables.iter().find(|table| table.name == "posts")?;
    let column = |name: &str| posts.columns.iter().any(|column| column.name == name);
    let others = ["posts_meta", "posts_tags", "posts_authors", "tags", "users", "settings"];
    let is_ghost = others.iter().all(|name| has(name))
        && ["html", "visibility", "published_at", "type"].iter().all(|name| column(name));
    is_ghost.then_some(Program::Ghost)
}

fn text(row: &Answer, name: &str) -> String {
    row.get(name).cloned().unwrap_or_default()
}

fn pairs(rows: &[Answer]) -> BTreeMap<String, String> {
    rows.iter().map(|row| (text(row, "name"), text(row, "value"))).collect()
}

/// A zone's name, where it is one.
fn zone(name: &str) -> String {
    name.trim().parse::<Zone>().map(|_| name.trim().to_owned()).unwrap_or_default()
}

fn latest(out: &mut String, feed: &str) {
    let _ = write!(out, "\n[[feed]]\nname = {}\n", toml::string(feed));
}

/// The file of a Ghost site. Where it is its database doesn't say.
pub(super) fn ghost(
    survey: &Survey,
    site_url: Option<&str>,
    shown: &str,
    url: &str,
) -> Result<String, Error> {
    let settings = pairs(&survey.ask(
        "select `key` as name, value from settings \
         where `key` in ('title', 'description', 'locale', 'lang', 'timezone', 'active_timezone')",
    )?);
    let of = |names: &[&str]| names.iter().find_map(|name| settings.get(*name)).cloned();
    let site = Site {
        title: of(&["title"]).filter(|t| !t.trim().is_empty()).unwrap_or_else(|| "News".into()),
        url: site_url.unwrap_or(super::UNKNOWN_SITE).to_owned(),
        description: of(&["description"]).unwrap_or_default(),
        language: of(&["locale", "lang"]).unwrap_or_default(),
        timezone: zone(&of(&["timezone", "active_timezone"]).unwrap_or_default()),
        remarks: match site_url {
            Some(_) => Vec::new(),
            None => vec![
                "Ghost's database doesn't say where the site is: write its address below as `url`,"
                    .into(),
                "or run init again with --site URL.".into(),
            ],
        },
    };
    let tags = survey.ask(
        "select t.slug from tags t join posts_tags x on x.tag_id = t.id \
         where t.visibility = 'public' group by t.slug order by count(*) desc, t.slug",
    )?;
    let authors = survey.ask(
        "select u.slug, u.name from users u join posts_authors x on x.author_id = u.id \
         group by u.slug, u.name order by count(*) desc, u.slug",
    )?;
    let left_out = tags.len().saturating_sub(TERMS_MAX) + authors.len().saturating_sub(TERMS_MAX);
    let paths = ghost::aliases::feed_paths(&ghost::aliases::Site {
        tags: tags.iter().take(TERMS_MAX).map(|row| text(row, "slug")).collect(),
        authors: authors
            .iter()
            .take(TERMS_MAX)
            .map(|row| (text(row, "slug"), text(row, "name")))
            .collect(),
        feed: "latest".into(),
    });
    let mut out = toml::head(&site, shown);
    out.push_str(&super::source("ghost", url));
    out.push_str(
        "preset = \"ghost\"\n\
         #permalink = \"/{slug}/\"   # if routes.yaml of the site has another\n",
    );
    latest(&mut out, "latest");
    out.push_str("# Feeds of each tag and author need no line here: tag/NAME and author/NAME.\n");
    out.push_str(&toml::aliases(&paths, left_out));
    Ok(out)
}

/// A site of a WordPress installation.
struct Blog<'a> {
    prefix: &'a str,
    number: u32,
}

impl Blog<'_> {
    /// What its own tables' names begin with.
    fn own(&self) -> String {
        match self.number {
            0 | 1 => self.prefix.to_owned(),
            number => format!("{}{number}_", self.prefix),
        }
    }
}

/// The file of a WordPress site.
pub(super) fn wordpress(
    survey: &Survey,
    (tables, prefixes): (&[Table], &[String]),
    number: u32,
    (site_url, shown, url): (Option<&str>, &str, &str),
) -> Result<String, Error> {
    let has = |name: &str| tables.iter().any(|table| table.name == name);
    let prefix = prefixes.first().map_or("wp_", String::as_str);
    let blog = Blog { prefix, number: number.max(1) };
    let own = blog.own();
    let options = pairs(&survey.ask(&format!(
        "select option_name as name, option_value as value from {own}options where option_name in \
         ('home', 'blogname', 'blogdescription', 'timezone_string', 'permalink_structure', \
         'category_base', 'tag_base', 'WPLANG')"
    ))?);
    let of = |name: &str| options.get(name).map(|value| unescaped(value)).unwrap_or_default();
    let home = format!("{}/", of("home").trim().trim_end_matches('/'));
    let mut site = Site {
        title: Some(of("blogname")).filter(|t| !t.trim().is_empty()).unwrap_or("News".into()),
        url: site_url.map_or(home, str::to_owned),
        description: of("blogdescription"),
        language: match of("WPLANG").as_str() {
            "" => "en-US".to_owned(),
            tag => tag.split('_').take(2).collect::<Vec<_>>().join("-"),
        },
        timezone: zone(&of("timezone_string")),
        remarks: Vec::new(),
    };
    for other in prefixes.iter().skip(1) {
        site.remarks.push(format!("Another WordPress is here, too: table_prefix = \"{other}\"."));
    }
    if has(&format!("{prefix}blogs")) {
        for row in survey.ask(&format!(
            "select blog_id, domain, path from {prefix}blogs where deleted = 0 order by blog_id"
        ))? {
            site.remarks.push(format!(
                "Site {} of the network: {}{} (feedwright init --blog {0} makes its file).",
                text(&row, "blog_id"),
                text(&row, "domain"),
                text(&row, "path")
            ));
        }
    }
    let (facts, left_out) = wordpress_facts(survey, &blog, &options)?;
    let mut out = toml::head(&site, shown);
    out.push_str(&super::source("wordpress", url));
    out.push_str("preset = \"wordpress\"\n");
    if prefix != "wp_" {
        let _ = writeln!(out, "table_prefix = {}", toml::string(prefix));
    }
    if blog.number > 1 {
        let _ = writeln!(out, "blog = {}", blog.number);
    }
    out.push_str("#types = [\"post\"]   # other types of posts that are articles, too\n");
    latest(&mut out, &facts.feed);
    out.push_str(
        "\n[[feed]]\nname = \"{section}\"   # one for each category\neach = \"section\"\n",
    );
    out.push_str(&toml::aliases(&wordpress::feed_paths(&facts), left_out));
    out.push_str(&toml::fallbacks(&wordpress::closest(&facts)));
    Ok(out)
}

/// What the aliases of a WordPress site depend on, and how many terms were left out.
fn wordpress_facts(
    survey: &Survey,
    blog: &Blog<'_>,
    options: &BTreeMap<String, String>,
) -> Result<(wordpress::Facts, usize), Error> {
    let (own, base) = (blog.own(), blog.prefix);
    let of = |name: &str| options.get(name).cloned().unwrap_or_default();
    let categories = survey.ask(&format!(
        "select t.term_id, t.slug, t.name, x.parent, x.count from {own}term_taxonomy x \
         join {own}terms t on t.term_id = x.term_id where x.taxonomy = 'category' order by t.slug"
    ))?;
    let tags = survey.ask(&format!(
        "select t.term_id, t.slug, t.name from {own}term_taxonomy x join {own}terms t on t.term_id = x.term_id \
         where x.taxonomy = 'post_tag' and x.count > 0 order by x.count desc, t.slug"
    ))?;
    let authors = survey.ask(&format!(
        "select u.ID as term_id, u.user_nicename as slug, u.display_name as name from {base}users u \
         join {own}posts p on p.post_author = u.ID \
         where p.post_type = 'post' and p.post_status = 'publish' \
         group by u.ID, u.user_nicename, u.display_name order by count(*) desc, u.user_nicename"
    ))?;
    let left_out = tags.len().saturating_sub(TERMS_MAX) + authors.len().saturating_sub(TERMS_MAX);
    let known = |row: &Answer| wordpress::Known {
        id: text(row, "term_id"),
        path: text(row, "slug"),
        name: text(row, "name"),
    };
    let first = |rows: &[Answer]| rows.iter().take(TERMS_MAX).map(known).collect();
    let nested = |row| wordpress::Known { path: path(row, &categories), ..known(row) };
    let is_taken = categories.iter().any(|row| text(row, "slug") == "latest");
    let home = url::Url::parse(of("home").trim()).ok();
    let home = home.map_or_else(String::new, |url| url.path().trim_end_matches('/').to_owned());
    let facts = wordpress::Facts {
        home,
        structure: of("permalink_structure"),
        category_base: of("category_base"),
        tag_base: of("tag_base"),
        categories: categories.iter().map(nested).collect(),
        tags: first(&tags),
        authors: first(&authors),
        feed: if is_taken { "newest" } else { "latest" }.to_owned(),
    };
    Ok((facts, left_out))
}

/// A category's path: those that it stands below come first.
fn path(row: &Answer, all: &[Answer]) -> String {
    /// No site nests deeper; a circle ends here.
    const PARENTS_MAX: usize = 16;
    let mut path = text(row, "slug");
    let mut above = text(row, "parent");
    for _ in 0..PARENTS_MAX {
        let Some(parent) = all.iter().find(|one| text(one, "term_id") == above) else { break };
        path = format!("{}/{path}", text(parent, "slug"));
        above = text(parent, "parent");
    }
    path
}

/// Options are kept as HTML has them.
fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for (written, meant) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#039;", "'"),
        ("&#39;", "'"),
        ("&#8217;", "’"),
        ("&#038;", "&"),
        ("&amp;", "&"),
    ] {
        text = text.replace(written, meant);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::database::Column;

    fn table(name: &str, columns: &[&str]) -> Table {
        let column = |name: &&str| Column { name: (*name).to_owned(), kind: "text".to_owned() };
        Table { name: name.to_owned(), columns: columns.iter().map(column).collect() }
    }

    #[test]
    fn programs_are_told_by_tables_that_belong_together() {
        let wordpress = |prefix: &str| {
            [
                "posts",
                "postmeta",
                "options",
                "terms",
                "term_taxonomy",
                "term_relationships",
                "users",
            ]
            .map(|name| table(&format!("{prefix}{name}"), &["id"]))
        };
        let two: Vec<Table> = wordpress("wp_").into_iter().chain(wordpress("gz_x_")).collect();
        let found = Some(Program::Wordpress(vec!["wp_".into(), "gz_x_".into()]));
        assert_eq!(program(&two, true), found);
        assert_eq!(program(&two, false), None);
        assert_eq!(program(&two[1..6], true), None);
        let mut ghost: Vec<Table> =
            ["posts_meta", "posts_tags", "posts_authors", "tags", "users", "settings"]
                .map(|name| table(name, &["id"]))
                .into();
        assert_eq!(program(&ghost, true), None);
        ghost.push(table("posts", &["id", "html", "visibility", "published_at", "type"]));
        assert_eq!(program(&ghost, true), Some(Program::Ghost));
        assert_eq!(program(&ghost, false), Some(Program::Ghost));
        assert_eq!(program(&[], true), None);
    }
}
