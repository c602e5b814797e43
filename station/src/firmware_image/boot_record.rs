//! The boot record: what the bootloader hands over to the attestation service, in the CBOR of a
//! software component (RFC 9783, section 4.4.1), prepared when the image was signed.

use firmware_proto::Digest;
use minicbor::Decoder;
use minicbor::decode::Error;

use super::error::ImageError;

/// Longest record: MCUboot's own bound.
const MAX_RECORD_BYTES: usize = 100;

/// What the token will say of the component, besides the measurement, which is the image's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootRecord {
    /// Measurement type: the component's name.
    pub component: String,
    /// Version.
    pub version: String,
    /// Digest of the signing key.
    pub signer: Digest,
}

impl BootRecord {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ImageError> {
        let malformed = |what: &str| ImageError::Malformed(format!("the boot record {what}"));
        if bytes.len() > MAX_RECORD_BYTES {
            return Err(malformed("is longer than a bootloader takes"));
        }
        let fields = Fields::read(bytes).map_err(|_| malformed("is no software component"))?;
        if fields
            .description
            .as_deref()
            .is_some_and(|name| name != "SHA256")
        {
            return Err(malformed("has another hash than SHA256"));
        }
        // The bootloader writes the hash over the last 32 bytes, whatever stands there.
        if !fields.measurement_is_last {
            return Err(malformed("does not end with 32 bytes for the measurement"));
        }
        match (fields.component, fields.version, fields.signer) {
            (Some(component), Some(version), Some(signer)) => Ok(Self {
                component,
                version,
                signer,
            }),
            _ => Err(malformed("lacks type, version or signer")),
        }
    }
}

#[derive(Debug, Default)]
struct Fields {
    component: Option<String>,
    version: Option<String>,
    signer: Option<Digest>,
    description: Option<String>,
    measurement_is_last: bool,
}

impl Fields {
    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut decoder = Decoder::new(bytes);
        let count = decoder
            .map()?
            .ok_or_else(|| Error::message("indefinite length"))?;
        let mut fields = Self::default();
        let mut seen = Vec::new();
        for _ in 0..count {
            let key = decoder.u8()?;
            if seen.contains(&key) {
                return Err(Error::message("a key twice"));
            }
            seen.push(key);
            fields.measurement_is_last = false;
            match key {
                1 => fields.component = Some(decoder.str()?.to_owned()),
                2 => fields.measurement_is_last = decoder.bytes()?.len() == 32,
                4 => fields.version = Some(decoder.str()?.to_owned()),
                5 => {
                    let digest = decoder.bytes()?.try_into().map_err(Error::custom)?;
                    fields.signer = Some(Digest::from_bytes(digest));
                }
                6 => fields.description = Some(decoder.str()?.to_owned()),
                _ => return Err(Error::message("an unknown key")),
            }
        }
        if decoder.position() == bytes.len() {
            Ok(fields)
        } else {
            Err(Error::message("bytes behind the map"))
        }
    }
}
