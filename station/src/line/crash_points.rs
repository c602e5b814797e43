//! Named points at which a test may have the process killed. The whole module, calls included,
//! exists
//! under the feature `crash-points` only.
//!
//! Commands have a few of their own ([`reach`]). Each action of a session is a pair of points, `VERB:OBJECT` before it and `VERBed:OBJECT` after it, for
//! example `record:certificate-issued` and `recorded:certificate-issued`, `sent:installed`,
//! `signed:authority@proven`. What follows `@`, and the object of sends and draws, is the step
//! that the
//! board had reached. Three variables of the environment arm them:
//!
//! 1. `STATION_CRASH_TRACE=FILE`: every point that is passed is appended to FILE, one name a line.
//!    A run
//!    without a crash so lists all points of a board's way.
//! 2. `STATION_CRASH_POINT=NAME` or `NAME#K`: the point, or its K-th passing, at which to stand
//!    still.
//! 3. `STATION_CRASH_FILE=FILE`: where the name is written once the point is reached. The lane then
//!    stands still for ever, waiting to be killed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::provisioning::{Action, Step};

/// The object of the point that an action has passed on its way in.
#[derive(Debug)]
pub(super) struct Point {
    after: &'static str,
    object: String,
}

/// Passes the point before the action; None where the action has no effect that a crash could cut.
pub(super) fn before(action: &Action, step: Step) -> Option<Point> {
    let step = slug(step);
    let (before, after, object) = match action {
        Action::Send(_) => ("send", "sent", step.to_owned()),
        Action::Draw => ("draw", "drawn", step.to_owned()),
        Action::Sign { role, .. } => {
            let role = format!("{role:?}").to_lowercase();
            ("sign", "signed", format!("{role}@{step}"))
        }
        Action::LookUpBoard { .. } => ("look-up", "looked-up", "board".to_owned()),
        Action::LookUpKey { .. } => ("look-up", "looked-up", "key".to_owned()),
        Action::Reserve { .. } => ("reserve", "reserved", "place".to_owned()),
        Action::Record { events, .. } => {
            let kinds: Vec<_> = events.iter().map(|event| event.fact.kind()).collect();
            ("record", "recorded", kinds.join("+"))
        }
        Action::WakeAt(_) | Action::Report(_) | Action::Finish(_) => return None,
    };
    pass(format!("{before}:{object}"));
    Some(Point { after, object })
}

/// Passes a point that is on no board's way.
pub(crate) fn reach(name: &str) {
    pass(name.to_owned());
}

/// Passes the point after the action.
pub(super) fn after(point: Option<Point>) {
    if let Some(Point { after, object }) = point {
        pass(format!("{after}:{object}"));
    }
}

const fn slug(step: Step) -> &'static str {
    match step {
        Step::AwaitingBoard => "awaiting-board",
        Step::Identified => "identified",
        Step::Attested => "attested",
        Step::Measured => "measured",
        Step::KeyBound => "key-bound",
        Step::Issued => "issued",
        Step::Installed => "installed",
        Step::Proven => "proven",
        Step::Committed => "committed",
    }
}

static PASSED: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

static ARMED: LazyLock<Armed> = LazyLock::new(|| {
    let wish = std::env::var("STATION_CRASH_POINT").unwrap_or_default();
    let (name, passing) = wish.split_once('#').unwrap_or((&wish, "1"));
    Armed {
        name: name.to_owned(),
        passing: passing.parse().unwrap_or(1),
        file: std::env::var_os("STATION_CRASH_FILE"),
        trace: std::env::var_os("STATION_CRASH_TRACE"),
    }
});

struct Armed {
    /// Empty where none was named.
    name: String,
    passing: u64,
    file: Option<OsString>,
    trace: Option<OsString>,
}

fn pass(name: String) {
    let armed = &*ARMED;
    if let Some(trace) = &armed.trace {
        append(trace.as_ref(), &name);
    }
    if armed.name != name || count(name) != armed.passing {
        return;
    }
    if let Some(file) = &armed.file {
        append(file.as_ref(), &armed.name);
    }
    loop {
        std::thread::park();
    }
}

fn count(name: String) -> u64 {
    let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    let passings = passed.entry(name).or_default();
    *passings += 1;
    *passings
}

/// A test that misses the name waits in vain and says so; there is nobody else to tell.
fn append(path: &Path, name: &str) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    drop(file.and_then(|mut file| writeln!(file, "{name}")));
}
