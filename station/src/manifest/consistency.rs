//! Whether a statement agrees with itself: sums with rows, rows with each other, with their own sessions,
//! certificates and ledger entries.
//!
//! A signature says who made a manifest. This says whether what they made is one: the station checks it
//! before it signs, the auditor after the signature has verified. Rows are checked one by one as they come;
//! what must be compared with other rows later is sorted in files, a few dozen bytes of each.

use std::path::Path;

use firmware_proto::Uid;
use thiserror::Error;

use super::counts::Summing;
use super::once_only::OnceOnly;
pub use super::preface::Preface;
use super::rejected::Rejected;
use super::row_entries::{Anchors, EntryFault};
use super::row_naming::RowFindings;
use super::row_rules::{self, BrokenRow};
use super::session_row::SessionRow;
use super::spool::NotKept;
use super::statement::{
    BoardRow, Counts, Milestone, PREDICATE_TYPE, Predicate, STATEMENT_TYPE, Statement,
};
use super::time_order::{BatchTimes, WrongTime};
use crate::encoding::Hex;
use crate::ledger::event::{Actor, BatchTally};
use crate::names::DeviceSerial;
use crate::shift::shift_at;

/// Where a statement contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Contradiction {
    /// Another kind of document.
    #[error("{field} is {got:?}, a batch manifest has {expected:?}")]
    Type {
        /// The field.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        got: String,
    },
    /// A field that is a digest has another length.
    #[error("{0} is no SHA-256 digest")]
    Digest(String),
    /// Rows and their table differ.
    #[error("the rows are not those of its own table of rows: {0}")]
    Rows(RowFindings),
    /// Rows out of order.
    #[error("the rows are reordered: {before} stands before {after}")]
    Order {
        /// The row before.
        before: String,
        /// The row after it.
        after: String,
    },
    /// One board twice.
    #[error("{0} is doubled: its UID or its serial has two rows")]
    DoubleBoard(String),
    /// One certificate twice.
    #[error("a certificate of {0} is doubled: two have its serial number or its digest")]
    DoubleCertificate(String),
    /// One session twice.
    #[error("a session of {0} is doubled: two have its name")]
    DoubleSession(String),
    /// A row that cannot be.
    #[error(transparent)]
    Row(#[from] BrokenRow),
    /// A row that is not the log's.
    #[error(transparent)]
    Entry(#[from] EntryFault),
    /// Another shift than the terms give.
    #[error("the row of {0} names another shift than the batch's terms")]
    Shift(String),
    /// Measurements where there are none to be, or the other way round.
    #[error("the row of {0} has measurements, which the manifest says it has not")]
    Measurements(String),
    /// The sums.
    #[error("the counts do not fit the rows: the rows give {0}")]
    Counts(Box<Counts>),
    /// The sums of the log.
    #[error(
        "the rows have {rows} {what}, but the closing event in the ledger states {log}: a row was added, \
         removed or changed"
    )]
    Tally {
        /// What is counted.
        what: &'static str,
        /// How many the rows have.
        rows: u64,
        /// How many the log has.
        log: u64,
    },
    /// More than ordered.
    #[error("{passed} boards passed, but the work order asks for {quantity}")]
    Quantity {
        /// How many passed.
        passed: u64,
        /// How many were ordered.
        quantity: u32,
    },
    /// A closed batch with an open question.
    #[error("{0} boards are in doubt, which no closed batch has")]
    InDoubt(u64),
    /// Subjects and rows differ.
    #[error(
        "the subjects are not the live certificates of the boards that passed, in their order: {0}"
    )]
    Subjects(String),
    /// Times that cannot be.
    #[error(transparent)]
    Time(#[from] WrongTime),
    /// Somebody worked who is not listed.
    #[error(
        "operator {0} is in the list of operators or in the ledger's entries, but not in both alike and in order"
    )]
    Operators(String),
}

