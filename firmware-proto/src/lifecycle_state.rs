//! Where a device is in its life: how far provisioning came, and the attested security lifecycle.

use serde::{Deserialize, Serialize};

/// How far provisioning came, as the device itself remembers it. A hint for the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProvisioningState {
    /// No identity key yet.
    Unprovisioned,
    /// An identity key exists; nothing is installed for it.
    KeyMade,
    /// A certificate chain is installed; the device is not locked.
    Installed,
    /// Locked. Only a new grant whose purpose says so changes anything again.
    Committed,
}

/// The security lifecycle claim of RFC 9783, section 4.3.1: a state in the high byte, the rest is the vendor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SecurityLifecycle(pub u16);

impl SecurityLifecycle {
    /// First value of the `assembly-and-test` range.
    pub const ASSEMBLY_AND_TEST: Self = Self(0x1000);
    /// First value of the `psa-rot-provisioning` range.
    pub const PSA_ROT_PROVISIONING: Self = Self(0x2000);
    /// First value of the `secured` range.
    pub const SECURED: Self = Self(0x3000);
    /// First value of the `non-psa-rot-debug` range.
    pub const NON_PSA_ROT_DEBUG: Self = Self(0x4000);
    /// First value of the `recoverable-psa-rot-debug` range.
    pub const RECOVERABLE_PSA_ROT_DEBUG: Self = Self(0x5000);
    /// First value of the `decommissioned` range.
    pub const DECOMMISSIONED: Self = Self(0x6000);

    /// The state's name where the value lies in one of the ranges of RFC 9783: `0xN000..=0xN0ff`.
    #[must_use]
    pub const fn state_name(self) -> Option<&'static str> {
        match self.0 >> 8 {
            0x00 => Some("unknown"),
            0x10 => Some("assembly-and-test"),
            0x20 => Some("psa-rot-provisioning"),
            0x30 => Some("secured"),
            0x40 => Some("non-psa-rot-debug"),
            0x50 => Some("recoverable-psa-rot-debug"),
            0x60 => Some("decommissioned"),
            _ => None,
        }
    }
}
