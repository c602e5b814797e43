//! Enrolled operators at the screen: badge and PIN, wrong ones, sign-out by badge, and what the ledger says of it.
#![forbid(unsafe_code)]

use acceptance::ledger_books;
use acceptance::operator_screen::{at_terminal, leave};
use acceptance::prepared_station::{SUPERVISOR, sample_profile};
use acceptance::staffed_station::{OFFICER, OFFICER_PIN, SUPERVISOR_PIN, Staffed};
use acceptance::terminal_screen::TerminalScreen;
use acceptance::wait_for;

fn show_badge(screen: &TerminalScreen, who: &str) {
    screen.scan(&format!("BADGE-{who}"));
    screen.see(&format!("{who}: enter the PIN"));
}

#[test]
fn people_sign_in_with_badge_and_pin_and_out_with_a_badge() {
    let staffed = Staffed::create();
    let port = staffed.folder.path().join("lane0");
    let mut screen = at_terminal(&staffed.station, &[port], (100, 30));
    screen.see("Scan your badge");

    // An ID alone opens nothing, nor does a badge of nobody.
    screen.scan("BADGE-of-nobody");
    screen.see("Nobody here has this badge or ID.");
    screen.see("Scan your badge");

    // A wrong PIN is in the ledger at once, though nobody is signed in.
    show_badge(&screen, OFFICER);
    screen.scan("860427");
    wait_for::condition("the wrong PIN in the ledger", || {
        !ledger_books::leaves(&staffed.station, &["sign-in-refused"]).is_empty()
    });
    assert!(!screen.text().contains("860427"), "{}", screen.text());

    // The right one counts once the delay is over.
    let signed_in = format!("Operator {OFFICER} ");
    screen.see("The PIN is wrong.");
    wait_for::condition("the delay to be over", || {
        // The right PIN while it is too soon costs nothing; where nobody types for long, it asks for the badge.
        if screen.text().contains("Scan your badge") {
            show_badge(&screen, OFFICER);
        }
        if screen.text().contains("enter the PIN") {
            screen.scan(OFFICER_PIN);
        }
        screen.text().contains(&signed_in)
    });

    // Somebody else's badge signs out whoever is there; their own does, too.
    show_badge(&screen, SUPERVISOR);
    screen.scan(SUPERVISOR_PIN);
    screen.see(&format!("Operator {SUPERVISOR} "));
    screen.scan(&format!("BADGE-{SUPERVISOR}"));
    screen.see("Scan your badge");
    leave(&mut screen);

    let people = ledger_books::leaves(&staffed.station, &["signed-in", "signed-out"]);
    let told: Vec<_> = people
        .iter()
        .map(|leaf| {
            let who = leaf["operator"]
                .as_str()
                .or(leaf["actor"]["operator"].as_str());
            (leaf["kind"].as_str().unwrap(), who.unwrap())
        })
        .collect();
    let expected = [
        ("signed-in", OFFICER),
        ("signed-out", OFFICER),
        ("signed-in", SUPERVISOR),
        ("signed-out", SUPERVISOR),
    ];
    assert_eq!(told, expected, "{people:?}");
    for leaf in people.iter().filter(|leaf| leaf["kind"] == "signed-in") {
        assert_eq!(leaf["actor"]["assurance"], "badge-and-pin", "{leaf}");
    }
}

/// A badge is scanned into whatever field is open: what the ledger keeps never has its code.
#[test]
fn a_badge_in_a_field_stays_out_of_the_ledger() {
    let staffed = Staffed::create();
    let port = staffed.folder.path().join("lane0");
    let mut screen = at_terminal(&staffed.station, &[port], (100, 30));
    screen.see("Scan your badge");
    show_badge(&screen, SUPERVISOR);
    screen.scan(SUPERVISOR_PIN);
    screen.see(&format!("Operator {SUPERVISOR} "));

    let badge = format!("BADGE-{OFFICER}");
    let profile = sample_profile();
    screen.press(2);
    screen.see("▸ Start the line  (choose an open batch)");
    screen.type_text("\x1b[C\x1b[C");
    screen.see("▸ Open a batch");
    screen.type_text("\r");
    screen.see("Name of the new batch");
    let fill = |field: &str| {
        screen.type_text(&format!("{field}\r"));
        let end = &field[field.len().saturating_sub(20)..];
        screen.see_that("the field, and the mark for the next", |text| {
            text.contains(end) && text.contains("▶")
        });
    };
    fill("B-1");
    fill(&profile.to_string_lossy());
    // It is taken out at once, and its field waits for other words.
    screen.type_text(&format!("{badge}\r"));
    screen.see("A field has the code of a badge.");
    screen.see_that("the field empty, and the mark", |text| {
        let row = text.lines().find(|row| row.contains("Work order"));
        row.is_some_and(|row| row.contains(" _ ")) && !text.contains(&badge) && text.contains("▶")
    });
    fill("WO-1");
    screen.type_text("2");
    screen.see("2_");
    screen.type_text("\r");
    screen.see("Batch B-1 is open for 2 boards");
    leave(&mut screen);
    let opened = staffed.leaves(&["batch-opened"]);
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0]["work_order"], "WO-1");
}

/// Boards are made in the name of whoever is there: at a hand-over the line pauses, and goes on only under somebody
/// who may run it.
#[test]
fn a_line_works_for_nobody_who_has_gone() {
    let staffed = Staffed::create();
    let supervisor = Some((SUPERVISOR, SUPERVISOR_PIN));
    staffed.open_batch("B-1", supervisor).ok();
    let port = staffed.folder.path().join("lane0");
    let mut screen = at_terminal(&staffed.station, &[port], (100, 30));
    let line_is = |word: &str| {
        let word = format!("{word}  Alarms");
        screen.see_that(&word, |text| text.contains(&word));
    };
    let come = |who: &str, pin: &str| {
        screen.see("▶");
        show_badge(&screen, who);
        screen.scan(pin);
        screen.see(&format!("Operator {who} "));
    };
    screen.see("Scan your badge");
    come(SUPERVISOR, SUPERVISOR_PIN);
    line_is("running");
    // The security officer takes over, who may not run a line.
    screen.see("▶");
    show_badge(&screen, OFFICER);
    line_is("paused");
    screen.scan(OFFICER_PIN);
    screen.see(&format!("Operator {OFFICER} "));
    line_is("paused");
    // Back again, and what was paused goes on in the name of whoever is back.
    come(SUPERVISOR, SUPERVISOR_PIN);
    line_is("running");
    leave(&mut screen);
}
