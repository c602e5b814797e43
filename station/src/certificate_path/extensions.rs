//! The extensions that are understood; the rest may not be critical.

use const_oid::AssociatedOid as _;
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage,
    NameConstraints, SubjectAltName, SubjectKeyIdentifier,
};

use super::{PathError, malformed};

/// What the extensions of one certificate say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KnownExtensions {
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) extended_key_usage: Option<(bool, Vec<ObjectIdentifier>)>,
    pub(super) alternative_names: Vec<GeneralName>,
    pub(super) name_constraints: Option<NameConstraints>,
    pub(super) subject_key_identifier: Option<Vec<u8>>,
    pub(super) authority_key_identifier: Option<Vec<u8>>,
    pub(super) unknown_critical: Option<ObjectIdentifier>,
}

impl KnownExtensions {
    pub(super) fn read(list: &[Extension]) -> Result<Self, PathError> {
        let mut known = Self::default();
        for (index, extension) in list.iter().enumerate() {
            let earlier = list.get(..index).unwrap_or_default();
            if earlier
                .iter()
                .any(|other| other.extn_id == extension.extn_id)
            {
                return Err(malformed(format!("two extensions {}", extension.extn_id)));
            }
            known.take(extension).map_err(malformed)?;
        }
        Ok(known)
    }

    fn take(&mut self, extension: &Extension) -> der::Result<()> {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id {
            BasicConstraints::OID => {
                self.basic_constraints = Some(strict(value)?);
            }
            KeyUsage::OID => self.key_usage = Some(strict(value)?),
            ExtendedKeyUsage::OID => {
                let usage: ExtendedKeyUsage = strict(value)?;
                self.extended_key_usage = Some((extension.critical, usage.0));
            }
            SubjectAltName::OID => self.alternative_names = strict::<SubjectAltName>(value)?.0,
            NameConstraints::OID => self.name_constraints = Some(strict(value)?),
            SubjectKeyIdentifier::OID => {
                let identifier: SubjectKeyIdentifier = strict(value)?;
                self.subject_key_identifier = Some(identifier.0.as_bytes().to_vec());
            }
            AuthorityKeyIdentifier::OID => {
                let identifier: AuthorityKeyIdentifier = strict(value)?;
                self.authority_key_identifier = identifier
                    .key_identifier
                    .map(|bytes| bytes.as_bytes().to_vec());
            }
            CrlDistributionPoints::OID if !extension.critical => {}
            other if extension.critical => self.unknown_critical = Some(other),
            _ => {}
        }
        Ok(())
    }
}

/// Reads an extension's value that encodes again to the same bytes.
pub(super) fn strict<'a, T: Decode<'a, Error = der::Error> + Encode>(
    bytes: &'a [u8],
) -> der::Result<T> {
    let value = T::from_der(bytes)?;
    if value.to_der()? == bytes {
        Ok(value)
    } else {
        Err(der::ErrorKind::Noncanonical {
            tag: der::Tag::Sequence,
        }
        .into())
    }
}
