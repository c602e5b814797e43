//! Writes the envelope of a statement of any size: what is signed is hashed first, then written as base64.

use std::io::{self, Write};

use base64ct::{Base64, Encoding as _};
use firmware_proto::Digest;
use firmware_proto::platform::{RawSignature, Sec1Point};
use sha2::Digest as _;

use super::dsse::{Envelope, EnvelopeSignature, PAYLOAD_TYPE};
use crate::dsse::{pre_authentication_head, verify_digest};
use crate::encoding::Base64Bytes;
use crate::es256;

/// Bytes that are encoded at once: a multiple of three.
const PIECE_BYTES: usize = 48 * 1024;

/// Hashes what is written through it (SHA-256).
#[derive(Debug)]
pub struct Hashing<W> {
    out: W,
    hasher: sha2::Sha256,
}

impl<W> Hashing<W> {
    /// Writes on to `out`.
    pub fn new(out: W) -> Self {
        Self {
            out,
            hasher: sha2::Sha256::new(),
        }
    }

    /// The digest of all that was written.
    #[must_use]
    pub fn digest(self) -> Digest {
        Digest::from_bytes(self.hasher.finalize().into())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Hashes the pre-authentication encoding of a statement, and writes its base64.
#[derive(Debug)]
pub struct PayloadWriter<W> {
    out: W,
    hasher: sha2::Sha256,
    waiting: Vec<u8>,
}

impl<W: Write> PayloadWriter<W> {
    /// Begins an envelope around a statement of that many bytes.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn new(mut out: W, statement_bytes: u64) -> io::Result<Self> {
        out.write_all(b"{\"payload\":\"")?;
        let mut hasher = sha2::Sha256::new();
        hasher.update(pre_authentication_head(PAYLOAD_TYPE, statement_bytes));
        Ok(Self {
            out,
            hasher,
            waiting: Vec::with_capacity(PIECE_BYTES),
        })
    }

    fn encode_waiting(&mut self) -> io::Result<()> {
        let text = Base64::encode_string(&self.waiting);
        self.waiting.clear();
        self.out.write_all(text.as_bytes())
    }

    /// The whole statement was written. Gives the digest that is to be signed.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(mut self) -> io::Result<(W, Digest)> {
        self.encode_waiting()?;
        let digest = Digest::from_bytes(self.hasher.finalize().into());
        Ok((self.out, digest))
    }
}

impl<W: Write> Write for PayloadWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE_BYTES - self.waiting.len();
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.hasher.update(taken);
        self.waiting.extend_from_slice(taken);
        if self.waiting.len() == PIECE_BYTES {
            self.encode_waiting()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ends the envelope with the token's signature (`r ‖ s`) over that digest.
///
/// # Errors
/// Where the signature does not verify under the key, or the file cannot be written.
pub fn end_envelope(
    out: &mut impl Write,
    digest: &Digest,
    key: &Sec1Point,
    signature: &RawSignature,
) -> io::Result<()> {
    let sig = es256::signature_to_der(signature);
    let sig = sig.ok_or_else(|| io::Error::other("the signature is none of P-256"))?;
    verify_digest(digest, key, &sig).map_err(io::Error::other)?;
    let envelope = Envelope {
        payload: Base64Bytes(Vec::new()),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: vec![EnvelopeSignature {
            keyid: es256::key_digest(key).into(),
            sig: Base64Bytes(sig),
        }],
    };
    let text = envelope.to_bytes()?;
    // What follows the payload, which has been written.
    let rest = text.strip_prefix(b"{\"payload\":\"");
    let rest = rest.ok_or_else(|| io::Error::other("the envelope has another beginning"))?;
    out.write_all(rest)?;
    out.flush()
}
