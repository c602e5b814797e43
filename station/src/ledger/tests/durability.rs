//! What is durable when, and who may write.

use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::clock::UtcMillis;
use crate::ledger::fixture::{TestSigner, batch, new_ledger, profile, tamper};
use crate::ledger::handle::make;
use crate::ledger::state::Append;
use crate::ledger::writer::{QUEUE_MAX, Request};
use crate::ledger::{LedgerHandle, Reader, verify};
use crate::names::DeviceSerial;

#[test]
fn many_threads_lose_nothing() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 64)).unwrap();
    thread::scope(|scope| {
        for lane in 0..16_u32 {
            let ledger = ledger.clone();
            scope.spawn(move || {
                for board_of_lane in 0..4 {
                    let way = board(lane * 4 + board_of_lane).whole_way();
                    let (before, after) = way.split_at(4);
                    let issued =
                        ledger.record(events(B, before.to_vec()), Durability::Checkpointed);
                    assert_eq!(issued.unwrap().certificates.len(), 1);
                    for fact in after {
                        let one = events(B, [fact.clone()]);
                        ledger.record(one, Durability::Durable).unwrap();
                    }
                }
            });
        }
    });
    ledger.close_batch(closing(B)).unwrap();
    drop(ledger);
    let reader = Reader::open(&home.path()).unwrap();
    // Each board's nine events, and the batch's first and last.
    let overview = reader.batch(&batch(B)).unwrap().unwrap();
    assert_eq!((overview.events, overview.provisioned), (64 * 9 + 2, 64));
    assert_eq!(reader.events_of_batch(&batch(B)).count(), 64 * 9 + 2);
    let report = verify(&home.path(), &reader.opening().unwrap().key, None).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(report.covered, report.head.size);
}

/// Requests that wait while the writer is busy are one transaction and one signature.
#[test]
fn waiting_requests_share_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let signer = std::sync::Arc::new(TestSigner::default());
    let path = folder.path().join("ledger.sqlite");
    let writer = make(&path, new_ledger(), signer.clone(), None).unwrap();
    let before = signer.signed.load(Ordering::SeqCst);
    let (requests, receiver) = mpsc::sync_channel(QUEUE_MAX);
    let (reply, _opened) = mpsc::sync_channel(1);
    let open = Append::Open(Box::new(opening(B, 64)));
    requests
        .send(Request::Append(open, Durability::Checkpointed, reply))
        .unwrap();
    let answers: Vec<_> = (0..8)
        .map(|number| {
            let (reply, answer) = mpsc::sync_channel(1);
            let issue = events(B, board(number).whole_way().into_iter().take(4));
            let append = Append::Events(issue);
            let request = Request::Append(append, Durability::Checkpointed, reply);
            requests.send(request).unwrap();
            answer
        })
        .collect();
    drop(requests);
    writer.run(&receiver);
    for answer in answers {
        assert_eq!(answer.recv().unwrap().unwrap().certificates.len(), 1);
    }
    assert_eq!(signer.signed.load(Ordering::SeqCst) - before, 1);
}

#[test]
fn one_writer_at_a_time() {
    let (home, ledger) = Home::create();
    assert!(matches!(home.open(), Err(LedgerError::Owned { .. })));
    let again = LedgerHandle::create(&home.path(), new_ledger(), home.signer.clone(), None);
    assert!(matches!(again, Err(LedgerError::Owned { .. })));
    drop(ledger);
    let again = LedgerHandle::create(&home.path(), new_ledger(), home.signer.clone(), None);
    assert!(matches!(again, Err(LedgerError::Exists { .. })));
    home.open().unwrap();
}

#[test]
fn a_silent_key_store_keeps_certificates_back_and_loses_no_event() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    let a = board(1);
    home.signer.off.store(true, Ordering::SeqCst);
    let issue = events(B, a.whole_way().into_iter().take(4));
    let refused = ledger.record(issue, Durability::Checkpointed);
    assert!(
        matches!(refused, Err(LedgerError::NotCheckpointed { .. })),
        "{refused:?}"
    );
    assert!(matches!(
        ledger.standing(&a.uid),
        Err(LedgerError::NotCheckpointed { .. })
    ));
    // Another board is not held up.
    assert!(ledger.standing(&board(2).uid).is_ok());
    home.signer.off.store(false, Ordering::SeqCst);
    let live = ledger.standing(&a.uid).unwrap().live.unwrap();
    assert_eq!(live.certificate.certificate_serial(), a.certificate_serial);
    let reader = Reader::open(&home.path()).unwrap();
    let covered = reader.latest_checkpoint().unwrap().unwrap().size;
    assert_eq!(covered, reader.size().unwrap());
}

