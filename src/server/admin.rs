//! The admin listener's answers: whether the process lives (`/healthz`), whether editions can be
//! served and what is held or failing (`/readyz`), all of that in full (`/status`) and in numbers
//! (`/metrics`), and runs on demand (`/regenerate`). It is reached by addresses only, never by name,
//! and takes JSON only, so that no web page can have a browser talk to it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode, Version};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use serde_json::Value;

use super::respond::{NO_STORE, Reply, with_body};
use super::{Granted, Health, Inside, Limits, Wish, screen};

/// Bytes of a wish; more is 413.
const WISH_BYTES_MAX: usize = 4 * 1024;

const JSON: &str = "application/json";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What answers are made from.
pub(crate) struct Office {
    pub(crate) inside: Inside,
    /// Whether the service is about to end.
    pub(crate) draining: Arc<AtomicBool>,
    pub(crate) limits: Arc<Limits>,
}

/// Decides what an operator's request gets. `local` is the address at which it arrived.
pub(crate) async fn answer<B>(office: &Office, request: Request<B>, local: SocketAddr) -> Reply
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    let reads = head.method == Method::GET || head.method == Method::HEAD;
    if !is_meant_for(&head, local.ip()) {
        let text = "The admin listener answers to localhost and to its own address only.";
        return plain(&head, StatusCode::MISDIRECTED_REQUEST, text);
    }
    match head.uri.path() {
        "/healthz" | "/readyz" | "/status" | "/metrics" if !reads => {
            wrong_method(&head, "GET, HEAD", "This can only be read.")
        }
        "/healthz" => plain(&head, StatusCode::OK, "ok"),
        "/readyz" => readiness(&head, office.is_draining(), (office.inside.health)()),
        "/status" => json(&head, StatusCode::OK, &(office.inside.status)()),
        "/metrics" => {
            let text = Bytes::from((office.inside.metrics)());
            finish(with_body(&head, text), OPENMETRICS)
        }
        "/regenerate" if head.method == Method::POST => regenerate(office, &head, body).await,
        "/regenerate" => wrong_method(&head, "POST", "A run is asked for by POST, in JSON."),
        _ => plain(&head, StatusCode::NOT_FOUND, "There is nothing here."),
    }
}

impl Office {
    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

fn readiness(head: &Parts, draining: bool, health: Health) -> Reply {
    let mut body = health.body;
    if let Some(object) = body.as_object_mut() {
        object.insert("draining".to_owned(), draining.into());
    }
    let up = health.ready && !draining;
    json(head, if up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &body)
}

async fn regenerate<B>(office: &Office, head: &Parts, body: B) -> Reply
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let wish = match read_wish(office, head, body).await {
        Ok(wish) => wish,
        Err((status, text)) => {
            let mut reply = plain(head, status, &text);
            // What follows on the connection may be the rest of a body.
            reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            return reply;
        }
    };
    if office.is_draining() {
        return granted(head, &Granted::Closing);
    }
    let granting = (office.inside.regenerate)(&wish);
    let mut come = granting.now;
    if wish.wait && matches!(come, Granted::Queued(_)) {
        let later = tokio::time::timeout(office.limits.demand_timeout, granting.later).await;
        come = later.unwrap_or(come);
    }
    granted(head, &come)
}

fn granted(head: &Parts, come: &Granted) -> Reply {
    match come {
        Granted::Queued(what) => json(head, StatusCode::ACCEPTED, what),
        Granted::Ended(what) => json(head, StatusCode::OK, what),
        Granted::Refused(sentence) => plain(head, StatusCode::BAD_REQUEST, sentence),
        Granted::Closing => {
            plain(head, StatusCode::SERVICE_UNAVAILABLE, "The service is about to end.")
        }
    }
}

/// Reads what is wished for. A page of another site can send a form, but JSON only after a question
/// that is answered with no (WHATWG Fetch, CORS-preflight).
async fn read_wish<B>(office: &Office, head: &Parts, body: B) -> Result<Wish, (StatusCode, String)>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let fail = |status, text: &str| Err((status, text.to_owned()));
    if !is_json(head) {
        let text = "Send JSON, with Content-Type: application/json; {} is enough.";
        return fail(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    }
    let body = Limited::new(body, WISH_BYTES_MAX);
    let read = tokio::time::timeout(office.limits.demand_timeout, body.collect()).await;
    let Ok(read) = read else {
        return fail(StatusCode::REQUEST_TIMEOUT, "The body took too long.");
    };
    let bytes = match read {
        Ok(collected) => collected.to_bytes(),
        Err(e) if e.is::<LengthLimitError>() => {
            return fail(StatusCode::PAYLOAD_TOO_LARGE, "No wish is that long.");
        }
        Err(_) => return fail(StatusCode::BAD_REQUEST, "The body broke off."),
    };
    serde_json::from_slice(&bytes).map_err(|e| {
        let text = format!("This isn't {{}}, nor {{\"accept\": [\"loss\"], \"wait\": true}}: {e}");
        (StatusCode::BAD_REQUEST, text)
    })
}

/// Whether the body is said to be JSON, in one field and whatever parameters.
fn is_json(head: &Parts) -> bool {
    let mut types = head.headers.get_all(CONTENT_TYPE).into_iter();
    let (Some(named), None) = (types.next(), types.next()) else { return false };
    let essence = named.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(JSON.as_bytes())
}

fn wrong_method(head: &Parts, allowed: &'static str, text: &str) -> Reply {
    let mut reply = plain(head, StatusCode::METHOD_NOT_ALLOWED, text);
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    reply
}

fn json(head: &Parts, status: StatusCode, body: &Value) -> Reply {
    let mut reply = with_body(head, Bytes::from(format!("{body}\n")));
    *reply.status_mut() = status;
    finish(reply, JSON)
}

fn plain(head: &Parts, status: StatusCode, text: &str) -> Reply {
    let mut reply = with_body(head, Bytes::from(format!("{text}\n")));
    *reply.status_mut() = status;
    finish(reply, "text/plain; charset=utf-8")
}

fn finish(mut reply: Reply, content_type: &'static str) -> Reply {
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

/// Whether a request names this listener: a loopback address, `localhost`, or the address at which
/// it arrived. HTTP/1.0 may name nothing, and no browser speaks it.
fn is_meant_for(head: &Parts, local: IpAddr) -> bool {
    let named = match head.uri.authority() {
        Some(authority) => Some(authority.clone()),
        None => match head.headers.get(HOST) {
            Some(host) => match screen::authority(host) {
                Some(authority) => Some(authority),
                None => return false,
            },
            None => None,
        },
    };
    let Some(named) = named else { return head.version == Version::HTTP_10 };
    let host = named.host().trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback() || ip.to_canonical() == local.to_canonical(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_its_own_are_answered() {
        let local = "192.0.2.7:8081".parse::<SocketAddr>().unwrap();
        for (host, meant) in [
            ("127.0.0.1:8081", true),
            ("127.9.9.9", true),
            ("[::1]:8081", true),
            ("LocalHost:1", true),
            ("192.0.2.7:8081", true),
            ("[::ffff:192.0.2.7]", true),
            ("192.0.2.8:8081", false),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("user@localhost", false),
            ("", false),
        ] {
            let request = Request::get("/healthz").header(HOST, host).body(()).unwrap();
            assert_eq!(is_meant_for(&request.into_parts().0, local.ip()), meant, "{host}");
        }
    }
}
