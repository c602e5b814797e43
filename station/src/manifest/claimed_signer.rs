//! Whom a payload names as its signer, before anything is trusted; and whether it is another's root.
//!
//! A signature can be checked under the key that comes with the payload: where it fails, bytes were
//! changed after signing, whoever signed them. That is all that it says.

use firmware_proto::Digest;
use serde::Deserialize;
use thiserror::Error;

use crate::certificate_path::{ParsedCertificate, PathError};
use crate::encoding::{Base64Bytes, Hex, sha256};

/// The signing chain of a manifest does not end in the root that was given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "its signing chain does not end in the given root: the root given, {root}, has the SHA-256 \
     fingerprint {root_print} and {root_key}; the signing certificate, with the fingerprint \
     {signer_print}, names an issuer with {issuer_key} ({fault})"
)]
pub struct OtherRoot {
    root: String,
    /// SHA-256 of the DER, as of the signer's certificate.
    root_print: Digest,
    root_key: String,
    signer_print: Digest,
    issuer_key: String,
    fault: PathError,
}

impl OtherRoot {
    /// Whether a chain's fault may as well lie in the root that it was checked under.
    #[must_use]
    pub fn where_it_is(fault: &PathError, signer: &ParsedCertificate, root: &[u8]) -> Option<Self> {
        use PathError::{Issuer, IssuerKey, Signature};
        let (Issuer { .. } | IssuerKey { .. } | Signature { .. }) = fault else {
            return None;
        };
        let given = ParsedCertificate::from_der(root).ok()?;
        Some(Self {
            root: given.subject().to_string(),
            root_print: sha256(root),
            root_key: key(given.subject_key_identifier()),
            signer_print: sha256(signer.der()),
            issuer_key: key(signer.authority_key_identifier()),
            fault: fault.clone(),
        })
    }

    /// What can be compared by eye, each in a line.
    #[must_use]
    pub fn in_lines(&self) -> [String; 6] {
        [
            format!("the root given: {}", self.root),
            format!("its SHA-256 fingerprint: {}", self.root_print),
            format!("it has {}", self.root_key),
            format!(
                "SHA-256 fingerprint of the signing certificate: {}",
                self.signer_print
            ),
            format!("it names an issuer with {}", self.issuer_key),
            format!("what does not fit: {}", self.fault),
        ]
    }
}

fn key(identifier: Option<&[u8]>) -> String {
    match identifier {
        Some(identifier) => format!("key identifier {}", Hex(identifier.to_vec())),
        None => "no key identifier".to_owned(),
    }
}

/// The certificate that the payload names as its signer's. Nothing of it is trusted yet.
///
/// # Errors
/// Where none can be read, in words.
pub fn claimed_signer(payload: &[u8]) -> Result<ParsedCertificate, String> {
    #[derive(Deserialize)]
    struct Claim {
        predicate: Chain,
    }
    #[derive(Deserialize)]
    struct Chain {
        signing_chain: Vec<Base64Bytes>,
    }
    let read: Result<Claim, _> = serde_json::from_slice(payload);
    let der = match read {
        Ok(Claim { predicate }) => {
            let found = predicate.signing_chain.len();
            let first = predicate.signing_chain.into_iter().next();
            match first.filter(|_| found == 1) {
                Some(Base64Bytes(der)) => der,
                None => {
                    return Err(format!(
                        "the signing chain has {found} certificates, not one"
                    ));
                }
            }
        }
        // Where the JSON is broken, the certificate may yet be whole.
        Err(error) => written_certificate(payload).ok_or_else(|| error.to_string())?,
    };
    ParsedCertificate::from_der(&der).map_err(|error| error.to_string())
}

/// The signer's certificate, where the payload has it as stations write it.
fn written_certificate(payload: &[u8]) -> Option<Vec<u8>> {
    const FIELD: &[u8] = b"\"signing_chain\":[\"";
    let at = payload.windows(FIELD.len()).rposition(|at| at == FIELD)?;
    let rest = payload.get(at.checked_add(FIELD.len())?..)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let text = std::str::from_utf8(rest.get(..end)?).ok()?;
    let read = serde_json::from_value::<Base64Bytes>(text.into());
    read.ok().map(|Base64Bytes(der)| der)
}
