//! Boards that QA has set aside: met on a line, and met as somebody else.

use simulator::blueprint::Blueprint;
use simulator::board::VirtualBoard;
use simulator::conduct::Conduct;
use simulator::fault::{Fault, Reading};
use simulator::seed::Seed;

use super::bench::{Bench, Copper, actor};
use crate::clock::UtcMillis;
use crate::ledger::EventStore;
use crate::ledger::event::{Event, Fact, QuarantineRecord, RevocationReason};
use crate::ledger::standing::Durability;
use crate::provisioning::Action;
use crate::verdict::VerdictCode;

fn record(bench: &Bench, board: &VirtualBoard, fact: fn(QuarantineRecord) -> Fact) {
    let record = QuarantineRecord {
        uid: board.uid().clone(),
        reason: "lot 7".to_owned(),
        actor: actor(),
    };
    let event = Event {
        time: UtcMillis(0),
        batch: None,
        session: None,
        fact: fact(record),
    };
    bench
        .store
        .record(vec![event], Durability::Durable)
        .unwrap();
}

fn old_firmware() -> Fault {
    Fault::FirmwareVersion {
        component: "APP".to_owned(),
        version: "2.4.0".to_owned(),
    }
}

/// The codes of a board, in two batches: first, and when it comes back. In between it may be quarantined and
/// released.
fn codes(also: &Fault, revoked: bool, quarantined: bool) -> [VerdictCode; 2] {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), also);
    let first = bench.provision(&mut board).code;
    if revoked {
        bench.revoke_live(board.uid(), RevocationReason::KeyCompromise);
    }
    assert!(bench.close_batch());
    bench.open_another("BATCH-2", 10);
    board.reboot();
    if quarantined {
        set_aside_meanwhile(&mut bench, &mut board);
    }
    [first, bench.provision(&mut board).code]
}

/// The board comes to the line while it is quarantined, and stays in its boot.
fn set_aside_meanwhile(bench: &mut Bench, board: &mut VirtualBoard) {
    record(bench, board, Fact::BoardQuarantined);
    let uid = board.uid().clone();
    let standing = |bench: &Bench| {
        let standing = bench.store.standing(&uid).unwrap();
        (standing.live, standing.intent, standing.withdrawn)
    };
    let (before, issued) = (standing(bench), bench.issued());
    let verdict = bench.run(board, &mut Copper, None).unwrap();
    assert_eq!(verdict.code, VerdictCode::Quarantined, "{verdict:?}");
    assert!(verdict.detail.contains("lot 7"), "{}", verdict.detail);
    assert_eq!(standing(bench), before);
    assert_eq!(bench.issued(), issued);
    record(bench, board, Fact::BoardReleased);
}

#[test]
fn a_quarantined_board_is_refused_and_then_is_what_it_was() {
    use VerdictCode::{AlreadyProvisioned, FwVersion, HwLimit, LockRefused, Pass, Revoked};
    let high = Fault::Measurement {
        name: "vdd_3v3".to_owned(),
        value: Reading::Real(3.9),
    };
    let (good, unlocked) = (Fault::None {}, Fault::LockFails {});
    for (fault, revoked, expected) in [
        (&good, false, [Pass, AlreadyProvisioned]),
        (&good, true, [Pass, Revoked]),
        (&old_firmware(), false, [FwVersion, FwVersion]),
        (&high, false, [HwLimit, HwLimit]),
        (&unlocked, false, [LockRefused, Revoked]),
    ] {
        for quarantined in [false, true] {
            let codes = codes(fault, revoked, quarantined);
            assert_eq!(codes, expected, "{fault:?} {quarantined}");
        }
    }
}

#[test]
fn a_board_that_is_quarantined_in_the_middle_keeps_what_was_begun() {
    for kind in [
        "certificate-intended",
        "certificate-issued",
        "grant-signed",
        "commit-signed",
    ] {
        let mut bench = Bench::new(10);
        let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
        // QA is faster than the station, which dies here.
        bench.die_at = Some(Box::new(move |action| match action {
            Action::Record { events, .. } => events.iter().any(|one| one.fact.kind() == kind),
            _ => false,
        }));
        assert_eq!(bench.run(&mut board, &mut Copper, None), None, "{kind}");
        bench.die_at = None;
        record(&bench, &board, Fact::BoardQuarantined);
        let verdict = bench.provision(&mut board);
        assert_eq!(
            verdict.code,
            VerdictCode::Quarantined,
            "{kind}: {verdict:?}"
        );
        let voided = bench.count(|fact| matches!(fact, Fact::IntentVoided { .. }));
        assert_eq!((bench.revoked(), voided), (0, 0), "{kind}");
        record(&bench, &board, Fact::BoardReleased);
        assert_eq!(
            bench.provision(&mut board).code,
            VerdictCode::Pass,
            "{kind}"
        );
        assert_eq!(bench.issued(), 1 + bench.revoked(), "{kind}");
    }
}

#[test]
fn what_a_quarantined_board_has_shown_is_refused_of_another_one() {
    let shown_at_once = [
        (Fault::SharedAttestationKey {}, VerdictCode::KeyReused),
        (Fault::SharedBootSeed {}, VerdictCode::AttBootSeed),
        (Fault::SharedNonce {}, VerdictCode::AttNonceReused),
    ];
    for (shared, expected) in &shown_at_once {
        twins(shared, &old_firmware(), *expected);
        twins(shared, &Fault::None {}, *expected);
    }
    twins(
        &Fault::SharedKey {},
        &Fault::None {},
        VerdictCode::KeyReused,
    );
}

/// The first of two boards that share something is set aside; the second one comes in another batch. So does
/// a clone of the first one, which has its silicon and not its memory.
fn twins(shared: &Fault, also: &Fault, expected: VerdictCode) {
    let mut bench = Bench::new(10);
    let owner = bench.owner_key();
    let mut blueprint = Blueprint::good(Seed(7), 0, owner);
    shared.apply(&mut blueprint);
    also.apply(&mut blueprint);
    let mut first = VirtualBoard::assemble(blueprint, Conduct::Honest);
    let passed = bench.provision(&mut first).code == VerdictCode::Pass;
    record(&bench, &first, Fact::BoardQuarantined);
    assert!(bench.close_batch());
    bench.open_another("BATCH-2", 10);
    let issued = bench.issued();
    let mut second = VirtualBoard::faulty(7, 1, &owner, shared);
    let verdict = bench.provision(&mut second);
    assert_eq!(verdict.code, expected, "{shared:?}: {}", verdict.detail);
    let named = first.uid().to_string();
    assert!(verdict.detail.contains(&named), "{}", verdict.detail);
    let mut blueprint = Blueprint::good(Seed(7), 5, owner);
    blueprint.copy_silicon(0);
    let clone = bench.provision(&mut VirtualBoard::assemble(blueprint, Conduct::Honest));
    let expected = if passed {
        VerdictCode::UidReused
    } else {
        VerdictCode::Quarantined
    };
    assert_eq!(clone.code, expected, "{shared:?}: {}", clone.detail);
    assert_eq!(bench.issued(), issued);
}
