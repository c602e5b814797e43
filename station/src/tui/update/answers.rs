//! What lanes and the station tell.

use super::badges;
use crate::line::wishes::LineState;
use crate::tui::action::Action;
use crate::tui::event::{Did, LaneNews, Refused, StationNews};
use crate::tui::state::alarms::{About, Alarm};
use crate::tui::state::batch::BatchHead;
use crate::tui::state::device::{Device, DeviceReport};
use crate::tui::state::dialog::Dialog;
use crate::tui::state::lanes::{Doing, Held, Lane, ShownVerdict};
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::SignIn;
use crate::tui::state::{Health, State};
use crate::tui::told::Told;
use crate::verdict::VerdictCode;
use crate::words::{Cause, RefusalReason};

/// A lane tells.
pub(super) fn lane(state: &mut State, name: &str, news: &LaneNews) {
    let (monotonic_ms, utc_ms) = (state.monotonic_ms, state.utc_ms);
    let held = state.lanes.list.iter().find(|lane| lane.name == name);
    let held = held.and_then(|lane| lane.held.clone());
    if let LaneNews::Held(held) = news {
        note_hold(state, name, held);
    }
    state.lanes.note(name, news, monotonic_ms);
    match news {
        // Whoever cleared it, and where nobody has to: the HSM answers again.
        LaneNews::Released => {
            if let Some(held) = held {
                state.alarms.clear(&about(&held));
            }
        }
        LaneNews::Verdict(verdict) => conclude(state, name, verdict),
        LaneNews::Held(held) => {
            let alarm = Alarm {
                about: about(held),
                code: held.code,
                cause: held.cause.clone(),
                utc_ms: held.since_ms.unwrap_or(utc_ms),
                acknowledged: false,
            };
            state.alarms.add(alarm);
        }
        LaneNews::AdapterChanged(change) => {
            let said = Said::Adapter {
                lane: name.to_owned(),
                change: change.clone(),
            };
            state.say(said, true);
        }
        LaneNews::PortMissing(fault) => {
            let said = Said::Port {
                lane: name.to_owned(),
                fault: fault.clone(),
            };
            state.log.add(utc_ms, true, said);
        }
        _ => {}
    }
}

/// A hold is in the log once, however many lanes stand for it, and however often a line begins while it stands.
fn note_hold(state: &mut State, name: &str, held: &Held) {
    let lanes = state.lanes.list.iter();
    let mut standing = lanes.filter_map(|lane| lane.held.as_ref());
    let is_logged = |said: &Said| match said {
        Said::Held { held: known, .. } => {
            let since = (known.since_ms, held.since_ms);
            since.1.is_some() && since.0 == since.1 && about(known) == about(held)
        }
        _ => false,
    };
    let mut logged = state.log.lines.iter().rev();
    if standing.any(|known| about(known) == about(held)) || logged.any(|line| is_logged(&line.said))
    {
        return;
    }
    let (lane, held) = (name.to_owned(), held.clone());
    state.log.add(state.utc_ms, true, Said::Held { lane, held });
}

/// What a hold is about.
fn about(held: &Held) -> About {
    match (held.code, held.of_batch) {
        (VerdictCode::StationClock, _) => About::Clock,
        (_, true) => About::Batch(held.name.clone()),
        (_, false) => About::Lane(held.name.clone()),
    }
}

fn conclude(state: &mut State, name: &str, verdict: &ShownVerdict) {
    let bad = verdict.code.outcome() != crate::verdict::Outcome::Pass;
    let said = Said::Verdict {
        lane: name.to_owned(),
        verdict: Box::new(verdict.clone()),
    };
    state.log.add(state.utc_ms, bad, said);
    if verdict.code.is_quiet_alarm() {
        state.alarms.add(Alarm {
            about: About::Board {
                lane: name.to_owned(),
                uid: verdict.uid.clone(),
                code: verdict.code,
            },
            code: verdict.code,
            cause: Cause::Verdict(verdict.detail.clone()),
            utc_ms: state.utc_ms,
            acknowledged: false,
        });
    }
}

