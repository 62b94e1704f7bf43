//! The one test binary: behaviour seen from outside, with the real binary and real files.

mod admin;
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
mod linked;
mod lint;
mod mended;
mod moving;
mod newsroom;
mod rendering;
mod repository;
mod seen;
mod sequences;
mod serve;
mod states;
mod support;
mod tidy;
mod watching;
mod withdrawn;
