//! X.509 certificates, read strictly, and paths of them (RFC 5280, section 6, without policies).
//! Serves the chip vendors' chains and our own alike.
//!
//! Only ECDSA P-256 with SHA-256, only DER that encodes again to the same bytes, and no critical
//! extension that is not understood here.

mod certificate;
mod extensions;
mod name_constraints;
mod requirement;
mod revocation_list;
#[cfg(test)]
mod tests;

use der::asn1::ObjectIdentifier;
use thiserror::Error;

use crate::clock::UtcMillis;

pub use certificate::ParsedCertificate;
pub use revocation_list::{
    MAX_LIST_BYTES, MalformedList, RevocationError, RevocationList, check_revocation,
    require_current_list,
};

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
    /// An authority has certified a name that its name constraints exclude.
    #[error("{authority} may not certify the name {name}: its name constraints exclude it")]
    Name {
        /// The authority.
        authority: String,
        /// The name.
        name: String,
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
    /// Signs data for this purpose alone: the same, with a critical extended key usage of just this
    /// one.
    Purpose(ObjectIdentifier),
    /// A certification authority.
    Authority,
}

/// Checks a path: the leaf first, the trusted root last.
///
/// 1. Each certificate is valid at the stated time, the root too.
/// 2. Each is issued by the next one: name, key identifiers where both are there, signature.
/// 3. All but the leaf are authorities whose path length allows what is below them.
/// 4. The leaf may do what it is used for.
/// 5. No authority has a name constraint that a name below it breaks, or that is not judged here. The root's own
///    count too.
/// 6. None has a critical extension that is not understood.
///
/// The root itself is trusted because the caller does; its own signature proves nothing and is not
/// checked.
///
/// # Errors
/// [`PathError`], the first one found; signatures are checked before validity, so that a forged
/// path never reads as an expired one.
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
    for (index, authority) in path.iter().enumerate().skip(1) {
        let below = path.iter().take(index);
        below
            .copied()
            .try_for_each(|one| authority.require_permits(one))?;
    }
    path.iter()
        .try_for_each(|certificate| certificate.require_valid(at))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "errors are handed over by map_err"
)]
pub(super) fn malformed(reason: impl ToString) -> PathError {
    PathError::Malformed {
        reason: reason.to_string(),
    }
}
