//! `station run`: the line, with the operator's terminal for a face.
//!
//! The terminal ([`tui`](crate::tui)) runs on this thread and wishes; the [`clerk`] does what it wishes, on a
//! thread of its own, and answers by events.

mod alarm_watch;
mod board_named;
mod clerk;
mod earlier;
mod errand;
mod frame_watch;
mod frame_words;
mod happenings;
mod health;
mod lasting_fault;
mod line_wishes;
mod line_work;
mod look_up;
mod looks;
mod news;
mod office_wishes;
mod people;
mod people_wishes;
mod profile_named;
mod reprint;
mod resting;
mod scans;

/// A lane that nobody sees would be worked on by nobody.
fn all_are_seen(lanes: usize) -> Result<(), Failure> {
    if lanes <= MOST_LANES {
        return Ok(());
    }
    let why = format!("there are {lanes}");
    let what = format!("a terminal shows at most {MOST_LANES} lanes");
    let next = "name those of this terminal with --port and --lane, or work without one: station provision";
    Err(Failure::usage(what, why, next))
}

#[cfg(test)]
pub(super) use look_up::rows as batch_rows;

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, SyncSender, channel};
use std::sync::{Arc, Mutex};

use clap::Args;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::provision::chosen_lanes;
use super::provision::preparation::WorkingStation;
use super::provision::signals::Signals;
use super::provision::{self, PortArguments};
use crate::ledger::Reader;
use crate::line::control_socket::ControlServer;
use crate::line::system_clock::SystemClock;
use crate::station_home::write_new;
use crate::tui::action::Action;
use crate::tui::event::Event;
use crate::tui::geometry::MOST_LANES;
use crate::tui::runner::{self, Desk, Parted, ScreenError, Surroundings};
use crate::tui::state::State;
use crate::tui::state::lanes::Lane;
use crate::tui::theme::Theme;
use crate::words::Language;
use clerk::{Clerk, Order, Parting};

/// Run the line at the operator's terminal
///
/// Everybody works at one screen: sign in with badge and PIN, choose or open a batch, put boards in, read the
/// verdicts, acknowledge alarms, close the batch. Keys are at the bottom of the screen, help is on ?.
///
/// Needs a terminal of at least 80 by 24 characters. Ctrl-C, F10, SIGTERM and a closed terminal bring boards
/// in work to a safe state first; a second time ends at once, which loses nothing.
///
/// Exit status: 0 when the person left; 3 when the ledger failed or the line broke down.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) ports: PortArguments,
    /// The language of the screen: en, zh, es or de [default: that of station.toml]
    #[arg(long, env = "STATION_LANGUAGE", value_name = "LANGUAGE", value_parser = language)]
    pub(crate) language: Option<Language>,
}

const EXAMPLES: &str = "Examples:\n  station run\n  station run --port /dev/ttyUSB0 --lane left \
     --port /dev/ttyUSB1 --lane right --language de\n\nColours are left out where NO_COLOR is set.";

fn language(text: &str) -> Result<Language, String> {
    let mut all = Language::ALL.into_iter();
    let known = all.find(|language| language.code() == text);
    known.ok_or_else(|| "use en, zh, es or de".to_owned())
}

