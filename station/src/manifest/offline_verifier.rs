//! Verifies a manifest with the file and the root certificate alone: no station, no token, no network.
//!
//! In this order, so that a message is about the first thing that is wrong:
//! 1. The file has a sane size and is the JSON of an envelope, with no unknown or doubled field, in the
//!    bytes that a station writes; there is one signature, of our payload type.
//! 2. The signature fits the payload, under the key of the certificate that the payload names. Nobody
//!    is trusted by that; but where it fails, bytes were changed after signing, and whatever else is found in
//!    them only helps to say which.
//! 3. The payload is a statement, in the bytes that a station writes.
//! 4. The signer's certificate may sign manifests: the root itself issued it, for that and nothing
//!    else, so that neither a device's certificate nor an issuing CA's can pass; it was valid at the
//!    stated signing time; and it names this product, this station and this kind of PKI.
//! 5. The rows are those of the statement's own table of rows; the statement agrees with itself
//!    ([`consistency`](super::consistency)), its rows with their ledger entries
//!    ([`row_entries`](super::row_entries)), and these with the log ([`ledger_proof`](super::ledger_proof)).
//!
//! The file is read once, from its first byte to its last, and never held. What of a row must be compared with what
//! comes later waits in files without a name in the system's folder for such (`TMPDIR`), less than a kilobyte of
//! each; a manifest of a few dozen rows needs none. Nothing of what a file says is shown to anybody before all of that holds.

use std::cell::OnceCell;
use std::io::{Cursor, Read, Seek};

use firmware_proto::Digest;

use super::claimed_signer::{OtherRoot, claimed_signer};
use super::consistency::Contradiction;
use super::dsse::{EnvelopeSignature, PAYLOAD_TYPE};
use super::envelope_file::{EnvelopeFile, PayloadDigests, read_payload};
use super::json_lists::{Cutter, Skeleton};
use super::rejected::Diagnosis;
use super::statement::{
    BoardRow, PREDICATE_TYPE, Predicate, RowDigest, SessionRow, Statement, Subject,
};
use super::statement_reading::{Found, LISTS, Other, Reading, Receiver, read_skeleton};
use crate::certificate_path::{ParsedCertificate, PathError};
use crate::dsse;
use crate::encoding::Base64Bytes;
use crate::es256;
use crate::identity::chain::{ManifestSigner, verify_manifest_signer};

pub use super::rejected::Rejected;

/// A manifest that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedManifest {
    statement: Statement,
    signer: ManifestSigner,
    key_id: Digest,
    payload: Digest,
}

/// Verifies the bytes of a small manifest under a root certificate (DER), and keeps all of it.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(file: &[u8], root: &[u8]) -> Result<VerifiedManifest, Rejected> {
    let mut kept = Kept::default();
    let mut verified = verify_file(Cursor::new(file), root, &mut kept)?;
    let statement = &mut verified.statement;
    statement.subject = kept.subjects;
    statement.predicate.row_digests = kept.row_digests;
    statement.predicate.boards = kept.boards;
    statement.predicate.unidentified = kept.unidentified;
    statement.predicate.ledger.leaf_hashes = kept.leaf_hashes;
    Ok(verified)
}

/// Verifies a manifest of any size; the statement that is given back has none of its long lists. The
/// receiver gets every row as it is read: what it makes of them is worth nothing unless all holds in the end.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_file<R: Read + Seek + Send>(
    mut file: R,
    root: &[u8],
    receiver: &mut impl Receiver,
) -> Result<VerifiedManifest, Rejected> {
    let EnvelopeFile { envelope, payload } = EnvelopeFile::read(&mut file)?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(Rejected::PayloadType(envelope.payload_type));
    }
    let [signature] = envelope.signatures.as_slice() else {
        return Err(Rejected::SignatureCount(envelope.signatures.len()));
    };
    let extract = OnceCell::new();
    let mut reading = Reading::new(receiver, &extract, &std::env::temp_dir());
    let mut cutter = Cutter::new(LISTS);
    let digests = read_payload(file, payload, |bytes| cutter.feed(bytes, &mut reading))?;
    let found = reading.finish()?;
    let skeleton = cutter.finish().ok_or(Rejected::PartTooLong)?;
    judge(signature, root, digests, &skeleton, found)
}

/// Reads a manifest of any size without verifying anything: whoever wrote it may have written anything.
/// Else as [`verify_file`].
///
/// # Errors
/// Where the file is no manifest.
pub fn read_unverified<R: Read + Seek + Send>(
    mut file: R,
    receiver: &mut impl Receiver,
) -> Result<Statement, Rejected> {
    let EnvelopeFile { payload, .. } = EnvelopeFile::read(&mut file)?;
    let extract = OnceCell::new();
    let mut reading = Reading::new(receiver, &extract, &std::env::temp_dir());
    let mut cutter = Cutter::new(LISTS);
    read_payload(file, payload, |bytes| cutter.feed(bytes, &mut reading))?;
    let found = reading.finish()?;
    let skeleton = cutter.finish().ok_or(Rejected::PartTooLong)?;
    let statement =
        read_skeleton(&skeleton).map_err(|rejected| other_version(&skeleton, rejected))?;
    match found.misspelt {
        Some(rejected) => Err(rejected),
        None => Ok(statement),
    }
}

