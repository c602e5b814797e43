//! Lanes and their places: listed, found out by unplugging, bound in the configuration.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::prepared_station::{PreparedStation, SUPERVISOR};
use acceptance::station_process::{Running, run};
use acceptance::wait_for;

struct Bench {
    folder: tempfile::TempDir,
    station: PreparedStation,
}

impl Bench {
    /// Places "left" and "right", with adapters A5 and B7, made up.
    fn create() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let station = PreparedStation::create(folder.path());
        let bench = Self { folder, station };
        fs::create_dir_all(bench.by_path()).expect("places");
        bench.plug("left", "ttyUSB0", "A5");
        bench.plug("right", "ttyUSB1", "B7");
        bench
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn by_path(&self) -> PathBuf {
        self.at("dev/by-path")
    }

    fn plug(&self, place: &str, device: &str, serial: &str) {
        let adapter = self.at(&format!("sys/devices/{place}"));
        let port = adapter.join(format!("1.0/{device}"));
        fs::create_dir_all(&port).expect("an adapter");
        fs::write(adapter.join("serial"), serial).expect("a serial number");
        let class = self.at(&format!("sys/class/tty/{device}"));
        fs::create_dir_all(&class).expect("a class");
        drop(fs::remove_file(class.join("device")));
        symlink(&port, class.join("device")).expect("a link");
        fs::write(self.at(&format!("dev/{device}")), "").expect("a device");
        symlink(format!("../{device}"), self.by_path().join(place)).expect("a place");
    }

    fn unplug(&self, place: &str) {
        fs::remove_file(self.by_path().join(place)).expect("a place");
    }

    fn lanes(&self, arguments: &[&str]) -> Command {
        let mut command = self.station.command(["lanes"]);
        command.args(arguments).arg("--by-path").arg(self.by_path());
        command.arg("--sysfs").arg(self.at("sys"));
        command
    }

    fn config(&self) -> String {
        fs::read_to_string(self.station.home().join("station.toml")).expect("a configuration")
    }

    /// Starts `identify`, and gives it once it waits.
    fn identify(&self, arguments: &[&str]) -> Running {
        let arguments = [&["identify", "--json"], arguments].concat();
        let running = Running::start(&mut self.lanes(&arguments));
        wait_for::condition("it waits for an adapter", || {
            running.stderr().contains("unplug or plug in")
        });
        running
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn an_adapter_that_is_unplugged_is_named_and_its_lane_bound() {
    let bench = Bench::create();
    let before = bench.config();
    let by = ["--lane", "left", "--write", "--operator"];
    let refused = bench
        .lanes(&[&["identify"], &by[..], &["op-1"]].concat())
        .output();
    let refused = refused.expect("it runs");
    assert_eq!(refused.status.code(), Some(2), "an operator binds no lanes");

    let running = bench.identify(&[&by[..], &[SUPERVISOR]].concat());
    bench.unplug("left");
    let found = running.finish().ok().json_lines();
    assert_eq!(
        (&found[0]["happened"], &found[0]["adapter"]),
        (&"went".into(), &"A5".into())
    );
    assert_eq!(found[0]["port"], shown(&bench.by_path().join("left")));
    let config = bench.config();
    let mut lines = config.lines();
    let kept = before.lines().all(|old| lines.any(|line| line == old));
    assert!(kept, "all else stays, in its order: {config}");
    let block = format!("port = \"{}\"", shown(&bench.by_path().join("left")));
    assert!(
        config.contains(&block) && config.contains("adapter = \"A5\""),
        "{config}"
    );

    // A lane that is there has its own speed in the block, and not that of a new one.
    let config = bench.config();
    assert!(config.contains("baud = 115200"), "{config}");
    fs::write(
        bench.station.home().join("station.toml"),
        config.replace("baud = 115200", "baud = 19200"),
    )
    .expect("a configuration");
    let running = bench.identify(&[]);
    bench.plug("left", "ttyUSB0", "A5");
    let found = running.finish().ok().json_lines();
    let block = found[0]["block"].as_str().expect("a block");
    assert!(block.contains("baud = 19200"), "{block}");
    bench.unplug("left");

    // Plugged in again, elsewhere: it came, and the lane misses it.
    let running = bench.identify(&[]);
    bench.plug("middle", "ttyUSB0", "A5");
    let found = running.finish().ok().json_lines();
    assert_eq!(
        (&found[0]["happened"], &found[0]["lane"]),
        (&"came".into(), &None::<&str>.into())
    );
    let listed = run(&mut bench.lanes(&["list", "--json"])).ok().json_lines();
    let state = |place: &str| {
        let port = shown(&bench.by_path().join(place));
        let lane = listed.iter().find(|lane| lane["port"] == port.as_str());
        lane.expect("a place")["state"].clone()
    };
    assert_eq!(state("left"), "nothing is plugged in");
    assert_eq!(state("middle"), "belongs to no lane");
    // Another adapter at the lane's place.
    bench.plug("left", "ttyUSB2", "C9");
    let listed = run(&mut bench.lanes(&["list"])).ok().stdout;
    assert!(listed.contains("another adapter"), "{listed}");
    // The lane's own adapter is at a place of no lane: whose it is, is said.
    assert!(
        listed.contains("belongs to no lane: that of lane left"),
        "{listed}"
    );
    bench.station.run(["ledger", "verify"]).ok();
}

#[test]
fn nothing_that_happens_is_told_in_time() {
    let bench = Bench::create();
    let refused = run(&mut bench.lanes(&["identify", "--timeout", "1"])).code(1);
    assert!(
        refused.stderr.contains("no adapter came or went"),
        "{}",
        refused.stderr
    );
}
