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
use super::owner;
use crate::line::control::{ControlRequest, ControlResponse};
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
            ask_owner(context, error.reason(), &mut report);
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

/// What the owner of the home can say of the token, and what nobody checks now.
fn ask_owner(context: &Context, holder: impl std::fmt::Display, report: &mut Report) {
    match owner::ask(context, &ControlRequest::ProveKeys) {
        Ok(Some(ControlResponse::Done { text, .. })) => {
            report.ok("keys", format_args!("the running station says: {text}"));
        }
        Ok(Some(ControlResponse::Refused(refusal))) => {
            report.add("keys", State::Broken, refusal.what, refusal.next);
        }
        Ok(_) => {
            let advice = "give the command again once that process has ended";
            let detail = "no line runs that could be asked to let them sign";
            report.add("keys", State::Skipped, detail, advice);
        }
        Err(failure) => report.add("keys", State::Broken, failure.why(), failure.to_do()),
    }
    report.add(
        "token and ledger",
        State::Skipped,
        format_args!(
            "{holder}; PIN, module, each key's attributes and the whole ledger were checked when it \
             started, and not now"
        ),
        "give the command again once that process has ended, for the whole check",
    );
}
