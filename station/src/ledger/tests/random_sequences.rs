//! Any sequence of events: the rules hold, and the views are those that the log gives.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::ledger::event::Fact;
use crate::ledger::leaf::Entry;
use crate::ledger::log_store::{self, LogStore};
use crate::ledger::reader::Reader;
use crate::ledger::rebuild::Rebuilt;
use crate::ledger::state::{Append, LedgerState};

const QUANTITY: u32 = 3;

/// A step of one of a few boards, with one of a few certificates; most are refused.
fn step() -> impl Strategy<Value = (u32, u8, u8)> {
    (0..5_u32, 0..3_u8, 0..9_u8)
}

fn fact((number, generation, step): (u32, u8, u8)) -> Fact {
    let board = reissue(number, generation);
    match step {
        0 => board.intended(),
        1 => board.voided(),
        2 => board.issued(),
        3 => board.granted(),
        4 => board.proven(),
        5 => board.committed(),
        6 => board.provisioned(),
        7 => board.revoked(RevocationReason::CessationOfOperation),
        _ => board.verdict(VerdictCode::Pass),
    }
}

fn check_rules(state: &LedgerState, path: &std::path::Path) {
    let log = state.store().connection();
    let mut live: HashMap<_, HashSet<_>> = HashMap::new();
    let mut intents = HashSet::new();
    let mut keys = HashMap::new();
    let mut rebuilt = Rebuilt::new().unwrap();
    for index in 0..log_store::size(log).unwrap() {
        let bytes = log_store::leaf_bytes(log, index).unwrap();
        let entry = Entry::read(index, &bytes).unwrap();
        assert_eq!(rebuilt.follow(entry.clone(), &bytes).unwrap(), None);
        match entry.leaf.fact {
            Fact::CertificateIntended { uid, key, .. } => {
                assert_eq!(keys.entry(key).or_insert_with(|| uid.clone()), &uid);
                assert!(intents.insert(uid));
            }
            Fact::IntentVoided { uid, .. } => assert!(intents.remove(&uid)),
            Fact::CertificateIssued {
                uid,
                certificate_serial,
                ..
            } => {
                assert!(intents.remove(&uid));
                let of_board = live.entry(uid).or_default();
                of_board.insert(certificate_serial);
                assert_eq!(of_board.len(), 1, "a second live certificate");
            }
            Fact::CertificateRevoked {
                uid,
                certificate_serial,
                ..
            } => {
                assert!(live.entry(uid).or_default().remove(&certificate_serial));
            }
            _ => {}
        }
        let boards: HashSet<_> = live
            .iter()
            .filter(|(_, serials)| !serials.is_empty())
            .map(|(uid, _)| uid)
            .chain(&intents)
            .collect();
        assert!(
            boards.len() <= QUANTITY as usize,
            "more boards than the quantity"
        );
    }
    let mut readers = [Reader::snapshot(path).unwrap()];
    assert_eq!(rebuilt.differences(&mut readers, true).unwrap(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn keep_the_rules(
        requests in prop::collection::vec(prop::collection::vec(step(), 1..4), 1..120),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let store = LogStore::new(log_store::connect(&path, true).unwrap()).unwrap();
        let mut state = LedgerState::new(store);
        let opened = Fact::LedgerOpened {
            station: crate::names::StationName::parse("s").unwrap(),
            ledger_vkey: String::new(),
            development: true,
        };
        let mut first = event(B, opened);
        first.batch = None;
        let start = vec![Append::Events(vec![first]), Append::Open(Box::new(opening(B, QUANTITY)))];
        for result in state.append_group(start) {
            result.unwrap();
        }
        let request = |steps: Vec<_>| Append::Events(events(B, steps.into_iter().map(fact)));
        for result in state.append_group(requests.into_iter().map(request).collect()) {
            if let Err(error) = result {
                prop_assert!(matches!(error, LedgerError::Refused(_)), "{}", error);
            }
        }
        check_rules(&state, &path);
    }
}
