//! What is asked of a Ghost database (MySQL, MariaDB, SQLite): its posts, the tags and authors of each, and
//! the setting that holds for all. Only posts that everybody may know of are asked for, and of those only
//! columns that are used. A change of a tag or an author is seen, because both are part of a row.

use url::Url;

use super::Question;
use crate::document::ghost::SHAPE;
pub use crate::document::ghost::aliases;

/// What a Ghost site's database doesn't say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where the site is.
    pub url: Url,
    /// The pattern of its links, as `routes.yaml` has it.
    pub permalink: String,
}

/// The question of the preset.
#[must_use]
pub fn question(site: &Site) -> Question {
    let settings = format!(
        "select 'url' as name, '{}' as value union all select 'permalink', '{}'",
        literal(site.url.as_str()),
        literal(&site.permalink)
    );
    Question {
        facts: vec![("settings".to_owned(), settings), ("options".to_owned(), OPTIONS.to_owned())],
        query: POSTS.to_owned(),
        also: vec![
            ("tags".to_owned(), TAGS.to_owned()),
            ("authors".to_owned(), AUTHORS.to_owned()),
        ],
        // No column tells of a tag's or an author's new name.
        changes: None,
        shape: Some(SHAPE),
    }
}

/// A URL as it may stand in a string of any engine: what would end the string is percent-encoded, which
/// is the same URL.
fn literal(url: &str) -> String {
    url.replace('\'', "%27").replace('\\', "%5C")
}

const OPTIONS: &str = "select `key`, value from settings where `key` = 'timezone'";

const POSTS: &str = "select p.id, p.title, p.slug, p.html, p.feature_image, p.type, p.status, \
p.locale, p.visibility, p.published_at, p.updated_at, p.custom_excerpt, p.canonical_url, \
m.meta_description, m.feature_image_alt, m.feature_image_caption, m.email_only \
from posts p left join posts_meta m on m.post_id = p.id \
where p.type = 'post' and p.status in ('published', 'scheduled') \
and coalesce(m.email_only, 0) = 0 order by p.id";

const TAGS: &str = "select x.post_id as id, t.name, t.slug, t.visibility \
from posts_tags x join tags t on t.id = x.tag_id where x.post_id in (:ids) \
order by x.post_id, x.sort_order, x.id";

const AUTHORS: &str = "select x.post_id as id, u.name, u.slug, u.website, u.profile_image \
from posts_authors x join users u on u.id = x.author_id where x.post_id in (:ids) \
order by x.post_id, x.sort_order, x.id";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_url_ends_the_string_that_it_stands_in() {
        let url = "https://x.example/it's/?a='\\&b=%5C%27#'".parse().unwrap();
        let question = question(&Site { url, permalink: "/{slug}/".into() });
        let (_, settings) = &question.facts[0];
        assert_eq!(settings.matches('\'').count(), 8, "{settings}");
        assert!(!settings.contains('\\'), "{settings}");
    }
}
