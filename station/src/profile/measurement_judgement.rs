//! The judgement of a whole self-test under a profile.

use std::fmt::Write as _;

use firmware_proto::{Measurement, Value};

use super::Profile;
use super::measurement_limits::{Finding, Limits, Statistics, addresses, with_unit};
use super::measurement_rule::{MeasurementRule, unit_name};
use super::random_source::{self, JudgedRandomSource};
use crate::verdict::VerdictCode;

/// What a board has sent as its self-test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SelfTest {
    /// The measurements, in the board's order.
    pub measurements: Vec<Measurement>,
    /// Samples of its noise source, one byte each.
    pub noise: Vec<u8>,
}

/// A measurement with its limits and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedMeasurement {
    /// What was measured.
    pub name: String,
    /// The value as text, of several readings their mean; empty where it is missing.
    pub value: String,
    /// Each of several readings.
    pub readings: Vec<String>,
    /// The standard deviation of several readings.
    pub deviation: Option<String>,
    /// The unit as the device named it; the profile's where the measurement is missing.
    pub unit: &'static str,
    /// Lower limit of a number; none for a measurement that the profile does not know.
    pub low: Option<String>,
    /// Upper limit, likewise.
    pub high: Option<String>,
    /// All limits in words; none for a measurement that the profile does not know.
    pub limits: Option<String>,
    /// `PASS`, or why not.
    pub code: VerdictCode,
    /// It passes, and is close to a limit.
    pub marginal: bool,
    /// One line for people: name, value, limits.
    pub said: String,
}

/// The judgement of a whole self-test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedMeasurements {
    /// `PASS` where everything has it, else the gravest code.
    pub code: VerdictCode,
    /// One line for people: the first row with that code, and how many others failed.
    pub detail: String,
    /// One row for each rule, in the profile's order, then the measurements that no rule asked for.
    pub rows: Vec<JudgedMeasurement>,
    /// The noise source, where the profile asks for it.
    pub random_source: Option<JudgedRandomSource>,
}

impl JudgedMeasurements {
    /// What passes close to a limit, a line each.
    pub fn marginal(&self) -> impl Iterator<Item = &str> {
        let marginal = self.rows.iter().filter(|row| row.marginal);
        marginal.map(|row| row.said.as_str())
    }
}

/// The codes of what fails, gravest first: what may be an attack, then a self-test of another shape, which
/// says more than a value does, then parts that are wrong, then sensors that say nothing.
const GRAVITY: [VerdictCode; 15] = [
    VerdictCode::HwRng,
    VerdictCode::HwDigest,
    VerdictCode::HwType,
    VerdictCode::HwUnit,
    VerdictCode::HwUnknown,
    VerdictCode::HwDoubled,
    VerdictCode::HwMissing,
    VerdictCode::HwMask,
    VerdictCode::HwBus,
    VerdictCode::HwText,
    VerdictCode::HwReadings,
    VerdictCode::HwNotANumber,
    VerdictCode::HwInfinite,
    VerdictCode::HwStuck,
    VerdictCode::HwWild,
];

/// Judges a self-test.
///
/// 1. Each rule must have a measurement of its name, else `HW-MISSING`, and only one, else `HW-DOUBLED`;
///    each measurement must have a rule, else `HW-UNKNOWN`.
/// 2. Unit and type must be the rule's, else `HW-UNIT` or `HW-TYPE`.
/// 3. Several readings must be enough (`HW-READINGS`); numbers must be finite (`HW-NAN`, `HW-INFINITE`).
/// 4. Several readings must scatter, and not too much, else `HW-STUCK` or `HW-WILD`.
/// 5. The value must be within its limits, else `HW-LIMIT`, `HW-MASK`, `HW-TEXT`, `HW-DIGEST` or `HW-BUS`.
/// 6. The noise source must be healthy, else `HW-RNG`.
#[must_use]
pub fn judge_measurements(profile: &Profile, self_test: &SelfTest) -> JudgedMeasurements {
    let measured = &self_test.measurements;
    let mut rows: Vec<_> = profile
        .measurements
        .iter()
        .map(|rule| judge_rule(rule, measured))
        .collect();
    let unknown = |measurement: &&Measurement| {
        let mut rules = profile.measurements.iter();
        rules.all(|rule| rule.name != measurement.name.as_str())
    };
    rows.extend(measured.iter().filter(unknown).map(unknown_row));
    let rule = profile.random_source.as_ref();
    let random_source = rule.map(|rule| random_source::judge(rule, &self_test.noise));
    let (code, detail) = conclude(&rows, random_source.as_ref());
    JudgedMeasurements {
        code,
        detail,
        rows,
        random_source,
    }
}

