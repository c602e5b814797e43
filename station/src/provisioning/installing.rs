//! Steps 6 to 8: grant and chain to the board, proof by the installed identity, commit and receipt.

use firmware_proto::authority::{Commit, Grant, Payload, Proof, Purpose};
use firmware_proto::cose::ContentType;
use firmware_proto::object_transfer::{BlobId, InstallPackage};
use firmware_proto::{Digest, Nonce, Refusal, Request, Response};

use super::action::Step;
use super::answer::Answer;
use super::desk::{Desk, Ending};
use super::expectation::{Interruption, expect_message, expect_uploaded, refusal_text, unexpected};
use super::issuing::Issued;
use super::receipt::{ExpectedReceipt, check_receipt, doubted};
use crate::attestation::TrustedBoard;
use crate::encoding::{Base64Bytes, sha256};
use crate::identity::signed_object;
use crate::identity::signer::KeyRole;
use crate::ledger::event::Fact;
use crate::ledger::standing::{Durability, StoredCertificate};
use crate::verdict::VerdictCode;

/// A fault of our own making: an object that cannot be assembled.
fn own_fault(error: &dyn std::error::Error) -> Ending {
    Ending::new(
        VerdictCode::StationHsm,
        format!("an order to the board cannot be assembled: {error}"),
    )
}

/// A grant that waits for its signature, then for the board.
#[derive(Debug)]
pub(super) struct Granting {
    issued: Issued,
    payload: Vec<u8>,
    chain: Vec<u8>,
    grant: Vec<u8>,
    package: Digest,
    uploads: u8,
}

/// Assembles the grant and asks for the station authority's signature.
pub(super) fn grant(desk: &mut Desk, issued: Issued) -> Result<Granting, Ending> {
    desk.report(Step::Issued);
    let station = &desk.context.station;
    let chain = [issued.certificate.der(), &station.chain_below_leaf].concat();
    let grant = Grant {
        purpose: Purpose::InitialIdentity,
        product: desk.context.profile.product.clone(),
        uid: issued.bound.board.uid().clone(),
        device_nonce: issued.bound.met.identity.device_nonce,
        identity_key: issued.certificate.key(),
        chain: sha256(&chain),
        trust_anchor: station.trust_anchor,
        next_state: desk.context.profile.lock_state,
        epoch: station.epoch,
    };
    let payload = grant.encode().map_err(|error| own_fault(&error))?.to_vec();
    let message = signed_object::to_be_signed(ContentType::Grant, &payload)
        .map_err(|error| own_fault(&error))?;
    desk.sign(KeyRole::Authority, message);
    Ok(Granting {
        issued,
        payload,
        chain,
        grant: Vec::new(),
        package: Digest::from_bytes([0; 32]),
        uploads: 0,
    })
}

impl Granting {
    /// The grant is signed: record it.
    pub(super) fn signed(mut self, desk: &mut Desk, signature: &[u8; 64]) -> Result<Self, Ending> {
        self.grant = signed_object::assemble(ContentType::Grant, &self.payload, signature)
            .map_err(|error| own_fault(&error))?;
        let fact = Fact::GrantSigned {
            uid: self.issued.bound.board.uid().clone(),
            certificate_serial: self.issued.certificate.certificate_serial(),
            grant: Base64Bytes(self.grant.clone()),
        };
        desk.record(vec![fact], Durability::Durable);
        Ok(self)
    }

    /// The grant is recorded: send everything in one package.
    pub(super) fn upload(mut self, desk: &mut Desk) -> Result<Self, Ending> {
        let credential = &desk.context.station.credential;
        let short = |bytes: &[u8]| u16::try_from(bytes.len()).map_err(|error| own_fault(&error));
        let header = InstallPackage {
            credential_bytes: short(credential)?,
            grant_bytes: short(&self.grant)?,
            chain_bytes: short(&self.chain)?,
        };
        let package = [&header.to_bytes()[..], credential, &self.grant, &self.chain].concat();
        self.package = sha256(&package);
        self.uploads = self.uploads.saturating_add(1);
        desk.upload(BlobId::InstallPackage, package);
        Ok(self)
    }

