//! What boards may show, and a ledger of the first layout.

use firmware_proto::{BootId, DeviceNonce};

use super::{B, refusal, stores};
use crate::ledger::error::Refusal;
use crate::ledger::event::Fact;
use crate::ledger::fixture::{Board, Home, board, events, opening};
use crate::ledger::standing::{Durability, Seen, Shown, ShownBefore, ShownNow};
use crate::ledger::{EventStore, LedgerError, Reader};
use crate::verdict::VerdictCode;

fn now(instance: u8, seed: u8, nonce: u8) -> ShownNow {
    ShownNow {
        instance_id: vec![instance; 33],
        boot_seed: Some(vec![seed; 32]),
        boot: BootId::from_bytes([seed; 4]),
        device_nonce: DeviceNonce::from_bytes([nonce; 32]),
    }
}

#[test]
fn what_a_board_has_shown_is_known_for_ever() {
    let (_home, stores) = stores();
    for store in stores {
        let (a, b) = (board(1), board(2));
        let shown = |board: &Board, now: &ShownNow| {
            let standing = store.standing_of(&board.uid, now).unwrap();
            standing.shown
        };
        let record = |fact: Fact| {
            store
                .record(events(B, [fact]), Durability::Durable)
                .unwrap()
        };
        assert_eq!(shown(&a, &now(1, 1, 1)), ShownBefore::default());
        record(a.session_opened());
        record(a.shown(1, 1, 1));
        let again = ShownBefore {
            instance_id: Seen::Latest,
            boot_seed: Seen::Latest,
            same_boot: true,
            device_nonce: Seen::Latest,
        };
        assert_eq!(shown(&a, &now(1, 1, 1)), again);
        // A refused board has shown it too, but what it showed last when it was good stays that.
        let mut refused = a.shown(1, 7, 7);
        if let Fact::EvidenceAppraised { code, .. } = &mut refused {
            *code = VerdictCode::FwVersion;
        }
        record(refused);
        assert_eq!(shown(&a, &now(1, 1, 1)), again);
        assert_eq!(shown(&a, &now(1, 7, 1)).boot_seed, Seen::Earlier);
        let elsewhere = || Seen::Elsewhere(a.uid.clone());
        let of_a = ShownBefore {
            instance_id: elsewhere(),
            boot_seed: elsewhere(),
            same_boot: false,
            device_nonce: elsewhere(),
        };
        assert_eq!(shown(&b, &now(1, 1, 1)), of_a);
        // Another boot and another nonce: the earlier ones are known as earlier.
        record(a.shown(1, 2, 2));
        let shown_again = shown(&a, &now(1, 1, 1));
        assert_eq!(
            (shown_again.boot_seed, shown_again.device_nonce),
            (Seen::Earlier, Seen::Earlier)
        );
        let changed = ShownNow {
            boot: BootId::from_bytes([2; 4]),
            ..now(1, 3, 2)
        };
        let changed = shown(&a, &changed);
        assert!(changed.same_boot);
        assert_eq!(changed.boot_seed, Seen::Never);
    }
}

#[test]
fn the_writer_itself_lets_no_second_board_show_the_same() {
    let (_home, stores) = stores();
    for store in stores {
        let (a, b) = (board(1), board(2));
        let record = |fact: Fact| store.record(events(B, [fact]), Durability::Durable);
        record(a.shown(1, 1, 1)).unwrap();
        let cases = [
            (b.shown(1, 2, 2), Shown::InstanceId, VerdictCode::KeyReused),
            (b.shown(2, 1, 2), Shown::BootSeed, VerdictCode::AttBootSeed),
            (
                b.shown(2, 2, 1),
                Shown::DeviceNonce,
                VerdictCode::AttNonceReused,
            ),
        ];
        for (fact, what, code) in cases {
            let refused = refusal(record(fact));
            let (uid, holder) = (b.uid.clone(), a.uid.clone());
            assert_eq!(refused, Refusal::ShownByAnother { what, uid, holder });
            assert_eq!(refused.code(), Some(code));
        }
        record(b.shown(2, 2, 2)).unwrap();
        // That a board was refused for it is recorded, and takes nothing from the first one.
        let mut refused = b.shown(2, 1, 2);
        if let Fact::EvidenceAppraised { code, .. } = &mut refused {
            *code = VerdictCode::AttBootSeed;
        }
        record(refused).unwrap();
        let latest = store.standing_of(&a.uid, &now(1, 1, 1)).unwrap().shown;
        assert_eq!(latest.boot_seed, Seen::Latest);
    }
}

