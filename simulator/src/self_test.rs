//! What the sensors of a SENSOR-A read: good values, spread a little by the seed.

use firmware_proto::{Measurement, MeasurementList, Unit, Value};

use crate::seed::{Purpose, Seed, below};

/// Name, unit, nominal value, and the largest deviation of a good board.
const REAL: &[(&str, Unit, f32, f32)] = &[
    ("vdd_3v3", Unit::Volt, 3.30, 0.05),
    ("vdd_core", Unit::Volt, 1.10, 0.02),
    ("i_sleep", Unit::Ampere, 12.0e-6, 4.0e-6),
    ("f_hse", Unit::Hertz, 8.0e6, 120.0),
    ("t_die", Unit::Celsius, 24.0, 3.0),
];

/// The measurements of a good board.
#[must_use]
pub fn good_measurements(seed: Seed, device: u32) -> MeasurementList {
    let mut stream = seed.stream(Purpose::SelfTest, device);
    let mut list = MeasurementList::new();
    for (name, unit, nominal, spread) in REAL {
        let steps = u16::try_from(below(&mut stream, 2_001)).unwrap_or_default();
        let deviation = (f32::from(steps) - 1_000.0) / 1_000.0;
        add(
            &mut list,
            name,
            Value::Real(nominal + deviation * spread),
            *unit,
        );
    }
    add(&mut list, "flash_errors", Value::Integer(0), Unit::None);
    list
}

/// Replaces a measurement's value and unit, where the board has one of that name.
pub fn replace(list: &mut MeasurementList, name: &str, value: Value, unit: Option<Unit>) {
    if let Some(found) = list.iter_mut().find(|found| found.name == name) {
        found.value = value;
        found.unit = unit.unwrap_or(found.unit);
    }
}

/// Adds a measurement; one too many, or one with too long a name, is dropped.
pub fn add(list: &mut MeasurementList, name: &str, value: Value, unit: Unit) {
    if let Ok(name) = name.try_into() {
        let _full = list.push(Measurement { name, value, unit });
    }
}

/// Takes a measurement away.
pub fn remove(list: &mut MeasurementList, name: &str) {
    list.retain(|found| found.name != name);
}
