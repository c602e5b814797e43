//! Certificate revocation lists (RFC 5280, section 5), read strictly: whole lists of one authority about its own
//! certificates, no parts of lists and no changes to them.

use std::collections::BTreeSet;

use const_oid::AssociatedOid as _;
use const_oid::db::rfc5280::{
    ID_CE_CERTIFICATE_ISSUER, ID_CE_DELTA_CRL_INDICATOR, ID_CE_INVALIDITY_DATE,
};
use der::asn1::ObjectIdentifier;
use der::{Decode, DecodePem, Encode};
use firmware_proto::Digest;
use firmware_proto::platform::RawSignature;
use thiserror::Error;
use x509_cert::certificate::Version;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::{CrlNumber, CrlReason, IssuingDistributionPoint};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, FreshestCrl, KeyUsage};
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::extensions::strict;
use super::{ECDSA_WITH_SHA256, ParsedCertificate};
use crate::clock::UtcMillis;
use crate::encoding::sha256;
use crate::es256;

/// Largest list, in bytes: some hundred thousand certificates.
pub const MAX_LIST_BYTES: usize = 16 * 1024 * 1024;

/// Why a revocation list cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not a certificate revocation list in strict DER, whole and of one authority: {0}")]
pub struct MalformedList(String);

/// A revocation list that was read strictly. Nothing about its trust is said yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationList {
    digest: Digest,
    tbs_digest: Digest,
    signature: RawSignature,
    issuer: Name,
    authority_key_identifier: Option<Vec<u8>>,
    this_update: Time,
    next_update: Time,
    revoked: BTreeSet<Vec<u8>>,
}

/// Why a path that verifies is not relied on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RevocationError {
    /// An authority has revoked a certificate.
    #[error("{subject} was revoked by {issuer}, says its list of {this_update}")]
    Revoked {
        /// The certificate.
        subject: String,
        /// The authority.
        issuer: String,
        /// The list.
        this_update: String,
    },
    /// No list of the authority is there.
    #[error("there is no revocation list that {issuer} has signed")]
    Missing {
        /// The authority.
        issuer: String,
    },
    /// The newest list is too old, or from the future.
    #[error(
        "the newest revocation list of {issuer} holds from {this_update} to {next_update}, not at {at}"
    )]
    Stale {
        /// The authority.
        issuer: String,
        /// When it was made.
        this_update: String,
        /// When the next one was due.
        next_update: String,
        /// The stated time.
        at: UtcMillis,
    },
}

impl RevocationList {
    /// Reads a list in DER or PEM, with nothing after it.
    ///
    /// # Errors
    /// [`MalformedList`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedList> {
        if bytes.len() > MAX_LIST_BYTES {
            return Err(malformed("it is longer than 16 MiB"));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if text.trim_start().starts_with("-----BEGIN") => {
                let list = CertificateList::from_pem(text.trim()).map_err(malformed)?;
                Self::from_list(&list, None)
            }
            _ => {
                let list = CertificateList::from_der(bytes).map_err(malformed)?;
                Self::from_list(&list, Some(bytes))
            }
        }
    }

    fn from_list(list: &CertificateList, bytes: Option<&[u8]>) -> Result<Self, MalformedList> {
        let der = list.to_der().map_err(malformed)?;
        if bytes.is_some_and(|bytes| bytes != der) {
            return Err(malformed("another encoding than DER's"));
        }
        let algorithm = &list.signature_algorithm;
        let right_algorithm = algorithm.oid == ECDSA_WITH_SHA256 && algorithm.parameters.is_none();
        let tbs = &list.tbs_cert_list;
        if tbs.version != Version::V2 || !right_algorithm || tbs.signature != *algorithm {
            return Err(malformed("not version 2 with ecdsa-with-SHA256"));
        }
        let signature = list
            .signature
            .as_bytes()
            .and_then(es256::signature_from_der);
        let mut revoked = BTreeSet::new();
        for entry in tbs.revoked_certificates.iter().flatten() {
            if !revoked.insert(serial_of(entry)?) {
                return Err(malformed("a certificate stands there twice"));
            }
        }
        Ok(Self {
            digest: sha256(&der),
            tbs_digest: sha256(&tbs.to_der().map_err(malformed)?),
            signature: signature.ok_or_else(|| malformed("the signature is not r and s"))?,
            issuer: tbs.issuer.clone(),
            authority_key_identifier: read_extensions(tbs.crl_extensions.as_deref())?,
            this_update: tbs.this_update,
            next_update: tbs
                .next_update
                .ok_or_else(|| malformed("it does not say when the next one is due"))?,
            revoked,
        })
    }

    /// SHA-256 of its DER.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Whether the certificate's subject has made this list, and may make one.
    #[must_use]
    pub fn is_issued_by(&self, authority: &ParsedCertificate) -> bool {
        let key_usage = authority.extensions.key_usage.as_ref();
        let identifiers = self
            .authority_key_identifier
            .as_deref()
            .zip(authority.subject_key_identifier());
        self.issuer == *authority.subject()
            && key_usage.is_some_and(KeyUsage::crl_sign)
            && identifiers.is_none_or(|(one, other)| one == other)
            && es256::verify_digest(authority.point(), &self.tbs_digest, &self.signature)
    }

    fn require_current(&self, at: UtcMillis) -> Result<&Self, RevocationError> {
        let first = self.this_update.to_unix_duration().as_secs();
        let last = self.next_update.to_unix_duration().as_secs();
        if (first..=last).contains(&at.seconds()) {
            return Ok(self);
        }
        Err(RevocationError::Stale {
            issuer: self.issuer.to_string(),
            this_update: self.this_update.to_string(),
            next_update: self.next_update.to_string(),
            at,
        })
    }
}

