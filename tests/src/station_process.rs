//! The built programs, and a process of one of them that is under way.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::{repository, wait_for};

/// Where the built programs are.
#[derive(Debug)]
pub struct Programs {
    /// `station`, as it ships but for the profile.
    pub station: PathBuf,
    /// `station` with crash points, for tests that kill it.
    pub station_crash_points: PathBuf,
    /// `simulator`.
    pub simulator: PathBuf,
}

/// The programs, built once per process. A package of tests alone neither causes binaries to be built
/// nor learns where they are, hence the nested call; it does nothing where they are fresh.
///
/// # Panics
/// Where they can't be built.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        // Beside the test's own executable: target/debug/deps/x-123 to target/debug.
        let test = std::env::current_exe().expect("a test knows its executable");
        let folder = test.ancestors().nth(2).expect("target/debug").to_owned();
        // The same selection in both calls, and in script/test, so that dependencies are built once.
        build(&["--bins"]);
        build(&[
            "--features",
            "station/crash-points",
            "--bin",
            "station-crash-points",
        ]);
        Programs {
            station: folder.join("station"),
            station_crash_points: folder.join("station-crash-points"),
            simulator: folder.join("simulator"),
        }
    })
}

fn build(selection: &[&str]) {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet"])
        .args([
            "--package",
            "station",
            "--package",
            "simulator",
            "--package",
            "acceptance",
        ])
        .args(selection)
        .current_dir(repository::root())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "cargo build {selection:?} failed");
}

/// How a process ended and what it said.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

impl Finished {
    /// What it remarked under that name, line by line in JSON on standard error.
    #[must_use]
    pub fn remarks(&self, name: &str) -> Vec<serde_json::Value> {
        let lines = self.stderr.lines();
        let parsed = lines.filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let named = parsed.map(|one| one[name].clone());
        named.filter(|one| !one.is_null()).collect()
    }

    /// Exit status 0, or the test ends with all that the process said.
    ///
    /// # Panics
    /// Where it is another one.
    pub fn ok(self) -> Self {
        self.code(0)
    }

    /// The expected exit status, or the test ends with all that the process said.
    ///
    /// # Panics
    /// Where it is another one.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(
            self.status.code(),
            Some(expected),
            "\nstdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// The expected exit status, and a sentence among all that the process said.
    ///
    /// # Panics
    /// Where one of them is not so.
    #[track_caller]
    pub fn told(&self, status: i32, sentence: &str) {
        let said = format!("{}{}", self.stdout, self.stderr);
        assert_eq!(self.status.code(), Some(status), "{said}");
        assert!(said.contains(sentence), "{sentence:?} is not in:\n{said}");
    }

    /// The lines of standard output as JSON values.
    ///
    /// # Panics
    /// Where a line is none.
    #[must_use]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse =
            |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}"));
        self.stdout.lines().map(parse).collect()
    }
}

/// Runs a command to its end.
///
/// # Panics
/// Where it can't be started, or does not end in time.
pub fn run(command: &mut Command) -> Finished {
    Running::start(command).finish()
}

/// A process under way. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
    lines: Receiver<String>,
    seen: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Running {
    /// Starts it, with nothing on its standard input.
    ///
    /// # Panics
    /// Where it can't be started.
    pub fn start(command: &mut Command) -> Self {
        let name = Path::new(command.get_program())
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{name} can't be started: {e}"));
        let (sender, lines) = channel();
        let seen = Arc::new(Mutex::new(String::new()));
        let stderr = Arc::new(Mutex::new(String::new()));
        let stdout_pipe = child.stdout.take().expect("stdout is piped");
        let stderr_pipe = child.stderr.take().expect("stderr is piped");
        let readers = vec![
            read_lines(stdout_pipe, Arc::clone(&seen), move |line| {
                let _ = sender.send(line);
            }),
            read_lines(stderr_pipe, Arc::clone(&stderr), |_| {}),
        ];
        Self {
            child,
            name,
            lines,
            seen,
            stderr,
            readers,
        }
    }

    /// Waits for a line of standard output that fits; lines before it are passed over.
    ///
    /// # Panics
    /// Where the process ends or the deadline comes first.
    pub fn line(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let deadline = wait_for::Deadline::after(wait_for::PATIENCE);
        loop {
            let left = deadline.left();
            match self.lines.recv_timeout(left.max(Duration::from_millis(1))) {
                Ok(line) if fits(&line) => return line,
                Ok(_) => {}
                Err(e) => {
                    let why = if e == RecvTimeoutError::Timeout {
                        "no time left"
                    } else {
                        "it ended"
                    };
                    panic!("{} never said {what} ({why})\n{}", self.name, self.said());
                }
            }
        }
    }

    /// Everything said so far, for messages.
    #[must_use]
    pub fn said(&self) -> String {
        format!(
            "stdout:\n{}\nstderr:\n{}",
            copy(&self.seen),
            copy(&self.stderr)
        )
    }

    /// Everything on standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        copy(&self.stderr)
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    ///
    /// # Panics
    /// Where the operating system does not say.
    pub fn has_ended(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("the state of a child can be asked")
            .is_some()
    }

    /// Asks it to stop, as Ctrl-C does.
    ///
    /// # Panics
    /// Where the signal can't be sent.
    pub fn interrupt(&self) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        let id = rustix::process::Pid::from_raw(id).expect("a process id is not zero");
        rustix::process::kill_process(id, rustix::process::Signal::INT).expect("a signal is sent");
    }

    /// Kills it at once (SIGKILL) and collects it.
    ///
    /// # Panics
    /// Where it can't be collected.
    pub fn kill(mut self) -> Finished {
        let _ = self.child.kill();
        self.collect(wait_for::PATIENCE)
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// Where it does not end in time.
    #[must_use]
    pub fn finish(self) -> Finished {
        self.finish_within(wait_for::PATIENCE)
    }

    /// Waits for the end of work that takes longer than anything else may.
    ///
    /// # Panics
    /// Where it does not end within that time.
    #[must_use]
    pub fn finish_within(mut self, patience: Duration) -> Finished {
        self.collect(patience)
    }

    fn collect(&mut self, patience: Duration) -> Finished {
        let status = wait_for::exit(&self.name, &mut self.child, patience);
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader ends with its pipe");
        }
        Finished {
            status,
            stdout: copy(&self.seen),
            stderr: copy(&self.stderr),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn copy(text: &Mutex<String>) -> String {
    text.lock().map_or_else(
        |poisoned| poisoned.into_inner().clone(),
        |text| text.clone(),
    )
}

fn read_lines(
    pipe: impl Read + Send + 'static,
    all: Arc<Mutex<String>>,
    mut each: impl FnMut(String) + Send + 'static,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n') {
            let Ok(line) = line else { return };
            let line = String::from_utf8_lossy(&line).into_owned();
            if let Ok(mut all) = all.lock() {
                all.push_str(&line);
                all.push('\n');
            }
            each(line);
        }
    })
}