fn conclude(
    rows: &[JudgedMeasurement],
    random_source: Option<&JudgedRandomSource>,
) -> (VerdictCode, String) {
    let source = random_source.map(|source| (source.code, source.said.as_str()));
    let rows_said = rows.iter().map(|row| (row.code, row.said.as_str()));
    let failed: Vec<_> = source
        .into_iter()
        .chain(rows_said)
        .filter(|(code, _)| *code != VerdictCode::Pass)
        .collect();
    let gravity = |code: VerdictCode| GRAVITY.iter().position(|grave| *grave == code);
    let gravest = failed
        .iter()
        .min_by_key(|(code, _)| gravity(*code).unwrap_or(GRAVITY.len()));
    match gravest {
        None => {
            let close = rows.iter().filter(|row| row.marginal).count();
            let mut said = format!("{} measurements within limits", rows.len());
            if close > 0 {
                let _ = write!(said, ", {close} close to one");
            }
            (VerdictCode::Pass, said)
        }
        Some((code, said)) if failed.len() == 1 => (*code, (*said).to_owned()),
        Some((code, said)) => (*code, format!("{said}; {} more", failed.len() - 1)),
    }
}

fn judge_rule(rule: &MeasurementRule, measured: &[Measurement]) -> JudgedMeasurement {
    let mut found = measured
        .iter()
        .filter(|measurement| measurement.name.as_str() == rule.name);
    let unit = unit_name(rule.unit);
    let (measurement, finding) = match (found.next(), found.next()) {
        (None, _) => (None, failed(VerdictCode::HwMissing, "missing")),
        (Some(first), Some(_)) => {
            let doubled = failed(VerdictCode::HwDoubled, "given more than once");
            (Some(first), doubled)
        }
        (Some(only), None) if only.unit != rule.unit => {
            let got = with_unit(&Shown::of(&only.value).value, unit_name(only.unit));
            let said = format!("got {got}, expected the unit {unit}");
            (Some(only), failed(VerdictCode::HwUnit, &said))
        }
        (Some(only), None) => (Some(only), rule.limits.check(&only.value, unit)),
    };
    let (low, high) = bounds(&rule.limits);
    let shown = measurement.map(|one| Shown::of(&one.value));
    let shown = shown.unwrap_or_default();
    JudgedMeasurement {
        name: rule.name.clone(),
        value: shown.value,
        readings: shown.readings,
        deviation: shown.deviation,
        unit: measurement.map_or(unit, |one| unit_name(one.unit)),
        low,
        high,
        limits: Some(rule.limits.in_words()),
        code: finding.code,
        marginal: finding.marginal,
        said: format!("{}: {}", rule.name, finding.said),
    }
}

fn failed(code: VerdictCode, said: &str) -> Finding {
    Finding {
        code,
        marginal: false,
        said: said.to_owned(),
    }
}

fn unknown_row(measurement: &Measurement) -> JudgedMeasurement {
    let name = measurement.name.escape_default().to_string();
    let shown = Shown::of(&measurement.value);
    JudgedMeasurement {
        value: shown.value,
        readings: shown.readings,
        deviation: shown.deviation,
        unit: unit_name(measurement.unit),
        low: None,
        high: None,
        limits: None,
        code: VerdictCode::HwUnknown,
        marginal: false,
        said: format!("{name}: the profile knows no such measurement"),
        name,
    }
}

fn bounds(limits: &Limits) -> (Option<String>, Option<String>) {
    match limits {
        Limits::Real { band, .. } => (Some(band.low.to_string()), Some(band.high.to_string())),
        Limits::Integer(band) => (Some(band.low.to_string()), Some(band.high.to_string())),
        _ => (None, None),
    }
}

/// A value as text.
#[derive(Default)]
struct Shown {
    value: String,
    readings: Vec<String>,
    deviation: Option<String>,
}

impl Shown {
    fn of(value: &Value) -> Self {
        let value = match value {
            Value::Readings(readings) => {
                let Statistics { mean, deviation } = Statistics::of(readings);
                return Self {
                    value: mean.to_string(),
                    readings: readings.iter().map(ToString::to_string).collect(),
                    deviation: Some(deviation.to_string()),
                };
            }
            Value::Real(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Mask(bits) => format!("{bits:#010x}"),
            Value::Text(text) => text.escape_default().to_string(),
            Value::Digest(digest) => digest.to_string(),
            Value::Bus(found) => addresses(found.iter()),
            _ => String::new(),
        };
        Self {
            value,
            ..Self::default()
        }
    }
}
