//! Exchanges: repetitions, stale requests, requests out of order, versions.

use firmware_proto::limits::chunk_bytes;
use firmware_proto::object_transfer::{BlobId, ChunkSet};
use firmware_proto::request::Hello;
use firmware_proto::version::{CURRENT, MIN, Version};
use firmware_proto::{Exchange, Nonce, Refusal, Request, Response, ScalarMeasurement, SessionId};
use proptest::prelude::*;

use crate::board::{self, Board, sha256};
use crate::station::{FRAME_BYTES, Silence, Station, postcard_body};

const NONCE: Nonce = Nonce::from_bytes([7; 32]);
const ATTEST: Request<'static> = Request::Attest {
    station_nonce: NONCE,
};

#[test]
fn nothing_is_said_unasked() {
    let mut station = Station::fresh();
    assert!(station.listen().is_empty());
    station.hello().unwrap();
    assert!(station.listen().is_empty());
}

#[test]
fn a_repeated_request_is_answered_alike_and_executed_once() {
    let mut station = Station::fresh();
    station.hello().unwrap();
    let first = station.ask(&ATTEST).unwrap();
    let frame = Station::frame(station.exchange, 0, &ATTEST);
    let second = station.exchange_frame(&frame).unwrap();
    assert_eq!(first.messages, second.messages);
    assert_eq!(first.sequences, second.sequences);
    let effects = &station.device.platform().effects;
    assert_eq!(effects.iter().filter(|e| **e == "attest").count(), 1);
}

#[test]
fn a_doubled_request_is_answered_once() {
    let mut station = Station::fresh();
    station.hello().unwrap();
    station.exchange = station.exchange.next();
    let frame = Station::frame(station.exchange, 0, &ATTEST);
    let answer = station
        .exchange_frame(&[&frame[..], &frame].concat())
        .unwrap();
    assert_eq!(answer.sequences, [0, 1]);
}

#[test]
fn a_stale_request_and_a_number_used_twice_are_passed_over() {
    let mut station = Station::fresh();
    station.hello().unwrap();
    station.ask(&ATTEST).unwrap();
    let stale = Station::frame(
        Exchange(station.exchange.0.wrapping_sub(1)),
        0,
        &Request::SelfTest,
    );
    assert_eq!(station.exchange_frame(&stale).unwrap_err(), Silence);
    let twice = Station::frame(station.exchange, 0, &Request::SelfTest);
    assert_eq!(station.exchange_frame(&twice).unwrap_err(), Silence);
}

#[test]
fn a_late_double_of_hello_does_not_end_the_session() {
    let mut station = Station::fresh();
    station.hello().unwrap();
    let hello = Station::frame(station.exchange, 0, &Station::hello_request(1));
    station.ask(&ATTEST).unwrap();
    assert_eq!(station.exchange_frame(&hello).unwrap_err(), Silence);
    station.ask(&Request::SelfTest).unwrap();
}

#[test]
fn another_hello_forgets_the_session_whatever_its_number() {
    let mut station = Station::fresh();
    station.hello().unwrap();
    station.evidence().unwrap();
    let hello = Station::frame(Exchange(3), 0, &Station::hello_request(99));
    let answer = station.exchange_frame(&hello).unwrap();
    assert!(matches!(answer.response(), Response::Identity(_)));
    let key = Request::MakeKey { key_nonce: NONCE };
    let answer = station.exchange_frame(&Station::frame(Exchange(4), 0, &key));
    assert_eq!(answer.unwrap().refusal(), Some(Refusal::OutOfOrder));
}

#[test]
fn each_step_needs_the_one_before() {
    let package = sha256(&[b"none"]);
    let missing = ChunkSet::only(0);
    let blob = BlobId::Evidence;
    let requests = [
        (Request::MakeKey { key_nonce: NONCE }, Refusal::OutOfOrder),
        (Request::Install { package }, Refusal::OutOfOrder),
        (
            Request::Prove {
                station_nonce: NONCE,
            },
            Refusal::OutOfOrder,
        ),
        (Request::ReadChunks { blob, missing }, Refusal::OutOfOrder),
        (
            Request::GetReceipt {
                receipt_nonce: NONCE,
            },
            Refusal::NoReceipt,
        ),
        (
            Request::Commit {
                commit: b"commit",
                receipt_nonce: NONCE,
            },
            Refusal::OutOfOrder,
        ),
        (
            Request::WriteStatus {
                blob: BlobId::InstallPackage,
            },
            Refusal::OutOfOrder,
        ),
    ];
    for (request, refusal) in requests {
        let mut station = Station::fresh();
        let before_hello = station.ask(&request).unwrap();
        assert_eq!(before_hello.refusal(), Some(Refusal::OutOfOrder));
        station.hello().unwrap();
        let after_hello = station.ask(&request).unwrap();
        assert_eq!(after_hello.refusal(), Some(refusal), "{request:?}");
    }
}

