//! Alarms and holds of a batch, and who cleared them.

use firmware_proto::Uid;

use crate::clock::{Timestamp, UtcMillis};
use crate::encoding::Hex;
use crate::ledger::event::{Event, Fact, TrippedRule};
use crate::names::{LaneName, OperatorId};
use crate::verdict::{Severity, VerdictCode};

/// Alarms and holds that are listed, of each the first so many; the others are counted.
pub const LISTED_MAX: usize = 500;

/// What takes no board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// One lane.
    Lane(LaneName),
    /// Every lane, for this batch.
    Batch,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What was held.
    pub held: Held,
    /// Since when.
    pub placed: Timestamp,
    /// With which verdict.
    pub code: VerdictCode,
    /// In words.
    pub detail: String,
    /// The stop rule that tripped, where it was one.
    pub rule: Option<TrippedRule>,
    /// The session whose verdict it was.
    session: Option<Hex>,
    /// When and by whom it was cleared, and why.
    pub cleared: Option<Cleared>,
}

/// That somebody has looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// When.
    pub time: Timestamp,
    /// Who.
    pub operator: OperatorId,
    /// Why it may go on, in their words.
    pub reason: String,
}

/// A verdict that says that somebody may be attacking, or a part of the line is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub time: Timestamp,
    /// On which lane.
    pub lane: LaneName,
    /// Which verdict.
    pub code: VerdictCode,
    /// The UID, proven or claimed.
    pub uid: Option<Uid>,
    /// In words.
    pub detail: String,
    session: Option<Hex>,
}

/// Alarms and holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarms {
    holds: Vec<Hold>,
    raised: Vec<Alarm>,
    more_holds: u64,
    more_raised: u64,
}

impl Alarms {
    /// Notes what an event says of alarms and holds; others say nothing.
    pub fn note(&mut self, event: &Event) {
        match &event.fact {
            Fact::HoldPlaced {
                lane,
                code,
                detail,
                rule,
                ..
            } => self.place(
                event,
                Held::Lane(lane.clone()),
                *code,
                detail,
                rule.as_ref(),
            ),
            Fact::BatchHoldPlaced {
                code, detail, rule, ..
            } => self.place(event, Held::Batch, *code, detail, Some(rule)),
            Fact::HoldCleared {
                lane,
                reason,
                actor,
            } => self.clear(
                event.time,
                &Held::Lane(lane.clone()),
                reason,
                &actor.operator,
            ),
            Fact::BatchHoldCleared { reason, actor } => {
                self.clear(event.time, &Held::Batch, reason, &actor.operator);
            }
            Fact::VerdictReached {
                lane,
                code,
                detail,
                uid,
                claimed_uid,
                ..
            } if code.entry().severity == Severity::Alarm => {
                if self.raised.len() >= LISTED_MAX {
                    self.more_raised += 1;
                    return;
                }
                self.raised.push(Alarm {
                    time: Timestamp(event.time),
                    lane: lane.clone(),
                    code: *code,
                    uid: uid.clone().or_else(|| claimed_uid.clone()),
                    detail: detail.clone(),
                    session: event.session.clone(),
                });
            }
            _ => {}
        }
    }

    /// The holds that are listed, and how many more there were.
    #[must_use]
    pub fn holds(&self) -> (&[Hold], u64) {
        (&self.holds, self.more_holds)
    }

    /// The alarms that are listed, and how many more there were.
    #[must_use]
    pub fn alarms(&self) -> (&[Alarm], u64) {
        (&self.raised, self.more_raised)
    }

    /// The hold that this alarm's session has led to.
    #[must_use]
    pub fn hold_after(&self, alarm: &Alarm) -> Option<&Hold> {
        let session = alarm.session.as_ref()?;
        let same = |hold: &&Hold| hold.session.as_ref() == Some(session);
        self.holds.iter().find(same)
    }

    fn place(
        &mut self,
        event: &Event,
        held: Held,
        code: VerdictCode,
        detail: &str,
        rule: Option<&TrippedRule>,
    ) {
        if self.holds.len() >= LISTED_MAX {
            self.more_holds += 1;
            return;
        }
        self.holds.push(Hold {
            held,
            placed: Timestamp(event.time),
            code,
            detail: detail.to_owned(),
            rule: rule.cloned(),
            session: event.session.clone(),
            cleared: None,
        });
    }

    /// Clears what is held; a lane may be cleared that was held before this batch.
    fn clear(&mut self, time: UtcMillis, held: &Held, reason: &str, operator: &OperatorId) {
        let open = |hold: &&mut Hold| hold.held == *held && hold.cleared.is_none();
        for hold in self.holds.iter_mut().filter(open) {
            hold.cleared = Some(Cleared {
                time: Timestamp(time),
                operator: operator.clone(),
                reason: reason.to_owned(),
            });
        }
    }
}
