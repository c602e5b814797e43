//! `station ledger prove`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::witnesses::{Chosen, Witnessed, newest_over, policy};
use super::{elsewhere, pinned_key, signed_manifest};
use crate::cli::context::Context;
use crate::cli::counted::counted;
use crate::cli::device;
use crate::cli::exit_status::ExitStatus;
use crate::cli::failure::Failure;
use crate::cli::named_file;
use crate::encoding::Hex;
use crate::ledger::Reader;
use crate::ledger::checkpoint::{Checkpoint, VerifierKey};
use crate::ledger::proof::Path as ProofPath;
use crate::ledger::proof_file::{
    Continuation, ENTRIES_MAX, FORMAT, ProofFile, ProvenEntry, Subject,
};
use crate::names::CertificateSerial;

/// Prove that entries are in the ledger: one file that proves itself under the ledger's key
///
/// The file has the entries' own bytes, each with its path to the root of a signed checkpoint (RFC 6962), and the
/// checkpoint. For a board it has every entry with its proven UID (the opening of a session only claims one), for
/// a certificate every entry that names it. Whoever has pki/ledger.vkey checks it with station ledger
/// check-proof, or with Python alone (docs/ledger.md): no home, no token, no network. A station may be running
/// meanwhile. Refused where the mirror, or a token that can be read without asking, has seen another log.
///
/// Where the configuration asks for witnesses, the newest checkpoint that enough of them have cosigned is taken.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  station ledger prove --device SA-000001 -o SA-000001.proof.json\n  \
    station ledger prove --entry 17 --since kept.txt -o 17.proof.json\n  \
    station ledger prove --since kept.txt -o continues.proof.json"
)]
pub(crate) struct ProveArguments {
    #[command(flatten)]
    subject: SubjectArguments,
    /// A checkpoint of this ledger that was kept (a signed note): prove that the log continues it, alone or with what
    /// else is named. A signed manifest will do, which has one
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Where the proof goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(required = false, multiple = false)]
struct SubjectArguments {
    /// A board, by UID or serial
    #[arg(long, value_name = "UID|SERIAL")]
    device: Option<String>,
    /// One entry, by its index
    #[arg(long, value_name = "N")]
    entry: Option<u64>,
    /// A certificate, by its serial number
    #[arg(long, value_name = "SERIAL")]
    certificate: Option<String>,
}

impl SubjectArguments {
    const fn is_none(&self) -> bool {
        self.device.is_none() && self.entry.is_none() && self.certificate.is_none()
    }
}

#[derive(Serialize)]
struct Made {
    entries: usize,
    checkpoint_size: u64,
    later_entries: usize,
    cosigned: Vec<Witnessed>,
}

/// Does it.
pub(super) fn run(arguments: &ProveArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let home = context.home()?;
    let key = pinned_key(&home)?;
    elsewhere::refuse_contradicted(context, &home, &key)?;
    let policy = policy(&home)?;
    let reader = Reader::snapshot(&home.ledger())?;
    let since = arguments.since.as_deref();
    let since = since.map(signed_manifest::note).transpose()?;
    let (subject, leaves) = match &since {
        Some(_) if arguments.subject.is_none() => (Subject::Continuation, Vec::new()),
        _ => find(&reader, &arguments.subject)?,
    };
    let first = leaves.first().map_or(0, |(index, _)| *index);
    let chosen = newest_over(&reader, &key, &policy, first.saturating_add(1))?;
    let size = chosen.stored.size;
    let (covered, later): (Vec<_>, Vec<_>) =
        leaves.into_iter().partition(|(index, _)| *index < size);
    if covered.len() > ENTRIES_MAX {
        return Err(Failure::usage(
            "one file cannot hold this proof",
            format_args!(
                "{} entries are about it, at most {ENTRIES_MAX} go into a file",
                covered.len()
            ),
            "prove its certificates or its entries one by one",
        ));
    }
    let entries = covered.into_iter().map(|leaf| proven(&reader, leaf, size));
    let file = ProofFile {
        format: FORMAT.to_owned(),
        subject,
        vkey: key.to_string(),
        entries: entries.collect::<Result<_, _>>()?,
        consistency: since
            .map(|note| continuation(&reader, &key, note, size))
            .transpose()?,
        checkpoint: chosen.stored.note.clone(),
    };
    // What does not hold is never given to anybody.
    file.check(&key, None)
        .map_err(|fault| super::tampered(&fault.to_string()))?;
    let bytes = file
        .to_bytes()
        .map_err(|error| Failure::station("the proof cannot be written", error, "report this"))?;
    tell(arguments, context, &file, &chosen, later.len(), &bytes)
}

