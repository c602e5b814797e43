//! Sign-in at a screen: a badge is scanned (or an ID typed), a PIN follows, and somebody is signed in until the
//! same badge is scanned again, another one is, or nobody has touched the station for a while.
//!
//! A pure state machine: time and what the register says come in as values, and what is to be done comes out
//! as [`Step`]s. The PIN itself is checked elsewhere, since that takes a good part of a second.

use super::badge::BadgeCode;
use super::error::Refused;
use super::operator::{Operator, OperatorBook};
use super::pin::{OperatorPin, PinFault};
use crate::clock::MonotonicMillis;
use crate::ledger::event::{Actor, Assurance, SignedOutWhy};
use crate::names::OperatorId;
use crate::role::Role;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInTimes {
    /// Signed out after so long without a key or a scan, in milliseconds.
    pub idle_ms: u64,
    /// The PIN must be given within so long, in milliseconds.
    pub pin_ms: u64,
}

impl Default for SignInTimes {
    fn default() -> Self {
        Self {
            idle_ms: 15 * 60 * 1000,
            pin_ms: 30 * 1000,
        }
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who, and how they proved it: what events name.
    pub actor: Actor,
    /// What they may do.
    pub role: Role,
}

/// How far a sign-in is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInState {
    /// Nobody is signed in.
    SignedOut,
    /// Somebody said who they are, and is to prove it.
    AwaitingPin(Claim),
    /// Their PIN is being checked.
    Checking(Claim),
    /// Somebody is signed in.
    SignedIn(SignedIn),
}

/// Who somebody says that they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who.
    pub operator: OperatorId,
    /// Whether they showed their badge, rather than typing their ID.
    pub badge: bool,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Have the register check the PIN, away from the screen's thread, and give its word to
    /// [`SignIn::checked`].
    CheckPin(OperatorId, OperatorPin),
    /// Record that somebody signed in.
    RecordSignedIn(SignedIn),
    /// Record that somebody is signed in no more.
    RecordSignedOut(OperatorId, SignedOutWhy),
}

/// What a scan was.
#[derive(Debug)]
pub enum Scan {
    /// Nobody's badge: it may be a board's label.
    NoBadge,
    /// A badge; this is to be done.
    Badge(Vec<Step>),
    /// The badge of somebody who may not sign in.
    Refused(Refused),
}

/// The sign-in at one screen.
#[derive(Clone, Debug)]
pub struct SignIn {
    times: SignInTimes,
    state: SignInState,
    /// When somebody last did something.
    touched: MonotonicMillis,
}

impl SignIn {
    /// Nobody is signed in.
    #[must_use]
    pub const fn new(times: SignInTimes, now: MonotonicMillis) -> Self {
        Self {
            times,
            state: SignInState::SignedOut,
            touched: now,
        }
    }

    /// How far it is.
    #[must_use]
    pub const fn state(&self) -> &SignInState {
        &self.state
    }

    /// Who is signed in.
    #[must_use]
    pub const fn who(&self) -> Option<&SignedIn> {
        match &self.state {
            SignInState::SignedIn(who) => Some(who),
            _ => None,
        }
    }

    /// Milliseconds until somebody is signed out, or a PIN is awaited no more; None where nobody waits.
    #[must_use]
    pub fn ends_in(&self, now: MonotonicMillis) -> Option<u64> {
        let whole = match &self.state {
            SignInState::SignedOut | SignInState::Checking(_) => return None,
            SignInState::AwaitingPin(_) => self.times.pin_ms,
            SignInState::SignedIn(_) => self.times.idle_ms,
        };
        Some(whole.saturating_sub(now.since(self.touched)))
    }

    /// Something was scanned.
    pub fn scanned(&mut self, text: &str, book: &OperatorBook, now: MonotonicMillis) -> Scan {
        let code = BadgeCode::parse(text);
        let Some(known) = code.and_then(|code| book.by_badge(&code)) else {
            return Scan::NoBadge;
        };
        match self.claimed(known, true, now) {
            Ok(steps) => Scan::Badge(steps),
            Err(refused) => Scan::Refused(refused),
        }
    }

