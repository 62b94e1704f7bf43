//! Where a page says that it stands, and whether that can be so.

use url::Url;

use super::super::super::desk::Desk;
use super::super::super::fields::{Fact, Named};
use super::super::head::Head;
use super::super::schema;
use super::super::{Addresses, CANONICAL};
use super::Facts;

impl Facts {
    /// The page's own address: the canonical link, else Open Graph's, else schema.org's.
    pub(super) fn address(&mut self, head: &Head, desk: &Desk<'_>, at: &Addresses) {
        let site = &desk.options.site_url;
        let thing = self.thing.as_ref().map(schema::addresses).unwrap_or_default();
        let named = [
            head.canonical.as_deref().map(|url| ("canonical", url)),
            head.get("og:url").map(|url| ("og:url", url)),
        ];
        let found = named.into_iter().flatten().chain(
            thing.iter().filter(|url| !url.starts_with('#')).map(|url| ("url", url.as_str())),
        );
        let mut elsewhere = None;
        for (name, written) in found {
            let url = absolute(written, &at.base);
            let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
                continue;
            };
            if url.host_str() != site.host_str() || url.port() != site.port() {
                elsewhere = elsewhere.or(Some((name, url)));
                continue;
            }
            // A template's mistake, that would make all pages one article.
            let is_front = url.path() == site.path() && url.query().is_none();
            if is_front && at.page.path() != site.path() {
                elsewhere = elsewhere.or(Some((name, url)));
                continue;
            }
            let mut url = url;
            url.set_fragment(None);
            let value = Named::Text(url.to_string());
            self.list.push(Fact::new("canonical", name, value, written));
            return;
        }
        self.elsewhere = elsewhere.map(|(name, url)| (name.to_owned(), url));
    }

    /// Tells that the page's link isn't the one that it names.
    pub(in super::super) fn tell_elsewhere(&self, desk: &mut Desk<'_>) {
        if let Some((name, url)) = &self.elsewhere {
            tell_elsewhere(desk, name, url);
        }
    }
}

/// An address as the page means it: relative to the page.
pub(in super::super) fn absolute(written: &str, own: &Url) -> Option<Url> {
    own.join(written.trim()).ok()
}

/// An address below the site as its path, so that the file is looked for beside the page; others as
/// absolute addresses.
pub(super) fn below_site(written: &str, own: &Url, desk: &Desk<'_>) -> String {
    let site = &desk.options.site_url;
    let Some(url) = absolute(written, own) else { return written.to_owned() };
    let root = site.path().trim_end_matches('/');
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    match path.strip_prefix(root).filter(|path| path.starts_with('/')) {
        Some(path) if url.host_str() == site.host_str() && url.port() == site.port() => {
            path.to_owned()
        }
        _ => url.to_string(),
    }
}

/// Whether an address is the page's own.
pub(super) fn is_own(url: &str, head: &Head, at: &Addresses) -> bool {
    let bare = |url: &str| {
        absolute(url, &at.base)
            .map(|url| url[..url::Position::AfterPath].trim_end_matches('/').to_owned())
    };
    let url = bare(url);
    url.is_some()
        && [head.canonical.as_deref(), head.get("og:url"), Some(at.page.as_str())]
            .into_iter()
            .flatten()
            .any(|known| bare(known) == url)
}

fn tell_elsewhere(desk: &mut Desk<'_>, name: &str, url: &Url) {
    let site = &desk.options.site_url;
    if url.host_str() == site.host_str() {
        desk.warn(
            &CANONICAL,
            desk.whole(),
            format!(
                "by its {name} link this page is the front page; its link was made from its path"
            ),
            "let each page name its own address",
        );
        return;
    }
    let host = url.host_str().unwrap_or_default();
    desk.note(
        &CANONICAL,
        desk.whole(),
        format!("by its {name} link this page stands on {host}, which isn't the site; its link was made from its path"),
        "if the site is there, set site.url to it; or build the pages with the site's own address",
    );
}
