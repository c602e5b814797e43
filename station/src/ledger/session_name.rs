//! How events name sessions.

use firmware_proto::SessionId;

use crate::encoding::Hex;

/// Names the session in events: the session ID of the last `Hello`.
#[must_use]
pub fn session_name(session: SessionId) -> Hex {
    Hex(session.as_bytes().to_vec())
}
