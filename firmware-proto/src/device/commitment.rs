//! `Prove`, `Commit` and `GetReceipt`: the installed identity shows itself, then the device locks for good.

use crate::authority::{Commit, Payload, Proof, Receipt};
use crate::cose::{self, ContentType};
use crate::limits::MAX_INLINE_OBJECT_BYTES;
use crate::object_transfer::BlobId;
use crate::platform::{AuthorityKey, Platform, PlatformFault};
use crate::transcript::receipt_challenge;
use crate::{Digest, Nonce, Refusal, Response};

use super::record::{InstalledIdentity, Record, Standing, StoredReceipt, draw_nonce};
use super::session::LinkTerms;
use super::{Procedure, Stop, once};

const BLOB: BlobId = BlobId::Receipt;

impl<P: Platform> Procedure<'_, P> {
    /// Also a committed device proves itself: a station that missed the receipt asks for it.
    pub(super) fn prove(&mut self, station_nonce: &Nonce) -> Result<(), Stop> {
        let standing = &self.keeper.record().standing;
        let identity = standing.identity().ok_or(Refusal::OutOfOrder)?;
        let proof = Proof {
            uid: self.platform.hardware().uid,
            station_nonce: *station_nonce,
            certificate: identity.certificate,
            grant: identity.grant,
        };
        let mut buffer = [0; MAX_INLINE_OBJECT_BYTES];
        let proof = self.sign(ContentType::Proof, &proof, &mut buffer)?;
        self.answer(&Response::Proof { proof });
        self.session.proof = Some(self.platform.sha256(&[proof]));
        Ok(())
    }

    pub(super) fn commit(
        &mut self,
        link: &LinkTerms,
        object: &[u8],
        receipt_nonce: &Nonce,
    ) -> Result<(), Stop> {
        let digest = self.platform.sha256(&[object]);
        match &self.keeper.record().standing {
            Standing::Installed { identity, .. } => {
                let identity = identity.clone();
                self.check_commit(&identity, object)?;
                self.accept_commit(identity, digest)?;
            }
            // The same commit again: the station has missed the receipt.
            Standing::Committing { commit, .. } | Standing::Committed { commit, .. }
                if *commit == digest => {}
            Standing::Committing { .. } | Standing::Committed { .. } => {
                return Err(Refusal::Committed.into());
            }
            Standing::Unprovisioned | Standing::KeyMade { .. } => {
                return Err(Refusal::OutOfOrder.into());
            }
        }
        self.serve_receipt(link, receipt_nonce)
    }

    /// Gives the receipt of a committed device, and first does what a power cut had left undone.
    pub(super) fn serve_receipt(
        &mut self,
        link: &LinkTerms,
        receipt_nonce: &Nonce,
    ) -> Result<(), Stop> {
        let receipt = match &self.keeper.record().standing {
            Standing::Committed { receipt, .. } => *receipt,
            Standing::Committing { identity, commit } => {
                let (identity, commit) = (identity.clone(), *commit);
                self.finish_commit(identity, commit)?
            }
            _ => return Err(Refusal::NoReceipt.into()),
        };
        let journal = &mut self.session.journal;
        let digest = once(&mut journal.first_part, || {
            self.platform.digest_blob(BLOB, 0, receipt.bytes)
        })?;
        if digest != receipt.digest {
            return Err(PlatformFault.into());
        }
        let challenge = receipt_challenge(self.platform, receipt_nonce, &digest);
        let token_bytes = once(&mut journal.token_bytes, || {
            self.platform.attest(&challenge, BLOB, receipt.bytes)
        })?;
        let announcement = self.announce(BLOB, receipt.bytes, token_bytes)?;
        self.answer(&Response::Receipt(announcement));
        self.offer(link, &announcement);
        Ok(())
    }

    fn check_commit(&mut self, identity: &InstalledIdentity, bytes: &[u8]) -> Result<(), Stop> {
        const KIND: ContentType = ContentType::Commit;
        let proof = self.session.proof.ok_or(Refusal::OutOfOrder)?;
        if bytes.len() > MAX_INLINE_OBJECT_BYTES {
            return Err(Refusal::Bounds.into());
        }
        let object = cose::decode(KIND, bytes).map_err(|_| Refusal::Commit)?;
        let key = AuthorityKey::Station(&identity.authority_key);
        let verified = self.session.journal.object_verified;
        let verified = self.verify(verified, KIND, key, &object)?;
        self.session.journal.object_verified = Some(verified);
        let commit = Commit::decode(object.payload).map_err(|_| Refusal::Commit)?;
        let expected = Commit {
            uid: self.platform.hardware().uid,
            device_nonce: self.keeper.record().device_nonce,
            proof,
        };
        if !verified || commit != expected {
            return Err(Refusal::Commit.into());
        }
        Ok(())
    }

    /// The point of no return: from here on no key is made and nothing installed, whatever happens
    /// to the power; and the device nonce is retired, with all grants that bear it.
    fn accept_commit(&mut self, identity: InstalledIdentity, commit: Digest) -> Result<(), Stop> {
        let device_nonce = once(&mut self.session.journal.next_nonce, || {
            draw_nonce(self.platform)
        })?;
        let next = Record {
            device_nonce,
            standing: Standing::Committing { identity, commit },
            ..self.keeper.record().clone()
        };
        Ok(self.keeper.keep(self.platform, next)?)
    }

    /// Locks first and signs then, so that no receipt speaks of a lock that did not happen.
    fn finish_commit(
        &mut self,
        identity: InstalledIdentity,
        commit: Digest,
    ) -> Result<StoredReceipt, Stop> {
        let state = identity.next_state;
        once(&mut self.session.journal.locked, || {
            self.platform.lock(state)
        })?;
        let receipt = Receipt {
            uid: self.platform.hardware().uid,
            commit,
            certificate: identity.certificate,
            state,
        };
        let mut buffer = [0; MAX_INLINE_OBJECT_BYTES];
        let receipt = self.sign(ContentType::Receipt, &receipt, &mut buffer)?;
        once(&mut self.session.journal.receipt_written, || {
            self.platform.write_blob(BLOB, 0, receipt)
        })?;
        let stored = StoredReceipt {
            bytes: u16::try_from(receipt.len()).map_err(|_| PlatformFault)?,
            digest: self.platform.sha256(&[receipt]),
        };
        let next = Record {
            standing: Standing::Committed {
                identity,
                commit,
                receipt: stored,
            },
            ..self.keeper.record().clone()
        };
        self.keeper.keep(self.platform, next)?;
        Ok(stored)
    }

    /// Signs a payload with the installed identity and lays the object into `buffer`.
    fn sign<'b>(
        &mut self,
        kind: ContentType,
        payload: &impl Payload,
        buffer: &'b mut [u8; MAX_INLINE_OBJECT_BYTES],
    ) -> Result<&'b [u8], Stop> {
        let payload = payload.encode().map_err(|_| PlatformFault)?;
        let prefix = cose::to_be_signed_prefix(kind, payload.len()).map_err(|_| PlatformFault)?;
        let signature = once(&mut self.session.journal.signature, || {
            self.platform.sign_with_identity(&[&prefix, &payload])
        })?;
        let length = cose::encode(kind, &payload, &signature, buffer).map_err(|_| PlatformFault)?;
        Ok(buffer.get(..length).ok_or(PlatformFault)?)
    }
}
