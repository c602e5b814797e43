//! PKCS#11 URIs (RFC 7512), in the part of them that names tokens and keys. Strict: what is not understood
//! is refused, since a URI that is read loosely names another key than the one that was meant.
//!
//! Refused on purpose: every query attribute (`pin-value` would put a PIN into a configuration file; module
//! and PIN source have keys of their own) and every `slot-` attribute (slots move when tokens are plugged).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

/// Longest URI, in bytes.
const MAX_URI_BYTES: usize = 512;

/// Why a text is no URI that we take.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UriError {
    /// It does not begin with `pkcs11:`, or is too long.
    #[error("not a PKCS#11 URI: write it as pkcs11:name=value;name=value, in at most 512 bytes")]
    Scheme,
    /// A PIN stands in it. Its value is not repeated here.
    #[error("a PIN never stands in a URI: remove pin-value and use [hsm.pin]")]
    PinValue,
    /// There is a query.
    #[error("query attributes are not taken: module and PIN have keys of their own in [hsm]")]
    Query,
    /// An attribute that we do not know or do not take.
    #[error(
        "attribute {0:?} is not taken: use token, manufacturer, model, serial, object, id, type"
    )]
    Attribute(String),
    /// An attribute twice.
    #[error("attribute {0} stands there twice: keep one")]
    Twice(&'static str),
    /// A value is empty, has a character that must be percent-encoded, or is no UTF-8.
    #[error(
        "the value of {0} is not valid: it may not be empty; percent-encode special characters"
    )]
    Value(&'static str),
    /// `type` is something else than a private key.
    #[error("type must be private: a role signs")]
    Type,
    /// The URI names no token.
    #[error("it names no token: add token=LABEL")]
    NoToken,
    /// The URI of a token names an object.
    #[error("it names an object: keys go into [hsm.keys]")]
    ObjectInToken,
    /// The URI of a key names no object.
    #[error("it names no key: add object=LABEL or id=%XX")]
    NoObject,
}

/// Names a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUri(TokenName);

/// Names a key of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUri {
    token: TokenName,
    object: Option<String>,
    id: Option<Vec<u8>>,
}

/// The attributes that name a token; an absent one fits any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TokenName {
    pub(super) token: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) model: Option<String>,
    pub(super) serial: Option<String>,
}

impl TokenUri {
    /// The token with this label.
    #[must_use]
    pub fn with_label(label: &str) -> Self {
        Self(TokenName {
            token: Some(label.to_owned()),
            ..TokenName::default()
        })
    }

    pub(super) const fn name(&self) -> &TokenName {
        &self.0
    }
}

impl KeyUri {
    /// The key with this label, in whichever token is open.
    #[must_use]
    pub fn with_label(label: &str) -> Self {
        Self {
            token: TokenName::default(),
            object: Some(label.to_owned()),
            id: None,
        }
    }

    /// The key's label (`CKA_LABEL`).
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// The key's identifier (`CKA_ID`).
    #[must_use]
    pub fn id(&self) -> Option<&[u8]> {
        self.id.as_deref()
    }

    /// Whether the key can be in that token: what both name is the same.
    #[must_use]
    pub fn fits(&self, token: &TokenUri) -> bool {
        let agree = |own: &Option<String>, other: &Option<String>| match (own, other) {
            (Some(own), Some(other)) => own == other,
            (None, _) => true,
            (Some(_), None) => false,
        };
        agree(&self.token.token, &token.0.token)
            && agree(&self.token.manufacturer, &token.0.manufacturer)
            && agree(&self.token.model, &token.0.model)
            && agree(&self.token.serial, &token.0.serial)
    }
}

impl FromStr for TokenUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let parts = Parts::parse(text)?;
        if parts.object.is_some() || parts.id.is_some() || parts.private {
            return Err(UriError::ObjectInToken);
        }
        if parts.token == TokenName::default() {
            return Err(UriError::NoToken);
        }
        Ok(Self(parts.token))
    }
}

impl FromStr for KeyUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let Parts {
            token, object, id, ..
        } = Parts::parse(text)?;
        if object.is_none() && id.is_none() {
            return Err(UriError::NoObject);
        }
        Ok(Self { token, object, id })
    }
}

