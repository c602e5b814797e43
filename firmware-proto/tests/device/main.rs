//! The device's whole side, driven by frames as a station would, on a board made of memory.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as expected"
)]

mod board;
mod hostile;
mod journey;
mod order;
mod package;
mod power;
mod station;
