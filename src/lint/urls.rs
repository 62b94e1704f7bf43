//! URLs and IRIs: absolute where they have to be, made of characters that URLs have, ids in their
//! normal form (RFC 3986, RFC 3987, RFC 4151, RFC 8141).

use super::sheet::{Sheet, quote};
use super::{Rule, error, warning};
use crate::problem::Code;

const FULL_LINK: Rule =
    error(Code::new("feed-invalid-full-link"), "write it whole: `https://gazette.example/fog/`");
const IRI: Rule = error(Code::new("feed-invalid-iri"), "write a URL, whole or relative");
const CHARACTER: Rule = error(
    Code::new("feed-invalid-uri-char"),
    "percent-encode what no URL may hold: a space is `%20`, `[` is `%5B`",
);
const NOT_ASCII: Rule = error(
    Code::new("feed-uri-not-iri"),
    "RSS takes URLs: percent-encode letters that aren't ASCII, and write the host in punycode",
);
const URL_ATTRIBUTE: Rule = error(
    Code::new("feed-invalid-url-attribute"),
    "write it whole, with http or https: `https://gazette.example/audio/7.mp3`",
);
const SCRIPT: Rule = error(
    Code::new("feed-script-url"),
    "write a URL of http or https; readers refuse it, or do what a stranger wrote",
);
const SCHEME: Rule = warning(
    Code::new("feed-scheme-not-iana-registered"),
    "write a URL with a scheme that readers can open, such as https",
);
const TAG: Rule = error(
    Code::new("feed-invalid-tag"),
    "write `tag:HOST,YYYY-MM-DD:NAME`, with a host that was yours on that day (RFC 4151)",
);
const URN: Rule = error(Code::new("feed-invalid-urn"), "write `urn:NAMESPACE:NAME` (RFC 8141)");
const UUID: Rule = error(
    Code::new("feed-invalid-uuid"),
    "write 32 hex digits in groups: `urn:uuid:1b4e28ba-2fa1-11d2-883f-0016d3cca427`",
);
const NON_CANONICAL: Rule = warning(
    Code::new("feed-non-canonical-uri"),
    "make ids in normal form; but one that readers have seen must stay as it is",
);

/// Schemes that occur in feeds, beside those that programs register for themselves.
const SCHEMES: &[&str] = &[
    "acct", "cid", "data", "did", "dns", "doi", "ftp", "geo", "gemini", "gopher", "http", "https",
    "im", "imap", "info", "ipfs", "ldap", "magnet", "mailto", "mid", "news", "nntp", "rtsp", "sip",
    "sips", "sms", "ssh", "tag", "tel", "urn", "webcal", "xmpp",
];

/// An absolute URL, in ASCII: RSS's links.
pub(super) fn absolute(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) {
    check(sheet, called, text, at, Kind { absolute: true, iri: false });
}

/// A URL or IRI that may be relative: Atom's. Whether it is sound.
pub(super) fn reference(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) -> bool {
    check(sheet, called, text, at, Kind { absolute: false, iri: true })
}

/// An absolute IRI: Atom's ids.
pub(super) fn iri(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) -> bool {
    check(sheet, called, text, at, Kind { absolute: true, iri: true })
}

/// An absolute http or https URL.
pub(super) fn http(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let host = rest.and_then(|r| r.split(['/', '?', '#']).next()).unwrap_or_default();
    let sound = !host.is_empty() && text.chars().all(|c| c.is_ascii() && is_uri_char(c));
    if !sound {
        let message = format!("`{called}` is {}, and not a URL of http or https", quote(text));
        sheet.tell_value(&URL_ATTRIBUTE, at, text, message);
    }
}

#[derive(Clone, Copy)]
struct Kind {
    absolute: bool,
    iri: bool,
}

fn check(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize, kind: Kind) -> bool {
    let mut wrong = |rule: &Rule, what: &str| {
        sheet.tell_value(rule, at, text, format!("`{called}` is {}, {what}", quote(text)));
        false
    };
    let scheme = scheme(text);
    match scheme.as_deref() {
        Some("tag") if !is_tag(text) => return wrong(&TAG, "and not a tag of RFC 4151"),
        Some("urn") if text.to_ascii_lowercase().starts_with("urn:uuid:") => {
            return is_uuid_urn(text) || wrong(&UUID, "and not a UUID");
        }
        Some("urn") if !is_urn(text) => return wrong(&URN, "and not a URN"),
        Some("tag" | "urn") => return true,
        _ => {}
    }
    if let Some(scheme @ ("javascript" | "vbscript")) = scheme.as_deref() {
        return wrong(&SCRIPT, &format!("a program in {scheme} and no address"));
    }
    if let Some(c) = text.chars().find(|c| c.is_ascii() && !is_uri_char(*c)) {
        return wrong(&CHARACTER, &format!("which holds {}", quote_char(c)));
    }
    if !kind.iri && !text.is_ascii() {
        return wrong(&NOT_ASCII, "which isn't ASCII");
    }
    if kind.iri && text.chars().any(|c| c.is_control() || c == '\u{fffd}') {
        return wrong(&IRI, "and not an IRI");
    }
    match scheme.as_deref() {
        None if kind.absolute => wrong(&FULL_LINK, "which isn't a whole URL"),
        Some("http" | "https" | "ftp") if !has_host(text) => {
            let rule = if kind.absolute { FULL_LINK } else { IRI };
            wrong(&rule, "which has no host")
        }
        Some(scheme) if !SCHEMES.contains(&scheme) && !scheme.contains(['.', '-', '+']) => {
            let message = format!("no scheme of URLs is called {} (`{called}`)", quote(scheme));
            sheet.tell_value(&SCHEME, at, text, message);
            false
        }
        _ => true,
    }
}

