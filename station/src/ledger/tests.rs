//! The ledger as lanes use it: on a real file, through its writer.

mod batch_rules;
mod batch_tally;
mod boards_and_terms;
mod durability;
mod kept_checkpoints;
mod large_ledgers;
mod long_logs;
mod profiles;
mod public_proofs;
mod quarantine;
mod query_plans;
mod random_sequences;
mod rebuilding;
mod refusals;
mod repeats;
mod rewritten_entries;
mod tamper_corpus;
mod tampering;

use super::error::Damage;
use super::event::{Fact, RevocationReason};
use super::fake::MemoryStore;
use super::fixture::{Home, board, closing, event, events, opening, reissue};
use super::standing::{DeviceStanding, Durability, LiveStage, NoPlace};
use super::{EventStore, LedgerError, Refusal};
use crate::verdict::VerdictCode;

const B: &str = "B-1";

/// Both implementations of the port keep the same rules.
fn stores() -> (Home, Vec<Box<dyn EventStore>>) {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    let memory = MemoryStore::new();
    memory.open_batch(opening(B, 2)).unwrap();
    (home, vec![Box::new(ledger), Box::new(memory)])
}

fn refusal(result: Result<super::standing::Recorded, LedgerError>) -> Refusal {
    match result {
        Err(LedgerError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_board_goes_its_way() {
    let (_home, stores) = stores();
    for store in stores {
        let a = board(1);
        assert_eq!(store.standing(&a.uid).unwrap(), DeviceStanding::default());
        let until_issued = events(
            B,
            [a.session_opened(), a.appraised(9), a.intended(), a.issued()],
        );
        let recorded = store
            .record(until_issued, Durability::Checkpointed)
            .unwrap();
        let [certificate] = &recorded.certificates[..] else {
            panic!("{recorded:?}")
        };
        let standing = store.standing(&a.uid).unwrap();
        let live = standing.live.unwrap();
        assert_eq!(&live.certificate, certificate);
        assert_eq!(live.stage, LiveStage::Issued);
        assert_eq!(standing.instance_id, Some(vec![9; 33]));
        let key = a.key.digest().unwrap();
        assert_eq!(store.key_holder(&key).unwrap(), Some(a.uid.clone()));

        let steps = events(B, [a.granted(), a.proven(), a.committed()]);
        let recorded = store.record(steps, Durability::Durable).unwrap();
        assert!(recorded.certificates.is_empty());
        let live = store.standing(&a.uid).unwrap().live.unwrap();
        assert_eq!(live.stage, LiveStage::CommitSigned);
        assert_eq!(live.grant.as_deref(), Some(&b"grant"[..]));
        assert_eq!(live.commit.as_deref(), Some(&b"commit"[..]));

        let end = events(B, [a.provisioned(), a.verdict(VerdictCode::Pass)]);
        store.record(end, Durability::Durable).unwrap();
        let live = store.standing(&a.uid).unwrap().live.unwrap();
        assert_eq!(live.stage, LiveStage::Provisioned);
    }
}

#[test]
fn a_second_live_certificate_needs_the_first_one_revoked() {
    let (_home, stores) = stores();
    for store in stores {
        let (first, second) = (board(1), reissue(1, 1));
        let (uid, live) = (first.uid.clone(), first.certificate_serial);
        store
            .record(
                events(B, [first.intended(), first.issued()]),
                Durability::Durable,
            )
            .unwrap();
        store
            .record(events(B, [second.intended()]), Durability::Durable)
            .unwrap();
        let issue = events(B, [second.issued()]);
        let refused = refusal(store.record(issue.clone(), Durability::Checkpointed));
        assert_eq!(refused, Refusal::SecondLive { uid, live });
        let revoked = event(B, first.revoked(RevocationReason::Superseded));
        let together = [vec![revoked], issue].concat();
        store.record(together, Durability::Checkpointed).unwrap();
        let standing = store.standing(&first.uid).unwrap();
        let live = standing.live.unwrap().certificate;
        assert_eq!(live.certificate_serial(), second.certificate_serial);
        assert!(!standing.withdrawn);
    }
}

#[test]
fn nothing_is_intended_for_a_board_that_is_provisioned() {
    let (_home, stores) = stores();
    for store in stores {
        let (first, second) = (board(1), reissue(1, 1));
        store
            .record(events(B, first.whole_way()), Durability::Durable)
            .unwrap();
        let (uid, live) = (first.uid.clone(), first.certificate_serial);
        let intent = events(B, [second.intended()]);
        let refused = refusal(store.record(intent, Durability::Durable));
        assert_eq!(refused, Refusal::SecondLive { uid, live });
    }
}

#[test]
fn places_are_promised_once_and_given_back() {
    let (_home, stores) = stores();
    for store in stores {
        let (a, b, c) = (board(1), board(2), board(3));
        let name = super::fixture::batch(B);
        let first = store.reserve(&name, &a.uid).unwrap().unwrap();
        let again = store.reserve(&name, &a.uid).unwrap().unwrap();
        let second = store.reserve(&name, &b.uid).unwrap().unwrap();
        assert_eq!(first, again);
        assert_ne!(first, second);
        assert_eq!(
            store.reserve(&name, &c.uid).unwrap(),
            Err(NoPlace::BatchFull)
        );
        store.release(&name, &a.uid).unwrap();
        let third = store.reserve(&name, &c.uid).unwrap().unwrap();
        assert_eq!(
            third, first,
            "the serial was not used, so it is offered again"
        );
        // A verdict without an intent gives the place back too.
        let verdict = events(B, [c.verdict(VerdictCode::LinkLost)]);
        store.record(verdict, Durability::Durable).unwrap();
        assert!(store.reserve(&name, &a.uid).unwrap().is_ok());
        let unknown = super::fixture::batch("B-2");
        assert_eq!(
            store.reserve(&unknown, &a.uid).unwrap(),
            Err(NoPlace::BatchNotOpen)
        );
    }
}

#[test]
fn a_scanned_label_is_the_boards_own_and_no_other_boards() {
    let (_home, stores) = stores();
    for store in stores {
        let (a, b) = (board(1), board(2));
        let name = super::fixture::batch(B);
        let label = |text| crate::names::DeviceSerial::parse(text).unwrap();
        let reserve = |board: &super::fixture::Board, text| {
            let place = store.reserve_scanned(&name, &board.uid, &label(text));
            place.unwrap().map(|place| place.device_serial)
        };
        let taken = |text| {
            let scanned = label(text);
            Err(NoPlace::LabelTaken { scanned })
        };
        assert_eq!(reserve(&a, "SA-000777"), Ok(label("SA-000777")));
        // Promised to one board, not yet used.
        assert_eq!(reserve(&b, "SA-000777"), taken("SA-000777"));
        store.release(&name, &a.uid).unwrap();
        assert_eq!(reserve(&b, "SA-000777"), Ok(label("SA-000777")));
        store.release(&name, &b.uid).unwrap();
        // Once a board has a serial, its label is that one. Of another board it is refused with the intent.
        store
            .record(events(B, [a.intended()]), Durability::Durable)
            .unwrap();
        let own = a.device_serial.clone();
        assert_eq!(
            reserve(&a, "SA-000777"),
            Err(NoPlace::OtherLabel { own: own.clone() })
        );
        assert_eq!(reserve(&b, own.as_str()), Ok(own.clone()));
        let borrowed = super::fixture::Board {
            device_serial: own.clone(),
            ..b.clone()
        };
        let intended = events(B, [borrowed.intended()]);
        let refused = refusal(store.record(intended, Durability::Durable));
        let (serial, holder) = (own.clone(), a.uid.clone());
        assert_eq!(refused, Refusal::SerialOfAnother { serial, holder });
        assert_eq!(reserve(&a, own.as_str()), Ok(own));
    }
}

#[test]
fn a_batch_closes_when_no_board_is_unfinished() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    let a = board(1);
    let mut way = a.whole_way();
    let end = way.split_off(7);
    ledger.record(events(B, way), Durability::Durable).unwrap();
    match ledger.close_batch(closing(B)) {
        Err(LedgerError::Refused(Refusal::BatchUnfinished { in_doubt, .. })) => {
            assert_eq!(in_doubt, std::slice::from_ref(&a.uid));
        }
        other => panic!("{other:?}"),
    }
    ledger.record(events(B, end), Durability::Durable).unwrap();
    ledger.close_batch(closing(B)).unwrap();
    let late = events(B, [a.session_opened()]);
    let refused = refusal(ledger.record(late, Durability::Durable));
    assert_eq!(refused, Refusal::BatchNotOpen(super::fixture::batch(B)));
    drop(ledger);
    home.open().unwrap();
}

#[test]
fn a_held_batch_is_cleared_once_and_not_closed_before() {
    let (_home, ledger) = Home::create();
    ledger.open_batch(opening(B, 1)).unwrap();
    let record = |fact| ledger.record(events(B, [fact]), Durability::Durable);
    let clear = || {
        let reason = "fixture repaired".to_owned();
        let actor = super::fixture::actor();
        record(Fact::BatchHoldCleared { reason, actor })
    };
    let id = super::fixture::batch(B);
    assert_eq!(refusal(clear()), Refusal::BatchNotHeld(id.clone()));
    record(super::fixture::batch_hold()).unwrap();
    let refused = refusal(ledger.close_batch(closing(B)));
    assert_eq!(refused, Refusal::BatchHeld(id.clone()));
    clear().unwrap();
    assert_eq!(refusal(clear()), Refusal::BatchNotHeld(id));
    ledger.close_batch(closing(B)).unwrap();
}

#[test]
fn only_a_held_lane_is_cleared() {
    let (_home, ledger) = Home::create();
    ledger.open_batch(opening(B, 1)).unwrap();
    let lane = |name| crate::names::LaneName::parse(name).unwrap();
    let placed = Fact::HoldPlaced {
        lane: lane("left"),
        code: VerdictCode::KeyReused,
        detail: "two boards".to_owned(),
        ports: Vec::new(),
        rule: None,
    };
    let clear = |name| {
        let fact = Fact::HoldCleared {
            lane: lane(name),
            reason: "checked".to_owned(),
            actor: super::fixture::actor(),
        };
        ledger.record(events(B, [fact]), Durability::Durable)
    };
    let not_held = |name| assert_eq!(refusal(clear(name)), Refusal::NotHeld(lane(name)));
    not_held("left");
    ledger
        .record(events(B, [placed]), Durability::Durable)
        .unwrap();
    not_held("right");
    clear("left").unwrap();
    not_held("left");
}
