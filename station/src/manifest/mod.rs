//! What auditors receive: the signed manifest of a closed batch, its table, and the offline verifier.
//!
//! Pure but for nothing: leaves and a signature come in, bytes go out. No file, clock or token is
//! touched here, so that the verifier can run where no station is.

pub mod assemble;
pub mod board_rows;
pub mod claimed_signer;
pub mod consistency;
pub mod csv;
pub mod cyclonedx;
pub mod dsse;
pub mod ledger_proof;
pub mod offline_verifier;
pub mod question;
pub mod report;
pub mod statement;
pub mod time_order;

#[cfg(test)]
mod tests;
