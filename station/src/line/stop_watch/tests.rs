//! Sequences of verdicts and what trips with them.

use proptest::prelude::*;

use super::*;
use crate::profile::{InARow, Yield};

fn seen(lane: u8, code: VerdictCode, board: u8) -> Seen {
    Seen {
        lane: LaneName::parse(&format!("lane{lane}")).unwrap(),
        code,
        board: Some(Uid::from_bytes(&[board; 12]).unwrap()),
    }
}

/// Feeds the verdicts; gives what tripped with the last one.
fn after(watch: &mut StopWatch, verdicts: &[Seen]) -> Vec<(String, Holds)> {
    let mut last = Vec::new();
    for seen in verdicts {
        last = watch.judge(seen);
        watch.note(seen);
    }
    let named = |trip: Trip| (trip.rule.name, trip.holds);
    last.into_iter().map(named).collect()
}

use VerdictCode::{Aborted, AlreadyProvisioned, AttKeyUnknown, HwLimit, LinkLost, Pass};

#[test]
fn failures_in_a_row_are_counted_for_lane_and_batch() {
    let rules = StopRules {
        failures_in_a_row_on_lane: Some(InARow {
            count: 3,
            holds: Holds::Lane,
        }),
        failures_in_a_row_in_batch: Some(InARow {
            count: 4,
            holds: Holds::Batch,
        }),
        ..StopRules::default()
    };
    let mut watch = StopWatch::new(rules);
    let first = [
        seen(0, HwLimit, 1),
        seen(1, HwLimit, 2),
        seen(0, LinkLost, 3),
    ];
    assert_eq!(after(&mut watch, &first), []);
    // A fault of the station says nothing about boards.
    assert_eq!(after(&mut watch, &[seen(0, Aborted, 4)]), []);
    let both = after(&mut watch, &[seen(0, HwLimit, 5)]);
    let expected = [
        ("failures_in_a_row_on_lane".to_owned(), Holds::Lane),
        ("failures_in_a_row_in_batch".to_owned(), Holds::Batch),
    ];
    assert_eq!(both, expected);
    watch.clear_lane(&seen(0, Pass, 0).lane);
    watch.clear_batch();
    assert_eq!(
        after(&mut watch, &[seen(0, HwLimit, 6), seen(0, HwLimit, 7)]),
        []
    );
    assert_eq!(after(&mut watch, &[seen(1, Pass, 8), seen(0, Pass, 9)]), []);
    assert_eq!(
        after(&mut watch, &[seen(0, HwLimit, 9), seen(0, HwLimit, 9)]),
        []
    );
}

#[test]
fn a_worn_fixture_and_alarms_are_seen_among_good_boards() {
    let among = |count, window, holds| {
        Some(Among {
            count,
            window,
            holds,
        })
    };
    let rules = StopRules {
        same_code_on_lane: among(2, 4, Holds::Lane),
        attestation_alarms: among(2, 3, Holds::Batch),
        ..StopRules::default()
    };
    let mut watch = StopWatch::new(rules);
    let same = [
        seen(0, LinkLost, 1),
        seen(0, Pass, 1),
        seen(0, HwLimit, 2),
        seen(0, LinkLost, 3),
    ];
    let worn = ("same_code_on_lane".to_owned(), Holds::Lane);
    assert_eq!(after(&mut watch, &same), [worn]);
    let far = [
        seen(0, Pass, 4),
        seen(0, Pass, 5),
        seen(0, Pass, 6),
        seen(0, LinkLost, 7),
    ];
    assert_eq!(
        after(&mut watch, &far),
        [],
        "the earlier one is out of the window"
    );
    let alarms = [
        seen(1, AttKeyUnknown, 8),
        seen(0, Pass, 9),
        seen(2, AttKeyUnknown, 10),
    ];
    let alarm = ("attestation_alarms".to_owned(), Holds::Batch);
    assert_eq!(after(&mut watch, &alarms), [alarm]);
}

#[test]
fn only_the_first_time_counts_for_the_yield() {
    let rules = StopRules {
        first_pass_yield: Some(Yield {
            window: 4,
            percent: 75,
            holds: Holds::Batch,
        }),
        ..StopRules::default()
    };
    let mut watch = StopWatch::new(rules);
    // Board 1 fails and is put in until it passes; board 9 was made before.
    let begin = [
        seen(0, HwLimit, 1),
        seen(0, HwLimit, 1),
        seen(0, Pass, 1),
        seen(0, AlreadyProvisioned, 9),
        seen(0, Pass, 2),
        seen(0, Pass, 3),
    ];
    assert_eq!(after(&mut watch, &begin), []);
    assert_eq!(
        after(&mut watch, &[seen(0, Pass, 4)]),
        [],
        "three of four is enough"
    );
    assert_eq!(after(&mut watch, &[seen(0, HwLimit, 5)]), []);
    let second = watch.judge(&seen(0, LinkLost, 6));
    assert_eq!(second[0].rule.found, 50);
    assert!(
        second[0].detail.contains("2 of the last 4"),
        "{}",
        second[0].detail
    );
    watch.clear_batch();
    assert_eq!(after(&mut watch, &[seen(0, HwLimit, 7)]), [], "counts anew");
}

