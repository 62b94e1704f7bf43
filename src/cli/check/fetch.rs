//! A feed and how it is served: asked for plainly, then with the validators that came, then in a
//! coding. What that means is the linter's to say.

use std::time::Duration;

use ::http::header::{ACCEPT, ACCEPT_ENCODING, ETAG, HeaderMap, HeaderName, HeaderValue};
use ::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use ::http::{HeaderMap as Fields, StatusCode};
use bytes::Bytes;
use url::Url;

use crate::lint::BYTES_MAX;
use crate::lint::http::{Answer, Served};
use crate::net::{self, Options, Reach};

/// An operator waits for this.
const WHOLE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);
const REDIRECTS_MAX: u32 = 5;

/// What readers ask for.
const ACCEPTED: HeaderValue = HeaderValue::from_static(
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.7",
);

/// What came.
pub(super) struct Came {
    /// The address that answered.
    pub(super) url: String,
    pub(super) bytes: Bytes,
    pub(super) served: Served,
}

/// Whether a target is fetched.
pub(super) fn is_url(target: &str) -> bool {
    let lower = target.get(..8).unwrap_or(target).to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// Asks for a feed.
///
/// # Errors
/// A sentence, where nothing came.
pub(super) fn fetch(target: &str) -> Result<Came, String> {
    let url = Url::parse(target).map_err(|e| format!("{target}: {e}"))?;
    let options = Options {
        connect: CONNECT,
        whole: WHOLE,
        // A little more than is looked at, so that it can be told that there is more.
        bytes_max: BYTES_MAX + 1,
        redirects_max: REDIRECTS_MAX,
        reach: Reach::Any,
    };
    let first = net::get(&url, &accepting(), &options).map_err(|e| e.to_string())?;
    let mut answer = told(first.response.status(), first.response.headers());
    let mut conditional = None;
    if first.response.status() == StatusCode::OK {
        if let Some(fields) = validators(first.response.headers()) {
            let again = net::get(&first.url, &fields, &options).map_err(|e| e.to_string())?;
            conditional = Some(told(again.response.status(), again.response.headers()));
        }
        let mut fields = accepting();
        fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        // A coding is refused by its name, which is all that is asked here.
        if let Err(net::Error::Coded { coding, .. }) = net::get(&first.url, &fields, &options) {
            answer.fields.push(("content-encoding".to_owned(), coding));
        }
    }
    let served = Served { answer, redirects: Vec::new(), conditional };
    Ok(Came { url: first.url.to_string(), bytes: first.response.into_body(), served })
}

fn accepting() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, ACCEPTED)])
}

/// What to ask with that a copy is still good, as readers do: both, where both came.
fn validators(came: &Fields) -> Option<HeaderMap> {
    let mut fields = accepting();
    let pairs: [(HeaderName, HeaderName); 2] =
        [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
    for (from, to) in pairs {
        if let Some(value) = came.get(from) {
            fields.insert(to, value.clone());
        }
    }
    (fields.len() > 1).then_some(fields)
}

fn told(status: StatusCode, fields: &Fields) -> Answer {
    let field = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Answer { status: status.as_u16(), fields: fields.iter().map(field).collect() }
}
