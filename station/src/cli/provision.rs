//! `station provision`: the line, with words and bars for a face.

mod announcement;
mod batch_profile;
mod board_result;
pub(super) mod chosen_lanes;
pub(super) mod labels;
pub(super) mod owner_desk;
pub(super) mod preparation;
mod progress;
mod restored_holds;
mod results_file;
pub(super) mod signals;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::context::{Context, OwnedStation};
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::hold;
use crate::hsm::SignerPool;
use crate::ledger::LedgerHandle;
use crate::line::adapter::SYSFS;
use crate::line::control_socket::ControlServer;
use crate::line::floor::Floor;
use crate::line::interval::Interval;
use crate::line::lane_event::{LaneEnd, LaneEvent, News};
use crate::line::port::DEFAULT_BAUD;
use crate::line::supervisor::{self, LaneTally, LineEnd, LineReport, StopRules};
use crate::names::{BatchId, LaneName};
use crate::provisioning::Session;
use crate::verdict::VerdictCode;
use announcement::Tally;
use board_result::BoardResult;
use preparation::Preparation;
use progress::Progress;
use results_file::ResultsFile;
use signals::Signals;

/// What all lanes of a real station have in common.
pub(super) type StationFloor = Floor<SignerPool, LedgerHandle>;

/// Provision boards until the batch is full
///
/// Boards are taken on every lane at once. Each verdict is printed when it is reached: one line, and where
/// the board did not pass, why and what to do below it. What the line works on, how far each lane is, and
/// in the end why it ended go to stderr; with --json all of it is JSON, with --quiet only verdicts and
/// errors are said.
///
/// The line ends when every place of the batch is taken, after --count verdicts, when no board came for
/// --idle-timeout seconds, or on Ctrl-C: boards in work are then brought to a safe state; a second Ctrl-C
/// stops at once, which loses nothing either.
///
/// Exit status: 0 when the last verdict of every board was PASS; 1 when a board failed, or none answered
/// at all; 3 when the HSM, the ledger or the clock made the line stop.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ProvisionArguments {
    #[command(flatten)]
    pub(crate) ports: PortArguments,
    /// The batch to work on [default: the only open one]
    #[arg(long, env = "STATION_BATCH", value_name = "BATCH")]
    pub(crate) batch: Option<BatchId>,
    /// End after so many verdicts; boards in work on other lanes are finished and add theirs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// End when no board was in work for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) idle_timeout: Option<u64>,
    /// Keep one line of JSON for each board in this file: its last verdict
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Option<PathBuf>,
}

/// Which ports are the lanes.
#[derive(Clone, Debug, Args)]
pub(crate) struct PortArguments {
    /// A serial port; may be given several times [default: the lanes of station.toml]
    #[arg(long = "port", value_name = "PORT")]
    pub(crate) ports: Vec<PathBuf>,
    /// The name of the lane at each --port, in their order [default: the port's file name]
    #[arg(long = "lane", value_name = "NAME", requires = "ports")]
    pub(crate) lanes: Vec<LaneName>,
    /// The speed of the ports given by --port, in baud
    #[arg(long, value_name = "BAUD", default_value_t = DEFAULT_BAUD, requires = "ports")]
    pub(crate) baud: u32,
    /// Where sysfs is mounted, which knows the serial numbers of adapters
    #[arg(long, value_name = "DIR", default_value = SYSFS)]
    pub(crate) sysfs: PathBuf,
}

const EXAMPLES: &str = "Examples:\n  station provision --operator op-17\n  \
     station provision --batch B-2026-47 --port /dev/ttyUSB0 --lane left \\\n      --count 24 --operator op-17";

/// Does it.
pub(crate) fn run(
    arguments: &ProvisionArguments,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let mut results = ResultsFile::open(arguments.results.as_deref())?;
    let Preparation {
        floor,
        plans,
        batch,
        labels,
        control_socket,
        handler,
        station,
    } = preparation::prepare(arguments, context)?;
    let control = ControlServer::start(&control_socket, handler).map_err(|error| {
        let why = format!("{error:?}");
        Failure::station("cannot serve other commands", why, error)
    })?;
    let checkpoints = interval_checkpoints(&station.owned, &floor.store);
    let stopped = Arc::clone(&floor);
    let signals = Signals::listen(move || stopped.stop.raise_by_person())?;
    let rules = StopRules {
        verdicts: arguments.count,
        idle_ms: arguments
            .idle_timeout
            .map(|seconds| seconds.saturating_mul(1000)),
    };
    announcement::begin(&context.output, &floor, &plans, &other_ends(arguments));
    let mut tally = Tally::default();
    let mut progress = Progress::start(&context.output, plans.iter().map(|plan| &plan.name));
    let mut written = Ok(());
    let report = supervisor::run::<_, _, Session>(&floor, plans, rules, |event: &LaneEvent| {
        if let News::Verdict(verdict) = &event.news {
            let board = BoardResult::new(&batch, &event.lane, verdict, floor.clock.now().utc);
            if written.is_ok() {
                written = results.add(&board);
            }
            if let Some(labels) = &labels {
                labels.follow(&batch, verdict);
            }
            tally.add(board.verdict);
            progress.print(&board);
        }
        progress.show(event);
        if let Some(labels) = &labels {
            labels.say(&context.output);
        }
    });
    progress.end();
    announcement::end(&context.output, &floor, &report.end, signals.first(), tally);
    drop((signals, control, checkpoints));
    if let Some(labels) = labels {
        labels.finish(&context.output);
    }
    let status = judge(&floor, &report, &results, arguments, context);
    // The ledger's writer ends with its last handle, then the token, then the lock.
    drop((floor, station));
    written.and_then(|()| results.finish())?;
    status
}

