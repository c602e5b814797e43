//! A board that was begun, and then fails, keeps nothing; a forger in its place takes nothing from it.

use firmware_proto::{Direction, FrameReader, Response};
use simulator::board::VirtualBoard;
use simulator::fault::{Fault, Reading};
use simulator::power::Step as BoardStep;

use super::bench::{Bench, Copper, Wire};
use crate::encoding::Base64Bytes;
use crate::ledger::EventStore;
use crate::ledger::event::{Event, Fact};
use crate::ledger::standing::Durability;
use crate::names::{CertificateSerial, LaneName};
use crate::provisioning::Action;
use crate::verdict::VerdictCode;

/// Begins a good board and lets the station die before it records a fact of this kind.
fn begun(bench: &mut Bench, kind: &'static str) {
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    bench.die_at = Some(Box::new(move |action| match action {
        Action::Record { events, .. } => events.iter().any(|event| event.fact.kind() == kind),
        _ => false,
    }));
    assert_eq!(
        bench.run(&mut board, &mut Copper, None),
        None,
        "dies before {kind}"
    );
    bench.die_at = None;
}

/// The same board, with a fault.
fn again(bench: &mut Bench, fault: &Fault, expected: VerdictCode) {
    let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), fault);
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, expected, "{}", verdict.detail);
    assert_eq!(verdict.certificate_serial, None);
}

fn failures() -> [(Fault, VerdictCode); 3] {
    let high = Fault::Measurement {
        name: "vdd_3v3".to_owned(),
        value: Reading::Real(3.9),
    };
    [
        (
            Fault::TamperedImage {
                component: "APP".to_owned(),
            },
            VerdictCode::FwMeasurement,
        ),
        (high, VerdictCode::HwLimit),
        (Fault::RequestSignature {}, VerdictCode::KeySignature),
    ]
}

#[test]
fn a_board_that_fails_after_issuing_loses_its_certificate() {
    for (fault, expected) in failures() {
        let mut bench = Bench::new(10);
        begun(&mut bench, "grant-signed");
        assert_eq!((bench.issued(), bench.revoked()), (1, 0));
        again(&mut bench, &fault, expected);
        assert_eq!((bench.issued(), bench.revoked()), (1, 1), "{fault:?}");
        assert!(bench.close_batch(), "{fault:?}");
    }
}

#[test]
fn a_board_that_fails_after_its_intent_loses_its_place() {
    for (fault, expected) in failures() {
        let mut bench = Bench::new(10);
        begun(&mut bench, "certificate-issued");
        again(&mut bench, &fault, expected);
        let voided = bench.count(|fact| matches!(fact, Fact::IntentVoided { .. }));
        assert_eq!((bench.issued(), voided), (0, 1), "{fault:?}");
        assert!(bench.close_batch(), "{fault:?}");
    }
}

#[test]
fn who_only_claims_to_be_the_board_takes_nothing_from_it() {
    let mut bench = Bench::new(10);
    begun(&mut bench, "grant-signed");
    again(
        &mut bench,
        &Fault::ForeignAttestationKey {},
        VerdictCode::AttKeyUnknown,
    );
    assert_eq!(bench.revoked(), 0);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    assert_eq!(bench.provision(&mut board).code, VerdictCode::Pass);
    assert_eq!(bench.issued() - bench.revoked(), 1);
}

#[test]
fn a_failed_board_may_be_mended_and_passes_then() {
    let mut bench = Bench::new(10);
    begun(&mut bench, "grant-signed");
    let (fault, expected) = &failures()[1];
    again(&mut bench, fault, *expected);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    assert_eq!(bench.provision(&mut board).code, VerdictCode::Pass);
    assert_eq!((bench.issued(), bench.revoked()), (2, 1));
}

#[test]
fn patience_has_an_end() {
    let mut bench = Bench::new(10);
    let fault = Fault::Slow {
        step: BoardStep::Attest,
        times: u32::MAX,
        retry_ms: 10_000,
    };
    let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::LinkLost, "{}", verdict.detail);
    let most = bench.context.timing.session_ms + bench.context.timing.exchange_ms;
    assert!(verdict.duration_ms <= most, "{} ms", verdict.duration_ms);
}

