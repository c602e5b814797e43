//! How often a measurement had which value, in a fixed number of bins whatever the number of boards.
//!
//! With two limits the bins cover the limits and a quarter of their span on either side; what lies beyond is
//! counted apart. With one limit the bins grow: their width doubles until every value has its place.

use super::real;

/// Bins of a histogram; even, since growing merges pairs.
pub const BINS: usize = 36;

/// How far the bins reach beyond each of two limits, as a part of their span.
const MARGIN: f64 = 0.25;

/// The first width of a growing bin, as a part of the first value.
const FIRST_WIDTH: f64 = 1.0 / 1_048_576.0;

/// Doublings after which a value is counted as beyond the bins: from the least number to the largest.
const DOUBLINGS_MAX: u32 = 2_200;

/// Least capability that is commonly asked of a process.
pub const CAPABLE: f64 = 1.33;

/// Values of one quantity, counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    low: Option<f64>,
    high: Option<f64>,
    /// Where the first bin begins, and the width of each; none before the first value of growing ones.
    scale: Option<(f64, f64)>,
    bins: [u64; BINS],
    below: u64,
    above: u64,
    count: u64,
    mean: f64,
    /// Sum of squared distances from the mean (Welford).
    squares: f64,
    least: f64,
    most: f64,
}

impl Histogram {
    /// Without values yet; limits are inclusive.
    #[must_use]
    pub fn new(low: Option<f64>, high: Option<f64>) -> Self {
        let scale = low.zip(high).and_then(|(low, high)| {
            let span = high - low;
            let width = span * (1.0 + 2.0 * MARGIN) / real(BINS as u64);
            (width > 0.0 && width.is_finite()).then_some((low - span * MARGIN, width))
        });
        Self {
            low,
            high,
            scale,
            bins: [0; BINS],
            below: 0,
            above: 0,
            count: 0,
            mean: 0.0,
            squares: 0.0,
            least: f64::INFINITY,
            most: f64::NEG_INFINITY,
        }
    }

    /// Counts a value; what is no finite number is left out, and false is said.
    pub fn add(&mut self, value: f64) -> bool {
        if !value.is_finite() {
            return false;
        }
        self.count += 1;
        let distance = value - self.mean;
        self.mean += distance / real(self.count);
        self.squares += distance * (value - self.mean);
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        if self.low.is_none() || self.high.is_none() {
            self.grow(value);
        }
        match self.place(value) {
            Place::Below => self.below += 1,
            Place::Above => self.above += 1,
            Place::Bin(at) => {
                if let Some(bin) = self.bins.get_mut(at) {
                    *bin += 1;
                }
            }
        }
        true
    }

    /// How many values.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; none without values.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// Their standard deviation, as of a sample; none of fewer than two.
    #[must_use]
    pub fn deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / real(self.count - 1)).sqrt())
    }

    /// The least and the largest; none without values.
    #[must_use]
    pub fn extremes(&self) -> Option<(f64, f64)> {
        (self.count > 0).then_some((self.least, self.most))
    }

    /// The lower and the upper limit, where there is one.
    #[must_use]
    pub const fn limits(&self) -> (Option<f64>, Option<f64>) {
        (self.low, self.high)
    }

    /// Cpk: the distance of the mean from the nearer limit, in units of three standard deviations. None
    /// without limits, or where all values are the same.
    #[must_use]
    pub fn capability(&self) -> Option<f64> {
        let deviation = self.deviation().filter(|deviation| *deviation > 0.0)?;
        let to_low = self.low.map(|low| self.mean - low);
        let to_high = self.high.map(|high| high - self.mean);
        let nearer = match (to_low, to_high) {
            (Some(low), Some(high)) => low.min(high),
            (one, other) => one.or(other)?,
        };
        Some(nearer / (3.0 * deviation))
    }

    /// The bins as `(from, to, values)`.
    pub fn bins(&self) -> impl Iterator<Item = (f64, f64, u64)> + '_ {
        let (start, width) = self.scale.unwrap_or((0.0, 1.0));
        self.bins.iter().enumerate().map(move |(at, values)| {
            let from = start + real(at as u64) * width;
            (from, from + width, *values)
        })
    }

    /// Values that lie below and above all bins.
    #[must_use]
    pub const fn beyond(&self) -> (u64, u64) {
        (self.below, self.above)
    }

    /// Widens the bins until the value has a place.
    fn grow(&mut self, value: f64) {
        if self.scale.is_none() {
            let width = (value.abs() * FIRST_WIDTH).max(f64::MIN_POSITIVE);
            self.scale = Some((value - width * real(BINS as u64 / 2), width));
        }
        for _ in 0..DOUBLINGS_MAX {
            let Some((start, width)) = self.scale else {
                return;
            };
            let span = width * real(BINS as u64);
            let (start, upper_half) = match self.place(value) {
                Place::Bin(_) => return,
                Place::Below => (start - span, BINS / 2),
                Place::Above => (start, 0),
            };
            if !(start.is_finite() && (start + 2.0 * span).is_finite()) {
                return;
            }
            let mut merged = [0; BINS];
            for (at, values) in self.bins.iter().enumerate() {
                if let Some(bin) = merged.get_mut(upper_half + at / 2) {
                    *bin += values;
                }
            }
            self.bins = merged;
            self.scale = Some((start, width * 2.0));
        }
    }

    fn place(&self, value: f64) -> Place {
        let Some((start, width)) = self.scale else {
            return Place::Below;
        };
        let at = ((value - start) / width).floor();
        if at < 0.0 {
            return Place::Below;
        }
        let found = (0..BINS).find(|bin| at < real(*bin as u64 + 1));
        found.map_or(Place::Above, Place::Bin)
    }
}

