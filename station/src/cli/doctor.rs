//! `station doctor`: looks at everything that a station depends on, and changes none of it.
//!
//! A check that cannot be made because an earlier one failed says so, instead of failing too. While another
//! process owns the home, the token is left alone: two processes on one token make some modules crash.

mod files;
mod keys;
mod report;
mod surroundings;

use clap::Args;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use report::{Report, State};

/// Check the whole station: token, keys, certificates, clock, ports, ledger
///
/// Ends with exit status 3 where something is broken; a warning alone is no failure. The PIN is tried once.
/// While the line runs, the token is not touched and its checks are left out. With --quiet only what is
/// not well is printed, so nothing at all where everything is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  station doctor --home home\n  \
    station doctor --home home --json | jq -r 'select(.state == \"broken\").do'")]
pub(crate) struct DoctorArguments {}

/// Makes every check and prints the report.
pub(crate) fn run(_arguments: &DoctorArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    let mut report = Report::default();
    surroundings::check_home(&home, &mut report);
    let pki = files::check(&home, context.now(), &mut report);
    let lock = match home.lock() {
        Ok(lock) => Some(lock),
        Err(error) => {
            let why = format!("{}; the token was left alone", error.reason());
            report.add(
                "token",
                State::Skipped,
                why,
                "give the command again once that process has ended, for the whole check",
            );
            None
        }
    };
    if lock.is_some() {
        let signer = keys::check(&home, pki.as_ref(), &mut report);
        files::check_ledger(&home, signer, &mut report);
    }
    surroundings::check_clock(&home, context.now(), &mut report);
    surroundings::check_lanes(&home, &mut report);
    drop(lock);
    report.print(&context.output);
    Ok(if report.is_broken() {
        ExitStatus::StationFault
    } else {
        ExitStatus::Done
    })
}
