//! `station ledger rebuild`.

use clap::Args;
use serde::Serialize;

use super::{elsewhere, met, pinned_key, progress};
use crate::cli::context::Context;
use crate::cli::counted::counted;
use crate::cli::exit_status::ExitStatus;
use crate::cli::failure::Failure;
use crate::ledger::{self, Reader};

/// Make the tables for looking things up again from the log
///
/// The log is checked against its last checkpoint first; then every view, with its indexes, is thrown away and made
/// again from the entries, in one transaction: a crash leaves the views as they were. The log itself is not changed
/// and nothing is recorded, since views are no facts. Needs neither token nor PIN. Refused while a line runs, and where
/// the mirror, or a token that can be read without asking, has seen another log: what would be made from this one
/// would agree with it, and be as wrong.
///
/// Keep a copy of a ledger that was changed before you mend it: what was changed tells who did it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  station ledger rebuild --home home")]
pub(crate) struct RebuildArguments {
    /// Do it although mirror or token contradict the log: to look into it, on a copy
    #[arg(long)]
    contradicted: bool,
}

#[derive(Serialize)]
struct Shown {
    rebuilt: bool,
    entries: u64,
}

/// Does it.
pub(crate) fn run(arguments: &RebuildArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    let key = pinned_key(&home)?;
    if arguments.contradicted {
        for one in elsewhere::contradictions(context, &home, &key)? {
            let warning = format!(
                "warning: the views will agree with a log that is not the one seen before: {one}"
            );
            context.output.notice(&warning);
        }
    } else {
        elsewhere::refuse_contradicted(context, &home, &key)?;
    }
    let _lock = home.lock()?;
    // What cannot be read here is told by the rebuild itself.
    let reader = Reader::open(&home.ledger());
    let size = reader.and_then(|reader| reader.size()).unwrap_or(0);
    let bar = progress::bar(context, "rebuilding", size);
    let rebuilt = ledger::rebuild(&home.ledger(), &key, &|done| bar.set_position(done));
    bar.finish_and_clear();
    let entries = rebuilt.map_err(met)?;
    let rebuilt = true;
    context.output.object(&Shown { rebuilt, entries });
    let entries = counted(entries, "entry", "entries");
    context
        .output
        .text(&format!("rebuilt: every view, from {entries}"));
    Ok(ExitStatus::Done)
}
