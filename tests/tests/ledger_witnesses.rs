//! Who else has seen the ledger: witnesses, the mirror, and whoever asks while the line runs.
#![forbid(unsafe_code)]

use std::path::Path;

use acceptance::ledger_books::{begin_mirror, check, checkpoint, configure, size, text};
use acceptance::prepared_station::PreparedStation;
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::run;
use acceptance::wait_for;
use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey};
use firmware_proto::transcript::Sha256 as _;
use station::encoding::SoftwareSha256;

const BATCH: &str = "PROOF-1";

/// A witness of the test's own.
struct Witness {
    name: &'static str,
    key: SigningKey,
}

impl Witness {
    fn new(name: &'static str, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        Self { name, key }
    }

    fn encoded(&self) -> Vec<u8> {
        [&[4][..], &self.key.verifying_key().to_bytes()].concat()
    }

    fn id(&self) -> Vec<u8> {
        let digest = SoftwareSha256.sha256(&[self.name.as_bytes(), b"\n", &self.encoded()]);
        digest.as_bytes()[..4].to_vec()
    }

    fn vkey(&self) -> String {
        let id: String = self.id().iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "{}+{id}+{}",
            self.name,
            Base64::encode_string(&self.encoded())
        )
    }

    fn line(&self, note: &str, time: u64) -> String {
        let (text, _) = note.split_once("\n\n").expect("a note");
        let message = format!("cosignature/v1\ntime {time}\n{text}\n");
        let signature = self.key.sign(message.as_bytes()).to_bytes();
        let blob = [&self.id()[..], &time.to_be_bytes(), &signature].concat();
        format!("\u{2014} {} {}\n", self.name, Base64::encode_string(&blob))
    }
}

#[test]
fn witnesses_cosign_and_a_quorum_is_kept_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let (one, two) = (
        Witness::new("w.example/1", 1),
        Witness::new("w.example/2", 2),
    );
    let stranger = Witness::new("w.example/3", 3);
    let tables: String = [("one", &one), ("two", &two)]
        .map(|(name, key)| {
            format!(
                "[[ledger.witness]]\nname = {name:?}\nvkey = {:?}\n",
                key.vkey()
            )
        })
        .concat();
    configure(&station, &format!("witness_quorum = 2\n{tables}"));
    let note = checkpoint(&station, &folder.path().join("note.txt"));
    let add = |text: &str| {
        let file = folder.path().join("cosigned.txt");
        std::fs::write(&file, text).expect("a file is written");
        run(station.command(["ledger", "cosign", "add"]).arg(file))
    };
    let proof = folder.path().join("proof.json");
    let prove = || {
        run(station
            .command(["ledger", "prove", "--entry", "0", "-o"])
            .arg(&proof))
    };
    let refused = prove().code(1);
    assert!(
        refused.stderr.contains("2 of 2 witnesses"),
        "{}",
        refused.stderr
    );
    station.run(["ledger", "export"]).code(1);
    // Whoever reads the first line alone is not told that all is well.
    let verified = station.run(["ledger", "verify"]).code(1);
    assert!(
        !verified.stdout.contains("verified:"),
        "{}",
        verified.stdout
    );
    let report = station.run(["ledger", "verify", "--json"]).code(1);
    assert_eq!(report.json_lines()[0]["verified"], false);

    add(&stranger.line(&note, 1_800_000_000)).code(1);
    add(&one.line("x\n\ny", 1_800_000_000)).code(1);
    // As a whole note, and as a line alone.
    add(&format!("{note}{}", one.line(&note, 1_800_000_000))).ok();
    prove().code(1);
    let added = add(&two.line(&note, 1_800_000_001)).ok().stdout;
    assert!(
        added.contains("w.example/1 at 2027") && added.contains("w.example/2"),
        "{added}"
    );
    add(&two.line(&note, 1_800_000_001)).ok();

    let told = prove().ok().stdout;
    assert!(told.contains("w.example/2"), "{told}");
    let vkey = station.home().join("pki/ledger.vkey");
    let vkey = text(&vkey);
    let (one_key, two_key, other_key) = (one.vkey(), two.vkey(), stranger.vkey());
    let wanted = [
        "--vkey",
        &vkey,
        "--witness",
        &one_key,
        "--witness",
        &two_key,
    ];
    let said = check(&proof, &wanted).ok().stdout;
    for name in ["w.example/1", "w.example/2"] {
        let seen = format!("  + witness {name} saw this log of 1 entry at 20");
        assert!(said.contains(&seen), "{seen}: {said}");
    }
    let against = "that shows only against";
    assert!(!said.contains(against), "{said}");
    let alone = check(&proof, &["--vkey", &vkey]).ok().stdout;
    assert!(alone.contains(against), "{alone}");
    assert!(!alone.contains("saw this log"), "{alone}");
    let missing = [
        "--vkey",
        &vkey,
        "--witness",
        &one_key,
        "--witness",
        &other_key,
    ];
    let refused = check(&proof, &missing).code(1);
    assert!(
        refused.stderr.contains("cosigned by w.example/1"),
        "{}",
        refused.stderr
    );
    check(&proof, &[&missing[..], &["--quorum", "1"]].concat()).ok();
    let ending = station
        .run(["ledger", "export"])
        .ok()
        .json_lines()
        .pop()
        .expect("a line");
    assert_eq!(
        ending["cosigned"].as_array().map(Vec::len),
        Some(2),
        "{ending}"
    );
    station.run(["ledger", "verify"]).ok();

    // A newer checkpoint that nobody has cosigned does not count, the older one still does.
    station.open_batch(BATCH, 1);
    let shown = check(&proof, &["--vkey", &vkey, "--json"])
        .ok()
        .json_lines()
        .remove(0);
    assert_eq!(shown["size"], 1);
    prove().ok();
    let refused = station.run(["ledger", "prove", "--entry", "2"]).code(1);
    assert!(
        refused.stderr.contains("covers 1 entries"),
        "{}",
        refused.stderr
    );
}

