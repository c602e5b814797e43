//! What others know of the ledger: the token that keeps its checkpoint, the witnesses who have seen it.

use std::path::Path;

use serde::Serialize;

use super::witnesses::{Witnessed, newest, policy};
use crate::cli::context::Context;
use crate::cli::counted::counted;
use crate::cli::failure::Failure;
use crate::cli::kept_checkpoint;
use crate::ledger::checkpoint::{Checkpoint, VerifierKey};
use crate::ledger::event::Fact;
use crate::ledger::leaf::Leaf;
use crate::ledger::reader::Kinds;
use crate::ledger::{Damage, KeptElsewhere, LedgerError, Reader, Report};
use crate::station_home::{StationHome, read_bounded};

/// Who has seen how much of the ledger.
#[derive(Serialize)]
pub(super) struct Seen {
    witnessed_entries: u64,
    cosigned: Vec<Witnessed>,
    quorum: usize,
}

/// What the mirror holds; none where it is gone, or empty. What is no note has been changed: the verification says so.
pub(super) fn mirrored(path: &Path) -> Result<Option<String>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    let note = read_bounded(path)?;
    Ok((!note.is_empty()).then(|| String::from_utf8_lossy(&note).into_owned()))
}

/// Why a ledger is not verified whose mirror holds nothing.
pub(super) fn no_mirror(path: &Path) -> Failure {
    let what = "the ledger was not compared with its mirror";
    if path.exists() {
        return Failure::check(
            what,
            format_args!("{} is empty: the next checkpoint begins it", path.display()),
            "if it is new, begin it with station ledger checkpoint; if somebody emptied it, put its note back, or \
             give a checkpoint that you kept with --checkpoint",
        );
    }
    Failure::check(
        what,
        format_args!("{} is not there", path.display()),
        "mount its disk or put it back, or give a checkpoint that you kept with --checkpoint",
    )
}

/// A checkpoint from elsewhere that the ledger was compared with.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    /// `mirror`, `checkpoint` (given by a person) or `token`.
    with: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    entries: u64,
}

impl Compared {
    /// With a note in a file; none where it is no checkpoint under the key, which is a finding.
    pub(super) fn file(
        with: &'static str,
        path: &Path,
        note: &str,
        key: &VerifierKey,
    ) -> Option<Self> {
        Checkpoint::open(note, key).ok().map(|checkpoint| Self {
            with,
            path: Some(path.display().to_string()),
            entries: checkpoint.head.size,
        })
    }

    /// With the newest of those that the token keeps.
    fn token(notes: &[String], key: &VerifierKey) -> Option<Self> {
        let opened = notes
            .iter()
            .filter_map(|note| Checkpoint::open(note, key).ok());
        let entries = opened.map(|checkpoint| checkpoint.head.size).max()?;
        Some(Self {
            with: "token",
            path: None,
            entries,
        })
    }

    /// As a person reads it.
    pub(super) fn in_words(all: &[Self]) -> String {
        let one = |compared: &Self| {
            let entries = counted(compared.entries, "entry", "entries");
            match (compared.with, &compared.path) {
                ("mirror", Some(path)) => format!("the mirror {path} ({entries})"),
                (_, Some(path)) => format!("the checkpoint {path} ({entries})"),
                (_, None) => format!("the token's checkpoint ({entries})"),
            }
        };
        let each: Vec<_> = all.iter().map(one).collect();
        if each.is_empty() {
            return "nothing from elsewhere: an older copy of the whole ledger would not be seen"
                .to_owned();
        }
        each.join(", ")
    }
}

/// The entries at which a mirror was begun, in their order; nobody is told of one alone.
pub(in crate::cli) fn mirror_begun(home: &StationHome) -> Result<Vec<u64>, LedgerError> {
    let reader = Reader::open(&home.ledger())?;
    let mut begun = Vec::new();
    for leaf in reader.events_of_kinds(Kinds::MirrorsBegun, 0) {
        let (index, bytes) = leaf?;
        if Leaf::decode(&bytes).is_ok_and(|leaf| matches!(leaf.fact, Fact::MirrorBegun(_))) {
            begun.push(index);
        }
    }
    Ok(begun)
}

/// What the token keeps of the ledger, or why that is not known.
pub(super) enum KeptByToken {
    Notes(Vec<String>),
    Unknown(String),
}

