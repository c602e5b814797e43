//! The least that a check of the log can cost: each row read, and hashed twice.
#![forbid(unsafe_code)]

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use station::ledger::Reader;
use station::station_home::StationHome;

use super::{Outcome, now};

/// Reads all rows in so many threads, each a part of its own.
pub(crate) fn run(home: &Path, threads: u64) -> Outcome<Value> {
    let path = StationHome::open(home)?.ledger();
    let size = Reader::open(&path)?.size()?;
    let started = now();
    let results: Vec<Outcome<u64>> = std::thread::scope(|scope| {
        let part = |thread: u64| (size * thread / threads, size * (thread + 1) / threads);
        let work = |(from, to)| read_and_hash(&path, from, to);
        let all: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || work(part(thread))))
            .collect();
        let joined = all.into_iter().map(|thread| thread.join());
        joined
            .map(|done| done.map_err(|_| "a thread panicked")?)
            .collect()
    });
    let read = results.into_iter().sum::<Outcome<u64>>()?;
    let seconds = started.elapsed().as_secs_f64();
    Ok(json!({
        "entries": size,
        "leaf_bytes": read,
        "threads": threads,
        "seconds": seconds,
    }))
}

fn read_and_hash(path: &Path, from: u64, to: u64) -> Outcome<u64> {
    let log = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut rows = log.prepare("SELECT idx, leaf, hash FROM entry WHERE idx >= ?1 AND idx < ?2")?;
    let mut rows = rows.query([i64::try_from(from)?, i64::try_from(to)?])?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let leaf = row.get_ref(1)?.as_blob()?;
        let hash = Sha256::new_with_prefix([0]).chain_update(leaf).finalize();
        let again = Sha256::new_with_prefix([0]).chain_update(leaf).finalize();
        if hash != again || row.get_ref(2)?.as_blob()? != &hash[..] {
            return Err("a leaf has another hash".into());
        }
        bytes += leaf.len() as u64;
    }
    Ok(bytes)
}
