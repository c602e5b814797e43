//! Who works at the terminal: the sign-in, and what their role lets them do.
//!
//! As long as nobody is enrolled, the list in `station.toml` counts and their word is taken.

mod owed;

use super::clerk::nobody_signed_in;
use super::lasting_fault::LastingFault;
use crate::access::{BadgeCode, Deed, Moment, OperatorBook, Refused, Register, permits};
use crate::access::{Scan, SignIn, SignInState, SignInTimes, Step};
use crate::cli::failure::Failure;
use crate::clock::MonotonicMillis;
use crate::ledger::event::{Actor, Assurance, SignedOutRecord, SignedOutWhy};
use crate::ledger::event::{Fact, SignedInRecord};
use crate::names::OperatorId;
use crate::role::Role;
use crate::station_home::StationHome;
use crate::tui::event::{NotLetIn, StationNews};
use crate::tui::state::sign_in;
use crate::tui::told::{Gone, Told};
use crate::words::{RefusalReason, Trouble};

/// What the terminal calls a deed, and what the table of roles calls it.
const DEEDS: [(sign_in::Deed, Deed); 6] = [
    (sign_in::Deed::Start, Deed::ProvisionBoards),
    (sign_in::Deed::Pause, Deed::PauseBatch),
    (sign_in::Deed::OpenBatch, Deed::OpenBatch),
    (sign_in::Deed::CloseBatch, Deed::CloseBatch),
    (sign_in::Deed::Acknowledge, Deed::ClearHold),
    (sign_in::Deed::Reprint, Deed::ReprintLabel),
];

/// Whom the terminal names to those who try a station out. In a home for real products it names nobody: an ID that
/// signs in is not for whoever walks by.
pub(super) fn by_name(home: &StationHome) -> Vec<String> {
    let config = home.config();
    let book = Register::of(&home.paths()).book();
    if !config.development || !book.is_ok_and(|book| book.is_empty()) {
        return Vec::new();
    }
    let ids = config.operators.iter().map(|known| known.id.to_string());
    ids.collect()
}

/// The sign-in of one terminal.
pub(super) struct People {
    home: StationHome,
    register: Register,
    machine: SignIn,
    /// Somebody of the list, whose word was taken.
    asserted: Option<(Actor, Role)>,
    times: SignInTimes,
    /// When a person did something last.
    touched: MonotonicMillis,
    /// Why the register cannot be read, as far as it was told.
    unread: LastingFault,
    /// Who has left, and is not recorded to have yet.
    owed: Vec<Fact>,
}

/// What came of something that a person did.
pub(super) struct Outcome {
    /// What is to be recorded.
    pub(super) facts: Vec<Fact>,
    /// What the terminal is told.
    pub(super) news: Vec<StationNews>,
}

impl Outcome {
    fn news(news: StationNews) -> Self {
        Self {
            facts: Vec::new(),
            news: vec![news],
        }
    }

    fn refused(why: NotLetIn, wait_ms: u64) -> Self {
        Self::news(StationNews::Told(Told::NotLetIn {
            why,
            wait_s: wait_ms.div_ceil(1000),
        }))
    }
}

impl People {
    pub(super) fn new(home: &StationHome, now: MonotonicMillis) -> Self {
        let times = SignInTimes {
            idle_ms: home.config().sign_in.idle_seconds.saturating_mul(1000),
            ..SignInTimes::default()
        };
        Self {
            home: home.clone(),
            register: Register::of(&home.paths()),
            machine: SignIn::new(times, now),
            asserted: None,
            times,
            touched: now,
            unread: LastingFault::of(Trouble::Operators),
            owed: Vec::new(),
        }
    }

    /// Who is signed in, and their role.
    pub(super) fn who(&self) -> Option<(Actor, Role)> {
        let proven = self.machine.who();
        let proven = proven.map(|who| (who.actor.clone(), who.role));
        proven.or_else(|| self.asserted.clone())
    }

    /// Who is signed in, where their role lets them do it.
    pub(super) fn permitted(&self, deed: Deed) -> Result<Actor, Failure> {
        let (actor, role) = self.who().ok_or_else(nobody_signed_in)?;
        permits(role, deed).map_err(|denied| {
            let what = format!("operator {} may not do this", actor.operator);
            Failure::usage(what, denied, "ask somebody who has that role")
                .because(RefusalReason::OtherRole)
        })?;
        Ok(actor)
    }

    /// Whether the text is somebody's badge.
    pub(super) fn is_badge(&self, text: &str) -> Result<bool, Failure> {
        let book = self.register.book()?;
        let code = BadgeCode::parse(text);
        Ok(code.is_some_and(|code| book.by_badge(&code).is_some()))
    }

