//! The health tests of NIST SP 800-90B, section 4.4, on samples of a noise source.
//!
//! Pure arithmetic: samples of one byte each in, the two statistics and their cutoffs out. The cutoffs
//! come from the min-entropy per sample that the vendor claims, and from the rate of false alarms.

/// Samples in one window of the adaptive proportion test, for a source that is not binary.
pub const WINDOW: usize = 512;

/// What is claimed of a noise source, and how often a good one may fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseClaim {
    /// Min-entropy per sample, in bits: above 0, at most 8.
    pub min_entropy: f64,
    /// A good source fails each test once in `2^alpha_exponent` samples or windows.
    pub alpha_exponent: u32,
}

/// What the tests found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseHealth {
    /// Longest run of one value.
    pub longest_run: u32,
    /// The repetition count test fails from here on.
    pub repetition_cutoff: u32,
    /// How often the first value of a window came in it, at most.
    pub highest_count: u32,
    /// The adaptive proportion test fails from here on.
    pub proportion_cutoff: u32,
}

impl NoiseHealth {
    /// Runs both tests. Samples behind the last whole window are seen by the repetition count test alone.
    #[must_use]
    pub fn of(samples: &[u8], claim: NoiseClaim) -> Self {
        let counts = samples.chunks_exact(WINDOW).map(count_of_first);
        Self {
            longest_run: longest_run(samples),
            repetition_cutoff: repetition_cutoff(claim),
            highest_count: counts.max().unwrap_or(0),
            proportion_cutoff: proportion_cutoff(claim),
        }
    }

    /// Whether the source keeps repeating itself (section 4.4.1).
    #[must_use]
    pub const fn repeats(&self) -> bool {
        self.longest_run >= self.repetition_cutoff
    }

    /// Whether one value comes too often (section 4.4.2).
    #[must_use]
    pub const fn is_biased(&self) -> bool {
        self.highest_count >= self.proportion_cutoff
    }
}

/// `C = 1 + ceil(-log2(alpha) / H)`.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number; a cast of one that is too large saturates"
)]
pub fn repetition_cutoff(claim: NoiseClaim) -> u32 {
    let runs = (f64::from(claim.alpha_exponent) / claim.min_entropy).ceil() as u32;
    runs.saturating_add(1)
}

/// `C = 1 + critbinom(W, 2^-H, 1 - alpha)`: the critical number is the least `k` such that more than `k`
/// hits in a window have a probability of at most alpha.
#[must_use]
pub fn proportion_cutoff(claim: NoiseClaim) -> u32 {
    const TRIALS: u32 = 512;
    const _: () = assert!(TRIALS as usize == WINDOW);

    let hit = (-claim.min_entropy).exp2();
    let (ln_hit, ln_miss) = (hit.ln(), (-hit).ln_1p());
    let alpha = (-f64::from(claim.alpha_exponent)).exp2();
    // ln of the number of ways to hit k times, from k = W downwards: C(W, W) = 1.
    let mut ln_ways = 0.0_f64;
    let mut tail = 0.0_f64;
    for hits in (0..=TRIALS).rev() {
        let misses = TRIALS - hits;
        let ln_chance = ln_ways + f64::from(hits) * ln_hit + f64::from(misses) * ln_miss;
        tail += ln_chance.exp();
        if tail > alpha {
            // `hits` or more are likelier than alpha, more than `hits` are not.
            return hits.saturating_add(1);
        }
        // C(W, k - 1) = C(W, k) * k / (W - k + 1).
        ln_ways += f64::from(hits.max(1)).ln() - f64::from(misses.saturating_add(1)).ln();
    }
    1
}

fn longest_run(samples: &[u8]) -> u32 {
    let runs = samples.chunk_by(|one, next| one == next).map(<[u8]>::len);
    u32::try_from(runs.max().unwrap_or(0)).unwrap_or(u32::MAX)
}

