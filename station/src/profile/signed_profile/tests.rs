use base64ct::{Base64, Encoding as _};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use proptest::prelude::*;

use super::*;

const SENSOR_A: &str = include_str!("../../../../fixtures/profiles/sensor-a.toml");
const TERMS: Terms = Terms {
    version: 3,
    validity: Validity {
        not_before: UtcMillis(1_000),
        not_after: UtcMillis(2_000),
    },
};

fn key(byte: u8) -> (SigningKey, Sec1Point) {
    let key = SigningKey::from_slice(&[byte; 32]).unwrap();
    let point = key.verifying_key().to_sec1_point(false);
    (key, point.as_bytes().try_into().unwrap())
}

fn sensor_a() -> Profile {
    Profile::parse("sensor-a.toml", SENSOR_A).unwrap_or_else(|faults| panic!("{faults}"))
}

fn low(signature: &Signature) -> RawSignature {
    signature.normalize_s().to_bytes().into()
}

fn signed_with(byte: u8) -> String {
    let (key, point) = key(byte);
    let payload = payload(&sensor_a(), TERMS).unwrap();
    let signature: Signature = key.sign(&to_be_signed(&payload));
    assemble(payload, &point, &low(&signature)).unwrap()
}

fn admit_a(file: &str, unsigned_too: bool) -> Result<AdmittedProfile, NotAdmitted> {
    admit("p", file, &key(1).1, unsigned_too)
}

/// Any payload and payload type, well signed by the pinned key.
fn sealed(payload_type: &str, payload: Vec<u8>) -> String {
    let (key, point) = key(1);
    let message = dsse::pre_authentication_encoding(payload_type, &payload);
    let signature = low(&key.sign(&message));
    let envelope = Envelope::assemble(payload_type, payload, &point, &signature).unwrap();
    String::from_utf8(envelope.to_bytes().unwrap()).unwrap()
}

#[test]
fn what_the_owner_signed_is_admitted_with_version_and_validity() {
    let file = signed_with(1);
    let admitted = admit_a(&file, false).unwrap();
    let seal = admitted.seal.unwrap();
    assert_eq!(admitted.profile.text, SENSOR_A);
    assert_eq!((seal.terms, seal.digest), (TERMS, sha256(file.as_bytes())));
    assert_eq!(seal.file, file);
}

#[test]
fn only_development_takes_a_text_that_nobody_signed() {
    assert_eq!(admit_a(SENSOR_A, false), Err(NotAdmitted::Unsigned));
    assert_eq!(admit_a(SENSOR_A, true).unwrap().seal, None);
    // A fault is told as such, signed or not.
    let faulty = SENSOR_A.replacen("schema = 1", "schema = 2", 1);
    assert!(matches!(
        admit_a(&faulty, false),
        Err(NotAdmitted::Faults(_))
    ));
}

#[test]
fn another_owners_profile_is_refused_also_under_a_borrowed_key_id() {
    let foreign = signed_with(2);
    for unsigned_too in [false, true] {
        let refused = admit_a(&foreign, unsigned_too);
        assert!(matches!(refused, Err(NotAdmitted::Foreign { .. })));
    }
    let id = |byte| Hex::from(es256::key_digest(&key(byte).1)).to_string();
    let borrowed = foreign.replace(&id(2), &id(1));
    assert_eq!(
        admit_a(&borrowed, false),
        Err(NotAdmitted::Signature(SignatureFault::Mismatch))
    );
}

#[test]
fn no_other_document_passes_for_a_profile() {
    let payload = payload(&sensor_a(), TERMS).unwrap();
    let manifest = sealed("application/vnd.in-toto+json", payload.clone());
    assert!(matches!(
        admit_a(&manifest, true),
        Err(NotAdmitted::OtherKind(_))
    ));
    // Nor does a signature under another type, with the type of a profile written over it.
    let disguised = manifest.replace("application/vnd.in-toto+json", PAYLOAD_TYPE);
    assert_eq!(
        admit_a(&disguised, true),
        Err(NotAdmitted::Signature(SignatureFault::Mismatch))
    );
}