    /// Somebody showed a badge, or typed an ID.
    pub(super) fn identify(
        &mut self,
        text: &str,
        now: MonotonicMillis,
    ) -> Result<Outcome, Failure> {
        let book = self.register.book()?;
        if book.is_empty() {
            return Ok(self.assert(text));
        }
        let ended = self.end_assertion(&book);
        let mut outcome = match self.machine.scanned(text, &book, now) {
            Scan::Badge(steps) => self.after(steps, now),
            Scan::Refused(refused) => self.turn_away(not_let_in(&refused)),
            Scan::NoBadge => self.name(text, &book, now),
        };
        if let Some(ended) = ended {
            outcome.facts.insert(0, ended);
            let told = StationNews::Told(Told::SignedOut(Gone::Disabled));
            outcome.news.insert(0, told);
        }
        Ok(outcome)
    }

    /// From the first who is enrolled on nobody's word is taken, that of somebody who is signed in by it neither.
    fn end_assertion(&mut self, book: &OperatorBook) -> Option<Fact> {
        if book.is_empty() {
            return None;
        }
        self.dismiss(SignedOutWhy::Disabled)
    }

    fn name(&mut self, text: &str, book: &OperatorBook, now: MonotonicMillis) -> Outcome {
        let Ok(id) = OperatorId::parse(text) else {
            return self.turn_away(NotLetIn::Unknown);
        };
        match self.machine.named(&id, book, now) {
            Ok(steps) => self.after(steps, now),
            Err(refused) => self.turn_away(not_let_in(&refused)),
        }
    }

    /// Somebody may not sign in. Whoever is signed in stays, on the screen as well; where a PIN was awaited it is no
    /// more, as the screen shows.
    fn turn_away(&mut self, why: NotLetIn) -> Outcome {
        self.machine.forget_claim();
        Outcome::refused(why, 0)
    }

    /// Somebody of the list in `station.toml`.
    fn assert(&mut self, text: &str) -> Outcome {
        let listed = &self.home.config().operators;
        let Some(known) = listed.iter().find(|known| known.id.as_str() == text) else {
            return self.turn_away(NotLetIn::Unknown);
        };
        let actor = Actor {
            operator: known.id.clone(),
            assurance: Assurance::Asserted,
        };
        let role = known.role;
        let mut facts: Vec<_> = self.dismiss(SignedOutWhy::Badge).into_iter().collect();
        self.asserted = Some((actor.clone(), role));
        let news = StationNews::SignedIn(person(&actor, role));
        facts.push(Fact::SignedIn(SignedInRecord { role, actor }));
        let news = vec![news];
        Outcome { facts, news }
    }

    /// A PIN was typed. Takes a good part of a second. What is not the right one, and is somebody's badge, was shown
    /// by them.
    pub(super) fn prove(&mut self, typed: &str, now: MonotonicMillis) -> Outcome {
        let mut outcome = match self.machine.pin(typed, now) {
            Ok(steps) => self.after(steps, now),
            Err(_) => self.ask_again(NotLetIn::NotDigits, 0),
        };
        if self.who().is_none() && self.is_badge(typed).unwrap_or(false) {
            // Where the register cannot be read, what came of the PIN stands.
            if let Ok(shown) = self.identify(typed, now) {
                outcome.facts.extend(shown.facts);
                outcome.news = shown.news;
            }
        }
        outcome
    }

    /// Whoever is signed in leaves, or is no more awaited.
    pub(super) fn leave(&mut self, now: MonotonicMillis) -> Outcome {
        let steps = self.machine.leave();
        let mut outcome = self.after(steps, now);
        outcome.facts.extend(self.dismiss(SignedOutWhy::Badge));
        outcome.news = vec![StationNews::Told(Told::SignedOut(Gone::Left))];
        outcome
    }

    /// Somebody of the list is here no more.
    fn dismiss(&mut self, why: SignedOutWhy) -> Option<Fact> {
        let (actor, _) = self.asserted.take()?;
        let operator = actor.operator;
        Some(Fact::SignedOut(SignedOutRecord { operator, why }))
    }

    /// The station ends: what is to be recorded still.
    pub(super) fn end(&mut self, now: MonotonicMillis) -> Vec<Fact> {
        let steps = self.machine.end();
        let mut outcome = self.after(steps, now);
        let mut facts = self.due(&mut outcome);
        facts.extend(self.dismiss(SignedOutWhy::End));
        facts
    }

