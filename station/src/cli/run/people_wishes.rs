//! What the terminal wishes about people: who they are, what proves it, and that their badges are kept by nobody.

use super::clerk::Clerk;
use super::line_work::RunningLine;
use super::people::Outcome;
use crate::access::Register;
use crate::cli::failure::Failure;
use crate::cli::provision::preparation::office;
use crate::clock::Clock as _;
use crate::ledger::event::Fact;
use crate::line::wishes::LineState;
use crate::tui::action::{Action, Secret};
use crate::tui::event::StationNews;
use crate::tui::state::dialog::BatchField;
use crate::tui::told::Told;
use crate::words::RefusalReason;

impl Clerk<'_> {
    /// Somebody showed a badge, or typed an ID.
    pub(super) fn identify(&mut self, text: &str) -> Result<(), Failure> {
        let outcome = self.people.identify(text, self.clock.monotonic())?;
        self.conclude(outcome)
    }

    pub(super) fn prove(&mut self, pin: &Secret) -> Result<(), Failure> {
        let Secret(typed) = pin;
        let outcome = self.people.prove(typed, self.clock.monotonic());
        // What came of it first: it may be owed something, and the screen waits for it.
        let concluded = self.conclude(outcome);
        let recorded = self.record_wrong_pins();
        concluded.and(recorded)
    }

    pub(super) fn sign_out(&mut self) -> Result<(), Failure> {
        self.pause();
        let outcome = self.people.leave(self.clock.monotonic());
        self.conclude(outcome)
    }

    /// Has a badge taken out of a field at once, before anybody reads it there.
    pub(super) fn look_at_field(&self, field: BatchField, text: Secret) -> Result<(), Failure> {
        let Secret(typed) = &text;
        let found = self.people.is_badge(typed);
        // What nobody can say of that it is none is taken out as well.
        if !matches!(found, Ok(false)) {
            self.tell(StationNews::BadgeInField { field, code: text });
        }
        found.map(|_| ())
    }

    /// A badge's code is as good as the badge: it never goes into the ledger, whichever field it was put in.
    pub(super) fn keep_badges_out(&self, action: &Action) -> Result<(), Failure> {
        for text in action.kept_words() {
            if self.people.is_badge(text)? {
                let why = "a field has the code of a badge";
                return Err(Failure::usage("it was not done", why, "type other words")
                    .because(RefusalReason::BadgeTyped));
            }
        }
        Ok(())
    }

    /// Records what a person did about signing in, and tells what came of it.
    pub(super) fn conclude(&mut self, mut outcome: Outcome) -> Result<(), Failure> {
        // Whoever is gone, boards are made in their name no longer, whether somebody else comes at once or nobody.
        let gone = |fact: &Fact| matches!(fact, Fact::SignedOut(_));
        if outcome.facts.iter().any(gone) {
            self.pause();
        }
        let due = self.people.due(&mut outcome);
        let recorded = self.record(due.clone());
        if let Err(failure) = &recorded {
            self.people.unrecorded(due, failure, &mut outcome);
        }
        let signed_in = outcome
            .news
            .iter()
            .any(|news| matches!(news, StationNews::SignedIn(_)));
        let left = |news: &StationNews| matches!(news, StationNews::Told(Told::SignedOut(_)));
        let signed_out = outcome.news.iter().any(left);
        outcome.news.into_iter().for_each(|news| self.tell(news));
        if signed_out {
            self.pause();
        }
        recorded?;
        if signed_in && self.line.is_some() {
            let line = self.line.as_ref().map(RunningLine::state);
            self.takes_up = line == Some(LineState::Finishing);
        } else if signed_in {
            return self.take_up_work();
        }
        Ok(())
    }

    /// Wrong PINs are told to the ledger at once, whoever is signed in next.
    fn record_wrong_pins(&self) -> Result<(), Failure> {
        let register = Register::of(&self.station.owned.home.paths());
        office(self.station).record_wrong_pins(&register, self.now()?)
    }
}
