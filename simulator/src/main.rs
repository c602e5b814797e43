//! `simulator`: parse, run, exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    simulator::cli::run()
}
