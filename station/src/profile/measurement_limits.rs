//! What a measurement may be, and whether one is that. Pure: a value and its limits in, a finding out.

use std::fmt::Write as _;

use firmware_proto::{AddressMap, Digest, Value};

use super::text_pattern::TextPattern;
use crate::verdict::VerdictCode;

/// The values that pass, both ends included, and the band within them that is not worth a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band<T> {
    /// Least value.
    pub low: T,
    /// Greatest value.
    pub high: T,
    /// Values outside these two, and within the limits, pass and are flagged.
    pub unmarked: (T, T),
}

impl<T: PartialOrd + Copy> Band<T> {
    fn contains(&self, value: T) -> bool {
        self.low <= value && value <= self.high
    }

    fn is_marginal(&self, value: T) -> bool {
        value < self.unmarked.0 || self.unmarked.1 < value
    }
}

/// What several readings of one quantity must be together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repetition {
    /// So many readings, or more.
    pub min_readings: usize,
    /// Their mean, both ends included.
    pub mean: (f32, f32),
    /// Their standard deviation, both ends included: below it the sensor is stuck, above it wild.
    pub deviation: (f32, f32),
}

/// What a measurement may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Limits {
    /// A real number, in the precision of the wire; or several readings, each of them within the band.
    Real {
        /// The band.
        band: Band<f32>,
        /// Set where there must be several readings.
        repetition: Option<Repetition>,
    },
    /// A whole number.
    Integer(Band<i64>),
    /// Bits.
    Mask {
        /// Those that must be set.
        set: u32,
        /// Those that must be clear.
        clear: u32,
    },
    /// A text.
    Text(TextPattern),
    /// One of these digests.
    Digest(Vec<Digest>),
    /// The addresses of a bus.
    Bus {
        /// Somebody must answer there.
        present: AddressMap,
        /// Somebody may.
        optional: AddressMap,
    },
}

/// What came of comparing a value with its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// `PASS`, or why not.
    pub(super) code: VerdictCode,
    /// Within the limits, and close to one.
    pub(super) marginal: bool,
    /// The value and what it should be, for people; without the measurement's name.
    pub(super) said: String,
}

impl Finding {
    fn new(code: VerdictCode, said: String) -> Self {
        Self {
            code,
            marginal: false,
            said,
        }
    }
}

impl Limits {
    /// Compares a value, whose unit is known to be right and is given for people.
    pub(super) fn check(&self, value: &Value, unit: &str) -> Finding {
        match (self, value) {
            (
                Self::Real {
                    band,
                    repetition: None,
                },
                Value::Real(value),
            ) => self.check_real(*band, *value, unit),
            (
                Self::Real {
                    band,
                    repetition: Some(repetition),
                },
                Value::Readings(readings),
            ) => self.check_readings(*band, repetition, readings, unit),
            (Self::Integer(band), Value::Integer(value)) => {
                self.within(band.contains(*value), band.is_marginal(*value), value, unit)
            }
            (Self::Mask { set, clear }, Value::Mask(bits)) => check_mask(*set, *clear, *bits),
            (Self::Text(pattern), Value::Text(text)) => {
                let fits = pattern.matches(text);
                let said = format!("got {:?}, expected {pattern}", text.as_str());
                Finding::new(pass_or(fits, VerdictCode::HwText), said)
            }
            (Self::Digest(allowed), Value::Digest(digest)) => check_digest(allowed, digest),
            (Self::Bus { present, optional }, Value::Bus(found)) => {
                check_bus(present, optional, found)
            }
            _ => {
                let (got, want) = (type_of(value), self.type_name());
                let said = format!("got {got}, expected {want}");
                Finding::new(VerdictCode::HwType, said)
            }
        }
    }

    fn check_real(&self, band: Band<f32>, value: f32, unit: &str) -> Finding {
        if let Some(finding) = self.not_finite(value, unit) {
            return finding;
        }
        self.within(band.contains(value), band.is_marginal(value), &value, unit)
    }

    fn not_finite(&self, value: f32, unit: &str) -> Option<Finding> {
        let code = if value.is_nan() {
            VerdictCode::HwNotANumber
        } else if value.is_infinite() {
            VerdictCode::HwInfinite
        } else {
            return None;
        };
        let said = format!("got {}, {}", with_unit(&value, unit), self.in_words());
        Some(Finding::new(code, said))
    }

