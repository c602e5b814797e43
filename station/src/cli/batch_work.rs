//! Opening and closing a batch: the work of the process that owns the home.

use std::collections::BTreeSet;

use firmware_proto::Uid;

use super::batch::{Details, details};
use super::batch_record::unknown;
use super::batch_serials;
use super::failure::Failure;
use super::hold::clear_command;
use super::kept_checkpoint;
use super::owner::{Done, Owner};
use crate::cli::counted::counted;
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::ledger::event::{Actor, BatchTermsRecord, Event, Fact, RevocationReason};
use crate::ledger::standing::Durability;
use crate::ledger::{BatchClosing, BatchOpening, EventStore as _, LedgerError, Reader, Refusal};
use crate::names::{BatchId, WorkOrderId};
use crate::profile::SerialPattern;
use crate::profile::signed_profile::{self, AdmittedProfile};
use crate::words::RefusalReason;

/// What a batch is to be.
pub(crate) struct Opening<'a> {
    pub(crate) batch: &'a BatchId,
    pub(crate) profile_name: &'a str,
    pub(crate) profile_text: &'a str,
    pub(crate) work_order: &'a WorkOrderId,
    pub(crate) quantity: u32,
    pub(crate) older_profile: Option<&'a String>,
    pub(crate) work_order_file: Option<&'a Hex>,
}

/// Opens a batch; run by the owner of the home.
pub(crate) fn open(
    owner: &Owner,
    wish: &Opening<'_>,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let failed = "the batch cannot be opened";
    let development = owner.home.config().development;
    let file = wish.profile_text;
    let AdmittedProfile { profile, seal } =
        signed_profile::admit(wish.profile_name, file, &owner.pki.owner, development).map_err(
            |refused| {
                let refused = Failure::usage(failed, &refused, refused.advice());
                refused.because(RefusalReason::ProfileFaulty)
            },
        )?;
    if let Some(seal) = &seal {
        seal.terms.validity.judge(now).map_err(|outside| {
            let advice = "let the product owner sign it for this time: station profile sign";
            Failure::usage(failed, outside, advice).because(RefusalReason::ProfileNotValidNow)
        })?;
    }
    if profile.product != *owner.pki.product() {
        let why = format!(
            "the profile is for {}, this station is certified for {}",
            profile.product,
            owner.pki.product()
        );
        return Err(
            Failure::usage(failed, why, "use that product's profile, or its station")
                .because(RefusalReason::OtherProduct),
        );
    }
    fit_serials(owner, wish.batch, &profile.serial_pattern)?;
    let opened = owner.ledger.open_batch(BatchOpening {
        time: now,
        batch: wish.batch.clone(),
        profile,
        seal,
        older_profile: wish.older_profile.cloned(),
        work_order: wish.work_order.clone(),
        quantity: wish.quantity,
        issuing_certificate: owner.pki.issuing.der().to_vec(),
        actor: actor.clone(),
    });
    opened.map_err(|error| match error {
        LedgerError::Refused(Refusal::BatchExists(_)) => Failure::usage(
            failed,
            format_args!("there was a batch {} before", wish.batch),
            "choose another name; see station batch list",
        )
        .because(RefusalReason::BatchExists),
        LedgerError::Refused(Refusal::Profile(older)) => {
            let text = older.to_string();
            let (why, next) = text.split_once("; ").unwrap_or((&text, "use the newest"));
            Failure::usage(failed, why, next).because(RefusalReason::ProfileOlder)
        }
        other => other.into(),
    })?;
    record_terms(owner, wish, now)?;
    let kept = kept_checkpoint::keep(owner, now);
    let view = details(&owner.home, wish.batch)?;
    let text = format!(
        "batch {} is open for {}",
        wish.batch,
        counted(wish.quantity, "board", "boards")
    );
    done(&view, text, kept)
}

/// A list of serials fits where each has the profile's pattern and no board has it yet.
fn fit_serials(owner: &Owner, batch: &BatchId, pattern: &SerialPattern) -> Result<(), Failure> {
    let Some(serials) = batch_serials::of_batch(&owner.home, batch)? else {
        return Ok(());
    };
    let unfit = |why: String| {
        let failed = "the batch cannot be opened";
        let refused = Failure::usage(failed, why, "mend the list of serials");
        Err(refused.because(RefusalReason::SerialsUnfit))
    };
    let reader = Reader::open(&owner.home.ledger())?;
    for serial in serials {
        if !pattern.matches(&serial) {
            return unfit(format!(
                "serial {serial} does not have the profile's pattern"
            ));
        }
        if let Some(holder) = reader.holder_of_serial(&serial)? {
            return unfit(format!("serial {serial} belongs to board {holder} already"));
        }
    }
    Ok(())
}

