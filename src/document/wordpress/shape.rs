//! A row of WordPress's own tables, with what was joined to it, becomes a [`Post`], and that a row as any
//! other. What is asked for is the [`source`](crate::source)'s; names of columns are the tables' own.

use super::{Attachment, Author, Clock, Measures, Post, Site, Term, row};
use crate::document::{Facts, Row, Shape, Value};

/// WordPress's rows.
pub const SHAPE: Shape = Shape { name: "wordpress", version: 2, of: shape };

fn shape(row_of_post: &Row, facts: &Facts) -> Row {
    let site = site(facts);
    let post = post(row_of_post, facts);
    row(&post, &site).unwrap_or_else(|| withheld(row_of_post))
}

/// A post that isn't for everybody, whatever the question let through: nothing of it but its number.
fn withheld(row: &Row) -> Row {
    let id = row.get("id").cloned().unwrap_or(Value::Null);
    Row { columns: vec![("id".to_owned(), id), ("draft".to_owned(), Value::Integer(1))] }
}

fn option(facts: &Facts, name: &str) -> String {
    facts.named("options", name).unwrap_or_default()
}

fn site(facts: &Facts) -> Site {
    let types = facts.named("settings", "types").unwrap_or_default();
    Site {
        home: option(facts, "home"),
        clock: Clock::of_options(&option(facts, "timezone_string"), &option(facts, "gmt_offset")),
        structure: option(facts, "permalink_structure"),
        default_category: facts.named("default_category", "slug").unwrap_or_default(),
        types: types.split(',').map(str::to_owned).collect(),
        bases: facts
            .named("settings", "bases")
            .unwrap_or_default()
            .split(',')
            .filter_map(|pair| pair.split_once('='))
            .map(|(kind, base)| (kind.to_owned(), base.to_owned()))
            .collect(),
    }
}

fn post(row: &Row, facts: &Facts) -> Post {
    let text = |name: &str| row.text(name).unwrap_or_default();
    let id = integer(row, "id");
    let author = row.text("display_name").map(|name| Author {
        name,
        nicename: text("user_nicename"),
        url: text("user_url"),
    });
    let pair = |of: &Row, key: &str, value: &str| Some((of.text(key)?, of.text(value)?));
    Post {
        id,
        kind: text("post_type"),
        status: text("post_status"),
        password: text("post_password"),
        date: text("post_date"),
        date_gmt: text("post_date_gmt"),
        modified: text("post_modified"),
        modified_gmt: text("post_modified_gmt"),
        title: text("post_title"),
        content: text("post_content"),
        excerpt: text("post_excerpt"),
        name: text("post_name"),
        guid: text("guid"),
        link: None,
        comments: text("comment_status") == "open",
        sticky: super::sticky(&option(facts, "sticky_posts")).contains(&id),
        author,
        terms: row.rows("terms").iter().map(|one| term(one, facts)).collect(),
        meta: row.rows("meta").iter().filter_map(|m| pair(m, "meta_key", "meta_value")).collect(),
        attachments: row.rows("files").iter().map(|one| attachment(one, facts)).collect(),
        reusable: row
            .rows("blocks")
            .iter()
            .map(|one| (integer(one, "block"), one.text("post_content").unwrap_or_default()))
            .collect(),
    }
}

