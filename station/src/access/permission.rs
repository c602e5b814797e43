//! What each role may do: one table, for commands and screens alike.

use std::fmt;

use Role::{Auditor, Operator, SecurityOfficer, Supervisor};
use thiserror::Error;

use crate::role::Role;

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Put boards in.
    ProvisionBoards,
    /// Print a board's label again.
    ReprintLabel,
    /// Open a batch.
    OpenBatch,
    /// Close a batch, or give up what is unfinished in it.
    CloseBatch,
    /// Record that a board is thrown away.
    ScrapBoard,
    /// Let the line pause, or go on.
    PauseBatch,
    /// Clear a lane's or a batch's hold.
    ClearHold,
    /// Say that an alarm was seen, and why it needs no more.
    AcknowledgeAlarm,
    /// Accept a jump of the clock.
    AcceptClock,
    /// Bind lanes to places.
    BindLanes,
    /// Say who works here: enrol, disable and enable operators, give them other PINs and badges.
    ManageOperators,
    /// Choose another PIN for oneself.
    ChangeOwnPin,
    /// Set a board aside, or release it.
    QuarantineBoard,
}

impl Deed {
    /// Every deed, in the order of the table.
    pub const ALL: [Self; 13] = [
        Self::ProvisionBoards,
        Self::ReprintLabel,
        Self::OpenBatch,
        Self::CloseBatch,
        Self::ScrapBoard,
        Self::PauseBatch,
        Self::ClearHold,
        Self::AcknowledgeAlarm,
        Self::AcceptClock,
        Self::BindLanes,
        Self::ManageOperators,
        Self::ChangeOwnPin,
        Self::QuarantineBoard,
    ];

    /// The roles that may do it.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::ProvisionBoards | Self::ReprintLabel => &[Operator, Supervisor],
            Self::OpenBatch
            | Self::CloseBatch
            | Self::ScrapBoard
            | Self::PauseBatch
            | Self::ClearHold
            | Self::AcknowledgeAlarm
            | Self::AcceptClock
            | Self::BindLanes => &[Supervisor],
            Self::QuarantineBoard => &[Supervisor, SecurityOfficer],
            Self::ManageOperators => &[SecurityOfficer],
            Self::ChangeOwnPin => &[Operator, Supervisor, SecurityOfficer, Auditor],
        }
    }
}

/// A role may not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub struct Denied {
    /// What was wanted.
    pub deed: Deed,
    /// The role of whoever wanted it.
    pub role: Role,
}

/// Why, in words: which roles may.
impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted: Vec<_> = self.deed.roles().iter().map(|role| role.as_str()).collect();
        let wanted = wanted.join(" or ");
        write!(f, "it takes the role {wanted}, and theirs is {}", self.role)
    }
}

/// Whether a role may do it.
///
/// # Errors
/// Why not.
pub fn permits(role: Role, deed: Deed) -> Result<(), Denied> {
    if deed.roles().contains(&role) {
        Ok(())
    } else {
        Err(Denied { deed, role })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_roles_is_as_it_was_decided() {
        // Operator, supervisor, security officer, auditor.
        let expected = [
            (Deed::ProvisionBoards, "xx.."),
            (Deed::ReprintLabel, "xx.."),
            (Deed::OpenBatch, ".x.."),
            (Deed::CloseBatch, ".x.."),
            (Deed::ScrapBoard, ".x.."),
            (Deed::PauseBatch, ".x.."),
            (Deed::ClearHold, ".x.."),
            (Deed::AcknowledgeAlarm, ".x.."),
            (Deed::AcceptClock, ".x.."),
            (Deed::BindLanes, ".x.."),
            (Deed::ManageOperators, "..x."),
            (Deed::ChangeOwnPin, "xxxx"),
            (Deed::QuarantineBoard, ".xx."),
        ];
        assert_eq!(expected.map(|(deed, _)| deed), Deed::ALL);
        for (deed, row) in expected {
            let may = |role| {
                if permits(role, deed).is_ok() {
                    'x'
                } else {
                    '.'
                }
            };
            assert_eq!(
                Role::ALL.map(may).iter().collect::<String>(),
                row,
                "{deed:?}"
            );
        }
    }

    #[test]
    fn a_refusal_says_who_may() {
        let denied = permits(Auditor, Deed::ProvisionBoards).unwrap_err();
        assert_eq!(
            denied.to_string(),
            "it takes the role operator or supervisor, and theirs is auditor"
        );
    }
}