#[test]
fn retests_and_boards_that_come_back_are_no_first_pass() {
    let rules = StopRules {
        first_pass_yield: Some(Yield {
            window: 4,
            percent: 75,
            holds: Holds::Batch,
        }),
        ..StopRules::default()
    };
    let three_of_four = [
        seen(0, Pass, 1),
        seen(0, Pass, 2),
        seen(0, Pass, 4),
        seen(0, HwLimit, 3),
    ];
    let mut watch = StopWatch::new(rules.clone());
    assert_eq!(after(&mut watch, &three_of_four), []);
    // The same board fails again, and again: nothing new is said of the yield.
    assert_eq!(
        after(&mut watch, &[seen(0, HwLimit, 3), seen(0, HwLimit, 3)]),
        []
    );

    let mut watch = StopWatch::new(rules);
    let begin = [seen(0, Pass, 1), seen(0, Pass, 2), seen(0, HwLimit, 3)];
    assert_eq!(after(&mut watch, &begin), []);
    let back: Vec<_> = (10..14)
        .map(|board| seen(0, AlreadyProvisioned, board))
        .collect();
    assert_eq!(after(&mut watch, &back), []);
    // Boards of before make the yield of today no better.
    let tripped = watch.judge(&seen(0, HwLimit, 5));
    assert_eq!(tripped[0].rule.found, 50);
}

fn any_seen() -> impl Strategy<Value = Seen> {
    let codes = prop::sample::select(vec![Pass, HwLimit, LinkLost, AttKeyUnknown, Aborted]);
    (0..3_u8, codes, 0..30_u8).prop_map(|(lane, code, board)| seen(lane, code, board))
}

fn all_rules() -> StopRules {
    let among = |count, window, holds| {
        Some(Among {
            count,
            window,
            holds,
        })
    };
    let row = |count, holds| Some(InARow { count, holds });
    StopRules {
        failures_in_a_row_on_lane: row(4, Holds::Lane),
        failures_in_a_row_in_batch: row(6, Holds::Batch),
        first_pass_yield: Some(Yield {
            window: 5,
            percent: 60,
            holds: Holds::Batch,
        }),
        same_code_on_lane: among(3, 5, Holds::Lane),
        attestation_alarms: among(3, 8, Holds::Batch),
    }
}

proptest! {
    /// No pass trips a rule, and what trips has the figures that its rule speaks of.
    #[test]
    fn figures_fit_their_rules(verdicts in prop::collection::vec(any_seen(), 0..60)) {
        let mut watch = StopWatch::new(all_rules());
        for seen in &verdicts {
            for trip in watch.judge(seen) {
                prop_assert_eq!(seen.code.outcome(), Outcome::Fail);
                let TrippedRule { name, found, limit, window } = trip.rule;
                let too_many = found >= limit;
                prop_assert_eq!(too_many, name != "first_pass_yield", "{} of {}", found, limit);
                prop_assert!(window.is_none_or(|window| found <= window.max(100)));
            }
            watch.note(seen);
        }
    }

    /// A lane's own rules never look at another lane.
    #[test]
    fn lanes_do_not_disturb_each_other(verdicts in prop::collection::vec(any_seen(), 0..60)) {
        let own = |trip: &Trip| trip.holds == Holds::Lane;
        let mut whole = StopWatch::new(all_rules());
        let mut alone = StopWatch::new(all_rules());
        let lane = seen(0, Pass, 0).lane;
        for seen in &verdicts {
            if seen.lane == lane {
                let filter = |trips: Vec<Trip>| trips.into_iter().filter(own).collect::<Vec<_>>();
                prop_assert_eq!(filter(whole.judge(seen)), filter(alone.judge(seen)));
                alone.note(seen);
            }
            whole.note(seen);
        }
    }

    /// Judging changes nothing, and a cleared lane is as one that never had a board.
    #[test]
    fn judging_changes_nothing(verdicts in prop::collection::vec(any_seen(), 1..40)) {
        let mut watch = StopWatch::new(all_rules());
        for seen in &verdicts {
            let before = watch.clone();
            drop(watch.judge(seen));
            prop_assert_eq!(&watch, &before);
            watch.note(seen);
            let mut cleared = watch.clone();
            cleared.clear_lane(&seen.lane);
            prop_assert!(!cleared.lanes.contains_key(&seen.lane));
        }
    }
}
