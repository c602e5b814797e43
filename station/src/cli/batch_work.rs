//! Opening and closing a batch: the work of the process that owns the home.

use std::collections::BTreeSet;

use firmware_proto::Uid;

use super::batch::{Details, details};
use super::batch_serials;
use super::failure::Failure;
use super::owner::{Done, Owner};
use crate::clock::UtcMillis;
use crate::ledger::event::{Actor, Assurance, Event, Fact, RevocationReason};
use crate::ledger::standing::Durability;
use crate::ledger::{BatchClosing, BatchOpening, EventStore as _, LedgerError, Refusal};
use crate::names::{BatchId, OperatorId, WorkOrderId};
use crate::profile::Profile;

/// What a batch is to be.
pub(crate) struct Opening<'a> {
    pub(crate) batch: &'a BatchId,
    pub(crate) profile_name: &'a str,
    pub(crate) profile_text: &'a str,
    pub(crate) work_order: &'a WorkOrderId,
    pub(crate) quantity: u32,
}

/// Opens a batch; run by the owner of the home.
pub(crate) fn open(
    owner: &Owner,
    wish: &Opening<'_>,
    operator: &OperatorId,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let failed = "the batch cannot be opened";
    let profile = Profile::parse(wish.profile_name, wish.profile_text)
        .map_err(|faults| Failure::usage(failed, faults, "mend the profile"))?;
    if profile.product != *owner.pki.product() {
        let why = format!(
            "the profile is for {}, this station is certified for {}",
            profile.product,
            owner.pki.product()
        );
        return Err(Failure::usage(
            failed,
            why,
            "use that product's profile, or its station",
        ));
    }
    let pattern = profile.serial_pattern.clone();
    let serials = batch_serials::of_batch(&owner.home, wish.batch)?;
    if let Some(odd) = serials
        .iter()
        .flatten()
        .find(|serial| !pattern.matches(serial))
    {
        let why = format!("serial {odd} does not have the profile's pattern");
        return Err(Failure::usage(failed, why, "mend the list of serials"));
    }
    owner.ledger.open_batch(BatchOpening {
        time: now,
        batch: wish.batch.clone(),
        profile,
        work_order: wish.work_order.clone(),
        quantity: wish.quantity,
        issuing_certificate: owner.pki.issuing.der().to_vec(),
        actor: asserted(operator),
    })?;
    let view = details(&owner.home, wish.batch)?;
    done(
        &view,
        format!("batch {} is open for {} boards", wish.batch, wish.quantity),
    )
}

/// Closes a batch; run by the owner of the home. With a reason, what is not finished is given up first.
pub(crate) fn close(
    owner: &Owner,
    batch: &BatchId,
    reason: Option<&String>,
    operator: &OperatorId,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let closing = BatchClosing {
        time: now,
        batch: batch.clone(),
        actor: asserted(operator),
    };
    let first = owner.ledger.close_batch(closing.clone());
    match (first, reason) {
        (
            Err(LedgerError::Refused(Refusal::BatchUnfinished {
                in_doubt,
                unfinished,
                intents,
                ..
            })),
            Some(reason),
        ) => {
            let boards: BTreeSet<Uid> = in_doubt
                .into_iter()
                .chain(unfinished)
                .chain(intents)
                .collect();
            for uid in &boards {
                give_up(owner, batch, uid, reason, now)?;
            }
            owner.ledger.close_batch(closing)?;
        }
        (first, _) => drop(first?),
    }
    let view = details(&owner.home, batch)?;
    let text = format!(
        "batch {batch} is closed: {} passed, {} failed; export it with station manifest export {batch}",
        view.counts.passed, view.counts.failed
    );
    done(&view, text)
}

/// Voids the open intent and revokes the live certificate that the board has from this batch.
fn give_up(
    owner: &Owner,
    batch: &BatchId,
    uid: &Uid,
    reason: &str,
    now: UtcMillis,
) -> Result<(), Failure> {
    let standing = owner.ledger.standing(uid)?;
    let intent = standing.intent.filter(|intent| intent.batch == *batch);
    let live = standing.live.filter(|live| live.batch == *batch);
    let voided = intent.map(|intent| Fact::IntentVoided {
        uid: uid.clone(),
        certificate_serial: intent.certificate_serial,
        reason: reason.to_owned(),
    });
    let revoked = live.map(|live| Fact::CertificateRevoked {
        uid: uid.clone(),
        certificate_serial: live.certificate.certificate_serial(),
        reason: RevocationReason::CessationOfOperation,
        detail: reason.to_owned(),
    });
    let event = |fact| Event {
        time: now,
        batch: Some(batch.clone()),
        session: None,
        fact,
    };
    let events: Vec<Event> = voided.into_iter().chain(revoked).map(event).collect();
    if !events.is_empty() {
        owner.ledger.record(events, Durability::Durable)?;
    }
    Ok(())
}

/// Somebody who says who they are.
pub(super) fn asserted(operator: &OperatorId) -> Actor {
    Actor {
        operator: operator.clone(),
        assurance: Assurance::Asserted,
    }
}

fn done(view: &Details, text: String) -> Result<Done, Failure> {
    let json = serde_json::to_string(view);
    let json = json.map_err(|error| {
        Failure::station("cannot show the batch", error, "see station batch show")
    })?;
    Ok(Done::Fact { text, json })
}
