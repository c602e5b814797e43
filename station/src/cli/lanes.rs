//! `station lanes`: list, identify.

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::owner;
use crate::access::Deed;
use crate::line::adapter::{AdapterOwners, BY_PATH, Place, Roots, SYSFS};
use crate::line::control::ControlRequest;
use crate::line::port::DEFAULT_BAUD;
use crate::names::LaneName;
use crate::station_home::{LaneConfig, StationHome};

/// How often places are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
const LOOKS_A_SECOND: u64 = 10;

/// What can be done about lanes and their places.
#[derive(Debug, Subcommand)]
pub(crate) enum LanesCommand {
    /// List the lanes with their places, and the places that belong to no lane
    #[command(after_help = "Example:\n  station lanes list --json")]
    List {
        #[command(flatten)]
        roots: RootArguments,
    },
    /// Find out which lane or place is which: unplug or plug in one adapter
    ///
    /// Says which place went or came, which lane it is, and the [[lane]] block that binds a lane to it. With
    /// --write the lane of that name is bound in station.toml, from the next start of the line on: that takes
    /// the role of a supervisor, and the ledger records it. Exit status 1 where nothing was plugged in time.
    #[command(after_help = "Examples:\n  station lanes identify\n  \
                      station lanes identify --lane left --write --operator sv-3")]
    Identify {
        /// The lane that is to be bound to the place
        #[arg(long, value_name = "NAME")]
        lane: Option<LaneName>,
        /// Bind that lane in station.toml
        #[arg(long, requires = "lane")]
        write: bool,
        /// The speed of a lane that is new, in baud
        #[arg(long, value_name = "BAUD", default_value_t = DEFAULT_BAUD)]
        baud: u32,
        /// How long to wait, in seconds
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
        timeout: u64,
        #[command(flatten)]
        roots: RootArguments,
    },
}

/// Where places and adapters are looked up.
#[derive(Debug, Args)]
pub(crate) struct RootArguments {
    /// The folder with a link for each place
    #[arg(long, value_name = "DIR", default_value = BY_PATH)]
    by_path: PathBuf,
    /// Where sysfs is mounted
    #[arg(long, value_name = "DIR", default_value = SYSFS)]
    sysfs: PathBuf,
}

impl RootArguments {
    fn roots(&self) -> Roots {
        Roots {
            by_path: self.by_path.clone(),
            sysfs: self.sysfs.clone(),
        }
    }
}

/// Does it.
pub(crate) fn run(command: &LanesCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    match command {
        LanesCommand::List { roots } => {
            list(context, &home, &roots.roots());
            Ok(ExitStatus::Done)
        }
        LanesCommand::Identify {
            lane,
            write,
            baud,
            timeout,
            roots,
        } => {
            // Before anybody crawls under the bench.
            let operator = if *write {
                Some(context.operator_for(&home, Deed::BindLanes)?)
            } else {
                None
            };
            let found = watch(context, &home, &roots.roots(), *timeout)?;
            tell(context, &home, &found, (lane.as_ref(), *baud));
            if let (Some(operator), Some(lane)) = (operator, lane) {
                let request = ControlRequest::BindLane {
                    lane: lane.clone(),
                    port: found.place.port.display().to_string(),
                    baud: *baud,
                    adapter: found.place.adapter.clone(),
                    operator,
                };
                owner::show(context, owner::perform(context, &request)?);
            }
            Ok(ExitStatus::Done)
        }
    }
}

/// A place that came or went.
struct Found {
    place: Place,
    came: bool,
}

/// Waits until exactly one place comes or goes.
fn watch(
    context: &Context,
    home: &StationHome,
    roots: &Roots,
    seconds: u64,
) -> Result<Found, Failure> {
    let before = roots.places();
    for place in &before {
        let lane = lane_at(home, &place.port);
        let lane = lane.map_or_else(|| "no lane".to_owned(), |lane| format!("lane {lane}"));
        context
            .output
            .progress(&format!("  {} ({lane})", place.port.display()));
    }
    let text = format!("unplug or plug in one adapter now; {seconds} s are left");
    context.output.notice(&text);
    // Nobody ever sends: waiting for it is how time passes.
    let (_never, passing) = channel::<()>();
    for _ in 0..seconds.saturating_mul(LOOKS_A_SECOND) {
        let now = roots.places();
        let came = now.iter().find(|place| !known(&before, place));
        let gone = before.iter().find(|place| !known(&now, place));
        if let Some(place) = came.or(gone) {
            return Ok(Found {
                place: place.clone(),
                came: came.is_some(),
            });
        }
        let _passed = passing.recv_timeout(LOOK_INTERVAL);
    }
    Err(Failure::check(
        "no adapter came or went",
        format_args!("{} was the same for {seconds} s", roots.by_path.display()),
        "give the command again, and unplug the adapter's USB plug, not the board's cable",
    ))
}

/// Another adapter at the same place has come, too.
fn known(places: &[Place], place: &Place) -> bool {
    let same = |other: &Place| other.port == place.port && other.adapter == place.adapter;
    places.iter().any(same)
}

