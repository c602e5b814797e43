//! What a board may not exceed or leave out, where another bound would not notice it.

use firmware_proto::frame::{Header, encode_message};
use firmware_proto::version::Version;
use firmware_proto::{Direction, FrameReader, Response};
use simulator::board::VirtualBoard;
use simulator::fault::Fault;
use simulator::power::Step as BoardStep;

use super::bench::{Bench, Wire};
use crate::verdict::VerdictCode;

/// Each single answer comes in time; all of them together do not.
#[test]
fn a_session_has_an_end_though_every_answer_comes() {
    let slow = Fault::Slow {
        step: BoardStep::Attest,
        times: 4,
        retry_ms: 1_000,
    };
    for (session_ms, expected) in [(60_000, VerdictCode::Pass), (2_000, VerdictCode::LinkLost)] {
        let mut bench = Bench::new(10);
        bench.context.timing.session_ms = session_ms;
        let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &slow);
        let verdict = bench.provision(&mut board);
        assert_eq!(verdict.code, expected, "{verdict:?}");
        assert!(verdict.duration_ms < 15_000, "{verdict:?}");
    }
}

/// It is greeted again after each silence, but not as long as a session may last.
#[test]
fn a_board_that_always_falls_silent_is_given_up() {
    let mut bench = Bench::new(10);
    let fault = Fault::SilentFrom {
        answer: BoardStep::AnswerMeasurements,
    };
    let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, VerdictCode::LinkLost, "{verdict:?}");
    assert!(
        verdict.duration_ms < bench.context.timing.session_ms / 2,
        "{verdict:?}"
    );
}

/// Names a version that the station did not offer.
struct Later(u8);

impl Wire for Later {
    fn to_station(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let mut reader = FrameReader::new(Direction::ToStation);
        let Some(frame) = reader.push(&mut bytes.as_slice()) else {
            return bytes;
        };
        let Ok(Response::Identity(mut identity)) = Response::decode(frame.body) else {
            return bytes;
        };
        identity.version = Version(self.0);
        let header = Header { ..frame.header };
        let mut out = [0; 512];
        let length = encode_message(header, &Response::Identity(identity), &mut out).unwrap();
        out[..length].to_vec()
    }
}

#[test]
fn a_version_that_was_not_offered_is_not_spoken() {
    for version in [0, 99] {
        let mut bench = Bench::new(10);
        let mut board = VirtualBoard::good(7, 0, &bench.owner_key());
        let verdict = bench.run(&mut board, &mut Later(version), None);
        let verdict = verdict.expect("a verdict");
        assert_eq!(verdict.code, VerdictCode::LinkProtocol, "{verdict:?}");
        assert!(verdict.detail.contains("not offered"), "{verdict:?}");
    }
}
