//! The bytes that version 2 adds, as `fixtures/wire/v02` keeps them; all others are those of version 1.
//!
//! If a test here fails, the code is wrong, not the test: devices in the field speak these bytes.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where something is not as expected"
)]

#[expect(dead_code, reason = "the samples of version 1 are not asked for here")]
mod samples;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use firmware_proto::limits::{MAX_BODY_BYTES, MAX_ENCODED_FRAME_BYTES, MAX_MEASUREMENT_BYTES};
use firmware_proto::self_test::{decode_report, encode_report};
use firmware_proto::version::CURRENT;
use firmware_proto::{Direction, Exchange, Header, Measurement, Request, Response, encode_message};

/// Asks this test to write the files that are missing. Those that exist are never written.
const WRITE_MISSING: &str = "WIRE_WRITE_MISSING";

/// All responses, those of version 1 included.
const RESPONSES: u8 = 14;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/wire/v02"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[track_caller]
fn check(name: &str, lines: &[(&str, &[u8])]) {
    let mut text = String::new();
    for (label, bytes) in lines {
        writeln!(text, "{label}: {}", hex(bytes)).unwrap();
    }
    let path = folder().join(format!("{name}.hex"));
    if !path.exists() && std::env::var_os(WRITE_MISSING).is_some() {
        fs::create_dir_all(folder()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(golden, text, "{} is not what the code says", path.display());
}

fn frame(direction: Direction, message: &impl serde::Serialize) -> Vec<u8> {
    let header = Header {
        direction,
        exchange: Exchange(0x0102),
        sequence: 3,
    };
    let mut out = [0; MAX_ENCODED_FRAME_BYTES];
    let length = encode_message(header, message, &mut out).unwrap();
    out.get(..length).unwrap().to_vec()
}

fn body_of(message: &impl serde::Serialize) -> Vec<u8> {
    let mut out = [0; MAX_BODY_BYTES];
    postcard::to_slice(message, &mut out).unwrap().to_vec()
}

#[test]
fn messages() {
    assert_eq!(CURRENT.0, 2, "a newer version needs a file of its own");
    for request in samples::requests_of_version_2() {
        let body = body_of(&request);
        assert_eq!(Request::decode(&body), Ok(request.clone()));
        let frame = frame(Direction::ToDevice, &request);
        check("request-hello", &[("body", &body), ("frame", &frame)]);
    }
    for response in samples::responses_of_version_2() {
        let body = body_of(&response);
        assert_eq!(Response::decode(&body), Ok(response.clone()));
        let frame = frame(Direction::ToStation, &response);
        let lines: [(&str, &[u8]); 2] = [("body", &body), ("frame", &frame)];
        check("response-self-test-report", &lines);
    }
    let after = [RESPONSES, 0, 0, 0, 0];
    assert!(
        Response::decode(&after).is_err(),
        "a new response needs its file"
    );
}

/// Measurements hold NaN, which equals nothing: what is compared is how they are written.
fn bytes_of(measurement: &Measurement) -> Vec<u8> {
    let mut out = [0; MAX_MEASUREMENT_BYTES];
    let length = measurement.encode(&mut out).unwrap();
    out.get(..length).unwrap().to_vec()
}

#[test]
fn the_report() {
    let report = samples::report();
    let mut out = [0; 512];
    let length = encode_report(&report, &mut out).unwrap();
    let whole = out.get(..length).unwrap();
    let each: Vec<_> = report.iter().map(bytes_of).collect();
    let names = report.iter().map(|measurement| measurement.name.as_str());
    let mut lines: Vec<_> = names.zip(each.iter().map(Vec::as_slice)).collect();
    lines.push(("report", whole));
    check("self-test-report", &lines);

    let read: Vec<_> = decode_report(whole)
        .map(|measurement| bytes_of(&measurement.expect("it reads what it writes")))
        .collect();
    assert_eq!(read, each);
}

#[test]
fn what_is_no_report_ends_with_an_error() {
    let report = samples::report();
    let mut out = [0; 512];
    let length = encode_report(&report, &mut out).unwrap();
    let whole = out.get(..length).unwrap();
    let is_refused = |bytes: &[u8]| {
        decode_report(bytes)
            .last()
            .is_some_and(|last| last.is_err())
    };
    assert!(!is_refused(whole) && !is_refused(&[0]));
    for cut in 0..length {
        assert!(is_refused(whole.get(..cut).unwrap()), "{cut}");
    }
    assert!(is_refused(&[whole, &[0]].concat()));
    assert!(is_refused(&[33]));
    let too_many = vec![report.first().unwrap().clone(); 33];
    assert!(encode_report(&too_many, &mut [0; 4096]).is_err());
    assert!(encode_report(&report, &mut [0; 16]).is_err());
    assert!(encode_report(&[], &mut []).is_err());
}
