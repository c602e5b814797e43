//! Whether the batch's own events say what the manifest says of the batch.

use super::ledger_proof::LedgerFault;
use super::statement::{DigestSet, Milestone, Predicate};
use crate::clock::UtcMillis;
use crate::encoding::{Hex, sha256};
use crate::ledger::event::{Actor, Fact};
use crate::ledger::leaf::Leaf;

/// Whether manifest and leaf agree on something, and on what.
pub(super) type Agreement = (bool, &'static str);

/// The first disagreement is a fault.
pub(super) fn agree(event: &'static str, rules: &[Agreement]) -> Result<(), LedgerFault> {
    let broken = rules.iter().find(|(holds, _)| !holds);
    broken.map_or(Ok(()), |(_, what)| Err(LedgerFault::Other { event, what }))
}

fn is_milestone(milestone: &Milestone, time: UtcMillis, actor: &Actor) -> bool {
    milestone.time.0 == time
        && (&milestone.operator, milestone.assurance) == (&actor.operator, actor.assurance)
}

/// Whether the clocks were accepted after the opening, each once: an earlier one says nothing about the batch's times.
fn clocks_follow(predicate: &Predicate) -> bool {
    let clocks = predicate.clock_accepted.iter().map(|one| one.entry.index);
    let indices = std::iter::once(predicate.ledger.first_index).chain(clocks);
    indices.is_sorted_by(|before, after| before < after)
}

/// Whether it opened the batch.
pub(super) fn opening_agrees(predicate: &Predicate, leaf: &Leaf) -> Vec<Agreement> {
    let Fact::BatchOpened {
        profile,
        product,
        work_order,
        quantity,
        issuing_certificate,
        actor,
        signed_profile,
        older_profile,
    } = &leaf.fact
    else {
        return vec![(false, "what it is: it opens no batch")];
    };
    let signed = predicate.signed_profile.as_ref();
    let issuing = sha256(&issuing_certificate.0);
    vec![
        (leaf.batch() == Some(&predicate.batch), "the batch"),
        (*profile == predicate.profile.sha256, "the profile"),
        (*product == predicate.product, "the product"),
        (*work_order == predicate.work_order, "the work order"),
        (*quantity == predicate.quantity, "the quantity"),
        (
            predicate.issuing_certificate.sha256.digest() == Some(issuing),
            "the issuing certificate",
        ),
        (
            signed_profile.as_ref() == signed.map(|signed| &signed.sha256),
            "the signed profile",
        ),
        (
            signed.is_none()
                || older_profile.as_ref() == signed.and_then(|one| one.older_because.as_ref()),
            "why an older profile was used",
        ),
        (
            is_milestone(&predicate.opened, leaf.time, actor),
            "when and by whom it was opened",
        ),
        (
            clocks_follow(predicate),
            "which clocks were accepted after it",
        ),
    ]
}

/// Whether it has the batch's terms.
pub(super) fn terms_agree(predicate: &Predicate, leaf: Option<&Leaf>) -> Vec<Agreement> {
    let file = predicate.work_order_file.as_ref();
    let Some(leaf) = leaf else {
        return vec![
            (
                file.is_none(),
                "the work order's file: there is no such event",
            ),
            (
                predicate.shifts.is_empty(),
                "the shifts: there is no such event",
            ),
        ];
    };
    let Fact::BatchTermsRecorded(terms) = &leaf.fact else {
        return vec![(false, "what it is: it has no terms")];
    };
    vec![
        (leaf.batch() == Some(&predicate.batch), "the batch"),
        (
            terms.work_order_file.as_ref() == file.map(|DigestSet { sha256 }| sha256),
            "the work order's file",
        ),
        (terms.shifts == predicate.shifts, "the shifts"),
    ]
}

/// Whether it closed the batch.
pub(super) fn closing_agrees(predicate: &Predicate, leaf: &Leaf) -> Vec<Agreement> {
    let ledger = &predicate.ledger;
    let Fact::BatchClosed {
        count, head, actor, ..
    } = &leaf.fact
    else {
        return vec![(false, "what it is: it closes no batch")];
    };
    let Some(position) = &leaf.position else {
        return vec![(false, "the batch")];
    };
    let prev = position.prev.map(Hex::from);
    vec![
        (position.batch == predicate.batch, "the batch"),
        (
            *count == ledger.event_count && position.seq == *count,
            "the number of events",
        ),
        (
            *head == ledger.event_head && prev.as_ref() == Some(head),
            "the hash of the event before it",
        ),
        (
            is_milestone(&predicate.closed, leaf.time, actor),
            "when and by whom it was closed",
        ),
    ]
}
