//! The `station` program with named crash points, for tests only.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    station::cli::run(std::env::args_os())
}