    /// The package has arrived: have it installed.
    pub(super) fn uploaded(self, desk: &mut Desk, answer: Answer) -> Result<Self, Interruption> {
        expect_uploaded(answer)?;
        desk.ask(&Request::Install {
            package: self.package,
        });
        Ok(self)
    }

    /// The board has installed, or not.
    pub(super) fn installed(
        self,
        desk: &mut Desk,
        answer: Answer,
    ) -> Result<Installed, NotInstalled> {
        let body = match expect_message(answer) {
            Ok(body) => body,
            Err(Interruption::Refused(Refusal::BlobIncomplete)) if self.uploads < 2 => {
                return Err(NotInstalled::Again(Box::new(self)));
            }
            Err(Interruption::Refused(refusal)) => {
                let detail = format!("the board refuses: {}", refusal_text(refusal));
                let ending = Ending::new(VerdictCode::InstallRefused, detail);
                return Err(NotInstalled::Interrupted(Interruption::Ending(ending)));
            }
            Err(interruption) => return Err(NotInstalled::Interrupted(interruption)),
        };
        let ending = match body.response() {
            Ok(Response::Installed { chain }) if chain == sha256(&self.chain) => {
                desk.report(Step::Installed);
                desk.draw();
                let Self { issued, grant, .. } = self;
                return Ok(Installed {
                    issued,
                    grant: sha256(&grant),
                });
            }
            Ok(Response::Installed { chain }) => Ending::new(
                VerdictCode::InstallReadback,
                format!(
                    "sent a chain with digest {}, read back {chain}",
                    sha256(&self.chain)
                ),
            ),
            Ok(other) => unexpected("Installed", &other),
            Err(failure) => desk.failed(&failure),
        };
        Err(NotInstalled::Interrupted(Interruption::Ending(ending)))
    }
}

/// Why nothing is installed.
pub(super) enum NotInstalled {
    /// The package did not arrive whole: send it once more.
    Again(Box<Granting>),
    /// For another reason.
    Interrupted(Interruption),
}

/// A board with its chain.
#[derive(Debug)]
pub(super) struct Installed {
    issued: Issued,
    grant: Digest,
}

pub(super) fn ask_proof(desk: &mut Desk, random: [u8; 32]) -> Nonce {
    let station_nonce = Nonce::from_bytes(random);
    desk.ask(&Request::Prove { station_nonce });
    station_nonce
}

/// Verifies a proof of possession; gives its bytes.
pub(super) fn check_proof(
    board: &TrustedBoard,
    certificate: &StoredCertificate,
    grant: Digest,
    nonce: &Nonce,
    public_key: &firmware_proto::platform::Sec1Point,
    answer: Answer,
) -> Result<Vec<u8>, Interruption> {
    let invalid =
        |detail: String| Interruption::Ending(Ending::new(VerdictCode::ProofInvalid, detail));
    let body = match expect_message(answer) {
        Ok(body) => body,
        Err(Interruption::Refused(refusal)) => {
            return Err(invalid(format!(
                "the board refuses: {}",
                refusal_text(refusal)
            )));
        }
        Err(interruption) => return Err(interruption),
    };
    let bytes = match body.response() {
        Ok(Response::Proof { proof }) => proof.to_vec(),
        Ok(other) => return Err(Interruption::Ending(unexpected("Proof", &other))),
        Err(failure) => return Err(invalid(failure.to_string())),
    };
    let proof: Proof = signed_object::verify_payload(ContentType::Proof, &bytes, public_key)
        .map_err(|error| invalid(error.to_string()))?;
    let expected = Proof {
        uid: board.uid().clone(),
        station_nonce: *nonce,
        certificate: sha256(certificate.der()),
        grant,
    };
    proof_fault(&proof, &expected).map_or(Ok(bytes), |fault| Err(invalid(fault.to_owned())))
}

