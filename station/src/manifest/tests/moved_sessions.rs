//! That sessions, clocks and people of a well-signed statement are those of the log: whoever holds the manifest's key,
//! but not the ledger's, can write anything else.

use super::batch::TestBatch;
use super::contradictions::{check_contradiction, fit_the_sums};
use crate::ledger::event::{Assurance, Fact};
use crate::manifest::assemble::fill;
use crate::manifest::board_rows::Noted;
use crate::manifest::counted_session::Counted;
use crate::manifest::offline_verifier::verify;
use crate::manifest::statement::{
    BoardRow, Predicate, SessionRow, Statement, failed_before_passing,
};
use crate::names::{BatchId, LaneName};
use crate::verdict::{Outcome, VerdictCode};

/// A board's failure is hung on a board that passed, said to have been
/// interrupted, or said to be nobody's.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of changes")]
fn sessions_belong_to_the_boards_that_the_log_says() {
    let check = |change: fn(&mut Statement), expected: &str| {
        check_contradiction(
            |statement| {
                change(statement);
                for row in &mut statement.predicate.boards {
                    consequences(row);
                }
                fit_the_sums(statement);
            },
            |error| error.to_string().contains(expected),
        );
    };
    check(
        |s| {
            let failed = take_failed(s);
            let sessions = &mut s.predicate.boards[0].sessions;
            sessions.extend(failed.sessions);
            sessions.sort_by_key(SessionRow::first_index);
        },
        "device SA-000001 does not agree with its ledger entry 18 on the UID",
    );
    check(
        |s| {
            let failed = take_failed(s);
            let nobodys = &mut s.predicate.unidentified;
            nobodys.extend(failed.sessions);
            nobodys.sort_by_key(SessionRow::index);
        },
        "on the UID",
    );
    check(
        |s| {
            let session = &mut failed(s).sessions[0];
            (session.code, session.finished, session.verdict) = (None, None, None);
        },
        "on whether the UID was proven",
    );
    check(
        |s| {
            let session = &mut failed(s).sessions[0];
            (session.code, session.finished, session.verdict) = (None, None, None);
            session.uid_proven = false;
        },
        "have 9 verdicts, but",
    );
    check(
        |s| failed(s).sessions[0].code = Some(VerdictCode::HwLimit),
        "on the code",
    );
    check(
        |s| {
            let session = &mut failed(s).sessions[0];
            (session.operator, session.opening) = (None, None);
            session.started = session.finished.unwrap();
        },
        "sessions, but",
    );
    check(
        |s| {
            let other = s.predicate.opened.operator.clone();
            failed(s).sessions[0].operator = Some(other);
        },
        "on who worked",
    );
    check(
        |s| {
            // One session in two halves, of which one seems to be interrupted.
            let row = failed(s);
            let mut half = row.sessions[0].clone();
            (half.code, half.finished, half.verdict) = (None, None, None);
            half.uid_proven = false;
            let rest = &mut row.sessions[0];
            (rest.operator, rest.opening) = (None, None);
            rest.started = rest.finished.unwrap();
            row.sessions.insert(0, half);
        },
        "is doubled: two have its name",
    );
    check(
        |s| {
            let good = s.predicate.boards.iter_mut();
            let mut good = good.filter(|row| row.code == Some(VerdictCode::AlreadyProvisioned));
            let session = &mut good.next().unwrap().sessions[1];
            session.evidence = None;
            session.uid_proven = false;
        },
        "on the UID",
    );
}

/// Each thing that a session says is said by one of its entries.
#[test]
fn sessions_say_what_their_entries_say() {
    type Bend = fn(&mut Statement, &[Noted]);
    let changes: [(Bend, &str); 8] = [
        (
            |s, _| interrupted(s).lane = LaneName::parse("lane-9").unwrap(),
            "on the lane",
        ),
        (
            |s, _| nobodys(s).lane = LaneName::parse("lane-9").unwrap(),
            "on the lane",
        ),
        (|s, _| interrupted(s).session.0[0] ^= 0x80, "on the session"),
        (
            |s, _| {
                let session = interrupted(s);
                session.finished = Some(session.started);
            },
            "on a verdict, of which there is no entry",
        ),
        (
            |s, _| nobodys(s).operator = Some(s.predicate.opened.operator.clone()),
            "on who worked, of which there is no entry",
        ),
        (
            |s, _| nobodys(s).started.0.0 -= 1,
            "on when it began, of which there is no entry",
        ),
        (
            |s, events| {
                let unproven = |one: &&Noted| {
                    let Fact::EvidenceAppraised { code, .. } = one.event.fact else {
                        return false;
                    };
                    code == VerdictCode::AttKeyUnknown
                };
                let evidence = events.iter().find(unproven).unwrap().entry();
                s.predicate.boards[0].sessions[1].evidence = Some(evidence);
            },
            "on that it proves a UID",
        ),
        (
            |s, events| {
                let other = |one: &&Noted| one.leaf.contains("B-2026-46");
                let entry = events.iter().find(other).unwrap().entry();
                let mut session = nobodys(s).clone();
                session.session.0.clear();
                session.verdict = Some(entry);
                s.predicate.unidentified.push(session);
            },
            "on the batch",
        ),
    ];
    for (bend, message) in changes {
        let mut batch = TestBatch::of_every_kind();
        let other = BatchId::parse("B-2026-46").ok();
        let verdict = |one: &&Noted| matches!(one.event.fact, Fact::VerdictReached { .. });
        let verdict = batch.events.iter().find(verdict).unwrap();
        let verdict = verdict.event.fact.clone();
        batch.add_elsewhere(other, verdict);
        let mut statement = batch.statement();
        verify(&batch.file(&statement), &batch.pki.root).unwrap();
        bend(&mut statement, &batch.events);
        let mut boards = std::mem::take(&mut statement.predicate.boards);
        boards.iter_mut().for_each(consequences);
        fill(&mut statement, boards);
        fit_the_sums(&mut statement);
        let error = verify(&batch.file(&statement), &batch.pki.root).unwrap_err();
        assert!(error.to_string().contains(message), "{message}: {error}");
    }
}

