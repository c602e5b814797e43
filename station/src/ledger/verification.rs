//! The whole log recomputed from the bytes of its leaves: `station ledger verify`.
//!
//! Only the bytes of the entries, the checkpoints' notes and the key are believed; every other column is
//! recomputed and compared. A ledger that was replaced as a whole by an older copy of itself is
//! consistent; only a checkpoint from elsewhere shows it, and one can be given.
//!
//! Three passes, each over the whole log and on all cores. Memory does not grow with the ledger, but for one hash
//! for each 8192 entries and one chain for each batch.

mod signatures;
mod views;
mod workspace;

use std::path::Path;

use super::checkpoint::VerifierKey;
use super::error::{Damage, LedgerError};
use super::integrity::KeptElsewhere;
use super::merkle_tree::Frontier;
use super::proof::TreeHead;
use super::reader::Reader;
use super::{integrity, log_check, log_store, on_all_cores};

/// Findings that are told one by one; more say nothing new.
pub const FINDINGS_MAX: usize = 100;

/// A part of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Every leaf against its hash, every hash and node against the tree.
    Log,
    /// Every checkpoint: its signature, and its root against the tree. The log pass comes before it.
    Signatures,
    /// What the entries say: decoded, judged, chained, and the views made from them again.
    Views,
}

impl Pass {
    /// All of them, in their order.
    pub const ALL: [Self; 3] = [Self::Log, Self::Signatures, Self::Views];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Signatures => "signatures",
            Self::Views => "views",
        }
    }
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Size and root of the log, as recomputed.
    pub head: TreeHead,
    /// How many of the entries the last good checkpoint covers.
    pub covered: u64,
    /// How many checkpoints were checked.
    pub checkpoints: u64,
    /// How many batches there are.
    pub batches: u64,
    /// From which entry on the views were made again, where an interrupted verification had made the others.
    pub resumed_at: u64,
    /// What is wrong, in the order in which it was found; at most [`FINDINGS_MAX`].
    pub findings: Vec<Damage>,
}

impl Default for Report {
    fn default() -> Self {
        let tree = Frontier::default();
        Self {
            head: TreeHead {
                size: tree.size(),
                root: tree.root(),
            },
            covered: 0,
            checkpoints: 0,
            batches: 0,
            resumed_at: 0,
            findings: Vec::new(),
        }
    }
}

impl Report {
    /// What is wrong among the fewest entries.
    #[must_use]
    pub fn narrowest(&self) -> Option<&Damage> {
        self.findings.iter().min_by_key(|found| found.spread())
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Verifies the whole ledger under the key that its home pins, and against a checkpoint from elsewhere
/// (a mirror, a manifest) where one is given. A station may be running meanwhile.
///
/// # Errors
/// [`LedgerError`] where the file cannot be read at all, or is of another key. Damage is in the report.
pub fn verify(
    path: &Path,
    key: &VerifierKey,
    elsewhere: Option<KeptElsewhere<'_>>,
) -> Result<Report, LedgerError> {
    let mut verification = Verification::begin(path, key, elsewhere)?;
    for pass in Pass::ALL {
        verification.run(pass, None, &|_| {})?;
    }
    Ok(verification.report())
}

/// What cannot be read at all, with the first entry of which that is so.
fn named(path: &Path, error: LedgerError) -> LedgerError {
    let LedgerError::Damaged(Damage::Sqlite(said)) = error else {
        return error;
    };
    let readable = log_store::connect_to_remains(path).and_then(|log| integrity::readable(&log));
    match readable {
        Ok(from) => Damage::Unreadable { from, said }.into(),
        Err(_) => Damage::Sqlite(said).into(),
    }
}

/// A verification, pass by pass, of one commit.
#[derive(Debug)]
pub struct Verification {
    readers: Vec<Reader>,
    key: VerifierKey,
    size: u64,
    report: Report,
}

impl Verification {
    /// Opens the ledger, and compares it with a checkpoint from elsewhere.
    ///
    /// # Errors
    /// As [`verify`].
    pub fn begin(
        path: &Path,
        key: &VerifierKey,
        elsewhere: Option<KeptElsewhere<'_>>,
    ) -> Result<Self, LedgerError> {
        let readers = on_all_cores::snapshots(path).map_err(|error| named(path, error))?;
        let mut verification = Self {
            readers,
            key: key.clone(),
            size: 0,
            report: Report::default(),
        };
        if let Some(reader) = verification.readers.first_mut() {
            let named = integrity::opening_key(reader.connection())?;
            if named != *key {
                return Err(LedgerError::OtherKey {
                    expected: named.to_string(),
                    got: key.to_string(),
                });
            }
            verification.size = reader.size()?;
            let compared =
                elsewhere.map(|kept| integrity::check_elsewhere(reader.connection(), key, kept));
            match compared {
                None | Some(Ok(())) => {}
                Some(Err(LedgerError::Damaged(damage))) => verification.found([damage]),
                Some(Err(error)) => return Err(error),
            }
        }
        Ok(verification)
    }

    /// How many entries each pass reads.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Runs a pass; `watch` is told how many entries it has done, from any thread. In a `workspace`, a folder that
    /// belongs to this user alone, the view pass goes on where an interrupted one ended.
    ///
    /// # Errors
    /// Where the file cannot be read. Damage is in the report.
    pub fn run(
        &mut self,
        pass: Pass,
        workspace: Option<&Path>,
        watch: &(dyn Fn(u64) + Sync),
    ) -> Result<(), LedgerError> {
        match self.run_pass(pass, workspace, watch) {
            // The passes after it may say more.
            Err(LedgerError::Damaged(damage @ Damage::Sqlite(_))) => {
                self.found([damage]);
                Ok(())
            }
            done => done,
        }
    }

    fn run_pass(
        &mut self,
        pass: Pass,
        workspace: Option<&Path>,
        watch: &(dyn Fn(u64) + Sync),
    ) -> Result<(), LedgerError> {
        let (readers, size) = (&mut self.readers[..], self.size);
        match pass {
            Pass::Log => {
                let checked = log_check::check(readers, size, watch)?;
                self.report.head = TreeHead {
                    size: checked.tree.size(),
                    root: checked.tree.root(),
                };
                self.found(checked.found);
            }
            Pass::Signatures => {
                let checked = signatures::check(readers, &self.key, size, watch)?;
                self.report.checkpoints = checked.checkpoints;
                self.report.covered = checked.covered;
                self.found(checked.found);
            }
            Pass::Views => {
                let checked = views::check(readers, size, workspace, watch)?;
                self.report.batches = checked.batches;
                self.report.resumed_at = checked.resumed_at;
                self.found(checked.found);
            }
        }
        Ok(())
    }

    fn found(&mut self, damage: impl IntoIterator<Item = Damage>) {
        let findings = &mut self.report.findings;
        let room = FINDINGS_MAX.saturating_sub(findings.len());
        findings.extend(damage.into_iter().take(room));
    }

    /// What the passes found.
    #[must_use]
    pub fn report(self) -> Report {
        self.report
    }
}
