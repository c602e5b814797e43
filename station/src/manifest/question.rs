//! Questions that an auditor asks of several manifests at once, and what they answer.
//!
//! Pure: whoever asks reads the files, verifies them, and hands over one row after the other. Only what was
//! found is kept, so memory grows with the answer and not with what was read.
//!
//! What a manifest says of a board is asked here; which word counts where several manifests have one is
//! decided in [`settling`](super::settling).

use firmware_proto::{Digest, ProductCode, Uid};
use serde::Serialize;

use super::statement::{BoardRow, CertificateRow, CertificateStatus, Predicate, Timestamp};
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::ledger::checkpoint::{Checkpoint, VerifierKey};
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
    /// The version, or SHA-256 of the image in hexadecimal.
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
    /// When the manifest was signed, as it says.
    pub signed_at: Timestamp,
    /// The file.
    pub file: String,
    /// Whether it was verified.
    pub verified: bool,
    /// Whether another manifest of its batch contradicts it: nobody knows which one is true.
    pub contradicted: bool,
    /// Which ledger it is of.
    #[serde(skip)]
    pub ledger_key: String,
    /// How large that was: what the manifest says of certificates is as of then.
    #[serde(skip)]
    pub entries: u64,
    /// Its root, where the manifest has a checkpoint.
    #[serde(skip)]
    pub root: Option<Digest>,
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
    /// The newest word about it, where that is another batch's: what counts today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub later: Option<LaterWord>,
    /// The ledger's entry that all this rests on.
    #[serde(skip)]
    pub entry: u64,
}

/// What a later batch came to with the same board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaterWord {
    /// The batch.
    pub batch: BatchId,
    /// Good, not good, not judged.
    pub verdict: Outcome,
    /// The code.
    pub code: Option<VerdictCode>,
    /// The manifest that says so.
    pub file: String,
}

/// A certificate of such a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundCertificate {
    /// Its serial number.
    pub serial: CertificateSerial,
    /// SHA-256 of its DER.
    pub sha256: Hex,
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

impl Source {
    /// Of a manifest in that file.
    #[must_use]
    pub fn of(predicate: &Predicate, file: String, verified: bool) -> Self {
        let ledger = &predicate.ledger;
        let key = VerifierKey::parse(&ledger.vkey).ok();
        let checkpoint = key.and_then(|key| Checkpoint::open(&ledger.checkpoint, &key).ok());
        let head = checkpoint.map(|checkpoint| checkpoint.head);
        Self {
            entries: head.map_or(0, |head| head.size),
            root: head.map(|head| head.root),
            batch: predicate.batch.clone(),
            work_order: predicate.work_order.clone(),
            product: predicate.product.clone(),
            station: predicate.station.clone(),
            development: predicate.development,
            signed_at: predicate.signed_at,
            file,
            verified,
            contradicted: false,
            ledger_key: ledger.vkey.clone(),
        }
    }
}

impl Question {
    /// The device, where it answers. Whether its certificates are live is asked last
    /// ([`settle`](super::settling::settle)), since another manifest may know better.
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

    /// What the row has of that name, where only the case of its letters is another: whoever finds nothing may have meant it.
    pub fn almost<'row>(&self, row: &'row BoardRow) -> impl Iterator<Item = &'row str> {
        let serial = row.serial.as_ref().map(DeviceSerial::as_str);
        let asked = self.serial.as_ref().map(DeviceSerial::as_str);
        let serial = serial.filter(|one| asked.is_some_and(|asked| differs_in_case(one, asked)));
        let firmware = self.firmware.clone();
        let versions = row.firmware.iter().map(|one| one.version.as_str());
        let version = move |one: &&str| {
            let asked = firmware.as_ref();
            asked.is_some_and(|asked| differs_in_case(one, &asked.version))
        };
        serial.into_iter().chain(versions.filter(version))
    }

    fn is_in_time(&self, at: UtcMillis) -> bool {
        self.from.is_none_or(|from| at >= from) && self.before.is_none_or(|before| at < before)
    }

    /// The row's components, where one is asked for by its name.
    pub fn components<'row>(&self, row: &'row BoardRow) -> impl Iterator<Item = &'row str> {
        let asked = self.firmware.as_ref();
        let asked = asked.is_some_and(|one| one.component.is_some());
        let each = row.firmware.iter().filter(move |_| asked);
        each.map(|one| one.component.as_str())
    }

    /// Whether the row names the certificate that is asked for, whatever else is asked.
    #[must_use]
    pub fn is_certificate_of(&self, row: &BoardRow) -> bool {
        let asked = self.certificate.as_ref();
        asked.is_some_and(|asked| row.certificates.iter().any(|one| asked.is_of(one)))
    }

    /// Whether devices of that batch can answer.
    #[must_use]
    pub fn is_about(&self, batch: &BatchId) -> bool {
        self.batch.as_ref().is_none_or(|asked| asked == batch)
    }

    /// Whether what other manifests say of a device that answers may not be among the answers.
    #[must_use]
    pub fn leaves_words_out(&self) -> bool {
        let about_boards_alone = Self {
            uid: self.uid.clone(),
            ..Self::default()
        };
        *self != about_boards_alone
    }
}

fn differs_in_case(one: &str, other: &str) -> bool {
    one != other && one.eq_ignore_ascii_case(other)
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

    /// Whether what was given is that SHA-256; no version has 64 hexadecimal digits.
    fn is_image(&self, measurement: &Hex) -> bool {
        self.version.len() == 64 && self.version.eq_ignore_ascii_case(&measurement.to_string())
    }

    /// How many digits it has, where it looks like a digest and has too many or too few of them.
    #[must_use]
    pub fn digits_of_no_digest(&self) -> Option<usize> {
        const SHA1_DIGITS: usize = 40;
        let digits = self.version.len();
        let hexadecimal = self.version.bytes().all(|byte| byte.is_ascii_hexdigit());
        (hexadecimal && digits >= SHA1_DIGITS && digits != 64).then_some(digits)
    }

    fn is_on(&self, row: &BoardRow) -> bool {
        row.firmware.iter().any(|one| {
            (one.version == self.version || self.is_image(&one.measurement))
                && self
                    .component
                    .as_ref()
                    .is_none_or(|name| one.component == *name)
        })
    }
}

impl Found {
    /// What a row says.
    #[must_use]
    pub fn of(row: &BoardRow) -> Self {
        let certificate = |one: &CertificateRow| FoundCertificate {
            serial: one.serial,
            sha256: one.sha256.clone(),
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
            later: None,
            entry: row.index,
        }
    }
}
