//! What can be wished of the line and of a batch now, and why something cannot be done: one rule, by which the
//! station refuses what people wish at its screen, and the screen shows it grey beforehand.
//!
//! Pure. Who may wish it is another question, which `access` answers.

use serde::{Deserialize, Serialize};

/// What the line does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineState {
    /// Nothing.
    #[default]
    Paused,
    /// It takes boards.
    Running,
    /// It finishes boards and takes no further one.
    Finishing,
    /// Nothing, since every place of the batch is taken.
    Full,
}

impl LineState {
    /// Whether boards are, or may be, in work: nobody ends that without having signed in.
    #[must_use]
    pub const fn is_at_work(self) -> bool {
        matches!(self, Self::Running | Self::Finishing)
    }

    /// What a line does that has come to its end.
    #[must_use]
    pub const fn ended(is_full: bool) -> Self {
        if is_full { Self::Full } else { Self::Paused }
    }
}

/// What somebody wishes of the line or of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Have the line work on the batch.
    Start,
    /// Have the line pause.
    Pause,
    /// Close the batch.
    Close,
}

/// The batch that the wish is about, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it is closed.
    pub closed: bool,
    /// Boards provisioned.
    pub made: u64,
    /// Boards to be made.
    pub ordered: u64,
}

impl Batch<'_> {
    /// Whether all boards that were ordered are made.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.made >= self.ordered
    }

    /// Why no board can be made in it; none where one can.
    #[must_use]
    pub const fn obstacle(&self) -> Option<Obstacle> {
        match (self.closed, self.is_full()) {
            (true, _) => Some(Obstacle::NoOpenBatch),
            (false, true) => Some(Obstacle::BatchFull),
            (false, false) => None,
        }
    }
}

/// Why it cannot be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// No batch is chosen, or it is closed.
    NoOpenBatch,
    /// All its boards are made.
    BatchFull,
    /// The line runs.
    LineRuns,
    /// The line does not run.
    LineStands,
    /// The line finishes boards.
    BoardsFinish,
}

/// Why the wish cannot be done while the line does that, on the batch that it works on or worked on last.
#[must_use]
pub fn obstacle(
    wish: Wish,
    (line, works_on): (LineState, Option<&str>),
    batch: Option<&Batch<'_>>,
) -> Option<Obstacle> {
    let busy = match line {
        LineState::Running => Some(Obstacle::LineRuns),
        LineState::Finishing => Some(Obstacle::BoardsFinish),
        LineState::Paused | LineState::Full => None,
    };
    let open = batch.filter(|batch| !batch.closed);
    match (wish, open) {
        (Wish::Pause, _) => match line {
            LineState::Running => None,
            LineState::Finishing => Some(Obstacle::BoardsFinish),
            LineState::Paused | LineState::Full => Some(Obstacle::LineStands),
        },
        (Wish::Start | Wish::Close, None) => Some(Obstacle::NoOpenBatch),
        (Wish::Start, Some(batch)) => busy.or_else(|| batch.obstacle()),
        (Wish::Close, Some(batch)) => busy.filter(|_| works_on == Some(batch.name)),
    }
}

/// Which lane the next scan is for: of those that wait, the longest first, the chosen one or the first.
pub fn serves<'a>(
    waiting: impl Iterator<Item = &'a str> + Clone,
    chosen: Option<&str>,
) -> Option<&'a str> {
    let preferred = waiting.clone().find(|lane| chosen == Some(*lane));
    preferred.or_else(|| waiting.into_iter().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_scan_is_for_the_chosen_lane_or_who_waits_longest() {
        let waiting = ["L3", "L1"];
        for (chosen, lane) in [(Some("L1"), "L1"), (Some("L2"), "L3"), (None, "L3")] {
            assert_eq!(serves(waiting.into_iter(), chosen), Some(lane));
        }
        assert_eq!(serves([].into_iter(), Some("L1")), None);
    }

    const OPEN: Batch<'_> = Batch {
        name: "B-1",
        closed: false,
        made: 3,
        ordered: 4,
    };

    #[test]
    fn what_can_be_done_while_the_line_does_what() {
        use LineState::{Finishing, Full, Paused, Running};
        use Obstacle::{BoardsFinish, LineRuns, LineStands};
        for (line, start, pause, close) in [
            (Paused, None, Some(LineStands), None),
            (Full, None, Some(LineStands), None),
            (Running, Some(LineRuns), None, Some(LineRuns)),
            (
                Finishing,
                Some(BoardsFinish),
                Some(BoardsFinish),
                Some(BoardsFinish),
            ),
        ] {
            let why = |wish| obstacle(wish, (line, Some("B-1")), Some(&OPEN));
            let found = (why(Wish::Start), why(Wish::Pause), why(Wish::Close));
            assert_eq!(found, (start, pause, close), "{line:?}");
            // Another batch than that on the line can be closed meanwhile.
            let other = obstacle(Wish::Close, (line, Some("B-2")), Some(&OPEN));
            assert_eq!(other, None, "{line:?}");
        }
    }

    #[test]
    fn boards_are_made_in_a_batch_that_is_open_and_has_places() {
        let closed = Batch {
            closed: true,
            ..OPEN
        };
        let full = Batch { made: 4, ..OPEN };
        let still = (LineState::Paused, None);
        for (batch, start, close) in [
            (
                None,
                Some(Obstacle::NoOpenBatch),
                Some(Obstacle::NoOpenBatch),
            ),
            (
                Some(closed),
                Some(Obstacle::NoOpenBatch),
                Some(Obstacle::NoOpenBatch),
            ),
            (Some(full), Some(Obstacle::BatchFull), None),
            (Some(OPEN), None, None),
        ] {
            let why = |wish| obstacle(wish, still, batch.as_ref());
            assert_eq!((why(Wish::Start), why(Wish::Close)), (start, close));
        }
    }
}