/// Checks a path, the leaf first, the root last, against the authorities' lists. For each certificate below the
/// root the newest list of its issuer counts: what it names is revoked even where the list is out of date.
/// Gives the digests of the lists that were relied on.
///
/// # Errors
/// [`RevocationError`], the first one from the root down: what an authority says counts for nothing once it is
/// itself revoked.
pub fn check_revocation(
    path: &[&ParsedCertificate],
    lists: &[RevocationList],
    at: UtcMillis,
) -> Result<Vec<Digest>, RevocationError> {
    let mut relied_on = Vec::new();
    let below = path.iter().zip(path.iter().skip(1));
    for (certificate, issuer) in below.rev() {
        let newest = newest_list(issuer, lists)?;
        if newest.revoked.contains(certificate.serial_bytes()) {
            return Err(RevocationError::Revoked {
                subject: certificate.subject().to_string(),
                issuer: issuer.subject().to_string(),
                this_update: newest.this_update.to_string(),
            });
        }
        relied_on.push(*newest.require_current(at)?.digest());
    }
    Ok(relied_on)
}

/// The newest list of an authority, where it holds now.
///
/// # Errors
/// [`RevocationError::Missing`], [`RevocationError::Stale`].
pub fn require_current_list<'l>(
    authority: &ParsedCertificate,
    lists: &'l [RevocationList],
    at: UtcMillis,
) -> Result<&'l RevocationList, RevocationError> {
    newest_list(authority, lists)?.require_current(at)
}

fn newest_list<'l>(
    authority: &ParsedCertificate,
    lists: &'l [RevocationList],
) -> Result<&'l RevocationList, RevocationError> {
    let theirs = lists.iter().filter(|list| list.is_issued_by(authority));
    theirs
        .max_by_key(|list| list.this_update.to_unix_duration())
        .ok_or_else(|| RevocationError::Missing {
            issuer: authority.subject().to_string(),
        })
}

/// The serial number, where nothing about the entry could change whose certificate it means.
fn serial_of(entry: &RevokedCert) -> Result<Vec<u8>, MalformedList> {
    for extension in entry.crl_entry_extensions.iter().flatten() {
        match extension.extn_id {
            CrlReason::OID | ID_CE_INVALIDITY_DATE => {}
            ID_CE_CERTIFICATE_ISSUER => {
                return Err(malformed("it speaks of certificates of other authorities"));
            }
            other if extension.critical => return Err(unknown(other)),
            _ => {}
        }
    }
    Ok(entry.serial_number.as_bytes().to_vec())
}

/// The key identifier of the issuer, as the list says.
fn read_extensions(list: Option<&[Extension]>) -> Result<Option<Vec<u8>>, MalformedList> {
    let (mut seen, mut key_identifier) = (BTreeSet::new(), None);
    for extension in list.unwrap_or_default() {
        if !seen.insert(extension.extn_id) {
            return Err(malformed(format!("two extensions {}", extension.extn_id)));
        }
        match extension.extn_id {
            AuthorityKeyIdentifier::OID => {
                let value: AuthorityKeyIdentifier =
                    strict(extension.extn_value.as_bytes()).map_err(malformed)?;
                key_identifier = value.key_identifier.map(|bytes| bytes.as_bytes().to_vec());
            }
            CrlNumber::OID | FreshestCrl::OID => {}
            ID_CE_DELTA_CRL_INDICATOR => return Err(malformed("it has changes only")),
            IssuingDistributionPoint::OID => return Err(malformed("it is a part only")),
            other if extension.critical => return Err(unknown(other)),
            _ => {}
        }
    }
    Ok(key_identifier)
}

fn unknown(extension: ObjectIdentifier) -> MalformedList {
    malformed(format!(
        "it has the critical extension {extension}, which this station does not know"
    ))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "errors are handed over by map_err"
)]
fn malformed(reason: impl ToString) -> MalformedList {
    MalformedList(reason.to_string())
}
