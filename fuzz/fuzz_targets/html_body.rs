//! [`targets::html_body`], driven by libFuzzer.

#![no_main]

#[path = "../targets.rs"]
#[expect(dead_code, reason = "the other targets have files of their own")]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::html_body(bytes));
