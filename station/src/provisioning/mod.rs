//! One board, from the first Hello to the recorded verdict: a state machine without I/O.
//!
//! It is handed [`Input`]s and gives [`Action`]s. It has no clock, no randomness, no threads, and
//! knows neither the HSM nor SQLite. Order rules such as "stored before sent" are properties of this type.

pub mod action;
pub mod input;

pub use action::{Action, Step, Verdict};
pub use input::{Input, Now};
