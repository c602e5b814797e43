//! A manifest as a whole.

mod batch;
mod batch_log;
mod bent_log;
mod broken_chains;
mod contradictions;
mod corpus;
mod documents;
mod every_field;
mod every_kind;
mod golden;
mod impossible_rows;
mod lying_log;
mod moved_sessions;
mod numbers;
mod own_story;
mod pki;
mod questions;
mod rows;
mod same_batch;
mod verification;
