//! Which attestation keys are trusted: those that a vendor's certificates lead to, or that a vendor's allow-list
//! names.

use der::asn1::ObjectIdentifier;
use firmware_proto::Digest;

use super::toml_table::{Faults, Item, Table};
use super::{MAX_LIST, digest, object_identifier};
use crate::certificate_path::ParsedCertificate;

/// Who may vouch for an attestation key. At least one of roots and allow-list is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTrust {
    /// The vendor's roots.
    pub roots: Vec<ParsedCertificate>,
    /// Authorities below the roots, for devices that do not send them.
    pub intermediates: Vec<ParsedCertificate>,
    /// `hwType` that an attestation-key certificate must name: the chip of this product. There where roots are.
    pub hardware_type: Option<ObjectIdentifier>,
    /// Whether every authority of a path must have a current revocation list that does not name what is below.
    pub require_crl: bool,
    /// The file of chips without certificates.
    pub allow_list: Option<AllowListRule>,
}

/// An allow-list, by name for people and by digest for the station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowListRule {
    /// Its file, looked for beside the profile's.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: Digest,
}

const ROOTS_HINT: &str = "write each as PEM between ''' and ''', BEGIN CERTIFICATE first";
const LIST_HINT: &str = "for example allow_list = { file = \"chips.csv\", sha256 = \"<SHA-256>\" }";

/// Longest name of a file, in bytes.
const MAX_FILE_NAME: usize = 100;

impl KeyTrust {
    /// Takes the keys of `[attestation]` that are about attestation keys.
    pub(super) fn read<'t>(faults: &mut Faults<'t>, table: &mut Table<'t>) -> Option<Self> {
        let roots = table.optional("roots");
        let (any_root, place) = (roots.is_some(), roots.clone());
        let roots = roots.map(|item| authorities(faults, &item));
        let intermediates = table.optional("intermediates");
        let intermediates = intermediates.map(|item| authorities(faults, &item));
        let hint = "an object identifier, for example \"1.3.6.1.4.1.32473.1.1\"";
        let hardware_type = table.optional("hardware_type");
        let typed = hardware_type.is_some();
        let hardware_type =
            hardware_type.and_then(|item| faults.parsed(&item, hint, object_identifier));
        let hint = "true or false: whether a current revocation list of each authority is needed";
        let require_crl = table.optional("require_crl");
        let require_crl = require_crl.and_then(|item| faults.boolean(&item, hint));
        let list = table.optional("allow_list");
        let listed = list.is_some();
        let allow_list = list.and_then(|item| AllowListRule::read(faults, &item));
        if !any_root && !listed {
            table.missing("roots", ROOTS_HINT);
        }
        if let (Some(place), false) = (place, typed) {
            let what = "the type of chip that the certificates must name is missing";
            faults.at(&place, what, "add hardware_type = \"<object identifier>\"");
        }
        Some(Self {
            roots: roots.unwrap_or(Some(Vec::new()))?,
            intermediates: intermediates.unwrap_or(Some(Vec::new()))?,
            hardware_type,
            require_crl: require_crl.unwrap_or(false),
            allow_list,
        })
    }
}

impl AllowListRule {
    fn read<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<Self> {
        let mut table = faults.table(item, LIST_HINT)?;
        let hint = "a file name without folders, for example \"chips.csv\"";
        let file = table.text(faults, ("file", hint), file_name);
        let hint = "SHA-256 of the file, as 64 lower-case hexadecimal digits";
        let sha256 = table.text(faults, ("sha256", hint), digest);
        table.finish(faults);
        Some(Self {
            file: file?,
            sha256: sha256?,
        })
    }
}

fn authorities<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<Vec<ParsedCertificate>> {
    let items = faults.list(item, (1, MAX_LIST), ROOTS_HINT)?;
    let authority = |item: &Item<'t>| {
        faults.parsed(item, ROOTS_HINT, |pem| {
            let authority = ParsedCertificate::from_pem(pem)?;
            authority.require_authority(0).map(|()| authority)
        })
    };
    Some(items.iter().filter_map(authority).collect())
}

/// A name that means the same beside every profile, on every machine.
fn file_name(text: &str) -> Result<String, &'static str> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let good = (1..=MAX_FILE_NAME).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('.');
    good.then(|| text.to_owned()).ok_or("not a file name")
}
