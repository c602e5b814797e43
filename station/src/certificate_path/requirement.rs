//! What a certificate must be at its place in a path.

use der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::KeyUsage;

use super::{ParsedCertificate, PathError};
use crate::clock::UtcMillis;

impl ParsedCertificate {
    /// Checks that it may issue certificates, with `below` further authorities between it and the
    /// leaf.
    ///
    /// # Errors
    /// [`PathError::Use`], [`PathError::UnknownCritical`].
    pub fn require_authority(&self, below: usize) -> Result<(), PathError> {
        self.require_understood()?;
        let constraints = self.extensions.basic_constraints.as_ref();
        let Some(constraints) = constraints.filter(|constraints| constraints.ca) else {
            return Err(self.wrong_use("it is no certification authority"));
        };
        if constraints
            .path_len_constraint
            .is_some_and(|most| usize::from(most) < below)
        {
            return Err(self.wrong_use("its path length is exceeded"));
        }
        if !self
            .extensions
            .key_usage
            .as_ref()
            .is_some_and(KeyUsage::key_cert_sign)
        {
            return Err(self.wrong_use("its key usage lacks keyCertSign"));
        }
        if self.extensions.extended_key_usage.is_some() {
            return Err(self.wrong_use("an authority with an extended key usage"));
        }
        Ok(())
    }

    /// Checks that it may sign data.
    pub(super) fn require_signer(
        &self,
        purpose: Option<ObjectIdentifier>,
    ) -> Result<(), PathError> {
        self.require_understood()?;
        if self
            .extensions
            .basic_constraints
            .as_ref()
            .is_some_and(|constraints| constraints.ca)
        {
            return Err(self.wrong_use("it is a certification authority"));
        }
        if self.extensions.name_constraints.is_some() {
            return Err(self.wrong_use("it has name constraints without being an authority"));
        }
        let usage = self.extensions.key_usage.as_ref();
        if !usage.is_some_and(KeyUsage::digital_signature) {
            return Err(self.wrong_use("its key usage lacks digitalSignature"));
        }
        if usage.is_some_and(KeyUsage::key_cert_sign) {
            return Err(self.wrong_use("it has keyCertSign without being an authority"));
        }
        let expected = purpose.map(|purpose| (true, vec![purpose]));
        if self.extensions.extended_key_usage != expected {
            return Err(self.wrong_use("its extended key usage is not the one for this purpose"));
        }
        Ok(())
    }

    fn require_understood(&self) -> Result<(), PathError> {
        match self.extensions.unknown_critical {
            None => Ok(()),
            Some(extension) => Err(PathError::UnknownCritical {
                subject: self.name(),
                extension,
            }),
        }
    }

    pub(super) fn require_valid(&self, at: UtcMillis) -> Result<(), PathError> {
        let validity = self.certificate.tbs_certificate().validity();
        let (first, last) = (validity.not_before, validity.not_after);
        let valid = (first.to_unix_duration().as_secs()..=last.to_unix_duration().as_secs())
            .contains(&at.seconds());
        valid.then_some(()).ok_or_else(|| PathError::Validity {
            subject: self.name(),
            not_before: first.to_string(),
            not_after: last.to_string(),
            at,
        })
    }

    pub(super) fn require_issued_by(&self, issuer: &Self) -> Result<(), PathError> {
        self.require_named_issuer(issuer)?;
        if self.is_signed_by(issuer) {
            return Ok(());
        }
        Err(PathError::Signature {
            subject: self.name(),
            issuer: issuer.name(),
        })
    }

    /// Checks that it says it was issued by that one: the name, and the key identifier where both
    /// have it.
    ///
    /// # Errors
    /// [`PathError::Issuer`], [`PathError::IssuerKey`].
    pub fn require_named_issuer(&self, issuer: &Self) -> Result<(), PathError> {
        let named = self.certificate.tbs_certificate().issuer();
        if named != issuer.subject() {
            return Err(PathError::Issuer {
                subject: self.name(),
                issuer: named.to_string(),
                expected: issuer.name(),
            });
        }
        let authority = self.extensions.authority_key_identifier.as_ref();
        let subject = issuer.extensions.subject_key_identifier.as_ref();
        if authority
            .zip(subject)
            .is_none_or(|(authority, subject)| authority == subject)
        {
            return Ok(());
        }
        Err(PathError::IssuerKey {
            subject: self.name(),
            issuer: issuer.name(),
        })
    }

    pub(crate) fn wrong_use(&self, reason: &'static str) -> PathError {
        PathError::Use {
            subject: self.name(),
            reason,
        }
    }

    fn name(&self) -> String {
        self.subject().to_string()
    }
}
