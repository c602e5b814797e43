//! What an event changes, and what is wished of the station because of it. The only code that changes a
//! [`State`]; does no I/O and never waits.

mod answers;
#[cfg(test)]
mod answers_tests;
mod badges;
mod choosing;
#[cfg(test)]
mod choosing_tests;
mod entry;
#[cfg(test)]
mod field_tests;
#[cfg(test)]
mod freshness_tests;
#[cfg(test)]
mod haste_tests;
#[cfg(test)]
mod hold_tests;
#[cfg(test)]
mod key_tests;
#[cfg(test)]
mod scan_tests;
#[cfg(test)]
mod taking_back_tests;
#[cfg(test)]
mod telling_tests;
#[cfg(test)]
mod too_long_tests;

use super::action::Action;
use super::command::Command;
use super::event::{Event, Key};
use super::scanner::{FAST_MS, Submitted};
use super::state::dialog::Dialog;
use super::state::said::Said;
use super::state::sign_in::SignIn;
use super::state::{Leaving, Screen, State};
use super::{geometry, keymap};

/// How often it is told that somebody is there, in milliseconds: more often than anybody is signed out.
const PRESENCE_MS: u64 = 2_000;

/// Takes an event; gives what is to be done.
pub fn update(state: &mut State, event: Event) -> Vec<Action> {
    let before = watched(state);
    let asked = question(state);
    let fields = badges::fields(state);
    let mut actions = take(state, event);
    actions.extend(badges::ask(state, fields.as_ref()));
    for _ in actions
        .iter()
        .filter(|action| **action == Action::ListBatches)
    {
        state.batches.freshness.ask(state.monotonic_ms);
    }
    if question(state).is_none() {
        state.beneath = None;
    }
    state.lanes.name_next(state.monotonic_ms);
    let asks = question(state);
    if asks != asked {
        state.asked_ms = asks.map(|_| state.monotonic_ms);
    }
    let lane = watched(state);
    if lane != before {
        actions.push(Action::WatchLane { lane });
    }
    actions
}

/// Which question stands.
fn question(state: &State) -> Option<std::mem::Discriminant<Dialog>> {
    let dialog = state.dialog.as_ref();
    let question = dialog.filter(|dialog| dialog.is_question());
    question.map(std::mem::discriminant)
}

/// The lane whose wire is on the screen.
fn watched(state: &State) -> Option<String> {
    let chosen = (state.screen == Screen::Lane).then(|| state.lanes.chosen());
    chosen.flatten().map(|lane| lane.name.clone())
}

fn take(state: &mut State, event: Event) -> Vec<Action> {
    match event {
        Event::Key { key, at_ms } => {
            state.monotonic_ms = state.monotonic_ms.max(at_ms);
            let mut actions = press(state, key);
            actions.extend(presence(state));
            actions
        }
        Event::Mouse { column, row } => {
            let mut actions = choosing::point(state, column, row);
            actions.extend(presence(state));
            actions
        }
        Event::Resize { width, height } => {
            state.size = (width, height);
            Vec::new()
        }
        Event::Tick {
            monotonic_ms,
            utc_ms,
        } => pass_time(state, monotonic_ms, utc_ms),
        Event::Lane { lane, news } => {
            answers::lane(state, &lane, &news);
            Vec::new()
        }
        Event::Station(news) => answers::station(state, news),
        Event::End => Vec::new(),
        // Not a second wish to leave: a terminal that is closed is heard of in more than one way.
        Event::Gone if state.is_leaving() => Vec::new(),
        Event::Stop | Event::Gone => go(state),
    }
}

