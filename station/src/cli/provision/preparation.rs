//! Everything before the first board: who works, on which batch, with which keys, on which lanes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch_profile;
use super::chosen_lanes::{self, ChosenLanes};
use super::labels::Labels;
use super::owner_desk::OwnerDesk;
use super::restored_holds;
use super::{ProvisionArguments, StationFloor};
use crate::access::Deed;
use crate::cli::batch_serials;
use crate::cli::context::{Context, OwnedStation};
use crate::cli::failure::Failure;
use crate::cli::kept_checkpoint;
use crate::cli::lanes::adapter_owners;
use crate::cli::owner::Owner;
use crate::cli::vendor_files;
use crate::clock::UtcMillis;
use crate::encoding::sha256;
use crate::ledger::event::Actor;
use crate::ledger::reader::BatchOverview;
use crate::ledger::{LedgerHandle, Reader};
use crate::line::adapter::AdapterOwners;
use crate::line::clock_guard::ClockGuard;
use crate::line::control_socket::Handler;
use crate::line::floor::{Floor, Production};
use crate::line::label_desk::LabelDesk;
use crate::line::port::SerialPort;
use crate::line::stop_watch::StopWatch;
use crate::line::supervisor::LanePlan;
use crate::line::system_clock::SystemClock;
use crate::line::wishes::Batch;
use crate::names::{BatchId, LaneName};
use crate::profile::{Profile, SerialSource, StopRules};
use crate::provisioning::{SessionContext, SessionTiming, StationIdentity};
use crate::station_home::{LaneConfig, Pki};
use crate::words::RefusalReason;

/// Ready for the first board.
pub(super) struct Preparation {
    pub(super) floor: Arc<StationFloor>,
    pub(super) plans: Vec<LanePlan<SessionContext>>,
    pub(super) batch: BatchId,
    /// Printed for boards that pass, where profile and configuration say so.
    pub(super) labels: Option<Labels>,
    pub(super) control_socket: PathBuf,
    pub(super) handler: Handler,
    /// Ledger, token and lock; given back last.
    pub(super) station: WorkingStation,
}

/// A station that this process owns, with its ledger open for writing. Given back in this order: the ledger's
/// writer ends with its last handle, then the token, then the lock.
pub(in crate::cli) struct WorkingStation {
    pub(in crate::cli) store: LedgerHandle,
    pub(in crate::cli) owned: OwnedStation,
}

impl WorkingStation {
    pub(in crate::cli) fn take(context: &Context) -> Result<Self, Failure> {
        let owned = context.own_station()?;
        let store = kept_checkpoint::open_to_record(&owned.home, &owned.signer, context)?;
        Ok(Self { store, owned })
    }
}

/// One run of the line: a batch, its lanes, and who works at them.
pub(in crate::cli) struct PreparedLine {
    /// What people are to be told before it begins.
    pub(in crate::cli) remarks: Vec<String>,
    pub(in crate::cli) floor: Arc<StationFloor>,
    pub(in crate::cli) plans: Vec<LanePlan<SessionContext>>,
    pub(in crate::cli) batch: BatchOverview,
    pub(in crate::cli) profile: Arc<Profile>,
    /// Printed for boards that pass, where profile and configuration say so.
    pub(in crate::cli) labels: Option<Labels>,
}

pub(super) fn prepare(
    arguments: &ProvisionArguments,
    context: &Context,
) -> Result<Preparation, Failure> {
    let home = context.home()?;
    let operator = context.operator_for(&home, Deed::ProvisionBoards)?;
    let proof = context.proof(&home, &operator)?;
    let chosen = chosen_lanes::chosen(&arguments.ports, &home)?;
    let station = WorkingStation::take(context)?;
    let office = office(&station);
    let at = context.now().max(latest(&Reader::open(&home.ledger())?)?);
    let actor = office.acting(&operator, proof.as_ref(), Deed::ProvisionBoards, at)?;
    let line = line(&station, chosen, arguments.batch.as_ref(), actor, at)?;
    for remark in &line.remarks {
        context.output.notice(remark);
    }
    if line.floor.labels.asks() {
        return Err(Failure::usage(
            "boards of this product cannot be provisioned without a screen",
            "its profile says serial_source = \"label\": somebody scans each board's label",
            "work at the screen: station run",
        ));
    }
    Ok(Preparation {
        handler: OwnerDesk::new(Arc::clone(&line.floor), office).handler(),
        floor: line.floor,
        plans: line.plans,
        batch: line.batch.batch,
        labels: line.labels,
        control_socket: home.control_socket(),
        station,
    })
}

