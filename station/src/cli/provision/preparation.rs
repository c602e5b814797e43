//! Everything before the first board: who works, on which batch, with which keys, on which lanes.

use std::collections::BTreeSet;
use std::os::unix::fs::FileTypeExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::batch_profile;
use super::labels::Labels;
use super::owner_desk::OwnerDesk;
use super::{ProvisionArguments, StationFloor};
use crate::access::Deed;
use crate::cli::batch_serials;
use crate::cli::context::{Context, OwnedStation};
use crate::cli::failure::Failure;
use crate::cli::kept_checkpoint;
use crate::cli::lanes::adapter_owners;
use crate::cli::owner::Owner;
use crate::cli::vendor_files;
use crate::encoding::sha256;
use crate::ledger::leaf::Leaf;
use crate::ledger::reader::BatchOverview;
use crate::ledger::{LedgerHandle, Reader};
use crate::line::adapter::AdapterOwners;
use crate::line::clock_guard::ClockGuard;
use crate::line::control_socket::Handler;
use crate::line::floor::{Floor, Production};
use crate::line::hold::{Hold, PortNames};
use crate::line::port::SerialPort;
use crate::line::stop_watch::StopWatch;
use crate::line::supervisor::LanePlan;
use crate::line::system_clock::SystemClock;
use crate::names::{BatchId, LaneName};
use crate::profile::{Profile, StopRules};
use crate::provisioning::{SessionContext, SessionTiming, StationIdentity};
use crate::station_home::{LaneConfig, Pki, StationHome};

/// Ready for the first board.
pub(super) struct Preparation {
    pub(super) floor: Arc<StationFloor>,
    pub(super) plans: Vec<LanePlan<SessionContext>>,
    pub(super) batch: BatchId,
    /// Printed for boards that pass, where profile and configuration say so.
    pub(super) labels: Option<Labels>,
    pub(super) control_socket: PathBuf,
    pub(super) handler: Handler,
    /// Lock and token; given back last.
    pub(super) owned: OwnedStation,
}

pub(super) fn prepare(
    arguments: &ProvisionArguments,
    context: &Context,
) -> Result<Preparation, Failure> {
    let home = context.home()?;
    let operator = context.operator_for(&home, Deed::ProvisionBoards)?;
    let proof = context.proof(&home, &operator)?;
    let lanes = lanes(arguments, &home)?;
    let owned = context.own_station()?;
    let signer = owned.signer.clone();
    let store = kept_checkpoint::open_ledger(&home, &signer)?;
    let reader = Reader::open(&home.ledger())?;
    let latest = reader.entry(reader.size()?.saturating_sub(1))?.leaf.time;
    let office = office(&owned, &store);
    let at = context.now().max(latest);
    let actor = office.acting(&operator, proof.as_ref(), Deed::ProvisionBoards, at)?;
    let batch = open_batch(&reader, arguments.batch.as_ref())?;
    if let Some(serials) = batch_serials::of_batch(&home, &batch.batch)? {
        store.use_serials(batch.batch.clone(), serials)?;
    }
    let admitted = batch_profile::read(&reader, &batch, &owned)?;
    let profile = Arc::new(admitted.profile);
    let validity = admitted.seal.map(|seal| seal.terms.validity);
    check_product(&profile, &owned.pki)?;
    if let Some(Err(outside)) = validity.map(|validity| validity.judge(context.now())) {
        let text = format!("{outside}; boards that were begun are finished, no others are taken");
        context.output.notice(&text);
    }
    let clock = ClockGuard::after(Arc::new(SystemClock::start()), latest);
    let trust = vendor_files::load(&home, &profile, context.now())?;
    let count = |boards: u64| u32::try_from(boards).unwrap_or(u32::MAX);
    let (quantity, provisioned) = (count(batch.quantity), count(batch.provisioned));
    let production = Production::new(batch.batch.clone(), quantity, provisioned);
    let floor = Arc::new(Floor::new(signer, store, clock, production));
    restore_holds(&floor, &reader, &lanes, context)?;
    *floor.watch() = watch(&reader, &batch.batch, &profile)?;
    let labels = Labels::start(&floor, &profile, home.config().label_printer.clone())?;
    let session = SessionContext {
        profile,
        trust: Arc::new(trust),
        validity,
        batch: batch.batch.clone(),
        // Each lane puts its own in.
        lane: LaneName::parse("unnamed").map_err(|error| our_mistake(&error))?,
        actor,
        station: Arc::new(station_identity(&owned.pki)),
        timing: SessionTiming::default(),
    };
    let owners = adapter_owners(&lanes);
    let plans = lanes.into_iter();
    let plans = plans.map(|lane| plan(lane, &owners, &session)).collect();
    Ok(Preparation {
        handler: OwnerDesk::handler(Arc::clone(&floor), office),
        floor,
        plans,
        batch: batch.batch,
        labels,
        control_socket: home.control_socket(),
        owned,
    })
}

/// What serves other commands while the line runs.
fn office(owned: &OwnedStation, store: &LedgerHandle) -> Owner {
    Owner {
        home: owned.home.clone(),
        pki: owned.pki.clone(),
        signer: owned.signer.clone(),
        ledger: store.clone(),
    }
}

