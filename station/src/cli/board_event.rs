//! What happened to a board, out of what the ledger records: which facts make its history, and with what values. The
//! command line tells it in English (`device_history`), the screen in the operator's language (`run::happenings`).

use crate::cli::short_digests::short_digests;
use crate::ledger::event::{Fact, MeasurementRecord, RandomSourceRecord};
use crate::names::{DeviceSerial, LaneName, OperatorId};
use crate::verdict::VerdictCode;

/// One event of a board's history.
pub(super) enum BoardEvent<'a> {
    /// A session was opened.
    SessionOpened {
        lane: &'a LaneName,
        /// What the board says that it is.
        claimed: String,
    },
    /// Its evidence was appraised.
    Evidence {
        judged: Judged<'a>,
        /// Components with their versions.
        firmware: String,
    },
    /// Its measurements were judged.
    Measurements {
        code: VerdictCode,
        all: &'a [MeasurementRecord],
        random_source: Option<&'a RandomSourceRecord>,
    },
    /// Its key was appraised.
    Key(Judged<'a>),
    /// A session is over.
    Verdict {
        judged: Judged<'a>,
        lane: &'a LaneName,
        took_ms: u64,
        retries: u32,
    },
    /// Somebody did something about it.
    ByPerson {
        did: Did,
        who: &'a OperatorId,
        reason: &'a str,
    },
    /// Somebody has looked at the alarm that it was.
    AlarmAcknowledged {
        code: VerdictCode,
        lane: &'a LaneName,
        who: &'a OperatorId,
        reason: &'a str,
    },
    /// It had its lane held.
    LaneHeld {
        code: VerdictCode,
        lane: &'a LaneName,
    },
    /// It had its batch held.
    BatchHeld { code: VerdictCode, rule: &'a str },
    /// Its label was printed.
    LabelPrinted {
        printer: &'a str,
        /// Who had it printed again, and why.
        again: Option<(&'a OperatorId, &'a str)>,
    },
    /// Its label was not printed.
    LabelFailed { printer: &'a str, detail: &'a str },
    /// Something happened to its certificate.
    Certificate {
        /// The certificate's serial number.
        serial: String,
        step: CertificateStep<'a>,
    },
    /// Anything else, by the ledger's name for it.
    Other(&'static str),
}

/// A code, and the record's line on it.
#[derive(Clone, Copy)]
pub(super) struct Judged<'a> {
    pub(super) code: VerdictCode,
    detail: &'a str,
}

impl Judged<'_> {
    /// The record's line, with digests that a person can read.
    pub(super) fn detail(self) -> String {
        short_digests(self.detail)
    }
}

/// What somebody did about a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    Scrapped,
    Quarantined,
    Released,
}

/// What happened to a certificate.
pub(super) enum CertificateStep<'a> {
    Intended(&'a DeviceSerial),
    /// It will not be made, and why.
    Voided(&'a str),
    Issued(&'a DeviceSerial),
    GrantSigned,
    ProofVerified,
    CommitSigned,
    Provisioned(&'a DeviceSerial),
    /// And why.
    Revoked(&'a str),
}

impl<'a> BoardEvent<'a> {
    /// What the fact means for a board.
    pub(super) fn of(fact: &'a Fact) -> Self {
        match fact {
            Fact::SessionOpened {
                lane, claimed_uid, ..
            } => Self::SessionOpened {
                lane,
                claimed: claimed_uid.to_string(),
            },
            Fact::EvidenceAppraised {
                code,
                detail,
                components,
                ..
            } => {
                let named = |one: &_| component(one);
                let firmware: Vec<_> = components.iter().map(named).collect();
                Self::Evidence {
                    judged: judged(*code, detail),
                    firmware: firmware.join(", "),
                }
            }
            Fact::MeasurementsJudged {
                code,
                measurements,
                random_source,
                ..
            } => Self::Measurements {
                code: *code,
                all: measurements,
                random_source: random_source.as_ref(),
            },
            Fact::KeyAppraised { code, detail, .. } => Self::Key(judged(*code, detail)),
            Fact::VerdictReached {
                lane,
                code,
                detail,
                duration_ms,
                retries,
                ..
            } => Self::Verdict {
                judged: judged(*code, detail),
                lane,
                took_ms: *duration_ms,
                retries: *retries,
            },
            Fact::HoldPlaced { lane, code, .. } => Self::LaneHeld { code: *code, lane },
            Fact::BatchHoldPlaced { rule, code, .. } => Self::BatchHeld {
                code: *code,
                rule: &rule.name,
            },
            other => of_people(other)
                .or_else(|| of_label(other))
                .or_else(|| of_certificate(other))
                .unwrap_or_else(|| Self::Other(other.kind())),
        }
    }
}

const fn judged(code: VerdictCode, detail: &str) -> Judged<'_> {
    Judged { code, detail }
}

fn component(one: &crate::ledger::event::ComponentRecord) -> String {
    format!("{} {}", one.component, one.version)
}

fn of_people(fact: &Fact) -> Option<BoardEvent<'_>> {
    let (did, actor, reason) = match fact {
        Fact::BoardScrapped(record) => (Did::Scrapped, &record.actor, &record.reason),
        Fact::BoardQuarantined(record) => (Did::Quarantined, &record.actor, &record.reason),
        Fact::BoardReleased(record) => (Did::Released, &record.actor, &record.reason),
        Fact::AlarmAcknowledged(alarm) => {
            return Some(BoardEvent::AlarmAcknowledged {
                code: alarm.code,
                lane: &alarm.lane,
                who: &alarm.actor.operator,
                reason: &alarm.reason,
            });
        }
        _ => return None,
    };
    let who = &actor.operator;
    Some(BoardEvent::ByPerson { did, who, reason })
}

fn of_label(fact: &Fact) -> Option<BoardEvent<'_>> {
    Some(match fact {
        Fact::LabelPrinted(label) => {
            let by_hand = label.reprint.as_ref();
            BoardEvent::LabelPrinted {
                printer: &label.printer,
                again: by_hand.map(|by| (&by.actor.operator, by.reason.as_str())),
            }
        }
        Fact::LabelFailed(label) => BoardEvent::LabelFailed {
            printer: &label.printer,
            detail: &label.detail,
        },
        _ => return None,
    })
}

fn of_certificate(fact: &Fact) -> Option<BoardEvent<'_>> {
    use CertificateStep as C;
    let (serial, step) = match fact {
        Fact::CertificateIntended {
            certificate_serial,
            device_serial,
            ..
        } => (certificate_serial, C::Intended(device_serial)),
        Fact::IntentVoided {
            certificate_serial,
            reason,
            ..
        } => (certificate_serial, C::Voided(reason)),
        Fact::CertificateIssued {
            certificate_serial,
            device_serial,
            ..
        } => (certificate_serial, C::Issued(device_serial)),
        Fact::GrantSigned {
            certificate_serial, ..
        } => (certificate_serial, C::GrantSigned),
        Fact::ProofVerified {
            certificate_serial, ..
        } => (certificate_serial, C::ProofVerified),
        Fact::CommitSigned {
            certificate_serial, ..
        } => (certificate_serial, C::CommitSigned),
        Fact::Provisioned {
            certificate_serial,
            device_serial,
            ..
        } => (certificate_serial, C::Provisioned(device_serial)),
        Fact::CertificateRevoked {
            certificate_serial,
            detail,
            ..
        } => (certificate_serial, C::Revoked(detail)),
        _ => return None,
    };
    let serial = serial.to_string();
    Some(BoardEvent::Certificate { serial, step })
}
