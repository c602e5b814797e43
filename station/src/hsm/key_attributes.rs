//! What a key of the token must be: made in it, unable to leave it, good for signing and nothing else.

use cryptoki::error::Error as CryptokiError;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};

use super::error::{Fault, HsmError, Operation};
use super::module::Pkcs11Session;
use super::pkcs11_uri::KeyUri;
use super::token::KeyAlgorithm;
use crate::identity::signer::{KeyRole, PublicKey};

#[cfg(test)]
mod tests;

/// `OBJECT IDENTIFIER` of secp256r1, DER.
const P256_PARAMETERS: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// `OBJECT IDENTIFIER` id-Ed25519 (RFC 8410), DER.
const ED25519_PARAMETERS: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
/// `PrintableString` "edwards25519", DER: the older way, which PKCS#11 3.0 allows too.
const ED25519_NAME: &[u8] = b"\x13\x0cedwards25519";

/// Attributes of a private key, and what each must be. One that the token does not tell counts as wrong.
const REQUIRED: [(AttributeType, bool, &str); 8] = [
    (AttributeType::Token, true, "CKA_TOKEN"),
    (AttributeType::Private, true, "CKA_PRIVATE"),
    (AttributeType::Sensitive, true, "CKA_SENSITIVE"),
    (AttributeType::AlwaysSensitive, true, "CKA_ALWAYS_SENSITIVE"),
    (AttributeType::Extractable, false, "CKA_EXTRACTABLE"),
    (
        AttributeType::NeverExtractable,
        true,
        "CKA_NEVER_EXTRACTABLE",
    ),
    (AttributeType::Local, true, "CKA_LOCAL"),
    (AttributeType::Modifiable, false, "CKA_MODIFIABLE"),
];

/// Usages. Tokens need not tell those that they do not know, so absent counts as false.
const USAGES: [(AttributeType, bool, &str); 5] = [
    (AttributeType::Sign, true, "CKA_SIGN"),
    (AttributeType::SignRecover, false, "CKA_SIGN_RECOVER"),
    (AttributeType::Decrypt, false, "CKA_DECRYPT"),
    (AttributeType::Unwrap, false, "CKA_UNWRAP"),
    (AttributeType::Derive, false, "CKA_DERIVE"),
];

/// A key pair of an open session.
#[derive(Clone, Copy, Debug)]
pub(super) struct FoundKey {
    pub(super) private: ObjectHandle,
    pub(super) public_key: PublicKey,
}

/// Whether the token has neither half of the pair.
pub(super) fn is_absent(
    session: &Pkcs11Session,
    role: KeyRole,
    uri: &KeyUri,
) -> Result<bool, HsmError> {
    let private = objects(session, role, uri, ObjectClass::PRIVATE_KEY)?;
    let public = objects(session, role, uri, ObjectClass::PUBLIC_KEY)?;
    Ok(private.is_empty() && public.is_empty())
}

/// The public object, where it is the only object of the pair.
pub(super) fn lone_public_half(
    session: &Pkcs11Session,
    role: KeyRole,
    uri: &KeyUri,
) -> Result<Option<ObjectHandle>, HsmError> {
    let private = objects(session, role, uri, ObjectClass::PRIVATE_KEY)?;
    let public = objects(session, role, uri, ObjectClass::PUBLIC_KEY)?;
    Ok(match (private.as_slice(), public.as_slice()) {
        ([], [public]) => Some(*public),
        _ => None,
    })
}

/// Finds the one key pair, and refuses it where it is not as it must be.
pub(super) fn find(
    session: &Pkcs11Session,
    role: KeyRole,
    uri: &KeyUri,
) -> Result<FoundKey, HsmError> {
    let private = only(session, role, uri, ObjectClass::PRIVATE_KEY)?;
    let public = only(session, role, uri, ObjectClass::PUBLIC_KEY)?;
    let kinds = [AttributeType::KeyType, AttributeType::EcParams];
    let algorithm = algorithm(role, &read(session, role, private, &kinds)?)?;
    let kinds: Vec<_> = rows().map(|row| row.0).collect();
    check_attributes(role, &read(session, role, private, &kinds)?)?;
    let kinds = [AttributeType::EcPoint];
    let public_key = public_key(role, algorithm, &read(session, role, public, &kinds)?)?;
    Ok(FoundKey {
        private,
        public_key,
    })
}

