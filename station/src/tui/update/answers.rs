//! What lanes and the station tell.

use crate::tui::action::Action;
use crate::tui::event::{LaneNews, NotLetIn, Refused, StationNews};
use crate::tui::seconds;
use crate::tui::state::alarms::{About, Alarm};
use crate::tui::state::batch::{BatchHead, LineState};
use crate::tui::state::device::{Device, DeviceReport};
use crate::tui::state::dialog::Dialog;
use crate::tui::state::lanes::{Doing, Lane, ShownVerdict};
use crate::tui::state::sign_in::SignIn;
use crate::tui::state::{Health, State};
use crate::tui::vocabulary;
use crate::verdict::VerdictCode;
use crate::words::Phrase;

/// A lane tells.
pub(super) fn lane(state: &mut State, name: &str, news: &LaneNews) {
    let (monotonic_ms, utc_ms) = (state.monotonic_ms, state.utc_ms);
    let held = state.lanes.list.iter().find(|lane| lane.name == name);
    let held = held.and_then(|lane| lane.held.clone());
    state.lanes.note(name, news, monotonic_ms);
    match news {
        // Whoever cleared it, and where nobody has to: the HSM answers again.
        LaneNews::Released => {
            if let Some(held) = held {
                state
                    .alarms
                    .clear(&about(held.code, held.of_batch, &held.name));
            }
        }
        LaneNews::Verdict(verdict) => conclude(state, name, verdict),
        LaneNews::Held {
            name: held,
            of_batch,
            code,
            detail,
        } => {
            let detail = detail.clone();
            let alarm = Alarm {
                about: about(*code, *of_batch, held),
                code: *code,
                detail,
                utc_ms,
                acknowledged: false,
            };
            state.alarms.add(alarm);
        }
        LaneNews::AdapterChanged {
            before,
            now,
            belongs_to,
        } => {
            let language = state.language;
            let text = match belongs_to {
                Some(lane) => language.fill(Phrase::CableSwapped, &[name, now, lane]),
                None => language.fill(Phrase::AdapterChanged, &[name, now, before]),
            };
            state.say(text, true);
        }
        LaneNews::PortMissing { detail } => {
            let language = state.language;
            let missing = language.say(Phrase::LaneNoPort);
            let why = detail.split_once("; ").map_or(&**detail, |(why, _)| why);
            let text = format!("{name}: {missing}. {}", language.technical(why));
            state.log.add(utc_ms, true, text);
        }
        _ => {}
    }
}

/// What a hold is about.
fn about(code: VerdictCode, of_batch: bool, held: &str) -> About {
    match (code, of_batch) {
        (VerdictCode::StationClock, _) => About::Clock,
        (_, true) => About::Batch(held.to_owned()),
        (_, false) => About::Lane(held.to_owned()),
    }
}

fn conclude(state: &mut State, name: &str, verdict: &ShownVerdict) {
    let word = state.language.say(vocabulary::outcome(verdict.code));
    let board = verdict.serial.as_deref().or(verdict.uid.as_deref());
    let mut text = format!("{name}  {word}  {}", board.unwrap_or("-"));
    if verdict.code != VerdictCode::Pass {
        let detail = state.language.detail(&verdict.detail);
        text = format!("{text}  {}  {detail}", verdict.code);
    }
    text = format!("{text}  {} s", seconds(verdict.took_ms));
    let bad = verdict.code.outcome() != crate::verdict::Outcome::Pass;
    state.log.add(state.utc_ms, bad, text);
    if verdict.code.is_quiet_alarm() {
        state.alarms.add(Alarm {
            about: About::Board {
                lane: name.to_owned(),
                uid: verdict.uid.clone(),
            },
            code: verdict.code,
            detail: verdict.detail.clone(),
            utc_ms: state.utc_ms,
            acknowledged: false,
        });
    }
}

