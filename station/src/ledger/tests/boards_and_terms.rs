//! Boards that are thrown away, a batch's terms and whose a session is, each rule by itself.

use firmware_proto::Uid;

use super::*;
use crate::encoding::Hex;
use crate::ledger::event::{BatchTermsRecord, Event, ScrappingRecord};
use crate::ledger::fixture::{Board, actor, batch};

const OTHER: &str = "B-2";

/// Two open batches.
fn ledger() -> MemoryStore {
    let ledger = MemoryStore::new();
    ledger.open_batch(opening(B, 2)).unwrap();
    ledger.open_batch(opening(OTHER, 2)).unwrap();
    ledger
}

fn record(ledger: &MemoryStore, of: &str, facts: impl IntoIterator<Item = Fact>) {
    ledger
        .record(events(of, facts), Durability::Durable)
        .unwrap();
}

fn scrapping(of: &str, uid: &Uid) -> Event {
    let record = ScrappingRecord {
        uid: uid.clone(),
        reason: "cracked".to_owned(),
        actor: actor(),
    };
    let fact = Fact::BoardScrapped(record);
    Event {
        session: None,
        ..event(of, fact)
    }
}

fn scrap(ledger: &MemoryStore, of: &str, uid: &Uid) {
    let event = scrapping(of, uid);
    ledger.record(vec![event], Durability::Durable).unwrap();
}

#[track_caller]
fn not_scrapped(ledger: &MemoryStore, of: &str, uid: &Uid, expected: &str) {
    let event = scrapping(of, uid);
    let refused = refusal(ledger.record(vec![event], Durability::Durable));
    let Refusal::NotScrapped { why, .. } = refused else {
        panic!("{refused}")
    };
    assert!(why.contains(expected), "{expected}: {why}");
}

const NEVER: &str = "never presented in this batch";
const LIVE: &str = "it has a live certificate, or one is being made";
const BEFORE: &str = "recorded already";

/// The verdict on a board that claims to be that one and was not asked for more.
fn turned_away(board: &Board) -> Fact {
    let mut fact = board.verdict_without_certificate(VerdictCode::ProductMismatch);
    if let Fact::VerdictReached { uid, .. } = &mut fact {
        *uid = None;
    }
    fact
}

/// Claimed, proven by evidence, named by a verdict alone: each in that batch, and in no other.
#[test]
fn a_board_is_scrapped_in_a_batch_in_which_it_was_presented() {
    let one = board(1);
    let ways: [(&str, Fact); 4] = [
        ("claimed", one.session_opened()),
        ("attested", one.appraised(1)),
        (
            "judged alone",
            one.verdict_without_certificate(VerdictCode::FwVersion),
        ),
        ("turned away alone", turned_away(&one)),
    ];
    for (way, fact) in ways {
        let ledger = ledger();
        not_scrapped(&ledger, B, &one.uid, NEVER);
        let mut event = event(B, fact);
        // A verdict may come before its session has a name.
        event.session = event.session.filter(|_| !way.ends_with("alone"));
        ledger.record(vec![event], Durability::Durable).unwrap();
        not_scrapped(&ledger, OTHER, &one.uid, NEVER);
        not_scrapped(&ledger, B, &board(2).uid, NEVER);
        scrap(&ledger, B, &one.uid);
    }
}

/// Only being shown counts, not what else is recorded of a board.
#[test]
fn what_is_only_told_of_a_board_does_not_present_it() {
    let one = board(1);
    let ledger = ledger();
    record(&ledger, OTHER, one.whole_way());
    record(&ledger, B, [one.revoked(RevocationReason::KeyCompromise)]);
    not_scrapped(&ledger, B, &one.uid, NEVER);
    scrap(&ledger, OTHER, &one.uid);
}

/// A session is opened once: where another batch has its name again, that presents nobody there and proves nothing.
#[test]
fn a_session_is_of_the_batch_that_opened_it() {
    let one = board(1);
    let ledger = ledger();
    record(&ledger, B, [one.session_opened(), one.appraised(1)]);
    record(&ledger, OTHER, [one.session_opened()]);
    not_scrapped(&ledger, OTHER, &one.uid, NEVER);
    for (of, proven) in [(B, 1), (OTHER, 0)] {
        ledger.close_batch(closing(of)).unwrap();
        let tally = ledger.events().pop().unwrap();
        assert_eq!(tally.batch, Some(batch(of)));
        let Fact::BatchClosed { tally, .. } = tally.fact else {
            panic!("{tally:?}")
        };
        assert_eq!(tally.unwrap().further.unwrap().proven, proven, "{of}");
    }
}

#[test]
fn a_board_with_an_identity_or_soon_is_not_scrapped() {
    let one = board(1);
    let way = one.whole_way();
    let until = |kind: &str| way.iter().position(|fact| fact.kind() == kind).unwrap() + 1;
    for kind in [
        "certificate-intended",
        "certificate-issued",
        "verdict-reached",
    ] {
        let ledger = ledger();
        record(&ledger, B, way[..until(kind)].to_vec());
        not_scrapped(&ledger, B, &one.uid, LIVE);
        let withdrawn = match kind {
            "certificate-intended" => one.voided(),
            _ => one.revoked(RevocationReason::CessationOfOperation),
        };
        record(&ledger, B, [withdrawn]);
        scrap(&ledger, B, &one.uid);
    }
}

