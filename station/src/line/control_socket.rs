//! The socket in the home over which other commands reach the process that owns it.
//!
//! One request a connection, one line each way, bounded in size and in the time of the whole. Connections are
//! read and written beside each other, so that nobody waits for somebody who is slow; the work itself is done
//! for one after another. Only the owner of the home may connect (mode 0600). A socket left behind by a
//! killed owner is removed by the next one: call
//! [`ControlServer::start`] only while holding the home's lock.

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use zeroize::Zeroizing;

use super::control::{ControlRequest, ControlResponse, Refusal};
use super::system_clock::SystemClock;
use crate::clock::Clock as _;
use crate::worker::{LEAVING, Worker};
use timed::{Deadline, read_request, write_answer};

#[cfg(test)]
mod tests;
mod timed;

/// Longest request, in bytes: a profile fits many times.
const MAX_REQUEST_BYTES: u64 = 1024 * 1024;

/// Longest response, in bytes: a status of many lanes fits many times. Documents travel as files.
const MAX_RESPONSE_BYTES: u64 = 16 * 1024 * 1024;

/// How many are served beside each other, and how long each may take.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Further connections wait until one of these ends.
    connections: usize,
    /// For the whole request, from when the connection was taken.
    request_ms: u64,
    /// For the asker to take the whole answer.
    answer_ms: u64,
}

const LIMITS: Limits = Limits {
    connections: 64,
    request_ms: 5_000,
    answer_ms: 30_000,
};

/// How long an asking command waits until its request is taken.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an asking command waits for the owner's work.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);

/// Longest path that the kernel takes for a socket; longer ones go through the folder's descriptor.
const MAX_SOCKET_PATH_BYTES: usize = 100;

/// Does what is asked, one request after another.
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
    /// The owner has ended, or cut the asker off, before it had read the request: nothing was done.
    #[error("the station that owns this home takes no request on {path}; is it still running?")]
    Unread {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// More than an owner reads.
    #[error("the request has {0} bytes, at most {MAX_REQUEST_BYTES} are taken")]
    TooLong(usize),
    /// The answer makes no sense.
    #[error("the station that owns this home is of another version; use the same program for both")]
    Foreign(#[source] serde_json::Error),
}

/// The owner's side: listens until it is dropped.
#[derive(Debug)]
pub struct ControlServer {
    path: PathBuf,
    service: Arc<Service>,
    worker: Option<Worker>,
}

impl ControlServer {
    /// Removes a stale socket and listens at `path`.
    ///
    /// # Errors
    /// Where the socket cannot be made.
    pub fn start(path: &Path, handler: Handler) -> Result<Self, ControlError> {
        Self::start_with(path, handler, LIMITS)
    }

    fn start_with(path: &Path, handler: Handler, limits: Limits) -> Result<Self, ControlError> {
        let failed = |source| ControlError::Listen {
            path: path.to_owned(),
            source,
        };
        let listener = listen(path).map_err(failed)?;
        let service = Arc::new(Service {
            handler: Mutex::new(Some(handler)),
            clock: SystemClock::start(),
            limits,
            count: Mutex::default(),
            changed: Condvar::new(),
        });
        let theirs = Arc::clone(&service);
        let worker = Worker::start("control", move || serve(&listener, &theirs)).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            service,
            worker: Some(worker),
        })
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.service.count().ended = true;
        self.service.changed.notify_all();
        // Wakes the thread out of accept(); where that fails, the thread ends with the process.
        let woken = connect(&self.path).is_ok();
        // Nothing can be done about a socket that cannot be removed; the next owner removes it.
        drop(fs::remove_file(&self.path));
        if let (true, Some(worker)) = (woken, self.worker.take()) {
            worker.end();
        }
        self.service.end();
    }
}

/// What the threads of all connections have in common.
struct Service {
    /// None once the owner ends. Whoever has it locked does the work for its asker.
    handler: Mutex<Option<Handler>>,
    clock: SystemClock,
    limits: Limits,
    count: Mutex<Count>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Count {
    ended: bool,
    connections: usize,
    /// Those of them whose request was read and whose answer is not yet gone.
    answering: usize,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Service({:?}, {:?})", self.limits, self.count())
    }
}

impl Service {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place; false where the owner ends first.
    fn take_place(&self) -> bool {
        let full = |count: &mut Count| !count.ended && count.connections >= self.limits.connections;
        let waited = self.changed.wait_while(self.count(), full);
        let mut count = waited.unwrap_or_else(PoisonError::into_inner);
        count.connections += 1;
        !count.ended
    }

    fn change(&self, change: impl FnOnce(&mut Count)) {
        change(&mut self.count());
        self.changed.notify_all();
    }

