//! Upload of the install package, and its installation under a grant that this device checks itself.
//!
//! A grant is taken where all of this holds:
//! 1. The package has come whole, under the digest that `Install` names, and its lengths add up.
//! 2. The credential is signed by the pinned product owner, for this product, of an epoch that is
//!    not lower than the least acceptable one.
//! 3. The grant is signed by the key that the credential names, for this product, this UID, the
//!    current device nonce, the identity key that was made, the chain in the package, the trust
//!    anchor that this device expects, and the credential's epoch.

use crate::authority::{Grant, Payload, Purpose, StationCredential};
use crate::cose::{self, ContentType, Sign1};
use crate::limits::{MAX_BLOB_BYTES, MAX_SIGNED_OBJECT_BYTES};
use crate::object_transfer::{BlobId, ChunkSet, InstallPackage, chunk_count};
use crate::platform::{AuthorityKey, Platform, Sec1Point};
use crate::{Digest, Refusal, Response};

use super::record::{InstalledIdentity, Record, Standing};
use super::session::{LinkTerms, Upload};
use super::{Procedure, Stop, once};

const BLOB: BlobId = BlobId::InstallPackage;

/// Where the parts of a package lie.
#[derive(Clone, Copy)]
struct Parts {
    credential: Span,
    grant: Span,
    chain: Span,
}

/// Bytes of the package.
#[derive(Clone, Copy)]
struct Span {
    offset: u16,
    length: u16,
}

impl Parts {
    fn of(header: InstallPackage, total_bytes: u16) -> Option<Self> {
        let credential = Span {
            offset: u16::try_from(InstallPackage::HEADER_BYTES).ok()?,
            length: header.credential_bytes,
        };
        let grant = credential.followed_by(header.grant_bytes)?;
        let chain = grant.followed_by(header.chain_bytes)?;
        let adds_up = chain.followed_by(0)?.offset == total_bytes && chain.length > 0;
        adds_up.then_some(Self {
            credential,
            grant,
            chain,
        })
    }
}

impl Span {
    fn followed_by(self, length: u16) -> Option<Self> {
        Some(Self {
            offset: self.offset.checked_add(self.length)?,
            length,
        })
    }
}

