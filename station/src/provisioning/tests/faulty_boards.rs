//! Each fault of a board ends with its own code, and no refused board keeps a live identity.

use simulator::board::VirtualBoard;
use simulator::fault::{Fault, SignedBy, TokenFaultName, TokenOf};
use simulator::hostile::HostileKind;
use simulator::power::Step;

use super::bench::{Bench, Copper, Wire};
use crate::ledger::event::Fact;
use crate::ledger::standing::Recorded;
use crate::provisioning::{Action, Input, LastBoard, Session};
use crate::verdict::VerdictCode;

/// Provisions one board with the fault; a refused one must leave nothing live behind.
pub(super) fn check(fault: &Fault, expected: VerdictCode) {
    let mut bench = Bench::new(10);
    let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), fault);
    let verdict = bench.provision(&mut board);
    assert_eq!(verdict.code, expected, "{fault:?}: {}", verdict.detail);
    let live = bench.issued() - bench.revoked();
    let provisioned = bench.count(|fact| matches!(fact, Fact::Provisioned { .. }));
    if expected == VerdictCode::Pass {
        assert_eq!((live, provisioned), (1, 1), "{fault:?}");
    } else {
        assert_eq!((live, provisioned), (0, 0), "{fault:?}");
        assert_eq!(verdict.certificate_serial, None, "{fault:?}");
    }
    let verdicts = bench.count(|fact| matches!(fact, Fact::VerdictReached { .. }));
    assert_eq!(verdicts, 1, "{fault:?}");
}

#[test]
fn firmware() {
    let component = || "APP".to_owned();
    let old = Fault::FirmwareVersion {
        component: component(),
        version: "2.4.0".to_owned(),
    };
    check(&old, VerdictCode::FwVersion);
    check(
        &Fault::TamperedImage {
            component: component(),
        },
        VerdictCode::FwMeasurement,
    );
    check(
        &Fault::MissingComponent {
            component: component(),
        },
        VerdictCode::FwComponent,
    );
    check(
        &Fault::UnknownComponent {
            component: "MODEM".to_owned(),
        },
        VerdictCode::FwComponent,
    );
}

#[test]
fn attestation() {
    check(&Fault::Lifecycle { value: 0x4000 }, VerdictCode::AttDebug);
    check(
        &Fault::Lifecycle { value: 0x1000 },
        VerdictCode::AttLifecycle,
    );
    check(&Fault::ForeignAttestationKey {}, VerdictCode::AttKeyUnknown);
    check(&Fault::ExpiredAttestationKey {}, VerdictCode::AttKeyExpired);
    check(&Fault::OtherHardwareType {}, VerdictCode::AttProduct);
    check(&Fault::OtherImplementation {}, VerdictCode::AttProduct);
    check(&Fault::ClientId { value: 9 }, VerdictCode::AttClaims);
    check(&Fault::ClaimedUid {}, VerdictCode::AttUid);
    check(
        &Fault::Product {
            code: "SENSOR-B".to_owned(),
        },
        VerdictCode::ProductMismatch,
    );
}

#[test]
fn tokens() {
    let token = |of, fault| Fault::Token { of, fault };
    check(
        &token(TokenOf::Evidence, TokenFaultName::Signature),
        VerdictCode::AttSignature,
    );
    check(
        &token(TokenOf::Evidence, TokenFaultName::StaleNonce),
        VerdictCode::AttNonce,
    );
    check(
        &token(TokenOf::Evidence, TokenFaultName::Truncated),
        VerdictCode::AttMalformed,
    );
    check(
        &token(TokenOf::Evidence, TokenFaultName::DoubledClaim),
        VerdictCode::AttMalformed,
    );
    check(
        &token(TokenOf::KeyEvidence, TokenFaultName::Signature),
        VerdictCode::AttSignature,
    );
    check(
        &token(TokenOf::KeyEvidence, TokenFaultName::StaleNonce),
        VerdictCode::KeyForeign,
    );
}

/// What nobody has signed revokes nothing, however often it is said.
#[test]
fn receipts_that_nobody_has_signed() {
    let token = |fault| Fault::Token {
        of: TokenOf::Receipt,
        fault,
    };
    let faults = [
        token(TokenFaultName::Signature),
        token(TokenFaultName::StaleNonce),
        Fault::FalseSignature {
            of: SignedBy::Receipt,
        },
    ];
    for fault in faults {
        let mut bench = Bench::new(10);
        let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
        let verdict = bench.provision(&mut board);
        assert_eq!(verdict.code, VerdictCode::InDoubt, "{fault:?}: {verdict:?}");
        assert!(verdict.detail.contains("RECEIPT-INVALID"), "{verdict:?}");
        assert_eq!((bench.issued(), bench.revoked()), (1, 0), "{fault:?}");
        assert!(!bench.close_batch(), "{fault:?}");
    }
}