/// The station tells.
pub(super) fn station(state: &mut State, news: StationNews) -> Vec<Action> {
    let language = state.language;
    match news {
        StationNews::WantsPin { operator } => state.sign_in = SignIn::WantsPin { operator },
        StationNews::SignedIn(person) => {
            let role = language.say(vocabulary::role(person.role));
            state.say(
                language.fill(Phrase::SignedIn, &[&person.operator, role]),
                false,
            );
            state.sign_in = SignIn::Person(person);
            return vec![Action::ListBatches];
        }
        StationNews::SignInRefused { why, wait_s } => not_let_in(state, &why, wait_s),
        StationNews::SignedOut => {
            state.sign_in = SignIn::Nobody;
            state.dialog = None;
            state.say(language.say(Phrase::SignedOut).to_owned(), false);
        }
        StationNews::Batches(list) => state.batches.renew(list),
        StationNews::LineStarted(head) => begin_line(state, head),
        StationNews::Wear(wear) => state.lanes.wear(&wear),
        StationNews::Progress(progress) => state.batches.progress = progress,
        StationNews::LineEnded { full, fault } => end_line(state, full, fault),
        StationNews::Alarms(list) => {
            for alarm in list.into_iter().rev() {
                state.alarms.add(alarm);
            }
        }
        StationNews::Health { hsm, ledger } => state.health = Health { hsm, ledger },
        StationNews::Device { wanted, report } => show_device(state, wanted, report),
        StationNews::LabelTaken { serial, lane } => {
            state.say(language.fill(Phrase::LabelTaken, &[&serial, &lane]), false);
        }
        StationNews::LabelOdd(text) => {
            state.say(language.fill(Phrase::LabelOdd, &[&text]), true);
        }
        StationNews::NobodyWaits(text) => {
            state.say(language.fill(Phrase::NobodyWaits, &[&text]), true);
        }
        StationNews::LabelWaits { serial, why } => {
            let why = language.technical(&why);
            state.say(language.fill(Phrase::LabelWaits, &[&serial, &why]), true);
        }
        StationNews::LabelFailed { serial, why } => {
            let why = language.technical(&why);
            state.say(language.fill(Phrase::LabelFailed, &[&serial, &why]), true);
        }
        StationNews::Trouble(text) => {
            let technical = language.technical(&text);
            state.say(format!("{} {technical}", language.refusal(None)), true);
        }
        StationNews::HoldCleared { about } => clear_hold(state, &about),
        StationNews::Done(did) => {
            state.say(vocabulary::did(language, &did), false);
            return vec![Action::ListBatches];
        }
        StationNews::Refused(refused) => refuse(state, refused),
    }
    Vec::new()
}

fn not_let_in(state: &mut State, why: &NotLetIn, wait_s: u64) {
    let language = state.language;
    state.sign_in = SignIn::Nobody;
    let why = vocabulary::not_let_in(language, why);
    let wait = (wait_s > 0).then(|| language.fill(Phrase::SignInWait, &[&wait_s.to_string()]));
    state.say(
        wait.map_or(why.clone(), |wait| format!("{why} {wait}")),
        true,
    );
}

fn refuse(state: &mut State, refused: Refused) {
    let language = state.language;
    let technical = language.technical(&format!("{}: {}", refused.what, refused.why));
    let text = format!("{} {technical}", language.refusal(refused.reason));
    state.log.add(state.utc_ms, true, text);
    state.scanner.clear();
    if state.sign_in == SignIn::Checking {
        state.sign_in = SignIn::Nobody;
    }
    state.dialog = Some(Dialog::Refused(refused));
}

fn show_device(state: &mut State, wanted: String, report: Option<Box<DeviceReport>>) {
    if report.is_none() {
        let text = state.language.fill(Phrase::UnknownBoard, &[&wanted]);
        state.say(text, true);
    }
    state.device = Device {
        wanted: Some(wanted),
        report: report.map(|report| *report),
        scrolled: 0,
    };
}

fn begin_line(state: &mut State, head: BatchHead) {
    let text = state.language.fill(Phrase::LineStarted, &[&head.batch]);
    state.say(text, false);
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
    state.batches.line = LineState::Running;
    state.batches.head = Some(head);
}

fn end_line(state: &mut State, full: bool, fault: Option<String>) {
    state.lanes.all_are(&Doing::Idle);
    // Such a lane waited by itself, which the ledger does not know; nobody can clear it.
    let waited = |alarm: &&Alarm| alarm.code == VerdictCode::StationHsm && alarm.about.holds();
    let waited: Vec<_> = state.alarms.list.iter().filter(waited).cloned().collect();
    for alarm in waited {
        state.alarms.clear(&alarm.about);
    }
    state.batches.line = if full {
        LineState::Full
    } else {
        LineState::Paused
    };
    let said = state.language.say(Phrase::LineEndedLog);
    match fault {
        Some(fault) => {
            let language = state.language;
            let (to_do, technical) = (language.say(Phrase::LineFault), language.technical(&fault));
            state.say(format!("{said}. {to_do} {technical}"), true);
        }
        None => state.say(said.to_owned(), false),
    }
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
