//! Things fetched over HTTP(S), one after the other, within deadlines and limits, from addresses that a
//! policy allows. It promises an answer or a sentence within the time that was given, whatever the other
//! side does. Callers are synchronous; the sockets have a small runtime of their own, for as long as the
//! fetcher lives. What an answer means is its caller's; there are no proxies, cookies, codings or
//! repetitions here.

mod address;
mod connect;
mod reach;

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use url::Url;

use self::connect::Connector;
pub use self::reach::{Allowed, NotAllowed, Reach};

/// How we call ourselves to servers.
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("feedwright/", env!("CARGO_PKG_VERSION")));

/// What a fetch may cost, and where it may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// For finding a host's addresses, and for each address to answer.
    pub connect: Duration,
    /// For all of it: redirects, and the last byte of the body.
    pub whole: Duration,
    /// Bytes that a body may have.
    pub bytes_max: usize,
    /// Redirects that are followed: to the same scheme, or to https.
    pub redirects_max: u32,
    /// Which addresses are connected to.
    pub reach: Reach,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The address that answered; another than was asked where there were redirects.
    pub url: Url,
    /// Status, fields and the whole body.
    pub response: Response<Bytes>,
}

/// Nothing usable was answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address can't be asked for at all.
    #[error("{0} isn't an http or https URL")]
    Scheme(Url),
    /// Nobody there could be talked to.
    #[error("{url} can't be reached: {cause}")]
    Unreachable {
        /// What was asked for.
        url: Url,
        /// Why not.
        cause: String,
    },
    /// The answer ended too early, or isn't HTTP.
    #[error("{url} didn't answer in whole: {cause}")]
    Broken {
        /// What was asked for.
        url: Url,
        /// What was wrong with it.
        cause: String,
    },
    /// The time was over.
    #[error("{url} didn't answer in whole within {} s", .whole.as_secs_f64())]
    Late {
        /// What was asked for first.
        url: Url,
        /// The time.
        whole: Duration,
    },
    /// The body is larger than it may be.
    #[error("{url} answers with more than {max} bytes")]
    Large {
        /// What was asked for.
        url: Url,
        /// Bytes that it may have.
        max: usize,
    },
    /// A redirect that isn't followed.
    #[error("{url} redirects to {to:?}, which isn't followed: {cause}")]
    Redirect {
        /// What was asked for.
        url: Url,
        /// Where it redirects to, as it says.
        to: String,
        /// Why not.
        cause: &'static str,
    },
    /// A coding that wasn't asked for.
    #[error("{url} answers in the coding {coding:?}, which nobody asked for")]
    Coded {
        /// What was asked for.
        url: Url,
        /// The coding.
        coding: String,
    },
    /// This machine can't do it.
    #[error("nothing can be fetched: {0}")]
    Machine(io::Error),
}

/// Fetches with GET, once.
///
/// # Errors
/// Where nothing was answered, or what may not be. A status of any kind is an answer.
pub fn get(url: &Url, fields: &HeaderMap, options: &Options) -> Result<Fetched, Error> {
    Fetcher::new(options.clone())?.get(url, fields)
}

/// What is wanted of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// What HEAD says.
    Nothing,
    /// All of it.
    Whole,
    /// As much as may be had.
    Start,
}

/// Fetches one thing after the other under the same options.
#[derive(Debug)]
pub struct Fetcher {
    runtime: Option<tokio::runtime::Runtime>,
    via: Via,
    options: Options,
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        // Finding a host's addresses can't be broken off; it needn't be waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Fetcher {
    /// A fetcher that keeps to these options.
    ///
    /// # Errors
    /// Where the machine has no sockets for it.
    pub fn new(options: Options) -> Result<Fetcher, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Machine)?;
        let via = client(&options)?;
        Ok(Fetcher { runtime: Some(runtime), via, options })
    }

    /// From now on all of a fetch may take so long.
    pub fn take_at_most(&mut self, whole: Duration) {
        self.options.whole = whole;
    }

    /// Fetches with GET. `fields` are sent beside those of HTTP itself.
    ///
    /// # Errors
    /// Where nothing was answered, or what may not be. A status of any kind is an answer.
    pub fn get(&self, url: &Url, fields: &HeaderMap) -> Result<Fetched, Error> {
        self.ask(&Method::GET, url, fields, Part::Whole)
    }

    /// The same, but a body that is larger than it may be is cut off there.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub fn start(&self, url: &Url, fields: &HeaderMap) -> Result<Fetched, Error> {
        self.ask(&Method::GET, url, fields, Part::Start)
    }

    /// Asks with HEAD.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub fn head(&self, url: &Url, fields: &HeaderMap) -> Result<Fetched, Error> {
        self.ask(&Method::HEAD, url, fields, Part::Nothing)
    }

    fn ask(
        &self,
        method: &Method,
        url: &Url,
        fields: &HeaderMap,
        part: Part,
    ) -> Result<Fetched, Error> {
        let Some(runtime) = &self.runtime else {
            return Err(Error::Machine(io::Error::other("its sockets are closed")));
        };
        let whole = self.options.whole;
        runtime.block_on(async {
            let fetch = follow(&self.via, method, url, fields, &self.options, part);
            tokio::time::timeout(whole, fetch)
                .await
                .unwrap_or_else(|_| Err(Error::Late { url: url.clone(), whole }))
        })
    }
}

