//! The envelope of a token: `COSE_Sign1` (RFC 9052, section 4.2) with ES256.

use firmware_proto::platform::{RawSignature, Sec1Point};

use super::cbor::{Fault, Item, Label, Reader};
use crate::es256;

/// `COSE_Sign1_Tagged`, and what people might send instead.
const COSE_SIGN1_TAG: u64 = 18;
const COSE_MAC0_TAG: u64 = 17;
const CWT_TAG: u64 = 61;
/// Header parameter `alg`, and ES256.
const ALGORITHM: Label = Label::Number(1);
const ES256: i64 = -7;
/// Header parameter `crit`.
const CRITICAL: Label = Label::Number(2);
/// Content type and `kid`: understood, and of no consequence, since the claims say what they are and the key
/// comes from the certificate or the list.
const UNDERSTOOD: [Label; 3] = [ALGORITHM, Label::Number(3), Label::Number(4)];
/// Header parameter with claims in it (RFC 9597): a second set of claims, which other readers might believe.
const CWT_CLAIMS: Label = Label::Number(15);
/// Most header parameters.
const MAX_PARAMETERS: u64 = 16;

/// A header parameter that this station does not know, with its value in CBOR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderParameter {
    /// Its label.
    pub label: Label,
    /// Its value as it stands.
    pub value: Vec<u8>,
    /// Whether the signature covers it.
    pub protected: bool,
}

/// An envelope whose signature nobody has verified yet.
#[derive(Clone, Debug)]
pub(super) struct CoseSign1<'a> {
    protected: &'a [u8],
    payload: &'a [u8],
    signature: &'a RawSignature,
    parameters: Vec<HeaderParameter>,
}

impl<'a> CoseSign1<'a> {
    /// Reads the envelope with its tag, and nothing after it.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(bytes);
        match reader.tag().map_err(|_| "not tagged as COSE_Sign1")? {
            COSE_SIGN1_TAG => Self::untagged(reader),
            COSE_MAC0_TAG => Err("a COSE_Mac0, whose key whoever checks it could use as well"),
            CWT_TAG => Err("tagged as CWT, which RFC 9783 excludes"),
            _ => Err("not tagged as COSE_Sign1"),
        }
    }

    /// Reads the four parts, which are all that is left.
    pub(super) fn untagged(mut reader: Reader<'a>) -> Result<Self, Fault> {
        if reader.array()? != 4 {
            return Err("not the four parts of COSE_Sign1");
        }
        let protected = reader.bytes()?;
        let mut headers = Reader::new(protected);
        let mut parameters = read_headers(&mut headers, true)?;
        headers.finish()?;
        if !parameters.iter().any(|one| one.label == ALGORITHM) {
            return Err("the protected header lacks the algorithm");
        }
        let unprotected = read_headers(&mut reader, false)?;
        let doubled = |one: &HeaderParameter| parameters.iter().any(|two| one.label == two.label);
        if unprotected.iter().any(doubled) {
            return Err("a header parameter is protected and unprotected");
        }
        parameters.extend(unprotected);
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
            parameters,
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

    /// The parameters besides the algorithm.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &HeaderParameter> {
        self.parameters.iter().filter(|one| one.label != ALGORITHM)
    }

    /// `Sig_structure` without external data (RFC 9052, section 4.4).
    fn to_be_signed(&self) -> Vec<u8> {
        let mut message = vec![0x84, 0x6a];
        message.extend_from_slice(b"Signature1");
        push_bytes(&mut message, self.protected);
        push_bytes(&mut message, &[]);
        push_bytes(&mut message, self.payload);
        message
    }
}

/// Reads a header map.
///
/// 1. No label stands there twice.
/// 2. `alg` is protected and ES256.
/// 3. `crit` is protected, and names only parameters that are there and understood (RFC 9052, section 3.1).
/// 4. Nothing else changes the meaning, so it is kept and not judged; a second set of claims would.
fn read_headers(reader: &mut Reader<'_>, protected: bool) -> Result<Vec<HeaderParameter>, Fault> {
    let count = reader.map()?;
    if count > MAX_PARAMETERS {
        return Err("there are too many header parameters");
    }
    let mut parameters: Vec<HeaderParameter> = Vec::new();
    for _ in 0..count {
        let label = reader.label()?;
        if parameters.iter().any(|earlier| earlier.label == label) {
            return Err("a header parameter is doubled");
        }
        let value = reader.value()?.to_vec();
        parameters.push(HeaderParameter {
            label,
            value,
            protected,
        });
    }
    for parameter in &parameters {
        judge_parameter(parameter, &parameters)?;
    }
    Ok(parameters)
}

fn judge_parameter(parameter: &HeaderParameter, beside: &[HeaderParameter]) -> Result<(), Fault> {
    let mut value = Reader::new(&parameter.value);
    match &parameter.label {
        label if *label == ALGORITHM => {
            if !parameter.protected {
                return Err("the algorithm stands in the unprotected header");
            }
            if value.item()? != Item::Integer(ES256.into()) {
                return Err("another algorithm than ES256");
            }
        }
        label if *label == CRITICAL => {
            if !parameter.protected {
                return Err("the list of critical parameters is not protected");
            }
            let count = value.array()?;
            if count == 0 {
                return Err("the list of critical parameters is empty");
            }
            for _ in 0..count {
                let critical = value.label()?;
                if !UNDERSTOOD.contains(&critical) {
                    return Err("a critical header parameter is unknown");
                }
                if !beside.iter().any(|other| other.label == critical) {
                    return Err("a critical header parameter is missing");
                }
            }
        }
        label if *label == CWT_CLAIMS => return Err("there are claims in the header too"),
        _ => {}
    }
    Ok(())
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
