//! The order of the steps: which answer leads from which state to which.

use super::answer::Answer;
use super::appraising::{self, Gate};
use super::awaiting::Awaiting;
use super::binding::{self, KeyOutcome};
use super::desk::{Desk, Ending};
use super::expectation::Interruption;
use super::greeting::Greeted;
use super::input::Input;
use super::installing::{self, NotInstalled};
use super::issuing::{self, Plan};
use super::returning::Returned;
use super::session::{farewell, taken_leave};
use firmware_proto::{Nonce, ProvisioningState};

use crate::ledger::standing::Durability;

type Next = Result<Awaiting, Interruption>;

impl From<Ending> for Interruption {
    fn from(ending: Ending) -> Self {
        Self::Ending(ending)
    }
}

/// An answer of HSM or ledger. One that nobody waits for changes nothing.
pub(super) fn answered(desk: &mut Desk, awaiting: Awaiting, input: Input) -> Next {
    match input {
        Input::Drawn(random) => drawn(desk, awaiting, random),
        Input::Signed(signature) => signed(desk, awaiting, &signature),
        Input::Recorded(recorded) => match awaiting {
            Awaiting::CertificateRecord(intent) => {
                let issued = intent.recorded(desk, recorded)?;
                Ok(Awaiting::GrantSignature(Box::new(installing::grant(
                    desk, issued,
                )?)))
            }
            other => self::recorded(desk, other),
        },
        Input::Board(standing) => match awaiting {
            Awaiting::Standing(appraised) => Ok(Awaiting::EvidenceRecord(Box::new(
                appraised.known(desk, *standing),
            ))),
            other => Ok(other),
        },
        Input::KeyHolder(holder) => match awaiting {
            Awaiting::KeyHolder(bound) => Ok(match bound.unique(desk, holder) {
                Ok(()) => Awaiting::KeyRecord(bound),
                Err(ending) => Awaiting::RefusalRecord(ending),
            }),
            other => Ok(other),
        },
        Input::Reserved(place) => match awaiting {
            Awaiting::Place(bound) => {
                let reservation = issuing::reserved(desk, place)?;
                Ok(Awaiting::CertificateSerial(bound, reservation))
            }
            other => Ok(other),
        },
        _ => Ok(awaiting),
    }
}

fn drawn(desk: &mut Desk, awaiting: Awaiting, random: [u8; 32]) -> Next {
    Ok(match awaiting {
        Awaiting::Board(greeting) => Awaiting::Board(greeting.drawn(desk, random)),
        Awaiting::AttestationNonce(met) => {
            let nonce = appraising::ask_evidence(desk, random);
            Awaiting::Evidence(met, nonce)
        }
        Awaiting::KeyNonce(measured) => {
            let nonce = binding::ask_key(desk, random);
            Awaiting::Key(measured, nonce)
        }
        Awaiting::CertificateSerial(bound, reservation) => {
            Awaiting::IntentRecord(Box::new(issuing::intend(desk, bound, reservation, random)?))
        }
        Awaiting::ProofNonce(installed) => {
            let nonce = installing::ask_proof(desk, random);
            Awaiting::Proof(installed, nonce)
        }
        Awaiting::ReceiptNonce(proven) => {
            proven.record(desk);
            Awaiting::CommitRecord(proven, Nonce::from_bytes(random))
        }
        Awaiting::ReturnedProofNonce(returned) => {
            let nonce = installing::ask_proof(desk, random);
            Awaiting::ReturnedProof(returned, nonce)
        }
        Awaiting::ReturnedReceiptNonce(returned) => {
            let nonce = Returned::ask_receipt(desk, random);
            Awaiting::ReturnedReceipt(returned, nonce)
        }
        other => other,
    })
}

fn signed(desk: &mut Desk, awaiting: Awaiting, signature: &[u8; 64]) -> Next {
    Ok(match awaiting {
        Awaiting::CertificateSignature(intent) => {
            Awaiting::CertificateRecord(Box::new(intent.signed(desk, signature)?))
        }
        Awaiting::GrantSignature(granting) => {
            Awaiting::GrantRecord(Box::new(granting.signed(desk, signature)?))
        }
        Awaiting::CommitSignature(proven) => {
            Awaiting::ReceiptNonce(Box::new(proven.signed(desk, signature)?))
        }
        other => other,
    })
}

