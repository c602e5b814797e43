//! One board's verdict as people and programs read it.

use serde::Serialize;

use crate::cli::short_digests::short_digests;
use crate::clock::UtcMillis;
use crate::names::{BatchId, LaneName};
use crate::provisioning::Verdict;
use crate::verdict::{Outcome, VerdictCode};

/// One line of `--json` and of the results file. Keys are only ever added.
#[derive(Debug, Serialize)]
pub(super) struct BoardResult {
    /// The proven UID, else the claimed one; null where the board never told any.
    pub(super) uid: Option<String>,
    /// Whether the UID is proven: by evidence that verified, under the attestation key's certificate.
    uid_proven: bool,
    serial: Option<String>,
    pub(super) lane: LaneName,
    pub(super) verdict: Outcome,
    pub(super) code: VerdictCode,
    pub(super) detail: String,
    milliseconds: u64,
    /// What the operator does next.
    action: &'static str,
    certificate_serial: Option<String>,
    batch: BatchId,
    time: String,
    retries: u32,
    sent_bytes: u64,
    received_bytes: u64,
    noise_bytes: u64,
    round_trips: u32,
    /// Measurements that passed close to a limit, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    marginal: Vec<String>,
}

/// Whose verdict a line is. What comes to the line under a UID that is not its own never takes the place
/// of the board that it claims to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    uid: String,
    whose: Whose,
}

/// Who stands behind a UID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    /// The board of that UID.
    Board,
    /// Somebody who claimed it and was found out, or a second board that proved it.
    Impostor,
    /// Somebody who claimed it and was gone before any evidence was judged.
    Unknown,
}

impl Subject {
    pub(super) fn new(uid: String, proven: bool, code: VerdictCode) -> Self {
        let whose = if code == VerdictCode::UidReused || !code.proves_uid() {
            Whose::Impostor
        } else if proven {
            Whose::Board
        } else {
            Whose::Unknown
        };
        Self { uid, whose }
    }

    /// Whose earlier lines this one makes obsolete: its own, and, once the board has proven itself, those of
    /// attempts that came to nothing.
    pub(super) fn obsolete(&self) -> impl Iterator<Item = Self> {
        let attempts = (self.whose == Whose::Board).then_some(Whose::Unknown);
        let whose = std::iter::once(self.whose).chain(attempts);
        whose.map(|whose| Self {
            uid: self.uid.clone(),
            whose,
        })
    }
}

impl BoardResult {
    pub(super) fn new(batch: &BatchId, lane: &LaneName, verdict: &Verdict, at: UtcMillis) -> Self {
        let uid = verdict.uid.as_ref().or(verdict.claimed_uid.as_ref());
        let wire = &verdict.wire;
        Self {
            uid: uid.map(ToString::to_string),
            uid_proven: verdict.uid.is_some() && verdict.code.proves_uid(),
            serial: verdict.device_serial.as_ref().map(ToString::to_string),
            lane: lane.clone(),
            verdict: verdict.code.outcome(),
            code: verdict.code,
            detail: verdict.detail.clone(),
            milliseconds: verdict.duration_ms,
            action: verdict.code.entry().action,
            certificate_serial: verdict.certificate_serial.map(|serial| serial.to_string()),
            batch: batch.clone(),
            time: at.to_string(),
            retries: verdict.retries,
            sent_bytes: wire.sent_bytes,
            received_bytes: wire.received_bytes,
            noise_bytes: wire.noise_bytes,
            round_trips: wire.round_trips,
            marginal: verdict.marginal.clone(),
        }
    }

    /// Whose verdict this is.
    pub(super) fn subject(&self) -> Option<Subject> {
        let uid = self.uid.clone()?;
        Some(Subject::new(uid, self.uid_proven, self.code))
    }

    /// For people: one line, and where the board did not pass, what is wrong and what to do below it.
    pub(super) fn text(&self) -> String {
        let outcome = match self.verdict {
            Outcome::Pass => "PASS",
            Outcome::Fail => "FAIL",
            Outcome::Error => "ERROR",
        };
        let uid = self.uid.as_deref().unwrap_or("board without a UID");
        let (lane, code, ms) = (&self.lane, self.code, self.milliseconds);
        let lane = lane.as_str();
        let head = format!("{lane:<8} {outcome:<5} {uid:<24}");
        let serial = self.serial.as_deref().unwrap_or("-");
        if code == VerdictCode::Pass {
            let close = self.marginal.iter().map(|said| format!("\n note: {said}"));
            return format!("{head} {serial}  {ms} ms{}", close.collect::<String>());
        }
        let why = match self.detail.as_str() {
            "" => String::new(),
            detail => format!("\n  why: {}", short_digests(detail)),
        };
        format!("{head} {code}{why}\n   do: {}", self.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::action::WireCount;

    fn text(code: VerdictCode, detail: &str) -> String {
        let verdict = Verdict {
            code,
            detail: detail.to_owned(),
            uid: None,
            claimed_uid: Some(firmware_proto::Uid::from_bytes(&[7; 8]).unwrap()),
            device_serial: None,
            certificate_serial: None,
            duration_ms: 5,
            retries: 0,
            marginal: Vec::new(),
            wire: WireCount::default(),
            last_board: None,
        };
        let batch = BatchId::parse("B1").unwrap();
        let lane = LaneName::parse("left").unwrap();
        BoardResult::new(&batch, &lane, &verdict, UtcMillis(0)).text()
    }

    #[test]
    fn code_fault_and_action_stand_apart() {
        let said = text(VerdictCode::HwLimit, "i_sleep: got 0.000041 A");
        let (head, rest) = said.split_once('\n').unwrap();
        assert!(
            head.starts_with("left") && head.ends_with(" HW-LIMIT"),
            "{head}"
        );
        let action = VerdictCode::HwLimit.entry().action;
        assert_eq!(
            rest,
            format!("  why: i_sleep: got 0.000041 A\n   do: {action}")
        );
    }

    #[test]
    fn digests_are_short_and_nothing_is_said_twice() {
        let digest = "0123456789abcdef".repeat(4);
        let said = text(
            VerdictCode::KeyForeign,
            &format!("the token answers {digest}"),
        );
        assert!(
            said.contains("the token answers 0123456789abcdef…\n"),
            "{said}"
        );
        let said = text(VerdictCode::Aborted, "the work was stopped");
        let stopped = said.to_lowercase().matches("the work was stopped").count();
        assert_eq!(stopped, 1, "{said}");
    }
}
