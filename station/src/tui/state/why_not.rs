//! Why something cannot be done now, so that it is shown grey with the reason. What the line and its batches let be
//! done is `line::wishes`' to say, who may do it is the station's word on whoever is signed in.

use serde::{Deserialize, Serialize};

use super::State;
use super::batch::BatchRow;
use super::lanes::{Doing, Lane};
use super::sign_in::{Deed, Role, SignIn};
use crate::line::wishes::{Obstacle, Wish, obstacle};

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyNot {
    /// Nobody is signed in.
    NobodySignedIn,
    /// It takes that role.
    TakesRole(Role),
    /// The line, or the batch, does not let it be done.
    InTheWay(Obstacle),
    /// The line finishes boards, one of which waits for its label on that lane.
    LabelAwaited(String),
    /// Nothing that is chosen is held.
    NothingHeld,
    /// The station has no label printer.
    NoPrinter,
    /// The board has no serial that a label could show.
    NoSerial,
}

/// Why the deed cannot be done now; none where it can.
#[must_use]
pub fn why_not(state: &State, deed: Deed) -> Option<WhyNot> {
    let SignIn::Person(person) = &state.sign_in else {
        return Some(WhyNot::NobodySignedIn);
    };
    let chosen = state.alarms.chosen();
    if deed == Deed::Acknowledge && chosen.is_some_and(|alarm| alarm.acknowledged) {
        return Some(WhyNot::NothingHeld);
    }
    if !person.may.contains(&deed) {
        let denied = person.may_not.iter().find(|(denied, _)| *denied == deed);
        let takes = denied.map_or(Role::Supervisor, |(_, role)| *role);
        return Some(WhyNot::TakesRole(takes));
    }
    match deed {
        Deed::Start => in_the_way(state, Wish::Start),
        Deed::Pause => in_the_way(state, Wish::Pause),
        Deed::CloseBatch => in_the_way(state, Wish::Close),
        Deed::Reprint if !state.has_printer => Some(WhyNot::NoPrinter),
        Deed::Reprint => state.device.serial().is_none().then_some(WhyNot::NoSerial),
        Deed::Acknowledge => chosen.is_none().then_some(WhyNot::NothingHeld),
        Deed::OpenBatch => None,
    }
}

fn in_the_way(state: &State, wish: Wish) -> Option<WhyNot> {
    let batches = &state.batches;
    let chosen = batches.chosen().map(BatchRow::standing);
    let obstacle = obstacle(wish, batches.at_the_line(), chosen.as_ref())?;
    let waits = |lane: &&Lane| lane.doing == Doing::AwaitsLabel;
    let awaited = (obstacle == Obstacle::BoardsFinish).then(|| state.lanes.list.iter().find(waits));
    Some(match awaited.flatten() {
        Some(lane) => WhyNot::LabelAwaited(lane.name.clone()),
        None => WhyNot::InTheWay(obstacle),
    })
}
