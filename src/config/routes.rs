//! `[server] aliases`, `fallbacks`, `redirects` and `gone`: the operator's own addresses beside those of the
//! feeds.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use unicode_normalization::UnicodeNormalization;

use super::codes;
use super::file;
use super::keys::nearest;
use super::places;
use super::text::{Span, Str, Text, Wrong};
use crate::feed::Definition;
use crate::feed::address::Address;
use crate::server::route::{canonical, pattern};

/// The operator's own addresses.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) fallbacks: BTreeMap<String, String>,
    pub(super) redirects: BTreeMap<String, String>,
    pub(super) gone: Vec<String>,
}

/// What no path has as it is (RFC 3986 §3.3); `%` stays, what has it is taken to be encoded already.
const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^');

/// One spelling of a path, however a person or an old link wrote it.
fn spelling(path: &str) -> String {
    let mut hex_digits = 0;
    utf8_percent_encode(path, PATH)
        .flat_map(str::chars)
        .map(|c| {
            hex_digits = if c == '%' { 3 } else { usize::saturating_sub(hex_digits, 1) };
            if hex_digits > 0 { c.to_ascii_uppercase() } else { c }
        })
        .collect()
}

/// Resolves them against the feeds that there are.
pub(super) fn resolve(text: &mut Text<'_>, server: &file::Server, feeds: &[Definition]) -> Routes {
    let mut routes = Routes::default();
    let mut seen = BTreeMap::new();
    for (path, target) in &server.aliases {
        let from = own_path(text, "aliases", &path.value, &path.span, feeds, &mut seen);
        match alias_target(&target.value, feeds) {
            Ok(target) => {
                routes.aliases.extend(from.map(|from| (from, target)));
            }
            Err(wrong) => text.wrong("aliases", &target.span, wrong),
        }
    }
    for (pattern, target) in &server.fallbacks {
        let from = pattern_of(&pattern.value).map_err(|wrong| (&pattern.span, wrong));
        let to = alias_target(&target.value, feeds).map_err(|wrong| (&target.span, wrong));
        match from.and_then(|from| Ok((from, to?))) {
            Ok((from, to)) => drop(routes.fallbacks.insert(from, to)),
            Err((span, wrong)) => text.wrong("fallbacks", span, wrong),
        }
    }
    let mut spans = BTreeMap::new();
    for (path, target) in &server.redirects {
        let from = own_path(text, "redirects", &path.value, &path.span, feeds, &mut seen);
        match redirect_target(target) {
            Ok(to) => {
                if let Some(from) = from {
                    spans.insert(from.clone(), &target.span);
                    routes.redirects.insert(from, to);
                }
            }
            Err(wrong) => text.wrong("redirects", &target.span, wrong),
        }
    }
    for path in circles(&routes.redirects) {
        if let Some(span) = spans.get(path) {
            let wrong = Wrong::new(codes::ROUTE, "leads back to itself", "name another address");
            text.wrong("redirects", span, wrong);
        }
    }
    for path in &server.gone {
        routes.gone.extend(own_path(text, "gone", &path.value, &path.span, feeds, &mut seen));
    }
    routes
}

/// A path that is the operator's to give, as it stands in a request.
fn own_path(
    text: &mut Text<'_>,
    key: &str,
    written: &str,
    span: &Span,
    feeds: &[Definition],
    seen: &mut BTreeMap<String, usize>,
) -> Option<String> {
    let path = match plain_path(written).and_then(|path| not_ours(path, feeds)) {
        Ok(path) => path,
        Err(wrong) => {
            text.wrong(key, span, wrong);
            return None;
        }
    };
    let line = text.line_of(span.start) + 1;
    if let Some(first) = seen.insert(canonical(&path), line) {
        let help = format!("line {first} has it already; keep one of them");
        text.wrong(key, span, Wrong::new(codes::ROUTE, "holds an address twice", help));
        return None;
    }
    Some(path)
}

fn plain_path(written: &str) -> Result<String, Wrong> {
    let wrong = |what: &str, help: &str| Err(Wrong::new(codes::ROUTE, what, help));
    if !written.starts_with('/') || written.starts_with("//") {
        return wrong("holds an address that doesn't begin with one `/`", "write \"/rss.xml\"");
    }
    if written.contains('#') {
        let help = "leave out what begins with `#`: browsers don't send it";
        return wrong("holds an address with a `#`", help);
    }
    if written.chars().any(char::is_control) {
        return wrong("holds a control character", "write \"/rss.xml\"");
    }
    Ok(spelling(written))
}