#[test]
fn a_commit_needs_a_proof_of_this_session() {
    let mut station = Station::fresh();
    station.hello().unwrap();
    station.evidence().unwrap();
    let draft = station.draft();
    station.install(&draft).unwrap();
    let proof = station.prove().unwrap();
    let commit = station.commit_for(&proof);
    station.hello().unwrap();
    let request = Request::Commit {
        commit: &commit,
        receipt_nonce: NONCE,
    };
    let answer = station.ask(&request).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::OutOfOrder));
}

#[test]
fn after_farewell_only_hello_is_answered() {
    let mut station = Station::fresh();
    station.hello().unwrap();
    let farewell = Request::Farewell { passed: false };
    station.ask(&farewell).unwrap();
    let again = Station::frame(station.exchange, 0, &farewell);
    assert_eq!(
        station.exchange_frame(&again).unwrap().response(),
        Response::Done
    );
    assert_eq!(station.device.platform().verdicts, [false], "shown once");
    let answer = station.ask(&ATTEST).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::OutOfOrder));
}

#[test]
fn lost_chunks_are_asked_for_again_in_both_directions() {
    let mut board = Board::fresh();
    board.certificates = vec![0x31; 3000];
    let mut station = Station::with(board);
    station.hello().unwrap();
    let answer = station.ask(&ATTEST).unwrap();
    let all = answer.chunks();
    let mut missing = ChunkSet::EMPTY;
    missing.insert(1);
    missing.insert(3);
    let blob = BlobId::Evidence;
    let request = Request::ReadChunks { blob, missing };
    let more = station.ask(&request).unwrap();
    assert_eq!(more.sequences, [0, 1]);
    assert!(
        more.chunks()
            .iter()
            .all(|(index, data)| all[index] == *data)
    );
    let again = station.exchange_frame(&Station::frame(station.exchange, 0, &request));
    assert_eq!(again.unwrap().messages, more.messages);

    station.ask(&Request::SelfTest).unwrap();
    let late = station.ask(&request).unwrap();
    assert_eq!(
        late.refusal(),
        Some(Refusal::OutOfOrder),
        "the offer is over"
    );

    let mut station = Station::fresh();
    station.hello().unwrap();
    station.evidence().unwrap();
    let data = vec![9; chunk_bytes(usize::from(FRAME_BYTES))];
    let chunk = |index, acknowledge| Request::WriteChunk {
        blob: BlobId::InstallPackage,
        total_bytes: 3012,
        index,
        acknowledge,
        data: &data,
    };
    station.exchange = station.exchange.next();
    let number = station.exchange;
    let silent = station.exchange_frame(&Station::frame(number, 0, &chunk(0, false)));
    assert_eq!(silent.unwrap_err(), Silence);
    let answer = station.exchange_frame(&Station::frame(number, 2, &chunk(2, true)));
    let mut received = ChunkSet::EMPTY;
    received.insert(0);
    received.insert(2);
    let blob = BlobId::InstallPackage;
    let expected = Response::ChunksReceived { blob, received };
    assert_eq!(answer.unwrap().response(), expected);
    let incomplete = station.ask(&Request::Install {
        package: sha256(&[b"x"]),
    });
    assert_eq!(incomplete.unwrap().refusal(), Some(Refusal::BlobIncomplete));
    let answer = station.ask(&chunk(1, true)).unwrap();
    let received = ChunkSet::first(3);
    assert_eq!(
        answer.response(),
        Response::ChunksReceived { blob, received }
    );
    // Of another package than announced: nothing of it is kept.
    let other = station.ask(&Request::Install {
        package: sha256(&[b"x"]),
    });
    assert_eq!(other.unwrap().refusal(), Some(Refusal::BlobIncomplete));
    let received = ChunkSet::EMPTY;
    let answer = station.ask(&Request::WriteStatus { blob }).unwrap();
    assert_eq!(
        answer.response(),
        Response::ChunksReceived { blob, received }
    );
}

fn hello(min: u8, max: u8, frame: u16) -> Request<'static> {
    Request::Hello(Hello {
        min_version: Version(min),
        max_version: Version(max),
        max_frame_bytes: frame,
        window_chunks: 1,
        session: SessionId::from_bytes([3; 16]),
    })
}

