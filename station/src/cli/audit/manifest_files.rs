//! The manifests of a folder, one after the other: verified, asked, and held against each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use firmware_proto::Digest;

use super::folder::{self, Folder};
use super::hints::Hints;
use crate::certificate_path::ParsedCertificate;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::manifest::offline_verifier::{self, Rejected};
use crate::manifest::question::{Found, Question, Source};
use crate::manifest::same_batch::{self, KeptLists, Side};
use crate::manifest::settling::{self, Answers, Settled, Words};
use crate::manifest::spool::NotKept;
use crate::manifest::statement::{BoardRow, Predicate};
use crate::manifest::statement_reading::Receiver;

/// What was read and found.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) settled: Settled,
    /// Manifests that were read.
    pub(super) read: u64,
    /// Of these, verified ones.
    pub(super) verified: u64,
    /// And those that were left out.
    pub(super) refused: u64,
    /// And those that do not verify, of which the word was asked for all the same.
    pub(super) not_verified: u64,
    /// Manifests that verify and do not count, each with the file that counts instead.
    pub(super) superseded: Vec<(Source, String)>,
    /// What is named as manifests are, and could not be read.
    pub(super) unread: u64,
    /// Manifests of which nothing is known, for want of room for what waits.
    pub(super) not_checked: u64,
    /// Batches about which manifests that verify contradict each other.
    pub(super) contradictions: u64,
    /// Files of the folder that are no manifests.
    pub(super) passed_over: u64,
    /// Its folders, which were not looked into.
    pub(super) folders: Vec<String>,
    /// What whoever finds nothing may have meant.
    pub(super) hints: Hints,
}

/// A manifest that may count.
pub(super) struct Kept {
    pub(super) path: PathBuf,
    pub(super) answers: Answers,
    /// Of its statement; none where it was not verified.
    pub(super) digest: Option<Digest>,
    /// Why it was not.
    pub(super) not_verified: Option<String>,
    pub(super) predicate: Predicate,
    hints: Hints,
}

/// What a manifest's rows answer.
#[derive(Default)]
struct Heard {
    devices: Vec<Found>,
    hints: Hints,
}

impl Heard {
    fn ask(&mut self, question: &Question, row: &BoardRow) {
        self.devices.extend(question.answer(row));
        self.hints.hear(question, row);
    }
}

/// Why a manifest gives no answer.
pub(super) enum Fault {
    Rejected(Rejected),
    Unread(String),
}

/// How manifests are read.
pub(super) struct Reading<'a> {
    pub(super) context: &'a Context,
    pub(super) root: Option<&'a ParsedCertificate>,
    /// Whether the word of those counts too that do not verify.
    pub(super) unverified: bool,
    pub(super) question: &'a Question,
}

