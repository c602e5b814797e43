//! Entries in their order, read and decoded by all cores ahead of the one thread that needs them in order.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rusqlite::Connection;

use super::column::Int;
use super::error::{Doing, LedgerError};
use super::leaf::{Entry, LeafError};
use super::reader::Reader;

/// Entries that are decoded at once; with [`PAGES_AHEAD`] it bounds the memory.
const PAGE: u8 = 64;

/// Decoded pages of one thread that may wait.
const PAGES_AHEAD: usize = 4;

/// An entry's bytes, and what they say.
pub(in crate::ledger) struct Decoded {
    pub(in crate::ledger) index: u64,
    pub(in crate::ledger) bytes: Vec<u8>,
    pub(in crate::ledger) entry: Result<Entry, LeafError>,
}

type Page = Result<Vec<Decoded>, LedgerError>;

/// Hands each entry of the range over, in order; ends early where one is missing. Gives the index after the
/// last.
pub(in crate::ledger) fn for_each(
    readers: &mut [Reader],
    range: Range<u64>,
    mut work: impl FnMut(Decoded) -> Result<(), LedgerError>,
) -> Result<u64, LedgerError> {
    let threads = readers.len();
    thread::scope(|scope| {
        let pages: Vec<Receiver<Page>> = (0..)
            .zip(readers)
            .map(|(first, reader)| {
                let (sender, receiver) = sync_channel(PAGES_AHEAD);
                let pages = range.clone().step_by(PAGE.into());
                let (mine, end) = (pages.skip(first).step_by(threads), range.end);
                scope.spawn(move || read(reader.connection(), mine, end, &sender));
                receiver
            })
            .collect();
        let mut next = range.start;
        for receiver in pages.iter().cycle() {
            // The thread has nothing more where the range ends, and says nothing more after a failure.
            let Ok(page) = receiver.recv() else { break };
            for decoded in page? {
                if decoded.index != next {
                    return Ok(next);
                }
                work(decoded)?;
                next += 1;
            }
            if !(next - range.start).is_multiple_of(PAGE.into()) {
                break;
            }
        }
        Ok(next)
    })
}

fn read(log: &Connection, pages: impl Iterator<Item = u64>, end: u64, to: &SyncSender<Page>) {
    for from in pages {
        // Nobody listens after a failure.
        if to
            .send(page(log, from, end.min(from + u64::from(PAGE))))
            .is_err()
        {
            return;
        }
    }
}

fn page(log: &Connection, from: u64, to: u64) -> Page {
    log.prepare_cached("SELECT idx, leaf FROM entry WHERE idx >= ?1 AND idx < ?2 ORDER BY idx")
        .and_then(|mut find| {
            let rows = find.query_map([Int(from), Int(to)], |row| {
                let index = row.get::<_, Int>(0)?.0;
                let bytes: Vec<u8> = row.get(1)?;
                let entry = Entry::read(index, &bytes);
                Ok(Decoded {
                    index,
                    bytes,
                    entry,
                })
            })?;
            rows.collect()
        })
        .doing("reading entries")
}