fn quote_char(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c if c.is_control() => "a control character".to_owned(),
        c => format!("`{c}`"),
    }
}

fn is_uri_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || ";/?:@&=+$.-_!~*'()%,#[]".contains(c)
}

/// The scheme, in lower case.
pub(super) fn scheme(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once(':')?;
    let sound = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    sound.then(|| scheme.to_ascii_lowercase())
}

fn has_host(text: &str) -> bool {
    let rest = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"));
    rest.is_some_and(|r| !r.is_empty() && !r.starts_with(['/', '?', '#']))
}

/// `tag:AUTHORITY,DATE:SPECIFIC` (RFC 4151).
fn is_tag(text: &str) -> bool {
    let entity = text.split_once(':').and_then(|(_, rest)| rest.split_once(':'));
    let Some((authority, date)) = entity.and_then(|(e, _)| e.rsplit_once(',')) else {
        return false;
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    let specific = entity.map_or("", |(_, specific)| specific);
    if specific.chars().any(|c| !is_uri_char(c) || "[]".contains(c)) {
        return false;
    }
    let parts: Vec<&str> = date.split('-').collect();
    let digits = |p: &&str, n: usize| p.len() == n && p.bytes().all(|b| b.is_ascii_digit());
    let sound_host = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-'));
    sound_host
        && parts.first().is_some_and(|p| digits(p, 4))
        && parts.len() <= 3
        && parts.iter().skip(1).all(|p| digits(p, 2))
}

fn is_urn(text: &str) -> bool {
    let mut parts = text.splitn(3, ':').skip(1);
    let space = parts.next().unwrap_or_default();
    let name = parts.next().unwrap_or_default();
    (2..=32).contains(&space.len())
        && space.starts_with(|c: char| c.is_ascii_alphanumeric())
        && space.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii() && is_uri_char(c))
}

fn is_uuid_urn(text: &str) -> bool {
    text.get("urn:uuid:".len()..).is_some_and(is_uuid)
}

/// Whether this is a UUID, as it is usually written.
pub(super) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.len() == 5
        && groups.iter().zip([8, 4, 4, 4, 12]).all(|(group, length)| {
            group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit())
        })
}

/// Tells of an id that isn't in normal form (RFC 4287 §4.2.6.1).
pub(super) fn canonical(sheet: &mut Sheet<'_>, called: &str, text: &str, at: usize) {
    if let Some(why) = not_canonical(text) {
        let message = format!("`{called}` is {}, {why}", quote(text));
        sheet.tell_value(&NON_CANONICAL, at, text, message);
    }
}

fn not_canonical(text: &str) -> Option<&'static str> {
    let (scheme, rest) = text.split_once(':')?;
    if scheme.chars().any(|c| c.is_ascii_uppercase()) {
        return Some("whose scheme isn't in lower case");
    }
    let mut path = rest;
    if let Some(after) = rest.strip_prefix("//") {
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        let host = authority.rsplit('@').next().unwrap_or_default();
        if host.chars().any(char::is_uppercase) {
            return Some("whose host isn't in lower case");
        }
        let port = host.rsplit_once(':').map(|(_, port)| port);
        if matches!((scheme, port), ("http", Some("80")) | ("https", Some("443")) | (_, Some(""))) {
            return Some("which names a port that goes without saying");
        }
        if tail.is_empty() || tail.starts_with(['?', '#']) {
            return Some("whose path is empty, where it should be `/`");
        }
        path = tail;
    }
    let bare = path.split(['?', '#']).next().unwrap_or_default();
    if rest.starts_with("//") && bare.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Some("whose path has dots as segments");
    }
    for (at, _) in path.match_indices('%') {
        let Some(hex) = path.get(at + 1..at + 3) else { return Some("which ends in a bare `%`") };
        match u8::from_str_radix(hex, 16) {
            Err(_) => return Some("which has a bare `%`"),
            Ok(_) if hex.bytes().any(|b| b.is_ascii_lowercase()) => {
                return Some("whose percent-encoding isn't in upper case");
            }
            Ok(b) if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => {
                return Some("which percent-encodes what needs none");
            }
            Ok(_) => {}
        }
    }
    None
}
