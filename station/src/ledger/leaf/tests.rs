mod of_batches;

use std::fmt::Write as _;

use of_batches::{closed_by_now, of_batches};

use super::*;
use crate::encoding::Base64Bytes;
use crate::ledger::event::{
    Actor, AdapterChangedRecord, AlarmAcknowledgedRecord, Assurance, CheckpointNotKeptRecord,
    CredentialChangedRecord, LabelFailedRecord, LabelPrintedRecord, LaneBoundRecord,
    MirrorBegunRecord, OperatorEnrolledRecord, OperatorStateRecord, ReprintRecord,
    RevocationReason, SignInRefusedRecord, SignedInRecord, SignedOutRecord, SignedOutWhy,
    TrippedRule,
};
use crate::ledger::fixture::{actor, batch, batch_hold, board, event, new_ledger};
use crate::names::LaneName;
use crate::role::Role;
use crate::verdict::VerdictCode;

/// One event of every kind that is about people.
fn of_operators() -> Vec<Fact> {
    let operator = crate::names::OperatorId::parse("op-2").unwrap();
    let proven = Actor {
        operator: operator.clone(),
        assurance: Assurance::BadgeAndPin,
    };
    let state = OperatorStateRecord {
        operator: operator.clone(),
        reason: "on leave".to_owned(),
        actor: actor(),
    };
    let changed = CredentialChangedRecord {
        operator: operator.clone(),
        actor: Actor {
            operator: operator.clone(),
            assurance: Assurance::Pin,
        },
    };
    vec![
        Fact::OperatorEnrolled(OperatorEnrolledRecord {
            operator: operator.clone(),
            role: Role::SecurityOfficer,
            badge: true,
            actor: actor(),
        }),
        Fact::OperatorDisabled(state.clone()),
        Fact::OperatorEnabled(state),
        Fact::PinChanged(changed.clone()),
        Fact::BadgeChanged(changed),
        Fact::SignedIn(SignedInRecord {
            role: Role::Operator,
            actor: proven,
        }),
        Fact::SignedOut(SignedOutRecord {
            operator: operator.clone(),
            why: SignedOutWhy::Idle,
        }),
        Fact::SignInRefused(SignInRefusedRecord { operator, count: 3 }),
    ]
}

/// One event of every kind that is about labels and the places of lanes; reprints have more fields.
fn of_labels_and_lanes() -> Vec<Fact> {
    let printed = LabelPrintedRecord {
        uid: board(1).uid,
        device_serial: crate::names::DeviceSerial::parse("SA-000001").unwrap(),
        label_batch: batch("B-1"),
        printer: "tcp printer:9100".to_owned(),
        reprint: None,
    };
    let reprint = ReprintRecord {
        reason: "torn".to_owned(),
        actor: actor(),
    };
    let lane = || LaneName::parse("lane0").unwrap();
    vec![
        Fact::LabelPrinted(printed.clone()),
        Fact::LabelPrinted(LabelPrintedRecord {
            reprint: Some(reprint),
            ..printed.clone()
        }),
        Fact::LabelFailed(LabelFailedRecord {
            uid: printed.uid,
            device_serial: printed.device_serial,
            label_batch: printed.label_batch,
            printer: printed.printer,
            detail: "it is off".to_owned(),
            reprint: None,
        }),
        Fact::AdapterChanged(AdapterChangedRecord {
            lane: lane(),
            port: "/dev/serial/by-path/left".to_owned(),
            before: "A50285BI".to_owned(),
            now: "A50285BJ".to_owned(),
        }),
        Fact::LaneBound(LaneBoundRecord {
            lane: lane(),
            port: "/dev/serial/by-path/left".to_owned(),
            adapter: Some("A50285BI".to_owned()),
            actor: actor(),
        }),
        Fact::AlarmAcknowledged(AlarmAcknowledgedRecord {
            lane: lane(),
            uid: None,
            code: VerdictCode::FwMeasurement,
            reason: "taken to QA".to_owned(),
            actor: actor(),
        }),
        Fact::MirrorBegun(MirrorBegunRecord {
            path: "/mnt/mirror/station.checkpoint".to_owned(),
        }),
        Fact::CheckpointNotKept(CheckpointNotKeptRecord {
            size: Some(17),
            detail: "the token is full".to_owned(),
        }),
    ]
}

