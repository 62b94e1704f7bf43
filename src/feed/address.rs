//! Addresses: the one place that spells or reads them, for the server and for the tree alike.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{FeedName, Format};

/// Something that stands at an address below the base URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// `/feeds/NAME.rss`, `.atom`, `.json`.
    Edition(FeedName, Format),
    /// `/feeds/NAME/`: a feed as a page.
    Page(FeedName),
    /// `/feeds/NAME`: redirects to the page.
    Bare(FeedName),
    /// `/feeds/`: the declared feeds as a page.
    Index,
    /// `/feeds.opml`.
    Opml,
    /// `/feeds.json`: the manifest.
    Manifest,
}

/// RFC 3986's unreserved characters stay; `+` and the like don't, because some clients change them.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether a character of a path has no other spelling in [`Address::url_path`].
fn is_spelled_as_it_is(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/')
}

impl Address {
    /// The path as it stands in a URL: ASCII, percent-encoded with upper-case hex, from `/`.
    #[must_use]
    pub fn url_path(&self) -> String {
        let encode = |name: &FeedName| {
            let parts: Vec<String> =
                name.0.split('/').map(|p| utf8_percent_encode(p, SEGMENT).to_string()).collect();
            parts.join("/")
        };
        match self {
            Address::Edition(name, format) => {
                format!("/feeds/{}.{}", encode(name), format.extension())
            }
            Address::Page(name) => format!("/feeds/{}/", encode(name)),
            Address::Bare(name) => format!("/feeds/{}", encode(name)),
            Address::Index => "/feeds/".to_owned(),
            Address::Opml => "/feeds.opml".to_owned(),
            Address::Manifest => "/feeds.json".to_owned(),
        }
    }

    /// Where the tree keeps it, relative to its root, with `/`. `None` of a redirect.
    #[must_use]
    pub fn file_path(&self) -> Option<String> {
        Some(match self {
            Address::Edition(name, format) => format!("feeds/{name}.{}", format.extension()),
            Address::Page(name) => format!("feeds/{name}/index.html"),
            Address::Bare(_) => return None,
            Address::Index => "feeds/index.html".to_owned(),
            Address::Opml => "feeds.opml".to_owned(),
            Address::Manifest => "feeds.json".to_owned(),
        })
    }

    /// Reads the path of a request, without its query. Exactly the spelling of
    /// [`Address::url_path`] is an address, so that each thing has one.
    #[must_use]
    pub fn parse(path: &str) -> Option<Address> {
        let address = match path {
            "/feeds/" => Address::Index,
            "/feeds.opml" => Address::Opml,
            "/feeds.json" => Address::Manifest,
            _ => {
                let rest = path.strip_prefix("/feeds/")?;
                let rest = percent_decode_str(rest).decode_utf8().ok()?;
                if let Some(name) = rest.strip_suffix('/') {
                    Address::Page(FeedName(name.to_owned()))
                } else if let Some((name, format)) = Format::ALL
                    .iter()
                    .find_map(|f| Some((rest.strip_suffix(f.extension())?.strip_suffix('.')?, *f)))
                {
                    Address::Edition(FeedName(name.to_owned()), format)
                } else {
                    Address::Bare(FeedName(rest.into_owned()))
                }
            }
        };
        let sound = |name: &FeedName| {
            name.0.split('/').all(|p| !p.is_empty() && p != "." && p != "..")
                && !name.0.contains('\0')
        };
        match &address {
            Address::Edition(name, _) | Address::Page(name) | Address::Bare(name)
                if !sound(name) =>
            {
                None
            }
            _ if path.bytes().all(is_spelled_as_it_is) => Some(address),
            _ => (address.url_path() == path).then_some(address),
        }
    }

    /// The absolute URL below a base that ends in a slash.
    #[must_use]
    pub fn absolute(&self, base: &url::Url) -> String {
        format!("{}{}", base.as_str().trim_end_matches('/'), self.url_path())
    }

    /// What `Content-Type` says.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match self {
            Address::Edition(_, Format::Rss) => "application/rss+xml; charset=utf-8",
            Address::Edition(_, Format::Atom) => "application/atom+xml; charset=utf-8",
            Address::Edition(_, Format::Json) => "application/feed+json",
            Address::Page(_) | Address::Bare(_) | Address::Index => "text/html; charset=utf-8",
            Address::Opml => "text/x-opml; charset=utf-8",
            Address::Manifest => "application/json",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url_path())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_is_spelled_so(path in "/feeds/[a-z./%~é_-]{0,12}(\\.rss|/|)") {
            if let Some(address) = Address::parse(&path) {
                prop_assert_eq!(address.url_path(), path);
            }
        }
    }

    #[test]
    fn each_address_has_one_spelling() {
        for path in [
            "/feeds/latest.rss",
            "/feeds/tag/%D0%BC%D0%B8%D1%80.json",
            "/feeds/world/",
            "/feeds/world",
            "/feeds/",
            "/feeds.opml",
            "/feeds.json",
            "/feeds/v1.2.atom",
        ] {
            let address = Address::parse(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(address.url_path(), path);
        }
        for path in [
            "/feeds/../etc/passwd.rss",
            "/feeds/%2e%2e/x.rss",
            "/feeds//x.rss",
            "/feeds/a%2Frss.rss",
            "/feeds/мир.rss",
            "/feeds/%d0%bc.rss",
            "/feeds/w%6Frld.rss",
            "/feeds/.rss",
            "/feeds/%00.rss",
            "/feeds/%FF.rss",
            "/feed/x.rss",
            "",
        ] {
            assert_eq!(Address::parse(path), None, "{path}");
        }
    }
}
