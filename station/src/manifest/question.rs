//! Questions that an auditor asks of several manifests at once, and what they answer.
//!
//! Pure: whoever asks reads the files, verifies them, and hands over one row after the other. Only what was
//! found is kept, so memory grows with the answer and not with what was read.
//!
//! Which word counts:
//! 1. Of two manifests of one batch of one ledger, the one that was signed later; but never one that was not
//!    verified instead of one that was.
//! 2. Of two words about one certificate, in whatever batches, that of the manifest that was signed later.

use std::collections::BTreeMap;

use firmware_proto::{ProductCode, Uid};
use serde::Serialize;

use super::statement::{BoardRow, CertificateRow, CertificateStatus, Predicate, Timestamp};
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::ledger::event::RevocationReason;
use crate::names::{
    BatchId, CertificateSerial, DeviceSerial, LaneName, OperatorId, StationName, WorkOrderId,
};
use crate::verdict::{Outcome, VerdictCode};

/// What is asked. A device answers where everything that is given fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The device's serial.
    pub serial: Option<DeviceSerial>,
    /// Its UID.
    pub uid: Option<Uid>,
    /// One of its certificates.
    pub certificate: Option<CertificateName>,
    /// What it runs, as attested.
    pub firmware: Option<FirmwareName>,
    /// Finished at that time or later; one that was interrupted counts by its beginning.
    pub from: Option<UtcMillis>,
    /// Finished before that time.
    pub before: Option<UtcMillis>,
    /// Somebody who had it in their hands.
    pub operator: Option<OperatorId>,
    /// Good, not good, not judged.
    pub verdict: Option<Outcome>,
    /// The code that counts.
    pub code: Option<VerdictCode>,
    /// The batch.
    pub batch: Option<BatchId>,
    /// Only devices with a live certificate of the batch, and of their certificates only these.
    pub live: bool,
}

/// What a certificate is asked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateName {
    /// Its serial number.
    Serial(CertificateSerial),
    /// SHA-256 of its DER.
    Digest(Hex),
}

/// Which firmware is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmwareName {
    /// The component; none for any.
    pub component: Option<String>,
    /// The version.
    pub version: String,
}

/// The manifest that an answer comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The batch.
    pub batch: BatchId,
    /// Its work order.
    pub work_order: WorkOrderId,
    /// The product.
    pub product: ProductCode,
    /// The station.
    pub station: StationName,
    /// Whether its keys prove nothing to a customer.
    pub development: bool,
    /// When the manifest was signed: what it says of certificates is as of then.
    pub signed_at: Timestamp,
    /// The file.
    pub file: String,
    /// Whether it was verified.
    pub verified: bool,
    /// Which ledger it is of.
    #[serde(skip)]
    pub ledger_key: String,
}

/// A device that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Its serial.
    pub serial: Option<DeviceSerial>,
    /// Its UID.
    pub uid: Uid,
    /// Whether the UID was proven.
    pub uid_proven: bool,
    /// Good, not good, not judged.
    pub verdict: Outcome,
    /// The code that counts.
    pub code: Option<VerdictCode>,
    /// Its certificates.
    pub certificates: Vec<FoundCertificate>,
    /// What it runs, as attested.
    pub firmware: Vec<FoundFirmware>,
    /// The lane of the session that counts.
    pub lane: LaneName,
    /// Who worked there.
    pub operator: Option<OperatorId>,
    /// When that session began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

/// A certificate of such a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundCertificate {
    /// Its serial number.
    pub serial: CertificateSerial,
    /// SHA-256 of its DER.
    pub sha256: Hex,
    /// The batch that it counts in, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned_in: Option<BatchId>,
    /// Live or revoked.
    pub status: CertificateStatus,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// Why.
    pub reason: Option<RevocationReason>,
}

/// A component of such a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundFirmware {
    /// The component.
    pub component: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its image.
    pub measurement: Hex,
}

/// What was found in one manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The manifest.
    pub source: Source,
    /// The devices, in its order.
    pub devices: Vec<Found>,
}

/// What counts of several manifests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// In the order in which they were handed over.
    pub answers: Vec<Answers>,
    /// Manifests that do not count, each with the file that counts instead.
    pub superseded: Vec<(Source, String)>,
}

impl Source {
    /// Of a manifest in that file.
    #[must_use]
    pub fn of(predicate: &Predicate, file: String, verified: bool) -> Self {
        Self {
            batch: predicate.batch.clone(),
            work_order: predicate.work_order.clone(),
            product: predicate.product.clone(),
            station: predicate.station.clone(),
            development: predicate.development,
            signed_at: predicate.signed_at,
            file,
            verified,
            ledger_key: predicate.ledger.vkey.clone(),
        }
    }
}

impl Question {
    /// The device, where it answers. Its batch is asked for by [`Question::settle`], and so is whether its
    /// certificates are live, since another manifest may know better.
    #[must_use]
    pub fn answer(&self, row: &BoardRow) -> Option<Found> {
        let fits = self
            .serial
            .as_ref()
            .is_none_or(|one| row.serial.as_ref() == Some(one))
            && self.uid.as_ref().is_none_or(|one| row.uid == *one)
            && self.verdict.is_none_or(|one| row.verdict == one)
            && self.code.is_none_or(|one| row.code == Some(one))
            && self.operator.as_ref().is_none_or(|one| worked_on(row, one))
            && self.firmware.as_ref().is_none_or(|one| one.is_on(row))
            && self.is_in_time(row.finished.unwrap_or(row.started).0)
            && !(self.live && row.certificates.is_empty());
        let named =
            |row: &CertificateRow| self.certificate.as_ref().is_none_or(|one| one.is_of(row));
        let certified = self.certificate.is_none() || row.certificates.iter().any(named);
        (fits && certified).then(|| Found::of(row))
    }

