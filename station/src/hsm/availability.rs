//! What to do when session or token are gone: a bounded ladder, climbed anew by each request.
//!
//! 1. The request as it is.
//! 2. A new session, with its keys looked up again.
//! 3. The module initialised anew: the only way to see a token that was plugged in again.
//!
//! After the last rung the error goes to the caller, who decides whether to wait or to hold.

use super::error::{Fault, HsmError};

/// One rung of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rung {
    AsItIs,
    NewSession,
    NewModule,
}

/// The ladder.
pub(super) const RUNGS: [Rung; 3] = [Rung::AsItIs, Rung::NewSession, Rung::NewModule];

/// Whether the next rung can help. A wrong PIN, a wrong key or a refused mechanism stays what it is. A key
/// that was there before and is missing now went with its token.
pub(super) const fn next_rung_helps(error: &HsmError) -> bool {
    matches!(
        error.fault(),
        Fault::Lost(_) | Fault::TokenMissing(_) | Fault::KeyMissing(_)
    )
}
