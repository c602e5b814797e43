//! What can be wrong with a token, seen from outside: each fault is named, with what to do about it, and the
//! station's own exit status. A token that goes away and comes back is a state to recover from.
#![forbid(unsafe_code)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use acceptance::prepared_station::PreparedStation;
use acceptance::soft_token::{self, PIN};
use acceptance::station_process::{Finished, run};
use station::hsm::SignerPool;
use station::identity::signer::{KeyRole, Signer as _};
use station::station_home::StationHome;

/// Exit status of a station that is itself at fault.
const STATION_FAULT: i32 = 3;

fn prepared() -> (tempfile::TempDir, PreparedStation) {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    (folder, station)
}

/// The station with one thing changed in its configuration.
fn doctor_with(station: &PreparedStation, from: &str, to: &str) -> Finished {
    let path = station.home().join("station.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    assert!(good.contains(from), "{from}");
    std::fs::write(&path, good.replacen(from, to, 1)).unwrap();
    let finished = station.run(["doctor", "--json"]);
    std::fs::write(&path, good).unwrap();
    finished
}

/// The detail and the advice of what doctor found broken.
#[track_caller]
fn broken(finished: Finished) -> String {
    let finished = finished.code(STATION_FAULT);
    let lines = finished.json_lines();
    let broken = lines.iter().filter(|line| line["state"] == "broken");
    broken
        .map(|line| format!("{}: {}; {}\n", line["check"], line["detail"], line["do"]))
        .collect()
}

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in:\n{text}");
    }
}

fn pkcs11_tool(station: &PreparedStation, arguments: &[&str]) {
    let mut command = Command::new("pkcs11-tool");
    command.env("SOFTHSM2_CONF", station.token().configuration());
    command.arg("--module").arg(soft_token::module());
    command.args([
        "--token-label",
        station.token().label(),
        "--login",
        "--pin",
        PIN,
    ]);
    run(command.args(arguments)).ok();
}

#[test]
fn a_well_station_is_well() {
    let (_folder, station) = prepared();
    let lines = station.run(["doctor", "--json"]).ok().json_lines();
    assert!(
        lines
            .iter()
            .any(|line| line["check"] == "self-test" && line["state"] == "ok")
    );
    assert!(
        lines
            .iter()
            .any(|line| line["check"] == "root on line" && line["state"] == "warning")
    );
}

#[test]
fn a_wrong_pin_is_named_and_its_value_never_shown() {
    let (_folder, station) = prepared();
    std::fs::write(station.token().pin_file(), "314159\n").unwrap();
    let said = broken(station.run(["doctor", "--json"]));
    assert_says(&said, &["wrong PIN", "[hsm.pin]", "tried once"]);
    assert!(!said.contains("314159"));
    std::fs::write(station.token().pin_file(), format!("{PIN}\n")).unwrap();
    station.run(["doctor"]).ok();
}

#[test]
fn a_pin_file_for_everybody_is_refused() {
    let (_folder, station) = prepared();
    let file = station.token().pin_file();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    assert_says(
        &broken(station.run(["doctor", "--json"])),
        &["mode 0644", "chmod 600"],
    );
}

