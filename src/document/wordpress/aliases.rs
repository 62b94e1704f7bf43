//! The addresses of a WordPress site's own feeds, and the feeds that take their place here. What is
//! subscribed to stays subscribed to.

use std::collections::BTreeSet;

use super::permalink::front;
use super::{decoded, plain};
use crate::article::slug::slug;

/// What the addresses depend on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The path of the option `home`, without a final slash: `/blog`. Empty where the site has a host of
    /// its own.
    pub home: String,
    /// The option `permalink_structure`; where it is empty, only `?feed=` addresses exist.
    pub structure: String,
    /// The option `category_base`; empty is `category`.
    pub category_base: String,
    /// The option `tag_base`; empty is `tag`.
    pub tag_base: String,
    /// Categories; `path` is that of one below its parents: `world/asia`.
    pub categories: Vec<Known>,
    /// Tags.
    pub tags: Vec<Known>,
    /// Authors.
    pub authors: Vec<Known>,
    /// Name of the feed of all articles.
    pub feed: String,
}

/// A category, tag or author that has feeds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Its number.
    pub id: String,
    /// What stands for it in addresses.
    pub path: String,
    /// Its name for people, as HTML.
    pub name: String,
}

/// How WordPress calls its formats, and the file here that readers of each understand. RDF has none
/// of its own: its readers read RSS 2.0.
const FORMATS: [(&str, &str); 4] =
    [("rss2", "rss"), ("rss", "rss"), ("rdf", "rss"), ("atom", "atom")];

/// Each address below the site, without a final slash, and the feed's file that answers there:
/// `("/category/world/feed", "world.rss")`. The server takes a final slash for nothing, and the
/// parameters of a query in any order.
#[must_use]
pub fn feed_paths(facts: &Facts) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let bases = Bases::of(facts);
    for root in ["", "/index.php"] {
        if root.is_empty() || bases.root == root {
            place(&mut all, root, &facts.feed);
        }
        let query = if root.is_empty() { "/" } else { root };
        asked(&mut all, query, "", &facts.feed);
    }
    for (name, format) in FORMATS {
        all.push((format!("/{name}"), format!("{}.{format}", facts.feed)));
    }
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
    let mut group = |base: &str, path: &str, query: &str, feed: &str| {
        // A name without letters names no feed.
        if feed.is_empty() || feed.ends_with('/') {
            return;
        }
        if !facts.structure.is_empty() {
            place(&mut all, &format!("{base}/{path}"), feed);
        }
        asked(&mut all, "/", query, feed);
    };
    for category in &facts.categories {
        let path = category.path.trim_matches('/');
        let last = path.rsplit('/').next().unwrap_or_default();
        group(&bases.categories, path, &format!("&cat={}", category.id), &slug(&decoded(last)));
    }
    for tag in &facts.tags {
        let feed = format!("tag/{}", slug(&decoded(&tag.path)));
        group(&bases.tags, &tag.path, &format!("&tag={}", tag.path), &feed);
    }
    for author in &facts.authors {
        let feed = format!("author/{}", slug(&plain::of_html(&author.name)));
        group(&bases.authors, &author.path, &format!("&author={}", author.id), &feed);
    }
    let mut seen = BTreeSet::new();
    all.retain(|(path, _)| seen.insert(path.clone()));
    below(&facts.home, all)
}

