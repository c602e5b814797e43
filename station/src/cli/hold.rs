//! `station hold`: list, clear.

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;

use super::batch_work::asserted;
use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::owner::{self, Done, Owner};
use super::short_digests::short_digests;
use crate::clock::UtcMillis;
use crate::ledger::event::{Event, Fact};
use crate::ledger::reader::HoldOverview;
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, Reader};
use crate::line::control::ControlRequest;
use crate::names::{LaneName, OperatorId};
use crate::station_home::Role;
use crate::verdict::VerdictCode;

/// What can be done with holds.
#[derive(Debug, Subcommand)]
pub(crate) enum HoldCommand {
    /// List the lanes that are held, and what for
    ///
    /// A held lane takes no board, whoever restarts the station, until its hold is cleared. The hold
    /// is on its port too, whatever the lane there is called.
    #[command(after_help = "Example:\n  station hold list --json")]
    List,
    /// Clear a lane's hold, so that it takes boards again
    ///
    /// QA looks first: two boards with one key or one UID were seen there. Takes the role of a
    /// supervisor; the ledger records who cleared the hold, and why.
    #[command(
        after_help = "Example:\n  station hold clear left --reason \"both boards are with QA\" \\\n      \
                      --operator sv-3"
    )]
    Clear {
        /// The lane, as station hold list names it
        lane: LaneName,
        /// Why it may go on
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: String,
    },
}

/// Does it.
pub(crate) fn run(command: &HoldCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        HoldCommand::List => list(context)?,
        HoldCommand::Clear { lane, reason } => {
            let operator = context.operator_with_role(&context.home()?, &[Role::Supervisor])?;
            let request = ControlRequest::ClearHold {
                lane: lane.clone(),
                reason: reason.clone(),
                operator,
            };
            owner::show(context, owner::perform(context, &request)?);
        }
    }
    Ok(ExitStatus::Done)
}

/// The command that lets a lane go on, where it takes a person to decide that.
pub(super) fn way_out(lane: &LaneName, code: VerdictCode) -> Option<String> {
    match code {
        VerdictCode::KeyReused | VerdictCode::UidReused => {
            Some(format!("station hold clear {lane} --reason TEXT"))
        }
        VerdictCode::StationClock => Some("station clock accept --reason TEXT".to_owned()),
        _ => None,
    }
}

/// Clears a hold; run by the owner of the home.
pub(super) fn clear(
    owner: &Owner,
    lane: &LaneName,
    reason: &str,
    operator: &OperatorId,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let holds = Reader::open(&owner.home.ledger())?.holds()?;
    let Some(hold) = holds.into_iter().find(|hold| hold.lane == *lane) else {
        return Err(Failure::usage(
            format_args!("there is nothing to clear on lane {lane}"),
            "it is not held",
            "see station hold list",
        ));
    };
    let cleared = Event {
        time: now,
        batch: None,
        session: None,
        fact: Fact::HoldCleared {
            lane: lane.clone(),
            reason: reason.to_owned(),
            actor: asserted(operator),
        },
    };
    owner.ledger.record(vec![cleared], Durability::Durable)?;
    let view = ClearedView {
        code: hold.code,
        entry: hold.entry,
        lane: hold.lane,
        reason,
        operator,
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

fn list(context: &Context) -> Result<(), Failure> {
    let holds = Reader::open(&context.home()?.ledger())?.holds()?;
    let views: Vec<HoldView> = holds.into_iter().map(HoldView::from).collect();
    for view in &views {
        context.output.object(view);
    }
    if views.is_empty() {
        context.output.text("no lane is held");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = views.iter().map(HoldView::cells).collect();
    context
        .output
        .table(&["lane", "code", "since", "port", "detail"], &rows);
    context
        .output
        .text("QA clears a hold with: station hold clear LANE --reason TEXT");
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
            entry: hold.entry,
        }
    }
}

impl HoldView {
    fn cells(&self) -> Vec<String> {
        vec![
            self.lane.to_string(),
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
