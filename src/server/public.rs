//! The public listener's service: screens a request, has [`respond`] decide, asks for a lazy feed in
//! between where it must, and writes the access log.

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, USER_AGENT};
use http::request::Parts;
use http::{Request, StatusCode};
use hyper::body::{Body, Incoming};

use super::counts::Kind;
use super::respond::{Answer, Reply, respond};
use super::route::Routes;
use super::{Limits, Pressed, Served, screen};
use crate::edition::Coding;

/// What an answer is made from.
pub(crate) struct Desk {
    pub(crate) routes: Routes,
    pub(crate) served: Served,
    pub(crate) limits: Arc<Limits>,
}

/// Answers a request.
pub(crate) async fn answer(desk: &Desk, request: Request<Incoming>) -> Reply {
    let began = Instant::now();
    let (head, body) = request.into_parts();
    let refusal = screen::refuse(&head, !body.is_end_stream(), desk.limits.target_bytes_max);
    let (reply, kind) = match refusal {
        Some(refusal) => (refusal, Kind::Other),
        None => answer_sound(desk, &head).await,
    };
    desk.served.counts.answered(kind, reply.status(), coding(&reply));
    log(&head, &reply, began);
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

async fn answer_sound(desk: &Desk, head: &Parts) -> (Reply, Kind) {
    let mut pressed = None;
    loop {
        // The shelf is let go of before anything is waited for.
        let shelf = desk.served.shelf.load();
        let answer = respond(head, &desk.routes, &shelf, pressed.as_ref(), Utc::now());
        drop(shelf);
        match answer {
            Answer::Reply(reply, kind) => return (reply, kind),
            Answer::Ask(address) => {
                let demand = (desk.served.demand)(address);
                let came = tokio::time::timeout(desk.limits.demand_timeout, demand).await;
                pressed = Some(came.unwrap_or(Pressed::Busy));
            }
        }
    }
}

/// One line for each request, as `Debug` writes it: what a client sent can't break out of its line.
/// Queries and the paths of private feeds stay out, because they may be secrets.
fn log(head: &Parts, reply: &Reply, began: Instant) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
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
