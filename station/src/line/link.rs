//! The port to a device, as the driver sees it: bytes out, bytes in, gone.

use std::time::Duration;

use thiserror::Error;

use super::adapter::AdapterChange;
use super::hold::PortNames;

/// An open port.
pub trait Link: Send {
    /// Waits for bytes, at most `limit`, and gives how many came; 0 where none did.
    ///
    /// # Errors
    /// [`LinkLost`] where the port is gone.
    fn receive(&mut self, into: &mut [u8], limit: Duration) -> Result<usize, LinkLost>;

    /// Writes the bytes in bounded time. Where the other side does not take them, the rest is
    /// dropped:
    /// the session sees no answer and sends again.
    ///
    /// # Errors
    /// [`LinkLost`] where the port is gone.
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkLost>;
}

/// A place where a [`Link`] can be opened, again and again.
pub trait Port: Send {
    /// What people call it.
    fn name(&self) -> &str;

    /// What it is known by, however it was named: ports with one of these in common are the same.
    fn known_as(&self) -> PortNames {
        PortNames::from([self.name().to_owned()])
    }

    /// Another adapter than before, where the port is told apart by that; asked once it is open.
    fn adapter_change(&mut self) -> Option<AdapterChange> {
        None
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`PortUnavailable`] says why not now; it may be tried again.
    fn open(&mut self) -> Result<Box<dyn Link>, PortUnavailable>;
}

/// The port is gone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the port is gone: {detail}")]
pub struct LinkLost {
    /// What the system said.
    pub detail: String,
}

/// Why a port cannot be opened now.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PortUnavailable {
    /// It does not exist.
    #[error("port {port} is not there; plug in its adapter")]
    Missing {
        /// The port.
        port: String,
    },
    /// Another program has it.
    #[error("port {port} is used by another program; end that program")]
    InUse {
        /// The port.
        port: String,
    },
    /// The system does not let us.
    #[error("port {port} may not be opened; add this user to the port's group")]
    Denied {
        /// The port.
        port: String,
    },
    /// It is no serial port, or its driver refuses the settings.
    #[error("port {port} cannot be used: {detail}; check that it is a serial port")]
    Unusable {
        /// The port.
        port: String,
        /// What the system said.
        detail: String,
    },
}
