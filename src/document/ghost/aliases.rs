//! The addresses of a Ghost site's own feeds, and the feeds that take their place here. What is
//! subscribed to stays subscribed to.

use crate::article::slug::slug;

/// What the aliases depend on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// Slugs of public tags.
    pub tags: Vec<String>,
    /// Names of authors in addresses, and for people.
    pub authors: Vec<(String, String)>,
    /// Name of the feed of all articles.
    pub feed: String,
}

/// Each address below the site, without a final slash, and the feed's file that answers there:
/// `("/tag/world/rss", "tag/world.rss")`.
#[must_use]
pub fn feed_paths(site: &Site) -> Vec<(String, String)> {
    // Ghost itself leads from `/feed` to `/rss`.
    let mut all = vec![
        ("/rss".to_owned(), format!("{}.rss", site.feed)),
        ("/feed".to_owned(), format!("{}.rss", site.feed)),
    ];
    for tag in &site.tags {
        all.push((format!("/tag/{tag}/rss"), format!("tag/{}.rss", slug(tag))));
    }
    for (nicename, name) in &site.authors {
        all.push((format!("/author/{nicename}/rss"), format!("author/{}.rss", slug(name))));
    }
    all
}
