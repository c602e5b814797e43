//! Why a certificate is withdrawn, as events name it. Append only, as the events are.

use serde::{Deserialize, Serialize};

/// Why a certificate is withdrawn (RFC 5280, section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevocationReason {
    /// Another certificate takes its place.
    Superseded,
    /// The board failed after issuing, or left the line unfinished.
    CessationOfOperation,
    /// The key may be known to somebody else.
    KeyCompromise,
}
