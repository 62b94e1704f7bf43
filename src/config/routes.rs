//! `[server] aliases`, `redirects` and `gone`: the operator's own addresses beside those of the
//! feeds.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use unicode_normalization::UnicodeNormalization;

use super::codes;
use super::file;
use super::keys::nearest;
use super::places;
use super::text::{Span, Str, Text, Wrong};
use crate::feed::Definition;
use crate::feed::address::Address;

/// The operator's own addresses.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) redirects: BTreeMap<String, String>,
    pub(super) gone: Vec<String>,
}

/// What may not stand in a path as it is; `%` may, it is taken to be encoded already.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

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
    for (path, target) in &server.redirects {
        let from = own_path(text, "redirects", &path.value, &path.span, feeds, &mut seen);
        match redirect_target(target) {
            Ok(to) if from.as_deref() == Some(to.as_str()) => {
                let wrong =
                    Wrong::new(codes::ROUTE, "leads back to itself", "name another address");
                text.wrong("redirects", &target.span, wrong);
            }
            Ok(to) => routes.redirects.extend(from.map(|from| (from, to))),
            Err(wrong) => text.wrong("redirects", &target.span, wrong),
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
    if let Some(first) = seen.insert(path.clone(), line) {
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
    if written.contains(['?', '#']) {
        let help = "write the path alone; what follows `?` isn't looked at";
        return wrong("holds an address with a `?` or a `#`", help);
    }
    if written.chars().any(char::is_control) {
        return wrong("holds a control character", "write \"/rss.xml\"");
    }
    Ok(utf8_percent_encode(written, PATH).to_string())
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

/// The address of a feed, below `/feeds/`.
fn alias_target(written: &str, feeds: &[Definition]) -> Result<String, Wrong> {
    let wrong = |what: &str, help: String| Wrong::new(codes::ROUTE, what, help);
    let below: String = written.strip_prefix("/feeds/").unwrap_or(written).nfc().collect();
    let encoded = format!("/feeds/{}", utf8_percent_encode(&below, PATH));
    let name = match Address::parse(&encoded) {
        Some(Address::Edition(name, _) | Address::Page(name)) => name.0,
        Some(Address::Bare(name)) => {
            let help = format!("write \"{0}.rss\", \"{0}.atom\", \"{0}.json\" or \"{0}/\"", name.0);
            return Err(wrong("names a feed without its format", help));
        }
        _ => {
            return Err(wrong("holds no feed's address", "write \"latest.rss\"".to_owned()));
        }
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
    Ok(encoded["/feeds/".len()..].to_owned())
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
        return Ok(utf8_percent_encode(&target.value, PATH).to_string());
    }
    places::web(&target.value).map(|url| url.to_string()).map_err(|wrong| Wrong {
        code: codes::ROUTE,
        what: "leads to neither a path nor an absolute URL".to_owned(),
        help: wrong.help,
    })
}
