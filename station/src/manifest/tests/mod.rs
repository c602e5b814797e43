//! A manifest as a whole.

mod batch;
mod contradictions;
mod golden;
mod pki;
mod rows;
mod verification;
