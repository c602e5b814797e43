//! Protocol versions, and the rule for change.
//!
//! 1. Enum variants and struct fields of messages are only ever appended, never changed, reordered
//!    or removed. A message that needs another shape is a new variant.
//! 2. A change to any byte under `fixtures/wire` needs a new [`CURRENT`] and a new folder there.
//! 3. A device answers `Hello` with the highest version that both sides know, or with
//!    [`Response::NoCommonVersion`](crate::Response::NoCommonVersion).
//! 4. [`MIN`] rises only when no supported device speaks the old version any more.

use serde::{Deserialize, Serialize};

/// A protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version(pub u8);

/// The oldest version this crate still speaks.
pub const MIN: Version = Version(1);

/// The version this crate speaks by preference.
pub const CURRENT: Version = Version(2);

/// From here on a self-test is a report in a blob: typed measurements, and samples of the noise source.
pub const SELF_TEST_REPORT: Version = Version(2);

/// The highest version common to `ours` and `theirs` (both inclusive ranges), if there is one.
#[must_use]
pub fn highest_common(ours: (Version, Version), theirs: (Version, Version)) -> Option<Version> {
    let highest = ours.1.min(theirs.1);
    (highest >= ours.0 && highest >= theirs.0).then_some(highest)
}