/// One event of every kind.
#[expect(clippy::too_many_lines, reason = "a table of data")]
fn every_kind() -> Vec<Fact> {
    let a = board(1);
    let lane = || LaneName::parse("lane0").unwrap();
    vec![
        Fact::LedgerOpened {
            station: new_ledger().station,
            ledger_vkey: "provisioning-station/station-1+00000000+AQ==".to_owned(),
            development: true,
        },
        Fact::ProfileAdopted {
            profile: Hex(vec![1; 32]),
            product: firmware_proto::ProductCode::parse("SENSOR-A").unwrap(),
            text: "schema = 1\nname = \"Sensor \u{e4}\"\n".to_owned(),
            signed: None,
        },
        Fact::BatchOpened {
            profile: Hex(vec![1; 32]),
            product: firmware_proto::ProductCode::parse("SENSOR-A").unwrap(),
            work_order: crate::names::WorkOrderId::parse("WO-1").unwrap(),
            quantity: 24,
            issuing_certificate: Base64Bytes(vec![0x30, 0x00]),
            actor: actor(),
            signed_profile: None,
            older_profile: None,
        },
        a.session_opened(),
        a.appraised(1),
        Fact::MeasurementsJudged {
            uid: a.uid.clone(),
            code: VerdictCode::HwLimit,
            measurements: vec![crate::ledger::event::MeasurementRecord {
                name: "vdd_3v3".to_owned(),
                value: "3.7".to_owned(),
                unit: "V".to_owned(),
                low: Some("3.135".to_owned()),
                high: None,
                code: VerdictCode::HwLimit,
                limits: None,
                readings: Vec::new(),
                deviation: None,
                marginal: false,
            }],
            random_source: None,
        },
        Fact::KeyAppraised {
            uid: a.uid.clone(),
            code: VerdictCode::Pass,
            detail: String::new(),
            key: Some(a.key.clone()),
            csr: Base64Bytes(vec![0x30, 0x00]),
            token: Base64Bytes(vec![0xd2]),
        },
        a.intended(),
        a.voided(),
        a.issued(),
        a.granted(),
        a.proven(),
        a.committed(),
        a.provisioned(),
        a.revoked(RevocationReason::CessationOfOperation),
        a.verdict(VerdictCode::Pass),
        Fact::HoldPlaced {
            lane: lane(),
            code: VerdictCode::KeyReused,
            detail: "two boards".to_owned(),
            ports: Vec::new(),
            rule: None,
        },
        Fact::HoldCleared {
            lane: lane(),
            reason: "checked".to_owned(),
            actor: actor(),
        },
        Fact::ClockAccepted {
            reason: "battery".to_owned(),
            actor: actor(),
        },
        Fact::BatchClosed {
            count: 12,
            head: Hex(vec![9; 32]),
            actor: actor(),
            tally: None,
        },
        // With fields that came later.
        Fact::HoldPlaced {
            lane: lane(),
            code: VerdictCode::KeyReused,
            detail: "two boards".to_owned(),
            ports: vec!["/dev/serial/by-path/left".to_owned()],
            rule: None,
        },
        batch_hold(),
        Fact::BatchHoldCleared {
            reason: "fixture repaired".to_owned(),
            actor: actor(),
        },
        Fact::HoldPlaced {
            lane: lane(),
            code: VerdictCode::HwLimit,
            detail: "5 boards in a row".to_owned(),
            ports: Vec::new(),
            rule: Some(TrippedRule {
                name: "failures_in_a_row_on_lane".to_owned(),
                found: 70,
                limit: 80,
                window: None,
            }),
        },
        a.shown(1, 2, 3),
    ]
    .into_iter()
    .chain(of_operators())
    .chain(of_batches())
    .chain([a.quarantined(), a.released()])
    .chain(of_labels_and_lanes())
    .chain([closed_by_now()])
    .collect()
}

fn leaf(fact: Fact, position: Option<BatchPosition>) -> Leaf {
    let event = event("B-1", fact);
    Leaf {
        time: event.time,
        position,
        session: event.session,
        fact: event.fact,
    }
}

