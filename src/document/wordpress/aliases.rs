//! The addresses of a WordPress site's own feeds, and the feeds that take their place here. What is
//! subscribed to stays subscribed to.

use crate::article::slug::slug;

/// What the aliases depend on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The option `permalink_structure`; where it is empty, only `?feed=` addresses exist.
    pub structure: String,
    /// The option `category_base`; empty is `category`.
    pub category_base: String,
    /// The option `tag_base`; empty is `tag`.
    pub tag_base: String,
    /// Paths of categories, parents before children: `world/asia`.
    pub categories: Vec<String>,
    /// Slugs of tags.
    pub tags: Vec<String>,
    /// Names of authors in addresses, and for people.
    pub authors: Vec<(String, String)>,
    /// Name of the feed of all articles.
    pub feed: String,
}

/// How WordPress calls its formats, and the file here that readers of each understand. RDF has none
/// of its own: its readers read RSS 2.0.
const FORMATS: [(&str, &str); 4] =
    [("rss2", "rss"), ("rss", "rss"), ("rdf", "rss"), ("atom", "atom")];

/// Each address below the site, without a final slash, and the feed's file that answers there:
/// `("/category/world/feed", "world.rss")`. The server takes a final slash for nothing.
#[must_use]
pub fn feed_paths(facts: &Facts) -> Vec<(String, String)> {
    let mut all = Vec::new();
    place(&mut all, "", &facts.feed);
    // The oldest addresses, which WordPress still answers.
    for (old, format) in [
        ("/wp-rss2.php", "rss"),
        ("/wp-rss.php", "rss"),
        ("/wp-rdf.php", "rss"),
        ("/wp-feed.php", "rss"),
        ("/wp-atom.php", "atom"),
    ] {
        all.push((old.to_owned(), format!("{}.{format}", facts.feed)));
    }
    if facts.structure.is_empty() {
        return all;
    }
    // Structures that begin with `/index.php` have it before all else.
    let root = if facts.structure.starts_with("/index.php/") { "/index.php" } else { "" };
    let base = |written: &str, default: &str| {
        let written = written.trim_matches('/');
        format!("{root}/{}", if written.is_empty() { default } else { written })
    };
    let categories = base(&facts.category_base, "category");
    for path in &facts.categories {
        let last = path.trim_matches('/').rsplit('/').next().unwrap_or_default();
        place(&mut all, &format!("{categories}/{}", path.trim_matches('/')), &slug(last));
    }
    let tags = base(&facts.tag_base, "tag");
    for tag in &facts.tags {
        place(&mut all, &format!("{tags}/{tag}"), &format!("tag/{}", slug(tag)));
    }
    for (nicename, name) in &facts.authors {
        place(&mut all, &format!("{root}/author/{nicename}"), &format!("author/{}", slug(name)));
    }
    all
}

/// All addresses of the feeds of one place.
fn place(all: &mut Vec<(String, String)>, path: &str, feed: &str) {
    all.push((format!("{path}/feed"), format!("{feed}.rss")));
    for (name, format) in FORMATS {
        all.push((format!("{path}/feed/{name}"), format!("{feed}.{format}")));
        if path.is_empty() {
            all.push((format!("/{name}"), format!("{feed}.{format}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_its_feeds() {
        let facts = Facts {
            structure: "/%year%/%postname%/".to_owned(),
            category_base: "rubrik".to_owned(),
            categories: vec!["world/asia".to_owned()],
            tags: vec!["harbour".to_owned()],
            authors: vec![("ada".to_owned(), "Ada Brook".to_owned())],
            feed: "latest".to_owned(),
            ..Facts::default()
        };
        let all = feed_paths(&facts);
        for (path, feed) in [
            ("/feed", "latest.rss"),
            ("/feed/atom", "latest.atom"),
            ("/atom", "latest.atom"),
            ("/wp-rss2.php", "latest.rss"),
            ("/rubrik/world/asia/feed", "asia.rss"),
            ("/tag/harbour/feed/rdf", "tag/harbour.rss"),
            ("/author/ada/feed", "author/ada-brook.rss"),
        ] {
            assert!(all.contains(&(path.to_owned(), feed.to_owned())), "{path}");
        }
        let mut paths: Vec<&String> = all.iter().map(|(path, _)| path).collect();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), all.len());
        let plain = feed_paths(&Facts { feed: "latest".to_owned(), ..Facts::default() });
        assert!(plain.iter().all(|(path, _)| !path.contains("author")));
    }
}
