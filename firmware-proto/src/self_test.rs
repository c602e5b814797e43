//! Measurements of the hardware: a name, a value, a unit.

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

use crate::limits::{MAX_MEASUREMENT_NAME_BYTES, MAX_MEASUREMENTS};

/// The unit of a measurement. `None` is for counts and masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Unit {
    /// No unit.
    None,
    /// Volt.
    Volt,
    /// Ampere.
    Ampere,
    /// Hertz.
    Hertz,
    /// Degree Celsius.
    Celsius,
    /// Second.
    Second,
    /// Ohm.
    Ohm,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Value {
    /// A real number; may be NaN or infinite, which the station refuses.
    Real(f32),
    /// A whole number or a bit mask.
    Integer(i64),
}

/// One measurement of a self-test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was measured, for example `vdd_3v3`.
    pub name: String<MAX_MEASUREMENT_NAME_BYTES>,
    /// The value.
    pub value: Value,
    /// Its unit.
    pub unit: Unit,
}

/// All measurements of one self-test.
pub type MeasurementList = Vec<Measurement, MAX_MEASUREMENTS>;