#[test]
fn keys() {
    check(&Fault::MalformedRequest {}, VerdictCode::KeyCsr);
    check(&Fault::RequestSignature {}, VerdictCode::KeySignature);
    check(&Fault::ForeignKey {}, VerdictCode::KeyForeign);
}

#[test]
fn installing() {
    check(&Fault::OtherOwner {}, VerdictCode::InstallRefused);
    check(&Fault::FalseReadBack {}, VerdictCode::InstallReadback);
    check(
        &Fault::FalseSignature {
            of: SignedBy::Proof,
        },
        VerdictCode::ProofInvalid,
    );
    check(&Fault::LockFails {}, VerdictCode::LockRefused);
    check(&Fault::LockLies {}, VerdictCode::ReceiptInvalid);
}

#[test]
fn conduct() {
    let answers = [
        Step::AnswerEvidence,
        Step::AnswerMeasurements,
        Step::AnswerKeyEvidence,
    ];
    for answer in answers {
        check(&Fault::SilentFrom { answer }, VerdictCode::LinkLost);
        check(&Fault::WrongAnswer { answer }, VerdictCode::LinkProtocol);
        check(&Fault::HugeBlob { answer }, VerdictCode::LinkProtocol);
    }
    check(
        &Fault::OtherVersion { version: 9 },
        VerdictCode::LinkVersion,
    );
    check(
        &Fault::SwappedFrom {
            answer: Step::AnswerKeyEvidence,
        },
        VerdictCode::AttSession,
    );
}

#[test]
fn a_board_that_is_slow_passes() {
    for step in [
        Step::Attest,
        Step::MakeKey,
        Step::SelfTest,
        Step::Sign,
        Step::Lock,
    ] {
        check(
            &Fault::Slow {
                step,
                times: 3,
                retry_ms: 200,
            },
            VerdictCode::Pass,
        );
    }
}

#[test]
fn a_board_that_never_stops_talking_ends_as_noise() {
    let peers = [
        HostileKind::Babbler,
        HostileKind::Zeros,
        HostileKind::HugeFrames,
    ];
    let rude = [HostileKind::Garbage, HostileKind::Malformed];
    for peer in peers.iter().chain(&rude) {
        let mut bench = Bench::new(10);
        let fault = Fault::Hostile { peer: *peer };
        let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
        let verdict = bench.provision(&mut board);
        let link = [
            VerdictCode::LinkNoise,
            VerdictCode::LinkProtocol,
            VerdictCode::LinkLost,
        ];
        assert!(link.contains(&verdict.code), "{peer:?}: {verdict:?}");
    }
}

#[test]
fn two_boards_with_one_key_are_refused() {
    let mut bench = Bench::new(10);
    let shared = Fault::SharedKey {};
    let mut first = VirtualBoard::faulty(7, 0, &bench.owner_key(), &shared);
    let mut second = VirtualBoard::faulty(7, 1, &bench.owner_key(), &shared);
    assert_eq!(bench.provision(&mut first).code, VerdictCode::Pass);
    assert_eq!(bench.provision(&mut second).code, VerdictCode::KeyReused);
    assert_eq!(bench.issued(), 1);
}

#[test]
fn a_full_batch_takes_no_board() {
    let mut bench = Bench::new(1);
    let mut first = VirtualBoard::good(7, 0, &bench.owner_key());
    let mut second = VirtualBoard::good(7, 1, &bench.owner_key());
    assert_eq!(bench.provision(&mut first).code, VerdictCode::Pass);
    assert_eq!(bench.provision(&mut second).code, VerdictCode::BatchFull);
    assert_eq!(bench.issued(), 1);
}

#[test]
fn a_board_without_a_name_gets_one_verdict_however_long_it_stays() {
    let faults = [
        (Fault::OtherVersion { version: 9 }, VerdictCode::LinkVersion),
        (
            Fault::Hostile {
                peer: HostileKind::Malformed,
            },
            VerdictCode::LinkProtocol,
        ),
    ];
    for (fault, expected) in faults {
        let mut bench = Bench::new(10);
        let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
        let verdict = bench.provision(&mut board);
        assert_eq!(verdict.code, expected);
        let mut sent = 0;
        bench.die_at = Some(Box::new(move |action| {
            sent += usize::from(matches!(action, Action::Send(_)));
            sent > 50 || matches!(action, Action::Record { .. })
        }));
        let before = bench.facts().len();
        // The board hears no farewell here, as if nobody took it out.
        board.put_in_again();
        assert_eq!(bench.run(&mut board, &mut Copper, verdict.last_board), None);
        assert_eq!(bench.facts().len(), before, "{fault:?}: a second verdict");
    }
}

