//! What the terminal wishes of the office: batches and holds.

use firmware_proto::Uid;
use std::sync::PoisonError;

use super::clerk::{Clerk, named};
use super::errand::Errand;
use super::look_up;
use super::profile_named::profile_named;
use crate::access::{Deed, permits};
use crate::cli::failure::Failure;
use crate::cli::provision::preparation::{office, standing};
use crate::clock::{Clock as _, UtcMillis};
use crate::ledger::event::{Actor, AlarmAcknowledgedRecord, Fact};
use crate::line::control::ControlRequest;
use crate::names::{BatchId, LaneName, OperatorId, WorkOrderId};
use crate::tui::action::NewBatch;
use crate::tui::event::StationNews;
use crate::verdict::VerdictCode;
use crate::words::RefusalReason;

impl Clerk<'_> {
    /// Whoever signs in goes on with the batch of before, or with the only open one.
    pub(super) fn take_up_work(&mut self) -> Result<(), Failure> {
        let may = self
            .people
            .who()
            .is_some_and(|(_, role)| permits(role, Deed::ProvisionBoards).is_ok());
        let mut open = look_up::batches(&self.station.owned.home)?;
        open.retain(|batch| standing(batch).obstacle().is_none());
        let last = self.last_batch.clone();
        let last = last.filter(|last| open.iter().any(|batch| batch.batch == *last));
        let only = (open.len() == 1).then(|| open.pop().map(|batch| batch.batch));
        match last.or(only.flatten()).filter(|_| may) {
            Some(batch) => self.start_line(&batch),
            None => Ok(()),
        }
    }

    pub(super) fn list_batches(&self) -> Result<(), Failure> {
        let rows = look_up::rows(&self.station.owned.home)?;
        self.tell(StationNews::Batches(rows));
        Ok(())
    }

    pub(super) fn open_batch(&mut self, new: &NewBatch) -> Result<(), Failure> {
        let wrong = |why: &dyn std::fmt::Display| {
            Failure::usage("the batch cannot be opened", why, "fill it in once more")
        };
        let batch = named(&new.batch, BatchId::parse)?;
        let work_order = named(&new.work_order, WorkOrderId::parse)?;
        let quantity = new.quantity.parse::<u32>().ok().filter(|count| *count > 0);
        let quantity = quantity.ok_or_else(|| {
            let refused = wrong(&format_args!("{:?} is no number", new.quantity));
            refused.because(RefusalReason::NotANumber)
        })?;
        let (file, profile_text) = profile_named(self.station.owned.home.path(), &new.profile)?;
        let profile_name = file.file_name().unwrap_or_default();
        let request = ControlRequest::OpenBatch {
            batch: batch.clone(),
            profile_name: profile_name.to_string_lossy().into_owned(),
            profile_text,
            work_order,
            quantity,
            operator: self.actor()?.operator,
            older_profile: None,
            work_order_file: None,
        };
        self.have_done(request)?;
        self.last_batch = Some(batch);
        Ok(())
    }

    /// That it was cleared is told by what follows the ledger's alarms, as whatever clears one is.
    pub(super) fn clear_hold(
        &mut self,
        name: &str,
        of_batch: bool,
        since: UtcMillis,
        reason: String,
    ) -> Result<(), Failure> {
        let operator = self.actor()?.operator;
        let of = (name, of_batch, since);
        self.have_done(clearing(of, reason, operator)?)?;
        self.follow_alarms();
        if let Some(line) = &self.line {
            self.tell(StationNews::Progress(line.progress()));
        }
        Ok(())
    }

    pub(super) fn accept_clock(&mut self, reason: String) -> Result<(), Failure> {
        let operator = self.actor()?.operator;
        let reason = a_reason(reason)?;
        self.have_done(ControlRequest::AcceptClock { reason, operator })?;
        self.follow_alarms();
        Ok(())
    }

    /// Somebody has looked at an alarm that holds nothing.
    pub(super) fn acknowledge(
        &mut self,
        lane: &str,
        uid: Option<&str>,
        code: VerdictCode,
        reason: String,
    ) -> Result<(), Failure> {
        let actor = self.permitted(Deed::AcknowledgeAlarm)?;
        let record = looked_at(lane, uid, (code, reason), actor)?;
        self.record(vec![Fact::AlarmAcknowledged(record)])?;
        self.follow_alarms();
        Ok(())
    }

    /// Has the office do what another command would ask for, in the name of whoever is signed in.
    pub(super) fn have_done(&self, request: ControlRequest) -> Result<(), Failure> {
        self.errand()?.run(request)
    }

    /// Who does it, in the name of whoever is signed in.
    pub(super) fn errand(&self) -> Result<Errand, Failure> {
        let desk = self.current.lock();
        Ok(Errand {
            desk: desk.unwrap_or_else(PoisonError::into_inner).clone(),
            office: office(self.station),
            actor: self.actor()?,
            now: self.clock.utc(),
            events: self.events.clone(),
        })
    }
}