fn second_of_batch(fact: Fact) -> Leaf {
    let position = BatchPosition {
        batch: batch("B-1"),
        seq: 1,
        prev: Some(Digest::from_bytes([0xee; 32])),
    };
    leaf(fact, Some(position))
}

/// If this fails, the code is wrong and not the file: leaves that are out cannot change. New kinds are
/// added at the end, new fields as a further line of the same kind.
#[test]
fn bytes_of_every_kind_are_golden() {
    let golden = include_str!("../../../../fixtures/ledger/leaves-v1.ndjson");
    let mut made = String::new();
    for fact in every_kind() {
        let kind = fact.kind();
        let leaf = second_of_batch(fact);
        let bytes = leaf.encode().unwrap();
        assert_eq!(Leaf::decode(&bytes).as_ref(), Ok(&leaf), "{kind}");
        writeln!(made, "{}", String::from_utf8(bytes).unwrap()).unwrap();
    }
    let mut golden_lines = golden.lines();
    for line in made.lines() {
        assert_eq!(golden_lines.next(), Some(line));
    }
    assert_eq!(golden_lines.next(), None);
}

#[test]
fn every_kind_of_the_list_is_covered() {
    // `kind` names what serde writes, and the list above has each once, but for later fields.
    const WITH_LATER_FIELDS: usize = 6;
    let mut kinds: Vec<_> = every_kind().iter().map(Fact::kind).collect();
    for fact in every_kind() {
        let json = serde_json::to_value(&fact).unwrap();
        assert_eq!(json["kind"], fact.kind());
    }
    let count = kinds.len() - WITH_LATER_FIELDS;
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), count);
}

#[test]
fn one_event_has_one_spelling() {
    let bytes = second_of_batch(board(1).granted()).encode().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(Leaf::decode(text.as_bytes()).is_ok());
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        Leaf::decode(text.replacen(from, to, 1).as_bytes())
    };
    let refused = [
        // Unknown, doubled and missing fields; in the header and in the fact.
        changed("{\"v\":1,", "{\"v\":1,\"x\":0,"),
        changed("{\"v\":1,", "{\"v\":1,\"v\":1,"),
        changed("\"grant\":", "\"grant\":\"\",\"grant\":"),
        changed("\"session\":\"05050505050505050505050505050505\",", ""),
        // Other spellings.
        changed("{\"v\":1,", "{ \"v\":1,"),
        changed("\"batch_seq\":1", "\"batch_seq\":1.0"),
        changed("\"batch_seq\":1", "\"batch_seq\":01"),
        changed("grant-signed", "grant\\u002dsigned"),
        changed("A5A5", "a5A5"),
        // Contradictions.
        changed("\"batch_seq\":1", "\"batch_seq\":0"),
        changed("\"batch\":\"B-1\"", "\"batch\":null"),
        changed("eeee", "ee"),
        changed("\"v\":1", "\"v\":2"),
        changed("grant-signed", "grant-torn"),
        Leaf::decode(format!("{text} ").as_bytes()),
        Leaf::decode(&text.as_bytes()[..text.len() - 1]),
        Leaf::decode(b"[]"),
        Leaf::decode(&[b'['; 5000]),
    ];
    for (i, result) in refused.iter().enumerate() {
        assert!(result.is_err(), "{i}");
    }
}

#[test]
fn leaves_have_a_bound() {
    let fact = Fact::ProfileAdopted {
        profile: Hex(vec![1; 32]),
        product: firmware_proto::ProductCode::parse("SENSOR-A").unwrap(),
        text: "x".repeat(LEAF_BYTES_MAX),
        signed: None,
    };
    let too_long = leaf(fact, None).encode();
    assert!(matches!(too_long, Err(LeafError::TooLong { .. })));
}

/// The quick way of reading is no other way: what it takes is what the slow one takes, and it takes all that was
/// written.
#[test]
fn both_ways_of_reading_agree() {
    for fact in every_kind() {
        let bytes = second_of_batch(fact).encode().unwrap();
        let quick = Leaf::as_written(&bytes).expect("our own spelling");
        assert_eq!(Leaf::decode_any(&bytes).unwrap(), quick);
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 1 << (at % 7);
            if let Some(read) = Leaf::as_written(&bent) {
                assert_eq!(Leaf::decode_any(&bent).unwrap(), read, "byte {at}");
            }
        }
    }
}
