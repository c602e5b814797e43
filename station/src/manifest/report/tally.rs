//! What the events of a batch add up to. Takes them one by one, in the log's order, and keeps sums only: its
//! size depends on lanes, quantities and columns, never on the number of boards.

use std::collections::BTreeMap;

use super::alarms::Alarms;
use super::histogram::Histogram;
use super::timeline::Timeline;
use crate::ledger::event::{Event, Fact, MeasurementRecord};
use crate::names::LaneName;
use crate::verdict::{Outcome, VerdictCode};

/// Quantities and other checks that are told apart; a profile has far fewer.
const NAMES_MAX: usize = 256;

/// The sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Sessions that ended, over time.
    pub timeline: Timeline,
    /// What each lane did.
    pub lanes: BTreeMap<LaneName, LaneTally>,
    /// Alarms and holds.
    pub alarms: Alarms,
    /// Measured quantities with limits, in the order in which they were first met.
    pub quantities: Vec<Quantity>,
    /// Other checks of the self-test, in the same order.
    pub checks: Vec<Check>,
}

/// What a lane did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneTally {
    /// Sessions that ended well.
    pub passed: u64,
    /// Sessions in which a board was found not good.
    pub failed: u64,
    /// Sessions in which the station was at fault.
    pub errors: u64,
    /// Milliseconds of all of them.
    pub duration_ms: u64,
    /// The longest.
    pub longest_ms: u64,
    /// Requests sent again.
    pub retries: u64,
}

/// A quantity with limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// What was measured.
    pub name: String,
    /// Its unit, as the profile names it.
    pub unit: String,
    /// The values.
    pub histogram: Histogram,
    /// Values that were refused.
    pub failed: u64,
    /// Values that passed and are close to a limit.
    pub marginal: u64,
}

/// A check that has no scale: text, bits, digests, one exact number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// What is allowed, in words.
    pub limits: String,
    /// How often it was good.
    pub passed: u64,
    /// How often not.
    pub failed: u64,
}

impl LaneTally {
    /// Sessions that ended.
    #[must_use]
    pub const fn sessions(&self) -> u64 {
        self.passed + self.failed + self.errors
    }
}

impl Tally {
    /// Adds what an event says. Events of the batch, and of its station about lanes that are held.
    pub fn note(&mut self, event: &Event) {
        self.alarms.note(event);
        match &event.fact {
            Fact::VerdictReached {
                lane,
                code,
                duration_ms,
                retries,
                ..
            } => {
                self.timeline.add(event.time, lane);
                let tally = self.lanes.entry(lane.clone()).or_default();
                *match code.outcome() {
                    Outcome::Pass => &mut tally.passed,
                    Outcome::Fail => &mut tally.failed,
                    Outcome::Error => &mut tally.errors,
                } += 1;
                tally.duration_ms = tally.duration_ms.saturating_add(*duration_ms);
                tally.longest_ms = tally.longest_ms.max(*duration_ms);
                tally.retries += u64::from(*retries);
            }
            Fact::MeasurementsJudged { measurements, .. } => {
                for one in measurements {
                    self.measure(one);
                }
            }
            _ => {}
        }
    }

    fn measure(&mut self, record: &MeasurementRecord) {
        let limit = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        let (low, high): (Option<f64>, Option<f64>) = (limit(&record.low), limit(&record.high));
        let passed = record.code.outcome() == Outcome::Pass;
        let scaled = (low.is_some() || high.is_some()) && low != high;
        if !scaled {
            return self.check(record, passed);
        }
        let same = |one: &Quantity| {
            one.name == record.name
                && one.unit == record.unit
                && one.histogram.limits() == (low, high)
        };
        let at = match self.quantities.iter().position(same) {
            Some(at) => at,
            None if self.quantities.len() >= NAMES_MAX => return,
            None => {
                self.quantities.push(Quantity {
                    name: record.name.clone(),
                    unit: record.unit.clone(),
                    histogram: Histogram::new(low, high),
                    failed: 0,
                    marginal: 0,
                });
                self.quantities.len() - 1
            }
        };
        if let Some(quantity) = self.quantities.get_mut(at) {
            // A reading that is missing or no number has failed, and has no place on the scale.
            let _counted = record
                .value
                .parse()
                .is_ok_and(|value| quantity.histogram.add(value));
            quantity.failed += u64::from(!passed);
            quantity.marginal += u64::from(record.marginal);
        }
    }

    fn check(&mut self, record: &MeasurementRecord, passed: bool) {
        let at = match self.checks.iter().position(|one| one.name == record.name) {
            Some(at) => at,
            None if self.checks.len() >= NAMES_MAX => return,
            None => {
                self.checks.push(Check {
                    name: record.name.clone(),
                    limits: record.limits.clone().unwrap_or_default(),
                    passed: 0,
                    failed: 0,
                });
                self.checks.len() - 1
            }
        };
        if let Some(check) = self.checks.get_mut(at) {
            *if passed {
                &mut check.passed
            } else {
                &mut check.failed
            } += 1;
        }
    }
}

/// Codes with their boards, the most frequent first; equal ones in the order of the list of codes.
#[must_use]
pub fn ranked(by_code: impl IntoIterator<Item = (VerdictCode, u64)>) -> Vec<(VerdictCode, u64)> {
    let bad = |(code, boards): &(VerdictCode, u64)| code.outcome() != Outcome::Pass && *boards > 0;
    let mut ranked: Vec<_> = by_code.into_iter().filter(bad).collect();
    ranked.sort_by(|(a, many), (b, few)| few.cmp(many).then(a.cmp(b)));
    ranked
}
