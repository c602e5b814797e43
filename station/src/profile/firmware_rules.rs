//! Which firmware may be on a board.
//!
//! A component's rules are of two kinds. What a release *is*: its version, the digest of its image,
//! its security counter; these are pinned, usually by `station profile pin`. And what is *allowed*
//! of it: a range, versions known to be bad, the least security counter. An image that is allowed
//! but not pinned is refused: nobody has said what it looks like.

use firmware_proto::Digest;
use thiserror::Error;

use super::toml_table::{Faults, Item, Table};
use super::version_range::VersionRange;
use super::{MAX_LIST, digest, short_text};
use crate::encoding::Hex;
use crate::firmware_image::ImageVersion;

/// One released version of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedVersion {
    /// The version, compared as text.
    pub version: String,
    /// SHA-256 of the image.
    pub measurement: Digest,
    /// The image's security counter, where it has one.
    pub security_counter: Option<u32>,
}

/// A version that no board may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBadVersion {
    /// The version; without a build number every build of it, as in a range.
    pub version: String,
    /// Why, for the operator.
    pub reason: String,
}

impl KnownBadVersion {
    /// Whether it speaks of that version. A build has no better name than its version: whoever has named
    /// that means what was built of it, too.
    fn is_of(&self, version: &str) -> bool {
        let parsed = ImageVersion::parse(version);
        let builds = parsed
            .is_ok_and(|parsed| ImageVersion { build: 0, ..parsed }.to_string() == self.version);
        self.version == version || builds
    }
}

/// One component that must be there exactly once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentRule {
    /// Its measurement type, for example `BL`.
    pub component: String,
    /// Digest of the key that signs its images.
    pub signer: Digest,
    /// Its known releases.
    pub versions: Vec<PinnedVersion>,
    /// The versions that may be on a board; every pinned one where there is no range.
    pub allowed: Option<VersionRange>,
    /// The versions that may not, each by name.
    pub known_bad: Vec<KnownBadVersion>,
    /// The least security counter of an image.
    pub minimum_security_counter: Option<u32>,
}

/// Why a component may not be on a board; the text goes behind the component's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FirmwareFault {
    /// A version with a reason against it.
    #[error("version {version} is known to be bad: {reason}")]
    KnownBad {
        /// Which version.
        version: String,
        /// Why.
        reason: String,
    },
    /// A version outside the range, or one that nobody has pinned.
    #[error("got version {got}, {}allowed {allowed}", if *.in_range { "not pinned, " } else { "" })]
    Version {
        /// The version.
        got: String,
        /// The versions that may be there.
        allowed: String,
        /// Whether the profile's range would have it.
        in_range: bool,
    },
    /// Not the released image of that version.
    #[error("got image {}…, expected {}…", short(.got), short(.expected))]
    Measurement {
        /// What it has.
        got: Vec<u8>,
        /// What the release has.
        expected: Vec<u8>,
    },
    /// Signed by another key.
    #[error("got signer {}…, expected {}…", short(.got), short(.expected))]
    Signer {
        /// The key's digest.
        got: Vec<u8>,
        /// What the profile has.
        expected: Vec<u8>,
    },
    /// A genuine release from before the counter was raised.
    #[error("got security counter {got}, at least {minimum} is required")]
    RolledBack {
        /// The release's counter.
        got: u32,
        /// The profile's.
        minimum: u32,
    },
}

impl ComponentRule {
    /// The release of that version, where the version may be on a board.
    ///
    /// # Errors
    /// [`FirmwareFault::KnownBad`], [`FirmwareFault::Version`].
    pub fn allowed_release(&self, version: &str) -> Result<&PinnedVersion, FirmwareFault> {
        if let Some(bad) = self.known_bad.iter().find(|bad| bad.is_of(version)) {
            return Err(FirmwareFault::KnownBad {
                version: version.to_owned(),
                reason: bad.reason.clone(),
            });
        }
        let in_range = self.is_in_range(version);
        self.versions
            .iter()
            .find(|pinned| in_range && pinned.version == version)
            .ok_or_else(|| FirmwareFault::Version {
                got: if version.is_empty() {
                    "(none)"
                } else {
                    version
                }
                .to_owned(),
                allowed: self.names_of_good_releases(),
                in_range: in_range && self.allowed.is_some(),
            })
    }

