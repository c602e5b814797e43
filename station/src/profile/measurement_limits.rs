//! Limits of the self-test's measurements, and the judgement under them.

use std::fmt;

use firmware_proto::limits::{MAX_MEASUREMENT_NAME_BYTES, MAX_MEASUREMENTS};
use firmware_proto::{Measurement, MeasurementList, Unit, Value};

use super::toml_table::{Faults, Item, Table};
use super::{MAX_LIST, Profile};
use crate::verdict::VerdictCode;

/// The values that a measurement may have, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limits {
    /// For real numbers, in the precision of the wire.
    Real {
        /// Least value.
        low: f32,
        /// Greatest value.
        high: f32,
    },
    /// For counts and masks.
    Integer {
        /// Least value.
        low: i64,
        /// Greatest value.
        high: i64,
    },
}

/// One measurement that the self-test must give exactly once.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasurementRule {
    /// What is measured.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// Its limits.
    pub limits: Limits,
}

/// A measurement with its limits and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedMeasurement {
    /// What was measured.
    pub name: String,
    /// The value as text; empty where it is missing.
    pub value: String,
    /// The unit as the device named it; the profile's where the measurement is missing.
    pub unit: &'static str,
    /// Lower limit; none for a measurement that the profile does not know.
    pub low: Option<String>,
    /// Upper limit, likewise.
    pub high: Option<String>,
    /// `PASS`, or why not.
    pub code: VerdictCode,
}

/// The judgement of a whole self-test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedMeasurements {
    /// `PASS` where every row has it, else the gravest code.
    pub code: VerdictCode,
    /// One line for people: the first row with that code, and how many others failed.
    pub detail: String,
    /// One row for each rule, in the profile's order, then the measurements that no rule asked for.
    pub rows: Vec<JudgedMeasurement>,
}

/// The codes of failed rows, gravest first: a self-test of another shape says more than a value
/// does.
const GRAVITY: [VerdictCode; 4] = [
    VerdictCode::HwUnit,
    VerdictCode::HwMissing,
    VerdictCode::HwNotANumber,
    VerdictCode::HwLimit,
];

/// Judges a self-test.
///
/// 1. Each rule must have exactly one measurement of its name, else `HW-MISSING`; so must each
///    measurement have a rule.
/// 2. Unit and type must be the rule's, else `HW-UNIT`.
/// 3. A real number must be finite, else `HW-NAN`.
/// 4. The value must lie within the limits, both ends included, else `HW-LIMIT`.
#[must_use]
pub fn judge_measurements(profile: &Profile, measured: &MeasurementList) -> JudgedMeasurements {
    let mut rows: Vec<_> = profile
        .measurements
        .iter()
        .map(|rule| judge_rule(rule, measured))
        .collect();
    let unknown = |measurement: &&Measurement| {
        profile
            .measurements
            .iter()
            .all(|rule| rule.name != measurement.name.as_str())
    };
    rows.extend(
        measured
            .iter()
            .filter(unknown)
            .map(|measurement| row(measurement, None, VerdictCode::HwMissing)),
    );
    let failed = rows
        .iter()
        .filter(|row| row.code != VerdictCode::Pass)
        .count();
    let gravest = GRAVITY
        .iter()
        .find_map(|code| rows.iter().find(|row| row.code == *code));
    let (code, detail) = match gravest {
        None => (
            VerdictCode::Pass,
            format!("{} measurements within limits", rows.len()),
        ),
        Some(row) if failed == 1 => (row.code, row.to_string()),
        Some(row) => (
            row.code,
            format!("{row}; {} more", failed.saturating_sub(1)),
        ),
    };
    JudgedMeasurements { code, detail, rows }
}

fn judge_rule(rule: &MeasurementRule, measured: &MeasurementList) -> JudgedMeasurement {
    let mut found = measured
        .iter()
        .filter(|measurement| measurement.name.as_str() == rule.name);
    match (found.next(), found.next()) {
        (None, _) => JudgedMeasurement {
            name: rule.name.clone(),
            value: String::new(),
            unit: unit_name(rule.unit),
            low: Some(rule.limits.low_text()),
            high: Some(rule.limits.high_text()),
            code: VerdictCode::HwMissing,
        },
        (Some(first), Some(_)) => row(first, Some(rule), VerdictCode::HwMissing),
        (Some(only), None) => row(only, Some(rule), judge_value(rule, only)),
    }
}

fn judge_value(rule: &MeasurementRule, measurement: &Measurement) -> VerdictCode {
    if measurement.unit != rule.unit {
        return VerdictCode::HwUnit;
    }
    let within = match (rule.limits, measurement.value) {
        (Limits::Real { .. }, Value::Real(value)) if !value.is_finite() => {
            return VerdictCode::HwNotANumber;
        }
        (Limits::Real { low, high }, Value::Real(value)) => (low..=high).contains(&value),
        (Limits::Integer { low, high }, Value::Integer(value)) => (low..=high).contains(&value),
        _ => return VerdictCode::HwUnit,
    };
    if within {
        VerdictCode::Pass
    } else {
        VerdictCode::HwLimit
    }
}

