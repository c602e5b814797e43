//! The register of operators: who is enrolled, and whether a PIN is theirs.
//!
//! Every process of a home may ask it: a lock of its own puts them one after another. The ledger says who is
//! enrolled, in which role, and who may not sign in; the file only has what proves who they are. So whoever
//! enrols somebody changes the file first, then has the ledger say it: what was left by a process killed
//! between the two counts for nothing, and a file that is lost lets nobody in.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::badge::BadgeCode;
use super::delay::WrongPins;
use super::error::{AccessError, Refused};
use super::moment::Moment;
use super::operator::{NewOperator, OperatorBook};
use super::operator_file;
use super::pin::{OperatorPin, PinHash, SALT_BYTES};
use crate::ledger::Reader;
use crate::names::OperatorId;
use crate::role::Role;
use crate::station_home::{HomeError, HomePaths};

/// How often, and how long each time, it is waited for the lock: a PIN's hash under it takes a good part of a second.
const LOCK_TRIES: u32 = 500;
const LOCK_ROUND: Duration = Duration::from_millis(20);

/// The register of one home.
#[derive(Clone, Debug)]
pub struct Register {
    path: PathBuf,
    lock: PathBuf,
    ledger: PathBuf,
}

impl Register {
    /// The register of a home, whether or not there is one yet.
    #[must_use]
    pub fn of(paths: &HomePaths) -> Self {
        Self {
            path: paths.operators(),
            lock: paths.operators_lock(),
            ledger: paths.ledger(),
        }
    }

    /// Everybody who is enrolled, as the ledger says; nobody where there is no register yet.
    ///
    /// # Errors
    /// Where it cannot be read, or is none.
    pub fn book(&self) -> Result<OperatorBook, AccessError> {
        let book = match operator_file::read(&self.path)? {
            Some(book) => book,
            // Its key is thrown away again unless somebody is enrolled.
            None => OperatorBook::empty(random()?),
        };
        let told = Reader::open(&self.ledger).and_then(|reader| reader.operators());
        Ok(book.told_by(&told.map_err(AccessError::Ledger)?))
    }

    /// Hashes a PIN that somebody has chosen. Takes a good part of a second.
    ///
    /// # Errors
    /// Where the machine has no random bytes or no memory.
    pub fn hash(pin: &OperatorPin) -> Result<PinHash, AccessError> {
        PinHash::make(pin, random::<SALT_BYTES>()?).ok_or(AccessError::Machine("memory for a hash"))
    }

    /// Enrols somebody, once the ledger is told of it.
    ///
    /// # Errors
    /// As [`OperatorBook::may_enrol`]; or where the register cannot be written.
    pub fn enrol(&self, new: NewOperator) -> Result<(), AccessError> {
        self.change(|book| book.enrol(new))
    }

    /// Gives somebody another PIN. Their wrong ones are forgotten.
    ///
    /// # Errors
    /// Where they are not enrolled, or the register cannot be written.
    pub fn set_pin(&self, id: &OperatorId, pin: PinHash) -> Result<(), AccessError> {
        self.change(|book| book.set_pin(id, pin))
    }

    /// Gives somebody another badge.
    ///
    /// # Errors
    /// Where it is another's, or their own PIN, they are not enrolled, or the register cannot be written.
    pub fn set_badge(&self, id: &OperatorId, badge: &BadgeCode) -> Result<(), AccessError> {
        self.change(|book| {
            book.may_have(id, badge)?;
            let digest = book.badge_key.digest(badge);
            let known = book.find_mut(id)?;
            let as_pin = OperatorPin::parse(badge.secret().expose()).ok();
            if as_pin.is_some_and(|pin| known.pin.fits(&pin) == Some(true)) {
                return Err(AccessError::PinIsBadge);
            }
            known.badge = Some(digest);
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
        self.check(id, pin, now, |_| false)
    }

    /// The same where badges are shown too: digits that are no PIN of this operator, and somebody's badge, were
    /// scanned and not guessed. They are refused as any other, and not counted.
    ///
    /// # Errors
    /// As [`Self::check_pin`].
    pub fn check_pin_beside_badges(
        &self,
        id: &OperatorId,
        pin: &OperatorPin,
        now: &Moment,
    ) -> Result<Role, Refused> {
        let code = BadgeCode::parse(pin.secret().expose());
        let is_badge = |book: &OperatorBook| {
            let found = code.as_ref().and_then(|code| book.by_badge(code));
            found.is_some()
        };
        self.check(id, pin, now, is_badge)
    }

    fn check(
        &self,
        id: &OperatorId,
        pin: &OperatorPin,
        now: &Moment,
        is_no_guess: impl Fn(&OperatorBook) -> bool,
    ) -> Result<Role, Refused> {
        let _lock = self.lock()?;
        let mut book = self.book()?;
        let Some(known) = book.find(id).cloned() else {
            return Err(if book.has_lost(id) {
                Refused::Lost(id.clone())
            } else {
                Refused::NotEnrolled(id.clone())
            });
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
        if fits == Some(false) && is_no_guess(&book) {
            book.wrong_pins = before;
            *book.find_mut(id)? = known;
            operator_file::write(&self.path, &book)?;
            return Err(Refused::WrongPin { wait_ms: 0 });
        }
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
        let of = book.operators();
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
        // Whoever waits without end cannot even leave.
        for _ in 0..LOCK_TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(Errno::WOULDBLOCK | Errno::INTR) => std::thread::park_timeout(LOCK_ROUND),
                Err(error) => return Err(failed(error.into()).into()),
            }
        }
        let (path, seconds) = (self.lock.clone(), (LOCK_ROUND * LOCK_TRIES).as_secs());
        Err(AccessError::Locked { path, seconds })
    }
}

fn random<const N: usize>() -> Result<[u8; N], AccessError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| AccessError::Machine("random bytes"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
