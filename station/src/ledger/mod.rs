//! The append-only log that is the truth, and the views made from it.

pub mod event;
pub mod standing;
