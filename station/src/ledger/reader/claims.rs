//! What was said of boards that never proved who they are.

use firmware_proto::Uid;

use super::{Leaves, Reader, Selection};

impl Reader {
    /// The bytes of the verdicts on boards that claimed this UID and proved none, in their order. Whether it was one
    /// board, nobody knows.
    pub fn unproven_verdicts(&self, claimed: &Uid) -> Leaves<'_> {
        Leaves::new(self, Selection::Claimed(claimed.clone()), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::EventStore as _;
    use crate::ledger::event::Fact;
    use crate::ledger::fixture::{Board, board, event, new_ledger_at, opening};
    use crate::ledger::standing::Durability;
    use crate::verdict::VerdictCode;

    fn unproven(board: &Board, code: VerdictCode) -> Fact {
        let mut fact = board.verdict_without_certificate(code);
        if let Fact::VerdictReached { uid, .. } = &mut fact {
            *uid = None;
        }
        fact
    }

    #[test]
    fn verdicts_are_found_by_a_claim_that_was_never_proven() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let store = new_ledger_at(&path);
        store.open_batch(opening("B-1", 4)).unwrap();
        let facts = [
            unproven(&board(1), VerdictCode::LinkLost),
            unproven(&board(2), VerdictCode::AttKeyUnknown),
            // What is proven is in the board's own history.
            board(1).verdict_without_certificate(VerdictCode::HwLimit),
            unproven(&board(1), VerdictCode::AttKeyUnknown),
        ];
        for fact in facts {
            let events = vec![event("B-1", fact)];
            store.record(events, Durability::Durable).unwrap();
        }
        let reader = Reader::open(&path).unwrap();
        let codes = |number| -> Vec<_> {
            let leaves = reader.unproven_verdicts(&board(number).uid).decoded();
            let code = |fact| match fact {
                Fact::VerdictReached { code, .. } => Some(code),
                _ => None,
            };
            leaves.map(|leaf| code(leaf.unwrap().fact)).collect()
        };
        let (lost, unknown) = (VerdictCode::LinkLost, VerdictCode::AttKeyUnknown);
        assert_eq!(codes(1), [Some(lost), Some(unknown)]);
        assert_eq!(codes(2), [Some(unknown)]);
        assert_eq!(codes(3), []);
    }
}