#[test]
fn a_payload_has_one_spelling_and_agrees_with_its_text() {
    let good = String::from_utf8(payload(&sensor_a(), TERMS).unwrap()).unwrap();
    assert!(admit_a(&sealed(PAYLOAD_TYPE, good.clone().into_bytes()), false).is_ok());
    let refused = |from: &str, to: &str, expected: &str| {
        assert!(good.contains(from), "{from}");
        let payload = good.replacen(from, to, 1).into_bytes();
        let error = admit_a(&sealed(PAYLOAD_TYPE, payload), true).unwrap_err();
        assert!(matches!(error, NotAdmitted::Envelope(_)), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    refused("{\"schema\":1", "{\"schema\":2", "schema 1");
    refused("\"version\":3", "\"version\":3,\"version\":4", "doubled");
    refused("\"version\":3", "\"version\":3,\"more\":4", "unknown");
    refused("\"version\":3", "\"version\": 3", "re-formatted");
    refused("\"version\":3", "\"version\":-3", "malformed");
    refused("SENSOR-A", "SENSOR-B", "not those of its text");
    refused(
        "1970-01-01T00:00:01.000Z",
        "1970-01-01T00:00:01Z",
        "malformed",
    );
    refused(
        "1970-01-01T00:00:01.000Z",
        "1980-01-01T00:00:01.000Z",
        "valid at no time",
    );
    let half = &good[..good.len() / 2];
    let error = admit_a(&sealed(PAYLOAD_TYPE, half.as_bytes().to_vec()), true).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
}

#[test]
fn an_envelope_has_one_spelling_and_one_signature() {
    let good = signed_with(1);
    let refused = |file: String| {
        assert_ne!(file, good);
        let error = admit_a(&file, true).unwrap_err();
        assert!(matches!(error, NotAdmitted::Envelope(_)), "{error:?}");
    };
    refused(good.trim_end().to_owned());
    refused(format!(" {good}"));
    refused(good.replacen('{', "{\"more\":1,", 1));
    refused(good.replacen("\"signatures\":[", "\"signatures\":[],\"signatures\":[", 1));
    let signature = good.split_once("\"signatures\":[").unwrap().1;
    let signature = signature.split_once(']').unwrap().0;
    refused(good.replacen(signature, &format!("{signature},{signature}"), 1));
    refused(good.replacen(signature, "", 1));
    // Base64 in another spelling, or without its padding.
    let payload = good.split('"').nth(3).unwrap();
    refused(
        good.replacen(payload, payload.trim_end_matches('='), 1)
            .replacen("{\"payload\"", "{ \"payload\"", 1),
    );
    assert!(Base64::decode_vec(payload).is_ok());
}

#[test]
fn validity_has_both_its_ends() {
    let judge = |now| TERMS.validity.judge(UtcMillis(now));
    assert!(judge(1_000).is_ok() && judge(2_000).is_ok());
    assert!(matches!(judge(999), Err(OutsideValidity::NotYet { .. })));
    assert!(matches!(judge(2_001), Err(OutsideValidity::Expired { .. })));
    let never = Terms {
        validity: Validity {
            not_before: UtcMillis(2),
            not_after: UtcMillis(1),
        },
        ..TERMS
    };
    assert!(payload(&sensor_a(), never).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_changed_byte_is_admitted(position: usize, byte in 0x20_u8..0x7f) {
        let good = signed_with(1);
        let mut bytes = good.clone().into_bytes();
        let position = position % bytes.len();
        bytes[position] = byte;
        let file = String::from_utf8(bytes).unwrap();
        prop_assert!(file == good || admit_a(&file, false).is_err());
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\{.{0,400}") {
        prop_assert!(admit_a(&text, false).is_err());
    }
}
