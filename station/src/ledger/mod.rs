//! The append-only log that is the truth, and the views made from it.
//!
//! `docs/ledger.md` describes the file for those who want to check one without this program.

mod actor;
mod alarm_record;
pub mod alarms;
mod batch_rules;
mod batch_tally;
mod batch_terms_record;
pub mod checkpoint;
mod checkpoint_copy_record;
mod column;
mod comparison;
pub mod cosignature;
mod cosigning;
mod damage;
mod decoded;
pub mod error;
pub mod event;
mod event_store;
mod evidence_claims;
mod examination;
#[cfg(test)]
pub mod fake;
#[cfg(test)]
pub(crate) mod fixture;
mod handle;
mod health;
mod integrity;
mod invariants;
mod issuance_rules;
mod kind;
mod label_record;
pub mod labels;
mod lane_record;
mod lane_wear;
pub mod leaf;
mod log_check;
mod log_store;
mod lookup;
mod measurement_record;
pub mod merkle_tree;
mod mirror;
mod on_all_cores;
mod operator_record;
mod operators;
mod overview;
mod overview_questions;
mod places;
mod profile_record;
mod profiles;
pub mod proof;
pub mod proof_file;
mod quarantine;
mod quarantine_record;
pub mod range_proof;
pub mod reader;
mod rebuild;
mod rebuild_in_place;
mod refusal;
mod repeats;
mod revocation_reason;
mod schema;
mod scrapping_record;
mod session_name;
pub mod standing;
mod state;
#[cfg(test)]
mod tests;
mod tripped_rule;
mod trusted_views;
mod unrecorded_event;
mod verification;
mod views;
mod writer;

pub use error::{Damage, LedgerError, Refusal};
pub use event_store::EventStore;
pub use examination::{MirrorSeen, examine};
pub use handle::{LedgerHandle, NewLedger};
pub use integrity::KeptElsewhere;
pub use lane_wear::LaneWear;
pub use operators::OperatorOverview;
pub use profiles::ProfileRefusal;
pub use reader::Reader;
pub use rebuild_in_place::rebuild;
pub use state::{BatchClosing, BatchOpening, REQUEST_EVENTS_MAX};
pub use verification::{FINDINGS_MAX, Pass, Report, Verification, verify};
