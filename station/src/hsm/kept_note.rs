//! A note kept in the token itself, beside the keys: whoever takes home and mirror back to an older day does
//! not take the token with them.
//!
//! One private data object of our application under a label. It is never changed: a new one is made, then the
//! older ones are removed, so that a crash leaves one too many and never none. Who reads takes them all.

use cryptoki::error::Error as CryptokiError;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::error::{HsmError, Operation};
use super::module::Pkcs11Session;

/// What our objects are known by, besides their label.
const APPLICATION: &[u8] = b"provisioning-station";

/// Most objects that are read: one, and what crashes left.
const OBJECTS_MAX: usize = 16;

/// Ends each value in what [`read`] gives; no note has such a byte.
pub(super) const END: u8 = 0;

/// The values of all objects under the label, each ended by [`END`].
pub(super) fn read(session: &Pkcs11Session, label: &str) -> Result<Vec<u8>, HsmError> {
    let values = session.call(|session| {
        let mut values = Vec::new();
        for object in find(session, label)?.into_iter().take(OBJECTS_MAX) {
            for attribute in session.get_attributes(object, &[AttributeType::Value])? {
                if let Attribute::Value(value) = attribute {
                    values.extend(value);
                    values.push(END);
                }
            }
        }
        Ok(values)
    });
    values.map_err(|error| HsmError::from_call(Operation::ReadNote, &error))
}

/// Keeps this value under the label, then removes what was there before. The session must be writable.
pub(super) fn replace(session: &Pkcs11Session, label: &str, value: &[u8]) -> Result<(), HsmError> {
    let replaced = session.call(|session| {
        let older = find(session, label)?;
        let template = [
            Attribute::Class(ObjectClass::DATA),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Modifiable(false),
            Attribute::Application(APPLICATION.to_vec()),
            Attribute::Label(label.as_bytes().to_vec()),
            Attribute::Value(value.to_vec()),
        ];
        session.create_object(&template)?;
        for object in older {
            session.destroy_object(object)?;
        }
        Ok(())
    });
    replaced.map_err(|error| HsmError::from_call(Operation::KeepNote, &error))
}

fn find(session: &Session, label: &str) -> Result<Vec<ObjectHandle>, CryptokiError> {
    session.find_objects(&[
        Attribute::Class(ObjectClass::DATA),
        Attribute::Token(true),
        Attribute::Application(APPLICATION.to_vec()),
        Attribute::Label(label.as_bytes().to_vec()),
    ])
}
