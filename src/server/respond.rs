//! A request's head becomes a response: pure, no socket, no clock. The order is that of RFC 9110
//! §13.2.1: method, then what stands at the path (redirects, what is gone and what is unknown come
//! before conditions), then the coding, then conditions, then the bytes.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, ETAG,
    LAST_MODIFIED, LINK, LOCATION, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;

use super::counts::Kind;
use super::route::{Route, Routes};
use super::{Pressed, conditional, encoding};
use crate::edition::Coding;
use crate::edition::shelf::{Shelf, Shelved};
use crate::feed::address::Address;
use crate::feed::{FeedName, Format};

/// A response with all of its bytes.
pub(crate) type Reply = Response<Full<Bytes>>;

/// What comes of a request.
pub(crate) enum Answer {
    /// This is it, and what was asked for.
    Reply(Reply, Kind),
    /// An edition has to be asked for first; then [`respond`] again, with what came of it.
    Ask(Address),
}

pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// What is decided for good may be reconsidered within a day.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("max-age=86400");
/// A section's first article makes its feed, so "not found" must be forgotten soon.
const NOT_FOUND: HeaderValue = HeaderValue::from_static("max-age=60");
/// Seconds after which a client that met a full queue, or an empty shelf, may come back.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("10");
const BY_ENCODING: HeaderValue = HeaderValue::from_static("Accept-Encoding");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
/// How many fields a 304 has at most, how many more a 200, and how many any other response: with room
/// for them a map needn't grow.
const EDITION_FIELDS: usize = 9;
const BYTES_FIELDS: usize = 5;
const OTHER_FIELDS: usize = 9;
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Decides what a sound request gets. `pressed` is what came of an [`Answer::Ask`], if there was
/// one; it is never asked twice.
pub(crate) fn respond(
    head: &Parts,
    routes: &Routes,
    shelf: &Shelf,
    pressed: Option<&Pressed>,
    now: DateTime<Utc>,
) -> Answer {
    if head.method == Method::OPTIONS {
        return Answer::Reply(preflight(), Kind::Other);
    }
    if head.method != Method::GET && head.method != Method::HEAD {
        let mut reply =
            note(head, StatusCode::METHOD_NOT_ALLOWED, NO_STORE, "Feeds can only be read.");
        reply.headers_mut().insert(ALLOW, METHODS);
        return Answer::Reply(reply, Kind::Other);
    }
    let route = routes.find(head.uri.path(), head.uri.query());
    let kind = Kind::of(&route);
    let reply = match route {
        Route::Home => leads_to(head, &Address::Index),
        Route::Moved(to) => {
            let mut reply =
                note(head, StatusCode::MOVED_PERMANENTLY, FOR_GOOD, "This feed has moved.");
            reply.headers_mut().insert(LOCATION, to);
            reply
        }
        Route::Gone => note(head, StatusCode::GONE, FOR_GOOD, "This feed has ended."),
        Route::Closest(address) => leads_to(head, &address),
        Route::Unknown => not_found(head),
        Route::Bare(name) if any_of(shelf, &name) => leads_to(head, &Address::Page(name)),
        Route::Bare(name) => {
            let page = Address::Page(name);
            match look(shelf, &page, pressed) {
                Look::Found(_) => leads_to(head, &page),
                Look::Ask => return Answer::Ask(page),
                Look::NotFound => not_found(head),
                Look::Busy => busy(head),
            }
        }
        Route::Edition { address, alias } => match look(shelf, &address, pressed) {
            Look::Found(item) => match edition(head, &item, alias, routes, now) {
                Some(reply) => reply,
                None => return Answer::Ask(item.address.clone()),
            },
            Look::Ask => return Answer::Ask(address),
            Look::NotFound => not_found(head),
            Look::Busy => busy(head),
        },
    };
    Answer::Reply(reply, kind)
}

