//! Labels: printed after PASS, whatever becomes of the printer; shown, and printed again.
#![forbid(unsafe_code)]

use std::path::PathBuf;

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
    let path = station.home().join("station.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    let before = text.split("\n[label_printer]").next().unwrap_or_default();
    let text = format!("{before}\n[label_printer]\n{line}\ntimeout_ms = 500\n");
    std::fs::write(&path, text).expect("the configuration is written");
}

/// Two good boards.
fn provision(folder: &std::path::Path, station: &PreparedStation) -> Vec<Value> {
    station.open_batch(BATCH, 2);
    let plan = LinePlan::good_boards(folder, station, 2, 7);
    let line = SimulatedLine::start(&folder.join("line"), &plan);
    station.provision(BATCH, &line.ports()).finish().ok();
    station.results(BATCH)
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
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
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
    assert!(off.stderr.contains("was not printed"), "{}", off.stderr);
    set_printer(&station, "device = \"/dev/null\"");
    station.run(print).ok();
    let owed = station.run(["label", "list", "--json"]).ok().json_lines();
    assert_eq!(owed.len(), 1, "{owed:?}");
    assert_ne!(text(&owed[0]["serial"]), serial);
}