/// Reads what the token keeps, before hours are spent on the rest. Where the token cannot be read, nothing follows from
/// it unless somebody insists: an auditor has the books and no token.
pub(super) fn kept_by_token(context: &Context, insists: bool) -> Result<KeptByToken, Failure> {
    match kept_checkpoint::where_readable(context, insists) {
        Ok(notes) if insists && notes.is_empty() => Err(Failure::check(
            "the ledger was not compared with the token",
            "the token keeps no checkpoint of this ledger",
            "use the token of this home; it keeps one from the first batch on",
        )),
        Ok(notes) => Ok(KeptByToken::Notes(notes)),
        Err(failure) if insists => Err(failure),
        Err(failure) => Ok(KeptByToken::Unknown(failure.why().to_owned())),
    }
}

impl KeptByToken {
    /// Adds what the token's checkpoint shows; gives why it shows nothing, where that is so.
    pub(super) fn compare(
        self,
        home: &StationHome,
        key: &VerifierKey,
        report: &mut Report,
        compared: &mut Vec<Compared>,
    ) -> Result<Option<String>, LedgerError> {
        match self {
            Self::Notes(notes) if notes.is_empty() => Ok(Some("it keeps none yet".to_owned())),
            Self::Notes(notes) => {
                let found = Reader::open(&home.ledger())?.against_kept(key, &notes)?;
                report.findings.extend(found);
                compared.extend(Compared::token(&notes, key));
                Ok(None)
            }
            Self::Unknown(why) => Ok(Some(why)),
        }
    }
}

/// What contradicts the ledger, seen from its mirror and its token. What holds nothing, or cannot be read without asking
/// a person, is told, and contradicts nothing.
pub(super) fn contradictions(
    context: &Context,
    home: &StationHome,
    key: &VerifierKey,
) -> Result<Vec<Damage>, Failure> {
    let reader = Reader::open(&home.ledger())?;
    let mut found = Vec::new();
    if let Some(path) = home.config().ledger.checkpoint_mirror.as_deref() {
        match mirrored(path)? {
            Some(note) => {
                found.extend(reader.against_mirror(key, KeptElsewhere { path, note: &note })?);
            }
            None => context.output.notice(&format!(
                "the ledger was not compared with its mirror: {}",
                no_mirror(path).why()
            )),
        }
    }
    match kept_checkpoint::where_readable(context, false) {
        Ok(kept) => found.extend(reader.against_kept(key, &kept)?),
        Err(failure) => context.output.notice(&format!(
            "the token's checkpoint was not compared: {}",
            failure.why()
        )),
    }
    Ok(found)
}

/// Refuses where the ledger is contradicted.
pub(super) fn refuse_contradicted(
    context: &Context,
    home: &StationHome,
    key: &VerifierKey,
) -> Result<(), Failure> {
    match contradictions(context, home, key)?.first() {
        Some(first) => Err(super::tampered(&first.to_string())),
        None => Ok(()),
    }
}

/// The newest checkpoint that counts for the configuration's witnesses, where there are any; where it asks for some,
/// there must be one.
pub(super) fn seen_by_witnesses(
    home: &StationHome,
    key: &VerifierKey,
) -> Result<Option<Seen>, Failure> {
    let policy = policy(home)?;
    if policy.witnesses.is_empty() {
        return Ok(None);
    }
    let reader = Reader::open(&home.ledger())?;
    match newest(&reader, key, &policy)? {
        Some(chosen) => Ok(Some(Seen {
            witnessed_entries: chosen.stored.size,
            cosigned: chosen.witnessed,
            quorum: policy.quorum,
        })),
        None => Err(Failure::check(
            "no checkpoint is cosigned as the configuration asks",
            format_args!(
                "{} of {} witnesses must have cosigned one",
                policy.quorum,
                policy.witnesses.len()
            ),
            "let the witnesses cosign one, and add it with station ledger cosign add",
        )),
    }
}

impl Seen {
    /// Tells it.
    pub(super) fn tell(&self, context: &Context) {
        let words = Witnessed::in_words(&self.cosigned);
        let text = format!(
            "  the checkpoint over {} is {words}",
            counted(self.witnessed_entries, "entry", "entries")
        );
        context.output.fact(self, &text);
    }
}