    fn within(
        &self,
        is_within: bool,
        is_marginal: bool,
        value: &impl ToString,
        unit: &str,
    ) -> Finding {
        let marginal = is_within && is_marginal;
        let mut said = format!("got {}, {}", with_unit(value, unit), self.in_words());
        if marginal {
            said.push_str(": passes, close to a limit");
        }
        Finding {
            code: pass_or(is_within, VerdictCode::HwLimit),
            marginal,
            said,
        }
    }

    /// A sensor that is stuck or wild says nothing about the quantity: that comes before the limits.
    fn check_readings(
        &self,
        band: Band<f32>,
        repetition: &Repetition,
        readings: &[f32],
        unit: &str,
    ) -> Finding {
        let count = readings.len();
        if count < repetition.min_readings {
            let said = format!("got {count} readings, at least {}", repetition.min_readings);
            return Finding::new(VerdictCode::HwReadings, said);
        }
        let not_finite = |of: fn(f32) -> bool| readings.iter().copied().find(|one| of(*one));
        let odd = not_finite(f32::is_nan).or_else(|| not_finite(f32::is_infinite));
        if let Some(finding) = odd.and_then(|value| self.not_finite(value, unit)) {
            return finding;
        }
        let Statistics { mean, deviation } = Statistics::of(readings);
        let (least, greatest) = repetition.deviation;
        let deviates = |bound: &str| {
            let mean = with_unit(&mean, unit);
            format!("{count} readings around {mean} deviate by {deviation}, {bound}")
        };
        if deviation < least {
            let said = deviates(&format!("at least {least}"));
            return Finding::new(VerdictCode::HwStuck, said);
        }
        if deviation > greatest {
            let said = deviates(&format!("at most {greatest}"));
            return Finding::new(VerdictCode::HwWild, said);
        }
        if let Some(outside) = readings.iter().find(|one| !band.contains(**one)) {
            return self.within(false, false, outside, unit);
        }
        let (low, high) = repetition.mean;
        if !(low..=high).contains(&mean) {
            let mean = with_unit(&mean, unit);
            let said = format!("got a mean of {mean}, limits {low} to {high}");
            return Finding::new(VerdictCode::HwLimit, said);
        }
        self.within(true, band.is_marginal(mean), &mean, unit)
    }

    /// The limits for people and for the ledger.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Real {
                band,
                repetition: None,
            } => format!("limits {} to {}", band.low, band.high),
            Self::Real {
                band,
                repetition: Some(repetition),
            } => repetition.in_words(*band),
            Self::Integer(band) => format!("limits {} to {}", band.low, band.high),
            Self::Mask { set, clear } => format!("set {set:#010x}, clear {clear:#010x}"),
            Self::Text(pattern) => format!("like {pattern}"),
            Self::Digest(allowed) => {
                let digests: Vec<_> = allowed.iter().map(ToString::to_string).collect();
                format!("one of {}", digests.join(" "))
            }
            Self::Bus { present, optional } => format!(
                "present {}, optional {}",
                addresses(present.iter()),
                addresses(optional.iter())
            ),
        }
    }

    const fn type_name(&self) -> &'static str {
        match self {
            Self::Real {
                repetition: None, ..
            } => "a real number",
            Self::Real { .. } => "several readings",
            Self::Integer(_) => "a whole number",
            Self::Mask { .. } => "a mask",
            Self::Text(_) => "a text",
            Self::Digest(_) => "a digest",
            Self::Bus { .. } => "a bus scan",
        }
    }
}

impl Repetition {
    fn in_words(&self, band: Band<f32>) -> String {
        let mut words = format!("limits {} to {}", band.low, band.high);
        let mut add = |what: &str, low: f32, high: f32| {
            let _ = match (low.is_finite(), high.is_finite()) {
                (true, true) => write!(words, ", {what} {low} to {high}"),
                (true, false) => write!(words, ", {what} at least {low}"),
                (false, true) => write!(words, ", {what} at most {high}"),
                (false, false) => Ok(()),
            };
        };
        add("mean", self.mean.0, self.mean.1);
        let least = if self.deviation.0 > 0.0 {
            self.deviation.0
        } else {
            f32::NEG_INFINITY
        };
        add("deviation", least, self.deviation.1);
        let _ = write!(words, ", {} readings or more", self.min_readings);
        words
    }
}

