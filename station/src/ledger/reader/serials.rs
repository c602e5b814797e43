//! Whose a device serial is.

use firmware_proto::Uid;

use super::Reader;
use crate::ledger::error::LedgerError;
use crate::ledger::invariants::serial_holder;
use crate::names::DeviceSerial;

impl Reader {
    /// The board that was to have the serial, whatever became of its certificate: it stays that board's.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn holder_of_serial(&self, serial: &DeviceSerial) -> Result<Option<Uid>, LedgerError> {
        serial_holder(&self.connection, serial)
    }
}
