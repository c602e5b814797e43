//! A whole request read, a whole answer written, each by a deadline: a peer that is slow with every byte gets
//! no more time than one that sends nothing.

use std::io::{self, ErrorKind};
use std::time::Duration;

use super::MAX_REQUEST_BYTES;
use crate::clock::{Clock, MonotonicMillis};

/// Bytes of one call that reads or writes.
pub(super) const PIECE_BYTES: usize = 64 * 1024;

/// When all of something must be over.
pub(super) struct Deadline<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) end: MonotonicMillis,
}

impl Deadline<'_> {
    /// What the next call may take.
    fn left(&self) -> io::Result<Duration> {
        match self.end.since(self.clock.monotonic()) {
            0 => Err(ErrorKind::TimedOut.into()),
            left => Ok(Duration::from_millis(left)),
        }
    }
}

/// Reads up to the end of the line.
pub(super) fn read_request(
    mut read: impl FnMut(&mut [u8], Duration) -> io::Result<usize>,
    deadline: &Deadline<'_>,
) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = match read(&mut piece, deadline.left()?) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            count => count?,
        };
        request.extend_from_slice(piece.get(..count).unwrap_or_default());
        if count == 0 || request.len() as u64 > MAX_REQUEST_BYTES {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if request.last() == Some(&b'\n') {
            request.pop();
            return Ok(request);
        }
    }
}

/// Writes all of it.
pub(super) fn write_answer(
    mut rest: &[u8],
    mut write: impl FnMut(&[u8], Duration) -> io::Result<usize>,
    deadline: &Deadline<'_>,
) -> io::Result<()> {
    while !rest.is_empty() {
        let piece = rest.get(..PIECE_BYTES).unwrap_or(rest);
        match write(piece, deadline.left()?) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
