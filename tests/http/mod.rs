//! The server over real sockets: what is answered to each request of `tests/http/`, and what becomes
//! of clients that are slow, many, or there when the service ends.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod cases;
mod counts;
mod limits;
mod log;
mod service;
