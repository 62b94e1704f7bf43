//! The one test binary: behaviour seen from outside, with the real binary and real files.

mod documents;
