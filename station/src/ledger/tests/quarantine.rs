//! Boards that QA has set aside.

use super::{B, refusal, stores};
use crate::ledger::error::Refusal;
use crate::ledger::event::{Event, Fact, RevocationReason};
use crate::ledger::fixture::{Board, Home, board, event, events, opening};
use crate::ledger::standing::{Durability, LiveStage, Recorded};
use crate::ledger::{EventStore, LedgerError, Reader};
use crate::verdict::VerdictCode;

fn of_the_station(fact: Fact) -> Event {
    Event {
        batch: None,
        session: None,
        ..event(B, fact)
    }
}

fn record(store: &dyn EventStore, fact: Fact) -> Result<Recorded, LedgerError> {
    let event = match &fact {
        Fact::BoardQuarantined(_) | Fact::BoardReleased(_) => of_the_station(fact),
        _ => event(B, fact),
    };
    store.record(vec![event], Durability::Durable)
}

/// What a board must not get, each with what goes before it.
fn steps(board: &Board) -> [(Vec<Fact>, Fact); 4] {
    [
        (vec![board.appraised(1)], board.intended()),
        (vec![board.appraised(1), board.intended()], board.issued()),
        (
            vec![board.appraised(1), board.intended(), board.issued()],
            board.granted(),
        ),
        (
            vec![
                board.appraised(1),
                board.intended(),
                board.issued(),
                board.granted(),
                board.proven(),
            ],
            board.committed(),
        ),
    ]
}

#[test]
fn a_quarantined_board_gets_nothing_until_it_is_released() {
    for step in 0..4 {
        let (_home, stores) = stores();
        for store in stores {
            let store = store.as_ref();
            let a = board(1);
            let [(before, wanted)] = &mut steps(&a)[step..=step] else {
                panic!("a step")
            };
            let before = events(B, std::mem::take(before));
            store.record(before, Durability::Durable).unwrap();
            record(store, a.quarantined()).unwrap();
            let standing = store.standing(&a.uid).unwrap();
            assert_eq!(standing.quarantined.as_deref(), Some("lot 7"));
            let refused = refusal(record(store, wanted.clone()));
            assert_eq!(refused, Refusal::Quarantined(a.uid.clone()), "{wanted:?}");
            assert_eq!(refused.code(), Some(VerdictCode::Quarantined));
            // Another board is none the worse for it.
            let b = board(2);
            record(store, b.intended()).unwrap();
            record(store, a.released()).unwrap();
            let released = store.standing(&a.uid).unwrap();
            assert_eq!(released.quarantined, None);
            assert_eq!(
                (released.live, released.intent),
                (standing.live, standing.intent)
            );
            record(store, wanted.clone()).unwrap();
        }
    }
}

#[test]
fn what_a_quarantined_board_has_done_is_recorded_all_the_same() {
    let (_home, stores) = stores();
    for store in stores {
        let store = store.as_ref();
        let a = board(1);
        let way = [
            a.intended(),
            a.issued(),
            a.granted(),
            a.proven(),
            a.committed(),
        ];
        store.record(events(B, way), Durability::Durable).unwrap();
        record(store, a.quarantined()).unwrap();
        record(store, a.provisioned()).unwrap();
        record(store, a.verdict(VerdictCode::Pass)).unwrap();
        let live = store.standing(&a.uid).unwrap().live.unwrap();
        assert_eq!(live.stage, LiveStage::Provisioned);
        record(store, a.revoked(RevocationReason::KeyCompromise)).unwrap();
        let standing = store.standing(&a.uid).unwrap();
        assert!(standing.withdrawn && standing.quarantined.is_some());
    }
}

#[test]
fn only_a_known_board_is_quarantined_and_only_a_quarantined_one_released() {
    let (_home, stores) = stores();
    for store in stores {
        let store = store.as_ref();
        let a = board(1);
        let unknown = refusal(record(store, a.quarantined()));
        assert_eq!(unknown, Refusal::UnknownBoard(a.uid.clone()));
        record(store, a.intended()).unwrap();
        let free = refusal(record(store, a.released()));
        assert_eq!(free, Refusal::NotQuarantined(a.uid.clone()));
        record(store, a.quarantined()).unwrap();
        let twice = refusal(record(store, a.quarantined()));
        assert_eq!(twice, Refusal::Quarantined(a.uid.clone()));
        // Neither belongs to a batch, though the rest be right.
        for fact in [a.released(), a.quarantined()] {
            let kind = fact.kind();
            let in_a_batch = store.record(events(B, [fact.clone()]), Durability::Durable);
            assert_eq!(refusal(in_a_batch), Refusal::UnwantedBatch(kind));
            record(store, fact).unwrap();
        }
        // One request may take it back and set it aside again.
        let both = [a.released(), a.quarantined()].map(of_the_station).to_vec();
        store.record(both, Durability::Durable).unwrap();
    }
}

#[test]
fn a_quarantine_outlasts_a_start_and_is_in_the_history() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    let a = board(1);
    record(&ledger, a.intended()).unwrap();
    let at = record(&ledger, a.quarantined()).unwrap().first_index;
    drop(ledger);
    let again = home.open().unwrap();
    assert!(again.standing(&a.uid).unwrap().quarantined.is_some());
    let reader = Reader::open(&home.path()).unwrap();
    assert_eq!(
        reader.device(&a.uid).unwrap().unwrap().quarantined_at,
        Some(at)
    );
    let last = reader.history(&a.uid).last().unwrap().unwrap();
    assert_eq!(last.0, at);
    drop(again);
    // Whoever lifts it in the file alone is found out.
    home.tamper("UPDATE device SET quarantined = NULL");
    assert!(matches!(home.open(), Err(LedgerError::Damaged(_))));
}