/// The templates of a new pair: public, private.
pub(super) fn templates(
    uri: &KeyUri,
    id: Vec<u8>,
    algorithm: KeyAlgorithm,
) -> (Vec<Attribute>, Vec<Attribute>) {
    let parameters = match algorithm {
        KeyAlgorithm::P256 => P256_PARAMETERS,
        KeyAlgorithm::Ed25519 => ED25519_PARAMETERS,
    };
    let label = uri.label().unwrap_or_default().as_bytes().to_vec();
    let named = [
        Attribute::Token(true),
        Attribute::Label(label),
        Attribute::Id(id),
    ];
    let mut public = named.to_vec();
    public.extend([
        Attribute::Private(false),
        Attribute::Modifiable(false),
        Attribute::Verify(true),
        Attribute::EcParams(parameters.to_vec()),
    ]);
    let mut private = named.to_vec();
    private.extend([
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Modifiable(false),
        Attribute::Sign(true),
        Attribute::SignRecover(false),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ]);
    (public, private)
}

fn objects(
    session: &Pkcs11Session,
    role: KeyRole,
    uri: &KeyUri,
    class: ObjectClass,
) -> Result<Vec<ObjectHandle>, HsmError> {
    let mut template = vec![Attribute::Class(class), Attribute::Token(true)];
    template.extend(
        uri.label()
            .map(|label| Attribute::Label(label.as_bytes().to_vec())),
    );
    template.extend(uri.id().map(|id| Attribute::Id(id.to_vec())));
    session
        .call(|session| session.find_objects(&template))
        .map_err(|error| HsmError::from_call(Operation::FindKey(role), &error))
}

fn only(
    session: &Pkcs11Session,
    role: KeyRole,
    uri: &KeyUri,
    class: ObjectClass,
) -> Result<ObjectHandle, HsmError> {
    let found = objects(session, role, uri, class)?;
    let kind = if class == ObjectClass::PRIVATE_KEY {
        "private"
    } else {
        "public"
    };
    let named = format!("{uri};type={kind}");
    match *found.as_slice() {
        [object] => Ok(object),
        [] => Err(HsmError::new(
            Operation::FindKey(role),
            Fault::KeyMissing(named),
        )),
        _ => {
            let fault = Fault::KeyDuplicate(named, found.len());
            Err(HsmError::new(Operation::FindKey(role), fault))
        }
    }
}

fn read(
    session: &Pkcs11Session,
    role: KeyRole,
    object: ObjectHandle,
    kinds: &[AttributeType],
) -> Result<Vec<Attribute>, HsmError> {
    session
        .call(|session| session.get_attributes(object, kinds))
        .map_err(|error: CryptokiError| HsmError::from_call(Operation::CheckKey(role), &error))
}

/// Of which algorithm a private key is, where its role may have it.
fn algorithm(role: KeyRole, attributes: &[Attribute]) -> Result<KeyAlgorithm, HsmError> {
    let key_type = attributes.iter().find_map(|attribute| match attribute {
        Attribute::KeyType(key_type) => Some(*key_type),
        _ => None,
    });
    let parameters = attributes.iter().find_map(|attribute| match attribute {
        Attribute::EcParams(parameters) => Some(parameters.as_slice()),
        _ => None,
    });
    match (key_type, parameters) {
        (Some(KeyType::EC), Some(P256_PARAMETERS)) => Ok(KeyAlgorithm::P256),
        (Some(KeyType::EC_EDWARDS), Some(ED25519_PARAMETERS | ED25519_NAME)) => match role {
            KeyRole::Ledger => Ok(KeyAlgorithm::Ed25519),
            _ => Err(wrong_type(role, "Ed25519")),
        },
        (Some(KeyType::EC | KeyType::EC_EDWARDS), _) => {
            Err(wrong_type(role, "a key on another curve"))
        }
        (Some(key_type), _) => Err(wrong_type(role, &key_type.to_string())),
        (None, _) => Err(wrong_type(role, "a key of unknown type")),
    }
}

