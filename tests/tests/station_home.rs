//! How a station home is made: at once, after having been killed, under an outside root; and never over
//! something that is there.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::Command;

use acceptance::outside_root::OutsideRoot;
use acceptance::prepared_station::PreparedStation;
use acceptance::soft_token::{self, SoftToken};
use acceptance::station_process::{Running, programs, run};
use acceptance::wait_for;

fn init(token: &SoftToken, home: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(&programs().station);
    command
        .env("SOFTHSM2_CONF", token.configuration())
        .env("STATION_HOME", home);
    command
        .env_remove("STATION_OPERATOR")
        .args(["init", "--station", "s1", "--token"]);
    command
        .arg(token.label())
        .arg("--module")
        .arg(soft_token::module());
    command.arg("--pin-file").arg(token.pin_file()).args(flags);
    command
}

fn complete(token: &SoftToken, home: &Path, papers: &[(&str, &Path)]) -> Command {
    let mut command = Command::new(&programs().station);
    command
        .env("SOFTHSM2_CONF", token.configuration())
        .env("STATION_HOME", home);
    command.args(["init", "--complete"]);
    for (flag, path) in papers {
        command.arg(flag).arg(path);
    }
    command
}

fn doctor(token: &SoftToken, home: &Path) -> Command {
    let mut command = Command::new(&programs().station);
    command
        .env("SOFTHSM2_CONF", token.configuration())
        .env("STATION_HOME", home);
    command.args(["doctor", "--json"]);
    command
}

#[test]
fn a_killed_init_is_gone_on_with_and_no_key_is_made_twice() {
    let folder = tempfile::tempdir().unwrap();
    let token = SoftToken::create(&folder.path().join("softhsm"), "killed");
    let home = folder.path().join("home");
    let stops = [
        "root key",
        "issuing key",
        "ledger key",
        "root.pem",
        "manifest.pem",
        "ledger.sqlite",
    ];
    for stop in stops {
        let running = Running::start(&mut init(&token, &home, &["--development"]));
        let seen = running.line(stop, |line| {
            line.contains(stop) || line.contains("complete")
        });
        running.kill();
        if seen.contains("complete") {
            break;
        }
    }
    run(&mut init(&token, &home, &["--development"])).ok();
    run(&mut doctor(&token, &home)).ok();
    run(&mut init(&token, &home, &["--development"])).ok();
    assert!(!home.join("station.toml.unfinished").exists());
}

#[test]
fn keys_and_homes_that_exist_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    let config = std::fs::read(station.home().join("station.toml")).unwrap();
    let refused = run(&mut station.init(&folder.path().join("other"))).code(2);
    assert!(
        refused.stderr.contains("no key is ever replaced"),
        "{}",
        refused.stderr
    );
    assert!(!folder.path().join("other/station.toml.unfinished").exists());
    let refused = run(station.init(&station.home()).args(["--station", "another"]));
    assert_ne!(refused.status.code(), Some(0));
    assert_eq!(
        std::fs::read(station.home().join("station.toml")).unwrap(),
        config
    );
    station.run(["doctor"]).ok();
}

#[test]
fn an_init_that_fails_leaves_nothing_and_speaks_of_its_flags() {
    let folder = tempfile::tempdir().unwrap();
    let token = SoftToken::create(&folder.path().join("softhsm"), "failing");
    let home = folder.path().join("deep/home");
    let wrong: [(&[&str], &str); 3] = [
        (&["--module", "/nowhere/lib.so"], "--module"),
        (&["--token", "nobody"], "--token"),
        (&["--pin-file", "/nowhere/pin"], "the --pin flag"),
    ];
    for (flags, flag) in wrong {
        let mut command = Command::new(&programs().station);
        command
            .env("SOFTHSM2_CONF", token.configuration())
            .env("STATION_HOME", &home)
            .args(["init", "--station", "s1", "--development"]);
        let module = soft_token::module();
        let (module, pin) = (module.to_string_lossy(), token.pin_file());
        let pin = pin.to_string_lossy();
        let right = [
            ("--module", &*module),
            ("--token", token.label()),
            ("--pin-file", &*pin),
        ];
        for (name, value) in right.iter().filter(|(name, _)| *name != flags[0]) {
            command.args([name, value]);
        }
        let refused = run(command.args(flags)).code(3);
        assert!(refused.stderr.contains(flag), "{flag}: {}", refused.stderr);
        assert!(
            !refused.stderr.contains("station.toml"),
            "{}",
            refused.stderr
        );
        assert!(!folder.path().join("deep").exists(), "{flag}");
    }
    let undecided = run(Command::new(&programs().station)
        .arg("init")
        .env("STATION_HOME", &home));
    let undecided = undecided.code(2).stderr;
    assert!(undecided.contains("--external-root"), "{undecided}");
}

