//! One board, from the first Hello to the recorded verdict: a state machine without I/O.
//!
//! It is handed [`Input`]s and gives [`Action`]s. It has no clock, no randomness, no threads, and
//! knows neither the HSM nor SQLite. Order rules such as "stored before sent" are properties of this type.

pub mod action;
mod answer;
mod appraising;
mod assembly;
mod awaiting;
mod binding;
pub mod context;
mod desk;
mod evidence_record;
mod exchange;
mod expectation;
mod greeting;
pub mod input;
mod installing;
mod issuing;
mod receipt;
mod repeats;
mod returning;
pub mod session;
mod steps;
pub mod timing;

#[cfg(test)]
mod tests;

pub use action::{Action, LastBoard, Step, Verdict};
pub use context::{SessionContext, StationIdentity};
pub use input::{Input, Now};
pub use session::Session;
pub use timing::SessionTiming;
