//! X.509 certificates, read strictly, and paths of them (RFC 5280, section 6, without policies and
//! name constraints). Serves the chip vendors' chains and our own alike.
//!
//! Only ECDSA P-256 with SHA-256, only DER that encodes again to the same bytes, and no critical
//! extension that is not understood here.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, DecodePem, Encode};
use firmware_proto::platform::{RawSignature, Sec1Point};
use thiserror::Error;
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage,
    SubjectAltName, SubjectKeyIdentifier,
    name::{GeneralName, HardwareModuleName},
};
use x509_cert::name::Name;

use crate::clock::UtcMillis;
use crate::es256;

/// Largest certificate, in bytes.
pub const MAX_CERTIFICATE_BYTES: usize = 4 * 1024;

/// Most certificates of a path, the root included.
pub const MAX_PATH: usize = 4;

/// ecdsa-with-SHA256 (RFC 5758).
pub const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// Why a certificate or a path is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PathError {
    /// No certificate that this station reads.
    #[error("not a certificate in strict DER, of P-256 and ECDSA with SHA-256: {reason}")]
    Malformed {
        /// What exactly.
        reason: String,
    },
    /// No chain of names leads to the root.
    #[error("{subject} was issued by {issuer}, not by {expected}: give the chain up to the root")]
    Issuer {
        /// The certificate.
        subject: String,
        /// Who issued it, as it says.
        issuer: String,
        /// The next certificate's subject.
        expected: String,
    },
    /// The issuer's name is right, but it means another authority of that name.
    #[error(
        "{subject} was issued by another {issuer} than the trusted one: the key identifiers differ"
    )]
    IssuerKey {
        /// The certificate.
        subject: String,
        /// The name of both authorities.
        issuer: String,
    },
    /// A signature does not verify under the next certificate's key.
    #[error("the signature of {subject} is not by the key of {issuer}")]
    Signature {
        /// The certificate.
        subject: String,
        /// The next one.
        issuer: String,
    },
    /// Outside its validity.
    #[error("{subject} is valid from {not_before} to {not_after}, not at {at}")]
    Validity {
        /// The certificate.
        subject: String,
        /// First instant.
        not_before: String,
        /// Last instant.
        not_after: String,
        /// The stated time.
        at: UtcMillis,
    },
    /// May not do what it is used for.
    #[error("{subject} may not be used here: {reason}")]
    Use {
        /// The certificate.
        subject: String,
        /// What exactly.
        reason: &'static str,
    },
    /// A critical extension that is not understood.
    #[error("{subject} has the critical extension {extension}, which this station does not know")]
    UnknownCritical {
        /// The certificate.
        subject: String,
        /// The extension.
        extension: ObjectIdentifier,
    },
    /// Too many certificates.
    #[error("a path of {got} certificates, at most {MAX_PATH} are taken")]
    TooLong {
        /// How many.
        got: usize,
    },
}

/// What the first certificate of a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafUse {
    /// Signs data: no CA, digitalSignature, and no extended key usage that would narrow it.
    Signer,
    /// Signs data for this purpose alone: the same, with a critical extended key usage of just this one.
    Purpose(ObjectIdentifier),
    /// A certification authority.
    Authority,
}

/// A certificate that was read strictly. Nothing about its trust is said yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedCertificate {
    der: Vec<u8>,
    certificate: Certificate,
    tbs: Vec<u8>,
    signature: RawSignature,
    point: Sec1Point,
    extensions: KnownExtensions,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct KnownExtensions {
    basic_constraints: Option<BasicConstraints>,
    key_usage: Option<KeyUsage>,
    extended_key_usage: Option<(bool, Vec<ObjectIdentifier>)>,
    alternative_names: Vec<GeneralName>,
    subject_key_identifier: Option<Vec<u8>>,
    authority_key_identifier: Option<Vec<u8>>,
    unknown_critical: Option<ObjectIdentifier>,
}

