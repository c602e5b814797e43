//! What is recorded of batches, one of each kind.

use crate::encoding::Hex;
use crate::ledger::event::{BatchTally, BatchTermsRecord, Fact, FurtherTally, ScrappingRecord};
use crate::ledger::fixture::{actor, board};
use crate::names::ShiftName;
use crate::shift::{DayTime, Shift};

/// A closing that counts all that is counted now.
pub(super) fn closed_by_now() -> Fact {
    closed(Some(FurtherTally {
        revoked: 1,
        proven: 3,
        terms: 1,
        holds_cleared: 2,
    }))
}

fn closed(further: Option<FurtherTally>) -> Fact {
    Fact::BatchClosed {
        count: 12,
        head: Hex(vec![9; 32]),
        actor: actor(),
        tally: Some(BatchTally {
            sessions: 4,
            verdicts: 3,
            certificates_issued: 2,
            provisioned: 1,
            scrapped: 1,
            further,
        }),
    }
}

/// What came later about batches.
pub(super) fn of_batches() -> Vec<Fact> {
    vec![
        closed(None),
        Fact::BatchTermsRecorded(BatchTermsRecord {
            work_order_file: Some(Hex(vec![4; 32])),
            shifts: vec![Shift {
                name: ShiftName::parse("early").unwrap(),
                start: DayTime::parse("06:00").unwrap(),
                end: DayTime::parse("14:00").unwrap(),
            }],
        }),
        Fact::BoardScrapped(ScrappingRecord {
            uid: board(1).uid,
            reason: "cracked".to_owned(),
            actor: actor(),
        }),
    ]
}
