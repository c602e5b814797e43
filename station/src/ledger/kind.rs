//! What an event is called, and which board it is about.

use firmware_proto::Uid;

use super::event::Fact;

impl Fact {
    /// The kind, as the leaf names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LedgerOpened { .. } => "ledger-opened",
            Self::ProfileAdopted { .. } => "profile-adopted",
            Self::BatchOpened { .. } => "batch-opened",
            Self::SessionOpened { .. } => "session-opened",
            Self::EvidenceAppraised { .. } => "evidence-appraised",
            Self::MeasurementsJudged { .. } => "measurements-judged",
            Self::KeyAppraised { .. } => "key-appraised",
            Self::CertificateIntended { .. } => "certificate-intended",
            Self::IntentVoided { .. } => "intent-voided",
            Self::CertificateIssued { .. } => "certificate-issued",
            Self::GrantSigned { .. } => "grant-signed",
            Self::ProofVerified { .. } => "proof-verified",
            Self::CommitSigned { .. } => "commit-signed",
            Self::Provisioned { .. } => "provisioned",
            Self::CertificateRevoked { .. } => "certificate-revoked",
            Self::VerdictReached { .. } => "verdict-reached",
            Self::HoldPlaced { .. } => "hold-placed",
            Self::HoldCleared { .. } => "hold-cleared",
            Self::ClockAccepted { .. } => "clock-accepted",
            Self::BatchClosed { .. } => "batch-closed",
            Self::BatchHoldPlaced { .. } => "batch-hold-placed",
            Self::BatchHoldCleared { .. } => "batch-hold-cleared",
            Self::OperatorEnrolled(_) => "operator-enrolled",
            Self::OperatorDisabled(_) => "operator-disabled",
            Self::OperatorEnabled(_) => "operator-enabled",
            Self::PinChanged(_) => "pin-changed",
            Self::BadgeChanged(_) => "badge-changed",
            Self::SignedIn(_) => "signed-in",
            Self::SignedOut(_) => "signed-out",
            Self::SignInRefused(_) => "sign-in-refused",
            Self::BatchTermsRecorded(_) => "batch-terms-recorded",
            Self::BoardScrapped(_) => "board-scrapped",
            Self::BoardQuarantined(_) => "board-quarantined",
            Self::BoardReleased(_) => "board-released",
            Self::LabelPrinted(_) => "label-printed",
            Self::LabelFailed(_) => "label-failed",
            Self::AdapterChanged(_) => "adapter-changed",
            Self::LaneBound(_) => "lane-bound",
            Self::AlarmAcknowledged(_) => "alarm-acknowledged",
            Self::MirrorBegun(_) => "mirror-begun",
            Self::CheckpointNotKept(_) => "checkpoint-not-kept",
        }
    }

    /// The authentic UID of the board that it is about, where there is one.
    #[must_use]
    pub fn uid(&self) -> Option<&Uid> {
        match self {
            Self::EvidenceAppraised { uid, .. } | Self::VerdictReached { uid, .. } => uid.as_ref(),
            Self::MeasurementsJudged { uid, .. }
            | Self::KeyAppraised { uid, .. }
            | Self::CertificateIntended { uid, .. }
            | Self::IntentVoided { uid, .. }
            | Self::CertificateIssued { uid, .. }
            | Self::GrantSigned { uid, .. }
            | Self::ProofVerified { uid, .. }
            | Self::CommitSigned { uid, .. }
            | Self::Provisioned { uid, .. }
            | Self::CertificateRevoked { uid, .. } => Some(uid),
            Self::BoardScrapped(scrapping) => Some(&scrapping.uid),
            Self::BoardQuarantined(record) | Self::BoardReleased(record) => Some(&record.uid),
            Self::LabelPrinted(label) => Some(&label.uid),
            Self::LabelFailed(label) => Some(&label.uid),
            Self::AlarmAcknowledged(record) => record.uid.as_ref(),
            _ => None,
        }
    }

    /// The UID that it proves, where it proves one.
    #[must_use]
    pub fn proven_uid(&self) -> Option<&Uid> {
        match self {
            Self::EvidenceAppraised { uid, code, .. } | Self::VerdictReached { uid, code, .. } => {
                uid.as_ref().filter(|_| code.proves_uid())
            }
            _ => None,
        }
    }

    /// Whether it is about those who work at the station, or about its equipment: it needs no batch.
    #[must_use]
    pub const fn is_of_station(&self) -> bool {
        matches!(
            self,
            Self::OperatorEnrolled(_)
                | Self::OperatorDisabled(_)
                | Self::OperatorEnabled(_)
                | Self::PinChanged(_)
                | Self::BadgeChanged(_)
                | Self::SignedIn(_)
                | Self::SignedOut(_)
                | Self::SignInRefused(_)
                | Self::LabelPrinted(_)
                | Self::LabelFailed(_)
                | Self::AdapterChanged(_)
                | Self::LaneBound(_)
                | Self::AlarmAcknowledged(_)
                | Self::MirrorBegun(_)
                | Self::CheckpointNotKept(_)
        )
    }
}
