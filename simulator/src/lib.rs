//! Virtual devices, good, faulty and hostile, on a line of fixtures.
//!
//! The device's behaviour on the wire is `firmware_proto`'s; this crate is the hardware under it,
//! what can be wrong with it, the wire, and the person at the fixture. It knows nothing of the
//! station.
#![forbid(unsafe_code)]

pub mod blueprint;
pub mod board;
pub mod certification_request;
pub mod cli;
pub mod clock;
pub mod combination;
pub mod compare;
pub mod conduct;
pub mod defect;
pub mod device;
pub mod device_keys;
pub mod evidence;
pub mod experience;
pub mod fault;
pub mod hostile;
pub mod lane;
pub mod line;
pub mod noise_source;
pub mod nonvolatile;
pub mod power;
pub mod pty;
pub mod report;
mod sabotage;
pub mod seed;
pub mod self_test;
mod silicon;
pub mod summary;
pub mod vendor_authorities;
pub mod vendor_ca;
pub mod wire;
pub mod wire_fault;
