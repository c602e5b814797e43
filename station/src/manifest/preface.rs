//! What stands before the rows of a statement, and what each row is compared with.

use serde::Deserialize;

use super::statement::{
    ClockAcceptance, HoldClearing, Milestone, Predicate, ScrappedApart, Timestamp,
};
use crate::ledger::event::Actor;
use crate::names::BatchId;
use crate::shift::Shift;

/// What rows are compared with, as it stands before them in the statement.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Preface {
    pub(super) batch: BatchId,
    pub(super) opened: Milestone,
    pub(super) closed: Milestone,
    #[serde(default)]
    pub(super) shifts: Vec<Shift>,
    pub(super) clock_accepted: Vec<ClockAcceptance>,
    pub(super) holds_cleared: Vec<HoldClearing>,
    #[serde(default)]
    pub(super) scrapped_apart: Vec<ScrappedApart>,
    pub(super) operators: Vec<Actor>,
    pub(super) signed_at: Timestamp,
    pub(super) with_measurements: bool,
}

impl From<&Predicate> for Preface {
    fn from(predicate: &Predicate) -> Self {
        Self {
            batch: predicate.batch.clone(),
            opened: predicate.opened.clone(),
            closed: predicate.closed.clone(),
            shifts: predicate.shifts.clone(),
            clock_accepted: predicate.clock_accepted.clone(),
            holds_cleared: predicate.holds_cleared.clone(),
            scrapped_apart: predicate.scrapped_apart.clone(),
            operators: predicate.operators.clone(),
            signed_at: predicate.signed_at,
            with_measurements: predicate.with_measurements,
        }
    }
}
