//! What a peer may send, spoiled in every way: decoders neither panic nor take a second encoding.
//! The fuzz targets look for the same with more time (`firmware-proto/fuzz`).
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where something is not as expected"
)]

#[expect(dead_code, reason = "the samples that golden_v01 needs are more")]
mod samples;

use firmware_proto::authority::{Commit, Grant, Payload, Proof, Receipt, StationCredential};
use firmware_proto::cose::{self, ContentType};
use firmware_proto::{Request, Response};
use proptest::collection::vec;
use proptest::prelude::*;

/// Changes some bytes, cuts or lengthens.
fn spoiled(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8)], length: usize) -> Vec<u8> {
    for (at, value) in changes {
        let at = at.index(bytes.len());
        *bytes.get_mut(at).unwrap() = *value;
    }
    match length % 3 {
        0 => bytes.truncate(bytes.len().saturating_sub(length / 3)),
        1 => bytes.resize(bytes.len().saturating_add(length / 3), 0xFF),
        _ => {}
    }
    bytes
}

fn any_changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)
}

fn body(message: &impl serde::Serialize) -> Vec<u8> {
    let mut out = [0; 512];
    postcard::to_slice(message, &mut out).unwrap().to_vec()
}

fn object(kind: ContentType, payload: &impl Payload) -> Vec<u8> {
    let mut out = [0; 512];
    let payload = payload.encode().unwrap();
    let length = cose::encode(kind, &payload, &samples::SIGNATURE, &mut out).unwrap();
    out.get(..length).unwrap().to_vec()
}

fn objects() -> Vec<Vec<u8>> {
    vec![
        object(ContentType::StationCredential, &samples::credential()),
        object(ContentType::Grant, &samples::grant()),
        object(ContentType::Proof, &samples::proof()),
        object(ContentType::Commit, &samples::commit()),
        object(ContentType::Receipt, &samples::receipt()),
    ]
}

fn one_encoding<P: Payload>(data: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(payload) = P::decode(data) {
        let again = payload.encode().unwrap();
        prop_assert_eq!(again.as_slice(), data);
    }
    Ok(())
}

fn payloads(data: &[u8]) -> Result<(), TestCaseError> {
    one_encoding::<StationCredential>(data)?;
    one_encoding::<Grant>(data)?;
    one_encoding::<Proof>(data)?;
    one_encoding::<Commit>(data)?;
    one_encoding::<Receipt>(data)
}

fn check_object(data: &[u8]) -> Result<(), TestCaseError> {
    let kinds = [
        ContentType::StationCredential,
        ContentType::Grant,
        ContentType::Proof,
        ContentType::Commit,
        ContentType::Receipt,
    ];
    for kind in kinds {
        if let Ok(read) = cose::decode(kind, data) {
            let mut out = [0; 1024];
            let length = cose::encode(kind, read.payload, read.signature, &mut out).unwrap();
            prop_assert_eq!(out.get(..length), Some(data));
            payloads(read.payload)?;
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes(data in vec(any::<u8>(), 0..600)) {
        let _ = Request::decode(&data);
        let _ = Response::decode(&data);
        check_object(&data)?;
        payloads(&data)?;
    }

    #[test]
    fn spoiled_requests(
        which in any::<prop::sample::Index>(), changes in any_changes(), length in 0..90_usize,
    ) {
        let requests = samples::requests();
        let _ = Request::decode(&spoiled(body(which.get(&requests)), &changes, length));
    }

    #[test]
    fn spoiled_responses(
        which in any::<prop::sample::Index>(), changes in any_changes(), length in 0..90_usize,
    ) {
        let responses = samples::responses();
        let spoiled = spoiled(body(which.get(&responses)), &changes, length);
        if let Ok(response) = Response::decode(&spoiled) {
            prop_assert!(body(&response).len() <= spoiled.len());
        }
    }

    #[test]
    fn spoiled_objects(
        which in any::<prop::sample::Index>(), changes in any_changes(), length in 0..90_usize,
    ) {
        check_object(&spoiled(which.get(&objects()).clone(), &changes, length))?;
    }
}

/// No object passes for another kind, and no single changed byte is taken for the same content.
#[test]
fn an_object_is_of_one_kind_and_has_one_encoding() {
    let payload = samples::grant().encode().unwrap();
    let grant = object(ContentType::Grant, &samples::grant());
    let other = cose::decode(ContentType::Commit, &grant);
    assert_eq!(other, Err(cose::CoseError::ContentType));
    for at in 0..grant.len() {
        for bit in 0..8 {
            let mut changed = grant.clone();
            *changed.get_mut(at).unwrap() ^= 1_u8 << bit;
            if let Ok(read) = cose::decode(ContentType::Grant, &changed) {
                let same =
                    read.payload == payload.as_slice() && *read.signature == samples::SIGNATURE;
                assert!(!same, "byte {at}, bit {bit}");
            }
        }
    }
}
