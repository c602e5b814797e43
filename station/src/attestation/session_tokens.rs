//! The later tokens of a session: by the same key as the first one, about the same board in the
//! same boot.

use std::fmt::Debug;

use firmware_proto::Digest;

use super::Rejection;
use super::appraisal::{TrustedBoard, judge_lifecycle, judge_nonce, token_rejection};
use super::psa_token::{TokenClaims, TokenError, unverified_instance_id, verify_token};
use crate::encoding::Hex;
use crate::profile::{LifecycleRange, Profile};
use crate::verdict::VerdictCode;

/// Appraises token 2. Which CSR it covers is in the challenge.
///
/// # Errors
/// `ATT-MALFORMED`, `ATT-SIGNATURE` (`ATT-SESSION` where another board has signed it), `ATT-NONCE`,
/// `ATT-SESSION`, `ATT-BOOT-SEED`, `ATT-DEBUG`, `ATT-LIFECYCLE`: the first that applies.
pub fn appraise_key_token(
    profile: &Profile,
    board: &TrustedBoard,
    token: &[u8],
    challenge: &Digest,
) -> Result<(), Rejection> {
    appraise_later_token(
        &profile.attestation.lifecycle_before,
        board,
        token,
        challenge,
    )
}

/// Appraises token 3, after the lock and in the same boot as token 1.
///
/// # Errors
/// The codes of [`appraise_key_token`]; the lifecycle must be one for after the lock.
pub fn appraise_receipt_token(
    profile: &Profile,
    board: &TrustedBoard,
    token: &[u8],
    challenge: &Digest,
) -> Result<(), Rejection> {
    appraise_later_token(
        &profile.attestation.lifecycle_after,
        board,
        token,
        challenge,
    )
}

fn appraise_later_token(
    lifecycles: &[LifecycleRange],
    board: &TrustedBoard,
    token: &[u8],
    challenge: &Digest,
) -> Result<(), Rejection> {
    let claims = verify_token(token, board.attestation_key())
        .map_err(|error| rejection_of(error, board, token))?;
    // First: what the board said to somebody else, or earlier, says nothing about it now.
    judge_nonce(&claims, challenge)?;
    judge_session(board.claims(), &claims, false)?;
    judge_lifecycle(lifecycles, claims.lifecycle)
}

/// A token under another key that names another instance is another board's: it was swapped.
/// Nothing in such a token is believed; it only chooses between two words for the same refusal.
fn rejection_of(error: TokenError, board: &TrustedBoard, token: &[u8]) -> Rejection {
    let swapped = error == TokenError::Signature
        && unverified_instance_id(token).is_ok_and(|id| id != board.claims().instance_id);
    if !swapped {
        return token_rejection(error);
    }
    let detail = "the token is another board's than the one that was attested first";
    Rejection::new(VerdictCode::AttSession, detail)
}

impl TrustedBoard {
    /// Checks that a fresh token 1, for example after a reset, is of the same board with the same
    /// firmware. The boot seed may differ only where the board has `rebooted`.
    ///
    /// # Errors
    /// `ATT-SESSION`, `ATT-BOOT-SEED`.
    pub fn agrees_with(&self, later: &Self, rebooted: bool) -> Result<(), Rejection> {
        agree("UID", self.uid(), later.uid())?;
        judge_session(self.claims(), later.claims(), rebooted)?;
        if self.attestation_key() == later.attestation_key() {
            return Ok(());
        }
        let detail = "the attestation key changed within one session";
        Err(Rejection::new(VerdictCode::AttSession, detail))
    }
}

/// All tokens of a session agree on instance, implementation, boot, client and components.
fn judge_session(
    first: &TokenClaims,
    later: &TokenClaims,
    rebooted: bool,
) -> Result<(), Rejection> {
    let hex = |bytes: &[u8]| Hex(bytes.to_vec());
    agree(
        "instance ID",
        &hex(&first.instance_id),
        &hex(&later.instance_id),
    )?;
    agree(
        "implementation ID",
        &hex(&first.implementation_id),
        &hex(&later.implementation_id),
    )?;
    agree("client ID", &first.client_id, &later.client_id)?;
    agree("token profile", &first.profile, &later.profile)?;
    if first.components != later.components {
        let detail = "the components of the tokens differ within one session";
        return Err(Rejection::new(VerdictCode::AttSession, detail));
    }
    if rebooted || first.boot_seed == later.boot_seed {
        return Ok(());
    }
    // The same board in every other respect: it was not swapped.
    let detail = "the boot seed changed within one session, and the board was not reset";
    Err(Rejection::new(VerdictCode::AttBootSeed, detail))
}

fn agree<T: PartialEq + Debug>(what: &str, first: &T, later: &T) -> Result<(), Rejection> {
    if first == later {
        return Ok(());
    }
    let detail = format!("{what}: the first token has {first:?}, the later one {later:?}");
    Err(Rejection::new(VerdictCode::AttSession, detail))
}
