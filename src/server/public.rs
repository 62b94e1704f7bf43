//! The public listener's service: screens a request, has [`respond`] decide, asks for a lazy feed in
//! between where it must, and writes the access log.

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, USER_AGENT};
use http::request::Parts;
use http::{Request, StatusCode};
use hyper::body::{Body, Incoming};

use super::accept::Answering;
use super::counts::Kind;
use super::respond::{Answer, Reply, respond};
use super::route::Routes;
use super::{Limits, Pressed, Served, screen};
use crate::edition::Coding;
use crate::feed::address::Address;

/// What an answer is made from.
pub(crate) struct Desk {
    pub(crate) routes: Routes,
    pub(crate) served: Served,
    pub(crate) limits: Arc<Limits>,
}

/// Answers a request: at once, where nothing has to be asked for.
pub(crate) fn answer(desk: &Arc<Desk>, request: Request<Incoming>) -> Answering {
    let began = tracing::enabled!(tracing::Level::DEBUG).then(Instant::now);
    let (head, body) = request.into_parts();
    let refusal = screen::refuse(&head, !body.is_end_stream(), desk.limits.target_bytes_max);
    if let Some(refusal) = refusal {
        return Answering::Now(finish(desk, &head, refusal, Kind::Other, began));
    }
    match look_up(desk, &head, None) {
        Answer::Reply(reply, kind) => Answering::Now(finish(desk, &head, reply, kind, began)),
        Answer::Ask(address) => {
            let desk = Arc::clone(desk);
            Answering::Later(Box::pin(async move {
                let (reply, kind) = ask(&desk, &head, address).await;
                finish(&desk, &head, reply, kind, began)
            }))
        }
    }
}

/// The shelf is let go of before anything is waited for.
fn look_up(desk: &Desk, head: &Parts, pressed: Option<&Pressed>) -> Answer {
    respond(head, &desk.routes, &desk.served.shelf.load(), pressed, Utc::now())
}

async fn ask(desk: &Desk, head: &Parts, mut address: Address) -> (Reply, Kind) {
    loop {
        let demand = (desk.served.demand)(address);
        let came = tokio::time::timeout(desk.limits.demand_timeout, demand).await;
        match look_up(desk, head, Some(&came.unwrap_or(Pressed::Busy))) {
            Answer::Reply(reply, kind) => return (reply, kind),
            Answer::Ask(another) => address = another,
        }
    }
}

fn finish(desk: &Desk, head: &Parts, reply: Reply, kind: Kind, began: Option<Instant>) -> Reply {
    desk.served.counts.answered(kind, reply.status(), coding(&reply));
    if let Some(began) = began {
        log(head, &reply, began);
    }
    reply
}

/// The coding of a feed that is sent.
fn coding(reply: &Reply) -> Option<Coding> {
    if reply.status() != StatusCode::OK {
        return None;
    }
    let field = reply.headers().get(CONTENT_ENCODING);
    let named = |token| Coding::CODED.into_iter().find(|c| c.token() == token);
    Some(field.and_then(|f| named(f.to_str().ok()?)).unwrap_or(Coding::Identity))
}

/// One line for each request, as `Debug` writes it: what a client sent can't break out of its line.
/// Queries and the paths of private feeds stay out, because they may be secrets.
fn log(head: &Parts, reply: &Reply, began: Instant) {
    let path = head.uri.path();
    let path = if path.starts_with("/p/") { "/p/…" } else { path };
    let agent = head.headers.get(USER_AGENT).map(|v| String::from_utf8_lossy(v.as_bytes()));
    let length = reply.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    tracing::debug!(
        method = %head.method,
        ?path,
        version = ?head.version,
        status = reply.status().as_u16(),
        bytes = length.unwrap_or("0"),
        took_us = began.elapsed().as_micros(),
        agent = agent.as_deref().map(tracing::field::debug),
        "request"
    );
}
