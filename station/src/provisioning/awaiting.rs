//! What the session may be waiting for: one variant per answer, each with exactly what its step needs.

use firmware_proto::Nonce;

use super::action::Verdict;
use super::appraising::{Appraised, Attested, Known};
use super::binding::{Bound, Judged, Measured};
use super::desk::Ending;
use super::greeting::{Greeting, Met};
use super::installing::{Granting, Installed, Proven};
use super::issuing::Intent;
use super::returning::Returned;
use crate::ledger::standing::Reservation;

/// What the session waits for. A transition consumes the old value and gives the next.
#[derive(Debug)]
pub(super) enum Awaiting {
    /// A board, or the random name of the session that will greet it.
    Board(Greeting),
    /// `SessionOpened` to be durable.
    SessionRecord(Box<Met>),
    /// Station nonce.
    AttestationNonce(Box<Met>),
    /// Token 1.
    Evidence(Box<Met>, Nonce),
    /// What the ledger knows of the board.
    Standing(Box<Appraised>),
    /// The appraisal to be durable.
    EvidenceRecord(Box<Known>),
    /// Self-test.
    Measurements(Box<Attested>),
    /// The measurements to be durable.
    MeasurementRecord(Box<Judged>),
    /// Key nonce.
    KeyNonce(Box<Measured>),
    /// CSR and token 2.
    Key(Box<Measured>, Nonce),
    /// Whether another board had the key.
    KeyHolder(Box<Bound>),
    /// The key's appraisal to be durable.
    KeyRecord(Box<Bound>),
    /// The refusal to be durable; its verdict comes next.
    RefusalRecord(Ending),
    /// A place in the batch.
    Place(Box<Bound>),
    /// The certificate's serial.
    CertificateSerial(Box<Bound>, Reservation),
    /// The intent to be durable.
    IntentRecord(Box<Intent>),
    /// The issuing CA's signature.
    CertificateSignature(Box<Intent>),
    /// Certificate and checkpoint to be durable.
    CertificateRecord(Box<Intent>),
    /// The station authority's signature on the grant.
    GrantSignature(Box<Granting>),
    /// The grant to be durable.
    GrantRecord(Box<Granting>),
    /// The package to arrive.
    Upload(Box<Granting>),
    /// The chain to be installed.
    Install(Box<Granting>),
    /// Nonce of the proof.
    ProofNonce(Box<Installed>),
    /// The proof.
    Proof(Box<Installed>, Nonce),
    /// The proof to be durable.
    ProofRecord(Box<Proven>),
    /// The station authority's signature on the commit.
    CommitSignature(Box<Proven>),
    /// Nonce of token 3.
    ReceiptNonce(Box<Proven>),
    /// The commit to be durable.
    CommitRecord(Box<Proven>, Nonce),
    /// Receipt and token 3.
    Receipt(Box<Proven>, Nonce),
    /// Of a board that came back locked: nonce of the proof.
    ReturnedProofNonce(Box<Returned>),
    /// Of a board that came back locked: the proof.
    ReturnedProof(Box<Returned>, Nonce),
    /// Of a board that came back locked: nonce of token 3.
    ReturnedReceiptNonce(Box<Returned>),
    /// Of a board that came back locked: receipt and token 3.
    ReturnedReceipt(Box<Returned>, Nonce),
    /// The verdict to be durable.
    VerdictRecord(Box<Verdict>),
    /// The board's answer to the farewell.
    Farewell(Box<Verdict>),
    /// Nothing: the session is over.
    Nothing,
}
