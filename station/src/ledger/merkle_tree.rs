//! The Merkle tree of RFC 6962, section 2.1, with SHA-256.
//!
//! Pure. A node is named by its level (leaves are level 0) and its position in the level; only roots of
//! complete subtrees are stored, so that a node never changes once it exists, and the tree's root is
//! made from at most 64 of them.

use firmware_proto::{Digest, transcript::Sha256};

use crate::encoding::SoftwareSha256;

/// Hash of a leaf's bytes.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    SoftwareSha256.sha256(&[&[0x00], bytes])
}

/// Hash of an interior node.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    SoftwareSha256.sha256(&[&[0x01], left.as_bytes(), right.as_bytes()])
}

/// Root of the tree without leaves.
#[must_use]
pub fn empty_root() -> Digest {
    SoftwareSha256.sha256(&[])
}

/// Names the root of a complete subtree: the leaves `position << level .. (position + 1) << level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// Height above the leaves.
    pub level: u8,
    /// Place in the level, from the left.
    pub position: u64,
}

/// A node with its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Which node.
    pub id: NodeId,
    /// Its hash.
    pub hash: Digest,
}

/// The right edge of a tree: what is needed to append to it and to know its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, from the left and largest to the right and smallest.
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The nodes that [`Frontier::restore`] needs for a tree of that size, left to right.
    pub fn peak_ids(size: u64) -> impl Iterator<Item = NodeId> {
        let mut start = 0_u64;
        (0..64_u8).rev().filter_map(move |level| {
            let leaves = 1_u64 << level;
            (size & leaves != 0).then(|| {
                let id = NodeId {
                    level,
                    position: start >> level,
                };
                start += leaves;
                id
            })
        })
    }

    /// The frontier of a tree of that size, from the hashes of its [`Frontier::peak_ids`]. None where
    /// there are too few or too many.
    #[must_use]
    pub fn restore(size: u64, peaks: Vec<Digest>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf; gives the nodes that came to be, the leaf's own first.
    pub fn append(&mut self, leaf: Digest) -> Vec<Node> {
        let mut node = Node {
            id: NodeId {
                level: 0,
                position: self.size,
            },
            hash: leaf,
        };
        let mut made = vec![node];
        // Each trailing one bit of the size is a complete subtree to the left that joins this one.
        while node.id.position & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            node = Node {
                id: NodeId {
                    level: node.id.level + 1,
                    position: node.id.position >> 1,
                },
                hash: node_hash(&left, &node.hash),
            };
            made.push(node);
        }
        self.peaks.push(node.hash);
        self.size += 1;
        made
    }

    /// Takes the root of the next complete subtree, of that level, in one step. Only for a size at which such a
    /// subtree begins; with a level of 0 it is the next leaf.
    pub(in crate::ledger) fn join(&mut self, level: u8, hash: Digest) {
        let mut joined = hash;
        let mut place = self.size.checked_shr(level.into()).unwrap_or(0);
        while place & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            joined = node_hash(&left, &joined);
            place >>= 1;
        }
        self.peaks.push(joined);
        let leaves = 1_u64.checked_shl(level.into()).unwrap_or(0);
        self.size = self.size.saturating_add(leaves);
    }

    /// The tree's root.
    #[must_use]
    pub fn root(&self) -> Digest {
        let joined = self
            .peaks
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right));
        joined.unwrap_or_else(empty_root)
    }
}

/// Where nodes are looked up: a table, a map, another ledger.
pub trait NodeSource {
    /// Why a node could not be read.
    type Error;

    /// The hash of a complete subtree.
    ///
    /// # Errors
    /// Where it cannot be read, or is not there.
    fn node(&self, id: NodeId) -> Result<Digest, Self::Error>;
}

#[cfg(test)]
pub(in crate::ledger) mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// RFC 6962, section 2.1, as it is written there.
    pub(in crate::ledger) fn naive_root(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&naive_root(left), &naive_root(right))
            }
        }
    }

    impl<S: std::hash::BuildHasher> NodeSource for HashMap<NodeId, Digest, S> {
        type Error = NodeId;

        fn node(&self, id: NodeId) -> Result<Digest, NodeId> {
            self.get(&id).copied().ok_or(id)
        }
    }

    pub(in crate::ledger) fn tree(leaves: &[Digest]) -> (Frontier, HashMap<NodeId, Digest>) {
        let mut frontier = Frontier::default();
        let mut nodes = HashMap::new();
        for leaf in leaves {
            nodes.extend(frontier.append(*leaf).iter().map(|n| (n.id, n.hash)));
        }
        (frontier, nodes)
    }

    /// The eight inputs that the Certificate Transparency projects test with.
    pub(in crate::ledger) fn known_leaves() -> Vec<Digest> {
        let inputs = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let bytes = |hex: &&str| base16ct::lower::decode_vec(hex).unwrap();
        inputs.iter().map(|hex| leaf_hash(&bytes(hex))).collect()
    }

    #[test]
    fn known_roots_of_one_to_eight_leaves() {
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::default();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(frontier.root().to_string(), empty);
        for (leaf, root) in known_leaves().into_iter().zip(roots) {
            frontier.append(leaf);
            assert_eq!(frontier.root().to_string(), root);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(count in 0_usize..200) {
            let leaves: Vec<_> = (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect();
            let (frontier, nodes) = tree(&leaves);
            prop_assert_eq!(frontier.root(), naive_root(&leaves));
            let size = leaves.len() as u64;
            let peaks = Frontier::peak_ids(size).map(|id| nodes[&id]).collect();
            prop_assert_eq!(Frontier::restore(size, peaks), Some(frontier));
        }
    }
}
