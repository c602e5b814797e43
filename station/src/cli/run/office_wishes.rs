//! What the terminal wishes of the office: batches and holds.

use firmware_proto::Uid;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::clerk::{Clerk, named, nobody_signed_in};
use super::errand::Errand;
use super::look_up;
use crate::access::{Deed, permits};
use crate::cli::failure::Failure;
use crate::cli::named_file::read_text;
use crate::cli::provision::preparation::office;
use crate::clock::Clock as _;
use crate::ledger::event::{AlarmAcknowledgedRecord, Fact};
use crate::line::control::ControlRequest;
use crate::names::{BatchId, LaneName, WorkOrderId};
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
        open.retain(|batch| batch.closed.is_none() && batch.provisioned < batch.quantity);
        let last = self.last_batch.clone();
        let last = last.filter(|last| open.iter().any(|batch| batch.batch == *last));
        let only = (open.len() == 1).then(|| open.pop().map(|batch| batch.batch));
        match last.or(only.flatten()).filter(|_| may) {
            Some(batch) => self.start_line(&batch),
            None => Ok(()),
        }
    }

    pub(super) fn list_batches(&self) -> Result<(), Failure> {
        let batches = look_up::batches(&self.station.owned.home)?;
        let rows = batches.iter().map(look_up::row).collect();
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
        let file = profile_file(self.station.owned.home.path(), &new.profile);
        let profile_text = read_text(&file)
            .map_err(|refused| refused.because(RefusalReason::ProfileUnreadable))?;
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
        reason: String,
    ) -> Result<(), Failure> {
        let operator = self.actor()?.operator;
        let request = if of_batch {
            ControlRequest::ClearBatchHold {
                batch: named(name, BatchId::parse)?,
                reason,
                operator,
            }
        } else {
            ControlRequest::ClearHold {
                lane: named(name, LaneName::parse)?,
                reason,
                operator,
            }
        };
        self.have_done(request)?;
        self.follow_alarms();
        if let Some(line) = &self.line {
            self.tell(StationNews::Progress(line.progress()));
        }
        Ok(())
    }

    pub(super) fn accept_clock(&mut self, reason: String) -> Result<(), Failure> {
        let operator = self.actor()?.operator;
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
        let (actor, role) = self.people.who().ok_or_else(nobody_signed_in)?;
        permits(role, Deed::ClearHold).map_err(|denied| {
            let what = format!("operator {} may not do this", actor.operator);
            Failure::usage(what, denied, "ask somebody who has that role")
                .because(RefusalReason::OtherRole)
        })?;
        let record = AlarmAcknowledgedRecord {
            lane: named(lane, LaneName::parse)?,
            uid: uid.map(|uid| named(uid, uid_of)).transpose()?,
            code,
            reason,
            actor,
        };
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

/// A UID as the screen shows it.
fn uid_of(text: &str) -> Result<Uid, serde_json::Error> {
    serde_json::from_value(text.into())
}

/// The file that was named: as it is, else among the home's profiles.
fn profile_file(home: &Path, named: &str) -> PathBuf {
    let path = PathBuf::from(named);
    let kept = home.join("profiles").join(format!("{named}.toml"));
    if !path.exists() && kept.exists() {
        return kept;
    }
    path
}
