//! Each fault changes what it says it changes. The verdicts on them are the station's business.

use ciborium::Value;
use firmware_proto::{Refusal, Value as Reading};
use simulator::board::VirtualBoard;
use simulator::fault::{self, Fault, SignedBy};
use simulator::hostile::HostileKind;
use simulator::noise_source::NoiseSource;
use simulator::power::Step;

use crate::bare_station::{BareStation, Failure, Session, claim, owner_key};

const LIFECYCLE: i64 = 2395;

fn play(fault: &Fault) -> (VirtualBoard, Result<Session, Failure>) {
    let mut board = VirtualBoard::faulty(7, 0, &owner_key(), fault);
    let result = BareStation::new().provision(&mut board);
    (board, result)
}

fn session(fault: &Fault) -> Session {
    play(fault).1.unwrap()
}

#[test]
fn evidence_says_what_is_wrong() {
    let good = session(&Fault::None {});
    let debug = session(&Fault::Lifecycle { value: 0x4000 });
    assert_eq!(claim(&debug.token, LIFECYCLE), Some(Value::from(0x4000)));
    let component = || "APP".to_owned();
    let components = |session: &Session| claim(&session.token, 2399);
    let old = Fault::FirmwareVersion {
        component: component(),
        version: "2.4.0".to_owned(),
    };
    for fault in [
        old,
        Fault::TamperedImage {
            component: component(),
        },
        Fault::ForeignSigner {
            component: component(),
        },
        Fault::MissingComponent {
            component: component(),
        },
        Fault::UnknownComponent {
            component: "MODEM".to_owned(),
        },
    ] {
        assert_ne!(components(&session(&fault)), components(&good), "{fault:?}");
    }
    let foreign = session(&Fault::ForeignAttestationKey {});
    assert_ne!(foreign.certificate, good.certificate);
    let borrowed = session(&Fault::ClaimedUid {});
    assert_ne!(
        borrowed.identity.unwrap().uid,
        good.identity.clone().unwrap().uid
    );
    assert_eq!(
        borrowed.certificate, good.certificate,
        "the silicon is the same"
    );
}

fn values(fault: &Fault, name: &str) -> Vec<Reading> {
    let list = session(fault).measurements.into_iter();
    list.filter(|found| found.name == name)
        .map(|found| found.value)
        .collect()
}

#[test]
fn measurements_are_what_the_fault_says() {
    let high = Fault::Measurement {
        name: "i_sleep".to_owned(),
        value: fault::Reading::Real(41.0e-6),
    };
    assert_eq!(values(&high, "i_sleep"), [Reading::Real(41.0e-6)]);
    let name = || "vdd_core".to_owned();
    let nan = values(&Fault::NotANumber { name: name() }, "vdd_core");
    assert!(matches!(nan[..], [Reading::Real(value)] if value.is_nan()));
    let infinite = values(&Fault::Infinite { name: name() }, "vdd_core");
    assert_eq!(infinite, [Reading::Real(f32::INFINITY)]);
    let missing = values(&Fault::MissingMeasurement { name: name() }, "vdd_core");
    assert_eq!(missing, []);
    let doubled = values(&Fault::DoubledMeasurement { name: name() }, "vdd_core");
    assert_eq!(doubled.len(), 2);
    let flipped = Fault::Bits {
        name: "fuses".to_owned(),
        flipped: 0x8000_0002,
    };
    assert_eq!(values(&flipped, "fuses"), [Reading::Mask(0x8000_0c30)]);
    let bus = Fault::Bus {
        name: "i2c1".to_owned(),
        flipped: vec![0x1d, 0x50],
    };
    let found = values(&bus, "i2c1");
    assert!(
        matches!(&found[..], [Reading::Bus(found)] if found.iter().eq([0x50, 0x76])),
        "{found:?}"
    );
}

