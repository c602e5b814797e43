//! What people do at the screen of `station run`, in tests.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::prepared_station::PreparedStation;
use crate::station_process::programs;
use crate::terminal_screen::TerminalScreen;

/// Opens the screen on these ports.
///
/// # Panics
/// Where there is no terminal.
#[must_use]
pub fn at_terminal(
    station: &PreparedStation,
    ports: &[PathBuf],
    size: (u16, u16),
) -> TerminalScreen {
    TerminalScreen::start(&running(station, ports), size)
}

/// The command that does.
#[must_use]
pub fn running(station: &PreparedStation, ports: &[PathBuf]) -> Command {
    running_by(&programs().station, station, ports)
}

/// The command that does, by another build of the station.
#[must_use]
pub fn running_by(program: &Path, station: &PreparedStation, ports: &[PathBuf]) -> Command {
    let mut command = station.command_of(program, ["run"]);
    for port in ports {
        command.arg("--port").arg(port);
    }
    command
}

/// Signs in, while nobody is enrolled: an ID is enough.
///
/// # Panics
/// Where they are not let in.
#[track_caller]
pub fn sign_in(screen: &TerminalScreen, who: &str) {
    screen.see("Scan your badge");
    screen.scan(who);
    // The header says it for as long as it is so; a notice is soon followed by another.
    screen.see(&format!("Operator {who} "));
}

/// Leaves, and sees that the terminal is given back.
///
/// # Panics
/// Where it is not.
#[track_caller]
pub fn leave(screen: &mut TerminalScreen) {
    screen.press(10);
    screen.see("Boards in work are brought to a safe state first");
    screen.see("▶");
    screen.type_text("\r");
    let status = screen.finish();
    assert!(status.success(), "{status}\n{}", screen.text());
    let left_behind = screen.left_behind();
    assert!(left_behind.is_empty(), "{left_behind:?}");
}

/// On the alarms screen: goes to the alarm whose row has these words, and gives the reason that it asks for.
///
/// # Panics
/// Where there is none.
#[track_caller]
pub fn acknowledge(screen: &TerminalScreen, words: &str, title: &str, reason: &str) {
    let row = |text: &str, so: &dyn Fn(&str) -> bool| text.lines().position(so);
    let chosen = |text: &str| row(text, &|row| row.starts_with('▸'));
    let wanted = |text: &str| row(text, &|row| row.contains(words));
    for _ in 0..64 {
        let seen = screen.see_that(words, |text| {
            chosen(text).is_some() && wanted(text).is_some()
        });
        let key = match chosen(&seen).cmp(&wanted(&seen)) {
            Ordering::Equal => break,
            Ordering::Less => "\x1b[B",
            Ordering::Greater => "\x1b[A",
        };
        screen.type_text(key);
        screen.see_that("the next alarm", |text| chosen(text) != chosen(&seen));
    }
    screen.type_text("\r");
    screen.see(title);
    screen.see("Reason");
    screen.type_by_hand(reason);
}
