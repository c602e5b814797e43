//! A ledger of ten thousand boards, made through the writer and read as a whole; views that are made again. The same
//! program makes the ledger of a million boards that `script/bench --scale` measures.
#![forbid(unsafe_code)]

#[path = "ledger_at_scale/watching.rs"]
mod watching;

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use acceptance::prepared_station::PreparedStation;
use acceptance::serial_wire::SerialWire;
use acceptance::station_process::{Finished, Running, programs, run};
use acceptance::wait_for::{self, PATIENCE};
use firmware_proto::frame::Direction;
use serde_json::Value;

/// Boards, and the events of each.
const DEVICES: u64 = 10_000;
const EVENTS: u64 = 11;

/// Large ledgers are made one after another: each keeps all cores busy, and is given only so long.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn at_scale(station: &PreparedStation, arguments: &[&str]) -> Value {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let program = Path::new(env!("CARGO_BIN_EXE_ledger_at_scale"));
    let home = station.home().to_string_lossy().into_owned();
    let (command, rest) = arguments.split_first().expect("a command");
    let arguments = [&[*command, &home][..], rest].concat();
    let running = Running::start(&mut station.command_of(program, arguments));
    // A hundred thousand entries, each made durable: as long as a loaded machine's disk takes.
    let finished = running.finish_within(PATIENCE * 10).ok();
    finished.json_lines().pop().expect("one object")
}

fn verify(station: &PreparedStation, more: &[&str]) -> Finished {
    let arguments = [&["ledger", "verify", "--json"][..], more].concat();
    let mut command = station.command(arguments);
    run(command.env("XDG_STATE_HOME", station.folder().join("state")))
}

#[test]
fn ten_thousand_boards_are_one_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let made = at_scale(&station, &["make", &DEVICES.to_string()]);
    // The ledger's opening, the profile, the batch's opening and closing.
    let entries = DEVICES * EVENTS + 4;
    assert_eq!(made["all_entries"], entries);
    let report = verify(&station, &[]).ok().json_lines().remove(0);
    assert_eq!(report["verified"], true);
    assert_eq!(
        (&report["entries"], &report["covered"]),
        (&entries.into(), &entries.into())
    );
    let passes = report["passes"].as_array().expect("passes");
    let names: Vec<_> = passes.iter().map(|pass| &pass["pass"]).collect();
    assert_eq!(names, ["log", "signatures", "views"]);
    assert!(passes.iter().all(|pass| pass["milliseconds"].is_u64()));
    watching::goes_on_after_a_kill(&station, entries);
    watching::draws_nothing_in_a_pipe(&station);
    let found = at_scale(&station, &["lookups", "200"]);
    assert_eq!(found["devices"], DEVICES);
    let read = at_scale(&station, &["read", "2"]);
    assert_eq!(read["entries"], entries);
    let left = station.folder().join("state/station");
    let left = std::fs::read_dir(left).into_iter().flatten().flatten();
    let left = left.filter(|entry| entry.path().join("views.sqlite").exists());
    assert_eq!(left.count(), 0, "nothing is left of the verification");
}

/// A manifest of a batch of thousands, in each of its formats, through the built program.
#[test]
fn a_batch_of_thousands_has_every_board_in_every_format() {
    const BOARDS: usize = 2000;
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let boards = BOARDS.to_string();
    at_scale(&station, &["make", &boards, "16", &boards]);
    let export = |format: &str| {
        let file = folder.path().join(format!("manifest.{format}"));
        let mut export =
            station.command(["manifest", "export", "SCALE-0000", "--format", format, "-o"]);
        run(export.arg(&file)).ok();
        file
    };
    let manifest = export("dsse");
    let root = station.root();
    let verify = |file: &Path| {
        let mut verify = station.command(["manifest", "verify", "--json", "--trust"]);
        run(verify.arg(&root).arg(file))
    };
    let verified = verify(&manifest).ok().json_lines().remove(0);
    assert_eq!(verified["counts"]["presented"], BOARDS);
    assert_eq!(verified["counts"]["passed"], BOARDS);

    // Where rows cannot be kept, nothing is said about the manifest.
    let mut nowhere = station.command(["manifest", "verify", "--trust"]);
    nowhere
        .arg(&root)
        .arg(&manifest)
        .env("TMPDIR", folder.path().join("none"));
    let said = run(&mut nowhere).code(3).stderr;
    assert!(
        said.contains("nothing was verified") && said.contains("TMPDIR"),
        "{said}"
    );
    // Nor is it called bad among others.
    let received = folder.path().join("received");
    std::fs::create_dir(&received).expect("a folder");
    std::fs::copy(&manifest, received.join("a.dsse.json")).expect("a copy");
    let mut nowhere = station.command(["--json", "audit", "query", "--trust"]);
    nowhere
        .arg(&root)
        .arg(&received)
        .args(["--code", "HW-LIMIT"])
        .env("TMPDIR", folder.path().join("none"));
    let said = run(&mut nowhere).code(3).stderr;
    assert!(
        said.contains("\"not_checked\"") && said.contains("\"manifests_refused\":0"),
        "{said}"
    );

    // Others read it too: as many boards, of as many serials, in each.
    let mut python = Command::new("python3");
    python.args(["-c", SAME_BOARDS]).arg(&manifest);
    python.args(["csv", "cyclonedx", "html"].map(export));
    assert_eq!(run(&mut python).ok().stdout.trim(), boards);

    // The last of the long lists and a board in the middle are looked at as well.
    let bytes = std::fs::read(&manifest).expect("a manifest");
    for part in 1..10 {
        let mut bent = bytes.clone();
        let at = bent.len() * part / 10;
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        let file = folder.path().join("bent.json");
        std::fs::write(&file, bent).expect("a file");
        let refused = verify(&file).code(1);
        assert!(
            refused.stderr.contains("after signing"),
            "{}",
            refused.stderr
        );
    }
}

