//! The writer's rules that tie events to their batch, each broken by one event and nothing else.

use super::*;
use crate::encoding::{Hex, sha256};
use crate::ledger::event::{BatchTally, Event, Fact, FurtherTally};
use crate::ledger::fixture::{Board, actor, batch};

const OTHER: &str = "B-2";

/// Two open batches, and what has happened in the first.
fn ledger(before: Vec<Fact>) -> MemoryStore {
    let ledger = MemoryStore::new();
    ledger.open_batch(opening(B, 2)).unwrap();
    ledger.open_batch(opening(OTHER, 2)).unwrap();
    if !before.is_empty() {
        ledger
            .record(events(B, before), Durability::Durable)
            .unwrap();
    }
    ledger
}

#[track_caller]
fn refused(before: Vec<Fact>, event: Event) -> Refusal {
    refusal(ledger(before).record(vec![event], Durability::Durable))
}

/// The board's way up to and without the fact of that kind.
fn until(board: &Board, kind: &str) -> Vec<Fact> {
    let way = board.whole_way().into_iter();
    way.take_while(|fact| fact.kind() != kind).collect()
}

#[test]
fn what_was_begun_in_one_batch_does_not_go_on_in_another() {
    let one = board(1);
    let serial = one.certificate_serial;
    for (kind, fact, expected) in [
        (
            "certificate-issued",
            one.issued(),
            Refusal::NoIntent(serial),
        ),
        (
            "certificate-issued",
            one.voided(),
            Refusal::NoIntent(serial),
        ),
        ("grant-signed", one.granted(), Refusal::NotLive(serial)),
        ("provisioned", one.provisioned(), Refusal::NotLive(serial)),
    ] {
        let before = until(&one, kind);
        assert_eq!(refused(before, event(OTHER, fact)), expected, "{kind}");
    }
}

#[test]
fn a_certificate_bears_the_serial_that_was_intended() {
    let one = board(1);
    let other = reissue(1, 7);
    let renumbered = Board {
        certificate_serial: other.certificate_serial,
        ..one.clone()
    };
    let before = until(&one, "certificate-issued");
    let expected = Refusal::NoIntent(other.certificate_serial);
    let fact = renumbered.issued();
    assert_eq!(refused(before.clone(), event(B, fact)), expected);
    assert_eq!(refused(before, event(B, renumbered.voided())), expected);
}

#[test]
fn a_board_is_provisioned_once() {
    let one = board(1);
    let before = until(&one, "verdict-reached");
    let expected = Refusal::NotLive(one.certificate_serial);
    assert_eq!(refused(before, event(B, one.provisioned())), expected);
}

#[test]
fn a_key_is_named_by_its_digest() {
    let unnamed = Board {
        key: Hex(vec![1; 31]),
        ..board(1)
    };
    let expected = Refusal::NotADigest("key");
    let fact = unnamed.intended();
    assert_eq!(refused(Vec::new(), event(B, fact)), expected);
}

#[test]
fn a_ledger_is_opened_once_and_in_no_batch() {
    for batch in [None, Some(batch(B))] {
        let ledger = ledger(Vec::new());
        let first = ledger.events().swap_remove(0);
        let event = Event { batch, ..first };
        let refused = refusal(ledger.record(vec![event], Durability::Durable));
        assert_eq!(refused, Refusal::LedgerOpening);
    }
}

#[test]
fn a_profile_is_adopted_whole_and_in_no_batch() {
    let adopted = |change: fn(&mut Event)| {
        let ledger = ledger(Vec::new());
        let is_one = |event: &Event| matches!(event.fact, Fact::ProfileAdopted { .. });
        let mut event = ledger.events().into_iter().find(is_one).unwrap();
        change(&mut event);
        refusal(ledger.record(vec![event], Durability::Durable))
    };
    let wrong = adopted(|event| event.batch = Some(batch(B)));
    assert_eq!(wrong, Refusal::UnwantedBatch("profile-adopted"));
    let wrong = adopted(|event| {
        if let Fact::ProfileAdopted { text, .. } = &mut event.fact {
            text.push('\n');
        }
    });
    assert_eq!(wrong, Refusal::ProfileDigest);
}

