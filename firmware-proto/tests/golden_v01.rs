//! The bytes of version 1, message by message, as `fixtures/wire/v01` keeps them.
//!
//! If a test here fails, the code is wrong, not the test: devices in the field speak these bytes.
//! A new message gets a new file (fixtures/README.md, "wire"); an existing file never changes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where something is not as expected"
)]

#[expect(dead_code, reason = "the samples of version 2 are not asked for here")]
mod samples;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use firmware_proto::authority::Payload;
use firmware_proto::cose::{self, ContentType};
use firmware_proto::limits::{MAX_ANSWER_BYTES, MAX_ENCODED_FRAME_BYTES};
use firmware_proto::{
    Direction, Exchange, FrameReader, Header, Refusal, Request, Response, encode_message,
};

/// Asks this test to write the files that are missing. Those that exist are never written.
const WRITE_MISSING: &str = "WIRE_WRITE_MISSING";

const REQUESTS: usize = 12;
const RESPONSES: usize = 13;
const REFUSALS: usize = 11;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/wire/v01"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Compares labelled bytes with the file of that name.
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

fn frame(direction: Direction, message: &impl serde::Serialize) -> (Vec<u8>, Vec<u8>) {
    let header = Header {
        direction,
        exchange: Exchange(0x0102),
        sequence: 3,
    };
    let mut out = [0; MAX_ENCODED_FRAME_BYTES];
    let length = encode_message(header, message, &mut out).unwrap();
    let frame = out.get(..length).unwrap().to_vec();
    let mut reader = FrameReader::new(direction);
    let read = reader
        .push(&mut frame.as_slice())
        .map(|frame| (frame.header, frame.body.to_vec()));
    let (read_header, body) = read.expect("it reads what it writes");
    assert_eq!(read_header, header);
    (body, frame)
}

