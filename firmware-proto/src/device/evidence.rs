//! `Attest`, `SelfTest` and `MakeKey`: what the device says about itself, in the root of trust's words.

use crate::limits::{MAX_BLOB_BYTES, MAX_MEASUREMENT_BYTES};
use crate::object_transfer::{Announcement, BlobId};
use crate::platform::{Platform, PlatformFault};
use crate::transcript::{KeyTranscript, attestation_challenge, key_challenge};
use crate::version::SELF_TEST_REPORT;
use crate::{Digest, Measurement, Nonce, Refusal, Response, ScalarList, ScalarMeasurement};

use super::outgoing::Offer;
use super::record::{Record, Standing};
use super::session::LinkTerms;
use super::{Procedure, Stop, once};

impl<P: Platform> Procedure<'_, P> {
    pub(super) fn attest(&mut self, link: &LinkTerms, nonce: &Nonce) -> Result<(), Stop> {
        const BLOB: BlobId = BlobId::Evidence;
        let challenge = attestation_challenge(self.platform, nonce, &link.digest);
        let journal = &mut self.session.journal;
        let token_bytes = once(&mut journal.token_bytes, || {
            self.platform.attest(&challenge, BLOB, 0)
        })?;
        let certificate_bytes = once(&mut journal.certificate_bytes, || {
            self.platform.attestation_certificates(BLOB, token_bytes)
        })?;
        let token = once(&mut journal.first_part, || {
            self.platform.digest_blob(BLOB, 0, token_bytes)
        })?;
        let announcement = self.announce(BLOB, token_bytes, certificate_bytes)?;
        self.session.token = Some(token);
        self.answer(&Response::Evidence(announcement));
        self.offer(link, &announcement);
        Ok(())
    }

    pub(super) fn self_test(&mut self, link: &LinkTerms) -> Result<(), Stop> {
        const BLOB: BlobId = BlobId::SelfTest;
        let journal = &mut self.session.journal;
        let report_bytes = once(&mut journal.report_bytes, || self.platform.self_test())?;
        if link.version < SELF_TEST_REPORT {
            let scalars = self.scalars(report_bytes)?;
            self.answer(&Response::Measurements(scalars));
            self.session.measurements = Some(self.platform.sha256(&[self.outgoing.body()]));
            return Ok(());
        }
        let noise_bytes = once(&mut journal.noise_bytes, || {
            self.platform.noise_samples(BLOB, report_bytes)
        })?;
        let announcement = self.announce(BLOB, report_bytes, noise_bytes)?;
        self.answer(&Response::SelfTestReport(announcement));
        // The announcement bears the digest of all that it announces.
        self.session.measurements = Some(self.platform.sha256(&[self.outgoing.body()]));
        self.offer(link, &announcement);
        Ok(())
    }

    /// What version 1 can say of the report: its single numbers, as many as fit.
    fn scalars(&mut self, report_bytes: u16) -> Result<ScalarList, PlatformFault> {
        let mut list = ScalarList::new();
        let mut offset = 1_u16;
        while let Some(left) = report_bytes.checked_sub(offset).filter(|left| *left > 0) {
            let mut window = [0; MAX_MEASUREMENT_BYTES];
            let window_bytes = usize::from(left).min(MAX_MEASUREMENT_BYTES);
            let window = window.get_mut(..window_bytes).ok_or(PlatformFault)?;
            self.platform.read_blob(BlobId::SelfTest, offset, window)?;
            let (measurement, rest) = Measurement::take(window).map_err(|_| PlatformFault)?;
            if let Some(scalar) = ScalarMeasurement::of(&measurement) {
                // One too many is one that an old station never asked for.
                let _full = list.push(scalar);
            }
            let taken = window_bytes.saturating_sub(rest.len());
            let taken = u16::try_from(taken).map_err(|_| PlatformFault)?;
            offset = offset.checked_add(taken).ok_or(PlatformFault)?;
        }
        Ok(list)
    }

    pub(super) fn make_key(&mut self, link: &LinkTerms, nonce: &Nonce) -> Result<(), Stop> {
        const BLOB: BlobId = BlobId::KeyEvidence;
        if self.keeper.record().standing.is_committed() {
            return Err(Refusal::Committed.into());
        }
        let attestation_token = self.session.token.ok_or(Refusal::OutOfOrder)?;
        let measurements = self.session.measurements.ok_or(Refusal::OutOfOrder)?;
        let journal = &mut self.session.journal;
        let made = once(&mut journal.key, || self.platform.make_key())?;
        self.keep_key(made.key_digest)?;
        let journal = &mut self.session.journal;
        let csr = once(&mut journal.first_part, || {
            self.platform.digest_blob(BLOB, 0, made.csr_bytes)
        })?;
        let covered = KeyTranscript {
            attestation_token,
            measurements,
            csr,
        };
        let challenge = key_challenge(self.platform, nonce, &covered);
        let token_bytes = once(&mut journal.token_bytes, || {
            self.platform.attest(&challenge, BLOB, made.csr_bytes)
        })?;
        let announcement = self.announce(BLOB, made.csr_bytes, token_bytes)?;
        self.answer(&Response::KeyEvidence(announcement));
        self.offer(link, &announcement);
        Ok(())
    }

    /// A key that isn't the remembered one has lost what was installed for that.
    fn keep_key(&mut self, key: Digest) -> Result<(), Stop> {
        let record = self.keeper.record();
        if record.standing.open_key() == Some(key) {
            return Ok(());
        }
        let next = Record {
            standing: Standing::KeyMade { key },
            ..record.clone()
        };
        Ok(self.keeper.keep(self.platform, next)?)
    }

    /// Describes a blob of two parts that lies on the platform.
    pub(super) fn announce(
        &mut self,
        blob: BlobId,
        first_bytes: u16,
        second_bytes: u16,
    ) -> Result<Announcement, Stop> {
        let total_bytes = first_bytes
            .checked_add(second_bytes)
            .filter(|total| usize::from(*total) <= MAX_BLOB_BYTES)
            .ok_or(PlatformFault)?;
        let digest = once(&mut self.session.journal.whole, || {
            self.platform.digest_blob(blob, 0, total_bytes)
        })?;
        Ok(Announcement {
            blob,
            first_bytes,
            total_bytes,
            digest,
        })
    }

    /// Lets the blob's chunks follow.
    pub(super) fn offer(&mut self, link: &LinkTerms, announcement: &Announcement) {
        self.outgoing.offer(Offer {
            blob: announcement.blob,
            total_bytes: announcement.total_bytes,
            chunk_bytes: link.chunk_bytes,
            window: link.window,
        });
    }
}
