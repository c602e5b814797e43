//! One proof for a run of entries: the hashes beside it that give, with its leaf hashes, the tree's root.
//!
//! Pure. A path for each of a batch's entries would repeat nearly the same hashes for every one of them;
//! this is at most 64 hashes on either side, whatever the length of the run. Who checks it takes the leaf
//! hashes one by one and keeps the tree's right edge only.

use firmware_proto::Digest;
use thiserror::Error;

use super::merkle_tree::{Frontier, NodeSource};
use super::proof::root_of;

/// The subtrees beside the entries from `first` up to `end`, exclusive, in a tree of `size` entries: those of
/// the RFC 6962 tree that hold none of these entries and whose parents do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeProof {
    /// Over the entries before `first`, the leftmost first: one for each bit of `first`.
    pub left: Vec<Digest>,
    /// Over the entries from `end` on, the leftmost first. The last may be over an incomplete subtree.
    pub right: Vec<Digest>,
}

/// The most hashes on one side: one for each bit of a tree size.
pub const SIDE_HASHES_MAX: usize = 64;

impl RangeProof {
    /// The proof for the entries `first..end` of the tree of `size` entries. None where these are no
    /// entries of it, or not a single one.
    ///
    /// # Errors
    /// Those of the source.
    pub fn make<S: NodeSource>(
        source: &S,
        first: u64,
        end: u64,
        size: u64,
    ) -> Result<Option<Self>, S::Error> {
        if first >= end || end > size {
            return Ok(None);
        }
        let left = Frontier::peak_ids(first).map(|id| source.node(id));
        let right =
            (Beside { at: end, size }).map(|beside| root_of(source, beside.start..beside.end));
        Ok(Some(Self {
            left: left.collect::<Result<_, _>>()?,
            right: right.collect::<Result<_, _>>()?,
        }))
    }
}

/// A subtree to the right of a run: its entries, and the level that it has when it is complete.
struct Subtree {
    start: u64,
    end: u64,
    level: u8,
}

/// The subtrees from `at` to the end. Each is the right brother of what ends at `at`, so it is as large as
/// that one, or as what there is.
struct Beside {
    at: u64,
    size: u64,
}

impl Iterator for Beside {
    type Item = Subtree;

    fn next(&mut self) -> Option<Subtree> {
        if self.at == 0 || self.at >= self.size {
            return None;
        }
        let level = self.at.trailing_zeros();
        let start = self.at;
        let end = start.saturating_add(1 << level).min(self.size);
        self.at = end;
        Some(Subtree {
            start,
            end,
            // At most 63, since `at` is a u64 and not 0.
            level: u8::try_from(level).unwrap_or(u8::MAX),
        })
    }
}

/// Why a range proof gives no root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RangeFault {
    /// The run begins behind the tree's end.
    #[error("a run from entry {first} in a tree of {size} entries")]
    Outside {
        /// Where it begins.
        first: u64,
        /// How many entries the tree has.
        size: u64,
    },
    /// Too many or too few hashes for the entries before the run.
    #[error("{got} hashes before the run, where there are {expected}")]
    Left {
        /// How many belong there.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// Too many or too few hashes for the entries after the run.
    #[error("{got} hashes after the run, where there are {expected}")]
    Right {
        /// How many belong there.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// No leaf at all.
    #[error("a run without entries")]
    Empty,
    /// More leaves than the tree has room for.
    #[error("more entries than the tree of {size} has")]
    TooMany {
        /// How many entries the tree has.
        size: u64,
    },
}

/// Recomputes the root of a tree from one run of its leaf hashes and the proof for it.
///
/// It says what the root must be; whether that is the root that somebody signed is for the caller to
/// compare, and whether the run ends where it should.
#[derive(Clone, Debug)]
pub struct RangeVerifier<'proof> {
    tree: Frontier,
    first: u64,
    size: u64,
    right: &'proof [Digest],
    overrun: bool,
}

