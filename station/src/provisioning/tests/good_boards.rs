//! Good boards pass, whatever happens to power and wire on the way, and are issued one live identity.

use simulator::board::VirtualBoard;
use simulator::power::{Phase, PowerCut, Step as BoardStep};

use super::bench::{Bench, Copper, Wire};
use crate::ledger::event::Fact;
use crate::provisioning::{Action, LastBoard, Verdict};
use crate::verdict::VerdictCode;

#[test]
fn a_good_board_passes_and_everything_is_recorded_in_order() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::Pass, "{}", verdict.detail);
    assert_eq!(verdict.uid.as_ref(), Some(board.uid()));
    assert_eq!(verdict.retries, 0);
    let kinds: Vec<_> = bench.facts().iter().map(Fact::kind).collect();
    let expected = [
        "ledger-opened",
        "profile-adopted",
        "batch-opened",
        "session-opened",
        "evidence-appraised",
        "measurements-judged",
        "key-appraised",
        "certificate-intended",
        "certificate-issued",
        "grant-signed",
        "proof-verified",
        "commit-signed",
        "provisioned",
        "verdict-reached",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_board_takes_at_most_six_thousand_bytes_and_fourteen_round_trips() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let wire = bench.provision(&mut board).wire;
    assert!(wire.sent_bytes + wire.received_bytes <= 6_000, "{wire:?}");
    assert!(wire.round_trips <= 14, "{wire:?}");
}

#[test]
fn a_passed_board_that_comes_back_is_known_and_not_issued_again() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    bench.provision(&mut board);
    board.reboot();
    let verdict = bench.provision(&mut board);
    assert_eq!(
        verdict.code,
        VerdictCode::AlreadyProvisioned,
        "{}",
        verdict.detail
    );
    assert_eq!(bench.issued(), 1);
    assert_eq!(
        bench.count(|fact| matches!(fact, Fact::Provisioned { .. })),
        1
    );
    assert!(bench.close_batch());
}

/// Counts what goes to the board, and loses contact for a while.
struct Counting<'a>(&'a mut u32);
impl Wire for Counting<'_> {
    fn to_board(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        *self.0 += 1;
        // After a while the contact is lost, and comes back.
        if (21..=30).contains(&*self.0) {
            Vec::new()
        } else {
            bytes
        }
    }
}

#[test]
fn a_board_that_stays_in_is_not_taken_twice() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let verdict = bench.provision(&mut board);
    let Some(LastBoard::Known { uid, .. }) = &verdict.last_board else {
        panic!("{verdict:?}")
    };
    assert_eq!(uid, board.uid());
    bench.die_at = Some(Box::new(|action| matches!(action, Action::Record { .. })));
    let mut turns = 0;
    let ended = bench.run(
        &mut board,
        &mut Counting(&mut turns),
        verdict.last_board.clone(),
    );
    assert_eq!(ended, None);
    assert!(
        turns > 30,
        "the board that stayed in was taken again after {turns} turns"
    );
}

#[test]
fn power_may_fail_at_any_step_of_the_board() {
    for step in BoardStep::ALL {
        for phase in [Phase::Before, Phase::During, Phase::After] {
            let mut bench = Bench::new(10);
            let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
            board.plan_power_cut(PowerCut {
                step: *step,
                phase,
                occurrence: 1,
            });
            let mut verdict = bench.provision(&mut board);
            if verdict.code == VerdictCode::LinkLost || verdict.code == VerdictCode::InDoubt {
                board.reboot();
                verdict = bench.provision(&mut board);
            }
            let good = matches!(
                verdict.code,
                VerdictCode::Pass | VerdictCode::AlreadyProvisioned
            );
            assert!(good, "{step:?} {phase:?}: {verdict:?}");
            assert_eq!(bench.issued() - bench.revoked(), 1, "{step:?} {phase:?}");
            assert_eq!(
                bench.count(|fact| matches!(fact, Fact::Provisioned { .. })),
                1
            );
            assert!(bench.close_batch(), "{step:?} {phase:?}");
        }
    }
}

type ActionTest = fn(&Action) -> bool;

#[test]
fn the_station_may_die_before_any_action() {
    let deaths: [(&str, ActionTest); 5] = [
        ("drawing", |action| matches!(action, Action::Draw)),
        ("signing", |action| matches!(action, Action::Sign { .. })),
        ("recording", |action| {
            matches!(action, Action::Record { .. })
        }),
        ("sending", |action| matches!(action, Action::Send(_))),
        ("reserving", |action| {
            matches!(action, Action::Reserve { .. })
        }),
    ];
    for (name, death) in deaths {
        let mut bench = Bench::new(10);
        let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
        // Each life of the station does a little more than the one before, until one reaches the verdict.
        let mut verdict = None;
        for life in 1..60_usize {
            let done = run_life(&mut bench, &mut board, death, life);
            if let Some(end) = done {
                verdict = Some(end);
                break;
            }
        }
        let verdict = verdict.expect("a life that is long enough");
        let good = matches!(
            verdict.code,
            VerdictCode::Pass | VerdictCode::AlreadyProvisioned
        );
        assert!(good, "{name}: {verdict:?}");
        assert_eq!(bench.issued() - bench.revoked(), 1, "{name}");
        assert!(bench.close_batch(), "{name}");
    }
}

/// Lets the station live until the n-th action of a kind.
fn run_life(
    bench: &mut Bench,
    board: &mut VirtualBoard,
    death: ActionTest,
    life: usize,
) -> Option<Verdict> {
    let mut left = life;
    bench.die_at = Some(Box::new(move |action| {
        left -= usize::from(death(action));
        left == 0
    }));
    bench.run(board, &mut Copper, None)
}
