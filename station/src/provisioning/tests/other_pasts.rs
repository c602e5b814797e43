//! Boards whose past is not of this ledger, not of this batch, or over.

use simulator::board::VirtualBoard;
use simulator::fault::{Fault, Reading};

use super::bench::{Bench, Copper};
use crate::encoding::Hex;
use crate::ledger::EventStore;
use crate::ledger::event::{Event, Fact, RevocationReason};
use crate::ledger::standing::Durability;
use crate::provisioning::Action;
use crate::verdict::VerdictCode;

/// Lets the station die before it records a fact of this kind.
fn until(bench: &mut Bench, board: &mut VirtualBoard, kind: &'static str) {
    bench.die_at = Some(Box::new(move |action| match action {
        Action::Record { events, .. } => events[0].fact.kind() == kind,
        _ => false,
    }));
    assert_eq!(bench.run(board, &mut Copper, None), None, "{kind}");
    bench.die_at = None;
}

#[test]
fn a_hardware_revision_that_the_profile_lacks_is_another_product() {
    let mut bench = Bench::new(10);
    let mut profile = (*bench.context.profile).clone();
    profile.hardware_revisions.clear();
    bench.context.profile = profile.into();
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::ProductMismatch, "{verdict:?}");
    assert!(verdict.detail.contains("hardware revision"), "{verdict:?}");
}

#[test]
fn a_board_that_another_ledger_has_locked_is_refused() {
    let mut first = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &first.owner_key());
    assert_eq!(first.provision(&mut board).code, VerdictCode::Pass);
    board.reboot();
    let mut second = Bench::new(10);
    let verdict = second.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::UidReused, "{verdict:?}");
    assert!(verdict.detail.contains("never ordered"), "{verdict:?}");
    assert_eq!(second.issued(), 0);
}

#[test]
fn a_board_in_doubt_is_finished_in_its_own_batch() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    until(&mut bench, &mut board, "provisioned");
    board.reboot();
    let own = bench.context.batch.clone();
    bench.open_another("B2", 10);
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::BatchOther, "{verdict:?}");
    board.reboot();
    bench.context.batch = own;
    assert_eq!(bench.provision(&mut board).code, VerdictCode::Pass);
    assert_eq!((bench.issued(), bench.revoked()), (1, 0));
}

#[test]
fn an_intent_is_finished_in_its_own_batch() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    until(&mut bench, &mut board, "certificate-issued");
    board.reboot();
    bench.open_another("B2", 10);
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::BatchOther, "{verdict:?}");
    assert_eq!(bench.issued(), 0);
}

/// Its memory was erased, so that it looks like new.
#[test]
fn a_withdrawn_board_does_not_come_back_as_a_new_one() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    assert_eq!(bench.provision(&mut board).code, VerdictCode::Pass);
    bench.revoke_live(board.uid(), RevocationReason::KeyCompromise);
    let mut erased = VirtualBoard::good(7, 0, &bench.owner_key());
    let verdict = bench.provision(&mut erased);
    assert_eq!(verdict.code, VerdictCode::Revoked, "{verdict:?}");
    assert_eq!(bench.issued(), 1);
}

/// A second chip with the UID, under an attestation key that the vendor vouches for as well.
#[test]
fn a_twin_that_fails_takes_nothing_from_the_board() {
    let mut other = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &other.owner_key());
    until(&mut other, &mut board, "grant-signed");
    let mut bench = Bench::new(10);
    for event in other.store.events() {
        let fact = match event.fact {
            Fact::LedgerOpened { .. } | Fact::ProfileAdopted { .. } | Fact::BatchOpened { .. } => {
                continue;
            }
            Fact::EvidenceAppraised {
                code,
                detail,
                uid,
                implementation_id,
                lifecycle,
                components,
                claims,
                relied_on,
                token,
                certificates,
                ..
            } => Fact::EvidenceAppraised {
                instance_id: Some(Hex(vec![1; 33])),
                boot_seed: Some(Hex(vec![2; 32])),
                boot: None,
                device_nonce: None,
                code,
                detail,
                uid,
                implementation_id,
                lifecycle,
                components,
                claims,
                relied_on,
                token,
                certificates,
            },
            fact => fact,
        };
        let event = Event { fact, ..event };
        bench
            .store
            .record(vec![event], Durability::Durable)
            .unwrap();
    }
    assert_eq!(bench.issued(), 1);
    let high = Fault::Measurement {
        name: "vdd_3v3".to_owned(),
        value: Reading::Real(3.9),
    };
    for fault in [Fault::None {}, high] {
        let mut twin = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
        let verdict = bench.provision(&mut twin);
        assert_eq!(verdict.code, VerdictCode::UidReused, "{verdict:?}");
        assert_eq!(bench.revoked(), 0, "{fault:?}");
    }
}