fn wrong_type(role: KeyRole, got: &str) -> HsmError {
    let wanted = match role {
        KeyRole::Ledger => "Ed25519 or ECDSA P-256",
        _ => "ECDSA P-256",
    };
    HsmError::new(
        Operation::CheckKey(role),
        Fault::KeyType {
            wanted,
            got: got.to_owned(),
        },
    )
}

fn rows() -> impl Iterator<Item = &'static (AttributeType, bool, &'static str)> {
    REQUIRED.iter().chain(&USAGES)
}

fn check_attributes(role: KeyRole, attributes: &[Attribute]) -> Result<(), HsmError> {
    let told: Vec<_> = attributes.iter().filter_map(flag).collect();
    let value = |kind| {
        told.iter()
            .find(|(told, _)| *told == kind)
            .map(|(_, value)| *value)
    };
    let wrong_required = REQUIRED
        .iter()
        .filter(|(kind, wanted, _)| value(*kind) != Some(*wanted));
    let wrong_usage = USAGES
        .iter()
        .filter(|(kind, wanted, _)| value(*kind).unwrap_or(false) != *wanted);
    let wrong: Vec<_> = wrong_required
        .chain(wrong_usage)
        .map(|(_, wanted, name)| format!("{name} must be {wanted}"))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(HsmError::new(
        Operation::CheckKey(role),
        Fault::KeyAttributes(wrong),
    ))
}

const fn flag(attribute: &Attribute) -> Option<(AttributeType, bool)> {
    Some(match attribute {
        Attribute::Token(value) => (AttributeType::Token, *value),
        Attribute::Private(value) => (AttributeType::Private, *value),
        Attribute::Sensitive(value) => (AttributeType::Sensitive, *value),
        Attribute::AlwaysSensitive(value) => (AttributeType::AlwaysSensitive, *value),
        Attribute::Extractable(value) => (AttributeType::Extractable, *value),
        Attribute::NeverExtractable(value) => (AttributeType::NeverExtractable, *value),
        Attribute::Local(value) => (AttributeType::Local, *value),
        Attribute::Modifiable(value) => (AttributeType::Modifiable, *value),
        Attribute::Sign(value) => (AttributeType::Sign, *value),
        Attribute::SignRecover(value) => (AttributeType::SignRecover, *value),
        Attribute::Decrypt(value) => (AttributeType::Decrypt, *value),
        Attribute::Unwrap(value) => (AttributeType::Unwrap, *value),
        Attribute::Derive(value) => (AttributeType::Derive, *value),
        _ => return None,
    })
}

/// `CKA_EC_POINT` is a DER `OCTET STRING` around the point; some tokens leave the wrapping out.
fn public_key(
    role: KeyRole,
    algorithm: KeyAlgorithm,
    attributes: &[Attribute],
) -> Result<PublicKey, HsmError> {
    let point = attributes.iter().find_map(|attribute| match attribute {
        Attribute::EcPoint(point) => Some(point.as_slice()),
        _ => None,
    });
    let point = point.unwrap_or_default();
    let key = match (algorithm, point) {
        (KeyAlgorithm::P256, [0x04, 0x41, point @ ..]) if point.len() == 65 => p256_point(point),
        (KeyAlgorithm::P256, point) => p256_point(point),
        (KeyAlgorithm::Ed25519, [0x04, 0x20, point @ ..]) if point.len() == 32 => ed25519(point),
        (KeyAlgorithm::Ed25519, point) => ed25519(point),
    };
    key.ok_or_else(|| wrong_type(role, "a public key that is no point of its curve"))
}

fn p256_point(bytes: &[u8]) -> Option<PublicKey> {
    let point = bytes.try_into().ok()?;
    p256::PublicKey::from_sec1_bytes(bytes).ok()?;
    Some(PublicKey::P256(point))
}

fn ed25519(bytes: &[u8]) -> Option<PublicKey> {
    let point = bytes.try_into().ok()?;
    ed25519_dalek::VerifyingKey::from_bytes(&point).ok()?;
    Some(PublicKey::Ed25519(point))
}