/// Mean and standard deviation, rounded to the precision of the wire as the limits are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Statistics {
    pub(super) mean: f32,
    pub(super) deviation: f32,
}

impl Statistics {
    /// Of finite readings; the deviation is that of a sample (divided by one less than there are).
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to the precision of the wire is meant"
    )]
    pub(super) fn of(readings: &[f32]) -> Self {
        let count = f64::from(u32::try_from(readings.len()).unwrap_or(u32::MAX).max(1));
        let mean = readings.iter().copied().map(f64::from).sum::<f64>() / count;
        let square = |one: &f32| (f64::from(*one) - mean).powi(2);
        let squares: f64 = readings.iter().map(square).sum();
        let deviation = (squares / (count - 1.0).max(1.0)).sqrt();
        Self {
            mean: mean as f32,
            deviation: deviation as f32,
        }
    }
}

const fn pass_or(good: bool, code: VerdictCode) -> VerdictCode {
    if good { VerdictCode::Pass } else { code }
}

fn check_mask(set: u32, clear: u32, bits: u32) -> Finding {
    let (lacks, has) = (set & !bits, clear & bits);
    let mut said = format!("got {bits:#010x}");
    if lacks != 0 {
        let _ = write!(said, ", lacks {lacks:#010x}");
    }
    if has != 0 {
        let _ = write!(said, ", must not have {has:#010x}");
    }
    Finding::new(pass_or(lacks | has == 0, VerdictCode::HwMask), said)
}

fn check_digest(allowed: &[Digest], digest: &Digest) -> Finding {
    let mut said = format!("got {digest}");
    if let [only] = allowed {
        let _ = write!(said, ", expected {only}");
    } else {
        let _ = write!(said, ", none of the {} expected", allowed.len());
    }
    Finding::new(
        pass_or(allowed.contains(digest), VerdictCode::HwDigest),
        said,
    )
}

fn check_bus(present: &AddressMap, optional: &AddressMap, found: &AddressMap) -> Finding {
    let silent: Vec<u8> = present.iter().filter(|one| !found.contains(*one)).collect();
    let known = |one: &u8| present.contains(*one) || optional.contains(*one);
    let strange: Vec<u8> = found.iter().filter(|one| !known(one)).collect();
    let good = silent.is_empty() && strange.is_empty();
    let mut said = format!("got {}", addresses(found.iter()));
    if !silent.is_empty() {
        let _ = write!(said, ", nobody at {}", addresses(silent.into_iter()));
    }
    if !strange.is_empty() {
        let _ = write!(
            said,
            ", nobody expected at {}",
            addresses(strange.into_iter())
        );
    }
    Finding::new(pass_or(good, VerdictCode::HwBus), said)
}

/// Addresses as people write them.
pub(super) fn addresses(list: impl Iterator<Item = u8>) -> String {
    let texts: Vec<_> = list.map(|address| format!("{address:#04x}")).collect();
    match texts.as_slice() {
        [] => "none".to_owned(),
        some => some.join(" "),
    }
}

/// Value and unit, the latter only where there is one.
pub(super) fn with_unit(value: &impl ToString, unit: &str) -> String {
    match unit {
        "none" => value.to_string(),
        unit => format!("{} {unit}", value.to_string()),
    }
}

fn type_of(value: &Value) -> String {
    match value {
        Value::Real(value) => format!("the real number {value}"),
        Value::Integer(value) => format!("the whole number {value}"),
        Value::Readings(readings) => format!("{} readings", readings.len()),
        Value::Mask(bits) => format!("the mask {bits:#010x}"),
        Value::Text(text) => format!("the text {:?}", text.as_str()),
        Value::Digest(_) => "a digest".to_owned(),
        Value::Bus(_) => "a bus scan".to_owned(),
        _ => "something of a newer protocol".to_owned(),
    }
}
