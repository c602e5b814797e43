//! `station profile`: what a profile allows, who has signed it, and what this station has used.

mod adopted;
mod pin;
mod summary;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;

use super::context::Context;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::init::p256;
use super::named_file::{must_be_readable, read_text};
use super::product_owner::OwnerToken;
use crate::cli::counted::counted;
use crate::clock::{Timestamp, UtcMillis};
use crate::encoding::Hex;
use crate::identity::signer::{KeyRole, Signer as _};
use crate::profile::signed_profile::{
    self, NotAdmitted, Terms, Validity, admit, assemble, is_signed, to_be_signed,
};
use crate::profile::{Profile, ProfileFaults};
use crate::station_home::{read_public_key, write_new};
use adopted::AdoptedArgument;
use pin::PinArguments;
use summary::Summary;

/// What can be done with profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    Pin(PinArguments),
    /// Explain what is wrong with a profile, or what it would allow
    ///
    /// Every fault at once, with file, line, and what to write instead: exit status 1. A good profile is
    /// summed up. Of a signed one it is told what the file says; station profile verify checks that.
    #[command(after_help = "Example:\n  station profile check sensor-a.toml")]
    Check {
        /// The profile (TOML, or signed)
        file: PathBuf,
    },
    /// Sign a profile with the product owner's key
    ///
    /// A station for real products runs only profiles that the product owner has signed whose key is
    /// pinned in its pki/owner.pub.pem, and only while they are valid. Versions belong to the profile's
    /// name: a station that has used one refuses an older one, unless a supervisor says why.
    #[command(
        after_help = "Example:\n  station profile sign sensor-a.toml --version 4 \\\n      \
            --not-before 2026-11-23T00:00:00Z --not-after 2027-05-31T00:00:00Z \\\n      \
            --module /usr/lib/softhsm/libsofthsm2.so --token owner --pin-file ~/.owner-pin \\\n      \
            -o sensor-a.profile.json"
    )]
    Sign {
        /// The profile (TOML)
        file: PathBuf,
        /// Valid from then on (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = instant)]
        not_before: UtcMillis,
        /// Valid until then (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = instant)]
        not_after: UtcMillis,
        /// The version; give each change of the profile a higher one
        #[arg(long, value_name = "N", default_value_t = 1)]
        version: u32,
        #[command(flatten)]
        token: OwnerToken,
        /// The file for the signed profile
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Verify a signed profile with the product owner's public key alone
    ///
    /// Needs no station home and no token. Exit status 1 where the signature is not that key's, or the
    /// profile is not valid at that time.
    #[command(
        after_help = "Example:\n  station profile verify sensor-a.profile.json --authority owner.pub.pem"
    )]
    Verify {
        /// The signed profile
        file: PathBuf,
        /// The product owner's public key (PEM)
        #[arg(long, value_name = "FILE")]
        authority: PathBuf,
        /// The time at which it must be valid (RFC 3339) [default: now]
        #[arg(long, value_name = "TIME", value_parser = instant)]
        at: Option<UtcMillis>,
    },
    /// List the profiles that this station has used
    #[command(after_help = "Example:\n  station profile list --json")]
    List,
    /// Show a profile that this station has used, as the ledger keeps it
    #[command(after_help = "Example:\n  station profile show 9f2c --text > as-it-was-used.toml")]
    Show(AdoptedArgument),
}

/// Does it.
pub(crate) fn run(command: &ProfileCommand, context: &Context) -> Result<ExitStatus, Failure> {
    match command {
        ProfileCommand::Pin(arguments) => return pin::run(arguments, context),
        ProfileCommand::Check { file } => return check(context, file),
        ProfileCommand::Sign {
            file,
            not_before,
            not_after,
            version,
            token,
            output,
        } => {
            let validity = Validity {
                not_before: *not_before,
                not_after: *not_after,
            };
            let terms = Terms {
                version: *version,
                validity,
            };
            sign(context, file, terms, token, output)?;
        }
        ProfileCommand::Verify {
            file,
            authority,
            at,
        } => verify(context, file, authority, at.unwrap_or(context.now()))?,
        ProfileCommand::List => adopted::list(context)?,
        ProfileCommand::Show(argument) => adopted::show(context, argument)?,
    }
    Ok(ExitStatus::Done)
}