#[test]
fn the_board_that_takes_a_lost_ones_place_is_not_sent_away() {
    /// From the given turn on another board stands in the fixture.
    struct Swap<'a> {
        turns_left: u32,
        other: &'a mut VirtualBoard,
    }
    impl Wire for Swap<'_> {
        fn to_board(&mut self, bytes: Vec<u8>) -> Vec<u8> {
            self.turns_left = self.turns_left.saturating_sub(1);
            if self.turns_left > 0 {
                return bytes;
            }
            self.other.receive(&bytes);
            Vec::new()
        }
        fn to_station(&mut self, bytes: Vec<u8>) -> Vec<u8> {
            if self.turns_left > 0 {
                bytes
            } else {
                self.other.transmit()
            }
        }
    }
    let mut bench = Bench::new(10);
    let owner = bench.owner_key();
    let mut first = VirtualBoard::good(7, 0, &owner);
    let mut other = VirtualBoard::good(7, 1, &owner);
    let mut wire = Swap {
        turns_left: 3,
        other: &mut other,
    };
    let verdict = bench.run(&mut first, &mut wire, None).expect("a verdict");
    assert_eq!(verdict.code, VerdictCode::AttSession, "{}", verdict.detail);
    assert_eq!(other.experience().farewell, None);
    let verdict = bench
        .run(&mut other, &mut Copper, verdict.last_board)
        .expect("a verdict");
    assert_eq!(verdict.code, VerdictCode::Pass, "{}", verdict.detail);
}

fn after_a_nameless_board(bench: &Bench, quiet_ms: u64) -> (Session, Vec<Action>) {
    let last_board = Some(LastBoard::Unnamed { quiet_ms });
    Session::new(bench.context.clone(), last_board, bench.now())
}

/// A lane that is held asks nobody: what it had heard before, or not heard, still counts afterwards.
#[test]
fn a_silence_goes_on_after_a_hold() {
    let mut bench = Bench::new(10);
    bench.clock += 10_000;
    let (session, _) = after_a_nameless_board(&bench, 0);
    bench.clock += 399;
    let still_there = session.last_board(bench.now());
    assert_eq!(still_there, Some(LastBoard::Unnamed { quiet_ms: 399 }));
    bench.clock += 5_000;
    let (session, _) = after_a_nameless_board(&bench, 399);
    assert_eq!(session.last_board(bench.now()), still_there);
    bench.clock += 1;
    assert_eq!(session.last_board(bench.now()), None);
}

/// A verdict that is recorded and not yet told is not to be lost to a lane that shall stand still.
#[test]
fn a_nameless_board_is_in_work_until_its_verdict_is_told() {
    let mut bench = Bench::new(10);
    let fault = Fault::OtherVersion { version: 9 };
    let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
    let (mut session, _) = Session::new(bench.context.clone(), None, bench.now());
    assert!(!session.has_board());
    for action in session.handle(bench.now(), Input::Drawn([7; 32])) {
        if let Action::Send(bytes) = action {
            board.receive(&bytes);
        }
    }
    let mut actions = session.handle(bench.now(), Input::Bytes(board.transmit()));
    let mut finished = false;
    while !finished {
        let recorded = actions.iter().any(|a| matches!(a, Action::Record { .. }));
        assert!(session.has_board(), "{actions:?}");
        bench.clock += 1_000;
        let input = if recorded {
            Input::Recorded(Recorded {
                first_index: 0,
                certificates: Vec::new(),
            })
        } else {
            Input::Time
        };
        actions = session.handle(bench.now(), input);
        finished = actions.iter().any(|a| matches!(a, Action::Finish(_)));
    }
    assert!(!session.has_board());
}

/// A busy machine tells of the silence between two boards and of the next one's answer at once.
#[test]
fn a_board_after_a_nameless_one_is_met_even_where_nobody_saw_the_silence() {
    let mut bench = Bench::new(10);
    let fault = Fault::OtherVersion { version: 9 };
    let mut board = VirtualBoard::faulty(7, 0, &bench.owner_key(), &fault);
    let (mut session, first) = after_a_nameless_board(&bench, 0);
    assert!(first.iter().any(|action| matches!(action, Action::Draw)));
    for action in session.handle(bench.now(), Input::Drawn([7; 32])) {
        if let Action::Send(bytes) = action {
            board.receive(&bytes);
        }
    }
    bench.clock += 700;
    let actions = session.handle(bench.now(), Input::Bytes(board.transmit()));
    let told = |action: &Action| matches!(action, Action::Report(_) | Action::Record { .. });
    assert!(actions.iter().any(told), "{actions:?}");
    assert!(
        format!("{actions:?}").contains("LinkVersion"),
        "{actions:?}"
    );
}