    /// A person did something.
    pub(super) fn touched(&mut self, now: MonotonicMillis) {
        self.machine.touched(now);
        self.touched = now;
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: MonotonicMillis) -> Outcome {
        let (book, fault) = match self.register.book() {
            Ok(book) => (Some(book), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let before = self.machine.state().clone();
        let steps = self.machine.tick(book.as_ref(), now);
        let mut outcome = self.after(steps, now);
        // What has not changed is not told again.
        outcome.news.clear();
        let mut gone = book.and_then(|book| self.end_assertion(&book));
        if now.since(self.touched) > self.times.idle_ms {
            gone = gone.or_else(|| self.dismiss(SignedOutWhy::Idle));
        }
        let ended = *self.machine.state() == SignInState::SignedOut;
        if gone.is_some() || (ended && before != SignInState::SignedOut) {
            // A PIN that nobody has typed is forgotten as well.
            let why = gone.iter().chain(&outcome.facts).find_map(shown_gone);
            let told = Told::SignedOut(why.unwrap_or(Gone::Idle));
            outcome.news = vec![StationNews::Told(told)];
        }
        outcome.facts.extend(gone);
        outcome.news.extend(self.unread.follow(fault));
        outcome
    }

    /// Does what the sign-in wants done.
    fn after(&mut self, steps: Vec<Step>, now: MonotonicMillis) -> Outcome {
        let mut facts = Vec::new();
        let mut refusal = None;
        let mut open = std::collections::VecDeque::from(steps);
        while let Some(step) = open.pop_front() {
            match step {
                Step::CheckPin(id, pin) => {
                    let word = self.check(&id, &pin);
                    if let Err(refused) = &word {
                        refusal = Some((not_let_in(refused), wait_of(refused)));
                    }
                    open.extend(self.machine.checked(&word, now));
                }
                Step::RecordSignedIn(who) => facts.push(Fact::SignedIn(SignedInRecord {
                    role: who.role,
                    actor: who.actor,
                })),
                Step::RecordSignedOut(operator, why) => {
                    facts.push(Fact::SignedOut(SignedOutRecord { operator, why }));
                }
            }
        }
        if let Some((why, wait_ms)) = refusal {
            let mut outcome = self.ask_again(why, wait_ms);
            outcome.facts = facts;
            return outcome;
        }
        let news = match self.machine.state() {
            SignInState::AwaitingPin(claim) => StationNews::WantsPin {
                operator: claim.operator.to_string(),
            },
            SignInState::SignedIn(who) => StationNews::SignedIn(person(&who.actor, who.role)),
            SignInState::SignedOut | SignInState::Checking(_) => {
                StationNews::Told(Told::SignedOut(Gone::Left))
            }
        };
        let news = vec![news];
        Outcome { facts, news }
    }

    fn check(&self, id: &OperatorId, pin: &crate::access::OperatorPin) -> Result<Role, Refused> {
        let now = Moment::now()?;
        self.register.check_pin_beside_badges(id, pin, &now)
    }

    /// Says why, and asks for the PIN again where it is still awaited.
    fn ask_again(&self, why: NotLetIn, wait_ms: u64) -> Outcome {
        let mut outcome = Outcome::refused(why, wait_ms);
        if let SignInState::AwaitingPin(claim) = self.machine.state() {
            outcome.news.push(StationNews::WantsPin {
                operator: claim.operator.to_string(),
            });
        }
        outcome
    }
}

fn not_let_in(refused: &Refused) -> NotLetIn {
    match refused {
        Refused::NotEnrolled(_) => NotLetIn::Unknown,
        Refused::Lost(_) => NotLetIn::NoPin,
        Refused::Disabled(_) => NotLetIn::Disabled,
        Refused::TooSoon { .. } => NotLetIn::TooSoon,
        Refused::WrongPin { .. } => NotLetIn::WrongPin,
        Refused::Unavailable(error) => NotLetIn::Fault(error.to_string()),
    }
}

const fn wait_of(refused: &Refused) -> u64 {
    match refused {
        Refused::TooSoon { wait_ms } | Refused::WrongPin { wait_ms } => *wait_ms,
        _ => 0,
    }
}

/// Somebody who is signed in, as the terminal shows them.
fn person(actor: &Actor, role: Role) -> sign_in::Person {
    let (mut may, mut may_not) = (Vec::new(), Vec::new());
    for (shown, deed) in DEEDS {
        match permits(role, deed) {
            Ok(()) => may.push(shown),
            Err(denied) => {
                let takes = denied.deed.roles().first().copied();
                may_not.push((shown, shown_role(takes.unwrap_or(Role::Supervisor))));
            }
        }
    }
    sign_in::Person {
        operator: actor.operator.to_string(),
        role: shown_role(role),
        may,
        may_not,
    }
}

/// Why somebody is gone, as the screen shows it.
pub(super) const fn shown_gone(fact: &Fact) -> Option<Gone> {
    let Fact::SignedOut(record) = fact else {
        return None;
    };
    Some(match record.why {
        SignedOutWhy::Badge | SignedOutWhy::End => Gone::Left,
        SignedOutWhy::Idle => Gone::Idle,
        SignedOutWhy::Disabled => Gone::Disabled,
    })
}

/// As the screen shows it.
pub(super) const fn shown_role(role: Role) -> sign_in::Role {
    match role {
        Role::Operator => sign_in::Role::Operator,
        Role::Supervisor => sign_in::Role::Supervisor,
        Role::SecurityOfficer => sign_in::Role::SecurityOfficer,
        Role::Auditor => sign_in::Role::Auditor,
    }
}

#[cfg(test)]
mod tests;
