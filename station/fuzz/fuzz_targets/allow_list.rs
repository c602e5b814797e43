//! Allow-lists of a chip vendor: as they come, and behind the first line that is right. Read in one piece and in
//! many, they mean the same.
#![no_main]

#[path = "../bodies/allow_list.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
