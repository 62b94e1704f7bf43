//! The one test binary: behaviour seen from outside, with the real binary and real files.

mod admin;
mod cli;
mod configs;
mod damage;
mod documents;
mod feeds;
mod http;
mod identity;
mod incremental;
mod linked;
mod mended;
mod moving;
mod newsroom;
mod racing;
mod rendering;
mod seen;
mod sequences;
mod serve;
mod states;
mod support;
mod tidy;
mod watching;
