//! Measurements of the hardware: a name, a typed value, a unit.
//!
//! A self-test report is a count of one byte and so many measurements, one after another; it is
//! written and read piece by piece, so that neither side must hold all of it.

use core::fmt;

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

use crate::limits::{
    MAX_MEASUREMENT_BYTES, MAX_MEASUREMENT_NAME_BYTES, MAX_MEASUREMENTS, MAX_READINGS,
    MAX_TEXT_BYTES,
};
use crate::{Digest, Malformed};

/// The unit of a measurement. `None` is for counts, masks and everything that is no number.
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

/// What was measured. Append only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Value {
    /// A real number; may be NaN or infinite, which the station refuses.
    Real(f32),
    /// A whole number.
    Integer(i64),
    /// The same quantity read several times, in the order of reading.
    Readings(Vec<f32, MAX_READINGS>),
    /// Bits, such as a row of fuses or of pins.
    Mask(u32),
    /// A text, such as the version of a ROM.
    Text(String<MAX_TEXT_BYTES>),
    /// SHA-256 of a piece of memory, such as the option bytes.
    Digest(Digest),
    /// Who answered on a bus.
    Bus(AddressMap),
}

/// The addresses, 0 to 127, at which somebody answered: I2C addresses, or chip selects of an SPI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressMap([u8; Self::BYTES]);

impl AddressMap {
    const BYTES: usize = 16;

    /// How many addresses there are.
    pub const ADDRESSES: u8 = 128;

    /// Adds an address; those over 127 are ignored.
    pub fn insert(&mut self, address: u8) {
        if let Some(byte) = self.0.get_mut(usize::from(address >> 3)) {
            *byte |= bit_of(address);
        }
    }

    /// Takes an address away.
    pub fn remove(&mut self, address: u8) {
        if let Some(byte) = self.0.get_mut(usize::from(address >> 3)) {
            *byte &= !bit_of(address);
        }
    }

    /// Whether somebody answered there.
    #[must_use]
    pub fn contains(&self, address: u8) -> bool {
        let byte = self.0.get(usize::from(address >> 3)).copied();
        byte.unwrap_or(0) & bit_of(address) != 0
    }

    /// The addresses, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u8> {
        (0..Self::ADDRESSES).filter(|address| self.contains(*address))
    }
}

const fn bit_of(address: u8) -> u8 {
    1 << (address & 7)
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

/// The report does not fit into the buffer, or has too many measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportTooLong;

impl fmt::Display for ReportTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the self-test has more measurements than a report or its buffer can hold")
    }
}

impl core::error::Error for ReportTooLong {}

impl Measurement {
    /// Writes the measurement as it travels; gives its length.
    ///
    /// # Errors
    /// [`ReportTooLong`] where `out` is too short; [`MAX_MEASUREMENT_BYTES`] always suffice.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, ReportTooLong> {
        postcard::to_slice(self, out)
            .map(|written| written.len())
            .map_err(|_| ReportTooLong)
    }

    /// Reads one measurement, and gives what comes after it.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes do not begin with one.
    pub fn take(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        postcard::take_from_bytes(bytes).map_err(|_| Malformed)
    }
}

/// Writes a whole report; gives its length.
///
/// # Errors
/// [`ReportTooLong`] where there are more than [`MAX_MEASUREMENTS`], or `out` is too short.
pub fn encode_report(measurements: &[Measurement], out: &mut [u8]) -> Result<usize, ReportTooLong> {
    let count = u8::try_from(measurements.len())
        .ok()
        .filter(|count| usize::from(*count) <= MAX_MEASUREMENTS)
        .ok_or(ReportTooLong)?;
    *out.first_mut().ok_or(ReportTooLong)? = count;
    let mut length = 1_usize;
    for measurement in measurements {
        let room = out.get_mut(length..).ok_or(ReportTooLong)?;
        length = length.saturating_add(measurement.encode(room)?);
    }
    Ok(length)
}

/// Reads a report, measurement by measurement. The last item is [`Malformed`] where the bytes are no
/// report: too many measurements, fewer than announced, or bytes behind the last one.
pub fn decode_report(report: &[u8]) -> impl Iterator<Item = Result<Measurement, Malformed>> {
    let (count, mut rest) = match report.split_first() {
        Some((count, rest)) if usize::from(*count) <= MAX_MEASUREMENTS => (*count, rest),
        // A byte that no measurement will take: one error, and the end.
        _ => (0, [0].as_slice()),
    };
    let mut left = count;
    core::iter::from_fn(move || {
        if left == 0 {
            let behind = !core::mem::take(&mut rest).is_empty();
            return behind.then_some(Err(Malformed));
        }
        left = left.saturating_sub(1);
        match Measurement::take(rest) {
            Ok((measurement, after)) => {
                rest = after;
                Some(Ok(measurement))
            }
            Err(malformed) => {
                (left, rest) = (0, &[]);
                Some(Err(malformed))
            }
        }
    })
}

const _: () =
    assert!(MAX_MEASUREMENT_NAME_BYTES + 1 + 2 + 4 * MAX_READINGS < MAX_MEASUREMENT_BYTES);
const _: () = assert!(MAX_MEASUREMENT_NAME_BYTES + 1 + 3 + MAX_TEXT_BYTES < MAX_MEASUREMENT_BYTES);
const _: () = assert!(MAX_MEASUREMENTS < 256);
