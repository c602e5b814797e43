//! The mouse at the operator's terminal: it works, and nothing needs it.
#![forbid(unsafe_code)]

use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::terminal_screen::TerminalScreen;

const SIZE: (u16, u16) = (100, 30);

/// Presses and releases the left button at the text's first character.
#[track_caller]
fn click(screen: &TerminalScreen, text: &str) {
    let seen = screen.see(text);
    let (row, line) = seen
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(text))
        .last()
        .expect("it is seen");
    // Nothing to the left of what is clicked on takes more than one column.
    let column = line[..line.find(text).unwrap()].chars().count();
    let (column, row) = (column + 1, row + 1);
    screen.type_text(&format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
}

#[test]
fn a_lane_and_the_keys_at_the_bottom_are_clicked() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    let ports: Vec<_> = (1..=4)
        .map(|lane| folder.path().join(format!("lane{lane}")))
        .collect();
    let mut screen = at_terminal(&station, &ports, SIZE);
    // Before anybody is signed in: nothing that takes somebody.
    screen.see("Scan your badge");
    click(&screen, "F9 ");
    sign_in(&screen, OPERATOR);
    screen.see_that("the keys", |text| text.contains("F10 leave"));

    let chosen = |name: &str| {
        let name = format!("▸{name}");
        screen.see_that(&name, |text| text.contains(&name));
    };
    for lane in ["lane4", "lane2", "lane3"] {
        click(&screen, &format!(" {lane} "));
        chosen(lane);
    }
    // The arrow keys go on from there.
    screen.type_text("\x1b[C");
    chosen("lane4");

    click(&screen, "F2 ");
    screen.see("Start the line");
    click(&screen, "F6 ");
    screen.see_that("the log", |text| !text.contains("Start the line"));
    click(&screen, "F1 ");
    chosen("lane4");
    click(&screen, "? help");
    screen.see("Ctrl-C leaves too");
    // What lies beneath is not clicked through.
    click(&screen, "F2 ");
    screen.type_text("\x1b");
    chosen("lane4");
    click(&screen, "F10 ");
    screen.see("Boards in work are brought to a safe state first");
    screen.type_text("\x1b");
    screen.see_that("the question to go", |text| {
        !text.contains("brought to a safe")
    });
    click(&screen, "F9 ");
    screen.see("Scan your badge");
    leave(&mut screen);
}
