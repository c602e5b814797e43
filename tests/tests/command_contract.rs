//! What scripts and people rely on: exit statuses, messages that say what to do, `--json`, help.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::repository;
use acceptance::serial_wire::SerialWire;
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Running, programs, run};
use acceptance::wait_for;
use firmware_proto::frame::Direction;
use serde_json::Value;

const BATCH: &str = "CONTRACT-1";

fn station() -> (tempfile::TempDir, PreparedStation) {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    (folder, station)
}

/// Three lines for people: what failed, why, what to do.
#[track_caller]
fn says(stderr: &str, parts: &[&str]) {
    for part in ["why:", "do:"].iter().chain(parts) {
        let found = stderr.to_lowercase().contains(&part.to_lowercase());
        assert!(found, "{part:?} is not in:\n{stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn a_wrong_pin_is_named_and_the_station_is_at_fault() {
    let (_folder, station) = station();
    std::fs::write(station.token().pin_file(), "000000\n").expect("the PIN file is written");
    let refused = station.run(["doctor"]).code(3);
    let said = refused.stdout.to_lowercase() + &refused.stderr.to_lowercase();
    assert!(said.contains("pin"), "{said}");
    assert!(!said.contains("000000"), "the PIN is not repeated: {said}");
    let refused = run(&mut station.opening(BATCH, 1)).code(3);
    says(&refused.stderr, &["pin"]);
}

#[test]
fn a_missing_token_and_a_missing_module_are_told_apart() {
    let (folder, station) = station();
    let empty = folder.path().join("empty.conf");
    let tokens = folder.path().join("no-tokens");
    std::fs::create_dir(&tokens).expect("a folder");
    std::fs::write(
        &empty,
        format!("directories.tokendir = {}\n", tokens.display()),
    )
    .expect("a configuration");
    let refused = run(station.opening(BATCH, 1).env("SOFTHSM2_CONF", &empty)).code(3);
    says(&refused.stderr, &["token", "acceptance"]);

    let config = station.home().join("station.toml");
    let text = std::fs::read_to_string(&config).expect("a configuration");
    let module = text
        .lines()
        .find(|line| line.starts_with("module"))
        .expect("a module");
    let moved = text.replace(module, "module = \"/nowhere/libnothing.so\"");
    std::fs::write(&config, moved).expect("the configuration is written");
    let refused = run(&mut station.opening(BATCH, 1)).code(3);
    says(&refused.stderr, &["module", "/nowhere/libnothing.so"]);
}

#[test]
fn a_second_station_on_one_home_is_refused() {
    let (folder, station) = station();
    station.open_batch(BATCH, 1);
    let port = folder.path().join("port");
    let _wire = SerialWire::create(&port, Direction::ToDevice);
    let first = station.provision(BATCH, std::slice::from_ref(&port));
    wait_for::path(&station.home().join("control.sock"));
    let second = station
        .run(station.provision_arguments(BATCH, &[port]))
        .code(3);
    says(&second.stderr, &[&first.id().to_string()]);
    first.interrupt();
    first.finish().ok();
}

#[test]
fn a_board_that_never_answers_costs_nothing() {
    let (folder, station) = station();
    station.open_batch(BATCH, 1);
    let port = folder.path().join("port");
    let mut wire = SerialWire::create(&port, Direction::ToDevice);
    let running = station.provision(BATCH, &[port]);
    // It asks again and again, and nobody is in the fixture.
    for _ in 0..3 {
        wait_for::value("a Hello", || wire.next_frame());
    }
    running.interrupt();
    running.finish().ok();
    assert!(station.results(BATCH).is_empty());
}

#[test]
fn a_board_that_never_stops_talking_is_a_link_error_in_bounded_memory() {
    let (folder, station) = station();
    station.open_batch(BATCH, 1);
    let port = folder.path().join("port");
    let mut wire = SerialWire::create(&port, Direction::ToDevice);
    let running = station.provision(BATCH, &[port]);
    let noise: Vec<u8> = (0..4096_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 9) as u8)
        .collect();
    let result = wait_for::value("a verdict on noise", || {
        wire.send_bytes(&noise);
        while wire.next_frame().is_some() {}
        station.results(BATCH).into_iter().next()
    });
    assert_eq!(result["code"], "LINK-NOISE", "{result}");
    let peak = peak_kilobytes(running.id());
    assert!(peak < 64 * 1024, "{peak} kB");
    running.interrupt();
    // The only thing in the fixture was no good.
    running.finish().code(1);
}

fn peak_kilobytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("/proc");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .expect("a peak");
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

#[test]
fn a_port_that_vanishes_comes_back() {
    let (folder, station) = station();
    station.open_batch(BATCH, 1);
    let port = folder.path().join("port");
    let mut wire = SerialWire::create(&port, Direction::ToDevice);
    let running = station.provision(BATCH, std::slice::from_ref(&port));
    wait_for::value("a Hello", || wire.next_frame());
    drop(wire);
    std::fs::remove_file(&port).expect("the link is taken away");
    let mut wire = SerialWire::create(&port, Direction::ToDevice);
    wait_for::value("a Hello on the port that came back", || wire.next_frame());
    running.interrupt();
    running.finish().ok();
}

#[test]
fn a_full_batch_takes_no_more_boards() {
    let (folder, station) = station();
    station.open_batch(BATCH, 1);
    let plan = LinePlan::good_boards(folder.path(), &station, 2, 33);
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let mut arguments = station.provision_arguments(BATCH, &line.ports());
    arguments.extend(["--count".to_owned(), "2".to_owned()]);
    let finished = station.run(arguments);
    let boards = line.stop();
    let results = station.results(BATCH);
    let passed = results.iter().filter(|line| line["code"] == "PASS").count();
    assert_eq!(passed, 1, "{results:#?}\n{}", finished.stderr);
    let locked = boards
        .iter()
        .filter(|board| board["locked"] == true)
        .count();
    assert_eq!(locked, 1, "{boards:#?}");
    let show = station.run(["batch", "show", BATCH, "--json"]).ok();
    assert!(!show.stdout.is_empty());
    station
        .run(["batch", "close", BATCH, "--short", "--operator", SUPERVISOR])
        .ok();
    // Closed is closed.
    let port = folder.path().join("lanes/lane0");
    let again = station.run(station.provision_arguments(BATCH, &[port]));
    assert_ne!(again.status.code(), Some(0), "{}", again.stdout);
    says(&again.stderr, &[BATCH]);
}

#[test]
fn every_command_speaks_json_one_object_a_line() {
    let (folder, station) = station();
    station.open_batch(BATCH, 1);
    let plan = LinePlan::good_boards(folder.path(), &station, 1, 34);
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let mut arguments = station.provision_arguments(BATCH, &line.ports());
    arguments.extend(["--count", "1", "--json"].map(str::to_owned));
    let provisioned = station.run(arguments).ok();
    assert!(
        provisioned.json_lines().iter().all(Value::is_object),
        "{}",
        provisioned.stdout
    );
    let _ = line.stop();
    let uid = station.results(BATCH)[0]["uid"]
        .as_str()
        .expect("a UID")
        .to_owned();
    let manifest = folder.path().join("manifest.dsse.json");
    let manifest = manifest.to_string_lossy();
    let root = station.root();
    let root = root.to_string_lossy();
    let commands: &[&[&str]] = &[
        &["doctor"],
        &["batch", "list"],
        &["batch", "show", BATCH],
        &["device", "list"],
        &["device", "show", &uid],
        &["device", "history", &uid],
        &["batch", "close", BATCH, "--short", "--operator", SUPERVISOR],
        &[
            "manifest",
            "export",
            BATCH,
            "--format",
            "dsse",
            "-o",
            &manifest,
            "--operator",
            SUPERVISOR,
        ],
        &["manifest", "verify", &manifest, "--trust", &root],
        &["ledger", "verify"],
    ];
    for command in commands {
        let finished = station.run(command.iter().chain(&["--json"])).ok();
        let lines = finished.json_lines();
        assert!(!lines.is_empty(), "{command:?} says nothing");
        assert!(
            lines.iter().all(Value::is_object),
            "{command:?}: {}",
            finished.stdout
        );
    }
    let failed = station.run(["batch", "show", "NO-SUCH", "--json"]);
    assert_ne!(failed.status.code(), Some(0));
    let error: Value = serde_json::from_str(failed.stderr.trim()).expect("an error is JSON too");
    for key in ["what", "why", "do"] {
        assert!(error["error"][key].is_string(), "{error}");
    }

    closed_pipes_end_quietly(&station, &uid);
}

/// `station device history UID | head -0`.
fn closed_pipes_end_quietly(station: &PreparedStation, uid: &str) {
    let mut command = station.command(["device", "history", uid]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the station starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.is_empty(), "{stderr}");
}

#[test]
fn wrong_usage_is_told_from_failure() {
    let (_folder, station) = station();
    station.run(["no-such-command"]).code(2);
    station.run(["batch", "open"]).code(2);
    let mut nobody = station.command(["batch", "open", "B-1", "--work-order", "WO-1"]);
    nobody
        .args(["--quantity", "1", "--profile"])
        .arg(acceptance::prepared_station::sample_profile());
    let refused = run(nobody.env_remove("STATION_OPERATOR")).code(2);
    says(&refused.stderr, &["operator"]);
    let mut homeless = station.command(["batch", "list"]);
    let refused = run(homeless.env_remove("STATION_HOME")).code(2);
    says(&refused.stderr, &["--home"]);
}

/// Help is part of the contract: a change of it is seen in review. `UPDATE_HELP=1` writes it anew.
#[test]
fn help_is_as_it_was_reviewed() {
    let mut differing = Vec::new();
    for (name, program) in [
        ("station", &programs().station),
        ("simulator", &programs().simulator),
    ] {
        let mut text = String::new();
        collect_help(program, &[], &mut text);
        let file = PathBuf::from(format!("fixtures/help/{name}.txt"));
        let path = repository::root().join(&file);
        if std::env::var_os("UPDATE_HELP").is_some() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, &text).expect("the help is written");
        }
        let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
        if reviewed != text {
            let changed = text
                .lines()
                .zip(reviewed.lines().chain(std::iter::repeat("")));
            let first = changed.enumerate().find(|(_, (now, then))| now != then);
            differing.push(format!("{} at {first:?}", file.display()));
        }
    }
    assert!(
        differing.is_empty(),
        "help has changed; UPDATE_HELP=1 takes it: {differing:#?}"
    );
}