/// Patterns of the addresses of feeds that aren't made here, of a day, month or year and of what a
/// search finds, and the feed's file that comes closest: `("/search/**/feed", "latest.rss")`.
#[must_use]
pub fn closest(facts: &Facts) -> Vec<(String, String)> {
    const YEAR: &str = "[0-9][0-9][0-9][0-9]";
    const PART: &str = "{[0-9],[0-9][0-9]}";
    if facts.structure.is_empty() {
        return Vec::new();
    }
    let bases = Bases::of(facts);
    let dates = dates(&facts.structure);
    let day = match order(&facts.structure) {
        Order::YearMonthDay => [YEAR, PART, PART],
        Order::DayMonthYear | Order::MonthDayYear => [PART, PART, YEAR],
    };
    // A year and a month keep their order when the day is left out.
    let month = match order(&facts.structure) {
        Order::YearMonthDay => [YEAR, PART],
        Order::DayMonthYear | Order::MonthDayYear => [PART, YEAR],
    };
    let places = [
        format!("{dates}/{YEAR}"),
        format!("{dates}/{}", month.join("/")),
        format!("{dates}/{}", day.join("/")),
        format!("{}/search/**", bases.root),
    ];
    let mut all = Vec::new();
    for place in places {
        for (tail, format) in [
            ("{feed,feed/rss2,feed/rss,feed/rdf,rss2,rss,rdf}", "rss"),
            ("{feed/atom,atom}", "atom"),
        ] {
            all.push((format!("{place}/{tail}"), format!("{}.{format}", facts.feed)));
        }
    }
    below(&facts.home, all)
}

fn below(home: &str, all: Vec<(String, String)>) -> Vec<(String, String)> {
    all.into_iter().map(|(path, feed)| (format!("{home}{path}"), feed)).collect()
}

/// What the paths of feeds begin with, by WordPress's `WP_Rewrite` and its taxonomies.
struct Bases {
    root: &'static str,
    categories: String,
    tags: String,
    authors: String,
}

impl Bases {
    fn of(facts: &Facts) -> Bases {
        // Structures that begin with `/index.php` have it before all else.
        let has_index = facts.structure.trim_start_matches('/').starts_with("index.php");
        let root = if has_index { "/index.php" } else { "" };
        let front = front(&facts.structure);
        // A base that somebody chose stands at the root, unless nothing can.
        let base = |written: &str, default: &str| match written.trim_matches('/') {
            "" => format!("{front}/{default}"),
            written if has_index => format!("{front}/{written}"),
            written => format!("/{written}"),
        };
        Bases {
            root,
            categories: base(&facts.category_base, "category"),
            tags: base(&facts.tag_base, "tag"),
            authors: base("", "author"),
        }
    }
}

/// In which order the addresses of days have their parts.
#[derive(Clone, Copy)]
enum Order {
    YearMonthDay,
    DayMonthYear,
    MonthDayYear,
}

fn order(structure: &str) -> Order {
    if structure.contains("%day%/%monthnum%/%year%") {
        Order::DayMonthYear
    } else if structure.contains("%monthnum%/%day%/%year%") {
        Order::MonthDayYear
    } else {
        Order::YearMonthDay
    }
}

/// What the addresses of days begin with. Where the number of a post could be taken for a year, they
/// stand apart.
fn dates(structure: &str) -> String {
    let mut tokens = structure.split('%').skip(1).step_by(2).take(3);
    let apart = if tokens.any(|token| token == "post_id") { "/date" } else { "" };
    format!("{}{apart}", front(structure))
}

/// All addresses of the feeds of one place.
fn place(all: &mut Vec<(String, String)>, path: &str, feed: &str) {
    all.push((format!("{path}/feed"), format!("{feed}.rss")));
    for (name, format) in FORMATS {
        all.push((format!("{path}/feed/{name}"), format!("{feed}.{format}")));
    }
}

