//! Reference values written into a profile's text, so that nobody retypes a digest.
//!
//! The text around them stays as people wrote it, comments and order included. The result is a
//! profile under which a board with exactly these images passes, or there is no result.

use firmware_proto::Digest;
use thiserror::Error;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

use super::Profile;
use super::fault::ProfileFaults;
use super::firmware_rules::FirmwareFault;
use crate::encoding::Hex;

/// What an image gives to a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedImage {
    /// The component, as tokens name it.
    pub component: String,
    /// The version, as tokens have it.
    pub version: String,
    /// The image's digest.
    pub measurement: Digest,
    /// Digest of the key that signed it.
    pub signer: Digest,
    /// Its security counter.
    pub security_counter: Option<u32>,
}

/// What may be done besides adding versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PinOptions {
    /// Add components that the profile does not know: from then on boards must have them.
    pub new_components: bool,
    /// Replace another image that is pinned under the same version.
    pub replace: bool,
}

/// What became of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinChange {
    /// A new version of a known component.
    Added,
    /// A new component.
    ComponentAdded,
    /// It was pinned already, without its security counter.
    Completed,
    /// Another image was pinned under this version.
    Replaced,
    /// It was pinned already.
    Unchanged,
}

/// A text with new reference values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The whole text.
    pub text: String,
    /// For each image, in their order.
    pub changes: Vec<PinChange>,
}

/// Why nothing was pinned.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PinError {
    /// The text is no TOML.
    #[error("{0}")]
    Syntax(String),
    /// `firmware` or `versions` is written in a way that can't be added to.
    #[error("{0} can't be added to")]
    Layout(&'static str),
    /// Two images of one component and version.
    #[error("two images were given for {component} {version}")]
    Doubled {
        /// Which component.
        component: String,
        /// Which version.
        version: String,
    },
    /// The profile has no such component.
    #[error("the profile has no component {component:?}; it has {known}")]
    UnknownComponent {
        /// Which component.
        component: String,
        /// Those that it has.
        known: String,
    },
    /// Another image is pinned under this version.
    #[error("another image is pinned as {component} {version}: {}", Hex::from(*pinned))]
    OtherImage {
        /// Which component.
        component: String,
        /// Which version.
        version: String,
        /// The digest in the profile.
        pinned: Digest,
    },
    /// A board with this image would be refused all the same.
    #[error("a board with it would be refused: {component}: {fault}")]
    Refused {
        /// Which component.
        component: String,
        /// By which rule.
        fault: FirmwareFault,
    },
    /// The profile with the new values has faults.
    #[error("{0}")]
    Faults(ProfileFaults),
}

impl PinError {
    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Syntax(_) | Self::Faults(_) => "correct the profile, then pin again",
            Self::Layout(_) => {
                "write components as [[firmware]], and versions as a list of { … } in it"
            }
            Self::Doubled { .. } => "give the image of each version once",
            Self::UnknownComponent { .. } => {
                "say --image COMPONENT=FILE with one of these, or --new-component if boards must \
                 have it from now on"
            }
            Self::OtherImage { .. } => {
                "give a rebuilt image another version; if it was never released, --replace"
            }
            Self::Refused { .. } => {
                "see whether this is the right image; if so, change that rule in the profile first"
            }
        }
    }
}

/// Writes the images' reference values into a profile's text; `file_name` is only for messages.
///
/// # Errors
/// [`PinError`]; nothing is half done.
pub fn pin_images(
    file_name: &str,
    text: &str,
    images: &[PinnedImage],
    options: PinOptions,
) -> Result<Pinned, PinError> {
    let pinned = write_images(text, images, options)?;
    let profile = Profile::parse(file_name, &pinned.text).map_err(PinError::Faults)?;
    for image in images {
        judge(&profile, image).map_err(|fault| PinError::Refused {
            component: image.component.clone(),
            fault,
        })?;
    }
    Ok(pinned)
}

impl Pinned {
    /// The images' reference values alone, for a profile that is still to be written.
    ///
    /// # Errors
    /// [`PinError::Doubled`].
    pub fn fragment(images: &[PinnedImage]) -> Result<Self, PinError> {
        let options = PinOptions {
            new_components: true,
            replace: false,
        };
        write_images("", images, options)
    }
}

fn write_images(
    text: &str,
    images: &[PinnedImage],
    options: PinOptions,
) -> Result<Pinned, PinError> {
    for (at, image) in images.iter().enumerate() {
        let earlier = images.iter().take(at);
        let same = |other: &&PinnedImage| {
            other.component == image.component && other.version == image.version
        };
        if earlier.filter(same).count() > 0 {
            return Err(PinError::Doubled {
                component: image.component.clone(),
                version: image.version.clone(),
            });
        }
    }
    let syntax = |error: toml_edit::TomlError| PinError::Syntax(error.to_string());
    let mut document: DocumentMut = text.parse().map_err(syntax)?;
    let write = |image| write_image(&mut document, image, options);
    let changes = images.iter().map(write).collect::<Result<Vec<_>, _>>()?;
    Ok(Pinned {
        text: document.to_string(),
        changes,
    })
}

