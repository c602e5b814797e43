//! The provisioning station. See ARCHITECTURE.md for the map of the rooms and the arrows between them.
#![forbid(unsafe_code)]

pub mod clock;
pub mod encoding;
pub mod names;
pub mod role;
pub mod shift;
pub mod verdict;
pub mod words;
pub mod worker;

pub mod certificate_path;
pub mod dsse;
pub mod es256;

pub mod firmware_image;

pub mod profile;

pub mod attestation;

pub mod identity;

pub mod hsm;
pub mod station_home;

pub mod ledger;

pub mod access;

pub mod label;

pub mod provisioning;

pub mod line;

pub mod manifest;

pub mod tui;

pub mod cli;
