//! The sums of a manifest, added up row by row.

use serde::{Deserialize, Serialize};

use super::board_row::{BoardRow, CertificateStatus};
use crate::verdict::{Outcome, VerdictCode};

/// The sums over all rows; `presented` is the sum of `passed`, `already_provisioned`, `failed` and `unjudged`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Rows.
    pub presented: u64,
    /// Boards provisioned in this batch whose certificate is live.
    pub passed: u64,
    /// Good boards that had been provisioned in another batch.
    pub already_provisioned: u64,
    /// Boards that were found not good.
    pub failed: u64,
    /// Boards of which nothing was found out: the station was at fault or its work was interrupted.
    pub unjudged: u64,
    /// Boards that passed after an earlier session in this batch in which they had failed.
    pub reworked: u64,
    /// Boards that did not pass and were thrown away, as somebody recorded.
    pub scrapped: u64,
    /// Boards that did not pass and whose last session put a hold on its lane that was not cleared.
    pub still_held: u64,
    /// Boards of which nobody knows whether they are locked. A closed batch has none.
    pub in_doubt: u64,
    /// Sessions in which no board said who it is; they belong to no row.
    pub unidentified_sessions: u64,
    /// Certificates issued in this batch.
    pub certificates_issued: u64,
    /// Of these: how many are live.
    pub certificates_live: u64,
    /// And how many are revoked.
    pub certificates_revoked: u64,
    /// Rows by verdict code, in the order of the list of codes.
    pub by_code: Vec<CodeCount>,
}

/// How many rows have a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeCount {
    /// The code.
    pub code: VerdictCode,
    /// Rows with it.
    pub boards: u64,
}

/// Adds rows up.
#[derive(Clone, Debug)]
pub struct Summing {
    counts: Counts,
    /// In the order of the list of codes.
    by_code: Vec<u64>,
}

impl Summing {
    /// Nothing yet but these sessions.
    #[must_use]
    pub fn new(unidentified_sessions: u64) -> Self {
        Self {
            counts: Counts {
                unidentified_sessions,
                ..Counts::default()
            },
            by_code: vec![0; VerdictCode::ALL.len()],
        }
    }

    /// Adds a row.
    pub fn add(&mut self, row: &BoardRow) {
        let counts = &mut self.counts;
        counts.presented += 1;
        counts.reworked += u64::from(row.reworked);
        counts.scrapped += u64::from(row.scrapping().is_some());
        counts.still_held += u64::from(row.held);
        counts.in_doubt += u64::from(row.in_doubt());
        *match (row.verdict, row.passed()) {
            (Outcome::Pass, true) => &mut counts.passed,
            (Outcome::Pass, false) => &mut counts.already_provisioned,
            (Outcome::Fail, _) => &mut counts.failed,
            (Outcome::Error, _) => &mut counts.unjudged,
        } += 1;
        for one in &row.certificates {
            counts.certificates_issued += 1;
            match one.status {
                CertificateStatus::Live => counts.certificates_live += 1,
                CertificateStatus::Revoked => counts.certificates_revoked += 1,
            }
        }
        let codes = VerdictCode::ALL.iter().zip(&mut self.by_code);
        for (_, boards) in codes.filter(|(code, _)| Some(**code) == row.code) {
            *boards += 1;
        }
    }

    /// Adds a session that belongs to no row.
    pub fn add_unidentified(&mut self) {
        self.counts.unidentified_sessions += 1;
    }

    /// How many rows there were.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.counts.presented
    }

    /// The sums.
    #[must_use]
    pub fn total(&self) -> Counts {
        let codes = VerdictCode::ALL.iter().zip(&self.by_code);
        let by_code = codes
            .filter(|(_, boards)| **boards > 0)
            .map(|(code, boards)| CodeCount {
                code: *code,
                boards: *boards,
            });
        Counts {
            by_code: by_code.collect(),
            ..self.counts.clone()
        }
    }
}

impl Counts {
    /// Counts the rows.
    #[must_use]
    pub fn of(rows: &[BoardRow], unidentified_sessions: u64) -> Self {
        let mut sums = Summing::new(unidentified_sessions);
        for row in rows {
            sums.add(row);
        }
        sums.total()
    }

    /// Rows without a code: of these boards every session was interrupted, or is not over.
    #[must_use]
    pub fn without_code(&self) -> u64 {
        let coded = self.by_code.iter().map(|one| one.boards).sum();
        self.presented.saturating_sub(coded)
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} presented, {} passed, {} already provisioned, {} failed, {} unjudged, {} reworked, \
             {} scrapped, {} still held; {} certificates issued, {} live, {} revoked",
            self.presented,
            self.passed,
            self.already_provisioned,
            self.failed,
            self.unjudged,
            self.reworked,
            self.scrapped,
            self.still_held,
            self.certificates_issued,
            self.certificates_live,
            self.certificates_revoked
        )
    }
}
