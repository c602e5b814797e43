//! The port through which sessions and lanes use the ledger.

use firmware_proto::{Digest, Uid};

use super::error::LedgerError;
use super::event::Event;
use super::standing::{DeviceStanding, Durability, NoPlace, Recorded, Reservation, ShownNow};
use crate::names::{BatchId, DeviceSerial};

/// The ledger, as those who provision see it.
pub trait EventStore: Send + Sync {
    /// Appends the events in one transaction, in this order; all of them or none.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] where a rule forbids one of them. With [`LedgerError::NotCheckpointed`] or
    /// [`LedgerError::NotMirrored`] the events *are* durable, but what they issue may not be sent.
    fn record(&self, events: Vec<Event>, durability: Durability) -> Result<Recorded, LedgerError>;

    /// All that matters of a board's past. A live certificate in it is covered by a durable checkpoint.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger cannot be read or that checkpoint cannot be made.
    fn standing(&self, uid: &Uid) -> Result<DeviceStanding, LedgerError>;

    /// The same of a board that is in a fixture, with what the log says of what it shows now.
    ///
    /// # Errors
    /// As [`EventStore::standing`].
    fn standing_of(&self, uid: &Uid, now: &ShownNow) -> Result<DeviceStanding, LedgerError>;

    /// The board that first showed this identity key (SHA-256 of its SubjectPublicKeyInfo).
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger cannot be read.
    fn key_holder(&self, key: &Digest) -> Result<Option<Uid>, LedgerError>;

    /// Promises the board a place in the batch and a serial. The same board gets the same answer until
    /// its intent is recorded, its verdict is recorded, or the place is released.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger cannot be read, or the profile in it no longer gives serials.
    fn reserve(
        &self,
        batch: &BatchId,
        uid: &Uid,
    ) -> Result<Result<Reservation, NoPlace>, LedgerError>;

    /// The same with the serial that was scanned from the board's label, instead of the batch's next one.
    ///
    /// # Errors
    /// As [`EventStore::reserve`].
    fn reserve_scanned(
        &self,
        batch: &BatchId,
        uid: &Uid,
        scanned: &DeviceSerial,
    ) -> Result<Result<Reservation, NoPlace>, LedgerError>;

    /// Gives a promised place back. Needed only where no verdict for the board gets recorded.
    ///
    /// # Errors
    /// [`LedgerError::Stopped`] where nobody is there to take it.
    fn release(&self, batch: &BatchId, uid: &Uid) -> Result<(), LedgerError>;
}