fn pass_time(state: &mut State, monotonic_ms: u64, utc_ms: u64) -> Vec<Action> {
    state.monotonic_ms = state.monotonic_ms.max(monotonic_ms);
    state.utc_ms = utc_ms;
    if !state.is_asked_just_now() {
        state.asked_ms = None;
    }
    let in_field = state.dialog.as_ref().is_some_and(Dialog::has_field);
    if state.scanner.pass(monotonic_ms, !in_field) {
        state.help = true;
    }
    if state
        .notice
        .as_ref()
        .is_some_and(|notice| notice.until_ms <= monotonic_ms)
    {
        state.notice = None;
    }
    let mut actions = Vec::new();
    if !is_held_within(state, FAST_MS) {
        actions = obey_held(state);
    }
    // What the line adds to failed and in doubt is told by nobody.
    let is_seen = state.screen == Screen::Batch && state.batches.freshness.is_due(monotonic_ms);
    if is_seen && !actions.contains(&Action::ListBatches) {
        actions.push(Action::ListBatches);
    }
    actions
}

/// Tells now and then that somebody is there, so that they are not signed out while they only look around.
fn presence(state: &mut State) -> Option<Action> {
    let now_ms = state.monotonic_ms;
    let due = now_ms >= state.present_ms.saturating_add(PRESENCE_MS);
    let somebody = !matches!(state.sign_in, SignIn::Nobody | SignIn::Checking);
    let tells = due && somebody;
    tells.then(|| {
        state.present_ms = now_ms;
        Action::Present
    })
}

fn press(state: &mut State, key: Key) -> Vec<Action> {
    let Some(command) = keymap::command(key) else {
        return Vec::new();
    };
    let from_scanner = matches!(command, Command::Type(_) | Command::Submit);
    if !from_scanner && state.scanner.is_in_scan(state.monotonic_ms) {
        return Vec::new();
    }
    let was_held = state.held.is_some();
    let mut actions = if from_scanner && is_held_within(state, FAST_MS) {
        // What was held back was the first character of a scan.
        state.held = None;
        state.scanner.take('\u{1}', state.monotonic_ms);
        Vec::new()
    } else {
        obey_held(state)
    };
    if from_scanner && !was_held && was_asked_within(state, FAST_MS) {
        // Who asked was the first character of a scan, not a person: its Enter is none of a person either.
        state.dialog = state.beneath.take();
        state.scanner.take('\u{1}', state.monotonic_ms);
    }
    if geometry::is_enough(state.size) {
        actions.extend(obey_or_hold(state, command));
    } else {
        actions.extend(obey_unseen(state, command));
    }
    actions
}

/// What cannot be taken back and is asked about by nobody waits until it is clear that no scan begins with it, and so
/// does the answer to a question.
fn obey_or_hold(state: &mut State, command: Command) -> Vec<Action> {
    let answers = command == Command::Submit
        && question(state).is_some()
        && state.scanner.is_ready()
        && !state.help;
    if answers && state.is_asked_just_now() {
        // A key that is held down comes again and again: it answers nothing, however long it is held.
        state.entered_ms = Some(state.monotonic_ms);
        return obey(state, command);
    }
    let waits = matches!(command, Command::Next | Command::SignOut | Command::Record);
    if !(waits || answers) || state.scanner.is_typing() {
        return obey(state, command);
    }
    state.held = Some((command, state.monotonic_ms));
    Vec::new()
}

fn obey_held(state: &mut State) -> Vec<Action> {
    let Some((command, _)) = state.held.take() else {
        return Vec::new();
    };
    let asked = question(state);
    let actions = obey(state, command);
    if question(state) != asked {
        // Whatever key had it obeyed cannot be the answer to it.
        state.asked_ms = question(state).map(|_| state.monotonic_ms);
    }
    actions
}

fn is_held_within(state: &State, limit_ms: u64) -> bool {
    let since = |at: u64| state.monotonic_ms.saturating_sub(at);
    state.held.is_some_and(|(_, at)| since(at) <= limit_ms)
}

/// Where the window is too small to show anything: nobody does what they cannot see. One can leave.
fn obey_unseen(state: &mut State, command: Command) -> Vec<Action> {
    match command {
        Command::Type(_) | Command::Erase | Command::Redraw | Command::Leave => {
            return obey(state, command);
        }
        Command::Submit => {
            let alone = state.scanner.submit(state.monotonic_ms) == Submitted::Empty;
            let read = !state.is_asked_just_now();
            if alone && read && state.dialog == Some(Dialog::Leave) {
                return go(state);
            }
        }
        Command::Back if state.dialog == Some(Dialog::Leave) => {
            state.dialog = state.beneath.take();
        }
        _ => {}
    }
    Vec::new()
}

