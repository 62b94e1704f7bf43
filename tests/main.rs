//! The one test binary: behaviour seen from outside, with the real binary and real files.

mod configs;
mod documents;
mod http;
mod mended;
mod rendering;
mod tidy;
