//! What a product must be: reference values, limits, certificate template, serial pattern.
//!
//! A profile is one strict TOML text. It is read as a whole or refused with every fault in it; no
//! key is guessed, and none has a default but the lifecycle lists. Its identity is the SHA-256 of
//! the text. Reference values can be pinned into the text from released images. Never here: reading
//! files, or judging evidence (that is `attestation`'s).

mod certificate_template;
mod fault;
mod firmware_pins;
mod firmware_rules;
mod key_trust;
mod label_template;
mod measurement_judgement;
mod measurement_keys;
mod measurement_limits;
mod measurement_rule;
pub mod noise_health;
mod random_source;
mod reference_values;
mod serial_pattern;
mod serial_source;
pub mod signed_profile;
mod stop_rules;
mod text_pattern;
mod toml_table;
mod version_range;

#[cfg(test)]
mod measurement_rule_tests;
#[cfg(test)]
mod measurement_tests;
#[cfg(test)]
mod tests;

use der::asn1::ObjectIdentifier;
use firmware_proto::{Digest, HardwareRevision, ProductCode, SecurityLifecycle};
use toml::de::DeTable;

use crate::encoding::{Hex, sha256};

pub use certificate_template::CertificateTemplate;
pub use fault::{ProfileFault, ProfileFaults};
pub use firmware_pins::{PinChange, PinError, PinOptions, Pinned, PinnedImage, pin_images};
pub use firmware_rules::{ComponentRule, FirmwareFault, KnownBadVersion, PinnedVersion};
pub use key_trust::{AllowListRule, KeyTrust};
pub use label_template::{LabelTemplate, LabelValues};
pub use measurement_judgement::{
    JudgedMeasurement, JudgedMeasurements, SelfTest, judge_measurements,
};
pub use measurement_limits::{Band, Limits, Repetition};
pub use measurement_rule::{MeasurementRule, unit_name};
pub use random_source::{JudgedRandomSource, RandomSourceRule};
pub use reference_values::{AttestationRules, LifecycleRange, is_debug};
pub use serial_pattern::{SerialPattern, SerialPatternError};
pub use serial_source::{SerialSource, SerialSourceError};
pub use stop_rules::{Among, Holds, InARow, StopRules, Yield};
pub use text_pattern::TextPattern;
pub use version_range::VersionRange;

use toml_table::{Faults, Item, Table};

/// Longest text of a profile, in bytes.
pub const MAX_PROFILE_BYTES: usize = 64 * 1024;

/// Longest list in a profile.
const MAX_LIST: usize = 32;

/// The layout that this version reads.
const SCHEMA: i64 = 1;

/// A product profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name, for people.
    pub name: String,
    /// The product it describes.
    pub product: ProductCode,
    /// The hardware revisions it covers.
    pub hardware_revisions: Vec<HardwareRevision>,
    /// SHA-256 of the text: names the profile in the ledger and in manifests.
    pub digest: Digest,
    /// The whole text.
    pub text: String,
    /// The components that must be on the board, and no others.
    pub firmware: Vec<ComponentRule>,
    /// What evidence must say.
    pub attestation: AttestationRules,
    /// What the self-test must give.
    pub measurements: Vec<MeasurementRule>,
    /// What its noise source must be; none where the device gives no samples.
    pub random_source: Option<RandomSourceRule>,
    /// What device certificates contain.
    pub certificate: CertificateTemplate,
    /// How device serials look.
    pub serial_pattern: SerialPattern,
    /// Where they come from.
    pub serial_source: SerialSource,
    /// What the device locks itself into at commit.
    pub lock_state: SecurityLifecycle,
    /// When the lane or the batch is held.
    pub stop_rules: StopRules,
    /// What a board's label says, where boards get one.
    pub label: Option<LabelTemplate>,
}

impl Profile {
    /// Reads a profile; `file_name` is only for messages.
    ///
    /// # Errors
    /// [`ProfileFaults`] with everything that is wrong in the text.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, ProfileFaults> {
        let mut faults = Faults::new(text);
        let profile = read(&mut faults, text);
        let faults = faults.into_sorted();
        match profile {
            Some(profile) if faults.is_empty() => Ok(profile),
            _ => Err(ProfileFaults {
                file_name: file_name.to_owned(),
                faults,
            }),
        }
    }
}

fn read(faults: &mut Faults<'_>, text: &str) -> Option<Profile> {
    if text.len() > MAX_PROFILE_BYTES {
        let what = format!("{} bytes, at most {MAX_PROFILE_BYTES}", text.len());
        faults.add(1, "", what, "is this a profile?");
        return None;
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = faults.line_of(error.span().map_or(0, |span| span.start));
        faults.add(
            line,
            "",
            error.message().replace('\n', ", "),
            "write it as TOML 1.0",
        );
    }
    if !errors.is_empty() {
        return None;
    }
    // The document's own lifetime ends here, so its tables are read under a second collector.
    let mut inner = Faults::new(text);
    let root = inner.open(document.get_ref(), "", 1);
    let profile = read_root(&mut inner, root, text);
    for fault in inner.into_sorted() {
        faults.add(fault.line, &fault.key, fault.what, &fault.hint);
    }
    profile
}

