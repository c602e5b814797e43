//! Samples of everything that the station can say: each notice, each refusal, each fault of a port, each thing
//! that a lane can be held for, each event of a board.

use super::samples::{self, NOON, OUT_OF_LIMITS, verdict};
use crate::tui::event::{AdapterChange, Did, NotLetIn, Refused};
use crate::tui::state::device::Moment;
use crate::tui::state::dialog::Dialog;
use crate::tui::state::lanes::{Doing, Held};
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::{Deed, Role};
use crate::tui::state::why_not::WhyNot;
use crate::tui::state::{Screen, State};
use crate::tui::told::{Gone, Told};
use crate::verdict::VerdictCode;
use crate::words::{Cause, Happening, PortFault, RefusalReason, StopRule, Trouble};

/// Technical text.
const SAYS: &str = "EIO 5";

fn refused(reason: Option<RefusalReason>) -> Refused {
    let says = || SAYS.to_owned();
    Refused {
        reason,
        what: says(),
        why: says(),
        next: says(),
    }
}

/// Each way in which a port can be missing.
pub(super) fn port_faults() -> Vec<PortFault> {
    let port = || "/dev/ttyUSB7".to_owned();
    vec![
        PortFault::Missing { port: port() },
        PortFault::InUse { port: port() },
        PortFault::Denied { port: port() },
        PortFault::Unusable {
            port: port(),
            says: SAYS.to_owned(),
        },
    ]
}

fn of_labels() -> Vec<Said> {
    let serial = || "SA-000123".to_owned();
    let why = || SAYS.to_owned();
    vec![
        Said::UnknownBoard(serial()),
        Said::Told(Told::LabelTaken {
            serial: serial(),
            lane: "L02".to_owned(),
        }),
        Said::Told(Told::LabelOdd("4711".to_owned())),
        Said::Told(Told::NoLabel("4006381333931".to_owned())),
        Said::Told(Told::NobodyWaits),
        Said::Told(Told::WaitsNoLonger("L04".to_owned())),
        Said::Told(Told::LabelOfLane {
            lane: "L02".to_owned(),
            waits: "L04".to_owned(),
        }),
        Said::BadgeInField,
        Said::NoReason,
        Said::QuestionStands,
        Said::SignInToLeave,
        Said::Told(Told::LabelWaits {
            serial: serial(),
            why: why(),
        }),
        Said::Told(Told::LabelFailed {
            serial: serial(),
            why: why(),
        }),
    ]
}

/// Everything that can be wrong with the station itself.
pub(super) const TROUBLES: [Trouble; 5] = [
    Trouble::Hsm,
    Trouble::Ledger,
    Trouble::DiskNearlyFull { free_mib: 97 },
    Trouble::Label,
    Trouble::Operators,
];

fn of_people() -> Vec<Said> {
    let signed_in = |role| Said::SignedIn {
        operator: "op-17".to_owned(),
        role,
    };
    let roles = [
        Role::Operator,
        Role::Supervisor,
        Role::SecurityOfficer,
        Role::Auditor,
    ];
    let refusals = [
        NotLetIn::Unknown,
        NotLetIn::Disabled,
        NotLetIn::NoPin,
        NotLetIn::WrongPin,
        NotLetIn::TooSoon,
        NotLetIn::NotDigits,
        NotLetIn::Fault(SAYS.to_owned()),
    ];
    let not_let_in = |why| Said::Told(Told::NotLetIn { why, wait_s: 8 });
    let all = roles.map(signed_in).into_iter();
    all.chain(Gone::ALL.map(|gone| Said::Told(Told::SignedOut(gone))))
        .chain(refusals.map(not_let_in))
        .collect()
}

fn of_work() -> Vec<Said> {
    let batch = || "B-2026-47".to_owned();
    let opened = |boards| {
        Said::Told(Told::Did(Did::OpenedBatch {
            batch: batch(),
            boards,
        }))
    };
    let deed = Deed::Reprint;
    let cannot = |why| Said::CannotNow { deed, why };
    let adapter = |belongs_to| Said::Adapter {
        lane: "L02".to_owned(),
        change: AdapterChange {
            before: "A5".to_owned(),
            now: "B7".to_owned(),
            belongs_to,
        },
    };
    vec![
        Said::LineStarted { batch: batch() },
        Said::LineEnded(None),
        Said::LineEnded(Some(SAYS.to_owned())),
        Said::Refused(refused(Some(RefusalReason::BatchHeld))),
        Said::RecordingKept("/7/8".to_owned()),
        Said::RecordingLost(SAYS.to_owned()),
        cannot(WhyNot::NoPrinter),
        cannot(WhyNot::NoSerial),
        cannot(WhyNot::LabelAwaited("L02".to_owned())),
        cannot(WhyNot::TakesRole(Role::SecurityOfficer)),
        opened(1),
        opened(60),
        Said::Told(Told::Did(Did::ClosedBatch(batch()))),
        Said::Told(Told::Did(Did::Cleared("L02".to_owned()))),
        Said::HoldCleared {
            name: "L02".to_owned(),
            who: "sv-3".to_owned(),
            reason: "QA-17".to_owned(),
        },
        Said::Told(Told::Did(Did::AcceptedClock)),
        Said::Told(Told::Did(Did::Printed("SA-000123".to_owned()))),
        Said::Verdict {
            lane: "L02".to_owned(),
            verdict: Box::new(verdict(VerdictCode::HwLimit, OUT_OF_LIMITS)),
        },
        adapter(None),
        adapter(Some("L03".to_owned())),
    ]
}