fn count_of_first(window: &[u8]) -> u32 {
    let Some(first) = window.first() else {
        return 0;
    };
    window.iter().map(|sample| u32::from(sample == first)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn claim(min_entropy: f64, alpha_exponent: u32) -> NoiseClaim {
        NoiseClaim {
            min_entropy,
            alpha_exponent,
        }
    }

    /// Computed with exact fractions from the formulas of the standard, not with this code.
    #[test]
    fn cutoffs_are_those_of_the_standard() {
        let table = [
            (8.0, 20, 4, 13),
            (7.0, 20, 4, 18),
            (6.0, 20, 5, 25),
            (5.0, 20, 5, 39),
            (4.0, 20, 6, 62),
            (3.0, 20, 8, 103),
            (2.0, 20, 11, 177),
            (1.0, 20, 21, 311),
            (0.5, 20, 41, 410),
            (0.1, 20, 201, 502),
            (8.0, 40, 6, 19),
            (6.0, 30, 6, 31),
            (1.0, 30, 31, 325),
            (0.5, 30, 61, 422),
            (1.0, 40, 41, 336),
            (6.5, 20, 5, 21),
        ];
        for (min_entropy, alpha_exponent, repetition, proportion) in table {
            let claim = claim(min_entropy, alpha_exponent);
            let got = (repetition_cutoff(claim), proportion_cutoff(claim));
            assert_eq!(got, (repetition, proportion), "{claim:?}");
        }
    }

    #[test]
    fn a_test_fails_at_its_cutoff_and_not_before() {
        let claim = claim(6.0, 20);
        let varied: Vec<u8> = (0..=255).cycle().take(WINDOW).collect();
        let health = NoiseHealth::of(&varied, claim);
        assert_eq!((health.longest_run, health.highest_count), (1, 2));
        assert!(!health.repeats() && !health.is_biased());

        let run = |length: u32| {
            let mut samples = varied.clone();
            samples[100..100 + usize::try_from(length).unwrap()].fill(7);
            NoiseHealth::of(&samples, claim)
        };
        let cutoff = repetition_cutoff(claim);
        assert!(!run(cutoff - 1).repeats());
        assert!(run(cutoff).repeats());

        // Every second sample is the first one again, until it has come so often.
        let biased = |count: u32| {
            let mut samples = varied.clone();
            samples[256] = 1;
            for place in 1..usize::try_from(count).unwrap() {
                samples[2 * place] = samples[0];
            }
            NoiseHealth::of(&samples, claim)
        };
        let cutoff = proportion_cutoff(claim);
        assert!(!biased(cutoff - 1).is_biased());
        assert!(biased(cutoff).is_biased() && !biased(cutoff).repeats());
    }

    #[test]
    fn every_whole_window_counts() {
        let claim = claim(6.0, 20);
        let mut samples: Vec<u8> = (0..=255).cycle().take(2 * WINDOW).collect();
        samples[WINDOW..]
            .iter_mut()
            .step_by(2)
            .for_each(|one| *one = 7);
        let health = NoiseHealth::of(&samples, claim);
        assert!(health.is_biased() && !health.repeats(), "{health:?}");
    }

    #[test]
    fn fewer_samples_than_a_window_are_tested_for_repetition_alone() {
        let health = NoiseHealth::of(&[9; WINDOW - 1], claim(6.0, 20));
        assert!(health.repeats() && !health.is_biased());
        assert_eq!(NoiseHealth::of(&[], claim(6.0, 20)).longest_run, 0);
    }

    proptest! {
        #[test]
        fn more_entropy_claimed_never_loosens_a_cutoff(
            tenths in 1_u32..79,
            alpha_exponent in 10_u32..60,
        ) {
            let low = claim(f64::from(tenths) / 10.0, alpha_exponent);
            let high = claim(f64::from(tenths + 1) / 10.0, alpha_exponent);
            prop_assert!(repetition_cutoff(high) <= repetition_cutoff(low));
            prop_assert!(proportion_cutoff(high) <= proportion_cutoff(low));
            prop_assert!((2..=513).contains(&proportion_cutoff(low)));
        }

        #[test]
        fn the_statistics_are_what_they_say(samples in prop::collection::vec(0_u8..4, 0..1200)) {
            let health = NoiseHealth::of(&samples, claim(2.0, 20));
            let length = usize::try_from(health.longest_run).unwrap();
            let is_there = |run: usize| {
                samples.windows(run).any(|part| part.iter().all(|one| *one == part[0]))
            };
            prop_assert!(length == 0 || is_there(length));
            prop_assert!(!is_there(length + 1));
        }
    }
}
