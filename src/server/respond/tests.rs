use http::Request;
use http_body_util::BodyExt;
use proptest::prelude::*;

use super::*;
use crate::article::ContentHash;
use crate::edition::Validators;
use crate::server::Options;

const HASH: &str = "000102030405060708090a0b0c0d0e0f";

fn item(address: &Address, bodies: Vec<(Coding, Bytes)>) -> Arc<Shelved> {
    let validators = Validators {
        hash: ContentHash::from_hex(HASH).unwrap(),
        last_modified: DateTime::from_timestamp(784_111_777, 0).unwrap(),
    };
    let link = Some("<https://feeds.example/feeds/latest.rss>; rel=\"self\"".to_owned());
    Arc::new(Shelved::new(address.clone(), validators, bodies, link))
}

fn bodies() -> Vec<(Coding, Bytes)> {
    vec![
        (Coding::Identity, Bytes::from_static(b"identity")),
        (Coding::Gzip, Bytes::from_static(b"gzip")),
    ]
}

fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    for path in ["/feeds/latest.rss", "/feeds/latest/", "/feeds/"] {
        let address = Address::parse(path).unwrap();
        shelf.items.insert(address.clone(), item(&address, bodies()));
    }
    shelf
}

fn routes() -> Routes {
    let own = |k: &str, v: &str| [(k.to_owned(), v.to_owned())].into();
    Routes::new(&Options {
        listen: ([127, 0, 0, 1], 0).into(),
        admin: None,
        max_age_s: 300,
        aliases: own("/rss.xml", "latest.rss"),
        fallbacks: own("/search/**/feed", "latest.rss"),
        redirects: own("/old.xml", "/feeds/latest.rss"),
        gone: vec!["/gone.xml".to_owned()],
    })
    .unwrap()
}

fn head(method: &str, path: &str, fields: &[(HeaderName, HeaderValue)]) -> Parts {
    let mut request = Request::builder().method(method).uri(path).body(()).unwrap();
    for (name, value) in fields {
        request.headers_mut().append(name, value.clone());
    }
    request.into_parts().0
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn reply(head: &Parts, pressed: Option<&Pressed>) -> Reply {
    match respond(head, &routes(), &shelf(), pressed, now()) {
        Answer::Reply(reply, _) => reply,
        Answer::Ask(address) => panic!("asks for {address}"),
    }
}

fn body(reply: Reply) -> Bytes {
    use std::task::{Context, Poll, Waker};
    let mut collecting = std::pin::pin!(reply.into_body().collect());
    match collecting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(collected)) => collected.to_bytes(),
        Poll::Ready(Err(never)) => match never {},
        Poll::Pending => panic!("the bytes are all there"),
    }
}

#[test]
fn bytes_that_are_not_on_the_shelf_are_asked_for_where_they_are_needed() {
    let latest = Address::parse("/feeds/latest.rss").unwrap();
    let mut shelf = shelf();
    shelf.items.insert(latest.clone(), item(&latest, Vec::new()));
    let ask = |fields: &[_], pressed: Option<&Pressed>| {
        respond(&head("GET", "/rss.xml", fields), &routes(), &shelf, pressed, now())
    };

    assert!(matches!(ask(&[], None), Answer::Ask(address) if address == latest));
    let pressed = Pressed::Edition(item(&latest, bodies()));
    match ask(&[], Some(&pressed)) {
        Answer::Reply(reply, _) => assert_eq!(body(reply), "identity"),
        Answer::Ask(address) => panic!("asks again for {address}"),
    }
    // Not once more, whatever came of it.
    let empty = Pressed::Edition(item(&latest, Vec::new()));
    for (pressed, status) in [(empty, 503), (Pressed::Busy, 503), (Pressed::NotFound, 404)] {
        let answer = ask(&[], Some(&pressed));
        assert!(
            matches!(answer, Answer::Reply(reply, _) if reply.status() == status),
            "{pressed:?}"
        );
    }
    // Whoever has the edition is told so by its validators.
    let tag = HeaderValue::try_from(format!("W/\"{HASH}-gz1\"")).unwrap();
    match ask(&[(http::header::IF_NONE_MATCH, tag.clone())], None) {
        Answer::Reply(reply, _) => {
            assert_eq!(reply.status(), 304);
            assert_eq!(reply.headers()[ETAG], tag);
            assert_eq!(reply.headers()[CONTENT_LOCATION], "/feeds/latest.rss");
        }
        Answer::Ask(address) => panic!("asks for {address}"),
    }
}

fn field() -> impl Strategy<Value = (HeaderName, HeaderValue)> {
    let names = ["accept-encoding", "if-none-match", "if-match", "if-modified-since", "range"]
        .map(HeaderName::from_static);
    let known = vec![
        "gzip".to_owned(),
        "identity;q=0".to_owned(),
        "*;q=0".to_owned(),
        format!("\"{HASH}\""),
        format!("W/\"{HASH}-gz1\""),
        "*".to_owned(),
        "Sun, 06 Nov 1994 08:49:37 GMT".to_owned(),
    ];
    let any_bytes = proptest::collection::vec(any::<u8>(), 0..40)
        .prop_filter_map("a field's value", |b| HeaderValue::from_bytes(&b).ok());
    let value = prop_oneof![
        proptest::sample::select(known).prop_map(|v| HeaderValue::try_from(v).unwrap()),
        any_bytes,
    ];
    (proptest::sample::select(names.to_vec()), value)
}

fn path() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "/",
        "/feeds/",
        "/feeds/latest",
        "/feeds/latest/",
        "/feeds/latest.rss",
        "/feeds/none.rss",
        "/feeds/tag/x.rss",
        "/rss.xml",
        "/old.xml",
        "/gone.xml",
        "*",
    ])
}

fn pressed() -> impl Strategy<Value = Pressed> {
    let address = Address::parse("/feeds/tag/x.rss").unwrap();
    let edition = Pressed::Edition(item(&address, bodies()));
    proptest::sample::select(vec![edition, Pressed::NotFound, Pressed::Busy])
}

proptest! {
    #[test]
    fn a_response_is_sound_whatever_is_sent(
        method in proptest::sample::select(vec!["GET", "HEAD", "OPTIONS", "POST", "X"]),
        path in path(),
        fields in proptest::collection::vec(field(), 0..5),
        pressed in pressed(),
    ) {
        let reply = reply(&head(method, path, &fields), Some(&pressed));
        let (status, headers) = (reply.status(), reply.headers().clone());
        let length = headers.get(CONTENT_LENGTH).map(|v| v.to_str().unwrap().to_owned());
        let body = body(reply);
        prop_assert_eq!(&headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        match status.as_u16() {
            204 | 304 => prop_assert!(body.is_empty() && length.is_none()),
            _ if method == "HEAD" => prop_assert!(body.is_empty() && length.is_some()),
            _ => prop_assert_eq!(length, Some(body.len().to_string())),
        }
        let edition = matches!(status.as_u16(), 200 | 304);
        prop_assert_eq!(edition, headers.contains_key(ETAG));
        prop_assert_eq!(edition || status == 406, headers.contains_key(VARY));
        prop_assert_eq!(status == 204, !headers.contains_key(CACHE_CONTROL));
    }

    #[test]
    fn head_has_the_fields_of_get(
        path in path(),
        fields in proptest::collection::vec(field(), 0..5),
        pressed in pressed(),
    ) {
        let get = reply(&head("GET", path, &fields), Some(&pressed));
        let head = reply(&head("HEAD", path, &fields), Some(&pressed));
        prop_assert_eq!(get.status(), head.status());
        prop_assert_eq!(get.headers(), head.headers());
    }
}