/// Says what is wrong, or that nothing is.
fn judge(
    signature: &EnvelopeSignature,
    root: &[u8],
    digests: PayloadDigests,
    skeleton: &Skeleton,
    found: Found,
) -> Result<VerifiedManifest, Rejected> {
    if let Some(at) = digests.misspelt {
        let diagnosis = diagnose(&found);
        return Err(Rejected::Base64 { at, diagnosis });
    }
    let claimed = claimed_signer(&skeleton.bytes).map_err(|reason| Rejected::NoSigner {
        reason,
        diagnosis: diagnose(&found),
    })?;
    let key_id = check_signature(digests.signed, signature, &claimed, &found)?;
    let statement = read_skeleton(skeleton).map_err(|rejected| other_version(skeleton, rejected));
    let statement = match (statement, found.misspelt) {
        (Ok(statement), None) => statement,
        (Ok(_), Some(rejected)) | (Err(rejected), _) => return Err(rejected),
    };
    let [certificate] = statement.predicate.signing_chain.as_slice() else {
        return Err(Rejected::ChainLength(
            statement.predicate.signing_chain.len(),
        ));
    };
    if certificate.0 != claimed.der() {
        return Err(Rejected::NoSigner {
            reason: "it names several".to_owned(),
            diagnosis: Diagnosis::default(),
        });
    }
    let signed_at = statement.predicate.signed_at.0;
    let signer = verify_manifest_signer(&certificate.0, root, signed_at)
        .map_err(|fault| untrusted(fault, &claimed, root))?;
    check_named(&signer, &statement.predicate)?;
    if !found.rows.is_empty() {
        return Err(Contradiction::Rows(found.rows).into());
    }
    match found.fault {
        Some(fault) => Err(fault),
        None => Ok(VerifiedManifest {
            statement,
            signer,
            key_id,
            payload: digests.payload,
        }),
    }
}

/// A manifest of another version of the predicate has other fields, and says which it is.
fn other_version(skeleton: &Skeleton, rejected: Rejected) -> Rejected {
    #[derive(serde::Deserialize)]
    struct Kind {
        #[serde(rename = "predicateType")]
        predicate_type: String,
    }
    match serde_json::from_slice(&skeleton.bytes) {
        Ok(Kind { predicate_type }) if predicate_type != PREDICATE_TYPE => Contradiction::Type {
            field: "predicateType",
            expected: PREDICATE_TYPE,
            got: predicate_type,
        }
        .into(),
        _ => rejected,
    }
}

/// What can be said of bytes that nobody signed so.
fn diagnose(found: &Found) -> Diagnosis {
    let rows = found.rows.clone();
    // Rows that were changed explain the contradictions that follow from them.
    let fault = found.fault.as_ref();
    let fault = fault.filter(|_| rows.is_empty() && !found.unread);
    Diagnosis {
        fault: fault.map(ToString::to_string),
        rows,
    }
}

/// What a small manifest's reader keeps.
#[derive(Default)]
struct Kept {
    subjects: Vec<Subject>,
    row_digests: Vec<RowDigest>,
    boards: Vec<BoardRow>,
    unidentified: Vec<SessionRow>,
    leaf_hashes: Vec<Base64Bytes>,
}

impl Receiver for Kept {
    fn row(&mut self, row: BoardRow) {
        self.boards.push(row);
    }

    fn other(&mut self, element: Other) {
        match element {
            Other::Subject(subject) => self.subjects.push(subject),
            Other::RowDigest(entry) => self.row_digests.push(entry),
            Other::Unidentified(session) => self.unidentified.push(*session),
            Other::LeafHashes(piece) => self.leaf_hashes.push(piece),
        }
    }
}

/// Checks that this is the digest of what the key of this certificate has signed. Gives the key ID.
fn check_signature(
    payload: Digest,
    signature: &EnvelopeSignature,
    claimed: &ParsedCertificate,
    found: &Found,
) -> Result<Digest, Rejected> {
    let key_id = es256::key_digest(claimed.point());
    if signature.keyid.digest() != Some(key_id) {
        return Err(Rejected::KeyId {
            expected: key_id,
            got: signature.keyid.clone(),
        });
    }
    dsse::verify_digest(&payload, claimed.point(), &signature.sig.0).map_err(|fault| {
        Rejected::Signature {
            fault,
            diagnosis: diagnose(found),
        }
    })?;
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

impl VerifiedManifest {
    /// What was signed; without the long lists, where these were not kept.
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
    #[must_use]
    pub fn statement_digest(&self) -> Digest {
        self.payload
    }
}
