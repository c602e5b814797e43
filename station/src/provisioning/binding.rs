//! Steps 3 and 4: measurements, then a key that the root of trust binds to everything before.

use firmware_proto::object_transfer::BlobId;
use firmware_proto::self_test::decode_report;
use firmware_proto::transcript::{self, KeyTranscript};
use firmware_proto::{Digest, Nonce, Request, Response, Uid, version};

use super::action::{Action, Step};
use super::answer::Answer;
use super::appraising::Attested;
use super::desk::{Desk, Ending};
use super::evidence_record::{measurement_records, random_source_record};
use super::expectation::{Interruption, expect_blob, expect_message, unexpected};
use super::greeting::Met;
use crate::attestation::{self, TrustedBoard};
use crate::encoding::{Base64Bytes, SoftwareSha256, sha256};
use crate::identity::csr::{self, CertificationRequest, CsrError};
use crate::ledger::event::Fact;
use crate::ledger::standing::{DeviceStanding, Durability};
use crate::profile::{self, SelfTest};
use crate::verdict::VerdictCode;

/// Its measurements, too, are within limits.
#[derive(Debug)]
pub(super) struct Measured {
    attested: Attested,
    measurements: Digest,
}

/// It has made a key, which token 2 binds to everything before.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) met: Met,
    pub(super) board: TrustedBoard,
    pub(super) standing: DeviceStanding,
    pub(super) request: CertificationRequest,
    csr: Vec<u8>,
    token: Vec<u8>,
}

pub(super) fn ask_measurements(desk: &mut Desk) {
    desk.ask(&Request::SelfTest);
}

/// The measurements, judged and being recorded.
#[derive(Debug)]
pub(super) struct Judged {
    measured: Measured,
    code: VerdictCode,
    detail: String,
}

pub(super) fn judge(
    desk: &mut Desk,
    attested: Attested,
    answer: Answer,
) -> Result<Judged, Interruption> {
    let (self_test, measurements) = if attested.met.identity.version < version::SELF_TEST_REPORT {
        scalars(desk, answer)?
    } else {
        report(answer)?
    };
    let judged = profile::judge_measurements(&desk.context.profile, &self_test);
    let fact = Fact::MeasurementsJudged {
        uid: attested.board.uid().clone(),
        code: judged.code,
        measurements: measurement_records(&judged),
        random_source: random_source_record(&judged),
    };
    desk.record(vec![fact], Durability::Durable);
    desk.marginal = judged.marginal().map(str::to_owned).collect();
    let measured = Measured {
        attested,
        measurements,
    };
    Ok(Judged {
        measured,
        code: judged.code,
        detail: judged.detail,
    })
}

/// A self-test as version 1 has it, and its digest as it travelled.
fn scalars(desk: &Desk, answer: Answer) -> Result<(SelfTest, Digest), Interruption> {
    let body = expect_message(answer)?;
    let list = match body.response() {
        Ok(Response::Measurements(list)) => list,
        Ok(other) => return Err(Interruption::Ending(unexpected("Measurements", &other))),
        Err(failure) => return Err(Interruption::Ending(desk.failed(&failure))),
    };
    let self_test = SelfTest {
        measurements: list.into_iter().map(Into::into).collect(),
        noise: Vec::new(),
    };
    Ok((self_test, sha256(body.as_bytes())))
}

/// A self-test, and the digest of its announcement, which bears the digest of all of it.
fn report(answer: Answer) -> Result<(SelfTest, Digest), Interruption> {
    let blob = expect_blob(answer, BlobId::SelfTest)?;
    let read: Result<_, _> = decode_report(&blob.first).collect();
    let malformed = |_| {
        let detail = "the self-test's report cannot be read";
        Ending::new(VerdictCode::LinkProtocol, detail)
    };
    let self_test = SelfTest {
        measurements: read.map_err(malformed)?,
        noise: blob.second,
    };
    Ok((self_test, sha256(&blob.head)))
}

