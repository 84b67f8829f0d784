//! Tries to break the law `layout`.
#![no_main]

#[path = "../../tests/src/laws.rs"]
#[allow(dead_code, reason = "each target breaks one law")]
mod laws;

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::layout(data));
