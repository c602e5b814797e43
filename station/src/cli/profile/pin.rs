//! `station profile pin`: reference values from images.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::exit_status::ExitStatus;
use crate::cli::failure::Failure;
use crate::cli::named_file::{read, write};
use crate::encoding::{Hex, sha256};
use crate::firmware_image::{FirmwareImage, MAX_IMAGE_BYTES, SignatureError, SigningKey};
use crate::profile::{
    MAX_PROFILE_BYTES, PinChange, PinError, PinOptions, Pinned, PinnedImage, pin_images,
};

/// Longest file of a public key, in bytes.
const MAX_KEY_BYTES: usize = 16 * 1024;

/// Write the reference values of released images into a profile
///
/// Reads images in MCUboot's format as imgtool sign wrote them, recomputes each hash, checks each
/// signature, and writes version, hash and security counter into the profile's [[firmware]] table
/// of that component. Comments and order stay. The profile is then checked as a whole, and each image
/// as if a board had it: nothing is written unless that board would pass. Needs no station home.
///
/// Without --profile the tables are printed, for a profile that is still to be written.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  station profile pin --image APP=app.signed.bin --signing-key vendor.pub.pem \\\n      \
                  --profile sensor-a.toml\n  station profile pin --image BL=bl.bin --image APP=app.bin \
                  --signing-key vendor.pub.pem \\\n      --profile sensor-a.toml --dry-run"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct PinArguments {
    /// A signed image; the component may be left out where the image has a boot record
    #[arg(long = "image", value_name = "[COMPONENT=]FILE", required = true)]
    images: Vec<ImageArgument>,
    /// The profile to write into
    #[arg(long, value_name = "PROFILE.toml")]
    profile: Option<PathBuf>,
    /// Write the result there, and leave the profile as it is
    #[arg(short, long, value_name = "FILE", requires = "profile")]
    output: Option<PathBuf>,
    /// Show what would change, and write nothing
    #[arg(long, requires = "profile", conflicts_with = "output")]
    dry_run: bool,
    /// A public key that signs the images, in PEM: ECDSA P-256 or Ed25519 (imgtool getpub -e pem)
    #[arg(long = "signing-key", value_name = "PUB.pem")]
    signing_keys: Vec<PathBuf>,
    /// Pin images whose signature can't be checked here: no key at hand, or RSA or P-384
    #[arg(long, conflicts_with = "signing_keys")]
    unverified: bool,
    /// Add components that the profile does not know: boards must have them from then on
    #[arg(long, requires = "profile")]
    new_component: bool,
    /// Replace another image that is pinned under the same version
    #[arg(long, requires = "profile")]
    replace: bool,
}

/// `APP=app.bin`, or a file alone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ImageArgument {
    component: Option<String>,
    file: PathBuf,
}

impl FromStr for ImageArgument {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        // A path may have `=` in it; a component has no slash.
        let named = text
            .split_once('=')
            .filter(|(component, _)| !component.is_empty() && !component.contains('/'));
        Ok(Self {
            component: named.map(|(component, _)| component.to_owned()),
            file: named.map_or(text, |(_, file)| file).into(),
        })
    }
}

/// One image that was read and checked.
#[derive(Debug)]
struct ReadImage {
    pinned: PinnedImage,
    signature: &'static str,
    needs: Vec<String>,
}

/// What becomes of one image, for programs.
#[derive(Serialize)]
struct Shown<'a> {
    component: &'a str,
    version: &'a str,
    measurement: Hex,
    signer: Hex,
    security_counter: Option<u32>,
    signature: &'a str,
    needs: &'a [String],
    change: &'a str,
}

/// What was written, for programs.
#[derive(Serialize)]
struct Written<'a> {
    file: Option<&'a Path>,
    sha256: Hex,
}

/// Does it.
pub(super) fn run(arguments: &PinArguments, context: &Context) -> Result<ExitStatus, Failure> {
    let keys = arguments
        .signing_keys
        .iter()
        .map(|path| read_key(path))
        .collect::<Result<Vec<_>, _>>()?;
    let images = arguments
        .images
        .iter()
        .map(|image| read_image(image, &keys, arguments.unverified))
        .collect::<Result<Vec<_>, _>>()?;
    let values: Vec<_> = images.iter().map(|image| image.pinned.clone()).collect();
    let Some(profile) = &arguments.profile else {
        let pinned = Pinned::fragment(&values).map_err(|error| not_pinned("no table", &error))?;
        if context.output.is_json() {
            show(context, &images, &pinned);
        }
        context.output.text(pinned.text.trim());
        return Ok(ExitStatus::Done);
    };
    let text = read(profile, MAX_PROFILE_BYTES)?;
    let text = String::from_utf8(text).map_err(|error| {
        let what = format!("cannot read {}", profile.display());
        Failure::usage(what, error, "give a profile in TOML")
    })?;
    let name = profile.display().to_string();
    let options = PinOptions {
        new_components: arguments.new_component,
        replace: arguments.replace,
    };
    let pinned = pin_images(&name, &text, &values, options);
    let pinned = pinned.map_err(|error| not_pinned(&name, &error))?;
    show(context, &images, &pinned);
    let target = arguments.output.as_ref().unwrap_or(profile);
    let changed = pinned.text != text || target != profile;
    let file = (changed && !arguments.dry_run).then_some(target.as_path());
    if let Some(file) = file {
        write(file, pinned.text.as_bytes())?;
    }
    let digest = Hex::from(sha256(pinned.text.as_bytes()));
    let line = match file {
        Some(file) => format!("wrote {}, SHA-256 {digest}", file.display()),
        None if changed => "nothing written: this was a dry run".to_owned(),
        None => format!("{name} stays as it is"),
    };
    let written = Written {
        file,
        sha256: digest,
    };
    context.output.fact(&written, &line);
    Ok(ExitStatus::Done)
}

