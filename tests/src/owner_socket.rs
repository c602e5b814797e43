//! What another program can say to the owner of a home over its socket.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::wait_for;

/// One line to the owner of the home, and its answer.
#[must_use]
pub fn ask(socket: &Path, line: &str) -> String {
    // A socket's file is there a moment before anybody listens.
    let connect = || UnixStream::connect(socket).ok();
    let mut stream = wait_for::value("the owner listens", connect);
    stream
        .write_all(format!("{line}\n").as_bytes())
        .expect("the owner takes it");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the owner answers");
    answer
}