    /// An ID was typed, by somebody without a badge.
    ///
    /// # Errors
    /// Where they may not sign in.
    pub fn named(
        &mut self,
        id: &OperatorId,
        book: &OperatorBook,
        now: MonotonicMillis,
    ) -> Result<Vec<Step>, Refused> {
        let known = book.find(id);
        let known = known.ok_or_else(|| Refused::NotEnrolled(id.clone()))?;
        self.claimed(known, false, now)
    }

    /// Somebody who may not sign in changes nothing about who is signed in.
    fn claimed(
        &mut self,
        known: &Operator,
        badge: bool,
        now: MonotonicMillis,
    ) -> Result<Vec<Step>, Refused> {
        let own = self.who().is_some_and(|who| who.actor.operator == known.id);
        if known.disabled && !own {
            return Err(Refused::Disabled(known.id.clone()));
        }
        // Whoever's PIN is being checked is answered first.
        if matches!(self.state, SignInState::Checking(_)) {
            return Ok(Vec::new());
        }
        self.touched = now;
        let steps = self.sign_out(SignedOutWhy::Badge);
        if !own {
            self.state = SignInState::AwaitingPin(Claim {
                operator: known.id.clone(),
                badge,
            });
        }
        Ok(steps)
    }

    /// A PIN was typed.
    ///
    /// # Errors
    /// Where it can be none; it counts as no try.
    pub fn pin(&mut self, typed: &str, now: MonotonicMillis) -> Result<Vec<Step>, PinFault> {
        let SignInState::AwaitingPin(claim) = &self.state else {
            return Ok(Vec::new());
        };
        self.touched = now;
        let pin = OperatorPin::parse(typed)?;
        let claim = claim.clone();
        let check = Step::CheckPin(claim.operator.clone(), pin);
        self.state = SignInState::Checking(claim);
        Ok(vec![check])
    }

    /// The register's word on the PIN. After a wrong one the next is awaited.
    pub fn checked(&mut self, word: &Result<Role, Refused>, now: MonotonicMillis) -> Vec<Step> {
        let SignInState::Checking(claim) = &self.state else {
            return Vec::new();
        };
        self.touched = now;
        let claim = claim.clone();
        match word {
            Ok(role) => {
                let assurance = if claim.badge {
                    Assurance::BadgeAndPin
                } else {
                    Assurance::Pin
                };
                let who = SignedIn {
                    actor: Actor {
                        operator: claim.operator,
                        assurance,
                    },
                    role: *role,
                };
                self.state = SignInState::SignedIn(who.clone());
                vec![Step::RecordSignedIn(who)]
            }
            Err(Refused::WrongPin { .. } | Refused::TooSoon { .. }) => {
                self.state = SignInState::AwaitingPin(claim);
                Vec::new()
            }
            Err(_) => {
                self.state = SignInState::SignedOut;
                Vec::new()
            }
        }
    }

    /// Somebody touched a key.
    pub fn touched(&mut self, now: MonotonicMillis) {
        self.touched = now;
    }

    /// Time has passed, or the register was read again. Where it cannot be read only the time counts.
    pub fn tick(&mut self, book: Option<&OperatorBook>, now: MonotonicMillis) -> Vec<Step> {
        if let (Some(who), Some(book)) = (self.who(), book) {
            let known = book.find(&who.actor.operator);
            if known.is_none_or(|known| known.disabled) {
                return self.sign_out(SignedOutWhy::Disabled);
            }
        }
        match self.ends_in(now) {
            Some(0) => self.sign_out(SignedOutWhy::Idle),
            _ => Vec::new(),
        }
    }

    /// Nobody wants to give the PIN, or whoever is signed in wants to leave.
    pub fn leave(&mut self) -> Vec<Step> {
        self.sign_out(SignedOutWhy::Badge)
    }

    /// Nobody's PIN is awaited any more. Whoever is signed in stays.
    pub fn forget_claim(&mut self) {
        if let SignInState::AwaitingPin(_) = self.state {
            self.state = SignInState::SignedOut;
        }
    }

    /// The station ends.
    pub fn end(&mut self) -> Vec<Step> {
        self.sign_out(SignedOutWhy::End)
    }

    fn sign_out(&mut self, why: SignedOutWhy) -> Vec<Step> {
        let before = std::mem::replace(&mut self.state, SignInState::SignedOut);
        match before {
            SignInState::SignedIn(who) => vec![Step::RecordSignedOut(who.actor.operator, why)],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