/// What asks for a hold to be cleared.
fn clearing(
    (name, of_batch, since): (&str, bool, UtcMillis),
    reason: String,
    operator: OperatorId,
) -> Result<ControlRequest, Failure> {
    let (reason, since) = (a_reason(reason)?, Some(since));
    Ok(if of_batch {
        ControlRequest::ClearBatchHold {
            batch: named(name, BatchId::parse)?,
            since,
            reason,
            operator,
        }
    } else {
        ControlRequest::ClearHold {
            lane: named(name, LaneName::parse)?,
            since,
            reason,
            operator,
        }
    })
}

/// What is recorded of an alarm that somebody has looked at.
fn looked_at(
    lane: &str,
    uid: Option<&str>,
    (code, reason): (VerdictCode, String),
    actor: Actor,
) -> Result<AlarmAcknowledgedRecord, Failure> {
    Ok(AlarmAcknowledgedRecord {
        lane: named(lane, LaneName::parse)?,
        uid: uid.map(|uid| named(uid, uid_of)).transpose()?,
        code,
        reason: a_reason(reason)?,
        actor,
    })
}

/// An empty one tells an auditor nothing.
pub(super) fn a_reason(typed: String) -> Result<String, Failure> {
    if typed.trim().is_empty() {
        let refused = Failure::usage("it was not done", "no reason was given", "type why");
        return Err(refused.because(RefusalReason::NoReason));
    }
    Ok(typed)
}

/// A UID as the screen shows it.
fn uid_of(text: &str) -> Result<Uid, serde_json::Error> {
    serde_json::from_value(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::fixture::actor;

    #[test]
    fn what_is_cleared_or_looked_at_is_what_was_named() {
        let seen = || "seen".to_owned();
        let who = actor().operator;
        for name in ["L1", "L2"] {
            let since = UtcMillis(7);
            let lane = clearing((name, false, since), seen(), who.clone()).unwrap();
            let batch = clearing((name, true, since), seen(), who.clone()).unwrap();
            let ControlRequest::ClearHold {
                lane, since: read, ..
            } = lane
            else {
                panic!("{lane:?}");
            };
            assert_eq!(read, Some(since));
            let ControlRequest::ClearBatchHold {
                batch, since: read, ..
            } = batch
            else {
                panic!("{batch:?}");
            };
            assert_eq!(read, Some(since));
            assert_eq!((lane.as_str(), batch.as_str()), (name, name));
            let uid = "F55CDF463D6CEDAD1ACB1B29";
            let of = (VerdictCode::KeyForeign, seen());
            let record = looked_at(name, Some(uid), of, actor()).unwrap();
            let uid_recorded = record.uid.map(|uid| uid.to_string());
            assert_eq!(record.lane.as_str(), name);
            assert_eq!(uid_recorded.as_deref(), Some(uid));
            assert_eq!(record.code, VerdictCode::KeyForeign);
        }
    }

    #[test]
    fn nothing_is_cleared_or_looked_at_without_a_reason() {
        for reason in ["", " ", "\t \n"] {
            let code = VerdictCode::KeyForeign;
            let of = ("L1", false, UtcMillis(7));
            let cleared = clearing(of, reason.to_owned(), actor().operator);
            assert!(cleared.is_err(), "{reason:?}");
            let seen = looked_at("L1", None, (code, reason.to_owned()), actor());
            assert!(seen.is_err(), "{reason:?}");
        }
    }
}
