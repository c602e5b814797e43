//! What a batch is made under besides its profile. Append only, as the events are.

use serde::{Deserialize, Serialize};

use crate::encoding::Hex;
use crate::shift::Shift;

/// The terms of a batch, recorded right after its opening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchTermsRecord {
    /// SHA-256 of the work order's file, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_order_file: Option<Hex>,
    /// The shifts of the station at the opening.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shifts: Vec<Shift>,
}