/// Checks rows as they come.
#[derive(Debug)]
pub struct RowChecks {
    preface: Preface,
    times: Option<BatchTimes>,
    last: Option<Last>,
    boards: OnceOnly,
    certificates: OnceOnly,
    sessions: OnceOnly,
    sums: Summing,
    anchors: Anchors,
}

/// The row before.
#[derive(Debug)]
struct Last {
    serial: Option<DeviceSerial>,
    uid: Uid,
    name: String,
}

impl RowChecks {
    /// Begins with what stands before the rows. Files will be in that folder.
    ///
    /// # Errors
    /// Where that contradicts itself already.
    pub fn new(preface: Preface, folder: &Path) -> Result<Self, Rejected> {
        let times = BatchTimes::of(
            preface.opened.time,
            preface.closed.time,
            preface.signed_at,
            !preface.clock_accepted.is_empty(),
        )
        .map_err(Contradiction::from)?;
        let mut anchors = Anchors::new(folder, &preface.batch, &preface.operators);
        for accepted in &preface.clock_accepted {
            anchors.add_clock(accepted)?;
        }
        for cleared in &preface.holds_cleared {
            anchors.add_clearing(cleared)?;
        }
        let mut boards = OnceOnly::new(folder);
        for one in &preface.scrapped_apart {
            anchors.add_scrapped_apart(one)?;
            // No row may be its own.
            boards.add(one.uid.as_bytes(), u64::MAX)?;
        }
        Ok(Self {
            times,
            preface,
            last: None,
            boards,
            certificates: OnceOnly::new(folder),
            sessions: OnceOnly::new(folder),
            sums: Summing::new(0),
            anchors,
        })
    }

    /// The next row.
    ///
    /// # Errors
    /// The first contradiction with itself, the rows before it, or its own ledger entries.
    pub fn add(&mut self, row: &BoardRow) -> Result<(), Rejected> {
        self.check_place(row)?;
        self.check_alone(row)?;
        self.anchors.add(row)?;
        let number = self.sums.rows();
        self.boards.add(row.uid.as_bytes(), number)?;
        for one in &row.certificates {
            if one.sha256.digest().is_none() {
                let what = format!("the digest of certificate {}", one.serial);
                return Err(Contradiction::Digest(what).into());
            }
            self.certificates.add(one.serial.as_bytes(), number)?;
            self.certificates.add(&one.sha256.0, number)?;
        }
        for session in &row.sessions {
            self.note_session(session, number)?;
        }
        self.sums.add(row);
        self.last = Some(Last {
            serial: row.serial.clone(),
            uid: row.uid.clone(),
            name: row.name(),
        });
        Ok(())
    }

    /// The next session in which nobody said who it is; they come after all rows.
    ///
    /// # Errors
    /// The first contradiction with itself or its own ledger entries.
    pub fn add_unidentified(&mut self, session: &SessionRow) -> Result<(), Rejected> {
        self.anchors.add_unidentified(session)?;
        self.sums.add_unidentified();
        Ok(self.note_session(session, u64::MAX)?)
    }

    /// A verdict that was reached before its session had a name has none.
    fn note_session(&mut self, session: &SessionRow, row: u64) -> Result<(), NotKept> {
        if session.session.0.is_empty() {
            return Ok(());
        }
        self.sessions.add(&session.session.0, row)
    }

    fn check_alone(&self, row: &BoardRow) -> Result<(), Contradiction> {
        row_rules::check(row)?;
        if let Some(times) = &self.times {
            times.check(row)?;
        }
        self.check_terms(row)
    }

    fn check_place(&self, row: &BoardRow) -> Result<(), Contradiction> {
        let Some(last) = &self.last else {
            return Ok(());
        };
        let same_serial = row.serial.is_some() && row.serial == last.serial;
        if same_serial || row.uid == last.uid {
            return Err(Contradiction::DoubleBoard(row.name()));
        }
        let before = (last.serial.is_none(), last.serial.as_ref(), &last.uid);
        if before > row.sort_key() {
            return Err(Contradiction::Order {
                before: last.name.clone(),
                after: row.name(),
            });
        }
        Ok(())
    }

