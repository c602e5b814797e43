//! The station's own faults: nothing half-issued, and the board is finished once the station is well.

use simulator::board::VirtualBoard;

use super::bench::Bench;
use crate::ledger::event::Fact;
use crate::ledger::{LedgerError, Refusal};
use crate::names::BatchId;
use crate::provisioning::Action;
use crate::verdict::VerdictCode;

#[test]
fn a_lost_hsm_holds_the_board_and_the_intent_is_finished_later() {
    for failing in 0..8 {
        let mut bench = Bench::new(10);
        let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
        let mut calls = 0;
        // Dies at the n-th question to the HSM, then lets the HSM fail there.
        bench.die_at = Some(Box::new(move |action| {
            calls += usize::from(matches!(action, Action::Draw | Action::Sign { .. }));
            calls > failing + 1
        }));
        bench.run(&mut board, &mut super::bench::Copper, None);
        bench.die_at = None;
        bench.signer.fail_next(1);
        let failed = bench.provision(&mut board);
        assert_eq!(
            failed.code,
            VerdictCode::StationHsm,
            "{failing}: {failed:?}"
        );
        assert_eq!(
            failed.last_board, None,
            "the board is taken again by itself"
        );
        let verdict = bench.provision(&mut board);
        let good = matches!(
            verdict.code,
            VerdictCode::Pass | VerdictCode::AlreadyProvisioned
        );
        assert!(good, "{failing}: {verdict:?}");
        assert_eq!(bench.issued() - bench.revoked(), 1, "{failing}");
        assert_eq!(
            bench.count(|fact| matches!(fact, Fact::CertificateIntended { .. })),
            1
        );
    }
}

#[test]
fn a_board_that_was_begun_in_another_batch_is_finished_there() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    bench.die_at = Some(Box::new(|action| match action {
        Action::Record { events, .. } => events
            .iter()
            .any(|event| matches!(event.fact, Fact::GrantSigned { .. })),
        _ => false,
    }));
    assert_eq!(bench.run(&mut board, &mut super::bench::Copper, None), None);
    bench.die_at = None;
    bench.open_batch("B2", 10);
    bench.context.batch = BatchId::parse("B2").unwrap();
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::BatchOther, "{verdict:?}");
    bench.context.batch = BatchId::parse("B1").unwrap();
    board.reboot();
    assert_eq!(bench.provision(&mut board).code, VerdictCode::Pass);
    assert_eq!(bench.issued(), 1);
}

/// A rule of the ledger is no fault of its file: the session ends with a verdict that is recorded, and the
/// board is taken again.
#[test]
fn a_rule_of_the_ledger_ends_the_session_with_a_recorded_verdict() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let batch = bench.context.batch.clone();
    let rule = LedgerError::Refused(Refusal::BatchFull(batch));
    bench.store.fail_next(rule.clone());
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::StationLedger, "{verdict:?}");
    assert_eq!(verdict.detail, rule.to_string());
    let recorded = bench.count(|fact| {
        matches!(
            fact,
            Fact::VerdictReached {
                code: VerdictCode::StationLedger,
                ..
            }
        )
    });
    assert_eq!(recorded, 1);
    board.reboot();
    assert_eq!(bench.provision(&mut board).code, VerdictCode::Pass);
}
