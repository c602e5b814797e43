//! `simulator`: parse, run, exit status.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    simulator::cli::run()
}