/// Also where the other batch is the one that has given it an identity.
#[test]
fn an_identity_from_another_batch_counts_too() {
    let one = board(1);
    let ledger = ledger();
    record(&ledger, B, [one.session_opened()]);
    record(&ledger, OTHER, one.whole_way());
    not_scrapped(&ledger, B, &one.uid, LIVE);
}

#[test]
fn a_board_is_scrapped_once_in_a_batch() {
    let (one, two) = (board(1), board(2));
    let ledger = ledger();
    for board in [&one, &two] {
        let shown = board.appraised(board.uid.as_bytes()[3]);
        record(&ledger, B, [board.session_opened(), shown.clone()]);
        record(&ledger, OTHER, [shown]);
    }
    scrap(&ledger, B, &one.uid);
    not_scrapped(&ledger, B, &one.uid, BEFORE);
    // Other boards, other batches.
    scrap(&ledger, B, &two.uid);
    scrap(&ledger, OTHER, &one.uid);
}

#[test]
fn a_batch_has_its_terms_once() {
    let ledger = ledger();
    let terms = |number: u8| {
        Fact::BatchTermsRecorded(BatchTermsRecord {
            work_order_file: Some(Hex(vec![number; 32])),
            shifts: Vec::new(),
        })
    };
    record(&ledger, B, [terms(1)]);
    for number in [1, 2] {
        let again = ledger.record(events(B, [terms(number)]), Durability::Durable);
        assert_eq!(refusal(again), Refusal::SecondTerms(batch(B)));
    }
    // Another batch has its own.
    record(&ledger, OTHER, [terms(1)]);
}

/// These events in one session.
fn session(facts: impl IntoIterator<Item = Fact>) -> Vec<Event> {
    let mut events = events(B, facts);
    for one in &mut events {
        one.session = Some(Hex(vec![7; 16]));
    }
    events
}

/// Whose the session of these events was found to be.
fn proven(facts: impl IntoIterator<Item = Fact>) -> Option<String> {
    let (home, ledger) = Home::create();
    ledger.open_batch(opening(B, 2)).unwrap();
    ledger.record(session(facts), Durability::Durable).unwrap();
    drop(ledger);
    let connection = rusqlite::Connection::open(home.path()).unwrap();
    let mut sessions = connection.prepare("SELECT proven FROM session").unwrap();
    let found: Vec<Option<String>> = sessions
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(found.len(), 1);
    found.into_iter().next().unwrap()
}

/// Evidence whose signature does not verify: whoever it names has proven nothing.
fn unproven(board: &Board) -> Fact {
    let mut fact = board.appraised(1);
    if let Fact::EvidenceAppraised { code, .. } = &mut fact {
        *code = VerdictCode::AttSignature;
    }
    fact
}

/// By evidence or verdict, where their code proves it, as in a manifest.
#[test]
fn a_session_is_whose_was_proven() {
    let (one, two) = (board(1), board(2));
    let verdict = |board: &Board, code| board.verdict_without_certificate(code);
    let fw = VerdictCode::FwVersion;
    let nothing = VerdictCode::AttSignature;
    let opened = one.session_opened();
    let cases = [
        ("claimed", None, vec![]),
        (
            "unproven",
            None,
            vec![unproven(&one), verdict(&one, nothing)],
        ),
        ("by evidence", Some(&one), vec![one.appraised(1)]),
        ("by a verdict", Some(&one), vec![verdict(&one, fw)]),
        ("another", Some(&two), vec![two.appraised(2)]),
        (
            "by both",
            Some(&one),
            vec![one.appraised(1), one.appraised(1), verdict(&one, fw)],
        ),
        (
            "who proves it",
            Some(&one),
            vec![one.appraised(1), unproven(&two), verdict(&two, nothing)],
        ),
    ];
    for (case, expected, after) in cases {
        let facts = [vec![opened.clone()], after].concat();
        let expected = expected.map(|board| board.uid.to_string());
        assert_eq!(proven(facts), expected, "{case}");
    }
}

/// Else whoever makes a manifest could choose whose session it was.
#[test]
fn a_session_proves_one_uid() {
    let (one, two) = (board(1), board(2));
    let mut verdict = two.verdict_without_certificate(VerdictCode::FwVersion);
    if let Fact::VerdictReached { profile, .. } = &mut verdict {
        *profile = Some(opening(B, 2).profile.digest.into());
    }
    for second in [two.shown(2, 2, 2), verdict] {
        let ledger = ledger();
        let in_it = |facts| ledger.record(session(facts), Durability::Durable);
        in_it(vec![one.session_opened(), one.shown(1, 1, 1)]).unwrap();
        let refused = refusal(in_it(vec![second.clone()]));
        let (session, uid) = (Hex(vec![7; 16]), two.uid.clone());
        assert_eq!(refused, Refusal::SecondUid { session, uid });
        in_it(vec![unproven(&two), one.shown(1, 1, 1)]).unwrap();
        // In another session it may.
        record(&ledger, B, [second]);
    }
}
