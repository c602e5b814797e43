//! Virtual boards against a bare station in memory: what a good one does, what each fault changes, and
//! what a power cut leaves behind.

mod bare_station;
mod determinism;
mod faults;
mod good;
mod power;
