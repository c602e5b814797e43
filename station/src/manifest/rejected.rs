//! Why a file is no manifest that holds, in words for whoever received it.

use firmware_proto::Digest;
use thiserror::Error;

use super::claimed_signer::OtherRoot;
use super::consistency::Contradiction;
use super::dsse::{MAX_ENVELOPE_BYTES, PAYLOAD_TYPE, SignatureFault};
use super::json_lists::PART_BYTES_MAX;
use super::ledger_proof::LedgerFault;
use super::row_entries::EntryFault;
use super::row_naming::RowFindings;
use super::spool::NotKept;
use crate::certificate_path::PathError;
use crate::dsse::Misspelt;
use crate::encoding::Hex;

/// Why a file is no manifest that holds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejected {
    /// The file itself.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    /// Nothing was found out about the file.
    #[error("nothing was verified: {0}")]
    NotKept(#[from] NotKept),
    /// More than anybody writes.
    #[error("the file has more than {MAX_ENVELOPE_BYTES} bytes; no manifest is that long")]
    TooLong,
    /// One that no station writes, or one whose end was changed into something else.
    #[error(
        "the statement cannot be taken apart: what stands outside of its lists, or one element of them, has more \
         than {PART_BYTES_MAX} bytes; it was changed after signing, or is no batch manifest"
    )]
    PartTooLong,
    /// Cut short, or no JSON.
    #[error("{part} is cut off or is no JSON: {reason}")]
    Syntax {
        /// Envelope or statement.
        part: &'static str,
        /// What the reader said, and where.
        reason: String,
    },
    /// JSON, but something else than a manifest.
    #[error("{part} has an unknown, doubled, missing or malformed field: {reason}")]
    Fields {
        /// Envelope or statement.
        part: &'static str,
        /// What the reader said, and where.
        reason: String,
    },
    /// The same meaning in other bytes.
    #[error(
        "{part} is not written as a station writes it: byte {offset} (counted from 0) differs; \
         it was changed or re-formatted after signing"
    )]
    NotCanonical {
        /// Envelope or statement.
        part: &'static str,
        /// The first byte that differs.
        offset: u64,
    },
    /// An envelope around something else.
    #[error("the payload type is {0:?}, a manifest's is {PAYLOAD_TYPE:?}")]
    PayloadType(String),
    /// None, or several.
    #[error("the envelope has {0} signatures, a manifest has exactly one")]
    SignatureCount(usize),
    /// The payload is no base64, or in another spelling.
    #[error(
        "the payload is no canonical base64 from character {at} on: it was changed after signing{diagnosis}"
    )]
    Base64 {
        /// The first of the four characters that cannot be decoded.
        at: u64,
        /// What the rows give away.
        diagnosis: Diagnosis,
    },
    /// The payload is so damaged that its signer cannot be found.
    #[error(
        "the payload was changed after signing, or is no batch manifest: the signing certificate \
         in it cannot be read ({reason}){diagnosis}"
    )]
    NoSigner {
        /// Why not.
        reason: String,
        /// What the rows give away.
        diagnosis: Diagnosis,
    },
    /// No certificate, or more than the signer's own.
    #[error("the signing chain has {0} certificates; it has the signer's own and no other")]
    ChainLength(usize),
    /// The file may be good, but it is not of this root.
    #[error(transparent)]
    OtherRoot(Box<OtherRoot>),
    /// The certificate may not sign manifests.
    #[error("the signing certificate may not sign this manifest: {0}")]
    Chain(#[from] PathError),
    /// It may sign other manifests, not this one.
    #[error(
        "the signing certificate is for {what} {certified}, the manifest is about {what} {stated}"
    )]
    OtherSigner {
        /// Product or station.
        what: &'static str,
        /// Whom the certificate names.
        certified: String,
        /// Whom the manifest names.
        stated: String,
    },
    /// The certificate is of the other kind of PKI.
    #[error(
        "the manifest says development = {stated}, but the root certified its signer for {} only",
        if *stated { "real products" } else { "a development PKI" }
    )]
    Development {
        /// What the manifest says of itself.
        stated: bool,
    },
    /// The key ID is of another key.
    #[error(
        "the key ID is {got}, but the signing certificate's key has {expected}: one of them was \
         changed after signing"
    )]
    KeyId {
        /// The digest of the key in the certificate.
        expected: Digest,
        /// What the envelope says.
        got: Hex,
    },
    /// The signature.
    #[error("{fault}{diagnosis}")]
    Signature {
        /// What is wrong with it.
        fault: SignatureFault,
        /// What the rows give away.
        diagnosis: Diagnosis,
    },
    /// Well signed, but it contradicts itself.
    #[error("the manifest contradicts itself: {0}")]
    Contradiction(#[from] Contradiction),
    /// Well signed, but its ledger extract does not hold.
    #[error("the manifest's ledger extract does not hold: {0}")]
    Ledger(#[from] LedgerFault),
}

impl From<EntryFault> for Rejected {
    fn from(fault: EntryFault) -> Self {
        Self::Contradiction(fault.into())
    }
}

/// What a manifest that nobody signed so gives away about what was changed. Proves nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Rows that are not as its own table of rows has them.
    pub rows: RowFindings,
    /// The first contradiction in what it says, in words.
    pub fault: Option<String>,
}

impl std::fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.rows.is_empty() {
            write!(f, "; by its own table of rows: {}", self.rows)?;
        }
        match &self.fault {
            Some(fault) => write!(f, "; {fault}"),
            None => Ok(()),
        }
    }
}

/// The rejection for bytes in another spelling; their first is that far into the part.
pub(super) fn misspelt(part: &'static str, misspelt: Misspelt, begins: u64) -> Rejected {
    match misspelt {
        Misspelt::Syntax(reason) => Rejected::Syntax { part, reason },
        Misspelt::Fields(reason) => Rejected::Fields { part, reason },
        Misspelt::NotCanonical(offset) => Rejected::NotCanonical {
            part,
            offset: begins + offset as u64,
        },
    }
}