/// All addresses of the feeds of one place that are queries.
fn asked(all: &mut Vec<(String, String)>, path: &str, more: &str, feed: &str) {
    for (name, format) in FORMATS {
        all.push((format!("{path}?feed={name}{more}"), format!("{feed}.{format}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(id: &str, path: &str, name: &str) -> Known {
        Known { id: id.to_owned(), path: path.to_owned(), name: name.to_owned() }
    }

    fn facts(structure: &str, category_base: &str) -> Facts {
        Facts {
            structure: structure.to_owned(),
            category_base: category_base.to_owned(),
            categories: vec![known("4", "world/asia", "Asia")],
            tags: vec![known("7", "harbour", "Harbour"), known("8", "%d0%bc%d0%be", "Мо")],
            authors: vec![known("2", "ada", "Ada Brook &amp; Sons")],
            feed: "latest".to_owned(),
            ..Facts::default()
        }
    }

    #[test]
    fn each_place_has_its_feeds() {
        let all = feed_paths(&facts("/%year%/%postname%/", "rubrik"));
        for (path, feed) in [
            ("/feed", "latest.rss"),
            ("/feed/atom", "latest.atom"),
            ("/atom", "latest.atom"),
            ("/wp-rss2.php", "latest.rss"),
            ("/?feed=rdf", "latest.rss"),
            ("/index.php?feed=atom", "latest.atom"),
            ("/rubrik/world/asia/feed", "asia.rss"),
            ("/?feed=rss2&cat=4", "asia.rss"),
            ("/tag/harbour/feed/rdf", "tag/harbour.rss"),
            ("/?feed=atom&tag=harbour", "tag/harbour.atom"),
            ("/author/ada/feed", "author/ada-brook-sons.rss"),
            ("/tag/%d0%bc%d0%be/feed", "tag/мо.rss"),
            ("/?feed=rss2&tag=%d0%bc%d0%be", "tag/мо.rss"),
            ("/?feed=rss&author=2", "author/ada-brook-sons.rss"),
        ] {
            assert!(all.contains(&(path.to_owned(), feed.to_owned())), "{path}");
        }
        let mut paths: Vec<&String> = all.iter().map(|(path, _)| path).collect();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), all.len());
        let blog = Facts { home: "/blog".to_owned(), ..facts("/%postname%/", "") };
        for path in ["/blog/feed", "/blog/?feed=rss2", "/blog/category/world/asia/feed"] {
            assert!(feed_paths(&blog).iter().any(|(known, _)| known == path), "{path}");
        }
        assert!(closest(&blog).iter().all(|(pattern, _)| pattern.starts_with("/blog/")));
        let plain = feed_paths(&facts("", ""));
        assert!(plain.iter().all(|(path, _)| !path.starts_with("/author")));
        assert!(plain.contains(&("/?feed=rss2&cat=4".to_owned(), "asia.rss".to_owned())));
    }

    #[test]
    fn bases_follow_the_structure() {
        for (structure, base, category, author, feed) in [
            ("/%postname%/", "", "/category/", "/author/", "/feed"),
            ("/archives/%post_id%", "", "/archives/category/", "/archives/author/", "/feed"),
            ("/blog/%postname%/", "topic", "/topic/", "/blog/author/", "/feed"),
            (
                "/index.php/%postname%/",
                "topic",
                "/index.php/topic/",
                "/index.php/author/",
                "/index.php/feed",
            ),
        ] {
            let all = feed_paths(&facts(structure, base));
            for path in [&format!("{category}world/asia/feed"), &format!("{author}ada/feed"), feed]
            {
                assert!(all.iter().any(|(known, _)| known == path), "{structure}: {path}");
            }
        }
    }

    #[test]
    fn dates_and_searches_have_the_closest_feed() {
        for (structure, day) in [
            ("/%postname%/", "/Y/P/P/"),
            ("/archives/%day%/%monthnum%/%year%/%postname%/", "/archives/P/P/Y/"),
            ("/archives/%post_id%", "/archives/date/Y/P/P/"),
            ("/%category%/%year%/%author%/%post_id%/", "/Y/P/P/"),
        ] {
            let day = day.replace('Y', "[0-9][0-9][0-9][0-9]").replace('P', "{[0-9],[0-9][0-9]}");
            let all = closest(&facts(structure, ""));
            let atom = (format!("{day}{{feed/atom,atom}}"), "latest.atom".to_owned());
            assert!(all.contains(&atom), "{structure}: {all:?}");
            let search = ("/search/**/{feed/atom,atom}".to_owned(), "latest.atom".to_owned());
            assert!(all.contains(&search), "{structure}: {all:?}");
        }
        assert_eq!(closest(&facts("", "")), []);
    }
}