fn tell(
    arguments: &ProveArguments,
    context: &Context,
    file: &ProofFile,
    chosen: &Chosen,
    later: usize,
    bytes: &[u8],
) -> Result<ExitStatus, Failure> {
    if later > 0 {
        context.output.notice(&format!(
            "{}: no checkpoint that counts covers what came later yet; see station ledger checkpoint",
            match later {
                1 => "1 later entry is not in it".to_owned(),
                _ => format!("{later} later entries are not in it"),
            }
        ));
    }
    let Some(path) = &arguments.output else {
        context.output.raw(bytes);
        return Ok(ExitStatus::Done);
    };
    named_file::write(path, bytes)?;
    let made = Made {
        entries: file.entries.len(),
        checkpoint_size: chosen.stored.size,
        later_entries: later,
        cosigned: chosen.witnessed.clone(),
    };
    let about = match file.subject {
        Subject::Continuation => "a continuation".to_owned(),
        _ => counted(made.entries, "entry", "entries"),
    };
    let text = format!(
        "{}: {about}, proven under the checkpoint over {}, {}",
        path.display(),
        counted(made.checkpoint_size, "entry", "entries"),
        Witnessed::in_words(&made.cosigned)
    );
    context.output.fact(&made, &text);
    Ok(ExitStatus::Done)
}

type IndexedLeaves = Vec<(u64, Vec<u8>)>;

/// What the proof is about, and the entries that are.
fn find(reader: &Reader, wanted: &SubjectArguments) -> Result<(Subject, IndexedLeaves), Failure> {
    if let Some(index) = wanted.entry {
        let size = reader.size()?;
        if index >= size {
            return Err(Failure::usage(
                format_args!("there is no entry {index}"),
                format_args!(
                    "the ledger has {}, counted from 0",
                    counted(size, "entry", "entries")
                ),
                "name one of them",
            ));
        }
        let leaves = reader.leaves(index..index.saturating_add(1));
        return Ok((Subject::Entry { index }, leaves.collect::<Result<_, _>>()?));
    }
    let (subject, uid) = match (&wanted.device, &wanted.certificate) {
        (Some(device), _) => {
            let uid = device::find(reader, device)?.uid;
            (Subject::Device { uid: uid.clone() }, uid)
        }
        (None, Some(serial)) => {
            let parsed = serde_json::Value::String(serial.to_ascii_lowercase());
            let parsed: Option<CertificateSerial> = serde_json::from_value(parsed).ok();
            let found = match &parsed {
                Some(parsed) => reader.certificate(parsed)?,
                None => None,
            };
            let found = found.ok_or_else(|| {
                Failure::usage(
                    format_args!("there is no certificate {serial}"),
                    "the ledger has issued none with that serial number",
                    "see station device show",
                )
            })?;
            let certificate_serial = found.certificate_serial;
            (Subject::Certificate { certificate_serial }, found.uid)
        }
        (None, None) => {
            let to_do = "give --device, --entry or --certificate; or --since alone, to prove that the log \
                         continues a checkpoint";
            return Err(Failure::usage(
                "nothing was named to be proven",
                "one is needed",
                to_do,
            ));
        }
    };
    let mut leaves = Vec::new();
    for leaf in reader.history(&uid) {
        let (index, bytes) = leaf?;
        if subject.has(index, &bytes) {
            leaves.push((index, bytes));
        }
    }
    Ok((subject, leaves))
}

fn proven(
    reader: &Reader,
    (index, leaf): (u64, Vec<u8>),
    size: u64,
) -> Result<ProvenEntry, Failure> {
    let path = reader.inclusion(index, size)?.unwrap_or_default();
    let leaf = String::from_utf8(leaf)
        .map_err(|error| super::tampered(&format!("entry {index}: {error}")))?;
    Ok(ProvenEntry {
        index,
        leaf,
        path: hex(path),
    })
}

fn continuation(
    reader: &Reader,
    key: &VerifierKey,
    checkpoint: String,
    size: u64,
) -> Result<Continuation, Failure> {
    let unfit = |why: String| {
        let to_do = "give a checkpoint of this ledger that is older than the one proven under";
        Failure::usage(
            "cannot prove that the log continues that checkpoint",
            why,
            to_do,
        )
    };
    let old = Checkpoint::open(&checkpoint, key).map_err(|error| unfit(error.to_string()))?;
    let old = old.head.size;
    let path = reader.consistency(old, size)?.ok_or_else(|| {
        unfit(format!(
            "it covers {old} entries, the one proven under covers {size}"
        ))
    })?;
    Ok(Continuation {
        checkpoint,
        path: hex(path),
    })
}

fn hex(path: ProofPath) -> Vec<Hex> {
    path.into_iter().map(Hex::from).collect()
}
