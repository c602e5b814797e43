//! How many sessions ended when, by lane, in a bounded number of columns whatever the length of the batch.

use std::collections::BTreeMap;

use crate::clock::UtcMillis;
use crate::names::LaneName;

/// Columns at most; the width of a column grows until all fit.
pub const COLUMNS_MAX: u64 = 48;

/// Widths of a column in milliseconds; each divides the next, so that columns can be merged.
const WIDTHS_MS: &[u64] = &[
    1_000,
    5_000,
    15_000,
    60_000,
    300_000,
    900_000,
    3_600_000,
    10_800_000,
    43_200_000,
    86_400_000,
    604_800_000,
];

/// Sessions that ended, by column and lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Doublings beyond the widest of the list are counted on.
    step: usize,
    columns: BTreeMap<u64, BTreeMap<LaneName, u64>>,
}

impl Timeline {
    /// Counts a session that ended on a lane.
    pub fn add(&mut self, time: UtcMillis, lane: &LaneName) {
        let column = self.columns.entry(time.0 / self.width_ms()).or_default();
        *column.entry(lane.clone()).or_default() += 1;
        while self.length() > COLUMNS_MAX {
            self.widen();
        }
    }

    /// The width of a column.
    #[must_use]
    pub fn width_ms(&self) -> u64 {
        let widest = WIDTHS_MS.last().copied().unwrap_or(1);
        let beyond = self.step.saturating_sub(WIDTHS_MS.len() - 1);
        let doubled = u32::try_from(beyond).unwrap_or(u32::MAX);
        WIDTHS_MS
            .get(self.step)
            .copied()
            .unwrap_or_else(|| widest.saturating_mul(2_u64.saturating_pow(doubled)))
    }

    /// When each column begins, empty ones between others too, with its sessions by lane.
    pub fn columns(&self) -> impl Iterator<Item = (UtcMillis, Option<&BTreeMap<LaneName, u64>>)> {
        let width = self.width_ms();
        let first = self.columns.keys().next().copied().unwrap_or_default();
        (first..first + self.length()).map(move |at| (UtcMillis(at * width), self.columns.get(&at)))
    }

    fn length(&self) -> u64 {
        let first = self.columns.keys().next();
        let last = self.columns.keys().next_back();
        first.zip(last).map_or(0, |(first, last)| last - first + 1)
    }

    fn widen(&mut self) {
        let before = self.width_ms();
        self.step += 1;
        let ratio = self.width_ms() / before;
        let narrow = std::mem::take(&mut self.columns);
        for (at, lanes) in narrow {
            let column = self.columns.entry(at / ratio.max(2)).or_default();
            for (lane, sessions) in lanes {
                *column.entry(lane).or_default() += sessions;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lane(name: &str) -> LaneName {
        LaneName::parse(name).unwrap()
    }

    #[test]
    fn columns_are_whole_units_of_time_and_none_is_left_out() {
        let mut timeline = Timeline::default();
        for second in [61, 62, 65] {
            timeline.add(UtcMillis(second * 1000 + 7), &lane("left"));
        }
        let columns: Vec<_> = timeline.columns().collect();
        assert_eq!(timeline.width_ms(), 1000);
        assert_eq!(columns.len(), 5);
        assert_eq!(columns[0].0, UtcMillis(61_000));
        assert!(columns[2].1.is_none());
    }

    #[test]
    fn widths_divide_each_other() {
        for pair in WIDTHS_MS.windows(2) {
            assert_eq!(pair[1] % pair[0], 0, "{pair:?}");
            assert!(pair[1] > pair[0], "{pair:?}");
        }
    }

    proptest! {
        #[test]
        fn no_session_is_lost_and_columns_stay_few(
            times in prop::collection::vec(0_u64..9_000_000_000_000, 1..80),
        ) {
            let mut timeline = Timeline::default();
            for (number, time) in times.iter().enumerate() {
                timeline.add(UtcMillis(*time), &lane(&format!("lane{}", number % 3)));
                prop_assert!(timeline.columns().count() as u64 <= COLUMNS_MAX);
            }
            let all = timeline.columns().filter_map(|(_, lanes)| lanes);
            let sum: u64 = all.flat_map(BTreeMap::values).sum();
            prop_assert_eq!(sum, times.len() as u64);
        }
    }
}
