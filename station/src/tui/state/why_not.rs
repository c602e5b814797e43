//! Why something cannot be done now, so that it is shown grey with the reason. The station refuses it anyway.

use super::State;
use super::batch::LineState;
use super::lanes::{Doing, Lane};
use super::sign_in::{Deed, Role, SignIn};

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// Nobody is signed in.
    NobodySignedIn,
    /// It takes that role.
    TakesRole(Role),
    /// No open batch is chosen.
    NoOpenBatch,
    /// The line works on it.
    LineRuns,
    /// The line does not run.
    LineStands,
    /// The line finishes boards, and the lane that waits for a label meanwhile.
    BoardsFinish(Option<String>),
    /// Nothing that is chosen is held.
    NothingHeld,
}

/// Why the deed cannot be done now; none where it can.
#[must_use]
pub fn why_not(state: &State, deed: Deed) -> Option<WhyNot> {
    let SignIn::Person(person) = &state.sign_in else {
        return Some(WhyNot::NobodySignedIn);
    };
    if !person.may.contains(&deed) {
        let denied = person.may_not.iter().find(|(denied, _)| *denied == deed);
        let takes = denied.map_or(Role::Supervisor, |(_, role)| *role);
        return Some(WhyNot::TakesRole(takes));
    }
    let batches = &state.batches;
    let chosen = batches.chosen().filter(|row| !row.closed);
    let running = matches!(batches.line, LineState::Running | LineState::Finishing);
    let in_work = || {
        let head = batches.head.as_ref().map(|head| &head.batch);
        running && head == chosen.map(|row| &row.batch)
    };
    match deed {
        Deed::Start | Deed::CloseBatch if chosen.is_none() => Some(WhyNot::NoOpenBatch),
        Deed::Start | Deed::Pause if batches.line == LineState::Finishing => Some(finishing(state)),
        Deed::CloseBatch if batches.line == LineState::Finishing && in_work() => {
            Some(finishing(state))
        }
        Deed::Start if running => Some(WhyNot::LineRuns),
        Deed::CloseBatch if in_work() => Some(WhyNot::LineRuns),
        Deed::Pause if batches.line != LineState::Running => Some(WhyNot::LineStands),
        Deed::Acknowledge => {
            let open = state.alarms.chosen().filter(|alarm| !alarm.acknowledged);
            open.is_none().then_some(WhyNot::NothingHeld)
        }
        _ => None,
    }
}

fn finishing(state: &State) -> WhyNot {
    let waits = |lane: &&Lane| lane.doing == Doing::AwaitsLabel;
    let lane = state.lanes.list.iter().find(waits);
    WhyNot::BoardsFinish(lane.map(|lane| lane.name.clone()))
}
