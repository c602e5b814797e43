//! Labels printed again at the screen by printers that hang: nobody waits for them but the label.
#![forbid(unsafe_code)]

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};

use acceptance::busy_printer::BusyPrinter;
use acceptance::ledger_books;
use acceptance::operator_screen::{at_terminal, leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::terminal_screen::TerminalScreen;

fn print_to(station: &PreparedStation, printer: SocketAddr) {
    let path = station.home().join("station.toml");
    let mut config = std::fs::read_to_string(&path).unwrap();
    config.push_str(&format!(
        "\n[label_printer]\ntcp = \"{printer}\"\ntimeout_ms = 60000\n"
    ));
    std::fs::write(path, config).unwrap();
}

fn without_printer(station: &PreparedStation) -> String {
    std::fs::read_to_string(station.home().join("station.toml")).unwrap()
}

/// Makes one board, while there is no printer yet.
fn one_board(station: &PreparedStation, seed: u64) {
    let folder = station.folder();
    let plan = LinePlan::good_boards(folder, station, 1, seed);
    let line = SimulatedLine::start(&folder.join("line"), &plan);
    let mut screen = at_terminal(station, &line.ports(), (100, 30));
    sign_in(&screen, OPERATOR);
    screen.see("1/2");
    drop(line.finish());
    leave(&mut screen);
}

fn look_up(screen: &TerminalScreen) {
    screen.press(3);
    screen.see("Scan a label");
    screen.scan("SA-000001");
    screen.see("verdict PASS on lane0");
}

fn wish_it_again(screen: &TerminalScreen, reason: &str) {
    look_up(screen);
    screen.see("▶");
    screen.type_text("\r");
    screen.see("Print the label again: SA-000001");
    screen.type_by_hand(reason);
    screen.see_that("the question answered", |text| {
        !text.contains("Print the label again: SA-000001")
    });
}

/// The station's printer is one that answers nobody.
fn at_a_printer_that_takes_nobody(station: &PreparedStation) -> BusyPrinter {
    let printer = BusyPrinter::start();
    print_to(station, printer.address());
    printer
}

#[test]
fn a_printer_that_never_answers_keeps_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    assert!(!without_printer(&station).contains("\n[label_printer]"));
    station.open_batch("B-1", 2);
    one_board(&station, 361);
    let printer = at_a_printer_that_takes_nobody(&station);

    let port = folder.path().join("lane0");
    let mut screen = at_terminal(&station, &[port], (100, 30));
    sign_in(&screen, OPERATOR);
    wish_it_again(&screen, "the first one is torn");
    // Scans, sign-out and sign-in are answered while the label is at the printer.
    screen.scan("SA-999999");
    screen.see("The ledger knows no board SA-999999.");
    wish_it_again(&screen, "once more");
    screen.see("Another label is at the printer.");
    screen.press(9);
    screen.see("Sign out? The line pauses");
    screen.see("▶");
    screen.type_text("\r");
    sign_in(&screen, SUPERVISOR);
    assert!(
        !screen.written().contains("The label of SA-000001"),
        "the printer took a label that it cannot have taken"
    );

    // The printer is switched on at last.
    drop(printer.waiting);
    let taken = printer.socket;
    std::thread::spawn(move || {
        for stream in taken.incoming() {
            let mut label = Vec::new();
            drop(stream.unwrap().read_to_end(&mut label));
        }
    });
    screen.see("The label of SA-000001 went to");
    leave(&mut screen);
    let printed = ledger_books::leaves(&station, &["label-printed", "label-failed"]);
    assert_eq!(printed.len(), 1, "{printed:?}");
    assert_eq!(printed[0]["kind"], "label-printed");
    assert_eq!(printed[0]["reprint"]["reason"], "the first one is torn");
    assert_eq!(printed[0]["reprint"]["actor"]["operator"], OPERATOR);
}

#[test]
fn a_printer_that_takes_connections_and_never_reads_is_done_in_a_moment() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 2);
    one_board(&station, 362);
    let printer = TcpListener::bind("127.0.0.1:0").unwrap();
    print_to(&station, printer.local_addr().unwrap());
    let port = folder.path().join("lane0");
    let mut screen = at_terminal(&station, &[port], (100, 30));
    sign_in(&screen, OPERATOR);
    wish_it_again(&screen, "the first one is torn");
    // Its system has taken all of it, and it says nothing: that is as much as can be known of it.
    let (silent, _) = printer.accept().unwrap();
    screen.see("The label of SA-000001 went to");
    drop(silent);
    leave(&mut screen);
}

#[test]
fn a_station_that_is_ended_does_not_wait_for_a_printer_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 2);
    one_board(&station, 363);
    let printer = at_a_printer_that_takes_nobody(&station);
    let port = folder.path().join("lane0");
    let mut screen = at_terminal(&station, &[port], (100, 30));
    sign_in(&screen, OPERATOR);
    wish_it_again(&screen, "the first one is torn");
    // The printer has a minute for each of its steps, the station's end less.
    leave(&mut screen);
    assert!(ledger_books::leaves(&station, &["label-printed"]).is_empty());
    drop(printer);
    // Nothing says that there is a label: it is printed by hand.
    station.run(["ledger", "verify"]).ok();
}
