//! Which witnesses have seen a checkpoint, and which checkpoint counts.

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::clock::UtcMillis;
use crate::ledger::Reader;
use crate::ledger::checkpoint::{Checkpoint, VerifierKey};
use crate::ledger::cosignature::{Cosignature, WitnessKey, WitnessPolicy};
use crate::ledger::reader::StoredCheckpoint;
use crate::station_home::StationHome;

/// A witness that has cosigned, for people and programs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Witnessed {
    /// Its name in the note.
    witness: String,
    /// When, by its clock.
    time: String,
}

impl Witnessed {
    pub(super) fn all(cosignatures: &[Cosignature]) -> Vec<Self> {
        let told = |one: &Cosignature| Self {
            witness: one.witness.clone(),
            time: UtcMillis(one.time_s.saturating_mul(1000)).to_string(),
        };
        cosignatures.iter().map(told).collect()
    }

    /// What its cosignature says of a log.
    pub(super) fn has_seen(&self, log: &str) -> String {
        format!(
            "witness {} saw this log of {log} at {}",
            self.witness, self.time
        )
    }

    pub(super) fn in_words(witnessed: &[Self]) -> String {
        let each = witnessed
            .iter()
            .map(|one| format!("{} at {}", one.witness, one.time));
        let each: Vec<_> = each.collect();
        if each.is_empty() {
            return "cosigned by no known witness".to_owned();
        }
        format!("cosigned by {}", each.join(", "))
    }
}

/// The checkpoint under which something is told.
pub(super) struct Chosen {
    pub(super) stored: StoredCheckpoint,
    pub(super) checkpoint: Checkpoint,
    pub(super) witnessed: Vec<Witnessed>,
}

/// What the home's configuration asks for.
pub(super) fn policy(home: &StationHome) -> Result<WitnessPolicy, Failure> {
    let config = &home.config().ledger;
    let parse = |witness: &crate::station_home::WitnessConfig| {
        WitnessKey::parse(&witness.vkey).map_err(|error| {
            Failure::usage(
                format_args!("cannot know witness {:?}", witness.name),
                error,
                format_args!("correct its vkey in {}", home.config_path().display()),
            )
        })
    };
    let witnesses = config
        .witnesses
        .iter()
        .map(parse)
        .collect::<Result<_, _>>()?;
    let quorum = config.witness_quorum.unwrap_or(0);
    Ok(WitnessPolicy {
        witnesses,
        quorum: usize::try_from(quorum).unwrap_or(usize::MAX),
    })
}

/// The newest checkpoint that counts: with enough cosignatures, where that is asked for. None where none does.
pub(super) fn newest(
    reader: &Reader,
    key: &VerifierKey,
    policy: &WitnessPolicy,
) -> Result<Option<Chosen>, Failure> {
    for stored in reader.checkpoints() {
        let stored = stored?;
        // Most notes have no signature but the ledger's: nothing to verify there.
        if policy.quorum > 0 && stored.note.matches("\n\u{2014} ").count() <= policy.quorum {
            continue;
        }
        let checkpoint = Checkpoint::open(&stored.note, key);
        let checkpoint = checkpoint.map_err(|error| super::tampered(&error.to_string()))?;
        let (cosignatures, enough) = policy
            .judge(&stored.note)
            .map_err(|error| super::tampered(&error.to_string()))?;
        if enough {
            return Ok(Some(Chosen {
                witnessed: Witnessed::all(&cosignatures),
                stored,
                checkpoint,
            }));
        }
    }
    Ok(None)
}

/// The same, where it must cover so many entries.
pub(super) fn newest_over(
    reader: &Reader,
    key: &VerifierKey,
    policy: &WitnessPolicy,
    entries: u64,
) -> Result<Chosen, Failure> {
    let newest = newest(reader, key, policy)?;
    let covered = newest.as_ref().map_or(0, |chosen| chosen.stored.size);
    if let Some(chosen) = newest
        && covered >= entries
    {
        return Ok(chosen);
    }
    let last = entries.saturating_sub(1);
    if policy.quorum == 0 {
        return Err(Failure::check(
            format_args!("entry {last} cannot be proven"),
            format_args!("the last checkpoint covers {covered} entries"),
            "make one over it with station ledger checkpoint",
        ));
    }
    Err(Failure::check(
        format_args!("entry {last} cannot be proven as the configuration asks"),
        format_args!(
            "the last checkpoint that {} of {} witnesses have cosigned covers {covered} entries",
            policy.quorum,
            policy.witnesses.len()
        ),
        "let the witnesses cosign a newer one, and add it with station ledger cosign add",
    ))
}
