//! The writer's rules one by one, each with an event that breaks it and nothing else.

use super::*;
use crate::encoding::Base64Bytes;
use crate::ledger::event::Fact;
use crate::ledger::fixture::{Board, actor, batch};

/// What becomes of `facts` after `before`.
#[track_caller]
fn refuse(before: &[Fact], fact: impl Into<Fact>) -> Refusal {
    let fact = fact.into();
    let mut refusals = stores().1.into_iter().map(|store| {
        store
            .record(events(B, before.to_vec()), Durability::Durable)
            .unwrap();
        refusal(store.record(events(B, [fact.clone()]), Durability::Durable))
    });
    let first = refusals.next().unwrap();
    assert_eq!(refusals.next().as_ref(), Some(&first), "the fake agrees");
    first
}

/// The board's way up to and without the fact of that kind.
fn until(board: &Board, kind: &str) -> Vec<Fact> {
    let way = board.whole_way().into_iter();
    way.take_while(|fact| fact.kind() != kind).collect()
}

#[test]
fn serials_and_keys_belong_to_one_board() {
    let (one, two) = (board(1), board(2));
    let before = until(&one, "certificate-issued");
    let holder = one.uid.clone();
    let borrowed = Board {
        device_serial: one.device_serial.clone(),
        ..two.clone()
    };
    let expected = Refusal::SerialOfAnother {
        serial: one.device_serial.clone(),
        holder: holder.clone(),
    };
    assert_eq!(refuse(&before, borrowed.intended()), expected);
    let borrowed = Board {
        key: one.key.clone(),
        ..two.clone()
    };
    let uid = two.uid.clone();
    let expected = Refusal::KeyOfAnother { uid, holder };
    assert_eq!(refuse(&before, borrowed.intended()), expected);
}

#[test]
fn a_certificate_is_what_was_intended() {
    let one = board(1);
    let before = until(&one, "certificate-issued");
    let none = Refusal::NoIntent(one.certificate_serial);
    let other_serial = Board {
        device_serial: board(2).device_serial,
        ..one.clone()
    };
    assert_eq!(refuse(&before, other_serial.issued()), none);
    let other_key = Board {
        key: board(2).key,
        ..one.clone()
    };
    assert_eq!(refuse(&before, other_key.issued()), none);
    let mut other = one.issued();
    if let Fact::CertificateIssued { certificate, .. } = &mut other {
        let Base64Bytes(der) = certificate;
        der[6] ^= 1;
    }
    let expected = Refusal::OtherTbs(one.certificate_serial);
    assert_eq!(refuse(&before, other), expected);
}

#[test]
fn each_step_waits_for_the_one_before() {
    let one = board(1);
    let steps = [
        ("grant-signed", one.proven()),
        ("proof-verified", one.committed()),
        ("commit-signed", one.provisioned()),
        ("provisioned", one.verdict(VerdictCode::Pass)),
    ];
    for (missing, fact) in steps {
        let serial = one.certificate_serial;
        let expected = Refusal::OutOfOrder { serial, missing };
        assert_eq!(refuse(&until(&one, missing), fact), expected);
    }
    let renamed = Board {
        device_serial: board(2).device_serial,
        ..one.clone()
    };
    let expected = Refusal::NotLive(one.certificate_serial);
    let before = until(&one, "provisioned");
    assert_eq!(refuse(&before, renamed.provisioned()), expected);
}

#[test]
fn a_closing_states_count_and_head() {
    let one = board(1);
    let whole = one.whole_way();
    let closing = |count, head| Fact::BatchClosed {
        count,
        head,
        actor: actor(),
        tally: None,
    };
    let expected = Refusal::BatchHead(batch(B));
    let wrong = crate::encoding::sha256(b"another head");
    // The opening and nine events of the board.
    for count in [9, 10, 11] {
        assert_eq!(refuse(&whole, closing(count, wrong.into())), expected);
    }
}

/// Batches of one product draw from one pattern.
#[test]
fn one_serial_is_not_promised_in_two_batches() {
    let (_home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    ledger.open_batch(opening("B-2", 2)).unwrap();
    let of = |name, number| {
        let place = ledger.reserve(&batch(name), &board(number).uid);
        place.unwrap().unwrap().device_serial
    };
    assert_ne!(of(B, 1), of("B-2", 2));
}
