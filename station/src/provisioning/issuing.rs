//! Step 5: one certificate for one key, by way of an intent.
//!
//! 1. A live certificate for this key is sent again, never issued twice.
//! 2. An intent for this key is finished by signing the same TBS.
//! 3. An intent for another key is voided, a live certificate for another key revoked, in the same
//!    transaction that puts the new one in its place.
//! 4. What was begun in another batch is finished there.

use super::action::Action;
use super::binding::Bound;
use super::desk::{Desk, Ending, Issuance, Unfinished, begun_elsewhere};
use crate::encoding::Base64Bytes;
use crate::identity::idevid::{self, Subject};
use crate::identity::issuing;
use crate::identity::signer::KeyRole;
use crate::ledger::event::{Fact, RevocationReason};
use crate::ledger::standing::{Durability, NoPlace, Recorded, Reservation, StoredCertificate};
use crate::names::{BatchId, CertificateSerial, DeviceSerial};
use crate::verdict::VerdictCode;

/// A TBS that is to be signed.
#[derive(Debug)]
pub(super) struct Intent {
    bound: Box<Bound>,
    certificate_serial: CertificateSerial,
    device_serial: DeviceSerial,
    tbs: Vec<u8>,
}

/// A board whose certificate is durable, under a durable checkpoint.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) bound: Box<Bound>,
    pub(super) certificate: StoredCertificate,
}

/// How a certificate comes about.
pub(super) enum Plan {
    /// There is one.
    Found(Issued),
    /// A TBS waits for its signature.
    Finish(Intent),
    /// A place and a serial are being reserved.
    Reserve(Box<Bound>),
}

/// Decides by what the ledger knows of this board.
pub(super) fn plan(desk: &mut Desk, mut bound: Box<Bound>) -> Result<Plan, Ending> {
    let key = bound.request.key;
    if let Some(live) = bound.standing.live.as_ref() {
        if live.batch != desk.context.batch {
            return Err(begun_elsewhere(&live.batch));
        }
        if live.certificate.key() == key {
            let certificate = live.certificate.clone();
            return Ok(Plan::Found(Issued { bound, certificate }));
        }
    }
    if let Some(intent) = bound.standing.intent.as_ref() {
        if intent.batch != desk.context.batch {
            return Err(begun_elsewhere(&intent.batch));
        }
        if intent.key == key
            && let Some(intent) = bound.standing.intent.take()
        {
            desk.sign(KeyRole::Issuing, intent.tbs.clone());
            return Ok(Plan::Finish(Intent {
                bound,
                certificate_serial: intent.certificate_serial,
                device_serial: intent.device_serial,
                tbs: intent.tbs,
            }));
        }
    }
    desk.actions.push(Action::Reserve {
        uid: bound.board.uid().clone(),
    });
    Ok(Plan::Reserve(bound))
}

/// The ledger has answered the wish for a place.
pub(super) fn reserved(
    desk: &mut Desk,
    place: Result<Reservation, NoPlace>,
) -> Result<Reservation, Ending> {
    let reservation = place.map_err(|refusal| no_place(&desk.context.batch, refusal))?;
    desk.draw();
    Ok(reservation)
}

fn no_place(batch: &BatchId, refusal: NoPlace) -> Ending {
    let (code, detail) = match refusal {
        NoPlace::BatchFull => (
            VerdictCode::BatchFull,
            format!("batch {batch} has as many boards as its work order allows"),
        ),
        NoPlace::BatchNotOpen => (VerdictCode::BatchFull, format!("batch {batch} is not open")),
        NoPlace::SerialsExhausted => (
            VerdictCode::BatchFull,
            format!("batch {batch} has no serial left"),
        ),
        NoPlace::OtherLabel { own } => (
            VerdictCode::SerialLabel,
            format!("the label is not this board's, whose serial is {own}"),
        ),
        NoPlace::LabelTaken { scanned } => (
            VerdictCode::SerialLabel,
            format!("the label {scanned} was scanned for another board, which is in work"),
        ),
        NoPlace::ForeignLabel { scanned } => (
            VerdictCode::SerialLabel,
            format!("the label {scanned} is none of this product"),
        ),
        NoPlace::NoLabel => (VerdictCode::Aborted, "no label was scanned".to_owned()),
    };
    Ending::new(code, detail)
}