/// While the line runs: a checkpoint by its owner, checkpoints at the interval, a proof, an export.
#[test]
fn a_running_line_makes_checkpoints_and_is_proven_meanwhile() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    configure(&station, "checkpoint_interval_s = 1\n");
    station.open_batch(BATCH, 2);
    let plan = LinePlan::good_boards(folder.path(), &station, 1, 92);
    let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
    let running = station.provision(BATCH, &line.ports());
    let _ = line.finish();
    let verdict = || station.results(BATCH).len() == 1;
    wait_for::condition("the board's verdict", verdict);
    // The verdict itself needs no checkpoint; only the interval puts one over it.
    wait_for::condition("a checkpoint over everything", || {
        let verified = station
            .run(["ledger", "verify", "--json"])
            .ok()
            .json_lines()
            .remove(0);
        verified["covered"] == verified["entries"]
    });
    let note = checkpoint(&station, &folder.path().join("note.txt"));
    let exported = station.run(["ledger", "export"]).ok().json_lines();
    assert_eq!(exported.len() as u64, size(&note) + 1);
    let last = (size(&note) - 1).to_string();
    let proof = folder.path().join("proof.json");
    run(station
        .command(["ledger", "prove", "--entry", &last, "-o"])
        .arg(&proof))
    .ok();
    let vkey = text(&station.home().join("pki/ledger.vkey"));
    check(&proof, &["--vkey", &vkey]).ok();
    running.interrupt();
    let _ = running.finish();
}

/// A checkpoint counts only once the mirror has it; a mirror that another log has written refuses this one.
#[test]
fn a_mirror_that_cannot_be_written_or_says_otherwise_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let stick = folder.path().join("stick");
    let mirror = stick.join("mirror.txt");
    std::fs::create_dir(&stick).expect("a folder");
    begin_mirror(&station, &mirror);
    // A folder is where the note is made before it takes the old one's place.
    let in_the_way = stick.join("mirror.txt.new");
    std::fs::create_dir(&in_the_way).expect("a folder");
    let refused = station.run(["ledger", "checkpoint"]).code(3);
    assert!(
        refused.stderr.contains("mirror.txt could not be written"),
        "{}",
        refused.stderr
    );
    let refused = run(&mut station.opening(BATCH, 1)).code(3);
    assert!(refused.stderr.contains("mirror"), "{}", refused.stderr);
    std::fs::remove_dir(&in_the_way).expect("nothing in it");
    let note = checkpoint(&station, &folder.path().join("note.txt"));
    assert_eq!(std::fs::read_to_string(&mirror).ok(), Some(note.clone()));

    // Rolled back: the mirror is ahead.
    let saved = folder.path().join("saved");
    let copy = |from: &Path, to: &Path| {
        std::fs::create_dir_all(to).expect("a folder");
        for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
            let _absent = std::fs::remove_file(to.join(name));
            if from.join(name).exists() {
                std::fs::copy(from.join(name), to.join(name)).expect("a copy");
            }
        }
    };
    copy(&station.home(), &saved);
    station.open_batch("PROOF-2", 1);
    let ahead = size(&std::fs::read_to_string(&mirror).expect("a mirror"));
    copy(&saved, &station.home());
    let named = format!(
        "a checkpoint covers {ahead} entries, the log has {}",
        size(&note)
    );
    for command in [["ledger", "verify"], ["ledger", "checkpoint"]] {
        let refused = station.run(command);
        assert!(
            refused.stderr.contains(&named),
            "{}\n{}",
            refused.stdout,
            refused.stderr
        );
        assert!(matches!(refused.status.code(), Some(1 | 3)));
    }
}
