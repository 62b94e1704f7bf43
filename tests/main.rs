//! The one test binary: behaviour seen from outside, with the real binary and real files.

#![expect(clippy::unwrap_used, reason = "a test that meets what it doesn't expect must fail")]

mod configs;
mod http;
mod rendering;
mod tidy;
mod documents;