#[test]
fn a_refused_request_leaves_nothing_behind() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    let a = board(1);
    let size = Reader::open(&home.path()).unwrap().size().unwrap();
    let out_of_order = events(B, [a.session_opened(), a.intended(), a.provisioned()]);
    let refused = refusal(ledger.record(out_of_order, Durability::Durable));
    assert_eq!(refused, Refusal::NotLive(a.certificate_serial));
    assert_eq!(Reader::open(&home.path()).unwrap().size().unwrap(), size);
    assert!(ledger.standing(&a.uid).unwrap().intent.is_none());
    let none = refusal(ledger.record(Vec::new(), Durability::Durable));
    assert!(matches!(none, Refusal::RequestSize { got: 0, .. }));
}

/// A copy of the files taken while the writer runs is what a power loss leaves.
#[test]
fn a_torn_write_ahead_log_loses_whole_requests_only() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 8)).unwrap();
    for number in 0..4 {
        let way = events(B, board(number).whole_way());
        ledger.record(way, Durability::Durable).unwrap();
    }
    let full = Reader::open(&home.path()).unwrap().size().unwrap();
    let wal_name = "ledger.sqlite-wal";
    let wal = std::fs::read(home.folder.path().join(wal_name)).unwrap();
    for cut in [
        0,
        1,
        wal.len() / 3,
        wal.len() / 2,
        wal.len() - 100,
        wal.len(),
    ] {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("ledger.sqlite");
        std::fs::copy(home.path(), &path).unwrap();
        std::fs::write(copy.path().join(wal_name), &wal[..cut]).unwrap();
        match LedgerHandle::open(&path, home.signer.clone(), None) {
            Ok(reopened) => {
                drop(reopened);
                let reader = Reader::open(&path).unwrap();
                let size = reader.size().unwrap();
                // The first entries, then nine for each board that was whole.
                assert_eq!((size - 3) % 9, 0, "{size}");
                assert!(cut < wal.len() || size == full);
                let report = verify(&path, &reader.opening().unwrap().key, None).unwrap();
                assert_eq!(report.findings, []);
            }
            // Cut before even the schema was there.
            Err(LedgerError::Damaged(_)) => assert!(cut < wal.len() / 2),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn an_open_transaction_dies_with_its_process() {
    let (home, ledger) = Home::create();
    drop(ledger);
    let connection = rusqlite::Connection::open(home.path()).unwrap();
    connection
        .execute_batch("BEGIN; DELETE FROM checkpoint;")
        .unwrap();
    drop(connection);
    home.open().unwrap();
}

#[test]
fn a_full_disk_says_so_and_is_recovered_from() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 4)).unwrap();
    drop(ledger);
    // SQLite's own limit on the file gives the same error as the disk.
    let connection = crate::ledger::log_store::connect(&home.path(), false).unwrap();
    let pages: u32 = connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    connection
        .pragma_update(None, "max_page_count", pages)
        .unwrap();
    let mut store = crate::ledger::log_store::LogStore::new(connection).unwrap();
    let size = store.frontier().size();
    let full = store.transaction(|store| {
        for number in 0..50 {
            for event in events(B, [board(number).session_opened()]) {
                store.append(event)?;
            }
        }
        Ok(())
    });
    assert!(
        matches!(full, Err(LedgerError::DiskFull { .. })),
        "{full:?}"
    );
    assert_eq!(store.frontier().size(), size);
    store
        .connection()
        .pragma_update(None, "max_page_count", u32::MAX >> 1)
        .unwrap();
    let one = events(B, [board(1).session_opened()]).remove(0);
    store.transaction(|store| store.append(one)).unwrap();
}

#[test]
fn serials_go_on_where_they_ended() {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 9)).unwrap();
    ledger
        .record(events(B, board(41).whole_way()), Durability::Durable)
        .unwrap();
    drop(ledger);
    let ledger = home.open().unwrap();
    let of = |number| {
        ledger
            .reserve(&batch(B), &board(number).uid)
            .unwrap()
            .unwrap()
            .device_serial
    };
    assert_eq!(of(1).as_str(), "SA-000042");
    assert_eq!(of(41).as_str(), "SA-000041", "a board keeps its serial");
    let listed: Vec<_> = ["SA-000041", "X-1"]
        .map(|text| DeviceSerial::parse(text).unwrap())
        .into();
    ledger.use_serials(batch(B), listed).unwrap();
    assert_eq!(of(2).as_str(), "X-1", "SA-000041 belongs to another board");
    let none = ledger.reserve(&batch(B), &board(3).uid).unwrap();
    assert_eq!(none, Err(NoPlace::SerialsExhausted));
}