/// The session in which the station was killed.
fn interrupted(statement: &mut Statement) -> &mut SessionRow {
    let mut rows = statement.predicate.boards.iter_mut();
    let row = rows.find(|row| row.code.is_none()).unwrap();
    &mut row.sessions[0]
}

/// The session in which nobody said who it is.
fn nobodys(statement: &mut Statement) -> &mut SessionRow {
    &mut statement.predicate.unidentified[0]
}

/// Which session counts follows from the order in the ledger; so does which clock was set meanwhile.
#[test]
fn sessions_and_clocks_stand_in_the_order_of_the_log() {
    let mut batch = TestBatch::of_every_kind();
    batch.accept_clock();
    let statement = batch.statement();
    let refused = |bend: fn(&mut Statement), message: &str| {
        let mut bent = statement.clone();
        bend(&mut bent);
        let mut boards = std::mem::take(&mut bent.predicate.boards);
        boards.iter_mut().for_each(consequences);
        fill(&mut bent, boards);
        fit_the_sums(&mut bent);
        let error = verify(&batch.file(&bent), &batch.pki.root).unwrap_err();
        assert!(error.to_string().contains(message), "{message}: {error}");
    };
    refused(
        |s| s.predicate.boards[1].sessions.reverse(),
        "in another order than the ledger's",
    );
    refused(
        |s| {
            let again = s.predicate.clock_accepted[0].clone();
            s.predicate.clock_accepted.push(again);
        },
        "which clocks were accepted after it",
    );
}

/// The board whose firmware is old.
fn failed(statement: &mut Statement) -> &mut BoardRow {
    let mut rows = statement.predicate.boards.iter_mut();
    let old = |row: &&mut BoardRow| row.code == Some(VerdictCode::FwVersion);
    rows.find(old).unwrap()
}

fn take_failed(statement: &mut Statement) -> BoardRow {
    let failed = failed(statement).clone();
    let others = |row: &BoardRow| row.uid != failed.uid;
    statement.predicate.boards.retain(others);
    failed
}

/// What a row says because of its sessions.
pub(super) fn consequences(row: &mut BoardRow) {
    let Some(counted) = Counted::of(&row.sessions, &row.certificates) else {
        return;
    };
    let session = counted.session.clone();
    row.code = counted.code;
    row.verdict = row.code.map_or(Outcome::Error, VerdictCode::outcome);
    row.index = session.index().unwrap_or_default();
    (row.lane, row.operator) = (session.lane, session.operator);
    (row.started, row.finished) = (session.started, session.finished);
    row.uid_proven = row.sessions.iter().any(|one| one.uid_proven);
    let codes = row.sessions.iter().map(|one| one.code);
    row.reworked = row.passed() && failed_before_passing(codes);
}

type Change = fn(&mut Predicate);

/// Clocks that nobody accepted, and people who were not so sure.
#[test]
fn clocks_and_people_are_those_of_the_log() {
    let mut batch = TestBatch::of_every_kind();
    batch.accept_clock();
    batch.close();
    let statement = batch.assembled().unwrap();
    assert_eq!(statement.predicate.clock_accepted.len(), 1);
    verify(&batch.file(&statement), &batch.pki.root).unwrap();
    let changes: [(&str, Change); 6] = [
        ("on the new time", |p| {
            p.clock_accepted[0].time.0.0 += 1;
        }),
        ("on who accepted it", |p| {
            p.clock_accepted[0].assurance = Assurance::BadgeAndPin;
        }),
        ("what it is: no clock was accepted", |p| {
            p.clock_accepted[0].entry.leaf = p.ledger.opening_leaf.clone();
        }),
        ("acceptance of the clock", |p| {
            p.clock_accepted[0].entry.index -= 1;
        }),
        ("nobody of the operators' list", |p| {
            p.operators[0].assurance = Assurance::Pin;
        }),
        ("nobody of the operators' list", |p| {
            p.operators.truncate(1);
        }),
    ];
    for (message, change) in changes {
        let mut bent = statement.clone();
        change(&mut bent.predicate);
        let error = verify(&batch.file(&bent), &batch.pki.root).unwrap_err();
        assert!(error.to_string().contains(message), "{message}: {error}");
    }
}
