//! Whether the times of a statement can follow each other.
//!
//! 1. A batch is opened, then closed, then its manifest is signed.
//! 2. Each session lies between opening and closing, and ends after it began.
//! 3. A certificate is issued, then provisioned, within the batch, and not withdrawn before it is issued
//!    or after the signing.
//!
//! A station gives no time before one that it gave, where its clock steps back a little. But lanes
//! record side by side, and older programs followed such steps; so all but the signing may seem to
//! be as much too early. A larger step is accepted by a person and is in the manifest: nothing can be
//! said of the order of times before and after it.

use thiserror::Error;

use super::statement::{BoardRow, Timestamp};

/// How far a station's clock may step back without a person, in milliseconds.
pub const SILENT_STEP_MS: u64 = 2_000;

/// Times in an order that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} at {then}, which is before {before}, at {first}")]
pub struct WrongTime {
    /// What happened too early.
    what: String,
    /// When, as stated.
    then: Timestamp,
    /// What must have been before it.
    before: &'static str,
    /// When that was, as stated.
    first: Timestamp,
}

/// The times that all rows are compared with; none where the clock was set in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchTimes {
    opened: Timestamp,
    closed: Timestamp,
    signed: Timestamp,
}

impl BatchTimes {
    /// Those of a batch, in their own order. None where the clock was set meanwhile.
    ///
    /// # Errors
    /// The first pair in the wrong order.
    pub fn of(
        opened: Timestamp,
        closed: Timestamp,
        signed: Timestamp,
        clock_was_set: bool,
    ) -> Result<Option<Self>, WrongTime> {
        if clock_was_set {
            return Ok(None);
        }
        if signed < closed {
            let what = "the manifest was signed".to_owned();
            return Err(wrong(what, signed, "the batch was closed", closed));
        }
        let closing = "the batch was closed".to_owned();
        order((opened, "the batch was opened"), (closed, closing))?;
        Ok(Some(Self {
            opened,
            closed,
            signed,
        }))
    }

    /// Checks the times of a row.
    ///
    /// # Errors
    /// The first pair in the wrong order.
    pub fn check(&self, row: &BoardRow) -> Result<(), WrongTime> {
        check_row(row, self.opened, self.closed, self.signed)
    }
}

fn check_row(
    row: &BoardRow,
    opened: Timestamp,
    closed: Timestamp,
    signed: Timestamp,
) -> Result<(), WrongTime> {
    let uid = &row.uid;
    for session in &row.sessions {
        let began = format!("a session with board {uid} began");
        order((opened, "the batch was opened"), (session.started, began))?;
        let last = session.finished.unwrap_or(session.started);
        let ended = format!("a session with board {uid} ended");
        order((session.started, "it began"), (last, ended))?;
        let closing = format!("the batch of board {uid} was closed");
        order((last, "a session with it ended"), (closed, closing))?;
    }
    if let Some(scrapped) = &row.scrapped {
        let what = format!("the batch of scrapped {} was closed", row.name());
        order((scrapped.time, "it was scrapped"), (closed, what))?;
    }
    for one in &row.certificates {
        let serial = one.serial;
        if let Some(at) = one.provisioned {
            let what = format!("certificate {serial} was provisioned");
            order((one.issued, "it was issued"), (at, what))?;
            let closing = format!("the batch of certificate {serial} was closed");
            order((at, "it was provisioned"), (closed, closing))?;
        }
        if let Some(at) = one.revoked {
            let what = format!("certificate {serial} was revoked");
            order((one.issued, "it was issued"), (at, what))?;
            let what = format!("the manifest with certificate {serial} was signed");
            order((at, "it was revoked"), (signed, what))?;
        }
    }
    Ok(())
}

/// The second may seem to be before the first by no more than a silent step.
fn order(first: (Timestamp, &'static str), then: (Timestamp, String)) -> Result<(), WrongTime> {
    let ((first, before), (at, what)) = (first, then);
    if at.0.0.saturating_add(SILENT_STEP_MS) < first.0.0 {
        return Err(wrong(what, at, before, first));
    }
    Ok(())
}

fn wrong(what: String, then: Timestamp, before: &'static str, first: Timestamp) -> WrongTime {
    WrongTime {
        what,
        then,
        before,
        first,
    }
}