/// What a board with exactly this image would be told.
fn judge(profile: &Profile, image: &PinnedImage) -> Result<(), FirmwareFault> {
    let mut rules = profile.firmware.iter();
    let Some(rule) = rules.find(|rule| rule.component == image.component) else {
        return Ok(());
    };
    let release = rule.allowed_release(&image.version)?;
    let (measurement, signer) = (image.measurement.as_bytes(), image.signer.as_bytes());
    rule.check_image(release, measurement, signer)?;
    rule.check_counter(release)
}

fn write_image(
    document: &mut DocumentMut,
    image: &PinnedImage,
    options: PinOptions,
) -> Result<PinChange, PinError> {
    let firmware = document
        .entry("firmware")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .ok_or(PinError::Layout("`firmware`"))?;
    let is_new = !firmware.iter().any(|table| is_of(table, image));
    if is_new {
        if !options.new_components {
            let names = firmware
                .iter()
                .filter_map(|table| table.get("component")?.as_str());
            let known: Vec<_> = names.collect();
            return Err(PinError::UnknownComponent {
                component: image.component.clone(),
                known: if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                },
            });
        }
        firmware.push(new_component(image));
    }
    let table = firmware.iter_mut().find(|table| is_of(table, image));
    let versions = table
        .and_then(|table| {
            table
                .entry("versions")
                .or_insert_with(|| value(Array::new()))
                .as_array_mut()
        })
        .ok_or(PinError::Layout("`versions`"))?;
    let change = write_version(versions, image, options)?;
    Ok(if is_new {
        PinChange::ComponentAdded
    } else {
        change
    })
}

fn is_of(table: &Table, image: &PinnedImage) -> bool {
    table.get("component").and_then(Item::as_str) == Some(image.component.as_str())
}

fn new_component(image: &PinnedImage) -> Table {
    let mut table = Table::new();
    table.insert("component", value(&image.component));
    table.insert("signer", value(Hex::from(image.signer).to_string()));
    table.decor_mut().set_prefix("\n");
    table
}

fn write_version(
    versions: &mut Array,
    image: &PinnedImage,
    options: PinOptions,
) -> Result<PinChange, PinError> {
    let same = |one: &&mut Value| text_of(one, "version").as_deref() == Some(&image.version);
    let Some(pinned) = versions.iter_mut().find(same) else {
        append(versions, new_version(image));
        return Ok(PinChange::Added);
    };
    let table = pinned
        .as_inline_table_mut()
        .ok_or(PinError::Layout("`versions`"))?;
    let measurement = Hex::from(image.measurement).to_string();
    let there = table.get("measurement").and_then(Value::as_str);
    let counter = table.get("security_counter").and_then(Value::as_integer);
    let same_image = there == Some(measurement.as_str());
    let change = match (same_image, counter, image.security_counter.map(i64::from)) {
        (true, was, is) if was == is => return Ok(PinChange::Unchanged),
        (true, None, Some(_)) => PinChange::Completed,
        _ if options.replace => PinChange::Replaced,
        _ => {
            let bytes = base16ct::lower::decode_vec(there.unwrap_or_default()).unwrap_or_default();
            let pinned = Hex(bytes).digest().ok_or(PinError::Layout("`versions`"))?;
            return Err(PinError::OtherImage {
                component: image.component.clone(),
                version: image.version.clone(),
                pinned,
            });
        }
    };
    let mut fresh = new_version(image);
    // Comments and line breaks belong to the place in the list.
    *fresh.decor_mut() = table.decor().clone();
    *table = fresh;
    Ok(change)
}

fn text_of(one: &Value, key: &str) -> Option<String> {
    Some(one.as_inline_table()?.get(key)?.as_str()?.to_owned())
}

fn new_version(image: &PinnedImage) -> InlineTable {
    let mut table = InlineTable::new();
    table.insert("version", image.version.as_str().into());
    table.insert(
        "measurement",
        Hex::from(image.measurement).to_string().into(),
    );
    if let Some(counter) = image.security_counter {
        table.insert("security_counter", i64::from(counter).into());
    }
    table
}

/// At the end, one version a line where the list has lines. What stands between the last version and
/// the bracket, such as a comment, stays before the new one.
fn append(versions: &mut Array, version: InlineTable) {
    let trailing = versions.trailing().as_str().unwrap_or_default().to_owned();
    let is_in_lines = versions.is_empty() || trailing.contains('\n');
    let mut version = Value::InlineTable(version);
    if is_in_lines {
        let before = if trailing.is_empty() {
            "\n"
        } else {
            trailing.as_str()
        };
        version
            .decor_mut()
            .set_prefix(format!("{}    ", before.trim_end_matches(' ')));
        versions.set_trailing("\n");
        versions.set_trailing_comma(true);
    } else {
        version.decor_mut().set_prefix(" ");
    }
    versions.push_formatted(version);
}

#[cfg(test)]
mod tests;