/// What is known of an address.
enum Look {
    Found(Arc<Shelved>),
    Ask,
    NotFound,
    Busy,
}

fn look(shelf: &Shelf, address: &Address, pressed: Option<&Pressed>) -> Look {
    match (shelf.items.get(address), pressed) {
        (Some(item), None) => Look::Found(Arc::clone(item)),
        (Some(item), _) if !item.bodies.is_empty() => Look::Found(Arc::clone(item)),
        (_, Some(Pressed::Edition(item))) if !item.bodies.is_empty() => {
            Look::Found(Arc::clone(item))
        }
        (_, Some(Pressed::Edition(_) | Pressed::Busy)) => Look::Busy,
        (_, Some(Pressed::NotFound)) => Look::NotFound,
        (None, None) if is_lazy(address) => Look::Ask,
        // Before the first run nothing is published, which says nothing of what will be.
        (None, None) if shelf.items.is_empty() => Look::Busy,
        (None, None) => Look::NotFound,
    }
}

/// Whether an address is a term's: those feeds are made when someone asks.
fn is_lazy(address: &Address) -> bool {
    match address {
        Address::Edition(name, _) | Address::Page(name) | Address::Bare(name) => {
            name.0.split_once('/').is_some_and(|(taxonomy, slug)| {
                matches!(taxonomy, "tag" | "author" | "series") && !slug.contains('/')
            })
        }
        Address::Index | Address::Opml | Address::Manifest => false,
    }
}

fn any_of(shelf: &Shelf, name: &FeedName) -> bool {
    shelf.items.contains_key(&Address::Page(name.clone()))
        || Format::ALL
            .iter()
            .any(|format| shelf.items.contains_key(&Address::Edition(name.clone(), *format)))
}

/// The bytes of an edition, or that the client has them already, which validators alone can tell.
/// `None`: the bytes are needed, and aren't on the shelf.
fn edition(
    head: &Parts,
    item: &Shelved,
    alias: bool,
    routes: &Routes,
    now: DateTime<Utc>,
) -> Option<Reply> {
    let chosen = encoding::choose(&head.headers, &item.bodies);
    if chosen.is_none() && !item.bodies.is_empty() {
        let text = "This is to be had as identity, gzip, br and zstd.";
        let mut reply = note(head, StatusCode::NOT_ACCEPTABLE, NO_STORE, text);
        reply.headers_mut().insert(VARY, BY_ENCODING);
        return Some(reply);
    }
    let fields = item.fields();
    let verdict = match conditional::names_ours(&head.headers, fields) {
        Some(tag) => Verdict::NotModified(Some(tag.clone())),
        None => Verdict::of(conditional::check(&head.headers, &item.validators, now)),
    };
    let mut reply = match verdict {
        Verdict::Failed => {
            let text = "The feed is no longer what the request supposes.";
            return Some(note(head, StatusCode::PRECONDITION_FAILED, NO_STORE, text));
        }
        Verdict::NotModified(tag) => {
            let mut reply = empty(StatusCode::NOT_MODIFIED, EDITION_FIELDS);
            let coding = chosen.map_or(Coding::Identity, |(coding, _)| *coding);
            let tag = tag.unwrap_or_else(|| fields.tag(coding).clone());
            reply.headers_mut().insert(ETAG, tag);
            reply
        }
        Verdict::Send => {
            let (coding, body) = chosen?;
            sent(head, item, *coding, body)
        }
    };
    let headers = reply.headers_mut();
    headers.insert(CACHE_CONTROL, routes.freshness.clone());
    headers.insert(VARY, BY_ENCODING);
    // While it is ahead of the clock it isn't sent (RFC 9110 §8.8.2.1).
    if let Some(date) = &fields.last_modified
        && item.validators.last_modified <= now
    {
        headers.insert(LAST_MODIFIED, date.clone());
    }
    if alias && let Some(path) = &fields.path {
        headers.insert(CONTENT_LOCATION, path.clone());
    }
    share(headers);
    Some(reply)
}