    /// Whether the image is that of the release, signed by the right key.
    ///
    /// # Errors
    /// [`FirmwareFault::Measurement`], [`FirmwareFault::Signer`].
    pub fn check_image(
        &self,
        release: &PinnedVersion,
        measurement: &[u8],
        signer: &[u8],
    ) -> Result<(), FirmwareFault> {
        if measurement != release.measurement.as_bytes() {
            return Err(FirmwareFault::Measurement {
                got: measurement.to_vec(),
                expected: release.measurement.as_bytes().to_vec(),
            });
        }
        if signer != self.signer.as_bytes() {
            return Err(FirmwareFault::Signer {
                got: signer.to_vec(),
                expected: self.signer.as_bytes().to_vec(),
            });
        }
        Ok(())
    }

    /// Whether the release is new enough. The counter is the pinned one: a token has none, but an
    /// image's digest covers it.
    ///
    /// # Errors
    /// [`FirmwareFault::RolledBack`].
    pub fn check_counter(&self, release: &PinnedVersion) -> Result<(), FirmwareFault> {
        // A profile with a minimum has a counter for every release; one without counts as none.
        let got = release.security_counter.unwrap_or(0);
        match self.minimum_security_counter {
            Some(minimum) if got < minimum => Err(FirmwareFault::RolledBack { got, minimum }),
            _ => Ok(()),
        }
    }

    fn is_in_range(&self, version: &str) -> bool {
        self.allowed.as_ref().is_none_or(|range| {
            ImageVersion::parse(version).is_ok_and(|version| range.contains(version))
        })
    }

    fn is_good(&self, release: &PinnedVersion) -> bool {
        let is_bad = self.known_bad.iter().any(|bad| bad.is_of(&release.version));
        !is_bad && self.is_in_range(&release.version) && self.check_counter(release).is_ok()
    }

    fn names_of_good_releases(&self) -> String {
        let good = self.versions.iter().filter(|release| self.is_good(release));
        let names: Vec<_> = good.map(|release| release.version.as_str()).collect();
        names.join(", ")
    }

    /// What makes a rule useless or ambiguous though each of its keys is well-formed.
    fn check<'t>(&self, faults: &mut Faults<'t>, item: &Item<'t>, versions: &[Item<'t>]) {
        for (release, item) in self.versions.iter().zip(versions) {
            if self.allowed.is_some() && ImageVersion::parse(&release.version).is_err() {
                let what = format!("{:?} can't be compared with `allowed`", release.version);
                faults.at(item, what, "write versions as 2.5.1 or 2.5.1+7");
            }
            if self.minimum_security_counter.is_some() && release.security_counter.is_none() {
                let hint = "pin its image again with station profile pin, or add security_counter";
                faults.at(item, "has no security counter to compare", hint);
            }
        }
        if self.names_of_good_releases().is_empty() && !self.versions.is_empty() {
            let hint = "pin a newer image with station profile pin, or allow one that is pinned";
            let what = "no pinned version is allowed, so no board could pass";
            faults.at(item, what, hint);
        }
    }
}

/// The beginning of a digest.
fn short(bytes: &[u8]) -> Hex {
    Hex(bytes.get(..8).unwrap_or(bytes).to_vec())
}

const FIRMWARE_HINT: &str = "write each component as [[firmware]] with component, signer and \
    versions = [{ version = \"1.2.0\", measurement = \"<SHA-256>\" }]; station profile pin writes \
    versions from images";
const COUNTER_HINT: &str = "a whole number from 0 to 4294967295, as in the image";
const KNOWN_BAD_HINT: &str = "for example [{ version = \"2.4.1\", reason = \"loses its clock\" }]";

pub(super) fn read<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Vec<ComponentRule> {
    let items = faults
        .list(item, (1, MAX_LIST), FIRMWARE_HINT)
        .unwrap_or_default();
    let mut rules: Vec<ComponentRule> = Vec::new();
    for item in items {
        let Some(rule) = component(faults, &item) else {
            continue;
        };
        if rules
            .iter()
            .any(|earlier| earlier.component == rule.component)
        {
            faults.at(
                &item,
                format!("{} stands here twice", rule.component),
                "merge them",
            );
        }
        rules.push(rule);
    }
    rules
}

