//! What a session is given: the product, the batch, the station's own papers.

use std::sync::Arc;

use firmware_proto::platform::Sec1Point;
use firmware_proto::{Digest, limits};

use super::timing::SessionTiming;
use crate::attestation::TrustMaterial;
use crate::identity::chain::IssuingCertificate;
use crate::ledger::event::Actor;
use crate::names::{BatchId, LaneName};
use crate::profile::Profile;
use crate::profile::signed_profile::Validity;

/// The station's side of trust, the same for all lanes.
#[derive(Clone, Debug)]
pub struct StationIdentity {
    /// COSE_Sign1 by the product owner's key: what devices check the station by.
    pub credential: Vec<u8>,
    /// The credential's epoch.
    pub epoch: u32,
    /// The station authority's key, as the credential has it.
    pub authority_key: Sec1Point,
    /// The issuing CA.
    pub issuing: IssuingCertificate,
    /// DER of what follows the device's certificate in its chain; the trust anchor is not in it.
    pub chain_below_leaf: Vec<u8>,
    /// SHA-256 of the DER of the trust anchor.
    pub trust_anchor: Digest,
}

/// All that one session needs to know.
#[derive(Clone, Debug)]
pub struct SessionContext {
    /// What the product must be.
    pub profile: Arc<Profile>,
    /// The chip vendor's files that the profile needs.
    pub trust: Arc<TrustMaterial>,
    /// When boards may be begun under it; none where nobody has signed it.
    pub validity: Option<Validity>,
    /// Where its boards are counted.
    pub batch: BatchId,
    /// Where the board stands.
    pub lane: LaneName,
    /// Who works here.
    pub actor: Actor,
    /// The station's papers.
    pub station: Arc<StationIdentity>,
    /// How long to wait.
    pub timing: SessionTiming,
}

/// The largest frame that the station takes, in bytes.
pub(super) const STATION_FRAME_BYTES: u16 = 1024;

/// How many chunks the station takes back to back: all of a blob.
pub(super) const STATION_WINDOW: u8 = 32;

const _: () = assert!(STATION_FRAME_BYTES as usize == limits::MAX_FRAME_BYTES);
const _: () = assert!(STATION_WINDOW as usize == limits::MAX_CHUNKS);
