//! What happened to a board, as the terminal says it: from the ledger's events.

use crate::cli::short_digests::short_digests;
use crate::ledger::event::Fact;
use crate::tui::seconds;
use crate::verdict::VerdictCode;
use crate::words::Happening;

/// An event in words of the catalogue: what, its values, and technical text where there is more.
pub(super) fn of(fact: &Fact) -> (Happening, Vec<String>, String) {
    use Happening as H;
    let text = |value: &dyn std::fmt::Display| value.to_string();
    let nothing = String::new();
    match fact {
        Fact::SessionOpened { lane, .. } => (H::SessionOpened, vec![text(lane)], nothing),
        Fact::EvidenceAppraised {
            code,
            detail,
            components,
            ..
        } => {
            let firmware = components
                .iter()
                .map(|one| format!("{} {}", one.component, one.version));
            let firmware = firmware.collect::<Vec<_>>().join(", ");
            let values = vec![text(code), firmware];
            (H::EvidenceAppraised, values, why(*code, detail))
        }
        Fact::MeasurementsJudged {
            code, measurements, ..
        } => {
            let bad = measurements
                .iter()
                .filter(|one| one.code != VerdictCode::Pass);
            let bad: Vec<_> = bad.map(|one| one.name.as_str()).collect();
            let values = vec![measurements.len().to_string(), text(code)];
            (H::MeasurementsJudged, values, bad.join(", "))
        }
        Fact::KeyAppraised { code, detail, .. } => {
            (H::KeyAppraised, vec![text(code)], why(*code, detail))
        }
        Fact::VerdictReached {
            lane,
            code,
            detail,
            duration_ms,
            retries,
            ..
        } => {
            let values = vec![text(code), text(lane), seconds(*duration_ms), text(retries)];
            (H::VerdictReached, values, why(*code, detail))
        }
        Fact::BoardScrapped(record) => {
            let values = vec![text(&record.actor.operator), record.reason.clone()];
            (H::Scrapped, values, nothing)
        }
        Fact::BoardQuarantined(record) => {
            let values = vec![text(&record.actor.operator), record.reason.clone()];
            (H::Quarantined, values, nothing)
        }
        Fact::BoardReleased(record) => {
            let values = vec![text(&record.actor.operator), record.reason.clone()];
            (H::Released, values, nothing)
        }
        Fact::AlarmAcknowledged(alarm) => {
            let who = text(&alarm.actor.operator);
            let values = vec![
                text(&alarm.code),
                text(&alarm.lane),
                who,
                alarm.reason.clone(),
            ];
            (H::AlarmAcknowledged, values, nothing)
        }
        Fact::HoldPlaced { lane, code, .. } => (H::LaneHeld, vec![text(code), text(lane)], nothing),
        Fact::BatchHoldPlaced { rule, code, .. } => {
            (H::BatchHeld, vec![text(code), rule.name.clone()], nothing)
        }
        other => of_labels_and_certificates(other),
    }
}

fn of_labels_and_certificates(fact: &Fact) -> (Happening, Vec<String>, String) {
    use Happening as H;
    let text = |value: &dyn std::fmt::Display| value.to_string();
    let mut technical = String::new();
    let (happening, values) = match fact {
        Fact::LabelPrinted(label) => match &label.reprint {
            None => (H::LabelPrinted, vec![label.printer.clone()]),
            Some(by) => {
                let who = text(&by.actor.operator);
                let values = vec![label.printer.clone(), who, by.reason.clone()];
                (H::LabelPrintedAgain, values)
            }
        },
        Fact::LabelFailed(label) => {
            technical.clone_from(&label.detail);
            (H::LabelFailed, vec![label.printer.clone()])
        }
        Fact::CertificateIntended {
            certificate_serial,
            device_serial,
            ..
        } => {
            let values = vec![text(certificate_serial), text(device_serial)];
            (H::CertificateIntended, values)
        }
        Fact::IntentVoided {
            certificate_serial,
            reason,
            ..
        } => {
            technical.clone_from(reason);
            (H::IntentVoided, vec![text(certificate_serial)])
        }
        Fact::CertificateIssued {
            certificate_serial,
            device_serial,
            ..
        } => {
            let values = vec![text(certificate_serial), text(device_serial)];
            (H::CertificateIssued, values)
        }
        Fact::GrantSigned {
            certificate_serial, ..
        } => (H::GrantSigned, vec![text(certificate_serial)]),
        Fact::ProofVerified {
            certificate_serial, ..
        } => (H::ProofVerified, vec![text(certificate_serial)]),
        Fact::CommitSigned {
            certificate_serial, ..
        } => (H::CommitSigned, vec![text(certificate_serial)]),
        Fact::Provisioned {
            certificate_serial,
            device_serial,
            ..
        } => {
            let values = vec![text(certificate_serial), text(device_serial)];
            (H::Provisioned, values)
        }
        Fact::CertificateRevoked {
            certificate_serial,
            detail,
            ..
        } => {
            technical.clone_from(detail);
            (H::CertificateRevoked, vec![text(certificate_serial)])
        }
        other => (H::Other, vec![other.kind().to_owned()]),
    };
    (happening, values, technical)
}

/// Why it is not good; what is good needs no reason.
fn why(code: VerdictCode, detail: &str) -> String {
    match code {
        VerdictCode::Pass => String::new(),
        _ => short_digests(detail),
    }
}
