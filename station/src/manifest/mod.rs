//! What auditors receive: the signed manifest of a closed batch, its table, and the offline verifier.
//!
//! Leaves and a signature come in, bytes go out. No clock, token or ledger is touched here, so that the verifier
//! can run where no station is; and no file but those without a name in which rows wait, so that memory does not grow
//! with the batch ([`spool`], [`sorting`]).

pub mod assemble;
mod batch_entries;
mod board_certificates;
pub mod board_row;
pub mod board_rows;
mod board_sessions;
mod certificate_entries;
pub mod claimed_signer;
pub mod consistency;
pub mod counted_session;
pub mod counts;
pub mod csv;
pub mod cyclonedx;
pub mod dsse;
mod envelope_file;
pub mod envelope_writing;
pub mod json_lists;
mod kept_row;
pub mod ledger_proof;
pub mod offline_verifier;
mod once_only;
mod preface;
pub mod question;
pub mod rejected;
pub mod report;
mod row_comparison;
pub mod row_entries;
pub mod row_naming;
pub mod row_rules;
pub mod same_batch;
mod session_entries;
pub mod session_row;
pub mod settling;
pub mod shown_entries;
pub mod sorting;
pub mod spool;
pub mod statement;
pub mod statement_reading;
pub mod statement_receiver;
pub mod statement_writing;
pub mod time_order;
mod what_it_proves;

#[cfg(test)]
mod tests;