fn integer(row: &Row, name: &str) -> i64 {
    row.text(name).and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// A term, with those that it stands below.
fn term(row: &Row, facts: &Facts) -> Term {
    /// No site nests deeper; a circle ends here.
    const PARENTS_MAX: usize = 16;
    let of = |row: &Row| Term {
        id: integer(row, "term_id"),
        taxonomy: row.text("taxonomy").unwrap_or_default(),
        slug: row.text("slug").unwrap_or_default(),
        name: row.text("name").unwrap_or_default(),
        parents: Vec::new(),
    };
    let mut term = of(row);
    let mut above = integer(row, "parent");
    while above != 0 && term.taxonomy == "category" && term.parents.len() < PARENTS_MAX {
        let Some(parent) = facts.of("parents").iter().find(|p| integer(p, "term_id") == above)
        else {
            break;
        };
        term.parents.insert(0, of(parent));
        above = integer(parent, "parent");
    }
    term
}

fn attachment(row: &Row, facts: &Facts) -> Attachment {
    let text = |name: &str| row.text(name).unwrap_or_default();
    let measures = Measures::parse(&text("metadata"));
    Attachment {
        id: integer(row, "file"),
        parent: integer(row, "post_parent"),
        url: url(&text("attached"), &text("guid"), facts),
        mime: text("post_mime_type"),
        title: text("post_title"),
        caption: text("post_excerpt"),
        alt: text("alt"),
        width: measures.width,
        height: measures.height,
        bytes: measures.bytes,
        order: integer(row, "menu_order"),
    }
}

/// Where a file of the media library is: below the folder of uploads. Its guid is where it once was, and
/// counts only where nothing else is known.
fn url(attached: &str, guid: &str, facts: &Facts) -> String {
    let attached = attached.trim();
    if attached.is_empty() || attached.contains("://") {
        return if attached.is_empty() { guid.trim().to_owned() } else { attached.to_owned() };
    }
    let home = option(facts, "home");
    let site = option(facts, "siteurl");
    let site = match site.split_once("://") {
        // One site, reached by both schemes: readers come by the public one.
        Some(("http", rest)) if home.starts_with(&format!("https://{rest}")) => {
            format!("https://{rest}")
        }
        _ => site,
    };
    let site = site.trim_end_matches('/');
    let (url_path, path) = (option(facts, "upload_url_path"), option(facts, "upload_path"));
    let mut base = match (url_path.trim(), path.trim()) {
        ("", "" | "wp-content/uploads") => format!("{site}/wp-content/uploads"),
        ("", path) if path.starts_with('/') => format!("{site}/wp-content/uploads"),
        ("", path) => format!("{site}/{}", path.trim_end_matches('/')),
        (url, _) => url.trim_end_matches('/').to_owned(),
    };
    if let Some(blog) = facts.named("settings", "blog").filter(|blog| blog != "1") {
        base.push_str(&format!("/sites/{blog}"));
    }
    format!("{base}/{}", attached.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(options: &[(&str, &str)], blog: &str) -> Facts {
        let row = |name: &str, value: &str| Row {
            columns: vec![
                ("option_name".to_owned(), Value::Text(name.into())),
                ("option_value".to_owned(), Value::Text(value.into())),
            ],
        };
        let mut facts = Facts::default();
        let all = options.iter().map(|(name, value)| row(name, value)).collect();
        facts.rows.insert("options".to_owned(), all);
        facts.rows.insert("settings".to_owned(), vec![row("types", "post"), row("blog", blog)]);
        facts
    }

    #[test]
    fn files_stand_below_the_folder_of_uploads() {
        let (home, site) = (("home", "https://x.example"), ("siteurl", "http://x.example/wp"));
        for (options, blog, attached, url) in [
            (
                &[home, ("siteurl", "http://x.example")][..],
                "1",
                "a.jpg",
                "https://x.example/wp-content/uploads/a.jpg",
            ),
            (
                &[home, site][..],
                "1",
                "2024/a.jpg",
                "http://x.example/wp/wp-content/uploads/2024/a.jpg",
            ),
            (
                &[home, site, ("upload_path", "files")],
                "1",
                "a.jpg",
                "http://x.example/wp/files/a.jpg",
            ),
            (
                &[home, site, ("upload_path", "/srv/files")],
                "1",
                "a.jpg",
                "http://x.example/wp/wp-content/uploads/a.jpg",
            ),
            (
                &[home, site, ("upload_url_path", "https://cdn.example/u/")],
                "1",
                "/a.jpg",
                "https://cdn.example/u/a.jpg",
            ),
            (&[home, site], "3", "a.jpg", "http://x.example/wp/wp-content/uploads/sites/3/a.jpg"),
            (&[home, site], "1", "https://cdn.example/a.jpg", "https://cdn.example/a.jpg"),
            (&[home, site], "1", "", "https://old.example/g"),
        ] {
            assert_eq!(super::url(attached, "https://old.example/g", &facts(options, blog)), url);
        }
    }

    #[test]
    fn what_is_not_for_everybody_stays_unsaid() {
        let row = |status: &str, password: &str| Row {
            columns: [
                ("post_type", "post"),
                ("post_status", status),
                ("post_password", password),
                ("post_title", "Secret"),
                ("post_content", "Secret"),
            ]
            .into_iter()
            .map(|(name, text)| (name.to_owned(), Value::Text(text.into())))
            .chain([("id".to_owned(), Value::Integer(7))])
            .collect(),
        };
        let facts = facts(&[("home", "https://x.example")], "1");
        for (status, password) in
            [("publish", "x"), ("private", ""), ("draft", ""), ("trash", ""), ("", "")]
        {
            let made = (SHAPE.of)(&row(status, password), &facts);
            assert_eq!(made.columns.len(), 2, "{made:?}");
        }
        assert!((SHAPE.of)(&row("publish", ""), &facts).text("title").is_some());
    }
}
