//! `station hold`: list, clear.

use clap::Subcommand;
use serde::Serialize;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::owner::{self, Done, Owner};
use super::short_digests::short_digests;
use crate::access::Deed;
use crate::clock::UtcMillis;
use crate::ledger::event::{Actor, Event, Fact, TrippedRule};
use crate::ledger::reader::{BatchHoldOverview, HoldOverview};
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, Reader};
use crate::line::control::ControlRequest;
use crate::names::{BatchId, LaneName, OperatorId};
use crate::station_home::StationHome;
use crate::verdict::VerdictCode;
use crate::words::RefusalReason;

/// What can be done with holds.
#[derive(Debug, Subcommand)]
pub(crate) enum HoldCommand {
    /// List the lanes and batches that are held, and what for
    ///
    /// A held lane takes no board, whoever restarts the station, until its hold is cleared. The hold
    /// is on its port too, whatever the lane there is called. No lane begins a board of a held batch.
    #[command(after_help = "Example:\n  station hold list --json")]
    List,
    /// Clear the hold of a lane or a batch, so that boards are taken again
    ///
    /// QA looks first: something that belongs to one board alone was seen twice, or a stop rule of the profile
    /// has tripped, which counts anew from here on. Takes the role of a supervisor; the ledger records who
    /// cleared the hold, and why.
    #[command(
        after_help = "Example:\n  station hold clear left --reason \"both boards are with QA\" \\\n      \
                      --operator sv-3"
    )]
    Clear {
        /// The lane or the batch, as station hold list names it
        #[arg(value_name = "LANE|BATCH")]
        name: String,
        /// It is the batch's hold, where a lane of the same name is held too
        #[arg(long)]
        batch: bool,
        /// Why it may go on
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
    },
}

/// A reason says something: blanks are none.
pub(super) fn reason(text: &str) -> Result<String, &'static str> {
    let said = text.trim();
    let said = (!said.is_empty()).then(|| said.to_owned());
    said.ok_or("say why, in words that QA will understand in a year")
}

/// Does it.
pub(crate) fn run(command: &HoldCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        HoldCommand::List => list(context)?,
        HoldCommand::Clear {
            name,
            batch,
            reason,
        } => {
            let home = context.home()?;
            let operator = context.operator_for(&home, Deed::ClearHold)?;
            let reason = reason.clone();
            let request = match held(&home, name, *batch)? {
                Held::Lane(lane) => ControlRequest::ClearHold {
                    lane,
                    since: None,
                    reason,
                    operator,
                },
                Held::Batch(batch) => ControlRequest::ClearBatchHold {
                    batch,
                    since: None,
                    reason,
                    operator,
                },
            };
            owner::show(context, owner::perform(context, &request)?);
        }
    }
    Ok(ExitStatus::Done)
}

/// What is held under a name.
enum Held {
    Lane(LaneName),
    Batch(BatchId),
}

/// The lane that is held under that name, else the batch.
fn held(home: &StationHome, name: &str, batch: bool) -> Result<Held, Failure> {
    let reader = Reader::open(&home.ledger())?;
    let of_lane = |held: HoldOverview| held.lane;
    let mut lanes = reader.holds()?.into_iter().map(of_lane);
    let lane = lanes.find(|lane| lane.as_str() == name && !batch);
    let of_batch = |held: BatchHoldOverview| held.batch;
    let mut batches = reader.batch_holds()?.into_iter().map(of_batch);
    let batch = batches.find(|batch| batch.as_str() == name);
    let found = lane.map(Held::Lane).or(batch.map(Held::Batch));
    found.ok_or_else(|| {
        Failure::usage(
            format_args!("there is nothing to clear under the name {name}"),
            "neither a lane nor a batch of that name is held",
            "see station hold list",
        )
        .because(RefusalReason::NotHeld)
    })
}

/// The command that lets a lane go on, where it takes a person to decide that. `name` is what is held.
pub(super) fn way_out(name: &str, code: VerdictCode) -> Option<String> {
    match code {
        VerdictCode::StationHsm => None,
        VerdictCode::StationClock => Some("station clock accept --reason TEXT".to_owned()),
        _ => Some(clear_command(name)),
    }
}

/// The command that clears the hold of that name.
pub(super) fn clear_command(name: &str) -> String {
    format!("station hold clear {name} --reason TEXT")
}

/// Clears a batch's hold; run by the owner of the home.
pub(super) fn clear_batch(
    owner: &Owner,
    (batch, since): (&BatchId, Option<UtcMillis>),
    reason: &str,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let holds = Reader::open(&owner.home.ledger())?.batch_holds()?;
    let Some(hold) = holds.into_iter().find(|hold| hold.batch == *batch) else {
        return Err(Failure::usage(
            format_args!("there is nothing to clear on batch {batch}"),
            "it is not held",
            "see station hold list",
        )
        .because(RefusalReason::NotHeld));
    };
    refuse_what_was_not_read(since, hold.time, hold.code)?;
    let cleared = Event {
        time: now,
        batch: Some(batch.clone()),
        session: None,
        fact: Fact::BatchHoldCleared {
            reason: reason.to_owned(),
            actor: actor.clone(),
        },
    };
    owner.ledger.record(vec![cleared], Durability::Durable)?;
    let json = serde_json::json!({
        "batch": batch, "code": hold.code, "entry": hold.entry, "reason": reason,
        "operator": actor.operator,
    });
    let text = format!("batch {batch} goes on; it was held: {}", hold.detail);
    let json = json.to_string();
    Ok(Done::Fact { text, json })
}

