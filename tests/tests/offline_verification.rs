//! An auditor has a manifest and a root certificate, nothing else. What was changed by one byte, or
//! signed by a key that may not sign manifests, is refused with the reason.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use acceptance::forgery::{self, envelope, signed_message, statement};
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::{Finished, programs, run};
use base64ct::{Base64, Encoding as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use simulator::device_keys::DeviceKey;
use simulator::seed::{Purpose, Seed};
use station::encoding::Hex;
use station::es256;

const BATCH: &str = "AUDIT-1";

/// From which the boards' keys come.
const SEED: u64 = 81;

/// How many places of the file are changed through the built program; all of them are in the manifest's
/// own tests.
const SAMPLES: usize = 150;

/// One batch for all tests of this file.
struct Audit {
    station: PreparedStation,
    manifest: PathBuf,
    bytes: Vec<u8>,
    _folder: tempfile::TempDir,
}

fn audit() -> &'static Audit {
    static AUDIT: OnceLock<Audit> = OnceLock::new();
    AUDIT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        station.open_batch(BATCH, 2);
        let plan = LinePlan::good_boards(folder.path(), &station, 2, SEED);
        let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
        let running = station.provision(BATCH, &line.ports());
        let _ = line.finish();
        running.interrupt();
        let _ = running.finish();
        station
            .run(["batch", "close", BATCH, "--operator", SUPERVISOR])
            .ok();
        let manifest = folder.path().join("manifest.dsse.json");
        let mut export = station.command(["manifest", "export", BATCH, "--format", "dsse"]);
        export
            .args(["--operator", SUPERVISOR])
            .arg("-o")
            .arg(&manifest);
        run(&mut export).ok();
        let bytes = std::fs::read(&manifest).expect("a manifest");
        Audit {
            station,
            manifest,
            bytes,
            _folder: folder,
        }
    })
}

/// With an empty environment, in an empty folder: no home, no token, no network needed.
fn verify(manifest: &Path, root: &Path) -> Finished {
    let empty = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(&programs().station);
    command.env_clear().current_dir(empty.path());
    command
        .args(["manifest", "verify"])
        .arg(manifest)
        .arg("--trust")
        .arg(root);
    run(&mut command)
}

fn verify_bytes(bytes: &[u8]) -> Finished {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("manifest.dsse.json");
    std::fs::write(&file, bytes).expect("a manifest is written");
    verify(&file, &audit().station.root())
}

/// Refused as a failed check, with a reason and without a stack trace.
#[track_caller]
fn refused(finished: Finished, what: &str) -> String {
    assert_eq!(
        finished.status.code(),
        Some(1),
        "{what}:\n{}{}",
        finished.stdout,
        finished.stderr
    );
    assert!(
        finished.stderr.contains("why:"),
        "{what}: {}",
        finished.stderr
    );
    finished.stderr
}

#[test]
fn a_genuine_manifest_verifies_from_nothing_but_itself_and_the_root() {
    let audit = audit();
    let verified = verify(&audit.manifest, &audit.station.root()).ok();
    assert!(verified.stdout.contains(BATCH), "{}", verified.stdout);
    assert!(
        verified.stdout.to_lowercase().contains("development"),
        "{}",
        verified.stdout
    );
    let all = [verified.stdout, verified.stderr].concat();
    for result in audit.station.results(BATCH) {
        assert_eq!(result["code"], "PASS");
    }
    assert!(!all.contains("panicked"));
}

#[test]
fn a_changed_byte_is_refused_wherever_it_is() {
    let bytes = &audit().bytes;
    let step = (bytes.len() / SAMPLES).max(1);
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || {
                for at in (0..bytes.len()).step_by(step).skip(half).step_by(2) {
                    let mut changed = bytes.clone();
                    changed[at] ^= 0x01;
                    refused(verify_bytes(&changed), &format!("byte {at}"));
                }
            });
        }
    });
    for (what, changed) in [
        ("a byte more", [bytes.as_slice(), b" "].concat()),
        ("a line end more", [bytes.as_slice(), b"\n"].concat()),
        ("a byte less", bytes[..bytes.len() - 1].to_vec()),
        ("nothing", Vec::new()),
        (
            "a byte order mark",
            [b"\xef\xbb\xbf", bytes.as_slice()].concat(),
        ),
    ] {
        refused(verify_bytes(&changed), what);
    }
}

#[test]
fn only_one_spelling_of_the_envelope_is_accepted() {
    let text = String::from_utf8(audit().bytes.clone()).expect("JSON");
    let end = text.find("\",\"payloadType\"").expect("the payload's end");
    let payload_end = &text[..end];
    for (what, changed) in [
        ("base64 without padding", text.replacen("=\"", "\"", 1)),
        (
            "base64 with a line end",
            text.replacen("\"payload\":\"", "\"payload\":\"\\n", 1),
        ),
        ("another field", text.replacen('{', "{\"note\":\"\",", 1)),
        (
            "a doubled field",
            text.replacen('{', "{\"payloadType\":\"x\",", 1),
        ),
        ("spaces", text.replacen(',', ", ", 1)),
        (
            "an escaped letter",
            text.replacen("\"payload\"", "\"\\u0070ayload\"", 1),
        ),
        ("a second signature", second_signature(&text)),
        (
            "base64url",
            format!("{}-{}", &payload_end[..end - 1], &text[end..]),
        ),
    ] {
        if changed != text {
            refused(verify_bytes(changed.as_bytes()), what);
        }
    }
}

