//! The first and the last word of a line: what it works on and how it is stopped; why it ended and what
//! came of it. Both go to stderr, so that stdout holds verdicts only.

use serde::Serialize;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT};

use super::StationFloor;
use crate::cli::output::Output;
use crate::line::supervisor::{LanePlan, LineEnd};
use crate::names::{BatchId, LaneName, OperatorId};
use crate::provisioning::SessionContext;
use crate::verdict::Outcome;

#[derive(Serialize)]
struct Started<'a> {
    batch: &'a BatchId,
    product: &'a str,
    profile: &'a str,
    made: u32,
    quantity: u32,
    operator: Option<&'a OperatorId>,
    lanes: Vec<LaneView<'a>>,
}

#[derive(Serialize)]
struct LaneView<'a> {
    lane: &'a LaneName,
    port: &'a str,
}

/// Says what begins.
pub(super) fn begin(
    output: &Output,
    floor: &StationFloor,
    plans: &[LanePlan<SessionContext>],
    how_else_it_ends: &str,
) {
    let production = &floor.production;
    let session = plans.first().map(|plan| &plan.context);
    let profile = session.map(|session| &session.profile);
    let lane = |plan| {
        let LanePlan { name, port, .. }: &LanePlan<SessionContext> = plan;
        LaneView {
            lane: name,
            port: port.name(),
        }
    };
    let started = Started {
        batch: production.batch(),
        product: profile.map_or("", |profile| profile.product.as_str()),
        profile: profile.map_or("", |profile| profile.name.as_str()),
        made: production.provisioned(),
        quantity: production.quantity(),
        operator: session.map(|session| &session.actor.operator),
        lanes: plans.iter().map(lane).collect(),
    };
    let lanes = started.lanes.iter();
    let lanes: Vec<_> = lanes
        .map(|LaneView { lane, port }| format!("{lane} ({port})"))
        .collect();
    let text = format!(
        "batch {}: {} of {} made; {}, profile \"{}\"\nlanes: {}\nends when the batch is full{}; Ctrl-C \
         ends it too, boards in work are finished or brought to a safe state first",
        started.batch,
        started.made,
        started.quantity,
        started.product,
        started.profile,
        lanes.join(", "),
        how_else_it_ends,
    );
    output.remark(&serde_json::json!({ "started": started }), &text);
}

/// The verdicts of one run of the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    passed: u64,
    failed: u64,
    errors: u64,
}

impl Tally {
    pub(super) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Pass => self.passed += 1,
            Outcome::Fail => self.failed += 1,
            Outcome::Error => self.errors += 1,
        }
    }
}

#[derive(Serialize)]
struct Ended<'a> {
    reason: &'static str,
    batch: &'a BatchId,
    made: u32,
    quantity: u32,
    verdicts: Tally,
}

/// Says why it ended. `signal` is the first one that was heard.
pub(super) fn end(
    output: &Output,
    floor: &StationFloor,
    end: &LineEnd,
    signal: Option<i32>,
    verdicts: Tally,
) {
    let production = &floor.production;
    let (reason, words) = reason(end, signal);
    let ended = Ended {
        reason,
        batch: production.batch(),
        made: production.provisioned(),
        quantity: production.quantity(),
        verdicts,
    };
    let text = format!(
        "ended: {words}; {} passed, {} failed, {} station errors; batch {}: {} of {} made",
        verdicts.passed, verdicts.failed, verdicts.errors, ended.batch, ended.made, ended.quantity,
    );
    output.remark(&serde_json::json!({ "ended": ended }), &text);
}

fn reason(end: &LineEnd, signal: Option<i32>) -> (&'static str, String) {
    let (code, words) = match (end, signal) {
        (LineEnd::LedgerFailed { .. }, _) => ("ledger-failed", "the ledger failed"),
        (LineEnd::Broken { lane, .. }, _) => {
            return ("lane-broken", format!("lane {lane} broke down"));
        }
        (LineEnd::BatchFull, _) => ("batch-full", "the batch is full"),
        (LineEnd::VerdictsReached, _) => ("count-reached", "--count verdicts were reached"),
        (LineEnd::Idle, _) => ("idle", "no board came for --idle-timeout"),
        (LineEnd::Stopped, Some(SIGINT)) => ("signal", "stopped by Ctrl-C (SIGINT)"),
        (LineEnd::Stopped, Some(SIGHUP)) => {
            ("signal", "stopped because its terminal went (SIGHUP)")
        }
        (LineEnd::Stopped, Some(SIGQUIT)) => ("signal", "stopped by Ctrl-\\ (SIGQUIT)"),
        (LineEnd::Stopped, Some(_)) => ("signal", "stopped by SIGTERM"),
        (LineEnd::Stopped, None) => ("batch-closed", "the batch was closed"),
    };
    (code, words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_a_closing_and_a_rule_are_told_apart() {
        let stopped = |signal| reason(&LineEnd::Stopped, signal).0;
        assert_eq!(
            (stopped(Some(SIGINT)), stopped(None)),
            ("signal", "batch-closed")
        );
        assert_eq!(reason(&LineEnd::BatchFull, Some(SIGINT)).0, "batch-full");
        assert_eq!(reason(&LineEnd::VerdictsReached, None).0, "count-reached");
    }
}
