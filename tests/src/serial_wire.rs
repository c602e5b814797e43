//! Frames on a PTY, from either end: what a man on the wire, a bare station or a fake board needs.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use firmware_proto::frame::{Direction, Header, encode_frame};
use firmware_proto::frame_reader::FrameReader;
use firmware_proto::limits::MAX_ENCODED_FRAME_BYTES;
use firmware_proto::{Request, Response};
use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// A whole frame, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What stands before the body.
    pub header: Header,
    /// The message.
    pub body: Vec<u8>,
}

impl Frame {
    /// The body as a request.
    #[must_use]
    pub fn request(&self) -> Option<Request<'_>> {
        postcard::from_bytes(&self.body).ok()
    }

    /// The body as a response.
    #[must_use]
    pub fn response(&self) -> Option<Response<'_>> {
        postcard::from_bytes(&self.body).ok()
    }
}

/// One end of a serial line that speaks frames.
#[derive(Debug)]
pub struct SerialWire {
    file: File,
    /// Keeps the far end of a PTY of our own from hanging up between two openers.
    far_end: Option<OwnedFd>,
    reader: Box<FrameReader>,
    frames: VecDeque<Frame>,
}

impl SerialWire {
    /// Opens a port that somebody else made; frames in `incoming` direction are read from it.
    ///
    /// # Panics
    /// Where it can't be opened.
    #[must_use]
    pub fn open(port: &Path, incoming: Direction) -> Self {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let port = rustix::fs::open(port, flags, Mode::empty())
            .unwrap_or_else(|e| panic!("{}: {e}", port.display()));
        make_raw(port.as_fd());
        Self::new(port, None, incoming)
    }

    /// Makes a port of our own and links it at `link`; frames in `incoming` direction are read from it.
    ///
    /// # Panics
    /// Where the system has no PTY left.
    #[must_use]
    pub fn create(link: &Path, incoming: Direction) -> Self {
        let near =
            rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
                .expect("a PTY");
        rustix::pty::grantpt(&near).expect("a PTY is granted");
        rustix::pty::unlockpt(&near).expect("a PTY is unlocked");
        let name = rustix::pty::ptsname(&near, Vec::new()).expect("a PTY has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let far = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).expect("its far end");
        make_raw(far.as_fd());
        let flags = rustix::fs::fcntl_getfl(&near).expect("flags");
        rustix::fs::fcntl_setfl(&near, flags | OFlags::NONBLOCK).expect("non-blocking");
        let target = name.to_str().expect("names of PTYs are ASCII");
        std::os::unix::fs::symlink(target, link).expect("a link to the PTY");
        Self::new(near, Some(far), incoming)
    }

    fn new(end: OwnedFd, far_end: Option<OwnedFd>, incoming: Direction) -> Self {
        Self {
            file: File::from(end),
            far_end,
            reader: Box::new(FrameReader::new(incoming)),
            frames: VecDeque::new(),
        }
    }

    /// What to poll for input.
    #[must_use]
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Whether this is a port of our own.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        self.far_end.is_some()
    }

    /// The next whole frame among the bytes that have come.
    pub fn next_frame(&mut self) -> Option<Frame> {
        self.take_bytes();
        self.frames.pop_front()
    }

    fn take_bytes(&mut self) {
        let mut buffer = [0_u8; 4096];
        loop {
            match self.file.read(&mut buffer) {
                Ok(count) if count > 0 => {
                    let mut input = &buffer[..count];
                    while let Some(frame) = self.reader.push(&mut input) {
                        let (header, body) = (frame.header, frame.body.to_vec());
                        self.frames.push_back(Frame { header, body });
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                // Nothing there yet, or nobody at the other end.
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Sends a frame. What the other end does not take is lost, as on a wire.
    ///
    /// # Panics
    /// Where the frame is too long to be one.
    pub fn send(&mut self, frame: &Frame) {
        let mut out = [0_u8; MAX_ENCODED_FRAME_BYTES];
        let length = encode_frame(frame.header, &frame.body, &mut out).expect("a frame");
        self.send_bytes(&out[..length]);
    }

    /// Sends bytes that may be no frame; gives how many were taken.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> usize {
        let mut sent = 0;
        while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(count) => sent += count,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return sent,
            }
        }
        sent
    }
}

fn make_raw(end: BorrowedFd<'_>) {
    let mut attributes = tcgetattr(end).expect("a PTY has attributes");
    attributes.make_raw();
    tcsetattr(end, OptionalActions::Now, &attributes).expect("raw mode");
}
