//! A self-test as events keep it. Append only, as events are: an optional field may be added.

use serde::{Deserialize, Serialize};

use crate::encoding::Base64Bytes;
use crate::verdict::VerdictCode;

/// A measurement with its limits and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasurementRecord {
    /// What was measured.
    pub name: String,
    /// The value as text, since JSON has no NaN.
    pub value: String,
    /// Its unit.
    pub unit: String,
    /// Lower limit, inclusive, as text.
    pub low: Option<String>,
    /// Upper limit, inclusive, as text.
    pub high: Option<String>,
    /// `PASS`, or the code that it failed with.
    pub code: VerdictCode,
    /// All limits in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<String>,
    /// Each of several readings, as text; the value is their mean then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<String>,
    /// The standard deviation of several readings, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation: Option<String>,
    /// It passes, and is close to a limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marginal: bool,
}

/// Samples of a board's noise source, and what the health tests of NIST SP 800-90B, section 4.4, say of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomSourceRecord {
    /// One sample a byte, as they came.
    pub samples: Base64Bytes,
    /// Longest run of one value.
    pub longest_run: u32,
    /// The repetition count test fails from here on.
    pub repetition_cutoff: u32,
    /// How often the first value of a window came in it, at most.
    pub highest_count: u32,
    /// The adaptive proportion test fails from here on.
    pub proportion_cutoff: u32,
    /// `PASS`, or the code that it failed with.
    pub code: VerdictCode,
}
