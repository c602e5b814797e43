//! What evidence is compared with, besides firmware: trusted attestation roots, allowed lifecycles.

use std::fmt;

use firmware_proto::SecurityLifecycle;

use super::key_trust::KeyTrust;
use super::toml_table::{Faults, Item, Table};
use super::{MAX_LIST, digest, short_text};

/// A range of security lifecycles, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifecycleRange {
    /// First value.
    pub first: SecurityLifecycle,
    /// Last value.
    pub last: SecurityLifecycle,
}

impl LifecycleRange {
    /// The whole range of the state that begins at `first` (RFC 9783, section 4.3.1).
    const fn state(first: SecurityLifecycle) -> Self {
        Self {
            first,
            last: SecurityLifecycle(first.0 | 0xff),
        }
    }

    /// Whether the value lies in the range.
    #[must_use]
    pub fn contains(self, lifecycle: SecurityLifecycle) -> bool {
        (self.first..=self.last).contains(&lifecycle)
    }
}

impl fmt::Display for LifecycleRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first.state_name() {
            Some(name) if *self == Self::state(self.first) => f.write_str(name),
            _ => write!(f, "0x{:04x} to 0x{:04x}", self.first.0, self.last.0),
        }
    }
}

/// Whether a debug port may be open in this state: both debug states of RFC 9783, whatever the
/// vendor's bits.
#[must_use]
pub fn is_debug(lifecycle: SecurityLifecycle) -> bool {
    let state = SecurityLifecycle(lifecycle.0 & 0xf000);
    state == SecurityLifecycle::NON_PSA_ROT_DEBUG
        || state == SecurityLifecycle::RECOVERABLE_PSA_ROT_DEBUG
}

/// What tokens and attestation-key certificates must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationRules {
    /// Which attestation keys are trusted.
    pub keys: KeyTrust,
    /// The token's profile claim.
    pub psa_profile: String,
    /// The implementation ID.
    pub implementation_id: [u8; 32],
    /// The client that asks the root of trust for tokens: the bootloader.
    pub client_id: i32,
    /// Whether the instance ID is `0x01` and the SHA-256 of the attestation key's uncompressed
    /// point.
    pub instance_id_is_key_digest: bool,
    /// Lifecycles in which a board may be provisioned.
    pub lifecycle_before: Vec<LifecycleRange>,
    /// Lifecycles in which a board must be after the lock.
    pub lifecycle_after: Vec<LifecycleRange>,
}

const LIFECYCLE_HINT: &str = "a list of states of RFC 9783, for example \
    [\"psa-rot-provisioning\", \"secured\"], or of ranges: { first = 0x3000, last = 0x30ff }";

impl AttestationRules {
    pub(super) fn read<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<Self> {
        let mut table = faults.table(item, "write it as [attestation]")?;
        let t = &mut table;
        let keys = KeyTrust::read(faults, t);
        let hint = "for example \"tag:psacertified.org,2023:psa#tfm\"";
        let psa_profile = t.text(faults, ("psa_profile", hint), short_text);
        let hint = "64 lower-case hexadecimal digits";
        let implementation_id = t.text(faults, ("implementation_id", hint), digest);
        let hint = "a whole number of 32 bits, for example 1";
        let client_id = t
            .required("client_id", hint)
            .and_then(|item| faults.integer(&item, i32::MIN.into()..=i32::MAX.into(), hint))
            .and_then(|number| i32::try_from(number).ok());
        let hint = "true or false: whether the instance ID is the digest of the attestation key";
        let digest_item = t.required("instance_id_is_key_digest", hint);
        let instance_id_is_key_digest = digest_item
            .as_ref()
            .and_then(|item| faults.boolean(item, hint));
        if let (Some(item), Some(false), Some(keys)) =
            (&digest_item, instance_id_is_key_digest, &keys)
            && !keys.roots.is_empty()
        {
            // An allow-list has each key once. Of certified keys nobody would see that two boards have one.
            faults.at(
                item,
                "keys that lead to a root are told apart by the instance ID alone",
                "write true, or list the chips' keys in an allow_list instead of roots",
            );
        }
        let provisioning = LifecycleRange::state(SecurityLifecycle::PSA_ROT_PROVISIONING);
        let secured = LifecycleRange::state(SecurityLifecycle::SECURED);
        let lifecycle_before =
            lifecycles(faults, t, "lifecycle_before", vec![provisioning, secured]);
        let lifecycle_after = lifecycles(faults, t, "lifecycle_after", vec![secured]);
        table.finish(faults);
        Some(Self {
            keys: keys?,
            psa_profile: psa_profile?,
            implementation_id: *implementation_id?.as_bytes(),
            client_id: client_id?,
            instance_id_is_key_digest: instance_id_is_key_digest?,
            lifecycle_before,
            lifecycle_after,
        })
    }
}

fn lifecycles<'t>(
    faults: &mut Faults<'t>,
    table: &mut Table<'t>,
    key: &'static str,
    default: Vec<LifecycleRange>,
) -> Vec<LifecycleRange> {
    let Some(item) = table.optional(key) else {
        return default;
    };
    let items = faults
        .list(&item, (1, MAX_LIST), LIFECYCLE_HINT)
        .unwrap_or_default();
    items
        .iter()
        .filter_map(|item| lifecycle_range(faults, item))
        .collect()
}

fn lifecycle_range<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<LifecycleRange> {
    let range = if Faults::is_text(item) {
        faults.parsed(item, LIFECYCLE_HINT, named_state)?
    } else {
        let mut table = faults.table(item, LIFECYCLE_HINT)?;
        let mut end = |faults: &mut Faults<'t>, key| {
            let item = table.required(key, LIFECYCLE_HINT)?;
            lifecycle(faults, &item)
        };
        let (first, last) = (end(faults, "first"), end(faults, "last"));
        table.finish(faults);
        LifecycleRange {
            first: first?,
            last: last?,
        }
    };
    let debug = (range.first.0..=range.last.0).any(|value| is_debug(SecurityLifecycle(value)));
    if debug || range.first > range.last {
        let what = if debug {
            "holds a debug state"
        } else {
            "the range is empty"
        };
        faults.at(
            item,
            what,
            "no profile may allow debug states; name states such as \"secured\"",
        );
        return None;
    }
    Some(range)
}

/// A single lifecycle, for example `0x3000`.
pub(super) fn lifecycle<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<SecurityLifecycle> {
    let value = faults.integer(
        item,
        0..=0xffff,
        "a lifecycle of RFC 9783, for example 0x3000",
    )?;
    u16::try_from(value).ok().map(SecurityLifecycle)
}

fn named_state(name: &str) -> Result<LifecycleRange, &'static str> {
    (0..=6_u16)
        .map(|state| SecurityLifecycle(state << 12))
        .find(|first| first.state_name() == Some(name))
        .map(LifecycleRange::state)
        .ok_or("not a state of RFC 9783")
}
