//! Evidence in, appraisal out: PSA tokens (RFC 9783) and attestation-key certificates against a
//! profile.
//!
//! Signatures and trust are judged before contents, so that a forged token never reads as a genuine
//! one with old firmware. Never here: I/O, a clock, or the CSR (that is `identity`'s).

mod allow_list;
mod appraisal;
mod attestation_key;
mod cbor;
mod cose_sign1;
mod diagnostic;
mod firmware;
mod psa_token;
mod review;
mod session_tokens;
mod trust_material;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod token_tests;
#[cfg(test)]
mod trust_tests;

use thiserror::Error;

use crate::verdict::VerdictCode;

pub use allow_list::{
    AllowList, AllowListFault, AllowListReader, AllowedChip, HEADER, MAX_ALLOW_LIST_BYTES, MAX_ROWS,
};
pub use appraisal::{AppraisedEvidence, EvidenceInput, TrustedBoard, appraise_evidence};
pub use cbor::Label;
pub use cose_sign1::HeaderParameter;
pub use diagnostic::diagnostic;
pub use psa_token::{OtherClaim, SoftwareComponent, TokenClaims, TokenError, verify_token};
pub use review::{
    Check, CheckResult, Inspected, Review, ReviewInput, inspect_token, review_evidence,
};
pub use session_tokens::{appraise_key_token, appraise_receipt_token};
pub use trust_material::TrustMaterial;

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
