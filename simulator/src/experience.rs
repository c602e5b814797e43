//! What a board has gone through, for the report.

use firmware_proto::Digest;

use crate::device_keys::{DeviceKey, sha256};
use crate::power::Step;
use crate::silicon::{State, first_der};

/// What happened to one board so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Experience {
    /// How often it started.
    pub boots: u32,
    /// How often its power failed.
    pub power_cuts: u32,
    /// Whole requests that arrived.
    pub requests: u32,
    /// Bytes that arrived.
    pub bytes_from_station: u64,
    /// Bytes that it wrote.
    pub bytes_to_station: u64,
    /// Whether the station ever learned who it claims to be.
    pub identified: bool,
    /// How often it was sent away with `Working`.
    pub working_answers: u32,
    /// How often it refused something.
    pub refusals: u32,
    /// How often it gave a receipt.
    pub receipts: u32,
    /// What the station last told it of its verdict.
    pub farewell: Option<bool>,
    /// The light on it.
    pub light: Option<bool>,
    /// The lifecycle in its fuses.
    pub lifecycle: u16,
    /// Whether it took an order to lock.
    pub locked: bool,
    /// How many identity keys it made.
    pub keys_made: u32,
    /// SHA-256 of the `SubjectPublicKeyInfo` of its identity key.
    pub identity_key: Option<Digest>,
    /// SHA-256 of the certificate in its slot.
    pub certificate: Option<Digest>,
    /// Serial number of that certificate, in lower-case hexadecimal.
    pub certificate_serial: Option<String>,
}

impl Experience {
    pub(crate) fn note_answer(&mut self, step: Step) {
        match step {
            Step::AnswerIdentity => self.identified = true,
            Step::AnswerWorking => self.working_answers += 1,
            Step::AnswerRefused => self.refusals += 1,
            Step::AnswerReceipt => self.receipts += 1,
            _ => {}
        }
    }

    pub(crate) fn read_hardware(&mut self, state: &State) {
        let memory = &state.nonvolatile;
        self.power_cuts = state.supply.cuts();
        self.light = state.light;
        self.lifecycle = memory.lifecycle.0;
        self.locked = memory.locked;
        self.keys_made = state.keys_made;
        self.identity_key = memory.identity_key.as_ref().map(DeviceKey::digest);
        if !memory.chain.is_empty() {
            let certificate = first_der(&memory.chain);
            self.certificate = Some(sha256(&[certificate]));
            self.certificate_serial = serial_of(certificate);
        }
    }
}

fn serial_of(certificate: &[u8]) -> Option<String> {
    use der::Decode;

    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let serial = certificate.tbs_certificate().serial_number();
    let bytes = serial.as_bytes();
    let magnitude = bytes.strip_prefix(&[0]).unwrap_or(bytes);
    // The station names serials by all 128 bits.
    let mut padded = vec![0; 16_usize.saturating_sub(magnitude.len())];
    padded.extend_from_slice(magnitude);
    Some(base16ct::lower::encode_string(&padded))
}
