//! The lanes that a line works with: those of the command line, else those of the configuration.

use std::collections::BTreeSet;
use std::os::unix::fs::FileTypeExt as _;
use std::path::PathBuf;

use super::PortArguments;
use crate::cli::failure::Failure;
use crate::names::LaneName;
use crate::station_home::{LaneConfig, StationHome};

/// What a line works with.
#[derive(Clone, Debug)]
pub(in crate::cli) struct ChosenLanes {
    pub(in crate::cli) lanes: Vec<LaneConfig>,
    /// Where adapters are looked up.
    pub(in crate::cli) sysfs: PathBuf,
}

/// The lanes of the command line, else those of the configuration.
pub(in crate::cli) fn chosen(
    arguments: &PortArguments,
    home: &StationHome,
) -> Result<ChosenLanes, Failure> {
    let lanes = if arguments.ports.is_empty() {
        home.config().lanes.clone()
    } else {
        named_ports(arguments)?
    };
    if lanes.is_empty() {
        return Err(Failure::usage(
            "there is no lane to work on",
            format_args!(
                "neither --port nor {} names one",
                home.config_path().display()
            ),
            "give --port, or add a [[lane]] to the configuration",
        ));
    }
    lanes.iter().try_for_each(refuse_other_files)?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = lanes.iter().find(|lane| !seen.insert(lane.name.clone())) {
        return Err(Failure::usage(
            format_args!("two lanes are called {}", twice.name),
            "verdicts and holds are told by the lane's name",
            "give each --port a --lane of its own",
        ));
    }
    let sysfs = arguments.sysfs.clone();
    Ok(ChosenLanes { lanes, sysfs })
}

/// A port that is not there yet is awaited; a file of another kind will never be one.
fn refuse_other_files(lane: &LaneConfig) -> Result<(), Failure> {
    let Ok(kind) = std::fs::metadata(&lane.port).map(|found| found.file_type()) else {
        return Ok(());
    };
    if kind.is_char_device() {
        return Ok(());
    }
    let found = if kind.is_dir() {
        "a folder"
    } else if kind.is_file() {
        "an ordinary file"
    } else {
        "a file of another kind"
    };
    Err(Failure::usage(
        format_args!("lane {} has no serial port", lane.name),
        format_args!("{} is {found}", lane.port.display()),
        "name a serial port, for example one in /dev/serial/by-path",
    ))
}

fn named_ports(arguments: &PortArguments) -> Result<Vec<LaneConfig>, Failure> {
    let (ports, names) = (&arguments.ports, &arguments.lanes);
    if !names.is_empty() && names.len() != ports.len() {
        return Err(Failure::usage(
            "not every port has a lane's name",
            format_args!(
                "{} --port and {} --lane were given",
                ports.len(),
                names.len()
            ),
            "give one --lane for each --port, or none at all",
        ));
    }
    let lane = |(index, port): (usize, &PathBuf)| {
        let file_name = port.file_name().unwrap_or_default().to_string_lossy();
        let by_port = || LaneName::parse(&file_name);
        let name = names.get(index).cloned().map_or_else(by_port, Ok);
        let name = name.map_err(|error| {
            let what = format!("port {} gives no name for its lane", port.display());
            Failure::usage(what, error, "name the lanes with --lane")
        })?;
        Ok(LaneConfig {
            name,
            port: port.clone(),
            baud: arguments.baud,
            adapter: None,
        })
    };
    ports.iter().enumerate().map(lane).collect()
}
