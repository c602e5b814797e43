//! Which board is in work on which lane: one silicon cannot be in two fixtures.
//!
//! What the ledger says of a board stays true while it is in work, because no other lane touches it. A
//! second lane that meets the same authentic UID has a clone before it, or holds the genuine board while
//! the clone is in work: nobody can tell, so it refuses and is held.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use firmware_proto::Uid;

use crate::names::LaneName;

/// The boards in work.
#[derive(Debug, Default)]
pub struct BoardsInWork(Mutex<BTreeMap<Uid, LaneName>>);

impl BoardsInWork {
    /// Takes the board to the lane; gives the other lane that has it, which then keeps it.
    pub(super) fn take(&self, uid: &Uid, lane: &LaneName) -> Option<LaneName> {
        let mut boards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let holder = boards.entry(uid.clone()).or_insert_with(|| lane.clone());
        (holder != lane).then(|| holder.clone())
    }

    /// The lane's session is over.
    pub(super) fn leave(&self, lane: &LaneName) {
        let mut boards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        boards.retain(|_, holder| holder != lane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_on_one_lane_at_a_time() {
        let lane = |name| LaneName::parse(name).unwrap();
        let uid = Uid::from_bytes(&[1; 12]).unwrap();
        let boards = BoardsInWork::default();
        assert_eq!(boards.take(&uid, &lane("a")), None);
        assert_eq!(boards.take(&uid, &lane("a")), None);
        assert_eq!(boards.take(&uid, &lane("b")), Some(lane("a")));
        boards.leave(&lane("b"));
        assert_eq!(boards.take(&uid, &lane("b")), Some(lane("a")));
        boards.leave(&lane("a"));
        assert_eq!(boards.take(&uid, &lane("b")), None);
    }
}
