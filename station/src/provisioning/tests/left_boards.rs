//! A person who leaves at once: where the board stands is recorded, and it goes on from there.

use simulator::board::VirtualBoard;

use super::bench::{Bench, Copper};
use crate::ledger::event::Fact;
use crate::provisioning::Action;
use crate::verdict::VerdictCode;

/// Before each frame of a good board's session in turn.
#[test]
fn whoever_leaves_at_once_leaves_a_board_that_goes_on_where_it_was() {
    let mut codes = Vec::new();
    for at in 0.. {
        let mut bench = Bench::new(10);
        let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
        let mut sent = 0;
        bench.halt_at = Some(Box::new(move |action| {
            sent += u32::from(matches!(action, Action::Send(_)));
            sent > at
        }));
        let left = bench.run(&mut board, &mut Copper, None).unwrap();
        if bench.halt_at.is_some() {
            break;
        }
        let verdicts =
            |bench: &Bench| bench.count(|fact| matches!(fact, Fact::VerdictReached { .. }));
        assert_eq!(
            verdicts(&bench),
            1,
            "frame {at}: what became of it is on record"
        );
        codes.push(left.code);
        if left.code != VerdictCode::Pass {
            let again = bench.run(&mut board, &mut Copper, None).unwrap();
            assert_eq!(
                again.code,
                VerdictCode::Pass,
                "frame {at}: {}",
                again.detail
            );
        }
        assert_eq!((bench.issued(), bench.revoked()), (1, 0), "frame {at}");
        assert!(bench.close_batch(), "frame {at}");
    }
    for code in [
        VerdictCode::Aborted,
        VerdictCode::InDoubt,
        VerdictCode::Pass,
    ] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
}
