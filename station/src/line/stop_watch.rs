//! Follows the verdicts of a batch under the profile's stop rules, and says which of them has tripped.
//!
//! Pure: what it knows follows from verdicts and cleared holds in the order of the log, so that a start
//! makes it again from there.
//!
//! 1. A verdict that says nothing about the board (`ERROR`) counts for nothing.
//! 2. A board is put in for the first time where no earlier verdict of the batch is about its UID, proven
//!    or claimed. Boards that never say one are each another board.
//! 3. What is held already is not held again. When a hold is cleared, what counted for it counts no more:
//!    a lane's boards so far, or the batch's.

use std::collections::{BTreeMap, HashSet, VecDeque};

use firmware_proto::Uid;

use crate::ledger::event::{Fact, TrippedRule};
use crate::names::LaneName;
use crate::profile::{Among, Holds, StopRules};
use crate::verdict::{Outcome, VerdictCode};

/// A verdict, as far as the rules look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where.
    pub lane: LaneName,
    /// What.
    pub code: VerdictCode,
    /// Of which board: its proven UID, else the one that it claims.
    pub board: Option<Uid>,
}

impl Seen {
    /// What a recorded verdict says.
    #[must_use]
    pub fn of(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::VerdictReached {
                lane,
                code,
                uid,
                claimed_uid,
                ..
            } => Some(Self {
                lane: lane.clone(),
                code: *code,
                board: uid.as_ref().or(claimed_uid.as_ref()).cloned(),
            }),
            _ => None,
        }
    }

    pub(super) fn counts(&self) -> bool {
        self.code.outcome() != Outcome::Error
    }

    fn failed(&self) -> bool {
        self.code.outcome() == Outcome::Fail
    }
}

/// A rule that trips with a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    /// What is to be held.
    pub holds: Holds,
    /// Which rule, with its figures.
    pub rule: TrippedRule,
    /// The same in words.
    pub detail: String,
}

/// What counts of one lane, or of the whole batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Recent {
    failures: u32,
    codes: VecDeque<VerdictCode>,
}

impl Recent {
    fn with(&self, code: VerdictCode, window: u32) -> Self {
        let mut next = self.clone();
        next.failures = match code.outcome() {
            Outcome::Fail => self.failures.saturating_add(1),
            Outcome::Pass | Outcome::Error => 0,
        };
        push(&mut next.codes, code, window);
        next
    }

    /// How many of the last `window` fulfil the condition.
    fn among(&self, window: u32, wanted: impl Fn(VerdictCode) -> bool) -> u32 {
        let last = self.codes.iter().rev().take(window as usize);
        let found = last.filter(|code| wanted(**code)).count();
        u32::try_from(found).unwrap_or(u32::MAX)
    }
}

fn push<T>(list: &mut VecDeque<T>, value: T, window: u32) {
    list.push_back(value);
    while list.len() > window as usize {
        list.pop_front();
    }
}

/// What the rules know of the batch so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StopWatch {
    rules: StopRules,
    lanes: BTreeMap<LaneName, Recent>,
    batch: Recent,
    met: HashSet<Uid>,
    first_passes: VecDeque<bool>,
}

impl StopWatch {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(rules: StopRules) -> Self {
        Self {
            rules,
            ..Self::default()
        }
    }

