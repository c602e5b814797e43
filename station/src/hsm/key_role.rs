//! Which key of the token a role is: by URI from the configuration, never by a name given at run time.

use super::error::{Fault, HsmError, Operation};
use super::pkcs11_uri::KeyUri;
use crate::identity::signer::KeyRole;

/// Every role.
pub const ALL_ROLES: [KeyRole; 6] = [
    KeyRole::Root,
    KeyRole::Issuing,
    KeyRole::Manifest,
    KeyRole::Owner,
    KeyRole::Authority,
    KeyRole::Ledger,
];

/// The role's name, as in `[hsm.keys]`.
#[must_use]
pub const fn role_name(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Root => "root",
        KeyRole::Issuing => "issuing",
        KeyRole::Manifest => "manifest",
        KeyRole::Owner => "owner",
        KeyRole::Authority => "authority",
        KeyRole::Ledger => "ledger",
    }
}

/// The role's bit in the pool's tables.
pub(super) const fn role_index(role: KeyRole) -> usize {
    match role {
        KeyRole::Root => 0,
        KeyRole::Issuing => 1,
        KeyRole::Manifest => 2,
        KeyRole::Owner => 3,
        KeyRole::Authority => 4,
        KeyRole::Ledger => 5,
    }
}

/// Where each role's key is. Root and owner are absent in production: their keys live elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyUris([Option<KeyUri>; ALL_ROLES.len()]);

impl KeyUris {
    /// The same with `role` at `uri`.
    #[must_use]
    pub fn with(mut self, role: KeyRole, uri: KeyUri) -> Self {
        if let Some(place) = self.0.get_mut(role_index(role)) {
            *place = Some(uri);
        }
        self
    }

    /// The role's URI, where one is configured.
    #[must_use]
    pub fn find(&self, role: KeyRole) -> Option<&KeyUri> {
        self.0.get(role_index(role))?.as_ref()
    }

    /// The role's URI.
    ///
    /// # Errors
    /// Where the configuration names none.
    pub fn uri(&self, role: KeyRole) -> Result<&KeyUri, HsmError> {
        let missing = || HsmError::new(Operation::FindKey(role), Fault::KeyNotConfigured);
        self.find(role).ok_or_else(missing)
    }

    /// The roles that have a key here.
    pub fn roles(&self) -> impl Iterator<Item = (KeyRole, &KeyUri)> {
        ALL_ROLES
            .into_iter()
            .filter_map(|role| Some((role, self.find(role)?)))
    }
}