fn read_root<'t>(faults: &mut Faults<'t>, mut root: Table<'t>, text: &str) -> Option<Profile> {
    let t = &mut root;
    let hint = "this version reads schema = 1";
    let schema = t.required("schema", hint);
    schema.and_then(|item| faults.integer(&item, SCHEMA..=SCHEMA, hint));
    let hint = "a name such as \"Sensor A\", which stays the same from version to version";
    let name = t.text(faults, ("name", hint), short_text);
    let hint = "1 to 24 of A-Z, 0-9, '-' and '.', for example product = \"SENSOR-A\"";
    let product = t.text(faults, ("product", hint), ProductCode::parse);
    let hardware_revisions = hardware_revisions(faults, t);
    let (serial_pattern, serial_source) = serials(faults, t);
    let lock_item = t.required("lock_state", "for example lock_state = 0x3000");
    let lock_state = lock_item
        .as_ref()
        .and_then(|item| reference_values::lifecycle(faults, item));
    let attestation = t
        .required("attestation", "add the table [attestation]")
        .and_then(|item| AttestationRules::read(faults, &item));
    let firmware = t
        .required("firmware", "add [[firmware]] for each component")
        .map(|item| firmware_rules::read(faults, &item));
    let measurements = t
        .required("measurement", "add [[measurement]] for each one")
        .map(|item| measurement_rule::read(faults, &item));
    let random_source = whole(faults, t.optional("random_source"), RandomSourceRule::read);
    let certificate = t
        .required("certificate", "add the table [certificate]")
        .and_then(|item| CertificateTemplate::read(faults, &item));
    let stop_rules = t
        .optional("stop_rules")
        .map(|item| StopRules::read(faults, &item))
        .unwrap_or_default();
    let label = whole(faults, t.optional("label"), LabelTemplate::read);
    root.finish(faults);
    let (lock_state, attestation) = (lock_state?, attestation?);
    if !attestation
        .lifecycle_after
        .iter()
        .any(|range| range.contains(lock_state))
    {
        let hint = "a locked board could never pass: let lifecycle_after cover the lock state";
        faults.at(
            &lock_item?,
            "lies outside attestation.lifecycle_after",
            hint,
        );
    }
    Some(Profile {
        name: name?,
        product: product?,
        hardware_revisions: hardware_revisions?,
        digest: sha256(text.as_bytes()),
        text: text.to_owned(),
        firmware: firmware?,
        attestation,
        measurements: measurements?,
        random_source: random_source?,
        certificate: certificate?,
        serial_pattern: serial_pattern?,
        serial_source: serial_source?,
        lock_state,
        stop_rules,
        label: label?,
    })
}

/// A table that may lack, but is whole where it is there. The outer option is that of every reader here:
/// none where a fault was found.
#[expect(
    clippy::option_option,
    reason = "a fault and a table that lacks are not the same"
)]
fn whole<'t, T>(
    faults: &mut Faults<'t>,
    item: Option<Item<'t>>,
    read: impl FnOnce(&mut Faults<'t>, &Item<'t>) -> Option<T>,
) -> Option<Option<T>> {
    match item {
        Some(item) => read(faults, &item).map(Some),
        None => Some(None),
    }
}

/// How serials look, and where they come from.
fn serials<'t>(
    faults: &mut Faults<'t>,
    t: &mut Table<'t>,
) -> (Option<SerialPattern>, Option<SerialSource>) {
    let hint = "for example serial_pattern = \"SA-######\"";
    let serial_pattern = t.text(faults, ("serial_pattern", hint), SerialPattern::parse);
    let hint = "serial_source = \"counter\", or \"label\" where each board's label is scanned";
    let serial_source = match t.optional("serial_source") {
        Some(item) => faults.parsed(&item, hint, SerialSource::parse),
        None => Some(SerialSource::default()),
    };
    (serial_pattern, serial_source)
}

fn hardware_revisions<'t>(
    faults: &mut Faults<'t>,
    table: &mut Table<'t>,
) -> Option<Vec<HardwareRevision>> {
    let hint = "a list such as [\"C1\", \"C2\"], each 1 to 8 of A-Z, 0-9, '-' and '.'";
    let item = table.required("hardware_revisions", hint)?;
    let items = faults.list(&item, (1, MAX_LIST), hint)?;
    let revision = |item| faults.parsed(item, hint, HardwareRevision::parse);
    Some(items.iter().filter_map(revision).collect())
}

/// Text of 1 to 64 printable characters of ASCII.
fn short_text(text: &str) -> Result<String, &'static str> {
    let good = (1..=64).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b));
    good.then(|| text.to_owned())
        .ok_or("not 1 to 64 printable characters of ASCII")
}

fn digest(text: &str) -> Result<Digest, &'static str> {
    let wrong = "not a SHA-256 digest";
    let bytes = base16ct::lower::decode_vec(text).map_err(|_| wrong)?;
    Hex(bytes).digest().ok_or(wrong)
}

fn object_identifier(text: &str) -> Result<ObjectIdentifier, &'static str> {
    ObjectIdentifier::new(text).map_err(|_| "not an object identifier")
}
