//! What follows from a verified manifest, and what does not, in sentences for people.

use super::ledger_proof;
use super::offline_verifier::VerifiedManifest;
use crate::ledger::event::BatchTally;

impl VerifiedManifest {
    /// What follows from the verification, in sentences.
    #[must_use]
    pub fn proves(&self) -> Vec<String> {
        let predicate = &self.statement().predicate;
        let ledger = &predicate.ledger;
        let rows = match predicate.counts.presented {
            1 => "this one row".to_owned(),
            many => format!("these {many} rows"),
        };
        vec![
            format!(
                "station {} signed exactly {rows} with a key that the trusted root certified for signing \
                 manifests",
                predicate.station
            ),
            format!(
                "the counts, the order, the serials and the certificates agree with the rows: {} passed",
                predicate.counts.passed
            ),
            format!(
                "each session, certificate, receipt, revocation, scrapping and cleared hold says what its own entries \
                 in the ledger say, and the ledger's key signed a checkpoint over all entries from {} to {}",
                ledger.first_index, ledger.last_index
            ),
            match self.tally() {
                None => format!("the batch was closed with {} events", ledger.event_count),
                Some(BatchTally { further: None, .. }) => format!(
                    "the batch was closed with {} events; sessions, verdicts, certificates, receipts and scrappings \
                     are as many as its closing event counts, so no board is left out",
                    ledger.event_count
                ),
                Some(_) => format!(
                    "the batch was closed with {} events; sessions, verdicts, proven UIDs, certificates, receipts, \
                     revocations and scrappings are as many as its closing event counts, so no board is left out",
                    ledger.event_count
                ),
            },
        ]
    }

    /// What the closing event counts; it was read before.
    fn tally(&self) -> Option<BatchTally> {
        ledger_proof::tally(&self.statement().predicate.ledger).ok()?
    }

    /// What does not follow from it, in sentences.
    #[must_use]
    pub fn does_not_prove(&self) -> Vec<String> {
        let predicate = &self.statement().predicate;
        let mut limits = vec![
            format!(
                "when it was signed: the certificates were judged at {}, the time that the station states",
                predicate.signed_at
            ),
            "that the station shows everybody the same ledger: a fork shows only against a mirror, \
             a witness or an earlier checkpoint"
                .to_owned(),
            "that a certificate is still live: ask the station's keeper for revocations after the closing"
                .to_owned(),
            "firmware, measurements and holds: these are the signer's word; the ledger's entries show them \
             (station ledger prove)"
                .to_owned(),
        ];
        match self.tally() {
            None => limits.push(
                "that no board, receipt or scrapping is left out: the batch was closed by an older program, \
                 whose closing event counts nothing"
                    .to_owned(),
            ),
            Some(BatchTally { further: None, .. }) => limits.push(
                "that no revocation, proven UID or event with terms is left out: the batch was closed by an older \
                 program, whose closing event does not count them"
                    .to_owned(),
            ),
            Some(_) => {}
        }
        if !predicate.clock_accepted.is_empty() {
            limits.push(format!(
                "in which order things happened by the times stated: the station's clock was set {} \
                 times since the batch was opened, each accepted by an operator",
                predicate.clock_accepted.len()
            ));
        }
        if predicate.development {
            limits.push(
                "anything to a customer: the root certified this station for development only"
                    .to_owned(),
            );
        }
        limits
    }
}