    fn check_terms(&self, row: &BoardRow) -> Result<(), Contradiction> {
        if row.shift != shift_at(&self.preface.shifts, row.started.0) {
            return Err(Contradiction::Shift(row.name()));
        }
        if row.measurements.is_some() && !self.preface.with_measurements {
            return Err(Contradiction::Measurements(row.name()));
        }
        Ok(())
    }

    /// All rows have come: the statement without its lists, and what the closing event in the log has
    /// counted. Gives the entries that must lie in the log.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn finish(
        self,
        statement: &Statement,
        tally: Option<&BatchTally>,
    ) -> Result<Anchors, Rejected> {
        check_head(statement)?;
        let double = |row: u64| match row.checked_add(1) {
            Some(row) => format!("the board of row {row}"),
            None => "what belongs to no row".to_owned(),
        };
        if let Some(row) = self.boards.doubled()? {
            return Err(Contradiction::DoubleBoard(double(row)).into());
        }
        if let Some(row) = self.certificates.doubled()? {
            return Err(Contradiction::DoubleCertificate(double(row)).into());
        }
        if let Some(row) = self.sessions.doubled()? {
            return Err(Contradiction::DoubleSession(double(row)).into());
        }
        check_sums(&self.sums, &statement.predicate)?;
        if let Some(tally) = tally {
            let has_terms = statement.predicate.ledger.terms.is_some();
            if let Some((what, rows, log)) = tally.differs(&self.anchors.tally(has_terms)) {
                return Err(Contradiction::Tally { what, rows, log }.into());
            }
        }
        check_operators(&statement.predicate, &self.anchors)?;
        Ok(self.anchors)
    }
}

fn check_sums(sums: &Summing, predicate: &Predicate) -> Result<(), Contradiction> {
    let counts = sums.total();
    if counts != predicate.counts {
        return Err(Contradiction::Counts(Box::new(counts)));
    }
    if counts.in_doubt > 0 {
        return Err(Contradiction::InDoubt(counts.in_doubt));
    }
    if counts.passed > u64::from(predicate.quantity) {
        let (passed, quantity) = (counts.passed, predicate.quantity);
        return Err(Contradiction::Quantity { passed, quantity });
    }
    Ok(())
}

/// What kind of document it says it is, and the digests that nobody looks up.
fn check_head(statement: &Statement) -> Result<(), Contradiction> {
    check_type("_type", STATEMENT_TYPE, &statement.statement_type)?;
    check_type("predicateType", PREDICATE_TYPE, &statement.predicate_type)?;
    let predicate = &statement.predicate;
    check_digest("the profile's digest", &predicate.profile.sha256)?;
    check_digest(
        "the issuing certificate's digest",
        &predicate.issuing_certificate.sha256,
    )
}

fn check_type(field: &'static str, expected: &'static str, got: &str) -> Result<(), Contradiction> {
    let wrong = || Contradiction::Type {
        field,
        expected,
        got: got.to_owned(),
    };
    (got == expected).then_some(()).ok_or_else(wrong)
}

fn check_digest(what: &str, digest: &Hex) -> Result<(), Contradiction> {
    digest
        .digest()
        .map(|_| ())
        .ok_or_else(|| Contradiction::Digest(what.to_owned()))
}

/// Those of the list are the ones whom entries name, and as surely.
fn check_operators(predicate: &Predicate, anchors: &Anchors) -> Result<(), Contradiction> {
    let milestone = |one: &Milestone| Actor {
        operator: one.operator.clone(),
        assurance: one.assurance,
    };
    let named = anchors.named([&predicate.opened, &predicate.closed].map(milestone));
    if predicate.operators.iter().eq(&named) {
        return Ok(());
    }
    let mut listed = predicate.operators.iter();
    let other = listed.find(|one| !named.contains(*one));
    let other = other.or(named.iter().find(|one| !predicate.operators.contains(one)));
    let other = other.or(predicate.operators.first());
    let operator = other.map_or(String::new(), |one| one.operator.to_string());
    Err(Contradiction::Operators(operator))
}