/// What a request's conditions come to, as a response says it.
enum Verdict {
    Send,
    NotModified(Option<HeaderValue>),
    Failed,
}

impl Verdict {
    fn of(verdict: conditional::Verdict) -> Verdict {
        match verdict {
            conditional::Verdict::Send => Verdict::Send,
            // A tag that can't be sent back is answered with ours.
            conditional::Verdict::NotModified(tag) => {
                Verdict::NotModified(tag.and_then(|t| HeaderValue::try_from(t).ok()))
            }
            conditional::Verdict::Failed => Verdict::Failed,
        }
    }
}

/// A 200, without what it has in common with a 304.
fn sent(head: &Parts, item: &Shelved, coding: Coding, body: &Bytes) -> Reply {
    let mut reply = filled(head, body.clone(), EDITION_FIELDS + BYTES_FIELDS);
    let headers = reply.headers_mut();
    headers.insert(ETAG, item.fields().tag(coding).clone());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(item.address.content_type()));
    if coding != Coding::Identity {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.token()));
    }
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Some(link) = &item.fields().link {
        headers.insert(LINK, link.clone());
    }
    reply
}

/// The answer to `OPTIONS`: what a browser asks before a script may send validators (WHATWG Fetch).
fn preflight() -> Reply {
    let mut reply = empty(StatusCode::NO_CONTENT, OTHER_FIELDS);
    let headers = reply.headers_mut();
    headers.insert(ALLOW, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("If-None-Match, If-Modified-Since, A-IM, Cache-Control"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    share(headers);
    reply
}

fn leads_to(head: &Parts, address: &Address) -> Reply {
    let mut reply =
        note(head, StatusCode::FOUND, NO_STORE, "This leads to another address for now.");
    match HeaderValue::try_from(address.url_path()) {
        Ok(path) => drop(reply.headers_mut().insert(LOCATION, path)),
        Err(_) => tracing::warn!(%address, "an address can't be sent"),
    }
    reply
}

fn not_found(head: &Parts) -> Reply {
    note(head, StatusCode::NOT_FOUND, NOT_FOUND, "There is no such feed.")
}

fn busy(head: &Parts) -> Reply {
    let text = "This feed is being made. Ask again shortly.";
    let mut reply = note(head, StatusCode::SERVICE_UNAVAILABLE, NO_STORE, text);
    reply.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
    reply
}

/// A response that says nothing yet, with room for so many fields.
fn empty(status: StatusCode, fields: usize) -> Reply {
    let mut reply = Reply::default();
    *reply.status_mut() = status;
    *reply.headers_mut() = HeaderMap::with_capacity(fields);
    reply
}

/// A response that is a sentence.
pub(crate) fn note(
    head: &Parts,
    status: StatusCode,
    cache_control: HeaderValue,
    text: &str,
) -> Reply {
    let mut reply = with_body(head, Bytes::from(format!("{text}\n")));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, cache_control);
    share(headers);
    reply
}

/// A response with these bytes; HEAD gets their length alone (RFC 9110 §9.3.2).
pub(crate) fn with_body(head: &Parts, body: Bytes) -> Reply {
    filled(head, body, OTHER_FIELDS)
}

fn filled(head: &Parts, body: Bytes, fields: usize) -> Reply {
    let length = HeaderValue::from(body.len());
    let body = if head.method == Method::HEAD { Bytes::new() } else { body };
    let mut reply = empty(StatusCode::OK, fields);
    *reply.body_mut() = Full::new(body);
    reply.headers_mut().insert(CONTENT_LENGTH, length);
    reply
}

/// Fields of every public response: any site's script may read it, as what it says it is.
fn share(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers
        .insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag, Link, Retry-After"));
    headers.insert(CORP, HeaderValue::from_static("cross-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

#[cfg(test)]
mod tests;
