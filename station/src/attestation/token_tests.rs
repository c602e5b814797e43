//! Tokens by a hostile root of trust: validly signed, and yet each refused for its own reason, or kept whole.
//! Made from the RFC's example by changing bytes.

use firmware_proto::SecurityLifecycle;
use firmware_proto::platform::Sec1Point;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use proptest::collection::vec;
use proptest::prelude::*;

use super::cbor::Label;
use super::*;

const EXAMPLE: &[u8] = include_bytes!("../../../fixtures/vectors/psa/psa-sign1.cbor");
const ES256: &str = "a10126";

fn hex(text: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(text.replace(' ', "")).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn point() -> Sec1Point {
    key()
        .verifying_key()
        .to_sec1_point(false)
        .as_bytes()
        .try_into()
        .unwrap()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    match bytes.len() {
        0..=23 => [&[0x40 | low], bytes].concat(),
        24..=255 => [&[0x58, low], bytes].concat(),
        _ => [&[0x59, high, low], bytes].concat(),
    }
}

fn token(protected: &str, unprotected: &str, payload: &[u8]) -> Vec<u8> {
    let (protected, payload) = (string(&hex(protected)), string(payload));
    let message = [
        b"\x84\x6aSignature1".as_slice(),
        &protected,
        b"\x40",
        &payload,
    ]
    .concat();
    let signature: Signature = key().sign(&message);
    let signature = string(&signature.to_bytes());
    [
        b"\xd2\x84".as_slice(),
        &protected,
        &hex(unprotected),
        &payload,
        &signature,
    ]
    .concat()
}

/// The example's claims: a map of eight pairs.
fn claims() -> Vec<u8> {
    let start = EXAMPLE
        .windows(2)
        .position(|pair| pair == [0xa8, 0x19])
        .unwrap();
    EXAMPLE[start..EXAMPLE.len() - 66].to_vec()
}

/// The example's claims with one more.
fn with(claim: &str) -> Vec<u8> {
    let mut claims = claims();
    claims[0] += 1;
    claims.extend(hex(claim));
    claims
}

/// The example's claims with these bytes in the place of those.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let (claims, from) = (claims(), hex(from));
    let at = claims
        .windows(from.len())
        .position(|part| part == from)
        .unwrap();
    [&claims[..at], &hex(to), &claims[at + from.len()..]].concat()
}

fn read(payload: &[u8]) -> Result<TokenClaims, TokenError> {
    verify_token(&token(ES256, "a0", payload), &point())
}

#[track_caller]
fn refused(token: &[u8], why: &str) {
    let error = verify_token(token, &point()).unwrap_err();
    assert!(matches!(error, TokenError::Malformed(_)), "{error:?}");
    assert!(error.to_string().contains(why), "{error}");
}

#[track_caller]
fn refused_claims(payload: &[u8], why: &str) {
    refused(&token(ES256, "a0", payload), why);
}

fn example_key() -> Sec1Point {
    let pem = include_str!("../../../fixtures/vectors/psa/tfm-es-iak.pem");
    let key = p256::SecretKey::from_sec1_pem(pem).unwrap();
    key.public_key()
        .to_sec1_point(false)
        .as_bytes()
        .try_into()
        .unwrap()
}

#[test]
fn reads_the_token_of_the_rfc() {
    let claims = verify_token(EXAMPLE, &example_key()).unwrap();
    assert_eq!(claims.profile, "tag:psacertified.org,2023:psa#tfm");
    assert_eq!((claims.instance_id[0], claims.instance_id[32]), (1, 2));
    assert_eq!(claims.implementation_id, [0; 32]);
    assert_eq!(claims.nonce, [1; 32]);
    assert_eq!(claims.client_id, i32::MAX);
    assert_eq!(claims.lifecycle, SecurityLifecycle::SECURED);
    assert_eq!(claims.boot_seed.as_deref(), Some([0; 8].as_slice()));
    let [component] = claims.components.as_slice() else {
        panic!("{claims:?}")
    };
    assert_eq!(
        (component.component.as_str(), component.version.as_str()),
        ("PRoT", "")
    );
    assert_eq!(
        (&component.measurement[..], &component.signer[..]),
        (&[3; 32][..], &[4; 32][..])
    );
    assert_eq!(verify_token(EXAMPLE, &point()), Err(TokenError::Signature));
}

#[test]
fn every_claim_of_the_rfc_is_kept() {
    let reference = "19095e 73 31323334353637383930313233 2d 3132333435";
    let claims = read(&with(reference)).unwrap();
    assert_eq!(
        claims.certification_reference.as_deref(),
        Some("1234567890123-12345")
    );
    let service = "190960 70 68747470733a2f2f7073612e6578616d";
    assert_eq!(
        read(&with(service)).unwrap().verification_service.unwrap(),
        "https://psa.exam"
    );
    let described = changed("01 64 50526f54", "06 67 7368612d323536");
    let component = &read(&described).unwrap().components[0];
    assert_eq!(component.description.as_deref(), Some("sha-256"));
    assert_eq!(component.component, "");
}

