//! The nonces of the three tokens, derived so that the device never attests bytes chosen by its peer.
//!
//! Both sides compute them with these functions. Parts of variable length enter as digests, so that
//! no two transcripts share a preimage, and so that a small device need not keep the parts.

use crate::{Digest, Nonce};

/// SHA-256 over the concatenation of the parts.
pub trait Sha256 {
    /// Computes the digest.
    fn sha256(&self, parts: &[&[u8]]) -> Digest;
}

/// Digest of the link: the bodies of `Hello` and `Identity` as they travelled.
#[must_use]
pub fn link_digest(hash: &impl Sha256, hello_body: &[u8], identity_body: &[u8]) -> Digest {
    let hello = hash.sha256(&[hello_body]);
    let identity = hash.sha256(&[identity_body]);
    hash.sha256(&[hello.as_bytes(), identity.as_bytes()])
}

/// What token 1 attests.
#[must_use]
pub fn attestation_challenge(hash: &impl Sha256, station_nonce: &Nonce, link: &Digest) -> Digest {
    hash.sha256(&[b"fw-att1", station_nonce.as_bytes(), link.as_bytes()])
}

/// Digests of what token 2 covers besides its nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTranscript {
    /// SHA-256 of token 1.
    pub attestation_token: Digest,
    /// SHA-256 of the body of `Measurements` as it travelled.
    pub measurements: Digest,
    /// SHA-256 of the DER of the CSR.
    pub csr: Digest,
}

/// What token 2 attests.
#[must_use]
pub fn key_challenge(hash: &impl Sha256, key_nonce: &Nonce, covered: &KeyTranscript) -> Digest {
    let all = hash.sha256(&[
        covered.attestation_token.as_bytes(),
        covered.measurements.as_bytes(),
        covered.csr.as_bytes(),
    ]);
    hash.sha256(&[b"fw-key1", key_nonce.as_bytes(), all.as_bytes()])
}

/// What token 3 attests.
#[must_use]
pub fn receipt_challenge(hash: &impl Sha256, receipt_nonce: &Nonce, receipt: &Digest) -> Digest {
    hash.sha256(&[b"fw-rcp1", receipt_nonce.as_bytes(), receipt.as_bytes()])
}
