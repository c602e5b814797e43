//! The manifests of a folder, one after the other: verified, then asked.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::certificate_path::ParsedCertificate;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::named_file::unreadable;
use crate::manifest::offline_verifier;
use crate::manifest::question::{Answers, Question, Source};
use crate::manifest::statement::BoardRow;

/// What every signed manifest begins with.
const BEGINNING: &[u8] = b"{\"payload\":\"";

/// What was read and found.
pub(super) struct Asked {
    pub(super) answers: Vec<Answers>,
    /// Manifests that were read.
    pub(super) read: u64,
    /// Of these, verified ones.
    pub(super) verified: u64,
    /// And those that were left out.
    pub(super) refused: u64,
    /// Files of the folder that are no manifests.
    pub(super) passed_over: u64,
}

/// Asks every manifest of the folder, in the order of their names.
pub(super) fn ask(
    context: &Context,
    folder: &Path,
    root: Option<&ParsedCertificate>,
    unverified: bool,
    question: &Question,
) -> Result<Asked, Failure> {
    let (files, passed_over) = manifests(folder)?;
    let mut asked = Asked {
        answers: Vec::new(),
        read: 0,
        verified: 0,
        refused: 0,
        passed_over,
    };
    for file in files {
        asked.read += 1;
        let why = match root.map(|root| verified(&file, root, question)) {
            Some(Ok(answers)) => {
                asked.verified += 1;
                asked.answers.push(answers);
                continue;
            }
            Some(Err(why)) => why.to_string(),
            None => "no root was given".to_owned(),
        };
        if unverified {
            match believed(&file, question) {
                Ok(answers) => asked.answers.push(answers),
                Err(why) => refuse(context, &mut asked, &file, &why.to_string()),
            }
        } else {
            refuse(context, &mut asked, &file, &why);
        }
    }
    if asked.read == 0 {
        return Err(Failure::usage(
            format_args!("there is no manifest in {}", folder.display()),
            "none of its files is a signed manifest (DSSE, *.json)",
            "name the folder that has them",
        ));
    }
    Ok(asked)
}

fn refuse(context: &Context, asked: &mut Asked, file: &Path, why: &str) {
    asked.refused += 1;
    let name = file.display().to_string();
    let line = format!("{name} does not verify and is left out: {why}");
    context
        .output
        .remark(&json!({ "refused": name, "why": why }), &line);
}

/// The folder's manifests, and how many other files it has. A file whose name ends as one is one, whatever is
/// in it: nobody makes it vanish by damaging its first byte.
fn manifests(folder: &Path) -> Result<(Vec<PathBuf>, u64), Failure> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut files = Vec::new();
    let mut others = 0;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if !path.is_file() {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".dsse.json") || name.ends_with(".json") && begins_as_manifest(&path)? {
            files.push(path);
        } else {
            others += 1;
        }
    }
    files.sort();
    Ok((files, others))
}

fn begins_as_manifest(file: &Path) -> Result<bool, Failure> {
    let mut beginning = Vec::new();
    File::open(file)
        .and_then(|file| {
            file.take(BEGINNING.len() as u64)
                .read_to_end(&mut beginning)
        })
        .map_err(|error| unreadable(file, &error))?;
    Ok(beginning == BEGINNING)
}

/// What a manifest answers that holds under the root. Nothing of one that does not hold gets out of here.
fn verified(
    file: &Path,
    root: &ParsedCertificate,
    question: &Question,
) -> Result<Answers, Box<dyn std::error::Error>> {
    let mut devices = Vec::new();
    let mut asking = |row: BoardRow| devices.extend(question.answer(&row));
    let verified = offline_verifier::verify_file(File::open(file)?, root.der(), &mut asking)?;
    let predicate = &verified.statement().predicate;
    Ok(Answers {
        source: Source::of(predicate, file.display().to_string(), true),
        devices,
    })
}

/// What a manifest answers that nobody has verified.
fn believed(file: &Path, question: &Question) -> Result<Answers, Box<dyn std::error::Error>> {
    let mut devices = Vec::new();
    let mut asking = |row: BoardRow| devices.extend(question.answer(&row));
    let statement = offline_verifier::read_unverified(File::open(file)?, &mut asking)?;
    Ok(Answers {
        source: Source::of(&statement.predicate, file.display().to_string(), false),
        devices,
    })
}
