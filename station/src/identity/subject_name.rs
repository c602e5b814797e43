//! Distinguished names, attribute by attribute: text never passes through a parser of names, so
//! that no comma in a text becomes an attribute.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{COMMON_NAME, O, OU, SERIAL_NUMBER};
use der::asn1::{Any, PrintableStringRef, SetOfVec, Utf8StringRef};
use der::{Decode, Encode};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

use crate::names::DeviceSerial;

/// The attributes of a name, in the order in which they are encoded.
#[derive(Debug, Default)]
pub(super) struct SubjectName(Vec<(ObjectIdentifier, Any)>);

impl SubjectName {
    pub(super) fn organization(self, text: &str) -> der::Result<Self> {
        self.utf8(O, text)
    }

    pub(super) fn organizational_unit(self, text: &str) -> der::Result<Self> {
        self.utf8(OU, text)
    }

    pub(super) fn common_name(self, text: &str) -> der::Result<Self> {
        self.utf8(COMMON_NAME, text)
    }

    /// X.520 serialNumber; a `PrintableString`, which has no `_`: such a serial is refused at
    /// encoding.
    pub(super) fn serial_number(mut self, serial: &DeviceSerial) -> der::Result<Self> {
        let text = PrintableStringRef::new(serial.as_str())?;
        self.0.push((SERIAL_NUMBER, Any::encode_from(&text)?));
        Ok(self)
    }

    fn utf8(mut self, oid: ObjectIdentifier, text: &str) -> der::Result<Self> {
        self.0
            .push((oid, Any::encode_from(&Utf8StringRef::new(text)?)?));
        Ok(self)
    }

    /// One attribute in each relative name.
    pub(super) fn build(self) -> der::Result<Name> {
        let relative = |(oid, value)| {
            let attribute = AttributeTypeAndValue { oid, value };
            SetOfVec::try_from(vec![attribute]).map(RelativeDistinguishedName::from)
        };
        let names: Vec<_> = self
            .0
            .into_iter()
            .map(relative)
            .collect::<der::Result<_>>()?;
        Name::from_der(&RdnSequence::from(names).to_der()?)
    }
}

/// The only attribute of that type, where it is a text.
pub(super) fn only_text(name: &Name, oid: ObjectIdentifier) -> Option<String> {
    let mut found = name.iter().filter(|attribute| attribute.oid == oid);
    let attribute = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let value = &attribute.value;
    let utf8 = value
        .decode_as::<Utf8StringRef<'_>>()
        .map(|text| text.as_str().to_owned());
    let printable = || {
        value
            .decode_as::<PrintableStringRef<'_>>()
            .map(|text| text.as_str().to_owned())
    };
    utf8.or_else(|_| printable()).ok()
}
