//! Evidence in, appraisal out: PSA tokens (RFC 9783) and attestation-key certificates against a
//! profile.
//!
//! Signatures and trust are judged before contents, so that a forged token never reads as a genuine
//! one with old firmware. Never here: I/O, a clock, or the CSR (that is `identity`'s).

mod appraisal;
mod attestation_key;
mod cbor;
mod cose_sign1;
mod firmware;
mod psa_token;
mod session_tokens;

#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::verdict::VerdictCode;

pub use appraisal::{AppraisedEvidence, EvidenceInput, TrustedBoard, appraise_evidence};
pub use psa_token::{SoftwareComponent, TokenClaims, TokenError, verify_token};
pub use session_tokens::{appraise_key_token, appraise_receipt_token};

/// Why evidence is refused: the verdict, and one line for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{code}: {detail}")]
pub struct Rejection {
    /// The verdict.
    pub code: VerdictCode,
    /// Expected and got.
    pub detail: String,
}

impl Rejection {
    /// A refusal.
    #[must_use]
    pub fn new(code: VerdictCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}