/// The station tells.
pub(super) fn station(state: &mut State, news: StationNews) -> Vec<Action> {
    let who = |state: &State| state.sign_in.person().map(|person| person.operator.clone());
    let before = who(state);
    let actions = hear(state, news);
    if before.is_some() && who(state) != before {
        forget(state);
    }
    actions
}

/// What somebody had before them, and did not end, is for nobody else.
fn forget(state: &mut State) {
    state.dialog = None;
    state.beneath = None;
    state.draft = None;
    state.scanner.clear();
    state.device = Device::default();
}

fn hear(state: &mut State, news: StationNews) -> Vec<Action> {
    match news {
        StationNews::Told(told) => return take_telling(state, told),
        StationNews::WantsPin { operator } => {
            // Somebody is enrolled by now, and an ID alone signs nobody in any more.
            state.by_name.clear();
            state.sign_in = SignIn::WantsPin { operator };
        }
        StationNews::SignedIn(person) => {
            let (operator, role) = (person.operator.clone(), person.role);
            state.say(Said::SignedIn { operator, role }, false);
            state.sign_in = SignIn::Person(person);
            return vec![Action::ListBatches];
        }
        StationNews::Batches(list) => {
            state.batches.freshness.answer(state.monotonic_ms);
            state.batches.renew(list);
        }
        StationNews::LineStarted(head) => begin_line(state, head),
        StationNews::Wear(wear) => state.lanes.wear(&wear),
        StationNews::Progress(progress) => state.batches.progress = progress,
        StationNews::LineIs(line) => state.batches.line = line,
        StationNews::LineEnded { line, fault } => end_line(state, line, fault),
        StationNews::Alarms(list) => {
            for alarm in list.into_iter().rev() {
                state.alarms.add(alarm);
            }
            hold_idle_lanes(state);
        }
        StationNews::Health { hsm, ledger } => state.health = Health { hsm, ledger },
        StationNews::Device { wanted, report } => show_device(state, wanted, report),
        StationNews::HoldCleared { about } => {
            clear_hold(state, &about);
            take_back_reason(state, &about);
        }
        StationNews::BadgeInField { field, code } => badges::take_out(state, field, &code),
        StationNews::Refused(refused) => {
            state.batches.freshness.refuse();
            refuse(state, refused);
        }
    }
    Vec::new()
}

fn take_telling(state: &mut State, told: Told) -> Vec<Action> {
    if let Told::Did(Did::OpenedBatch { batch, .. }) = &told {
        state.batches.opened = Some(batch.clone());
    }
    // Somebody who is not let in changes nothing for whoever is signed in: only the station's word ends that.
    let is_nobody = match &told {
        Told::NotLetIn { .. } => state.sign_in.person().is_none(),
        told => matches!(told, Told::SignedOut(_)),
    };
    if is_nobody {
        // What is left of a PIN must not stand where IDs are typed.
        if !matches!(state.sign_in, SignIn::Nobody) {
            state.scanner.clear();
        }
        state.sign_in = SignIn::Nobody;
    }
    let signed_out = matches!(told, Told::SignedOut(_));
    if signed_out {
        state.dialog = None;
    }
    let lists = matches!(told, Told::Did(_));
    if lists || signed_out {
        state.draft = None;
    }
    let bad = told.is_bad();
    if let Told::LabelTaken { lane, .. } = &told {
        state.lanes.has_label(lane);
    }
    let anew = look_up_anew(state, &told);
    state.say(Said::Told(told), bad);
    let lists = lists.then_some(Action::ListBatches);
    lists.into_iter().chain(anew).collect()
}

/// A label that was printed again is in the past of the board that is shown: that is asked for once more.
fn look_up_anew(state: &State, told: &Told) -> Option<Action> {
    let Told::Did(Did::Printed(device)) = told else {
        return None;
    };
    let shown = state.device.report.as_ref()?;
    let is_shown = shown.uid == *device || shown.serial.as_ref() == Some(device);
    (is_shown && state.sign_in.person().is_some()).then(|| Action::Scan {
        code: shown.uid.clone(),
        lane: None,
        look_up: true,
    })
}

