//! Adapters that are unplugged, and cables that are swapped, while a line runs: seen and named, at the screen and
//! without one.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use acceptance::ledger_books;
use acceptance::operator_screen::{leave, sign_in};
use acceptance::prepared_station::{OPERATOR, PreparedStation};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::station_process::Running;
use acceptance::terminal_screen::TerminalScreen;
use acceptance::wait_for;

struct Bench {
    folder: tempfile::TempDir,
    station: PreparedStation,
}

impl Bench {
    /// Lanes "left" and "right", where adapters A5 and B7 belong.
    fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let station = PreparedStation::create(folder.path());
        let bench = Self { folder, station };
        fs::create_dir_all(bench.at("by-path")).unwrap();
        let path = bench.station.home().join("station.toml");
        let mut config = fs::read_to_string(&path).unwrap();
        for (lane, adapter) in [("left", "A5"), ("right", "B7")] {
            let port = bench.place(lane);
            config.push_str(&format!(
                "\n[[lane]]\nname = {lane:?}\nport = {port:?}\nbaud = 115200\nadapter = {adapter:?}\n"
            ));
        }
        fs::write(path, config).unwrap();
        bench
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.at("by-path").join(name)
    }

    /// Boards in both fixtures, whose adapters are told by serial numbers.
    fn plug(&self, seed: u64, adapters: [&str; 2]) -> SimulatedLine {
        let plan = LinePlan::good_boards(self.folder.path(), &self.station, 2, seed);
        let line = SimulatedLine::start(&self.at(&format!("line{seed}")), &plan);
        let places = ["left", "right"].into_iter().zip(adapters);
        for ((place, serial), port) in places.zip(line.ports()) {
            let device = fs::canonicalize(port).unwrap();
            self.describe(&device, serial);
            symlink(&device, self.place(place)).unwrap();
        }
        line
    }

    /// As sysfs does.
    fn describe(&self, device: &Path, serial: &str) {
        let name = device.file_name().unwrap();
        let adapter = self.at("sys/devices").join(serial);
        let port = adapter.join("1.0").join(name);
        fs::create_dir_all(&port).unwrap();
        fs::write(adapter.join("serial"), format!("{serial}\n")).unwrap();
        let class = self.at("sys/class/tty").join(name);
        fs::create_dir_all(&class).unwrap();
        drop(fs::remove_file(class.join("device")));
        symlink(port, class.join("device")).unwrap();
    }

    fn unplug(&self, line: SimulatedLine) {
        line.kill();
        for place in ["left", "right"] {
            fs::remove_file(self.place(place)).unwrap();
        }
    }
}

#[test]
fn what_is_unplugged_and_swapped_is_named_and_boards_go_on() {
    let bench = Bench::create();
    let station = &bench.station;
    station.open_batch("B-1", 20);
    let line = bench.plug(351, ["A5", "B7"]);
    let mut command = station.command(["run"]);
    command.arg("--sysfs").arg(bench.at("sys"));
    let mut screen = TerminalScreen::start(&command, (160, 40));
    sign_in(&screen, OPERATOR);
    screen.see("2/20");
    bench.unplug(line);
    for lane in ["left", "right"] {
        let gone = format!("port {} is not there", bench.place(lane).display());
        screen.see_that(&gone, |text| {
            // The lanes had verdicts; that their ports are gone is told first.
            let lanes = text.matches("! no port").count();
            text.contains(&gone) && text.contains("Plug in its adapter") && lanes == 2
        });
    }
    assert!(ledger_books::leaves(station, &["adapter-changed"]).is_empty());

    // Plugged in again, crosswise.
    let line = bench.plug(352, ["B7", "A5"]);
    screen.see("4/20");
    screen.press(6);
    screen.see("Lane left: cables were swapped, adapter B7 belongs to right.");
    screen.see("Lane right: cables were swapped, adapter A5 belongs to left.");
    leave(&mut screen);
    bench.unplug(line);
    let changes = ledger_books::leaves(station, &["adapter-changed"]);
    assert_eq!(changes.len(), 2, "{changes:?}");

    // Without a screen: still crosswise at the start, then a stranger in place of one of them.
    let line = bench.plug(353, ["B7", "A5"]);
    let mut command = station.command(["provision", "--batch", "B-1"]);
    command.arg("--sysfs").arg(bench.at("sys"));
    let running = Running::start(&mut command);
    let said = |words: &str| {
        wait_for::condition(words, || running.stderr().contains(words));
    };
    said("lane left: adapter B7 is where A5 was; it belongs to lane right");
    said("lane right: adapter A5 is where B7 was; it belongs to lane left");
    running.line("a board's verdict", |line| line.contains("PASS"));
    running.line("the other's", |line| line.contains("PASS"));
    bench.unplug(line);
    said(&format!(
        "port {} is not there",
        bench.place("left").display()
    ));
    let line = bench.plug(354, ["C9", "B7"]);
    said("lane left: adapter C9 is where B7 was");
    said("lane right: adapter B7 is where A5 was");
    running.line("a board's verdict", |line| line.contains("PASS"));
    running.interrupt();
    drop(running.finish());
    drop(line);
    station.run(["ledger", "verify"]).ok();
}
