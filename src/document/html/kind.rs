//! Whether a page is an article. A page that says so is one, and most say so; of others it is asked what
//! a reader would call them: the front page, a list of articles, a page that sends its readers on.

use url::Url;

use super::super::desk::Desk;
use super::super::resolve::spot::Spot;
use super::content::Content;
use super::facts::Facts;
use super::head::Head;

/// A page with fewer letters, that says nothing of itself, is no article: fifty words.
const LETTERS_MIN: usize = 250;
/// With so many letters that are no links a page is a text, whatever else stands on it.
const PROSE_MIN: usize = 2_000;
/// From so many links on a page of links is a list.
const LINKS_MIN: usize = 4;

/// Why a page is none, whatever it says of itself; `None` where it may be an article.
pub(super) fn never_an_article(
    desk: &mut Desk<'_>,
    spot: &Spot,
    head: &Head,
    facts: &Facts,
    own: &Url,
) -> Option<String> {
    if let Some(target) = head.redirect() {
        return Some(format!("it sends its readers on to {target:?}"));
    }
    if is_error(spot) {
        return Some("it is what a server shows in place of a missing page".to_owned());
    }
    if is_ours(desk) {
        return Some("feedwright made it: it is the page of a feed".to_owned());
    }
    if is_template(desk.text, head) {
        return Some("it is a template, from which a generator makes pages".to_owned());
    }
    if let Some(other) = copy_of(desk, facts, own) {
        return Some(format!("by its canonical link it is a copy of {other}, which is here too"));
    }
    if spot.path.is_empty() && spot.file == "index" {
        return Some("it is the front page".to_owned());
    }
    if is_numbered(&spot.path) {
        return Some("it is one of the numbered pages of a list".to_owned());
    }
    None
}

/// Why a page holds no article, as long as it doesn't say that it is one; `None` where it does hold one.
pub(super) fn not_an_article(
    desk: &mut Desk<'_>,
    spot: &Spot,
    head: &Head,
    facts: &Facts,
    content: &Content<'_>,
) -> Option<String> {
    let article = facts.says_article();
    let is_website = facts.kind.as_deref() == Some("website");
    // Some themes describe every page as an article, but of lists also say that they are the site's.
    let doubtful = !article || is_website && facts.kind.as_deref() != Some("article");
    let list = facts.is_many
        || facts.is_list && !article
        || doubtful && (content.items() > 1 || content.leads_on() || is_term(&spot.path))
        || !facts.is_dated() && content.items() > 2;
    if list {
        return Some("it is a list of articles".to_owned());
    }
    let whole = content.measure();
    let is_links = whole.is_links(60) && whole.count >= LINKS_MIN && whole.prose() < PROSE_MIN;
    if doubtful && is_links {
        return Some("it is a list of links".to_owned());
    }
    if article && (!is_website || facts.is_dated()) {
        return None;
    }
    if head.is_run && !facts.is_dated() {
        return Some("it is a list of links".to_owned());
    }
    if facts.is_dated() || spot.date.is_some() {
        return None;
    }
    if is_website {
        return Some("it says that it is the site's (og:type), and has no date".to_owned());
    }
    if belongs_to_bundle(desk, spot) {
        return Some("it lies beside an \"index.md\", whose article shows it".to_owned());
    }
    if whole.prose() < LETTERS_MIN {
        return Some("it says nothing of an article, and has hardly any text".to_owned());
    }
    None
}

/// Pages that servers and programs show on their own account.
fn is_error(spot: &Spot) -> bool {
    matches!(
        spot.file.as_str(),
        "404"
            | "403"
            | "500"
            | "502"
            | "503"
            | "50x"
            | "offline"
            | "search"
            | "thank-you"
            | "thanks"
    )
}

/// Where generators put the lists of what has one term: `tags/fog/`, `en/categories/`.
fn is_term(path: &str) -> bool {
    const TERMS: [&str; 8] =
        ["archives", "author", "authors", "categories", "category", "series", "tag", "tags"];
    path.split('/').take(2).any(|folder| TERMS.contains(&folder))
}

/// `page/2/` and `blog/page3`.
fn is_numbered(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or_default();
    let digits = |text: &str| {
        !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())
    };
    digits(last) && parts.next() == Some("page")
        || last.strip_prefix("page").is_some_and(|n| digits(n.trim_start_matches('-')))
}

/// Where a tree of feeds lies in what is read: its pages would be articles of their own feeds.
fn is_ours(desk: &mut Desk<'_>) -> bool {
    let path = desk.document.path;
    path.match_indices("feeds/")
        .map(|(at, _)| &path[..at])
        .filter(|before| before.is_empty() || before.ends_with('/'))
        .any(|before| desk.file(&format!("{before}feeds.json")).is_some())
}

/// A generator's own file: it begins with a statement, or its title is one.
fn is_template(text: &str, head: &Head) -> bool {
    let signs = ["{{", "{%", "<%", "<?php", "@extends"];
    let start = text.trim_start();
    let title = head.title.as_deref().unwrap_or_default();
    signs.iter().any(|sign| start.starts_with(sign))
        || ["{{", "{%", "<%"].iter().any(|sign| title.contains(sign))
}

/// The page of which this is a copy, if its file is here.
fn copy_of(desk: &mut Desk<'_>, facts: &Facts, own: &Url) -> Option<String> {
    let link = Url::parse(&facts.link()?).ok()?;
    let root = desk.options.site_url.path().trim_end_matches('/').to_owned();
    let path = link.path().strip_prefix(&root)?;
    let bare = |path: &str| {
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix("/index").unwrap_or(path);
        path.rsplit_once('.')
            .filter(|(_, e)| matches!(*e, "html" | "htm" | "xhtml"))
            .map_or(path, |(p, _)| p)
            .to_owned()
    };
    if bare(link.path()).to_lowercase() == bare(own.path()).to_lowercase() || link.query().is_some()
    {
        return None;
    }
    let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
    let path = path.trim_matches('/').to_owned();
    if path.is_empty() || path.split('/').any(|part| part == "..") {
        return None;
    }
    let files = [path.clone(), format!("{path}/index.html"), format!("{path}.html")];
    let is_page = |file: &&String| super::super::is_html(file);
    files
        .iter()
        .filter(is_page)
        .find(|file| **file != desk.document.path && desk.file(file).is_some())
        .cloned()
}

/// Hugo's bundles: what lies beside an `index.md` belongs to its article.
fn belongs_to_bundle(desk: &mut Desk<'_>, spot: &Spot) -> bool {
    !spot.folder.is_empty()
        && !spot.bundle
        && desk.file(&format!("{}/index.md", spot.folder)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_lists_are_numbered() {
        for (path, is) in [
            ("page/2", true),
            ("blog/page/12", true),
            ("blog/page3", true),
            ("blog/2", false),
            ("page/about", false),
            ("blog/homepage", false),
        ] {
            assert_eq!(is_numbered(path), is, "{path}");
        }
    }
}