    fn handler(&self) -> MutexGuard<'_, Option<Handler>> {
        self.handler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was begun has its answer sent, and nothing of the owner is held any more: unless work hangs, or an asker
    /// does not take its answer. The owner ends without them then.
    fn end(&self) {
        let busy = |count: &mut Count| count.answering > 0;
        let waited = self.changed.wait_timeout_while(self.count(), LEAVING, busy);
        let (count, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let hangs = count.answering > 0;
        drop(count);
        if !hangs {
            // Whoever has it locked by now does no work any more.
            drop(self.handler().take());
        } else if let Ok(mut handler) = self.handler.try_lock() {
            drop(handler.take());
        }
    }

    fn deadline(&self, ms: u64) -> Deadline<'_> {
        let clock = &self.clock;
        let end = clock.monotonic().plus(ms);
        Deadline { clock, end }
    }
}

/// A connection that counts, or one that is being answered; until it is dropped, however its thread ends.
struct Counted<'a>(&'a Service, fn(&mut Count));

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.change(self.1);
    }
}

/// Asks the owner at `path`. None where nobody listens there, or the owner is ending and has done nothing, so that
/// the asker may take the lock itself.
///
/// # Errors
/// Where the owner takes the connection but does not answer.
pub fn ask(path: &Path, request: &ControlRequest) -> Result<Option<ControlResponse>, ControlError> {
    let failed = |source: io::Error| {
        let path = path.to_owned();
        match source.kind() {
            // So ends a connection whose other side has left bytes unread.
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                ControlError::Unread { path, source }
            }
            _ => ControlError::NoAnswer { path, source },
        }
    };
    // A PIN may stand in it.
    let line = serde_json::to_vec(request).map_err(ControlError::Foreign)?;
    let mut line = Zeroizing::new(line);
    line.push(b'\n');
    if line.len() as u64 > MAX_REQUEST_BYTES {
        return Err(ControlError::TooLong(line.len()));
    }
    let stream = match connect(path) {
        Ok(stream) => stream,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let answer = exchange(&stream, &line).map_err(failed)?;
    match serde_json::from_slice(&answer).map_err(ControlError::Foreign)? {
        ControlResponse::Ending => Ok(None),
        response => Ok(Some(response)),
    }
}

fn exchange(stream: &UnixStream, line: &[u8]) -> io::Result<Vec<u8>> {
    stream.set_write_timeout(Some(REQUEST_TIMEOUT))?;
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

fn serve(listener: &UnixListener, service: &Arc<Service>) {
    for stream in listener.incoming() {
        if !service.take_place() {
            return;
        }
        let theirs = Arc::clone(service);
        let work = move || {
            let _place = Counted(&theirs, |count| count.connections -= 1);
            // An asker that breaks off, or a connection that fails, must not end the service.
            drop(stream.and_then(|stream| answer(&stream, &theirs)));
        };
        let spawned = std::thread::Builder::new()
            .name("control".to_owned())
            .spawn(work);
        if spawned.is_err() {
            service.change(|count| count.connections -= 1);
        }
    }
}

fn answer(stream: &UnixStream, service: &Service) -> io::Result<()> {
    let read = |piece: &mut [u8], left| {
        stream.set_read_timeout(Some(left))?;
        (&*stream).read(piece)
    };
    let deadline = service.deadline(service.limits.request_ms);
    let request = Zeroizing::new(read_request(read, &deadline)?);
    // Counted before its turn comes: whoever ends the service waits for this answer.
    service.change(|count| count.answering += 1);
    let _answering = Counted(service, |count| count.answering -= 1);
    let handler = service.handler();
    // No work is begun once the owner ends.
    let works = handler.as_ref().filter(|_| !service.count().ended);
    let mut line = serde_json::to_vec(&respond(&request, works))?;
    line.push(b'\n');
    drop(handler);
    let write = |piece: &[u8], left| {
        stream.set_write_timeout(Some(left))?;
        (&*stream).write(piece)
    };
    write_answer(&line, write, &service.deadline(service.limits.answer_ms))
}

fn respond(request: &[u8], handler: Option<&Handler>) -> ControlResponse {
    match (serde_json::from_slice(request), handler) {
        (Ok(request), Some(handler)) => handler(request),
        (Ok(_), None) => ControlResponse::Ending,
        (Err(error), _) => ControlResponse::Refused(Refusal {
            exit_status: 2,
            what: "the running station does not understand the request".to_owned(),
            why: error.to_string(),
            next: "use the same program version for both".to_owned(),
            reason: None,
        }),
    }
}

fn read_line(stream: &UnixStream, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(max_bytes)).read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(line)
}
