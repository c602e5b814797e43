//! Operators who prove who they are: enrolment, PINs at commands, the delay after wrong ones, roles.
#![forbid(unsafe_code)]

use acceptance::owner_socket::ask;
use acceptance::prepared_station::SUPERVISOR;
use acceptance::serial_wire::SerialWire;
use acceptance::staffed_station::{OFFICER, OFFICER_PIN, SUPERVISOR_PIN, Staffed};
use acceptance::station_process::{Finished, run};
use acceptance::wait_for;
use firmware_proto::frame::Direction;
use serde_json::Value;

#[track_caller]
fn says(finished: &Finished, parts: &[&str]) {
    for part in parts {
        let said = &finished.stderr;
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
}

#[test]
fn the_list_of_the_configuration_counts_until_somebody_is_enrolled() {
    let staffed = Staffed::empty();
    staffed
        .open_batch("WORD-1", Some((SUPERVISOR, "1111")))
        .ok();
    let first = staffed
        .add("op-9", "operator", SUPERVISOR_PIN, None)
        .code(2);
    says(&first, &["must be a security officer"]);
    let weak = staffed
        .add(OFFICER, "security-officer", "1234", None)
        .code(2);
    says(&weak, &["follow each other"]);
    assert!(!weak.stderr.contains("1234"), "{}", weak.stderr);
    staffed
        .add(OFFICER, "security-officer", OFFICER_PIN, None)
        .ok();

    // The supervisor of the list is nobody any more, and the officer's word is not enough.
    let listed = staffed
        .open_batch("WORD-2", Some((SUPERVISOR, SUPERVISOR_PIN)))
        .code(2);
    says(&listed, &["not enrolled", "station operator add sv-1"]);
    let by = Some((OFFICER, OFFICER_PIN));
    staffed
        .add(SUPERVISOR, "supervisor", SUPERVISOR_PIN, by)
        .ok();
    staffed
        .open_batch("WORD-2", Some((SUPERVISOR, SUPERVISOR_PIN)))
        .ok();

    let opened = staffed.leaves(&["batch-opened"]);
    let assurance = |at: usize| opened[at]["actor"]["assurance"].as_str();
    assert_eq!(
        (assurance(0), assurance(1)),
        (Some("asserted"), Some("pin"))
    );
    let enrolled = staffed.leaves(&["operator-enrolled"]);
    assert_eq!(enrolled[0]["actor"]["assurance"], "asserted");
    assert_eq!(enrolled[1]["actor"]["assurance"], "pin");
    assert_eq!(enrolled[1]["role"], "supervisor");

    // Neither PIN nor badge, nor anything made from them, is in the ledger.
    let kept = std::fs::read_to_string(staffed.station.home().join("operators.json"));
    let kept: Value = serde_json::from_str(&kept.expect("a register")).expect("JSON");
    let hash = kept["operators"][0]["pin"]["hash"]
        .as_str()
        .expect("a hash");
    let badge = kept["operators"][0]["badge"].as_str().expect("a digest");
    let log = std::fs::read(staffed.station.home().join("ledger.sqlite")).expect("a ledger");
    let log = String::from_utf8_lossy(&log);
    for secret in [hash, badge, "BADGE-sv-1"] {
        assert!(!log.contains(secret), "{secret}");
    }
    staffed.run(&["ledger", "verify"], None).ok();
}

#[test]
fn a_wrong_pin_is_refused_delayed_and_recorded() {
    let staffed = Staffed::create();
    let wrong = staffed
        .open_batch("DELAY-1", Some((SUPERVISOR, "9753")))
        .code(2);
    says(&wrong, &["the PIN is wrong", "tried in 1 s"]);
    assert!(!wrong.stderr.contains("9753"), "{}", wrong.stderr);
    let refused = staffed.leaves(&["sign-in-refused"]);
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (&refused[0]["operator"], &refused[0]["count"]),
        (&"sv-1".into(), &1.into())
    );

    // Many wrong ones make for a delay that outlasts this test: told, and not counted again.
    let register = staffed.station.home().join("operators.json");
    let text = std::fs::read_to_string(&register).expect("a register");
    let mut book: Value = serde_json::from_str(&text).expect("JSON");
    book["operators"][1]["wrong_pins"]["count"] = 30.into();
    std::fs::write(&register, book.to_string()).expect("the register is written");
    let early = staffed
        .open_batch("DELAY-1", Some((SUPERVISOR, SUPERVISOR_PIN)))
        .code(2);
    says(&early, &["after wrong PINs", "min"]);
    assert_eq!(staffed.leaves(&["sign-in-refused"]).len(), 1);

    // Another PIN from the security officer ends it.
    let mut pin = staffed.command(
        &["operator", "pin", SUPERVISOR],
        Some((OFFICER, OFFICER_PIN)),
    );
    run(pin
        .arg("--new-pin-file")
        .arg(staffed.secret("new.pin", "2580")))
    .ok();
    staffed
        .open_batch("DELAY-1", Some((SUPERVISOR, "2580")))
        .ok();
    assert_eq!(staffed.leaves(&["pin-changed"])[0]["operator"], SUPERVISOR);
}