/// Loses the port instead of the n-th thing that is sent.
fn port_lost_at_send(nth: usize) -> (Bench, crate::provisioning::Verdict) {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let mut sent = 0;
    bench.lose_port_at = Some(Box::new(move |action| {
        sent += usize::from(matches!(action, Action::Send(_)));
        sent == nth
    }));
    let verdict = bench.provision(&mut board);
    (bench, verdict)
}

#[test]
fn a_port_that_goes_leaves_a_verdict_at_once() {
    let expected = [
        (2, VerdictCode::LinkLost),
        (4, VerdictCode::LinkLost),
        (7, VerdictCode::LinkLost),
        (8, VerdictCode::InDoubt),
    ];
    for (nth, expected) in expected {
        let (bench, verdict) = port_lost_at_send(nth);
        assert_eq!(verdict.code, expected, "{nth}: {}", verdict.detail);
        assert_eq!(
            bench.count(|fact| matches!(fact, Fact::VerdictReached { .. })),
            1,
            "{nth}"
        );
        assert_eq!(bench.revoked(), 0, "{nth}: the board can still be finished");
    }
}

#[test]
fn a_board_on_two_lanes_is_refused_on_the_second_and_keeps_what_it_has() {
    let mut bench = Bench::new(10);
    begun(&mut bench, "grant-signed");
    bench.elsewhere = Some(LaneName::parse("lane1").unwrap());
    let old = Fault::FirmwareVersion {
        component: "APP".to_owned(),
        version: "2.4.0".to_owned(),
    };
    let twins = [
        (Fault::None {}, VerdictCode::UidReused),
        (old, VerdictCode::FwVersion),
    ];
    for (fault, expected) in twins {
        let mut twin = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
        assert_eq!(bench.provision(&mut twin).code, expected);
        assert_eq!(bench.revoked(), 0, "the board on the other lane is in work");
    }
}

#[test]
fn nonsense_in_answer_to_a_commit_decides_nothing() {
    let mut bench = Bench::new(10);
    let fault = Fault::WrongAnswer {
        answer: BoardStep::AnswerReceipt,
    };
    let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::InDoubt, "{}", verdict.detail);
    assert_eq!(bench.revoked(), 0);
    assert!(!bench.close_batch());
}

#[test]
fn answers_may_take_longer_than_the_pause_between_two_greetings() {
    /// Each `Identity` waits until the station has said `Hello` once more.
    #[derive(Default)]
    struct Slow(std::collections::VecDeque<Vec<u8>>);
    impl Wire for Slow {
        fn to_station(&mut self, bytes: Vec<u8>) -> Vec<u8> {
            let mut reader = FrameReader::new(Direction::ToStation);
            let frame = reader
                .push(&mut bytes.as_slice())
                .map(|frame| frame.body.to_vec());
            let identity = frame
                .is_some_and(|body| matches!(Response::decode(&body), Ok(Response::Identity(_))));
            if identity {
                self.0.push_back(bytes);
                return if self.0.len() > 1 {
                    self.0.pop_front().unwrap()
                } else {
                    Vec::new()
                };
            }
            bytes
        }
    }
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let verdict = bench
        .run(&mut board, &mut Slow::default(), None)
        .expect("a verdict");
    assert_eq!(verdict.code, VerdictCode::Pass, "{}", verdict.detail);
}

/// A board that has locked itself, and the events that the station died with: its receipt, its verdict.
fn locked_unnoticed(bench: &mut Bench) -> (VirtualBoard, Vec<Event>) {
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let lost = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let kept = lost.clone();
    bench.die_at = Some(Box::new(move |action| match action {
        Action::Record { events, .. } if events[0].fact.kind() == "provisioned" => {
            kept.borrow_mut().clone_from(events);
            true
        }
        _ => false,
    }));
    assert_eq!(bench.run(&mut board, &mut Copper, None), None);
    bench.die_at = None;
    board.reboot();
    (board, lost.take())
}

