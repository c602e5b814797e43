//! What survives a power cut: the protocol's record, the key store, the certificate slot, the
//! fuses.

use firmware_proto::SecurityLifecycle;

use crate::device_keys::DeviceKey;

/// The non-volatile memory of one board.
#[derive(Clone, Debug)]
pub struct Nonvolatile {
    /// The protocol's own record; empty where none was ever stored.
    pub record: Vec<u8>,
    /// The identity key, once one was made.
    pub identity_key: Option<DeviceKey>,
    /// The installed chain, DER certificates one after another; empty where there is none.
    pub chain: Vec<u8>,
    /// The receipt's blob.
    pub receipt: Vec<u8>,
    /// The lifecycle fuses.
    pub lifecycle: SecurityLifecycle,
    /// Whether the lifecycle was ever moved by an order to lock.
    pub locked: bool,
}

impl Nonvolatile {
    /// As the board leaves the assembly line.
    #[must_use]
    pub fn fresh(lifecycle: SecurityLifecycle) -> Self {
        Self {
            record: Vec::new(),
            identity_key: None,
            chain: Vec::new(),
            receipt: Vec::new(),
            lifecycle,
            locked: false,
        }
    }
}