fn show(context: &Context, images: &[ReadImage], pinned: &Pinned) {
    for (image, change) in images.iter().zip(&pinned.changes) {
        let change = match change {
            PinChange::Added => "added",
            PinChange::ComponentAdded => "added with its component",
            PinChange::Completed => "security counter added",
            PinChange::Replaced => "replaced",
            PinChange::Unchanged => "unchanged",
        };
        let ReadImage {
            pinned,
            signature,
            needs,
        } = image;
        let shown = Shown {
            component: &pinned.component,
            version: &pinned.version,
            measurement: pinned.measurement.into(),
            signer: pinned.signer.into(),
            security_counter: pinned.security_counter,
            signature,
            needs,
            change,
        };
        let counter = pinned
            .security_counter
            .map_or_else(|| "none".to_owned(), |counter| counter.to_string());
        let needs = if needs.is_empty() {
            String::new()
        } else {
            format!("\n  needs            {}", needs.join(", "))
        };
        let line = format!(
            "{} {}: {change}\n  measurement      {}\n  signer           {}, signature {signature}\n  \
             security counter {counter}{needs}",
            pinned.component, pinned.version, shown.measurement, shown.signer,
        );
        context.output.fact(&shown, &line);
    }
}

fn read_image(
    argument: &ImageArgument,
    keys: &[SigningKey],
    unverified: bool,
) -> Result<ReadImage, Failure> {
    let file = argument.file.display();
    let what = format!("cannot pin {file}");
    let bytes = read(&argument.file, MAX_IMAGE_BYTES)?;
    let image = FirmwareImage::parse(&bytes)
        .map_err(|error| Failure::check(&what, &error, error.advice()))?;
    let signer = image.signer().ok_or_else(|| {
        let to_do = "sign it with imgtool sign --key, and pin the signed one";
        Failure::check(&what, SignatureError::Unsigned, to_do)
    })?;
    if !unverified {
        image.verify_signature(keys).map_err(|error| {
            let to_do = match error {
                SignatureError::NoKey(_) => {
                    "give that key with --signing-key, or --unverified where it is not at hand"
                }
                SignatureError::Unsupported(_) => "check it with imgtool verify, then --unverified",
                _ => "do not release it; take the file from the release once more",
            };
            Failure::check(&what, error, to_do)
        })?;
    }
    let recorded = image.boot_record.as_ref().map(|record| &record.component);
    let component = match (&argument.component, recorded) {
        (Some(named), Some(recorded)) if named != recorded => {
            let why = format!("its boot record says that it is {recorded}, not {named}");
            return Err(Failure::usage(&what, why, "name the component that it is"));
        }
        (Some(component), _) | (None, Some(component)) => component.clone(),
        (None, None) => {
            let to_do = format!("say --image COMPONENT={file}");
            let why = "nobody says which component it is";
            return Err(Failure::usage(&what, why, to_do));
        }
    };
    let needs = image.dependencies.iter();
    let needs = needs.map(|need| format!("image {} at least {}", need.image, need.version));
    Ok(ReadImage {
        pinned: PinnedImage {
            component,
            version: image.reported_version(),
            measurement: image.digest,
            signer,
            security_counter: image.security_counter,
        },
        signature: if unverified {
            "not checked"
        } else {
            "verified"
        },
        needs: needs.collect(),
    })
}

fn read_key(path: &Path) -> Result<SigningKey, Failure> {
    let bytes = read(path, MAX_KEY_BYTES)?;
    SigningKey::from_pem(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        Failure::usage(
            format_args!("cannot use {} as signing key", path.display()),
            error,
            "give the public key in PEM, as imgtool getpub -e pem writes it; keep private ones away",
        )
    })
}

fn not_pinned(name: &str, error: &PinError) -> Failure {
    let what = format!("{name} was not changed");
    Failure::check(what, error, error.advice())
}

#[cfg(test)]
mod tests;
