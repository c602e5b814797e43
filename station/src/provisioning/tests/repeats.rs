//! What comes back that should not, across batches; and what only looks like it.

use simulator::blueprint::Blueprint;
use simulator::board::VirtualBoard;
use simulator::conduct::Conduct;
use simulator::fault::Fault;
use simulator::seed::Seed;

use super::bench::{Bench, Copper};
use crate::ledger::event::{Fact, RevocationReason};
use crate::provisioning::Action;
use crate::verdict::VerdictCode;

/// A board of that number which has the silicon of board 0, and nothing of its memory.
fn same_silicon(bench: &Bench, number: u32) -> VirtualBoard {
    let mut blueprint = Blueprint::good(Seed(7), number, bench.owner_key());
    blueprint.copy_silicon(0);
    VirtualBoard::assemble(blueprint, Conduct::Honest)
}

#[test]
fn what_two_boards_share_is_refused_in_another_batch_too() {
    let shared = [
        (Fault::SharedKey {}, VerdictCode::KeyReused),
        (Fault::SharedAttestationKey {}, VerdictCode::KeyReused),
        (Fault::SharedBootSeed {}, VerdictCode::AttBootSeed),
        (Fault::SharedNonce {}, VerdictCode::AttNonceReused),
    ];
    for (fault, expected) in shared {
        let mut bench = Bench::new(10);
        let owner = bench.owner_key();
        let mut first = VirtualBoard::faulty(7, 0, &owner, &fault);
        assert_eq!(bench.provision(&mut first).code, VerdictCode::Pass);
        assert!(bench.close_batch());
        bench.open_another("BATCH-2", 10);
        let mut second = VirtualBoard::faulty(7, 1, &owner, &fault);
        let verdict = bench.provision(&mut second);
        assert_eq!(verdict.code, expected, "{fault:?}: {}", verdict.detail);
        let named = first.uid().to_string();
        assert!(verdict.detail.contains(&named), "{}", verdict.detail);
        assert_eq!((bench.issued(), bench.revoked()), (1, 0));
        // The first board is none the worse for it.
        first.reboot();
        let again = bench.provision(&mut first).code;
        assert_eq!(again, VerdictCode::AlreadyProvisioned, "{fault:?}");
        let mut clone = same_silicon(&bench, 5);
        let clone = bench.provision(&mut clone).code;
        assert_eq!(clone, VerdictCode::UidReused, "{fault:?}");
    }
}

/// Boards that are with QA, or whose identity was withdrawn: what they have shown is theirs all the same.
#[test]
fn what_a_refused_or_revoked_board_has_shown_is_refused_of_another_one() {
    let old = Fault::FirmwareVersion {
        component: "APP".to_owned(),
        version: "2.4.0".to_owned(),
    };
    let shown_at_once = [
        (Fault::SharedAttestationKey {}, VerdictCode::KeyReused),
        (Fault::SharedBootSeed {}, VerdictCode::AttBootSeed),
        (Fault::SharedNonce {}, VerdictCode::AttNonceReused),
    ];
    for (shared, expected) in &shown_at_once {
        twins(shared, &old, VerdictCode::FwVersion, *expected);
    }
    let key = (Fault::SharedKey {}, VerdictCode::KeyReused);
    for (shared, expected) in shown_at_once.iter().chain([&key]) {
        let unlocked = (Fault::LockFails {}, VerdictCode::LockRefused);
        twins(shared, &unlocked.0, unlocked.1, *expected);
        // Passed, and revoked since.
        twins(shared, &Fault::None {}, VerdictCode::Pass, *expected);
    }
}

/// The first of two boards that share something ends so, in one batch; the second one in another batch.
fn twins(shared: &Fault, also: &Fault, ends: VerdictCode, expected: VerdictCode) {
    let mut bench = Bench::new(10);
    let mut blueprint = Blueprint::good(Seed(7), 0, bench.owner_key());
    shared.apply(&mut blueprint);
    also.apply(&mut blueprint);
    let mut first = VirtualBoard::assemble(blueprint, Conduct::Honest);
    let verdict = bench.provision(&mut first);
    assert_eq!(verdict.code, ends, "{shared:?}: {}", verdict.detail);
    if ends == VerdictCode::Pass {
        bench.revoke_live(first.uid(), RevocationReason::KeyCompromise);
    }
    assert!(bench.close_batch());
    bench.open_another("BATCH-2", 10);
    let issued = bench.issued();
    assert_eq!(bench.revoked(), issued, "nothing is live");
    let mut second = VirtualBoard::faulty(7, 1, &bench.owner_key(), shared);
    let verdict = bench.provision(&mut second);
    assert_eq!(
        verdict.code, expected,
        "{shared:?} {ends:?}: {}",
        verdict.detail
    );
    let named = first.uid().to_string();
    assert!(verdict.detail.contains(&named), "{}", verdict.detail);
    assert_eq!(bench.issued(), issued);
}