impl<'proof> RangeVerifier<'proof> {
    /// Begins with the run that starts at entry `first` of a tree of `size` entries.
    ///
    /// # Errors
    /// [`RangeFault`] where the tree has no such entry, or the proof does not fit what is before it.
    pub fn new(first: u64, size: u64, proof: &'proof RangeProof) -> Result<Self, RangeFault> {
        if first >= size {
            return Err(RangeFault::Outside { first, size });
        }
        let tree = Frontier::restore(first, proof.left.clone()).ok_or(RangeFault::Left {
            expected: first.count_ones() as usize,
            got: proof.left.len(),
        })?;
        Ok(Self {
            tree,
            first,
            size,
            right: &proof.right,
            overrun: false,
        })
    }

    /// Takes the hash of the run's next entry.
    pub fn push(&mut self, leaf: Digest) {
        if self.tree.size() < self.size {
            self.tree.join(0, leaf);
        } else {
            self.overrun = true;
        }
    }

    /// The index of the entry whose hash is awaited.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        self.tree.size()
    }

    /// The root of the tree, after the run's last entry.
    ///
    /// # Errors
    /// [`RangeFault`] where the run is empty or too long, or the proof does not fit what is after it.
    pub fn finish(self) -> Result<Digest, RangeFault> {
        let (mut tree, size) = (self.tree, self.size);
        if self.overrun {
            return Err(RangeFault::TooMany { size });
        }
        if tree.size() == self.first {
            return Err(RangeFault::Empty);
        }
        let at = tree.size();
        let expected = Beside { at, size }.count();
        if self.right.len() != expected {
            let got = self.right.len();
            return Err(RangeFault::Right { expected, got });
        }
        for (beside, hash) in (Beside { at, size }).zip(self.right) {
            // An incomplete subtree can only be the last; the root takes it as one that is complete.
            tree.join(beside.level, *hash);
        }
        Ok(tree.root())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::merkle_tree::leaf_hash;
    use super::super::merkle_tree::tests::{naive_root, tree};
    use super::*;

    fn leaves(count: u64) -> Vec<Digest> {
        (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    fn root(
        first: u64,
        size: u64,
        proof: &RangeProof,
        run: &[Digest],
    ) -> Result<Digest, RangeFault> {
        let mut verifier = RangeVerifier::new(first, size, proof)?;
        for leaf in run {
            verifier.push(*leaf);
        }
        verifier.finish()
    }

    fn part(leaves: &[Digest], first: u64, end: u64) -> &[Digest] {
        &leaves[usize::try_from(first).unwrap()..usize::try_from(end).unwrap()]
    }

    #[test]
    fn every_run_of_every_small_tree() {
        for size in 0..=34 {
            let leaves = leaves(size);
            let (_, nodes) = tree(&leaves);
            let expected = naive_root(&leaves);
            for first in 0..=size {
                for end in 0..=size + 1 {
                    let proof = RangeProof::make(&nodes, first, end, size).unwrap();
                    if first >= end || end > size {
                        assert_eq!(proof, None, "{first}..{end} of {size}");
                        continue;
                    }
                    let run = part(&leaves, first, end);
                    let got = root(first, size, &proof.unwrap(), run);
                    assert_eq!(got, Ok(expected), "{first}..{end} of {size}");
                }
            }
        }
    }

    /// What one entry's inclusion proof has, its range proof has too, in another order.
    #[test]
    fn of_one_entry_it_is_the_inclusion_proof() {
        let leaves = leaves(77);
        let (_, nodes) = tree(&leaves);
        for index in 0..77 {
            let proof = RangeProof::make(&nodes, index, index + 1, 77)
                .unwrap()
                .unwrap();
            let mut hashes = [proof.left, proof.right].concat();
            let path = super::super::proof::inclusion(&nodes, index, 77);
            let mut path = path.unwrap().unwrap();
            hashes.sort();
            path.sort();
            assert_eq!(hashes, path, "entry {index}");
        }
    }

    #[test]
    fn of_the_whole_tree_it_is_empty() {
        let leaves = leaves(13);
        let (_, nodes) = tree(&leaves);
        let proof = RangeProof::make(&nodes, 0, 13, 13).unwrap().unwrap();
        assert_eq!(proof, RangeProof::default());
    }

    #[test]
    fn runs_at_the_ends_of_the_largest_trees_are_bounded() {
        let hash = leaf_hash(b"any");
        let none = RangeProof::default();
        let refused = RangeVerifier::new(u64::MAX, u64::MAX, &none).map(|_| ());
        assert!(matches!(refused, Err(RangeFault::Outside { .. })));
        let refused = RangeVerifier::new(u64::MAX - 1, u64::MAX, &none).map(|_| ());
        let (expected, got) = (SIDE_HASHES_MAX - 1, 0);
        assert_eq!(refused, Err(RangeFault::Left { expected, got }));
        let full = RangeProof {
            left: vec![hash; SIDE_HASHES_MAX - 1],
            right: Vec::new(),
        };
        let mut verifier = RangeVerifier::new(u64::MAX - 1, u64::MAX, &full).unwrap();
        verifier.push(hash);
        assert!(verifier.clone().finish().is_ok());
        verifier.push(hash);
        let size = u64::MAX;
        assert_eq!(verifier.finish(), Err(RangeFault::TooMany { size }));
        let wide = RangeProof {
            left: Vec::new(),
            right: vec![hash; SIDE_HASHES_MAX],
        };
        assert!(root(0, u64::MAX, &wide, &[hash]).is_ok());
    }

    proptest! {
        #[test]
        fn nothing_else_gives_the_root(
            size in 1_u64..200,
            from in any::<u64>(),
            length in any::<u64>(),
            pick in any::<u64>(),
        ) {
            let leaves = leaves(size);
            let (_, nodes) = tree(&leaves);
            let expected = naive_root(&leaves);
            let first = from % size;
            let end = first + 1 + length % (size - first);
            let run = part(&leaves, first, end);
            let proof = RangeProof::make(&nodes, first, end, size).unwrap().unwrap();
            prop_assert_eq!(root(first, size, &proof, run), Ok(expected));

            let other = leaf_hash(b"other");
            // A leaf changed, left out, doubled, two of them swapped.
            let at = usize::try_from(pick).unwrap_or(0) % run.len();
            let mut changed = run.to_vec();
            changed[at] = other;
            prop_assert_ne!(root(first, size, &proof, &changed), Ok(expected));
            let mut short = run.to_vec();
            short.remove(at);
            prop_assert_ne!(root(first, size, &proof, &short), Ok(expected));
            let mut long = run.to_vec();
            long.insert(at, run[at]);
            prop_assert_ne!(root(first, size, &proof, &long), Ok(expected));
            let mut swapped = run.to_vec();
            swapped.rotate_left(1);
            prop_assert_eq!(root(first, size, &proof, &swapped) == Ok(expected), run.len() == 1);

            // The same run said to be elsewhere. (Another size may have the same shape around it, and the
            // same root; the size is what a checkpoint says.)
            for place in (0..size).filter(|place| *place != first) {
                prop_assert_ne!(root(place, size, &proof, run), Ok(expected));
            }

            // A hash of the proof changed, left out, or one too many.
            for side in [true, false] {
                let hashes = if side { &proof.left } else { &proof.right };
                let bent = |hashes: Vec<Digest>| {
                    let mut bent = proof.clone();
                    *(if side { &mut bent.left } else { &mut bent.right }) = hashes;
                    bent
                };
                for place in 0..hashes.len() {
                    let mut wrong = hashes.clone();
                    wrong[place] = other;
                    prop_assert_ne!(root(first, size, &bent(wrong), run), Ok(expected));
                    let mut fewer = hashes.clone();
                    fewer.remove(place);
                    prop_assert!(root(first, size, &bent(fewer), run).is_err());
                }
                let more = [hashes.as_slice(), &[other]].concat();
                prop_assert!(root(first, size, &bent(more), run).is_err());
            }
        }
    }
}
