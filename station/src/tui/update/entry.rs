//! Enter: a whole entry goes where it belongs; an Enter alone confirms or opens what is chosen.

use super::go;
use crate::tui::action::{Action, Named, NewBatch, Secret};
use crate::tui::command::Direction;
use crate::tui::scanner::{Submitted, TooLong};
use crate::tui::state::alarms::About;
use crate::tui::state::dialog::{BatchField, Dialog};
use crate::tui::state::said::Said;
use crate::tui::state::sign_in::{Deed, SignIn};
use crate::tui::state::why_not::why_not;
use crate::tui::state::{Screen, State};
use crate::tui::told::Told;
use crate::words::RefusalReason;

/// A character. What is longer than anything can be is not taken, and it is told.
pub(super) fn type_in(state: &mut State, character: char) {
    let before = state.scanner.over();
    state.scanner.take(character, state.monotonic_ms);
    match state.scanner.over() {
        Some(TooLong::Scanned) if before != Some(TooLong::Scanned) => {
            state.say(Said::ScanTooLong, true);
        }
        Some(TooLong::Typed) => state.tell(Said::EntryTooLong, true),
        _ => {}
    }
}

/// An Enter.
pub(super) fn submit(state: &mut State) -> Vec<Action> {
    if state.is_leaving() {
        return Vec::new();
    }
    match state.scanner.submit(state.monotonic_ms) {
        Submitted::Scanned(code) => scanned(state, code),
        Submitted::Typed(text) => filled(state, text),
        Submitted::Dropped => Vec::new(),
        Submitted::TooLong => {
            state.tell(Said::EntryTooLong, true);
            Vec::new()
        }
        Submitted::Empty if state.help => {
            state.help = false;
            Vec::new()
        }
        Submitted::Empty if state.is_asked_just_now() => Vec::new(),
        Submitted::Empty => confirm(state),
    }
}

/// A scan. It fills fields, except where words are asked for, and never has a wish done by itself. Nothing of it
/// is told where it is not taken: it may be a badge. What of it the station tells is decided there.
fn scanned(state: &mut State, code: String) -> Vec<Action> {
    match &mut state.dialog {
        Some(Dialog::OpenBatch(batch, field)) if field.next().is_none() => {
            field.fill(batch, code);
            Vec::new()
        }
        Some(Dialog::Acknowledge { .. } | Dialog::Reprint { .. }) => {
            state.say(Said::NoReason, true);
            Vec::new()
        }
        _ => filled(state, code),
    }
}

/// A scan or a typed text. It never confirms anything: only an Enter of its own does.
fn filled(state: &mut State, text: String) -> Vec<Action> {
    match state.dialog.take() {
        Some(Dialog::OpenBatch(mut batch, field)) => {
            field.fill(&mut batch, text);
            go_on(state, batch, field)
        }
        Some(Dialog::Acknowledge {
            about, since_ms, ..
        }) => vec![acknowledge(about, since_ms, text)],
        Some(Dialog::Reprint { device }) => {
            let reason = text;
            vec![Action::Reprint { device, reason }]
        }
        Some(other) => {
            state.dialog = Some(other);
            state.say(Said::QuestionStands, true);
            Vec::new()
        }
        None => without_dialog(state, text),
    }
}

/// From a field that is filled in to the next one, or with all of them to the station.
fn go_on(state: &mut State, batch: NewBatch, field: BatchField) -> Vec<Action> {
    if let Some(next) = field.next() {
        state.dialog = Some(Dialog::OpenBatch(batch, next));
        return Vec::new();
    }
    let empty = |field: &BatchField| field.of(&batch).is_empty();
    if let Some(empty) = BatchField::ALL.into_iter().find(empty) {
        state.dialog = Some(Dialog::OpenBatch(batch, empty));
        return Vec::new();
    }
    state.draft = Some(batch.clone());
    vec![Action::OpenBatch(batch)]
}

/// Another field of a new batch; what was typed into this one stays.
pub(super) fn other_field(state: &mut State, direction: Direction) {
    let Some(Dialog::OpenBatch(batch, field)) = &mut state.dialog else {
        return;
    };
    let other = match direction {
        Direction::Up | Direction::Left => field.before(),
        Direction::Down | Direction::Right => field.next(),
    };
    let Some(other) = other else { return };
    if state.scanner.is_typing() {
        field.fill(batch, state.scanner.entry().trim().to_owned());
    }
    state.scanner.clear();
    *field = other;
}

/// The last character goes, that of a field that was filled in before as well.
pub(super) fn erase(state: &mut State) {
    if let Some(Dialog::OpenBatch(batch, field)) = &mut state.dialog
        && !state.scanner.is_typing()
        && !field.of(batch).is_empty()
    {
        let kept = field.of(batch).to_owned();
        field.fill(batch, String::new());
        state.scanner.edit(&kept);
    }
    state.scanner.erase(state.monotonic_ms);
}

/// What a person has changed in a field is as it was; says whether there was anything.
pub(super) fn undo(state: &mut State) -> bool {
    let former = state.scanner.undo();
    let changed = former.is_some();
    if let (Some(former), Some(Dialog::OpenBatch(batch, field))) = (former, &mut state.dialog) {
        field.fill(batch, former);
    }
    changed
}

/// A question comes over whatever is open. The fields of a new batch lie beneath it, until it is answered.
pub(super) fn ask(state: &mut State, question: Dialog) {
    undo(state);
    state.scanner.clear();
    let before = state.dialog.replace(question);
    if let Some(fields @ Dialog::OpenBatch(..)) = before {
        state.beneath = Some(fields);
    }
}

