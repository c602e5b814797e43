//! The report: one HTML file about a closed batch, for people. It needs no network and runs no script, reads
//! well on screen, in the dark and on paper. It is not signed: the signed manifest is the proof, and the
//! report says how to check it.
//!
//! Pure functions of values. A [`Tally`] takes the batch's events one by one and keeps sums only; then
//! [`write`] gives out the page, the rows one by one.

pub mod alarms;
mod capability;
pub mod chart;
mod devices;
mod escape;
mod findings;
pub mod histogram;
mod overview;
mod page;
pub mod tally;
pub mod timeline;
mod units;
mod verification;

pub use page::{ManifestFile, Report, write};
pub use tally::Tally;

/// A count on a scale.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts far below 2^52, and for drawing"
)]
const fn real(count: u64) -> f64 {
    count as f64
}