/// A successor for the board's live certificate, for a key that it says to have made.
fn successor(bench: &Bench) -> Event {
    let issued = bench.store.events().into_iter().find_map(|event| {
        let Fact::CertificateIntended {
            uid, device_serial, ..
        } = &event.fact
        else {
            return None;
        };
        let fact = Fact::CertificateIntended {
            uid: uid.clone(),
            certificate_serial: CertificateSerial::from_random([0x55; 16]).unwrap(),
            device_serial: device_serial.clone(),
            key: crate::encoding::sha256(b"another key").into(),
            tbs: Base64Bytes(vec![0x30, 0]),
        };
        Some(Event { fact, ..event })
    });
    issued.expect("a certificate was intended")
}

#[test]
fn what_was_intended_for_a_locked_board_is_given_up_when_it_has_proven_itself() {
    for (noticed, expected) in [
        (false, VerdictCode::Pass),
        (true, VerdictCode::AlreadyProvisioned),
    ] {
        let mut bench = Bench::new(10);
        let (mut board, lost) = locked_unnoticed(&mut bench);
        let intent = successor(&bench);
        bench
            .store
            .record(vec![intent], Durability::Durable)
            .unwrap();
        if noticed {
            bench.store.record(lost, Durability::Durable).unwrap();
        }
        assert!(!bench.close_batch(), "{expected}: an intent is open");
        let verdict = bench.provision(&mut board);
        assert_eq!(verdict.code, expected, "{}", verdict.detail);
        let voided = bench.count(|fact| matches!(fact, Fact::IntentVoided { .. }));
        assert_eq!((voided, bench.issued(), bench.revoked()), (1, 1, 0));
        assert!(bench.close_batch(), "{expected}");
    }
}

/// Nobody has proven anything yet: what was intended stays.
#[test]
fn a_locked_board_that_proves_nothing_voids_nothing() {
    let mut bench = Bench::new(10);
    let _ = locked_unnoticed(&mut bench);
    let intent = successor(&bench);
    bench
        .store
        .record(vec![intent], Durability::Durable)
        .unwrap();
    let fault = Fault::SilentFrom {
        answer: BoardStep::AnswerProof,
    };
    let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
    bench.provision(&mut board);
    let voided = bench.count(|fact| matches!(fact, Fact::IntentVoided { .. }));
    assert_eq!(voided, 0);
}

/// It is the same silicon, and its generator gives another key than the first time.
#[test]
fn a_board_that_lost_its_key_gets_one_certificate_for_the_new_one() {
    for (kind, expected) in [
        ("grant-signed", (2, 1, 0)),
        ("certificate-issued", (1, 0, 1)),
    ] {
        let mut bench = Bench::new(10);
        begun(&mut bench, kind);
        let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &Fault::SharedKey {});
        let verdict = bench.provision(&mut board);
        assert_eq!(verdict.code, VerdictCode::Pass, "{kind}: {verdict:?}");
        let voided = bench.count(|fact| matches!(fact, Fact::IntentVoided { .. }));
        assert_eq!(
            (bench.issued(), bench.revoked(), voided),
            expected,
            "{kind}"
        );
    }
}

#[test]
fn what_the_ledger_knows_of_a_uid_outlives_its_identity() {
    // Withdrawn after it had passed.
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let verdict = bench.provision(&mut board);
    let fact = Fact::CertificateRevoked {
        uid: verdict.uid.unwrap(),
        certificate_serial: verdict.certificate_serial.unwrap(),
        reason: crate::ledger::event::RevocationReason::KeyCompromise,
        detail: "recalled".to_owned(),
    };
    let last = bench.store.events().pop().unwrap();
    let event = Event { fact, ..last };
    bench
        .store
        .record(vec![event], Durability::Durable)
        .unwrap();
    board.reboot();
    assert_eq!(bench.provision(&mut board).code, VerdictCode::Revoked);

    // Attested before under another key.
    let mut bench = Bench::new(10);
    let mut other = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &other.owner_key());
    other.provision(&mut board);
    let mut first = other
        .store
        .events()
        .into_iter()
        .find(|event| matches!(event.fact, Fact::EvidenceAppraised { .. }))
        .unwrap();
    if let Fact::EvidenceAppraised { instance_id, .. } = &mut first.fact {
        *instance_id = Some(crate::encoding::Hex(vec![1; 33]));
    }
    bench
        .store
        .record(vec![first], Durability::Durable)
        .unwrap();
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    assert_eq!(bench.provision(&mut board).code, VerdictCode::UidReused);
    assert_eq!(bench.issued(), 0);
}