impl Reading<'_> {
    /// Asks every manifest of the folder, in the order of their names.
    pub(super) fn ask(&self, folder: &Path) -> Result<Asked, Failure> {
        let Folder {
            manifests,
            unread,
            others,
            folders,
        } = folder::read(folder)?;
        let mut asked = Asked {
            passed_over: others,
            folders,
            ..Asked::default()
        };
        for (path, why) in unread {
            self.tell_unread(&mut asked, &path, &why);
        }
        if manifests.is_empty() && asked.unread == 0 {
            let mut why = "none of its files is a signed manifest (DSSE, *.json)".to_owned();
            if let Some(folders) = folder::not_looked_into(&asked.folders) {
                why = format!("{why}; {folders}");
            }
            return Err(Failure::usage(
                format_args!("there is no manifest in {}", folder.display()),
                why,
                "name the folder that has them",
            ));
        }
        let mut all = Vec::new();
        for path in manifests {
            asked.read += 1;
            all.extend(self.first_reading(&mut asked, path));
        }
        for one in &mut all {
            asked.hints.add(std::mem::take(&mut one.hints));
        }
        let counting = self.choose(&mut asked, all);
        self.settle(&mut asked, counting);
        Ok(asked)
    }

    /// What a manifest answers.
    fn first_reading(&self, asked: &mut Asked, path: PathBuf) -> Option<Kept> {
        let mut heard = Heard::default();
        let mut asking = |row: BoardRow| heard.ask(self.question, &row);
        let why = match self.root.map(|root| verify(&path, root, &mut asking)) {
            Some(Ok((digest, predicate))) => {
                asked.verified += 1;
                return Some(self.kept(path, predicate, Ok(digest), heard));
            }
            Some(Err(Fault::Rejected(why)))
                if self.unverified && !matches!(why, Rejected::NotKept(_)) =>
            {
                why.to_string()
            }
            Some(Err(fault)) => {
                self.tell(asked, &path, fault);
                return None;
            }
            None => "no root was given".to_owned(),
        };
        if !self.unverified {
            self.refuse(asked, &path, &why);
            return None;
        }
        heard = Heard::default();
        let mut asking = |row: BoardRow| heard.ask(self.question, &row);
        match believe(&path, &mut asking) {
            Ok(predicate) => Some(self.kept(path, predicate, Err(why), heard)),
            Err(fault) => {
                self.tell(asked, &path, fault);
                None
            }
        }
    }

    fn kept(
        &self,
        path: PathBuf,
        predicate: Predicate,
        verified: Result<Digest, String>,
        heard: Heard,
    ) -> Kept {
        let Heard {
            mut devices,
            mut hints,
        } = heard;
        if !self.question.is_about(&predicate.batch) {
            devices.clear();
            hints.forget_names();
        }
        hints.hear_batch(self.question, &predicate.batch);
        let source = Source::of(&predicate, path.display().to_string(), verified.is_ok());
        let (digest, not_verified) = match verified {
            Ok(digest) => (Some(digest), None),
            Err(why) => (None, Some(why)),
        };
        Kept {
            path,
            answers: Answers { source, devices },
            digest,
            not_verified,
            predicate,
            hints,
        }
    }

    /// Leaves out what has a later manifest of its batch, and says where two contradict each other.
    fn choose(&self, asked: &mut Asked, all: Vec<Kept>) -> Vec<Kept> {
        let sources: Vec<&Source> = all.iter().map(|one| &one.answers.source).collect();
        let (mut left_out, mut contradicted) = (BTreeSet::new(), BTreeSet::new());
        for two in settling::in_two_ledgers(&sources) {
            self.tell_two_ledgers(asked, &two);
            let of_it = |source: &Source| (&source.station, &source.batch) == two.batch;
            let numbered = sources.iter().enumerate();
            contradicted.extend(numbered.filter(|(_, one)| of_it(one)).map(|(at, _)| at));
        }
        for batch in settling::by_batch(&sources) {
            let ordered: Vec<&Kept> = batch.iter().filter_map(|at| all.get(*at)).collect();
            let (Some((counts, others)), Some(last)) = (batch.split_last(), ordered.last()) else {
                continue;
            };
            left_out.extend(others.iter().copied());
            self.tell_not_verified(asked, last, None);
            for one in ordered.iter().rev().skip(1) {
                if one.not_verified.is_some() {
                    self.tell_not_verified(asked, one, Some(last));
                    continue;
                }
                let old = one.answers.source.clone();
                let by = last.answers.source.file.clone();
                asked.superseded.push((old, by));
            }
            for pair in ordered.windows(2) {
                if let [earlier, later] = pair
                    && self.hold_against(asked, earlier, later)
                {
                    contradicted.insert(*counts);
                }
            }
        }
        let counting = all.into_iter().enumerate();
        let counting = counting.filter(|(at, _)| !left_out.contains(at));
        counting
            .map(|(at, mut one)| {
                one.answers.source.contradicted = contradicted.contains(&at);
                one
            })
            .collect()
    }

    /// Whether two manifests of one batch contradict each other, which is told. One that does not verify says nothing against
    /// one that does; of two that don't, nobody knows which one is nearer the truth.
    fn hold_against(&self, asked: &mut Asked, earlier: &Kept, later: &Kept) -> bool {
        let one_holds = earlier.digest.is_some() != later.digest.is_some();
        let same = earlier.digest.is_some() && earlier.digest == later.digest;
        if one_holds || same {
            return false;
        }
        let kept = [earlier, later].map(|side| {
            let lists = self.lists(side);
            lists.map_err(|fault| self.tell(asked, &side.path, fault))
        });
        let [Ok(one), Ok(other)] = kept else {
            return false;
        };
        match same_batch::compare(one, other) {
            Ok(comparison) => self.tell_comparison(asked, earlier, later, &comparison),
            Err(fault) => {
                self.tell(asked, &later.path, fault.into());
                false
            }
        }
    }

    /// What is compared of a manifest: it is read once more, and must be the same still.
    fn lists<'kept>(&self, one: &'kept Kept) -> Result<Side<'kept>, Fault> {
        let mut lists = KeptLists::new(&std::env::temp_dir());
        match (self.root, one.digest) {
            (Some(root), Some(digest)) => {
                unchanged(verify(&one.path, root, &mut lists)?.0, digest)?;
            }
            _ => drop(believe(&one.path, &mut lists)?),
        }
        Ok(Side {
            source: &one.answers.source,
            predicate: &one.predicate,
            lists,
        })
    }

    /// The newest words about what was found. They may be in rows, and in manifests, that do not answer.
    fn settle(&self, asked: &mut Asked, counting: Vec<Kept>) {
        let (mut files, mut answers) = (Vec::new(), Vec::new());
        for one in counting {
            files.push((one.path, one.digest));
            answers.push(one.answers);
        }
        let mut words = Words::about(&answers);
        for one in &answers {
            for device in &one.devices {
                words.note(&one.source, device);
            }
        }
        let found = answers.iter().any(|one| !one.devices.is_empty());
        if found && answers.len() > 1 && self.question.leaves_words_out() {
            for ((path, digest), one) in files.iter().zip(&answers) {
                let mut heard = Vec::new();
                let mut hearing = |row: BoardRow| {
                    if words.want(&row) {
                        heard.push(Found::of(&row));
                    }
                };
                let read = match (self.root, digest) {
                    (Some(root), Some(digest)) => verify(path, root, &mut hearing)
                        .and_then(|(again, _)| unchanged(again, *digest)),
                    _ => believe(path, &mut hearing).map(drop),
                };
                match read {
                    Ok(()) => heard
                        .iter()
                        .for_each(|device| words.note(&one.source, device)),
                    Err(fault) => self.tell(asked, path, fault),
                }
            }
        }
        asked.settled = settling::settle(self.question, answers, &words);
    }
}

