//! A line on real pseudo-terminals: ports appear, boards answer, are unplugged at farewell, and
//! are reported.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use firmware_proto::limits::MAX_ENCODED_FRAME_BYTES;
use firmware_proto::request::Hello;
use firmware_proto::version::{CURRENT, MIN};
use firmware_proto::{
    Direction, Exchange, FrameReader, Header, Request, Response, SessionId, encode_message,
};
use simulator::compare::read_lines;
use simulator::defect::Catalogue;
use simulator::device_keys::DeviceKey;
use simulator::line::{Line, LineSettings, People};
use simulator::report::{Ended, ReportLine};
use simulator::seed::Seed;
use simulator::wire::Speed;

/// Far more than any step takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn settings(folder: &Path, lanes: u32, devices: u32) -> LineSettings {
    LineSettings {
        lanes,
        devices,
        seed: Seed(7),
        folder: folder.to_owned(),
        speed: Speed {
            baud: Some(1_000_000),
            latency_ms: 1,
        },
        owner_key: DeviceKey::default_owner().point(),
        people: People {
            gap_ms: 20,
            ..People::default()
        },
    }
}

/// What the port says, as it comes.
fn listen(mut port: File) -> Receiver<Vec<u8>> {
    let (told, heard) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok(length @ 1..) = port.read(&mut buffer) {
            if told.send(buffer[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    heard
}

fn frame(exchange: u16, request: &Request<'_>) -> Vec<u8> {
    let header = Header {
        direction: Direction::ToDevice,
        exchange: Exchange(exchange),
        sequence: 0,
    };
    let mut out = [0; MAX_ENCODED_FRAME_BYTES];
    let length = encode_message(header, request, &mut out).unwrap();
    out[..length].to_vec()
}

fn hello(session: u8) -> Request<'static> {
    Request::Hello(Hello {
        min_version: MIN,
        max_version: CURRENT,
        max_frame_bytes: 1024,
        window_chunks: 8,
        session: SessionId::from_bytes([session; 16]),
    })
}

/// Says hello until a board answers that is not `not`, and gives its UID.
fn meet(port: &mut File, heard: &Receiver<Vec<u8>>, session: u8, not: Option<&str>) -> String {
    let mut reader = FrameReader::new(Direction::ToStation);
    for attempt in 0..200 {
        port.write_all(&frame(attempt, &hello(session))).unwrap();
        while let Ok(bytes) = heard.recv_timeout(Duration::from_millis(100)) {
            let mut rest = bytes.as_slice();
            while let Some(frame) = reader.push(&mut rest) {
                if let Ok(Response::Identity(identity)) = Response::decode(frame.body) {
                    let uid = identity.uid.to_string();
                    if Some(uid.as_str()) != not {
                        return uid;
                    }
                }
            }
        }
    }
    panic!("no board answers");
}

#[test]
fn boards_come_one_after_another_and_go_at_farewell() {
    let folder = tempfile::tempdir().unwrap();
    let (stop, _never) = UnixStream::pair().unwrap();
    let stop = OwnedFd::from(stop);
    let mut ports = Vec::new();
    let fixtures = Line::open(
        settings(folder.path(), 1, 2),
        &Catalogue::empty(),
        &mut ports,
    )
    .unwrap();
    let link = folder.path().join("lane0");
    assert_eq!(
        String::from_utf8(ports).unwrap(),
        format!("{}\n", link.display())
    );
    let mut port = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(0o400)
        .open(&link)
        .unwrap();
    let heard = listen(port.try_clone().unwrap());
    let running = thread::spawn(move || {
        let mut report = Vec::new();
        let mut keep = |board: &ReportLine| board.write(&mut report);
        let played = fixtures.run(&stop, &mut keep).unwrap();
        (played, String::from_utf8(report).unwrap())
    });
    let first = meet(&mut port, &heard, 1, None);
    port.write_all(&frame(900, &Request::Farewell { passed: false }))
        .unwrap();
    let second = meet(&mut port, &heard, 2, Some(&first));
    port.write_all(&frame(901, &Request::Farewell { passed: true }))
        .unwrap();
    let (played, report) = running.join().unwrap();
    assert_eq!(played.unseen(), 0);
    let boards: Vec<ReportLine> = read_lines("report", &report).unwrap();
    let told: Vec<_> = boards
        .iter()
        .map(|board| (board.uid.clone(), board.told_passed))
        .collect();
    assert_eq!(told, [(first, Some(false)), (second, Some(true))]);
    assert!(
        boards
            .iter()
            .all(|board| board.ended == Ended::Farewell && board.identified)
    );
    assert!(!link.exists(), "the port goes with the line");
}

#[test]
fn a_line_that_is_stopped_still_reports() {
    let folder = tempfile::tempdir().unwrap();
    let (stop, mut signal) = UnixStream::pair().unwrap();
    let line = Line::open(
        settings(folder.path(), 2, 6),
        &Catalogue::empty(),
        &mut Vec::new(),
    );
    let line = line.unwrap();
    let (done, ended) = channel();
    thread::spawn(move || {
        let mut report = Vec::new();
        let mut keep = |board: &ReportLine| board.write(&mut report);
        let played = line.run(&OwnedFd::from(stop), &mut keep).unwrap();
        done.send((played, String::from_utf8(report).unwrap()))
            .unwrap();
    });
    signal.write_all(&[1]).unwrap();
    let (played, report) = ended.recv_timeout(PATIENCE).expect("the line ends");
    let lines: Vec<ReportLine> = read_lines("report", &report).unwrap();
    let left = usize::try_from(played.never_put_in).unwrap();
    assert_eq!(left + lines.len(), 6);
    assert_eq!(played.unseen(), 6, "nobody was there to meet them");
    assert!(lines.iter().all(|line| line.ended == Ended::Stopped));
}

#[test]
fn boards_stay_in_until_a_station_comes_and_then_for_as_long_as_patience_lasts() {
    let folder = tempfile::tempdir().unwrap();
    let (stop, _never) = UnixStream::pair().unwrap();
    let mut settings = settings(folder.path(), 1, 2);
    settings.people.station_wait_ms = Some(300);
    settings.people.patience_ms = 1;
    let play = |settings: LineSettings, stop: OwnedFd| {
        let line = Line::open(settings, &Catalogue::empty(), &mut Vec::new()).unwrap();
        thread::spawn(move || {
            let mut boards = Vec::new();
            let mut keep = |board: &ReportLine| {
                boards.push((board.ended, board.met));
                Ok(())
            };
            let played = line.run(&stop, &mut keep).unwrap();
            (played, boards)
        })
    };
    let (played, boards) = play(settings.clone(), stop.into()).join().unwrap();
    assert_eq!(boards, [(Ended::NoStation, false)]);
    assert_eq!((played.never_put_in, played.never_met), (1, 1));

    // Without a limit it waits, and with a station there people lose their patience.
    settings.people.station_wait_ms = None;
    let (stop, _never) = UnixStream::pair().unwrap();
    let running = play(settings, stop.into());
    let mut port = OpenOptions::new()
        .write(true)
        .custom_flags(0o400)
        .open(folder.path().join("lane0"))
        .unwrap();
    port.write_all(&frame(1, &hello(1))).unwrap();
    let (played, boards) = running.join().unwrap();
    assert_eq!(boards[0], (Ended::Patience, true));
    assert_eq!(played.never_put_in, 0);
}
