//! A manifest as a whole.

mod batch;
mod golden;
mod pki;
mod rows;
mod verification;
