//! A page's title without its site's: what schema.org or Open Graph calls it, what its heading says,
//! else what stands in `<title>`.

use dom_query::{Document, NodeRef};

use super::super::plain;
use super::content::Content;
use super::facts::{self, Facts};
use super::head::Head;
use super::micro;

/// What parts a headline from its site's name, spaces around it.
const SIGNS: [&str; 12] =
    [" | ", " – ", " — ", " - ", " · ", " • ", " :: ", " » ", " « ", " › ", " ‹ ", " / "];

/// The title as plain text, and what named it.
pub(super) fn of(
    dom: &Document,
    head: &Head,
    facts: &Facts,
    content: &Content<'_>,
) -> Option<(String, String)> {
    let heading = heading(dom, head, facts, content);
    if let Some((named, name)) =
        facts::headline(facts, head, heading.as_deref()).filter(|(title, _)| !title.is_empty())
    {
        // Search engines want no more than 110 characters, so that some write fewer than they have.
        let cut = named.trim_end_matches(['…', '.']).trim_end();
        if let Some(heading) = &heading
            && (begins(&named, heading) || cut.len() < named.len() && heading.starts_with(cut))
        {
            return Some((heading.clone(), "h1".to_owned()));
        }
        return Some((named, name));
    }
    if let Some(heading) = heading {
        return Some((heading, "h1".to_owned()));
    }
    let title = without_site(head.title.as_deref()?, &facts.sites);
    (!title.is_empty()).then(|| (title, "title".to_owned()))
}

/// The article's own heading.
fn heading(dom: &Document, head: &Head, facts: &Facts, content: &Content<'_>) -> Option<String> {
    let of = |node: NodeRef<'_>, names: &[&str]| -> Vec<String> {
        node.descendants_it()
            .filter(|node| names.iter().any(|name| node.has_name(name)))
            .take(20)
            .filter(|node| !leads_home(node))
            .filter_map(|node| of_heading(&node))
            .filter(|text| text.chars().count() <= 300 && !is_site(text, &facts.sites))
            .collect()
    };
    let inner = of(content.outer(), &["h1"]);
    if let [one] = &inner[..] {
        return Some(one.clone());
    }
    let all = of(dom.root(), &["h1"]);
    let title = head.title.as_deref().unwrap_or_default();
    if let Some(own) = all.iter().find(|heading| begins(title, heading) || ends(title, heading)) {
        return Some(own.clone());
    }
    if inner.is_empty() && all.len() == 1 {
        return all.into_iter().next();
    }
    let lower = of(content.outer(), &["h2"]);
    lower.into_iter().find(|heading| begins(title, heading) || ends(title, heading)).or_else(|| {
        // Several headings of the first rank: the first is the article's.
        inner.into_iter().next()
    })
}

/// A heading's text, without the sign that links to it.
pub(super) fn of_heading(node: &NodeRef<'_>) -> Option<String> {
    let text = micro::short_text(node)?;
    let bare = text.trim_end_matches(['#', '¶', '§', '🔗', '∞', ' ']);
    Some(if bare.is_empty() { text } else { bare.to_owned() })
}

/// A heading that is the site's name links to its front page.
fn leads_home(heading: &NodeRef<'_>) -> bool {
    let link = heading.descendants_it().find(|node| node.has_name("a"));
    link.and_then(|link| link.attr("href")).is_some_and(|href| {
        let href = href.trim();
        let path = href
            .split_once("://")
            .map_or(href, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
        matches!(
            path,
            "/" | "" | "./" | "." | "index.html" | "/index.html" | "../" | "../index.html"
        )
    })
}

fn is_site(text: &str, sites: &[String]) -> bool {
    sites.iter().any(|site| plain::line(site) == text)
}

/// Whether a title is a heading with something of the site's after it.
fn begins(title: &str, heading: &str) -> bool {
    let title = plain::collapse(title);
    title == heading
        || title.strip_prefix(heading).is_some_and(|rest| SIGNS.iter().any(|s| rest.starts_with(s)))
}

fn ends(title: &str, heading: &str) -> bool {
    let title = plain::collapse(title);
    title.strip_suffix(heading).is_some_and(|rest| SIGNS.iter().any(|s| rest.ends_with(s)))
}

/// A title without a name of its site before or after it.
pub(super) fn without_site(title: &str, sites: &[String]) -> String {
    let title = plain::collapse(title);
    for site in sites.iter().map(|site| plain::line(site)).filter(|site| !site.is_empty()) {
        for sign in SIGNS.iter().chain(&[": "]) {
            let after = title.strip_suffix(&site).and_then(|rest| rest.strip_suffix(sign));
            let before = title.strip_prefix(&site).and_then(|rest| rest.strip_prefix(sign));
            if let Some(bare) = after.or(before).map(str::trim).filter(|bare| !bare.is_empty()) {
                return bare.to_owned();
            }
        }
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_takes_its_name_off() {
        let sites = ["The Gazette".to_owned(), "Gazette &amp; Sons".to_owned()];
        for (title, bare) in [
            ("Fog | The Gazette", "Fog"),
            ("The Gazette: Fog", "Fog"),
            ("Fog – at sea – The Gazette", "Fog – at sea"),
            ("Fog - Gazette & Sons", "Fog"),
            ("The Gazette", "The Gazette"),
            ("Fog | The Herald", "Fog | The Herald"),
            ("Why I read The Gazette", "Why I read The Gazette"),
        ] {
            assert_eq!(without_site(title, &sites), bare, "{title}");
        }
    }
}
