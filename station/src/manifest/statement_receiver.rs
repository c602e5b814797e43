//! Who takes the elements of a statement's long lists as they are read.

use super::statement::{BoardRow, RowDigest, SessionRow, Subject};
use crate::encoding::Base64Bytes;

/// Who wants to have the elements themselves.
pub trait Receiver {
    /// A row.
    fn row(&mut self, row: BoardRow);

    /// An element of another list.
    fn other(&mut self, _element: Other) {}
}

/// An element of one of the lists that follow from the rows and the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    /// A subject.
    Subject(Subject),
    /// A line of the table of rows.
    RowDigest(RowDigest),
    /// A session in which nobody said who it is.
    Unidentified(Box<SessionRow>),
    /// A piece of the leaf hashes.
    LeafHashes(Base64Bytes),
}

impl<F: FnMut(BoardRow)> Receiver for F {
    fn row(&mut self, row: BoardRow) {
        self(row);
    }
}