/// Does it.
pub(crate) fn run(arguments: &RunArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    let chosen = chosen_lanes::chosen(&arguments.ports, &home)?;
    all_are_seen(chosen.lanes.len())?;
    let station = WorkingStation::take(context)?;
    let config = &station.owned.home.config().terminal;
    let state = State {
        language: arguments.language.unwrap_or(config.language),
        lanes: crate::tui::state::lanes::Lanes {
            list: chosen.lanes.iter().map(lane).collect(),
            ..crate::tui::state::lanes::Lanes::default()
        },
        has_printer: station.owned.home.config().label_printer.is_some(),
        by_name: people::by_name(&station.owned.home),
        log: earlier::log(&Reader::open(&station.owned.home.ledger())?)?,
        ..State::default()
    };
    let (events, heard) = runner::channel();
    let (orders, ordered) = channel();
    let current = Arc::new(Mutex::new(None));
    let handler = clerk::handler(&station, Arc::clone(&current));
    let control = ControlServer::start(&home.control_socket(), handler).map_err(|error| {
        let why = format!("{error:?}");
        Failure::station("cannot serve other commands", why, error)
    })?;
    let checkpoints = provision::interval_checkpoints(&station.owned, &station.store);
    let probes = health::probes(&station.owned.signer);
    let stopped = events.clone();
    let signals = Signals::listen(move || {
        let _told = stopped.send(Event::Stop);
    })?;
    let clerk = Clerk::new(&station, chosen, events.clone(), orders.clone(), current);
    let desk = ToClerk {
        orders,
        recordings: home.path().join("terminal-recording.json"),
    };
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock::start()),
        theme: theme(),
        state,
    };
    let (shown, parting) = std::thread::scope(|scope| {
        let told = events.clone();
        let work = scope.spawn(move || {
            // However it ends, even by a panic: nobody else tells the screen that it is over.
            let ends = TellsEnd(told);
            let parting = clerk.work(&ordered);
            drop(ends);
            parting
        });
        let shown = runner::run(surroundings, &desk, &events, &heard);
        // Where there is no terminal the clerk has nothing to wait for.
        let _told = desk.orders.send(Order::Wish(Action::Leave));
        drop(heard);
        let parting = work.join();
        (shown, parting)
    });
    drop((signals, control, checkpoints, probes, station));
    let Parted { mut said, language } = shown.map_err(not_shown)?;
    let Parting { fault, left } = parting.map_err(|_panicked| broke_down())?;
    said.extend(left.iter().map(|board| board.told(language)));
    context.output.partings(&said);
    fault.map_or(Ok(ExitStatus::Done), Err)
}

fn broke_down() -> Failure {
    Failure::station(
        "the terminal's work broke down",
        "its thread ended by a mistake in this program",
        "start again; boards that were in work go on where they were; report this",
    )
}

struct TellsEnd(SyncSender<Event>);

impl Drop for TellsEnd {
    fn drop(&mut self) {
        let _told = self.0.send(Event::End);
    }
}

fn not_shown(error: ScreenError) -> Failure {
    match error {
        ScreenError::NoTerminal(why) => Failure::usage(
            "the operator's terminal cannot be shown",
            why,
            "run it at a terminal; station provision needs none",
        ),
        ScreenError::Drawing(why) => Failure::station(
            "the operator's terminal could not be drawn on any more",
            why,
            "see to the terminal, then start again; boards that were in work go on where they were",
        ),
        ScreenError::Broken(said) => Failure::station(
            "the operator's terminal broke down",
            format_args!("it ended by a mistake in this program: {said}"),
            "start again; boards that were in work go on where they were; report this",
        ),
    }
}

fn lane(config: &crate::station_home::LaneConfig) -> Lane {
    Lane {
        name: config.name.to_string(),
        port: config.port.display().to_string(),
        ..Lane::default()
    }
}

fn theme() -> Theme {
    let value = |name| std::env::var(name).ok();
    Theme::of(value("NO_COLOR").as_deref(), value("TERM").as_deref())
}

/// Hands wishes to the clerk.
struct ToClerk {
    orders: Sender<Order>,
    recordings: PathBuf,
}

impl Desk for ToClerk {
    fn ask(&self, action: Action) {
        // Nobody is there to take it only where the clerk has ended, and then the terminal ends too.
        let _taken = self.orders.send(Order::Wish(action));
    }

    fn keep_recording(&self, text: &str) -> io::Result<String> {
        let _removed = std::fs::remove_file(&self.recordings);
        write_new(&self.recordings, text.as_bytes()).map_err(io::Error::other)?;
        Ok(self.recordings.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_lane_is_worked_on_unseen() {
        assert!(all_are_seen(MOST_LANES).is_ok());
        assert!(all_are_seen(MOST_LANES + 1).is_err());
    }
}