/// Lanes that were held stay so, whoever restarts the station.
fn restore_holds(
    floor: &StationFloor,
    reader: &Reader,
    lanes: &[LaneConfig],
    context: &Context,
) -> Result<(), Failure> {
    for held in reader.holds()? {
        let (lane, code, detail) = (held.lane, held.code, held.detail);
        if !lanes.iter().any(|config| config.name == lane) {
            let text = format!("lane {lane} is held ({code}: {detail}) and not on this line");
            context.output.notice(&text);
        }
        let ports = held.ports.into_iter().collect();
        let batch = None;
        floor.holds.place(
            Hold {
                lane,
                code,
                detail,
                batch,
            },
            ports,
        );
    }
    let ours = floor.production.batch();
    for held in reader.batch_holds()? {
        let hold = Hold {
            lane: held.lane,
            code: held.code,
            detail: held.detail,
            batch: Some(held.batch),
        };
        if hold.batch.as_ref() == Some(ours) {
            floor.holds.place(hold, PortNames::new());
        }
    }
    Ok(())
}

/// What the stop rules knew when the station stopped.
fn watch(reader: &Reader, batch: &BatchId, profile: &Profile) -> Result<StopWatch, Failure> {
    let mut watch = StopWatch::new(profile.stop_rules.clone());
    if profile.stop_rules == StopRules::default() {
        return Ok(watch);
    }
    for leaf in reader.verdicts_and_cleared_holds(batch) {
        let (index, bytes) = leaf?;
        let unreadable = |error| {
            let what = format!("cannot read entry {index} of the ledger");
            Failure::station(what, error, "run station ledger verify")
        };
        let leaf = Leaf::decode(&bytes).map_err(unreadable)?;
        watch.follow(&leaf.fact);
    }
    Ok(watch)
}

fn our_mistake(error: &dyn std::fmt::Display) -> Failure {
    Failure::station("cannot prepare the line", error, "report this")
}

fn plan(
    lane: LaneConfig,
    owners: &AdapterOwners,
    session: &SessionContext,
) -> LanePlan<SessionContext> {
    let timing = SessionTiming {
        baud: Some(lane.baud),
        ..session.timing
    };
    LanePlan {
        port: Box::new(
            SerialPort::new(&lane.port, lane.baud).with_adapter(lane.adapter, Arc::clone(owners)),
        ),
        context: SessionContext {
            lane: lane.name.clone(),
            timing,
            ..session.clone()
        },
        name: lane.name,
    }
}

fn station_identity(pki: &Pki) -> StationIdentity {
    StationIdentity {
        credential: pki.credential_object.clone(),
        epoch: pki.credential.epoch,
        authority_key: pki.credential.authority_key,
        issuing: pki.issuing.clone(),
        chain_below_leaf: pki.issuing.der().to_vec(),
        trust_anchor: sha256(pki.root.der()),
    }
}

/// The lanes of the command line, else those of the configuration.
fn lanes(arguments: &ProvisionArguments, home: &StationHome) -> Result<Vec<LaneConfig>, Failure> {
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
    Ok(lanes)
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

fn named_ports(arguments: &ProvisionArguments) -> Result<Vec<LaneConfig>, Failure> {
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

/// The named batch, else the only open one, where boards can still be made in it.
fn open_batch(reader: &Reader, named: Option<&BatchId>) -> Result<BatchOverview, Failure> {
    let batch = match named {
        Some(name) => reader.batch(name)?.ok_or_else(|| {
            Failure::usage(
                format_args!("cannot work on batch {name}"),
                "there is no such batch",
                "see station batch list, or open it with station batch open",
            )
        })?,
        None => only_open(reader)?,
    };
    let name = &batch.batch;
    if let Some(closed) = batch.closed {
        return Err(Failure::usage(
            format_args!("cannot work on batch {name}"),
            format_args!("it was closed at {closed}"),
            "open another with station batch open",
        ));
    }
    if batch.provisioned >= batch.quantity {
        return Err(Failure::check(
            format_args!("batch {name} is full"),
            format_args!("all its {} boards are provisioned", batch.quantity),
            format_args!("close it with station batch close {name}, then open another"),
        ));
    }
    Ok(batch)
}

fn only_open(reader: &Reader) -> Result<BatchOverview, Failure> {
    let mut open = reader.batches()?;
    open.retain(|batch| batch.closed.is_none());
    let names: Vec<_> = open.iter().map(|batch| batch.batch.as_str()).collect();
    let names = names.join(", ");
    let count = open.len();
    match (count, open.pop()) {
        (1, Some(batch)) => Ok(batch),
        (0, _) => Err(Failure::usage(
            "there is no open batch",
            "boards are only made in an open batch",
            "let a supervisor open one with station batch open",
        )),
        _ => Err(Failure::usage(
            "no batch was named",
            format_args!("{count} are open: {names}"),
            "name one with --batch",
        )),
    }
}

fn check_product(profile: &Profile, pki: &Pki) -> Result<(), Failure> {
    if profile.product == *pki.product() {
        return Ok(());
    }
    Err(Failure::usage(
        format_args!("this station may not provision {}", profile.product),
        format_args!("its credential is for {}", pki.product()),
        "let the product owner sign a credential for this product",
    ))
}
