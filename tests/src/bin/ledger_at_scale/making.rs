//! Appends boards as lanes do: several at once, each waiting for the answer to its last request.
#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use station::clock::UtcMillis;
use station::hsm::SignerPool;
use station::ledger::standing::Durability;
use station::ledger::{BatchClosing, BatchOpening, EventStore as _, LedgerHandle, Reader};
use station::names::{BatchId, LaneName, WorkOrderId};
use station::profile::Profile;
use station::station_home::StationHome;

use super::board::{Board, Line, START, operator};
use super::{Outcome, now};

/// Boards in one batch, unless something else is said.
pub(crate) const BATCH: u64 = 10_000;

/// The most boards in one batch: a batch's boards have so many numbers to themselves.
pub(crate) const NUMBERS: u64 = 100_000;

/// A profile whose serials are enough for all of them.
fn profile() -> Outcome<Profile> {
    let sample = std::fs::read_to_string(acceptance::prepared_station::sample_profile())?;
    let text = sample.replace("SA-######", "SA-########");
    Ok(Profile::parse("profile", &text)?)
}

/// Makes `devices` more boards, at most `most` in one batch.
pub(crate) fn run(home: &Path, devices: u64, lanes: usize, most: u64) -> Outcome<Value> {
    if !(1..=NUMBERS).contains(&most) {
        return Err(format!("a batch has 1 to {NUMBERS} boards").into());
    }
    let home = StationHome::open(home)?;
    let pin = home.config().hsm.pin.read(home.path())?;
    let signer = SignerPool::open(&home.config().hsm.token_config(), &pin)?;
    let started = now();
    let ledger = LedgerHandle::open(&home.ledger(), Arc::new(signer), None)?;
    let opened = started.elapsed().as_secs_f64();
    let reader = Reader::open(&home.ledger())?;
    let (before, batches) = (reader.size()?, reader.batches()?.len() as u64);
    let started = now();
    for batch in batches..batches + devices.div_ceil(most) {
        let quantity = most.min(devices - (batch - batches) * most);
        make_batch(&ledger, batch, quantity, lanes)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    drop(ledger);
    let made = reader.size()? - before;
    Ok(json!({
        "devices": devices,
        "entries": made,
        "all_entries": before + made,
        "bytes": std::fs::metadata(home.ledger())?.len(),
        "start_seconds": opened,
        "seconds": seconds,
        "entries_per_second": made as f64 / seconds,
        "lanes": lanes,
    }))
}

fn make_batch(ledger: &LedgerHandle, batch: u64, quantity: u64, lanes: usize) -> Outcome<()> {
    let id = BatchId::parse(&format!("SCALE-{batch:04}"))?;
    let profile = profile()?;
    let time = UtcMillis(START);
    ledger.open_batch(BatchOpening {
        time,
        batch: id.clone(),
        profile: profile.clone(),
        seal: None,
        older_profile: None,
        work_order: WorkOrderId::parse("WO-SCALE")?,
        quantity: u32::try_from(quantity)?,
        issuing_certificate: vec![0x30; 500],
        actor: operator()?,
    })?;
    let next = AtomicU64::new(batch * NUMBERS);
    let end = batch * NUMBERS + quantity;
    let results: Vec<Outcome<()>> = std::thread::scope(|scope| {
        let work = |lane: usize| -> Outcome<()> {
            let line = Line {
                batch: id.clone(),
                lane: LaneName::parse(&format!("lane{lane}"))?,
                profile: profile.clone(),
            };
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return Ok(());
                }
                make_board(ledger, &line, number)?;
            }
        };
        let lanes: Vec<_> = (0..lanes)
            .map(|lane| scope.spawn(move || work(lane)))
            .collect();
        let joined = lanes.into_iter().map(|lane| lane.join());
        joined
            .map(|done| done.map_err(|_| "a lane panicked")?)
            .collect()
    });
    results.into_iter().collect::<Outcome<Vec<()>>>()?;
    ledger.close_batch(BatchClosing {
        time: UtcMillis(time.0 + end * 1000),
        batch: id,
        actor: operator()?,
    })?;
    Ok(())
}

fn make_board(ledger: &LedgerHandle, line: &Line, number: u64) -> Outcome<()> {
    let board = Board::new(number)?;
    for request in board.appraisal(line)? {
        ledger.record(request, Durability::Durable)?;
    }
    let place = ledger.reserve(&line.batch, &board.uid)?;
    let serial = place
        .map_err(|refused| format!("{refused:?}"))?
        .device_serial;
    ledger.record(board.intended(line, &serial), Durability::Durable)?;
    let stored = ledger.record(board.issued(line, &serial), Durability::Checkpointed)?;
    if stored.certificates.len() != 1 {
        return Err("the certificate was not given back".into());
    }
    for request in board.finish(line, &serial) {
        ledger.record(request, Durability::Durable)?;
    }
    Ok(())
}