fn recorded(desk: &mut Desk, awaiting: Awaiting) -> Next {
    Ok(match awaiting {
        Awaiting::SessionRecord(met) => {
            appraising::check_claims(desk, &met)?;
            if met.identity.state == ProvisioningState::Unprovisioned {
                appraising::check_validity(desk)?;
            }
            desk.draw();
            Awaiting::AttestationNonce(met)
        }
        Awaiting::EvidenceRecord(known) => match known.recorded(desk)? {
            Gate::Provision(attested) => {
                binding::ask_measurements(desk);
                Awaiting::Measurements(Box::new(attested))
            }
            Gate::Returned(attested) => {
                Awaiting::ReturnedProofNonce(Box::new(Returned::begin(desk, attested)?))
            }
        },
        Awaiting::MeasurementRecord(judged) => {
            let measured = judged.recorded(desk)?;
            desk.draw();
            Awaiting::KeyNonce(Box::new(measured))
        }
        Awaiting::KeyRecord(bound) => {
            desk.report(super::action::Step::KeyBound);
            match issuing::plan(desk, bound)? {
                Plan::Found(issued) => {
                    Awaiting::GrantSignature(Box::new(installing::grant(desk, issued)?))
                }
                Plan::Finish(intent) => Awaiting::CertificateSignature(Box::new(intent)),
                Plan::Reserve(bound) => Awaiting::Place(bound),
            }
        }
        Awaiting::RefusalRecord(ending) => return Err(ending.into()),
        Awaiting::IntentRecord(intent) => {
            intent.sign(desk);
            Awaiting::CertificateSignature(intent)
        }
        Awaiting::GrantRecord(granting) => Awaiting::Upload(Box::new(granting.upload(desk)?)),
        Awaiting::ProofRecord(proven) => Awaiting::CommitSignature(Box::new(proven.order(desk)?)),
        Awaiting::CommitRecord(proven, nonce) => {
            proven.send(desk, nonce);
            Awaiting::Receipt(proven, nonce)
        }
        Awaiting::VerdictRecord(verdict) if desk.displaced => Awaiting::Farewell(verdict),
        Awaiting::VerdictRecord(verdict) => farewell(desk, verdict),
        other => other,
    })
}

/// An answer of the device.
pub(super) fn wire_answered(desk: &mut Desk, awaiting: Awaiting, answer: Answer) -> Next {
    Ok(match awaiting {
        Awaiting::Board(greeting) => match greeting.answered(desk, answer)? {
            Greeted::Waiting(greeting) => Awaiting::Board(greeting),
            Greeted::Met(met) => {
                desk.record(
                    vec![appraising::session_opened(desk, &met)],
                    Durability::Durable,
                );
                Awaiting::SessionRecord(Box::new(met))
            }
            Greeted::Back(met) => {
                appraising::check_claims(desk, &met)?;
                desk.draw();
                Awaiting::AttestationNonce(Box::new(met))
            }
        },
        Awaiting::Evidence(met, nonce) => {
            let appraised = appraising::appraise(desk, *met, &nonce, answer)?;
            if appraised.is_authentic() {
                Awaiting::Standing(Box::new(appraised))
            } else {
                Awaiting::RefusalRecord(appraised.refused())
            }
        }
        Awaiting::Measurements(attested) => {
            Awaiting::MeasurementRecord(Box::new(binding::judge(desk, *attested, answer)?))
        }
        Awaiting::Key(measured, nonce) => {
            match binding::bind_key(desk, *measured, &nonce, answer)? {
                KeyOutcome::Bound(bound) => Awaiting::KeyHolder(bound),
                KeyOutcome::Refused(ending) => Awaiting::RefusalRecord(ending),
            }
        }
        Awaiting::Upload(granting) => Awaiting::Install(Box::new(granting.uploaded(desk, answer)?)),
        Awaiting::Install(granting) => match granting.installed(desk, answer) {
            Ok(installed) => Awaiting::ProofNonce(Box::new(installed)),
            Err(NotInstalled::Again(granting)) => {
                Awaiting::Upload(Box::new(granting.upload(desk)?))
            }
            Err(NotInstalled::Interrupted(interruption)) => return Err(interruption),
        },
        Awaiting::Proof(installed, nonce) => {
            Awaiting::ProofRecord(Box::new(installed.proven(desk, &nonce, answer)?))
        }
        Awaiting::Receipt(proven, nonce) => {
            proven.receipt(desk, &nonce, answer)?;
            passed(desk)?
        }
        Awaiting::ReturnedProof(returned, nonce) => {
            returned.proven(desk, &nonce, answer)?;
            Awaiting::ReturnedReceiptNonce(returned)
        }
        Awaiting::ReturnedReceipt(returned, nonce) => {
            if let Some(ending) = returned.receipt(desk, &nonce, answer)? {
                return Err(ending.into());
            }
            passed(desk)?
        }
        Awaiting::Farewell(verdict) => taken_leave(desk, verdict, &answer),
        other => other,
    })
}

fn passed(desk: &mut Desk) -> Result<Awaiting, Ending> {
    let missing = || {
        Ending::new(
            crate::verdict::VerdictCode::StationLedger,
            "the verdict of a passed board is missing",
        )
    };
    desk.passed
        .take()
        .map(|verdict| Awaiting::VerdictRecord(Box::new(verdict)))
        .ok_or_else(missing)
}
