//! Arrows, pages and the mouse: another lane, another line of a list.

use crate::tui::action::Action;
use crate::tui::command::Direction;
use crate::tui::geometry::{self, Grid};
use crate::tui::state::batch::DEEDS;
use crate::tui::state::{Screen, State};
use crate::tui::view;

/// How many lines a page has.
const PAGE: usize = 10;

/// One step.
pub(super) fn step(state: &mut State, direction: Direction) {
    if state.help {
        return;
    }
    if state.dialog.is_some() {
        super::entry::other_field(state, direction);
        return;
    }
    match state.screen {
        Screen::Line => step_on_grid(state, direction),
        Screen::Lane => {
            let count = state.lanes.list.len();
            let forward = matches!(direction, Direction::Right | Direction::Down);
            state.lanes.chosen = moved(state.lanes.chosen, count, 1, forward);
            state.lanes.frames_below = 0;
        }
        Screen::Batch => step_on_batches(state, direction),
        Screen::Alarms => {
            let count = state.alarms.list.len();
            let forward = matches!(direction, Direction::Right | Direction::Down);
            state.alarms.chosen = moved(state.alarms.chosen, count, 1, forward);
        }
        Screen::Device | Screen::Log => scroll(state, direction, 1),
    }
}

/// A page.
pub(super) fn page(state: &mut State, direction: Direction) {
    if state.dialog.is_none() && !state.help {
        scroll(state, direction, PAGE);
    }
}

/// To the first line, or to the last.
pub(super) fn far(state: &mut State, direction: Direction) {
    if state.dialog.is_none() && !state.help {
        scroll(state, direction, usize::MAX);
    }
}

/// A press of the mouse: the lane, or the hint at the bottom, that is seen there.
pub(super) fn point(state: &mut State, column: u16, row: u16) -> Vec<Action> {
    let at = (column, row);
    if state.dialog.is_some() || state.help || !geometry::is_enough(state.size) {
        return Vec::new();
    }
    if state.shows_hints()
        && let Some(command) = geometry::hint_at(state.size, state.language, at)
    {
        return super::obey(state, command);
    }
    if state.screen == Screen::Line {
        let grid = Grid::of(state.size, state.lanes.list.len());
        if let Some(lane) = grid.and_then(|grid| grid.lane_at(at)) {
            state.lanes.chosen = lane;
        }
    }
    Vec::new()
}

fn step_on_grid(state: &mut State, direction: Direction) {
    let count = state.lanes.list.len();
    let columns = Grid::of(state.size, count).map_or(1, |grid| usize::from(grid.columns));
    let (by, forward) = match direction {
        Direction::Left => (1, false),
        Direction::Right => (1, true),
        Direction::Up => (columns, false),
        Direction::Down => (columns, true),
    };
    state.lanes.chosen = moved(state.lanes.chosen, count, by, forward);
}

fn step_on_batches(state: &mut State, direction: Direction) {
    let batches = &mut state.batches;
    match direction {
        Direction::Up | Direction::Down => {
            let forward = direction == Direction::Down;
            batches.chosen = moved(batches.chosen, batches.list.len(), 1, forward);
            batches.opened = None;
        }
        Direction::Left | Direction::Right => {
            let forward = direction == Direction::Right;
            batches.deed = moved(batches.deed, DEEDS.len(), 1, forward);
        }
    }
}

fn scroll(state: &mut State, direction: Direction, by: usize) {
    let down = matches!(direction, Direction::Down | Direction::Right);
    match state.screen {
        Screen::Device => leaf(state, down, by),
        // The newest is at the bottom.
        Screen::Log | Screen::Lane => leaf(state, !down, by),
        Screen::Alarms => {
            let count = state.alarms.list.len();
            state.alarms.chosen = leafed(state.alarms.chosen, count.saturating_sub(1), by, down);
        }
        Screen::Batch => {
            let count = state.batches.list.len();
            state.batches.chosen = leafed(state.batches.chosen, count.saturating_sub(1), by, down);
            state.batches.opened = None;
        }
        Screen::Line => {}
    }
}

/// So many lines towards the older ones, or back, until the oldest one is seen.
fn leaf(state: &mut State, to_older: bool, by: usize) {
    let most = view::window(state).most;
    let away = match state.screen {
        Screen::Device => &mut state.device.scrolled,
        Screen::Lane => &mut state.lanes.frames_below,
        _ => &mut state.log.below,
    };
    *away = leafed(*away, most, by, to_older);
}

/// The place after so many steps, no further than the last.
fn leafed(at: usize, last: usize, by: usize, forward: bool) -> usize {
    let at = at.min(last);
    if forward {
        at.saturating_add(by).min(last)
    } else {
        at.saturating_sub(by)
    }
}

/// The place after so many steps, within the list.
fn moved(at: usize, count: usize, by: usize, forward: bool) -> usize {
    let last = count.saturating_sub(1);
    if forward {
        let there = at.saturating_add(by);
        // A whole row down from the last row but one may land beyond a row that is not full.
        match (there > last, at / by < last / by) {
            (false, _) => there,
            (true, true) => last,
            (true, false) => at,
        }
    } else if at >= by {
        at - by
    } else {
        at
    }
}
