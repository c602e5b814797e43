//! The list of samples: every screen in every state that it can be in, by name.

use super::samples::{NOON, OUT_OF_LIMITS, alarms, all_say, device, hear, person};
use super::samples::{progress_of_none, rows, running, verdict, with_long_names};
use crate::line::wishes::LineState;
use crate::tui::action::NewBatch;
use crate::tui::event::{LaneNews, Refused, StationNews};
use crate::tui::state::alarms::{About, Alarms};
use crate::tui::state::dialog::{BatchField, Dialog};
use crate::tui::state::lanes::Held;
use crate::tui::state::log::Log;
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::{Role, SignIn};
use crate::tui::state::{Health, Screen, State};
use crate::tui::told::{Gone, Told};
use crate::verdict::VerdictCode;
use crate::words::{Cause, PortFault, RefusalReason};

fn with(state: &State, change: impl FnOnce(&mut State)) -> State {
    let mut state = state.clone();
    change(&mut state);
    state
}

fn on(state: &State, screen: Screen) -> State {
    with(state, |state| {
        state.screen = screen;
        state.alarms.look();
    })
}

fn asked(state: &State, dialog: Dialog) -> State {
    with(state, |state| state.dialog = Some(dialog))
}

/// What may be so on all lanes at once, where there is the least room.
pub(super) fn on_every_lane(lanes: usize) -> Vec<(String, State)> {
    let port = "/dev/ttyUSB7".to_owned();
    let gone = [
        LaneNews::Verdict(Box::new(verdict(VerdictCode::HwLimit, OUT_OF_LIMITS))),
        LaneNews::PortMissing(PortFault::Missing { port }),
    ];
    let board = LaneNews::Board {
        uid: "F55CDF463D6CEDAD1ACB1B29".to_owned(),
        serial: None,
    };
    let waits = [LaneNews::Step(4), board, LaneNews::AwaitsLabel];
    let stopped = [LaneNews::Held(Held {
        name: "B-2026-47".to_owned(),
        of_batch: true,
        code: VerdictCode::KeyReused,
        cause: Cause::Verdict("board 07 has the same key".to_owned()),
        since_ms: None,
    })];
    let run = running(lanes);
    [
        ("long-names", with_long_names(&run)),
        ("unplugged", all_say(&run, &gone)),
        ("batch-held", all_say(&run, &stopped)),
        ("await-labels", all_say(&run, &waits)),
    ]
    .map(|(name, state)| (format!("{name}-{lanes}"), state))
    .to_vec()
}

/// What is longer than its place, at its newest line, further away, and at its oldest.
fn leafed() -> Vec<(String, State)> {
    let run = running(8);
    let long = with(&run, |state| {
        for board in 0..60 {
            let said = Said::Told(Told::NoLabel(format!("code-{board:02}")));
            state.log.add(NOON + board, true, said);
        }
        state.device = device();
        if let Some(report) = &mut state.device.report {
            report.timeline = vec![report.timeline.clone(); 9].concat();
        }
        if let Some(lane) = state.lanes.list.first_mut() {
            lane.frames = vec![lane.frames.clone(); 4].concat();
        }
    });
    let mut all = Vec::new();
    for (name, away) in [("newest", 0), ("further", 5), ("oldest", 1_000)] {
        for screen in [Screen::Log, Screen::Device, Screen::Lane] {
            let state = with(&on(&long, screen), |state| {
                state.log.below = away;
                state.device.scrolled = away;
                state.lanes.frames_below = away;
            });
            all.push((format!("leafed-{screen:?}-{name}").to_lowercase(), state));
        }
    }
    all
}

