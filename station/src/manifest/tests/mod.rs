//! A manifest as a whole.

mod batch;
mod contradictions;
mod documents;
mod golden;
mod pki;
mod questions;
mod rows;
mod verification;
