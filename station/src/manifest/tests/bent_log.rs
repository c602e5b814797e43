//! Changes what the log of a test batch says behind the back of the statement about it.

use std::collections::BTreeMap;

use super::batch::TestBatch;
use crate::ledger::event::Fact;
use crate::ledger::leaf::Leaf;
use crate::ledger::merkle_tree::leaf_hash;
use crate::manifest::offline_verifier::verify;

impl TestBatch {
    /// Changes one leaf, and neither what the statement will say nor that each leaf names the one before it.
    pub(super) fn lie(&mut self, index: u64, bend: impl FnOnce(&mut Leaf)) {
        let (mut bend, mut heads) = (Some(bend), BTreeMap::new());
        for one in &mut self.events {
            let mut leaf = Leaf::decode(one.leaf.as_bytes()).unwrap();
            let before = one.event.batch.as_ref().and_then(|of| heads.get(of));
            if one.index > index
                && let Some(at) = &mut leaf.position
            {
                at.prev = before.copied();
                if let (Fact::BatchClosed { head, .. }, Some(prev)) = (&mut leaf.fact, at.prev) {
                    *head = prev.into();
                    one.event.fact = leaf.fact.clone();
                }
            }
            if one.index == index {
                bend.take().unwrap()(&mut leaf);
            }
            let bytes = leaf.encode().unwrap();
            if let Some(of) = &one.event.batch {
                heads.insert(of.clone(), leaf_hash(&bytes));
            }
            one.leaf = String::from_utf8(bytes.clone()).unwrap();
            self.leaves[usize::try_from(one.index).unwrap()] = bytes;
        }
        for clock in &mut self.clock_accepted {
            let same = self.events.iter().find(|one| one.index == clock.index);
            clock.leaf = same.unwrap().leaf.clone();
        }
    }

    /// Makes the event say what its leaf says now, so that the statement will.
    pub(super) fn believe(&mut self, index: u64) {
        let mut events = self.events.iter_mut();
        let one = events.find(|one| one.index == index).unwrap();
        one.event.fact = Leaf::decode(one.leaf.as_bytes()).unwrap().fact;
    }

    /// The index of the first event of that kind.
    pub(super) fn first(&self, kind: &str) -> u64 {
        let mut events = self.events.iter();
        let found = events.find(|one| one.event.fact.kind() == kind);
        found.unwrap_or_else(|| panic!("no {kind}")).index
    }

    /// The index of the last event of that kind.
    pub(super) fn last(&self, kind: &str) -> u64 {
        let mut events = self.events.iter().rev();
        let found = events.find(|one| one.event.fact.kind() == kind);
        found.unwrap_or_else(|| panic!("no {kind}")).index
    }

    /// The first contradiction in the statement about the log as it is.
    #[track_caller]
    pub(super) fn refusal(&self) -> String {
        let statement = self.assembled().unwrap();
        let verified = verify(&self.file(&statement), &self.pki.root);
        verified.map(drop).unwrap_err().to_string()
    }
}

/// A closed batch of every kind of board, in which somebody has set the clock too.
pub(super) fn closed() -> TestBatch {
    let mut batch = TestBatch::of_every_kind();
    batch.accept_clock();
    batch.close();
    batch
}
