//! The operators of a station, as its register has them.

use super::badge::{BadgeCode, BadgeDigest, BadgeKey};
use super::delay::WrongPins;
use super::error::AccessError;
use super::pin::{OperatorPin, PinHash};
use crate::ledger::OperatorOverview;
use crate::names::OperatorId;
use crate::role::Role;

use serde::{Deserialize, Serialize};

/// Most operators of one station.
pub(super) const OPERATORS_MAX: usize = 1000;

/// Somebody who is enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Pseudonymous ID.
    pub id: OperatorId,
    /// What they may do.
    pub role: Role,
    /// Whether they may not sign in; the ledger says it, the file does not.
    #[serde(skip)]
    pub disabled: bool,
    pub(super) badge: Option<BadgeDigest>,
    pub(super) pin: PinHash,
    pub(super) wrong_pins: WrongPins,
    /// Wrong PINs that the ledger has not been told of.
    pub(super) unrecorded: u32,
    /// Whether the ledger knows of them: the file alone makes nobody an operator.
    #[serde(skip)]
    pub(super) known: bool,
}

impl Operator {
    /// Whether a badge is known.
    #[must_use]
    pub const fn has_badge(&self) -> bool {
        self.badge.is_some()
    }

    /// Wrong PINs since the last right one.
    #[must_use]
    pub const fn wrong_pins(&self) -> &WrongPins {
        &self.wrong_pins
    }

    fn is_officer(&self) -> bool {
        self.role == Role::SecurityOfficer && !self.disabled
    }
}

/// Somebody who is to be enrolled.
#[derive(Clone, Debug)]
pub struct NewOperator {
    /// Pseudonymous ID.
    pub id: OperatorId,
    /// What they may do.
    pub role: Role,
    /// Their badge, where they have one.
    pub badge: Option<BadgeCode>,
    /// Their PIN's hash.
    pub pin: PinHash,
}

/// All who are enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorBook {
    pub(super) schema: u32,
    pub(super) badge_key: BadgeKey,
    /// Wrong PINs of everybody.
    pub(super) wrong_pins: WrongPins,
    pub(super) operators: Vec<Operator>,
    /// Who is enrolled, as the ledger says, without a PIN in this file.
    #[serde(skip)]
    lost: Vec<OperatorId>,
}

/// The layout of the file that this version reads.
const SCHEMA: u32 = 1;

impl OperatorBook {
    /// Nobody is enrolled.
    pub(super) fn empty(badge_key: [u8; 32]) -> Self {
        Self {
            schema: SCHEMA,
            badge_key: BadgeKey::from_random(badge_key),
            wrong_pins: WrongPins::default(),
            operators: Vec::new(),
            lost: Vec::new(),
        }
    }

    /// What the ledger says counts: who is enrolled, in which role, and who may not sign in.
    pub(super) fn told_by(mut self, told: &[OperatorOverview]) -> Self {
        for entry in &mut self.operators {
            let said = told.iter().find(|said| said.operator == entry.id);
            entry.known = said.is_some();
            if let Some(said) = said {
                entry.role = said.role;
                entry.disabled = said.disabled;
            }
        }
        let ids = told.iter().map(|said| said.operator.clone());
        self.lost = ids.filter(|id| self.find(id).is_none()).collect();
        self
    }

    /// What is wrong with a book that was read.
    pub(super) fn fault(&self) -> Option<String> {
        if self.schema != SCHEMA {
            return Some(format!("schema {} is not known", self.schema));
        }
        let mut seen = Vec::new();
        for operator in &self.operators {
            if seen.contains(&&operator.id) {
                return Some(format!("operator {} stands twice", operator.id));
            }
            seen.push(&operator.id);
            if !operator.pin.is_sound() {
                return Some(format!("operator {} has no sound PIN hash", operator.id));
            }
        }
        (self.operators.len() > OPERATORS_MAX).then(|| "too many operators".to_owned())
    }

