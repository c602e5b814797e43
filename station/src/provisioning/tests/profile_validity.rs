//! A profile that has expired begins no board, and every board that it began is finished.

use simulator::board::VirtualBoard;

use super::bench::{Bench, Copper};
use crate::clock::UtcMillis;
use crate::encoding::Hex;
use crate::ledger::event::Fact;
use crate::profile::signed_profile::Validity;
use crate::provisioning::Action;
use crate::verdict::{Outcome, VerdictCode};

const EXPIRED: Validity = Validity {
    not_before: UtcMillis(0),
    not_after: UtcMillis(1),
};

#[test]
fn an_expired_profile_begins_no_board() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    bench.context.validity = Some(EXPIRED);
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::ProfileExpired, "{verdict:?}");
    assert_eq!(verdict.code.outcome(), Outcome::Error);
    assert!(verdict.detail.contains("expired"), "{}", verdict.detail);
    assert_eq!(bench.issued(), 0);
    let evidence = |fact: &Fact| matches!(fact, Fact::EvidenceAppraised { .. });
    assert_eq!(bench.count(evidence), 0, "nothing is judged by it");
}

#[test]
fn a_board_that_was_begun_is_finished() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    bench.die_at = Some(Box::new(|action| match action {
        Action::Record { events, .. } => events
            .iter()
            .any(|event| matches!(event.fact, Fact::GrantSigned { .. })),
        _ => false,
    }));
    assert_eq!(bench.run(&mut board, &mut Copper, None), None);
    bench.die_at = None;
    bench.context.validity = Some(EXPIRED);
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::Pass, "{verdict:?}");
    assert_eq!(bench.issued(), 1);
}

#[test]
fn each_verdict_names_the_profile_it_was_reached_by() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let digest = Hex::from(bench.context.profile.digest);
    bench.provision(&mut board);
    let names = |fact: &Fact| match fact {
        Fact::VerdictReached { profile, .. } => *profile == Some(digest.clone()),
        _ => false,
    };
    assert_eq!(bench.count(names), 1);
}
