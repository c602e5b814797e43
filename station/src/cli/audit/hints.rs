//! What whoever finds nothing may have meant: what is there instead of what was asked for.

use std::collections::BTreeSet;

use serde_json::json;

use crate::cli::output::Output;
use crate::manifest::question::{CertificateName, Question};
use crate::manifest::statement::BoardRow;
use crate::names::BatchId;

/// More names than these are no hint.
const NAMES_MAX: usize = 5;

/// A list that people read.
const LIST_MAX: usize = 20;

/// Gathered while rows go by; of bounded size.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Names that are the asked ones but for the case of their letters.
    almost: BTreeSet<String>,
    /// Where a component is asked for: those that there are.
    components: BTreeSet<String>,
    /// Where a batch is asked for: those that there are.
    batches: BTreeSet<String>,
    /// What is there of all that is asked for, though it does not answer.
    seen: BTreeSet<Asked>,
}

/// What is asked for by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Serial,
    Uid,
    Certificate,
    Batch,
}

impl Hints {
    /// A row of a manifest.
    pub(super) fn hear(&mut self, question: &Question, row: &BoardRow) {
        add(&mut self.almost, question.almost(row), NAMES_MAX);
        add(&mut self.components, question.components(row), LIST_MAX);
        let serial = question.serial.is_some() && question.serial == row.serial;
        self.see(Asked::Serial, serial);
        self.see(Asked::Uid, question.uid.as_ref() == Some(&row.uid));
        self.see(Asked::Certificate, question.is_certificate_of(row));
    }

    /// The batch that a manifest is of.
    pub(super) fn hear_batch(&mut self, question: &Question, batch: &BatchId) {
        self.see(Asked::Batch, question.is_about(batch));
        if question.batch.is_some() {
            add(&mut self.batches, [batch.as_str()], LIST_MAX);
        }
    }

    /// What it heard is of another batch than is asked for: no name there was meant.
    pub(super) fn forget_names(&mut self) {
        self.almost.clear();
    }

    /// What another manifest gave.
    pub(super) fn add(&mut self, other: Self) {
        add(&mut self.almost, other.almost, NAMES_MAX);
        add(&mut self.components, other.components, LIST_MAX);
        add(&mut self.batches, other.batches, LIST_MAX);
        self.seen.extend(other.seen);
    }

    fn see(&mut self, what: Asked, is_there: bool) {
        if is_there {
            self.seen.insert(what);
        }
    }

    /// Says so, where nothing was found.
    pub(super) fn show(&self, output: &Output, question: &Question, some_unverified: bool) {
        if !self.almost.is_empty() {
            let names: Vec<_> = self.almost.iter().map(String::as_str).collect();
            let line = format!(
                "nothing has that name; did you mean {}? capitals and small letters differ",
                names.join(" or ")
            );
            output.remark(&json!({ "did_you_mean": names }), &line);
        }
        let hints = [
            self.serial(question, some_unverified),
            self.uid(question, some_unverified),
            self.component(question),
            digest(question),
            self.batch(question),
            self.certificate(question, some_unverified),
        ];
        for line in hints.into_iter().flatten() {
            output.remark(&json!({ "hint": line }), &line);
        }
    }

    /// Of a serial in other letters it was said already.
    fn serial(&self, question: &Question, some_unverified: bool) -> Option<String> {
        let asked = question.serial.as_ref()?;
        let unknown = !self.seen.contains(&Asked::Serial) && self.almost.is_empty();
        unknown.then(|| no_device(&format!("serial {asked}"), "--serial", some_unverified))
    }

    fn uid(&self, question: &Question, some_unverified: bool) -> Option<String> {
        let asked = question.uid.as_ref()?;
        (!self.seen.contains(&Asked::Uid))
            .then(|| no_device(&format!("UID {asked}"), "--uid", some_unverified))
    }

    fn component(&self, question: &Question) -> Option<String> {
        let asked = question.firmware.as_ref()?.component.as_ref()?;
        let unknown = !self.components.is_empty() && !self.components.contains(asked);
        let there = listed(&self.components);
        unknown.then(|| format!("no manifest here has a component {asked}; {there}"))
    }

    fn batch(&self, question: &Question) -> Option<String> {
        let asked = question.batch.as_ref()?;
        let unknown = !self.seen.contains(&Asked::Batch) && !self.batches.is_empty();
        let there = listed(&self.batches);
        unknown.then(|| format!("no manifest here is of batch {asked}; {there}"))
    }

    fn certificate(&self, question: &Question, some_unverified: bool) -> Option<String> {
        let asked = match question.certificate.as_ref()? {
            CertificateName::Serial(serial) => format!("serial number {serial}"),
            CertificateName::Digest(digest) => format!("SHA-256 {digest}"),
        };
        let held = which(some_unverified);
        (!self.seen.contains(&Asked::Certificate)).then(|| {
            format!(
                "no manifest {held} names this certificate ({asked}); that does not say that it is not genuine"
            )
        })
    }
}

/// The manifests that were listened to.
const fn which(some_unverified: bool) -> &'static str {
    if some_unverified { "here" } else { "that held" }
}

fn no_device(name: &str, option: &str, some_unverified: bool) -> String {
    let held = which(some_unverified);
    format!(
        "no manifest {held} has a device with {name}; station audit query without {option} lists those that there are"
    )
}

fn digest(question: &Question) -> Option<String> {
    let digits = question.firmware.as_ref()?.digits_of_no_digest()?;
    Some(format!("a SHA-256 has 64 digits; this one has {digits}"))
}

fn add(to: &mut BTreeSet<String>, names: impl IntoIterator<Item = impl AsRef<str>>, most: usize) {
    for name in names {
        let name = name.as_ref();
        if to.len() < most && !to.contains(name) {
            to.insert(name.to_owned());
        }
    }
}

fn listed(names: &BTreeSet<String>) -> String {
    let be = if names.len() == 1 { "is" } else { "are" };
    let more = if names.len() < LIST_MAX { "" } else { ", ..." };
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    format!("there {be} {}{more}", names.join(", "))
}
