//! Askers that are quick, slow, silent, or ask for nonsense.

use super::timed::PIECE_BYTES;
use super::*;
use crate::clock::UtcMillis;
use crate::line::fake::FakeClock;

fn echo_text(text: &'static str) -> Handler {
    Arc::new(move |request| match request {
        ControlRequest::Status => ControlResponse::Document {
            content: text.to_owned(),
        },
        _ => ControlResponse::Refused(Refusal {
            exit_status: 1,
            what: "no".to_owned(),
            why: "never".to_owned(),
            next: "nothing".to_owned(),
            reason: None,
        }),
    })
}

fn check_round_trip(path: &Path) {
    assert_eq!(ask(path, &ControlRequest::Status).unwrap(), None);
    for text in ["one", "two"] {
        // The second owner finds the first one's socket gone or stale, and listens all the
        // same.
        let server = ControlServer::start(path, echo_text(text)).unwrap();
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let content = text.to_owned();
        assert_eq!(
            ask(path, &ControlRequest::Status).unwrap(),
            Some(ControlResponse::Document { content })
        );
        drop(server);
    }
    assert_eq!(ask(path, &ControlRequest::Status).unwrap(), None);
}

#[test]
fn answers_over_short_and_over_long_paths() {
    let folder = tempfile::tempdir().unwrap();
    check_round_trip(&folder.path().join("control.sock"));
    let deep = folder.path().join("d".repeat(120));
    fs::create_dir(&deep).unwrap();
    check_round_trip(&deep.join("control.sock"));
}

#[test]
fn a_socket_that_nobody_serves_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert_eq!(ask(&path, &ControlRequest::Status).unwrap(), None);
    let server = ControlServer::start(&path, echo_text("here")).unwrap();
    assert!(ask(&path, &ControlRequest::Status).unwrap().is_some());
    drop(server);
}

fn patient(connections: usize) -> Limits {
    let ten_minutes = 600_000;
    Limits {
        connections,
        request_ms: ten_minutes,
        answer_ms: ten_minutes,
    }
}

/// A deadline of so many milliseconds on a clock that only a test moves.
fn on_time(clock: &FakeClock, ms: u64) -> Deadline<'_> {
    let end = clock.monotonic().plus(ms);
    Deadline { clock, end }
}

#[test]
fn who_sends_in_drops_is_cut_off_after_the_time_of_the_whole() {
    let clock = FakeClock::at(UtcMillis(0));
    let mut reads = 0;
    let drip = |piece: &mut [u8], left: Duration| {
        assert_eq!(left, Duration::from_millis(5_000 - 100 * reads));
        reads += 1;
        clock.advance(100);
        piece[0] = b' ';
        Ok(1)
    };
    let error = read_request(drip, &on_time(&clock, 5_000)).unwrap_err();
    assert_eq!((error.kind(), reads), (ErrorKind::TimedOut, 50));
}

#[test]
fn who_takes_the_answer_in_drops_is_cut_off_after_the_time_of_the_whole() {
    let clock = FakeClock::at(UtcMillis(0));
    let mut writes = 0;
    let drip = |_: &[u8], _| {
        writes += 1;
        clock.advance(1_000);
        Ok(1)
    };
    let error = write_answer(&[0; 100], drip, &on_time(&clock, 30_000)).unwrap_err();
    assert_eq!((error.kind(), writes), (ErrorKind::TimedOut, 30));
}

#[test]
fn an_answer_arrives_whole_in_whatever_pieces_it_is_taken() {
    let clock = FakeClock::at(UtcMillis(0));
    let answer: Vec<u8> = (0..=255).cycle().take(3 * PIECE_BYTES).collect();
    let (mut taken, mut turn) = (Vec::new(), 0);
    let write = |piece: &[u8], _| {
        turn += 1;
        if turn % 3 == 0 {
            return Err(ErrorKind::Interrupted.into());
        }
        let part = &piece[..piece.len().div_ceil(2)];
        taken.extend_from_slice(part);
        Ok(part.len())
    };
    write_answer(&answer, write, &on_time(&clock, 1)).unwrap();
    assert_eq!(taken, answer);
}

/// They may all be silent for ten minutes, and the test does not wait for any of them.
#[test]
fn silent_askers_keep_nobody_waiting_while_there_is_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let _server = ControlServer::start_with(&path, echo_text("here"), patient(41)).unwrap();
    let mut silent: Vec<_> = (0..40)
        .map(|_| UnixStream::connect(&path).unwrap())
        .collect();
    silent[7].write_all(b"{\"request\":").unwrap();
    assert!(ask(&path, &ControlRequest::Status).unwrap().is_some());
    // With the last place taken, the next one is served as soon as one of them leaves.
    silent.push(UnixStream::connect(&path).unwrap());
    let asked = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&path, &ControlRequest::Status));
        drop(silent.pop());
        asking.join().unwrap()
    });
    assert!(asked.unwrap().is_some());
}