/// What the batch is made under besides its profile, where there is anything.
fn record_terms(owner: &Owner, wish: &Opening<'_>, now: UtcMillis) -> Result<(), Failure> {
    let terms = BatchTermsRecord {
        work_order_file: wish.work_order_file.cloned(),
        shifts: owner.home.config().shifts.clone(),
    };
    if terms.work_order_file.is_none() && terms.shifts.is_empty() {
        return Ok(());
    }
    let event = Event {
        time: now,
        batch: Some(wish.batch.clone()),
        session: None,
        fact: Fact::BatchTermsRecorded(terms),
    };
    owner.ledger.record(vec![event], Durability::Durable)?;
    Ok(())
}

/// Closes a batch; run by the owner of the home. With a reason, what is not finished is given up first.
pub(crate) fn close(
    owner: &Owner,
    batch: &BatchId,
    reason: Option<&String>,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let closing = BatchClosing {
        time: now,
        batch: batch.clone(),
        actor: actor.clone(),
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
            let second = owner.ledger.close_batch(closing);
            second.map_err(|error| not_closed(owner, batch, error))?;
        }
        (first, _) => drop(first.map_err(|error| not_closed(owner, batch, error))?),
    }
    let kept = kept_checkpoint::keep(owner, now);
    let view = details(&owner.home, batch)?;
    let short = match view.short_of_order() {
        0 => String::new(),
        missing => format!(", {missing} fewer than ordered"),
    };
    let text = format!(
        "batch {batch} is closed: {} passed, {} failed{short}; export it with station manifest export {batch}",
        view.counts.passed, view.counts.failed
    );
    done(&view, text, kept)
}

/// Why a batch stays as it is, in the words of whoever wants it closed.
fn not_closed(owner: &Owner, batch: &BatchId, error: LedgerError) -> Failure {
    let failed = format!("batch {batch} cannot be closed");
    match error {
        LedgerError::Refused(refusal @ Refusal::BatchUnfinished { .. }) => {
            unfinished(batch, &refusal)
        }
        LedgerError::Refused(Refusal::BatchHeld(_)) => Failure::check(
            failed,
            "a stop rule holds it",
            format_args!(
                "let QA look, then clear it with {}",
                clear_command(batch.as_str())
            ),
        )
        .because(RefusalReason::BatchHeld),
        LedgerError::Refused(Refusal::BatchNotOpen(_)) => {
            let known = Reader::open(&owner.home.ledger()).and_then(|reader| reader.batch(batch));
            match known.map(|known| known.and_then(|known| known.closed)) {
                Ok(Some(closed)) => Failure::usage(
                    failed,
                    format_args!("it was closed at {closed} already"),
                    format_args!("export it with station manifest export {batch}"),
                )
                .because(RefusalReason::BatchClosed),
                Ok(None) => unknown(batch),
                Err(error) => error.into(),
            }
        }
        other => other.into(),
    }
}

/// Boards stand in the way; there are two ways to go on.
fn unfinished(batch: &BatchId, refusal: &Refusal) -> Failure {
    let failed = format!("batch {batch} cannot be closed");
    let text = refusal.to_string();
    let boards = text.split_once("; ").map_or(&*text, |(why, _)| why);
    let boards = boards
        .strip_prefix(&format!("{failed}: "))
        .unwrap_or(boards);
    let to_do = format!(
        "put these boards in again, or give them up with station batch close {batch} \
         --revoke-unfinished --reason TEXT"
    );
    Failure::check(failed, boards, to_do).because(RefusalReason::BatchUnfinished)
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

/// What was done, and what went wrong beside it.
fn done(view: &Details, text: String, beside: Option<String>) -> Result<Done, Failure> {
    let text = [Some(text), beside]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n");
    let json = serde_json::to_string(view);
    let json = json.map_err(|error| {
        Failure::station("cannot show the batch", error, "see station batch show")
    })?;
    Ok(Done::Fact { text, json })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_boards_are_a_failed_check_with_two_ways_out() {
        let batch = BatchId::parse("B1").unwrap();
        let refusal = Refusal::BatchUnfinished {
            batch: batch.clone(),
            in_doubt: vec![Uid::from_bytes(&[7; 8]).unwrap()],
            unfinished: Vec::new(),
            intents: Vec::new(),
        };
        let failure = unfinished(&batch, &refusal);
        assert_eq!(failure.status().number(), 1);
        assert_eq!(failure.why(), "1 in doubt (0707070707070707)");
        let flags = "station batch close B1 --revoke-unfinished --reason";
        assert!(failure.to_do().contains(flags), "{failure}");
        // Asked of a running line, the same comes back in the same words.
        assert_eq!(Failure::from_refusal(failure.to_refusal()), failure);
    }
}