/// Prepares a run of the line on the named batch, else on the only open one.
pub(in crate::cli) fn line(
    station: &WorkingStation,
    chosen: ChosenLanes,
    batch: Option<&BatchId>,
    actor: Actor,
    now: UtcMillis,
) -> Result<PreparedLine, Failure> {
    let ChosenLanes { lanes, sysfs } = chosen;
    let mut remarks = Vec::new();
    let WorkingStation { store, owned } = station;
    let (signer, home) = (owned.signer.clone(), &owned.home);
    let reader = Reader::open(&home.ledger())?;
    let batch = open_batch(&reader, batch)?;
    if let Some(serials) = batch_serials::of_batch(home, &batch.batch)? {
        store.use_serials(batch.batch.clone(), serials)?;
    }
    let admitted = batch_profile::read(&reader, &batch, owned)?;
    let profile = Arc::new(admitted.profile);
    let validity = admitted.seal.map(|seal| seal.terms.validity);
    check_product(&profile, &owned.pki)?;
    if let Some(Err(outside)) = validity.map(|validity| validity.judge(now)) {
        let text = format!("{outside}; boards that were begun are finished, no others are taken");
        remarks.push(text);
    }
    let clock = ClockGuard::after(Arc::new(SystemClock::start()), latest(&reader)?);
    let trust = vendor_files::load(home, &profile, now)?;
    let count = |boards: u64| u32::try_from(boards).unwrap_or(u32::MAX);
    let (quantity, provisioned) = (count(batch.quantity), count(batch.provisioned));
    let production = Production::new(batch.batch.clone(), quantity, provisioned);
    let mut floor = Floor::new(signer, store.clone(), clock, production);
    if profile.serial_source == SerialSource::Label {
        let no_labels = vec![batch.batch.to_string(), batch.work_order.to_string()];
        floor.labels = LabelDesk::asking(profile.serial_pattern.clone(), no_labels);
    }
    let floor = Arc::new(floor);
    let of_batch = (&floor.holds, floor.production.batch());
    remarks.extend(restored_holds::restore(of_batch, &reader, &lanes)?);
    *floor.watch() = watch(&reader, &batch.batch, &profile)?;
    let labels = Labels::start(&floor, &profile, home.config().label_printer.clone())?;
    let session = SessionContext {
        profile: Arc::clone(&profile),
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
    let plans = plans.map(|lane| plan(lane, &owners, &sysfs, &session));
    let plans = plans.collect();
    Ok(PreparedLine {
        remarks,
        floor,
        plans,
        batch,
        profile,
        labels,
    })
}

/// What serves other commands.
pub(in crate::cli) fn office(station: &WorkingStation) -> Owner {
    let owned = &station.owned;
    Owner {
        home: owned.home.clone(),
        pki: owned.pki.clone(),
        signer: owned.signer.clone(),
        ledger: station.store.clone(),
    }
}

/// When the ledger's last event was.
fn latest(reader: &Reader) -> Result<UtcMillis, Failure> {
    Ok(reader.entry(reader.size()?.saturating_sub(1))?.leaf.time)
}

/// What the stop rules knew when the station stopped.
fn watch(reader: &Reader, batch: &BatchId, profile: &Profile) -> Result<StopWatch, Failure> {
    let mut watch = StopWatch::new(profile.stop_rules.clone());
    if profile.stop_rules == StopRules::default() {
        return Ok(watch);
    }
    for leaf in reader.verdicts_and_cleared_holds(batch).decoded() {
        let leaf = leaf?;
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
    sysfs: &Path,
    session: &SessionContext,
) -> LanePlan<SessionContext> {
    let timing = SessionTiming {
        baud: Some(lane.baud),
        ..session.timing
    };
    LanePlan {
        port: Box::new(
            SerialPort::new(&lane.port, lane.baud)
                .with_adapter(lane.adapter, Arc::clone(owners))
                .with_sysfs(sysfs),
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

/// A batch as the line's rules see it.
pub(in crate::cli) fn standing(batch: &BatchOverview) -> Batch<'_> {
    Batch {
        name: batch.batch.as_str(),
        closed: batch.closed.is_some(),
        made: batch.provisioned,
        ordered: batch.quantity,
    }
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
            .because(RefusalReason::BatchUnknown)
        })?,
        None => only_open(reader)?,
    };
    let name = &batch.batch;
    if let Some(closed) = batch.closed {
        return Err(Failure::usage(
            format_args!("cannot work on batch {name}"),
            format_args!("it was closed at {closed}"),
            "open another with station batch open",
        )
        .because(RefusalReason::BatchClosed));
    }
    if standing(&batch).is_full() {
        return Err(Failure::check(
            format_args!("batch {name} is full"),
            format_args!("all its {} boards are provisioned", batch.quantity),
            format_args!("close it with station batch close {name}, then open another"),
        )
        .because(RefusalReason::BatchFull));
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
    )
    .because(RefusalReason::OtherProduct))
}
