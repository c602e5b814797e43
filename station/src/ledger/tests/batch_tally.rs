//! What a closing counts, as a manifest will show it, and which boards of a batch can be scrapped.

use firmware_proto::Uid;

use super::*;
use crate::encoding::Hex;
use crate::ledger::event::{
    BatchTally, BatchTermsRecord, Event, Fact, FurtherTally, RevocationReason, ScrappingRecord,
};
use crate::ledger::fixture::{Board, actor, batch_hold, reissue};
use crate::verdict::VerdictCode;

/// These events in a session of that number.
fn session(number: u8, facts: impl IntoIterator<Item = Fact>) -> Vec<Event> {
    let mut events = events(B, facts);
    for one in &mut events {
        one.session = Some(Hex(vec![number; 16]));
    }
    events
}

fn scrapped(uid: &Uid) -> Vec<Event> {
    let record = ScrappingRecord {
        uid: uid.clone(),
        reason: "cracked".to_owned(),
        actor: actor(),
    };
    let mut events = events(B, [Fact::BoardScrapped(record)]);
    events[0].session = None;
    events
}

/// Evidence that ends before anything is proven, whatever UID stands beside it.
fn unproven(board: &Board, instance: u8) -> Fact {
    let mut fact = board.appraised(instance);
    if let Fact::EvidenceAppraised { code, .. } = &mut fact {
        *code = VerdictCode::AttSignature;
    }
    fact
}

fn tally(ledger: &MemoryStore) -> BatchTally {
    ledger.close_batch(closing(B)).unwrap();
    let facts = ledger.events().into_iter().map(|event| event.fact);
    let mut closed = facts.filter_map(|fact| match fact {
        Fact::BatchClosed { tally, .. } => tally,
        _ => None,
    });
    closed.next_back().unwrap()
}

#[test]
fn a_closing_counts_what_a_manifest_must_show() {
    let ledger = MemoryStore::new();
    let record = |events| ledger.record(events, Durability::Durable).unwrap();
    ledger.open_batch(opening(B, 5)).unwrap();
    record(events(
        B,
        [Fact::BatchTermsRecorded(BatchTermsRecord {
            work_order_file: Some(Hex(vec![4; 32])),
            shifts: Vec::new(),
        })],
    ));
    record(session(1, board(1).whole_way()));
    // Good, and withdrawn; by nobody's batch.
    record(session(2, reissue(2, 2).whole_way_showing(2)));
    let mut withdrawn = events(B, [reissue(2, 2).revoked(RevocationReason::KeyCompromise)]);
    (withdrawn[0].batch, withdrawn[0].session) = (None, None);
    record(withdrawn);
    // Only claimed; claimed and proven to be another; proven by the evidence, and ended by a code that proves nothing.
    let (third, fourth, fifth) = (board(3), board(4), board(5));
    record(session(3, [third.session_opened(), unproven(&third, 3)]));
    record(session(
        4,
        [
            third.session_opened(),
            fourth.appraised(4),
            fourth.verdict_without_certificate(VerdictCode::FwVersion),
        ],
    ));
    record(session(
        5,
        [
            fifth.session_opened(),
            fifth.appraised(5),
            fifth.verdict_without_certificate(VerdictCode::AttNonce),
        ],
    ));
    record(scrapped(&fourth.uid));
    let cleared = Fact::BatchHoldCleared {
        reason: "checked".to_owned(),
        actor: actor(),
    };
    record(events(B, [batch_hold(), cleared]));
    let expected = BatchTally {
        sessions: 5,
        verdicts: 4,
        certificates_issued: 2,
        provisioned: 2,
        scrapped: 1,
        further: Some(FurtherTally {
            revoked: 1,
            proven: 4,
            terms: 1,
            holds_cleared: 1,
        }),
    };
    assert_eq!(tally(&ledger), expected);
}

/// Whoever was presented, by claim or by proof: a manifest shows also those that have no row.
#[test]
fn only_boards_that_were_presented_are_scrapped() {
    let ledger = MemoryStore::new();
    let record = |events| ledger.record(events, Durability::Durable);
    ledger.open_batch(opening(B, 2)).unwrap();
    let (claimed, proven) = (board(1), board(2));
    for uid in [&claimed.uid, &proven.uid] {
        let refused = refusal(record(scrapped(uid)));
        let Refusal::NotScrapped { why, .. } = refused else {
            panic!("{refused}")
        };
        assert!(why.contains("never presented in this batch"), "{why}");
    }
    record(session(1, [claimed.session_opened(), proven.appraised(2)])).unwrap();
    for uid in [&claimed.uid, &proven.uid] {
        record(scrapped(uid)).unwrap();
        assert!(matches!(
            refusal(record(scrapped(uid))),
            Refusal::NotScrapped { .. }
        ));
    }
}