/// A ledger as version 1 has left it: one board that passed, one that was refused, a held lane.
const VERSION_1: &str = include_str!("../../../../fixtures/ledger/ledger-v1.sql");

fn first_layout() -> Home {
    let (home, ledger) = Home::create();
    drop(ledger);
    std::fs::remove_file(home.path()).unwrap();
    let connection = rusqlite::Connection::open(home.path()).unwrap();
    connection.execute_batch(VERSION_1).unwrap();
    home
}

#[test]
fn a_ledger_of_the_first_layout_is_brought_up_to_date_from_its_log() {
    let home = first_layout();
    let older = Reader::open(&home.path());
    assert!(
        matches!(older, Err(LedgerError::Older { got: 1, .. })),
        "{older:?}"
    );
    let ledger = home.open().unwrap();
    let (a, b) = (board(1), board(2));
    // The seed is in the evidence, the nonce only where the session was opened; no boot is on record.
    let of_a = ledger.standing_of(&a.uid, &now(1, 3, 3)).unwrap();
    assert!(of_a.live.is_some());
    let expected = ShownBefore {
        instance_id: Seen::Latest,
        boot_seed: Seen::Latest,
        same_boot: false,
        device_nonce: Seen::Latest,
    };
    assert_eq!(of_a.shown, expected);
    let of_b = ledger.standing_of(&b.uid, &now(1, 3, 3)).unwrap().shown;
    let elsewhere = || Seen::Elsewhere(a.uid.clone());
    assert_eq!(
        (of_b.instance_id, of_b.boot_seed, of_b.device_nonce),
        (elsewhere(), elsewhere(), elsewhere())
    );
    // The rest of the views is what it was.
    assert_eq!(
        ledger.key_holder(&a.key.digest().unwrap()).unwrap(),
        Some(a.uid.clone())
    );
    let refused = refusal(ledger.record(events(B, [b.shown(2, 3, 2)]), Durability::Durable));
    assert_eq!(refused.code(), Some(VerdictCode::AttBootSeed));
    ledger
        .record(events(B, [b.shown(2, 4, 4)]), Durability::Durable)
        .unwrap();
    drop(ledger);
    assert_eq!(
        Reader::open(&home.path()).unwrap().holds().unwrap().len(),
        1
    );
    home.open().unwrap();
}

/// How [`VERSION_1`] was made: with the events of then, by the program of then.
fn record_as_then(ledger: &crate::ledger::LedgerHandle) {
    ledger.open_batch(opening(B, 2)).unwrap();
    let (a, b) = (board(1), board(2));
    let mut facts = a.whole_way();
    let evidence = b.appraised(2);
    facts.extend([
        b.session_opened(),
        evidence,
        b.verdict(VerdictCode::HwLimit),
    ]);
    facts.push(Fact::HoldPlaced {
        lane: crate::names::LaneName::parse("lane0").unwrap(),
        code: VerdictCode::KeyReused,
        detail: "two boards".to_owned(),
        ports: Vec::new(),
        rule: None,
    });
    ledger
        .record(events(B, facts), Durability::Checkpointed)
        .unwrap();
}

#[test]
fn leaves_of_then_are_written_the_same_today() {
    let (home, ledger) = Home::create();
    record_as_then(&ledger);
    drop(ledger);
    let leaves = |home: &Home| -> Vec<Vec<u8>> {
        let connection = rusqlite::Connection::open(home.path()).unwrap();
        let mut all = connection
            .prepare("SELECT leaf FROM entry ORDER BY idx")
            .unwrap();
        let rows = all.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    if let Ok(to) = std::env::var("KEEP_LEDGER") {
        std::fs::copy(home.path(), to).unwrap();
    }
    assert_eq!(leaves(&home), leaves(&first_layout()));
}