#[test]
fn the_pin_comes_from_where_the_configuration_says() {
    let (folder, station) = prepared();
    let line = format!("file = \"{}\"", station.token().pin_file().display());
    let path = station.home().join("station.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    assert!(good.contains(&line));
    std::fs::write(&path, good.replace(&line, "environment = \"TEST_PIN\"")).unwrap();
    run(station.command(["doctor"]).env("TEST_PIN", PIN)).ok();
    assert_says(
        &broken(station.run(["doctor", "--json"])),
        &["TEST_PIN is not set"],
    );

    std::fs::write(&path, good.replace(&line, "systemd_credential = \"pin\"")).unwrap();
    let credentials = folder.path().join("credentials");
    std::fs::create_dir(&credentials).unwrap();
    std::fs::write(credentials.join("pin"), PIN).unwrap();
    run(station
        .command(["doctor"])
        .env("CREDENTIALS_DIRECTORY", &credentials))
    .ok();
    assert_says(
        &broken(station.run(["doctor", "--json"])),
        &["LoadCredential="],
    );
}

#[test]
fn missing_token_and_missing_module_are_told_apart() {
    let (_folder, station) = prepared();
    let said = broken(doctor_with(
        &station,
        "pkcs11:token=acceptance",
        "pkcs11:token=lost",
    ));
    assert_says(&said, &["no token fits", "acceptance", "plug the token in"]);

    let module = format!("module = \"{}\"", soft_token::module().display());
    let said = broken(doctor_with(
        &station,
        &module,
        "module = \"/nonexistent/module.so\"",
    ));
    assert_says(
        &said,
        &["/nonexistent/module.so", "no such file", "hsm.module"],
    );
    let text = station.home().join("station.toml").display().to_string();
    let said = broken(doctor_with(
        &station,
        &module,
        &format!("module = \"{text}\""),
    ));
    assert_says(&said, &["no usable PKCS#11 module"]);
}

#[test]
fn wrong_keys_are_named_by_role() {
    let (_folder, station) = prepared();
    let said = broken(doctor_with(
        &station,
        "object=test-station-issuing",
        "object=nowhere",
    ));
    assert_says(
        &said,
        &["issuing key", "no pkcs11:object=nowhere", "[hsm.keys]"],
    );

    pkcs11_tool(
        &station,
        &["--keypairgen", "--key-type", "RSA:2048", "--label", "rsa"],
    );
    let said = broken(doctor_with(
        &station,
        "object=test-station-issuing",
        "object=rsa",
    ));
    assert_says(
        &said,
        &["trust the issuing key", "wrong key type", "ECDSA P-256"],
    );

    pkcs11_tool(
        &station,
        &[
            "--keypairgen",
            "--key-type",
            "EC:secp384r1",
            "--label",
            "p384",
        ],
    );
    let said = broken(doctor_with(
        &station,
        "object=test-station-manifest",
        "object=p384",
    ));
    assert_says(
        &said,
        &["trust the manifest key", "wrong key type", "another curve"],
    );

    let copyable = [
        "--keypairgen",
        "--key-type",
        "EC:prime256v1",
        "--label",
        "loose",
        "--extractable",
    ];
    pkcs11_tool(&station, &copyable);
    let said = broken(doctor_with(
        &station,
        "object=test-station-authority",
        "object=loose",
    ));
    let wrong = [
        "CKA_EXTRACTABLE must be false",
        "CKA_NEVER_EXTRACTABLE",
        "CKA_MODIFIABLE",
    ];
    assert_says(&said, &wrong);
}

#[test]
fn two_keys_of_one_label_are_refused() {
    let (_folder, station) = prepared();
    let twin = [
        "--keypairgen",
        "--key-type",
        "EC:prime256v1",
        "--label",
        "test-station-issuing",
    ];
    pkcs11_tool(&station, &twin);
    assert_says(
        &broken(station.run(["doctor", "--json"])),
        &["issuing key", "duplicate key"],
    );
}

#[test]
fn keys_that_were_exchanged_sign_but_are_not_believed() {
    let (_folder, station) = prepared();
    let path = station.home().join("station.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    let swapped = good
        .replace("test-station-issuing", "swap")
        .replace("test-station-authority", "test-station-issuing")
        .replace("swap", "test-station-authority");
    std::fs::write(&path, swapped).unwrap();
    let said = broken(station.run(["doctor", "--json"]));
    assert_says(
        &said,
        &[
            "issuing self-test",
            "authority self-test",
            "certified for it",
        ],
    );
}

#[test]
fn a_token_that_comes_back_signs_again_with_the_same_keys() {
    let (folder, station) = prepared();
    let mut holder = Holder::start(&station);
    assert_says(&holder.ask("sign"), &["signed"]);
    let (here, away) = (station.token().objects(), folder.path().join("away"));
    std::fs::rename(&here, &away).unwrap();
    std::fs::create_dir(&here).unwrap();
    for _ in 0..2 {
        assert_says(&holder.ask("sign"), &["failed", "recoverable"]);
    }
    std::fs::remove_dir_all(&here).unwrap();
    std::fs::rename(&away, &here).unwrap();
    for _ in 0..8 {
        assert_says(&holder.ask("sign"), &["signed"]);
    }
}

#[test]
fn a_pin_that_was_changed_under_a_running_station_is_tried_once() {
    let (folder, station) = prepared();
    let mut holder = Holder::start(&station);
    let (here, away) = (station.token().objects(), folder.path().join("away"));
    std::fs::rename(&here, &away).unwrap();
    std::fs::create_dir(&here).unwrap();
    assert_says(&holder.ask("sign"), &["failed"]);
    std::fs::remove_dir_all(&here).unwrap();
    std::fs::rename(&away, &here).unwrap();
    // The holder has nothing open now, so another program may use the token.
    pkcs11_tool(&station, &["--change-pin", "--new-pin", "271828"]);
    assert_says(&holder.ask("sign"), &["failed", "wrong PIN"]);
    for _ in 0..4 {
        assert_says(&holder.ask("sign"), &["failed", "refused this PIN before"]);
    }
}

/// A child of this very executable that holds the token: its environment names the token.
struct Holder {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

const HOLDER_HOME: &str = "HSM_FAULTS_HOLDER_HOME";
/// Sets the holder's answers apart from what the test harness prints.
const ANSWER: &str = "answer: ";

impl Holder {
    fn start(station: &PreparedStation) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_holder_is_a_child", "--nocapture"])
            .env("SOFTHSM2_CONF", station.token().configuration())
            .env(HOLDER_HOME, station.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asks = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut holder = Self {
            child,
            asks,
            answers,
        };
        assert_says(&holder.answer(), &["ready"]);
        holder
    }

    fn ask(&mut self, what: &str) -> String {
        writeln!(self.asks, "{what}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.answers.read_line(&mut line).unwrap(),
                0,
                "the holder has ended"
            );
            if let Some((_, answer)) = line.split_once(ANSWER) {
                return answer.to_owned();
            }
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does nothing as a test; as a child of [`Holder`] it signs whenever it is asked.
#[test]
fn the_holder_is_a_child() {
    let Some(home) = std::env::var_os(HOLDER_HOME).map(PathBuf::from) else {
        return;
    };
    let signer = open(&home);
    let say = |answer: &str| {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{ANSWER}{answer}").unwrap();
        stdout.flush().unwrap();
    };
    say("ready");
    for ask in std::io::stdin().lines() {
        assert_eq!(ask.unwrap(), "sign");
        match signer.sign(KeyRole::Issuing, b"a message") {
            Ok(_) => say("signed"),
            Err(error) if error.may_recover() => say(&format!("failed, recoverable: {error}")),
            Err(error) => say(&format!("failed: {error}")),
        }
    }
}

fn open(home: &Path) -> SignerPool {
    let home = StationHome::open(home).unwrap();
    let pin = home.config().hsm.pin.read(home.path()).unwrap();
    SignerPool::open(&home.config().hsm.token_config(), &pin).unwrap()
}