/// Clears a lane's hold; run by the owner of the home.
pub(super) fn clear_lane(
    owner: &Owner,
    (lane, since): (&LaneName, Option<UtcMillis>),
    reason: &str,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let holds = Reader::open(&owner.home.ledger())?.holds()?;
    let Some(hold) = holds.into_iter().find(|hold| hold.lane == *lane) else {
        return Err(Failure::usage(
            format_args!("there is nothing to clear on lane {lane}"),
            "it is not held",
            "see station hold list",
        )
        .because(RefusalReason::NotHeld));
    };
    refuse_what_was_not_read(since, hold.time, hold.code)?;
    let cleared = Event::of_station(
        now,
        Fact::HoldCleared {
            lane: lane.clone(),
            reason: reason.to_owned(),
            actor: actor.clone(),
        },
    );
    owner.ledger.record(vec![cleared], Durability::Durable)?;
    let view = ClearedView {
        code: hold.code,
        entry: hold.entry,
        lane: hold.lane,
        reason,
        operator: &actor.operator,
    };
    let json = serde_json::to_string(&view).map_err(|error| {
        Failure::station("cannot show the hold", error, "see station hold list")
    })?;
    let text = format!(
        "lane {lane} takes boards again; it was held for {}",
        hold.code
    );
    Ok(Done::Fact { text, json })
}

/// Whoever has read why something was held has not read what it is held for since: their reason is for the former.
fn refuse_what_was_not_read(
    read: Option<UtcMillis>,
    held: UtcMillis,
    code: VerdictCode,
) -> Result<(), Failure> {
    if read.is_none_or(|read| read == held) {
        return Ok(());
    }
    let why = format_args!("what was read is cleared, and it is held anew since {held} for {code}");
    let refused = Failure::usage(
        "the hold was not cleared",
        why,
        "look at the new hold first",
    );
    Err(refused.because(RefusalReason::HeldAnew))
}

fn list(context: &Context) -> Result<(), Failure> {
    let reader = Reader::open(&context.home()?.ledger())?;
    let lanes: Vec<HoldView> = reader.holds()?.into_iter().map(HoldView::from).collect();
    let batches = reader.batch_holds()?.into_iter();
    let batches: Vec<BatchHoldView> = batches.map(BatchHoldView::from).collect();
    for view in &lanes {
        context.output.object(view);
    }
    for view in &batches {
        context.output.object(view);
    }
    let rows = lanes.iter().map(HoldView::cells);
    let rows: Vec<Vec<String>> = rows
        .chain(batches.iter().map(BatchHoldView::cells))
        .collect();
    if rows.is_empty() {
        context.output.text("nothing is held");
        return Ok(());
    }
    context
        .output
        .table(&["held", "code", "since", "port", "detail"], &rows);
    context
        .output
        .text("a supervisor clears a hold with: station hold clear LANE|BATCH --reason TEXT --operator ID");
    Ok(())
}

#[derive(Serialize)]
struct ClearedView<'a> {
    lane: LaneName,
    /// What it was held for.
    code: VerdictCode,
    /// The entry that placed the hold.
    entry: u64,
    reason: &'a str,
    operator: &'a OperatorId,
}

#[derive(Serialize)]
struct HoldView {
    lane: LaneName,
    code: VerdictCode,
    detail: String,
    /// What the port is known by; the hold is on it too, whatever its lane is called.
    ports: Vec<String>,
    /// The stop rule that tripped, with its figures, where it was one.
    rule: Option<TrippedRule>,
    since: String,
    /// The entry that placed the hold.
    entry: u64,
}

impl From<HoldOverview> for HoldView {
    fn from(hold: HoldOverview) -> Self {
        Self {
            since: hold.time.to_string(),
            lane: hold.lane,
            code: hold.code,
            detail: hold.detail,
            ports: hold.ports,
            rule: hold.rule,
            entry: hold.entry,
        }
    }
}

impl HoldView {
    fn cells(&self) -> Vec<String> {
        vec![
            format!("lane {}", self.lane),
            self.code.to_string(),
            self.since.clone(),
            self.ports
                .first()
                .cloned()
                .unwrap_or_else(|| "-".to_owned()),
            short_digests(&self.detail),
        ]
    }
}

/// A batch that is held.
#[derive(Serialize)]
pub(super) struct BatchHoldView {
    batch: BatchId,
    /// The lane whose verdict tripped the rule.
    lane: LaneName,
    pub(super) code: VerdictCode,
    pub(super) detail: String,
    rule: TrippedRule,
    since: String,
    /// The entry that placed the hold.
    entry: u64,
}

impl From<BatchHoldOverview> for BatchHoldView {
    fn from(hold: BatchHoldOverview) -> Self {
        Self {
            since: hold.time.to_string(),
            batch: hold.batch,
            lane: hold.lane,
            code: hold.code,
            detail: hold.detail,
            rule: hold.rule,
            entry: hold.entry,
        }
    }
}

impl BatchHoldView {
    fn cells(&self) -> Vec<String> {
        let detail = short_digests(&self.detail);
        let batch = format!("batch {}", self.batch);
        let (code, since) = (self.code.to_string(), self.since.clone());
        vec![batch, code, since, "-".to_owned(), detail]
    }
}