#[test]
fn unknown_claims_are_kept_and_shown() {
    let claims = read(&with("190961 82 01 6161")).unwrap();
    assert_eq!(claims.other[0].label, Label::Number(0x0961));
    assert_eq!(diagnostic(&claims.other[0].value), "[1, \"a\"]");
    let claims = read(&with("6378797a a1 01 f5")).unwrap();
    assert_eq!(claims.other[0].label, Label::Text("xyz".to_owned()));
    assert_eq!(claims.other[0].label.to_string(), "\"xyz\"");
    assert_eq!(diagnostic(&claims.other[0].value), "{1: true}");
}

#[test]
fn claims_have_the_lengths_and_ranges_of_the_rfc() {
    let zeros = "00".repeat(8);
    let seed = format!("19010c 48 {zeros}");
    refused_claims(&changed(&seed, "19010c 47 00000000000000"), "boot seed");
    refused_claims(
        &changed(&seed, &format!("19010c 5821 {}", "00".repeat(33))),
        "boot seed",
    );
    refused_claims(&changed("19095a 1a7fffffff", "19095a 00"), "client ID");
    refused_claims(
        &changed("19095a 1a7fffffff", "19095a 1a80000000"),
        "client ID",
    );
    assert_eq!(
        read(&changed("19095a 1a7fffffff", "19095a 3a7fffffff"))
            .unwrap()
            .client_id,
        i32::MIN
    );
    refused_claims(
        &changed("19095a 1a7fffffff", "19095a 3a80000000"),
        "client ID",
    );
    refused_claims(&changed("19095b 193000", "19095b 1a00010000"), "lifecycle");
    refused_claims(&changed("19095b 193000", "19095b 20"), "lifecycle");
    refused_claims(&changed("0100 5821 01", "0100 5821 02"), "0x01");
    refused_claims(
        &changed("19095c 5820 00", "19095c 581f"),
        "implementation ID",
    );
    refused_claims(&changed("0a 5820 01", "0a 581f"), "nonce");
    refused_claims(&changed("02 5820 03", "02 581f"), "digest");
    refused_claims(
        &changed("19095f 81", "19095f 80 190961 81"),
        "no software component",
    );
    refused_claims(&changed("64 50526f54", "64 50520a54"), "control characters");
    refused_claims(
        &changed("01 64 50526f54", "03 64 50526f54"),
        "unknown entry",
    );
    let digest = format!("5820 {}", "07".repeat(32));
    for entry in [
        "01 6161",
        "04 6161",
        &format!("02 {digest}"),
        &format!("05 {digest}"),
        "06 6161",
    ] {
        // Before the example's own three entries, twice: a second reader could take the first, or the last.
        let doubled = format!("19095f 81 a5 {entry} {entry}");
        refused_claims(
            &changed("19095f 81 a3", &doubled),
            "entry of a software component",
        );
    }
    for reference in [
        "19095e 6d 31323334353637383930313233",
        "19095e 73 31323334353637383930313233 2d 313233343a",
        "19095e 73 31323334353637383930313233 2e 3132333435",
        "19095e 72 31323334353637383930313233 2d 31323334",
    ] {
        refused_claims(&with(reference), "certification reference");
    }
    refused_claims(&with("19095b 193000"), "twice");
    refused_claims(&with("190961 a2 01 02 01 03"), "twice");
    refused_claims(&with("190961 1817"), "shortest");
    refused_claims(&with("190961 9fff"), "indefinite");
    let mut long = claims();
    long.push(0);
    refused_claims(&long, "after the end");
}

