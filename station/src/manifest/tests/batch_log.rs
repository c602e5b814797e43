//! What the ledger of a test batch has to show for it.

use std::collections::HashMap;

use firmware_proto::Digest;

use super::batch::{SIGNED_AT, TestBatch, batch};
use crate::encoding::Hex;
use crate::identity::signer::PublicKey;
use crate::ledger::checkpoint::{Checkpoint, VerifierKey, origin};
use crate::ledger::event::Fact;
use crate::ledger::merkle_tree::{Frontier, NodeId, leaf_hash};
use crate::ledger::proof::{TreeHead, inclusion};
use crate::ledger::range_proof::RangeProof;
use crate::manifest::assemble::{BatchHead, LogProof, NotExportable, Operators, assemble};
use crate::manifest::board_rows::Noted;
use crate::manifest::statement::Statement;
use crate::names::StationName;

impl TestBatch {
    /// The whole log so far, with an event after it: its nodes and its head.
    fn tree(&self) -> (HashMap<NodeId, Digest>, TreeHead) {
        let mut leaves = self.leaves.clone();
        leaves.push(b"an event after the batch".to_vec());
        let (mut frontier, mut nodes) = (Frontier::default(), HashMap::<NodeId, Digest>::new());
        for leaf in &leaves {
            nodes.extend(
                frontier
                    .append(leaf_hash(leaf))
                    .iter()
                    .map(|node| (node.id, node.hash)),
            );
        }
        let head = TreeHead {
            size: frontier.size(),
            root: frontier.root(),
        };
        (nodes, head)
    }

    /// What the ledger holds of the batch but for its boards.
    pub(super) fn head(&self) -> BatchHead {
        let own = |one: &&Noted| one.event.batch == Some(batch());
        let of_batch = || self.events.iter().filter(own).cloned();
        let terms = |one: &Noted| matches!(one.event.fact, Fact::BatchTermsRecorded(_));
        let (opening, last) = (of_batch().next().unwrap(), of_batch().next_back().unwrap());
        let station = StationName::parse("line-7").unwrap();
        let name = origin(&station);
        let (nodes, head) = self.tree();
        let range = RangeProof::make(&nodes, opening.index, last.index + 1, head.size);
        let key = PublicKey::P256(self.pki.ledger_key.point());
        let key = VerifierKey::new(&name, key).unwrap();
        let checkpoint = Checkpoint {
            origin: name.clone(),
            head,
        };
        let signature = self.pki.ledger_key.sign(checkpoint.text().as_bytes());
        let mut operators = Operators::default();
        of_batch().for_each(|one| operators.add(&one.event.fact));
        let cleared = self.events.iter().filter_map(|one| match &one.event.fact {
            Fact::HoldCleared { lane, .. } => Some((lane.clone(), one.index)),
            _ => None,
        });
        let clears = |one: &Noted| matches!(one.event.fact, Fact::BatchHoldCleared { .. });
        BatchHead {
            batch: batch(),
            station,
            development: true,
            opening,
            terms: of_batch().find(terms),
            last,
            operators,
            clock_accepted: self.clock_accepted.clone(),
            holds_cleared: of_batch().filter(clears).collect(),
            scrapped_apart: Vec::new(),
            cleared: cleared.collect(),
            proof: LogProof {
                origin: name,
                vkey: key.to_string(),
                checkpoint: checkpoint.into_note(&key, &signature).unwrap(),
                range: range.unwrap().unwrap_or_default(),
            },
            with_measurements: false,
        }
    }

    /// Every event, with a proof where it is not in the batch's range.
    pub(super) fn noted(&self) -> Vec<Noted> {
        let (nodes, tree) = self.tree();
        let head = self.head();
        let within = head.opening.index..=head.last.index;
        let proven = |mut one: Noted| {
            if !within.contains(&one.index) {
                let path = inclusion(&nodes, one.index, tree.size).unwrap().unwrap();
                one.proof = Some(path.into_iter().map(Hex::from).collect());
            }
            one
        };
        self.events.iter().cloned().map(proven).collect()
    }

    /// The leaf hashes of the batch's range.
    pub(super) fn hashes(&self) -> Vec<Digest> {
        let head = self.head();
        let range = head.opening.index..=head.last.index;
        range.map(|index| self.hash_of(index)).collect()
    }

    /// The statement about the batch as it is.
    pub(super) fn assembled(&self) -> Result<Statement, NotExportable> {
        let chain = vec![self.pki.signer.clone()];
        assemble(self.head(), &self.noted(), &self.hashes(), chain, SIGNED_AT)
    }

    /// The statement about the batch, which is closed first.
    pub(super) fn statement(&mut self) -> Statement {
        self.close();
        self.assembled().unwrap()
    }
}
