//! Signed objects and their payloads: whatever is taken has exactly one encoding.

use firmware_proto::authority::{Commit, Grant, Payload, Proof, Receipt, StationCredential};
use firmware_proto::cose::{self, ContentType};

/// Holds the reader to the above with these bytes.
pub fn check(data: &[u8]) {
    for kind in [
        ContentType::StationCredential,
        ContentType::Grant,
        ContentType::Proof,
        ContentType::Commit,
        ContentType::Receipt,
    ] {
        if let Ok(object) = cose::decode(kind, data) {
            let mut out = [0; 1024];
            let length = cose::encode(kind, object.payload, object.signature, &mut out);
            assert_eq!(length.map(|length| &out[..length]), Ok(data));
            payloads(object.payload);
        }
    }
    payloads(data);
}

fn payloads(data: &[u8]) {
    one_encoding::<StationCredential>(data);
    one_encoding::<Grant>(data);
    one_encoding::<Proof>(data);
    one_encoding::<Commit>(data);
    one_encoding::<Receipt>(data);
}

fn one_encoding<P: Payload>(data: &[u8]) {
    if let Ok(payload) = P::decode(data) {
        assert_eq!(payload.encode().as_deref(), Ok(data));
    }
}