/// What a well-signed proof says wrong.
pub(super) fn proof_fault(proof: &Proof, expected: &Proof) -> Option<&'static str> {
    if proof.uid != expected.uid {
        Some("the proof names another board")
    } else if proof.station_nonce != expected.station_nonce {
        Some("the proof answers another nonce")
    } else if proof.certificate != expected.certificate {
        Some("the proof is by another certificate")
    } else if proof.grant != expected.grant {
        Some("the proof names another grant")
    } else {
        None
    }
}

impl Installed {
    /// The proof verifies: record it.
    pub(super) fn proven(
        self,
        desk: &mut Desk,
        nonce: &Nonce,
        answer: Answer,
    ) -> Result<Proven, Interruption> {
        let Issued { bound, certificate } = &self.issued;
        let key = &bound.request.public_key;
        let proof = check_proof(&bound.board, certificate, self.grant, nonce, key, answer)?;
        let fact = Fact::ProofVerified {
            uid: bound.board.uid().clone(),
            certificate_serial: certificate.certificate_serial(),
            proof: Base64Bytes(proof.clone()),
        };
        desk.record(vec![fact], Durability::Durable);
        Ok(Proven {
            issued: self.issued,
            proof: sha256(&proof),
            payload: Vec::new(),
            commit: Vec::new(),
        })
    }
}

/// A board that has proven its identity; the order to lock is in the making.
#[derive(Debug)]
pub(super) struct Proven {
    issued: Issued,
    proof: Digest,
    payload: Vec<u8>,
    commit: Vec<u8>,
}

impl Proven {
    /// The proof is durable: only now is a commit made.
    pub(super) fn order(mut self, desk: &mut Desk) -> Result<Self, Ending> {
        desk.report(Step::Proven);
        let commit = Commit {
            uid: self.issued.bound.board.uid().clone(),
            device_nonce: self.issued.bound.met.identity.device_nonce,
            proof: self.proof,
        };
        self.payload = commit.encode().map_err(|error| own_fault(&error))?.to_vec();
        let message = signed_object::to_be_signed(ContentType::Commit, &self.payload)
            .map_err(|error| own_fault(&error))?;
        desk.sign(KeyRole::Authority, message);
        Ok(self)
    }

    /// The commit is signed: draw the nonce for token 3.
    pub(super) fn signed(mut self, desk: &mut Desk, signature: &[u8; 64]) -> Result<Self, Ending> {
        self.commit = signed_object::assemble(ContentType::Commit, &self.payload, signature)
            .map_err(|error| own_fault(&error))?;
        desk.draw();
        Ok(self)
    }

    /// Record that the board is about to be ordered to lock.
    pub(super) fn record(&self, desk: &mut Desk) {
        let fact = Fact::CommitSigned {
            uid: self.issued.bound.board.uid().clone(),
            certificate_serial: self.issued.certificate.certificate_serial(),
            commit: Base64Bytes(self.commit.clone()),
        };
        desk.record(vec![fact], Durability::Durable);
    }

    /// The commit is durable: send it. From here on the board is in doubt until it answers.
    pub(super) fn send(&self, desk: &mut Desk, receipt_nonce: Nonce) {
        desk.commit_sent = true;
        desk.ask(&Request::Commit {
            commit: &self.commit,
            receipt_nonce,
        });
    }

    /// The board has answered the commit.
    pub(super) fn receipt(
        &self,
        desk: &mut Desk,
        nonce: &Nonce,
        answer: Answer,
    ) -> Result<(), Interruption> {
        let bound = &self.issued.bound;
        let expected = ExpectedReceipt {
            board: &bound.board,
            certificate: &self.issued.certificate,
            commit: sha256(&self.commit),
            public_key: &bound.request.public_key,
            nonce,
        };
        let receipt = check_receipt(desk, &expected, answer).map_err(doubted)?;
        desk.report(Step::Committed);
        desk.provisioned(bound.board.uid(), &self.issued.certificate, receipt);
        Ok(())
    }
}