    fn is_in_time(&self, at: UtcMillis) -> bool {
        self.from.is_none_or(|from| at >= from) && self.before.is_none_or(|before| at < before)
    }

    /// What counts of all that was found.
    #[must_use]
    pub fn settle(&self, found: Vec<Answers>) -> Settled {
        let asked = |one: &Answers| {
            let batch = &one.source.batch;
            self.batch.as_ref().is_none_or(|asked| asked == batch)
        };
        let mut settled = Settled::default();
        let mut latest: BTreeMap<(String, BatchId), usize> = BTreeMap::new();
        let mut kept: Vec<Option<Answers>> = Vec::new();
        for answers in found.into_iter().filter(asked) {
            let source = &answers.source;
            let key = (source.ledger_key.clone(), source.batch.clone());
            let at = kept.len();
            let rank = |source: &Source| (source.verified, source.signed_at);
            let before = latest.get(&key).copied();
            let rival = before.and_then(|before| kept.get_mut(before));
            match rival {
                Some(Some(rival)) if rank(&rival.source) >= rank(source) => {
                    let counts = rival.source.file.clone();
                    settled.superseded.push((answers.source, counts));
                    continue;
                }
                Some(rival) => {
                    let old = rival.take().map(|old| (old.source, source.file.clone()));
                    settled.superseded.extend(old);
                }
                None => {}
            }
            latest.insert(key, at);
            kept.push(Some(answers));
        }
        settled.answers = kept.into_iter().flatten().collect();
        last_words(&mut settled.answers);
        if self.live {
            for answers in &mut settled.answers {
                for device in &mut answers.devices {
                    let live = |one: &FoundCertificate| {
                        one.status == CertificateStatus::Live && one.provisioned_in.is_none()
                    };
                    device.certificates.retain(live);
                }
                answers
                    .devices
                    .retain(|device| !device.certificates.is_empty());
            }
        }
        settled
    }
}

/// Gives each certificate the status that the latest manifest knows.
fn last_words(all: &mut [Answers]) {
    let mut words: BTreeMap<CertificateSerial, (Timestamp, FoundCertificate)> = BTreeMap::new();
    for answers in all.iter() {
        let at = answers.source.signed_at;
        for one in answers
            .devices
            .iter()
            .flat_map(|device| &device.certificates)
        {
            let word = words.entry(one.serial).or_insert_with(|| (at, one.clone()));
            if word.0 < at {
                *word = (at, one.clone());
            }
        }
    }
    let devices = all.iter_mut().flat_map(|answers| &mut answers.devices);
    for one in devices.flat_map(|device| &mut device.certificates) {
        // A serial number is one certificate's only where the digest agrees.
        if let Some((_, word)) = words.get(&one.serial)
            && word.sha256 == one.sha256
        {
            one.status = word.status;
            one.revoked = word.revoked;
            one.reason = word.reason;
        }
    }
}

fn worked_on(row: &BoardRow, operator: &OperatorId) -> bool {
    let sessions = row.sessions.iter().map(|session| &session.operator);
    sessions
        .chain([&row.operator])
        .flatten()
        .any(|one| one == operator)
}

impl CertificateName {
    fn is_of(&self, row: &CertificateRow) -> bool {
        match self {
            Self::Serial(serial) => row.serial == *serial,
            Self::Digest(digest) => row.sha256 == *digest,
        }
    }
}

impl FirmwareName {
    /// Reads `VERSION` or `COMPONENT=VERSION`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (component, version) = match text.split_once('=') {
            Some((component, version)) => (Some(component.to_owned()), version),
            None => (None, text),
        };
        let empty = version.is_empty() || component.as_deref() == Some("");
        (!empty).then(|| Self {
            component,
            version: version.to_owned(),
        })
    }

    fn is_on(&self, row: &BoardRow) -> bool {
        row.firmware.iter().any(|one| {
            one.version == self.version
                && self
                    .component
                    .as_ref()
                    .is_none_or(|name| one.component == *name)
        })
    }
}

impl Found {
    fn of(row: &BoardRow) -> Self {
        let certificate = |one: &CertificateRow| FoundCertificate {
            serial: one.serial,
            sha256: one.sha256.clone(),
            provisioned_in: one.provisioned_in.clone(),
            status: one.status,
            revoked: one.revoked,
            reason: one.reason,
        };
        let firmware = row.firmware.iter().map(|one| FoundFirmware {
            component: one.component.clone(),
            version: one.version.clone(),
            measurement: one.measurement.clone(),
        });
        Self {
            serial: row.serial.clone(),
            uid: row.uid.clone(),
            uid_proven: row.uid_proven,
            verdict: row.verdict,
            code: row.code,
            certificates: row.certificates.iter().map(certificate).collect(),
            firmware: firmware.collect(),
            lane: row.lane.clone(),
            operator: row.operator.clone(),
            started: row.started,
            finished: row.finished,
        }
    }
}