fn row(
    measurement: &Measurement,
    rule: Option<&MeasurementRule>,
    code: VerdictCode,
) -> JudgedMeasurement {
    JudgedMeasurement {
        name: measurement.name.escape_default().to_string(),
        value: match measurement.value {
            Value::Real(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            _ => String::new(),
        },
        unit: unit_name(measurement.unit),
        low: rule.map(|rule| rule.limits.low_text()),
        high: rule.map(|rule| rule.limits.high_text()),
        code,
    }
}

/// For people: name, value, unit, and the limits.
impl fmt::Display for JudgedMeasurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(low), Some(high)) = (&self.low, &self.high) else {
            return write!(f, "{}: the profile knows no such measurement", self.name);
        };
        match (self.code, self.value.as_str()) {
            (VerdictCode::HwMissing, "") => write!(f, "{}: missing", self.name),
            (VerdictCode::HwMissing, _) => write!(f, "{}: given more than once", self.name),
            (VerdictCode::HwUnit, value) => {
                write!(
                    f,
                    "{}: got {value} {}, of another unit or type",
                    self.name, self.unit
                )
            }
            (_, value) => {
                write!(
                    f,
                    "{}: got {value} {}, limits {low} to {high}",
                    self.name, self.unit
                )
            }
        }
    }
}

impl Limits {
    fn low_text(self) -> String {
        match self {
            Self::Real { low, .. } => low.to_string(),
            Self::Integer { low, .. } => low.to_string(),
        }
    }

    fn high_text(self) -> String {
        match self {
            Self::Real { high, .. } => high.to_string(),
            Self::Integer { high, .. } => high.to_string(),
        }
    }
}

/// The unit as profiles write it and people read it.
#[must_use]
pub const fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::None => "none",
        Unit::Volt => "V",
        Unit::Ampere => "A",
        Unit::Hertz => "Hz",
        Unit::Celsius => "Celsius",
        Unit::Second => "s",
        Unit::Ohm => "Ohm",
        _ => "another unit",
    }
}

const UNITS: [Unit; 7] = [
    Unit::None,
    Unit::Volt,
    Unit::Ampere,
    Unit::Hertz,
    Unit::Celsius,
    Unit::Second,
    Unit::Ohm,
];

const LIMIT_HINT: &str = "write low = 3.135 and high = 3.465, in the unit of the measurement";

pub(super) fn read<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Vec<MeasurementRule> {
    let hint = "write each as [[measurement]]";
    let items = faults
        .list(item, (1, MAX_LIST.min(MAX_MEASUREMENTS)), hint)
        .unwrap_or_default();
    let mut rules: Vec<MeasurementRule> = Vec::new();
    for item in items {
        let Some(rule) = read_rule(faults, &item) else {
            continue;
        };
        if rules.iter().any(|earlier| earlier.name == rule.name) {
            faults.at(
                &item,
                format!("{} stands here twice", rule.name),
                "keep one of them",
            );
        }
        rules.push(rule);
    }
    rules
}

fn read_rule<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<MeasurementRule> {
    let mut table = faults.table(item, "write each as [[measurement]]")?;
    let hint = "1 to 12 of a-z, 0-9 and '_', for example name = \"vdd_3v3\"";
    let name = table
        .required("name", hint)
        .and_then(|item| faults.parsed(&item, hint, measurement_name));
    let hint = "one of \"V\", \"A\", \"Hz\", \"Celsius\", \"s\", \"Ohm\", \"none\"";
    let unit = table.required("unit", hint).and_then(|item| {
        faults.parsed(&item, hint, |text| {
            UNITS
                .into_iter()
                .find(|unit| unit_name(*unit) == text)
                .ok_or("unknown unit")
        })
    });
    let limits = read_limits(faults, &mut table);
    table.finish(faults);
    Some(MeasurementRule {
        name: name?,
        unit: unit?,
        limits: limits?,
    })
}

fn measurement_name(text: &str) -> Result<String, &'static str> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let good = (1..=MAX_MEASUREMENT_NAME_BYTES).contains(&text.len()) && text.bytes().all(allowed);
    good.then(|| text.to_owned())
        .ok_or("not a measurement's name")
}

/// Whole numbers where `integer = true`, real ones otherwise: the type is never guessed from a
/// digit.
fn read_limits<'t>(faults: &mut Faults<'t>, table: &mut Table<'t>) -> Option<Limits> {
    let whole = table
        .optional("integer")
        .and_then(|item| faults.boolean(&item, "true where the device sends whole numbers"))
        .unwrap_or(false);
    let low_item = table.required("low", LIMIT_HINT);
    let high_item = table.required("high", LIMIT_HINT);
    let (low_item, high_item) = (low_item?, high_item?);
    let limits = if whole {
        let low = faults.integer(&low_item, i64::MIN..=i64::MAX, LIMIT_HINT);
        let high = faults.integer(&high_item, i64::MIN..=i64::MAX, LIMIT_HINT);
        Limits::Integer {
            low: low?,
            high: high?,
        }
    } else {
        let low = faults.real(&low_item, LIMIT_HINT);
        let high = faults.real(&high_item, LIMIT_HINT);
        Limits::Real {
            low: to_wire_precision(low?),
            high: to_wire_precision(high?),
        }
    };
    let possible = match limits {
        Limits::Real { low, high } => low <= high && low.is_finite() && high.is_finite(),
        Limits::Integer { low, high } => low <= high,
    };
    if !possible {
        faults.at(&high_item, "no value lies between low and high", LIMIT_HINT);
    }
    possible.then_some(limits)
}

/// The device sends 32-bit numbers, so that a limit such as 3.135 must be rounded as its value was:
/// compared in 64 bits, a board exactly on the limit would fail.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the precision of the wire is meant"
)]
fn to_wire_precision(limit: f64) -> f32 {
    limit as f32
}
