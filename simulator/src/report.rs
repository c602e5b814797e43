//! What each board really was and went through: one JSON object a line, written when the board is
//! unplugged.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::experience::Experience;
use crate::fault::Fault;
use crate::wire_fault::WireTally;

/// Why a board was taken out of its fixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The station said farewell: there is a verdict.
    Farewell,
    /// The person at the fixture lost patience.
    Patience,
    /// The line was stopped.
    Stopped,
    /// No station ever opened a port of the line and said hello.
    NoStation,
}

/// One presentation of one board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportLine {
    /// The UID in the silicon.
    pub uid: String,
    /// The UID that it claims.
    pub claimed_uid: String,
    /// Its number on the line.
    pub device: u32,
    /// Where it was put in.
    pub lane: String,
    /// The seed of the line.
    pub seed: u64,
    /// Its defect's name in the catalogue; null for a good board.
    pub defect: Option<String>,
    /// The faults with their parameters.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Why it was taken out.
    pub ended: Ended,
    /// Whether a station said hello while it was in its fixture.
    pub met: bool,
    /// From plug to unplug.
    pub ms: u64,
    /// What the station's last farewell said of it.
    pub told_passed: Option<bool>,
    /// Whether it ever said who it is.
    pub identified: bool,
    /// How often it started.
    pub boots: u32,
    /// How often its power failed.
    pub power_cuts: u32,
    /// Whole requests that arrived.
    pub requests: u32,
    /// How often it asked for patience.
    pub working_answers: u32,
    /// How often it refused something.
    pub refusals: u32,
    /// How often it gave a receipt.
    pub receipts: u32,
    /// How many identity keys it made.
    pub keys_made: u32,
    /// The lifecycle in its fuses.
    pub lifecycle: String,
    /// Whether it took an order to lock.
    pub locked: bool,
    /// SHA-256 of the `SubjectPublicKeyInfo` of its identity key.
    pub identity_key: Option<String>,
    /// SHA-256 of the certificate in its slot.
    pub certificate: Option<String>,
    /// Serial number of that certificate.
    pub certificate_serial: Option<String>,
    /// Bytes that arrived at the board.
    pub bytes_from_station: u64,
    /// Bytes that the board wrote.
    pub bytes_to_station: u64,
    /// Faults of the wire, to the device and to the station.
    pub wire_faults: (WireTally, WireTally),
}

/// Where and how a board was presented.
#[derive(Clone, Debug, PartialEq)]
pub struct Presentation {
    /// The UID in the silicon.
    pub uid: String,
    /// The UID that it claims.
    pub claimed_uid: String,
    /// Its number on the line.
    pub device: u32,
    /// Where.
    pub lane: String,
    /// The seed of the line.
    pub seed: u64,
    /// Its defect's name and faults.
    pub defect: Option<(String, Vec<Fault>)>,
    /// Why it was taken out.
    pub ended: Ended,
    /// Whether a station said hello to it.
    pub met: bool,
    /// From plug to unplug.
    pub ms: u64,
    /// Faults of the wire.
    pub wire_faults: (WireTally, WireTally),
}

impl ReportLine {
    /// Puts together what the line knows and what the board went through.
    #[must_use]
    pub fn new(presentation: Presentation, experience: &Experience) -> Self {
        let (defect, faults) = presentation.defect.unzip();
        Self {
            uid: presentation.uid,
            claimed_uid: presentation.claimed_uid,
            device: presentation.device,
            lane: presentation.lane,
            seed: presentation.seed,
            defect,
            faults: faults.unwrap_or_default(),
            ended: presentation.ended,
            met: presentation.met,
            ms: presentation.ms,
            told_passed: experience.farewell,
            identified: experience.identified,
            boots: experience.boots,
            power_cuts: experience.power_cuts,
            requests: experience.requests,
            working_answers: experience.working_answers,
            refusals: experience.refusals,
            receipts: experience.receipts,
            keys_made: experience.keys_made,
            lifecycle: format!("0x{:04x}", experience.lifecycle),
            locked: experience.locked,
            identity_key: experience.identity_key.map(|digest| digest.to_string()),
            certificate: experience.certificate.map(|digest| digest.to_string()),
            certificate_serial: experience.certificate_serial.clone(),
            bytes_from_station: experience.bytes_from_station,
            bytes_to_station: experience.bytes_to_station,
            wire_faults: presentation.wire_faults,
        }
    }

    /// Writes the line and flushes it, so that it is there whatever comes next.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let text = serde_json::to_string(self)?;
        writeln!(out, "{text}")?;
        out.flush()
    }
}
