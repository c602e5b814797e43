//! What lanes say, as the terminal hears it.

use crate::cli::provision::labels::Said;
use crate::ledger::LaneWear;
use crate::ledger::event::TrippedRule;
use crate::line::hold::{Hold, HoldCause};
use crate::line::lane_event::News;
use crate::line::link::PortUnavailable;
use crate::names::LaneName;
use crate::provisioning::Verdict;
use crate::tui::event::{AdapterChange, LaneNews, StationNews};
use crate::tui::state::lanes::{Held, ShownVerdict, Wear, Wire};
use crate::tui::told::Told;
use crate::words::{Cause, PortFault, StopRule, Trouble};

/// The news; none where the terminal has no use for it.
pub(super) fn of(news: &News) -> LaneNews {
    match news {
        News::PortMissing(reason) => LaneNews::PortMissing(fault(reason)),
        News::PortOpen => LaneNews::PortOpen,
        News::AdapterChanged(change) => LaneNews::AdapterChanged(AdapterChange {
            before: change.before.clone(),
            now: change.now.clone(),
            belongs_to: change.belongs_to.as_ref().map(ToString::to_string),
        }),
        News::Silent => LaneNews::Silent,
        News::Board { uid, device_serial } => LaneNews::Board {
            uid: uid.to_string(),
            serial: device_serial.as_ref().map(ToString::to_string),
        },
        News::AwaitsLabel => LaneNews::AwaitsLabel,
        News::Step(step) => LaneNews::Step(step.number()),
        News::Verdict(verdict) => LaneNews::Verdict(Box::new(shown(verdict))),
        News::Held(hold) => LaneNews::Held(Held {
            name: hold.name().to_owned(),
            of_batch: hold.batch.is_some(),
            code: hold.code,
            cause: cause(hold),
            since_ms: hold.since.map(|since| since.0),
        }),
        News::Released => LaneNews::Released,
        News::Ended(_) => LaneNews::Ended,
    }
}

fn fault(reason: &PortUnavailable) -> PortFault {
    match reason.clone() {
        PortUnavailable::Missing { port } => PortFault::Missing { port },
        PortUnavailable::InUse { port } => PortFault::InUse { port },
        PortUnavailable::Denied { port } => PortFault::Denied { port },
        PortUnavailable::Unusable { port, detail } => PortFault::Unusable { port, says: detail },
    }
}

fn cause(hold: &Hold) -> Cause {
    match &hold.cause {
        HoldCause::Code => Cause::Verdict(hold.detail.clone()),
        HoldCause::Rule(tripped) => rule(tripped),
        HoldCause::Clock(jump) => Cause::Clock {
            back: jump.found < jump.expected,
            seconds: jump.found.0.abs_diff(jump.expected.0) / 1000,
        },
    }
}

/// A stop rule that tripped.
pub(super) fn rule(tripped: &TrippedRule) -> Cause {
    Cause::Rule(StopRule {
        name: tripped.name.clone(),
        found: tripped.found,
        limit: tripped.limit,
        window: tripped.window,
    })
}

/// What these lanes have seen so far, in all batches.
pub(super) fn of_wear<'a>(
    lanes: impl IntoIterator<Item = (&'a LaneName, &'a LaneWear)>,
) -> StationNews {
    let shown = |of: &LaneWear| Wear {
        boards: of.verdicts,
        passed: of.passed,
        failed_in_a_row: of.failed_in_a_row,
    };
    let lanes = lanes.into_iter();
    StationNews::Wear(
        lanes
            .map(|(lane, of)| (lane.to_string(), shown(of)))
            .collect(),
    )
}

/// What is said of a label.
pub(super) fn of_label(said: Said) -> StationNews {
    match said {
        Said::Waits(serial, why) => StationNews::Told(Told::LabelWaits {
            serial: serial.to_string(),
            why,
        }),
        Said::Failed(serial, why) => StationNews::Told(Told::LabelFailed {
            serial: serial.to_string(),
            why,
        }),
        Said::Unrecorded(says) => StationNews::Told(Told::Trouble {
            trouble: Trouble::Label,
            says,
        }),
    }
}

fn shown(verdict: &Verdict) -> ShownVerdict {
    let uid = verdict.uid.as_ref().or(verdict.claimed_uid.as_ref());
    let wire = &verdict.wire;
    ShownVerdict {
        code: verdict.code,
        detail: verdict.detail.clone(),
        uid: uid.map(ToString::to_string),
        serial: verdict.device_serial.as_ref().map(ToString::to_string),
        took_ms: verdict.duration_ms,
        wire: Wire {
            sent: wire.sent_bytes,
            received: wire.received_bytes,
            noise: wire.noise_bytes,
            round_trips: u64::from(wire.round_trips),
            retries: u64::from(verdict.retries),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::StopRules;
    use crate::words::Language;

    #[test]
    fn every_stop_rule_of_a_profile_has_words_in_every_language() {
        let mut said = std::collections::BTreeSet::new();
        for key in StopRules::KEYS {
            for language in Language::ALL {
                let words = language.stop_rule(key);
                assert!(!words.contains('_') && words != key, "{language}: {key}");
                assert!(said.insert(words), "{language} says two rules alike: {key}");
            }
        }
    }
}
