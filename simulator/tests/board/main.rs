//! Virtual boards against a bare station in memory: what a good one does, what each fault changes,
//! and what a power cut leaves behind.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod bare_station;
mod determinism;
mod faults;
mod good;
mod power;
