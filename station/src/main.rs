//! The `station` program: parse, run, exit status.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    station::cli::run(std::env::args_os())
}
