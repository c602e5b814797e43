//! `[ledger]` of `station.toml`: where checkpoints go, how often, and who must have seen them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::config::Reader;
use super::config_fault::ConfigFault;

/// Shortest and longest time between two checkpoints that nobody asked for, in seconds.
const CHECKPOINT_INTERVAL_S: RangeInclusive<u32> = 1..=86_400;

/// Most witnesses: with the ledger's own signature, a note has no room for more.
const WITNESSES_MAX: usize = 15;

/// Longest name of a witness, in bytes.
const WITNESS_NAME_BYTES_MAX: usize = 64;

/// `[ledger]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerConfig {
    /// A file, best on another machine's disk, that gets every checkpoint before it counts as durable.
    pub checkpoint_mirror: Option<PathBuf>,
    /// While a line runs, a checkpoint is made after so many seconds; none: only where one is needed.
    pub checkpoint_interval_s: Option<u32>,
    /// How many witnesses must have cosigned a checkpoint for it to count; none: they are told, not asked for.
    pub witness_quorum: Option<u32>,
    /// The witnesses whose cosignatures are known.
    pub witnesses: Vec<WitnessConfig>,
}

/// `[[ledger.witness]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessConfig {
    /// What people here call it.
    pub name: String,
    /// Its verifier key, as it publishes it.
    pub vkey: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLedger {
    checkpoint_mirror: Option<PathBuf>,
    checkpoint_interval_s: Option<Spanned<u32>>,
    witness_quorum: Option<Spanned<u32>>,
    #[serde(default)]
    witness: Vec<RawWitness>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWitness {
    name: Spanned<String>,
    vkey: Spanned<String>,
}

impl RawLedger {
    pub(super) fn check(self, at: &Reader<'_>) -> Result<LedgerConfig, ConfigFault> {
        if let Some(interval) = &self.checkpoint_interval_s
            && !CHECKPOINT_INTERVAL_S.contains(interval.get_ref())
        {
            let problem = "checkpoint_interval_s is out of range";
            return Err(at.fault(&interval.span(), problem, "use 1 to 86400, or remove it"));
        }
        let witnesses = witnesses(self.witness, at)?;
        if let Some(quorum) = &self.witness_quorum {
            let known = u32::try_from(witnesses.len()).unwrap_or(u32::MAX);
            if !(1..=known).contains(quorum.get_ref()) {
                let problem =
                    format!("witness_quorum is out of range: {known} witnesses are listed");
                let hint = "use 1 to the number of [[ledger.witness]], or remove it";
                return Err(at.fault(&quorum.span(), problem, hint));
            }
        }
        Ok(LedgerConfig {
            checkpoint_mirror: self.checkpoint_mirror,
            checkpoint_interval_s: self.checkpoint_interval_s.map(Spanned::into_inner),
            witness_quorum: self.witness_quorum.map(Spanned::into_inner),
            witnesses,
        })
    }
}

fn witnesses(raw: Vec<RawWitness>, at: &Reader<'_>) -> Result<Vec<WitnessConfig>, ConfigFault> {
    if let Some(beyond) = raw.get(WITNESSES_MAX) {
        let problem = format!("more than {WITNESSES_MAX} witnesses");
        return Err(at.fault(&beyond.name.span(), problem, "keep those that you ask"));
    }
    let (mut names, mut keys) = (BTreeSet::new(), BTreeSet::new());
    let check = |raw: RawWitness| {
        let name = raw.name.get_ref();
        if name.is_empty() || name.len() > WITNESS_NAME_BYTES_MAX || name.contains(char::is_control)
        {
            let hint = "use 1 to 64 bytes without control characters";
            return Err(at.fault(&raw.name.span(), "no name for a witness", hint));
        }
        if !names.insert(name.clone()) {
            let problem = format!("witness {name:?} is listed twice");
            return Err(at.fault(&raw.name.span(), problem, "give each witness its own name"));
        }
        // One witness under two names would count twice.
        let key = raw.vkey.get_ref().rsplit('+').next().unwrap_or_default();
        if !keys.insert(key.to_owned()) {
            let problem = "another witness has this key already";
            return Err(at.fault(&raw.vkey.span(), problem, "list each witness once"));
        }
        Ok(WitnessConfig {
            name: raw.name.into_inner(),
            vkey: raw.vkey.into_inner(),
        })
    };
    raw.into_iter().map(check).collect()
}