/// Every screen and state, by name.
#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn all() -> Vec<(String, State)> {
    let run = running(24);
    let mut all: Vec<(String, State)> = Vec::new();
    let mut add = |name: &str, state: State| all.push((name.to_owned(), state));
    add(
        "nobody",
        State {
            utc_ms: NOON,
            ..State::default()
        },
    );
    let ids = (1..6).map(|number| format!("op-{number}"));
    add(
        "by-name",
        State {
            by_name: ids.collect(),
            ..State::default()
        },
    );
    let pin = SignIn::WantsPin {
        operator: "op-17".to_owned(),
    };
    add(
        "pin",
        with(&State::default(), |state| {
            state.sign_in = pin;
            "4829"
                .chars()
                .for_each(|digit| state.scanner.take(digit, 1));
        }),
    );
    add(
        "checking",
        with(&run, |state| state.sign_in = SignIn::Checking),
    );
    add(
        "no-batch",
        with(&State::default(), |state| {
            state.sign_in = person(Role::Operator);
        }),
    );
    for lanes in [1, 2, 4, 8, 16, 24, 32] {
        add(&format!("line-{lanes}"), running(lanes));
    }
    for (name, state) in [8, 24, 32].into_iter().flat_map(on_every_lane) {
        add(&name, state);
    }
    for (name, state) in leafed() {
        add(&name, state);
    }
    for chosen in 0..10 {
        let state = with(&run, |state| state.lanes.chosen = chosen);
        add(&format!("chosen-{chosen}"), state.clone());
        add(&format!("lane-{chosen}"), on(&state, Screen::Lane));
    }
    add(
        "held",
        with(&run, |state| {
            state.health = Health {
                hsm: false,
                ledger: false,
            };
            state.alarms.list = alarms();
        }),
    );
    add(
        "paused",
        with(&run, |state| {
            hear(
                state,
                StationNews::LineEnded {
                    line: LineState::Paused,
                    fault: None,
                },
            );
        }),
    );
    add(
        "full",
        with(&run, |state| state.batches.line = LineState::Full),
    );
    add(
        "typed",
        with(&run, |state| {
            "SA-0001".chars().for_each(|c| state.scanner.take(c, 1));
        }),
    );
    add(
        "notice",
        with(&run, |state| {
            state.say(Said::Told(Told::SignedOut(Gone::Left)), false);
        }),
    );
    let batches = with(&on(&run, Screen::Batch), |state| {
        state.batches.renew(rows());
    });
    add("batch", batches.clone());
    add(
        "batch-grey",
        with(&batches, |state| state.sign_in = person(Role::Operator)),
    );
    add(
        "batch-signed-out",
        with(&batches, |state| state.sign_in = SignIn::Nobody),
    );
    add(
        "batch-none",
        with(&batches, |state| {
            state.batches.renew(Vec::new());
            state.batches.progress = progress_of_none();
        }),
    );
    add("device-none", on(&run, Screen::Device));
    add(
        "device",
        with(&on(&run, Screen::Device), |state| state.device = device()),
    );
    add(
        "device-no-printer",
        with(&on(&run, Screen::Device), |state| {
            state.device = device();
            state.has_printer = false;
        }),
    );
    add(
        "device-unknown",
        with(&on(&run, Screen::Device), |state| {
            let wanted = "SA-999999".to_owned();
            hear(
                state,
                StationNews::Device {
                    wanted,
                    report: None,
                },
            );
            state.notice = None;
        }),
    );
    add(
        "alarms-none",
        with(&on(&run, Screen::Alarms), |state| {
            state.alarms = Alarms::default();
        }),
    );
    let alarmed = with(&on(&run, Screen::Alarms), |state| {
        state.alarms.list = alarms();
    });
    for chosen in 0..3 {
        let state = with(&alarmed, |state| state.alarms.chosen = chosen);
        add(&format!("alarms-{chosen}"), state);
    }
    add(
        "alarms-grey",
        with(&alarmed, |state| state.sign_in = person(Role::Operator)),
    );
    add(
        "alarms-acknowledged",
        with(&alarmed, |state| {
            hear(
                state,
                StationNews::HoldCleared {
                    about: About::Batch("B-2026-47".to_owned()),
                },
            );
        }),
    );
    add("log", on(&run, Screen::Log));
    add(
        "log-none",
        with(&on(&run, Screen::Log), |state| {
            state.log = Log::default();
        }),
    );
    for screen in Screen::ALL {
        let name = format!("help-{screen:?}").to_lowercase();
        add(&name, with(&on(&run, screen), |state| state.help = true));
    }
    let half = NewBatch {
        batch: "B-2026-48".to_owned(),
        ..NewBatch::default()
    };
    add(
        "ask-open",
        asked(&batches, Dialog::OpenBatch(half, BatchField::Profile)),
    );
    add("ask-discard", asked(&batches, Dialog::Discard));
    add(
        "ask-close",
        asked(
            &batches,
            Dialog::CloseBatch {
                batch: "B-2026-47".to_owned(),
            },
        ),
    );
    add(
        "ask-acknowledge",
        asked(
            &alarmed,
            Dialog::Acknowledge {
                about: About::Lane("L07".to_owned()),
                code: VerdictCode::KeyReused,
                since_ms: 0,
            },
        ),
    );
    add(
        "ask-looked-at",
        asked(
            &alarmed,
            Dialog::Acknowledge {
                about: About::Board {
                    lane: "L03".to_owned(),
                    uid: None,
                    code: VerdictCode::FwMeasurement,
                },
                code: VerdictCode::FwMeasurement,
                since_ms: 0,
            },
        ),
    );
    add(
        "ask-reprint",
        asked(
            &run,
            Dialog::Reprint {
                device: "SA-000123".to_owned(),
            },
        ),
    );
    add("ask-sign-out", asked(&run, Dialog::SignOut));
    add("ask-leave", asked(&run, Dialog::Leave));
    add(
        "refused",
        asked(
            &batches,
            Dialog::Refused(Refused {
                reason: Some(RefusalReason::BatchUnfinished),
                what: "batch B-2026-47 cannot be closed".to_owned(),
                why: "1 in doubt (0707070707070707)".to_owned(),
                next:
                    "put these boards in again, or give them up with station batch close B-2026-47 \
               --revoke-unfinished --reason TEXT"
                        .to_owned(),
            }),
        ),
    );
    all
}
