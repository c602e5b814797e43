//! What a board's random number generator draws from, healthy or not.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

/// A noise source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum NoiseSource {
    /// Eight bits of entropy in each sample.
    #[default]
    Good,
    /// Always the same value.
    Stuck {
        /// Which one.
        value: u8,
    },
    /// Only the lowest bits change.
    Biased {
        /// How many.
        bits: u8,
    },
    /// It gives no samples.
    Silent {},
}

impl NoiseSource {
    /// One byte a sample.
    #[must_use]
    pub fn samples(self, stream: &mut ChaCha20Rng) -> Vec<u8> {
        let mut samples = vec![0; SAMPLES];
        stream.fill_bytes(&mut samples);
        match self {
            Self::Good => {}
            Self::Stuck { value } => samples.fill(value),
            Self::Biased { bits } => {
                let mask = 0xff_u8.checked_shr(8_u32.saturating_sub(u32::from(bits)));
                for sample in &mut samples {
                    *sample &= mask.unwrap_or(0);
                }
            }
            Self::Silent {} => samples.clear(),
        }
        samples
    }
}

/// A window of the adaptive proportion test of NIST SP 800-90B, section 4.4.2.
const SAMPLES: usize = 512;
