//! What a SENSOR-A measures of itself: good values, spread a little by the seed.

use firmware_proto::{AddressMap, Measurement, Unit, Value};
use rand_chacha::ChaCha20Rng;

use crate::device_keys::sha256;
use crate::seed::{Purpose, Seed, below};

/// Name, unit, nominal value, and the largest deviation of a good board.
const REAL: &[(&str, Unit, f32, f32)] = &[
    ("vdd_3v3", Unit::Volt, 3.30, 0.05),
    ("vdd_core", Unit::Volt, 1.10, 0.02),
    ("i_sleep", Unit::Ampere, 12.0e-6, 4.0e-6),
    ("f_hse", Unit::Hertz, 8.0e6, 120.0),
    ("r_pullup", Unit::Ohm, 4_700.0, 40.0),
    ("t_boot", Unit::Second, 0.18, 0.02),
];

/// How often the die's temperature is read, and how far readings lie from their middle.
const READINGS: usize = 8;
const NOISE: f32 = 0.4;

/// The measurements of a good board.
#[must_use]
pub fn good_measurements(seed: Seed, device: u32) -> Vec<Measurement> {
    let mut stream = seed.stream(Purpose::SelfTest, device);
    let mut list = Vec::new();
    for (name, unit, nominal, spread) in REAL {
        let value = Value::Real(nominal + spread * deviation(&mut stream));
        add(&mut list, name, value, *unit);
    }
    let middle = 24.0 + 3.0 * deviation(&mut stream);
    let readings = (0..READINGS).map(|_| middle + NOISE * deviation(&mut stream));
    let readings = Value::Readings(readings.collect());
    add(&mut list, "t_die", readings, Unit::Celsius);
    let mut bus = AddressMap::default();
    for address in ON_THE_BUS {
        bus.insert(address);
    }
    let rest = [
        ("flash_errors", Value::Integer(0)),
        ("fuses", Value::Mask(FUSES)),
        ("rom", text("2.1.4")),
        (
            "option_bytes",
            Value::Digest(sha256(&[b"SENSOR-A option bytes"])),
        ),
        (
            "flash_cal",
            Value::Digest(sha256(&[b"SENSOR-A calibration 3"])),
        ),
        ("i2c1", Value::Bus(bus)),
    ];
    for (name, value) in rest {
        add(&mut list, name, value, Unit::None);
    }
    list
}

/// Boot from flash only, brown-out reset on; the two lowest bits say how the chip was packaged.
const FUSES: u32 = 0x0000_0c32;

/// Accelerometer and pressure sensor.
const ON_THE_BUS: [u8; 2] = [0x1d, 0x76];

/// From -1 to 1.
fn deviation(stream: &mut ChaCha20Rng) -> f32 {
    let steps = u16::try_from(below(stream, 2_001)).unwrap_or_default();
    (f32::from(steps) - 1_000.0) / 1_000.0
}

/// A text; empty where it is too long for a measurement.
#[must_use]
pub fn text(text: &str) -> Value {
    Value::Text(text.try_into().unwrap_or_default())
}

/// Changes a measurement, where the board has one of that name.
pub fn change(list: &mut [Measurement], name: &str, change: impl FnOnce(&mut Measurement)) {
    if let Some(found) = list.iter_mut().find(|found| found.name == name) {
        change(found);
    }
}

/// Changes each reading of a real number, be it one or several: gets the middle of all, and the reading.
pub fn change_readings(list: &mut [Measurement], name: &str, new: impl Fn(f32, f32) -> f32) {
    change(list, name, |found| match &mut found.value {
        Value::Real(value) => *value = new(*value, *value),
        Value::Readings(readings) => {
            let count = u16::try_from(readings.len()).unwrap_or(u16::MAX).max(1);
            let middle = readings.iter().sum::<f32>() / f32::from(count);
            readings.iter_mut().for_each(|one| *one = new(middle, *one));
        }
        _ => {}
    });
}

/// Adds a measurement; one with too long a name is dropped.
pub fn add(list: &mut Vec<Measurement>, name: &str, value: Value, unit: Unit) {
    if let Ok(name) = name.try_into() {
        list.push(Measurement { name, value, unit });
    }
}

/// Takes a measurement away.
pub fn remove(list: &mut Vec<Measurement>, name: &str) {
    list.retain(|found| found.name != name);
}