/// The certificate's serial is drawn: assemble the TBS and record the intent.
pub(super) fn intend(
    desk: &mut Desk,
    bound: Box<Bound>,
    reservation: Reservation,
    random: [u8; 32],
) -> Result<Intent, Ending> {
    let fault = |detail: String| Ending::new(VerdictCode::StationHsm, detail);
    let [serial @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = random;
    let certificate_serial = CertificateSerial::from_random(serial)
        .ok_or_else(|| fault("the HSM's generator gives only zeros".to_owned()))?;
    let device_serial = reservation.device_serial;
    let uid = bound.board.uid().clone();
    let subject = Subject {
        device_serial: &device_serial,
        uid: &uid,
        public_key: &bound.request.public_key,
    };
    let template = &desk.context.profile.certificate;
    let issuer = &desk.context.station.issuing;
    let tbs = idevid::assemble(template, issuer, subject, certificate_serial, desk.now.utc)
        .map_err(|error| fault(format!("the certificate cannot be assembled: {error}")))?;
    let mut facts = Vec::new();
    if let Some(old) = &bound.standing.intent {
        facts.push(Fact::IntentVoided {
            uid: uid.clone(),
            certificate_serial: old.certificate_serial,
            reason: "the board has made another key since".to_owned(),
        });
    }
    facts.push(Fact::CertificateIntended {
        uid,
        certificate_serial,
        device_serial: device_serial.clone(),
        key: bound.request.key.into(),
        tbs: Base64Bytes(tbs.clone()),
    });
    desk.record(facts, Durability::Durable);
    Ok(Intent {
        bound,
        certificate_serial,
        device_serial,
        tbs,
    })
}

impl Intent {
    /// The intent is durable: have it signed.
    pub(super) fn sign(&self, desk: &mut Desk) {
        desk.unfinished.intent = Some(self.certificate_serial);
        desk.sign(KeyRole::Issuing, self.tbs.clone());
    }

    /// The signature is there: check it, and record the whole certificate.
    pub(super) fn signed(self, desk: &mut Desk, signature: &[u8; 64]) -> Result<Self, Ending> {
        let certificate = issuing::complete(&self.tbs, signature, &desk.context.station.issuing)
            .map_err(|error| Ending::new(VerdictCode::StationHsm, error.to_string()))?;
        let uid = self.bound.board.uid().clone();
        let mut facts = Vec::new();
        if let Some(live) = &self.bound.standing.live {
            facts.push(Fact::CertificateRevoked {
                uid: uid.clone(),
                certificate_serial: live.certificate.certificate_serial(),
                reason: RevocationReason::Superseded,
                detail: "the board has lost the key and made another one".to_owned(),
            });
        }
        facts.push(Fact::CertificateIssued {
            uid,
            certificate_serial: self.certificate_serial,
            device_serial: self.device_serial.clone(),
            key: self.bound.request.key.into(),
            certificate: Base64Bytes(certificate),
        });
        desk.record(facts, Durability::Checkpointed);
        Ok(self)
    }

    /// The certificate is durable; only what the store gives back may be sent.
    pub(super) fn recorded(self, desk: &mut Desk, recorded: Recorded) -> Result<Issued, Ending> {
        let stored = recorded.certificates.into_iter().find(|stored| {
            stored.certificate_serial() == self.certificate_serial
                && stored.uid() == self.bound.board.uid()
        });
        let certificate = stored.ok_or_else(|| {
            let detail = "the ledger did not give the certificate back that it stored";
            Ending::new(VerdictCode::StationLedger, detail)
        })?;
        desk.issuance = Some(Issuance::from(&certificate));
        desk.unfinished = Unfinished {
            certificate: Some(self.certificate_serial),
            intent: None,
        };
        Ok(Issued {
            bound: self.bound,
            certificate,
        })
    }
}