#[test]
fn the_mirror_shows_an_older_copy_of_the_whole_ledger() {
    let (home, ledger) = Home::create();
    drop(ledger);
    let elsewhere = tempfile::tempdir().unwrap();
    let mirror = elsewhere.path().join("checkpoint");
    let open = || LedgerHandle::open(&home.path(), home.signer.clone(), Some(mirror.clone()));
    let older = std::fs::read(home.path()).unwrap();
    // A mirror that is not there would hide what it vouched for; an empty one is begun.
    let gone = open();
    assert!(
        matches!(gone, Err(LedgerError::NoMirror { .. })),
        "{gone:?}"
    );
    std::fs::write(&mirror, "").unwrap();
    let ledger = open().unwrap();
    ledger.begin_mirror(UtcMillis(9)).unwrap();
    ledger.open_batch(opening(B, 2)).unwrap();
    drop(ledger);
    open().unwrap();
    let newer = std::fs::read(home.path()).unwrap();
    std::fs::write(home.path(), older).unwrap();
    match open() {
        Err(LedgerError::Damaged(damage)) => {
            let (checkpoint, log) = (4, 1);
            let older = Damage::RolledBack { checkpoint, log };
            assert_eq!(damage, older.beside(&mirror));
        }
        other => panic!("{other:?}"),
    }
    std::fs::write(home.path(), newer).unwrap();
    open().unwrap();
    // A mirror that goes away while the ledger is open is not made anew: its disk may be gone.
    let ledger = open().unwrap();
    let aside = elsewhere.path().join("aside");
    std::fs::rename(&mirror, &aside).unwrap();
    let opened = events(B, [board(2).session_opened()]);
    let refused = ledger.record(opened, Durability::Checkpointed);
    assert!(
        matches!(refused, Err(LedgerError::NotMirrored { .. })),
        "{refused:?}"
    );
    assert!(!mirror.exists());
    std::fs::rename(&aside, &mirror).unwrap();
    ledger.checkpoint().unwrap();
    drop(ledger);
    // Where the mirror cannot be written, certificates are kept back.
    let ledger = open().unwrap();
    std::fs::remove_dir_all(elsewhere.path()).unwrap();
    let issue = events(B, board(1).whole_way().into_iter().take(4));
    let refused = ledger.record(issue, Durability::Checkpointed);
    assert!(
        matches!(refused, Err(LedgerError::NotMirrored { .. })),
        "{refused:?}"
    );
}

#[test]
fn another_token_and_a_newer_file_are_refused() {
    let (home, ledger) = Home::create();
    drop(ledger);
    let other = std::sync::Arc::new(TestSigner {
        ecdsa: true,
        ..Default::default()
    });
    let refused = LedgerHandle::open(&home.path(), other, None);
    assert!(matches!(refused, Err(LedgerError::OtherKey { .. })));
    tamper(&home.path(), "PRAGMA user_version = 999");
    assert!(matches!(
        home.open(),
        Err(LedgerError::Newer { got: 999, .. })
    ));
    tamper(&home.path(), "PRAGMA application_id = 7");
    assert!(matches!(
        home.open(),
        Err(LedgerError::Damaged(Damage::NotALedger))
    ));
    let text = home.folder.path().join("text");
    std::fs::write(&text, profile().text).unwrap();
    let refused = Reader::open(&text);
    assert!(
        matches!(refused, Err(LedgerError::Damaged(_))),
        "{refused:?}"
    );
}

/// Opening a pipe would wait for a writer, for ever.
#[test]
fn what_is_no_regular_file_is_not_even_opened() {
    let (home, ledger) = Home::create();
    drop(ledger);
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let pipe = |path: &std::path::Path| {
        std::fs::remove_file(path).unwrap();
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
    };
    // The file beside it that is locked waits for nobody either.
    let mut lock = home.path().into_os_string();
    lock.push("-writer");
    pipe(std::path::Path::new(&lock));
    home.open().unwrap();
    pipe(&home.path());
    let not_a_file = |error| matches!(error, LedgerError::Damaged(Damage::NotAFile));
    assert!(not_a_file(Reader::open(&home.path()).unwrap_err()));
    assert!(not_a_file(home.open().unwrap_err()));
    assert!(not_a_file(Reader::open(home.folder.path()).unwrap_err()));
}

/// A commit returns after the disk has it: asked of the connection that the writer gets.
#[test]
fn the_writer_has_a_write_ahead_log_that_is_synced_at_each_commit() {
    let (home, ledger) = Home::create();
    drop(ledger);
    for create in [false, true] {
        let connection = crate::ledger::log_store::connect(&home.path(), create).unwrap();
        let synchronous: u32 = connection
            .pragma_query_value(None, "synchronous", |row| row.get(0))
            .unwrap();
        assert_eq!(synchronous, 2, "FULL");
        let journal: String = connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!(journal, "wal");
    }
}
