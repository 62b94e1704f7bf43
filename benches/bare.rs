//! The floor that serving is measured against: hyper, one thread, one prebuilt answer. Run by
//! `serving.py`: `bare GZIP_FILE ETAG` answers every request with the file's bytes, or with 304 where
//! the tag is named, and prints the port that it listens on.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY,
};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("the first argument is a file")?;
    let tag = HeaderValue::from_str(&args.next().ok_or("the second argument is a tag")?)?;
    let bytes = Bytes::from(std::fs::read(file)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(bytes, tag))
}

async fn serve(bytes: Bytes, tag: HeaderValue) -> Result<(), Failure> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    std::io::Write::write_all(
        &mut std::io::stdout(),
        format!("{}\n", listener.local_addr()?.port()).as_bytes(),
    )?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let (bytes, tag) = (bytes.clone(), tag.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let reply = answer(&request, &bytes, &tag);
            async move { Ok::<_, Infallible>(reply) }
        });
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(socket), service);
            // A client that leaves ends its connection, and nothing else.
            let _ = connection.await;
        });
    }
}

fn answer(request: &Request<Incoming>, bytes: &Bytes, tag: &HeaderValue) -> Response<Full<Bytes>> {
    let same = request.headers().get(IF_NONE_MATCH).is_some_and(|named| named == tag);
    let body = if same { Bytes::new() } else { bytes.clone() };
    let mut reply = Response::new(Full::new(body));
    if same {
        *reply.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/rss+xml; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(ETAG, tag.clone());
    reply
}
