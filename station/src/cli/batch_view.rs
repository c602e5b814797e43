//! A batch at a glance, as `station batch list` and `station batch show` give it.

use serde::Serialize;

use super::failure::Failure;
use crate::ledger::Reader;
use crate::ledger::reader::BatchOverview;
use crate::names::{BatchId, WorkOrderId};
use crate::station_home::StationHome;

/// See the module.
#[derive(Serialize)]
pub(super) struct BatchView {
    pub(super) batch: BatchId,
    pub(super) product: String,
    pub(super) work_order: WorkOrderId,
    pub(super) state: &'static str,
    pub(super) quantity: u64,
    taken: u64,
    pub(super) provisioned: u64,
    /// Boards that were found not good, as the manifest counts them.
    pub(super) failed: u64,
    in_doubt: u64,
    events: u64,
    profile: String,
    pub(super) opened: String,
    pub(super) closed: Option<String>,
}

/// All batches, in the order of their opening, each with how many of its boards failed.
pub(super) fn all(home: &StationHome) -> Result<Vec<(BatchOverview, u64)>, Failure> {
    let reader = Reader::snapshot(&home.ledger())?;
    let counted = |batch: BatchOverview| {
        let failed = reader.failed_boards(&batch.batch)?;
        Ok((batch, failed))
    };
    reader.batches()?.into_iter().map(counted).collect()
}

impl BatchView {
    /// The heads of its cells.
    pub(super) const HEADER: [&str; 9] = [
        "batch",
        "product",
        "work order",
        "state",
        "made",
        "of",
        "failed",
        "in doubt",
        "opened",
    ];

    /// Of a batch in which so many boards failed.
    pub(super) fn new(batch: BatchOverview, failed: u64) -> Self {
        Self {
            state: if batch.closed.is_some() {
                "closed"
            } else {
                "open"
            },
            product: batch.product.to_string(),
            quantity: batch.quantity,
            taken: batch.taken,
            provisioned: batch.provisioned,
            failed,
            in_doubt: batch.in_doubt,
            events: batch.events,
            profile: batch.profile.to_string(),
            opened: batch.opened.to_string(),
            closed: batch.closed.map(|at| at.to_string()),
            work_order: batch.work_order,
            batch: batch.batch,
        }
    }

    /// One row of the list.
    pub(super) fn cells(&self) -> Vec<String> {
        vec![
            self.batch.to_string(),
            self.product.clone(),
            self.work_order.to_string(),
            self.state.to_owned(),
            self.provisioned.to_string(),
            self.quantity.to_string(),
            self.failed.to_string(),
            self.in_doubt.to_string(),
            self.opened.clone(),
        ]
    }
}
