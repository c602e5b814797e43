//! Measurements as version 1 of the protocol had them: single numbers, in the answer itself.
//!
//! A device that speaks version 1 with an old station sends only those of its measurements that fit.

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

use crate::limits::{MAX_MEASUREMENT_NAME_BYTES, MAX_SCALAR_MEASUREMENTS};
use crate::self_test::{Measurement, Unit, Value};

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Scalar {
    /// A real number; may be NaN or infinite, which the station refuses.
    Real(f32),
    /// A whole number or a bit mask.
    Integer(i64),
}

/// One measurement of a self-test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScalarMeasurement {
    /// What was measured, for example `vdd_3v3`.
    pub name: String<MAX_MEASUREMENT_NAME_BYTES>,
    /// The value.
    pub value: Scalar,
    /// Its unit.
    pub unit: Unit,
}

/// All measurements of one self-test.
pub type ScalarList = Vec<ScalarMeasurement, MAX_SCALAR_MEASUREMENTS>;

impl ScalarMeasurement {
    /// What version 1 can say of a measurement; nothing where that is no single number.
    #[must_use]
    pub fn of(measurement: &Measurement) -> Option<Self> {
        let value = match measurement.value {
            Value::Real(value) => Scalar::Real(value),
            Value::Integer(value) => Scalar::Integer(value),
            _ => return None,
        };
        Some(Self {
            name: measurement.name.clone(),
            value,
            unit: measurement.unit,
        })
    }
}

impl From<ScalarMeasurement> for Measurement {
    fn from(scalar: ScalarMeasurement) -> Self {
        let value = match scalar.value {
            Scalar::Real(value) => Value::Real(value),
            Scalar::Integer(value) => Value::Integer(value),
        };
        Self {
            name: scalar.name,
            value,
            unit: scalar.unit,
        }
    }
}
