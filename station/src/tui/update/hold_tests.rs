//! A hold that stands when a line begins anew.

use super::answers::{lane, station};
use super::answers_tests::running;
use crate::line::wishes::LineState;
use crate::tui::event::{LaneNews, StationNews};
use crate::tui::state::State;
use crate::tui::state::batch::BatchHead;
use crate::tui::state::lanes::Held;
use crate::tui::state::said::Said;
use crate::verdict::VerdictCode;
use crate::words::Cause;

fn held_since(since_ms: Option<u64>) -> LaneNews {
    LaneNews::Held(Held {
        name: "L1".to_owned(),
        of_batch: false,
        code: VerdictCode::UidReused,
        cause: Cause::Verdict("why".to_owned()),
        since_ms,
    })
}

fn begin_anew(state: &mut State) {
    let lanes = vec![("L1".to_owned(), "port".to_owned())];
    let ended = StationNews::LineEnded {
        line: LineState::Paused,
        fault: None,
    };
    let head = BatchHead {
        lanes,
        ..BatchHead::default()
    };
    for news in [ended, StationNews::LineStarted(head)] {
        drop(station(state, news));
    }
}

#[test]
fn a_hold_that_stood_before_the_line_began_is_not_logged_again() {
    let holds = |state: &State| {
        let said = state.log.lines.iter().map(|line| &line.said);
        said.filter(|said| matches!(said, Said::Held { .. }))
            .count()
    };
    let mut state = running();
    for (since_ms, logged) in [(7, 1), (7, 1), (9, 2)] {
        lane(&mut state, "L1", &held_since(Some(since_ms)));
        assert_eq!(holds(&state), logged, "since {since_ms}");
        begin_anew(&mut state);
    }
    // A lane that waits by itself is not in the ledger: each time is another.
    for logged in [3, 4] {
        lane(&mut state, "L1", &held_since(None));
        assert_eq!(holds(&state), logged);
        begin_anew(&mut state);
    }
}
