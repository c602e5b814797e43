//! The socket in the home over which other commands reach the process that owns it.
//!
//! One request a connection, one line each way, bounded in size and time. Only the owner of the
//! home may
//! connect (mode 0600). A socket left behind by a killed owner is removed by the next one: call
//! [`ControlServer::start`] only while holding the home's lock.

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use thiserror::Error;
use zeroize::Zeroizing;

use super::control::{ControlRequest, ControlResponse, Refusal};

/// Longest request, in bytes: a profile fits many times.
const MAX_REQUEST_BYTES: u64 = 1024 * 1024;

/// Longest response, in bytes: a status of many lanes fits many times. Documents travel as files.
const MAX_RESPONSE_BYTES: u64 = 1024 * 1024;

/// How long either side waits for the other's next bytes while they travel.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest pause between two pieces of a request.
const PIECE_TIMEOUT: Duration = Duration::from_millis(250);

/// Most pieces of a request, and the most bytes of one: eight seconds at the very worst.
const MAX_PIECES: usize = 32;
const PIECE_BYTES: usize = 64 * 1024;
const _: () = assert!((MAX_PIECES * PIECE_BYTES) as u64 >= MAX_REQUEST_BYTES);

/// How long an asking command waits for the owner's work.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);

/// Longest path that the kernel takes for a socket; longer ones go through the folder's descriptor.
const MAX_SOCKET_PATH_BYTES: usize = 100;

/// Does what is asked. Called on the server's thread, one request after another.
pub type Handler = Arc<dyn Fn(ControlRequest) -> ControlResponse + Send + Sync>;

/// Why the socket could not be used.
#[derive(Debug, Error)]
pub enum ControlError {
    /// The owner could not make its socket.
    #[error("cannot listen on {path}; check that the home's folder can be written")]
    Listen {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The owner did not take the request, or did not answer it.
    #[error("the station that owns this home does not answer on {path}; is it still running?")]
    NoAnswer {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The answer makes no sense.
    #[error("the station that owns this home is of another version; use the same program for both")]
    Foreign(#[source] serde_json::Error),
}

/// The owner's side: listens until it is dropped.
#[derive(Debug)]
pub struct ControlServer {
    path: PathBuf,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ControlServer {
    /// Removes a stale socket and listens at `path`.
    ///
    /// # Errors
    /// Where the socket cannot be made.
    pub fn start(path: &Path, handler: Handler) -> Result<Self, ControlError> {
        let failed = |source| ControlError::Listen {
            path: path.to_owned(),
            source,
        };
        let listener = listen(path).map_err(failed)?;
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        let thread = std::thread::Builder::new()
            .name("control".to_owned())
            .spawn(move || serve(&listener, &handler, &seen))
            .map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            ended,
            thread: Some(thread),
        })
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread out of accept(); where that fails, the thread ends with the process.
        let woken = connect(&self.path).is_ok();
        // Nothing can be done about a socket that cannot be removed; the next owner removes it.
        drop(fs::remove_file(&self.path));
        if let (true, Some(thread)) = (woken, self.thread.take()) {
            drop(thread.join());
        }
    }
}

/// Asks the owner at `path`. None where nobody listens there, so that the asker may take the lock
/// itself.
///
/// # Errors
/// Where the owner takes the connection but does not answer.
pub fn ask(path: &Path, request: &ControlRequest) -> Result<Option<ControlResponse>, ControlError> {
    let failed = |source| ControlError::NoAnswer {
        path: path.to_owned(),
        source,
    };
    let stream = match connect(path) {
        Ok(stream) => stream,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // A PIN may stand in it.
    let line = serde_json::to_vec(request).map_err(ControlError::Foreign)?;
    let mut line = Zeroizing::new(line);
    line.push(b'\n');
    let answer = exchange(&stream, &line).map_err(failed)?;
    serde_json::from_slice(&answer)
        .map(Some)
        .map_err(ControlError::Foreign)
}

fn exchange(stream: &UnixStream, line: &[u8]) -> io::Result<Vec<u8>> {
    stream.set_write_timeout(Some(TRANSFER_TIMEOUT))?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    (&*stream).write_all(line)?;
    read_line(stream, MAX_RESPONSE_BYTES)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused
    )
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = through_folder(path, |short| UnixListener::bind(short))?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

fn connect(path: &Path) -> io::Result<UnixStream> {
    through_folder(path, |short| UnixStream::connect(short))
}

/// Gives `use_path` a path short enough for a socket address.
fn through_folder<T>(path: &Path, use_path: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
    if path.as_os_str().len() <= MAX_SOCKET_PATH_BYTES {
        return use_path(path);
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return use_path(path);
    };
    let folder = File::open(folder)?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    use_path(&short.join(name))
}

fn serve(listener: &UnixListener, handler: &Handler, ended: &AtomicBool) {
    for stream in listener.incoming() {
        if ended.load(Ordering::SeqCst) {
            return;
        }
        // An asker that breaks off, or a connection that fails, must not end the service.
        if let Ok(stream) = stream {
            drop(answer(&stream, handler));
        }
    }
}

fn answer(stream: &UnixStream, handler: &Handler) -> io::Result<()> {
    stream.set_read_timeout(Some(PIECE_TIMEOUT))?;
    stream.set_write_timeout(Some(TRANSFER_TIMEOUT))?;
    let line = Zeroizing::new(read_request(&mut &*stream)?);
    let response = match serde_json::from_slice(&line) {
        Ok(request) => handler(request),
        Err(error) => ControlResponse::Refused(Refusal {
            exit_status: 2,
            what: "the running station does not understand the request".to_owned(),
            why: error.to_string(),
            next: "use the same program version for both".to_owned(),
        }),
    };
    let mut line = serde_json::to_vec(&response)?;
    line.push(b'\n');
    (&*stream).write_all(&line)
}

/// A request comes in one piece; whoever sends it in drops is cut off, since others wait behind.
fn read_request(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut piece = vec![0; PIECE_BYTES];
    for _ in 0..MAX_PIECES {
        let count = stream.read(&mut piece)?;
        request.extend_from_slice(piece.get(..count).unwrap_or_default());
        if request.len() as u64 > MAX_REQUEST_BYTES {
            break;
        }
        if request.last() == Some(&b'\n') {
            request.pop();
            return Ok(request);
        }
        if count == 0 {
            break;
        }
    }
    Err(ErrorKind::UnexpectedEof.into())
}

fn read_line(stream: &UnixStream, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(max_bytes)).read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo_text(text: &'static str) -> Handler {
        Arc::new(move |request| match request {
            ControlRequest::Status => ControlResponse::DocumentFile {
                name: text.to_owned(),
            },
            _ => ControlResponse::Refused(Refusal {
                exit_status: 1,
                what: "no".to_owned(),
                why: "never".to_owned(),
                next: "nothing".to_owned(),
            }),
        })
    }

    fn check_round_trip(path: &Path) {
        assert_eq!(ask(path, &ControlRequest::Status).unwrap(), None);
        for text in ["one", "two"] {
            // The second owner finds the first one's socket gone or stale, and listens all the
            // same.
            let server = ControlServer::start(path, echo_text(text)).unwrap();
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let name = text.to_owned();
            assert_eq!(
                ask(path, &ControlRequest::Status).unwrap(),
                Some(ControlResponse::DocumentFile { name })
            );
            drop(server);
        }
        assert_eq!(ask(path, &ControlRequest::Status).unwrap(), None);
    }

    #[test]
    fn answers_over_short_and_over_long_paths() {
        let folder = tempfile::tempdir().unwrap();
        check_round_trip(&folder.path().join("control.sock"));
        let deep = folder.path().join("d".repeat(120));
        fs::create_dir(&deep).unwrap();
        check_round_trip(&deep.join("control.sock"));
    }

    #[test]
    fn a_socket_that_nobody_serves_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert_eq!(ask(&path, &ControlRequest::Status).unwrap(), None);
        let server = ControlServer::start(&path, echo_text("here")).unwrap();
        assert!(ask(&path, &ControlRequest::Status).unwrap().is_some());
        drop(server);
    }

    /// Gives one byte at a time, for ever.
    struct Drip(usize);

    impl Read for Drip {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            into[0] = b' ';
            Ok(1)
        }
    }

