//! Proofs about the tree: that a leaf is in it, and that a larger tree continues a smaller one.
//!
//! Pure. Made as RFC 6962 (sections 2.1.1 and 2.1.2) defines them, checked by the algorithms of
//! RFC 9162 (sections 2.1.3.2 and 2.1.4.2), which share no code with the making.

use std::ops::Range;

use firmware_proto::Digest;

use super::merkle_tree::{NodeId, NodeSource, node_hash};

/// Hashes from the leaf's level upwards. At most 64, one for each bit of a tree size.
pub type Path = Vec<Digest>;

/// The path from leaf `index` to the root of the tree of `size` leaves. None where the leaf is not in it.
///
/// # Errors
/// Those of the source.
pub fn inclusion<S: NodeSource>(
    source: &S,
    index: u64,
    size: u64,
) -> Result<Option<Path>, S::Error> {
    if index >= size {
        return Ok(None);
    }
    let mut range = 0..size;
    let mut path = Vec::new();
    // From the root down; the path is told from the leaf up.
    while range.end - range.start > 1 {
        let (left, right) = split(&range);
        let (inside, beside) = if index < left.end {
            (left, right)
        } else {
            (right, left)
        };
        path.push(root_of(source, beside)?);
        range = inside;
    }
    path.reverse();
    Ok(Some(path))
}

/// That the tree of `new` leaves begins with that of `old`. None where `old` is 0 or larger than `new`.
///
/// # Errors
/// Those of the source.
pub fn consistency<S: NodeSource>(
    source: &S,
    old: u64,
    new: u64,
) -> Result<Option<Path>, S::Error> {
    if old == 0 || old > new {
        return Ok(None);
    }
    let mut range = 0..new;
    let mut path = Vec::new();
    while range.end != old {
        let (left, right) = split(&range);
        let (inside, beside) = if old <= left.end {
            (left, right)
        } else {
            (right, left)
        };
        path.push(root_of(source, beside)?);
        range = inside;
    }
    // The old root itself is known to who checks; any other subtree is not.
    if range.start != 0 {
        path.push(root_of(source, range)?);
    }
    path.reverse();
    Ok(Some(path))
}

/// Whether `path` shows that `leaf` is leaf `index` of the tree with that size and root.
#[must_use]
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    path: &[Digest],
    root: &Digest,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for step in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(step, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, step);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// A tree head: size and root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
}

/// Whether `path` shows that `new` continues `old`.
#[must_use]
pub fn verify_consistency(old: &TreeHead, new: &TreeHead, path: &[Digest]) -> bool {
    if old.size == new.size {
        return path.is_empty() && old.root == new.root;
    }
    if old.size == 0 || old.size > new.size {
        return false;
    }
    // Where the old tree is complete, its root is where the path begins.
    let mut path = path.iter();
    let first = if old.size.is_power_of_two() {
        Some(&old.root)
    } else {
        path.next()
    };
    let Some(first) = first else { return false };
    let (mut node, mut last) = (old.size - 1, new.size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut from_old, mut from_new) = (*first, *first);
    for step in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            from_old = node_hash(step, &from_old);
            from_new = node_hash(step, &from_new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            from_new = node_hash(&from_new, step);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && from_old == old.root && from_new == new.root
}

/// Splits at the largest power of two smaller than the length.
fn split(range: &Range<u64>) -> (Range<u64>, Range<u64>) {
    let length = range.end - range.start;
    let middle = range.start + (1 << (length - 1).ilog2());
    (range.start..middle, middle..range.end)
}

/// Root of the leaves in the range, which begins where a subtree of that size may begin.
pub(in crate::ledger) fn root_of<S: NodeSource>(
    source: &S,
    range: Range<u64>,
) -> Result<Digest, S::Error> {
    let length = range.end - range.start;
    if length.is_power_of_two() {
        let level = length.ilog2();
        return source.node(NodeId {
            // At most 63, since the length is a u64.
            level: u8::try_from(level).unwrap_or(u8::MAX),
            position: range.start >> level,
        });
    }
    let (left, right) = split(&range);
    let left = root_of(source, left)?;
    Ok(node_hash(&left, &root_of(source, right)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::merkle_tree::tests::{known_leaves, naive_root, tree};
    use super::*;
    use crate::ledger::merkle_tree::leaf_hash;

    fn hex(path: &[Digest]) -> Vec<String> {
        path.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn known_paths() {
        let (_, nodes) = tree(&known_leaves());
        let path = inclusion(&nodes, 5, 8).unwrap().unwrap();
        let expected = [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        assert_eq!(hex(&path), expected);
        let path = consistency(&nodes, 6, 8).unwrap().unwrap();
        let expected = [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        assert_eq!(hex(&path), expected);
    }

    fn leaves(count: u64) -> Vec<Digest> {
        (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    /// Whoever gives index and size may be the one who gives the path.
    #[test]
    fn a_leaf_beyond_the_tree_is_in_no_tree() {
        let leaf = leaf_hash(b"leaf");
        assert!(verify_inclusion(&leaf, 0, 1, &[], &leaf));
        for index in [1, 2, u64::MAX] {
            assert!(!verify_inclusion(&leaf, index, 1, &[], &leaf), "{index}");
            assert!(!verify_inclusion(&leaf, index, 0, &[], &leaf), "{index}");
        }
    }

    proptest! {
        #[test]
        fn inclusion_holds_for_this_leaf_and_no_other(size in 1_u64..130, pick in any::<u64>()) {
            let leaves = leaves(size);
            let (frontier, nodes) = tree(&leaves);
            let (index, root) = (pick % size, frontier.root());
            let path = inclusion(&nodes, index, size).unwrap().unwrap();
            for (i, leaf) in (0_u64..).zip(&leaves) {
                prop_assert_eq!(verify_inclusion(leaf, index, size, &path, &root), i == index);
                let own = &leaves[usize::try_from(index).unwrap()];
                prop_assert_eq!(verify_inclusion(own, i, size, &path, &root), i == index);
            }
        }

        #[test]
        fn consistency_holds_for_prefixes_only(
            new in 1_u64..130,
            pick in any::<u64>(),
            bend in 0_usize..64,
        ) {
            let leaves = leaves(new);
            let (frontier, nodes) = tree(&leaves);
            let old_size = pick % new + 1;
            let old_leaves = &leaves[..usize::try_from(old_size).unwrap()];
            let old = TreeHead { size: old_size, root: naive_root(old_leaves) };
            let new = TreeHead { size: new, root: frontier.root() };
            let path = consistency(&nodes, old.size, new.size).unwrap().unwrap();
            prop_assert!(verify_consistency(&old, &new, &path));
            let fork = TreeHead { root: leaf_hash(b"fork"), ..old };
            prop_assert!(!verify_consistency(&fork, &new, &path));
            let fork = TreeHead { root: leaf_hash(b"fork"), ..new };
            prop_assert!(!verify_consistency(&old, &fork, &path));
            if !path.is_empty() {
                let mut bent = path.clone();
                bent[bend % path.len()] = leaf_hash(b"bent");
                prop_assert!(!verify_consistency(&old, &new, &bent));
            }
            let mut long = path;
            long.push(leaf_hash(b"more"));
            prop_assert!(!verify_consistency(&old, &new, &long));
        }
    }
}
