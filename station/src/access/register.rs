//! The register of operators: who is enrolled, and whether a PIN is theirs.
//!
//! Every process of a home may ask it: a lock of its own puts them one after another. What the ledger must
//! know is recorded by the caller, before the register is changed.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};

use super::badge::BadgeCode;
use super::delay::WrongPins;
use super::error::{AccessError, Refused};
use super::moment::Moment;
use super::operator::{NewOperator, OperatorBook};
use super::operator_file;
use super::pin::{OperatorPin, PinHash, SALT_BYTES};
use crate::names::OperatorId;
use crate::role::Role;
use crate::station_home::{HomeError, HomePaths};

/// The register of one home.
#[derive(Clone, Debug)]
pub struct Register {
    path: PathBuf,
    lock: PathBuf,
}

impl Register {
    /// The register of a home, whether or not there is one yet.
    #[must_use]
    pub fn of(paths: &HomePaths) -> Self {
        Self {
            path: paths.operators(),
            lock: paths.operators_lock(),
        }
    }

    /// Everybody who is enrolled; nobody where there is no register yet.
    ///
    /// # Errors
    /// Where it cannot be read, or is none.
    pub fn book(&self) -> Result<OperatorBook, AccessError> {
        match operator_file::read(&self.path)? {
            Some(book) => Ok(book),
            // Its key is thrown away again unless somebody is enrolled.
            None => Ok(OperatorBook::empty(random()?)),
        }
    }

    /// Hashes a PIN that somebody has chosen. Takes a good part of a second.
    ///
    /// # Errors
    /// Where the machine has no random bytes or no memory.
    pub fn hash(pin: &OperatorPin) -> Result<PinHash, AccessError> {
        PinHash::make(pin, random::<SALT_BYTES>()?).ok_or(AccessError::Machine("memory for a hash"))
    }

    /// Enrols somebody.
    ///
    /// # Errors
    /// As [`OperatorBook::may_enrol`]; or where the register cannot be written.
    pub fn enrol(&self, new: NewOperator) -> Result<(), AccessError> {
        self.change(|book| book.enrol(new))
    }

    /// Says that somebody may not sign in any more, or may again.
    ///
    /// # Errors
    /// As [`OperatorBook::may_disable`]; or where the register cannot be written.
    pub fn set_disabled(&self, id: &OperatorId, disabled: bool) -> Result<(), AccessError> {
        self.change(|book| {
            if disabled {
                book.may_disable(id)?;
            }
            book.find_mut(id)?.disabled = disabled;
            Ok(())
        })
    }

    /// Gives somebody another PIN. Their wrong ones are forgotten.
    ///
    /// # Errors
    /// Where they are not enrolled, or the register cannot be written.
    pub fn set_pin(&self, id: &OperatorId, pin: PinHash) -> Result<(), AccessError> {
        self.change(|book| {
            let operator = book.find_mut(id)?;
            operator.pin = pin;
            operator.wrong_pins = WrongPins::default();
            Ok(())
        })
    }

    /// Gives somebody another badge.
    ///
    /// # Errors
    /// Where it is another's, they are not enrolled, or the register cannot be written.
    pub fn set_badge(&self, id: &OperatorId, badge: &BadgeCode) -> Result<(), AccessError> {
        self.change(|book| {
            book.may_have(id, badge)?;
            let digest = book.badge_key.digest(badge);
            book.find_mut(id)?.badge = Some(digest);
            Ok(())
        })
    }

    /// Whether it is this operator's PIN; gives their role. Takes a good part of a second.
    ///
    /// A wrong PIN is counted before the PIN is looked at and forgotten if it was right, so that nobody gets a
    /// free try by killing the process.
    ///
    /// # Errors
    /// Why they are not believed.
    pub fn check_pin(
        &self,
        id: &OperatorId,
        pin: &OperatorPin,
        now: &Moment,
    ) -> Result<Role, Refused> {
        let _lock = self.lock()?;
        let mut book = self.book()?;
        let Some(known) = book.find(id).cloned() else {
            return Err(Refused::NotEnrolled(id.clone()));
        };
        if known.disabled {
            return Err(Refused::Disabled(id.clone()));
        }
        let of_station = book.wrong_pins.faded(now);
        let own = known.wrong_pins.operator_wait(now);
        let wait_ms = own.max(of_station.station_wait(now));
        if wait_ms > 0 {
            return Err(Refused::TooSoon { wait_ms });
        }
        let before = book.wrong_pins.clone();
        book.wrong_pins = of_station.and_one(now);
        let entry = book.find_mut(id)?;
        entry.wrong_pins = known.wrong_pins.and_one(now);
        entry.unrecorded = known.unrecorded.saturating_add(1);
        operator_file::write(&self.path, &book)?;
        let fits = known.pin.fits(pin);
        if fits != Some(true) {
            let wrong = &book.find_mut(id)?.wrong_pins;
            let wait_ms = wrong.operator_wait(now);
            return Err(match fits {
                None => AccessError::Machine("memory for a hash").into(),
                Some(_) => Refused::WrongPin { wait_ms },
            });
        }
        book.wrong_pins = before;
        let entry = book.find_mut(id)?;
        entry.wrong_pins = WrongPins::default();
        entry.unrecorded = known.unrecorded;
        operator_file::write(&self.path, &book)?;
        Ok(known.role)
    }

    /// Wrong PINs that the ledger has not been told of, by operator.
    ///
    /// # Errors
    /// Where the register cannot be read.
    pub fn unrecorded(&self) -> Result<Vec<(OperatorId, u32)>, AccessError> {
        let book = self.book()?;
        let of = book.operators().iter();
        let of = of.map(|operator| (operator.id.clone(), operator.unrecorded));
        Ok(of.filter(|(_, count)| *count > 0).collect())
    }

    /// The ledger has been told of these.
    ///
    /// # Errors
    /// Where the register cannot be written.
    pub fn recorded(&self, told: &[(OperatorId, u32)]) -> Result<(), AccessError> {
        if told.is_empty() {
            return Ok(());
        }
        self.change(|book| {
            for (id, count) in told {
                let operator = book.find_mut(id)?;
                operator.unrecorded = operator.unrecorded.saturating_sub(*count);
            }
            Ok(())
        })
    }

    fn change(
        &self,
        change: impl FnOnce(&mut OperatorBook) -> Result<(), AccessError>,
    ) -> Result<(), AccessError> {
        let _lock = self.lock()?;
        let mut book = self.book()?;
        change(&mut book)?;
        operator_file::write(&self.path, &book)
    }

    /// One process after another; given back when the file is closed.
    fn lock(&self) -> Result<File, AccessError> {
        let failed =
            |error: std::io::Error| HomeError::Io("lock", self.lock.clone(), error.to_string());
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600);
        let file = file.open(&self.lock).map_err(failed)?;
        flock(&file, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
        Ok(file)
    }
}

fn random<const N: usize>() -> Result<[u8; N], AccessError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| AccessError::Machine("random bytes"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