/// One of each thing that can be said.
fn each() -> Vec<Said> {
    let held = |of_batch| Said::Held {
        lane: "L02".to_owned(),
        held: Held {
            name: if of_batch { "B-2026-47" } else { "L02" }.to_owned(),
            of_batch,
            code: VerdictCode::KeyReused,
            cause: Cause::Verdict("board 07 has the same key".to_owned()),
            since_ms: Some(1),
        },
    };
    let port = |fault| Said::Port {
        lane: "L08".to_owned(),
        fault,
    };
    let ports = port_faults().into_iter().map(port);
    let trouble = |trouble| {
        Said::Told(Told::Trouble {
            trouble,
            says: SAYS.to_owned(),
        })
    };
    let rest = of_labels().into_iter().chain(of_people()).chain(of_work());
    let rest = rest.chain([false, true].map(held));
    ports.chain(rest).chain(TROUBLES.map(trouble)).collect()
}

/// The stop rules by their keys in the profile.
pub(super) const STOP_RULES: [&str; 5] = [
    "failures_in_a_row_on_lane",
    "failures_in_a_row_in_batch",
    "first_pass_yield",
    "same_code_on_lane",
    "attestation_alarms",
];

/// What lanes can stand still for.
fn causes() -> Vec<Cause> {
    let rule = |name: &str, window| {
        Cause::Rule(StopRule {
            name: name.to_owned(),
            found: 3,
            limit: 3,
            window,
        })
    };
    let clock = |back| Cause::Clock {
        back,
        seconds: 7_200,
    };
    let in_a_row = |key: &str| key.starts_with("failures_in_a_row");
    let rules = STOP_RULES.map(|key| rule(key, (!in_a_row(key)).then_some(20)));
    let mut all = vec![
        Cause::Verdict("the same key as board 07".to_owned()),
        clock(true),
        clock(false),
    ];
    all.extend(rules);
    all
}

/// Each event of a board, with a code and without; what its places are filled with are names and codes.
fn moments() -> Vec<Moment> {
    let values = [
        ["HW-LIMIT", "SA-000123", "7", "8D-4711"],
        ["SA-000123", "7", "8D-4711", "L02"],
    ];
    let each = Happening::ALL.iter();
    let each = each.flat_map(|happening| values.map(|values| (*happening, values)));
    let moment = |(minute, (happening, values)): (u64, (Happening, [&str; 4]))| Moment {
        utc_ms: NOON + minute * 60_000,
        happening,
        values: values.map(str::to_owned).to_vec(),
        detail: SAYS.to_owned(),
    };
    (0..).zip(each).map(moment).collect()
}

/// The screens on which all that is seen, by name.
pub(super) fn all(run: &State) -> Vec<(String, State)> {
    let mut all = Vec::new();
    let mut add = |name: String, change: &dyn Fn(&mut State)| {
        let mut state = run.clone();
        change(&mut state);
        all.push((name, state));
    };
    for (at, said) in each().chunks(18).enumerate() {
        add(format!("said-{at}"), &|state| {
            state.screen = Screen::Log;
            state.log.lines.clear();
            for said in said {
                state.say(said.clone(), false);
            }
        });
    }
    for (at, fault) in port_faults().iter().enumerate() {
        add(format!("port-fault-{at}"), &|state| {
            state.lanes.chosen = 7;
            state.lanes.list[7].doing = Doing::NoPort(fault.clone());
        });
    }
    for (at, cause) in causes().iter().enumerate() {
        add(format!("held-for-{at}"), &|state| {
            state.lanes.list[0].held = Some(Held {
                name: "L01".to_owned(),
                of_batch: false,
                code: VerdictCode::KeyReused,
                cause: cause.clone(),
                since_ms: None,
            });
        });
    }
    let reasons = RefusalReason::ALL.iter().map(|reason| Some(*reason));
    for reason in reasons.chain([None]) {
        let name = reason.map_or("refused-otherwise".to_owned(), |reason| {
            format!("refused-{reason:?}").to_lowercase()
        });
        add(name, &|state| {
            state.dialog = Some(Dialog::Refused(refused(reason)));
        });
    }
    for (at, moments) in moments().chunks(8).enumerate() {
        add(format!("board-{at}"), &|state| {
            state.screen = Screen::Device;
            state.device = samples::device();
            if let Some(report) = &mut state.device.report {
                report.timeline = moments.to_vec();
            }
        });
    }
    all
}
