//! The port to whatever holds the keys. `identity` only names it; `line`, `cli` and `hsm` call it.

use firmware_proto::platform::Sec1Point;

/// What a key in the token is for. Keys are found by role, never by a name given at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyRole {
    /// The trust anchor. In a development home only; in production it lives elsewhere.
    Root,
    /// Signs `IDevIDs` and CRLs, nothing else.
    Issuing,
    /// Signs batch manifests.
    Manifest,
    /// The product owner's key: station credentials, profiles, work orders. Development homes only.
    Owner,
    /// Signs grants and commits.
    Authority,
    /// Signs the ledger's checkpoints.
    Ledger,
}

/// A public key of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// ECDSA P-256, as an uncompressed point.
    P256(Sec1Point),
    /// Ed25519.
    Ed25519([u8; 32]),
}

/// Signing with the keys of the token.
///
/// Both ES256 and Ed25519 give 64 bytes: `r ‖ s`, low S for ES256.
pub trait Signer: Send + Sync {
    /// Why no signature came.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The public key of a role.
    ///
    /// # Errors
    /// Where the token has no such key.
    fn public_key(&self, role: KeyRole) -> Result<PublicKey, Self::Error>;

    /// Signs the message itself (the digest is taken inside) and checks the signature before giving
    /// it.
    ///
    /// # Errors
    /// Where the token does not answer, has no such key, or gave a signature that does not verify.
    fn sign(&self, role: KeyRole, message: &[u8]) -> Result<[u8; 64], Self::Error>;

    /// Fills `out` from the token's random number generator.
    ///
    /// # Errors
    /// Where the token does not answer.
    fn random(&self, out: &mut [u8]) -> Result<(), Self::Error>;
}
