//! The documents of a batch for people and for other tools: a real browser shows and prints the report, another
//! project's validator reads the inventory.
#![forbid(unsafe_code)]

#[path = "batch_report/figures.rs"]
mod figures;
#[path = "batch_report/picture.rs"]
mod picture;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use acceptance::attentive_supervisor::AttentiveSupervisor;
use acceptance::independent_readers::inventory;
use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::run;
use acceptance::{browser, repository, weak_generator};
use picture::{Picture, Place};
use serde_json::Value;

const BATCH: &str = "REPORT-1";
const BOARDS: usize = 32;
const SEED: u64 = 20_261_125;

/// Set it to take the README's picture anew: the first part of the report, as a browser shows it.
const WRITE: &str = "STATION_WRITE_FIXTURES";

/// Its width and height in pixels.
const README_SIZE: (u32, u32) = (1152, 1290);

/// A batch with failures, alarms and holds, and its documents.
struct Batch {
    folder: tempfile::TempDir,
    serials: Vec<String>,
    uids: Vec<String>,
}

impl Batch {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn batch() -> &'static Batch {
    static BATCH_MADE: OnceLock<Batch> = OnceLock::new();
    BATCH_MADE.get_or_init(|| {
        println!("SEED={SEED}");
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        station.open_batch(BATCH, BOARDS);
        let plan = LinePlan {
            lanes: 4,
            devices: BOARDS,
            defects: some_of_each(folder.path()),
            gap_ms: Some(300),
            ..LinePlan::good_boards(folder.path(), &station, 4, SEED)
        };
        let line = SimulatedLine::start(&folder.path().join("lanes"), &plan);
        let running = station.provision(BATCH, &line.ports());
        let supervisor = AttentiveSupervisor::watch(&station);
        let _ = line.finish();
        drop(supervisor);
        running.interrupt();
        let _ = running.finish();
        let close = [
            "batch",
            "close",
            BATCH,
            "--revoke-unfinished",
            "--reason",
            "given up",
        ];
        station
            .run(close.iter().chain(&["--operator", SUPERVISOR]))
            .ok();

        let export = |format: &str, name: &str, more: &[&str]| {
            let mut export = station.command(["manifest", "export", BATCH, "--format", format]);
            export.args(more).arg("-o").arg(folder.path().join(name));
            run(&mut export).ok();
        };
        export("dsse", "manifest.dsse.json", &[]);
        let manifest = folder.path().join("manifest.dsse.json");
        export(
            "html",
            "report.html",
            &["--manifest", &manifest.to_string_lossy()],
        );
        export("cyclonedx", "manifest.cdx.json", &[]);
        export("csv", "manifest.csv", &[]);
        let log = station.run(["ledger", "export"]).ok().stdout;
        std::fs::write(folder.path().join("ledger.ndjson"), log).expect("a file");
        let table = std::fs::read_to_string(folder.path().join("manifest.csv")).expect("a table");
        let column = |at: usize| -> Vec<String> {
            let cells = table
                .lines()
                .skip(1)
                .filter_map(|line| line.split(',').nth(at));
            cells
                .filter(|cell| !cell.is_empty())
                .map(str::to_owned)
                .collect()
        };
        Batch {
            folder,
            serials: column(0),
            uids: column(1),
        }
    })
}

/// The demo's defects, several boards with some of them, and two boards whose keys are the same: their lane
/// is held.
fn some_of_each(folder: &Path) -> PathBuf {
    let whole = repository::text("fixtures/defects/demo.toml");
    let mut text = whole
        .split("[[assign]]")
        .next()
        .unwrap_or_default()
        .to_owned();
    text.push_str(&weak_generator::catalogue(0, 4));
    for (device, defect) in [
        (2, "old-firmware"),
        (5, "leaky-board"),
        (9, "old-firmware"),
        (11, "open-debug-port"),
        (14, "tampered-image"),
        (17, "old-firmware"),
        (20, "foreign-attestation-key"),
        (23, "leaky-board"),
    ] {
        text.push_str(&format!(
            "[[assign]]\ndevice = {device}\ndefect = \"{defect}\"\n"
        ));
    }
    let file = folder.join("some.toml");
    std::fs::write(&file, text).expect("a catalogue is written");
    file
}