impl Judged {
    /// The measurements are recorded.
    pub(super) fn recorded(self, desk: &mut Desk) -> Result<Measured, Ending> {
        if self.code != VerdictCode::Pass {
            return Err(Ending::new(self.code, self.detail));
        }
        desk.report(Step::Measured);
        Ok(self.measured)
    }
}

pub(super) fn ask_key(desk: &mut Desk, random: [u8; 32]) -> Nonce {
    let key_nonce = Nonce::from_bytes(random);
    desk.ask(&Request::MakeKey { key_nonce });
    key_nonce
}

/// A key that was appraised, and whether it is good.
#[derive(Debug)]
pub(super) enum KeyOutcome {
    /// Good so far; the ledger is being asked whether another board had it.
    Bound(Box<Bound>),
    /// Bad, and being recorded.
    Refused(Ending),
}

/// Appraises CSR and token 2: the CSR's own signature first, then what the root of trust says of it.
pub(super) fn bind_key(
    desk: &mut Desk,
    measured: Measured,
    nonce: &Nonce,
    answer: Answer,
) -> Result<KeyOutcome, Interruption> {
    let blob = expect_blob(answer, BlobId::KeyEvidence)?;
    let Measured {
        attested,
        measurements,
    } = measured;
    let Attested {
        met,
        board,
        standing,
        token,
    } = attested;
    let covered = KeyTranscript {
        attestation_token: token,
        measurements,
        csr: sha256(&blob.first),
    };
    let challenge = transcript::key_challenge(&SoftwareSha256, nonce, &covered);
    let verdict = csr::parse(&blob.first)
        .map_err(|error| csr_ending(&error))
        .and_then(|request| {
            attestation::appraise_key_token(&desk.context.profile, &board, &blob.second, &challenge)
                .map(|()| request)
                .map_err(|rejection| key_ending(rejection.code, rejection.detail))
        });
    match verdict {
        Ok(request) => {
            desk.actions.push(Action::LookUpKey { key: request.key });
            let (csr, token) = (blob.first, blob.second);
            Ok(KeyOutcome::Bound(Box::new(Bound {
                met,
                board,
                standing,
                request,
                csr,
                token,
            })))
        }
        Err(ending) => {
            let fact = Fact::KeyAppraised {
                uid: board.uid().clone(),
                code: ending.code,
                detail: ending.detail.clone(),
                key: None,
                csr: Base64Bytes(blob.first),
                token: Base64Bytes(blob.second),
            };
            desk.record(vec![fact], Durability::Durable);
            Ok(KeyOutcome::Refused(ending))
        }
    }
}

/// Token 2 that answers another transcript than ours binds another CSR: the key is foreign.
fn key_ending(code: VerdictCode, detail: String) -> Ending {
    match code {
        VerdictCode::AttNonce => Ending::new(
            VerdictCode::KeyForeign,
            format!("the root of trust does not vouch for this key: {detail}"),
        ),
        other => Ending::new(other, detail),
    }
}

fn csr_ending(error: &CsrError) -> Ending {
    Ending::new(error.code(), error.to_string())
}

impl Bound {
    /// Another board never had this key; record that it is bound.
    pub(super) fn unique(&self, desk: &mut Desk, holder: Option<Uid>) -> Result<(), Ending> {
        let foreign = holder.filter(|holder| holder != self.board.uid());
        let ending = foreign.map(|holder| {
            Ending::new(
                VerdictCode::KeyReused,
                format!("board {holder} has the same key"),
            )
        });
        let fact = Fact::KeyAppraised {
            uid: self.board.uid().clone(),
            code: ending
                .as_ref()
                .map_or(VerdictCode::Pass, |ending| ending.code),
            detail: ending
                .as_ref()
                .map(|ending| ending.detail.clone())
                .unwrap_or_default(),
            key: Some(self.request.key.into()),
            csr: Base64Bytes(self.csr.clone()),
            token: Base64Bytes(self.token.clone()),
        };
        desk.record(vec![fact], Durability::Durable);
        ending.map_or(Ok(()), Err)
    }
}
