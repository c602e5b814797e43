//! What a device may say to a station, and what a station may say to a device.

use firmware_proto::limits::{MAX_MEASUREMENT_BYTES, MAX_MEASUREMENTS};
use firmware_proto::self_test::decode_report;
use firmware_proto::{Measurement, Request, Response};

/// Holds the reader to the above with these bytes.
pub fn check(data: &[u8]) {
    let _ = Response::decode(data);
    let _ = Request::decode(data);
    // No more of them than a report may have, and one error at the end.
    assert!(decode_report(data).count() <= MAX_MEASUREMENTS + 1);
    for measurement in decode_report(data).map_while(Result::ok) {
        let mut out = [0; MAX_MEASUREMENT_BYTES];
        let length = measurement
            .encode(&mut out)
            .expect("what was read can be written");
        let (again, rest) =
            Measurement::take(&out[..length]).expect("what was written can be read");
        assert!(rest.is_empty() && again.name == measurement.name);
    }
}