    /// The rules that trip with this verdict. Changes nothing: the verdict is not recorded yet.
    #[must_use]
    pub fn judge(&self, seen: &Seen) -> Vec<Trip> {
        if !seen.failed() {
            return Vec::new();
        }
        let lane = self.lane(seen);
        let batch = self.batch.with(seen.code, self.window());
        let rules = &self.rules;
        let row = |name: &str, found: u32, rule: Option<crate::profile::InARow>, place: &str| {
            let rule = rule.filter(|rule| found >= rule.count)?;
            let detail = format!(
                "{found} boards in a row failed {place}, the profile allows {}",
                rule.count - 1
            );
            Some(trip(rule.holds, name, found, rule.count, None, &detail))
        };
        [
            row(
                "failures_in_a_row_on_lane",
                lane.failures,
                rules.failures_in_a_row_on_lane,
                &format!("on lane {}", seen.lane),
            ),
            rules
                .same_code_on_lane
                .and_then(|rule| same_code(rule, &lane, seen.code)),
            rules
                .attestation_alarms
                .and_then(|rule| alarms(rule, &lane, &batch, seen.code)),
            row(
                "failures_in_a_row_in_batch",
                batch.failures,
                rules.failures_in_a_row_in_batch,
                "in the batch",
            ),
            self.first_pass_yield(seen),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The verdict is recorded.
    pub fn note(&mut self, seen: &Seen) {
        if !seen.counts() {
            return;
        }
        let lane = self.lane(seen);
        self.lanes.insert(seen.lane.clone(), lane);
        self.batch = self.batch.with(seen.code, self.window());
        if let Some(rule) = self.rules.first_pass_yield {
            if let Some(passed) = self.first_pass(seen) {
                push(&mut self.first_passes, passed, rule.window);
            }
            self.met.extend(seen.board.clone());
        }
    }

    /// A lane's hold was cleared, whatever it was held for.
    pub fn clear_lane(&mut self, lane: &LaneName) {
        self.lanes.remove(lane);
    }

    /// The batch's hold was cleared.
    pub fn clear_batch(&mut self) {
        self.batch = Recent::default();
        self.first_passes.clear();
    }

    /// Follows a recorded event of the batch, or of the station.
    pub fn follow(&mut self, fact: &Fact) {
        match fact {
            Fact::HoldCleared { lane, .. } => self.clear_lane(lane),
            Fact::BatchHoldCleared { .. } => self.clear_batch(),
            fact => {
                if let Some(seen) = Seen::of(fact) {
                    self.note(&seen);
                }
            }
        }
    }

    fn lane(&self, seen: &Seen) -> Recent {
        let before = self.lanes.get(&seen.lane).cloned().unwrap_or_default();
        before.with(seen.code, self.window())
    }

    /// The longest look back of those rules that look at codes.
    fn window(&self) -> u32 {
        let rules = [self.rules.same_code_on_lane, self.rules.attestation_alarms];
        let windows = rules.into_iter().flatten().map(|rule| rule.window);
        windows.max().unwrap_or(0)
    }

    /// Whether the board passed when it was put in for the first time; none for a board that was in before,
    /// or that another batch has made.
    fn first_pass(&self, seen: &Seen) -> Option<bool> {
        first_pass(seen, &self.met)
    }

    fn first_pass_yield(&self, seen: &Seen) -> Option<Trip> {
        let rule = self.rules.first_pass_yield?;
        let mut last = self.first_passes.clone();
        push(&mut last, self.first_pass(seen)?, rule.window);
        let boards = u32::try_from(last.len()).ok()?;
        let passed = u32::try_from(last.iter().filter(|passed| **passed).count()).ok()?;
        let percent = passed.saturating_mul(100).checked_div(boards)?;
        if boards < rule.window || passed.saturating_mul(100) >= rule.percent.saturating_mul(boards)
        {
            return None;
        }
        let detail = format!(
            "{passed} of the last {boards} boards passed at first, {percent} %, the profile wants {} %",
            rule.percent
        );
        let window = Some(rule.window);
        let name = "first_pass_yield";
        Some(trip(
            rule.holds,
            name,
            percent,
            rule.percent,
            window,
            &detail,
        ))
    }
}

/// Whether the board passed when it was put in for the first time, where `met` are those that were in before.
pub(super) fn first_pass(seen: &Seen, met: &HashSet<Uid>) -> Option<bool> {
    let before = seen.board.as_ref().is_some_and(|uid| met.contains(uid));
    match seen.code {
        _ if before => None,
        VerdictCode::AlreadyProvisioned => None,
        code => Some(code.outcome() == Outcome::Pass),
    }
}

fn same_code(rule: Among, lane: &Recent, code: VerdictCode) -> Option<Trip> {
    let found = lane.among(rule.window, |seen| seen == code);
    (found >= rule.count).then(|| {
        let detail = format!(
            "{found} of the last {} boards of the lane had {code}: look at its fixture",
            rule.window
        );
        let window = Some(rule.window);
        trip(
            rule.holds,
            "same_code_on_lane",
            found,
            rule.count,
            window,
            &detail,
        )
    })
}

fn alarms(rule: Among, lane: &Recent, batch: &Recent, code: VerdictCode) -> Option<Trip> {
    let (place, whose) = match rule.holds {
        Holds::Lane => (lane, "lane"),
        Holds::Batch => (batch, "batch"),
    };
    let found = place.among(rule.window, VerdictCode::is_attestation_alarm);
    (code.is_attestation_alarm() && found >= rule.count).then(|| {
        let detail = format!(
            "{found} attestation alarms among the last {} boards of the {whose}",
            rule.window
        );
        let window = Some(rule.window);
        trip(
            rule.holds,
            "attestation_alarms",
            found,
            rule.count,
            window,
            &detail,
        )
    })
}

fn trip(
    holds: Holds,
    name: &str,
    found: u32,
    limit: u32,
    window: Option<u32>,
    detail: &str,
) -> Trip {
    let name = name.to_owned();
    Trip {
        holds,
        detail: format!("stop rule {name}: {detail}"),
        rule: TrippedRule {
            name,
            found,
            limit,
            window,
        },
    }
}

#[cfg(test)]
mod tests;