fn tell(
    context: &Context,
    home: &StationHome,
    found: &Found,
    (wanted, baud): (Option<&LaneName>, u32),
) {
    let place = &found.place;
    let port = place.port.display().to_string();
    let lane = lane_at(home, &place.port);
    let name = wanted.or(lane).map_or("NAME", LaneName::as_str);
    let adapter = place.adapter.as_ref();
    let key = |adapter: &String| format!("adapter = {}\n", quoted(adapter));
    let baud = baud_of(&home.config().lanes, name, baud);
    let block = format!(
        "[[lane]]\nname = {}\nport = {}\nbaud = {baud}\n{}",
        quoted(name),
        quoted(&port),
        adapter.map(key).unwrap_or_default(),
    );
    let happened = if found.came { "came" } else { "went" };
    let whose = lane.map_or_else(
        || "it belongs to no lane".to_owned(),
        |lane| format!("it is lane {lane}"),
    );
    let view = Identified {
        happened,
        port: &port,
        adapter,
        lane,
        block: &block,
    };
    context.output.object(&view);
    context.output.text(&format!("{port} {happened}: {whose}"));
    context.output.text("");
    block.lines().for_each(|line| context.output.text(line));
}

/// The speed of the lane of that name; the other one where there is none.
fn baud_of(lanes: &[LaneConfig], name: &str, of_new: u32) -> u32 {
    let lane = lanes.iter().find(|lane| lane.name.as_str() == name);
    lane.map_or(of_new, |lane| lane.baud)
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The lanes by the serial numbers of their adapters; of those that several lanes name, none.
pub(super) fn adapter_owners(lanes: &[LaneConfig]) -> AdapterOwners {
    let named = lanes
        .iter()
        .filter_map(|lane| Some((lane.adapter.as_ref()?, &lane.name)));
    let alone = |adapter: &String| {
        let same = lanes
            .iter()
            .filter(|lane| lane.adapter.as_ref() == Some(adapter));
        same.count() == 1
    };
    let owners = named.filter(|(adapter, _)| alone(adapter));
    AdapterOwners::new(
        owners
            .map(|(adapter, lane)| (adapter.clone(), lane.clone()))
            .collect(),
    )
}

/// The lane that has this port.
fn lane_at<'a>(home: &'a StationHome, port: &Path) -> Option<&'a LaneName> {
    let mut lanes = home.config().lanes.iter();
    lanes.find(|lane| lane.port == port).map(|lane| &lane.name)
}

fn list(context: &Context, home: &StationHome, roots: &Roots) {
    let mut views = Vec::new();
    let owners = adapter_owners(&home.config().lanes);
    for lane in &home.config().lanes {
        let place = roots.place(&lane.port);
        let now = place.as_ref().and_then(|place| place.adapter.clone());
        let other = match (&lane.adapter, &now) {
            (Some(bound), Some(now)) => bound != now,
            _ => false,
        };
        let owner = now
            .as_ref()
            .filter(|_| other)
            .and_then(|now| owners.get(now));
        views.push(LaneView {
            belongs_to: owner.cloned(),
            lane: Some(lane.name.clone()),
            port: lane.port.display().to_string(),
            state: match (&place, other) {
                (None, _) => "nothing is plugged in",
                (Some(_), true) => "another adapter",
                (Some(_), false) => "there",
            },
            device: place.map(|place| place.device.display().to_string()),
            adapter: now,
            bound_adapter: lane.adapter.clone(),
        });
    }
    let free = roots.places();
    let free = free
        .iter()
        .filter(|place| lane_at(home, &place.port).is_none());
    views.extend(free.map(|place| {
        LaneView {
            lane: None,
            port: place.port.display().to_string(),
            state: "belongs to no lane",
            device: Some(place.device.display().to_string()),
            belongs_to: place
                .adapter
                .as_ref()
                .and_then(|adapter| owners.get(adapter))
                .cloned(),
            adapter: place.adapter.clone(),
            bound_adapter: None,
        }
    }));
    for view in &views {
        context.output.object(view);
    }
    let rows: Vec<Vec<String>> = views.iter().map(LaneView::cells).collect();
    if rows.is_empty() {
        context
            .output
            .text("no lane is configured, and no adapter is plugged in");
    } else {
        let header = ["lane", "state", "device", "adapter", "port"];
        context.output.table(&header, &rows);
    }
}

#[derive(Serialize)]
struct Identified<'a> {
    happened: &'a str,
    port: &'a str,
    adapter: Option<&'a String>,
    lane: Option<&'a LaneName>,
    block: &'a str,
}

#[derive(Serialize)]
struct LaneView {
    lane: Option<LaneName>,
    port: String,
    state: &'static str,
    /// What the port leads to now.
    device: Option<String>,
    /// The serial number of the adapter there now.
    adapter: Option<String>,
    /// That of the adapter that station.toml names.
    bound_adapter: Option<String>,
    /// The lane that the adapter belongs to, where that is another one.
    belongs_to: Option<LaneName>,
}

impl LaneView {
    fn cells(&self) -> Vec<String> {
        let text = |value: Option<&str>| value.unwrap_or("-").to_owned();
        vec![
            text(self.lane.as_ref().map(LaneName::as_str)),
            self.belongs_to.as_ref().map_or_else(
                || self.state.to_owned(),
                |lane| format!("{}: that of lane {lane}", self.state),
            ),
            text(self.device.as_deref()),
            text(self.adapter.as_deref()),
            self.port.clone(),
        ]
    }
}