type Via = Client<HttpsConnector<Connector>, Empty<Bytes>>;

fn client(options: &Options) -> Result<Via, Error> {
    let builder = HttpsConnectorBuilder::new();
    // A machine without roots of its own, such as a small container, has those of the web.
    let https = match builder.with_provider_and_native_roots(ring::default_provider()) {
        Ok(https) => https,
        Err(_) => HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(ring::default_provider())
            .map_err(|e| Error::Machine(io::Error::other(e)))?,
    };
    let connector = Connector { reach: options.reach.clone(), patience: options.connect };
    let connector = https.https_or_http().enable_http1().wrap_connector(connector);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(0)
        .build(connector))
}

async fn follow(
    client: &Via,
    method: &Method,
    url: &Url,
    fields: &HeaderMap,
    options: &Options,
    part: Part,
) -> Result<Fetched, Error> {
    let mut url = asked(url.clone());
    let mut redirects = 0;
    loop {
        let response = ask(client, method, &url, fields).await?;
        let Some(to) = redirect(&response) else {
            let response = receive(&url, response, options.bytes_max, part).await?;
            return Ok(Fetched { url, response });
        };
        redirects += 1;
        let left = redirects <= options.redirects_max;
        url = next(&url, &to, left).map_err(|cause| Error::Redirect {
            url: url.clone(),
            to,
            cause,
        })?;
    }
}

/// A URL without what isn't sent: a fragment, and a user's name, which is for whoever wrote it.
fn asked(mut url: Url) -> Url {
    url.set_fragment(None);
    // Refused only where there can be none.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url
}

async fn ask(
    client: &Via,
    method: &Method,
    url: &Url,
    fields: &HeaderMap,
) -> Result<Response<Incoming>, Error> {
    let scheme = || Error::Scheme(url.clone());
    if !matches!(url.scheme(), "http" | "https") {
        return Err(scheme());
    }
    let uri: Uri = url.as_str().parse().map_err(|_| scheme())?;
    let request = Request::builder().method(method).uri(uri);
    let mut request = request.body(Empty::new()).map_err(|_| scheme())?;
    *request.headers_mut() = fields.clone();
    request.headers_mut().entry(USER_AGENT).or_insert(AGENT);
    client.request(request).await.map_err(|e| {
        let cause = innermost(&e);
        if e.is_connect() {
            Error::Unreachable { url: url.clone(), cause }
        } else {
            Error::Broken { url: url.clone(), cause }
        }
    })
}

/// Where a response sends us.
fn redirect(response: &Response<Incoming>) -> Option<String> {
    let follow = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    let to = response.headers().get(LOCATION).filter(|_| follow.contains(&response.status()))?;
    Some(String::from_utf8_lossy(to.as_bytes()).into_owned())
}

/// The next address, or why it isn't followed.
fn next(url: &Url, to: &str, left: bool) -> Result<Url, &'static str> {
    if !left {
        return Err("there were too many before");
    }
    let next = url.join(to).map_err(|_| "it isn't a URL")?;
    if next.scheme() != url.scheme() && next.scheme() != "https" {
        return Err("only the same scheme or https is");
    }
    Ok(asked(next))
}

async fn receive(
    url: &Url,
    response: Response<Incoming>,
    bytes_max: usize,
    part: Part,
) -> Result<Response<Bytes>, Error> {
    let (head, mut body) = response.into_parts();
    if let Some(coding) = head.headers.get(CONTENT_ENCODING).filter(|c| *c != "identity") {
        let coding = String::from_utf8_lossy(coding.as_bytes()).into_owned();
        return Err(Error::Coded { url: url.clone(), coding });
    }
    if part != Part::Whole {
        let mut start = BytesMut::new();
        while part == Part::Start
            && let Some(frame) = body.frame().await
        {
            let frame =
                frame.map_err(|e| Error::Broken { url: url.clone(), cause: innermost(&e) })?;
            if let Ok(data) = frame.into_data() {
                start.extend_from_slice(&data[..data.len().min(bytes_max - start.len())]);
            }
            if start.len() == bytes_max {
                break;
            }
        }
        return Ok(Response::from_parts(head, start.freeze()));
    }
    let body = Limited::new(body, bytes_max).collect().await.map_err(|e| {
        if e.is::<LengthLimitError>() {
            Error::Large { url: url.clone(), max: bytes_max }
        } else {
            Error::Broken { url: url.clone(), cause: innermost(&*e) }
        }
    })?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

/// What was at the bottom of an error: what is above it says only that something went wrong.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests;
