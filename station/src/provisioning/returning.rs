//! A board that comes back locked: fresh proof, then its receipt again, with a fresh token 3.
//!
//! It finishes a board that was in doubt, and shows that a passed one is still the one that passed.

use firmware_proto::platform::Sec1Point;
use firmware_proto::{Digest, Nonce, Request};

use super::answer::Answer;
use super::appraising::Attested;
use super::desk::{Desk, Ending, Unfinished, begun_elsewhere};
use super::expectation::Interruption;
use super::installing::check_proof;
use super::receipt::{ExpectedReceipt, check_receipt};
use crate::certificate_path::ParsedCertificate;
use crate::encoding::sha256;
use crate::ledger::standing::{LiveCertificate, LiveStage};
use crate::verdict::VerdictCode;

/// A locked board, and the certificate that the ledger has for it.
#[derive(Debug)]
pub(super) struct Returned {
    attested: Attested,
    live: LiveCertificate,
    commit: Vec<u8>,
    grant: Digest,
    public_key: Sec1Point,
}

impl Returned {
    pub(super) fn begin(desk: &mut Desk, mut attested: Attested) -> Result<Self, Ending> {
        let incomplete = || {
            let detail = "the ledger lacks certificate, grant or commit of this locked board";
            Ending::new(VerdictCode::StationLedger, detail)
        };
        let live = attested.standing.live.take().ok_or_else(incomplete)?;
        if live.stage != LiveStage::Provisioned && live.batch != desk.context.batch {
            return Err(begun_elsewhere(&live.batch));
        }
        let commit = live.commit.clone().ok_or_else(incomplete)?;
        let grant = live.grant.as_deref().map(sha256);
        let grant = grant.ok_or_else(incomplete)?;
        let certificate = ParsedCertificate::from_der(live.certificate.der());
        let public_key = *certificate.map_err(|_| incomplete())?.point();
        desk.commit_sent = live.stage == LiveStage::CommitSigned;
        desk.unfinished = Unfinished::default();
        desk.draw();
        Ok(Self {
            attested,
            live,
            commit,
            grant,
            public_key,
        })
    }

    /// The installed identity must sign, now.
    pub(super) fn proven(
        &self,
        desk: &mut Desk,
        nonce: &Nonce,
        answer: Answer,
    ) -> Result<(), Interruption> {
        let board = &self.attested.board;
        let certificate = &self.live.certificate;
        check_proof(
            board,
            certificate,
            self.grant,
            nonce,
            &self.public_key,
            answer,
        )
        .map_err(|interruption| self.keep(interruption))?;
        desk.draw();
        Ok(())
    }

    pub(super) fn ask_receipt(desk: &mut Desk, random: [u8; 32]) -> Nonce {
        let receipt_nonce = Nonce::from_bytes(random);
        desk.ask(&Request::GetReceipt { receipt_nonce });
        receipt_nonce
    }

    /// The receipt verifies: the board that was in doubt is provisioned; the passed one is known.
    /// Gives the ending where nothing is left to record.
    pub(super) fn receipt(
        &self,
        desk: &mut Desk,
        nonce: &Nonce,
        answer: Answer,
    ) -> Result<Option<Ending>, Interruption> {
        let expected = ExpectedReceipt {
            board: &self.attested.board,
            certificate: &self.live.certificate,
            commit: sha256(&self.commit),
            public_key: &self.public_key,
            nonce,
        };
        let receipt = check_receipt(desk, &expected, answer)
            .map_err(|interruption| self.judged(desk, interruption))?;
        self.forget_intent(desk);
        if self.live.stage == LiveStage::Provisioned {
            let detail = format!("serial {}", self.live.certificate.device_serial());
            return Ok(Some(Ending::new(VerdictCode::AlreadyProvisioned, detail)));
        }
        desk.provisioned(self.attested.board.uid(), &self.live.certificate, receipt);
        Ok(None)
    }

    /// A successor was intended for a key that the board does not use: it has proven another.
    fn forget_intent(&self, desk: &mut Desk) {
        let intent = self.attested.standing.intent.as_ref();
        let ours = intent.filter(|intent| intent.batch == desk.context.batch);
        desk.unfinished.intent = ours.map(|intent| intent.certificate_serial);
    }

    /// A board in doubt loses its certificate by what it signs alone: a receipt or token of its own that
    /// says something else, or a refusal when its fresh token 1 says that it is not locked.
    fn judged(&self, desk: &mut Desk, interruption: Interruption) -> Interruption {
        let Interruption::Ending(ending) = interruption else {
            return interruption;
        };
        let after = &desk.context.profile.attestation.lifecycle_after;
        let lifecycle = self.attested.board.claims().lifecycle;
        let open = !after.iter().any(|range| range.contains(lifecycle));
        let refused = ending.code == VerdictCode::LockRefused && open;
        if self.live.stage != LiveStage::CommitSigned || !(ending.signed || refused) {
            return self.keep(Interruption::Ending(ending));
        }
        desk.unfinished.certificate = Some(self.live.certificate.certificate_serial());
        self.forget_intent(desk);
        Interruption::Ending(Ending::signed(ending.code, ending.detail))
    }

    /// A passed board whose new proof fails is an alarm, but what it had is not withdrawn by the
    /// station alone: somebody may be holding another board's connector.
    fn keep(&self, interruption: Interruption) -> Interruption {
        match interruption {
            Interruption::Ending(ending) => {
                let code = match self.live.stage {
                    LiveStage::Provisioned => ending.code,
                    LiveStage::Issued | LiveStage::CommitSigned => VerdictCode::InDoubt,
                };
                Interruption::Ending(Ending::new(
                    code,
                    format!("{}: {}", ending.code, ending.detail),
                ))
            }
            other => other,
        }
    }
}