#[test]
fn a_boot_seed_that_changes_without_a_reset_is_refused() {
    let mut bench = Bench::new(10);
    let owner = bench.owner_key();
    let fault = Fault::ChangingBootSeed {};
    let mut board = VirtualBoard::faulty(7, 0, &owner, &fault);
    assert_eq!(bench.provision(&mut board).code, VerdictCode::AttBootSeed);
    assert_eq!(bench.issued(), 0);

    // From one session to the next, too: the second one begins in the same boot.
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::faulty(7, 0, &owner, &fault);
    let judged = |action: &Action| match action {
        Action::Record { events, .. } => events[0].fact.kind() == "measurements-judged",
        _ => false,
    };
    bench.die_at = Some(Box::new(judged));
    assert_eq!(bench.run(&mut board, &mut Copper, None), None);
    bench.die_at = None;
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::AttBootSeed, "{}", verdict.detail);
    let first_token = bench.count(|fact| {
        matches!(fact, Fact::EvidenceAppraised { code, .. } if *code == VerdictCode::AttBootSeed)
    });
    assert_eq!(first_token, 1, "refused by its first token");
}

#[test]
fn a_board_that_goes_on_in_the_same_boot_is_no_repeat() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let intended = |action: &Action| match action {
        Action::Record { events, .. } => events[0].fact.kind() == "certificate-intended",
        _ => false,
    };
    bench.die_at = Some(Box::new(intended));
    assert_eq!(bench.run(&mut board, &mut Copper, None), None);
    bench.die_at = None;
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::Pass, "{}", verdict.detail);
}

#[test]
fn a_key_superseded_before_anything_was_issued_for_it_is_no_clone() {
    for until in [
        "key-appraised",
        "certificate-intended",
        "certificate-issued",
    ] {
        let mut bench = Bench::new(10);
        let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
        // Dies right after that was recorded.
        let mut seen = false;
        bench.die_at = Some(Box::new(move |action| {
            let recorded = seen;
            seen |= matches!(action, Action::Record { events, .. }
                if events.iter().any(|event| event.fact.kind() == until));
            recorded
        }));
        assert_eq!(bench.run(&mut board, &mut Copper, None), None);
        bench.die_at = None;
        // The same board after its memory was erased: another key, another nonce.
        let mut erased = same_silicon(&bench, 3);
        let verdict = bench.provision(&mut erased);
        assert_eq!(
            verdict.code,
            VerdictCode::Pass,
            "{until}: {}",
            verdict.detail
        );
        // What was superseded belongs to it for ever, all the same.
        let old_key = bench.facts().into_iter().find_map(|fact| match fact {
            Fact::KeyAppraised { key, .. } => key.and_then(|key| key.digest()),
            _ => None,
        });
        let holder = crate::ledger::EventStore::key_holder(&bench.store, &old_key.unwrap());
        assert_eq!(holder.unwrap().as_ref(), Some(board.uid()));
    }
}

#[test]
fn a_nonce_that_the_board_has_replaced_does_not_come_back() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    assert_eq!(bench.provision(&mut board).code, VerdictCode::Pass);
    board.reboot();
    let again = bench.provision(&mut board).code;
    assert_eq!(again, VerdictCode::AlreadyProvisioned);
    // Its memory as it was before its lock, and a root of trust that gives the seeds of then.
    let mut earlier = VirtualBoard::good(7, 0, &bench.owner_key());
    let verdict = bench.provision(&mut earlier);
    assert_eq!(verdict.code, VerdictCode::AttBootSeed, "{}", verdict.detail);
}

#[test]
fn a_locked_board_that_was_given_up_is_revoked_and_no_clone() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let provisioned = |action: &Action| match action {
        Action::Record { events, .. } => events[0].fact.kind() == "provisioned",
        _ => false,
    };
    bench.die_at = Some(Box::new(provisioned));
    assert_eq!(bench.run(&mut board, &mut Copper, None), None);
    bench.die_at = None;
    bench.revoke_live(board.uid(), RevocationReason::CessationOfOperation);
    board.reboot();
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::Revoked, "{}", verdict.detail);
}
