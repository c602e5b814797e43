//! Whoever sits on the wire gains nothing: what was recorded once serves nobody again.

use firmware_proto::frame::{Header, encode_message};
use firmware_proto::{Direction, FrameReader, Refusal, Request, Response};
use simulator::board::VirtualBoard;

use super::bench::{Bench, Wire};
use crate::ledger::event::Fact;
use crate::verdict::VerdictCode;

/// Keeps all that passes.
#[derive(Default)]
struct Recorder {
    to_board: Vec<Vec<u8>>,
    to_station: Vec<Vec<u8>>,
}

impl Wire for Recorder {
    fn to_board(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.to_board.push(bytes.clone());
        bytes
    }
    fn to_station(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        if !bytes.is_empty() {
            self.to_station.push(bytes.clone());
        }
        bytes
    }
}

fn recorded(bench: &mut Bench, board: &mut VirtualBoard) -> Recorder {
    let mut recorder = Recorder::default();
    let verdict = bench.run(board, &mut recorder, None).expect("a verdict");
    assert_eq!(verdict.code, VerdictCode::Pass, "{}", verdict.detail);
    recorder
}

#[test]
fn a_session_that_is_replayed_to_another_board_changes_nothing() {
    let mut bench = Bench::new(10);
    let owner = bench.owner_key();
    let recorder = recorded(&mut bench, &mut VirtualBoard::good(7, 0, &owner));
    let mut other = VirtualBoard::good(7, 1, &owner);
    for bytes in &recorder.to_board {
        other.receive(bytes);
        other.transmit();
    }
    assert!(other.experience().certificate.is_none());
    let verdict = bench.provision(&mut other);
    assert_eq!(
        verdict.code,
        VerdictCode::Pass,
        "the other board is still good: {verdict:?}"
    );
}

#[test]
fn a_session_that_is_replayed_to_the_same_board_changes_nothing() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let recorder = recorded(&mut bench, &mut board);
    let before = board.experience().certificate;
    board.reboot();
    for bytes in &recorder.to_board {
        board.receive(bytes);
        board.transmit();
    }
    assert_eq!(board.experience().certificate, before);
    board.reboot();
    assert_eq!(
        bench.provision(&mut board).code,
        VerdictCode::AlreadyProvisioned
    );
}

/// Answers the station with what another session has heard.
struct Replayer {
    recorded: std::vec::IntoIter<Vec<u8>>,
    asked: bool,
}

impl Wire for Replayer {
    fn to_board(&mut self, _: Vec<u8>) -> Vec<u8> {
        self.asked = true;
        Vec::new()
    }
    fn to_station(&mut self, _: Vec<u8>) -> Vec<u8> {
        if std::mem::take(&mut self.asked) {
            self.recorded.next().unwrap_or_default()
        } else {
            Vec::new()
        }
    }
}

#[test]
fn a_session_that_is_replayed_to_the_station_issues_nothing() {
    let mut bench = Bench::new(10);
    let owner = bench.owner_key();
    let mut board = VirtualBoard::good(7, 0, &owner);
    let recorder = recorded(&mut bench, &mut board);
    let mut wire = Replayer {
        recorded: recorder.to_station.into_iter(),
        asked: false,
    };
    let before = bench.facts().len();
    bench.context.timing.session_ms = 10_000;
    bench.die_at = Some(Box::new({
        let mut sent = 0;
        move |action| {
            sent += usize::from(matches!(action, crate::provisioning::Action::Send(_)));
            sent > 200
        }
    }));
    let verdict = bench.run(&mut VirtualBoard::good(7, 5, &owner), &mut wire, None);
    assert!(verdict.is_none_or(|verdict| verdict.code != VerdictCode::Pass));
    let new = bench.facts().split_off(before);
    let nothing = |fact: &Fact| {
        !matches!(
            fact,
            Fact::CertificateIssued { .. } | Fact::Provisioned { .. }
        )
    };
    assert!(new.iter().all(nothing), "{new:?}");
}