fn second_signature(text: &str) -> String {
    let start = text.find("\"signatures\":[").expect("signatures") + "\"signatures\":[".len();
    let end = text.rfind("]}").expect("the end of the signatures");
    format!("{},{}{}", &text[..end], &text[start..end], &text[end..])
}

#[test]
fn another_root_is_not_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("other.pem");
    let mut make = Command::new("openssl");
    make.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ]);
    make.args(["-subj", "/CN=Somebody else", "-days", "30", "-keyout"]);
    make.arg(folder.path().join("key.pem"))
        .arg("-out")
        .arg(&other);
    run(&mut make).ok();
    let said = refused(verify(&audit().manifest, &other), "a stranger's root");
    for part in ["does not end in the given root", "fingerprint", "--trust"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("ask its sender"), "{said}");
    // What to do comes first; what is compared by eye stands at the end of a line each.
    let to_do = said.find("give with --trust").expect("it says what to do");
    let lines = said.lines().filter(|line| line.contains("fingerprint"));
    let prints = lines.map(|line| {
        let at = said.find(line).expect("it is there");
        assert!(to_do < at, "{said}");
        line.rsplit_once(": ").expect("what it is, and the digits")
    });
    let signer = signer_of(&statement(&audit().bytes));
    let expected = [
        ("its SHA-256 fingerprint", fingerprint(&pem_body(&other))),
        ("of the signing certificate", fingerprint(&signer)),
    ];
    assert_eq!(prints.clone().count(), expected.len(), "{said}");
    for ((what, digits), (of, print)) in prints.zip(expected) {
        assert!(what.ends_with(of), "{what}: {of}");
        assert_eq!(digits, print, "{what}");
    }
    // Nor is the manifest's own signer, or the issuing CA, a root.
    let issuing = audit().station.home().join("pki/issuing.pem");
    refused(
        verify(&audit().manifest, &issuing),
        "the issuing CA as root",
    );
}

/// The issuing CA's key is under the same root, and lies in the same token: it may sign certificates,
/// and no manifest. Neither may the authority's or the ledger's key.
#[test]
fn a_manifest_signed_by_another_key_of_the_station_is_refused() {
    let audit = audit();
    let statement = statement(&audit.bytes);
    let issuing = pem_body(&audit.station.home().join("pki/issuing.pem"));
    let signer = signer_of(&statement);
    let with_issuing = statement.replace(&signer, &issuing);
    assert_ne!(statement, with_issuing);

    for (role, statement) in [
        ("manifest", &statement),
        ("issuing", &with_issuing),
        ("issuing", &statement),
        ("authority", &statement),
    ] {
        let finished = verify_bytes(envelope_by(&audit.station, role, statement).as_bytes());
        if role == "manifest" {
            // The same way of signing with the right key shows that nothing else is amiss.
            finished.ok();
        } else {
            refused(finished, &format!("signed by the {role} key"));
        }
    }
    let finished = verify_bytes(envelope_by(&audit.station, "issuing", &with_issuing).as_bytes());
    let said = refused(finished, "the issuing CA's key with its certificate");
    assert!(said.contains("it is a certification authority"), "{said}");
}

/// A board of this batch that gave its key away: its certificate is under the same root, and its signature is
/// good. It may prove what it is, and sign no manifest.
#[test]
fn a_manifest_signed_by_a_device_is_refused() {
    let audit = audit();
    for device in 0..2 {
        let key = DeviceKey::of(Seed(SEED), Purpose::IdentityKey, device);
        let key_id = Hex::from(es256::key_digest(&key.point())).to_string();
        let certificate = audit.station.results(BATCH).iter().find_map(|result| {
            let uid = result["uid"].as_str()?;
            let live = audit.station.run(["device", "certificate", uid]).ok();
            let file = audit.station.folder().join("device.pem");
            std::fs::write(&file, live.stdout).expect("a certificate is written");
            let der = Base64::decode_vec(&pem_body(&file)).expect("base64");
            let point = key.point();
            let is_its = der.windows(point.len()).any(|window| window == point);
            is_its.then(|| Base64::encode_string(&der))
        });
        let certificate = certificate.expect("a board of the batch has this key");
        let genuine = statement(&audit.bytes);
        let forged = genuine.replace(signer_of(&genuine).as_str(), &certificate);
        assert_ne!(forged, genuine);
        let signature = key.sign(&[signed_message(&forged).as_bytes()]);
        let signature = es256::signature_to_der(&signature).expect("r and s");
        let envelope = envelope(&forged, &key_id, &Base64::encode_string(&signature));
        let said = refused(verify_bytes(envelope.as_bytes()), "signed by a device");
        let issuer = "was issued by CN=test-station issuing CA";
        assert!(said.contains(issuer), "{said}");
    }
}

/// The SHA-256 of a certificate in base64.
fn fingerprint(certificate: &str) -> String {
    let der = Base64::decode_vec(certificate).expect("base64");
    let digest = Sha256::digest(der);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The certificate of the signer that it names.
fn signer_of(statement: &str) -> String {
    let statement: Value = serde_json::from_str(statement).expect("JSON");
    let signer = &statement["predicate"]["signing_chain"][0];
    signer.as_str().expect("a signer").to_owned()
}

/// An envelope signed by a key of the station's token.
fn envelope_by(station: &PreparedStation, role: &str, statement: &str) -> String {
    let thief = Path::new(env!("CARGO_BIN_EXE_sign_with_station_key"));
    forgery::envelope_by(thief, station, role, statement)
}

/// The base64 of a PEM file, on one line.
fn pem_body(file: &Path) -> String {
    let text = std::fs::read_to_string(file).expect("a PEM file");
    text.lines()
        .filter(|line| !line.starts_with("-----"))
        .collect()
}
