//! The envelope of a token: `COSE_Sign1` (RFC 9052, section 4.2) with ES256.

use firmware_proto::platform::{RawSignature, Sec1Point};

use super::cbor::{Fault, Reader};
use crate::es256;

/// `COSE_Sign1_Tagged`.
const COSE_SIGN1_TAG: u64 = 18;
/// Header parameter `alg`, and ES256.
const ALGORITHM: i64 = 1;
const ES256: i64 = -7;
/// Header parameter `kid`. Taken and ignored: the key comes from the certificate.
const KEY_IDENTIFIER: i64 = 4;

/// An envelope whose signature nobody has verified yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct CoseSign1<'a> {
    protected: &'a [u8],
    payload: &'a [u8],
    signature: &'a RawSignature,
}

impl<'a> CoseSign1<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(bytes);
        if reader.tag()? != COSE_SIGN1_TAG {
            return Err("not tagged as COSE_Sign1");
        }
        if reader.array()? != 4 {
            return Err("not the four parts of COSE_Sign1");
        }
        let protected = reader.bytes()?;
        let mut headers = Reader::new(protected);
        if !read_headers(&mut headers)? {
            return Err("the protected header lacks the algorithm");
        }
        headers.finish()?;
        if read_headers(&mut reader)? {
            return Err("the algorithm stands in the unprotected header");
        }
        let payload = reader.bytes()?;
        let signature = reader
            .bytes()?
            .try_into()
            .map_err(|_| "the signature is not 64 bytes")?;
        reader.finish()?;
        Ok(Self {
            protected,
            payload,
            signature,
        })
    }

    /// The payload, where the signature is the key's.
    pub(super) fn verify(&self, key: &Sec1Point) -> Option<&'a [u8]> {
        let message = self.to_be_signed();
        es256::verify(key, &message, self.signature).then_some(self.payload)
    }

    /// The payload, whoever signed it.
    pub(super) const fn unverified_payload(&self) -> &'a [u8] {
        self.payload
    }

    /// `Sig_structure` without external data (RFC 9052, section 4.4).
    fn to_be_signed(self) -> Vec<u8> {
        let mut message = vec![0x84, 0x6a];
        message.extend_from_slice(b"Signature1");
        push_bytes(&mut message, self.protected);
        push_bytes(&mut message, &[]);
        push_bytes(&mut message, self.payload);
        message
    }
}

/// Reads a header map; says whether the algorithm is in it. Anything else but ES256 is a fault, and
/// so is a parameter that could change the meaning.
fn read_headers(reader: &mut Reader<'_>) -> Result<bool, Fault> {
    let (mut algorithm, mut key_identifier) = (false, false);
    for _ in 0..reader.map()? {
        match reader.integer()? {
            ALGORITHM if !algorithm => {
                if reader.integer()? != ES256 {
                    return Err("another algorithm than ES256");
                }
                algorithm = true;
            }
            KEY_IDENTIFIER if !key_identifier => {
                reader.bytes()?;
                key_identifier = true;
            }
            _ => return Err("a header parameter is unknown or doubled"),
        }
    }
    Ok(algorithm)
}

fn push_bytes(message: &mut Vec<u8>, bytes: &[u8]) {
    let length = bytes.len().to_be_bytes();
    let [.., high, low] = length;
    match bytes.len() {
        0..=23 => message.push(0x40 | low),
        24..=0xff => message.extend_from_slice(&[0x58, low]),
        0x100..=0xffff => message.extend_from_slice(&[0x59, high, low]),
        _ => {
            message.push(0x5b);
            message.extend_from_slice(&length);
        }
    }
    message.extend_from_slice(bytes);
}