/// Answers some of the station's requests in the board's place.
struct Liar {
    /// To which, once the board was ordered to lock.
    lies_to: fn(&Request<'_>) -> bool,
    /// Whether the board hears them all the same.
    delivers: bool,
    /// How often.
    lies_left: u32,
    ordered: bool,
    forged: Vec<u8>,
}

impl Liar {
    fn new(lies_to: fn(&Request<'_>) -> bool, delivers: bool, lies_left: u32) -> Self {
        Self {
            lies_to,
            delivers,
            lies_left,
            ordered: false,
            forged: Vec::new(),
        }
    }
}

impl Wire for Liar {
    fn to_board(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let mut reader = FrameReader::new(Direction::ToDevice);
        let Some(frame) = reader.push(&mut bytes.as_slice()) else {
            return bytes;
        };
        let Ok(request) = Request::decode(frame.body) else {
            return bytes;
        };
        self.ordered |= matches!(request, Request::Commit { .. });
        if !self.ordered || self.lies_left == 0 || !(self.lies_to)(&request) {
            return bytes;
        }
        self.lies_left -= 1;
        let header = Header {
            direction: Direction::ToStation,
            exchange: frame.header.exchange,
            sequence: 0,
        };
        let mut buffer = [0; 64];
        let lie = Response::Refused(Refusal::Hardware);
        let length = encode_message(header, &lie, &mut buffer).unwrap();
        self.forged = buffer[..length].to_vec();
        if self.delivers { bytes } else { Vec::new() }
    }
    fn to_station(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        if self.forged.is_empty() {
            return bytes;
        }
        std::mem::take(&mut self.forged)
    }
}

fn to_the_order(request: &Request<'_>) -> bool {
    matches!(request, Request::Commit { .. } | Request::GetReceipt { .. })
}

/// Runs a good board with the liar between it and the station.
fn lied_to(mut liar: Liar) -> (Bench, VirtualBoard, crate::provisioning::Verdict) {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let verdict = bench.run(&mut board, &mut liar, None).expect("a verdict");
    board.reboot();
    (bench, board, verdict)
}

#[test]
fn a_forged_refusal_to_lock_is_asked_about_again() {
    let (mut bench, mut board, verdict) = lied_to(Liar::new(to_the_order, true, 1));
    assert_eq!(verdict.code, VerdictCode::Pass, "{}", verdict.detail);
    assert_eq!((bench.issued(), bench.revoked()), (1, 0));
    let again = bench.provision(&mut board).code;
    assert_eq!(again, VerdictCode::AlreadyProvisioned);
}

#[test]
fn refusals_forged_without_end_leave_a_locked_board_in_doubt() {
    let (mut bench, mut board, verdict) = lied_to(Liar::new(to_the_order, true, u32::MAX));
    assert_eq!(verdict.code, VerdictCode::InDoubt, "{}", verdict.detail);
    assert_eq!((bench.issued(), bench.revoked()), (1, 0));
    assert!(!bench.close_batch());
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::Pass, "{}", verdict.detail);
    assert_eq!((bench.issued(), bench.revoked()), (1, 0));
}

/// The board itself attests that it is open: what it had can be revoked without harm to it.
#[test]
fn a_board_that_never_heard_the_order_gets_another_identity() {
    let (mut bench, mut board, verdict) = lied_to(Liar::new(to_the_order, false, 1));
    assert_eq!(verdict.code, VerdictCode::LockRefused, "{}", verdict.detail);
    assert_eq!((bench.issued(), bench.revoked()), (1, 1));
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::Pass, "{}", verdict.detail);
    assert_eq!((bench.issued(), bench.revoked()), (2, 1));
}

/// Any other word that would refuse a board before it is ordered to lock.
#[test]
fn no_forged_answer_after_the_order_revokes_anything() {
    let lies: [fn(&Request<'_>) -> bool; 3] = [
        |request| to_the_order(request) || matches!(request, Request::Attest { .. }),
        |request| to_the_order(request) || matches!(request, Request::Hello(_)),
        |request| to_the_order(request) || matches!(request, Request::Prove { .. }),
    ];
    for lies_to in lies {
        let (mut bench, mut board, verdict) = lied_to(Liar::new(lies_to, true, u32::MAX));
        assert_eq!(verdict.code, VerdictCode::InDoubt, "{}", verdict.detail);
        assert_eq!((bench.issued(), bench.revoked()), (1, 0));
        let verdict = bench.provision(&mut board);
        assert_eq!(verdict.code, VerdictCode::Pass, "{}", verdict.detail);
    }
}

/// Makes the station look older than it is.
struct Downgrader;

impl Wire for Downgrader {
    fn to_board(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let mut reader = FrameReader::new(Direction::ToDevice);
        let Some(frame) = reader.push(&mut bytes.as_slice()) else {
            return bytes;
        };
        let Ok(Request::Hello(mut hello)) = Request::decode(frame.body) else {
            return bytes;
        };
        hello.max_version = hello.min_version;
        let mut out = [0; 512];
        let length = encode_message(frame.header, &Request::Hello(hello), &mut out).unwrap();
        out[..length].to_vec()
    }
}

/// Version 1 has no samples of the noise source, and the rest of a self-test would be easier to pass, too.
#[test]
fn nobody_talks_a_board_down_to_an_older_version() {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
    let verdict = bench
        .run(&mut board, &mut Downgrader, None)
        .expect("a verdict");
    assert_eq!(verdict.code, VerdictCode::AttNonce, "{}", verdict.detail);
    assert_eq!(bench.issued(), 0);
}
