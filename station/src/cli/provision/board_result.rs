//! One board's verdict as people and programs read it.

use serde::Serialize;

use crate::clock::UtcMillis;
use crate::names::{BatchId, LaneName};
use crate::provisioning::Verdict;
use crate::verdict::{Outcome, VerdictCode};

/// One line of `--json` and of the results file. Keys are only ever added.
#[derive(Debug, Serialize)]
pub(super) struct BoardResult {
    /// The proven UID, else the claimed one; null where the board never told any.
    pub(super) uid: Option<String>,
    /// Whether the UID is proven by the attestation key's certificate.
    uid_proven: bool,
    serial: Option<String>,
    lane: LaneName,
    pub(super) verdict: Outcome,
    code: VerdictCode,
    detail: String,
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
}

impl BoardResult {
    pub(super) fn new(batch: &BatchId, lane: &LaneName, verdict: &Verdict, at: UtcMillis) -> Self {
        let uid = verdict.uid.as_ref().or(verdict.claimed_uid.as_ref());
        let wire = &verdict.wire;
        Self {
            uid: uid.map(ToString::to_string),
            uid_proven: verdict.uid.is_some(),
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
        }
    }

    /// One line for people.
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
            return format!("{head} {serial}  {ms} ms");
        }
        format!("{head} {code}: {}; {}", self.detail, self.action)
    }
}
