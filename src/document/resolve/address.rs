//! Where things are: paths become absolute URLs below the site, named links and ids are found, the
//! rest is made from a pattern.

use url::Url;

use super::super::desk::Desk;
use super::super::fields::{Fields, Named};
use super::super::permalink::{FOR_DOCUMENTS, Pattern, Values};
use super::super::{Options, plain};
use super::spot::Spot;
use super::{keys, template};
use crate::article::{IdOrigin, Moment, Precision};
use crate::problem::Code;
use crate::time::Zone;

/// A named link can't be read as one.
pub(crate) const LINK_INVALID: Code = Code::new("link-invalid");
/// A permalink template asks for what only its generator knows.
pub(crate) const PERMALINK_TEMPLATE: Code = Code::new("permalink-template");

/// An article's address and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Address {
    pub(in super::super) link: String,
    pub(in super::super) named: bool,
    pub(in super::super) rule_id: String,
    pub(in super::super) id_origin: IdOrigin,
}

/// A URL as written, or the path below a site, as an absolute URL. A path from `/` stands below the
/// site's own path, as generators have it, unless it repeats that path.
pub(in super::super) fn absolute(site: &Url, written: &str) -> Option<Url> {
    let written = written.trim();
    if written.is_empty() || written.len() > URL_BYTES_MAX {
        return None;
    }
    if let Some(rest) = written.strip_prefix("//") {
        return web(&format!("{}://{rest}", site.scheme()));
    }
    if has_scheme(written) {
        return web(written);
    }
    let root = site.path().trim_end_matches('/');
    let below = written.trim_start_matches('/');
    let repeats = written.starts_with('/')
        && !root.is_empty()
        && (written == root || written.starts_with(&format!("{root}/")));
    let root = if repeats { "" } else { root };
    let mut url = site.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.set_path(&format!("{root}/"));
    // Joined and not set as a path, so that a query stays one.
    url.join(&format!("./{below}")).ok()
}

/// Longer addresses are refused by browsers and servers alike.
const URL_BYTES_MAX: usize = 8_192;

fn web(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// What follows the site's URL in one below it, from `/`, without a fragment.
fn below<'u>(site: &Url, url: &'u Url) -> Option<&'u str> {
    if url.host_str() != site.host_str() || url.port() != site.port() {
        return None;
    }
    let root = site.path().trim_end_matches('/');
    let rest = url[url::Position::BeforePath..url::Position::AfterQuery].strip_prefix(root)?;
    (rest.starts_with('/') || rest.is_empty() || rest.starts_with('?')).then_some(rest)
}

/// A base with a path below it.
fn put_below(base: &Url, path: &str) -> String {
    let base = base.as_str().split(['?', '#']).next().unwrap_or_default();
    format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
}

/// What the values of a pattern's tokens are made of.
pub(in super::super) struct Facts<'a> {
    pub(in super::super) spot: &'a Spot,
    pub(in super::super) title: &'a str,
    pub(in super::super) section: &'a str,
    pub(in super::super) categories: &'a [String],
    pub(in super::super) published: Option<Moment>,
}

/// The address and id of an article.
pub(in super::super) fn resolve(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    facts: &Facts<'_>,
) -> Address {
    let options = desk.options;
    let id = fields.literal(keys::ID);
    let slug = fields.literal(&["slug"]).map(|slug| slug.trim_matches('/').to_owned());
    let category = facts.categories.first().map(|c| crate::article::slug::slug(c));
    let values = Values {
        path: &facts.spot.path,
        file: &facts.spot.file,
        named_slug: slug.as_deref().filter(|s| !s.is_empty()),
        bare_file: &facts.spot.bare,
        title: facts.title,
        section: facts.section,
        category: category.as_deref().unwrap_or_default(),
        id: id.as_deref().unwrap_or_default(),
        day: None,
    };
    let named = named(desk, fields, facts);
    let rule_id = match &named {
        Some(url) => match below(&options.site_url, url) {
            Some(path) => put_below(&options.id_base, path),
            None => without_fragment(url),
        },
        None => match (&facts.spot.page, &options.id_permalink) {
            (Some(own), None) => put_below(&options.id_base, own),
            _ => derived_id(options, FOR_DOCUMENTS, &values, facts.published),
        },
    };
    let (rule_id, id_origin) = match (&id, &named) {
        (Some(id), _) => {
            let prefix = options.id_prefix.as_deref().unwrap_or_default();
            (format!("{prefix}{id}"), IdOrigin::Named)
        }
        (None, Some(_)) => (rule_id, IdOrigin::Named),
        (None, None) => (rule_id, IdOrigin::Derived),
    };
    let link = match (&named, &facts.spot.page, &options.permalink) {
        (Some(url), ..) => url.to_string(),
        (None, Some(own), None) => put_below(&options.site_url, own),
        _ => made_link(options, FOR_DOCUMENTS, &values, facts.published),
    };
    Address { link, named: named.is_some(), rule_id, id_origin }
}