impl ParsedCertificate {
    /// Reads a certificate in DER, with nothing after it.
    ///
    /// # Errors
    /// [`PathError::Malformed`].
    pub fn from_der(der: &[u8]) -> Result<Self, PathError> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(malformed(format!("{} bytes", der.len())));
        }
        let certificate = Certificate::from_der(der).map_err(malformed)?;
        if certificate.to_der().map_err(malformed)? != der {
            return Err(malformed("another encoding than DER's"));
        }
        let tbs = certificate.tbs_certificate();
        let algorithm = certificate.signature_algorithm();
        let right_algorithm = algorithm.oid == ECDSA_WITH_SHA256 && algorithm.parameters.is_none();
        if tbs.version() != Version::V3 || !right_algorithm || tbs.signature() != algorithm {
            return Err(malformed("not version 3 with ecdsa-with-SHA256"));
        }
        if tbs
            .serial_number()
            .as_bytes()
            .first()
            .is_none_or(|first| first & 0x80 != 0)
        {
            return Err(malformed("the serial number is negative"));
        }
        let spki = tbs.subject_public_key_info().to_der().map_err(malformed)?;
        let point = es256::point_of_spki(&spki)
            .ok_or_else(|| malformed("the key is no uncompressed point of P-256"))?;
        let signature = certificate
            .signature()
            .as_bytes()
            .and_then(es256::signature_from_der);
        let signature = signature.ok_or_else(|| malformed("the signature is not r and s"))?;
        let extensions = KnownExtensions::read(tbs.extensions().map_or(&[], |list| list))?;
        let tbs = tbs.to_der().map_err(malformed)?;
        Ok(Self {
            der: der.to_vec(),
            tbs,
            signature,
            point,
            extensions,
            certificate,
        })
    }

    /// Reads one certificate in PEM.
    ///
    /// # Errors
    /// [`PathError::Malformed`].
    pub fn from_pem(pem: &str) -> Result<Self, PathError> {
        let certificate = Certificate::from_pem(pem.trim()).map_err(malformed)?;
        Self::from_der(&certificate.to_der().map_err(malformed)?)
    }

    /// Reads `1..=max` certificates, one right after the other.
    ///
    /// # Errors
    /// [`PathError::Malformed`], also for bytes after the last one.
    pub fn sequence_from_der(mut bytes: &[u8], max: usize) -> Result<Vec<Self>, PathError> {
        let mut all = Vec::new();
        while !bytes.is_empty() || all.is_empty() {
            if all.len() == max {
                return Err(malformed(format!("more than {max} certificates")));
            }
            let (_, rest) = AnyRef::from_der_partial(bytes).map_err(malformed)?;
            let length = bytes.len().saturating_sub(rest.len());
            all.push(Self::from_der(bytes.get(..length).unwrap_or_default())?);
            bytes = rest;
        }
        Ok(all)
    }

    /// The whole certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate's fields.
    #[must_use]
    pub fn fields(&self) -> &Certificate {
        &self.certificate
    }

    /// Its public key.
    #[must_use]
    pub fn point(&self) -> &Sec1Point {
        &self.point
    }

    /// Its subject.
    #[must_use]
    pub fn subject(&self) -> &Name {
        self.certificate.tbs_certificate().subject()
    }

    /// Its subject key identifier.
    #[must_use]
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.extensions.subject_key_identifier.as_deref()
    }

    /// Its one hardware module name (RFC 4108, section 5); `None` where it has none or several.
    #[must_use]
    pub fn hardware_module_name(&self) -> Option<HardwareModuleName> {
        let mut names = self
            .extensions
            .alternative_names
            .iter()
            .filter_map(|name| match name {
                GeneralName::OtherName(other) => HardwareModuleName::from_other_name(other).ok()?,
                _ => None,
            });
        let only = names.next()?;
        names.next().is_none().then_some(only)
    }

    /// Whether this certificate's signature is by the issuer's key.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        es256::verify(&issuer.point, &self.tbs, &self.signature)
    }

    /// Checks that it may issue certificates, with `below` further authorities between it and the leaf.
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
    fn require_signer(&self, purpose: Option<ObjectIdentifier>) -> Result<(), PathError> {
        self.require_understood()?;
        if self
            .extensions
            .basic_constraints
            .as_ref()
            .is_some_and(|constraints| constraints.ca)
        {
            return Err(self.wrong_use("it is a certification authority"));
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

    fn require_valid(&self, at: UtcMillis) -> Result<(), PathError> {
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

    fn require_issued_by(&self, issuer: &Self) -> Result<(), PathError> {
        self.require_named_issuer(issuer)?;
        if self.is_signed_by(issuer) {
            return Ok(());
        }
        Err(PathError::Signature {
            subject: self.name(),
            issuer: issuer.name(),
        })
    }

    /// Checks that it says it was issued by that one: the name, and the key identifier where both have it.
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

impl KnownExtensions {
    fn read(list: &[Extension]) -> Result<Self, PathError> {
        let mut known = Self::default();
        for (index, extension) in list.iter().enumerate() {
            let earlier = list.get(..index).unwrap_or_default();
            if earlier
                .iter()
                .any(|other| other.extn_id == extension.extn_id)
            {
                return Err(malformed(format!("two extensions {}", extension.extn_id)));
            }
            known.take(extension).map_err(malformed)?;
        }
        Ok(known)
    }

    fn take(&mut self, extension: &Extension) -> der::Result<()> {
        use const_oid::AssociatedOid as _;

        let value = extension.extn_value.as_bytes();
        match extension.extn_id {
            BasicConstraints::OID => {
                self.basic_constraints = Some(strict(value)?);
            }
            KeyUsage::OID => self.key_usage = Some(strict(value)?),
            ExtendedKeyUsage::OID => {
                let usage: ExtendedKeyUsage = strict(value)?;
                self.extended_key_usage = Some((extension.critical, usage.0));
            }
            SubjectAltName::OID => self.alternative_names = strict::<SubjectAltName>(value)?.0,
            SubjectKeyIdentifier::OID => {
                let identifier: SubjectKeyIdentifier = strict(value)?;
                self.subject_key_identifier = Some(identifier.0.as_bytes().to_vec());
            }
            AuthorityKeyIdentifier::OID => {
                let identifier: AuthorityKeyIdentifier = strict(value)?;
                self.authority_key_identifier = identifier
                    .key_identifier
                    .map(|bytes| bytes.as_bytes().to_vec());
            }
            CrlDistributionPoints::OID if !extension.critical => {}
            other if extension.critical => self.unknown_critical = Some(other),
            _ => {}
        }
        Ok(())
    }
}

/// Reads an extension's value that encodes again to the same bytes.
fn strict<'a, T: Decode<'a, Error = der::Error> + Encode>(bytes: &'a [u8]) -> der::Result<T> {
    let value = T::from_der(bytes)?;
    if value.to_der()? == bytes {
        Ok(value)
    } else {
        Err(der::ErrorKind::Noncanonical {
            tag: der::Tag::Sequence,
        }
        .into())
    }
}

fn malformed(reason: impl ToString) -> PathError {
    PathError::Malformed {
        reason: reason.to_string(),
    }
}

/// Checks a path: the leaf first, the trusted root last.
///
/// 1. Each certificate is valid at the stated time, the root too.
/// 2. Each is issued by the next one: name, key identifiers where both are there, signature.
/// 3. All but the leaf are authorities whose path length allows what is below them.
/// 4. The leaf may do what it is used for.
/// 5. None has a critical extension that is not understood.
///
/// The root itself is trusted because the caller does; its own signature proves nothing and is not checked.
///
/// # Errors
/// [`PathError`], the first one found; signatures are checked before validity, so that a forged path
/// never reads as an expired one.
pub fn verify_path(
    path: &[&ParsedCertificate],
    leaf_use: LeafUse,
    at: UtcMillis,
) -> Result<(), PathError> {
    if path.len() > MAX_PATH {
        return Err(PathError::TooLong { got: path.len() });
    }
    let [leaf, authorities @ ..] = path else {
        return Err(malformed("an empty path"));
    };
    for (certificate, issuer) in path.iter().zip(authorities) {
        certificate.require_issued_by(issuer)?;
    }
    match leaf_use {
        LeafUse::Signer => leaf.require_signer(None)?,
        LeafUse::Purpose(purpose) => leaf.require_signer(Some(purpose))?,
        LeafUse::Authority => leaf.require_authority(0)?,
    }
    let leaf_authority = usize::from(leaf_use == LeafUse::Authority);
    for (below, authority) in authorities.iter().enumerate() {
        authority.require_authority(below.saturating_add(leaf_authority))?;
    }
    path.iter()
        .try_for_each(|certificate| certificate.require_valid(at))
}
