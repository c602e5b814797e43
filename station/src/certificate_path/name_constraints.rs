//! Name constraints (RFC 5280, section 4.2.1.10): which names an authority may certify.
//!
//! Directory names are judged. An authority that constrains names of another kind is refused as a whole, since
//! nobody here could say whether a name of that kind is inside.

use der::asn1::{Ia5StringRef, PrintableStringRef, Utf8StringRef};
use der::{Tag, Tagged as _};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::{Name, RelativeDistinguishedName};

use super::{ParsedCertificate, PathError};

impl ParsedCertificate {
    /// Checks that this authority may certify the names of a certificate below it.
    ///
    /// 1. Every subtree is one of directory names, from its base down.
    /// 2. No name of the certificate lies in an excluded subtree.
    /// 3. Where subtrees are permitted, each of its names lies in one of them.
    pub(super) fn require_permits(&self, below: &Self) -> Result<(), PathError> {
        let Some(constraints) = &self.extensions.name_constraints else {
            return Ok(());
        };
        let permitted = bases(constraints.permitted_subtrees.as_deref());
        let excluded = bases(constraints.excluded_subtrees.as_deref());
        let (Some(permitted), Some(excluded)) = (permitted, excluded) else {
            return Err(self.wrong_use("it constrains names of a kind that is not judged here"));
        };
        for name in below.directory_names() {
            let outside = constraints.permitted_subtrees.is_some()
                && !permitted.iter().any(|base| begins_exactly(name, base));
            if outside || excluded.iter().any(|base| begins_alike(name, base)) {
                return Err(PathError::Name {
                    authority: self.subject().to_string(),
                    name: name.to_string(),
                });
            }
        }
        Ok(())
    }

    fn directory_names(&self) -> impl Iterator<Item = &Name> {
        let subject = Some(self.subject()).filter(|name| !name.is_empty());
        let others = self.extensions.alternative_names.iter();
        subject
            .into_iter()
            .chain(others.filter_map(|name| match name {
                GeneralName::DirectoryName(name) => Some(name),
                _ => None,
            }))
    }
}

/// The bases, where all are directory names without distances, which RFC 5280 excludes.
fn bases(subtrees: Option<&[GeneralSubtree]>) -> Option<Vec<&Name>> {
    let base = |subtree: &'_ GeneralSubtree| subtree.minimum == 0 && subtree.maximum.is_none();
    let subtrees = subtrees.unwrap_or_default();
    if !subtrees.iter().all(base) {
        return None;
    }
    subtrees
        .iter()
        .map(|subtree| match &subtree.base {
            GeneralName::DirectoryName(name) => Some(name),
            _ => None,
        })
        .collect()
}

/// Byte by byte: what is permitted is never stretched.
fn begins_exactly(name: &Name, base: &Name) -> bool {
    name.len() >= base.len()
        && name
            .iter_rdn()
            .zip(base.iter_rdn())
            .all(|(one, two)| one == two)
}

/// Whatever the case, spacing and string type: what is excluded is not let in under another spelling. A value
/// that can't be folded might say anything, and is taken for what is excluded.
fn begins_alike(name: &Name, base: &Name) -> bool {
    let alike = |(one, two): (&RelativeDistinguishedName, &RelativeDistinguishedName)| {
        let (one, two) = (fold_all(one), fold_all(two));
        one.len() == two.len()
            && one
                .iter()
                .all(|value| two.iter().any(|two| may_be(value, two)))
    };
    name.len() >= base.len() && name.iter_rdn().zip(base.iter_rdn()).all(alike)
}

/// An attribute's type, and its value where that can be folded.
type Folded = (String, Option<Vec<u8>>);

fn may_be((one_type, one): &Folded, (two_type, two): &Folded) -> bool {
    one_type == two_type && (one.is_none() || two.is_none() || one == two)
}

fn fold_all(name: &RelativeDistinguishedName) -> Vec<Folded> {
    name.iter()
        .map(|attribute| (attribute.oid.to_string(), fold(attribute)))
        .collect()
}

fn fold(attribute: &AttributeTypeAndValue) -> Option<Vec<u8>> {
    let value = &attribute.value;
    let text = match value.tag() {
        Tag::Utf8String => value
            .decode_as::<Utf8StringRef<'_>>()
            .map(|text| text.as_str().to_owned()),
        Tag::PrintableString => value
            .decode_as::<PrintableStringRef<'_>>()
            .map(|text| text.as_str().to_owned()),
        Tag::Ia5String => value
            .decode_as::<Ia5StringRef<'_>>()
            .map(|text| text.as_str().to_owned()),
        _ => return None,
    };
    let words = text.ok()?.to_lowercase();
    let words: Vec<_> = words.split_whitespace().collect();
    Some(words.join(" ").into_bytes())
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use der::asn1::{Any, ObjectIdentifier, SetOfVec};
    use der::{Decode as _, Encode as _};
    use x509_cert::name::RdnSequence;

    use super::*;

    fn name(text: &str) -> Name {
        if text.is_empty() {
            return Name::default();
        }
        Name::from_str(text).unwrap()
    }

    #[test]
    fn no_other_spelling_gets_round_an_exclusion() {
        let base = name("O=Another Customer");
        for inside in [
            "O=Another Customer",
            "CN=a,O=Another Customer",
            "CN=a,O=ANOTHER  customer ",
        ] {
            assert!(begins_alike(&name(inside), &base), "{inside}");
        }
        for outside in [
            "",
            "CN=a",
            "O=Another Customer,CN=a",
            "OU=Another Customer",
            "O=Another",
        ] {
            assert!(!begins_alike(&name(outside), &base), "{outside}");
        }
    }

    /// The organisation in a string type of the test's choice.
    fn organisation(tag: Tag, value: &[u8]) -> Name {
        let value = Any::new(tag, value).unwrap();
        let oid = ObjectIdentifier::new_unwrap("2.5.4.10");
        let attribute = AttributeTypeAndValue { oid, value };
        let set = SetOfVec::try_from(vec![attribute]).unwrap();
        Name::from_der(&RdnSequence::from(vec![set.into()]).to_der().unwrap()).unwrap()
    }

    #[test]
    fn no_other_string_type_gets_round_an_exclusion() {
        let base = name("O=Acme");
        for (tag, value) in [
            (Tag::Utf8String, &b"Acme"[..]),
            (Tag::PrintableString, b"ACME"),
            (Tag::BmpString, b"\0A\0c\0m\0e"),
            (Tag::TeletexString, b"Acme"),
            (Tag::Utf8String, b"Acm\xe9"),
        ] {
            let spelt = organisation(tag, value);
            assert!(begins_alike(&spelt, &base), "{tag} {value:x?}");
            assert_eq!(begins_exactly(&spelt, &base), spelt == base, "{tag}");
        }
        assert!(!begins_alike(&organisation(Tag::Utf8String, b"Acm"), &base));
    }

    #[test]
    fn no_other_spelling_gets_into_what_is_permitted() {
        let base = name("O=Another Customer");
        assert!(begins_exactly(&name("CN=a,O=Another Customer"), &base));
        for outside in ["", "CN=a", "CN=a,O=ANOTHER CUSTOMER", "O=Another"] {
            assert!(!begins_exactly(&name(outside), &base), "{outside}");
        }
    }
}