/// Signs a checkpoint now and then, where the configuration says so. One that fails is told by whatever needs a
/// checkpoint next, which is every certificate.
pub(super) fn interval_checkpoints(
    owned: &OwnedStation,
    ledger: &LedgerHandle,
) -> Option<Interval> {
    let seconds = owned.home.config().ledger.checkpoint_interval_s?;
    let ledger = ledger.clone();
    let every = Duration::from_secs(u64::from(seconds));
    Some(Interval::start(every, move || drop(ledger.checkpoint())))
}

/// What ends the line besides a full batch and a person.
fn other_ends(arguments: &ProvisionArguments) -> String {
    let count = arguments
        .count
        .map(|count| format!(", after {count} verdicts"));
    let idle = arguments.idle_timeout;
    let idle = idle.map(|seconds| format!(", when no board was in work for {seconds} s"));
    [count, idle].into_iter().flatten().collect()
}

/// What the line's end means for the caller.
fn judge(
    floor: &StationFloor,
    report: &LineReport,
    results: &ResultsFile,
    arguments: &ProvisionArguments,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    station_fault(floor, report)?;
    let silent: Vec<_> = report
        .lanes
        .iter()
        .filter(|lane| lane.boards_met == 0)
        .collect();
    let held = silent.iter().find_map(|lane| {
        let hold = floor.holds.of(&lane.lane)?;
        let command = hold::way_out(hold.name(), hold.code)?;
        Some((lane, hold, command))
    });
    if let Some((lane, hold, command)) = held {
        return Err(Failure::check(
            format_args!("lane {} is held and took no board", lane.lane),
            format_args!("{}: {}", hold.code, hold.detail),
            format_args!("let QA look, then clear it with {command}"),
        ));
    }
    if report.end == LineEnd::Idle && !silent.is_empty() {
        let nobody = silent.len() == report.lanes.len() && results.is_unchanged();
        let failure = nobody_answers(&silent, arguments.idle_timeout.unwrap_or_default());
        if nobody {
            return Err(failure);
        }
        context.output.notice(&failure.to_string());
    }
    Ok(if results.has_failed_board() {
        ExitStatus::CheckFailed
    } else {
        ExitStatus::Done
    })
}

/// Lanes that met no board: because of their ports where those could not be opened, else for want of boards.
fn nobody_answers(silent: &[&LaneTally], idle_seconds: u64) -> Failure {
    let names: Vec<_> = silent.iter().map(|lane| lane.lane.as_str()).collect();
    let names = names.join(", ");
    let troubles: Vec<_> = silent
        .iter()
        .filter_map(|lane| lane.trouble.as_deref())
        .map(|trouble| trouble.split_once("; ").unwrap_or((trouble, "")))
        .collect();
    let Some((_, to_do)) = troubles.first() else {
        return Failure::check(
            format_args!("no board answers on {names}"),
            format_args!("nothing was heard for {idle_seconds} s"),
            "check power and cable of the boards, and that --port names the right ports",
        );
    };
    let why: Vec<_> = troubles.iter().map(|(why, _)| *why).collect();
    Failure::check(
        format_args!("no board could be met on {names}"),
        why.join("; "),
        to_do,
    )
}

/// Whether the station itself was at fault.
pub(super) fn station_fault(floor: &StationFloor, report: &LineReport) -> Result<(), Failure> {
    match &report.end {
        LineEnd::LedgerFailed { detail } => {
            let (why, to_do) = detail.split_once("; ").unwrap_or((
                detail,
                "see whether the disk is well, then run station ledger verify",
            ));
            return Err(Failure::station(
                "the ledger failed, the line has stopped",
                why,
                to_do,
            ));
        }
        LineEnd::Broken { lane, end } => {
            let why = match end {
                LaneEnd::Panicked => "its thread ended by a mistake in this program",
                _ => "its session asked without end, a mistake in this program",
            };
            let to_do = "start again; boards that were in work go on where they were; report this";
            return Err(Failure::station(
                format_args!("lane {lane} broke down"),
                why,
                to_do,
            ));
        }
        _ => {}
    }
    if let Some(jump) = floor.clock.jump() {
        return Err(Failure::station(
            "the clock has jumped, no board was taken since",
            jump,
            "set the clock right, then start again or, while the line runs, station clock accept",
        ));
    }
    let held = floor.status().lanes;
    if let Some(lane) = held
        .iter()
        .find(|lane| lane.held == Some(VerdictCode::StationHsm))
    {
        return Err(Failure::station(
            format_args!(
                "the key store does not answer, lane {} was waiting",
                lane.lane
            ),
            &lane.doing,
            "see station doctor; boards that were in work go on where they were",
        ));
    }
    Ok(())
}
