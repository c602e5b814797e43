//! `station status`: what the running line does.

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::hold::{clear_command, way_out};
use super::owner;
use super::short_digests::short_digests;
use crate::line::control::{ControlRequest, ControlResponse, LaneStatus, LineStatus};

/// Show what the running line is doing, lane by lane
///
/// Asks the process that runs the line. Where none runs, it says so, with exit status 0.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  station status --json | jq '.lanes[]? | select(.held)'")]
pub(crate) struct StatusArguments {}

/// Shows it.
pub(crate) fn run(_arguments: &StatusArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let output = &context.output;
    match owner::ask(context, &ControlRequest::Status)? {
        None => {
            let nobody = View {
                running: false,
                line: None,
            };
            output.fact(&nobody, "no line runs on this home");
        }
        Some(ControlResponse::Status(line)) => {
            output.object(&View {
                running: true,
                line: Some(&line),
            });
            show(context, &line);
        }
        Some(other) => {
            owner::done(other)?;
            return Err(owner::other_version());
        }
    }
    Ok(ExitStatus::Done)
}

fn show(context: &Context, line: &LineStatus) {
    let output = &context.output;
    output.text(&format!(
        "batch {}: {} of {} made; {} verdicts since process {} started",
        line.batch, line.provisioned, line.quantity, line.verdicts, line.process
    ));
    if let Some(held) = &line.batch_held {
        output.text(&format!(
            "the batch is held ({}: {}): no lane begins a board, until: {}",
            held.code,
            held.detail,
            clear_command(line.batch.as_str())
        ));
    }
    let rows: Vec<Vec<String>> = line.lanes.iter().map(cells).collect();
    output.table(&["lane", "port", "verdicts", "doing"], &rows);
    for lane in &line.lanes {
        let name = lane.held_as.as_deref().unwrap_or(lane.lane.as_str());
        let command = lane.held.and_then(|code| way_out(name, code));
        if let (Some(command), None) = (command, &line.batch_held) {
            output.text(&format!(
                "lane {} takes boards again after: {command}",
                lane.lane
            ));
        }
    }
}

fn cells(lane: &LaneStatus) -> Vec<String> {
    let doing = match lane.held {
        Some(code) => format!("{code}: {}", short_digests(&lane.doing)),
        None => lane.doing.clone(),
    };
    vec![
        lane.lane.to_string(),
        lane.port.clone(),
        lane.verdicts.to_string(),
        doing,
    ]
}

#[derive(Serialize)]
struct View<'a> {
    running: bool,
    #[serde(flatten)]
    line: Option<&'a LineStatus>,
}
