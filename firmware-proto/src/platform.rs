//! What a firmware team implements: the device's hardware behind one small trait.
//!
//! Any operation may be slow (key generation takes seconds on an MCU). It then returns
//! [`Pause::Working`], the device tells the station when to ask again, and the operation is called
//! again with the same arguments until it gives something else. So every operation must either be
//! safe to repeat or remember that it is under way. A station may also turn to another request: what
//! was pending is then not called again, and must not disturb what is called instead.

use crate::lifecycle_state::SecurityLifecycle;
use crate::object_transfer::BlobId;
use crate::transcript::Sha256;
use crate::{Digest, HardwareRevision, ProductCode, Uid};

/// An operation of the platform failed; the reason stays on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformFault;

/// An operation is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// When to ask again, in milliseconds.
    pub retry_ms: u16,
}

/// Why an operation gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// It is under way: call again.
    Working(Pending),
    /// It failed.
    Fault(PlatformFault),
}

impl From<PlatformFault> for Pause {
    fn from(fault: PlatformFault) -> Self {
        Self::Fault(fault)
    }
}

/// The result of an operation that may be slow.
pub type Progress<T> = Result<T, Pause>;

/// A P-256 public key as an uncompressed SEC1 point.
pub type Sec1Point = [u8; 65];

/// An ES256 signature: `r ‖ s`, 32 bytes each.
pub type RawSignature = [u8; 64];

/// What the silicon says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardwareIdentity {
    /// The silicon identifier.
    pub uid: Uid,
    /// The product it is.
    pub product: ProductCode,
    /// Its revision.
    pub revision: HardwareRevision,
}

/// Under which key a signature of the station's side is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorityKey<'a> {
    /// The product owner's key, pinned in the device.
    Owner,
    /// The station authority's key, out of a credential that the owner's key has signed.
    Station(&'a Sec1Point),
}

/// The identity key and its CSR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyMade {
    /// Length of the CSR, written to the front of [`BlobId::KeyEvidence`].
    pub csr_bytes: u16,
    /// SHA-256 of the key's `SubjectPublicKeyInfo` (DER), as grants name it.
    pub key_digest: Digest,
}

/// The hardware under the protocol. `Sha256` comes with it.
pub trait Platform: Sha256 {
    /// Who this board is.
    fn hardware(&self) -> HardwareIdentity;

    /// Fills `out` with random bytes of the hardware generator.
    fn random(&mut self, out: &mut [u8]) -> Result<(), PlatformFault>;

    /// Reads the non-volatile record into `out`; gives its length, 0 where none was ever stored.
    fn load_record(&mut self, out: &mut [u8]) -> Result<usize, PlatformFault>;

    /// Replaces the non-volatile record. Atomic: after a power cut the old or the new one is there.
    /// A store that was left pending for another one must not take effect after it.
    fn store_record(&mut self, record: &[u8]) -> Progress<()>;

    /// Has the root of trust attest `challenge`; the token is written to `blob` from `offset` on.
    /// Gives the token's length.
    fn attest(&mut self, challenge: &Digest, blob: BlobId, offset: u16) -> Progress<u16>;

    /// Writes the attestation key's certificates (DER, leaf first) to `blob` from `offset` on.
    /// Gives their length, 0 where the device has none.
    fn attestation_certificates(&mut self, blob: BlobId, offset: u16) -> Progress<u16>;

    /// Measures the hardware, and writes the report ([`encode_report`](crate::self_test::encode_report)) to the
    /// front of [`BlobId::SelfTest`]. Gives its length.
    fn self_test(&mut self) -> Progress<u16>;

    /// Writes fresh samples of the noise source to `blob` from `offset` on, one byte each, in the order in which
    /// they came. Raw ones: before any conditioning, else a health test says nothing of the source. Gives
    /// how many, 0 where the hardware does not let them out; at most
    /// [`MAX_NOISE_SAMPLES`](crate::limits::MAX_NOISE_SAMPLES).
    fn noise_samples(&mut self, blob: BlobId, offset: u16) -> Progress<u16>;

    /// Makes the identity key in the hardware, or takes the one that was made and not committed,
    /// and writes its CSR to the front of [`BlobId::KeyEvidence`].
    fn make_key(&mut self) -> Progress<KeyMade>;

    /// Signs the concatenation of the parts with the identity key (ECDSA P-256, SHA-256).
    fn sign_with_identity(&mut self, parts: &[&[u8]]) -> Progress<RawSignature>;

    /// Verifies an ECDSA P-256 signature over the SHA-256 of the concatenation of the parts.
    fn verify(
        &mut self,
        key: AuthorityKey<'_>,
        parts: &[&[u8]],
        signature: &RawSignature,
    ) -> Progress<bool>;

    /// Reads from a blob. Past what was written the content is unspecified.
    fn read_blob(&mut self, blob: BlobId, offset: u16, out: &mut [u8])
    -> Result<(), PlatformFault>;

    /// Writes to a blob. [`BlobId::Receipt`] is non-volatile; the others may be lost at reset.
    fn write_blob(&mut self, blob: BlobId, offset: u16, data: &[u8]) -> Progress<()>;

    /// SHA-256 over `length` bytes of a blob from `offset` on.
    fn digest_blob(&mut self, blob: BlobId, offset: u16, length: u16) -> Progress<Digest>;

    /// Installs the chain that lies in `blob`; gives SHA-256 of what is read back, and of its first certificate.
    fn install_chain(&mut self, blob: BlobId, offset: u16, length: u16)
    -> Progress<InstalledChain>;

    /// SHA-256 of the DER of the trust anchor that the installed chain must end in, as this device pins or takes it.
    /// `expected` is what the grant names; a device that pins none answers with it.
    fn trust_anchor_digest(&mut self, expected: &Digest) -> Result<Digest, PlatformFault>;

    /// Moves the security lifecycle to `next`. Safe to repeat.
    fn lock(&mut self, next: SecurityLifecycle) -> Progress<()>;

    /// How many chunks this board takes back to back: one where the line has no buffer while flash is written.
    fn window_chunks(&self) -> u8 {
        4
    }

    /// Shows the verdict of the session that just ended, where the board has a light for it.
    fn show_verdict(&mut self, passed: bool);
}

/// What was read back after installing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstalledChain {
    /// SHA-256 of the whole chain.
    pub chain: Digest,
    /// SHA-256 of the device's own certificate, the first one of the chain.
    pub certificate: Digest,
}
