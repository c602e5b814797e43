//! A ledger as large as wanted, made as a line makes one, and what it costs to read it. Each command prints one
//! JSON object.
//!
//! - `ledger_at_scale make HOME DEVICES [LANES [BATCH]]` appends so many boards, in batches of so many, through the ledger's
//!   writer.
//! - `ledger_at_scale read HOME THREADS` reads the rows of the log and hashes each twice: the least that a check
//!   of the log can cost.
//! - `ledger_at_scale verify HOME PASS...` runs these passes of the verification.
//! - `ledger_at_scale lookups HOME COUNT` looks boards up by UID, device serial and certificate serial.
#![forbid(unsafe_code)]

mod board;
mod lookups;
mod making;
mod reading;
mod verifying;

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Boards that are worked on at once, unless something else is said: a large station's.
const LANES: usize = 48;

const USAGE: &str = "usage: ledger_at_scale make HOME DEVICES [LANES [BATCH]] | read HOME THREADS | \
                     verify HOME PASS... | lookups HOME COUNT";

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let report = match arguments[..] {
        ["make", home, ref how @ ..] => make(Path::new(home), how)?,
        ["read", home, threads] => reading::run(Path::new(home), threads.parse()?)?,
        ["verify", home, ref passes @ ..] => verifying::run(Path::new(home), passes)?,
        ["lookups", home, count] => lookups::run(Path::new(home), count.parse()?)?,
        _ => return Err(USAGE.into()),
    };
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

fn make(home: &Path, how: &[&str]) -> Outcome<serde_json::Value> {
    let (devices, lanes, most) = match *how {
        [devices] => (devices, LANES, making::BATCH),
        [devices, lanes] => (devices, lanes.parse()?, making::BATCH),
        [devices, lanes, most] => (devices, lanes.parse()?, most.parse()?),
        _ => return Err(USAGE.into()),
    };
    making::run(home, devices.parse()?, lanes, most)
}

/// The time, for a measurement.
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement for people, not a part of the station"
)]
fn now() -> Instant {
    Instant::now()
}
