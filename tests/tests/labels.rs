//! Labels: printed after PASS, whatever becomes of the printer; shown, and printed again.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use acceptance::busy_printer::BusyPrinter;
use acceptance::prepared_station::PreparedStation;
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use serde_json::Value;

const BATCH: &str = "LABEL-1";

/// A station whose boards get labels at the printer that this line of its configuration names.
fn station(printer: impl Fn(&std::path::Path) -> String) -> (tempfile::TempDir, PreparedStation) {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    set_printer(&station, &printer(folder.path()));
    (folder, station)
}

fn set_printer(station: &PreparedStation, line: &str) {
    set_patient_printer(station, line, 500);
}

/// Each of its steps may take so many milliseconds.
fn set_patient_printer(station: &PreparedStation, line: &str, ms: u32) {
    let path = station.home().join("station.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    let before = text.split("\n[label_printer]").next().unwrap_or_default();
    let text = format!("{before}\n[label_printer]\n{line}\ntimeout_ms = {ms}\n");
    std::fs::write(&path, text).expect("the configuration is written");
}

/// Two good boards.
fn provision(folder: &std::path::Path, station: &PreparedStation) -> Vec<Value> {
    provision_batch(folder, station, BATCH, 7)
}

fn provision_batch(
    folder: &std::path::Path,
    station: &PreparedStation,
    batch: &str,
    seed: u64,
) -> Vec<Value> {
    station.open_batch(batch, 2);
    let plan = LinePlan::good_boards(folder, station, 2, seed);
    let line = SimulatedLine::start(&folder.join(batch), &plan);
    station.provision(batch, &line.ports()).finish().ok();
    station.results(batch)
}

fn kinds(station: &PreparedStation, uid: &str) -> Vec<String> {
    let mut kinds = station.kinds_of_events(uid);
    kinds.retain(|kind| kind.starts_with("label-"));
    kinds
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn boards_that_pass_get_labels_and_a_reprint_is_recorded() {
    let spool = |folder: &std::path::Path| -> PathBuf { folder.join("spool") };
    let (folder, station) = station(|folder| format!("spool = \"{}\"", spool(folder).display()));
    std::fs::create_dir(spool(folder.path())).expect("a spool");
    let results = provision(folder.path(), &station);
    assert_eq!(results.len(), 2);
    for board in &results {
        let (serial, uid) = (text(&board["serial"]), text(&board["uid"]));
        let file = spool(folder.path()).join(format!("{serial}.zpl"));
        let label = std::fs::read_to_string(&file).expect("a label");
        assert!(label.starts_with("^XA") && label.contains(uid), "{label}");
        let shown = station.run(["label", "show", serial, "--zpl"]).ok().stdout;
        assert_eq!(shown.trim(), label.trim());
        assert_eq!(kinds(&station, uid), ["label-printed"]);
    }
    let (serial, uid) = (text(&results[0]["serial"]), text(&results[0]["uid"]));
    let plain = station.run(["label", "show", uid]).ok().stdout;
    assert!(plain.contains(serial) && plain.contains(BATCH), "{plain}");
    let print = ["label", "print", serial, "--reason", "torn"];
    station.run(print).ok();
    let last = station.history(uid).pop().expect("an event");
    assert_eq!(last["kind"], "label-printed");
    assert_eq!(last["reprint"]["reason"], "torn");
    assert_eq!(last["reprint"]["actor"]["operator"], "op-1");
    station.run(["ledger", "verify"]).ok();
    let unknown = station.run(["label", "show", "SA-999999"]).code(2);
    assert!(
        unknown.stderr.contains("there is no board"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_printer_that_is_off_holds_up_no_board_and_its_labels_are_owed() {
    // Bound and let go: nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let (folder, station) = station(|_| format!("tcp = \"{address}\""));
    let results = provision(folder.path(), &station);
    assert!(
        results.iter().all(|board| board["code"] == "PASS"),
        "{results:?}"
    );
    let owed = station.run(["label", "list", "--json"]).ok().json_lines();
    assert_eq!(owed.len(), 2, "{owed:?}");
    let serial = text(&owed[0]["serial"]).to_owned();
    let print = ["label", "print", &serial, "--reason", "printer was off"];
    let off = station.run(print).code(1);
    assert!(off.stderr.contains("did not go through"), "{}", off.stderr);
    set_printer(&station, "device = \"/dev/null\"");
    station.run(print).ok();
    let owed = station.run(["label", "list", "--json"]).ok().json_lines();
    assert_eq!(owed.len(), 1, "{owed:?}");
    assert_ne!(text(&owed[0]["serial"]), serial);
}

/// A TCP printer that takes every connection, and does this with it.
fn tcp_printer(treat: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    // Ends with the process: it waits for connections that nobody makes any more.
    drop(std::thread::spawn(move || {
        listener.incoming().flatten().for_each(treat);
    }));
    format!("tcp = \"{address}\"")
}

#[test]
fn no_fault_of_a_printer_holds_up_a_board_and_each_is_told() {
    let (folder, station) = station(|_| "device = \"/dev/full\"".to_owned());
    let pipe = folder.path().join("lp0");
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).expect("a pipe");
    let missing = folder.path().join("gone");
    // Keeps each connection, and never reads nor closes: what it was sent is all that can be known.
    let kept = Mutex::new(Vec::new());
    let hangs = tcp_printer(move |stream| kept.lock().expect("no panic").push(stream));
    // Unread data makes a reset of the end.
    let resets = tcp_printer(|stream| drop(stream.peek(&mut [0; 1])));
    let faults = [
        ("device = \"/dev/full\"".to_owned(), Some("No space left")),
        (
            format!("device = \"{}\"", pipe.display()),
            Some("No such device"),
        ),
        (
            format!("spool = \"{}\"", missing.display()),
            Some("No such file"),
        ),
        (resets, Some("may be on paper")),
        (hangs, None),
    ];
    for (number, (printer, fault)) in (1..).zip(faults) {
        set_printer(&station, &printer);
        let results = provision_batch(folder.path(), &station, &format!("FAULT-{number}"), number);
        let codes: Vec<_> = results.iter().map(|board| text(&board["code"])).collect();
        assert_eq!(codes, ["PASS", "PASS"], "{printer}");
        let owed = station.run(["label", "list", "--json"]).ok().json_lines();
        for board in &results {
            let owed = owed.iter().find(|owed| owed["uid"] == board["uid"]);
            let detail = owed.map(|owed| text(&owed["detail"]).to_owned());
            let told = match fault {
                None => detail.is_none(),
                // The second may not have been tried when the line ended.
                Some(fault) => detail.as_ref().is_some_and(|detail| {
                    detail.contains(fault) || detail.contains("the station ended before")
                }),
            };
            assert!(told, "{printer}: {detail:?}");
            let told = kinds(&station, text(&board["uid"]));
            let kind = if fault.is_some() {
                "label-failed"
            } else {
                "label-printed"
            };
            assert!(
                !told.is_empty() && told.iter().all(|one| one == kind),
                "{told:?}"
            );
        }
        if let Some(fault) = fault {
            let events = results
                .iter()
                .flat_map(|board| station.history(text(&board["uid"])));
            let mut details = events.filter_map(|event| Some(event["detail"].as_str()?.to_owned()));
            assert!(details.any(|detail| detail.contains(fault)), "{printer}");
        }
    }
    station.run(["ledger", "verify"]).ok();
}

#[test]
fn boards_that_no_printer_was_asked_for_are_owed_once_there_is_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let results = provision(folder.path(), &station);
    let owed = |station: &PreparedStation| station.run(["label", "list", "--json"]).ok();
    assert_eq!(owed(&station).json_lines().len(), 0, "nobody prints labels");
    set_printer(&station, "device = \"/dev/null\"");
    let listed = owed(&station).json_lines();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0]["detail"], "no printer has taken or refused it");
    let serial = text(&results[0]["serial"]);
    station
        .run(["label", "print", serial, "--reason", "none before"])
        .ok();
    assert_eq!(owed(&station).json_lines().len(), 1);
}

/// A device file with a printer that takes nothing, for as long as what is given is kept.
fn full_device(path: &std::path::Path) -> File {
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).expect("a pipe");
    let mut options = File::options();
    options.read(true).write(true);
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut pipe = options
        .custom_flags(nonblocking)
        .open(path)
        .expect("both ends");
    while pipe.write(&[b' '; 512]).is_ok() {}
    pipe
}

