//! The admin listener's answers: whether the process lives (`/healthz`), and whether editions can
//! be served and what is held or failing (`/readyz`). It is reached by addresses only, never by
//! name, so that no web page can have a browser talk to it under a name that leads here.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Version};

use super::respond::{NO_STORE, Reply, with_body};
use super::{Health, screen};

/// Decides what an operator's request gets. `local` is the address at which it arrived.
pub(crate) fn answer(
    head: &Parts,
    local: SocketAddr,
    draining: bool,
    health: &dyn Fn() -> Health,
) -> Reply {
    if !is_meant_for(head, local.ip()) {
        let text = "The admin listener answers to localhost and to its own address only.";
        return plain(head, StatusCode::MISDIRECTED_REQUEST, text);
    }
    match head.uri.path() {
        "/healthz" | "/readyz" if head.method != Method::GET && head.method != Method::HEAD => {
            let mut reply = plain(head, StatusCode::METHOD_NOT_ALLOWED, "This can only be read.");
            reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            reply
        }
        "/healthz" => plain(head, StatusCode::OK, "ok"),
        "/readyz" => readiness(head, draining, health()),
        _ => plain(head, StatusCode::NOT_FOUND, "There is nothing here."),
    }
}

fn readiness(head: &Parts, draining: bool, health: Health) -> Reply {
    let mut body = health.body;
    if let Some(object) = body.as_object_mut() {
        object.insert("draining".to_owned(), draining.into());
    }
    let mut reply = with_body(head, Bytes::from(format!("{body}\n")));
    if draining || !health.ready {
        *reply.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    finish(reply, "application/json")
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
        let local = "192.0.2.7:8081".parse().unwrap();
        for (host, status) in [
            ("127.0.0.1:8081", 200),
            ("127.9.9.9", 200),
            ("[::1]:8081", 200),
            ("LocalHost:1", 200),
            ("192.0.2.7:8081", 200),
            ("[::ffff:192.0.2.7]", 200),
            ("192.0.2.8:8081", 421),
            ("evil.example", 421),
            ("localhost.evil.example", 421),
            ("user@localhost", 421),
            ("", 421),
        ] {
            let request = http::Request::get("/healthz").header(HOST, host).body(()).unwrap();
            let health = || Health { ready: true, body: serde_json::json!({}) };
            let reply = answer(&request.into_parts().0, local, false, &health);
            assert_eq!(reply.status(), status, "{host}");
        }
    }
}