/// A pattern of paths, none of which is ours.
fn pattern_of(written: &str) -> Result<String, Wrong> {
    let wrong = |what: &str, help: &str| Err(Wrong::new(codes::ROUTE, what, help));
    let path = plain_path(written)?;
    if path.contains('?') {
        let help = "write it as an alias: one counts for longer queries, too";
        return wrong("holds a pattern with a query", help);
    }
    if ["/feeds", "/hub", "/p"].iter().any(|ours| below(&path, ours)) {
        return wrong(
            "holds a pattern of addresses that are taken",
            "write one outside of /feeds/",
        );
    }
    match pattern(&path) {
        Ok(()) => Ok(path),
        Err(reason) => {
            let what = format!("holds no pattern of addresses: {reason}");
            wrong(&what, "write one as in \"/search/**/feed\"")
        }
    }
}

fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The paths from which redirects lead back to the path itself.
fn circles(redirects: &BTreeMap<String, String>) -> BTreeSet<&str> {
    let mut circles = BTreeSet::new();
    let mut known = BTreeSet::new();
    for from in redirects.keys() {
        let mut way = Vec::new();
        let mut at = Some(from);
        while let Some(path) = at
            && known.insert(path)
        {
            way.push(path);
            at = redirects.get(path);
        }
        // The way ended, or met a path that was walked before: in this way, if there is a circle.
        if let Some(met) = at
            && let Some(begin) = way.iter().position(|path| *path == met)
        {
            circles.extend(way[begin..].iter().map(|path| path.as_str()));
        }
    }
    circles
}

/// Refuses addresses at which something of ours stands.
fn not_ours(path: String, feeds: &[Definition]) -> Result<String, Wrong> {
    let stands = match Address::parse(&path) {
        None => path == "/hub" || path.starts_with("/p/"),
        Some(Address::Index | Address::Opml | Address::Manifest) => true,
        Some(Address::Edition(name, _) | Address::Page(name) | Address::Bare(name)) => {
            feeds.iter().any(|f| f.each.is_none() && f.name == name.0)
        }
    };
    if stands {
        let help = "choose an address that no feed has";
        return Err(Wrong::new(codes::ROUTE, "holds an address that is taken", help));
    }
    Ok(path)
}

/// What an alias stands for: a feed's address below `/feeds/`, or another of ours from `/`.
fn alias_target(written: &str, feeds: &[Definition]) -> Result<String, Wrong> {
    let wrong = |what: &str, help: String| Wrong::new(codes::ROUTE, what, help);
    let written: String = written.nfc().collect();
    let whole = if written.starts_with('/') { written } else { format!("/feeds/{written}") };
    let whole = spelling(&whole);
    let name = match Address::parse(&whole) {
        Some(Address::Edition(name, _) | Address::Page(name)) => name.0,
        Some(Address::Index | Address::Opml | Address::Manifest) => return Ok(whole),
        Some(Address::Bare(name)) => {
            let help = format!("write \"{0}.rss\", \"{0}.atom\", \"{0}.json\" or \"{0}/\"", name.0);
            return Err(wrong("names a feed without its format", help));
        }
        None => return Err(wrong("holds no feed's address", "write \"latest.rss\"".to_owned())),
    };
    if !feeds.iter().any(|feed| may_be(feed, &name)) {
        let known: Vec<&str> =
            feeds.iter().filter(|f| f.each.is_none()).map(|f| f.name.as_str()).collect();
        let help = match nearest(&name, &known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add a `[[feed]]` with `name = \"{name}\"`"),
        };
        return Err(wrong("leads to a feed that isn't there", help));
    }
    Ok(whole.strip_prefix("/feeds/").map(str::to_owned).unwrap_or(whole))
}

/// Whether a definition can make a feed of that name.
fn may_be(feed: &Definition, name: &str) -> bool {
    let Some(each) = &feed.each else { return feed.name == name };
    let token = format!("{{{}}}", each.as_str());
    feed.name.split_once(token.as_str()).is_some_and(|(before, after)| {
        name.len() > before.len() + after.len()
            && name.starts_with(before)
            && name.ends_with(after)
            && (!before.is_empty() || !name.contains('/'))
    })
}

fn redirect_target(target: &Str) -> Result<String, Wrong> {
    if target.value.starts_with('/') && !target.value.starts_with("//") {
        if target.value.chars().any(char::is_control) {
            let help = "write a path or a whole address";
            return Err(Wrong::new(codes::ROUTE, "holds a control character", help));
        }
        return Ok(spelling(&target.value));
    }
    places::web(&target.value).map(|url| url.to_string()).map_err(|wrong| Wrong {
        code: codes::ROUTE,
        what: "leads to neither a path nor an absolute URL".to_owned(),
        help: wrong.help,
    })
}