const SAME_BOARDS: &str = r"
import base64, csv, json, re, sys
manifest, table, inventory, report = sys.argv[1:]
boards = json.loads(base64.b64decode(json.load(open(manifest))['payload']))['predicate']['boards']
serials = [board['serial'] for board in boards]
assert serials == sorted(set(serials))
assert [row['serial'] for row in csv.DictReader(open(table, newline=''), strict=True)] == serials
devices = json.load(open(inventory))['components']
found = [re.search('SA-[0-9]+', json.dumps(device))[0] for device in devices]
assert found == serials
assert set(re.findall('SA-[0-9]{8}', open(report).read())) == set(serials)
print(len(serials))
";

/// Bytes that a board may add to the peak memory of a command. None does; what is measured differs by some pages from
/// run to run, spread over the boards that one batch has more than the other.
const GROWTH_MAX: u64 = 250;

/// Neither export nor verification holds a batch: three times the boards, the same memory.
#[test]
fn memory_does_not_grow_with_the_batch() {
    // Enough that what sorts them is in use, which has its full size then, and that some pages more or less do not
    // look like bytes of boards: of 2,000 and 6,000 boards the same program was seen at 217 and at 256 bytes a board.
    const SMALL: u64 = 3000;
    const LARGE: u64 = 3 * SMALL;
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    for boards in [SMALL, LARGE].map(|boards| boards.to_string()) {
        at_scale(&station, &["make", &boards, "16", &boards]);
    }
    station.open_batch("NEXT", 1);
    let batches = ["SCALE-0000", "SCALE-0001"];
    let file = |batch: &str| folder.path().join(batch);
    let check = |what: &str, peaks: [u64; 2]| {
        let growth = peaks[1].saturating_sub(peaks[0]) / (LARGE - SMALL);
        let told = format!("{what}: {peaks:?} bytes at the peak, {growth} more a board");
        eprintln!("{told}");
        assert!(growth <= GROWTH_MAX, "{told}");
    };
    let export = |batch: &str, format: &str| {
        let arguments = ["manifest", "export", batch, "--format", format, "-o"];
        let exporting = Running::start(station.command(arguments).arg(file(batch)));
        exporting.finish_within(PATIENCE * 10).ok();
    };
    // The start of an owner, which checks the whole ledger, is left out: the line that makes the next batch exports. The
    // first start reads most, so it is not the one that is measured.
    export(batches[0], "csv");
    let port = folder.path().join("port");
    let _wire = SerialWire::create(&port, Direction::ToDevice);
    let mut owner = station.command(station.provision_arguments("NEXT", &[port]));
    // What it frees it gives back at once, or the memory of its start would be used again and nothing seen.
    owner
        .env("MALLOC_TRIM_THRESHOLD_", "65536")
        .env("MALLOC_MMAP_THRESHOLD_", "65536");
    let owner = Running::start(&mut owner);
    wait_for::path(&station.home().join("control.sock"));
    for format in ["csv", "cyclonedx", "html", "dsse"] {
        let peaks = batches.map(|batch| {
            let process = Path::new("/proc").join(owner.id().to_string());
            // From here on the peak is counted again: proc(5).
            std::fs::write(process.join("clear_refs"), "5").expect("one's own child");
            export(batch, format);
            peak_of(&process)
        });
        check(format, peaks);
    }
    owner.interrupt();
    owner.finish().ok();
    let root = station.root();
    let verify = |manifest: &Path, status: u8| {
        let mut python = Command::new("python3");
        python.args(["-c", MEASURE, &status.to_string()]);
        python.arg(&programs().station);
        python
            .args(["manifest", "verify", "--trust"])
            .arg(&root)
            .arg(manifest);
        let finished = run(&mut python).ok();
        let peak: u64 = finished.stdout.trim().parse().expect("a number");
        (peak, finished.stderr)
    };
    check("verify", batches.map(|batch| verify(&file(batch), 0).0));
    // Nor does a refusal: the last row is altered, and the first is not there.
    let refuse = |batch: &str| {
        let bent = file(batch).with_extension("bent");
        let mut python = Command::new("python3");
        run(python.args(["-c", BEND]).arg(file(batch)).arg(&bent)).ok();
        let (peak, said) = verify(&bent, 1);
        assert!(said.contains("was altered; row 1 is missing"), "{said}");
        peak
    };
    check("refusal", batches.map(refuse));
}