#[test]
fn the_inventory_is_valid_under_the_published_schema() {
    let batch = batch();
    let file = batch.file("manifest.cdx.json");
    inventory(&file).ok();
    inventory(&repository::root().join("fixtures/manifests/every-kind.cdx.json")).ok();

    let text = std::fs::read_to_string(&file).expect("a document");
    for serial in &batch.serials {
        assert!(
            text.contains(&format!("\"{serial}\"")),
            "{serial} is not in it"
        );
    }
    // The validator is one: it refuses what the schema does not allow.
    for (right, wrong) in [
        ("\"alg\":\"SHA-256\"", "\"alg\":\"SHA-257\""),
        ("\"state\":\"active\"", "\"state\":\"alive\""),
        ("\"type\":\"firmware\"", "\"sort\":\"firmware\""),
        (
            "\"serialNumber\":\"urn:uuid:",
            "\"serialNumber\":\"urn:guid:",
        ),
    ] {
        assert!(text.contains(right), "{right}");
        let broken = batch.file("broken.cdx.json");
        std::fs::write(&broken, text.replacen(right, wrong, 1)).expect("a document is written");
        inventory(&broken).code(1);
    }
}

#[test]
fn a_browser_shows_the_report_with_ink_in_every_chart_and_has_nothing_to_complain_of() {
    let batch = batch();
    let report = batch.file("report.html");
    let text = std::fs::read_to_string(&report).expect("a report");
    let (height, boxes) = layout(&batch.file("measured.html"), &text);
    let names: Vec<&str> = boxes.keys().map(String::as_str).collect();
    for chart in [
        "chart-pareto",
        "chart-throughput",
        "chart-quantity-0",
        "chart-quantity-6",
    ] {
        assert!(names.contains(&chart), "{chart} is not among {names:?}");
    }

    let kept = repository::root().join("target/report");
    std::fs::create_dir_all(&kept).expect("a folder for what is kept");
    let picture = kept.join("report.png");
    assert_eq!(
        browser::screenshot(&report, (browser::WIDTH, height), &picture),
        Vec::<String>::new()
    );
    let shown = Picture::read(&picture);
    for (chart, place) in &boxes {
        let (ink, colours) = shown.ink(*place);
        assert!(
            ink > 0.01 && colours > 3,
            "{chart}: {ink} of it is ink, {colours} colours"
        );
    }

    // The same page with empty charts: the test would see it.
    let empty = batch.file("empty.html");
    let without = text.replace("</style>", ".chart * { visibility: hidden; }</style>");
    std::fs::write(&empty, without).expect("a page is written");
    let picture = batch.file("empty.png");
    browser::screenshot(&empty, (browser::WIDTH, height), &picture);
    let shown = Picture::read(&picture);
    for (chart, place) in &boxes {
        assert!(
            shown.ink(*place).0 < 0.001,
            "{chart} has ink without a drawing"
        );
    }
    // The same page with a script in it: the policy keeps it from running, and the console says so.
    let scripted = batch.file("scripted.html");
    let with = text.replace(
        "</body>",
        "<script>document.body.textContent = ''</script></body>",
    );
    std::fs::write(&scripted, with).expect("a page is written");
    let said = browser::screenshot(
        &scripted,
        (browser::WIDTH, 400),
        &batch.file("scripted.png"),
    );
    assert!(
        said.iter()
            .any(|line| line.contains("Content Security Policy")),
        "{said:?}"
    );
}

#[test]
fn the_readme_shows_a_report() {
    let picture = repository::root().join("docs/images/report.png");
    if std::env::var_os(WRITE).is_some() {
        let said = browser::screenshot(&batch().file("report.html"), README_SIZE, &picture);
        assert_eq!(said, Vec::<String>::new());
    }
    assert!(repository::text("README.md").contains("](docs/images/report.png)"));
    let shown = Picture::read(&picture);
    assert_eq!(shown.width, README_SIZE.0 as usize);
    let (width, height) = README_SIZE;
    let (ink, colours) = shown.ink((0.0, 0.0, width.into(), height.into()));
    assert!(
        ink > 0.1 && colours > 100,
        "{ink} of it is ink, {colours} colours"
    );
}