fn without_fragment(url: &Url) -> String {
    url[..url::Position::AfterQuery].to_owned()
}

/// The link that the source's present pattern makes.
pub(in super::super) fn made_link(
    options: &Options,
    default: &str,
    values: &Values<'_>,
    published: Option<Moment>,
) -> String {
    let pattern = pattern(options.permalink.as_deref(), default);
    let values =
        Values { day: day(published, &options.zone, &options.link_zone), ..values.clone() };
    put_below(&options.site_url, &pattern.expand(&values))
}

/// The id that the source's recorded pattern derives.
pub(in super::super) fn derived_id(
    options: &Options,
    default: &str,
    values: &Values<'_>,
    published: Option<Moment>,
) -> String {
    let pattern = pattern(options.id_permalink.as_deref(), default);
    let values = Values { day: day(published, &options.zone, &options.id_zone), ..values.clone() };
    put_below(&options.id_base, &pattern.expand(&values))
}

/// Configuration has checked the pattern; a bad one still must not stop a document from being read.
fn pattern(written: Option<&str>, default: &str) -> Pattern {
    Pattern::parse(written.unwrap_or(default))
        .or_else(|_| Pattern::parse(default))
        .unwrap_or_else(|_| Pattern::default())
}

/// The day of publication on a zone's calendar. A date alone is that day everywhere.
fn day(published: Option<Moment>, source: &Zone, zone: &Zone) -> Option<chrono::NaiveDate> {
    let published = published?;
    let zone = if published.precision == Precision::Day { source } else { zone };
    Some(zone.show(published.at).date_naive())
}

/// The address that another document of the source has, as far as its path tells.
pub(in super::super) fn of_path(options: &Options, path: &str) -> String {
    let spot = Spot::of_file(path);
    let section = spot
        .sections
        .first()
        .map(|folder| super::terms::section_slug(folder.rsplit('/').next().unwrap_or(folder)));
    let values = Values {
        path: &spot.path,
        file: &spot.file,
        bare_file: &spot.bare,
        section: section.as_deref().unwrap_or_default(),
        ..Values::default()
    };
    let published = spot.date.map(|date| super::super::dates::in_zone(date, &options.zone));
    let blind = options
        .permalink
        .as_deref()
        .is_some_and(|p| pattern(Some(p), FOR_DOCUMENTS).needs_content());
    if blind {
        let path = pattern(None, FOR_DOCUMENTS).expand(&values);
        return put_below(&options.site_url, &path);
    }
    made_link(options, FOR_DOCUMENTS, &values, published)
}

/// The link that a document names: a whole address, a path, or a template that can be filled.
fn named(desk: &mut Desk<'_>, fields: &Fields<'_>, facts: &Facts<'_>) -> Option<Url> {
    let site = &desk.options.site_url;
    for key in ["url", "permalink", "path", "link", "canonicalurl", "canonical"] {
        let value = match key {
            "url" | "permalink" | "path" => fields.top(key),
            _ => fields.get(key),
        };
        let Some(Named::Text(written)) = value else { continue };
        let written = written.trim();
        let filled = match template::fill(written, key, facts, desk.options) {
            template::Filled::Plain => written.to_owned(),
            template::Filled::Done(path) => path,
            template::Filled::Unknown(part) => {
                desk.warn(
                    &PERMALINK_TEMPLATE,
                    fields.place(key),
                    format!("{part} in this permalink isn't known here; the source's pattern makes the link"),
                    "name the link itself, or set \"permalink\" of the source to what the site does",
                );
                continue;
            }
        };
        let Some(url) = absolute(site, &filled) else {
            desk.warn(
                &LINK_INVALID,
                fields.place(key),
                format!("this isn't a link: {written:?}"),
                "write an absolute URL, or a path below the site that begins with \"/\"",
            );
            continue;
        };
        // Elsewhere `link` and `canonical_url` are other people's pages: what a link post is
        // about, where an article stood first.
        if matches!(key, "link" | "canonicalurl" | "canonical") && below(site, &url).is_none() {
            continue;
        }
        return Some(url);
    }
    None
}

