//! `station ledger check-proof`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::signed_manifest;
use super::witnesses::Witnessed;
use crate::cli::context::Context;
use crate::cli::counted::counted;
use crate::cli::exit_status::ExitStatus;
use crate::cli::failure::Failure;
use crate::cli::named_file;
use crate::ledger::checkpoint::{Checkpoint, VerifierKey};
use crate::ledger::cosignature::{WitnessKey, WitnessPolicy};
use crate::ledger::leaf::Entry;
use crate::ledger::proof_file::{FILE_BYTES_MAX, ProofFile, Proven, Subject};
use crate::station_home::read_bounded;

/// Check a proof that station ledger prove has made
///
/// Needs no home, no token and no network: the file, and the ledger's key from a place that you trust (pki/ledger.vkey,
/// or a manifest that you have verified). Says exactly what is proven and what is not. Without --vkey the file's own key is used, which shows
/// only that the file agrees with itself. Exit status 1 where anything does not hold.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    station ledger check-proof SA-000001.proof.json --vkey ledger.vkey\n  \
    station ledger check-proof 17.proof.json --vkey ledger.vkey --checkpoint kept.txt\n  \
    station ledger check-proof 17.proof.json --vkey manifest.dsse.json")]
pub(crate) struct CheckProofArguments {
    /// The proof
    file: PathBuf,
    /// The ledger's key: the text itself, a file that holds it, or a signed manifest, whose signature is not checked here:
    /// verify it first (station manifest verify)
    #[arg(long, value_name = "TEXT|FILE")]
    vkey: Option<String>,
    /// A checkpoint that you kept (a signed note), or a signed manifest that you have verified: the proof must be of a
    /// log that continues it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// A witness's key (cosignature/v1) whose cosignature is wanted; may be given several times
    #[arg(long = "witness", value_name = "VKEY")]
    witnesses: Vec<String>,
    /// How many of the witnesses must have cosigned [default: all that are given]
    #[arg(long, value_name = "N", requires = "witnesses")]
    quorum: Option<usize>,
}

#[derive(Serialize)]
struct Shown {
    verified: bool,
    subject: Subject,
    entries: Vec<ShownEntry>,
    size: u64,
    root: String,
    vkey: String,
    key_given: bool,
    cosigned: Vec<Witnessed>,
    proves: Vec<String>,
    does_not_prove: Vec<String>,
}

#[derive(Serialize)]
struct ShownEntry {
    index: u64,
    kind: &'static str,
    time: String,
    hash: String,
}

impl From<&Entry> for ShownEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            index: entry.index,
            kind: entry.leaf.fact.kind(),
            time: entry.leaf.time.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// Does it.
pub(super) fn run(
    arguments: &CheckProofArguments,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let bytes = named_file::read(&arguments.file, FILE_BYTES_MAX)?;
    let file = ProofFile::read(&bytes).map_err(|fault| refused(&arguments.file, fault))?;
    let given = arguments.vkey.as_deref().map(vkey).transpose()?;
    let key = match &given {
        Some(key) => key.clone(),
        None => VerifierKey::parse(&file.vkey).map_err(|error| refused(&arguments.file, error))?,
    };
    let kept = arguments.checkpoint.as_ref();
    let kept = kept.map(|path| kept_note(path, &key)).transpose()?;
    let policy = policy(arguments)?;
    let proven = file
        .check(&key, kept.as_deref())
        .map_err(|fault| refused(&arguments.file, fault))?;
    let (cosignatures, enough) = policy
        .judge(&file.checkpoint)
        .map_err(|error| refused(&arguments.file, error))?;
    let cosigned = Witnessed::all(&cosignatures);
    if !enough {
        let why = format!(
            "{} of the {} witnesses must have cosigned its checkpoint; it is {}",
            policy.quorum,
            policy.witnesses.len(),
            Witnessed::in_words(&cosigned)
        );
        return Err(refused(&arguments.file, why));
    }
    show(context, &shown(&proven, &key, given.is_some(), cosigned));
    Ok(ExitStatus::Done)
}

