//! Addresses in a body, made absolute against the article's link (standards §4.2).

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use url::Url;

use super::rules;

/// What addresses resolve against.
pub(super) struct Base {
    /// The article's link without its fragment; `None` where it isn't an absolute URL, and then
    /// relative addresses are dropped.
    url: Option<Url>,
}

impl Base {
    pub(super) fn new(link: &str) -> Base {
        let url = Url::parse(link.trim()).ok().map(|mut url| {
            url.set_fragment(None);
            url
        });
        Base { url: url.filter(|u| !u.cannot_be_a_base()) }
    }

    fn resolve(&self, address: &str) -> Option<Url> {
        let address = address.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        match &self.url {
            Some(base) => base.join(address).ok(),
            None => Url::parse(address).ok(),
        }
    }

    /// Where a link leads; `None` where it isn't something to follow.
    pub(super) fn link(&self, address: &str) -> Option<String> {
        let mut url = self.resolve(address)?;
        if url.fragment() == Some("") {
            url.set_fragment(None);
        }
        let is_followed = rules::LINK_SCHEMES.contains(&url.scheme());
        is_followed.then(|| url.into())
    }

    /// Something to fetch: a picture, a recording, a framed page.
    pub(super) fn media(&self, address: &str) -> Option<String> {
        if address.trim().is_empty() {
            return None;
        }
        let url = self.resolve(address)?;
        matches!(url.scheme(), "http" | "https").then(|| url.into())
    }

    /// `srcset` with each candidate absolute; `None` where none is left.
    pub(super) fn srcset(&self, value: &str) -> Option<String> {
        let absolute: Vec<String> = candidates(value)
            .filter_map(|(url, descriptor)| {
                // A comma at either end of an address would end the candidate when it is read again.
                let url = self.media(url)?;
                let url = url.trim_end_matches(',');
                // What isn't a width or a density makes the candidate void.
                match descriptor {
                    "" => Some(url.to_owned()),
                    _ if is_descriptor(descriptor) => Some(format!("{url} {descriptor}")),
                    _ => None,
                }
            })
            .collect();
        (!absolute.is_empty()).then(|| absolute.join(", "))
    }

    /// Adds the id within the body that a link points to, if it does.
    pub(super) fn note_target(&self, href: &str, targets: &mut HashSet<String>) {
        let Some(url) = self.resolve(href) else { return };
        let Some(fragment) = url.fragment().filter(|f| !f.is_empty()) else { return };
        let mut page = url.clone();
        page.set_fragment(None);
        if href.trim_start().starts_with('#') || Some(&page) == self.url.as_ref() {
            targets.insert(percent_decode_str(fragment).decode_utf8_lossy().into_owned());
        }
    }
}

/// `800w` or `1.5x`.
fn is_descriptor(descriptor: &str) -> bool {
    descriptor.strip_suffix(['w', 'x']).is_some_and(|number| {
        !number.is_empty()
            && number.len() <= 9
            && number.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    })
}

/// The candidates of a `srcset` with their descriptors (HTML §4.8.4.2.1).
pub(super) fn candidates(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = value;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (url, after) = rest.split_at(end);
        if url.ends_with(',') {
            rest = after;
            return Some((url.trim_end_matches(','), ""));
        }
        let end = after.find(',').unwrap_or(after.len());
        let (descriptor, after) = after.split_at(end);
        rest = after;
        Some((url, descriptor.trim_matches(|c: char| c.is_ascii_whitespace())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_absolute() {
        let base = Base::new("https://x.example/a/b/#c");
        for (address, expected) in [
            ("../d?e=1&f", Some("https://x.example/a/d?e=1&f")),
            ("//y.example/z", Some("https://y.example/z")),
            ("#note 1", Some("https://x.example/a/b/#note%201")),
            ("#", Some("https://x.example/a/b/")),
            ("/ä b", Some("https://x.example/%C3%A4%20b")),
            ("mailto:a@b.example", Some("mailto:a@b.example")),
            ("java\nscript:alert(1)", None),
            ("\u{1}javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("vbscript:x", None),
            ("http://[", None),
        ] {
            assert_eq!(base.link(address).as_deref(), expected, "{address}");
        }
        assert_eq!(Base::new("nowhere").link("a"), None);
        assert_eq!(base.media("mailto:a@b.example"), None);
    }

    #[test]
    fn each_candidate_of_a_srcset_becomes_absolute() {
        let base = Base::new("https://x.example/a/");
        assert_eq!(
            base.srcset("s.jpg, m,1.jpg 2x,\n /l.jpg  800w , data:image/gif;base64,R0 1x")
                .as_deref(),
            Some(
                "https://x.example/a/s.jpg, https://x.example/a/m,1.jpg 2x, https://x.example/l.jpg 800w"
            )
        );
        assert_eq!(base.srcset(" , "), None);
    }
}