/// What a link post is about: an address outside the site.
pub(super) fn external(desk: &Desk<'_>, fields: &Fields<'_>) -> Option<String> {
    let site = &desk.options.site_url;
    let other = |key: &str| absolute(site, &fields.get(key)?.text()?);
    if let Some(url) = keys::EXTERNAL.iter().find_map(|key| other(key)) {
        return Some(url.to_string());
    }
    other("link").filter(|url| below(site, url).is_none()).map(|url| url.to_string())
}

/// Where the article stood before.
pub(super) fn earlier(desk: &Desk<'_>, fields: &Fields<'_>, link: &str) -> Vec<String> {
    let mut links = Vec::new();
    for key in keys::EARLIER {
        for value in fields.get(key).map(Named::each).unwrap_or_default() {
            let url = value.text().and_then(|text| absolute(&desk.options.site_url, &text));
            if let Some(url) = url.map(|url| url.to_string())
                && url != link
                && !links.contains(&url)
            {
                links.push(url);
            }
        }
    }
    links
}

/// The file that a link in a text names: `@/news/fog.md`, `fog.md#end`, `../fog.md`; else `None`.
pub(in super::super) fn file_link(options: &Options, spot: &Spot, written: &str) -> Option<String> {
    let (target, fragment) = match written.split_once('#') {
        Some((target, fragment)) => (target, Some(fragment)),
        None => (written, None),
    };
    let internal = target.strip_prefix("@/");
    let ending = target.rsplit_once('.').map(|(_, ending)| ending);
    if internal.is_none()
        && (!matches!(ending, Some("md" | "markdown"))
            || has_scheme(target)
            || target.starts_with("//"))
    {
        return None;
    }
    let path = match internal {
        Some(path) => format!("/{path}"),
        None => target.to_owned(),
    };
    Some(reference(options, spot, &path, fragment))
}

/// The address of a file named by its path from the source's root or from its own folder.
pub(in super::super) fn reference(
    options: &Options,
    spot: &Spot,
    target: &str,
    fragment: Option<&str>,
) -> String {
    let (target, fragment) = match (target.split_once('#'), fragment) {
        (Some((target, own)), None) => (target, Some(own)),
        _ => (target, fragment),
    };
    let mut parts: Vec<&str> = if target.starts_with('/') || spot.folder.is_empty() {
        Vec::new()
    } else {
        spot.folder.split('/').collect()
    };
    let target = percent_encoding::percent_decode_str(target).decode_utf8_lossy();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    // A section's own page.
    if parts.last().is_some_and(|last| *last == "_index.md") {
        parts.pop();
        parts.push("index.md");
    }
    let url = of_path(options, &parts.join("/"));
    match fragment {
        Some(fragment) => format!("{url}#{}", plain::escape(fragment)),
        None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stand_below_the_site() {
        let root: Url = "https://x.example/".parse().unwrap();
        let deep: Url = "https://x.example/blog/".parse().unwrap();
        for (site, written, url) in [
            (&root, "/a/b/", "https://x.example/a/b/"),
            (&root, "a/b", "https://x.example/a/b"),
            (&root, "/a?p=1#f", "https://x.example/a?p=1#f"),
            (&root, "//cdn.example/a", "https://cdn.example/a"),
            (&root, "HTTP://Y.example/é", "http://y.example/%C3%A9"),
            (&root, "2018/07/27:x", "https://x.example/2018/07/27:x"),
            (&deep, "/a/", "https://x.example/blog/a/"),
            (&deep, "a/", "https://x.example/blog/a/"),
            (&deep, "/blog/a/", "https://x.example/blog/a/"),
            (&deep, "/blogger/", "https://x.example/blog/blogger/"),
        ] {
            assert_eq!(absolute(site, written).unwrap().as_str(), url, "{written}");
        }
        for written in ["", "mailto:a@b.example", "javascript:x", "http://", "https://[::"] {
            assert_eq!(absolute(&root, written), None, "{written}");
        }
    }

    #[test]
    fn what_is_below_a_site_is_known() {
        let site: Url = "https://x.example/blog/".parse().unwrap();
        let path = |url: &str| below(&site, &url.parse().unwrap()).map(str::to_owned);
        assert_eq!(path("http://x.example/blog/a/?b#c").as_deref(), Some("/a/?b"));
        assert_eq!(path("https://x.example/blog").as_deref(), Some(""));
        assert_eq!(path("https://x.example/blogger/"), None);
        assert_eq!(path("https://y.example/blog/a/"), None);
    }
}
