//! Where WordPress shows a post: `home` and the option `permalink_structure`.

use super::{Post, Site};

/// The address of a post.
pub(super) fn link(post: &Post, site: &Site) -> String {
    with(post, site, &post.name, &post.date)
}

/// The addresses at which a post stood before: under old names, and on old days where the structure
/// has any. An export doesn't tell the structure: there an old name stands where the present one does.
pub(super) fn earlier(post: &Post, site: &Site) -> Vec<String> {
    let names = post.meta_values("_wp_old_slug");
    let found: Vec<String> = match &post.link {
        Some(link) => names.filter_map(|name| renamed(link, &post.name, name)).collect(),
        None => {
            let names = names.map(|name| with(post, site, name, &post.date));
            let dates = post.meta_values("_wp_old_date");
            names.chain(dates.map(|date| with(post, site, &post.name, date))).collect()
        }
    };
    let now = post.link.clone().unwrap_or_else(|| link(post, site));
    let mut links: Vec<String> = Vec::new();
    for link in found.into_iter().filter(|link| *link != now) {
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

fn renamed(link: &str, name: &str, earlier: &str) -> Option<String> {
    let (before, after) = link.rsplit_once(name).filter(|_| !name.is_empty())?;
    Some(format!("{before}{earlier}{after}"))
}

/// The address that a post would have under a name and on a day (`2024-02-18`, with a time or not).
fn with(post: &Post, site: &Site, name: &str, date: &str) -> String {
    let home = site.home.trim_end_matches('/');
    if name.is_empty() || post.kind != "post" {
        return other(post, site, name);
    }
    if site.structure.is_empty() {
        return format!("{home}/?p={}", post.id);
    }
    let mut parts = date.split([' ', '-', ':']).map(str::to_owned);
    let mut next = || parts.next().filter(|part| !part.is_empty()).unwrap_or_else(|| "00".into());
    let (year, month, day, hour, minute, second) = (next(), next(), next(), next(), next(), next());
    let nicename = post.author.as_ref().map_or("", |author| author.nicename.as_str());
    let id = post.id.to_string();
    let path = site
        .structure
        .replace("%year%", &year)
        .replace("%monthnum%", &month)
        .replace("%day%", &day)
        .replace("%hour%", &hour)
        .replace("%minute%", &minute)
        .replace("%second%", &second)
        .replace("%postname%", name)
        .replace("%pagename%", name)
        .replace("%post_id%", &id)
        .replace("%author%", nicename);
    let path = if path.contains("%category%") {
        path.replace("%category%", &category(post, site))
    } else {
        path
    };
    let link = format!("{home}/{}", path.trim_start_matches('/'));
    // WordPress ends all or none of its addresses with a slash, as the structure does.
    match (site.structure.ends_with('/'), link.ends_with('/')) {
        (true, false) => format!("{link}/"),
        (false, true) => link.trim_end_matches('/').to_owned(),
        _ => link,
    }
}

/// What stands before the first token of a structure, without a final slash: `/archives`.
pub(super) fn front(structure: &str) -> String {
    let fixed = structure.find('%').map_or("", |at| &structure[..at]);
    match fixed.trim_matches('/') {
        "" => String::new(),
        fixed => format!("/{fixed}"),
    }
}

/// A custom type stands below the structure's beginning and its own name, unless the site says otherwise; a page below its parents,
/// which aren't known here.
fn other(post: &Post, site: &Site, name: &str) -> String {
    let home = site.home.trim_end_matches('/');
    let slash = if site.structure.ends_with('/') { "/" } else { "" };
    match post.kind.as_str() {
        "post" => format!("{home}/?p={}", post.id),
        "page" if site.structure.is_empty() || name.is_empty() => {
            format!("{home}/?page_id={}", post.id)
        }
        "page" => format!("{home}/{name}{slash}"),
        kind if site.structure.is_empty() || name.is_empty() => {
            format!("{home}/?post_type={kind}&p={}", post.id)
        }
        kind => {
            let below = site.bases.iter().find(|(known, _)| known == kind);
            let below = match below {
                Some((_, base)) => base.trim_matches('/').to_owned(),
                None => format!("{}/{kind}", front(&site.structure)).trim_matches('/').to_owned(),
            };
            format!("{home}/{below}/{name}{slash}")
        }
    }
}

/// The path of the category with the lowest number, its parents first; else the site's default one.
fn category(post: &Post, site: &Site) -> String {
    let own = post.terms.iter().filter(|term| term.taxonomy == "category");
    match own.min_by_key(|term| term.id) {
        Some(term) => {
            let parents = term.parents.iter().map(|parent| parent.slug.as_str());
            parents.chain([term.slug.as_str()]).collect::<Vec<_>>().join("/")
        }
        None => site.default_category.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Author, Clock, Term};
    use super::*;

    fn post() -> Post {
        let term = |id: i64, slug: &str, parents: Vec<Term>| Term {
            id,
            taxonomy: "category".to_owned(),
            slug: slug.to_owned(),
            parents,
            ..Term::default()
        };
        Post {
            id: 7,
            kind: "post".to_owned(),
            date: "2024-02-18 12:05:09".to_owned(),
            name: "fog".to_owned(),
            author: Some(Author { nicename: "ada".to_owned(), ..Author::default() }),
            terms: vec![
                term(9, "culture", vec![]),
                term(4, "asia", vec![term(2, "world", vec![])]),
            ],
            ..Post::default()
        }
    }

    fn site(structure: &str) -> Site {
        Site {
            home: "https://x.example/blog/".to_owned(),
            clock: Clock::Unknown,
            structure: structure.to_owned(),
            default_category: "news".to_owned(),
            types: vec!["post".to_owned()],
            bases: vec![("podcast".to_owned(), "/listen/".to_owned())],
        }
    }

    #[test]
    fn links_follow_the_structure() {
        for (structure, path) in [
            ("", "?p=7"),
            ("/%postname%/", "fog/"),
            ("/%postname%", "fog"),
            ("/archives/%post_id%", "archives/7"),
            ("/%category%/%postname%/", "world/asia/fog/"),
            (
                "/%year%/%monthnum%/%day%/%hour%-%minute%-%second%/%author%/",
                "2024/02/18/12-05-09/ada/",
            ),
            ("/index.php/%year%/%postname%", "index.php/2024/fog"),
        ] {
            let link = link(&post(), &site(structure));
            assert_eq!(link, format!("https://x.example/blog/{path}"), "{structure}");
        }
        let bare = Post { terms: vec![], ..post() };
        assert_eq!(link(&bare, &site("/%category%/x/")), "https://x.example/blog/news/x/");
        for (kind, path) in [("podcast", "listen/fog/"), ("film", "film/fog/"), ("page", "fog/")] {
            let other = Post { kind: kind.to_owned(), ..post() };
            let link = link(&other, &site("/%postname%/"));
            assert_eq!(link, format!("https://x.example/blog/{path}"));
        }
    }

    #[test]
    fn types_stand_below_what_the_structure_begins_with() {
        let of = |kind: &str, structure: &str| {
            link(&Post { kind: kind.to_owned(), ..post() }, &site(structure))
        };
        for (kind, structure, path) in [
            ("film", "/archives/%post_id%", "archives/film/fog"),
            ("podcast", "/archives/%post_id%", "listen/fog"),
            ("film", "/index.php/%postname%/", "index.php/film/fog/"),
            ("podcast", "", "?post_type=podcast&p=7"),
        ] {
            assert_eq!(of(kind, structure), format!("https://x.example/blog/{path}"));
        }
    }

    #[test]
    fn old_names_and_days_are_kept() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let meta = vec![
            pair("_wp_old_slug", "mist"),
            pair("_wp_old_slug", "fog"),
            pair("_wp_old_slug", "mist"),
            pair("_wp_old_date", "2023-12-31"),
        ];
        let post = Post { meta, ..post() };
        let links = earlier(&post, &site("/%year%/%postname%/"));
        assert_eq!(
            links,
            ["https://x.example/blog/2024/mist/", "https://x.example/blog/2023/fog/"]
        );
        assert_eq!(earlier(&post, &site("/%post_id%/")), Vec::<String>::new());
        let link = Some("https://fog.example/2024/fog/".to_owned());
        let exported = Post { link, ..post };
        assert_eq!(earlier(&exported, &site("")), ["https://fog.example/2024/mist/"]);
    }
}