impl<P: Platform> Procedure<'_, P> {
    pub(super) fn take_chunk(
        &mut self,
        link: &LinkTerms,
        blob: BlobId,
        total_bytes: u16,
        index: u8,
        data: &[u8],
    ) -> Result<(), Stop> {
        self.check_upload(blob)?;
        let total = usize::from(total_bytes);
        let chunk = usize::from(link.chunk_bytes);
        let count = chunk_count(total, chunk);
        let offset = usize::from(index).saturating_mul(chunk);
        let expected = total.saturating_sub(offset).min(chunk);
        if total > MAX_BLOB_BYTES || usize::from(index) >= count || data.len() != expected {
            return Err(Refusal::Bounds.into());
        }
        let offset = u16::try_from(offset).map_err(|_| Refusal::Bounds)?;
        self.platform.write_blob(blob, offset, data)?;
        let upload = self
            .session
            .upload
            .get_or_insert(Upload::begun(total_bytes));
        if upload.total_bytes != total_bytes {
            *upload = Upload::begun(total_bytes);
        }
        upload.received.insert(index);
        Ok(())
    }

    pub(super) fn report_chunks(&mut self, blob: BlobId) -> Result<(), Stop> {
        self.check_upload(blob)?;
        let received = self
            .session
            .upload
            .map_or(ChunkSet::EMPTY, |upload| upload.received);
        self.answer(&Response::ChunksReceived { blob, received });
        Ok(())
    }

    fn check_upload(&self, blob: BlobId) -> Result<(), Refusal> {
        if blob != BLOB {
            return Err(Refusal::Bounds);
        }
        self.open_key().map(|_| ())
    }

    fn open_key(&self) -> Result<Digest, Refusal> {
        let standing = &self.keeper.record().standing;
        if standing.is_committed() {
            return Err(Refusal::Committed);
        }
        standing.open_key().ok_or(Refusal::OutOfOrder)
    }

    pub(super) fn install(&mut self, link: &LinkTerms, package: &Digest) -> Result<(), Stop> {
        let key = self.open_key()?;
        let parts = self.whole_package(link, package)?;
        let credential = self.credential(parts.credential)?;
        let (grant, grant_digest) = self.grant(parts, key, &credential)?;

        // From here until the record says so, nothing is installed: a cut may leave half a chain.
        let bare = Record {
            least_epoch: credential.epoch,
            standing: Standing::KeyMade { key },
            ..self.keeper.record().clone()
        };
        if self.session.journal.installed.is_none() {
            self.keeper.keep(self.platform, bare.clone())?;
        }
        let Span { offset, length } = parts.chain;
        let installed = once(&mut self.session.journal.installed, || {
            self.platform.install_chain(BLOB, offset, length)
        })?;
        // What was read back is said as it is: the station judges it. It counts only if it is what was granted.
        if installed.chain == grant.chain {
            let identity = InstalledIdentity {
                chain: installed.chain,
                certificate: installed.certificate,
                grant: grant_digest,
                next_state: grant.next_state,
                authority_key: credential.authority_key,
            };
            let standing = Standing::Installed { key, identity };
            let next = Record { standing, ..bare };
            self.keeper.keep(self.platform, next)?;
        }
        self.session.proof = None;
        self.answer(&Response::Installed {
            chain: installed.chain,
        });
        Ok(())
    }

    fn whole_package(&mut self, link: &LinkTerms, package: &Digest) -> Result<Parts, Stop> {
        let upload = self.session.upload.ok_or(Refusal::BlobIncomplete)?;
        let total = upload.total_bytes;
        let all = ChunkSet::first(chunk_count(
            usize::from(total),
            usize::from(link.chunk_bytes),
        ));
        if upload.received != all {
            return Err(Refusal::BlobIncomplete.into());
        }
        let digest = once(&mut self.session.journal.package, || {
            self.platform.digest_blob(BLOB, 0, total)
        })?;
        if digest != *package {
            // Chunks of two packages: none of them is worth keeping.
            self.session.upload = None;
            return Err(Refusal::BlobIncomplete.into());
        }
        let mut header = [0; InstallPackage::HEADER_BYTES];
        if usize::from(total) < header.len() {
            return Err(Refusal::Bounds.into());
        }
        self.platform.read_blob(BLOB, 0, &mut header)?;
        let parts = Parts::of(InstallPackage::from_bytes(header), total);
        Ok(parts.ok_or(Refusal::Bounds)?)
    }

    fn credential(&mut self, span: Span) -> Result<StationCredential, Stop> {
        const KIND: ContentType = ContentType::StationCredential;
        let mut buffer = [0; MAX_SIGNED_OBJECT_BYTES];
        let bytes = self.read_object(span, &mut buffer)?;
        let object = cose::decode(KIND, bytes).map_err(|_| Refusal::Credential)?;
        let verified = self.session.journal.credential_verified;
        let verified = self.verify(verified, KIND, AuthorityKey::Owner, &object)?;
        self.session.journal.credential_verified = Some(verified);
        let credential =
            StationCredential::decode(object.payload).map_err(|_| Refusal::Credential)?;
        if !verified || credential.product != self.platform.hardware().product {
            return Err(Refusal::Credential.into());
        }
        if credential.epoch < self.keeper.record().least_epoch {
            return Err(Refusal::Epoch.into());
        }
        Ok(credential)
    }

    fn grant(
        &mut self,
        parts: Parts,
        key: Digest,
        credential: &StationCredential,
    ) -> Result<(Grant, Digest), Stop> {
        const KIND: ContentType = ContentType::Grant;
        let mut buffer = [0; MAX_SIGNED_OBJECT_BYTES];
        let bytes = self.read_object(parts.grant, &mut buffer)?;
        let object = cose::decode(KIND, bytes).map_err(|_| Refusal::Grant)?;
        let authority: &Sec1Point = &credential.authority_key;
        let verified = self.session.journal.object_verified;
        let verified = self.verify(verified, KIND, AuthorityKey::Station(authority), &object)?;
        self.session.journal.object_verified = Some(verified);
        let grant = Grant::decode(object.payload).map_err(|_| Refusal::Grant)?;
        let Span { offset, length } = parts.chain;
        let chain = once(&mut self.session.journal.first_part, || {
            self.platform.digest_blob(BLOB, offset, length)
        })?;
        let trust_anchor = self.platform.trust_anchor_digest(&grant.trust_anchor)?;
        let hardware = self.platform.hardware();
        let expected = Grant {
            purpose: Purpose::InitialIdentity,
            product: hardware.product,
            uid: hardware.uid,
            device_nonce: self.keeper.record().device_nonce,
            identity_key: key,
            chain,
            trust_anchor,
            next_state: grant.next_state,
            epoch: credential.epoch,
        };
        if !verified || grant != expected {
            return Err(Refusal::Grant.into());
        }
        Ok((grant, self.platform.sha256(&[bytes])))
    }

    fn read_object<'b>(
        &mut self,
        span: Span,
        buffer: &'b mut [u8; MAX_SIGNED_OBJECT_BYTES],
    ) -> Result<&'b [u8], Stop> {
        let bytes = buffer
            .get_mut(..usize::from(span.length))
            .ok_or(Refusal::Bounds)?;
        self.platform.read_blob(BLOB, span.offset, bytes)?;
        Ok(bytes)
    }

    /// Whether the signature is right, unless this exchange has `known` it already.
    pub(super) fn verify(
        &mut self,
        mut known: Option<bool>,
        kind: ContentType,
        key: AuthorityKey<'_>,
        object: &Sign1<'_>,
    ) -> Result<bool, Stop> {
        let prefix =
            cose::to_be_signed_prefix(kind, object.payload.len()).map_err(|_| Refusal::Bounds)?;
        Ok(once(&mut known, || {
            self.platform
                .verify(key, &[&prefix, object.payload], object.signature)
        })?)
    }
}
