//! `station clock`: accept.

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::owner::{self, Done, Owner};
use crate::access::Deed;
use crate::clock::UtcMillis;
use crate::ledger::event::{Actor, Event, Fact};
use crate::ledger::standing::Durability;
use crate::ledger::{EventStore as _, Reader};
use crate::line::clock_guard::TOLERANCE_MS;
use crate::line::control::ControlRequest;
use crate::words::RefusalReason;

/// What can be done about the clock.
#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Accept a jump of the clock, so that all lanes take boards again
    ///
    /// Only once the clock is right: from here on its time stands in certificates and in the
    /// ledger. A running line knows of every jump; without one, the clock is compared with the
    /// ledger's last event. Takes the role of a supervisor; the ledger records who, and why.
    #[command(
        after_help = "Example:\n  station clock accept --reason \"time server is back\" \\\n      \
                      --operator sv-3"
    )]
    Accept {
        /// Why the clock is right now
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: String,
    },
}

/// Does it.
pub(crate) fn run(command: &ClockCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let ClockCommand::Accept { reason } = command;
    let operator = context.operator_for(&context.home()?, Deed::AcceptClock)?;
    let request = ControlRequest::AcceptClock {
        reason: reason.clone(),
        operator,
    };
    owner::show(context, owner::perform(context, &request)?);
    Ok(ExitStatus::Done)
}

/// Accepts a clock that is behind the ledger, where no line runs; run by the owner of the home.
pub(super) fn accept_alone(
    owner: &Owner,
    reason: &str,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let last = last_event(owner)?;
    if !is_behind(now, last) {
        return Err(Failure::usage(
            "there is nothing to accept",
            "no line runs on this home, and the clock is not behind the ledger",
            "start station provision; it says so if the clock jumps",
        )
        .because(RefusalReason::ClockIsRight));
    }
    let accepted = Event::of_station(
        now,
        Fact::ClockAccepted {
            reason: reason.to_owned(),
            actor: actor.clone(),
        },
    );
    owner.ledger.record(vec![accepted], Durability::Durable)?;
    let text = format!("accepted: the clock says {now}, the ledger's last event was at {last}");
    let json = serde_json::json!({ "accepted": text }).to_string();
    Ok(Done::Fact { text, json })
}

/// The later of this time and the ledger's last event.
pub(super) fn latest(owner: &Owner, now: UtcMillis) -> Result<UtcMillis, Failure> {
    Ok(last_event(owner)?.max(now))
}

/// The time for what is recorded now: never before the ledger's last event.
pub(super) fn after_the_ledger(owner: &Owner, now: UtcMillis) -> Result<UtcMillis, Failure> {
    not_before(last_event(owner)?, now)
}

fn not_before(last: UtcMillis, now: UtcMillis) -> Result<UtcMillis, Failure> {
    if is_behind(now, last) {
        return Err(Failure::station(
            "the clock is behind the ledger, nothing was recorded",
            format_args!("it says {now}, the ledger's last event was at {last}"),
            "set the clock right; if it is right now, station clock accept --reason TEXT",
        )
        .because(RefusalReason::ClockBehind));
    }
    Ok(now.max(last))
}

fn is_behind(now: UtcMillis, last: UtcMillis) -> bool {
    now.0.saturating_add(TOLERANCE_MS) < last.0
}

fn last_event(owner: &Owner) -> Result<UtcMillis, Failure> {
    let reader = Reader::open(&owner.home.ledger())?;
    Ok(reader.entry(reader.size()?.saturating_sub(1))?.leaf.time)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::{Clock, Timestamp};
    use crate::line::clock_guard::ClockGuard;
    use crate::line::fake::FakeClock;
    use crate::manifest::time_order::BatchTimes;

    #[test]
    fn nothing_is_recorded_before_the_ledger_s_last_event() {
        let last = UtcMillis(1_795_336_200_000);
        for (now, recorded_at) in [(1, 1), (0, 0), (-2_000, 0)] {
            let at = |offset| UtcMillis(last.0.saturating_add_signed(offset));
            assert_eq!(not_before(last, at(now)).unwrap(), at(recorded_at));
        }
        let behind = UtcMillis(last.0 - 2_001);
        let refused = not_before(last, behind).unwrap_err();
        assert!(refused.to_do().contains("station clock accept"));
    }

    /// Else there would be batches that nobody can have a manifest of.
    #[test]
    fn whatever_steps_a_line_follows_the_manifest_s_verifier_takes_its_times() {
        let clock = Arc::new(FakeClock::at(UtcMillis(1_795_336_200_000)));
        let guard = ClockGuard::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let now = || Timestamp(guard.now().utc);
        let opened = now();
        for _ in 0..5 {
            clock.advance(10);
            clock.step_utc(-1_500);
            let then = now();
            BatchTimes::of(opened, then, then, false).unwrap();
        }
        assert!(guard.jump().is_some(), "steps add up to a jump");
    }
}
