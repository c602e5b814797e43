//! What may be in a manifest once only, compared over all rows: sixteen bytes of each, sorted in files.

use std::path::Path;

use super::sorting::Sorter;
use super::spool::NotKept;
use crate::encoding::sha256;

/// Bytes of a digest that tell apart what nobody has made to collide.
const MARK_BYTES: usize = 16;

/// Names that must differ, each with the row that has it.
#[derive(Debug)]
pub(super) struct OnceOnly(Sorter);

impl OnceOnly {
    /// None yet; files will be in that folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self(Sorter::new(folder))
    }

    /// Notes that a row has it.
    pub(super) fn add(&mut self, bytes: &[u8], row: u64) -> Result<(), NotKept> {
        let digest = sha256(bytes);
        let first = digest.as_bytes().get(..MARK_BYTES).unwrap_or_default();
        self.0.push(&[first, &row.to_be_bytes()].concat())
    }

    /// The row of the first that is there twice.
    pub(super) fn doubled(self) -> Result<Option<u64>, NotKept> {
        let mut marks = self.0.sorted()?;
        let (mut before, mut next) = (Vec::new(), Vec::new());
        while marks.next(&mut next)? {
            let (mark, row) = next.split_at_checked(MARK_BYTES).unwrap_or_default();
            if before.get(..MARK_BYTES) == Some(mark) {
                return Ok(Some(row.try_into().map_or(u64::MAX, u64::from_be_bytes)));
            }
            std::mem::swap(&mut before, &mut next);
        }
        Ok(None)
    }
}
