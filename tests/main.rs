//! The one test binary: behaviour seen from outside, with the real binary and real files.

mod cli;
mod clock;
mod configs;
mod damage;
mod documents;
mod feeds;
mod http;
mod identity;
mod incremental;
mod kept;
mod mended;
mod newsroom;
mod podcast;
mod rendering;
mod seen;
mod selections;
mod sequences;
mod serve;
mod states;
mod support;
mod tidy;
mod withdrawn;
