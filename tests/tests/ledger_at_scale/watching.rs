//! A verification that somebody watches, kills and begins again: what can be seen of it from outside.

use std::path::Path;
use std::process::Command;

use acceptance::prepared_station::PreparedStation;
use acceptance::station_process::Running;
use acceptance::terminal_screen::TerminalScreen;
use acceptance::wait_for::{self, PATIENCE};
use rusqlite::{Connection, OpenFlags};

fn verifying(station: &PreparedStation) -> Command {
    let mut command = station.command(["ledger", "verify"]);
    command.env("XDG_STATE_HOME", station.folder().join("state"));
    command
}

/// Kills a verification that has half-made views, and watches the next one go on with them at a terminal.
pub fn goes_on_after_a_kill(station: &PreparedStation, entries: u64) {
    let mut running = Running::start(&mut verifying(station));
    let patience = PATIENCE * 10;
    let kept = wait_for::value_within(patience, "half-made views", || {
        assert!(
            !running.has_ended(),
            "it was not killed: {}",
            running.said()
        );
        half_made(&station.folder().join("state/station"))
    });
    let killed = running.kill();
    assert_eq!(killed.status.code(), None, "it was killed");
    assert!(!killed.stdout.contains("verified"), "{}", killed.stdout);
    assert!((1..entries).contains(&kept), "{kept} of {entries}");

    let mut screen = TerminalScreen::start(&verifying(station), (120, 24));
    wait_for::value_within(patience, "a bar", || {
        let ended = screen.has_ended();
        assert!(!ended, "no bar was seen: {}", screen.text());
        screen.text().contains("entries, ").then_some(())
    });
    wait_for::value_within(patience, "its end", || screen.has_ended().then_some(()));
    assert_eq!(screen.finish().code(), Some(0), "{}", screen.text());
    let written = screen.written();
    for pass in ["log ", "views "] {
        assert!(written.contains(&format!("{pass} ")), "{pass}: {written}");
    }
    let of_all = format!(" of {} entries, ", grouped(entries));
    assert!(written.matches(&of_all).count() > 1, "{written}");
    let left = screen.text();
    assert!(!left.contains("] "), "the bar is gone in the end: {left}");
    let told = "entries were made by a run that was interrupted";
    let resumed = left.lines().find(|line| line.contains(told));
    let resumed = resumed.unwrap_or_else(|| panic!("{told:?} is not in {left}"));
    let digits: String = resumed.chars().filter(char::is_ascii_digit).collect();
    let resumed: u64 = digits.parse().expect("a number");
    assert!(
        (kept..=entries).contains(&resumed),
        "{resumed} after {kept}"
    );
    assert_eq!(screen.left_behind(), Vec::<&str>::new());
}

/// Nobody looks at a pipe, so nothing is drawn there. A run that came to its end leaves nothing to go on from.
pub fn draws_nothing_in_a_pipe(station: &PreparedStation) {
    let running = Running::start(&mut verifying(station));
    let finished = running.finish_within(PATIENCE * 10).ok();
    assert_eq!(finished.stderr, "");
    let said = finished.stdout;
    assert!(said.starts_with("verified: "), "{said}");
    assert!(!said.contains("interrupted"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
}

/// Over how many entries views are made and kept, in whatever folder of the ledger's.
fn half_made(state: &Path) -> Option<u64> {
    let mut folders = std::fs::read_dir(state).ok()?.flatten();
    folders.find_map(|folder| {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let views = Connection::open_with_flags(folder.path().join("views.sqlite"), flags).ok()?;
        let size = "SELECT size FROM checkpoint";
        let size: i64 = views.query_row(size, [], |row| row.get(0)).ok()?;
        u64::try_from(size).ok()
    })
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().collect();
    let groups = groups.into_iter().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}
