//! What a request's path stands for: an address, or one of the operator's own paths, which come
//! first. The operator's are read once, and anything wrong in them is told then.

use http::HeaderValue;

use self::own::{Asked, Own, Patterns, spelling};
use super::Options;
use crate::feed::FeedName;
use crate::feed::address::Address;

mod own;

pub(crate) use self::own::{canonical, pattern};

/// Why the operator's own paths can't be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key:?} in {table} {reason}")]
pub struct Error {
    /// The option: `aliases`, `fallbacks`, `redirects` or `gone`.
    pub table: &'static str,
    /// The path in it, as written.
    pub key: String,
    /// What is wrong with it: the rest of a sentence.
    pub reason: String,
}

/// What the options say of paths and freshness, resolved.
#[derive(Debug, Clone)]
pub struct Routes {
    own: Own<Stands>,
    fallbacks: Patterns<Address>,
    /// `Cache-Control` of what is published.
    pub(crate) freshness: HeaderValue,
}

#[derive(Debug, Clone)]
enum Stands {
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
    /// What isn't made here, and the feed that comes closest for now.
    Closest(Address),
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
    /// redirect leads to itself or to something that is neither a path nor a URL, or a fallback is no
    /// pattern.
    pub fn new(options: &Options) -> Result<Routes, Error> {
        let mut own = Own::new();
        let mut add = |table, key: &str, stands| {
            let fail =
                |reason: &str| Error { table, key: key.to_owned(), reason: reason.to_owned() };
            match key.starts_with('/') {
                false => Err(fail("doesn't begin with \"/\"")),
                true if own.add(key, stands) => Ok(()),
                true => Err(fail("stands for something else already")),
            }
        };
        for (key, value) in &options.aliases {
            add("aliases", key, Stands::Alias(aliased("aliases", key, value)?))?;
        }
        for (key, value) in &options.redirects {
            add("redirects", key, Stands::Moved(destination(options, key, value)?))?;
        }
        for key in &options.gone {
            add("gone", key, Stands::Gone)?;
        }
        let mut fallbacks = Vec::new();
        for (key, value) in &options.fallbacks {
            fallbacks.push((key.as_str(), aliased("fallbacks", key, value)?));
        }
        let fallbacks = Patterns::new(fallbacks).map_err(|(key, reason)| Error {
            table: "fallbacks",
            key,
            reason,
        })?;
        Ok(Routes { own, fallbacks, freshness: freshness(options.max_age_s) })
    }

    /// What a request's path and query stand for. A query counts only where one of the operator's
    /// own paths has it, in any order. One that says more than an alias does asks for less than that
    /// feed, which is the closest there is.
    pub(crate) fn find(&self, path: &str, query: Option<&str>) -> Route {
        match self.own.asked(path, query) {
            Some(Asked::Whole(stands)) => return stands.route(),
            Some(Asked::Part(Stands::Alias(address))) => return Route::Closest(address.clone()),
            Some(Asked::Part(_)) | None => {}
        }
        if let Some(stands) = self.own.at(path) {
            return stands.route();
        }
        match path {
            "/" | "/feeds" => Route::Home,
            _ => match Address::parse(path) {
                Some(Address::Bare(name)) => Route::Bare(name),
                Some(address) => Route::Edition { address, alias: false },
                None => self.find_loosely(path),
            },
        }
    }

    /// What stands at a path that is nobody's as it is written.
    fn find_loosely(&self, path: &str) -> Route {
        match self.own.beside(path) {
            Some(stands) => stands.route(),
            None => self.fallbacks.of(path).cloned().map_or(Route::Unknown, Route::Closest),
        }
    }
}

impl Stands {
    fn route(&self) -> Route {
        match self {
            Stands::Alias(address) => Route::Edition { address: address.clone(), alias: true },
            Stands::Moved(to) => Route::Moved(to.clone()),
            Stands::Gone => Route::Gone,
        }
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

/// The address that an alias leads to: `latest.rss`, `/feeds/latest.rss` or `/feeds.opml`.
fn aliased(table: &'static str, key: &str, value: &str) -> Result<Address, Error> {
    let whole = if value.starts_with('/') { value.to_owned() } else { format!("/feeds/{value}") };
    match Address::parse(&spelling(&whole)) {
        Some(Address::Bare(_)) | None => Err(Error {
            table,
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
            fallbacks: pairs(&[
                ("/search/**/feed", "latest.rss"),
                ("/[0-9][0-9]/{feed,atom}/", "latest.atom"),
                ("/[0-9][0-9]/feed", "latest.rss"),
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
    fn queries_count_in_any_order_and_by_what_they_say_most() {
        let mut options = options();
        options.aliases.insert("/?feed=rss2&cat=5".into(), "world.rss".into());
        options.aliases.insert("/?feed=rss2&tag=на море".into(), "sea.rss".into());
        options.redirects.insert("/?p=9".into(), "/b".into());
        let routes = Routes::new(&options).unwrap();
        let found = |query| routes.find("/", Some(query));
        let address = |path: &str| Address::parse(path).unwrap();
        let alias = |path| Route::Edition { address: address(path), alias: true };
        assert_eq!(found("cat=5&feed=rss2"), alias("/feeds/world.rss"));
        assert_eq!(found("tag=%d0%bd%d0%b0+море&feed=rss2"), alias("/feeds/sea.rss"));
        assert_eq!(found("feed=rss2&cat=5&paged=2"), Route::Closest(address("/feeds/world.rss")));
        for more in ["feed=rss2&cat=6", "s=fog&feed=rss2", "feed=rss2&&x", "feed=rss2&feed=atom"] {
            assert_eq!(found(more), Route::Closest(address("/feeds/latest.rss")), "{more}");
        }
        for other in ["feed=json", "cat=5", "", "feed=rss20", "p=9&x=1"] {
            assert_eq!(found(other), Route::Home, "{other}");
        }
        assert_eq!(found("p=9"), Route::Moved(HeaderValue::from_static("/c")));
        options.aliases.insert("/?cat=5&feed=rss2".into(), "x.rss".into());
        let said = Routes::new(&options).unwrap_err().to_string();
        assert!(said.ends_with("in aliases stands for something else already"), "{said}");
    }

    #[test]
    fn a_final_slash_is_nothing_outside_of_the_feeds() {
        let latest = found("/rss.xml", None);
        assert_eq!(found("/rss.xml/", None), latest);
        assert_eq!(found("/категория/мир/feed", None), found("/категория/мир/feed/", None));
        assert_eq!(found("/old.xml/", None), Route::Gone);
        assert_eq!(found("//", None), Route::Unknown);
    }

    #[test]
    fn patterns_lead_to_the_closest_feed_after_all_else() {
        let closest = |path| Route::Closest(Address::parse(path).unwrap());
        for path in ["/search/fog/feed", "/search/a/b/feed/", "/search/%d0%BC/feed/"] {
            assert_eq!(found(path, None), closest("/feeds/latest.rss"), "{path}");
        }
        // The longest pattern counts.
        assert_eq!(found("/24/feed/", None), closest("/feeds/latest.atom"));
        assert_eq!(found("/24/atom/", Some("x=1")), closest("/feeds/latest.atom"));
        for path in ["/24/feed/x", "/2/feed", "/24/x/feed", "/search/fog", "/x/search/fog/feed"] {
            assert_eq!(found(path, None), Route::Unknown, "{path}");
        }
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
                |o| drop(o.fallbacks.insert("/k/[a".into(), "latest.rss".into())),
                "\"/k/[a\" in fallbacks unclosed character class; missing ']'",
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