fn was_asked_within(state: &State, limit_ms: u64) -> bool {
    let asked_ms = state.asked_ms.filter(|_| question(state).is_some());
    asked_ms.is_some_and(|at| state.monotonic_ms.saturating_sub(at) <= limit_ms)
}

fn obey(state: &mut State, command: Command) -> Vec<Action> {
    match command {
        Command::Type(character) => entry::type_in(state, character),
        Command::Erase => entry::erase(state),
        Command::Submit => return entry::submit(state),
        Command::Back => back(state),
        Command::Next => {
            if state.sign_in.person().is_none() {
                state.language = state.language.next();
            }
        }
        Command::Move(direction) => choosing::step(state, direction),
        Command::Page(direction) => choosing::page(state, direction),
        Command::Far(direction) => choosing::far(state, direction),
        Command::Show(screen) => return show(state, screen),
        Command::Help => state.help = !state.help,
        Command::SignOut => return sign_out(state),
        Command::Leave => return leave(state),
        Command::Redraw => return vec![Action::Redraw],
        Command::Record => return vec![Action::WriteRecording],
    }
    Vec::new()
}

/// Away with what lies on top.
fn back(state: &mut State) {
    if state.help {
        state.help = false;
    } else if entry::undo(state) {
        // The field has its former text again.
    } else if state.scanner.is_typing() || state.scanner.over().is_some() {
        state.scanner.clear();
    } else if let Some(dialog) = state.dialog.take() {
        entry::put_away(state, dialog);
    } else if matches!(state.sign_in, SignIn::WantsPin { .. }) {
        state.sign_in = SignIn::Nobody;
    } else {
        state.screen = Screen::Line;
    }
}

fn show(state: &mut State, screen: Screen) -> Vec<Action> {
    if screen == Screen::Alarms && state.screen != screen {
        state.alarms.look();
    }
    // What is new is what one comes for.
    match screen {
        Screen::Log => state.log.below = 0,
        Screen::Lane => state.lanes.frames_below = 0,
        _ => {}
    }
    state.screen = screen;
    state.help = false;
    if screen == Screen::Batch {
        return vec![Action::ListBatches];
    }
    Vec::new()
}

fn sign_out(state: &mut State) -> Vec<Action> {
    if state.sign_in.person().is_none() {
        return Vec::new();
    }
    if state.batches.line.is_at_work() {
        entry::ask(state, Dialog::SignOut);
        return Vec::new();
    }
    vec![Action::SignOut]
}

/// The first wish is asked about, the second one is meant; what comes after that leaves at once.
fn leave(state: &mut State) -> Vec<Action> {
    // A key that is held down repeats itself; that is one wish.
    let repeats = state.is_leave_key_down();
    state.leave_key_ms = state.monotonic_ms;
    if repeats {
        return Vec::new();
    }
    // Two at once are a scanner's.
    if was_asked_within(state, FAST_MS) {
        return Vec::new();
    }
    if state.is_leaving() {
        return go(state);
    }
    // Whoever walks by ends no line.
    if state.sign_in.person().is_none() && state.batches.line.is_at_work() {
        state.say(Said::SignInToLeave, true);
        return Vec::new();
    }
    if state.dialog == Some(Dialog::Leave) {
        return go(state);
    }
    state.help = false;
    entry::ask(state, Dialog::Leave);
    Vec::new()
}

/// Boards in work come to a safe state first; a second time nobody waits for them.
fn go(state: &mut State) -> Vec<Action> {
    state.dialog = None;
    state.leaving = match state.leaving {
        Leaving::Stays => Leaving::Safely,
        Leaving::Safely | Leaving::AtOnce => Leaving::AtOnce,
    };
    vec![Action::Leave]
}
