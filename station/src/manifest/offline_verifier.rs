//! Verifies a manifest with the file and the root certificate alone: no station, no token, no network.
//!
//! In this order, so that a message is about the first thing that is wrong:
//! 1. The file has a sane size and is the JSON of an envelope, with no unknown or doubled field, in the
//!    bytes that a station writes; there is one signature, of our payload type.
//! 2. The signature fits the payload, under the key of the certificate that the payload names. Nobody
//!    is trusted by that; but where it fails, bytes were changed after signing, and whatever else would
//!    be found in them is only a consequence.
//! 3. The payload is a statement, in the bytes that a station writes.
//! 4. The signer's certificate may sign manifests: the root itself issued it, for that and nothing
//!    else, so that neither a device's certificate nor an issuing CA's can pass; it was valid at the
//!    stated signing time; and it names this product, this station and this kind of PKI.
//! 5. The statement agrees with itself ([`consistency`]) and with its ledger extract ([`ledger_proof`]).
//!
//! Nothing of what a file says is shown to anybody before all of that holds.

use firmware_proto::Digest;
use thiserror::Error;

use super::claimed_signer::{OtherRoot, claimed_signer};
use super::consistency::{self, Contradiction};
use super::dsse::{
    self, Envelope, EnvelopeSignature, MAX_ENVELOPE_BYTES, PAYLOAD_TYPE, SignatureFault,
};
use super::ledger_proof::{self, LedgerFault};
use super::statement::{Predicate, Statement};
use crate::certificate_path::{ParsedCertificate, PathError};
use crate::dsse::{Misspelt, read_canonical};
use crate::encoding::{Hex, sha256};
use crate::es256;
use crate::identity::chain::{ManifestSigner, verify_manifest_signer};

/// A manifest that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedManifest {
    statement: Statement,
    signer: ManifestSigner,
    key_id: Digest,
}

