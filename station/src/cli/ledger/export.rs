//! `station ledger export`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::document_file::Document;
use super::witnesses::{Chosen, Witnessed, newest_over, policy};
use super::{elsewhere, pinned_key, tampered};
use crate::cli::context::Context;
use crate::cli::counted::counted;
use crate::cli::exit_status::ExitStatus;
use crate::cli::failure::Failure;
use crate::encoding::Hex;
use crate::ledger::Reader;
use crate::ledger::merkle_tree::leaf_hash;
use crate::ledger::range_proof::{RangeProof, RangeVerifier};
use crate::ledger::reader::Leaves;
use crate::names::BatchId;

/// Write the entries of the ledger as NDJSON, byte for byte
///
/// One line an entry: its index, its hash, and the leaf itself as it lies in the log. The last line has the checkpoint
/// over them; with a run of entries (not a batch) also the hashes to the left and right that lead from the run to
/// the checkpoint's root, so that the file proves itself (docs/ledger.md). The entries are checked against the
/// checkpoint on the way. Streams: memory does not grow with the ledger. A station may be running meanwhile. Exit
/// status 1 where the mirror, or a token that can be read without asking, has seen another log.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  station ledger export --home home -o ledger.ndjson\n  \
    station ledger export --home home --batch B-2026-47 | jq -r .leaf.kind"
)]
pub(crate) struct ExportArguments {
    /// Where it goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only the events of this batch
    #[arg(long, value_name = "BATCH", conflicts_with_all = ["from", "to"])]
    batch: Option<BatchId>,
    /// The first entry
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// The last entry [default: the last under a checkpoint]
    #[arg(long, value_name = "M")]
    to: Option<u64>,
}

/// The last line.
#[derive(Serialize)]
struct Ending {
    checkpoint: String,
    cosigned: Vec<Witnessed>,
    entries: u64,
    /// The hashes beside a run of entries; null for a batch.
    left: Option<Vec<Hex>>,
    right: Option<Vec<Hex>>,
}

/// Where lines go.
enum Target<'a> {
    Stdout(&'a Context),
    File(Document),
}

impl Target<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout(context) => {
                context.output.raw(bytes);
                Ok(())
            }
            Self::File(document) => document.write(bytes),
        }
    }

    /// Whether nobody reads any more.
    fn is_closed(&self) -> bool {
        matches!(self, Self::Stdout(context) if context.output.is_closed())
    }
}

/// Does it.
pub(super) fn run(arguments: &ExportArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    let key = pinned_key(&home)?;
    let contradicted = elsewhere::contradictions(context, &home, &key)?;
    let reader = Reader::open(&home.ledger())?;
    let policy = policy(&home)?;
    // Entries never change, so that no snapshot is needed, which would keep the log from being shortened.
    let covered = covered(&reader, arguments)?;
    let chosen = newest_over(&reader, &key, &policy, covered)?;
    let size = chosen.stored.size;
    let mut target = match &arguments.output {
        Some(path) => Target::File(Document::begin(path)?),
        None => Target::Stdout(context),
    };
    let ending = if let Some(batch) = &arguments.batch {
        let leaves = reader.events_of_batch(batch);
        let entries = write_all(leaves, &mut target, size, |_| {})?;
        ending(chosen, entries, None)
    } else {
        let end = arguments.to.map_or(size, |last| last.saturating_add(1));
        run_of_entries(&reader, arguments.from, end, chosen, &mut target)?
    };
    let entries = ending.entries;
    let mut line = serde_json::to_vec(&ending)
        .map_err(|error| Failure::station("the export cannot be written", error, "report this"))?;
    line.push(b'\n');
    target.write(&line)?;
    if let (Target::File(document), Some(path)) = (target, &arguments.output) {
        document.finish()?;
        context.output.progress(&format!(
            "{}: {}",
            path.display(),
            counted(entries, "entry", "entries")
        ));
    }
    // Written all the same: whoever looks into it needs the entries as they are.
    match contradicted.first() {
        Some(first) => Err(tampered(&first.to_string())),
        None => Ok(ExitStatus::Done),
    }
}

/// So many entries the checkpoint must cover.
fn covered(reader: &Reader, arguments: &ExportArguments) -> Result<u64, Failure> {
    if let Some(name) = &arguments.batch {
        let batch = reader.batch(name)?.ok_or_else(|| {
            let why = "there is no such batch";
            Failure::usage(
                format_args!("cannot export batch {name}"),
                why,
                "see station batch list",
            )
        })?;
        return Ok(batch.closed_at.unwrap_or(batch.opened_at).saturating_add(1));
    }
    let size = reader.size()?;
    let last = arguments.to.unwrap_or(arguments.from);
    if arguments.from > last {
        return Err(Failure::usage(
            "that is no run of entries",
            format_args!("--from {} comes after --to {last}", arguments.from),
            "give the first entry with --from, the last with --to",
        ));
    }
    if last >= size {
        return Err(Failure::usage(
            "there are no such entries",
            format_args!("the ledger has {size}, counted from 0"),
            "give --from and --to within them",
        ));
    }
    Ok(last.saturating_add(1))
}

fn run_of_entries(
    reader: &Reader,
    from: u64,
    end: u64,
    chosen: Chosen,
    target: &mut Target<'_>,
) -> Result<Ending, Failure> {
    let head = chosen.checkpoint.head;
    let proof = reader
        .range_proof(from..end, head.size)?
        .unwrap_or_default();
    let mut verifier = RangeVerifier::new(from, head.size, &proof)
        .map_err(|fault| tampered(&fault.to_string()))?;
    let entries = write_all(reader.leaves(from..end), target, head.size, |hash| {
        verifier.push(hash);
    })?;
    if !target.is_closed() && verifier.finish() != Ok(head.root) {
        return Err(tampered(&format!(
            "entries {from} to {} are not what the checkpoint over {} entries was signed over",
            end.saturating_sub(1),
            head.size
        )));
    }
    Ok(ending(chosen, entries, Some(proof)))
}

/// Writes each leaf that the checkpoint covers; gives how many.
fn write_all(
    leaves: Leaves<'_>,
    target: &mut Target<'_>,
    size: u64,
    mut each: impl FnMut(firmware_proto::Digest),
) -> Result<u64, Failure> {
    let mut entries = 0_u64;
    let mut line = Vec::new();
    for leaf in leaves {
        let (index, bytes) = leaf?;
        if index >= size || target.is_closed() {
            break;
        }
        let hash = leaf_hash(&bytes);
        line.clear();
        line.extend_from_slice(
            format!("{{\"index\":{index},\"hash\":\"{hash}\",\"leaf\":").as_bytes(),
        );
        line.extend_from_slice(&bytes);
        line.extend_from_slice(b"}\n");
        target.write(&line)?;
        each(hash);
        entries = entries.saturating_add(1);
    }
    Ok(entries)
}

fn ending(chosen: Chosen, entries: u64, proof: Option<RangeProof>) -> Ending {
    let hex = |hashes: Vec<firmware_proto::Digest>| hashes.into_iter().map(Hex::from).collect();
    let (left, right) = match proof {
        Some(proof) => (Some(hex(proof.left)), Some(hex(proof.right))),
        None => (None, None),
    };
    Ending {
        checkpoint: chosen.stored.note,
        cosigned: chosen.witnessed,
        entries,
        left,
        right,
    }
}
