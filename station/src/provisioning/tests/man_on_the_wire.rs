//! Whoever sits on the wire gains nothing: what was recorded once serves nobody again.

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
