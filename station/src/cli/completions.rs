//! `station completions`.

use clap::{Args, CommandFactory as _, ValueEnum};

use super::args::Arguments;
use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  mkdir -p ~/.local/share/bash-completion/completions
  station completions bash > ~/.local/share/bash-completion/completions/station

  mkdir -p ~/.zfunc        # and in ~/.zshrc, before compinit: fpath+=~/.zfunc
  station completions zsh > ~/.zfunc/_station

  mkdir -p ~/.config/fish/completions
  station completions fish > ~/.config/fish/completions/station.fish";

/// The shells that we know.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Prints the script.
#[expect(clippy::unnecessary_wraps, reason = "all commands end alike")]
pub(crate) fn run(
    arguments: &CompletionsArguments,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let shell = match arguments.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "station", &mut script);
    context.output.raw(&script);
    Ok(ExitStatus::Done)
}