    /// Each piece may take as long as the longest pause, so that the pieces bound the time.
    #[test]
    fn who_sends_in_drops_is_cut_off() {
        let mut drip = Drip(0);
        assert!(read_request(&mut drip).is_err());
        assert_eq!(drip.0, MAX_PIECES);
        let bound = PIECE_TIMEOUT * u32::try_from(MAX_PIECES).unwrap();
        assert!(bound <= Duration::from_secs(8));
    }

    #[test]
    fn who_says_nothing_does_not_keep_others_waiting_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let _server = ControlServer::start(&path, echo_text("here")).unwrap();
        let silent = UnixStream::connect(&path).unwrap();
        let mut half = UnixStream::connect(&path).unwrap();
        half.write_all(b"{\"request\":").unwrap();
        // Both stay open while the third is answered; without a bound it never would be.
        assert!(ask(&path, &ControlRequest::Status).unwrap().is_some());
        drop((silent, half));
    }

    #[test]
    fn nonsense_is_refused_and_does_not_end_the_service() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let _server = ControlServer::start(&path, echo_text("here")).unwrap();
        let stream = UnixStream::connect(&path).unwrap();
        let answer = exchange(&stream, b"{\"request\":\"exec\"}\n").unwrap();
        let answer: ControlResponse = serde_json::from_slice(&answer).unwrap();
        assert!(
            matches!(
                answer,
                ControlResponse::Refused(Refusal { exit_status: 2, .. })
            ),
            "{answer:?}"
        );
        drop(UnixStream::connect(&path).unwrap());
        assert!(ask(&path, &ControlRequest::Status).unwrap().is_some());
    }
}
