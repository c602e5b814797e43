//! Who is signed in changes only together with its record: whoever's sign-in cannot be recorded is not signed in.
//! Somebody who has left has left all the same; the record of it is owed until it is written, before any later one.

use super::{Outcome, People};
use crate::cli::failure::Failure;
use crate::ledger::event::Fact;
use crate::tui::event::{NotLetIn, StationNews};
use crate::tui::told::{Gone, Told};

impl People {
    /// What is to be recorded now: what is owed of before, then what has come to it.
    pub(in crate::cli::run) fn due(&mut self, outcome: &mut Outcome) -> Vec<Fact> {
        let mut due = std::mem::take(&mut self.owed);
        due.append(&mut outcome.facts);
        due
    }

    /// It could not be recorded.
    pub(in crate::cli::run) fn unrecorded(
        &mut self,
        due: Vec<Fact>,
        why: &Failure,
        outcome: &mut Outcome,
    ) {
        let leaves = |fact: &Fact| matches!(fact, Fact::SignedOut(_));
        if !due.iter().all(leaves) {
            let _unrecorded = self.machine.leave();
            self.asserted = None;
            outcome.news = vec![
                StationNews::Told(Told::SignedOut(Gone::Left)),
                StationNews::Told(Told::NotLetIn {
                    why: NotLetIn::Fault(why.to_string()),
                    wait_s: 0,
                }),
            ];
        }
        self.owed = due;
        self.owed.retain(leaves);
    }
}