fn check(context: &Context, path: &Path) -> Result<ExitStatus, Failure> {
    let name = path.display().to_string();
    let text = read_text(path)?;
    if !is_signed(&text) {
        return Ok(match Profile::parse(&name, &text) {
            Ok(profile) => {
                Summary::new(&profile).show(context, "not signed");
                ExitStatus::Done
            }
            Err(faults) => tell_faults(context, &faults),
        });
    }
    let read = match signed_profile::read(&name, &text) {
        Ok(read) => read,
        Err(NotAdmitted::Faults(faults)) => return Ok(tell_faults(context, &faults)),
        Err(other) => return Err(refused(path, &other)),
    };
    let signed = format!("says that key {} has signed it; not verified", read.key_id);
    Summary::of_signed(&read.profile, &read.seal).show(context, &signed);
    Ok(ExitStatus::Done)
}

/// Each fault with its place and what to do about it.
fn tell_faults(context: &Context, faults: &ProfileFaults) -> ExitStatus {
    #[derive(Serialize)]
    struct Fault<'a> {
        file: &'a str,
        line: usize,
        key: &'a str,
        what: &'a str,
        hint: &'a str,
    }
    let file = faults.file_name.as_str();
    for fault in &faults.faults {
        context.output.object(&Fault {
            file,
            line: fault.line,
            key: &fault.key,
            what: &fault.what,
            hint: &fault.hint,
        });
        let colon = if fault.key.is_empty() { "" } else { ": " };
        let place = format!("{file}:{}: {}{colon}", fault.line, fault.key);
        context.output.text(&format!("{place}{}", fault.what));
        context.output.text(&format!("    do: {}", fault.hint));
    }
    let count = faults.faults.len();
    context.output.text(&format!(
        "{}; docs/profile.md has every key",
        counted(count, "fault", "faults")
    ));
    ExitStatus::CheckFailed
}

fn sign(
    context: &Context,
    path: &Path,
    terms: Terms,
    token: &OwnerToken,
    output: &Path,
) -> Result<(), Failure> {
    let name = path.display().to_string();
    let text = read_text(path)?;
    if is_signed(&text) {
        let what = format!("cannot sign {name}");
        let advice = "give the TOML text; station profile show --text has that of a used one";
        return Err(Failure::usage(what, "it is signed already", advice));
    }
    let failed = |refused: NotAdmitted| {
        let advice = match &refused {
            NotAdmitted::Faults(_) => "mend the profile; nothing was signed",
            _ => "see station profile sign --help; nothing was signed",
        };
        Failure::usage(format_args!("cannot sign {name}"), refused, advice)
    };
    let profile =
        Profile::parse(&name, &text).map_err(|faults| failed(NotAdmitted::Faults(faults)))?;
    let payload = signed_profile::payload(&profile, terms).map_err(failed)?;
    let signer = token.open(false)?;
    let signature = signer.sign(KeyRole::Owner, &to_be_signed(&payload))?;
    let key = p256(&signer, KeyRole::Owner)?;
    let file = assemble(payload, &key, &signature).map_err(failed)?;
    write_new(output, file.as_bytes())?;
    let written = Signed {
        file: output.display().to_string(),
        name: &profile.name,
        product: profile.product.to_string(),
        version: terms.version,
        not_before: Timestamp(terms.validity.not_before),
        not_after: Timestamp(terms.validity.not_after),
        sha256: crate::encoding::sha256(file.as_bytes()).into(),
    };
    let text = format!(
        "wrote {}: {:?} version {}, valid from {} until {}",
        written.file, written.name, written.version, written.not_before, written.not_after
    );
    context.output.fact(&written, &text);
    Ok(())
}

#[derive(Serialize)]
struct Signed<'a> {
    file: String,
    name: &'a str,
    product: String,
    version: u32,
    not_before: Timestamp,
    not_after: Timestamp,
    sha256: Hex,
}

fn verify(context: &Context, path: &Path, authority: &Path, at: UtcMillis) -> Result<(), Failure> {
    must_be_readable(authority)?;
    let key = read_public_key(authority)?;
    let text = read_text(path)?;
    let admitted = admit(&path.display().to_string(), &text, &key, false);
    let admitted = admitted.map_err(|error| refused(path, &error))?;
    let Some(seal) = &admitted.seal else {
        return Err(refused(path, &NotAdmitted::Unsigned));
    };
    seal.terms.validity.judge(at).map_err(|outside| {
        let what = format!("{} is not valid", path.display());
        Failure::check(what, outside, "let the product owner sign it for this time")
    })?;
    let by = format!("signed by the key in {}, and valid", authority.display());
    Summary::of_signed(&admitted.profile, seal).show(context, &by);
    Ok(())
}

fn refused(path: &Path, error: &NotAdmitted) -> Failure {
    let what = format!("{} does not hold", path.display());
    Failure::check(what, error, error.advice())
}

fn instant(text: &str) -> Result<UtcMillis, String> {
    UtcMillis::parse_rfc3339(text)
        .ok_or_else(|| "write a time such as 2026-11-23T08:00:00Z".to_owned())
}