#[test]
fn roles_decide_and_the_last_security_officer_stays() {
    let staffed = Staffed::create();
    let officer = Some((OFFICER, OFFICER_PIN));
    let denied = staffed.open_batch("ROLE-1", officer).code(2);
    says(
        &denied,
        &["takes the role supervisor", "theirs is security-officer"],
    );
    let denied = staffed
        .add(
            "op-9",
            "operator",
            "2580",
            Some((SUPERVISOR, SUPERVISOR_PIN)),
        )
        .code(2);
    says(&denied, &["takes the role security-officer"]);
    let reason = ["--reason", "test"];
    let disable = |id| [&["operator", "disable", id][..], &reason].concat();
    let last = staffed.run(&disable(OFFICER), officer).code(2);
    says(&last, &["last security officer"]);
    staffed.run(&disable(SUPERVISOR), officer).ok();
    let disabled = staffed
        .open_batch("ROLE-1", Some((SUPERVISOR, SUPERVISOR_PIN)))
        .code(2);
    says(&disabled, &["is disabled", "station operator enable sv-1"]);
    let enable = [&["operator", "enable", SUPERVISOR][..], &reason].concat();
    staffed.run(&enable, officer).ok();
    staffed
        .open_batch("ROLE-1", Some((SUPERVISOR, SUPERVISOR_PIN)))
        .ok();
    let listed = staffed
        .run(&["operator", "list", "--json"], None)
        .ok()
        .json_lines();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1]["role"], "supervisor");
    assert_eq!(listed[1]["badge"], true);
}

#[test]
fn a_running_line_believes_nobody_without_a_pin() {
    let staffed = Staffed::create();
    staffed
        .add("op-7", "operator", "2580", Some((OFFICER, OFFICER_PIN)))
        .ok();
    let supervisor = Some((SUPERVISOR, SUPERVISOR_PIN));
    staffed.open_batch("LINE-1", supervisor).ok();
    let port = staffed.folder.path().join("port");
    let _wire = SerialWire::create(&port, Direction::ToDevice);
    let ports = [port];
    let arguments = staffed.station.provision_arguments("LINE-1", &ports);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    says(
        &staffed.run(&arguments, Some(("op-7", "2581"))).code(2),
        &["the PIN is wrong"],
    );
    // The delay of one second is waited for by the station's own clock.
    let mut pin = staffed.command(&["operator", "pin", "op-7"], Some((OFFICER, OFFICER_PIN)));
    run(pin
        .arg("--new-pin-file")
        .arg(staffed.secret("new.pin", "2580")))
    .ok();
    let mut line = staffed.command(&arguments, Some(("op-7", "2580")));
    let line = acceptance::station_process::Running::start(&mut line);
    let socket = staffed.station.home().join("control.sock");
    wait_for::path(&socket);

    // Whoever writes to the socket has to prove it as well as whoever gives a command.
    let bare = r#"{"request":"close-batch","batch":"LINE-1","operator":"sv-1"}"#;
    let answer = ask(&socket, bare);
    assert!(answer.contains("did not give it"), "{answer}");
    let wrong = format!(r#"{{"request":"proven","proof":{{"pin":"9753"}},"wish":{bare}}}"#);
    let answer = ask(&socket, &wrong);
    assert!(
        answer.contains("the PIN is wrong") && !answer.contains("9753"),
        "{answer}"
    );
    assert_eq!(staffed.leaves(&["sign-in-refused"]).len(), 2);
    let stolen = format!(
        r#"{{"request":"proven","proof":{{"badge":"BADGE-op-7","pin":"081542"}},"wish":{bare}}}"#
    );
    let answer = ask(&socket, &stolen);
    assert!(answer.contains("that badge is not theirs"), "{answer}");
    let mut pin = staffed.command(
        &["operator", "pin", SUPERVISOR],
        Some((OFFICER, OFFICER_PIN)),
    );
    run(pin
        .arg("--new-pin-file")
        .arg(staffed.secret("new.pin", SUPERVISOR_PIN)))
    .ok();
    let proven = format!(
        r#"{{"request":"proven","proof":{{"badge":"BADGE-sv-1","pin":"081542"}},"wish":{bare}}}"#
    );
    let answer = ask(&socket, &proven);
    assert!(answer.contains(r#""response":"done""#), "{answer}");
    drop(line.finish());
    let closed = staffed.leaves(&["batch-closed"]);
    assert_eq!(closed[0]["actor"]["assurance"], "badge-and-pin");
}
