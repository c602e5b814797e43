//! The PKCS#10 request (RFC 2986) that a device makes for its identity key, right or wrong.
//!
//! Assembled by hand from `x509-cert`'s types: its builder always writes an extension request, and
//! our devices ask for no attribute at all.

use der::Encode;
use der::asn1::BitString;
use p256::ecdsa::Signature;
use p256::ecdsa::signature::Signer;
use spki::{DynSignatureAlgorithmIdentifier, SubjectPublicKeyInfoOwned};
use x509_cert::request::{CertReq, CertReqInfo, Version};

use crate::device_keys::DeviceKey;
use crate::vendor_ca::{EndorsementError, common_name};

/// What is wrong with a request itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestFault {
    /// Nothing.
    None,
    /// A length in it points past its end.
    Malformed,
    /// Its signature is of another message.
    Signature,
}

/// Makes a request that is signed by the key in it.
pub fn certification_request(
    key: &DeviceKey,
    common: &str,
    fault: RequestFault,
) -> Result<Vec<u8>, EndorsementError> {
    let info = CertReqInfo {
        version: Version::V1,
        subject: common_name(common)?,
        public_key: SubjectPublicKeyInfoOwned::from_key(key.signing_key().verifying_key())?,
        attributes: der::asn1::SetOfVec::new(),
    };
    let mut message = info.to_der()?;
    if fault == RequestFault::Signature {
        message.push(0);
    }
    let signature: Signature = key.signing_key().sign(&message);
    let request = CertReq {
        info,
        algorithm: key.signing_key().signature_algorithm_identifier()?,
        signature: BitString::from_bytes(signature.to_der().as_bytes())?,
    };
    let mut bytes = request.to_der()?;
    if fault == RequestFault::Malformed {
        // The outer SEQUENCE claims a few bytes more than there are.
        if let Some(length) = bytes.get_mut(2) {
            *length = length.wrapping_add(9);
        }
    }
    Ok(bytes)
}
