//! What the ledger knows of a board. Pure values; only the store can make a [`StoredCertificate`].

use std::fmt;

use firmware_proto::{BootId, DeviceNonce, Digest, Uid};

use crate::names::{BatchId, CertificateSerial, DeviceSerial, LaneName};
use crate::verdict::VerdictCode;

/// A certificate that is durable in the log, under a durable checkpoint.
///
/// Only this type may be sent to a device, and only the store makes it: a certificate that was not
/// stored cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCertificate {
    uid: Uid,
    certificate_serial: CertificateSerial,
    device_serial: DeviceSerial,
    key: Digest,
    der: Vec<u8>,
}

impl StoredCertificate {
    pub(in crate::ledger) fn new(
        uid: Uid,
        certificate_serial: CertificateSerial,
        device_serial: DeviceSerial,
        key: Digest,
        der: Vec<u8>,
    ) -> Self {
        Self {
            uid,
            certificate_serial,
            device_serial,
            key,
            der,
        }
    }

    /// The board.
    #[must_use]
    pub fn uid(&self) -> &Uid {
        &self.uid
    }

    /// The certificate's serial number.
    #[must_use]
    pub fn certificate_serial(&self) -> CertificateSerial {
        self.certificate_serial
    }

    /// The device's serial in the subject.
    #[must_use]
    pub fn device_serial(&self) -> &DeviceSerial {
        &self.device_serial
    }

    /// SHA-256 of the certified SubjectPublicKeyInfo.
    #[must_use]
    pub fn key(&self) -> Digest {
        self.key
    }

    /// The whole certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// How far a live certificate came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveStage {
    /// Issued; the board is not known to be locked, nor was it ordered to lock.
    Issued,
    /// A commit was signed and no receipt recorded: in doubt.
    CommitSigned,
    /// Provisioned.
    Provisioned,
}

/// A live certificate (issued, without a later revocation) and how far it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCertificate {
    /// The certificate.
    pub certificate: StoredCertificate,
    /// The batch it was issued in.
    pub batch: BatchId,
    /// How far it came.
    pub stage: LiveStage,
    /// The last commit object signed for it.
    pub commit: Option<Vec<u8>>,
    /// The last grant object signed for it.
    pub grant: Option<Vec<u8>>,
}

/// An intent that was neither finished nor voided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIntent {
    /// The batch it was made in.
    pub batch: BatchId,
    /// The serial number in the TBS.
    pub certificate_serial: CertificateSerial,
    /// The device's serial in the TBS.
    pub device_serial: DeviceSerial,
    /// SHA-256 of the SubjectPublicKeyInfo in the TBS.
    pub key: Digest,
    /// The TBS, as it was to be signed.
    pub tbs: Vec<u8>,
}

/// What belongs to one board alone, besides its UID and its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The instance ID: the digest of its attestation key.
    InstanceId,
    /// The seed of one boot.
    BootSeed,
    /// The nonce that it drew for its grant.
    DeviceNonce,
}

impl Shown {
    /// The verdict on another board that shows the same.
    #[must_use]
    pub const fn code(self) -> VerdictCode {
        match self {
            Self::InstanceId => VerdictCode::KeyReused,
            Self::BootSeed => VerdictCode::AttBootSeed,
            Self::DeviceNonce => VerdictCode::AttNonceReused,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InstanceId => "the attestation key",
            Self::BootSeed => "the boot seed",
            Self::DeviceNonce => "the device nonce",
        })
    }
}

/// What an authentic board shows now, to be looked up among all that boards ever showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownNow {
    /// The attested instance ID.
    pub instance_id: Vec<u8>,
    /// The attested boot seed, where there is one.
    pub boot_seed: Option<Vec<u8>>,
    /// The boot that it names.
    pub boot: BootId,
    /// The nonce that it names.
    pub device_nonce: DeviceNonce,
}

/// Whether and by whom something was shown before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Seen {
    /// By nobody.
    #[default]
    Never,
    /// By this board, and it is the latest that it has shown.
    Latest,
    /// By this board, which has shown another one since.
    Earlier,
    /// By that board.
    Elsewhere(Uid),
}

/// What the log says of what a board shows now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownBefore {
    /// Of its instance ID.
    pub instance_id: Seen,
    /// Of its boot seed.
    pub boot_seed: Seen,
    /// Whether it is in the boot in which it showed its latest boot seed.
    pub same_boot: bool,
    /// Of its device nonce.
    pub device_nonce: Seen,
}

/// All that matters of one board's past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceStanding {
    /// The instance ID (SHA-256 based, 33 bytes) that this UID attested with before, if it was ever trusted.
    pub instance_id: Option<Vec<u8>>,
    /// Its live certificate: at most one.
    pub live: Option<LiveCertificate>,
    /// Its open intent: at most one.
    pub intent: Option<OpenIntent>,
    /// Whether a certificate of this board was revoked after it had been provisioned (not a failed install).
    pub withdrawn: bool,
    /// Whether a certificate of this board was revoked after it had been ordered to lock.
    pub revoked_after_commit: bool,
    /// Why QA has set the board aside, where it is.
    pub quarantined: Option<String>,
    /// What it shows now, and who showed that before.
    pub shown: ShownBefore,
    /// The other lane that has this board in work at this moment. The line knows it, not the ledger.
    pub elsewhere: Option<LaneName>,
}

impl DeviceStanding {
    /// The serial of its live certificate, or of its open intent.
    #[must_use]
    pub fn device_serial(&self) -> Option<&DeviceSerial> {
        let live = self
            .live
            .as_ref()
            .map(|live| live.certificate.device_serial());
        live.or(self.intent.as_ref().map(|intent| &intent.device_serial))
    }
}

/// A place in the batch, and the serial that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The serial for the device's subject: the board's former one where it had one, else the next free one.
    pub device_serial: DeviceSerial,
}

/// Why there is no place for the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// The work order's quantity is reached.
    BatchFull,
    /// The batch is not open.
    BatchNotOpen,
    /// The serials that were given for this batch are used up.
    SerialsExhausted,
    /// The label that was scanned is not this board's: it has a serial already.
    OtherLabel {
        /// The board's own serial.
        own: DeviceSerial,
    },
    /// The label that was scanned is promised to another board, still in work.
    LabelTaken {
        /// Its serial.
        scanned: DeviceSerial,
    },
    /// The label that was scanned is one of another product.
    ForeignLabel {
        /// What it says.
        scanned: DeviceSerial,
    },
    /// No label was scanned in time.
    NoLabel,
}

/// What the store gives back once events are durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Index in the log of the first event.
    pub first_index: u64,
    /// A `StoredCertificate` for each `CertificateIssued` among the events, in their order; empty where
    /// no checkpoint over them was asked for.
    pub certificates: Vec<StoredCertificate>,
}

/// What must be true before the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The events are on disk.
    Durable,
    /// The events are on disk, and so is a signed checkpoint over them (mirrored where configured).
    Checkpointed,
}