fn refuse(state: &mut State, refused: Refused) {
    let said = Said::Refused(refused.clone());
    // What may be a badge is not kept.
    state
        .draft
        .take_if(|_| refused.reason == Some(RefusalReason::BadgeTyped));
    if state.sign_in == SignIn::Checking {
        state.sign_in = SignIn::Nobody;
    }
    // Something of before was not done, and somebody types by now: that is not thrown away.
    let fills_in = state.dialog.as_ref().is_some_and(Dialog::has_field);
    if fills_in || state.beneath.is_some() {
        state.say(said, true);
        return;
    }
    state.log.add(state.utc_ms, true, said);
    state.scanner.clear();
    state.dialog = Some(Dialog::Refused(refused));
}

fn show_device(state: &mut State, wanted: String, report: Option<Box<DeviceReport>>) {
    if report.is_none() {
        state.say(Said::UnknownBoard(wanted.clone()), true);
    } else {
        // What stands there would be said of the board that is shown.
        state.unsay(|said| matches!(said, Said::UnknownBoard(_)));
    }
    state.device = Device {
        wanted: Some(wanted),
        report: report.map(|report| *report),
        scrolled: 0,
    };
}

fn begin_line(state: &mut State, head: BatchHead) {
    let batch = head.batch.clone();
    state.say(Said::LineStarted { batch }, false);
    let known = |(name, port): &(String, String)| {
        let found = state.lanes.list.iter().find(|lane| lane.name == *name);
        let fresh = || Lane {
            name: name.clone(),
            ..Lane::default()
        };
        let mut lane = found.cloned().unwrap_or_else(fresh);
        lane.port.clone_from(port);
        lane
    };
    state.lanes.list = head.lanes.iter().map(known).collect();
    state.lanes.chosen = state.lanes.chosen.min(head.lanes.len().saturating_sub(1));
    state.lanes.all_are(&Doing::Starting);
    state.batches.head = Some(head);
}

fn end_line(state: &mut State, line: LineState, fault: Option<String>) {
    state.lanes.all_are(&Doing::Idle);
    // Such a lane waited by itself, which the ledger does not know; nobody can clear it.
    let waited = |alarm: &&Alarm| alarm.code == VerdictCode::StationHsm && alarm.about.holds();
    let waited: Vec<_> = state.alarms.list.iter().filter(waited).cloned().collect();
    for alarm in waited {
        state.alarms.clear(&alarm.about);
    }
    state.batches.line = line;
    hold_idle_lanes(state);
    let bad = fault.is_some();
    state.say(Said::LineEnded(fault), bad);
}

/// A lane is held whether a line runs or not: where none does, its alarm says so.
fn hold_idle_lanes(state: &mut State) {
    if state.batches.line.is_at_work() {
        return;
    }
    for alarm in state.alarms.list.iter().filter(|alarm| !alarm.acknowledged) {
        let About::Lane(name) = &alarm.about else {
            continue;
        };
        let lanes = state.lanes.list.iter_mut();
        for lane in lanes.filter(|lane| lane.name == *name) {
            lane.held = Some(Held {
                name: name.clone(),
                of_batch: false,
                code: alarm.code,
                cause: alarm.cause.clone(),
                since_ms: Some(alarm.utc_ms),
            });
        }
    }
}

/// Somebody else has cleared what a reason is being typed for: what may be held there next has not been read.
fn take_back_reason(state: &mut State, about: &About) {
    let is_of_it = |dialog: &Dialog| match dialog {
        Dialog::Acknowledge { about: asked, .. } => asked == about,
        _ => false,
    };
    if !about.holds() || !state.dialog.as_ref().is_some_and(is_of_it) {
        return;
    }
    state.dialog = None;
    state.scanner.clear();
    let did = match about {
        About::Lane(name) | About::Batch(name) => Did::Cleared(name.clone()),
        About::Clock | About::Board { .. } => Did::AcceptedClock,
    };
    state.say(Said::Told(Told::Did(did)), true);
}

fn clear_hold(state: &mut State, about: &About) {
    state.alarms.clear(about);
    for lane in &mut state.lanes.list {
        let same = lane.held.as_ref().is_some_and(|held| match about {
            About::Lane(name) => !held.of_batch && held.name == *name,
            About::Batch(name) => held.of_batch && held.name == *name,
            _ => false,
        });
        if same {
            lane.held = None;
        }
    }
}
