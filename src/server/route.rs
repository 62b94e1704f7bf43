//! What a request's path stands for: an address, or one of the operator's own paths, which come
//! first. The operator's are read once, and anything wrong in them is told then.

use std::borrow::Cow;
use std::collections::HashMap;

use http::HeaderValue;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::Options;
use crate::feed::FeedName;
use crate::feed::address::Address;

/// Why the operator's own paths can't be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key:?} in {table} {reason}")]
pub struct Error {
    /// The option: `aliases`, `redirects` or `gone`.
    pub table: &'static str,
    /// The path in it, as written.
    pub key: String,
    /// What is wrong with it: the rest of a sentence.
    pub reason: String,
}

/// What the options say of paths and freshness, resolved.
#[derive(Debug, Clone)]
pub struct Routes {
    own: HashMap<String, Own>,
    /// Whether a path of `own` has a query, so that one must be looked up at all.
    with_query: bool,
    /// `Cache-Control` of what is published.
    pub(crate) freshness: HeaderValue,
}

#[derive(Debug, Clone)]
enum Own {
    Alias(Address),
    Moved(HeaderValue),
    Gone,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// The root, which leads to the index.
    Home,
    /// An address that bytes may stand at.
    Edition { address: Address, alias: bool },
    /// A feed without a format, which leads to its page.
    Bare(FeedName),
    /// Moved for good.
    Moved(HeaderValue),
    /// Gone for good.
    Gone,
    /// Nothing.
    Unknown,
}

impl Routes {
    /// Resolves the options. A chain of redirects becomes one hop.
    ///
    /// # Errors
    /// If a path doesn't begin with `/` or occurs twice, an alias leads to no feed's address, or a
    /// redirect leads to itself or to something that is neither a path nor a URL.
    pub fn new(options: &Options) -> Result<Routes, Error> {
        let mut own = HashMap::new();
        let mut add = |table, key: &str, entry| {
            let fail =
                |reason: &str| Error { table, key: key.to_owned(), reason: reason.to_owned() };
            if !key.starts_with('/') {
                return Err(fail("doesn't begin with \"/\""));
            }
            match own.insert(spelling(key).into_owned(), entry) {
                None => Ok(()),
                Some(_) => Err(fail("stands for something else already")),
            }
        };
        for (key, value) in &options.aliases {
            add("aliases", key, Own::Alias(aliased(key, value)?))?;
        }
        for (key, value) in &options.redirects {
            add("redirects", key, Own::Moved(destination(options, key, value)?))?;
        }
        for key in &options.gone {
            add("gone", key, Own::Gone)?;
        }
        let with_query = own.keys().any(|k| k.contains('?'));
        Ok(Routes { own, with_query, freshness: freshness(options.max_age_s) })
    }

    /// What a request's path and query stand for. A query counts only where one of the operator's
    /// own paths has it.
    pub(crate) fn find(&self, path: &str, query: Option<&str>) -> Route {
        if let Some(own) = self.find_own(path, query) {
            return match own {
                Own::Alias(address) => Route::Edition { address: address.clone(), alias: true },
                Own::Moved(to) => Route::Moved(to.clone()),
                Own::Gone => Route::Gone,
            };
        }
        match path {
            "/" | "/feeds" => Route::Home,
            _ => match Address::parse(path) {
                Some(Address::Bare(name)) => Route::Bare(name),
                Some(address) => Route::Edition { address, alias: false },
                None => Route::Unknown,
            },
        }
    }

    fn find_own(&self, path: &str, query: Option<&str>) -> Option<&Own> {
        if self.own.is_empty() {
            return None;
        }
        let whole = query.filter(|_| self.with_query).map(|query| format!("{path}?{query}"));
        whole
            .and_then(|whole| self.own.get(spelling(&whole).as_ref()))
            .or_else(|| self.own.get(spelling(path).as_ref()))
    }
}

/// `Cache-Control` of what is published (RFC 9111, 5861). `stale-while-revalidate` lets a cache
/// answer at once while it asks, `stale-if-error` keeps feeds up through a day of ours down.
fn freshness(max_age_s: u64) -> HeaderValue {
    let value =
        format!("public, max-age={max_age_s}, stale-while-revalidate=60, stale-if-error=86400");
    #[expect(clippy::expect_used, reason = "letters, digits and punctuation of ASCII")]
    HeaderValue::try_from(value).expect("ASCII is a field's value")
}

/// What no path or query has as it is (RFC 3986 §3.3, §3.4), beside everything beyond ASCII.
const UNSPELLED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^');

/// One spelling of a path, however a person or an old link wrote it: percent-encoded, upper-case
/// hex.
fn spelling(path: &str) -> Cow<'_, str> {
    let encoded: Cow<'_, str> = utf8_percent_encode(path, UNSPELLED).into();
    if !encoded.contains('%') {
        return encoded;
    }
    let mut upper = String::with_capacity(encoded.len());
    let mut hex_digits = 0;
    for c in encoded.chars() {
        hex_digits = if c == '%' { 3 } else { usize::saturating_sub(hex_digits, 1) };
        upper.push(if hex_digits > 0 { c.to_ascii_uppercase() } else { c });
    }
    Cow::Owned(upper)
}