/// The peak memory of a process, in bytes.
fn peak_of(process: &Path) -> u64 {
    let status = std::fs::read_to_string(process.join("status")).expect("a process");
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|text| text.trim().strip_suffix(" kB"));
    peak.and_then(|text| text.parse::<u64>().ok())
        .expect("a peak")
        * 1024
}

const MEASURE: &str = r"
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
assert status == int(sys.argv[1]), status
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
";

const BEND: &str = r"
import base64, json, sys
envelope = json.load(open(sys.argv[1]))
statement = json.loads(base64.b64decode(envelope['payload']))
rows = statement['predicate']['boards']
rows[-1]['held'] = True
del rows[0]
text = json.dumps(statement, separators=(',', ':'), ensure_ascii=False)
envelope['payload'] = base64.b64encode(text.encode()).decode()
with open(sys.argv[2], 'w') as bent:
    bent.write(json.dumps(envelope, separators=(',', ':')) + '\n')
";

#[test]
fn views_are_made_again_and_the_log_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    at_scale(&station, &["make", "30", "4"]);
    let ledger = station.home().join("ledger.sqlite");
    let tamper = |sql: &str| {
        let connection = rusqlite::Connection::open(&ledger).expect("the ledger opens");
        connection.execute_batch(sql).expect("it can be changed");
    };
    let root = |report: &Finished| report.json_lines()[0]["root"].clone();
    let before = root(&verify(&station, &[]).ok());
    let dumped = dump(&ledger);
    tamper(
        "PRAGMA foreign_keys = OFF; DELETE FROM device WHERE uid = (SELECT min(uid) FROM device)",
    );
    let damaged = verify(&station, &["--no-resume"]).code(1);
    assert!(damaged.stderr.contains("view device"), "{}", damaged.stderr);
    let rebuilt = station.run(["ledger", "rebuild", "--json"]).ok();
    assert_eq!(rebuilt.json_lines()[0]["entries"], 30 * EVENTS + 4);
    assert_eq!(root(&verify(&station, &[]).ok()), before);
    assert!(dumped.len() > 1000 && dump(&ledger) == dumped);

    // What is wrong with the log is named, and no views are made from it.
    tamper(
        "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'lane', 'line') AS BLOB)
         WHERE idx = 3",
    );
    let damaged = verify(&station, &[]).code(1);
    assert!(damaged.stderr.contains("entry 3 "), "{}", damaged.stderr);
    let refused = station.run(["ledger", "rebuild"]).code(1);
    assert!(refused.stderr.contains("entry 3 "), "{}", refused.stderr);
}

/// Every table with its definition and its rows as SQL, by Python's own reader. Indexes come in the order in which they
/// were made, which says nothing; hence sorted.
fn dump(ledger: &Path) -> Vec<String> {
    const SCRIPT: &str = "import sqlite3, sys
for line in sqlite3.connect(sys.argv[1]).iterdump(): print(repr(line))";
    let mut command = Command::new("python3");
    let dumped = run(command.args(["-I", "-c", SCRIPT]).arg(ledger)).ok();
    let mut lines: Vec<_> = dumped.stdout.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn nothing_is_rebuilt_beside_an_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    let lock = station.home().join("lock");
    let held = std::fs::File::open(lock).expect("the home's lock");
    rustix::fs::flock(&held, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .expect("nobody has it");
    let refused = station.run(["ledger", "rebuild"]);
    assert_ne!(refused.status.code(), Some(0));
    drop(held);
    station.run(["ledger", "rebuild"]).ok();
}
