//! Where WordPress shows a post: `home` and the option `permalink_structure`.

use super::{Post, Site};

/// The address of a post.
pub(super) fn link(post: &Post, site: &Site) -> String {
    with(post, site, &post.name, &post.date)
}

/// The addresses at which a post stood before: under old names, and on old days where the structure
/// has any.
pub(super) fn earlier(post: &Post, site: &Site) -> Vec<String> {
    let now = link(post, site);
    let names = post.meta_values("_wp_old_slug").map(|name| with(post, site, name, &post.date));
    let dates = post.meta_values("_wp_old_date").map(|date| with(post, site, &post.name, date));
    let mut links: Vec<String> = Vec::new();
    for link in names.chain(dates).filter(|link| *link != now) {
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
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

/// A custom type stands below its own name, unless the site says otherwise; a page below its parents,
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
            let below = below.map_or(kind, |(_, base)| base.trim_matches('/'));
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