/// Why a file is no manifest that holds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejected {
    /// More than anybody writes.
    #[error("the file has more than {MAX_ENVELOPE_BYTES} bytes; no manifest is that long")]
    TooLong,
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
        offset: usize,
    },
    /// An envelope around something else.
    #[error("the payload type is {0:?}, a manifest's is {PAYLOAD_TYPE:?}")]
    PayloadType(String),
    /// None, or several.
    #[error("the envelope has {0} signatures, a manifest has exactly one")]
    SignatureCount(usize),
    /// The payload is so damaged that its signer cannot be found.
    #[error(
        "the payload was changed after signing, or is no batch manifest: the signing certificate \
         in it cannot be read ({0})"
    )]
    NoSigner(String),
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
    #[error(transparent)]
    Signature(#[from] SignatureFault),
    /// Well signed, but it contradicts itself.
    #[error("the manifest contradicts itself: {0}")]
    Contradiction(#[from] Contradiction),
    /// Well signed, but its ledger extract does not hold.
    #[error("the manifest's ledger extract does not hold: {0}")]
    Ledger(#[from] LedgerFault),
}

/// Verifies the bytes of a manifest file under a root certificate (DER).
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(file: &[u8], root: &[u8]) -> Result<VerifiedManifest, Rejected> {
    if file.len() > MAX_ENVELOPE_BYTES {
        return Err(Rejected::TooLong);
    }
    let envelope: Envelope = read("the envelope", file, Envelope::to_bytes)?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(Rejected::PayloadType(envelope.payload_type));
    }
    let [signature] = envelope.signatures.as_slice() else {
        return Err(Rejected::SignatureCount(envelope.signatures.len()));
    };
    let payload = &envelope.payload.0;
    let claimed = claimed_signer(payload).map_err(Rejected::NoSigner)?;
    let key_id = check_signature(payload, signature, &claimed)?;
    let statement: Statement = read("the statement", payload, Statement::to_bytes)?;
    let [certificate] = statement.predicate.signing_chain.as_slice() else {
        return Err(Rejected::ChainLength(
            statement.predicate.signing_chain.len(),
        ));
    };
    if certificate.0 != claimed.der() {
        let reason = "it names several".to_owned();
        return Err(Rejected::NoSigner(reason));
    }
    let signed_at = statement.predicate.signed_at.0;
    let signer = verify_manifest_signer(&certificate.0, root, signed_at)
        .map_err(|fault| untrusted(fault, &claimed, root))?;
    check_named(&signer, &statement.predicate)?;
    consistency::check(&statement)?;
    ledger_proof::check(&statement.predicate)?;
    Ok(VerifiedManifest {
        statement,
        signer,
        key_id,
    })
}

/// Checks that the payload is what the key of this certificate has signed. Gives the key ID.
fn check_signature(
    payload: &[u8],
    signature: &EnvelopeSignature,
    signer: &ParsedCertificate,
) -> Result<Digest, Rejected> {
    let key_id = es256::key_digest(signer.point());
    if signature.keyid.digest() != Some(key_id) {
        return Err(Rejected::KeyId {
            expected: key_id,
            got: signature.keyid.clone(),
        });
    }
    dsse::verify(payload, signer.point(), &signature.sig.0)?;
    Ok(key_id)
}

fn untrusted(fault: PathError, signer: &ParsedCertificate, root: &[u8]) -> Rejected {
    match OtherRoot::where_it_is(&fault, signer, root) {
        Some(other) => Rejected::OtherRoot(Box::new(other)),
        None => Rejected::Chain(fault),
    }
}

fn check_named(signer: &ManifestSigner, predicate: &Predicate) -> Result<(), Rejected> {
    let pairs = [
        ("product", &signer.product, predicate.product.to_string()),
        ("station", &signer.station, predicate.station.to_string()),
    ];
    for (what, certified, stated) in pairs {
        if *certified != stated {
            return Err(Rejected::OtherSigner {
                what,
                certified: certified.clone(),
                stated,
            });
        }
    }
    if signer.development != predicate.development {
        return Err(Rejected::Development {
            stated: predicate.development,
        });
    }
    Ok(())
}

/// Reads a document and insists that it is spelled as we spell it.
fn read<T: serde::de::DeserializeOwned>(
    part: &'static str,
    bytes: &[u8],
    to_bytes: impl Fn(&T) -> Result<Vec<u8>, serde_json::Error>,
) -> Result<T, Rejected> {
    read_canonical(bytes, to_bytes).map_err(|misspelt| match misspelt {
        Misspelt::Syntax(reason) => Rejected::Syntax { part, reason },
        Misspelt::Fields(reason) => Rejected::Fields { part, reason },
        Misspelt::NotCanonical(offset) => Rejected::NotCanonical { part, offset },
    })
}

impl VerifiedManifest {
    /// What was signed.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Who signed it.
    #[must_use]
    pub fn signer(&self) -> &ManifestSigner {
        &self.signer
    }

    /// The key it was signed with.
    #[must_use]
    pub fn key_id(&self) -> Digest {
        self.key_id
    }

    /// SHA-256 of the statement: names what was verified.
    ///
    /// # Errors
    /// None that these types can cause; the serialiser's signature has one.
    pub fn statement_digest(&self) -> Result<Digest, serde_json::Error> {
        self.statement.to_bytes().map(|bytes| sha256(&bytes))
    }

    /// What follows from the verification, in sentences.
    #[must_use]
    pub fn proves(&self) -> Vec<String> {
        let predicate = &self.statement.predicate;
        let ledger = &predicate.ledger;
        vec![
            format!(
                "station {} signed exactly these {} rows with a key that the trusted root certified \
                 for signing manifests",
                predicate.station, predicate.counts.presented
            ),
            format!(
                "the counts, the order, the serials and the certificates agree with the rows: {} passed",
                predicate.counts.passed
            ),
            format!(
                "the ledger's key signed a checkpoint that covers the batch's closing at index {}, \
                 which fixes its {} events by count and by the hash of the last",
                ledger.last_index, ledger.event_count
            ),
        ]
    }

    /// What does not follow from it, in sentences.
    #[must_use]
    pub fn does_not_prove(&self) -> Vec<String> {
        let predicate = &self.statement.predicate;
        let mut limits = vec![
            format!(
                "when it was signed: the certificates were judged at {}, the time that the station states",
                predicate.signed_at
            ),
            "that the station shows everybody the same ledger: a fork shows only against a mirror, \
             a witness or an earlier checkpoint"
                .to_owned(),
            "that a certificate is still live: ask the station's keeper for later revocations"
                .to_owned(),
        ];
        if !predicate.clock_accepted.is_empty() {
            limits.push(format!(
                "in which order things happened by the times stated: the station's clock was set {} \
                 times since the batch was opened, each accepted by an operator",
                predicate.clock_accepted.len()
            ));
        }
        if predicate.development {
            limits.push(
                "anything to a customer: the root certified this station for development only"
                    .to_owned(),
            );
        }
        limits
    }
}