/// Far sooner than each of the printer's steps may take: nobody waits for a printer at the end.
#[test]
fn a_printer_that_never_reads_keeps_no_station_and_its_labels_are_owed() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let path = folder.path().join("lp0");
    let kept = full_device(&path);
    set_patient_printer(
        &station,
        &format!("device = \"{}\"", path.display()),
        60_000,
    );
    station.open_batch(BATCH, 2);
    let plan = LinePlan::good_boards(folder.path(), &station, 2, 11);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let running = station.provision(BATCH, &line.ports());
    // However long that takes: only the end has a limit.
    running.line("a board's verdict", |line| line.contains("PASS"));
    running.line("the other's", |line| line.contains("PASS"));
    let said = running.finish_within(Duration::from_secs(45)).ok();
    drop((kept, line));

    let owed = || station.run(["label", "list", "--json"]).ok().json_lines();
    let listed = owed();
    let details = listed.iter().map(|label| text(&label["detail"]));
    let mut details: Vec<_> = details.collect();
    details.sort_unstable();
    let expected = [
        "the station ended before the printer took it",
        "the station ended while it was at the printer: it may be on paper",
    ];
    assert_eq!(details, expected);
    set_printer(&station, "device = \"/dev/null\"");
    for label in &listed {
        let serial = text(&label["serial"]);
        let to_do = format!("station label print {serial} --reason");
        assert!(said.stderr.contains(&to_do), "{}", said.stderr);
        let print = ["label", "print", serial, "--reason", "never printed"];
        station.run(print).ok();
    }
    assert!(owed().is_empty(), "{:?}", owed());
    station.run(["ledger", "verify"]).ok();
}

#[test]
fn labels_that_waited_when_the_station_was_killed_are_owed_and_can_be_printed() {
    let printer = BusyPrinter::start();
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    // Nobody gives up before the station is killed: one label is at the printer, the other waits for it.
    let tcp = format!("tcp = \"{}\"", printer.address());
    set_patient_printer(&station, &tcp, 60_000);
    station.open_batch(BATCH, 2);
    let plan = LinePlan::good_boards(folder.path(), &station, 2, 9);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let running = station.provision(BATCH, &line.ports());
    running.line("a board's verdict", |line| line.contains("PASS"));
    running.line("the other's", |line| line.contains("PASS"));
    drop(running.kill());
    drop(line);

    set_printer(&station, "device = \"/dev/null\"");
    let owed = || station.run(["label", "list", "--json"]).ok().json_lines();
    let listed = owed();
    assert_eq!(listed.len(), 2, "{listed:?}");
    for label in &listed {
        assert_eq!(label["detail"], "no printer has taken or refused it");
        let serial = text(&label["serial"]);
        station
            .run(["label", "print", serial, "--reason", "killed"])
            .ok();
    }
    assert!(owed().is_empty(), "{:?}", owed());
    station.run(["ledger", "verify"]).ok();
}
