//! The one test binary: behaviour seen from outside, with the real binary and real files.

mod rendering;
mod http;
mod configs;
mod tidy;
