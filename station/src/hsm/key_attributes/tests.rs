//! What is refused of a key, attribute by attribute, without a token: no module makes all of these.

use super::super::key_role::ALL_ROLES;
use super::*;

/// What a token tells of a key that is as it must be.
fn good() -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::AlwaysSensitive(true),
        Attribute::Extractable(false),
        Attribute::NeverExtractable(true),
        Attribute::Local(true),
        Attribute::Modifiable(false),
        Attribute::Sign(true),
        Attribute::SignRecover(false),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ]
}

/// Each one turned over, and what is said of it.
fn turned() -> Vec<(Attribute, &'static str)> {
    vec![
        (Attribute::Token(false), "CKA_TOKEN must be true"),
        (Attribute::Private(false), "CKA_PRIVATE must be true"),
        (Attribute::Sensitive(false), "CKA_SENSITIVE must be true"),
        (
            Attribute::AlwaysSensitive(false),
            "CKA_ALWAYS_SENSITIVE must be true",
        ),
        (
            Attribute::Extractable(true),
            "CKA_EXTRACTABLE must be false",
        ),
        (
            Attribute::NeverExtractable(false),
            "CKA_NEVER_EXTRACTABLE must be true",
        ),
        (Attribute::Local(false), "CKA_LOCAL must be true"),
        (Attribute::Modifiable(true), "CKA_MODIFIABLE must be false"),
        (Attribute::Sign(false), "CKA_SIGN must be true"),
        (
            Attribute::SignRecover(true),
            "CKA_SIGN_RECOVER must be false",
        ),
        (Attribute::Decrypt(true), "CKA_DECRYPT must be false"),
        (Attribute::Unwrap(true), "CKA_UNWRAP must be false"),
        (Attribute::Derive(true), "CKA_DERIVE must be false"),
    ]
}

fn said_of(attributes: &[Attribute]) -> Vec<String> {
    match check_attributes(KeyRole::Issuing, attributes) {
        Ok(()) => Vec::new(),
        Err(error) => match error.fault() {
            Fault::KeyAttributes(wrong) => wrong.clone(),
            other => panic!("{other:?}"),
        },
    }
}

#[test]
fn each_wrong_attribute_is_refused_and_named() {
    assert_eq!(said_of(&good()), [""; 0]);
    for (at, (wrong, said)) in turned().into_iter().enumerate() {
        let mut attributes = good();
        attributes[at] = wrong;
        assert_eq!(said_of(&attributes), [said]);
    }
    let all: Vec<_> = turned().into_iter().map(|(wrong, _)| wrong).collect();
    assert_eq!(said_of(&all).len(), good().len());
}

/// A token need not tell usages that it does not know; whatever else it does not tell counts as wrong.
#[test]
fn what_a_token_does_not_tell_is_only_a_usage_that_the_key_must_not_have() {
    for (at, (_, said)) in turned().into_iter().enumerate() {
        let mut attributes = good();
        attributes.remove(at);
        let usage = at > 8;
        let expected: &[&str] = if usage { &[] } else { &[said] };
        assert_eq!(said_of(&attributes), expected, "{said}");
    }
    assert_eq!(said_of(&[]).len(), 9);
}

fn fault(error: &HsmError) -> String {
    format!("{:?}", error.fault())
}

#[test]
fn each_role_has_its_types_of_key() {
    let key = |key_type, parameters: &[u8]| {
        [
            Attribute::KeyType(key_type),
            Attribute::EcParams(parameters.to_vec()),
        ]
    };
    let p256 = key(KeyType::EC, P256_PARAMETERS);
    let edwards = [ED25519_PARAMETERS, ED25519_NAME].map(|name| key(KeyType::EC_EDWARDS, name));
    for role in ALL_ROLES {
        assert_eq!(algorithm(role, &p256).unwrap(), KeyAlgorithm::P256);
        for edwards in &edwards {
            match algorithm(role, edwards) {
                Ok(found) => assert_eq!((role, found), (KeyRole::Ledger, KeyAlgorithm::Ed25519)),
                Err(error) => {
                    assert_ne!(role, KeyRole::Ledger);
                    assert!(fault(&error).contains("Ed25519"));
                }
            }
        }
        // secp384r1; a P-256 key that says it is an Edwards one, and the reverse; RSA; nothing told.
        let p384 = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
        for (wrong, said) in [
            (key(KeyType::EC, &p384).to_vec(), "another curve"),
            (
                key(KeyType::EC_EDWARDS, P256_PARAMETERS).to_vec(),
                "another curve",
            ),
            (
                key(KeyType::EC, ED25519_PARAMETERS).to_vec(),
                "another curve",
            ),
            (vec![Attribute::KeyType(KeyType::EC)], "another curve"),
            (vec![Attribute::KeyType(KeyType::RSA)], "RSA"),
            (
                vec![Attribute::EcParams(P256_PARAMETERS.to_vec())],
                "unknown type",
            ),
        ] {
            let error = fault(&algorithm(role, &wrong).unwrap_err());
            assert!(error.contains(said), "{error}");
        }
    }
}

#[test]
fn a_public_key_is_a_point_with_or_without_its_wrapping() {
    use p256::elliptic_curve::sec1::ToSec1Point as _;
    let secret = p256::SecretKey::from_slice(&[7; 32]).unwrap();
    let point = secret.public_key().to_sec1_point(false).as_bytes().to_vec();
    let read = |algorithm, bytes: &[u8]| {
        let told = [Attribute::EcPoint(bytes.to_vec())];
        public_key(KeyRole::Ledger, algorithm, &told)
    };
    let wrapped = [&[0x04, 0x41], &point[..]].concat();
    for bytes in [&point, &wrapped] {
        let key = read(KeyAlgorithm::P256, bytes).unwrap();
        assert_eq!(key, PublicKey::P256(point.clone().try_into().unwrap()));
    }
    let edwards = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
    let wrapped = [&[0x04, 0x20], &edwards.as_bytes()[..]].concat();
    for bytes in [&edwards.as_bytes()[..], &wrapped] {
        let key = read(KeyAlgorithm::Ed25519, bytes).unwrap();
        assert_eq!(key, PublicKey::Ed25519(edwards.to_bytes()));
    }
    let mut off = point.clone();
    off[64] ^= 1;
    for (algorithm, bytes) in [
        (KeyAlgorithm::P256, &off[..]),
        (KeyAlgorithm::P256, &point[..64]),
        (KeyAlgorithm::P256, edwards.as_bytes()),
        (KeyAlgorithm::Ed25519, &point),
        (KeyAlgorithm::Ed25519, &[]),
    ] {
        let error = fault(&read(algorithm, bytes).unwrap_err());
        assert!(error.contains("no point of its curve"), "{error}");
    }
    assert!(public_key(KeyRole::Ledger, KeyAlgorithm::P256, &[]).is_err());
}
