//! What the profile claims of the board's noise source, and the judgement of its samples.

use firmware_proto::limits::MAX_NOISE_SAMPLES;

use super::noise_health::{NoiseClaim, NoiseHealth, WINDOW};
use super::toml_table::{Faults, Item};
use crate::verdict::VerdictCode;

/// What the noise source must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomSourceRule {
    /// So many samples, or more.
    pub samples: usize,
    /// What is claimed of them.
    pub claim: NoiseClaim,
}

/// The judgement of a noise source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedRandomSource {
    /// The samples.
    pub samples: Vec<u8>,
    /// What the tests found.
    pub health: NoiseHealth,
    /// `PASS`, or why not.
    pub code: VerdictCode,
    /// One line for people.
    pub said: String,
}

/// Judges samples.
pub(super) fn judge(rule: &RandomSourceRule, samples: &[u8]) -> JudgedRandomSource {
    let health = NoiseHealth::of(samples, rule.claim);
    let said = |what: String| format!("random source: {what}");
    let (code, said) = if samples.len() < rule.samples {
        let what = format!("{} samples of {}", samples.len(), rule.samples);
        (VerdictCode::HwMissing, said(what))
    } else if health.repeats() {
        let (run, cutoff) = (health.longest_run, health.repetition_cutoff);
        let what = format!("one value {run} times in a row, {cutoff} are too many");
        (VerdictCode::HwRng, said(what))
    } else if health.is_biased() {
        let (count, cutoff) = (health.highest_count, health.proportion_cutoff);
        let what = format!("one value {count} times in {WINDOW}, {cutoff} are too many");
        (VerdictCode::HwRng, said(what))
    } else {
        (VerdictCode::Pass, said("healthy".to_owned()))
    };
    JudgedRandomSource {
        samples: samples.to_vec(),
        health,
        code,
        said,
    }
}

/// So rarely does a good source fail, unless the profile says otherwise: once in 2^20.
const ALPHA_EXPONENT: u32 = 20;

impl RandomSourceRule {
    pub(super) fn read<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<Self> {
        let mut table = faults.table(item, "write [random_source]")?;
        let hint = "512 to 2048 samples of one byte, for example samples = 512";
        let samples = table.required("samples", hint).and_then(|item| {
            let bounds = bound(WINDOW)..=bound(MAX_NOISE_SAMPLES);
            faults.integer(&item, bounds, hint)
        });
        let hint = "the vendor's claim in bits per sample, for example min_entropy = 6.0";
        let min_entropy = table.required("min_entropy", hint).and_then(|item| {
            let claimed = faults.real(&item, hint)?;
            let possible = (LEAST_ENTROPY..=8.0).contains(&claimed);
            if !possible {
                faults.at(&item, "outside 0.1 to 8", hint);
            }
            possible.then_some(claimed)
        });
        let hint = "a good source fails once in 2 to this power: alpha_exponent = 20";
        let alpha_exponent = match table.optional("alpha_exponent") {
            Some(item) => faults.integer(&item, 10..=60, hint),
            None => Some(i64::from(ALPHA_EXPONENT)),
        };
        table.finish(faults);
        Some(Self {
            samples: usize::try_from(samples?).ok()?,
            claim: NoiseClaim {
                min_entropy: min_entropy?,
                alpha_exponent: u32::try_from(alpha_exponent?).ok()?,
            },
        })
    }
}

/// Below this, no sample of any length that fits says anything.
const LEAST_ENTROPY: f64 = 0.1;

fn bound(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
