//! What happened to a board, as the terminal says it: in words of the catalogue.

use crate::cli::board_event::{BoardEvent, CertificateStep, Did, Judged};
use crate::ledger::event::Fact;
use crate::tui::seconds;
use crate::verdict::VerdictCode;
use crate::words::Happening;

/// An event in words of the catalogue: what, its values, and technical text where there is more.
pub(super) fn of(fact: &Fact) -> (Happening, Vec<String>, String) {
    use Happening as H;
    let text = |value: &dyn std::fmt::Display| value.to_string();
    let nothing = String::new();
    match BoardEvent::of(fact) {
        BoardEvent::SessionOpened { lane, .. } => (H::SessionOpened, vec![text(lane)], nothing),
        BoardEvent::Evidence { judged, firmware } => {
            let values = vec![text(&judged.code), firmware];
            (H::EvidenceAppraised, values, why(judged))
        }
        BoardEvent::Measurements { code, all, .. } => {
            let bad = all.iter().filter(|one| one.code != VerdictCode::Pass);
            let bad: Vec<_> = bad.map(|one| one.name.as_str()).collect();
            let values = vec![all.len().to_string(), text(&code)];
            (H::MeasurementsJudged, values, bad.join(", "))
        }
        BoardEvent::Key(judged) => (H::KeyAppraised, vec![text(&judged.code)], why(judged)),
        BoardEvent::Verdict {
            judged,
            lane,
            took_ms,
            retries,
        } => {
            let code = text(&judged.code);
            let values = vec![code, text(lane), seconds(took_ms), text(&retries)];
            (H::VerdictReached, values, why(judged))
        }
        BoardEvent::ByPerson { did, who, reason } => {
            let happening = match did {
                Did::Scrapped => H::Scrapped,
                Did::Quarantined => H::Quarantined,
                Did::Released => H::Released,
            };
            (happening, vec![text(who), text(&reason)], nothing)
        }
        BoardEvent::AlarmAcknowledged {
            code,
            lane,
            who,
            reason,
        } => {
            let values = vec![text(&code), text(lane), text(who), text(&reason)];
            (H::AlarmAcknowledged, values, nothing)
        }
        BoardEvent::LaneHeld { code, lane } => {
            (H::LaneHeld, vec![text(&code), text(lane)], nothing)
        }
        BoardEvent::BatchHeld { code, rule } => {
            (H::BatchHeld, vec![text(&code), text(&rule)], nothing)
        }
        BoardEvent::LabelPrinted { printer, again } => match again {
            None => (H::LabelPrinted, vec![text(&printer)], nothing),
            Some((who, reason)) => {
                let values = vec![text(&printer), text(who), text(&reason)];
                (H::LabelPrintedAgain, values, nothing)
            }
        },
        BoardEvent::LabelFailed { printer, detail } => {
            (H::LabelFailed, vec![text(&printer)], text(&detail))
        }
        BoardEvent::Certificate { serial, step } => of_certificate(serial, &step),
        BoardEvent::Other(kind) => (H::Other, vec![text(&kind)], nothing),
    }
}

fn of_certificate(serial: String, step: &CertificateStep<'_>) -> (Happening, Vec<String>, String) {
    use CertificateStep as C;
    use Happening as H;
    let (happening, board, technical) = match step {
        C::Intended(board) => (H::CertificateIntended, Some(board), ""),
        C::Voided(reason) => (H::IntentVoided, None, *reason),
        C::Issued(board) => (H::CertificateIssued, Some(board), ""),
        C::GrantSigned => (H::GrantSigned, None, ""),
        C::ProofVerified => (H::ProofVerified, None, ""),
        C::CommitSigned => (H::CommitSigned, None, ""),
        C::Provisioned(board) => (H::Provisioned, Some(board), ""),
        C::Revoked(detail) => (H::CertificateRevoked, None, *detail),
    };
    let board = board.map(ToString::to_string);
    let values = std::iter::once(serial).chain(board).collect();
    (happening, values, technical.to_owned())
}

/// Why it is not good; what is good needs no reason.
fn why(judged: Judged<'_>) -> String {
    match judged.code {
        VerdictCode::Pass => String::new(),
        _ => judged.detail(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::leaf::Leaf;

    #[test]
    fn each_kind_of_event_with_its_values() {
        let leaves = include_str!("../../../../fixtures/ledger/leaves-v1.ndjson");
        let leaves = leaves.lines().map(|line| Leaf::decode(line.as_bytes()));
        let said = leaves.map(|leaf| format!("{:?}", of(&leaf.unwrap().fact)));
        let said: Vec<_> = said.collect();
        insta::assert_snapshot!(said.join("\n"));
    }
}
