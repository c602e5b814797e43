//! Manifests that somebody forges who has got hold of a station's token.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64ct::{Base64, Encoding as _};
use serde_json::Value;

use crate::prepared_station::PreparedStation;

/// The statement that was signed.
#[must_use]
pub fn statement(manifest: &[u8]) -> String {
    let envelope: Value = serde_json::from_slice(manifest).expect("JSON");
    let payload = envelope["payload"].as_str().expect("a payload");
    let payload = Base64::decode_vec(payload).expect("base64");
    String::from_utf8(payload).expect("JSON")
}

const TYPE: &str = "application/vnd.in-toto+json";

/// The bytes that DSSE has signed.
#[must_use]
pub fn signed_message(statement: &str) -> String {
    format!(
        "DSSEv1 {} {TYPE} {} {statement}",
        TYPE.len(),
        statement.len()
    )
}

/// A DSSE envelope in the spelling of genuine ones.
#[must_use]
pub fn envelope(statement: &str, keyid: &str, signature: &str) -> String {
    format!(
        "{{\"payload\":\"{}\",\"payloadType\":\"{TYPE}\",\"signatures\":[{{\"keyid\":\"{keyid}\",\
         \"sig\":\"{signature}\"}}]}}\n",
        Base64::encode_string(statement.as_bytes()),
    )
}

/// An envelope signed by a key of the station's token, with the program that steals a signature.
#[must_use]
pub fn envelope_by(
    program: &Path,
    station: &PreparedStation,
    role: &str,
    statement: &str,
) -> String {
    let mut thief = Command::new(program);
    thief
        .arg(station.home())
        .arg(role)
        .env("SOFTHSM2_CONF", station.token().configuration());
    thief.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut thief = thief.spawn().expect("the thief starts");
    let mut input = thief.stdin.take().expect("its input is piped");
    input
        .write_all(signed_message(statement).as_bytes())
        .expect("it listens");
    drop(input);
    let output = thief.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("text");
    let (keyid, signature) = text.trim().split_once('\n').expect("a key and a signature");
    envelope(statement, keyid, signature)
}
