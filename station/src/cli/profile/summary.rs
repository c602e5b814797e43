//! What a profile would allow, for people and programs.

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::counted::counted;
use crate::clock::Timestamp;
use crate::encoding::Hex;
use crate::profile::Profile;
use crate::profile::signed_profile::Seal;

/// A profile at a glance.
#[derive(Serialize)]
pub(super) struct Summary {
    name: String,
    product: String,
    profile: Hex,
    hardware_revisions: Vec<String>,
    serial_pattern: String,
    firmware: Vec<String>,
    measurements: Vec<String>,
    attestation_roots: usize,
    allow_list: Option<String>,
    lock_state: String,
    organization: String,
    signed: Option<Terms>,
}

#[derive(Serialize)]
struct Terms {
    version: u32,
    not_before: Timestamp,
    not_after: Timestamp,
    signed_file: Hex,
}

impl Summary {
    pub(super) fn new(profile: &Profile) -> Self {
        let components = profile.firmware.iter();
        let measurements = profile.measurements.iter();
        let keys = &profile.attestation.keys;
        let revisions = profile.hardware_revisions.iter();
        Self {
            name: profile.name.clone(),
            product: profile.product.to_string(),
            profile: profile.digest.into(),
            hardware_revisions: revisions.map(ToString::to_string).collect(),
            serial_pattern: profile.serial_pattern.to_string(),
            firmware: components.map(|rule| rule.component.clone()).collect(),
            measurements: measurements.map(|rule| rule.name.clone()).collect(),
            attestation_roots: keys.roots.len(),
            allow_list: keys.allow_list.as_ref().map(|list| list.file.clone()),
            lock_state: format!("0x{:04x}", profile.lock_state.0),
            organization: profile.certificate.organization.clone(),
            signed: None,
        }
    }

    pub(super) fn of_signed(profile: &Profile, seal: &Seal) -> Self {
        let validity = seal.terms.validity;
        Self {
            signed: Some(Terms {
                version: seal.terms.version,
                not_before: Timestamp(validity.not_before),
                not_after: Timestamp(validity.not_after),
                signed_file: seal.digest.into(),
            }),
            ..Self::new(profile)
        }
    }

    /// Shows it; `signed` says in words who has signed it.
    pub(super) fn show(&self, context: &Context, signed: &str) {
        let output = &context.output;
        output.object(self);
        output.text(&format!(
            "profile {:?}, SHA-256 {}",
            self.name, self.profile
        ));
        output.text(&format!("  {signed}"));
        if let Some(terms) = &self.signed {
            output.text(&format!(
                "  version {}, valid from {} until {}",
                terms.version, terms.not_before, terms.not_after
            ));
        }
        let revisions = self.hardware_revisions.join(", ");
        output.text(&format!(
            "  boards of {}, revision {revisions}",
            self.product
        ));
        output.text(&format!("  firmware: {}", self.firmware.join(", ")));
        let list = self.allow_list.as_ref();
        output.text(&format!(
            "  attestation: {}, {}; locks itself into lifecycle {}",
            counted(self.attestation_roots, "trusted root", "trusted roots"),
            list.map_or("no allow-list".to_owned(), |file| format!(
                "allow-list {file}"
            )),
            self.lock_state
        ));
        output.text(&format!("  measurements: {}", self.measurements.join(", ")));
        output.text(&format!(
            "  certificates of {}, serials {}",
            self.organization, self.serial_pattern
        ));
    }
}
