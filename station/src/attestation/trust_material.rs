//! What stands beside a profile in judging attestation keys: the vendor's files, as the edge has read them.

use super::allow_list::AllowList;
use crate::certificate_path::{RevocationError, RevocationList, require_current_list};
use crate::clock::UtcMillis;
use crate::profile::KeyTrust;

/// The vendor's files. A profile that needs one which is missing here trusts no board.
#[derive(Clone, Debug, Default)]
pub struct TrustMaterial {
    /// The allow-list; only of use to the profile that names its digest.
    pub allow_list: Option<AllowList>,
    /// Revocation lists; each is only believed under the certificate of the authority that it names.
    pub revocation_lists: Vec<RevocationList>,
}

impl TrustMaterial {
    /// The allow-list that the profile names; none where it is not there.
    #[must_use]
    pub fn allow_list_of(&self, keys: &KeyTrust) -> Option<&AllowList> {
        let rule = keys.allow_list.as_ref()?;
        self.allow_list
            .as_ref()
            .filter(|list| *list.digest() == rule.sha256)
    }

    /// Checks that every authority of the profile has a current list. Authorities that only devices send are
    /// not known before they come.
    ///
    /// # Errors
    /// [`RevocationError`], the first one.
    pub fn check_lists(&self, keys: &KeyTrust, at: UtcMillis) -> Result<(), RevocationError> {
        let lists = &self.revocation_lists;
        keys.roots
            .iter()
            .chain(&keys.intermediates)
            .try_for_each(|authority| require_current_list(authority, lists, at).map(drop))
    }
}
