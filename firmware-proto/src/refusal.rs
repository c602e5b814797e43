//! Why a device says no, and how to recover.

use serde::{Deserialize, Serialize};

/// The device's reason for not doing what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Refusal {
    /// The frame was whole but its body is no message of the agreed version. The station's bug: stop.
    Malformed,
    /// The request needs an earlier step that this boot has not seen. Recover: begin again with `Hello`.
    OutOfOrder,
    /// The device is committed, and the request needs a new grant. Recover: `GetReceipt`.
    Committed,
    /// The blob that the request refers to is incomplete or has another digest. Recover: `WriteStatus`, then send what lacks.
    BlobIncomplete,
    /// A length, an index or an identifier is outside its bounds. The station's bug: stop.
    Bounds,
    /// The station credential is not signed by the pinned product owner, or is for another product.
    Credential,
    /// The credential's epoch is lower than the least acceptable one: this station is shut out.
    Epoch,
    /// The grant's signature, product, UID, device nonce, key digest, chain digest or purpose is wrong.
    Grant,
    /// The commit's signature, UID, device nonce or proof digest is wrong.
    Commit,
    /// Nothing is committed, so there is no receipt.
    NoReceipt,
    /// The hardware failed in this operation. Recover: power-cycle once, then treat the board as faulty.
    Hardware,
}
