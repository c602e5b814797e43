//! Boards looked up as a command does it, spread over the whole ledger.
#![forbid(unsafe_code)]

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use station::ledger::Reader;
use station::ledger::reader::DeviceFilter;
use station::names::DeviceSerial;
use station::station_home::StationHome;

use super::board::Board;
use super::making::NUMBERS;
use super::{Outcome, now};

/// Looks `count` boards up, three ways.
pub(crate) fn run(home: &Path, count: u64) -> Outcome<Value> {
    let reader = Reader::open(&StationHome::open(home)?.ledger())?;
    let batches = reader.batches()?;
    let devices: u64 = batches.iter().map(|batch| batch.provisioned).sum();
    // The boards of each batch that was made to its end, by their numbers.
    let closed = (0..)
        .zip(&batches)
        .filter(|(_, batch)| batch.closed.is_some());
    let all: Vec<u64> = closed
        .flat_map(|(at, batch)| at * NUMBERS..at * NUMBERS + batch.provisioned)
        .collect();
    // Neighbours in the question are far apart in the file.
    let places = (0..count).map(|index| index.wrapping_mul(2_654_435_761) % all.len() as u64);
    let numbers = places.filter_map(|place| all.get(usize::try_from(place).ok()?).copied());
    let boards = numbers.map(Board::new).collect::<Outcome<Vec<_>>>()?;
    let mut serials: Vec<DeviceSerial> = Vec::new();
    let by_uid = timed(&boards, |board| {
        let found = reader.device(&board.uid)?.ok_or("no such board")?;
        serials.extend(found.device_serial);
        Ok(())
    })?;
    let by_serial = timed(&serials, |serial| {
        let filter = DeviceFilter {
            device_serial: Some(serial.clone()),
            ..DeviceFilter::default()
        };
        match reader.devices(&filter)?.len() {
            1 => Ok(()),
            other => Err(format!("{other} boards of serial {serial}").into()),
        }
    })?;
    let by_certificate = timed(&boards, |board| {
        let found = reader.certificate(&board.certificate_serial)?;
        match found.filter(|found| found.uid == board.uid) {
            Some(_) => Ok(()),
            None => Err("another board's certificate".into()),
        }
    })?;
    Ok(json!({
        "entries": reader.size()?,
        "devices": devices,
        "by_uid": by_uid,
        "by_device_serial": by_serial,
        "by_certificate_serial": by_certificate,
    }))
}

/// The middle and the slowest but one in a hundred, in microseconds.
fn timed<T>(all: &[T], mut look_up: impl FnMut(&T) -> Outcome<()>) -> Outcome<Value> {
    let mut times: Vec<Duration> = Vec::new();
    for one in all {
        let started = now();
        look_up(one)?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let at = |percent: usize| {
        let index = times.len() * percent / 100;
        times
            .get(index)
            .map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    Ok(json!({
        "count": times.len(),
        "p50_microseconds": at(50),
        "p99_microseconds": at(99),
    }))
}