#[test]
fn one_process_owns_a_home() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    let lock = std::fs::File::options()
        .write(true)
        .open(station.home().join("lock"))
        .unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    std::io::Write::write_all(&mut &lock, b"4711\n").unwrap();
    let skipped = station.run(["doctor"]).ok();
    assert!(skipped.stdout.contains("pid 4711"), "{}", skipped.stdout);
    drop(lock);
    station.run(["doctor"]).ok();
}

/// A line that ends takes no request any more, and has the home for a moment still.
#[test]
fn a_command_waits_a_while_for_the_process_that_has_the_home() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    let hold = || {
        let lock = station.home().join("lock");
        let lock = std::fs::File::options().write(true).open(lock).unwrap();
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
        lock
    };
    let held = hold();
    let waiting = Running::start(&mut station.opening("WAIT-1", 1));
    wait_for::condition("the command to wait", || {
        waiting.said().contains("waiting for its end")
    });
    drop(held);
    waiting.finish().ok();
    let _held = hold();
    let refused = run(&mut station.opening("WAIT-2", 1)).code(3);
    let said = refused.stderr;
    assert!(said.contains("another station process has it"), "{said}");
    assert!(said.contains("once it has ended"), "{said}");
}

/// Opening a pipe waits for whoever writes into it, and nobody does.
#[test]
fn a_pipe_in_the_ledgers_place_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let station = PreparedStation::create(folder.path());
    let ledger = station.home().join("ledger.sqlite");
    std::fs::remove_file(&ledger).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &ledger, kind, mode, 0).unwrap();
    for command in [
        &["batch", "list"][..],
        &["device", "list"],
        &["ledger", "verify"],
        &["doctor"],
    ] {
        let refused = station.run(command);
        assert_ne!(refused.status.code(), Some(0), "{command:?}");
        let said = [refused.stdout, refused.stderr].concat();
        assert!(said.contains("no regular file"), "{command:?}: {said}");
    }
    let found = std::fs::metadata(&ledger).unwrap().file_type();
    assert!(std::os::unix::fs::FileTypeExt::is_fifo(&found));
}

#[test]
fn an_outside_root_signs_and_only_what_fits_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let token = SoftToken::create(&folder.path().join("softhsm"), "outside");
    let home = folder.path().join("home");
    run(&mut init(
        &token,
        &home,
        &["--development", "--external-root"],
    ))
    .ok();
    let root = OutsideRoot::create(folder.path());
    let pki = home.join("pki");
    let ca = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign";
    let deep = "basicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=critical,keyCertSign,cRLSign";
    let signer =
        "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,1.3.6.1.4.1.32473.3.2";
    // The mark of a manifest signer for real products, which this development home is not.
    let for_real =
        "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,1.3.6.1.4.1.32473.3.1";
    let issuing = root.sign(&pki.join("issuing.csr.pem"), "issuing", ca);
    let too_deep = root.sign(&pki.join("issuing.csr.pem"), "deep", deep);
    let other_key = root.sign(&pki.join("manifest.csr.pem"), "other", ca);
    let manifest = root.sign(&pki.join("manifest.csr.pem"), "manifest", signer);
    let not_development = root.sign(&pki.join("manifest.csr.pem"), "real", for_real);

    let bad = [
        (&too_deep, &manifest, "path length"),
        (&other_key, &manifest, "another key"),
        (&issuing, &issuing, "certification authority"),
        (&issuing, &other_key, ""),
        (&issuing, &not_development, "it is for a real PKI"),
    ];
    for (issuing, manifest, word) in bad {
        let papers: [(&str, &Path); 3] = [
            ("--root", root.certificate()),
            ("--issuing-cert", issuing),
            ("--manifest-cert", manifest),
        ];
        let refused = run(&mut complete(&token, &home, &papers));
        assert_ne!(refused.status.code(), Some(0));
        assert!(refused.stderr.contains(word), "{word}: {}", refused.stderr);
        assert!(!home.join("station.toml").exists() && !pki.join("issuing.pem").exists());
    }
    let papers: [(&str, &Path); 3] = [
        ("--root", root.certificate()),
        ("--issuing-cert", &issuing),
        ("--manifest-cert", &manifest),
    ];
    run(&mut complete(&token, &home, &papers)).ok();
    let report = run(&mut doctor(&token, &home)).ok();
    assert!(!report.stdout.contains("root on line"), "{}", report.stdout);
    let mut verify = Command::new("openssl");
    verify
        .arg("verify")
        .arg("-CAfile")
        .arg(pki.join("root.pem"));
    run(verify
        .arg(pki.join("issuing.pem"))
        .arg(pki.join("manifest.pem")))
    .ok();
}