/// The help of a command and of all below it.
fn collect_help(program: &Path, command: &[&str], text: &mut String) {
    let mut help = Command::new(program);
    help.args(command)
        .arg("--help")
        .env("COLUMNS", "100")
        .env_clear();
    let said = run(&mut help).ok().stdout;
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    *text += &format!("$ {name} {} --help\n{said}\n", command.join(" "));
    let listed = said.split("\nCommands:\n").nth(1).unwrap_or_default();
    let below: Vec<&str> = listed
        .lines()
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    if below.is_empty() && !command.is_empty() && name == "station" {
        assert!(
            said.contains("Example"),
            "station {} has no example:\n{said}",
            command.join(" ")
        );
    }
    for name in below {
        collect_help(program, &[command, &[name]].concat(), text);
    }
}

/// A line that is interrupted while nothing is in work ends at once and well.
#[test]
fn an_interrupted_line_ends_well() {
    let (folder, station) = station();
    station.open_batch(BATCH, 1);
    let port = folder.path().join("port");
    let mut wire = SerialWire::create(&port, Direction::ToDevice);
    let running: Running = station.provision(BATCH, &[port]);
    wait_for::value("a Hello", || wire.next_frame());
    running.interrupt();
    let finished = running.finish().ok();
    assert!(!finished.stderr.contains("panicked"), "{}", finished.stderr);
    station.run(["ledger", "verify"]).ok();
}
