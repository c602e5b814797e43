//! What a product's device certificates contain besides the device's own data.

use der::asn1::ObjectIdentifier;

use super::toml_table::{Faults, Item};

/// Longest name attribute, in characters: the upper bound of RFC 5280, appendix A.1, for `CN`, `O`,
/// `OU`.
const MAX_NAME_CHARS: usize = 64;

/// Longest base URI of certificate revocation lists, in bytes.
const MAX_URI_BYTES: usize = 160;

/// The template. Extensions are the ones that `identity::idevid` names,
/// and a CRL distribution point where [`Self::crl_base_uri`] is set; there are no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateTemplate {
    /// `O` of the subject.
    pub organization: String,
    /// `OU` of the subject.
    pub organizational_unit: Option<String>,
    /// `CN` of the subject: the same for every board of the product.
    pub common_name: Option<String>,
    /// `hwType` of the hardware module name (RFC 4108, section 5): the product's hardware.
    pub hardware_type: ObjectIdentifier,
    /// Where the CRLs will be, without a slash at its end.
    pub crl_base_uri: Option<String>,
}

impl CertificateTemplate {
    pub(super) fn read<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<Self> {
        let mut table = faults.table(item, "write it as [certificate]")?;
        let hint = "name the maker, for example organization = \"Example Devices\"";
        let organization = table
            .required("organization", hint)
            .and_then(|item| name_text(faults, &item));
        let unit = table.optional("organizational_unit");
        let organizational_unit = unit.and_then(|item| name_text(faults, &item));
        let name = table.optional("common_name");
        let common_name = name.and_then(|item| name_text(faults, &item));
        let hint = "an object identifier, for example \"1.3.6.1.4.1.32473.2.1\"";
        let hardware_type = table.text(faults, ("hardware_type", hint), super::object_identifier);
        let hint = "for example \"http://crl.example.com/sensor-a\"";
        let uri = table.optional("crl_base_uri");
        let crl_base_uri = uri.and_then(|item| faults.parsed(&item, hint, base_uri));
        table.finish(faults);
        Some(Self {
            organization: organization?,
            organizational_unit,
            common_name,
            hardware_type: hardware_type?,
            crl_base_uri,
        })
    }
}

fn name_text<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<String> {
    let hint = "use 1 to 64 characters, without control characters or spaces at the ends";
    faults.parsed(item, hint, |text| {
        let good = (1..=MAX_NAME_CHARS).contains(&text.chars().count())
            && !text.chars().any(char::is_control)
            && text.trim() == text;
        good.then(|| text.to_owned()).ok_or("not a name")
    })
}

/// Plain HTTP only: a CRL is signed, and fetching it over TLS would need another chain to be
/// checked first (RFC 5280, section 8).
fn base_uri(text: &str) -> Result<String, &'static str> {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/' | b':');
    let rest = text
        .strip_prefix("http://")
        .ok_or("does not begin with http://")?;
    let good = text.len() <= MAX_URI_BYTES
        && !rest.is_empty()
        && !rest.starts_with('/')
        && !rest.ends_with('/')
        && rest.bytes().all(allowed);
    good.then(|| text.to_owned())
        .ok_or("not a base URI of CRLs")
}