/// A dialog is gone without an answer. A batch that was refused is there again, to be mended where it was wrong;
/// fields that are filled in are not thrown away unasked.
pub(super) fn put_away(state: &mut State, dialog: Dialog) {
    let draft = state.draft.take();
    match (dialog, draft) {
        (Dialog::Refused(refused), Some(draft)) => {
            let wrong = match refused.reason {
                Some(RefusalReason::NotANumber) => BatchField::Quantity,
                Some(RefusalReason::ProfileUnreadable) => BatchField::Profile,
                _ => BatchField::Name,
            };
            state.dialog = Some(Dialog::OpenBatch(draft, wrong));
        }
        (Dialog::OpenBatch(batch, field), _) if batch != NewBatch::default() => {
            state.dialog = Some(Dialog::OpenBatch(batch, field));
            ask(state, Dialog::Discard);
        }
        _ => state.dialog = state.beneath.take(),
    }
}

fn acknowledge(about: About, since_ms: u64, reason: String) -> Action {
    let (name, of_batch) = match about {
        About::Clock => return Action::AcceptClock { reason },
        About::Batch(batch) => (batch, true),
        About::Lane(lane) => (lane, false),
        About::Board { lane, uid, code } => {
            return Action::AcknowledgeAlarm {
                lane,
                uid,
                code,
                reason,
            };
        }
    };
    Action::ClearHold {
        name,
        of_batch,
        since_ms,
        reason,
    }
}

/// The lane that the screen names for a scan.
fn named(state: &State) -> Option<Named> {
    let lane = state.lanes.served_next()?.to_owned();
    let shown = state.lanes.list.iter().find(|shown| shown.name == lane);
    Some(Named {
        board: shown.and_then(|shown| shown.uid.clone()),
        is_read: state.lanes.is_next_read(state.monotonic_ms),
        lane,
    })
}

fn without_dialog(state: &mut State, text: String) -> Vec<Action> {
    // That somebody was not let in is not said of whoever comes next.
    state.unsay(|said| matches!(said, Said::Told(Told::NotLetIn { .. })));
    match std::mem::take(&mut state.sign_in) {
        SignIn::Nobody => {
            state.sign_in = SignIn::Checking;
            vec![Action::Identify { badge: text }]
        }
        SignIn::WantsPin { operator } => {
            state.sign_in = SignIn::Checking;
            let pin = Secret(text);
            vec![Action::Prove { operator, pin }]
        }
        SignIn::Checking => {
            state.sign_in = SignIn::Checking;
            Vec::new()
        }
        signed_in @ SignIn::Person(_) => {
            state.sign_in = signed_in;
            vec![Action::Scan {
                code: text,
                lane: named(state),
                look_up: state.screen == Screen::Device,
            }]
        }
    }
}

/// An Enter alone.
fn confirm(state: &mut State) -> Vec<Action> {
    match state.dialog.take() {
        Some(Dialog::CloseBatch { batch }) => vec![Action::CloseBatch { batch }],
        Some(Dialog::SignOut) => vec![Action::SignOut],
        Some(Dialog::Leave) => go(state),
        Some(Dialog::Discard) => Vec::new(),
        Some(refused @ Dialog::Refused(_)) => {
            put_away(state, refused);
            Vec::new()
        }
        Some(Dialog::OpenBatch(batch, field)) if !field.of(&batch).is_empty() => {
            go_on(state, batch, field)
        }
        // A field is filled in, never left empty.
        Some(
            field @ (Dialog::OpenBatch(..) | Dialog::Acknowledge { .. } | Dialog::Reprint { .. }),
        ) => {
            state.dialog = Some(field);
            Vec::new()
        }
        None if state.sign_in.person().is_none() => Vec::new(),
        None => open_chosen(state),
    }
}

fn open_chosen(state: &mut State) -> Vec<Action> {
    let screen = state.screen;
    match screen {
        Screen::Line => {
            state.screen = Screen::Lane;
            state.lanes.frames_below = 0;
        }
        Screen::Batch => return do_deed(state),
        Screen::Alarms if can(state, Deed::Acknowledge) => {
            let chosen = state.alarms.chosen();
            state.dialog = chosen.map(|alarm| Dialog::Acknowledge {
                about: alarm.about.clone(),
                code: alarm.code,
                since_ms: alarm.utc_ms,
            });
        }
        Screen::Device if state.device.report.is_some() && can(state, Deed::Reprint) => {
            let device = state.device.serial().map(str::to_owned);
            state.dialog = device.map(|device| Dialog::Reprint { device });
        }
        Screen::Alarms | Screen::Device | Screen::Lane | Screen::Log => {}
    }
    Vec::new()
}

/// Whether it can be done now; if not, whoever pressed Enter is told why.
fn can(state: &mut State, deed: Deed) -> bool {
    let why = why_not(state, deed);
    if let Some(why) = why.clone() {
        state.tell(Said::CannotNow { deed, why }, true);
    }
    why.is_none()
}

fn do_deed(state: &mut State) -> Vec<Action> {
    let deed = state.batches.deed();
    if !can(state, deed) {
        return Vec::new();
    }
    let batch = state.batches.chosen().map(|row| row.batch.clone());
    match (deed, batch) {
        (Deed::Start, Some(batch)) => vec![Action::StartLine { batch }],
        (Deed::Pause, _) => vec![Action::PauseLine],
        (Deed::OpenBatch, _) => {
            let fresh = Dialog::OpenBatch(NewBatch::default(), BatchField::default());
            state.dialog = Some(fresh);
            Vec::new()
        }
        (Deed::CloseBatch, Some(batch)) => {
            state.dialog = Some(Dialog::CloseBatch { batch });
            Vec::new()
        }
        _ => Vec::new(),
    }
}