impl From<NotKept> for Fault {
    fn from(fault: NotKept) -> Self {
        Self::Rejected(fault.into())
    }
}

/// Verifies a file. Nothing of one that does not hold may get out of here: the receiver's owner sees to that.
fn verify(
    path: &Path,
    root: &ParsedCertificate,
    receiver: &mut impl Receiver,
) -> Result<(Digest, Predicate), Fault> {
    let file = folder::open(path).map_err(|error| Fault::Unread(folder::in_words(&error)))?;
    let verified = offline_verifier::verify_file(file, root.der(), receiver);
    let verified = verified.map_err(Fault::Rejected)?;
    let digest = verified.statement_digest();
    Ok((digest, verified.statement().predicate.clone()))
}

/// Reads a file that nobody has verified.
fn believe(path: &Path, receiver: &mut impl Receiver) -> Result<Predicate, Fault> {
    let file = folder::open(path).map_err(|error| Fault::Unread(folder::in_words(&error)))?;
    let statement = offline_verifier::read_unverified(file, receiver);
    Ok(statement.map_err(Fault::Rejected)?.predicate)
}

fn unchanged(again: Digest, before: Digest) -> Result<(), Fault> {
    if again == before {
        return Ok(());
    }
    Err(Fault::Unread("it was changed while it was read".to_owned()))
}
