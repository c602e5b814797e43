//! One ledger read by as many threads as there are cores, each through a connection of its own.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::error::LedgerError;
use super::reader::Reader;

/// More threads than this wait for the disk, not for each other.
const THREADS_MAX: usize = 16;

/// How often snapshots are taken until all of them show the same commit.
const ATTEMPTS_MAX: usize = 50;

/// How many threads are worth their while.
pub(in crate::ledger) fn threads() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS_MAX))
}

/// Readers of one commit, one for each thread. A station that appends meanwhile is waited for.
pub(in crate::ledger) fn snapshots(path: &Path) -> Result<Vec<Reader>, LedgerError> {
    for _ in 0..ATTEMPTS_MAX {
        let readers = (0..threads())
            .map(|_| Reader::snapshot(path))
            .collect::<Result<Vec<_>, _>>()?;
        // The log only grows: equal ends are equal logs.
        let ends = readers.iter().map(Reader::end);
        let ends = ends.collect::<Result<Vec<_>, _>>()?;
        if ends.windows(2).all(|pair| pair.first() == pair.last()) {
            return Ok(readers);
        }
    }
    // On a line that never rests, one thread sees one commit.
    Ok(vec![Reader::snapshot(path)?])
}

/// Does `count` pieces of work, each in whatever thread is free, and gives the results in their order. The first
/// failure ends it.
pub(in crate::ledger) fn each<S: Send, T: Send>(
    workers: &mut [S],
    count: u64,
    work: impl Fn(&mut S, u64) -> Result<T, LedgerError> + Sync,
) -> Result<Vec<T>, LedgerError> {
    let (next, failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let (next, failed, work) = (&next, &failed, &work);
    let run = move |worker: &mut S| {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            let result = work(worker, index);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.push((index, result));
        }
        done
    };
    let mut all: Vec<(u64, Result<T, LedgerError>)> = thread::scope(|scope| {
        let threads: Vec<_> = workers
            .iter_mut()
            .map(|worker| scope.spawn(move || run(worker)))
            .collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect()
    });
    all.sort_unstable_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ledger::error::Damage;

    #[test]
    fn results_come_in_their_order() {
        let mut workers = vec![(); 4];
        let squares = each(&mut workers, 100, |(), n| Ok(n * n)).unwrap();
        assert_eq!(squares, (0..100).map(|n| n * n).collect::<Vec<_>>());
    }

    /// A reader for each core, and each of them at work at the same time as all others.
    #[test]
    fn every_core_has_work() {
        let (home, ledger) = crate::ledger::fixture::Home::create();
        drop(ledger);
        let mut readers = snapshots(&home.path()).unwrap();
        let cores = thread::available_parallelism().unwrap().get();
        assert_eq!(readers.len(), cores.min(THREADS_MAX));
        let (all, meeting) = (readers.len(), std::sync::Mutex::new(0));
        let (arrived, patience) = (std::sync::Condvar::new(), Duration::from_mins(1));
        let met = each(&mut readers, all as u64, |_, _| {
            let mut here = meeting.lock().unwrap();
            *here += 1;
            arrived.notify_all();
            let missing = |here: &mut usize| *here < all;
            let waited = arrived.wait_timeout_while(here, patience, missing).unwrap();
            Ok(!waited.1.timed_out())
        });
        assert!(met.unwrap().into_iter().all(|met| met));
    }

    #[test]
    fn a_failure_is_the_result() {
        let mut workers = vec![(); 3];
        let result = each(&mut workers, 1000, |(), n| match n {
            500 => Err(LedgerError::from(Damage::EntryMissing(n))),
            _ => Ok(()),
        });
        assert!(matches!(
            result,
            Err(LedgerError::Damaged(Damage::EntryMissing(500)))
        ));
    }
}