/// The address that an alias leads to: `latest.rss`, `/feeds/latest.rss` or `/feeds.opml`.
fn aliased(key: &str, value: &str) -> Result<Address, Error> {
    let whole = if value.starts_with('/') { value.to_owned() } else { format!("/feeds/{value}") };
    match Address::parse(&spelling(&whole)) {
        Some(Address::Bare(_)) | None => Err(Error {
            table: "aliases",
            key: key.to_owned(),
            reason: format!("leads to {value:?}, which is no feed's address; write \"latest.rss\""),
        }),
        Some(address) => Ok(address),
    }
}

/// Where a redirect leads in the end, as `Location` says it.
fn destination(options: &Options, key: &str, value: &str) -> Result<HeaderValue, Error> {
    let fail = |reason: String| Error { table: "redirects", key: key.to_owned(), reason };
    let mut last = value;
    for _ in 0..options.redirects.len() {
        match options.redirects.get(last) {
            Some(next) => last = next,
            None => break,
        }
    }
    if last == key || options.redirects.contains_key(last) {
        return Err(fail("leads back to itself".to_owned()));
    }
    let located = if last.starts_with('/') && !last.starts_with("//") {
        spelling(last).into_owned()
    } else {
        match url::Url::parse(last) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => url.into(),
            _ => return Err(fail(format!("leads to {last:?}, which is neither a path nor a URL"))),
        }
    };
    HeaderValue::try_from(located).map_err(|e| fail(format!("can't be sent: {e}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn options() -> Options {
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        Options {
            listen: ([127, 0, 0, 1], 0).into(),
            admin: None,
            max_age_s: 300,
            aliases: pairs(&[
                ("/rss.xml", "latest.rss"),
                ("/?feed=rss2", "latest.rss"),
                ("/категория/мир/feed/", "мир.rss"),
                ("/blogroll.opml", "/feeds.opml"),
            ]),
            redirects: pairs(&[("/a", "/b"), ("/b", "/c"), ("/x", "https://other.example/é")]),
            gone: vec!["/old.xml".to_owned()],
        }
    }

    fn found(path: &str, query: Option<&str>) -> Route {
        Routes::new(&options()).unwrap().find(path, query)
    }

    #[test]
    fn own_paths_come_first_in_any_spelling() {
        let alias = |path| Route::Edition { address: Address::parse(path).unwrap(), alias: true };
        assert_eq!(found("/rss.xml", None), alias("/feeds/latest.rss"));
        assert_eq!(found("/rss.xml", Some("x=1")), alias("/feeds/latest.rss"));
        assert_eq!(found("/", Some("feed=rss2")), alias("/feeds/latest.rss"));
        assert_eq!(found("/", Some("feed=atom")), Route::Home);
        assert_eq!(found("/blogroll.opml", None), alias("/feeds.opml"));
        let lower =
            "/%d0%ba%d0%b0%d1%82%d0%b5%d0%b3%d0%be%d1%80%d0%b8%d1%8f/%D0%BC%d0%b8%d1%80/feed/";
        assert_eq!(found(lower, None), alias("/feeds/%D0%BC%D0%B8%D1%80.rss"));
        assert_eq!(found("/категория/мир/feed/", None), alias("/feeds/%D0%BC%D0%B8%D1%80.rss"));
        assert_eq!(found("/old.xml", None), Route::Gone);
    }

    #[test]
    fn a_chain_of_redirects_is_one_hop() {
        for path in ["/a", "/b"] {
            assert_eq!(found(path, None), Route::Moved(HeaderValue::from_static("/c")));
        }
        let encoded = HeaderValue::from_static("https://other.example/%C3%A9");
        assert_eq!(found("/x", None), Route::Moved(encoded));
    }

    #[test]
    fn contradictions_are_told() {
        let wrong = |change: fn(&mut Options)| {
            let mut options = options();
            change(&mut options);
            Routes::new(&options).unwrap_err().to_string()
        };
        for (change, said) in [
            (
                (|o| o.gone.push("/rss.xml".into())) as fn(&mut Options),
                "\"/rss.xml\" in gone stands for something else already",
            ),
            (|o| o.gone.push("rss".into()), "\"rss\" in gone doesn't begin with \"/\""),
            (
                |o| drop(o.redirects.insert("/c".into(), "/a".into())),
                "\"/a\" in redirects leads back to itself",
            ),
            (
                |o| drop(o.redirects.insert("/k".into(), "ftp://x.example/".into())),
                "\"/k\" in redirects leads to \"ftp://x.example/\", which is neither a path nor a URL",
            ),
            (
                |o| drop(o.aliases.insert("/k".into(), "latest".into())),
                "\"/k\" in aliases leads to \"latest\", which is no feed's address; \
                 write \"latest.rss\"",
            ),
            (
                |o| drop(o.aliases.insert("/k".into(), "../x.rss".into())),
                "\"/k\" in aliases leads to \"../x.rss\", which is no feed's address; \
                 write \"latest.rss\"",
            ),
        ] {
            assert_eq!(wrong(change), said);
        }
    }

    proptest! {
        #[test]
        fn a_spelling_is_its_own(path in "/\\PC{0,40}") {
            let once = spelling(&path).into_owned();
            prop_assert_eq!(spelling(&once).into_owned(), once);
        }

        #[test]
        fn any_path_is_something(path in ".{0,60}", query in proptest::option::of(".{0,20}")) {
            let route = found(&path, query.as_deref());
            prop_assert!(path.starts_with('/') || route == Route::Unknown);
        }
    }
}
