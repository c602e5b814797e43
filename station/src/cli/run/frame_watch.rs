//! Which lane's wire a person looks at, and what they have not seen of it. Nobody decodes a frame that nobody sees.

use std::sync::{Arc, Mutex, PoisonError};

use super::frame_words;
use crate::cli::provision::StationFloor;
use crate::names::LaneName;
use crate::tui::event::{Event, LaneNews};

/// Shared by the clerk, who hears which lane, and the line, which tells.
#[derive(Clone, Debug, Default)]
pub(super) struct FrameWatch(Arc<Mutex<Watched>>);

#[derive(Debug, Default)]
struct Watched {
    lane: Option<LaneName>,
    seen: u64,
}

impl FrameWatch {
    /// Another lane is looked at, or none.
    pub(super) fn turn_to(&self, lane: Option<LaneName>) {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *watched = Watched { lane, seen: 0 };
    }

    /// A line begins: its rings are others than those of the line before.
    pub(super) fn begin_anew(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).seen = 0;
    }

    /// What is new on that lane's wire, where it is the one that is looked at; without a lane, on the one that is.
    pub(super) fn news(&self, floor: &StationFloor, on: Option<&LaneName>) -> Option<Event> {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = watched.lane.clone()?;
        if on.is_some_and(|on| *on != lane) {
            return None;
        }
        let (seen, frames) = floor.taps.of(&lane).since(watched.seen)?;
        watched.seen = seen;
        Some(Event::Lane {
            lane: lane.to_string(),
            news: LaneNews::Frames(frames.iter().map(frame_words::shown).collect()),
        })
    }
}
