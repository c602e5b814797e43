//! The profiles that the ledger has adopted.

use clap::Args;
use serde::Serialize;

use super::summary::Summary;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::clock::Timestamp;
use crate::encoding::Hex;
use crate::ledger::Reader;
use crate::ledger::event::SignedProfileRecord;
use crate::ledger::reader::ProfileOverview;
use crate::profile::{Profile, signed_profile};

/// Which profile, and how to show it.
#[derive(Debug, Args)]
pub(crate) struct AdoptedArgument {
    /// SHA-256 of its text or of its signed file, or how one of them begins
    digest: String,
    /// Print the text (TOML) as it was used
    #[arg(long, conflicts_with = "signed")]
    text: bool,
    /// Print the signed file as it was used
    #[arg(long)]
    signed: bool,
}

#[derive(Serialize)]
struct View {
    profile: Hex,
    product: String,
    name: Option<String>,
    version: Option<u32>,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
    signed_file: Option<Hex>,
    batches: u64,
    adopted: Timestamp,
    entry: u64,
}

impl View {
    fn new(adopted: ProfileOverview, signed: Option<&SignedProfileRecord>) -> Self {
        Self {
            name: signed.map(|signed| signed.name.clone()),
            version: signed.map(|signed| signed.version),
            not_before: signed.map(|signed| Timestamp(signed.not_before)),
            not_after: signed.map(|signed| Timestamp(signed.not_after)),
            profile: adopted.profile,
            product: adopted.product.to_string(),
            signed_file: adopted.signed_file,
            batches: adopted.batches,
            adopted: Timestamp(adopted.adopted),
            entry: adopted.entry,
        }
    }

    fn cells(&self) -> Vec<String> {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let mut digest = self.profile.to_string();
        digest.truncate(16);
        vec![
            digest,
            self.product.clone(),
            or_dash(self.version.map(|version| version.to_string())),
            or_dash(self.not_before.map(|at| at.to_string())),
            or_dash(self.not_after.map(|at| at.to_string())),
            self.batches.to_string(),
            self.adopted.to_string(),
            self.name.clone().unwrap_or_else(|| "not signed".to_owned()),
        ]
    }
}

/// One line for each profile, and for each signed file of it.
pub(super) fn list(context: &Context) -> Result<(), Failure> {
    let reader = Reader::open(&context.home()?.ledger())?;
    let mut views = Vec::new();
    for adopted in reader.profiles()? {
        let signed = signed_record(&reader, &adopted)?;
        views.push(View::new(adopted, signed.as_ref()));
    }
    for view in &views {
        context.output.object(view);
    }
    if views.is_empty() {
        context
            .output
            .text("no profile yet: station batch open adopts the one that it is given");
        return Ok(());
    }
    let header = [
        "profile",
        "product",
        "version",
        "valid from",
        "until",
        "batches",
        "adopted",
        "name",
    ];
    let rows: Vec<Vec<String>> = views.iter().map(View::cells).collect();
    context.output.table(&header, &rows);
    Ok(())
}

/// One profile: summed up, or byte for byte.
pub(super) fn show(context: &Context, argument: &AdoptedArgument) -> Result<(), Failure> {
    let reader = Reader::open(&context.home()?.ledger())?;
    let adopted = find(&reader, &argument.digest)?;
    let failed = format!("cannot show profile {}", argument.digest);
    let signed = signed_record(&reader, &adopted)?;
    if argument.signed {
        let Some(signed) = signed else {
            let advice = "print its text with --text";
            return Err(Failure::usage(failed, "nobody has signed it", advice));
        };
        context.output.raw(signed.file.as_bytes());
        return Ok(());
    }
    let damaged =
        |why: &dyn std::fmt::Display| Failure::station(&failed, why, "run station ledger verify");
    let digest = adopted.profile.digest();
    let digest = digest.ok_or_else(|| damaged(&"its digest is no SHA-256"))?;
    let text = reader.profile_text(&digest)?;
    let text = text.ok_or_else(|| damaged(&"the ledger does not have it"))?;
    if argument.text {
        context.output.raw(text.as_bytes());
        return Ok(());
    }
    let profile = Profile::parse("the profile", &text).map_err(|faults| damaged(&faults))?;
    let Some(signed) = signed else {
        Summary::new(&profile).show(context, "not signed");
        return Ok(());
    };
    let read = signed_profile::read("the signed profile", &signed.file);
    let read = read.map_err(|error| damaged(&error))?;
    let by = format!("signed with key {}, as the ledger has it", read.key_id);
    Summary::of_signed(&read.profile, &read.seal).show(context, &by);
    Ok(())
}

fn signed_record(
    reader: &Reader,
    adopted: &ProfileOverview,
) -> Result<Option<SignedProfileRecord>, Failure> {
    match &adopted.signed_file {
        Some(file) => Ok(reader.signed_profile(file)?),
        None => Ok(None),
    }
}

/// The last adopted one that begins like this. Several signed files of one text are one profile.
fn find(reader: &Reader, digest: &str) -> Result<ProfileOverview, Failure> {
    let begins = |hex: &Hex| !digest.is_empty() && hex.to_string().starts_with(digest);
    let fits = |one: &ProfileOverview| {
        begins(&one.profile) || one.signed_file.as_ref().is_some_and(begins)
    };
    let mut found: Vec<_> = reader.profiles()?.into_iter().filter(fits).collect();
    let last = found.pop();
    let several = |last: &ProfileOverview| found.iter().any(|one| one.profile != last.profile);
    let failed = format!("cannot show profile {digest:?}");
    match last {
        Some(last) if several(&last) => {
            let why = "several profiles begin like this";
            Err(Failure::usage(failed, why, "give more digits"))
        }
        Some(last) => Ok(last),
        None => {
            let why = "this station has used none that begins like this";
            Err(Failure::usage(failed, why, "see station profile list"))
        }
    }
}