#[test]
fn versions_are_negotiated() {
    let mut station = Station::fresh();
    let none = Response::NoCommonVersion {
        min_version: MIN,
        max_version: CURRENT,
    };
    for (min, max) in [(3, 9), (0, 0), (5, 1)] {
        let answer = station.ask(&hello(min, max, 1024)).unwrap();
        assert_eq!(answer.response(), none);
        let next = station.ask(&Request::SelfTest).unwrap();
        assert_eq!(next.refusal(), Some(Refusal::OutOfOrder));
    }
    let answer = station.ask(&hello(0, 200, 1024)).unwrap();
    assert!(
        matches!(answer.response(), Response::Identity(identity) if identity.version == CURRENT)
    );
    let answer = station.ask(&hello(1, 1, 511)).unwrap();
    assert_eq!(answer.refusal(), Some(Refusal::Bounds));
}

#[test]
fn an_old_station_gets_the_measurements_that_it_can_read() {
    for slow in [false, true] {
        let mut station = Station::fresh();
        station.device.platform_mut().is_slow = slow;
        station.ask(&hello(1, 1, 512)).unwrap();
        let answer = station.ask(&Request::SelfTest).unwrap();
        let Response::Measurements(list) = answer.response() else {
            panic!("{:?}", answer.response());
        };
        let expected = board::measurements();
        let scalars: Vec<_> = expected.iter().filter_map(ScalarMeasurement::of).collect();
        assert_eq!((scalars.len(), list.as_slice()), (1, scalars.as_slice()));
        assert!(answer.chunks().is_empty());
    }
}

#[test]
fn a_newer_hello_may_be_longer_and_nothing_else_may() {
    let mut body = postcard_body(&hello(1, 2, 512));
    body.extend_from_slice(b"fields of version 2");
    assert!(matches!(Request::decode(&body), Ok(Request::Hello(_))));
    let mut body = postcard_body(&Request::SelfTest);
    body.push(0);
    assert!(Request::decode(&body).is_err());
}

proptest! {
    /// Requests in any order, in any split, with noise: the device neither panics nor breaks its rules.
    #[test]
    fn any_order_of_requests_leaves_a_board_that_can_be_provisioned(
        steps in proptest::collection::vec((0..14_u8, any::<bool>(), 0..3_u16), 0..40),
        noise in proptest::collection::vec(any::<u8>(), 0..64),
        is_slow in any::<bool>(),
    ) {
        let mut board = Board::fresh();
        board.is_slow = is_slow;
        let mut station = Station::with(board);
        let data = [5; 1004];
        for (kind, flag, skip) in steps {
            let request = match kind {
                0 => Station::hello_request(1),
                1 => Station::hello_request(2),
                2 => ATTEST,
                3 => Request::SelfTest,
                4 | 5 => Request::MakeKey { key_nonce: NONCE },
                6 => Request::WriteChunk {
                    blob: BlobId::InstallPackage,
                    total_bytes: 1004,
                    index: 0,
                    acknowledge: flag,
                    data: &data,
                },
                7 => Request::WriteStatus { blob: BlobId::InstallPackage },
                8 => Request::ReadChunks { blob: BlobId::Evidence, missing: ChunkSet::first(2) },
                9 => Request::Install { package: sha256(&[&data]) },
                10 => Request::Prove { station_nonce: NONCE },
                11 => Request::Commit { commit: b"?", receipt_nonce: NONCE },
                12 => Request::GetReceipt { receipt_nonce: NONCE },
                _ => Request::Farewell { passed: flag },
            };
            station.exchange.0 = station.exchange.0.wrapping_add(skip);
            station.device.receive(&noise);
            let _ = station.exchange_frame(&Station::frame(station.exchange, 0, &request));
        }
        station.exchange = station.exchange.next();
        prop_assert!(station.provision().is_ok());
    }

    #[test]
    fn any_bytes_in_frames_are_answered_and_never_panic(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..20),
    ) {
        let mut station = Station::fresh();
        station.hello().unwrap();
        for body in bodies {
            station.exchange = station.exchange.next();
            let header = firmware_proto::Header {
                direction: firmware_proto::Direction::ToDevice,
                exchange: station.exchange,
                sequence: 0,
            };
            let mut out = [0; 512];
            let length = firmware_proto::encode_frame(header, &body, &mut out).unwrap();
            let _ = station.exchange_frame(&out[..length]);
        }
        station.provision().unwrap();
    }
}