#[test]
fn the_printed_report_has_every_serial_and_names_its_columns_on_each_sheet() {
    let batch = batch();
    let printed = repository::root().join("target/report/report.pdf");
    std::fs::create_dir_all(printed.parent().expect("a folder")).expect("a folder");
    assert_eq!(
        browser::print(&batch.file("report.html"), &printed),
        Vec::<String>::new()
    );
    let text = run(Command::new("pdftotext")
        .arg("-layout")
        .arg(&printed)
        .arg("-"))
    .ok()
    .stdout;
    assert!(batch.serials.len() > BOARDS / 2, "{:?}", batch.serials);
    for serial in &batch.serials {
        assert!(text.contains(serial.as_str()), "{serial} is not on paper");
    }
    // The list of devices begins on a new sheet, and each of its sheets names the columns.
    let mut sheets = text.split('\u{c}');
    let first = sheets
        .by_ref()
        .find(|sheet| sheet.trim_start().starts_with("Devices"));
    let listed = |sheet: &&str| batch.uids.iter().any(|uid| sheet.contains(uid.as_str()));
    let of_devices: Vec<&str> = first.into_iter().chain(sheets.take_while(listed)).collect();
    assert!(of_devices.len() > 1, "one sheet only");
    for sheet in of_devices {
        let columns = |line: &str| {
            let names = ["Device", "Certificate", "Finished"];
            names.iter().all(|name| line.contains(name))
        };
        assert!(
            sheet.lines().any(columns),
            "a sheet without columns:\n{sheet}"
        );
    }
    let parts = ["First-pass yield", "Holds and who cleared them", SUPERVISOR];
    for part in parts {
        assert!(text.contains(part), "{part} is not on paper");
    }
}

#[test]
fn the_report_names_the_manifest_that_it_goes_with() {
    let batch = batch();
    let text = std::fs::read_to_string(batch.file("report.html")).expect("a report");
    for file in ["manifest.dsse.json", "home/pki/root.der"] {
        let path = batch.file(file);
        if file.ends_with(".der") {
            let mut convert = Command::new("openssl");
            convert.args(["x509", "-outform", "DER", "-in"]);
            convert
                .arg(path.with_extension("pem"))
                .arg("-out")
                .arg(&path);
            run(&mut convert).ok();
        }
        let digest = run(Command::new("openssl")
            .args(["dgst", "-sha256", "-r"])
            .arg(&path))
        .ok();
        let digest = digest
            .stdout
            .split(' ')
            .next()
            .expect("a digest")
            .to_owned();
        assert!(text.contains(&digest), "{file}: {digest}");
    }
}

/// How high the page is, and where its charts are. A script in a copy of the page says so: the page's own policy
/// would keep it from running, and so it is left out there.
fn layout(copy: &Path, text: &str) -> (u32, BTreeMap<String, Place>) {
    const MEASURE: &str = "<script>\
        const place = chart => { const b = chart.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; };\
        const charts = [...document.querySelectorAll('svg.chart')].map(chart => [chart.id, place(chart)]);\
        document.documentElement.dataset.layout = JSON.stringify(\
            [document.documentElement.scrollHeight, Object.fromEntries(charts)]).replaceAll('\"', \"'\");\
        </script></body>";
    let policy = text.find("<meta http-equiv").expect("a policy");
    let end = policy + text[policy..].find('>').expect("its end") + 1;
    let measured = format!("{}{}", &text[..policy], &text[end..]).replace("</body>", MEASURE);
    std::fs::write(copy, measured).expect("a page is written");
    let shown = browser::document(copy);
    let layout = shown
        .split("data-layout=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let layout = layout.expect("the page was measured").replace('\'', "\"");
    let layout: Value = serde_json::from_str(&layout).expect("JSON");
    let height = layout[0].as_u64().expect("a height");
    let number = |place: &Value, at: usize| place[at].as_f64().expect("a number");
    let boxes = layout[1]
        .as_object()
        .expect("charts")
        .iter()
        .map(|(name, place)| {
            let place = (
                number(place, 0),
                number(place, 1),
                number(place, 2),
                number(place, 3),
            );
            (name.clone(), place)
        });
    (u32::try_from(height).expect("a height"), boxes.collect())
}