fn component<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<ComponentRule> {
    let mut table = faults.table(item, FIRMWARE_HINT)?;
    let component = table.text(faults, ("component", FIRMWARE_HINT), short_text);
    let hint = "SHA-256 of the signing key, as 64 lower-case hexadecimal digits";
    let signer = table.text(faults, ("signer", hint), digest);
    let hint = "for example allowed = \">=2.5.0, <2.6.0\"";
    let allowed = table
        .optional("allowed")
        .map(|item| faults.parsed(&item, hint, VersionRange::parse));
    let known_bad = table
        .optional("known_bad")
        .and_then(|item| faults.list(&item, (0, MAX_LIST), KNOWN_BAD_HINT));
    let minimum = counter(faults, &mut table, "minimum_security_counter");
    let versions = table
        .required("versions", FIRMWARE_HINT)
        .and_then(|item| faults.list(&item, (1, MAX_LIST), FIRMWARE_HINT));
    table.finish(faults);
    let version = |pinned: &PinnedVersion| pinned.version.clone();
    let (versions, places) = distinct(faults, versions?, pinned_version, version);
    let version = |bad: &KnownBadVersion| bad.version.clone();
    let (known_bad, _) = distinct(
        faults,
        known_bad.unwrap_or_default(),
        known_bad_version,
        version,
    );
    // What could not be read has its fault already; a rule without it would make another.
    let allowed = match allowed {
        None => None,
        Some(range) => Some(range?),
    };
    let rule = ComponentRule {
        component: component?,
        signer: signer?,
        versions,
        allowed,
        known_bad,
        minimum_security_counter: minimum,
    };
    rule.check(faults, item, &places);
    Some(rule)
}

/// What is read from each item, and where it stands; a version is named once.
fn distinct<'t, T>(
    faults: &mut Faults<'t>,
    items: Vec<Item<'t>>,
    read: impl Fn(&mut Faults<'t>, &Item<'t>) -> Option<T>,
    version: impl Fn(&T) -> String,
) -> (Vec<T>, Vec<Item<'t>>) {
    let (mut list, mut places): (Vec<T>, Vec<_>) = (Vec::new(), Vec::new());
    for item in items {
        let Some(one) = read(faults, &item) else {
            continue;
        };
        let name = version(&one);
        if list.iter().any(|earlier| version(earlier) == name) {
            faults.at(&item, format!("{name} stands here twice"), "keep one");
        }
        list.push(one);
        places.push(item);
    }
    (list, places)
}

fn pinned_version<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<PinnedVersion> {
    let mut table = faults.table(item, FIRMWARE_HINT)?;
    let version = table.text(faults, ("version", FIRMWARE_HINT), short_text);
    let hint = "SHA-256 of the image, as 64 lower-case hexadecimal digits";
    let measurement = table.text(faults, ("measurement", hint), digest);
    let security_counter = counter(faults, &mut table, "security_counter");
    table.finish(faults);
    Some(PinnedVersion {
        version: version?,
        measurement: measurement?,
        security_counter,
    })
}

fn known_bad_version<'t>(faults: &mut Faults<'t>, item: &Item<'t>) -> Option<KnownBadVersion> {
    let mut table = faults.table(item, KNOWN_BAD_HINT)?;
    let mut text = |faults: &mut Faults<'t>, key| {
        let item = table.required(key, KNOWN_BAD_HINT)?;
        faults.parsed(&item, KNOWN_BAD_HINT, short_text)
    };
    let (version, reason) = (text(faults, "version"), text(faults, "reason"));
    table.finish(faults);
    Some(KnownBadVersion {
        version: version?,
        reason: reason?,
    })
}

fn counter<'t>(faults: &mut Faults<'t>, table: &mut Table<'t>, key: &'static str) -> Option<u32> {
    let item = table.optional(key)?;
    let number = faults.integer(&item, 0..=u32::MAX.into(), COUNTER_HINT)?;
    u32::try_from(number).ok()
}