fn request_name(request: &Request<'_>) -> &'static str {
    match request {
        Request::Hello(_) => "request-hello",
        Request::Attest { .. } => "request-attest",
        Request::SelfTest => "request-self-test",
        Request::MakeKey { .. } => "request-make-key",
        Request::WriteChunk { .. } => "request-write-chunk",
        Request::WriteStatus { .. } => "request-write-status",
        Request::ReadChunks { .. } => "request-read-chunks",
        Request::Install { .. } => "request-install",
        Request::Prove { .. } => "request-prove",
        Request::Commit { .. } => "request-commit",
        Request::GetReceipt { .. } => "request-get-receipt",
        Request::Farewell { .. } => "request-farewell",
    }
}

fn response_name(response: &Response<'_>) -> &'static str {
    match response {
        Response::Identity(_) => "response-identity",
        Response::NoCommonVersion { .. } => "response-no-common-version",
        Response::Evidence(_) => "response-evidence",
        Response::Measurements(_) => "response-measurements",
        Response::KeyEvidence(_) => "response-key-evidence",
        Response::ChunksReceived { .. } => "response-chunks-received",
        Response::Chunk { .. } => "response-chunk",
        Response::Installed { .. } => "response-installed",
        Response::Proof { .. } => "response-proof",
        Response::Receipt(_) => "response-receipt",
        Response::Working { .. } => "response-working",
        Response::Refused(_) => "response-refused",
        Response::Done => "response-done",
        Response::SelfTestReport(_) => "of version 2",
    }
}

#[test]
fn requests() {
    let mut numbers = BTreeSet::new();
    for request in samples::requests() {
        let (body, frame) = frame(Direction::ToDevice, &request);
        assert_eq!(Request::decode(&body), Ok(request.clone()));
        numbers.insert(body.first().copied());
        check(
            request_name(&request),
            &[("body", &body), ("frame", &frame)],
        );
    }
    assert_eq!(numbers.len(), REQUESTS, "each request has its file");
    let after = [u8::try_from(REQUESTS).unwrap(), 0, 0, 0, 0];
    assert!(
        Request::decode(&after).is_err(),
        "a new request needs its file"
    );
}

#[test]
fn responses() {
    let mut numbers = BTreeSet::new();
    for response in samples::responses() {
        let (body, frame) = frame(Direction::ToStation, &response);
        assert_eq!(Response::decode(&body), Ok(response.clone()));
        assert!(body.len() <= MAX_ANSWER_BYTES);
        numbers.insert(body.first().copied());
        check(
            response_name(&response),
            &[("body", &body), ("frame", &frame)],
        );
    }
    assert_eq!(numbers.len(), RESPONSES, "each response has its file");
}

#[test]
fn refusals() {
    let mut lines = Vec::new();
    for refusal in samples::REFUSALS {
        let (body, _) = frame(Direction::ToStation, &Response::Refused(refusal));
        lines.push((format!("{refusal:?}"), body));
    }
    assert_eq!(lines.len(), REFUSALS);
    let after = [11, u8::try_from(REFUSALS).unwrap()];
    assert!(
        Response::decode(&after).is_err(),
        "a new refusal needs its line"
    );
    let lines: Vec<_> = lines
        .iter()
        .map(|(name, body)| (name.as_str(), body.as_slice()))
        .collect();
    check("refusals", &lines);
    assert_eq!(samples::REFUSALS.first(), Some(&Refusal::Malformed));
}

#[track_caller]
fn check_signed(
    name: &str,
    kind: ContentType,
    value: &(impl Payload + PartialEq + std::fmt::Debug),
) {
    let payload = value.encode().unwrap();
    let prefix = cose::to_be_signed_prefix(kind, payload.len()).unwrap();
    let to_be_signed = [prefix.as_slice(), &payload].concat();
    let mut out = [0; 512];
    let length = cose::encode(kind, &payload, &samples::SIGNATURE, &mut out).unwrap();
    let object = out.get(..length).unwrap();
    let read = cose::decode(kind, object).unwrap();
    assert_eq!(
        (read.payload, *read.signature),
        (payload.as_slice(), samples::SIGNATURE)
    );
    let lines: [(&str, &[u8]); 3] = [
        ("payload", &payload),
        ("to-be-signed", &to_be_signed),
        ("object", object),
    ];
    check(name, &lines);
}

#[test]
fn signed_objects() {
    check_signed(
        "signed-credential",
        ContentType::StationCredential,
        &samples::credential(),
    );
    check_signed("signed-grant", ContentType::Grant, &samples::grant());
    check_signed("signed-proof", ContentType::Proof, &samples::proof());
    check_signed("signed-commit", ContentType::Commit, &samples::commit());
    check_signed("signed-receipt", ContentType::Receipt, &samples::receipt());
    check(
        "install-package",
        &[("header", &samples::PACKAGE.to_bytes())],
    );
}

#[test]
fn no_file_is_left_over() {
    let mut expected: BTreeSet<String> = ["refusals", "install-package"]
        .into_iter()
        .map(String::from)
        .collect();
    for object in ["credential", "grant", "proof", "commit", "receipt"] {
        expected.insert(format!("signed-{object}"));
    }
    expected.extend(
        samples::requests()
            .iter()
            .map(|sample| request_name(sample).into()),
    );
    expected.extend(
        samples::responses()
            .iter()
            .map(|sample| response_name(sample).into()),
    );
    for entry in fs::read_dir(folder()).expect("fixtures/wire/v01 exists") {
        let path = entry.unwrap().path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        assert!(
            expected.contains(stem),
            "{} belongs to no message",
            path.display()
        );
    }
}

/// The page from which others implement the protocol shows the same bytes.
#[test]
fn the_example_in_the_specification() {
    let page = include_str!("../../docs/protocol.md");
    let hello = fs::read_to_string(folder().join("request-hello.hex")).unwrap();
    let frame = hello.lines().find_map(|line| line.strip_prefix("frame: "));
    assert!(page.contains(frame.unwrap()));
    for (number, refusal) in samples::REFUSALS.iter().enumerate() {
        assert!(
            page.contains(&format!("| {number} | {refusal:?} |")),
            "{refusal:?}"
        );
    }
}
