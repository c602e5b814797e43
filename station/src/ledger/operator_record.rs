//! Who works at the station and who signed in, in events. Never a PIN, never a badge's code, nor anything
//! made from them: the log is kept for ever and read by others.

use serde::{Deserialize, Serialize};

use super::actor::Actor;
use crate::names::OperatorId;
use crate::role::Role;

/// Somebody was enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorEnrolledRecord {
    /// Who.
    pub operator: OperatorId,
    /// What they may do.
    pub role: Role,
    /// Whether they have a badge.
    pub badge: bool,
    /// Who enrolled them.
    pub actor: Actor,
}

/// Somebody may not sign in any more, or may again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorStateRecord {
    /// Who.
    pub operator: OperatorId,
    /// Why, in words.
    pub reason: String,
    /// Who said so.
    pub actor: Actor,
}

/// Somebody has another PIN, or another badge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialChangedRecord {
    /// Whose.
    pub operator: OperatorId,
    /// Who changed it: themselves, or a security officer.
    pub actor: Actor,
}

/// Somebody signed in at the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedInRecord {
    /// What they may do.
    pub role: Role,
    /// Who, and how they proved it.
    pub actor: Actor,
}

/// Somebody is signed in no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedOutRecord {
    /// Who.
    pub operator: OperatorId,
    /// How it came.
    pub why: SignedOutWhy,
}

/// What ended a sign-in. Append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedOutWhy {
    /// A badge was scanned: their own, or somebody else's.
    Badge,
    /// Nobody touched the station for a while.
    Idle,
    /// The station was ended.
    End,
    /// They were disabled meanwhile; or others were enrolled, and their word alone counts no more.
    Disabled,
}

/// Wrong PINs were given in somebody's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInRefusedRecord {
    /// In whose name.
    pub operator: OperatorId,
    /// How many since the last such event.
    pub count: u32,
}