    /// Whether nobody is enrolled, so that the list in `station.toml` counts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operators().next().is_none() && self.lost.is_empty()
    }

    /// Everybody, in the order in which they were enrolled.
    pub fn operators(&self) -> impl Iterator<Item = &Operator> {
        self.operators.iter().filter(|operator| operator.known)
    }

    /// Whether somebody is enrolled, but there is no PIN of theirs: the file is an old one, or lost.
    #[must_use]
    pub fn has_lost(&self, id: &OperatorId) -> bool {
        self.lost.contains(id)
    }

    /// Somebody by ID.
    #[must_use]
    pub fn find(&self, id: &OperatorId) -> Option<&Operator> {
        self.operators().find(|operator| operator.id == *id)
    }

    /// Whose badge it is.
    #[must_use]
    pub fn by_badge(&self, code: &BadgeCode) -> Option<&Operator> {
        let digest = self.badge_key.digest(code);
        self.operators()
            .find(|operator| operator.badge.as_ref() == Some(&digest))
    }

    pub(super) fn find_mut(&mut self, id: &OperatorId) -> Result<&mut Operator, AccessError> {
        let mut all = self.operators.iter_mut();
        let found = all.find(|operator| operator.known && operator.id == *id);
        found.ok_or_else(|| AccessError::Unknown(id.clone()))
    }

    /// Whether somebody may be enrolled; asked before the ledger is told.
    ///
    /// # Errors
    /// Where the ID or the badge is taken, or nobody could enrol the next one.
    pub fn may_enrol(
        &self,
        id: &OperatorId,
        role: Role,
        badge: Option<&BadgeCode>,
    ) -> Result<(), AccessError> {
        if self.find(id).is_some() || self.has_lost(id) {
            return Err(AccessError::Exists(id.clone()));
        }
        if self.is_empty() && role != Role::SecurityOfficer {
            return Err(AccessError::FirstIsNoOfficer);
        }
        if self.operators.len() >= OPERATORS_MAX {
            return Err(AccessError::Full(OPERATORS_MAX));
        }
        match badge {
            Some(badge) => self.may_have(id, badge),
            None => Ok(()),
        }
    }

    /// Whether that badge may be theirs.
    ///
    /// # Errors
    /// Where it is another's.
    pub fn may_have(&self, id: &OperatorId, badge: &BadgeCode) -> Result<(), AccessError> {
        match self.by_badge(badge) {
            Some(other) if other.id != *id => Err(AccessError::BadgeTaken(other.id.clone())),
            _ => Ok(()),
        }
    }

    /// Whether somebody may have that PIN, beside that badge: a PIN that is the code of a badge is no second proof.
    ///
    /// # Errors
    /// Where it is the code of that badge, or of anybody's who is enrolled.
    pub fn may_choose(
        &self,
        pin: &OperatorPin,
        badge: Option<&BadgeCode>,
    ) -> Result<(), AccessError> {
        let Some(code) = BadgeCode::parse(pin.secret().expose()) else {
            return Ok(());
        };
        let digest = |code: &BadgeCode| self.badge_key.digest(code);
        let is_own = badge.is_some_and(|badge| digest(badge) == digest(&code));
        if is_own || self.by_badge(&code).is_some() {
            return Err(AccessError::PinIsBadge);
        }
        Ok(())
    }

    /// Whether somebody may be disabled.
    ///
    /// # Errors
    /// Where they are not enrolled, or the last who could enable anybody.
    pub fn may_disable(&self, id: &OperatorId) -> Result<(), AccessError> {
        let known = self
            .find(id)
            .ok_or_else(|| AccessError::Unknown(id.clone()))?;
        let officers = self.operators().filter(|one| one.is_officer()).count();
        if known.is_officer() && officers == 1 {
            return Err(AccessError::LastOfficer(id.clone()));
        }
        Ok(())
    }

    /// Another PIN, also for somebody of whom there is none.
    pub(super) fn set_pin(&mut self, id: &OperatorId, pin: PinHash) -> Result<(), AccessError> {
        if self.has_lost(id) {
            self.operators.retain(|left| left.id != *id);
            self.operators.push(Operator {
                id: id.clone(),
                // The ledger says which it is.
                role: Role::Operator,
                disabled: false,
                badge: None,
                pin,
                wrong_pins: WrongPins::default(),
                unrecorded: 0,
                known: true,
            });
            return Ok(());
        }
        let operator = self.find_mut(id)?;
        operator.pin = pin;
        operator.wrong_pins = WrongPins::default();
        Ok(())
    }

    pub(super) fn enrol(&mut self, new: NewOperator) -> Result<(), AccessError> {
        self.may_enrol(&new.id, new.role, new.badge.as_ref())?;
        // Left by a process that was killed before it could tell the ledger.
        self.operators
            .retain(|left| left.known || left.id != new.id);
        self.operators.push(Operator {
            known: true,
            badge: new.badge.map(|code| self.badge_key.digest(&code)),
            id: new.id,
            role: new.role,
            disabled: false,
            pin: new.pin,
            wrong_pins: WrongPins::default(),
            unrecorded: 0,
        });
        Ok(())
    }
}
