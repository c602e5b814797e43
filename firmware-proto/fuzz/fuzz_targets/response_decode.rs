//! What a device may say to a station, and what a station may say to a device.
#![no_main]

use firmware_proto::{Request, Response};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Response::decode(data);
    let _ = Request::decode(data);
});