enum Place {
    Below,
    Bin(usize),
    Above,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(low: Option<f64>, high: Option<f64>, values: &[f64]) -> Histogram {
        let mut histogram = Histogram::new(low, high);
        for value in values {
            assert!(histogram.add(*value));
        }
        histogram
    }

    #[test]
    fn capability_is_that_of_the_nearer_limit() {
        // Mean 10, deviation 1: the upper limit is 3 away, the lower one 6.
        let values = [9.0, 10.0, 11.0];
        let both = of(Some(4.0), Some(13.0), &values);
        assert_eq!(both.mean(), Some(10.0));
        assert_eq!(both.deviation(), Some(1.0));
        assert_eq!(both.capability(), Some(1.0));
        assert_eq!(of(Some(4.0), None, &values).capability(), Some(2.0));
        assert_eq!(of(None, None, &values).capability(), None);
        assert_eq!(of(Some(0.0), Some(1.0), &[0.5, 0.5]).capability(), None);
        assert_eq!(of(Some(0.0), Some(1.0), &[0.5]).capability(), None);
    }

    #[test]
    fn what_lies_far_outside_of_two_limits_is_counted_apart() {
        let histogram = of(Some(0.0), Some(4.0), &[-1.1, -1.0, 2.0, 4.9, 5.1, 1e300]);
        assert_eq!(histogram.beyond(), (1, 2));
        assert_eq!(
            histogram.bins().map(|(_, _, values)| values).sum::<u64>(),
            3
        );
        assert_eq!(histogram.extremes(), Some((-1.1, 1e300)));
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let mut histogram = Histogram::new(None, Some(1.0));
        assert!(!histogram.add(f64::NAN) && !histogram.add(f64::INFINITY));
        assert_eq!((histogram.count(), histogram.mean()), (0, None));
    }

    proptest! {
        #[test]
        fn no_value_is_lost_and_each_is_in_its_bin(
            values in prop::collection::vec(-1e6_f64..1e6, 1..60),
            low in prop::option::of(-10.0_f64..0.0),
            high in prop::option::of(1.0_f64..10.0),
        ) {
            let histogram = of(low, high, &values);
            let (below, above) = histogram.beyond();
            let binned: u64 = histogram.bins().map(|(_, _, values)| values).sum();
            prop_assert_eq!(below + above + binned, values.len() as u64);
            if low.is_none() || high.is_none() {
                prop_assert_eq!((below, above), (0, 0));
                for (from, to, found) in histogram.bins() {
                    // Merged bins keep their edges but for rounding.
                    let slack = (to - from) * 1e-6;
                    let inside = |value: &&f64| **value >= from - slack && **value < to + slack;
                    prop_assert!(values.iter().filter(inside).count() as u64 >= found);
                }
            }
        }
    }
}
