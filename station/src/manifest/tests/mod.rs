//! A manifest as a whole.

mod batch;
mod contradictions;
mod documents;
mod golden;
mod pki;
mod rows;
mod verification;
