//! Random bytes from the token's generator.

use super::error::{HsmError, Operation};
use super::module::Pkcs11Session;

/// Most bytes of one request.
pub(super) const MAX_RANDOM_BYTES: usize = 1024;

/// Draws so many bytes.
pub(super) fn draw(session: &Pkcs11Session, length: usize) -> Result<Vec<u8>, HsmError> {
    let mut bytes = vec![0; length];
    session
        .call(|session| session.generate_random_slice(&mut bytes))
        .map_err(|error| HsmError::from_call(Operation::DrawRandom, &error))?;
    Ok(bytes)
}