fn policy(arguments: &CheckProofArguments) -> Result<WitnessPolicy, Failure> {
    let parse = |text: &String| {
        WitnessKey::parse(text)
            .map_err(|error| Failure::usage("cannot know the witness", error, "give its vkey"))
    };
    let witnesses: Vec<_> = arguments
        .witnesses
        .iter()
        .map(parse)
        .collect::<Result<_, _>>()?;
    let quorum = arguments.quorum.unwrap_or(witnesses.len());
    if quorum > witnesses.len() {
        let why = format!(
            "{} are given, and {quorum} must have cosigned",
            witnesses.len()
        );
        return Err(Failure::usage(
            "too few witnesses are given",
            why,
            "give more --witness",
        ));
    }
    Ok(WitnessPolicy { witnesses, quorum })
}

fn shown(proven: &Proven, key: &VerifierKey, given: bool, cosigned: Vec<Witnessed>) -> Shown {
    let mut limits = proven.does_not_prove(!cosigned.is_empty());
    let log = counted(proven.head.size, "entry", "entries");
    let seen = cosigned.iter().map(|one| one.has_seen(&log));
    let follows = proven.proves().into_iter().chain(seen).collect();
    if !given {
        let unknown =
            "whose log it is: the key is the file's own; give the one that you trust with --vkey";
        limits.insert(0, unknown.to_owned());
    }
    Shown {
        verified: true,
        subject: proven.subject.clone(),
        entries: proven.entries.iter().map(ShownEntry::from).collect(),
        size: proven.head.size,
        root: proven.head.root.to_string(),
        vkey: key.to_string(),
        key_given: given,
        cosigned,
        proves: follows,
        does_not_prove: limits,
    }
}

fn show(context: &Context, shown: &Shown) {
    let output = &context.output;
    output.object(shown);
    let about = match &shown.subject {
        Subject::Entry { index } => format!("entry {index}"),
        Subject::Continuation => "the log continues an older one".to_owned(),
        Subject::Device { uid } => format!("board {uid}"),
        Subject::Certificate { certificate_serial } => format!("certificate {certificate_serial}"),
    };
    output.text(&format!(
        "verified: {}",
        match shown.subject {
            Subject::Continuation => about,
            _ => format!(
                "{} about {about}",
                counted(shown.entries.len(), "entry", "entries")
            ),
        }
    ));
    for entry in &shown.entries {
        output.text(&format!("  {} {} {}", entry.index, entry.time, entry.kind));
    }
    output.text(&format!("  under the key {}", shown.vkey));
    output.text(&format!("  {}", Witnessed::in_words(&shown.cosigned)));
    output.text("this proves:");
    for line in &shown.proves {
        output.text(&format!("  + {line}"));
    }
    output.text("this does not prove:");
    for line in &shown.does_not_prove {
        output.text(&format!("  - {line}"));
    }
}

/// A checkpoint that somebody kept says nothing about the proof where it is of no log of this key: the wrong file.
fn kept_note(path: &Path, key: &VerifierKey) -> Result<String, Failure> {
    let note = signed_manifest::note(path)?;
    match Checkpoint::open(&note, key) {
        Ok(_) => Ok(note),
        Err(error) => Err(Failure::usage(
            format_args!("{} is no checkpoint under {key}", path.display()),
            error,
            "give the note that you kept of this ledger, and the ledger's key with --vkey",
        )),
    }
}

/// The text itself, or the file that holds it.
fn vkey(given: &str) -> Result<VerifierKey, Failure> {
    let path = Path::new(given);
    let text = if let Some(ledger) = signed_manifest::ledger_of(path)? {
        ledger.vkey
    } else if path.exists() {
        String::from_utf8_lossy(&read_bounded(path)?).into_owned()
    } else {
        given.to_owned()
    };
    VerifierKey::parse(text.trim_end()).map_err(|error| {
        let what = if path.exists() {
            format!("{given} holds no ledger key")
        } else {
            format!("{given} is neither a ledger key nor a file that is there")
        };
        let next = "give the line in pki/ledger.vkey, that file, or a signed manifest that you have verified";
        Failure::usage(what, error, next)
    })
}

fn refused(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::check(
        format_args!("{} proves nothing", path.display()),
        why,
        "ask whoever made it for another one; keep this one, it may tell what was changed",
    )
}