#[derive(Default)]
struct Parts {
    token: TokenName,
    object: Option<String>,
    id: Option<Vec<u8>>,
    private: bool,
}

impl Parts {
    fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > MAX_URI_BYTES {
            return Err(UriError::Scheme);
        }
        let path = text.strip_prefix("pkcs11:").ok_or(UriError::Scheme)?;
        if path.contains("pin-value") {
            return Err(UriError::PinValue);
        }
        if path.contains('?') {
            return Err(UriError::Query);
        }
        let mut parts = Self::default();
        for attribute in path.split(';') {
            let (name, value) = attribute.split_once('=').ok_or(UriError::Scheme)?;
            parts.take(name, value)?;
        }
        Ok(parts)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), UriError> {
        match name {
            "token" => set(&mut self.token.token, "token", text_value("token", value)?),
            "manufacturer" => {
                let value = text_value("manufacturer", value)?;
                set(&mut self.token.manufacturer, "manufacturer", value)
            }
            "model" => set(&mut self.token.model, "model", text_value("model", value)?),
            "serial" => set(
                &mut self.token.serial,
                "serial",
                text_value("serial", value)?,
            ),
            "object" => set(&mut self.object, "object", text_value("object", value)?),
            "id" => set(&mut self.id, "id", bytes_value("id", value)?),
            "type" if self.private => Err(UriError::Twice("type")),
            "type" if value == "private" => {
                self.private = true;
                Ok(())
            }
            "type" => Err(UriError::Type),
            other => Err(UriError::Attribute(other.escape_default().to_string())),
        }
    }
}

fn set<T>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), UriError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(UriError::Twice(name)),
    }
}

fn text_value(name: &'static str, value: &str) -> Result<String, UriError> {
    let text = String::from_utf8(bytes_value(name, value)?).map_err(|_| UriError::Value(name))?;
    if text.chars().any(char::is_control) {
        return Err(UriError::Value(name));
    }
    Ok(text)
}

/// `*pk11-pchar` (RFC 7512, section 2.3), decoded.
fn bytes_value(name: &'static str, value: &str) -> Result<Vec<u8>, UriError> {
    let mut decoded = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => {
                let pair = rest.next().zip(rest.next());
                pair.and_then(|(high, low)| Some(digit(high)? << 4 | digit(low)?))
                    .ok_or(UriError::Value(name))?
            }
            byte if is_plain(byte) => byte,
            _ => return Err(UriError::Value(name)),
        });
    }
    if decoded.is_empty() {
        return Err(UriError::Value(name));
    }
    Ok(decoded)
}

/// `unreserved / pk11-res-avail / "&"`.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~')
        || matches!(
            byte,
            b':' | b'[' | b']' | b'@' | b'!' | b'$' | b'\'' | b'(' | b')'
        )
        || matches!(byte, b'*' | b'+' | b',' | b'=' | b'&')
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

impl fmt::Display for TokenUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_uri(f, &self.0, None, None)
    }
}

impl fmt::Display for KeyUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_uri(f, &self.token, self.object.as_deref(), self.id.as_deref())
    }
}

fn write_uri(
    f: &mut fmt::Formatter<'_>,
    token: &TokenName,
    object: Option<&str>,
    id: Option<&[u8]>,
) -> fmt::Result {
    let text = |value: &Option<String>| value.as_ref().map(|text| encode(text.as_bytes()));
    let attributes = [
        ("token", text(&token.token)),
        ("manufacturer", text(&token.manufacturer)),
        ("model", text(&token.model)),
        ("serial", text(&token.serial)),
        ("object", object.map(|object| encode(object.as_bytes()))),
        (
            "id",
            id.map(|id| {
                id.iter()
                    .map(|byte| percent(*byte))
                    .collect::<Vec<_>>()
                    .concat()
            }),
        ),
    ];
    f.write_str("pkcs11:")?;
    let mut separator = "";
    for (name, value) in attributes {
        if let Some(value) = value {
            write!(f, "{separator}{name}={value}")?;
            separator = ";";
        }
    }
    Ok(())
}

fn percent(byte: u8) -> String {
    format!("%{byte:02X}")
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push_str(&percent(byte));
        }
    }
    text
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(D::Error::custom)
            }
        }
    };
}

as_text!(TokenUri);
as_text!(KeyUri);

#[cfg(test)]
mod tests;