#[test]
fn what_a_second_reader_could_understand_differently_is_no_envelope() {
    let claims = claims();
    let of = |protected, unprotected| token(protected, unprotected, &claims);
    for (protected, unprotected) in [
        // A key identifier, a content type, and parameters that nobody here knows: kept, of no consequence.
        (ES256, "a1 04 4101"),
        ("a2 01 26 03 00", "a0"),
        (ES256, "a1 1821 41ff"),
        ("a2 01 26 6161 01", "a1 6162 02"),
        // Critical, and understood.
        ("a2 01 26 02 81 01", "a0"),
        ("a3 01 26 02 81 04 04 4101", "a0"),
    ] {
        verify_token(&of(protected, unprotected), &point()).unwrap();
    }
    refused(&of("a0", "a0"), "lacks the algorithm");
    refused(&of("a0", "a1 01 26"), "lacks the algorithm");
    refused(&of(ES256, "a1 01 26"), "unprotected");
    refused(&of("a1 01 3822", "a0"), "ES256");
    refused(&of("a1 01 65 4553323536", "a0"), "ES256");
    refused(&of("a2 01 26 01 26", "a0"), "doubled");
    refused(
        &of("a2 01 26 04 4101", "a1 04 4101"),
        "protected and unprotected",
    );
    refused(
        &of("a2 01 26 6161 01", "a1 6161 01"),
        "protected and unprotected",
    );
    refused(
        &of("a2 01 26 02 81 1863", "a0"),
        "critical header parameter is unknown",
    );
    refused(
        &of("a3 01 26 02 81 1863 1863 01", "a0"),
        "critical header parameter is unknown",
    );
    refused(
        &of("a2 01 26 02 81 6161", "a0"),
        "critical header parameter is unknown",
    );
    refused(&of("a2 01 26 02 81 04", "a0"), "missing");
    refused(&of("a2 01 26 02 80", "a0"), "empty");
    refused(&of(ES256, "a1 02 81 01"), "not protected");
    refused(&of("a2 01 26 0f a1 0a 41 00", "a0"), "claims in the header");
    refused(&of("a1 1801 26", "a0"), "shortest");
    refused(&of("bf 01 26 ff", "a0"), "indefinite");
    refused(&of("a1 01 26 00", "a0"), "after the end");
    refused(&of("", "a0"), "cut off");
    let good = of(ES256, "a0");
    refused(&[good.as_slice(), &[0]].concat(), "after the end");
    refused(&good[1..], "not tagged");
    refused(&[&[0xd8, 0x3d], good.as_slice()].concat(), "CWT");
    refused(&[&[0xd1], &good[1..]].concat(), "COSE_Mac0");
    refused(&[&[0xd8, 0x62], &good[1..]].concat(), "not tagged");
    refused(
        &[&good[..good.len() - 66], &string(&[1; 63])].concat(),
        "64 bytes",
    );
}

/// HMAC 256/256 over the example's `MAC_structure` (RFC 9052, section 6.3; RFC 2104), under its authors' key.
fn mac_of(token: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    let key = hex(&include_str!("../../../fixtures/vectors/psa/tfm-hs-iak.hex").replace('\n', ""));
    let pad = |byte: u8| key.iter().map(|one| one ^ byte).collect::<Vec<_>>();
    // Between the heads of the four parts, and the tag with its own.
    let payload = &token[7..token.len() - 34];
    let message = [b"\x84\x64MAC0\x43\xa1\x01\x05\x40", payload].concat();
    let inner = sha2::Sha256::digest([pad(0x36), message].concat());
    sha2::Sha256::digest([pad(0x5c), inner.to_vec()].concat()).into()
}

#[test]
fn the_mac_token_of_the_rfcs_authors_is_shown_and_refused() {
    let text = include_str!("../../../fixtures/vectors/psa/psa-mac0.hex");
    let token = base16ct::lower::decode_vec(text.replace('\n', "")).unwrap();
    assert_eq!(mac_of(&token).as_slice(), &token[token.len() - 32..]);
    let shown = inspect_token(&token);
    assert_eq!(shown.envelope, "COSE_Mac0 (tag 17)");
    assert!(shown.envelope_fault.unwrap().contains("COSE_Mac0"));
    let claims = shown.claims.unwrap();
    assert_eq!(
        claims.certification_reference.as_deref(),
        Some("1234567890123-12345")
    );
    // The boot seed's number changed after this draft.
    assert_eq!(claims.boot_seed, None);
    assert_eq!(claims.other[0].label, Label::Number(2397));
}

proptest! {
    #[test]
    fn no_changed_token_passes(position in 0..EXAMPLE.len(), change in 1_u8..) {
        let mut token = EXAMPLE.to_vec();
        token[position] ^= change;
        prop_assert!(verify_token(&token, &example_key()).is_err());
    }

    #[test]
    fn no_cut_or_longer_token_passes(length in 0..EXAMPLE.len(), more: u8) {
        prop_assert!(verify_token(&EXAMPLE[..length], &example_key()).is_err());
        prop_assert!(verify_token(&[EXAMPLE, &[more]].concat(), &example_key()).is_err());
    }

    #[test]
    fn claims_of_any_bytes_never_panic(noise in vec(any::<u8>(), 0..120)) {
        let mut claim = noise.clone();
        claim.splice(0..0, [0x19, 0x09, 0x61]);
        let mut payload = claims();
        payload[0] += 1;
        payload.extend(&claim);
        // Whatever is taken as one value is kept byte by byte, and can be shown.
        if let Ok(claims) = read(&payload) {
            prop_assert_eq!(&claims.other[0].value, &noise);
            prop_assert!(!diagnostic(&noise).is_empty());
        }
        let shown = inspect_token(&noise);
        prop_assert!(shown.claims.is_err());
    }
}
