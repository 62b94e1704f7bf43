//! What is refused before anything is looked up: messages that hyper lets through, but that two
//! parties could read in two ways (RFC 9112 §3.2, §6.1), and those that are too long.

use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, StatusCode, Version};

use super::respond::{self, Reply};

/// The refusal of a message that isn't sound; `None`: it is.
pub(crate) fn refuse(head: &Parts, has_body: bool, target_bytes_max: usize) -> Option<Reply> {
    let (status, text) = fault(head, has_body, target_bytes_max)?;
    let mut reply = respond::note(head, status, respond::NO_STORE, text);
    // What follows on the connection may not be what it seems.
    if head.version <= Version::HTTP_11 {
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Some(reply)
}

fn fault(
    head: &Parts,
    has_body: bool,
    target_bytes_max: usize,
) -> Option<(StatusCode, &'static str)> {
    if head.headers.contains_key(TRANSFER_ENCODING) {
        return Some((StatusCode::BAD_REQUEST, "A request can't have Transfer-Encoding here."));
    }
    if !names_one_host(head) {
        return Some((StatusCode::BAD_REQUEST, "A request names exactly one host."));
    }
    if has_body {
        return Some((StatusCode::PAYLOAD_TOO_LARGE, "A request can't have a body here."));
    }
    let target = head.uri.path_and_query().map_or(0, |p| p.as_str().len());
    if target > target_bytes_max {
        return Some((StatusCode::URI_TOO_LONG, "The address is too long."));
    }
    None
}

/// HTTP/1.1 demands one `Host`, which may be empty; HTTP/2 says it in the URI, HTTP/1.0 may not say.
fn names_one_host(head: &Parts) -> bool {
    let mut hosts = head.headers.get_all(HOST).into_iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => is_plain(host.as_bytes()) || authority(host).is_some(),
        (None, None) => head.version != Version::HTTP_11,
        (_, Some(_)) => false,
    }
}

/// Whether a `Host` field is empty, or a name of letters and digits, perhaps with a port, as nearly all
/// are: that needs no parser.
fn is_plain(host: &[u8]) -> bool {
    let end = host.iter().position(|b| *b == b':').unwrap_or(host.len());
    let (name, port) = host.split_at(end);
    let sound_port = match port {
        [] => true,
        [_, digits @ ..] => {
            !name.is_empty()
                && digits.iter().all(u8::is_ascii_digit)
                && std::str::from_utf8(digits).is_ok_and(|d| d.parse::<u16>().is_ok())
        }
    };
    sound_port && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

/// A `Host` field read as what it must be: a host and perhaps a port.
pub(crate) fn authority(host: &HeaderValue) -> Option<Authority> {
    Authority::try_from(host.as_bytes()).ok().filter(|a| !a.as_str().contains('@'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_plain_is_an_authority_as_well(host in "[a-zA-Z0-9.:@-]{1,12}|[\\x21-\\x7e]{1,8}") {
            let field = HeaderValue::try_from(host.as_str()).unwrap();
            prop_assert!(!is_plain(host.as_bytes()) || authority(&field).is_some());
        }
    }
}
