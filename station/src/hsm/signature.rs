//! Signatures as the station uses them: 64 bytes, low S for ES256, and verified before anyone sees them.

use p256::ecdsa::Signature;

use crate::es256;
use crate::identity::signer::PublicKey;

/// A signature that does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify under the key")]
pub struct InvalidSignature;

/// Verifies a signature over the message itself under a public key.
///
/// # Errors
/// [`InvalidSignature`] where it does not verify, or the key is no point of its curve.
pub fn verify_signature(
    key: &PublicKey,
    message: &[u8],
    signature: &[u8; 64],
) -> Result<(), InvalidSignature> {
    match key {
        PublicKey::P256(point) => es256::verify(point, message, signature)
            .then_some(())
            .ok_or(InvalidSignature),
        PublicKey::Ed25519(point) => {
            let key =
                ed25519_dalek::VerifyingKey::from_bytes(point).map_err(|_| InvalidSignature)?;
            let signature = ed25519_dalek::Signature::from_bytes(signature);
            key.verify_strict(message, &signature)
                .map_err(|_| InvalidSignature)
        }
    }
}

/// Brings a raw ECDSA signature of a token into its one accepted form: of `s` and `n - s` the lower.
pub(super) fn with_low_s(raw: &[u8]) -> Result<[u8; 64], InvalidSignature> {
    let signature = Signature::from_slice(raw).map_err(|_| InvalidSignature)?;
    Ok(signature.normalize_s().to_bytes().into())
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::SigningKey;
    use p256::ecdsa::signature::Signer as _;

    use super::*;

    #[test]
    fn high_s_becomes_low_and_still_verifies() {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let public = key.verifying_key().to_sec1_point(false);
        let public = PublicKey::P256(public.as_bytes().try_into().unwrap());
        for message in [&b"a"[..], b"b", b"c", b"d"] {
            let signature: Signature = key.sign(message);
            let low = signature.normalize_s();
            let high = Signature::from_scalars(low.r().to_bytes(), (-low.s()).to_bytes()).unwrap();
            let fixed = with_low_s(&high.to_bytes()).unwrap();
            assert_eq!(fixed[..], low.to_bytes()[..]);
            verify_signature(&public, message, &fixed).unwrap();
            assert!(verify_signature(&public, b"other", &fixed).is_err());
        }
        assert!(with_low_s(&[0; 64]).is_err());
        assert!(with_low_s(&[1; 63]).is_err());
    }
}