#[test]
fn sensors_are_stuck_or_wild_around_the_same_middle() {
    let readings = |fault: &Fault| match &values(fault, "t_die")[..] {
        [Reading::Readings(readings)] => readings.to_vec(),
        other => panic!("{other:?}"),
    };
    let spread = |list: &[f32]| {
        let greatest = list.iter().copied().fold(f32::MIN, f32::max);
        greatest - list.iter().copied().fold(f32::MAX, f32::min)
    };
    let name = || "t_die".to_owned();
    let good = readings(&Fault::None {});
    let stuck = readings(&Fault::StuckSensor { name: name() });
    let wild = readings(&Fault::WildSensor {
        name: name(),
        times: 20.0,
    });
    assert_eq!((good.len(), stuck.len()), (8, 8));
    assert!(spread(&stuck) == 0.0 && spread(&good) > 0.0);
    assert!(spread(&wild) > 19.0 * spread(&good));
    let few = readings(&Fault::FewReadings {
        name: name(),
        count: 3,
    });
    assert_eq!(few, good[..3]);
}

#[test]
fn noise_sources() {
    let noise = |source| session(&Fault::RandomSource { source }).noise;
    let good = session(&Fault::None {}).noise;
    assert_eq!(good.len(), 512);
    assert_eq!(noise(NoiseSource::Stuck { value: 0xAA }), [0xAA; 512]);
    let biased = noise(NoiseSource::Biased { bits: 2 });
    assert!(
        biased
            .iter()
            .zip(&good)
            .all(|(one, whole)| *one == whole & 3)
    );
    assert!(noise(NoiseSource::Silent {}).is_empty());
}

#[test]
fn what_the_hardware_refuses_is_refused() {
    let refusal = |fault: &Fault| play(fault).1.unwrap_err();
    assert_eq!(
        refusal(&Fault::SelfTestFails {}),
        Failure::Refused(Refusal::Hardware)
    );
    assert_eq!(
        refusal(&Fault::LockFails {}),
        Failure::Refused(Refusal::Hardware)
    );
    assert_eq!(
        refusal(&Fault::OtherOwner {}),
        Failure::Refused(Refusal::Credential)
    );
    let (board, _) = play(&Fault::LockFails {});
    assert!(!board.experience().locked);
    let lies = session(&Fault::LockLies {});
    assert_eq!(
        claim(&lies.receipt_token, LIFECYCLE),
        Some(Value::from(0x2000))
    );
    let good = session(&Fault::None {});
    let false_receipt = session(&Fault::FalseSignature {
        of: SignedBy::Receipt,
    });
    assert_ne!(false_receipt.receipt, good.receipt);
    assert_eq!(false_receipt.proof, good.proof);
}

#[test]
fn conduct_changes_at_the_answer_that_is_named() {
    let answer = Step::AnswerMeasurements;
    let (board, silent) = play(&Fault::SilentFrom { answer });
    assert_eq!(silent.unwrap_err(), Failure::Silence);
    assert!(board.experience().identified);
    let (mut board, noise) = play(&Fault::NoiseFrom { answer });
    assert_eq!(noise.unwrap_err(), Failure::Silence);
    assert!(board.is_never_silent() && !board.transmit().is_empty());
    for fault in [Fault::WrongAnswer { answer }, Fault::HugeBlob { answer }] {
        assert!(
            matches!(play(&fault).1, Err(Failure::Unexpected(_))),
            "{fault:?}"
        );
    }
    let (_, version) = play(&Fault::OtherVersion { version: 9 });
    assert!(matches!(version, Err(Failure::Unexpected(_))));
    let good = session(&Fault::None {});
    let (_, swapped) = play(&Fault::SwappedFrom {
        answer: Step::AnswerKeyEvidence,
    });
    assert!(
        swapped.is_err(),
        "the other board has another key than the first"
    );
    assert!(!good.csr.is_empty());
}

#[test]
fn hostile_peers_keep_no_protocol() {
    use HostileKind::{Babbler, Echo, Garbage, HugeFrames, Malformed, Silent, Zeros};
    for peer in [Silent, Babbler, Zeros, HugeFrames, Garbage, Malformed, Echo] {
        let (board, result) = play(&Fault::Hostile { peer });
        assert!(result.is_err(), "{peer:?}");
        assert!(!board.experience().identified && !board.experience().locked);
    }
}

#[test]
fn boards_with_a_shared_generator_have_one_key() {
    let key = |device, fault: &Fault| {
        let mut board = VirtualBoard::faulty(7, device, &owner_key(), fault);
        BareStation::new().provision(&mut board).unwrap();
        board.experience().identity_key
    };
    assert_eq!(key(0, &Fault::SharedKey {}), key(1, &Fault::SharedKey {}));
    assert_ne!(key(0, &Fault::None {}), key(1, &Fault::None {}));
}