#[test]
fn a_batch_is_opened_once() {
    let again = ledger(Vec::new()).open_batch(opening(B, 2)).unwrap_err();
    assert!(
        matches!(again, LedgerError::Refused(Refusal::BatchExists(_))),
        "{again}"
    );
}

#[test]
fn a_session_has_a_name() {
    let nameless = Event {
        session: None,
        ..event(B, board(1).session_opened())
    };
    let refused = refused(Vec::new(), nameless);
    assert!(matches!(refused, Refusal::NoBatch(_)), "{refused}");
}

/// In doubt, unfinished, intended: each alone stands in the way.
#[test]
fn a_batch_is_closed_when_nothing_of_it_is_open() {
    let one = board(1);
    for (kind, open) in [
        ("certificate-issued", (0, 0, 1)),
        ("commit-signed", (0, 1, 0)),
        ("provisioned", (1, 0, 0)),
    ] {
        let ledger = ledger(until(&one, kind));
        let refused = ledger.close_batch(closing(B)).unwrap_err();
        let LedgerError::Refused(Refusal::BatchUnfinished {
            in_doubt,
            unfinished,
            intents,
            ..
        }) = refused
        else {
            panic!("{kind}: {refused}")
        };
        let found = (in_doubt.len(), unfinished.len(), intents.len());
        assert_eq!(found, open, "{kind}");
    }
}

/// Count and head are the batch's own, each by itself.
#[test]
fn a_closing_is_refused_for_its_count_or_its_head_alone() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    ledger
        .record(events(B, board(1).whole_way()), Durability::Durable)
        .unwrap();
    let connection = rusqlite::Connection::open(home.path()).unwrap();
    let sql = "SELECT next_seq, head FROM batch";
    let (count, head): (u32, Vec<u8>) = connection
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    drop(connection);
    let (count, head) = (u64::from(count), Hex(head));
    let close = |count, head: &Hex, tally| {
        let fact = Fact::BatchClosed {
            count,
            head: head.clone(),
            actor: actor(),
            tally,
        };
        ledger.record(vec![event(B, fact)], Durability::Durable)
    };
    let other = sha256(b"another head").into();
    for (count, head) in [(count - 1, &head), (count + 1, &head), (count, &other)] {
        let expected = Refusal::BatchHead(batch(B));
        assert_eq!(refusal(close(count, head, None)), expected, "{count}");
    }
    let mut tally = BatchTally {
        sessions: 1,
        verdicts: 1,
        certificates_issued: 1,
        provisioned: 1,
        scrapped: 0,
        further: Some(FurtherTally {
            proven: 1,
            ..FurtherTally::default()
        }),
    };
    let other = |change: fn(&mut BatchTally, &mut FurtherTally)| {
        let mut other = tally;
        let mut further = tally.further.unwrap();
        change(&mut other, &mut further);
        other.further = Some(further);
        let expected = Refusal::BatchTally(batch(B));
        assert_eq!(refusal(close(count, &head, Some(other))), expected);
    };
    other(|tally, _| tally.sessions = 2);
    other(|tally, _| tally.verdicts = 0);
    other(|tally, _| tally.certificates_issued = 0);
    other(|tally, _| tally.provisioned = 0);
    other(|tally, _| tally.scrapped = 1);
    other(|_, further| further.revoked = 1);
    other(|_, further| further.proven = 0);
    other(|_, further| further.terms = 1);
    other(|_, further| further.holds_cleared = 1);
    // A closing of before the further ones were counted tells less, and no lie.
    tally.further = None;
    close(count, &head, Some(tally)).unwrap();
}

/// A request is done whole or not at all, also where it is alone in its transaction.
#[test]
fn a_request_that_breaks_a_rule_leaves_nothing() {
    let one = board(1);
    let ledger = ledger(Vec::new());
    let before = ledger.events().len();
    let good_then_bad = events(B, [one.session_opened(), one.issued()]);
    refusal(ledger.record(good_then_bad, Durability::Durable));
    assert_eq!(ledger.events().len(), before);
}