#[test]
fn who_does_not_take_the_answer_keeps_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    // More than lies between two ends of a socket.
    let long: &'static str = String::leak("x".repeat(8 * 1024 * 1024));
    let server = ControlServer::start_with(&path, echo_text(long), patient(2)).unwrap();
    let mut slow = UnixStream::connect(&path).unwrap();
    slow.write_all(b"{\"request\":\"status\"}\n").unwrap();
    // Its answer has begun to arrive, and is left there.
    slow.read_exact(&mut [0; 1]).unwrap();
    assert!(ask(&path, &ControlRequest::Status).unwrap().is_some());
    drop(slow);
    drop(server);
}

#[test]
fn an_owner_ends_without_work_that_hangs_and_without_who_does_not_take_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (goes_on, hangs) = std::sync::mpsc::channel::<()>();
    let hangs = Mutex::new(hangs);
    let hang: Handler = Arc::new(move |_| {
        begun.send(()).unwrap();
        let _never = hangs.lock().unwrap().recv();
        ControlResponse::Ending
    });
    let hanging = ControlServer::start_with(&path, hang, patient(2)).unwrap();
    let mut first = UnixStream::connect(&path).unwrap();
    first.write_all(b"{\"request\":\"status\"}\n").unwrap();
    has_begun.recv().unwrap();

    let beside = folder.path().join("beside.sock");
    let long: &'static str = String::leak("x".repeat(8 * 1024 * 1024));
    let answering = ControlServer::start_with(&beside, echo_text(long), patient(2)).unwrap();
    let mut slow = UnixStream::connect(&beside).unwrap();
    slow.write_all(b"{\"request\":\"status\"}\n").unwrap();
    slow.read_exact(&mut [0; 1]).unwrap();

    let (ends, ended) = std::sync::mpsc::channel();
    for server in [hanging, answering] {
        let ends = ends.clone();
        std::thread::spawn(move || {
            drop(server);
            ends.send(()).unwrap();
        });
    }
    for _ in 0..2 {
        ended.recv_timeout(Duration::from_mins(2)).unwrap();
    }
    drop((goes_on, first, slow));
}

/// Whoever asks while the owner ends is told that nothing was done, and whose work was begun has its answer.
#[test]
fn an_owner_that_ends_answers_what_it_began_and_begins_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let handler: Handler = Arc::new(move |_| {
        begun.send(()).unwrap();
        may_go_on.lock().unwrap().recv().unwrap();
        let content = "done".to_owned();
        ControlResponse::Document { content }
    });
    let held = Arc::downgrade(&handler);
    let server = ControlServer::start(&path, handler).unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| ask(&path, &ControlRequest::Status).unwrap());
        has_begun.recv().unwrap();
        let service = Arc::clone(&server.service);
        let ending = scope.spawn(move || drop(server));
        // Seen by whoever waits for a place, before the socket goes.
        let waited = service
            .changed
            .wait_while(service.count(), |count| !count.ended);
        drop(waited.unwrap());
        go_on.send(()).unwrap();
        assert!(first.join().unwrap().is_some());
        ending.join().unwrap();
    });
    assert!(held.upgrade().is_none(), "nothing of the owner is held");
    assert_eq!(ask(&path, &ControlRequest::Status).unwrap(), None);
    assert_eq!(
        respond(b"{\"request\":\"status\"}", None),
        ControlResponse::Ending
    );
}

#[test]
fn a_request_that_no_owner_would_read_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let request = ControlRequest::AddCosignatures {
        cosigned: "x".repeat(1024 * 1024),
    };
    let refused = ask(&path, &request);
    assert!(
        matches!(refused, Err(ControlError::TooLong(_))),
        "{refused:?}"
    );
}

#[test]
fn nonsense_is_refused_and_does_not_end_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let _server = ControlServer::start(&path, echo_text("here")).unwrap();
    let stream = UnixStream::connect(&path).unwrap();
    let answer = exchange(&stream, b"{\"request\":\"exec\"}\n").unwrap();
    let answer: ControlResponse = serde_json::from_slice(&answer).unwrap();
    assert!(
        matches!(
            answer,
            ControlResponse::Refused(Refusal { exit_status: 2, .. })
        ),
        "{answer:?}"
    );
    drop(UnixStream::connect(&path).unwrap());
    assert!(ask(&path, &ControlRequest::Status).unwrap().is_some());
}
